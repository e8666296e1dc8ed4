"""The univariable Cox table of the Subgroups view: one model a variable, unadjusted for the others."""

from dataclasses import replace

import numpy as np
from scipy.special import chdtrc

from kras_core.analyse.biomarkers import effect, likelihood_ratio, standard_deviation
from kras_core.analyse.followed import follow
from kras_core.analyse.marker_rows import MarkerRows, marker_rows
from kras_core.analyse.redraw import (
    COUNT,
    drawn_columns,
    extent,
    never_together,
    ratio_extent,
    redrawn_groups,
    shuffles,
)
from kras_core.analyse.scope import chosen, exclusion, reference_to, resolve, selected
from kras_core.analyse.subgroup_guards import table_warnings
from kras_core.analyse.subgroup_results import CoxTable, Term, Univariable
from kras_core.analyse.subgroups import MOST_LEVELS, levels_of
from kras_core.cohort.endpoints import endpoint as named_endpoint
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import Stratifier, column_label, stratifiers
from kras_core.conventions import Ties
from kras_core.selection import By, Selection, SelectionError
from kras_core.stats.cox import TIES_NAME, cox, fit
from kras_core.stats.event_table import EventTable, tabulate
from kras_core.stats.numeric_cox import fit_numeric, numeric_cox
from kras_core.stats.results import NAN, TestResult

USUAL = ("age", "sex", "ecog", "g12c", "prior_antiangiogenic", "prior_ici")  # what the paper announces
MOST_VARIABLES = 12


def offered_variables(cohort: Cohort) -> tuple[str, ...]:
    """Stratifiers that may be a variable: known before the start."""
    return tuple(s.id for s in stratifiers(cohort).values() if not s.post_baseline)


def default_variables(cohort: Cohort) -> tuple[str, ...]:
    """Those that the paper announces, as far as the cohort has them, else the first dozen with few levels."""
    offered = offered_variables(cohort)
    usual = tuple(id for id in USUAL if id in offered)
    if len(usual) >= len(USUAL) - 1:
        return usual
    few = [id for id in offered if stratifiers(cohort)[id].kind == "cut" or levels_of(cohort, id) <= MOST_LEVELS]
    return tuple(few[:MOST_VARIABLES])


def analyse_cox(cohort: Cohort, selection: Selection, variables: tuple[str, ...] | None = None) -> CoxTable:
    """A Cox model for each variable (stratifier ids; None: `default_variables`) in the selected patients.

    Categories by level against their reference, numbers per unit and per standard deviation. The selection's own
    strata play no part. Raises SelectionError for an unknown id, or where nobody is left.
    """
    selection = selection.but(by=())
    followed = follow(cohort, selection)
    mask = selected(cohort, selection.where)
    rows = np.arange(cohort.n) if followed.rows is None else followed.rows
    kept = np.ones(rows.size, dtype=bool) if mask is None else mask[rows]
    if not kept.any():
        raise SelectionError("no patient is left: loosen the filters")
    ids = default_variables(cohort) if variables is None else variables
    everyone = np.ones(cohort.n, dtype=bool) if mask is None else mask
    result = CoxTable(
        cohort=reference_to(cohort),
        selection=selection,
        endpoint=named_endpoint(selection.endpoint),
        n=int(kept.sum()),
        events=int(followed.event[kept].sum()),
        variables=tuple(_variable(cohort, selection, id, int(kept.sum())) for id in ids),
        excluded=tuple(e for reason, out in followed.left_out for e in exclusion(cohort, reason, out & everyone)),
        warnings=(),
    )
    return replace(result, warnings=table_warnings(cohort, result))


def _variable(cohort: Cohort, selection: Selection, id: str, n: int) -> Univariable:
    stratifier = chosen(cohort, By(id))
    if stratifier.post_baseline and selection.analysis != "landmark":
        return _empty(stratifier, 0, "known only after the start: it needs a landmark")
    unknown = never_together(cohort, selection.but(by=(By(id),)))
    if unknown:
        return _empty(stratifier, 0, unknown)
    return (_number if stratifier.kind == "cut" else _category)(cohort, selection, stratifier, n)


def _empty(stratifier: Stratifier, missing: int, note: str, n: int = 0, events: int = 0) -> Univariable:
    return Univariable(stratifier.id, stratifier.label, n, events, missing, "", 0, 0, (), None, note=note)


def _drawn(cohort: Cohort, selection: Selection) -> str:
    names = ", ".join(column_label(cohort, c) for c in sorted(drawn_columns(cohort, selection)))
    return f"range over {COUNT} compatible redraws: {names} was drawn at random"


# Categories


def _category(cohort: Cohort, selection: Selection, stratifier: Stratifier, n: int) -> Univariable:
    by = selection.but(by=(By(stratifier.id),))
    scope, followed = resolve(cohort, by), follow(cohort, by)
    groups = scope.groups if followed.rows is None else scope.groups[followed.rows]
    table = tabulate(followed.grid, followed.event, groups, scope.k + 1).rows(slice(0, scope.k))
    shown = [i for i in range(scope.k) if table.n[i]]
    known = int(table.n.sum())
    if len(shown) < 2:
        note = "every patient has the same value" if shown else "no value known"
        return _empty(stratifier, n - known, note, known, int(table.events.sum()))
    labels = [scope.labels[i] for i in shown]
    zero = shown.index(scope.reference) if scope.reference in shown else 0
    drawn = redrawn_groups(cohort, by, by.endpoint)
    if drawn is not None:
        drawn = drawn if followed.rows is None else drawn[:, followed.rows]
    table = table.rows(shown)
    sizes, events = table.n.tolist(), table.events.sum(axis=-1).tolist()
    found = Univariable(
        stratifier.id,
        stratifier.label,
        known,
        sum(events),
        n - known,
        labels[zero],
        sizes[zero],
        events[zero],
        (),
        None,
    )
    if drawn is not None and not (drawn == drawn[:1]).all():
        redrawn = tabulate(followed.grid, followed.event, drawn, scope.k + 1).rows(shown)
        return _category_ranges(replace(found, drawn=_drawn(cohort, by)), redrawn, labels, sizes, zero, selection)
    return _category_model(found, table, labels, zero, selection)


