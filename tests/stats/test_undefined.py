"""What is undefined: NaN with a reason, in results of the usual shape. And what is defined although it looks odd."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from kras_core.conventions import PRESETS, Ties
from kras_core.stats.cox import cox, fit, profile_intervals
from kras_core.stats.event_table import EventTable, code_times, event_table, risk_table
from kras_core.stats.follow_up import reverse_kaplan_meier
from kras_core.stats.hazard_ratio import logrank_hazard_ratio, mantel_haenszel_hazard_ratio
from kras_core.stats.kaplan_meier import curves, quantile, rates
from kras_core.stats.logrank import logrank, logrank_many, trend
from kras_core.stats.results import HazardRatio
from kras_core.stats.rmst import rmst, rmst_difference
from tests.stats.sets import load

R, SPSS = PRESETS["r"], PRESETS["spss"]
LABELS = ["a", "b", "c", "d"]
NUMBERS = {
    "Quantile": ("estimate", "low", "high"),
    "Rate": ("estimate", "low", "high", "std_error"),
    "TestResult": ("statistic", "p"),
    "HazardRatio": ("estimate", "low", "high", "p", "std_error"),
    "MeanTime": ("estimate", "low", "high", "std_error"),
}


def assert_undefined(result: Any, reason: str) -> None:
    """All its numbers are NaN, and the reason says it."""
    numbers = [getattr(result, name) for name in NUMBERS[type(result).__name__]]
    assert np.isnan(numbers).all(), result
    assert reason in result.reason


def everything(table: EventTable) -> list[Any]:
    """Every statistic of a table of two groups."""
    k = table.events.shape[0]
    found: list[Any] = [logrank(table), trend(table, range(k)), *cox(table, LABELS[:k], 0)]
    found += [logrank_hazard_ratio(table, LABELS[:k], 0), mantel_haenszel_hazard_ratio(table, LABELS[:k], 0)]
    for preset in PRESETS.values():
        found += reverse_kaplan_meier(table, preset)
        for curve in curves(table, preset):
            found += [quantile(curve, preset), *rates(curve, [1.0, 4.0], preset), rmst(curve, 2.0)]
    return found


@pytest.mark.parametrize("event", [[], [0], [1], [0, 0], [0, 1], [1, 0], [1, 1]])
@pytest.mark.parametrize("same_group", [True, False])
@pytest.mark.parametrize("delayed", [True, False])
def test_tiny_tables_have_every_result(event: list[int], same_group: bool, delayed: bool) -> None:
    """n = 0, 1, 2: fixed types and shapes, and a NaN estimate never without a reason."""
    n = len(event)
    time = [3.0, 5.0][:n]
    groups = [0, 0 if same_group else 1][:n]
    entry = [1.0, 0.0][:n] if delayed else None
    found = everything(event_table(time, event, groups, entry, 2))
    assert len(found) == 5 + len(PRESETS) * (2 + 2 * 4)
    for result in found:
        assert {field.name for field in fields(result)} >= {"reason"}
        estimate = result.statistic if hasattr(result, "statistic") else result.estimate
        assert np.isnan(estimate) == bool(result.reason) or "interval" in result.reason
    ticks = risk_table(event_table(time, event, groups, entry, 2), [0.0, 4.0, 9.0])
    assert ticks.at_risk.shape == ticks.events.shape == ticks.censored.shape == (2, 3)


def test_nobody() -> None:
    table = event_table([], [], [], k=3)
    assert table.n.tolist() == [0, 0, 0]
    assert_undefined(logrank(table), "no event")
    assert [ratio.label for ratio in cox(table, LABELS[:3], 1)] == ["a", "c"]
    for ratio in cox(table, LABELS[:3], 1):
        assert_undefined(ratio, "no event")
    for curve in curves(table, R):
        assert curve.time.shape == curve.survival.shape == curve.low.shape == (0,)
        assert_undefined(quantile(curve, R), "not reached")
        assert_undefined(rmst(curve, 1.0), "no patients")
        assert_undefined(rates(curve, [1.0], R)[0], "beyond follow-up")


def test_two_patients_by_hand() -> None:
    table = event_table([3, 5], [1, 1], [1, 0])
    found = logrank(table)
    assert (found.statistic, found.df, found.expected, found.variance) == (1.0, 1, (1.5, 0.5), 0.25)
    (curve,) = curves(table.pooled(), R)
    assert curve.survival.tolist() == [0.5, 0.0] and quantile(curve, R).estimate == 4.0
    assert rmst(curve, 5.0).estimate == 4.0


@pytest.mark.parametrize("k", [2, 3])
def test_no_events(k: int) -> None:
    table = event_table([2, 4, 4, 6, 7, 9], [0] * 6, [0, 1, 2, 0, 1, 2] if k == 3 else [0, 1] * 3)
    assert_undefined(logrank(table), "no event")
    assert_undefined(trend(table, range(k)), "no event")
    assert len(cox(table, LABELS[:k], 0)) == k - 1
    for ratio in cox(table, LABELS[:k], 0):
        assert_undefined(ratio, "no event")
    with pytest.raises(ValueError, match="no event"):
        fit(table)
    for curve in curves(table, R):
        assert (curve.survival == 1.0).all()
        assert_undefined(quantile(curve, R), "not reached")
    assert all(found.reason == "" for found in reverse_kaplan_meier(table, R))


def test_empty_group_changes_nothing_for_the_others() -> None:
    data = load("sim_empty_group")
    full, two = data.table, data.table.rows([0, 2])
    empty, other = cox(full, LABELS[:3], 0)
    assert_undefined(empty, "never at risk")
    assert other == cox(two, ["a", "c"], 0)[0]
    assert logrank(full).df == 1
    assert_allclose([logrank(full).statistic, logrank(full).p], [logrank(two).statistic, logrank(two).p], rtol=1e-12)
    assert curves(full, R)[1].time.size == 0
    for ratio in cox(full, LABELS[:3], 1):
        assert_undefined(ratio, "never at risk")


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("monotone", [False, True])
def test_group_that_nobody_meets_changes_nothing_for_the_others(ties: Ties, monotone: bool) -> None:
    """Its events are at times at which none of the others is at risk: choices of nobody among nobody."""
    event, groups = ([1, 1, 0, 0], [0, 0, 1, 1]) if monotone else ([1, 1, 1, 1], [0, 1, 0, 1])
    table = event_table([1, 2, 3, 4, 8, 9, 9], [*event, 1, 1, 1], [*groups, 2, 2, 2], [0, 0, 0, 0, 5, 5, 5], 3)
    other, alone = cox(table, LABELS[:3], 0, ties)
    assert_undefined(alone, "never at risk")
    assert ("Firth" in other.method) == monotone
    assert other == cox(table.rows([0, 1]), LABELS[:2], 0, ties)[0]


def test_all_events_at_one_time() -> None:
    """Everybody leaves together: no comparison, a curve that drops to 0, and a hazard ratio of 1."""
    table = event_table([4] * 7, [1] * 7, [0, 0, 0, 0, 1, 1, 1])
    assert_undefined(logrank(table), "two groups")
    assert_undefined(logrank_hazard_ratio(table, ["a", "b"], 0), "fallen in either group")
    for found, curve in zip(reverse_kaplan_meier(table, R), curves(table, R), strict=True):
        assert curve.survival.tolist() == [0.0] and np.isnan(curve.low).all()
        assert quantile(curve, R).estimate == 4.0 and np.isnan(quantile(curve, R).high)
        assert_undefined(found, "not reached")
    for ties in ("efron", "breslow"):
        (ratio,) = cox(table, ["a", "b"], 0, ties)
        assert_allclose(ratio.estimate, 1.0, rtol=1e-9)
        assert np.isfinite(ratio.std_error) and "Firth" not in ratio.method


# Monotone likelihood ----------------------------------------------------------------------------------------------


def assert_firth(ratios: Sequence[HazardRatio]) -> None:
    for ratio in ratios:
        assert "Firth" in ratio.method and ratio.caution and ratio.reason == ""
        assert 1e-4 < ratio.estimate < 1e4 and ratio.std_error < 10 and 0 < ratio.p <= 1


@pytest.mark.parametrize("name", ["made_group_without_events", "made_monotone", "made_two_patients"])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("reference", [0, 1])
def test_monotone_likelihood_gives_firths_estimate(name: str, ties: Any, reference: int) -> None:
    """Without events in a group, and with events in both, but never while both were at risk."""
    table = load(name).table
    assert not fit(table, ties=ties).finite
    assert_firth(cox(table, ["a", "b"], reference, ties))
    with pytest.raises(ValueError, match="no finite maximum"):
        profile_intervals(table, ["a", "b"], reference, ties)


def test_firth_in_closed_form() -> None:
    """One event among two patients: p = e^b/(1 + e^b) solves 1 - p + (1 - 2p)/2 = 0, so p = 3/4 and the ratio is 3
    (Heinze and Schemper 2001, Biometrics 57:114–119, section 2)."""
    (ratio,) = cox(load("made_two_patients").table, ["a", "b"], 0)
    assert_allclose([ratio.estimate, ratio.std_error], [3.0, 1 / np.sqrt(3 / 16)], rtol=1e-9)


def test_firth_under_delayed_entry() -> None:
    """The kernel's own Firth estimate respects who has entered: an unseen start changes it."""
    time, event, group = [5, 6, 7, 8, 9, 9], [1, 1, 1, 0, 0, 0], [1, 1, 1, 0, 0, 0]
    (from_start,) = cox(event_table(time, event, group), ["a", "b"], 0)
    (late,) = cox(event_table(time, event, group, [0, 0, 0, 6, 6, 0]), ["a", "b"], 0)
    assert_firth([from_start, late])
    assert late.estimate < 0.9 * from_start.estimate


