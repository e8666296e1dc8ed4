"""A numeric column beside an outcome: the rows that have both, and what a search over its cut-offs costs."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kras_core.analyse.followed import Followed, follow
from kras_core.analyse.scope import chosen, selected
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import Stratifier
from kras_core.selection import By, Selection, SelectionError
from kras_core.stats import maxstat
from kras_core.stats.event_table import TimeGrid
from kras_core.stats.maxstat import METHOD
from kras_core.stats.permutation import logrank_scores
from kras_core.stats.results import NAN, Floats, MaxSelected

PERMUTATIONS = 10_000
SEED = 20240304  # fixed: the same view gives the same p
AT_ONCE = 6_500_000  # patients × permutations that take a moment (some 650 patients)
DELAYED = "not offered under delayed entry: patients who enter at different times are not exchangeable"


@dataclass(frozen=True, slots=True)
class MarkerRows:
    """Rows of the cohort that count (indices), their times, events and values of the marker, each (n,)."""

    rows: NDArray[np.intp]
    grid: TimeGrid
    event: NDArray[np.bool_]
    values: Floats

    @property
    def months(self) -> Floats:
        return self.grid.times[self.grid.exit]


def marker(cohort: Cohort, id: str) -> Stratifier:
    """The stratifier of a numeric column. Raises SelectionError for any other."""
    found = chosen(cohort, By(id))
    if found.kind != "cut":
        raise SelectionError(f"{id!r} has levels, not numbers: it is no marker with cut-offs")
    return found


def marker_rows(cohort: Cohort, selection: Selection, column: str) -> MarkerRows:
    """The selected patients with a known outcome and value. Raises SelectionError where there is none."""
    followed = follow(cohort, selection)
    rows = np.arange(cohort.n) if followed.rows is None else followed.rows
    values = cohort.numbers(column)
    kept = ~np.isnan(values[rows])
    mask = selected(cohort, selection.where)
    if mask is not None:
        kept &= mask[rows]
    if not kept.any():
        raise SelectionError("no patient with a value of this marker is left: loosen the filters")
    return MarkerRows(rows[kept], _rows_of(followed, kept), followed.event[kept], values[rows[kept]])


def _rows_of(followed: Followed, kept: NDArray[np.bool_]) -> TimeGrid:
    grid = followed.grid
    return TimeGrid(grid.times, grid.exit[kept], None if grid.entry is None else grid.entry[kept])


def selections(cohort: Cohort, selection: Selection) -> tuple[MaxSelected, ...]:
    """The selection-adjusted p of every cut-off of this view that was chosen on the outcome."""
    return tuple(select(cohort, selection, by.id) for by in selection.by if by.on_outcome)


def select(cohort: Cohort, selection: Selection, id: str) -> MaxSelected:
    """The maximally selected statistic of a marker, computed once per cohort and view.

    With `PERMUTATIONS` where they take a moment or were drawn before (`permute`), else the approximations alone.
    """
    key = _key(selection, id)
    drawn = cohort.known((*key, PERMUTATIONS))
    if drawn is not None:
        return drawn
    found = marker_rows(cohort, selection, marker(cohort, id).column)
    samples = PERMUTATIONS if found.values.size * PERMUTATIONS <= AT_ONCE else 0
    return cohort.memo((*key, samples), lambda: [result for _, result in _draw(found, samples)][-1])


def permute(cohort: Cohort, selection: Selection, id: str) -> Iterator[tuple[float, MaxSelected]]:
    """Draw the permutations however long it takes: yields the fraction done and the result so far; then kept."""
    result = None
    for done, result in _draw(marker_rows(cohort, selection, marker(cohort, id).column), PERMUTATIONS):
        yield done, result
    cohort.memo((*_key(selection, id), PERMUTATIONS), lambda: result)


def _key(selection: Selection, id: str) -> tuple[object, ...]:
    return ("selected", id, selection.endpoint, selection.analysis, selection.landmark, selection.where)


def _draw(found: MarkerRows, samples: int) -> Iterator[tuple[float, MaxSelected]]:
    if found.grid.entry is not None:
        return iter([(1.0, MaxSelected(NAN, NAN, NAN, NAN, 0, NAN, NAN, METHOD, DELAYED))])
    return maxstat.permute(logrank_scores(found.months, found.event), found.values, samples=samples, seed=SEED)
