"""The search: the same seed gives the same cohort, easy targets are met, impossible ones are reported as missed."""

from dataclasses import replace

import numpy as np
import pytest

from kras_core.audit.search import Found, Kind, Problem, Progress, Span, anneal, search, weibull_days
from kras_core.audit.steering import Steering
from kras_core.audit.targets import Outcome, Target, measure
from kras_core.conventions import PRESETS
from kras_core.stats.cox import cox
from kras_core.stats.event_table import event_table

EASY = (
    Target.printed("6.0", "median", "os"),
    Target.printed("9.0", "median", "os", "arm", "a"),
    Target.printed("0.40", "hazard_ratio", "os", "arm", "a"),
)
ONE_ENDPOINT = Problem(
    endpoints=("os",),
    kinds=(Kind(17, (Span(True, 5, 900),)), Kind(3, (Span(False, 300, 900),))),
    strata={"arm": {"a": 10, "b": 10}},
    targets=EASY,
    start=(weibull_days(20, 183),),
)


def with_targets(*targets: Target) -> Problem:
    return replace(ONE_ENDPOINT, targets=targets)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("9.0", 8.95, 9.05), ("<0.001", 0.0, 0.001), (">0.05", 0.05, np.inf), ("NR", np.inf, np.inf)],
)
def test_a_printed_figure_asks_for_what_prints_that_way(text: str, low: float, high: float) -> None:
    target = Target.printed(text, "median", "os")
    assert (target.low, target.high, target.text) == (low, high, text)


def test_easy_targets_are_met_and_the_kernel_says_so() -> None:
    found = search(ONE_ENDPOINT, seed=1, steps=400)
    assert found.missed == ()
    assert len(found.outcomes) == 3
    for outcome in found.outcomes:
        level = found.labels["arm"] if outcome.target.by else None
        months = found.time["os"] / ONE_ENDPOINT.days_per_month
        assert outcome.value == measure(outcome.target, months, found.event["os"], level)
        assert outcome.target.low <= outcome.value <= outcome.target.high


def same(first: Found, second: Found) -> bool:
    times = all((first.time[e] == second.time[e]).all() for e in first.time)
    return times and all((first.labels[by] == second.labels[by]).all() for by in first.labels)


def test_a_seed_names_a_cohort() -> None:
    assert same(search(ONE_ENDPOINT, 7, 100), search(ONE_ENDPOINT, 7, 100))
    assert not same(search(ONE_ENDPOINT, 7, 100), search(ONE_ENDPOINT, 8, 100))


def test_what_is_settled_of_the_patients_stays() -> None:
    found = search(ONE_ENDPOINT, seed=3, steps=100)
    assert found.event["os"].sum() == 17
    assert (found.labels["arm"] == "a").sum() == 10
    censored = found.time["os"][~found.event["os"]]
    assert found.time["os"].min() >= 5
    assert found.time["os"].max() <= 900
    assert censored.min() >= 300


def test_targets_that_exclude_each_other_are_reported_as_missed() -> None:
    """A mixture's median lies between those of its parts while nobody is censored before the later one."""
    impossible = with_targets(
        Target.printed("6.0", "median", "os"),
        Target.printed("3.0", "median", "os", "arm", "a"),
        Target.printed("4.0", "median", "os", "arm", "b"),
    )
    found = search(impossible, seed=1, steps=300)
    assert found.missed
    for outcome in found.outcomes:
        assert outcome.met == (outcome.target.low <= outcome.value <= outcome.target.high)


def test_an_interval_below_the_floor_of_its_standard_error_is_never_found() -> None:
    """SE >= sqrt(1/10 + 1/10) for ten against ten: 0.40 (0.30–0.53) has an SE of 0.145."""
    narrow = with_targets(
        Target.printed("0.40", "hazard_ratio", "os", "arm", "a"),
        Target.printed("0.30", "hazard_ratio_low", "os", "arm", "a"),
        Target.printed("0.53", "hazard_ratio_high", "os", "arm", "a"),
    )
    found = search(narrow, seed=2, steps=300)
    assert found.missed
    low, high = (
        next(o.value for o in found.outcomes if o.target.quantity == f"hazard_ratio_{e}") for e in ("low", "high")
    )
    assert np.log(high / low) / (2 * 1.959964) >= np.sqrt(1 / 10 + 1 / 10) - 1e-9