def test_score_test_exists_under_monotone_likelihood() -> None:
    data = load("made_monotone")
    assert_allclose(fit(data.table).score_test, data.r["cox"]["efron"]["score"], rtol=1e-9)


def test_one_of_three_groups_without_events() -> None:
    """The comparison graph is not strongly connected: β of the third group runs away, so every ratio is Firth's."""
    rng = np.random.default_rng(3)
    group = np.repeat([0, 1, 2], 12)
    time = rng.integers(1, 15, 36)
    event = np.where(group == 2, 0, rng.random(36) < 0.8)
    table = event_table(time, event, group)
    assert not fit(table).finite
    assert_firth(cox(table, LABELS[:3], 0))
    assert_firth(cox(table, LABELS[:3], 2))


def test_separation_among_four_groups_with_events_in_each() -> None:
    """Groups 0 and 1 have all their events while 2 and 3 are at risk, and are gone when those have theirs:
    within each pair the ratio is finite, between the pairs it is not."""
    time = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16]
    group = [0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3]
    table = event_table(time, [1] * 12, group)
    assert not fit(table).finite
    assert_firth(cox(table, LABELS, 0))
    pair = fit(table.rows([0, 1]))
    assert pair.finite


def test_connected_through_a_third_group_is_finite() -> None:
    """Groups 0 and 1 never meet, yet each meets group 2 with events on both sides: their ratio is estimable."""
    time = [1, 2, 3, 3, 11, 12, 13, 14, 2, 3, 12, 13, 14]
    event = [1, 1, 0, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]
    group = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2]
    entry = [0, 0, 0, 0, 10, 10, 10, 10, 0, 0, 10, 10, 10]
    table = event_table(time, event, group, entry)
    assert fit(table).finite
    to_1, to_2 = cox(table, LABELS[:3], 0)
    assert to_1.reason == to_2.reason == "" and "Firth" not in to_1.method
    (back,) = [ratio for ratio in cox(table, LABELS[:3], 1) if ratio.label == "a"]
    assert_allclose(back.estimate, 1 / to_1.estimate, rtol=1e-7)


