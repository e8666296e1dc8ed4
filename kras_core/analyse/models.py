"""The Models view: several covariates in one Cox model, by the ordinary likelihood and by Firth's."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.special import chdtrc, ndtr, ndtri

from kras_core.analyse.biomarkers import FEW_EVENTS
from kras_core.analyse.model_guards import FIRTH_EVENTS_PER_TERM, model_warnings
from kras_core.analyse.model_redraw import model_ranges
from kras_core.analyse.model_results import Covariate, Diagnostic, ModelAnalysis, ModelTerm, Per
from kras_core.analyse.model_rows import Column, ModelRows, model_rows
from kras_core.analyse.redraw import drawn_columns, never_together
from kras_core.analyse.scope import chosen, reference_to
from kras_core.analyse.subgroups import MOST_LEVELS, levels_of
from kras_core.analyse.univariable import USUAL, offered_variables
from kras_core.cohort.endpoints import endpoint as named_endpoint
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import stratifiers
from kras_core.selection import By, Selection, SelectionError
from kras_core.stats.discrimination import concordance
from kras_core.stats.firth_several import firth_cox
from kras_core.stats.numeric_cox import MONOTONE, fit_numeric
from kras_core.stats.optimism import optimism
from kras_core.stats.penalty_path import penalty_path
from kras_core.stats.results import NAN, Coefficients, Floats, HazardRatio, Optimism, PenaltyPath, TestResult
from kras_core.stats.schoenfeld import changing_effects, schoenfeld
from kras_core.stats.separation import infinite
from kras_core.stats.several_cox import several_cox
from kras_core.stats.spline import spline_basis, spline_knots

SEED = 20240304  # fixed, and stated: the same view gives the same folds and resamples
RESAMPLES = 200
POINTS = 101
CURVE_EVENTS = 10  # fewer residuals carry no curve
FIRTH_MOST_EVENTS = 500
DEFAULT_EVENTS_PER_TERM = 5
MOST_DEFAULT = 6
DELAYED = "not offered under delayed entry"
OPEN = "a covariate was drawn at random: see the ranges"


def default_covariates(cohort: Cohort, selection: Selection) -> tuple[str, ...]:
    """The compared stratifier and what is usual in the field, few enough for the endpoint's events.

    One of each column, nothing with a tenth of the values missing; on a reconstruction one column at most of those that
    the publication prints outcomes by.
    """
    offered = offered_variables(cohort)
    first = [by.id for by in selection.by[:1]] or [cohort.default_by]
    wanted = dict.fromkeys(i for i in (*first, *USUAL, *offered) if i in offered)
    event = cohort.numbers(f"{selection.endpoint}_event") if selection.endpoint in cohort.endpoints else np.zeros(1)
    room = int(np.nansum(event)) // DEFAULT_EVENTS_PER_TERM
    found: list[str] = []
    columns: list[str] = []
    for id in wanted:
        stratifier = stratifiers(cohort)[id]
        levels = 2 if stratifier.kind == "cut" else levels_of(cohort, id)
        column = stratifier.column
        if column in columns or not 2 <= levels <= MOST_LEVELS or cohort.patients[column].nunique() < 2:
            continue
        if levels - 1 > room or cohort.patients[column].isna().mean() > 0.1:
            continue
        if never_together(cohort, selection.but(by=()), (*columns, column)):
            continue
        found.append(id)
        columns.append(column)
        room -= levels - 1
        if len(found) == MOST_DEFAULT:
            break
    return tuple(found)


def analyse_model(cohort: Cohort, selection: Selection, ids: tuple[str, ...], per: Per = "sd") -> ModelAnalysis:
    """A Cox model of these covariates (stratifier ids) in the selected patients with a value of each.

    Categories by level against their reference, numbers per unit or per standard deviation; the selection's own strata
    play no part. Raises SelectionError for an unknown id, where nobody is left, or where the publication does not say
    how the covariates go together.
    """
    if not ids:
        raise SelectionError("choose the covariates of the model")
    selection = selection.but(by=())
    unknown = never_together(cohort, selection, [chosen(cohort, By(id)).column for id in ids])
    if unknown:
        raise SelectionError(unknown[:1].upper() + unknown[1:])
    made = model_rows(cohort, selection, ids, per)
    result = ModelAnalysis(
        cohort=reference_to(cohort),
        selection=selection,
        endpoint=named_endpoint(selection.endpoint),
        per=per,
        selected=made.selected,
        n=made.rows.size,
        events=int(made.event.sum()),
        covariates=tuple(map(_described, made.columns, [made] * len(made.columns))),
        left_out=made.left_out,
        test=None,
        proportional=None,
        concordance=None,
        reason=_refused(made),
        firth_reason="",
        drawn="",
        excluded=made.excluded,
        warnings=(),
    )
    if result.reason:
        result = replace(result, firth_reason=result.reason)
    elif drawn_columns(cohort, selection.but(by=tuple(map(By, ids)))):
        result = model_ranges(cohort, selection.but(by=tuple(map(By, ids))), made, result)
    else:
        result = _with_estimates(made, result)
    return replace(result, warnings=model_warnings(cohort, result))


def _described(column: Column, made: ModelRows) -> Covariate:
    """Without estimates: who is in each level."""

    def counts(code: int) -> tuple[int, int]:
        there = column.values == code
        return int(there.sum()), int(made.event[there].sum())

    n, events = made.rows.size, int(made.event.sum())
    if column.levels:
        terms = tuple(ModelTerm(label, *counts(code)) for code, label in zip(column.levels, column.labels, strict=True))
        zero = counts(column.reference)
    else:
        terms, zero = (ModelTerm(column.labels[0], n, events),), (0, 0)
    s = column.stratifier
    return Covariate(s.id, s.label, column.reference_label, *zero, terms, column.missing, column.alone)


def _refused(made: ModelRows) -> str:
    """Why these events carry no model of these terms."""
    p, events = made.x.shape[1], int(made.event.sum())
    if not p:
        return "no covariate is left that differs between patients"
    if not events:
        return "no event"
    if p >= events:
        return (
            f"{p} terms and {events} events: a model needs more events than terms, and ten a term is the usual advice"
        )
    return ""


def _with_estimates(made: ModelRows, result: ModelAnalysis) -> ModelAnalysis:
    conventions, x = result.selection.conventions, made.x
    fitted = several_cox(made.grid, made.event, x, conventions.ties)
    directions = np.zeros(x.shape[1], dtype=int)
    if fitted.reason == MONOTONE:
        found = infinite(made.grid, made.event, x)
        directions = directions if found is None else found
    why = _firth_refused(made, bool(fitted.reason))
    covariates = _with_terms(made, result, fitted, directions, why)
    if fitted.reason:
        return replace(result, covariates=covariates, reason=fitted.reason, firth_reason=why)
    groups = made.groups
    tests = changing_effects(
        made.grid, made.event, x, fitted.beta, conventions.ties, [*groups, list(range(x.shape[1]))]
    )
    covariates = tuple(
        replace(c, test=_without(made, fitted, group, result), proportional=test)
        for c, group, test in zip(covariates, groups, tests[:-1], strict=True)
    )
    c = None
    if made.grid.entry is None:
        c = concordance(made.time, made.event, x @ fitted.beta, conventions.confidence)
    return replace(
        result,
        covariates=covariates,
        test=_likelihood_ratio(fitted, fitted.loglik_null, x.shape[1]),
        proportional=tests[-1],
        concordance=c,
        firth_reason=why,
    )


def _firth_refused(made: ModelRows, separated: bool) -> str:
    p, events = made.x.shape[1], int(made.event.sum())
    if made.grid.entry is not None:
        return f"Firth's penalty by firthmodels is {DELAYED}"
    most = events // FIRTH_EVENTS_PER_TERM
    if p > most:
        return (
            f"{p} terms for {events} events: Firth's penalised model is offered up to one term per "
            f"{FIRTH_EVENTS_PER_TERM} events, {most} here"
        )
    if events > FIRTH_MOST_EVENTS and not separated:
        return f"{events} events are too many for Firth's penalty to show in what is printed"
    return ""


def _with_terms(
    made: ModelRows, result: ModelAnalysis, fitted: Coefficients, directions: np.ndarray, why: str
) -> tuple[Covariate, ...]:
    """The covariates with their hazard ratios, ordinary and Firth's."""
    confidence, x = result.selection.conventions.confidence, made.x
    firth = None if why else firth_cox(made.time, made.event, x, confidence)
    found = []
    for covariate, group in zip(result.covariates, made.groups, strict=True):
        terms = []
        for term, j in zip(covariate.terms, group, strict=True):
            names = covariate.reference, term.label
            second = None
            if firth is not None:
                estimate, low, high = np.exp([firth.beta[j], firth.low[j], firth.high[j]]).tolist()
                p, se = float(firth.p[j]), float(firth.std_error[j])
                second = HazardRatio(*names, estimate, low, high, p, se, firth.method, reason=firth.reason)
            terms.append(
                replace(term, ratio=_wald(names, fitted, j, confidence), firth=second, infinite=int(directions[j]))
            )
        found.append(replace(covariate, terms=tuple(terms)))
    return tuple(found)


