"""What must hold for any rows: Hypothesis looks for the rows that break it."""

from dataclasses import asdict, dataclass, replace

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal, assert_equal
from numpy.typing import NDArray

import kras_core.stats.cox
import kras_core.stats.proportionality
from kras_core.conventions import PRESETS, IntervalType, Ties
from kras_core.stats.cox import cox, fit
from kras_core.stats.event_table import EventTable, code_times, event_table, risk_table, tabulate
from kras_core.stats.kaplan_meier import curves, quantile
from kras_core.stats.logrank import logrank, logrank_many, observed_expected
from kras_core.stats.proportionality import proportionality
from kras_core.stats.results import Floats, HazardRatio
from kras_core.stats.rmst import rmst

R = PRESETS["r"]
K = 3
LABELS = ["a", "b", "c"]
examples = settings(max_examples=80, deadline=None, derandomize=True)


@dataclass(frozen=True)
class Sample:
    time: Floats
    event: NDArray[np.intp]
    group: NDArray[np.intp]
    entry: Floats | None

    def table(self, k: int = K) -> EventTable:
        return event_table(self.time, self.event, self.group, self.entry, k)

    def take(self, order: NDArray[np.intp]) -> "Sample":
        entry = None if self.entry is None else self.entry[order]
        return Sample(self.time[order], self.event[order], self.group[order], entry)


@st.composite
def samples(draw: st.DrawFn, k: int = K, delayed: bool | None = None) -> Sample:
    """Up to 30 rows on up to 12 distinct times, so that ties, empty groups and plateaus are common."""
    n = draw(st.integers(1, 30))
    whole = st.lists(st.integers(1, 12), min_size=n, max_size=n)
    time = np.array(draw(whole), dtype=float)
    event = np.array(draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)))
    group = np.array(draw(st.lists(st.integers(0, k - 1), min_size=n, max_size=n)))
    late = draw(st.booleans()) if delayed is None else delayed
    entry = np.minimum(np.array(draw(whole), dtype=float) - 1, time - 1) if late else None
    return Sample(time, event, group, entry)


def assert_same_table(a: EventTable, b: EventTable) -> None:
    assert_allclose(a.times, b.times, rtol=1e-12)
    for field in ("at_risk", "events", "censored"):
        assert_array_equal(getattr(a, field), getattr(b, field))


def values(ratios: tuple[HazardRatio, ...]) -> Floats:
    return np.array([[r.estimate, r.low, r.high, r.p, r.std_error] for r in ratios])


