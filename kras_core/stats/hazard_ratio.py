"""Hazard ratios from the log-rank test's observed and expected events, for two groups.

Prism's two (GraphPad Prism Statistics Guide, "hazard ratio": log-rank and Mantel–Haenszel); the second
is also Peto's one-step estimate (Peto et al. 1977, Br J Cancer 35:1–39). Both drift from the Cox
estimate as the ratio moves away from 1 (Bernstein, Anderson and Pike 1981, Biometrics 37:513–519): O/E
towards 1; exp((O - E)/V) either way when the groups differ in size.
"""

from collections.abc import Sequence

import numpy as np

from kras_core.stats.event_table import Table
from kras_core.stats.logrank import observed_expected
from kras_core.stats.normal import two_sided_p, z_value
from kras_core.stats.results import NAN, HazardRatio

NO_INFORMATION = "no event time at which the event could have fallen in either group"
LOGRANK_CAUTION = "biased towards 1 when the ratio is far from 1"
ONE_STEP_CAUTION = "biased when the ratio is far from 1, and either way when the groups differ in size"


def logrank_hazard_ratio(
    table: Table | Sequence[Table], labels: Sequence[str], reference: int, confidence: float = 0.95
) -> HazardRatio:
    """(O₁/E₁)/(O₀/E₀), with SE(log HR) = √(1/E₁ + 1/E₀). Undefined where a group has no event, or where the
    groups are never at risk together.

    Two groups; several tables make it stratified.
    """
    observed, expected, variance = observed_expected(table)
    one, zero = 1 - reference, reference
    method = "log-rank hazard ratio (O/E)/(O/E)"
    if variance[0, 0] == 0.0:
        return _missing(labels, reference, method, NO_INFORMATION)
    if not (observed > 0).all():
        return _missing(labels, reference, method, "a group has no event")
    log_ratio = np.log(observed[one] / expected[one]) - np.log(observed[zero] / expected[zero])
    std_error = np.sqrt(1 / expected[one] + 1 / expected[zero])
    return _ratio(labels, reference, float(log_ratio), float(std_error), method, confidence, LOGRANK_CAUTION)


def mantel_haenszel_hazard_ratio(
    table: Table | Sequence[Table],
    labels: Sequence[str],
    reference: int,
    confidence: float = 0.95,
    name: str = "Mantel–Haenszel hazard ratio exp((O − E)/V)",
) -> HazardRatio:
    """exp((O₁ - E₁)/V), with SE(log HR) = 1/√V; Peto's one-step estimate under that name. Undefined where V = 0."""
    observed, expected, variance = observed_expected(table)
    one = 1 - reference
    v = float(variance[one, one])
    if v == 0.0:
        return _missing(labels, reference, name, NO_INFORMATION)
    log_ratio = float((observed[one] - expected[one]) / v)
    return _ratio(labels, reference, log_ratio, v**-0.5, name, confidence, ONE_STEP_CAUTION)


def _ratio(
    labels: Sequence[str],
    reference: int,
    log_ratio: float,
    std_error: float,
    method: str,
    confidence: float,
    caution: str,
) -> HazardRatio:
    z = z_value(confidence)
    estimate, low, high = np.exp([log_ratio, log_ratio - z * std_error, log_ratio + z * std_error]).tolist()
    p = two_sided_p(log_ratio / std_error)
    label = labels[1 - reference]
    return HazardRatio(labels[reference], label, estimate, low, high, p, std_error, method, caution)


def _missing(labels: Sequence[str], reference: int, method: str, reason: str) -> HazardRatio:
    return HazardRatio(labels[reference], labels[1 - reference], NAN, NAN, NAN, NAN, NAN, method, reason=reason)