def test_weight_zero_asks_for_a_report_and_nothing_more() -> None:
    beyond = Target.printed("99.0", "median", "os", weight=0)
    found = search(with_targets(EASY[0], beyond), seed=1, steps=300)
    assert found.missed == ()
    assert [o.met for o in found.outcomes] == [True, False]


def test_it_runs_in_chunks_and_can_be_left() -> None:
    impossible = with_targets(*EASY, Target.printed("1.0", "median", "os", "arm", "b"))
    run = list(anneal(impossible, seed=1, steps=100, every=30))
    steps = [s for s in run if isinstance(s, Progress)]
    assert [s.step for s in steps] == [30, 60, 90, 110]
    assert {s.steps for s in steps} == {110}
    assert isinstance(run[-1], Found)
    missed = [len(s.missed) for s in steps]
    assert missed == sorted(missed, reverse=True)
    assert {o.target for o in run[-1].missed} == set(steps[-1].missed)
    assert next(anneal(impossible, seed=1, steps=100, every=30)) == steps[0]


def test_it_ends_early_and_keeps_what_it_has() -> None:
    """With every figure met it only smooths: the last word is of the last step, whenever the figures were met."""
    *_, last, found = anneal(ONE_ENDPOINT, seed=1, steps=2000, every=10)
    assert isinstance(last, Progress) and isinstance(found, Found)
    assert (last.step, last.missed, found.missed) == (2200, (), ())


def test_endpoints_stay_in_order() -> None:
    """Deaths come at least the gap after progression; who is without progression is censored at one time for both."""
    both = Problem(
        endpoints=("pfs", "os"),
        kinds=(
            Kind(10, (Span(True, 30, 900), Span(True, 30, 900))),
            Kind(2, (Span(False, 400, 900), Span(False, 400, 900))),
        ),
        strata={},
        targets=(Target.printed("5.0", "median", "pfs"), Target.printed("8.0", "median", "os")),
        start=(weibull_days(12, 152), weibull_days(12, 243)),
        gap=14,
    )
    found = search(both, seed=1, steps=300)
    progressed = found.event["pfs"]
    assert found.missed == ()
    assert (found.time["os"] - found.time["pfs"])[progressed].min() >= 14
    assert (found.time["os"] == found.time["pfs"])[~progressed].all()


def test_bounds_that_fit_nobody_are_refused() -> None:
    late = Kind(2, (Span(True, 500, 600), Span(True, 10, 100)))
    with pytest.raises(ValueError, match="No patient times fit"):
        search(Problem(("pfs", "os"), (late,), ((500, 500), (10, 10)), {}, ()), seed=1, steps=10)


def test_a_status_that_is_not_known_is_searched_too() -> None:
    """Twenty patients of whom nobody knows who died: the printed number of deaths in either arm is found."""
    unknown = replace(
        ONE_ENDPOINT,
        kinds=(Kind(20, (Span(True, 5, 900, known=False),)),),
        targets=(
            Target("events", "os", 6.5, 7.5, "arm", "a"),
            Target("events", "os", 3.5, 4.5, "arm", "b"),
            Target.printed("NR", "median", "os", "arm", "b"),
            Target.printed("9.0", "median", "os", "arm", "a"),
        ),
    )
    found = search(unknown, seed=1, steps=500)
    assert found.missed == ()
    assert [o.value for o in found.outcomes][:3] == [7, 4, np.inf]


def test_a_large_cohort_is_found_as_well() -> None:
    n = 300
    large = Problem(
        endpoints=("os",),
        kinds=(Kind(200, (Span(True, 1, 1500),)), Kind(100, (Span(False, 200, 1500),))),
        start=(weibull_days(n, 400),),
        strata={"arm": {"a": 150, "b": 150}},
        targets=(
            Target.printed("14.8", "median", "os", "arm", "a"),
            Target.printed("10.9", "median", "os", "arm", "b"),
            Target.printed("0.71", "hazard_ratio", "os", "arm", "a"),
            Target.printed("24.3", "follow_up", "os"),
        ),
    )
    assert search(large, seed=1, steps=1500).missed == ()


