"""Thinned curves: few points, and never more than half a pixel beside the true curve."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kras_core.report import thin
from kras_core.report.survival.km_curves import drawn
from tests.report import views

PIXELS = 350.0


def step_error(kept: np.ndarray, survival: np.ndarray, values: np.ndarray) -> float:
    """Largest vertical distance in pixels between a step curve and what is drawn of it, where S < 1."""
    last = np.searchsorted(kept, np.arange(values.size), side="right") - 1
    shown = np.where(last >= 0, values[kept[np.maximum(last, 0)]] if kept.size else 1.0, 1.0)
    return float(np.nanmax(np.abs(shown - values)[survival < 1], initial=0.0)) * PIXELS


@given(st.lists(st.integers(0, 4), min_size=1, max_size=3000), st.integers(1, 500))
def test_any_curve_is_drawn_within_half_a_pixel_and_ends_exactly(drops: list[int], spare: int) -> None:
    left = np.cumsum(drops[::-1])[::-1] - np.array(drops)
    survival = (left + spare) / (sum(drops) + spare)
    kept = thin.falls(survival, PIXELS)
    assert kept.size <= 2 * PIXELS + 2
    assert step_error(kept, survival, survival) <= 0.5 + 1e-9
    assert (survival[kept[-1]] if kept.size else 1.0) == survival[-1]
    before = np.where(kept > 0, survival[kept - 1], 1.0)
    assert (survival[kept] < before).all()  # every vertex is a drop


def test_few_drops_are_all_drawn() -> None:
    survival = np.array([1.0, 0.9, 0.9, 0.8, 0.8, 0.8, 0.1])
    assert thin.falls(survival, PIXELS).tolist() == [1, 3, 6]


def test_at_most_2000_points_on_any_screen() -> None:
    survival = 1 - np.arange(1, 1_000_001) / 1_000_000
    assert thin.falls(survival, 10_000).size <= thin.MAX_POINTS


@pytest.mark.parametrize("preset", ["r", "spss", "sas"])
@pytest.mark.parametrize("n, censoring", [(27, 40.0), (5_000, 1_000.0), (20_000, 20.0)])
def test_a_band_drawn_at_the_curves_vertices_is_within_a_pixel(n: int, censoring: float, preset: str) -> None:
    frame: Any = SimpleNamespace(end=np.inf, plot=PIXELS)
    for stratum in views.view(views.cohort(n, 2, seed=5, censoring=censoring), preset=preset).strata:
        curve = stratum.curve
        _, kept = drawn(curve, frame)
        assert step_error(kept, curve.survival, curve.low) <= 1
        assert step_error(kept, curve.survival, curve.high) <= 1


def test_sparse_keeps_the_ends() -> None:
    kept = thin.sparse(np.arange(1000), 150)
    assert kept.size == 150 and kept[0] == 0 and kept[-1] == 999
    assert thin.sparse(np.arange(5), 150).tolist() == [0, 1, 2, 3, 4]


def test_marks_are_one_to_a_gap() -> None:
    x = np.array([0.0, 0.1, 0.9, 1.0, 5.0, 5.5])
    assert x[thin.apart(x, 1.0)].tolist() == [0.0, 1.0, 5.0]


def test_numbers_are_written_out_to_a_fraction_of_a_pixel() -> None:
    assert thin.numbers(np.array([1 / 3, 2.0])) == [0.333, 2.0]
    many = np.linspace(0, 100, 1000)
    assert thin.numbers(many) == pytest.approx(many, abs=0.0005)
