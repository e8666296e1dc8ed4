"""What a reconstruction does not determine: the range of a view over compatible redraws of drawn columns.

A drawn column matches a printed total and nothing else, so any association with an outcome is the
seed's. Shuffling it among the patients gives another cohort that matches the publication as well. A
partly drawn column is shuffled within the strata that the publication does fix. Where 500 shuffles leave
every patient in the same stratum, the view is determined and needs no range.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from kras_core.analyse.results import DrawnStratum, Redraws
from kras_core.analyse.scope import Scope, chosen, cross, keeps, strata_of
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import Strata, column_label, split, stratifiers
from kras_core.selection import Selection
from kras_core.stats.cox import fit
from kras_core.stats.event_table import EventTable, TimeGrid, tabulate
from kras_core.stats.kaplan_meier import LEVEL_TOLERANCE
from kras_core.stats.logrank import logrank_many
from kras_core.stats.results import NAN, Floats

COUNT = 500
SEED = 20240304  # fixed: the same view gives the same range
LOW, HIGH = 0.025, 0.975

Codes = NDArray[np.intp]


def redraw(
    cohort: Cohort,
    selection: Selection,
    scope: Scope,
    rows: Codes | None,
    grid: TimeGrid,
    event: NDArray[np.bool_],
) -> Redraws | None:
    """The range over redraws, or None where the publication determines the view (or nothing was drawn)."""
    groups = redrawn_groups(cohort, selection, selection.endpoint)
    if groups is None:
        return None
    if rows is not None:
        groups = groups[:, rows]
    if (groups == groups[:1]).all():
        return None
    table = tabulate(grid, event, groups, scope.k + 1)
    strata = tuple(drawn_stratum(table, i, label) for i, label in enumerate(scope.labels) if table.n[:, i].any())
    filtered = bool(((groups < 0) != (groups[:1] < 0)).any())
    overall = drawn_stratum(table.pooled(), 0, "All patients") if filtered or not scope.k else None
    ratios, p = _comparison(table, scope, selection)
    columns = tuple(sorted(drawn_columns(cohort, selection)))
    names = ", ".join(column_label(cohort, c) for c in columns)
    sentence = (
        f"The publication does not determine this: {names} was drawn at random to match a printed total. "
        f"Shown is the range over {COUNT} compatible redraws (2.5th to 97.5th percentile), not an estimate."
    )
    return Redraws(COUNT, columns, strata, overall, ratios, p, sentence)


def drawn_columns(cohort: Cohort, selection: Selection) -> set[str]:
    """Columns of this view that were drawn, wholly or within strata."""
    if not cohort.drawn and not cohort.partly_drawn:
        return set()
    partly = {p.column for p in cohort.partly_drawn}
    columns = {chosen(cohort, by).column for by in selection.by} | {_column(cohort, f.column) for f in selection.where}
    return columns & (cohort.drawn | partly)


def redrawn_groups(cohort: Cohort, selection: Selection, endpoint: str) -> Codes | None:
    """Groups of every patient under each redraw, shape (COUNT, n), coded as in Scope; None where none is drawn."""
    columns = drawn_columns(cohort, selection)
    if not columns:
        return None
    order = {c: shuffles(cohort, c, endpoint) for c in columns}
    splits = []
    for by in selection.by:
        stratifier = chosen(cohort, by)
        strata = strata_of(cohort, stratifier, by)
        codes = strata.codes[order[stratifier.column]] if stratifier.column in order else strata.codes
        splits.append(Strata(np.broadcast_to(codes, (COUNT, cohort.n)), strata.labels, strata.reference))
    groups = cross(splits, cohort.n)[0]
    groups = np.broadcast_to(groups, (COUNT, cohort.n))
    for one in selection.where:
        kept, column = keeps(cohort, one), _column(cohort, one.column)
        groups = np.where(kept[order[column]] if column in order else kept, groups, -1)
    return groups


def never_together(cohort: Cohort, selection: Selection, more: Iterable[str] = ()) -> str:
    """Why a reconstruction cannot answer for these columns together; empty where it can.

    The publication prints the outcome by each fixed column alone. How two of them go together was drawn, and no
    shuffle of either leaves what is printed of it as it is: there is not even a range. more: further columns.
    Raises SelectionError for a filter that means nothing here.
    """
    if not cohort.drawn and not cohort.partly_drawn:
        return ""
    for one in selection.where:
        keeps(cohort, one)
    columns = [chosen(cohort, by).column for by in selection.by] + [_column(cohort, f.column) for f in selection.where]
    fixed = [c for c in dict.fromkeys((*columns, *more)) if _is_fixed(cohort, c, selection.endpoint)]
    if len(fixed) < 2:
        return ""
    names = " and by ".join(column_label(cohort, c) for c in fixed)
    return f"the publication prints outcomes by {names} one at a time, never together"


def _is_fixed(cohort: Cohort, column: str, endpoint: str) -> bool:
    """Whether the publication prints this endpoint by that column, in part at least."""
    partly = next((p for p in cohort.partly_drawn if p.column == column), None)
    if partly is not None:
        return endpoint in partly.endpoints
    return column not in cohort.drawn and cohort.patients[column].nunique() > 1


def _column(cohort: Cohort, name: str) -> str:
    return name if name in cohort.patients else stratifiers(cohort)[name].column


def shuffles(cohort: Cohort, column: str, endpoint: str) -> Codes:
    """Whose value each patient gets, shape (COUNT, n): anybody's, or of the same stratum where that is fixed."""
    return cohort.memo(("shuffles", column, endpoint), lambda: _draw(cohort, column, endpoint))


