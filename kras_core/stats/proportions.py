"""Proportions, their differences and Fisher's exact test.

The `*_limits` functions take arrays of counts and broadcast (a safety table needs hundreds of
intervals per toggle); the others take one table and return a result. Counts are whole patients:
0 <= k <= n. Where a group is empty (n = 0) every limit is NaN.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, gammaln

from kras_core.stats.normal import z_value
from kras_core.stats.results import NAN, Difference, Floats, Proportion

CLOPPER_PEARSON = "Clopper–Pearson"
NEWCOMBE = "Newcombe (hybrid score)"
EMPTY = "nobody in this group"
FISHER_TIE = 1e-7  # R's relErr: tables that differ in probability by rounding only are equally probable
BISECTIONS = 60  # halves an interval of length 2 below 2e-18


def clopper_pearson_limits(k: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Exact limits, broadcast over k and n: the lower solves P(X >= k) = alpha/2, the upper P(X <= k) = alpha/2.

    Both are quantiles of beta distributions (Clopper and Pearson, Biometrika 1934; 26: 404–413).
    0 at k = 0 and 1 at k = n. NaN where n = 0. Raises ValueError unless 0 <= k <= n.
    """
    k, n = _counts(k, n)
    tail = (1 - confidence) / 2
    # A shape parameter of 0 has no quantile; 1 stands in for it and the limit is set by hand.
    low = np.where(k == 0, 0.0, betaincinv(np.maximum(k, 1), n - k + 1, tail))
    high = np.where(k == n, 1.0, betaincinv(k + 1, np.maximum(n - k, 1), 1 - tail))
    return np.where(n == 0, NAN, low), np.where(n == 0, NAN, high)


