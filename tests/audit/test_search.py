"""The search: the same seed gives the same cohort, easy targets are met, impossible ones are reported as missed."""

from dataclasses import replace

import numpy as np
import pytest

from kras_core.audit.search import Found, Kind, Problem, Progress, Span, anneal, first_success, search
from kras_core.audit.steering import Steering
from kras_core.audit.targets import Target, measure, printed_interval

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
    median_start=(6.0,),
)


def with_targets(*targets: Target) -> Problem:
    return replace(ONE_ENDPOINT, targets=targets)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("9.0", 8.95, 9.05), ("7.96", 7.955, 7.965), ("0.20", 0.195, 0.205), ("12", 11.5, 12.5), ("<0.001", 0.0, 0.001)],
)
def test_a_printed_number_is_an_interval(text: str, low: float, high: float) -> None:
    assert printed_interval(text) == (low, high)


def test_easy_targets_are_met_and_the_kernel_says_so() -> None:
    found = search(ONE_ENDPOINT, seed=1, moves=4000)
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
    assert same(search(ONE_ENDPOINT, 7, 1500), search(ONE_ENDPOINT, 7, 1500))
    assert not same(search(ONE_ENDPOINT, 7, 1500), search(ONE_ENDPOINT, 8, 1500))


def test_what_is_settled_of_the_patients_stays() -> None:
    found = search(ONE_ENDPOINT, seed=3, moves=1500)
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
    found = search(impossible, seed=1, moves=3000)
    assert found.missed
    for outcome in found.outcomes:
        assert outcome.met == (outcome.target.low <= outcome.value <= outcome.target.high)
    assert first_success(impossible, range(2), moves=500) is None


def test_an_interval_below_the_floor_of_its_standard_error_is_never_found() -> None:
    """SE >= sqrt(1/10 + 1/10) for ten against ten: 0.40 (0.30–0.53) has an SE of 0.145."""
    narrow = with_targets(
        Target.printed("0.40", "hazard_ratio", "os", "arm", "a"),
        Target.printed("0.30", "hazard_ratio_low", "os", "arm", "a"),
        Target.printed("0.53", "hazard_ratio_high", "os", "arm", "a"),
    )
    found = search(narrow, seed=2, moves=3000)
    assert found.missed
    low, high = (
        next(o.value for o in found.outcomes if o.target.quantity == f"hazard_ratio_{e}") for e in ("low", "high")
    )
    assert np.log(high / low) / (2 * 1.959964) >= np.sqrt(1 / 10 + 1 / 10) - 1e-9


def test_weight_zero_asks_for_a_report_and_nothing_more() -> None:
    beyond = Target.printed("99.0", "median", "os", weight=0)
    found = search(with_targets(EASY[0], beyond), seed=1, moves=2000)
    assert found.missed == ()
    assert [o.met for o in found.outcomes] == [True, False]


def test_it_runs_in_chunks_and_can_be_left() -> None:
    run = anneal(ONE_ENDPOINT, seed=1, moves=1000, every=300)
    steps = list(run)
    assert [s.move for s in steps if isinstance(s, Progress)] == [300, 600, 900, 1000]
    assert isinstance(steps[-1], Found)
    scores = [s.score for s in steps if isinstance(s, Progress)]
    assert scores == sorted(scores, reverse=True)
    first = next(anneal(ONE_ENDPOINT, seed=1, moves=1000, every=300))
    assert first == steps[0]


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
        median_start=(5.0, 8.0),
        gap=14,
    )
    found = search(both, seed=1, moves=2000)
    progressed = found.event["pfs"]
    assert found.missed == ()
    assert (found.time["os"] - found.time["pfs"])[progressed].min() >= 14
    assert (found.time["os"] == found.time["pfs"])[~progressed].all()


def test_bounds_that_fit_nobody_are_refused() -> None:
    late = Kind(2, (Span(True, 500, 600), Span(True, 10, 100)))
    with pytest.raises(ValueError, match="No patient times fit"):
        search(Problem(("pfs", "os"), (late,), {}, (), (5.0, 8.0)), seed=1, moves=10)


@pytest.mark.parametrize("n", [2, 6, 10, 14, 22])
def test_a_curve_that_meets_one_half_exactly_has_its_median_there(n: int) -> None:
    """Products such as (5/6)(4/5)(3/4) miss 1/2 in the last place in floats; the median is the (n/2)-th time."""
    months = np.arange(1.0, n + 1)
    target = Target("median", "os", 0, 99)
    event = np.ones(n, dtype=bool)
    assert Steering([target], {}).values(months, event, {})[0] == n / 2
    assert measure(target, months, event, None) == n / 2


def test_steering_agrees_with_the_kernel_under_ties_and_censoring() -> None:
    """Small cohorts with many shared days: all quantities, to the last digits that the floats allow."""
    rng = np.random.default_rng(20)
    quantities = ("median", "median_low", "median_high", "follow_up")
    comparisons = ("logrank_p", "hazard_ratio", "hazard_ratio_low", "hazard_ratio_high")
    targets = [Target(q, "os", 0, 1, by, level) for q in quantities for by, level in (("", ""), ("arm", "a"))]
    targets += [Target(q, "os", 0, 1, "arm", "b") for q in comparisons]
    steering = Steering(targets, {"arm": ("a", "b")})
    compared = 0
    for _ in range(40):
        months = rng.integers(1, 15, 24).astype(float)
        event, codes = rng.random(24) < 0.7, rng.permutation(np.arange(24) % 2)
        fast = steering.values(months, event, {"arm": codes})
        level = np.array(["a", "b"])[codes]
        slow = np.array([measure(t, months, event, level if t.by else None) for t in targets])
        np.testing.assert_allclose(fast, slow, rtol=1e-6, atol=1e-6)
        compared += int(np.isfinite(slow).sum())
    assert compared > 400
