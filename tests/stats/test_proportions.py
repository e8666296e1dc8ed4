"""Proportions and their differences: R, printed tables, and the definitions themselves."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kras_core.stats.proportions import (
    clopper_pearson,
    clopper_pearson_limits,
    fisher_exact_p,
    miettinen_nurminen,
    miettinen_nurminen_limits,
    newcombe,
    newcombe_limits,
    wilson,
    wilson_limits,
)

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "proportions.json").read_text())

# Newcombe, Stat Med 1998; 17: 873–890, table II: the eight contrasts, methods 10 and 6 (95 %).
PRINTED = [
    ((56, 70, 48, 80), (0.0524, 0.3339), (0.0528, 0.3382)),
    ((9, 10, 3, 10), (0.1705, 0.8090), (0.1700, 0.8406)),
    ((6, 7, 2, 7), (0.0582, 0.8062), (0.0342, 0.8534)),
    ((5, 56, 0, 29), (-0.0381, 0.1926), (-0.0326, 0.1933)),
    ((0, 10, 0, 20), (-0.1611, 0.2775), (-0.1658, 0.2844)),
    ((0, 10, 0, 10), (-0.2775, 0.2775), (-0.2879, 0.2879)),
    ((10, 10, 0, 20), (0.6791, 1.0), (0.7156, 1.0)),
    ((10, 10, 0, 10), (0.6075, 1.0), (0.6636, 1.0)),
]


def counts(largest: int = 60) -> st.SearchStrategy[tuple[int, int]]:
    return st.integers(1, largest).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize("case", REFERENCE["one"], ids=lambda c: f"{c['k']}/{c['n']}@{c['level']}")
def test_one_proportion_as_in_r(case):
    exact = clopper_pearson(case["k"], case["n"], case["level"])
    score = wilson(case["k"], case["n"], case["level"])
    assert (exact.low, exact.high) == pytest.approx(case["exact"], rel=1e-12)
    assert (score.low, score.high) == pytest.approx(case["wilson"], rel=1e-12)
    assert exact.estimate == score.estimate == case["k"] / case["n"]


@pytest.mark.parametrize(
    "case", REFERENCE["two"], ids=lambda c: f"{c['k1']}/{c['n1']}-{c['k2']}/{c['n2']}@{c['level']}"
)
def test_difference_as_in_r(case):
    table = case["k1"], case["n1"], case["k2"], case["n2"]
    hybrid, score = newcombe(*table, case["level"]), miettinen_nurminen(*table, case["level"])
    assert (hybrid.low, hybrid.high) == pytest.approx(case["newcombe"], rel=1e-12)
    # R's side maximises numerically: it, not the closed form, limits the agreement.
    assert (score.low, score.high) == pytest.approx(case["miettinen"], rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("table, hybrid, score", PRINTED)
def test_difference_as_printed_by_newcombe(table, hybrid, score):
    for limits, printed in ((newcombe(*table), hybrid), (miettinen_nurminen(*table), score)):
        assert (round(limits.low, 4), round(limits.high, 4)) == printed


@pytest.mark.parametrize("case", REFERENCE["fisher"], ids=lambda c: str(c["table"]))
def test_fisher_as_in_r(case):
    assert fisher_exact_p(case["table"]) == pytest.approx(case["p"], rel=1e-9)


@pytest.mark.parametrize(
    "table, p",
    [
        ([[3, 1], [1, 3]], 34 / 70),  # Fisher's tea tasting: 1 + 16 + 16 + 1 of C(8, 4) = 70
        ([[0, 5], [0, 7]], 1.0),
        ([[0, 0], [3, 4]], 1.0),
        ([[0, 0], [0, 0]], 1.0),
    ],
)
def test_fisher_by_hand(table, p):
    assert fisher_exact_p(table) == pytest.approx(p, rel=1e-14)


@pytest.mark.parametrize("table", [[[1, 2, 3], [4, 5, 6]], [[1, -1], [2, 3]], [[1.5, 1], [2, 3]], [1, 2]])
def test_fisher_refuses_what_is_no_table_of_counts(table):
    with pytest.raises(ValueError, match="2×2 table"):
        fisher_exact_p(table)


@given(counts(), counts())
@settings(max_examples=150, deadline=None)
def test_fisher_as_in_scipy_and_symmetric(first, second):
    (k1, n1), (k2, n2) = first, second
    table = np.array([[k1, n1 - k1], [k2, n2 - k2]])
    p = fisher_exact_p(table)
    assert p == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-9)
    assert p == pytest.approx(fisher_exact_p(table.T), rel=1e-9)
    assert p == pytest.approx(fisher_exact_p(table[::-1]), rel=1e-9)


@given(counts(), st.sampled_from([0.8, 0.95, 0.99]))
@settings(max_examples=150, deadline=None)
def test_exact_limits_put_half_of_alpha_in_each_tail(proportion, confidence):
    k, n = proportion
    low, high = clopper_pearson_limits(k, n, confidence)
    if k > 0:
        assert stats.binom.sf(k - 1, n, low) == pytest.approx((1 - confidence) / 2, rel=1e-9)
    if k < n:
        assert stats.binom.cdf(k, n, high) == pytest.approx((1 - confidence) / 2, rel=1e-9)


@given(counts(), counts())
@settings(max_examples=150, deadline=None)
def test_swapping_the_groups_turns_the_interval_round(first, second):
    for method in (newcombe, miettinen_nurminen):
        forth, back = method(*first, *second), method(*second, *first)
        assert (forth.low, forth.high) == pytest.approx((-back.high, -back.low), abs=1e-12)
        assert -1 <= forth.low <= forth.estimate <= forth.high <= 1


@given(counts(30), counts(30))
@settings(max_examples=60, deadline=None)
def test_score_limits_invert_the_test(first, second):
    """At each inner limit the score statistic, its likelihood maximised on a grid, equals z²."""
    (k1, n1), (k2, n2) = first, second
    z2 = stats.chi2.ppf(0.95, 1)
    for d in miettinen_nurminen_limits(k1, n1, k2, n2):
        if abs(d) < 1 - 1e-6:
            p2 = _constrained_by_search(float(d), k1, n1, k2, n2)
            p1, n = p2 + d, n1 + n2
            variance = (p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2) * n / (n - 1)
            assert (k1 / n1 - k2 / n2 - d) ** 2 / variance == pytest.approx(z2, rel=1e-6)


def _constrained_by_search(d: float, k1: int, n1: int, k2: int, n2: int) -> float:
    """Root of the score by bisection: the log likelihood is concave in p2."""
    low, high = max(0.0, -d), min(1.0, 1 - d)

    def slope(p2: float) -> float:
        p1 = p2 + d
        up = (k1 / p1 if k1 else 0) + (k2 / p2 if k2 else 0)
        return up - ((n1 - k1) / (1 - p1) if n1 > k1 else 0) - ((n2 - k2) / (1 - p2) if n2 > k2 else 0)

    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return (low + high) / 2


def test_an_empty_group_has_no_estimate_and_says_so():
    for one in (clopper_pearson(0, 0), wilson(0, 0)):
        assert np.isnan([one.estimate, one.low, one.high]).all() and one.reason
    for two in (newcombe(0, 0, 3, 7), miettinen_nurminen(0, 0, 3, 7), newcombe(3, 7, 0, 0)):
        assert np.isnan([two.estimate, two.low, two.high]).all() and two.reason


@pytest.mark.parametrize("k, n", [(-1, 5), (6, 5)])
def test_impossible_counts_are_refused(k, n):
    for limits in (clopper_pearson_limits, wilson_limits):
        with pytest.raises(ValueError, match="0 <= k <= n"):
            limits(k, n)


def test_arrays_give_what_single_tables_give():
    k1, n1 = np.array([[0, 3, 7], [2, 5, 0]]), np.array([7, 7, 9])
    k2, n2 = 4, 12
    for limits, single in ((newcombe_limits, newcombe), (miettinen_nurminen_limits, miettinen_nurminen)):
        low, high = limits(k1, n1, k2, n2)
        assert low.shape == high.shape == (2, 3)
        for i, j in np.ndindex(2, 3):
            one = single(int(k1[i, j]), int(n1[j]), k2, n2)
            assert (low[i, j], high[i, j]) == (one.low, one.high)
