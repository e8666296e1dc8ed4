"""Restricted mean survival time: the area under the Kaplan–Meier curve up to tau.

Irwin 1949; variance as in Klein and Moeschberger 2003, section 4.5: Σ (∫_t^τ S)²·d/(n(n - d)).
"""

import math

import numpy as np

from kras_core.stats.event_table import TIME_TOLERANCE
from kras_core.stats.normal import two_sided_p, z_value
from kras_core.stats.results import NAN, Curve, MeanTime


def rmst(curve: Curve, tau: float, confidence: float = 0.95) -> MeanTime:
    """Mean time lived up to tau (> 0, the unit of the curve), with a normal interval.

    Undefined (NaN with the reason) where tau lies beyond the last observed time and S has not reached 0.
    """
    if not curve.time.size:
        return MeanTime(NAN, NAN, NAN, NAN, tau, reason="no patients")
    if tau > curve.time[-1] + TIME_TOLERANCE and curve.survival[-1] > 0.0:
        return MeanTime(NAN, NAN, NAN, NAN, tau, reason="tau is beyond follow-up")
    inside = int(curve.time.searchsorted(tau, side="right"))
    if not inside:
        return MeanTime(tau, tau, tau, 0.0, tau)
    time, d, n = curve.time[:inside], curve.events[:inside], curve.at_risk[:inside]
    steps = np.empty(inside)
    np.subtract(time[1:], time[:-1], out=steps[:-1])
    steps[-1] = tau - time[-1]
    steps *= curve.survival[:inside]
    beyond = steps[::-1].cumsum()[::-1]  # the area from each time on
    area = float(time[0] + beyond[0])
    terms = beyond * beyond * d / np.maximum(n * (n - d), 1.0)  # n = d where S falls to 0 and nothing is beyond
    std_error = math.sqrt(terms.sum())
    z = z_value(confidence)
    return MeanTime(area, area - z * std_error, area + z * std_error, std_error, tau)


def rmst_difference(first: MeanTime, second: MeanTime, confidence: float = 0.95) -> MeanTime:
    """First minus second, at the same tau, with a normal interval and p; undefined where either is."""
    if first.reason or second.reason:
        return MeanTime(NAN, NAN, NAN, NAN, first.tau, reason=first.reason or second.reason)
    difference = first.estimate - second.estimate
    std_error = math.hypot(first.std_error, second.std_error)
    if std_error == 0.0:
        return MeanTime(difference, NAN, NAN, 0.0, first.tau, reason="no interval: the standard error is 0")
    z = z_value(confidence)
    p = two_sided_p(difference / std_error)
    return MeanTime(difference, difference - z * std_error, difference + z * std_error, std_error, first.tau, p)
