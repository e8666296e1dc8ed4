"""What a control over a column may take: the range and step of a cut-off, the levels or range of a filter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import MAX_LEVELS, Stratifier, cutoff_of, stratifiers, tertiles
from kras_core.cohort.variables import VARIABLES
from kras_core.selection import By, Filter

FINEST = 6  # decimals
FLAG_LABELS = {"0": "No", "1": "Yes"}


def distinct_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """The same labels, numbered where several ids share one: a choice is sent by its text."""
    seen: dict[str, int] = {}
    found = {}
    for id, label in labels.items():
        seen[label] = seen.get(label, 0) + 1
        found[id] = label if seen[label] == 1 else f"{label} ({seen[label]})"
    return found


@dataclass(frozen=True, slots=True)
class NumberScale:
    """A slider over a column's values: its ends, a step of one in the last decimal that the data carry."""

    low: float
    high: float
    decimals: int

    @property
    def step(self) -> float:
        return 10.0**-self.decimals

    @property
    def format(self) -> str:
        return f"%.{self.decimals}f"

    def text(self, value: float) -> str:
        return f"{value:.{self.decimals}f}"


@dataclass(frozen=True, slots=True)
class CutoffControl:
    """A slider for a cut-off, with shortcuts (label, value). `settle` gives the cut-off that is in force."""

    scale: NumberScale
    shortcuts: tuple[tuple[str, float], ...]
    values: np.ndarray | None = None  # an upload's distinct values: its cut-offs are values of the data

    @property
    def low(self) -> float:
        return self.scale.low

    @property
    def high(self) -> float:
        return self.scale.high

    @property
    def step(self) -> float:
        return self.scale.step

    @property
    def format(self) -> str:
        return self.scale.format

    def text(self, value: float) -> str:
        return self.scale.text(value)

    def settle(self, value: float) -> float:
        """The same split, as the address can carry it: an upload's cut-off is the largest value not above it."""
        if self.values is None:
            return value
        rank = int(np.searchsorted(self.values, value, side="right"))
        return float(self.values[max(rank, 1) - 1])


def scale_of(cohort: Cohort, column: str) -> NumberScale | None:
    """The slider of a numeric column; None where it has fewer than two values."""
    return cohort.memo(("scale", column), lambda: _scale(distinct_values(cohort, column)))


def distinct_values(cohort: Cohort, column: str) -> np.ndarray:
    """The column's distinct known values, ascending."""
    values = cohort.numbers(column)
    return cohort.memo(("distinct", column), lambda: np.unique(values[~np.isnan(values)]))


