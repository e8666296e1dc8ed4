"""The Biomarkers view: a numeric column against an outcome, by cut-off, at every cut-off, and as a number."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import numpy as np
from scipy.special import chdtrc, ndtr, ndtri

from kras_core.analyse.marker_guards import marker_warnings
from kras_core.analyse.marker_redraw import redraw_marker
from kras_core.analyse.marker_results import (
    BiomarkerAnalysis,
    ChosenCutoff,
    CutoffSpread,
    Discrimination,
    Distribution,
    MarkerModel,
    SplineCurve,
)
from kras_core.analyse.marker_rows import SEED, MarkerRows, marker, marker_rows, permute, select
from kras_core.analyse.redraw import drawn_columns
from kras_core.analyse.results import SurvivalAnalysis
from kras_core.analyse.scope import reference_to
from kras_core.analyse.survival import analyse
from kras_core.analyse.ticks import default_milestones
from kras_core.cohort.endpoints import endpoint as named_endpoint
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import Stratifier, stratifiers
from kras_core.selection import By, Selection
from kras_core.stats import cutpoints
from kras_core.stats.cox import TIES_NAME, cox
from kras_core.stats.discrimination import concordance, dynamic_auc
from kras_core.stats.event_table import EventTable, tabulate
from kras_core.stats.logrank import logrank
from kras_core.stats.numeric_cox import numeric_cox
from kras_core.stats.results import NAN, Coefficients, CutoffScan, Floats, HazardRatio, MaxSelected, TestResult
from kras_core.stats.spline import spline_basis, spline_knots

FEW_EVENTS = 50  # below, an AUC is a detail and a spline has three knots
POINTS = 101
FEWEST_BINS, MOST_BINS = 16, 40
BOOTSTRAP_SAMPLES = 1000
SPREAD = (0.025, 0.25, 0.5, 0.75, 0.975)
SINGLE_VALUE = "every patient has the same value"
NO_CUTOFF = "no cut-off leaves a tenth of the patients on either side"

T = TypeVar("T")


def markers(cohort: Cohort) -> tuple[Stratifier, ...]:
    """The numeric columns that this cohort offers as markers: known before the start."""
    return tuple(s for s in stratifiers(cohort).values() if s.kind == "cut" and not s.post_baseline)


def analyse_biomarker(cohort: Cohort, selection: Selection, by: By, knots: int | None = None) -> BiomarkerAnalysis:
    """Everything that the Biomarkers view shows of marker `by.id`, split at its cut-off or cut-offs.

    knots of the spline: 3, 4 or 5 (None: 3 below 50 events, else 4). Strata of the selection itself play no part.
    Raises SelectionError where this cohort cannot answer.
    """
    column = marker(cohort, by.id)
    alone = selection.but(by=())
    found = marker_rows(cohort, alone, column.column)
    undetermined = bool(drawn_columns(cohort, selection.but(by=(By(by.id),))))
    scan = None if undetermined else _scan(cohort, alone, by.id, found)
    by = _own_up(by, scan, found)
    split = analyse(cohort, alone.but(by=(by,)))
    distribution = _distribution(cohort, alone, column, found, split)
    nothing = SINGLE_VALUE if distribution.distinct == 1 else ""
    if scan is not None and not nothing and scan.smallest is None:
        nothing = NO_CUTOFF if not scan.cutoffs.size else "no cut-off at which the groups can be compared"
    count = knots or (3 if int(found.event.sum()) < FEW_EVENTS else 4)
    spline = _kept(cohort, alone, ("spline", by.id, count), lambda: _spline(found, count, selection))
    result = BiomarkerAnalysis(
        cohort=reference_to(cohort),
        selection=selection,
        endpoint=named_endpoint(selection.endpoint),
        by=by,
        label=column.label,
        unit=column.unit,
        distribution=distribution,
        split=split,
        scan=scan,
        chosen=_chosen(cohort, alone, by.id, found, scan),
        model=None
        if undetermined
        else _kept(cohort, alone, ("model", by.id), lambda: _model(found, column, selection)),
        spline=None if undetermined else spline,
        redraws=redraw_marker(cohort, alone, column, found, spline, distribution.sd) if undetermined else None,
        nothing=nothing,
        warnings=(),
    )
    return replace(result, warnings=marker_warnings(cohort, result, found.values))


def _own_up(by: By, scan: CutoffScan | None, found: MarkerRows) -> By:
    """A cut-off that splits as the one with the smallest p was chosen on the outcome, whoever set it by hand."""
    if scan is None or scan.smallest is None or by.cutoff is None or by.upper is not None:
        return by
    same = int((found.values <= by.cutoff).sum()) == int(scan.below[scan.smallest])
    return replace(by, on_outcome=True) if same else by


def _scan(cohort: Cohort, selection: Selection, id: str, found: MarkerRows) -> CutoffScan:
    ties, confidence = selection.conventions.ties, selection.conventions.confidence

    def make() -> CutoffScan:
        return cutpoints.scan(found.grid, found.event, found.values, ties, confidence=confidence)

    return _kept(cohort, selection, ("scan", id), make)


def _kept(cohort: Cohort, selection: Selection, what: tuple[object, ...], make: Callable[[], T]) -> T:
    """What no cut-off changes, computed once per cohort and view: a moving slider must not pay for it."""
    view = (selection.endpoint, selection.analysis, selection.landmark, selection.where, selection.conventions)
    return cohort.memo((*what, *view), make)


def _distribution(
    cohort: Cohort, selection: Selection, column: Stratifier, found: MarkerRows, split: SurvivalAnalysis
) -> Distribution:
    x = found.values
    low, lower, median, upper, high = np.quantile(x, (0, 0.25, 0.5, 0.75, 1)).tolist()
    missing = split.overall.n - x.size
    distinct = np.unique(x).size
    bins = min(max(np.histogram_bin_edges(x, "auto").size - 1, FEWEST_BINS), MOST_BINS) if distinct > 1 else 1
    edges = np.histogram_bin_edges(x, bins)
    sd = standard_deviation(x)
    return Distribution(
        x.size, missing, distinct, low, lower, median, upper, high, float(x.mean()), sd, edges,
        np.histogram(x, edges)[0],
    )  # fmt: skip


def standard_deviation(values: Floats) -> float:
    """NaN for a single patient."""
    return float(values.std(ddof=1)) if values.size > 1 else NAN


def _groups(found: MarkerRows, cutoff: float) -> EventTable:
    return tabulate(found.grid, found.event, (found.values > cutoff).astype(np.intp), 2)


def _chosen(
    cohort: Cohort, selection: Selection, id: str, found: MarkerRows, scan: CutoffScan | None
) -> ChosenCutoff | None:
    best = None if scan is None else scan.smallest
    if scan is None or best is None:
        return None
    cutoff, conventions = float(scan.cutoffs[best]), selection.conventions
    table = _groups(found, cutoff)
    (ratio,) = cox(table, ("low", "high"), 0, conventions.ties, conventions.confidence)
    low = int(scan.below[best])
    return ChosenCutoff(cutoff, (low, scan.n - low), logrank(table), ratio, select(cohort, selection, id))


def _model(found: MarkerRows, column: Stratifier, selection: Selection) -> MarkerModel:
    conventions = selection.conventions
    sd = standard_deviation(found.values)
    fitted = numeric_cox(found.grid, found.event, found.values[:, None], conventions.ties)
    per_unit = effect(fitted, 1.0, f"per {column.unit.removesuffix('s') or 'unit'}", conventions.confidence)
    per_sd = effect(fitted, sd, "per SD", conventions.confidence)
    return MarkerModel(
        found.values.size, int(found.event.sum()), sd, per_unit, per_sd, likelihood_ratio(fitted, None, 1)
    )


def effect(fitted: Coefficients, step: float, label: str, confidence: float) -> HazardRatio:
    """The hazard ratio of a step in the first covariate, Wald interval and p."""
    method = f"{fitted.method}, Wald interval"
    if fitted.reason:
        return HazardRatio("", label, NAN, NAN, NAN, NAN, NAN, method, reason=fitted.reason)
    z = float(ndtri(0.5 + confidence / 2))
    b, se = step * float(fitted.beta[0]), step * float(fitted.covariance[0, 0]) ** 0.5
    estimate, low, high = np.exp([b, b - z * se, b + z * se]).tolist()
    return HazardRatio("", label, estimate, low, high, float(2 * ndtr(-abs(b / se))), se, method)


def likelihood_ratio(fitted: Coefficients, smaller: Coefficients | None, df: int) -> TestResult:
    """Against a smaller model, or against none."""
    method = f"likelihood ratio, {fitted.method}"
    reason = fitted.reason or (smaller.reason if smaller else "")
    if reason:
        return TestResult(NAN, 0, NAN, method, reason=reason)
    chi2 = max(0.0, 2 * (fitted.loglik - (smaller.loglik if smaller else fitted.loglik_null)))
    return TestResult(chi2, df, float(chdtrc(df, chi2)), method)


def _spline(found: MarkerRows, count: int, selection: Selection) -> SplineCurve:
    """The spline with `count` knots, with fewer where they coincide."""
    ties, z = selection.conventions.ties, float(ndtri(0.5 + selection.conventions.confidence / 2))
    reference = float(np.median(found.values))
    first, last = np.quantile(found.values, (0.025, 0.975)).tolist()
    x = np.linspace(first, last, POINTS)
    for k in range(count, 2, -1):
        try:
            knots = spline_knots(found.values, k)
        except ValueError:
            continue
        fitted = numeric_cox(found.grid, found.event, spline_basis(found.values, knots), ties)
        line = numeric_cox(found.grid, found.event, found.values[:, None], ties)
        away = spline_basis(x, knots) - spline_basis(np.array([reference]), knots)
        curve = away @ fitted.beta
        half = z * np.sqrt(np.maximum(np.einsum("ip,pq,iq->i", away, fitted.covariance, away), 0.0))
        overall, nonlinear = likelihood_ratio(fitted, None, k - 1), likelihood_ratio(fitted, line, k - 2)
        method = f"restricted cubic spline, {k} knots at Harrell's quantiles, {TIES_NAME[ties]}"
        at = tuple(map(float, knots))
        return SplineCurve(
            at, reference, x, curve, curve - half, curve + half, overall, nonlinear, method, fitted.reason
        )
    reason = "too few distinct values for three knots"
    nothing, none = np.full(POINTS, NAN), TestResult(NAN, 0, NAN, "likelihood ratio", reason=reason)
    return SplineCurve((), reference, x, nothing, nothing, nothing, none, none, "restricted cubic spline", reason)


def discriminate(cohort: Cohort, selection: Selection, id: str, at: tuple[float, ...] = ()) -> Discrimination | None:
    """Concordance and AUC of a marker (times in months: the selection's milestones unless given); None where the
    marker was drawn at random. Raises SelectionError as `analyse_biomarker`. Undefined under delayed entry (None)."""
    column = marker(cohort, id)
    found = marker_rows(cohort, selection, column.column)
    if drawn_columns(cohort, selection.but(by=(By(id),))) or found.grid.entry is not None:
        return None
    months = found.months
    times = at or selection.milestones or default_milestones(float(months.max()))
    events = int(found.event.sum())
    c = concordance(months, found.event, found.values, selection.conventions.confidence)
    return Discrimination(c, dynamic_auc(months, found.event, found.values, times), events, events < FEW_EVENTS)


def permute_cutoff(cohort: Cohort, selection: Selection, id: str) -> Iterator[tuple[float, MaxSelected]]:
    """The selection-adjusted p by permutation, however long it takes: (fraction done, result so far)."""
    return permute(cohort, selection.but(by=()), id)


def bootstrap_cutoff(
    cohort: Cohort, selection: Selection, id: str, samples: int = BOOTSTRAP_SAMPLES
) -> Iterator[tuple[float, CutoffSpread]]:
    """Where the cut-off with the smallest p falls in resamples: (fraction done, spread so far).

    Nothing for a drawn marker, or under delayed entry.
    """
    found = marker_rows(cohort, selection, marker(cohort, id).column)
    if drawn_columns(cohort, selection.but(by=(By(id),))) or found.grid.entry is not None:
        return
    scan = _scan(cohort, selection.but(by=()), id, found)
    own = NAN if scan.smallest is None else float(scan.cutoffs[scan.smallest])
    chosen = np.empty(0)
    for chunk in cutpoints.bootstrap(found.grid, found.event, found.values, samples, SEED):
        chosen = np.append(chosen, chunk)
        yield chosen.size / samples, _spread_of(chosen, own)


def _spread_of(chosen: Floats, own: float) -> CutoffSpread:
    known = chosen[~np.isnan(chosen)]
    if not known.size:
        return CutoffSpread(chosen.size, chosen.size, (NAN,) * len(SPREAD), NAN)
    quantiles = tuple(np.quantile(known, SPREAD, method="inverted_cdf").tolist())
    return CutoffSpread(chosen.size, chosen.size - known.size, quantiles, float(np.mean(known == own)))
