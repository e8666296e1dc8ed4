"""A numeric column beside an outcome: the rows that have both, and what a search over its cut-offs costs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kras_core.analyse.followed import Followed, follow
from kras_core.analyse.scope import chosen, selected
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import Stratifier
from kras_core.selection import By, Selection, SelectionError
from kras_core.stats.event_table import TimeGrid
from kras_core.stats.maxstat import METHOD, maximally_selected
from kras_core.stats.permutation import Progress, logrank_scores
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


def select(
    cohort: Cohort, selection: Selection, id: str, samples: int | None = None, progress: Progress | None = None
) -> MaxSelected:
    """The maximally selected statistic of a marker, computed once per cohort and view.

    samples: None for `PERMUTATIONS` where they take a moment or were drawn before, else none (the approximations stand
    alone).
    """
    kind = ("selected", id, selection.endpoint, selection.analysis, selection.landmark, selection.where)
    found = marker_rows(cohort, selection, marker(cohort, id).column)
    if samples is None:
        moment = found.values.size * PERMUTATIONS <= AT_ONCE
        samples = PERMUTATIONS if moment or cohort.known((*kind, PERMUTATIONS)) else 0
    return cohort.memo((*kind, samples), lambda: _select(found, samples, progress))


def _select(found: MarkerRows, samples: int, progress: Progress | None) -> MaxSelected:
    if found.grid.entry is not None:
        return MaxSelected(NAN, NAN, NAN, NAN, 0, NAN, NAN, METHOD, DELAYED)
    scores = logrank_scores(found.months, found.event)
    return maximally_selected(scores, found.values, samples=samples, seed=SEED, progress=progress)