def test_groups_never_at_risk_together() -> None:
    """Group 1 enters after the last of group 0 has left: nothing compares them."""
    time, event = [2, 3, 4, 5, 12, 13, 15, 16], [1, 1, 0, 1, 1, 0, 1, 1]
    group, entry = [0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 6, 6, 7, 8]
    table = event_table(time, event, group, entry)
    assert_undefined(logrank(table), "fallen in either of two groups")
    assert_undefined(trend(table, [0, 1]), "tells the scores apart")
    assert_undefined(cox(table, ["a", "b"], 0)[0], "never at risk")
    assert_undefined(logrank_hazard_ratio(table, ["a", "b"], 0), "fallen in either group")
    assert_undefined(mantel_haenszel_hazard_ratio(table, ["a", "b"], 0), "fallen in either group")
    chi2, p = logrank_many(EventTable(table.times, *(x[None] for x in (table.at_risk, table.events, table.censored))))
    assert np.isnan([chi2, p]).all()
    with pytest.raises(ValueError, match="no finite maximum"):
        profile_intervals(table, ["a", "b"], 0)


# Curves -----------------------------------------------------------------------------------------------------------


def test_beyond_follow_up_is_not_estimable_unless_nobody_is_left() -> None:
    table = event_table([2, 5, 8, 3, 6, 9], [1, 1, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1])
    ends_above, ends_at_zero = curves(table, R)
    at_8, at_9 = rates(ends_above, [8.0, 9.0], R)
    assert at_8.estimate == pytest.approx(1 / 3) and at_8.at_risk == 1
    assert_undefined(at_9, "beyond follow-up")
    assert_undefined(rmst(ends_above, 9.0), "beyond follow-up")
    assert rates(ends_at_zero, [12.0], R)[0].estimate == 0.0
    assert rmst(ends_at_zero, 12.0).estimate == pytest.approx(6.0)
    assert_undefined(rmst_difference(rmst(ends_above, 9.0), rmst(ends_at_zero, 9.0)), "beyond follow-up")


