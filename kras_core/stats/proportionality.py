"""Are hazards proportional? The score test for an effect of the group that changes with time.

Grambsch and Therneau 1994 (Biometrika 81:515–526), as R's cox.zph (survival >= 3.0) computes it
for a fit with Breslow's ties: the
model is extended by (group) × g(t) and tested at no such effect, with g the Kaplan–Meier transform
1 - S(t-) of all patients, or g(t) = t.
"""

from typing import Literal

import numpy as np
from scipy.special import chdtrc

from kras_core.stats.event_table import Table
from kras_core.stats.results import NAN, Floats, TestResult

BLOCK = 16_384  # times that are summed at once: what they need stays in the processor's cache
TOO_RARELY = "the groups are not at risk together often enough"


def proportionality(
    table: Table, beta: np.ndarray, reference: int = 0, transform: Literal["km", "identity"] = "km"
) -> TestResult:
    """Test of proportional hazards between the k groups of a table, given the fitted log hazards beta (k,).

    χ² on k - 1 degrees of freedom, Breslow's ties. Undefined (NaN with the reason) with events at fewer than two
    times or where the information is singular. A small sample rejects little: a high p says little.
    """
    method = f"score test for proportional hazards (g = {'1 − S(t−)' if transform == 'km' else 't'})"
    at = table.at_events()
    g = at.times
    if g.size < 2:
        return TestResult(NAN, 0, NAN, method, reason="events at fewer than two times")
    if transform == "km":
        g = np.zeros(at.d.size)
        g[1:] = 1.0 - np.cumprod(1.0 - at.d[:-1] / at.n[:-1])
    hazard = np.exp(beta)
    free = [i for i in range(len(beta)) if i != reference]
    if len(free) == 1:
        p = at.at_risk[free[0]] * hazard[free[0]] / (hazard @ at.at_risk)
        expected = at.d * p
        return _two_groups(at.events[free[0]] - expected, expected * (1.0 - p), g, method)
    blocks = [slice(start, start + BLOCK) for start in range(0, g.size, BLOCK)]
    parts = [_sums(at.at_risk[:, i], at.events[:, i], at.d[i], g[i], hazard, free) for i in blocks]
    residual, timed_residual, plain, once, twice = (np.sum(each, axis=0) for each in zip(*parts, strict=True))
    if _singular(plain):
        return TestResult(NAN, 0, NAN, method, reason=TOO_RARELY)
    inverse = np.linalg.inv(plain)
    score = timed_residual - once @ inverse @ residual
    variance = twice - once @ inverse @ once
    if _singular(variance):
        return TestResult(NAN, 0, NAN, method, reason=TOO_RARELY)
    chi2 = float(score @ np.linalg.solve(variance, score))
    return TestResult(chi2, len(free), float(chdtrc(len(free), chi2)), method)


def _sums(
    at_risk: Floats, events: Floats, d: Floats, g: Floats, hazard: Floats, free: list[int]
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Sums over times (B,) of the free groups' residuals (f,), alone and times g, and of the covariance of the choices,
    diag(dp) - dpp' (f, f), alone and times g and g²."""
    p = at_risk[free] * hazard[free, None] / (hazard @ at_risk)
    expected = d * p
    residual = events[free] - expected
    half = p * np.sqrt(d)
    timed = half * g
    plain = np.diag(expected.sum(axis=1)) - half @ half.T
    once = np.diag(expected @ g) - timed @ half.T
    twice = np.diag(expected @ (g * g)) - timed @ timed.T
    return residual.sum(axis=1), residual @ g, plain, once, twice


def _two_groups(residual: np.ndarray, v: np.ndarray, g: np.ndarray, method: str) -> TestResult:
    """The same with numbers in place of matrices; residual, v (variance), g: (T,)."""
    gv = g * v
    plain, once, twice = float(v.sum()), float(gv.sum()), float((g * gv).sum())
    variance = twice - once * once / plain if plain > 0.0 else 0.0
    if variance <= 1e-12 * twice:
        return TestResult(NAN, 0, NAN, method, reason=TOO_RARELY)
    score = float((residual * g).sum()) - once / plain * float(residual.sum())
    chi2 = score * score / variance
    return TestResult(chi2, 1, float(chdtrc(1, chi2)), method)


def _singular(matrix: np.ndarray) -> bool:
    return bool(np.linalg.matrix_rank(matrix, hermitian=True) < len(matrix))
