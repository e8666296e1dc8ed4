"""The rows and columns of a model of several covariates: complete cases, levels as indicators, what says nothing."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kras_core.analyse.followed import follow
from kras_core.analyse.model_results import Per
from kras_core.analyse.results import Exclusion
from kras_core.analyse.scope import chosen, exclusion, selected
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import Stratifier, split
from kras_core.selection import By, Selection, SelectionError
from kras_core.stats.collinear import determined
from kras_core.stats.event_table import TimeGrid
from kras_core.stats.results import Floats

Codes = NDArray[np.intp]

ONE_VALUE = "every patient has the same value"
NO_VALUE = "no value known among these patients"
AFTER_START = "known only after the start: it needs a landmark"


@dataclass(frozen=True, slots=True)
class Column:
    """A covariate among the complete cases.

    values (n,): level codes or numbers. levels: codes with a column, labels and reference of a categorical covariate
    (none for a number, whose step is `step` in words `labels[0]`).
    """

    stratifier: Stratifier
    values: NDArray
    levels: tuple[int, ...]
    labels: tuple[str, ...]
    reference: int
    reference_label: str
    step: float
    missing: int
    alone: int

    def design(self, values: NDArray) -> Floats:
        """Indicators of the levels, or the number in its steps: values (..., n) -> (..., n, columns)."""
        if not self.levels:
            return (values / self.step)[..., None]
        return (values[..., None] == np.array(self.levels)).astype(np.float64)


@dataclass(frozen=True, slots=True)
class ModelRows:
    """Rows of the cohort that are complete, their times and events, and the columns of the model."""

    rows: Codes
    grid: TimeGrid
    event: NDArray[np.bool_]
    columns: tuple[Column, ...]
    left_out: tuple[tuple[str, str], ...]
    selected: int
    excluded: tuple[Exclusion, ...]

    @property
    def x(self) -> Floats:
        """The model's matrix, (n, p)."""
        parts = [column.design(column.values) for column in self.columns]
        return np.concatenate(parts, axis=1) if parts else np.empty((self.rows.size, 0))

    @property
    def groups(self) -> list[list[int]]:
        """Each covariate's columns of `x`."""
        ends = np.cumsum([len(c.levels) or 1 for c in self.columns])
        return [list(range(end - (len(c.levels) or 1), end)) for c, end in zip(self.columns, ends, strict=True)]

    @property
    def time(self) -> Floats:
        return self.grid.times[self.grid.exit]


def model_rows(cohort: Cohort, selection: Selection, ids: tuple[str, ...], per: Per) -> ModelRows:
    """The selected patients with a value of every covariate. Raises SelectionError where nobody is left."""
    followed = follow(cohort, selection)
    rows = np.arange(cohort.n) if followed.rows is None else followed.rows
    mask = selected(cohort, selection.where)
    kept = np.ones(rows.size, dtype=bool) if mask is None else mask[rows]
    if not kept.any():
        raise SelectionError("no patient is left: loosen the filters")
    everyone = np.ones(cohort.n, dtype=bool) if mask is None else mask
    excluded = tuple(e for reason, out in followed.left_out for e in exclusion(cohort, reason, out & everyone))
    offered, left_out = _offered(cohort, selection, ids, rows[kept])
    values = [_values(cohort, s)[rows[kept]] for s in offered]
    unknown = np.array([_missing(v) for v in values]).reshape(len(values), int(kept.sum()))
    complete = ~unknown.any(axis=0)
    if not complete.any():
        names = ", ".join(s.label for s in offered)
        raise SelectionError(f"no patient has a value of each of these: {names}")
    inside = np.flatnonzero(kept)[complete]
    alone = unknown & (unknown.sum(axis=0) == 1)
    found = [
        _column(cohort, s, v[complete], per, int(missing.sum()), int(only.sum()))
        for s, v, missing, only in zip(offered, values, unknown, alone, strict=True)
    ]
    grid = followed.grid
    part = TimeGrid(grid.times, grid.exit[inside], None if grid.entry is None else grid.entry[inside])
    columns = tuple(c for c in found if not isinstance(c, str))
    left_out += [(s.label, c) for s, c in zip(offered, found, strict=True) if isinstance(c, str)]
    made = ModelRows(rows[inside], part, followed.event[inside], columns, (), int(kept.sum()), excluded)
    made, more = _independent(made)
    return replace(made, left_out=(*left_out, *more))


def _offered(
    cohort: Cohort, selection: Selection, ids: tuple[str, ...], rows: Codes
) -> tuple[list[Stratifier], list[tuple[str, str]]]:
    """Covariates with a value among these rows, and why the others are left out."""
    offered: list[Stratifier] = []
    left_out: list[tuple[str, str]] = []
    for stratifier in (chosen(cohort, By(id)) for id in dict.fromkeys(ids)):
        if stratifier.post_baseline and selection.analysis != "landmark":
            left_out.append((stratifier.label, AFTER_START))
        elif _missing(_values(cohort, stratifier)[rows]).all():
            left_out.append((stratifier.label, NO_VALUE))
        else:
            offered.append(stratifier)
    return offered, left_out


def _values(cohort: Cohort, stratifier: Stratifier) -> NDArray:
    """Of every patient: the number (NaN missing), or the level's code (-1 missing)."""
    return cohort.numbers(stratifier.column) if stratifier.kind == "cut" else split(cohort, stratifier).codes


def _missing(values: NDArray) -> NDArray[np.bool_]:
    return np.isnan(values) if values.dtype.kind == "f" else values < 0


def _column(
    cohort: Cohort, stratifier: Stratifier, values: NDArray, per: Per, missing: int, alone: int
) -> Column | str:
    """The covariate, or why it says nothing among the complete cases."""
    if values.size < 2 or np.ptp(values) == 0:
        return ONE_VALUE
    if stratifier.kind == "cut":
        sd = float(values.std(ddof=1))
        unit = stratifier.unit.removesuffix("s") or "unit"
        step, words = (sd, f"per SD ({sd:.3g})") if per == "sd" else (1.0, f"per {unit}")
        return Column(stratifier, values, (), (words,), 0, "", step, missing, alone)
    strata = split(cohort, stratifier)
    present = np.unique(values).tolist()
    zero = strata.reference if strata.reference in present else present[0]
    others = tuple(code for code in present if code != zero)
    labels = tuple(strata.labels[code] for code in others)
    return Column(stratifier, values, others, labels, zero, strata.labels[zero], 1.0, missing, alone)


def _independent(made: ModelRows) -> tuple[ModelRows, list[tuple[str, str]]]:
    """Without covariates that others determine among the patients at risk at an event: the later one goes."""
    left_out: list[tuple[str, str]] = []
    first = made.grid.exit[made.event].min() if made.event.any() else 0
    at_risk = made.grid.exit >= first
    while made.columns:
        groups = made.groups
        found = determined(made.x[at_risk])
        if not found:
            break
        owner = {j: i for i, group in enumerate(groups) for j in group}
        i = owner[min(found)]
        by = dict.fromkeys(made.columns[owner[k]].stratifier.label for j in groups[i] for k in found.get(j, ()))
        why = f"determined by {' and '.join(by)}: one of them says what the other does" if by else _never_at_risk(made)
        left_out.append((made.columns[i].stratifier.label, why))
        made = replace(made, columns=tuple(c for j, c in enumerate(made.columns) if j != i))
    return made, left_out


def _never_at_risk(made: ModelRows) -> str:
    if not made.event.any():
        return ONE_VALUE
    return "a level, or all variation, is among patients who are never at risk at an event"