def test_quantile_that_is_not_reached() -> None:
    (curve,) = curves(event_table([1, 2, 3, 4], [1, 0, 0, 0]), R)
    for preset in PRESETS.values():
        found = quantile(curve, preset)
        assert np.isnan([found.estimate, found.high]).all() and found.reason == "not reached"
    assert quantile(curve, R).low == 1.0  # the lower limit of S(t) does fall to 0.5
    reached = quantile(curve, R, 0.2)
    assert (reached.estimate, reached.reason) == (1.0, "") and np.isnan(reached.high)


def test_spss_on_colletts_example() -> None:
    """Collett, Modelling Survival Data in Medical Research: median 93 weeks, SE 17.13, interval 59–127."""
    (curve,) = curves(load("collett_iud").table, SPSS)
    found = quantile(curve, SPSS)
    assert (found.estimate, round(found.std_error, 2), round(found.low), round(found.high)) == (93.0, 17.13, 59, 127)
    assert_allclose(found.high - found.estimate, found.estimate - found.low, rtol=1e-12)


def test_spss_interval_is_missing_where_the_curve_never_falls_to_045() -> None:
    (curve,) = curves(event_table([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0]), SPSS)
    found = quantile(curve, SPSS)
    assert found.estimate == 3.0 and "0.45" in found.reason
    assert np.isnan([found.low, found.high, found.std_error]).all()


def test_spss_interval_is_missing_where_survival_falls_to_zero_at_once() -> None:
    (curve,) = curves(event_table([1, 4, 4, 4], [1, 1, 1, 1]), SPSS)
    found = quantile(curve, SPSS)
    assert found.estimate == 4.0 and np.isnan(found.std_error) and found.reason


@pytest.mark.parametrize(
    ("time", "entry", "message"),
    [([1.0, np.nan], None, "finite"), ([1.0, np.inf], None, "finite"), ([1.0, 2.0], [0.0, 2.0], "before its time")],
)
def test_times_that_cannot_be(time: list[float], entry: list[float] | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        code_times(time, entry)