@examples
@given(samples(), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(sample: Sample, random) -> None:
    order = list(range(sample.time.size))
    random.shuffle(order)
    assert_same_table(sample.table(), sample.take(np.array(order)).table())


@examples
@given(samples(), st.sampled_from([1e-3, 1 / 30.4375, 12 / 365, 7.0, 86_400.0]))
def test_unit_of_time_does_not_matter(sample: Sample, factor: float) -> None:
    entry = None if sample.entry is None else sample.entry * factor
    scaled = replace(sample, time=sample.time * factor, entry=entry).table()
    table = sample.table()
    assert_same_table(replace(table, times=table.times * factor), scaled)
    for one, other in zip(curves(table, R), curves(scaled, R), strict=True):
        a, b = quantile(one, R), quantile(other, R)
        assert_allclose([b.estimate, b.low, b.high], np.array([a.estimate, a.low, a.high]) * factor, rtol=1e-9)
        tau = 6.0
        assert_allclose(rmst(other, tau * factor).estimate, rmst(one, tau).estimate * factor, rtol=1e-9)


@examples
@given(samples(delayed=True), st.data())
def test_splitting_a_row_does_nothing(sample: Sample, data: st.DataObject) -> None:
    """A patient seen over (entry, time] is the same as one seen over (entry, s] and, from s on, over (s, time]."""
    assert sample.entry is not None
    row = data.draw(st.integers(0, sample.time.size - 1))
    first, last = sample.entry[row], sample.time[row]
    middle = (first + last) / 2
    split = Sample(
        np.append(sample.time, middle),
        np.append(sample.event, 0),
        np.append(sample.group, sample.group[row]),
        np.append(np.where(np.arange(sample.time.size) == row, middle, sample.entry), first),
    )
    before, after = sample.table(), split.table()
    for weights in ("logrank", "peto"):
        for a, b in zip(observed_expected(before, weights), observed_expected(after, weights), strict=True):
            assert_allclose(a, b, rtol=1e-12, atol=1e-12)
    assert_allclose(values(cox(before, LABELS, 0)), values(cox(after, LABELS, 0)), rtol=1e-6)
    for one, other in zip(curves(before, R), curves(after, R), strict=True):
        at_event = other.events > 0
        assert_allclose(other.survival[at_event], one.survival[one.events > 0], rtol=1e-12)


@examples
@given(samples(), st.integers(2, 4))
def test_every_row_several_times(sample: Sample, times: int) -> None:
    """Curves and Breslow estimates stay, variances shrink by the number of copies."""
    table = sample.table()
    copied = sample.take(np.repeat(np.arange(sample.time.size), times)).table()
    for one, many in zip(curves(table, R), curves(copied, R), strict=True):
        assert_allclose(many.survival, one.survival, rtol=1e-12)
        assert quantile(many, R).estimate == quantile(one, R).estimate or np.isnan(quantile(one, R).estimate)
    assume(sample.event.any())
    one, many = fit(table, ties="breslow"), fit(copied, ties="breslow")
    assert one.finite == many.finite
    if one.finite:
        assert_allclose(many.beta, one.beta, rtol=1e-7, atol=1e-9)
        assert_allclose(many.covariance * times, one.covariance, rtol=1e-6, atol=1e-9)


@examples
@given(samples(k=2), st.sampled_from(["efron", "breslow"]))
def test_swapped_groups_invert_the_hazard_ratio(sample: Sample, ties: Ties) -> None:
    table = sample.table(2)
    swapped = replace(sample, group=1 - sample.group).table(2)
    one, other = logrank(table), logrank(swapped)
    assert_allclose([other.statistic, other.p, other.df], [one.statistic, one.p, one.df], rtol=1e-9, atol=1e-12)
    (a,), (b,) = cox(table, ["a", "b"], 0, ties), cox(swapped, ["a", "b"], 0, ties)
    (c,) = cox(table, ["a", "b"], 1, ties)
    assert b.reason == a.reason and c.reference == "b" and c.label == "a"
    for inverted in (b, c):
        assert_allclose([inverted.estimate, inverted.low, inverted.high], [1 / a.estimate, 1 / a.high, 1 / a.low], 1e-6)
        assert_allclose([inverted.p, inverted.std_error], [a.p, a.std_error], rtol=1e-6, atol=1e-9)


@examples
@given(samples(), st.lists(st.integers(0, 56).map(lambda i: i / 4), min_size=1, max_size=6))
def test_numbers_under_the_curve_sum_to_everybody(sample: Sample, ticks: list[float]) -> None:
    """At risk, events and censored sum to n, and to those who have entered under delayed entry."""
    counts = risk_table(sample.table(), ticks)
    total = counts.at_risk + counts.events + counts.censored
    for g in range(K):
        mine = sample.group == g
        if sample.entry is None:
            assert (total[g] == mine.sum()).all() and counts.entered.size == 0
        else:
            entered = [(mine & (sample.entry < t)).sum() for t in ticks]
            assert total[g].tolist() == entered == counts.entered[g].tolist()
        assert counts.events[g].tolist() == [(mine & (sample.event == 1) & (sample.time < t)).sum() for t in ticks]


@examples
@given(samples(), st.sampled_from(["plain", "log", "log-log"]))
def test_survival_falls_from_one_within_its_limits(sample: Sample, interval: IntervalType) -> None:
    for curve in curves(sample.table(), R.but(interval=interval)):
        steps = np.concatenate(([1.0], curve.survival))
        assert (np.diff(steps) <= 0).all() and (steps >= 0).all()
        defined = np.isfinite(curve.low)
        assert_array_equal(defined, np.isfinite(curve.high))
        s = curve.survival[defined]
        assert (curve.low[defined] <= s + 1e-12).all() and (s <= curve.high[defined] + 1e-12).all()
        assert (curve.low[defined] >= 0).all() and (curve.high[defined] <= 1).all()


@examples
@given(samples(), st.sampled_from(list(PRESETS)), st.sampled_from([0.1, 0.25, 0.5, 0.75]))
def test_quantile_lies_within_the_data(sample: Sample, preset: str, p: float) -> None:
    conventions = PRESETS[preset]
    for group, curve in enumerate(curves(sample.table(), conventions)):
        found = quantile(curve, conventions, p)
        times = sample.time[sample.group == group]
        if np.isnan(found.estimate):
            assert found.reason and (curve.survival > 1 - p).all()
        else:
            assert times[sample.event[sample.group == group] == 1].min() <= found.estimate <= times.max()
            assert not found.low > found.estimate and not found.high < found.estimate


@examples
@given(samples(delayed=False))
def test_entry_at_zero_is_no_entry(sample: Sample) -> None:
    entered = replace(sample, entry=np.zeros_like(sample.time)).table()
    table = sample.table()
    at = np.flatnonzero(entered.times > 0)  # time 0 has nobody leaving, only everybody entering
    for field in ("at_risk", "events", "censored"):
        assert_array_equal(getattr(entered, field)[:, at], getattr(table, field))
    for one, other in zip(curves(table, R), curves(entered, R), strict=True):
        assert_array_equal(one.survival, other.survival)
        assert_array_equal(one.low, other.low)
    one, other = logrank(table), logrank(entered)
    assert_array_equal([one.statistic, one.p], [other.statistic, other.p])
    assert_array_equal(values(cox(table, LABELS, 0)), values(cox(entered, LABELS, 0)))


@examples
@given(samples(), st.data(), st.sampled_from([2, 3]))
def test_many_groupings_at_once_equal_one_at_a_time(sample: Sample, data: st.DataObject, k: int) -> None:
    n = sample.time.size
    row = st.lists(st.integers(-1, k - 1), min_size=n, max_size=n)
    groupings = np.array(data.draw(st.lists(row, min_size=1, max_size=5)))
    grid = code_times(sample.time, sample.entry)
    batch = tabulate(grid, sample.event, groupings, k)
    singles = [tabulate(grid, sample.event, groups, k) for groups in groupings]
    for field in ("at_risk", "events", "censored"):
        assert_array_equal(getattr(batch, field), [getattr(single, field) for single in singles])
    chi2, p = logrank_many(batch)
    tests = [logrank(single) for single in singles]
    assert_allclose(chi2, [test.statistic for test in tests], rtol=1e-8, atol=1e-10)
    assert_allclose(p, [test.p for test in tests], rtol=1e-8, atol=1e-10)
    for found, expected in zip(
        observed_expected(batch), zip(*map(observed_expected, singles), strict=True), strict=True
    ):
        assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@examples
@given(samples(), st.data(), st.sampled_from(["efron", "breslow"]))
def test_many_cox_models_at_once_equal_one_at_a_time(sample: Sample, data: st.DataObject, ties: Ties) -> None:
    n = sample.time.size
    assume(sample.event.any())
    groupings = np.array(
        data.draw(st.lists(st.lists(st.integers(0, 1), min_size=n, max_size=n), min_size=1, max_size=5))
    )
    grid = code_times(sample.time, sample.entry)
    batch = fit(tabulate(grid, sample.event, groupings, 2), ties=ties)
    for i, groups in enumerate(groupings):
        single = fit(tabulate(grid, sample.event, groups, 2), ties=ties)
        assert batch.finite[i] == single.finite
        assert_allclose(batch.score_test[i], single.score_test, rtol=1e-9, atol=1e-12)
        if single.finite:
            assert_allclose(batch.beta[i], single.beta, rtol=1e-8, atol=1e-10)
            assert_allclose(batch.covariance[i], single.covariance, rtol=1e-8)


@examples
@given(samples(k=2), st.sampled_from(["efron", "breslow"]), st.integers(0, 1))
def test_one_ratio_in_plain_numbers_equals_the_model_in_matrices(sample: Sample, ties: Ties, reference: int) -> None:
    assume(sample.event.any())
    table = sample.table(2)
    model = fit(table, reference, ties)
    assume(model.finite)
    (found,) = cox(table, LABELS[:2], reference, ties)
    other = 1 - reference
    assert_allclose(np.log(found.estimate), model.beta[other], rtol=1e-8, atol=1e-10)
    assert_allclose(found.std_error**2, model.covariance[other, other], rtol=1e-8)


@examples
@given(samples(), st.sampled_from(list(PRESETS)), st.sampled_from([0.25, 0.5, 0.75]))
def test_quantiles_need_the_drops_only(sample: Sample, preset: str, p: float) -> None:
    conventions = PRESETS[preset]
    full, dropped = (curves(sample.table(), conventions, drops_only=only) for only in (False, True))
    for curve, short in zip(full, dropped, strict=True):
        assert short.time.size == np.count_nonzero(curve.events) + int(curve.time.size and not curve.events[-1])
        assert_equal(asdict(quantile(short, conventions, p)), asdict(quantile(curve, conventions, p)))


@examples
@given(samples(), st.sampled_from(["efron", "breslow"]), st.integers(0, K - 1))
def test_hazard_ratios_are_finite_or_explained(sample: Sample, ties: Ties, reference: int) -> None:
    found = cox(sample.table(), LABELS, reference, ties)
    assert [ratio.label for ratio in found] == [label for i, label in enumerate(LABELS) if i != reference]
    for ratio in found:
        assert ratio.reference == LABELS[reference]
        if ratio.reason:
            assert np.isnan([ratio.estimate, ratio.low, ratio.high, ratio.p, ratio.std_error]).all()
        else:
            assert 1e-4 < ratio.estimate < 1e4 and 0 < ratio.std_error < 100 and 0 <= ratio.p <= 1
            assert bool(ratio.caution) == ("Firth" in ratio.method)


def test_summing_in_blocks_changes_nothing(monkeypatch):
    """As of a million distinct times, with tied and single events in every block, and a group that comes late."""
    rng = np.random.default_rng(7)
    group = rng.integers(0, 4, 400)
    time = np.where(rng.random(400) < 0.5, rng.integers(1, 40, 400), rng.uniform(0, 40, 400)) + 30.0 * (group == 3)
    table = event_table(time, rng.random(400) < 0.7, group)
    beta = np.array([0.0, 0.3, -0.2, 0.1])
    whole = fit(table), proportionality(table, beta)
    monkeypatch.setattr(kras_core.stats.cox, "BLOCK", 16)
    monkeypatch.setattr(kras_core.stats.cox, "FIRST_TIMES", 3)
    monkeypatch.setattr(kras_core.stats.proportionality, "BLOCK", 16)
    blocks = fit(table), proportionality(table, beta)
    for a, b in zip(whole, blocks, strict=True):
        known = [x for x in asdict(a) if not isinstance(getattr(a, x), str)]
        for field in known:
            assert_allclose(getattr(b, field), getattr(a, field))
