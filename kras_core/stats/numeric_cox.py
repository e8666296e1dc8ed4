"""Cox's proportional hazards model for a few numeric covariates, fitted for one cohort or many redraws at once.

Newton–Raphson on the partial likelihood (Cox 1972) with Efron's or Breslow's ties, sums over risk sets by
cumulation from the last time. It serves where hundreds of small fits are wanted at once (a marker redrawn 500
times, per unit and as a spline) and Breslow's ties are; models with many covariates are lifelines'.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kras_core.conventions import Ties
from kras_core.stats.cox import TIES_NAME
from kras_core.stats.event_table import TimeGrid
from kras_core.stats.results import NAN, Coefficients, Floats

MAX_STEPS = 150
STEP_TOLERANCE = 1e-10
WIDEST = 200.0  # a fitted range of log hazards among the patients beyond this is an infinite estimate on its way
VANISHED = 1e-10  # what may be left of the least information at 0 where a finite maximum is reached
SINGLE_VALUE = "a covariate has a single value, or is a combination of the others"
MONOTONE = "monotone likelihood: a covariate orders the events perfectly, so the estimate is infinite"

Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class NumericFit:
    """Fits (...): beta (..., p), covariance (..., p, p), log likelihoods at beta and at 0; NaN where `failed`."""

    beta: Floats
    covariance: Floats
    loglik: Floats
    loglik_null: Floats
    singular: NDArray[np.bool_]
    monotone: NDArray[np.bool_]

    @property
    def failed(self) -> NDArray[np.bool_]:
        return self.singular | self.monotone


@dataclass(frozen=True, slots=True)
class RiskSets:
    """Where each risk set begins and ends among rows sorted by exit, and by entry; which ties have left it."""

    by_exit: Codes
    start: Codes  # first row at risk at each event row's time, in exit order
    end: Codes  # first row beyond that time
    share: Floats  # l/d of the l-th of d tied events; 0 under Breslow
    weight: Floats
    happened: NDArray[np.bool_]  # in exit order
    by_entry: Codes | None
    late: Codes | None  # first row that has not entered before that time, in entry order


def numeric_cox(grid: TimeGrid, event: NDArray[np.bool_], covariates: Floats, ties: Ties = "efron") -> Coefficients:
    """Cox model of covariates (n, p), without missing values. Undefined as `Coefficients` says."""
    method = f"Cox, {TIES_NAME[ties]}"
    p = covariates.shape[-1]
    if not event.any():
        return _undefined(p, method, "no event")
    found = fit_numeric(grid, event, covariates, ties)
    if found.failed:
        return _undefined(p, method, SINGLE_VALUE if found.singular else MONOTONE)
    return Coefficients(found.beta, found.covariance, float(found.loglik), float(found.loglik_null), method)


def fit_numeric(grid: TimeGrid, event: NDArray[np.bool_], covariates: Floats, ties: Ties = "efron") -> NumericFit:
    """The same for covariates (..., n, p): leading axes are alternative values for the same patients.

    Steps are shortened as in `cox._newton`, by the range of the step's log hazards over the patients.
    """
    centre = covariates.mean(axis=-2, keepdims=True)
    scale = covariates.std(axis=-2, keepdims=True)
    scale = np.where(scale > 1e-12 * (np.abs(centre) + 1e-300), scale, 0.0)
    x = np.divide(covariates - centre, scale, out=np.zeros_like(covariates), where=scale > 0)
    risk = risk_sets(grid, event, ties)
    beta = np.zeros((*x.shape[:-2], x.shape[-1]))
    loglik_null, score, information = _derivatives(risk, x, beta)
    singular = _singular(information)
    monotone = np.zeros_like(singular)
    at_zero = np.linalg.eigvalsh(information)[..., 0]
    loglik = loglik_null
    for _ in range(MAX_STEPS):
        usable = ~(singular | monotone)
        step = np.where(usable[..., None], _solve(information, score), 0.0)
        change = np.einsum("...np,...p->...n", x, step)
        r = change.max(axis=-1) - change.min(axis=-1)
        beta = beta + step * (np.log1p(r) / np.maximum(r, 1e-300))[..., None]
        if r.max(initial=0.0) < STEP_TOLERANCE:
            break
        eta = np.einsum("...np,...p->...n", x, beta)
        monotone = monotone | (eta.max(axis=-1) - eta.min(axis=-1) > WIDEST)
        beta = np.where(monotone[..., None], 0.0, beta)
        loglik, score, information = _derivatives(risk, x, beta)
    else:
        monotone = monotone | (r > 1e-6)
    # Beside other covariates a separating one ends without a step: its information is rounding noise by then.
    monotone = monotone | (~singular & (np.linalg.eigvalsh(information)[..., 0] < VANISHED * at_zero))
    failed = singular | monotone
    covariance = np.linalg.pinv(np.where(failed[..., None, None], 0.0, information), hermitian=True)
    unit = np.where(scale > 0, scale, 1.0)[..., 0, :]
    return NumericFit(
        np.where(failed[..., None], NAN, beta / unit),
        np.where(failed[..., None, None], NAN, covariance / (unit[..., :, None] * unit[..., None, :])),
        np.where(failed, NAN, loglik),
        loglik_null,
        singular,
        monotone,
    )


def log_likelihood(grid: TimeGrid, event: NDArray[np.bool_], log_hazards: Floats, ties: Ties = "efron") -> Floats:
    """Log partial likelihood (...) of given log hazards (..., n), whoever fitted them."""
    if not event.any():
        return np.zeros(log_hazards.shape[:-1])
    return _log_likelihood(risk_sets(grid, event, ties), log_hazards)


def risk_sets(grid: TimeGrid, event: NDArray[np.bool_], ties: Ties) -> RiskSets:
    """The risk set of every event (Efron) or event time (Breslow), as ranges of sorted rows."""
    by_exit = np.argsort(grid.exit, kind="stable")
    exits, happened = grid.exit[by_exit], event[by_exit]
    d = np.bincount(exits[happened], minlength=grid.times.size)
    rows = d if ties == "efron" else (d > 0).astype(d.dtype)
    time = np.repeat(np.arange(d.size), rows)
    nth = np.arange(time.size) - (np.cumsum(rows) - rows)[time] if ties == "efron" else np.zeros(time.size)
    weight = np.ones(time.size) if ties == "efron" else d[time].astype(np.float64)
    start, end = (np.searchsorted(exits, time, side=side) for side in ("left", "right"))  # type: ignore[call-overload]
    by_entry = late = None
    if grid.entry is not None:
        by_entry = np.argsort(grid.entry, kind="stable")
        late = np.searchsorted(grid.entry[by_entry], time, side="left")
    return RiskSets(by_exit, start, end, nth / d[time], weight, happened, by_entry, late)


def _derivatives(risk: RiskSets, x: Floats, beta: Floats) -> tuple[Floats, Floats, Floats]:
    """Log likelihood (...), score (..., p) and information (..., p, p) at beta (..., p)."""
    eta = np.einsum("...np,...p->...n", x, beta)
    top = eta.max(axis=-1, keepdims=True)
    w = np.exp(eta - top)
    wx = w[..., None] * x
    s0 = sums_at_risk(risk, w[..., None])[..., 0]
    s1 = sums_at_risk(risk, wx)
    s2 = sums_at_risk(risk, (wx[..., :, None] * x[..., None, :]).reshape(*x.shape[:-1], -1))
    mean = s1 / s0[..., None]
    outer = (mean[..., :, None] * mean[..., None, :]).reshape(s2.shape)
    information = np.einsum("...rq,r->...q", s2 / s0[..., None] - outer, risk.weight)
    events = risk.by_exit[risk.happened]
    score = x[..., events, :].sum(axis=-2) - np.einsum("...rp,r->...p", mean, risk.weight)
    loglik = eta[..., events].sum(axis=-1) - (risk.weight * (np.log(s0) + top)).sum(axis=-1)
    return loglik, score, information.reshape(*x.shape[:-2], x.shape[-1], x.shape[-1])


def _log_likelihood(risk: RiskSets, eta: Floats) -> Floats:
    top = eta.max(axis=-1, keepdims=True)
    s0 = sums_at_risk(risk, np.exp(eta - top)[..., None])[..., 0]
    events = risk.by_exit[risk.happened]
    return eta[..., events].sum(axis=-1) - (risk.weight * (np.log(s0) + top)).sum(axis=-1)


def sums_at_risk(risk: RiskSets, values: Floats) -> Floats:
    """Sums of values (..., n, q) over every event row's risk set, shape (..., r, q), less the ties that have left."""
    ordered = values[..., risk.by_exit, :]
    total = _from_the_end(ordered)
    found = total[..., risk.start, :]
    if risk.by_entry is not None:
        found = found - _from_the_end(values[..., risk.by_entry, :])[..., risk.late, :]
    if risk.share.any():
        tied = _from_the_end(np.where(risk.happened[:, None], ordered, 0.0))
        found = found - risk.share[:, None] * (tied[..., risk.start, :] - tied[..., risk.end, :])
    return found


def _from_the_end(values: Floats) -> Floats:
    """Sums from each row to the last, and 0 beyond it: shape (..., n + 1, q)."""
    total = np.zeros((*values.shape[:-2], values.shape[-2] + 1, values.shape[-1]))
    np.cumsum(values[..., ::-1, :], axis=-2, out=total[..., -2::-1, :])
    return total


def _singular(information: Floats) -> NDArray[np.bool_]:
    own = np.diagonal(information, axis1=-2, axis2=-1)
    size = np.sqrt(np.maximum(own, 1e-300))
    correlation = information / (size[..., :, None] * size[..., None, :])
    return (own <= 1e-10).any(axis=-1) | (np.linalg.eigvalsh(correlation)[..., 0] < 1e-10)


def _solve(information: Floats, score: Floats) -> Floats:
    return (np.linalg.pinv(information, hermitian=True) @ score[..., None])[..., 0]


def _undefined(p: int, method: str, reason: str) -> Coefficients:
    return Coefficients(np.full(p, NAN), np.full((p, p), NAN), NAN, NAN, method, reason)
