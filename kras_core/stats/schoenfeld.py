"""Is a log hazard ratio constant? Scaled Schoenfeld residuals and the score test for an effect that changes with time.

Grambsch and Therneau 1994 (Biometrika 81:515–526), as R's cox.zph (survival ≥ 3.0) computes them for several
covariates: the model is extended by x·g(t) and tested at no such effect. g is the Kaplan–Meier transform 1 − S(t−) of
all patients. lifelines tests by the earlier approximation, in which the variance is taken for constant.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from kras_core.conventions import Ties
from kras_core.stats.event_table import TimeGrid
from kras_core.stats.numeric_cox import RiskSets, risk_sets, sums_at_risk
from kras_core.stats.results import NAN, Floats, Residuals, TestResult

METHOD = "score test for proportional hazards (g = 1 − S(t−))"
TOO_FEW = "events at fewer than two times"
SINGULAR = "too few events at which the covariate differs among those at risk"


def schoenfeld(
    grid: TimeGrid, event: NDArray[np.bool_], covariates: Floats, beta: Floats, covariance: Floats, ties: Ties
) -> Residuals:
    """Residuals of a fit (beta (p,), covariance (p, p)) on covariates (n, p), events in order of time."""
    risk = risk_sets(grid, event, ties)
    mean, _ = _moments(risk, covariates, beta)
    exits, d = _events(grid, event, risk)
    rows = d if ties == "efron" else np.ones_like(d)
    per_time = np.add.reduceat(mean, np.cumsum(rows) - rows) / rows[:, None]  # tied events share their risk sets' mean
    at = np.repeat(np.arange(d.size), d)
    who = risk.by_exit[risk.happened]
    raw = covariates[who] - per_time[at]
    scaled = raw @ (covariance * event.sum()) + beta
    error = np.sqrt(np.diagonal(covariance) * event.sum())
    return Residuals(grid.times[exits], _transform(grid, event, risk)[at], scaled, error)


def changing_effects(
    grid: TimeGrid,
    event: NDArray[np.bool_],
    covariates: Floats,
    beta: Floats,
    ties: Ties,
    groups: Sequence[Sequence[int]],
) -> tuple[TestResult, ...]:
    """The test for each group of columns, each beside all main effects, on as many degrees of freedom as columns.

    Undefined (NaN with the reason) with events at fewer than two times or where the information is singular.
    """
    risk = risk_sets(grid, event, ties)
    _, d = _events(grid, event, risk)
    if d.size < 2:
        return tuple(TestResult(NAN, 0, NAN, METHOD, reason=TOO_FEW) for _ in groups)
    mean, variance = _moments(risk, covariates, beta)
    g = _transform(grid, event, risk)
    of_row = np.repeat(g, d if ties == "efron" else np.ones_like(d))
    at = np.repeat(np.arange(d.size), d)
    score = g[at] @ covariates[risk.by_exit[risk.happened]] - (risk.weight * of_row) @ mean
    plain, once, twice = (np.einsum("r,rpq->pq", risk.weight * of_row**k, variance) for k in (0, 1, 2))
    return tuple(_test(score, plain, once, twice, list(group)) for group in groups)


def _test(score: Floats, plain: Floats, once: Floats, twice: Floats, of: list[int]) -> TestResult:
    if _singular(plain):
        return TestResult(NAN, 0, NAN, METHOD, reason=SINGULAR)
    variance = twice[np.ix_(of, of)] - once[of] @ np.linalg.solve(plain, once[:, of])
    if _singular(variance, np.diagonal(twice)[of]):
        return TestResult(NAN, 0, NAN, METHOD, reason=SINGULAR)
    chi2 = float(score[of] @ np.linalg.solve(variance, score[of]))
    return TestResult(chi2, len(of), float(chdtrc(len(of), chi2)), METHOD)


def _singular(matrix: Floats, of: Floats | None = None) -> bool:
    """Against the size of its own diagonal, or of the one it was left from."""
    size = np.sqrt(np.maximum(np.diagonal(matrix) if of is None else of, 1e-300))
    return bool(np.linalg.eigvalsh(matrix / (size[:, None] * size))[0] < 1e-10)


def _moments(risk: RiskSets, x: Floats, beta: Floats) -> tuple[Floats, Floats]:
    """Mean (r, p) and variance (r, p, p) of the covariates in every event row's risk set, weighted by hazard."""
    eta = x @ beta
    w = np.exp(eta - eta.max())
    wx = w[:, None] * x
    s0, s1 = sums_at_risk(risk, w[:, None]), sums_at_risk(risk, wx)
    s2 = sums_at_risk(risk, (wx[:, :, None] * x[:, None, :]).reshape(x.shape[0], -1))
    mean = s1 / s0
    variance = (s2 / s0).reshape(-1, *beta.shape * 2) - mean[:, :, None] * mean[:, None, :]
    return mean, variance


def _events(grid: TimeGrid, event: NDArray[np.bool_], risk: RiskSets) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Code of every event's time, in order (e,), and how many events each event time has (t,)."""
    exits = grid.exit[risk.by_exit][risk.happened]
    return exits, np.unique(exits, return_counts=True)[1]


def _transform(grid: TimeGrid, event: NDArray[np.bool_], risk: RiskSets) -> Floats:
    """1 − S(t−) at every event time, S by Kaplan–Meier of all patients."""
    _, d = _events(grid, event, risk)
    everyone = risk_sets(grid, event, "breslow")
    n = sums_at_risk(everyone, np.ones((event.size, 1)))[:, 0]
    survival = np.cumprod(1.0 - d / n)
    return np.concatenate(([0.0], 1.0 - survival[:-1]))
