"""Permutation log-rank: against naive enumeration over orderings, by hand, and by its own symmetries."""

from itertools import permutations

import numpy as np
import pytest

from kras_core.stats.event_table import event_table
from kras_core.stats.logrank import logrank
from kras_core.stats.permutation import group_sums_of_all_allocations, logrank_scores, permutation_logrank

SMALL = [
    # time, event, groups
    ([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1]),
    ([1, 2, 3, 4, 5, 6, 7], [1, 0, 1, 1, 0, 1, 1], [0, 1, 0, 1, 1, 0, 1]),
    ([1, 1, 2, 2, 2, 3, 4, 4], [1, 1, 1, 0, 1, 1, 0, 1], [0, 1, 0, 0, 1, 1, 1, 1]),
    ([3, 3, 3, 5, 5, 8, 9], [1, 0, 1, 1, 1, 0, 0], [0, 0, 1, 1, 2, 2, 2]),
    ([2, 4, 4, 6, 6, 6, 7, 9], [1, 1, 0, 1, 1, 0, 1, 1], [2, 0, 1, 0, 1, 2, 2, 0]),
    ([5, 1], [1, 1], [0, 1]),
]


def naive_scores(time, event):
    """Event minus Nelson–Aalen at the patient's time, straight from the definition."""
    rows = list(zip(time, event, strict=True))
    hazard = {u: sum(e for t, e in rows if t == u) / sum(t >= u for t, _ in rows) for u in {t for t, e in rows if e}}
    return [e - sum(h for u, h in hazard.items() if u <= t) for t, e in rows]


def naive_p(time, event, groups):
    """All n! orderings of the labels; every allocation occurs equally often among them."""
    scores, n = naive_scores(time, event), len(time)
    levels = sorted(set(groups))

    def statistic(labels):
        sums = [sum(a for a, g in zip(scores, labels, strict=True) if g == level) for level in levels]
        sizes = [groups.count(level) for level in levels]
        return (n - 1) / sum(a * a for a in scores) * sum(u * u / size for u, size in zip(sums, sizes, strict=True))

    observed = statistic(groups)
    found = [statistic(labels) >= observed * (1 - 1e-9) - 1e-15 for labels in permutations(groups)]
    return observed, sum(found) / len(found)


@pytest.mark.parametrize("time, event, groups", SMALL)
def test_exact_p_is_the_naive_enumeration(time, event, groups):
    result = permutation_logrank(time, event, groups)
    statistic, p = naive_p(time, event, groups)
    assert result.statistic == pytest.approx(statistic, rel=1e-12)
    assert result.p == pytest.approx(p, rel=1e-12)
    assert result.std_error == 0 and result.df == len(set(groups)) - 1


def test_by_hand_three_against_three():
    """The worst three against the best three of six: one of 20 allocations and its mirror image."""
    assert permutation_logrank([1, 2, 3, 4, 5, 6], [1] * 6, [0, 0, 0, 1, 1, 1]).p == pytest.approx(0.1)


def test_scores_sum_to_zero_and_group_sums_are_observed_minus_expected():
    rng = np.random.default_rng(3)
    at, event, groups = rng.integers(1, 12, 40), rng.random(40) < 0.7, rng.integers(0, 3, 40)
    assert logrank_scores(at, event).sum() == pytest.approx(0, abs=1e-12)
    ours = permutation_logrank(at, event, groups, samples=1)
    table_test = logrank(event_table(at, event, groups, k=3))
    assert ours.observed == pytest.approx(table_test.observed, rel=1e-12)
    assert ours.expected == pytest.approx(table_test.expected, rel=1e-12)


def test_every_allocation_is_counted_once():
    sums = group_sums_of_all_allocations(np.array([1.0, 2, 4, 8, 16, 32, 64]), np.array([2, 1, 4]))
    assert sums.shape == (3, 105)  # 7!/(2! 1! 4!)
    assert len(set(map(tuple, sums.T))) == 105
    assert np.all(sums.sum(axis=0) == 127)
    assert [{int(s).bit_count() for s in row} for row in sums] == [{2}, {1}, {4}]


def test_exchangeable_over_the_null_every_p_is_as_likely_as_it_says():
    """Over all allocations of the same patients, P(p <= x) never exceeds x, and reaches it at each attained p."""
    at, event = [1, 2, 2, 3, 5, 6, 6, 8], [1, 1, 0, 1, 1, 0, 1, 1]
    labels = sorted(set(permutations([0, 0, 0, 1, 1, 1, 1, 1])))
    p = np.array([permutation_logrank(at, event, label).p for label in labels])
    assert len(labels) == 56
    for attained in np.unique(p):
        assert np.mean(p <= attained * (1 + 1e-9)) == pytest.approx(attained, rel=1e-12)


