"""What a reconstruction does not determine of a marker: ranges over compatible redraws of its values."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from kras_core.analyse.marker_results import MarkerRedraws, SplineCurve
from kras_core.analyse.marker_rows import MarkerRows
from kras_core.analyse.redraw import COUNT, HIGH, LOW, drawn_columns, ratio_extent, shuffles
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import Stratifier, column_label
from kras_core.conventions import Ties
from kras_core.selection import By, Selection
from kras_core.stats.cutpoints import possible_cutoffs, scan
from kras_core.stats.numeric_cox import fit_numeric
from kras_core.stats.results import NAN, Floats
from kras_core.stats.spline import spline_basis


def redraw_marker(
    cohort: Cohort, selection: Selection, column: Stratifier, found: MarkerRows, spline: SplineCurve, sd: float
) -> MarkerRedraws:
    """Ranges of everything that the Biomarkers view would estimate. Computed once per cohort and view.

    Where a filter meets a drawn column, too, who is selected is itself a draw: then there are no ranges.
    """
    columns = tuple(sorted(drawn_columns(cohort, selection.but(by=(By(column.id),)))))
    names = ", ".join(column_label(cohort, c) for c in columns)
    if columns != (column.column,):
        sentence = (
            f"The publication does not determine this: {names} was drawn at random to match a printed total, and a "
            "filter on it leaves open who is looked at."
        )
        return _nothing(columns, sentence)
    if np.isnan(cohort.numbers(column.column)).any():
        return _nothing(
            columns, f"The publication does not determine this: {names} was drawn at random, gaps included."
        )
    sentence = (
        f"The publication does not determine this: {names} was drawn at random"
        f"{_kept(cohort, column, selection.endpoint)}. Shown is the range over {COUNT} compatible redraws "
        "(2.5th to 97.5th percentile), not an estimate."
    )
    key = ("marker redraws", column.id, selection.endpoint, selection.analysis, selection.landmark, selection.where)
    ties = selection.conventions.ties

    def make() -> MarkerRedraws:
        values = cohort.numbers(column.column)[shuffles(cohort, column.column, selection.endpoint)][:, found.rows]
        return _ranges(values, found, spline, sd, ties, columns, sentence)

    return cohort.memo((*key, ties, len(spline.knots)), make)


def _kept(cohort: Cohort, column: Stratifier, endpoint: str) -> str:
    """What the draw kept."""
    for partly in cohort.partly_drawn:
        if partly.column == column.column and endpoint in partly.endpoints:
            return ", but for who is above the published cut-off: only there is an estimate determined"
    return " to match a printed total"


def _ranges(
    values: Floats,
    found: MarkerRows,
    spline: SplineCurve,
    sd: float,
    ties: Ties,
    columns: tuple[str, ...],
    sentence: str,
) -> MarkerRedraws:
    cutoffs = possible_cutoffs(found.values)
    ratio, p, same = _at_cutoffs(values, cutoffs.values, found, ties)
    line = fit_numeric(found.grid, found.event, values[..., None], ties)
    chi2 = 2 * (line.loglik - line.loglik_null)
    low, high = _envelope(values, found, spline, ties)
    beta = line.beta[:, 0]
    ends = np.array([ratio_extent(column) for column in ratio.T]).reshape(-1, 2)
    p_ends = np.array([ratio_extent(column) for column in p.T]).reshape(-1, 2)
    return MarkerRedraws(
        count=COUNT,
        columns=columns,
        sentence=sentence,
        cutoffs=cutoffs.values,
        end=cutoffs.end,
        ratio_low=ends[:, 0],
        ratio_high=ends[:, 1],
        p_low=p_ends[:, 0],
        p_high=p_ends[:, 1],
        determined=same,
        per_unit=ratio_extent(np.exp(beta)),
        per_sd=ratio_extent(np.exp(sd * beta)),
        p=ratio_extent(chdtrc(1, np.maximum(chi2, 0.0))),
        x=spline.x,
        spline_low=low,
        spline_high=high,
    )


def _at_cutoffs(
    values: Floats, cutoffs: Floats, found: MarkerRows, ties: Ties
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Hazard ratio and p of every redraw at these cut-offs, (COUNT, m), and where all redraws have the same groups."""
    ratio, p = np.full((len(values), cutoffs.size), NAN), np.full((len(values), cutoffs.size), NAN)
    for i, drawn in enumerate(values):
        one = scan(found.grid, found.event, drawn, ties)
        below = np.searchsorted(np.sort(drawn), cutoffs, side="right")
        at = np.searchsorted(one.below, below)
        there = (at < one.below.size) & (one.below[np.minimum(at, one.below.size - 1)] == below)
        ratio[i, there], p[i, there] = np.exp(one.log_ratio[at[there]]), one.p[at[there]]
    high = values[:, None, :] > cutoffs[:, None]
    return ratio, p, (high == high[:1]).all(axis=(0, 2))


def _envelope(values: Floats, found: MarkerRows, spline: SplineCurve, ties: Ties) -> tuple[Floats, Floats]:
    if not spline.knots:
        return np.full(spline.x.size, NAN), np.full(spline.x.size, NAN)
    knots = np.array(spline.knots)
    fitted = fit_numeric(found.grid, found.event, spline_basis(values, knots), ties)
    away = spline_basis(spline.x, knots) - spline_basis(np.array([spline.reference]), knots)
    curves = fitted.beta[~fitted.failed] @ away.T
    if not len(curves):
        return np.full(spline.x.size, NAN), np.full(spline.x.size, NAN)
    return np.quantile(curves, LOW, axis=0), np.quantile(curves, HIGH, axis=0)


def _nothing(columns: tuple[str, ...], sentence: str) -> MarkerRedraws:
    none, unknown = np.empty(0), (NAN, NAN)
    nowhere = none.astype(bool)
    return MarkerRedraws(
        COUNT,
        columns,
        sentence,
        none,
        NAN,
        none,
        none,
        none,
        none,
        nowhere,
        unknown,
        unknown,
        unknown,
        none,
        none,
        none,
    )
