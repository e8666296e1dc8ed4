"""Table 1: every characteristic that patients brought along, for everybody and by stratum.

What was drawn for a reconstructed cohort is the seed's wherever it meets a group or a filter: there the range over
redraws stands instead of a count (see `redraw`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kras_core.analyse.overview_results import Characteristic, LevelCounts, Range
from kras_core.analyse.redraw import COUNT, HIGH, LOW, redrawn_groups, shuffles
from kras_core.analyse.scope import Scope, chosen
from kras_core.cohort.endpoints import endpoint
from kras_core.cohort.model import Cohort
from kras_core.cohort.variables import ENDPOINT_COLUMN, VARIABLES, variable
from kras_core.selection import Selection
from kras_core.stats.proportions import fisher_exact_p
from kras_core.stats.results import Floats, Ints
from kras_core.stats.summaries import chi_square_p, kruskal_wallis_p, largest_difference, row_medians, summarise

TABLE = "table 1"  # stands where redraws ask for an endpoint: no partly drawn column is fixed for it
BASELINE = ("demographic", "disease", "treatment", "laboratory")
MOST_COMPARED = 8  # groups beyond which the largest of all pairwise differences says nothing
MOST_LEVELS = 200  # a column with more distinct texts is a remark, not a characteristic
FLAG = ("0", "1")

Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Grouped:
    """The selected patients by group: positions of the shown groups among the scope's, and redrawn groups or None."""

    scope: Scope
    shown: tuple[int, ...]
    redrawn: Codes | None
    own: frozenset[str]  # columns that make the groups
    filtered: bool


def characteristics(cohort: Cohort, selection: Selection, scope: Scope, p_values: bool) -> tuple[Characteristic, ...]:
    """Every baseline column: the dictionary's in its order, the cohort's own, centre. p values only where asked for."""
    own = frozenset(chosen(cohort, by).column for by in selection.by)
    sizes = np.bincount(scope.groups[scope.selected], minlength=scope.k + 1)
    grouped = Grouped(
        scope,
        tuple(np.flatnonzero(sizes[: scope.k]).tolist()),
        redrawn_groups(cohort, selection, TABLE),
        own,
        bool(selection.where),
    )
    rows = [c for c in (_characteristic(cohort, column, grouped) for column in baseline_columns(cohort)) if c]
    return tuple(_with_p(cohort, row, grouped) if p_values else row for row in rows)


def baseline_columns(cohort: Cohort) -> tuple[str, ...]:
    """Columns known at the start, as Table 1 lists them; no dates and no outcomes."""
    present = list(cohort.patients.columns)
    known = [v.name for v in VARIABLES.values() if v.name in present and v.role in BASELINE and not v.post_baseline]
    own = [c for c in present if variable(c) is None and not _is_outcome(cohort, c)]
    last = [c for c in known if c == "centre"]  # often many levels, and seldom what is looked for
    return tuple([c for c in known if c not in last] + own + last)


def _is_outcome(cohort: Cohort, column: str) -> bool:
    match = ENDPOINT_COLUMN.match(column)
    return bool(match and match[1] in cohort.endpoints)


def label_of(cohort: Cohort, column: str) -> str:
    """A column's name for people."""
    match = ENDPOINT_COLUMN.match(column)
    if match and match[1] in cohort.endpoints:
        return f"{endpoint(match[1]).short} ({match[2]})"
    known = VARIABLES.get(column)
    return cohort.labels.get(column) or (known.label if known else column)


def _characteristic(cohort: Cohort, column: str, grouped: Grouped) -> Characteristic | None:
    """The column's row; None for dates, free text and columns with a name for nearly everybody."""
    values, known = cohort.patients[column], VARIABLES.get(column)
    partly = {p.column for p in cohort.partly_drawn}
    base = {
        "column": column,
        "label": label_of(cohort, column),
        "unit": known.unit if known else "",
        "drawn": column in cohort.drawn | partly,
        "defines_groups": column in grouped.own,
    }
    if isinstance(values.dtype, pd.CategoricalDtype):
        names = tuple(map(str, values.cat.categories))
        if len(names) > MOST_LEVELS:
            return None
        codes = values.cat.codes.to_numpy(dtype=np.intp)
        return _by_level(cohort, base | {"kind": "levels", "levels": names}, codes, grouped)
    if values.dtype.kind not in "iufb":
        return None
    numbers = cohort.numbers(column)
    if _is_flag(numbers, known.kind if known else ""):
        codes: np.ndarray = np.where(numbers == 1, 1, np.where(numbers == 0, 0, -1))
        return _by_level(cohort, base | {"kind": "flag", "levels": FLAG}, codes, grouped)
    return _by_number(cohort, base, numbers, grouped)


def _is_flag(numbers: Floats, kind: str) -> bool:
    known = numbers[~np.isnan(numbers)]
    return kind == "flag" or (not kind and bool(known.size) and bool(np.isin(known, (0.0, 1.0)).all()))


def _by_level(cohort: Cohort, base: dict, codes: np.ndarray, grouped: Grouped) -> Characteristic:
    scope, levels = grouped.scope, len(base["levels"])
    counts = count_by_group(codes, scope.groups, scope.k, levels)
    everybody = counts.sum(axis=0)
    found = Characteristic(
        **base,
        overall=_level_counts(everybody),
        cells=tuple(_level_counts(counts[g]) for g in grouped.shown),
    )
    redraws = _redraw(cohort, base["column"], grouped)
    if redraws is not None:
        each = count_by_group(
            codes[redraws.order] if redraws.order is not None else codes, redraws.groups, scope.k, levels
        )
        found = _open(found, each[..., :levels], grouped)
    compared = [counts[g, :levels] for g in grouped.shown]
    return _with_difference(found, compared)