def _draw(cohort: Cohort, column: str, endpoint: str) -> Codes:
    rng = np.random.default_rng([SEED, *column.encode()])
    fixed = np.zeros(cohort.n)
    for partly in cohort.partly_drawn:
        if partly.column == column and endpoint in partly.endpoints:
            fixed = split(cohort, stratifiers(cohort)[partly.keeps]).codes.astype(float)
    place = np.argsort(fixed, kind="stable")
    source = np.argsort(fixed + rng.random((COUNT, cohort.n)), axis=1)
    order = np.empty_like(source)
    order[:, place] = source
    return order


def drawn_extents(table: EventTable, i: int) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float]]:
    """Patients, events and median of group i over the redraws of a table (COUNT, k, T), each as its extent."""
    below = _survival(table, i) <= 0.5 + LEVEL_TOLERANCE
    median = np.where(below.any(axis=1), table.times[below.argmax(axis=1)], np.inf)
    one = table.rows([i])
    return extent(one.n[:, 0]), extent(one.events[:, 0].sum(axis=1)), extent(median)


def drawn_stratum(table: EventTable, i: int, label: str) -> DrawnStratum:
    """Ranges of group i over the redraws of a table (COUNT, k, T), and the envelope of its curves."""
    survival = _survival(table, i)
    known = (table.at_risk[:, i] > 0) | (survival <= 0.0)  # unknown after the last, unless nobody was left
    low, high = _percentiles(np.where(known, survival, NAN), (LOW, HIGH))
    return DrawnStratum(label, i, *drawn_extents(table, i), table.times, low, high)


def _survival(table: EventTable, i: int) -> Floats:
    """Kaplan–Meier of group i in every redraw, (COUNT, T)."""
    return np.cumprod(1.0 - table.events[:, i] / np.maximum(table.at_risk[:, i], 1.0), axis=1)


def _comparison(
    table: EventTable, scope: Scope, selection: Selection
) -> tuple[tuple[tuple[str, str, float, float], ...], tuple[float, float]]:
    if scope.k < 2:
        return (), (NAN, NAN)
    table = table.rows(slice(0, scope.k))
    p = logrank_many(table)[1]
    if not table.events.any():
        return (), extent(p)
    found = fit(table, scope.reference, selection.conventions.ties)
    beta = np.where(found.finite[:, None], found.beta, NAN)
    ratios = tuple(
        (scope.labels[scope.reference], label, *extent(np.exp(beta[:, i])))
        for i, label in enumerate(scope.labels)
        if i != scope.reference and table.n[:, i].any()
    )
    return ratios, extent(p)


def extent(values: NDArray) -> tuple[float, float]:
    """2.5th to 97.5th percentile of what is known; NaN for an end that is infinite or where nothing is."""
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    if not known.size:
        return NAN, NAN
    ends = np.quantile(known, LOW, method="lower"), np.quantile(known, HIGH, method="higher")
    return tuple(float(x) if np.isfinite(x) else NAN for x in ends)  # type: ignore[return-value]


def ratio_extent(ratios: NDArray) -> tuple[float, float]:
    """The extent of hazard ratios (COUNT,), NaN where infinite: undefined where more than the cut tails are."""
    ratios = np.asarray(ratios, dtype=np.float64)
    return extent(ratios) if np.isnan(ratios).mean() <= LOW else (NAN, NAN)


def _percentiles(values: Floats, wanted: tuple[float, float]) -> tuple[Floats, Floats]:
    """Percentiles over redraws at each time; NaN where no redraw has anybody at risk."""
    empty = np.isnan(values).all(axis=0)
    low, high = np.nanquantile(np.where(empty, 0.0, values), wanted, axis=0)
    return np.where(empty, NAN, low), np.where(empty, NAN, high)
