"""Kaplan–Meier on event tables: curves with intervals, quantiles, milestone rates.

Kaplan and Meier 1958 (J Am Stat Assoc 53:457–481); Greenwood 1926 for the variance; Brookmeyer and
Crowley 1982 (Biometrics 38:29–41) for the interval of a quantile.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kras_core.conventions import Conventions, IntervalType, MedianRule
from kras_core.stats.event_table import TIME_TOLERANCE, EventTable
from kras_core.stats.normal import z_value
from kras_core.stats.results import NAN, Curve, Floats, Quantile, Rate

# S(t) meets a level exactly in arithmetic on fractions; floats miss it by a few units in the last place.
LEVEL_TOLERANCE = 1e-9


def curves(table: EventTable, conventions: Conventions, *, drops_only: bool = False) -> tuple[Curve, ...]:
    """One curve per group of a table (k, T), at the group's own event and censoring times.

    S(t) = Π (1 - d/n); Greenwood's Var log S = Σ d/(n(n - d)). The interval is undefined (NaN) once
    S = 0 unless the conventions say "zero", and on the log-log scale also while S = 1. drops_only: at
    event times and the last time only, which is all that a quantile needs.
    """
    groups, size = table.events.shape
    starts = np.arange(groups + 1) * size
    own = ((table.events + table.censored) > 0).ravel().nonzero()[0]  # (group, time) pairs, group by group
    bounds = own.searchsorted(starts)
    if drops_only:
        kept = table.events.take(own) > 0
        kept[[b - 1 for a, b in pairwise(bounds.tolist()) if a < b]] = True
        own = own[kept]
        bounds = own.searchsorted(starts)
    n, d, censored = (counts.take(own).astype(np.float64) for counts in (table.at_risk, table.events, table.censored))
    # n = 0 where all deaths have left first; n = d where S falls to 0 and no interval is computed any more.
    survival = 1.0 - d / np.maximum(n, 1.0)
    log_variance = d / np.maximum(n * (n - d), 1.0)
    pieces = [slice(a, b) for a, b in pairwise(bounds.tolist())]
    for piece in pieces:
        np.multiply.accumulate(survival[piece], out=survival[piece])
        np.add.accumulate(log_variance[piece], out=log_variance[piece])
    columns = survival, *_interval(survival, np.sqrt(log_variance), conventions), n, d, censored
    return tuple(
        Curve(table.times[own[piece] - group * size], *(column[piece] for column in columns))
        for group, piece in enumerate(pieces)
    )


def _interval(s: Floats, spread: Floats, conventions: Conventions) -> tuple[Floats, Floats, Floats]:
    """Low and high limits and the standard error of S; spread is the standard error of log S."""
    z = z_value(conventions.confidence)
    low, high = interval_of_survival(s, spread, z, conventions.interval)
    std_error = s * spread
    gone = (s <= 0.0).nonzero()[0]
    if gone.size:
        low[gone] = high[gone] = std_error[gone] = NAN if conventions.zero_interval == "missing" else 0.0
    return low, high, std_error


def interval_of_survival(s: Floats, spread: Floats, z: float, kind: IntervalType) -> tuple[Floats, Floats]:
    """Interval symmetric on the plain, log or log(-log) scale (Kalbfleisch and Prentice 2002, section 1.4)."""
    if kind == "plain":
        margin = z * s * spread
        return np.maximum(s - margin, 0.0), np.minimum(s + margin, 1.0)
    if kind == "log":
        factor = np.exp(z * spread)
        return s / factor, np.minimum(s * factor, 1.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        minus_log = -np.log(s)
        factor = np.exp(z * spread / minus_log)
        low, high = np.exp(-minus_log * factor), np.exp(-minus_log / factor)
        inside = (s > 0.0) & (s < 1.0)
        return np.where(inside, low, NAN), np.where(inside, high, NAN)


def quantile(curve: Curve, conventions: Conventions, p: float = 0.5) -> Quantile:
    """Time by which a share p had the event, with its interval (p in (0, 1)).

    Estimate: first t with S(t) <= 1 - p, subject to the median rule where S equals 1 - p on a plateau
    ("middle" is the rule of R's print.survfit; quantile.survfit goes on to the curve's end where it never
    drops again, which is "middle-to-end").
    Not reached: NaN with the reason. Brookmeyer–Crowley: where the limits of S(t) cross 1 - p; a limit
    that does not cross is NaN.
    """
    level = 1.0 - p
    estimate = _first_at_or_below(curve.time, curve.survival, level, conventions.median_rule)
    reason = "not reached" if estimate != estimate else ""
    if conventions.median_interval == "spss":
        return _spss(curve, estimate, level, conventions, p, reason)
    if conventions.median_interval == "none":
        return Quantile(estimate, NAN, NAN, "Kaplan–Meier, no interval under this convention", p, NAN, reason)
    rule = conventions.median_rule
    low = _first_at_or_below(curve.time, curve.low, level, rule)
    high = _first_at_or_below(curve.time, curve.high, level, rule)
    method = f"Kaplan–Meier, Brookmeyer–Crowley interval ({conventions.interval})"
    return Quantile(estimate, low, high, method, p, NAN, reason)


def _first_at_or_below(time: Floats, y: Floats, level: float, rule: MedianRule) -> float:
    below = y <= level + LEVEL_TOLERANCE
    first = int(below.argmax()) if below.size else 0
    if not below.size or not below[first]:
        return NAN
    if rule == "first" or y[first] < level - LEVEL_TOLERANCE:
        return float(time[first])
    later = y < level - LEVEL_TOLERANCE
    drop = int(later.argmax())
    if later[drop]:
        return float((time[first] + time[drop]) / 2)
    return float((time[first] + time[-1]) / 2) if rule == "middle-to-end" else float(time[first])


def _spss(curve: Curve, estimate: float, level: float, conventions: Conventions, p: float, reason: str) -> Quantile:
    """SPSS's standard error: SE(S(t)) · (l - u)/(S(u) - S(l)), with u the last event time at which
    S >= level + 0.05 and l the first at which S <= level - 0.05 (IBM SPSS Statistics Algorithms, KM;
    Collett 2015, section 2.4). Missing where u or l does not exist."""
    method = "Kaplan–Meier, SPSS interval (estimate ± z·SE)"
    if reason:
        return Quantile(NAN, NAN, NAN, method, p, NAN, reason)
    at_event = curve.events > 0
    time, s = curve.time[at_event], curve.survival[at_event]
    above = np.flatnonzero(s >= level + 0.05 - LEVEL_TOLERANCE)
    under = np.flatnonzero(s <= level - 0.05 + LEVEL_TOLERANCE)
    if not above.size or not under.size:
        side = "no event time has S ≥" if not above.size else "S never falls to"
        share = level + 0.05 if not above.size else level - 0.05
        return Quantile(estimate, NAN, NAN, method, p, NAN, f"no SPSS interval: {side} {share:.2f}")
    u, low_index = above[-1], under[0]
    at = int(np.searchsorted(time, estimate + TIME_TOLERANCE, side="right")) - 1
    if s[at] <= 0.0:
        return Quantile(estimate, NAN, NAN, method, p, NAN, "no SPSS interval: S falls to 0 at once")
    slope = (time[low_index] - time[u]) / (s[u] - s[low_index])
    std_error = float(curve.std_error[at_event][at] * slope)
    z = z_value(conventions.confidence)
    return Quantile(estimate, estimate - z * std_error, estimate + z * std_error, method, p, std_error)


def rates(
    curve: Curve, times: ArrayLike, conventions: Conventions, at_risk: NDArray[np.int64] | None = None
) -> tuple[Rate, ...]:
    """S(t) at milestones, with its interval and the number at risk (entry < t <= time).

    Beyond the last observed time S is not estimable unless it has reached 0. at_risk (j,) gives the
    counts under delayed entry, where the curve's own times cannot.
    """
    at = np.asarray(times, dtype=np.float64)
    position = curve.time.searchsorted(at + TIME_TOLERANCE, side="right") - 1
    if at_risk is None:
        following = curve.time.searchsorted(at - TIME_TOLERANCE, side="left")
        at_risk = np.append(curve.at_risk, 0.0)[following].astype(np.int64)
    return tuple(
        _rate(curve, t, i, r, conventions)
        for t, i, r in zip(at.tolist(), position.tolist(), at_risk.tolist(), strict=True)
    )


def _rate(curve: Curve, t: float, i: int, at_risk: int, conventions: Conventions) -> Rate:
    if not curve.time.size or (t > curve.time[-1] + TIME_TOLERANCE and curve.survival[-1] > 0.0):
        return Rate(t, NAN, NAN, NAN, at_risk, NAN, "beyond follow-up")
    if i < 0:
        undefined = conventions.interval == "log-log"
        return Rate(t, 1.0, NAN if undefined else 1.0, NAN if undefined else 1.0, at_risk, 0.0)
    low, high = float(curve.low[i]), float(curve.high[i])
    return Rate(t, float(curve.survival[i]), low, high, at_risk, float(curve.std_error[i]))