def _by_number(cohort: Cohort, base: dict, numbers: Floats, grouped: Grouped) -> Characteristic:
    groups = grouped.scope.groups
    cells = tuple(summarise(numbers[groups == g]) for g in grouped.shown)
    overall = summarise(numbers[groups >= 0])
    found = Characteristic(**base, kind="number", levels=(), overall=overall, cells=cells)
    redraws = _redraw(cohort, base["column"], grouped)
    if redraws is not None:
        values = numbers[redraws.order] if redraws.order is not None else np.broadcast_to(numbers, (COUNT, cohort.n))
        inside = [redraws.groups == g for g in range(grouped.scope.k)] + [redraws.groups >= 0]
        medians = np.stack([row_medians(np.where(mask, values, np.nan)) for mask in inside], axis=1)
        found = _open(found, medians[:, :, None], grouped, pooled=True)
    return _with_difference(found, list(cells))


@dataclass(frozen=True, slots=True)
class _Redrawn:
    """Groups (COUNT, n) under each redraw, and whose value each patient gets (None: the own)."""

    groups: Codes
    order: Codes | None


def _redraw(cohort: Cohort, column: str, grouped: Grouped) -> _Redrawn | None:
    """Redraws of a row, or None where the publication determines it: nothing drawn meets a group or a filter."""
    partly = {p.column for p in cohort.partly_drawn}
    drawn = column in cohort.drawn | partly and (bool(grouped.own - {column}) or grouped.filtered)
    if grouped.redrawn is None and not drawn:
        return None
    groups = grouped.scope.groups if grouped.redrawn is None else grouped.redrawn
    order = shuffles(cohort, column, TABLE) if column in cohort.drawn | partly else None
    return _Redrawn(np.broadcast_to(groups, (COUNT, cohort.n)), order)


def count_by_group(codes: np.ndarray, groups: Codes, k: int, levels: int) -> Ints:
    """Patients (..., k + 1, levels + 1) by group (k: without one) and level (the last: missing)."""
    codes, groups = np.broadcast_arrays(np.where(codes < 0, levels, codes), groups)
    shape = (*groups.shape[:-1], k + 2, levels + 1)
    cell = np.where(groups < 0, k + 1, groups) * (levels + 1) + codes
    if groups.ndim > 1:
        cell = cell + (np.arange(groups.shape[0]) * (k + 2) * (levels + 1))[:, None]
    return np.bincount(cell.ravel(), minlength=int(np.prod(shape))).reshape(shape)[..., : k + 1, :]


def _level_counts(counts: Ints) -> LevelCounts:
    return LevelCounts(tuple(counts[:-1].tolist()), int(counts[-1]))


def _open(found: Characteristic, each: NDArray, grouped: Grouped, pooled: bool = False) -> Characteristic:
    """The row with ranges where redraws differ. each (COUNT, groups, levels); pooled: its last group is everybody."""
    everybody = each[:, -1] if pooled else each.sum(axis=1)
    inner = each[:, list(grouped.shown)]
    if not _same(inner):
        found = replace(found, ranges=tuple(tuple(_ranges(inner[:, i])) for i in range(inner.shape[1])))
    if not _same(everybody):
        found = replace(found, overall_range=tuple(_ranges(everybody)))
    return found


def _same(values: NDArray) -> bool:
    return bool(((values == values[:1]) | (np.isnan(values) & np.isnan(values[:1]))).all())


def _ranges(values: NDArray) -> Iterator[Range]:
    """2.5th to 97.5th percentile over redraws of every column (COUNT, levels), outwards; NaN where never known."""
    for column in values.T:
        known = np.sort(column[~np.isnan(column)])
        if not known.size:
            yield float("nan"), float("nan")
            continue
        last = known.size - 1
        yield float(known[int(np.floor(LOW * last))]), float(known[int(np.ceil(HIGH * last))])


def _with_difference(found: Characteristic, compared: list) -> Characteristic:
    if found.ranges or found.defines_groups or not 1 < len(compared) <= MOST_COMPARED:
        return found
    return replace(found, difference=largest_difference(compared))


def _with_p(cohort: Cohort, found: Characteristic, grouped: Grouped) -> Characteristic:
    """Kruskal–Wallis for numbers; Fisher's exact test for two by two, else Pearson's χ²."""
    if found.ranges or found.defines_groups or len(grouped.shown) < 2:
        return found
    if found.kind == "number":
        values, groups = cohort.numbers(found.column), grouped.scope.groups
        return replace(
            found, p=kruskal_wallis_p([values[groups == g] for g in grouped.shown]), p_method="Kruskal–Wallis"
        )
    counts = np.array([c.counts for c in found.cells if isinstance(c, LevelCounts)]).T
    counts = counts[counts.any(axis=1)]
    if counts.shape == (2, 2):
        return replace(found, p=fisher_exact_p(counts), p_method="Fisher's exact")
    return replace(found, p=chi_square_p(counts), p_method="Pearson's χ²")