def test_row_order_group_names_and_time_scale_do_not_matter():
    rng = np.random.default_rng(8)
    at, event, groups = rng.integers(1, 9, 14), rng.random(14) < 0.8, np.repeat([0, 1], [5, 9])
    p = permutation_logrank(at, event, groups).p
    order = rng.permutation(14)
    assert permutation_logrank(at[order], event[order], groups[order]).p == p
    assert permutation_logrank(at, event, 1 - groups).p == p
    assert permutation_logrank(at / 30.4375, event, groups).p == p
    assert permutation_logrank(np.exp(at), event, groups).p == p  # ranks only


def test_rows_left_out_and_empty_groups_change_nothing():
    at, event, groups = [1, 2, 3, 4, 5, 6, 7], [1, 0, 1, 1, 0, 1, 1], np.array([0, 1, 0, 1, 1, 0, 1])
    alone = permutation_logrank(at, event, groups)
    with_more = permutation_logrank(at + [2.5, 9], event + [1, 1], [*(groups * 2), -1, -1])
    assert (with_more.statistic, with_more.p, with_more.df) == (alone.statistic, alone.p, 1)
    assert with_more.observed == (alone.observed[0], 0, alone.observed[1])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("sizes", [(5, 9), (4, 4, 4)])
def test_monte_carlo_within_four_standard_errors_of_exact(sizes, seed):
    rng = np.random.default_rng(100 + seed)
    n = sum(sizes)
    at, event, groups = rng.integers(1, 20, n), rng.random(n) < 0.8, np.repeat(np.arange(len(sizes)), sizes)
    exact = permutation_logrank(at, event, groups)
    drawn = permutation_logrank(at, event, groups, max_allocations=1, samples=20_000, seed=seed)
    assert exact.std_error == 0 < drawn.std_error < 0.004
    assert abs(drawn.p - exact.p) <= 4 * drawn.std_error
    assert (drawn.statistic, drawn.df) == (exact.statistic, exact.df)


def test_monte_carlo_repeats_with_its_seed_and_never_says_zero():
    at, event, groups = np.arange(1, 41), np.ones(40), np.repeat([0, 1], 20)
    first = permutation_logrank(at, event, groups, samples=2000, seed=5)
    again = permutation_logrank(at, event, groups, samples=2000, seed=5)
    assert (again.statistic, again.p, again.std_error) == (first.statistic, first.p, first.std_error)
    assert first.p == pytest.approx(1 / 2001)
    assert "2,000 random allocations, seed 5" in first.method


def test_progress_runs_to_one():
    seen: list[float] = []
    rng = np.random.default_rng(0)
    permutation_logrank(rng.random(3000), np.ones(3000), np.arange(3000) % 2, samples=2000, progress=seen.append)
    assert len(seen) > 1 and seen == sorted(seen) and seen[-1] == 1.0


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"entry": [0, 0, 0, 1]}, "delayed entry"),
        ({"groups": [0, 0, 0, 0]}, "two groups"),
        ({"groups": [0, 0, -1, -1]}, "two groups"),
        ({"event": [0, 0, 0, 0]}, "no events"),
        ({"time": [2, 2, 2, 2], "event": [1, 1, 1, 1]}, "same score"),
        ({"time": [], "event": [], "groups": []}, "two groups"),
    ],
)
def test_undefined_says_why(change, reason):
    result = permutation_logrank(**{"time": [1, 2, 3, 4], "event": [1, 1, 1, 1], "groups": [0, 1, 0, 1]} | change)
    assert np.isnan(result.p) and np.isnan(result.statistic) and reason in result.reason


def test_it_says_what_it_assumes():
    assert "equal censoring" in permutation_logrank([1, 2], [1, 1], [0, 1]).method
    assert "equal censoring" in (permutation_logrank.__doc__ or "")


def test_the_paper_size_is_enumerated_at_once():
    """C(27, 6) = 296,010 allocations."""
    rng = np.random.default_rng(2)
    at, groups = rng.exponential(9, 27), np.repeat([0, 1], [21, 6])
    result = permutation_logrank(at, np.ones(27), groups)
    assert "all 296,010 allocations" in result.method
    assert result.p * 296_010 == pytest.approx(round(result.p * 296_010), abs=1e-6)
