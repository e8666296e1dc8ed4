"""The floor under the standard error of a Cox log hazard ratio, against thousands of fits by kernel and R."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from kras_core.audit.bounds import patients_needed, se_floor, se_floor_any_split, tightest, two_sided_p, z_of
from kras_core.conventions import Ties
from kras_core.stats.cox import cox, fit
from kras_core.stats.event_table import EventTable, event_table
from kras_core.stats.hazard_ratio import logrank_hazard_ratio, mantel_haenszel_hazard_ratio
from kras_core.stats.results import HazardRatio

OUTPUT = Path(__file__).parents[1] / "reference" / "floor.json"
LABELS = ("0", "1")
SLACK = 1e-7  # Newton stops where a step is below 1e-10


def trial(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, events and groups of a random small trial: any split, effect, censoring, and in half of them ties."""
    n = int(rng.integers(8, 80))
    group = rng.permutation(np.arange(n) < rng.integers(2, n - 1)).astype(int)
    time = rng.weibull(rng.uniform(0.5, 2.5), n) * np.exp(-rng.uniform(-1.5, 1.5) * group)
    censoring = rng.exponential(rng.uniform(0.3, 6), n)
    event = time <= censoring
    time = np.minimum(time, censoring)
    if rng.random() < 0.5:
        time = np.ceil(time * rng.integers(2, 12))
    return time, event, group


def floor_of(event: np.ndarray, group: np.ndarray) -> float:
    return se_floor([int(event[group == g].sum()) for g in (0, 1)])


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_no_fit_of_the_kernel_falls_below_it(ties: Ties) -> None:
    rng = np.random.default_rng(6)
    margins = []
    for _ in range(2000):
        time, event, group = trial(rng)
        if not min(event[group == 0].sum(), event[group == 1].sum()):
            continue
        found = fit(event_table(time, event, group, k=2), 0, ties)
        if found.finite:
            margins.append(math.sqrt(found.covariance[1, 1]) / floor_of(event, group))
    assert len(margins) > 1500
    assert min(margins) >= 1 - SLACK
    assert min(margins) < 1.01  # a floor that nothing comes near would be no floor


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_no_stratified_fit_falls_below_it(ties: Ties) -> None:
    rng = np.random.default_rng(7)
    checked = 0
    for _ in range(600):
        parts = [trial(rng) for _ in range(int(rng.integers(2, 4)))]
        tables = [event_table(time, event, group, k=2) for time, event, group in parts]
        ratio = cox(tables, LABELS, 0, ties)[0]
        event, group = (np.concatenate([p[i] for p in parts]) for i in (1, 2))
        if ratio.caution or ratio.reason or not min(event[group == 0].sum(), event[group == 1].sum()):
            continue
        assert ratio.std_error >= floor_of(event, group) * (1 - SLACK)
        checked += 1
    assert checked > 500


def test_no_fit_of_r_falls_below_it() -> None:
    """coxph: Efron, Breslow and exact ties, stratified, with a further covariate (tests/reference/floor.R)."""
    fits = json.loads(OUTPUT.read_text())
    assert len(fits) >= 500
    assert {f["model"] for f in fits} == {"efron", "breslow", "exact", "strata", "adjusted"}
    for f in fits:
        assert f["se"] >= se_floor((f["d0"], f["d1"])) * (1 - 1e-6), f


def prisms(table: EventTable) -> tuple[HazardRatio, HazardRatio]:
    return logrank_hazard_ratio(table, LABELS, 0), mantel_haenszel_hazard_ratio(table, LABELS, 0)


def test_prisms_ratios_may_fall_below_it_but_not_below_two_over_root_d() -> None:
    rng = np.random.default_rng(8)
    below = 0
    for _ in range(1500):
        time, event, group = trial(rng)
        if min(event[group == 0].sum(), event[group == 1].sum()) == 0:
            continue
        for ratio in prisms(event_table(time, event, group, k=2)):
            if ratio.reason:
                continue
            assert ratio.std_error >= se_floor_any_split(int(event.sum())) * (1 - 1e-12)
            below += ratio.std_error < floor_of(event, group)
    assert below > 0  # so the way out is real


def test_the_numbers_of_six_against_twenty_one() -> None:
    assert se_floor((6, 21)) == pytest.approx(0.46291, abs=1e-5)
    assert tightest(0.29, se_floor((6, 21)), 0.95) == pytest.approx((0.117, 0.719), abs=5e-4)
    assert tightest(0.42, se_floor((6, 21)), 0.95) == pytest.approx((0.170, 1.041), abs=5e-4)
    widest = [math.log(hi / lo) / (2 * z_of(0.95)) for lo, hi in ((0.145, 0.565), (0.195, 0.895))]
    assert widest == pytest.approx([0.347, 0.389], abs=5e-4)
    assert [patients_needed(w, (6, 21)) for w in widest] == [49, 39]
    assert se_floor_any_split(27) == pytest.approx(0.385, abs=5e-4)
    assert math.log(0.895 / 0.195) / (2 * z_of(0.90)) == pytest.approx(0.4632, abs=1e-4)


def test_small_parts() -> None:
    assert se_floor((0, 5)) == math.inf
    assert z_of(0.95) == pytest.approx(1.959964, abs=1e-6)
    assert two_sided_p(1.959964) == pytest.approx(0.05, abs=1e-7) and two_sided_p(-3) == two_sided_p(3)
