"""Steering: every target of one endpoint at once, in tens of microseconds, on whole-number days.

An annealing search scores tens of thousands of small cohorts, each with a dozen curves. This evaluator does what
the kernel does, for all strata in one table, for the SPSS conventions and two-group comparisons only. It steers the
search and decides nothing: what a found cohort has is said by the kernel (`targets.measure`).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kras_core.audit.targets import COMPARISONS, Target

Floats = NDArray[np.floating[Any]]
HALF = 0.5 + 1e-9
Z = 1.959963984540054


class Steering:
    """Values of the targets of one endpoint, in their order, NaN where undefined.

    levels: for every labelling its level names, so that codes index them.
    """

    def __init__(self, targets: Sequence[Target], levels: Mapping[str, tuple[str, ...]]):
        self.curves = _distinct((t.by, t.level) for t in targets if t.quantity not in COMPARISONS)
        self.pairs = _distinct((t.by, t.level) for t in targets if t.quantity in COMPARISONS)
        self.levels = levels
        self.wanted = {t.quantity for t in targets}
        g, c = len(self.curves), len(self.pairs)
        first = {"median": 0, "median_low": g, "median_high": 2 * g, "follow_up": 3 * g}
        first |= {q: 4 * g + i * c for i, q in enumerate(COMPARISONS)}
        self.index = np.array([
            first[t.quantity] + (self.pairs if t.quantity in COMPARISONS else self.curves).index((t.by, t.level))
            for t in targets
        ], dtype=np.int64)  # fmt: skip

    def values(self, months: Floats, event: NDArray[np.bool_], labels: Mapping[str, NDArray[np.int64]]) -> Floats:
        """months, event, labels: shape (n,). The targets' values, shape (targets,)."""
        grid = np.unique(months)
        at_risk = (months[:, None] >= grid).astype(float)
        leaving = (months[:, None] == grid).astype(float)
        dying = leaving * event[:, None]
        member = self._members(self.curves, labels, len(months))
        n, d = member @ at_risk, member @ dying
        survival = _survival(n, d)
        median = _first_at_most(grid, survival, HALF)
        none = np.full(len(member), np.nan)
        low = high = reverse = none
        if "median_low" in self.wanted or "median_high" in self.wanted:
            low, high = _spss_interval(grid, n, d, survival, median)
        if "follow_up" in self.wanted:
            reverse = _first_at_most(grid, _survival(n, member @ (leaving - dying)), HALF)
        compared = self._comparisons(at_risk, dying, labels)
        return np.concatenate([median, low, high, reverse, compared])[self.index]

    def _members(self, strata: Sequence[tuple[str, str]], labels: Mapping[str, NDArray[np.int64]], n: int) -> Floats:
        """One row a stratum: 1.0 where the patient belongs to it, shape (strata, n)."""
        rows = [labels[by] == self.levels[by].index(level) if by else np.ones(n, bool) for by, level in strata]
        return np.array(rows, dtype=float).reshape(len(strata), n)

    def _comparisons(self, at_risk: Floats, dying: Floats, labels: Mapping[str, NDArray[np.int64]]) -> Floats:
        """Log-rank p, Cox hazard ratio and its two ends for every pair, one after the other, shape (4 × pairs,)."""
        if not self.pairs:
            return np.empty(0)
        member = self._members(self.pairs, labels, len(at_risk))
        n1, d1 = member @ at_risk, member @ dying
        n, d = at_risk.sum(0), dying.sum(0)
        p = _logrank_p(n1, d1, n, d)
        if not self.wanted & set(COMPARISONS[1:]):
            return np.concatenate([p, np.full(3 * len(p), np.nan)])
        beta, error = _breslow(n1, d1, n, d)
        return np.concatenate([p, np.exp(beta), np.exp(beta - Z * error), np.exp(beta + Z * error)])


def _distinct(strata) -> list[tuple[str, str]]:
    return list(dict.fromkeys(strata))


def _survival(n: Floats, d: Floats) -> Floats:
    return np.cumprod(1.0 - d / np.maximum(n, 1.0), axis=1)


def _first_at_most(grid: Floats, survival: Floats, bound: float) -> Floats:
    """The first time at which each curve is at or below the bound, NaN where it never is."""
    below = survival <= bound
    return np.where(below[:, -1], grid[below.argmax(axis=1)], np.nan)


def _spss_interval(grid: Floats, n: Floats, d: Floats, survival: Floats, median: Floats) -> tuple[Floats, Floats]:
    """Median ± z·SE with SE = SE(S(median))·(l − u)/(S(u) − S(l)): u the last event time with S ≥ 0.55, l the first
    with S ≤ 0.45; NaN where either is missing (IBM SPSS Statistics Algorithms, KM)."""
    rows = np.arange(len(n))
    upper = (survival >= 0.55 - 1e-9) & (d > 0)
    lower = survival <= 0.45 + 1e-9
    last_above, first_below = len(grid) - 1 - upper[:, ::-1].argmax(axis=1), lower.argmax(axis=1)
    middle = (survival <= HALF).argmax(axis=1)
    terms = np.where(n > d, d / np.maximum(n * (n - d), 1.0), 0.0)
    deviation = survival[rows, middle] * np.sqrt(np.cumsum(terms, axis=1)[rows, middle])
    slope = (grid[first_below] - grid[last_above]) / np.maximum(
        survival[rows, last_above] - survival[rows, first_below], 1e-12
    )
    error = np.where(upper.any(axis=1) & lower[:, -1], deviation * slope, np.nan)
    return median - Z * error, median + Z * error


def _logrank_p(n1: Floats, d1: Floats, n: Floats, d: Floats) -> Floats:
    """Two-sided log-rank p of each pair; NaN where the variance is nil."""
    share = n1 / n
    excess = (d1 - d * share).sum(axis=1)
    variance = (d * share * (1 - share) * (n - d) / np.maximum(n - 1, 1)).sum(axis=1)
    return np.array(
        [math.erfc(abs(e) / math.sqrt(2 * v)) if v > 0 else math.nan for e, v in zip(excess, variance, strict=False)]
    )


def _breslow(n1: Floats, d1: Floats, n: Floats, d: Floats, steps: int = 8) -> tuple[Floats, Floats]:
    """Newton's log hazard ratio and its standard error under Breslow ties; held within ±8 under monotone likelihood."""
    beta, total = np.zeros(len(n1)), d1.sum(axis=1)
    n0 = n - n1
    information = np.ones(len(n1))
    for _ in range(steps):
        risk = n1 * np.exp(beta)[:, None]
        share = risk / (risk + n0)
        information = np.maximum((d * share * (1 - share)).sum(axis=1), 1e-9)
        beta = np.clip(beta + np.clip((total - (d * share).sum(axis=1)) / information, -2, 2), -8, 8)
    return beta, 1 / np.sqrt(information)
