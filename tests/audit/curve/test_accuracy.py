"""How near reconstructions come to simulated truth, and to a reference reconstruction of a real figure."""

import os
from pathlib import Path

import numpy as np
import pytest

from kras_core.audit.curve.guyot import reconstruct_rows
from kras_core.audit.curve.points import read_figure
from kras_core.audit.curve.reconstruct import reconstruct, redigitise
from kras_core.conventions import PRESETS
from kras_core.stats.cox import cox
from kras_core.stats.event_table import event_table
from kras_core.stats.kaplan_meier import curves, quantile
from tests.audit.curve.figures import Arm, printed, simulate, traced

FOLDER = os.environ.get("KRASCOPE_REAL_DATA")


def hazard_ratio(one, other) -> float:
    groups = np.repeat([0, 1], [one.time.size, other.time.size])
    time, event = (np.concatenate(pair) for pair in ((one.time, other.time), (one.event, other.event)))
    return cox(event_table(time, event, groups), ("one", "other"), 0)[0].estimate


def median(rows) -> float:
    return quantile(curves(event_table(rows.time, rows.event), PRESETS["r"])[0], PRESETS["r"]).estimate


def fold_errors(sizes: tuple[int, int], medians: tuple[float, float], trials: int, **figure) -> np.ndarray:
    """Of the hazard ratio, over simulated trials: 1 is exact, 1.1 is ten per cent off either way."""
    rng = np.random.default_rng(20120201)
    found = []
    for _ in range(trials):
        truth = [simulate(rng, n, median) for n, median in zip(sizes, medians, strict=True)]
        rows = [reconstruct_rows(printed(rng, arm, **figure)) for arm in truth]
        found.append(np.exp(abs(np.log(hazard_ratio(*rows) / hazard_ratio(*truth)))))
    return np.array(found)


@pytest.mark.parametrize(
    ("sizes", "medians", "trials", "middle", "ninth"),
    [((6, 21), (3.0, 9.0), 200, 1.03, 1.12), ((200, 200), (6.0, 9.0), 60, 1.015, 1.03)],
)
@pytest.mark.parametrize("every", [3.0, 6.0])
def test_with_numbers_at_risk_and_events(sizes, medians, trials, middle, ninth, every):
    errors = fold_errors(sizes, medians, trials, sd=0.003, every=every)
    assert np.median(errors) <= middle
    assert np.quantile(errors, 0.9) <= ninth


def test_a_traced_curve_serves_as_well():
    errors = fold_errors((6, 21), (3.0, 9.0), 200, sd=0.003, read=traced)
    assert np.median(errors) <= 1.03
    assert np.quantile(errors, 0.9) <= 1.12


def test_less_information_costs_accuracy_and_the_order_is_as_expected():
    """Four levels: numbers at risk and events, numbers at risk, events, n alone."""
    levels = [(3.0, True), (3.0, False), (np.inf, True), (np.inf, False)]
    middles = [
        np.median(fold_errors((200, 200), (6.0, 9.0), 40, sd=0.003, every=every, events=events))
        for every, events in levels
    ]
    assert middles == sorted(middles)
    assert middles[-1] <= 1.04


@pytest.mark.parametrize("n", [21, 200])
def test_medians(n):
    rng = np.random.default_rng(7)
    errors = []
    for _ in range(100):
        arm = simulate(rng, n, 8.0)
        errors.append(abs(median(reconstruct_rows(printed(rng, arm, sd=0.003))) / median(arm) - 1))
    assert np.median(errors) < 0.001
    assert np.quantile(errors, 0.9) <= 0.035


def test_ranges_under_noise_hold_the_estimate_and_widen_with_it():
    rng = np.random.default_rng(5)
    figures = [printed(rng, simulate(rng, n, median), sd=0.003) for n, median in ((200, 6.0), (200, 9.0))]
    found = reconstruct(figures)
    ratio = found.hazard_ratios[0].estimate
    widths = []
    for sd in (0.003, 0.01):
        again = redigitise(figures, sd=sd, count=100)
        ((low, high),) = again.hazard_ratios
        assert low <= ratio <= high
        assert all(a <= arm.median.estimate <= b for (a, b), arm in zip(again.medians, found.arms, strict=True))
        widths.append(high - low)
    assert 0 < widths[0] < widths[1] < 0.1
    none = redigitise(figures, sd=0.0, count=3)
    assert none.hazard_ratios == ((ratio, ratio),)


def test_a_median_that_noise_may_keep_from_being_reached_has_an_open_end():
    arm = Arm(np.array([2.0, 4, 6, 8, 10, 12, 14, 16, 18, 20]), np.array([1, 1, 1, 1, 1, 0, 0, 0, 0, 0], bool))
    figure = printed(np.random.default_rng(1), arm, sd=0.0, events=False, every=np.inf)
    again = redigitise([figure], sd=0.1, count=60)
    low, high = again.medians[0]
    assert low <= 10
    assert np.isnan(high)


@pytest.mark.skipif(not FOLDER, reason="KRASCOPE_REAL_DATA names no folder with the real files")
@pytest.mark.parametrize("events", [None, {"radio": 134, "radioplus": 110}])
def test_a_published_figure_against_a_reference_reconstruction(events):
    """Radiotherapy with and without cetuximab: IPDfromKM gives medians of 14.8 and 25.4 and a hazard ratio of 0.717."""
    folder = Path(FOLDER or "") / "curves"
    arms = ("radio", "radioplus")
    files = [
        [(f"{arm}.csv", (folder / f"Radiationdata_{arm}{part}.csv").read_bytes()) for arm in arms]
        for part in ("", "_at_risk")
    ]
    figure = read_figure(*files, events=events)
    found = reconstruct(figure.curves, count=20)
    assert figure.scales == ("percent", "percent")
    assert [arm.median.estimate for arm in found.arms] == pytest.approx([14.8, 25.4], abs=0.5)
    assert found.hazard_ratios[0].estimate == pytest.approx(0.717, abs=0.03)
    assert [arm.events for arm in found.arms] == pytest.approx([134, 110], abs=1)
    assert all((arm.differences == 0).all() for arm in found.arms)
