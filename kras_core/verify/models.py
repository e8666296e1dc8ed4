"""Verify for the Models view: the same model by statsmodels, scikit-survival and lifelines, from the patient rows."""

from collections.abc import Iterator
from math import isnan, nan
from warnings import catch_warnings, simplefilter

import numpy as np

from kras_core.analyse.model_results import ModelAnalysis, ModelTerm, Per
from kras_core.analyse.model_rows import ModelRows, model_rows
from kras_core.analyse.models import analyse_model
from kras_core.cohort.model import Cohort
from kras_core.conventions import Ties
from kras_core.selection import Selection
from kras_core.stats.results import Floats
from kras_core.verify.second_opinion import SecondOpinion, second_opinion

STATSMODELS, SCIKIT_SURVIVAL, LIFELINES = "statsmodels PHReg", "scikit-survival", "lifelines"


def verify_model(
    cohort: Cohort, selection: Selection, ids: tuple[str, ...], per: Per = "sd"
) -> tuple[SecondOpinion, ...]:
    """Every estimate, its error and the model's tests; nothing of what is a range over redraws or infinite.

    Raises SelectionError as `analyse_model` does.
    """
    analysis = analyse_model(cohort, selection, ids, per)
    if analysis.reason or analysis.drawn:
        return ()
    made, ties = model_rows(cohort, analysis.selection, ids, per), analysis.selection.conventions.ties
    with catch_warnings():
        simplefilter("ignore")
        return (*_estimates(analysis, made, ties), *_concordance(analysis, made))


def _terms(analysis: ModelAnalysis) -> list[tuple[str, ModelTerm]]:
    return [(f"{c.label}, {t.label}" if c.reference else c.label, t) for c in analysis.covariates for t in c.terms]


def _estimates(analysis: ModelAnalysis, made: ModelRows, ties: Ties) -> Iterator[SecondOpinion]:
    beta, errors, loglik = _statsmodels(made, ties)
    other, who = _other(made, ties)
    for j, (name, term) in enumerate(_terms(analysis)):
        if term.ratio is None or isnan(term.ratio.estimate):
            continue
        yield second_opinion("Hazard ratio", name, term.ratio.estimate, float(np.exp(beta[j])), STATSMODELS)
        yield second_opinion("Standard error of its log", name, term.ratio.std_error, float(errors[j]), STATSMODELS)
        if other is None:
            yield second_opinion("Hazard ratio", name, term.ratio.estimate, None, "", f"not offered by {who}")
        else:
            yield second_opinion("Hazard ratio", name, term.ratio.estimate, float(np.exp(other[j])), who)
    if analysis.test is not None:
        null = _null(made, ties)
        yield second_opinion("Likelihood ratio χ²", "", analysis.test.statistic, 2 * (loglik - null), STATSMODELS)


def _scaled(made: ModelRows) -> tuple[Floats, Floats]:
    """Covariates of about unit size, as the libraries want them, and their scale."""
    scale = made.x.std(axis=0)
    return (made.x - made.x.mean(axis=0)) / scale, scale


def _phreg(made: ModelRows, x: Floats, ties: Ties):
    from statsmodels.duration.hazard_regression import PHReg

    entry = None if made.grid.entry is None else made.grid.times[made.grid.entry]
    return PHReg(made.time, x, status=made.event.astype(int), entry=entry, ties=ties)


def _statsmodels(made: ModelRows, ties: Ties) -> tuple[Floats, Floats, float]:
    x, scale = _scaled(made)
    fitted = _phreg(made, x, ties).fit(method="newton", maxiter=100, disp=0)
    beta, errors = (np.asarray(part, dtype=np.float64) / scale for part in (fitted.params, fitted.bse))
    return beta, errors, float(fitted.llf)  # type: ignore[arg-type]


def _null(made: ModelRows, ties: Ties) -> float:
    """The log likelihood without covariates."""
    x, _ = _scaled(made)
    return float(_phreg(made, x, ties).loglike(np.zeros(x.shape[1])))  # type: ignore[arg-type]


def _other(made: ModelRows, ties: Ties) -> tuple[Floats | None, str]:
    """A third opinion: scikit-survival's model, which knows no delayed entry; there lifelines' is not asked again."""
    if made.grid.entry is not None:
        return None, f"{SCIKIT_SURVIVAL}: Cox model under delayed entry"
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    x, scale = _scaled(made)
    fitted = CoxPHSurvivalAnalysis(ties=ties, tol=1e-15).fit(x, Surv.from_arrays(made.event, made.time))
    return fitted.coef_ / scale, SCIKIT_SURVIVAL


def _concordance(analysis: ModelAnalysis, made: ModelRows) -> Iterator[SecondOpinion]:
    c = analysis.concordance
    if c is None or c.reason:
        return
    from lifelines.utils import concordance_index

    beta = np.log([t.ratio.estimate if t.ratio is not None else nan for _, t in _terms(analysis)])
    theirs = float(concordance_index(made.time, -(made.x @ beta), made.event))
    yield second_opinion("Concordance", "", c.estimate, theirs, LIFELINES)