def _scale(values: np.ndarray) -> NumberScale | None:
    if values.size < 2:
        return None
    low, high = float(values[0]), float(values[-1])
    span = high - low
    coarsest = max(0, int(np.ceil(-np.log10(span))) + 2)  # at least some hundred steps
    sample = values if values.size <= 2000 else values[:: values.size // 2000]
    carried = next((d for d in range(FINEST) if np.allclose(np.round(sample, d), sample, rtol=0, atol=1e-9)), FINEST)
    decimals = min(carried, coarsest + 1)
    step = 10.0**-decimals
    return NumberScale(float(np.floor(low / step) * step), float(np.ceil(high / step) * step), decimals)


def cutoff_control(cohort: Cohort, stratifier: Stratifier) -> CutoffControl | None:
    """Slider and shortcuts for a cut-off; None where the column has a single value."""
    scale = scale_of(cohort, stratifier.column)
    if scale is None:
        return None
    own, origin = cutoff_of(cohort, stratifier, None)
    median = float(np.nanmedian(cohort.numbers(stratifier.column)))
    shortcuts = [("Median", median)]
    if own != median:
        shortcuts.insert(0, ("Published" if origin.startswith("published") else "Usual", own))
    elif origin.startswith("published"):
        shortcuts = [("Median, as published", own)]
    values = distinct_values(cohort, stratifier.column) if cohort.origin == "uploaded" else None
    return CutoffControl(scale, tuple(shortcuts), values)


@dataclass(frozen=True, slots=True)
class FilterControl:
    """A filter over one column: its levels, or the ends of its range."""

    column: str
    label: str
    levels: tuple[str, ...] = ()
    flag: bool = False
    scale: NumberScale | None = None
    values: np.ndarray | None = None

    @property
    def low(self) -> float:
        return self.scale.low if self.scale else 0.0

    @property
    def high(self) -> float:
        return self.scale.high if self.scale else 0.0

    @property
    def step(self) -> float:
        return self.scale.step if self.scale else 1.0

    @property
    def format(self) -> str:
        return self.scale.format if self.scale else "%g"

    @property
    def everything(self) -> object:
        """The widget's value that keeps everybody with a value."""
        return list(self.levels) if self.levels else (self.low, self.high)

    def level_label(self, level: str) -> str:
        return FLAG_LABELS.get(level, level) if self.flag else level

    def filters(self, value: Any) -> tuple[Filter, ...]:
        """The filters that a widget's value stands for; none where it keeps everybody."""
        if self.levels:
            kept = tuple(v for v in self.levels if v in value)
            return () if len(kept) in (0, len(self.levels)) else (Filter(self.column, "=", kept),)
        low, high = value
        found = []
        if low > self.low:
            found.append(Filter(self.column, ">=", (_text(self._settle(low, "left")),)))
        if high < self.high:
            found.append(Filter(self.column, "<=", (_text(self._settle(high, "right")),)))
        return tuple(found)

    def _settle(self, value: float, side: str) -> float:
        """For uploads the data value at which the same patients stay (see CutoffControl)."""
        if self.values is None:
            return value
        if side == "left":
            return float(self.values[min(int(np.searchsorted(self.values, value, side="left")), self.values.size - 1)])
        return float(self.values[max(int(np.searchsorted(self.values, value, side="right")), 1) - 1])

    def value_of(self, where: tuple[Filter, ...]) -> object:
        """The widget's value for these filters (the inverse of `filters`)."""
        mine = [f for f in where if f.column == self.column]
        if self.levels:
            kept = set(self.levels)
            for f in mine:
                kept &= set(f.values) if f.operator == "=" else set(self.levels) - set(f.values)
            return [v for v in self.levels if v in kept]
        low, high = self.low, self.high
        for f in mine:
            number = float(f.values[0])
            if f.operator in (">", ">=", "="):
                low = max(low, number)
            if f.operator in ("<", "<=", "="):
                high = min(high, number)
        return (low, high)


def _text(value: float) -> str:
    short = f"{value:.10g}"
    return short if float(short) == value else repr(value)


def filter_controls(cohort: Cohort) -> tuple[FilterControl, ...]:
    """The filters on offer: every column that splits patients."""
    return cohort.memo("filter controls", lambda: tuple(_controls(cohort)))


def _controls(cohort: Cohort) -> list[FilterControl]:
    found = []
    names = {s.column: s.label for s in reversed(list(stratifiers(cohort).values())) if s.id == s.column}
    for column in dict.fromkeys(s.column for s in stratifiers(cohort).values()):
        values = cohort.patients[column]
        variable = VARIABLES.get(column)
        label = names.get(column) or (variable.label if variable else column)
        if isinstance(values.dtype, pd.CategoricalDtype):
            levels = tuple(str(c) for c in values.cat.remove_unused_categories().cat.categories)
            if 1 < len(levels) <= MAX_LEVELS:
                found.append(FilterControl(column, label, levels))
        elif variable is not None and variable.kind == "flag":
            if distinct_values(cohort, column).size > 1:
                found.append(FilterControl(column, label, ("0", "1"), flag=True))
        else:
            scale = scale_of(cohort, column)
            hidden = cohort.origin == "uploaded"
            if scale is not None:
                values_kept = distinct_values(cohort, column) if hidden else None
                found.append(FilterControl(column, label, scale=scale, values=values_kept))
    return found


@dataclass(frozen=True, slots=True)
class SplitChoice:
    """A way to split a marker: its label, and the cut-off or cut-offs it stands for (None: those of a slider)."""

    label: str
    by: By | None


def split_choices(cohort: Cohort, stratifier: Stratifier) -> dict[str, SplitChoice]:
    """Published or usual value, median, tertiles (where they differ), or a slider; empty for a single value."""
    control = cutoff_control(cohort, stratifier)
    if control is None:
        return {}
    own, _ = cutoff_of(cohort, stratifier, None)
    found = {"own": SplitChoice(f"{control.shortcuts[0][0]} {own:.6g}", By(stratifier.id))}
    if len(control.shortcuts) > 1:
        median = control.shortcuts[1][1]
        found["median"] = SplitChoice(f"Median {median:.6g}", By(stratifier.id, control.settle(median)))
    low, high = tertiles(cohort.numbers(stratifier.column))
    if low < high < control.high:
        found["tertiles"] = SplitChoice("Tertiles", By(stratifier.id, low, high))
    found["free"] = SplitChoice("At …", None)
    return found
