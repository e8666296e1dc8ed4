"""Firth's penalised Cox model of several covariates, by firthmodels; `penalised` has that of one categorical covariate.

firthmodels follows Heinze and Schemper 2001 (Biometrics 57:114–119) as coxphf does: Breslow's ties, everybody at risk
from the start. Its own tolerances stop at the fourth decimal; they are tightened here.
"""

from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import NDArray

from kras_core.stats.results import NAN, FirthFit, Floats

METHOD = "Cox, Firth's penalised likelihood (firthmodels, Breslow ties), profile interval"
STEPS, LONGEST, LIMIT_STEPS = 50, 50.0, 100
TOLERANCES = (1e-9, 1e-6)  # of gradient and step: where rounding forbids the first, the second


def firth_cox(time: Floats, event: NDArray[np.bool_], covariates: Floats, confidence: float = 0.95) -> FirthFit:
    """Model of covariates (n, p) without missing or dependent columns, right-censored times (n,).

    p: penalised likelihood ratio test of each covariate, refitted without it. Undefined without an event, or where
    the fit does not converge; finite where the ordinary estimate is infinite.
    """
    from firthmodels import FirthCoxPH
    from scipy.linalg import LinAlgError

    p = covariates.shape[1]
    if not event.any():
        return _undefined(p, "no event")
    centre, scale = covariates.mean(axis=0), covariates.std(axis=0)
    if not (scale > 0).all():
        return _undefined(p, "a covariate has a single value")
    z = (covariates - centre) / scale
    try:
        with catch_warnings():
            simplefilter("ignore")  # what did not converge is asked of it below
            for tolerance in TOLERANCES:
                model = FirthCoxPH("numpy", STEPS, LONGEST, max_halfstep=20, gtol=tolerance, xtol=tolerance)
                if model.fit(z, (event, time)).converged_:
                    break
            else:
                return _undefined(p, "the penalised fit did not converge")
            _test(model)
            limits = _limits(model, 1 - confidence)
    except LinAlgError:
        return _undefined(p, "the penalised fit met a singular matrix")
    low, high = limits.T / scale
    return FirthFit(model.coef_ / scale, low, high, model.lrt_pvalues_.copy(), model.bse_ / scale, METHOD)


def _test(model) -> None:
    """Penalised likelihood ratio tests; those that rounding stopped again, less tightly."""
    for tolerance in TOLERANCES:
        model.gtol = model.xtol = tolerance
        model.lrt()
        if not np.isnan(model.lrt_pvalues_).any():
            return


def _limits(model, alpha: float) -> Floats:
    """Profile limits (p, 2), likewise."""
    found = model.conf_int(alpha=alpha, method="pl", max_iter=LIMIT_STEPS, tol=TOLERANCES[0]).copy()
    if np.isnan(found).any():
        again = model.conf_int(alpha=alpha, method="pl", max_iter=LIMIT_STEPS, tol=TOLERANCES[1])
        found = np.where(np.isnan(found), again, found)
    return found


def _undefined(p: int, reason: str) -> FirthFit:
    nothing = np.full(p, NAN)
    return FirthFit(nothing, nothing, nothing, nothing, nothing, METHOD, reason)