def wilson_limits(k: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Score limits without continuity correction, broadcast over k and n (Wilson, JASA 1927; 22: 209–212).

    The roots p of (k/n - p)² = z² p (1 - p)/n. NaN where n = 0. Raises ValueError unless 0 <= k <= n.
    """
    k, n = _counts(k, n)
    z = z_value(confidence)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = (k + z**2 / 2) / (n + z**2)
        half = z * np.sqrt(k * (n - k) / n + z**2 / 4) / (n + z**2)
    # At the ends a root is exactly 0 or 1, which rounding would miss by 1e-17.
    low, high = np.where(k == 0, 0.0, centre - half), np.where(k == n, 1.0, centre + half)
    return np.where(n == 0, NAN, low), np.where(n == 0, NAN, high)


def clopper_pearson(k: int, n: int, confidence: float = 0.95) -> Proportion:
    """k of n with the exact interval; see `clopper_pearson_limits`."""
    return _proportion(k, n, clopper_pearson_limits(k, n, confidence), CLOPPER_PEARSON)


def wilson(k: int, n: int, confidence: float = 0.95) -> Proportion:
    """k of n with Wilson's score interval; see `wilson_limits`."""
    return _proportion(k, n, wilson_limits(k, n, confidence), "Wilson")


def newcombe_limits(
    k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Limits of k1/n1 - k2/n2 from the two Wilson intervals (l1, u1) and (l2, u2), broadcast.

    Method 10 ("hybrid score", without continuity correction) of Newcombe, Stat Med 1998; 17: 873–890:
    d - √((p1 - l1)² + (u2 - p2)²) to d + √((u1 - p1)² + (p2 - l2)²). NaN where a group is empty.
    """
    k1, n1 = _counts(k1, n1)
    k2, n2 = _counts(k2, n2)
    with np.errstate(invalid="ignore"):
        p1, p2 = k1 / n1, k2 / n2
    low1, high1 = wilson_limits(k1, n1, confidence)
    low2, high2 = wilson_limits(k2, n2, confidence)
    difference = p1 - p2
    return difference - np.hypot(p1 - low1, high2 - p2), difference + np.hypot(high1 - p1, p2 - low2)


def newcombe(k1: int, n1: int, k2: int, n2: int, confidence: float = 0.95) -> Difference:
    """k1/n1 - k2/n2 with Newcombe's hybrid score interval; see `newcombe_limits`."""
    return _difference(k1, n1, k2, n2, newcombe_limits(k1, n1, k2, n2, confidence), NEWCOMBE)


def miettinen_nurminen_limits(
    k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Limits of k1/n1 - k2/n2 by inverting the score test, broadcast over the counts.

    The interval holds every d with (p1 - p2 - d)² <= z² N/(N - 1) [r1 (1 - r1)/n1 + r2 (1 - r2)/n2], where
    r1 = r2 + d maximise the likelihood under that difference (Miettinen and Nurminen, Stat Med 1985;
    4: 213–226). NaN where a group is empty.
    """
    k1, n1, k2, n2 = np.broadcast_arrays(*_counts(k1, n1), *_counts(k2, n2))
    # The upper limit is the lower one of the opposite difference, turned round.
    low = _score_lower(k1, n1, k2, n2, z_value(confidence))
    high = -_score_lower(k2, n2, k1, n1, z_value(confidence))
    empty = (n1 == 0) | (n2 == 0)
    return np.where(empty, NAN, low), np.where(empty, NAN, high)


def miettinen_nurminen(k1: int, n1: int, k2: int, n2: int, confidence: float = 0.95) -> Difference:
    """k1/n1 - k2/n2 with the score interval; see `miettinen_nurminen_limits`."""
    return _difference(k1, n1, k2, n2, miettinen_nurminen_limits(k1, n1, k2, n2, confidence), "Miettinen–Nurminen")


def fisher_exact_p(table: ArrayLike) -> float:
    """Two-sided p of Fisher's exact test for a 2×2 table of counts [[a, b], [c, d]].

    The sum of the hypergeometric probabilities, given the margins, that do not exceed the observed
    table's (R's rule, ties within a relative 1e-7). 1 where a margin is empty: only one table is possible.
    Raises ValueError for anything but four whole counts.
    """
    cells = np.asarray(table, dtype=np.float64)
    if cells.shape != (2, 2) or not np.all((cells >= 0) & (cells == np.floor(cells))):
        raise ValueError("Fisher's exact test needs a 2×2 table of counts")
    row1, row2 = cells.sum(axis=1)
    column = cells[:, 0].sum()
    first = np.maximum(0.0, column - row2)
    x = np.arange(first, np.minimum(row1, column) + 1)
    log_p = -gammaln(x + 1) - gammaln(row1 - x + 1) - gammaln(column - x + 1) - gammaln(row2 - column + x + 1)
    p = np.exp(log_p - log_p.max())
    observed = p[int(cells[0, 0] - first)]
    return float(min(1.0, p[p <= observed * (1 + FISHER_TIE)].sum() / p.sum()))


def _score_lower(k1: Floats, n1: Floats, k2: Floats, n2: Floats, z: float) -> Floats:
    """The smallest difference that the score test does not reject, by bisection between -1 and the estimate."""
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = k1 / n1 - k2 / n2
        total = n1 + n2
        inflation = z**2 * total / (total - 1)
    outside, inside = np.full(estimate.shape, -1.0), np.array(estimate)
    for _ in range(BISECTIONS):
        middle = (outside + inside) / 2
        r1, r2 = _constrained(middle, k1, n1, k2, n2)
        with np.errstate(invalid="ignore", divide="ignore"):
            variance = inflation * (r1 * (1 - r1) / n1 + r2 * (1 - r2) / n2)
        rejected = (estimate - middle) ** 2 > variance
        outside, inside = np.where(rejected, middle, outside), np.where(rejected, inside, middle)
    return inside


def _constrained(d: Floats, k1: Floats, n1: Floats, k2: Floats, n2: Floats) -> tuple[Floats, Floats]:
    """The two probabilities of largest likelihood with r1 - r2 = d: the cubic of Miettinen and Nurminen, appendix.

    With three real roots the likelihood's is the middle one, which the cosine below picks.
    """
    total = n1 + n2
    with np.errstate(invalid="ignore", divide="ignore"):
        a = ((n1 + 2 * n2) * d - total - k1 - k2) / (3 * total)
        b = ((n2 * d - total - 2 * k2) * d + k1 + k2) / total
        c = k2 * d * (1 - d) / total
        q = a**3 - a * b / 2 + c / 2
        p = np.copysign(np.sqrt(np.maximum(a**2 - b / 3, 0)), q)
        cosine = np.clip(np.nan_to_num(q / p**3, nan=1.0), -1, 1)
        r2 = 2 * p * np.cos((np.pi + np.arccos(cosine)) / 3) - a
    r2 = np.clip(r2, np.maximum(0, -d), np.minimum(1, 1 - d))
    return np.clip(r2 + d, 0, 1), r2


def _counts(k: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats]:
    k, n = np.broadcast_arrays(np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64))
    if not np.all((k >= 0) & (k <= n)):
        raise ValueError("a proportion needs 0 <= k <= n")
    return k, n


def _proportion(k: int, n: int, limits: tuple[Floats, Floats], method: str) -> Proportion:
    estimate, reason = (k / n, "") if n else (NAN, EMPTY)
    return Proportion(k, n, estimate, float(limits[0]), float(limits[1]), method, reason)


def _difference(k1: int, n1: int, k2: int, n2: int, limits: tuple[Floats, Floats], method: str) -> Difference:
    estimate, reason = (k1 / n1 - k2 / n2, "") if n1 and n2 else (NAN, EMPTY)
    return Difference(estimate, float(limits[0]), float(limits[1]), method, reason)