def _category_model(
    found: Univariable, table: EventTable, labels: list[str], zero: int, selection: Selection
) -> Univariable:
    c = selection.conventions
    sizes, events = table.n.tolist(), table.events.sum(axis=-1).tolist()
    ratios = {ratio.label: ratio for ratio in cox(table, labels, zero, c.ties, c.confidence)}
    terms = tuple(Term(label, sizes[i], events[i], ratios[label]) for i, label in enumerate(labels) if i != zero)
    return replace(found, terms=terms, test=_levels_test(table, zero, c.ties))


def _levels_test(table: EventTable, zero: int, ties: Ties) -> TestResult:
    """Likelihood ratio test of all levels together."""
    method = f"likelihood ratio, Cox, {TIES_NAME[ties]}"
    if not table.events.any():
        return TestResult(NAN, 0, NAN, method, reason="no event")
    fitted = fit(table, zero, ties)
    if not fitted.finite:
        return TestResult(NAN, 0, NAN, method, reason="a level has all the events, or none, among those at risk")
    df, chi2 = table.n.size - 1, max(0.0, 2 * float(fitted.loglik - fitted.loglik_null))
    return TestResult(chi2, df, float(chdtrc(df, chi2)), method)


def _category_ranges(
    found: Univariable, table: EventTable, labels: list[str], sizes: list[int], zero: int, selection: Selection
) -> Univariable:
    """Ranges over redraws (COUNT, k, T)."""
    if not table.events.any():
        return replace(found, note="no event")
    fitted = fit(table, zero, selection.conventions.ties)
    beta = np.where(fitted.finite[:, None], fitted.beta, NAN)
    chi2 = np.maximum(2 * np.where(fitted.finite, fitted.loglik - fitted.loglik_null, NAN), 0.0)
    spread = np.sqrt(np.diagonal(fitted.covariance, axis1=-2, axis2=-1))
    with np.errstate(divide="ignore", invalid="ignore"):
        p = chdtrc(1, (beta / spread) ** 2)
    events = table.events.sum(axis=-1)
    terms = tuple(
        Term(label, sizes[i], 0, None, ratio_extent(np.exp(beta[:, i])), ratio_extent(p[:, i]), extent(events[:, i]))
        for i, label in enumerate(labels)
        if i != zero
    )
    p_range = ratio_extent(chdtrc(table.n.shape[-1] - 1, chi2))
    return replace(found, terms=terms, p_range=p_range, reference_range=extent(events[:, zero]))


# Numbers


def _number(cohort: Cohort, selection: Selection, stratifier: Stratifier, n: int) -> Univariable:
    try:
        rows = marker_rows(cohort, selection, stratifier.column)
    except SelectionError:
        return _empty(stratifier, n, "no value known")
    size, events, sd = rows.values.size, int(rows.event.sum()), standard_deviation(rows.values)
    found = Univariable(stratifier.id, stratifier.label, size, events, n - size, "", 0, 0, (), None)
    if np.unique(rows.values).size < 2:
        return replace(found, note="every patient has the same value")
    unit = f"per {stratifier.unit.removesuffix('s') or 'unit'}"
    labels = (unit, f"per SD ({sd:.3g})")
    by = selection.but(by=(By(stratifier.id),))
    if drawn_columns(cohort, by):
        return _number_ranges(cohort, by, replace(found, drawn=_drawn(cohort, by)), stratifier, rows, sd, labels)
    fitted = numeric_cox(rows.grid, rows.event, rows.values[:, None], selection.conventions.ties)
    terms = tuple(
        Term(label, size, events, effect(fitted, step, label, selection.conventions.confidence))
        for label, step in zip(labels, (1.0, sd), strict=True)
    )
    return replace(found, terms=terms, test=likelihood_ratio(fitted, None, 1))


def _number_ranges(
    cohort: Cohort,
    by: Selection,
    found: Univariable,
    stratifier: Stratifier,
    rows: MarkerRows,
    sd: float,
    labels: tuple[str, str],
) -> Univariable:
    """Ranges over redraws of the number; where a filter was drawn too, nothing."""
    if drawn_columns(cohort, by) != {stratifier.column}:
        return replace(found, note="a filter meets a drawn column: who is looked at is itself a draw")
    values = cohort.numbers(stratifier.column)[shuffles(cohort, stratifier.column, by.endpoint)][:, rows.rows]
    if np.isnan(values).any():
        return replace(found, note="some values are missing, and who lacks one is itself a draw")
    if not rows.event.any():
        return replace(found, note="no event")
    fitted = fit_numeric(rows.grid, rows.event, values[..., None], by.conventions.ties)
    beta = fitted.beta[:, 0]
    p = chdtrc(1, np.maximum(2 * (fitted.loglik - fitted.loglik_null), 0.0))
    terms = tuple(
        Term(label, found.n, found.events, None, ratio_extent(np.exp(step * beta)), ratio_extent(p))
        for label, step in zip(labels, (1.0, sd), strict=True)
    )
    return replace(found, terms=terms, p_range=ratio_extent(p))
