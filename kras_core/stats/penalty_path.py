"""Elastic net and ridge Cox models along their penalty, which cross-validation chooses; by scikit-survival.

Simon, Friedman, Hastie and Tibshirani 2011 (J Stat Softw 39(5)): −ℓ(β)/n + λ(α‖β‖₁ + (1 − α)‖β‖²/2) on standardised
covariates. The cross-validated deviance of a fold is −2(ℓ(β₋ₖ) − ℓ₋ₖ(β₋ₖ)) (Verweij and van Houwelingen 1993, Stat Med
12:2305–2314), per event of the fold.
"""

from collections.abc import Iterator
from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import NDArray

from kras_core.stats.event_table import code_times
from kras_core.stats.numeric_cox import log_likelihood
from kras_core.stats.results import NAN, Floats, PenaltyPath

PENALTIES = 50
WEAKEST = 0.01  # last penalty, as a fraction of the first
RIDGE_FROM = 10.0  # ridge shrinks without an end: from ten times the penalty that empties a lasso
MIXING = {"elastic net": 0.5, "ridge": 1e-6}  # α; scikit-survival asks for one above 0
FOLDS = 10
FEWEST_EVENTS = 10


def penalty_path(
    time: Floats, event: NDArray[np.bool_], covariates: Floats, kind: str, seed: int, folds: int = FOLDS
) -> Iterator[tuple[float, PenaltyPath]]:
    """The path of covariates (n, p), then one cross-validation fold after the other: (fraction done, path so far).

    kind: "elastic net" (α = 0.5) or "ridge". Folds are dealt at random within events and within the others.
    Undefined with the reason below ten events.
    """
    p = covariates.shape[1]
    method = f"{kind}, scikit-survival's Coxnet, α = {MIXING[kind]:g}, {folds}-fold cross-validation"
    if int(event.sum()) < FEWEST_EVENTS:
        none = np.empty(0)
        reason = f"{int(event.sum())} events: fewer than {FEWEST_EVENTS} leave nothing to validate on"
        yield 1.0, PenaltyPath(kind, none, np.empty((0, p)), none, none, 0, 0, folds, seed, method, reason)
        return
    x = (covariates - covariates.mean(axis=0)) / covariates.std(axis=0)
    penalties = _penalties(time, event, x, kind)
    whole = _fit(time, event, x, kind, penalties)
    fold = _deal(event, folds, np.random.default_rng(seed))
    losses = np.empty((0, penalties.size))
    grid = code_times(time)
    for k in range(folds):
        inside = fold != k
        beta = _fit(time[inside], event[inside], x[inside], kind, penalties)
        left = log_likelihood(grid, event, beta @ x.T, "breslow")
        left = left - log_likelihood(code_times(time[inside]), event[inside], beta @ x[inside].T, "breslow")
        losses = np.vstack((losses, -2.0 * left / max(int(event[~inside].sum()), 1)))
        yield (k + 1) / folds, _so_far(kind, penalties, whole, losses, folds, seed, method)


def _so_far(
    kind: str, penalties: Floats, beta: Floats, losses: Floats, folds: int, seed: int, method: str
) -> PenaltyPath:
    deviance = losses.mean(axis=0)
    error = losses.std(axis=0, ddof=1) / np.sqrt(len(losses)) if len(losses) > 1 else np.full(penalties.size, NAN)
    best = int(deviance.argmin())
    within = deviance <= deviance[best] + (0.0 if np.isnan(error[best]) else error[best])
    return PenaltyPath(kind, penalties, beta, deviance, error, best, int(within.argmax()), folds, seed, method)


def _penalties(time: Floats, event: NDArray[np.bool_], x: Floats, kind: str) -> Floats:
    """From the penalty that leaves no covariate (times ten under ridge) down, evenly on a log scale."""
    mixing = MIXING[kind] if kind != "ridge" else 1.0
    most = float(_coxnet(mixing, n_alphas=2, alpha_min_ratio=0.5).fit(x, _outcome(time, event)).alphas_[0])
    most *= RIDGE_FROM if kind == "ridge" else 1.0
    least = most * WEAKEST * (0.1 if kind == "ridge" else 1.0)
    return np.geomspace(most, least, PENALTIES)


def _fit(time: Floats, event: NDArray[np.bool_], x: Floats, kind: str, penalties: Floats) -> Floats:
    """Log hazards per SD (a, p). Where the weakest penalties do not converge, the last that did stands for them."""
    with catch_warnings():
        simplefilter("ignore")
        fitted = _coxnet(MIXING[kind], alphas=penalties).fit(x, _outcome(time, event))
    beta = np.asarray(fitted.coef_, dtype=np.float64).T
    return beta[np.minimum(np.arange(penalties.size), len(beta) - 1)]


def _coxnet(mixing: float, **choices: object):
    from sksurv.linear_model import CoxnetSurvivalAnalysis

    return CoxnetSurvivalAnalysis(l1_ratio=mixing, tol=1e-9, max_iter=1_000_000, **choices)  # type: ignore[arg-type]


def _outcome(time: Floats, event: NDArray[np.bool_]):
    from sksurv.util import Surv

    return Surv.from_arrays(event, time)


def _deal(event: NDArray[np.bool_], folds: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """The fold of every patient (n,): as many events in each as can be."""
    fold = np.empty(event.size, dtype=np.intp)
    for rows in (np.flatnonzero(event), np.flatnonzero(~event)):
        fold[rng.permutation(rows)] = np.arange(rows.size) % folds
    return fold
