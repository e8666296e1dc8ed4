"""Cox's model of several covariates at once: lifelines with Efron's ties, the project's own fit with Breslow's.

lifelines has no Breslow ties. The own fit is made first either way: it tells an infinite estimate from one that is far
from 1, where lifelines' steps end somewhere.
"""

from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import NDArray

from kras_core.conventions import Ties
from kras_core.stats.cox import TIES_NAME
from kras_core.stats.event_table import TimeGrid
from kras_core.stats.numeric_cox import numeric_cox
from kras_core.stats.results import Coefficients, Floats

PRECISION = 1e-12  # lifelines' own stops early: at n = 27 the ratio is off in the fourth decimal


def several_cox(grid: TimeGrid, event: NDArray[np.bool_], covariates: Floats, ties: Ties) -> Coefficients:
    """Model of covariates (n, p) without missing or dependent columns. Undefined as `Coefficients` says."""
    own = numeric_cox(grid, event, covariates, ties)
    if own.reason or ties != "efron":
        return own
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError
    from pandas import DataFrame

    scale = covariates.std(axis=0)
    frame = DataFrame((covariates - covariates.mean(axis=0)) / scale, columns=[f"x{i}" for i in range(scale.size)])
    frame = frame.assign(time=grid.times[grid.exit], event=event)
    if grid.entry is not None:
        frame = frame.assign(entry=grid.times[grid.entry])
    entry = None if grid.entry is None else "entry"
    options = {"precision": PRECISION, "r_precision": 1e-15}
    try:
        with catch_warnings():
            simplefilter("ignore")
            fitted = CoxPHFitter().fit(frame, "time", "event", entry_col=entry, fit_options=options)  # type: ignore[arg-type]
    except ConvergenceError:
        return own
    beta = fitted.params_.to_numpy() / scale
    covariance = fitted.variance_matrix_.to_numpy() / np.outer(scale, scale)
    method = f"Cox, {TIES_NAME[ties]} (lifelines)"
    return Coefficients(beta, covariance, float(fitted.log_likelihood_), own.loglik_null, method)