def _wald(names: tuple[str, str], fitted: Coefficients, j: int, confidence: float) -> HazardRatio:
    method = f"{fitted.method}, Wald interval"
    if fitted.reason:
        return HazardRatio(*names, NAN, NAN, NAN, NAN, NAN, method, reason=fitted.reason)
    z = float(ndtri(0.5 + confidence / 2))
    b, se = float(fitted.beta[j]), float(fitted.covariance[j, j]) ** 0.5
    estimate, low, high = np.exp([b, b - z * se, b + z * se]).tolist()
    return HazardRatio(*names, estimate, low, high, float(2 * ndtr(-abs(b / se))), se, method)


def _without(made: ModelRows, fitted: Coefficients, group: list[int], result: ModelAnalysis) -> TestResult:
    """Likelihood ratio against the model without these columns."""
    rest = [j for j in range(made.x.shape[1]) if j not in group]
    if not rest:
        return _likelihood_ratio(fitted, fitted.loglik_null, len(group))
    smaller = fit_numeric(made.grid, made.event, made.x[:, rest], result.selection.conventions.ties)
    return _likelihood_ratio(fitted, float(smaller.loglik), len(group))


def _likelihood_ratio(fitted: Coefficients, smaller: float, df: int) -> TestResult:
    chi2 = max(0.0, 2 * (fitted.loglik - smaller))
    return TestResult(chi2, df, float(chdtrc(df, chi2)), f"likelihood ratio, {fitted.method}")


