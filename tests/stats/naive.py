"""A second implementation of the kernel's statistics: plain loops over rows, straight from the definitions.

Slow and short on purpose. It shares nothing with `kras_core.stats`: survival is a product of exact
fractions, and the Cox model sums over individual rows.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import exp, inf, log, sqrt

import numpy as np


@dataclass(frozen=True)
class Row:
    time: float
    event: int
    group: int = 0
    entry: float = -inf


Rows = Sequence[Row]


def event_times(rows: Rows) -> list[float]:
    return sorted({row.time for row in rows if row.event})


def at_risk(rows: Rows, t: float) -> list[Row]:
    return [row for row in rows if row.entry < t <= row.time]


def events_at(rows: Rows, t: float) -> list[Row]:
    return [row for row in rows if row.event and row.time == t]


def of_group(rows: Rows, group: int) -> list[Row]:
    return [row for row in rows if row.group == group]


# Kaplan–Meier ----------------------------------------------------------------------------------------------------


def survival(rows: Rows, t: float) -> Fraction:
    s = Fraction(1)
    for u in event_times(rows):
        if u <= t:
            s *= 1 - Fraction(len(events_at(rows, u)), len(at_risk(rows, u)))
    return s


def log_variance(rows: Rows, t: float) -> float:
    """Greenwood's variance of log S(t); infinite once S = 0."""
    total = 0.0
    for u in event_times(rows):
        if u <= t:
            d, n = len(events_at(rows, u)), len(at_risk(rows, u))
            total += inf if n == d else d / (n * (n - d))
    return total


def interval(rows: Rows, t: float, kind: str, z: float = 1.959963984540054) -> tuple[float, float]:
    s, spread = float(survival(rows, t)), sqrt(log_variance(rows, t))
    if kind == "plain":
        return max(s - z * s * spread, 0.0), min(s + z * s * spread, 1.0)
    if kind == "log":
        return exp(log(s) - z * spread), min(exp(log(s) + z * spread), 1.0)
    centre, error = log(-log(s)), spread / abs(log(s))
    return exp(-exp(centre + z * error)), exp(-exp(centre - z * error))


def quantile(rows: Rows, p: Fraction, rule: str) -> float | None:
    level = 1 - p
    for t in event_times(rows):
        if survival(rows, t) < level:
            return t
        if survival(rows, t) == level:
            later = [u for u in event_times(rows) if survival(rows, u) < level]
            if rule == "middle" and later:
                return (t + later[0]) / 2
            if rule == "middle-to-end" and not later:
                return (t + max(row.time for row in rows)) / 2
            return (t + later[0]) / 2 if rule == "middle-to-end" else t
    return None


def restricted_mean(rows: Rows, tau: float) -> tuple[float, float]:
    """The area under S up to tau and its standard error, Σ area(t, τ)²·d/(n(n - d)) over event times t."""

    def area(start: float) -> float:
        cuts = [start, *(t for t in event_times(rows) if start < t < tau), tau]
        return sum(float(survival(rows, a)) * (b - a) for a, b in pairwise(cuts))

    variance = 0.0
    for t in event_times(rows):
        d, n = len(events_at(rows, t)), len(at_risk(rows, t))
        if t <= tau and n > d:
            variance += area(t) ** 2 * d / (n * (n - d))
    return area(0.0), sqrt(variance)


# Log-rank family --------------------------------------------------------------------------------------------------


def weight(rows: Rows, t: float, name: str, rho: float, gamma: float) -> float:
    n = len(at_risk(rows, t))
    if name == "gehan":
        return n
    if name == "tarone-ware":
        return sqrt(n)
    if name == "peto":
        s = 1.0
        for u in event_times(rows):
            s *= 1 - len(events_at(rows, u)) / (len(at_risk(rows, u)) + 1) if u <= t else 1
        return s
    if name == "fleming-harrington":
        earlier = [u for u in event_times(rows) if u < t]
        before = float(survival(rows, earlier[-1])) if earlier else 1.0
        return before**rho * (1 - before) ** gamma
    return 1.0


def observed_expected(
    rows: Rows, k: int, name: str, rho: float = 0, gamma: float = 0
) -> tuple[list[float], list[float], list[list[float]]]:
    observed, expected, variance = [0.0] * k, [0.0] * k, [[0.0] * k for _ in range(k)]
    for t in event_times(rows):
        w, n, d = weight(rows, t, name, rho, gamma), len(at_risk(rows, t)), len(events_at(rows, t))
        share = [len(at_risk(of_group(rows, g), t)) / n for g in range(k)]
        spread = d * (n - d) / (n - 1) if n > 1 else 0.0
        for g in range(k):
            observed[g] += w * len(events_at(of_group(rows, g), t))
            expected[g] += w * d * share[g]
            for h in range(k):
                variance[g][h] += w * w * spread * share[g] * ((g == h) - share[h])
    return observed, expected, variance


# Cox --------------------------------------------------------------------------------------------------------------


def cox(strata: Iterable[Rows], k: int, ties: str) -> tuple[list[float], list[list[float]], float]:
    """Newton's method on individual rows: log hazard ratios of groups 1..k-1 over 0, covariance, log likelihood."""
    strata = list(strata)
    beta = [0.0] * k
    for _ in range(60):
        loglik, score, information = derivatives(strata, beta, ties)
        step = np.linalg.solve(information, score)
        largest = max(abs(step))
        beta = [0.0, *(b + float(x) / max(1.0, largest) for b, x in zip(beta[1:], step, strict=True))]
        if largest < 1e-13:
            break
    return beta[1:], np.linalg.inv(information).tolist(), loglik


def derivatives(
    strata: Sequence[Rows], beta: Sequence[float], ties: str
) -> tuple[float, list[float], list[list[float]]]:
    """Log partial likelihood, score and information at beta (beta[0] = 0), a term for every single event."""
    free = range(1, len(beta))
    loglik, score = 0.0, [0.0 for _ in free]
    information = [[0.0 for _ in free] for _ in free]
    for rows in strata:
        for t in event_times(rows):
            dead = events_at(rows, t)
            for position, row in enumerate(dead):
                share = position / len(dead) if ties == "efron" else 0.0
                p = probabilities(at_risk(rows, t), dead, share, beta)
                loglik += beta[row.group] - log(p.total)
                for i in free:
                    score[i - 1] += (row.group == i) - p.of(i)
                    for j in free:
                        information[i - 1][j - 1] += p.of(i) * ((i == j) - p.of(j))
    return loglik, score, information


@dataclass(frozen=True)
class Probabilities:
    total: float
    of: Callable[[int], float]


def probabilities(present: Rows, dead: Rows, share: float, beta: Sequence[float]) -> Probabilities:
    """Chance that the next event falls in each group, with `share` of the tied dead taken out of the risk set."""
    weights = [0.0] * len(beta)
    for row in present:
        weights[row.group] += exp(beta[row.group])
    for row in dead:
        weights[row.group] -= share * exp(beta[row.group])
    total = sum(weights)
    return Probabilities(total, lambda group: weights[group] / total)