@pytest.mark.parametrize("n", [2, 6, 10, 14, 22])
def test_a_curve_that_meets_one_half_exactly_has_its_median_there(n: int) -> None:
    """Products such as (5/6)(4/5)(3/4) miss 1/2 in the last place in floats; the median is the (n/2)-th time."""
    months = np.arange(1.0, n + 1)
    target = Target("median", "os", 0, 99)
    event = np.ones(n, dtype=bool)
    days, codes = months.astype(int)[None], np.zeros((1, 1, n), dtype=int)
    assert Steering([target], {}, 1.0).values(days, event[None], codes) == [[n / 2]]
    assert measure(target, months, event, None) == n / 2


@pytest.mark.parametrize("n", [2, 6, 10, 14, 22])
def test_under_rs_conventions_it_is_in_the_middle_of_the_plateau(n: int) -> None:
    months, event = np.arange(1.0, n + 1), np.ones(n, dtype=bool)
    days, codes = months.astype(int)[None], np.zeros((1, 1, n), dtype=int)
    target = Target("median", "os", 0, 99)
    steered = Steering([target], {}, 1.0, PRESETS["r"]).values(days, event[None], codes)
    assert steered == [[n / 2 + 0.5]]
    assert measure(target, months, event, None, PRESETS["r"]) == n / 2 + 0.5


@pytest.mark.parametrize("preset", ["spss", "r", "sas", "lifelines"])
def test_steering_agrees_with_the_kernel_under_ties_and_censoring(preset: str) -> None:
    """Small cohorts with many shared days: all quantities, to the last digits that the floats allow."""
    conventions = PRESETS[preset]
    rng = np.random.default_rng(20)
    quantities = ("events", "median", "median_low", "median_high", "follow_up")
    comparisons = ("logrank_p", "hazard_ratio", "hazard_ratio_low", "hazard_ratio_high")
    strata = {"arm": ("a", "b"), "site": ("x", "y", "z")}
    targets = [Target(q, "os", 0, 1, by, level) for q in quantities for by, level in (("", ""), ("arm", "a"))]
    targets += [Target(q, "os", 0, 1, "arm", "b") for q in comparisons]
    targets += [Target("median", "os", 0, 1, "site", "z"), Target("logrank_p", "os", 0, 1, "site", "y")]
    targets += [
        Target("rate", "os", 0, 1, by, level, at=at) for by, level in (("", ""), ("arm", "b")) for at in (5, 13)
    ]
    cohorts, n = 60, 24
    days, event = rng.integers(1, 15, (cohorts, n)), rng.random((cohorts, n)) < 0.7
    site, arm = (rng.permuted(np.tile(np.arange(n) % k, (cohorts, 1)), axis=1) for k in (3, 2))
    days[0][arm[0] == 0] += 20  # one arm has had all its events before the other's first: no finite hazard ratio
    codes = np.stack([np.zeros_like(arm), arm, site])
    fast = Steering(targets, strata, 1.0, conventions).values(days, event, codes)
    levels = {"arm": np.array(["a", "b"])[arm], "site": np.array(["x", "y", "z"])[site]}
    slow = np.array([
        [measure(t, days[c] * 1.0, event[c], levels[t.by][c] if t.by else None, conventions) for c in range(cohorts)]
        for t in targets
    ])  # fmt: skip
    np.testing.assert_allclose(fast, slow, rtol=1e-6, atol=1e-6)
    assert np.isfinite(slow).sum() > 1000
    assert np.isnan(slow[:, 0]).sum() >= 3


def test_a_ratio_without_a_finite_maximum_meets_no_printed_hazard_ratio() -> None:
    """Firth's estimate, which the kernel reports then, is not Cox's: whatever is printed, it is not met."""
    months, event = np.arange(1.0, 13.0), np.ones(12, dtype=bool)
    arm = np.repeat(["a", "b"], 6)
    firth = cox(event_table(months, event, (arm == "a").astype(int)), ("b", "a"), 0, "breslow")[0]
    assert "Firth" in firth.method and np.isfinite(firth.estimate)
    for quantity in ("hazard_ratio", "hazard_ratio_low", "hazard_ratio_high"):
        target = Target(quantity, "os", 0.0, np.inf, "arm", "a")
        assert np.isnan(measure(target, months, event, arm))
        assert not Outcome(target, measure(target, months, event, arm)).met
    p = measure(Target("logrank_p", "os", 0.0, 1.0, "arm", "a"), months, event, arm)
    assert 0 < p < 0.01
    nobody = np.zeros(12, dtype=bool)
    assert np.isnan(measure(Target("hazard_ratio", "os", 0.0, np.inf, "arm", "a"), months, nobody, arm))