# On demand


def diagnose(cohort: Cohort, selection: Selection, ids: tuple[str, ...], per: Per = "sd") -> tuple[Diagnostic, ...]:
    """Scaled Schoenfeld residuals of every term, with a smooth curve; none where the model has no estimate."""
    analysis = analyse_model(cohort, selection, ids, per)
    if analysis.reason or analysis.drawn:
        return ()
    made, ties = model_rows(cohort, analysis.selection, ids, per), analysis.selection.conventions.ties
    x, p = made.x, made.x.shape[1]
    fitted = several_cox(made.grid, made.event, x, ties)
    residuals = schoenfeld(made.grid, made.event, x, fitted.beta, fitted.covariance, ties)
    tests = changing_effects(made.grid, made.event, x, fitted.beta, ties, [[j] for j in range(p)])
    labels = [_term_name(c, i) for c in analysis.covariates for i in range(len(c.terms))]
    z = float(ndtri(0.5 + analysis.selection.conventions.confidence / 2))
    return tuple(
        Diagnostic(
            labels[j],
            float(fitted.beta[j]),
            residuals,
            residuals.scaled[:, j],
            *_smooth(residuals.time, residuals.g, residuals.scaled[:, j], z * float(residuals.error[j])),
            tests[j],
        )
        for j in range(p)
    )


def _term_name(covariate: Covariate, i: int) -> str:
    term = covariate.terms[i]
    words = f"{term.label} v {covariate.reference}" if covariate.reference else term.label
    return f"{covariate.label}, {words}"


def _smooth(time: Floats, g: Floats, values: Floats, width: float) -> tuple[Floats, Floats, Floats, Floats]:
    """A natural spline of the residuals on g, by least squares, along time; width: half an interval's for one residual.

    As R's plot.cox.zph, which takes four degrees of freedom; here three, and none below ten events or where the knots
    coincide.
    """
    nothing = np.empty(0)
    if values.size < CURVE_EVENTS:
        return nothing, nothing, nothing, nothing
    try:
        knots = spline_knots(g, 4)
    except ValueError:
        return nothing, nothing, nothing, nothing
    at = np.linspace(float(time[0]), float(time[-1]), POINTS)
    along = np.interp(at, *_increasing(time, g))
    basis, shown = (np.column_stack((np.ones(v.size), spline_basis(v, knots))) for v in (g, along))
    inverse = np.linalg.pinv(basis.T @ basis)
    curve = shown @ (inverse @ (basis.T @ values))
    half = width * np.sqrt(np.einsum("ip,pq,iq->i", shown, inverse, shown))
    return at, curve, curve - half, curve + half


def _increasing(time: Floats, g: Floats) -> tuple[Floats, Floats]:
    distinct, first = np.unique(time, return_index=True)
    return distinct, g[first]


def penalise(
    cohort: Cohort, selection: Selection, ids: tuple[str, ...], kind: str
) -> Iterator[tuple[float, PenaltyPath]]:
    """Elastic net or ridge along its penalty, cross-validated: (fraction done, path so far); `penalised_refused`."""
    made = model_rows(cohort, selection.but(by=()), ids, "sd")
    return penalty_path(made.time, made.event, made.x, kind, SEED)


def correct_optimism(
    cohort: Cohort, selection: Selection, ids: tuple[str, ...], samples: int = RESAMPLES
) -> Iterator[tuple[float, Optimism]]:
    """Concordance less the bootstrap's optimism: (fraction done, result so far). See `optimism_refused`."""
    made = model_rows(cohort, selection.but(by=()), ids, "sd")
    return optimism(made.grid, made.event, made.x, selection.conventions.ties, samples, SEED)


def penalised_refused(analysis: ModelAnalysis) -> str:
    """Why no penalty path is offered for this model; empty where it is. More terms than events are no reason."""
    if analysis.drawn:
        return OPEN
    if not analysis.columns or not analysis.events:
        return analysis.reason
    return f"scikit-survival's penalised models are {DELAYED}" if analysis.selection.analysis == "delayed-entry" else ""


def optimism_refused(analysis: ModelAnalysis) -> str:
    """Why no optimism is worked out for this model; empty where it is."""
    if analysis.drawn:
        return OPEN
    if analysis.selection.analysis == "delayed-entry":
        return f"concordance is {DELAYED}"
    return analysis.reason


def is_detail(analysis: ModelAnalysis) -> bool:
    """Whether there are too few events for a concordance or a penalised model in large type."""
    return analysis.events < FEW_EVENTS
