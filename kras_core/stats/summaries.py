"""What a table of patients' characteristics needs: summaries of a column, and how far two groups lie apart.

A standardised difference does not depend on the number of patients, unlike a p value, so that it describes the
imbalance itself (Austin 2009, Stat Med 28:3083–3107).
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kras_core.stats.results import NAN, Floats, Ints, NumberSummary, StandardisedDifference

NO_SPREAD = "nobody differs within either group, but the groups differ"
TOO_FEW = "fewer than two known values in a group"
NOBODY = "no known value in a group"
ONE_GROUP = "fewer than two groups"
SINGULAR = 1e-9  # eigenvalues below this share of the largest count as zero


def summarise(values: ArrayLike) -> NumberSummary:
    """Summary of values (n,), NaN where missing.

    Quartiles by linear interpolation between order statistics (R's type 7; Hyndman and Fan 1996, Am Stat
    50:361–365); standard deviation with n - 1. Without a known value everything is NaN; the standard deviation
    of a single value is NaN.
    """
    values = np.asarray(values, dtype=np.float64)
    known = values[~np.isnan(values)]
    if not known.size:
        return NumberSummary(0, values.size, NAN, NAN, NAN, NAN, NAN, NAN, NAN)
    low, q1, median, q3, high = np.quantile(known, (0.0, 0.25, 0.5, 0.75, 1.0)).tolist()
    spread = float(known.std(ddof=1)) if known.size > 1 else NAN
    return NumberSummary(known.size, values.size - known.size, median, q1, q3, low, high, float(known.mean()), spread)


def row_medians(values: Floats) -> Floats:
    """Median of the known values of every row, shape (b, n) -> (b,); NaN for a row without any."""
    ordered = np.sort(values, axis=1)  # NaN comes last
    known = (~np.isnan(values)).sum(axis=1)
    rows, last = np.arange(len(values)), np.maximum(known - 1, 0)
    return (ordered[rows, last // 2] + ordered[rows, (last + 1) // 2]) / 2


def difference_of_numbers(first: NumberSummary, second: NumberSummary) -> StandardisedDifference:
    """|mean1 - mean2| / √((s1² + s2²)/2) (Austin 2009). Undefined with fewer than two values in a group, and where
    neither group varies though their means differ."""
    if min(first.n, second.n) < 2:
        return StandardisedDifference(NAN, NOBODY if min(first.n, second.n) == 0 else TOO_FEW)
    apart, spread = abs(first.mean - second.mean), np.sqrt((first.sd**2 + second.sd**2) / 2)
    if spread > 0:
        return StandardisedDifference(float(apart / spread))
    return StandardisedDifference(NAN, NO_SPREAD) if apart > 0 else StandardisedDifference(0.0)


def difference_of_levels(first: Ints, second: Ints) -> StandardisedDifference:
    """√(dᵀ C⁻¹ d) for counts (levels,) of two groups: d the difference of their proportions, C the mean of their
    multinomial covariances, one level left out (Yang and Dalton 2012, SAS Global Forum, paper 335).

    With two levels it is |p1 - p2| / √((p1 q1 + p2 q2)/2). Undefined without a known value in a group, and
    where the groups differ in a direction in which neither varies (C⁻¹ does not exist there).
    """
    occurring = (first + second) > 0
    if not first.sum() or not second.sum():
        return StandardisedDifference(NAN, NOBODY)
    p, q = (counts[occurring][1:] / counts.sum() for counts in (first, second))
    covariance = (_multinomial(p) + _multinomial(q)) / 2
    apart = p - q
    if not apart.any():
        return StandardisedDifference(0.0)
    eigenvalues, axes = np.linalg.eigh(covariance)
    along = axes.T @ apart
    varies = eigenvalues > SINGULAR * max(float(eigenvalues.max()), 1e-300)
    if np.abs(along[~varies]).max(initial=0.0) > SINGULAR:
        return StandardisedDifference(NAN, NO_SPREAD)
    return StandardisedDifference(float(np.sqrt((along[varies] ** 2 / eigenvalues[varies]).sum())))


def _multinomial(p: Floats) -> Floats:
    return np.diag(p) - np.outer(p, p)


def largest_difference(groups: Sequence[NumberSummary] | Sequence[Ints]) -> StandardisedDifference:
    """The largest standardised difference over all pairs of groups; undefined where any pair's is, with its reason.

    groups: NumberSummary or counts of levels, one a group; at least two.
    """
    found = [
        difference_of_numbers(a, b) if isinstance(a, NumberSummary) else difference_of_levels(a, b)  # type: ignore[arg-type]
        for a, b in combinations(groups, 2)
    ]
    if not found:
        return StandardisedDifference(NAN, ONE_GROUP)
    undefined = next((d for d in found if d.reason), None)
    return undefined or max(found, key=lambda d: d.estimate)


def kruskal_wallis_p(groups: Sequence[Floats]) -> float:
    """p of the Kruskal–Wallis test (SciPy) over the known values of each group; NaN where fewer than two groups have
    a value or all values are equal."""
    from scipy.stats import kruskal  # slow to import

    known = [g for g in (values[~np.isnan(values)] for values in groups) if g.size]
    together = np.concatenate(known) if known else np.empty(0)
    if len(known) < 2 or together.min() == together.max():
        return NAN
    return float(kruskal(*known).pvalue)


def chi_square_p(counts: NDArray[np.int64]) -> float:
    """p of Pearson's χ² test (SciPy, no continuity correction) of counts (levels, groups); NaN where fewer than two
    levels or groups occur."""
    from scipy.stats import chi2_contingency  # slow to import

    counts = counts[counts.any(axis=1)][:, counts.any(axis=0)]
    if min(counts.shape) < 2:
        return NAN
    return float(chi2_contingency(counts, correction=False)[1])  # type: ignore[arg-type]
