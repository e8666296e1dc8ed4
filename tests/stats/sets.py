"""The data sets of `tests/reference` with R's results, and how strictly they are compared."""

import csv
import json
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.testing import assert_allclose
from numpy.typing import ArrayLike, NDArray

from kras_core.stats.event_table import EventTable, event_table
from kras_core.stats.results import Floats

REFERENCE = Path(__file__).parents[1] / "reference"
TIGHT = 1e-9  # survival, intervals, chi-square, restricted means
COX = 1e-7  # Cox estimates and their standard errors
ZERO = 1e-13  # where R's value is 0 there is no relative difference


@dataclass(frozen=True)
class DataSet:
    """Rows as arrays (n,); `entry` is None without delayed entry; k counts levels, some of which may be empty."""

    name: str
    time: Floats
    event: NDArray[np.intp]
    group: NDArray[np.intp]
    entry: Floats | None
    stratum: NDArray[np.intp]
    k: int

    @cached_property
    def r(self) -> dict[str, Any]:
        """What `tests/reference/survival.R` found."""
        return json.loads((REFERENCE / "output" / f"{self.name}.json").read_text())

    @cached_property
    def table(self) -> EventTable:
        return event_table(self.time, self.event, self.group, self.entry, self.k)

    @cached_property
    def strata(self) -> list[EventTable]:
        return [self.rows(self.stratum == s).table for s in np.unique(self.stratum)]

    @cached_property
    def levels(self) -> list[int]:
        """Codes of the groups that have rows."""
        return np.unique(self.group).tolist()

    def rows(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> "DataSet":
        entry = None if self.entry is None else self.entry[which]
        return DataSet(
            self.name, self.time[which], self.event[which], self.group[which], entry, self.stratum[which], self.k
        )

    def group_table(self, name: str) -> EventTable:
        """One group's counts (1, T); "all" takes everybody as one group."""
        return self.table.pooled() if name == "all" else self.table.rows([int(name)])


@cache
def load(name: str) -> DataSet:
    if name == "million":
        return million()
    with (REFERENCE / "data" / f"{name}.csv").open() as file:
        rows = list(csv.DictReader(file))
    delayed = any(row["entry"] for row in rows)
    return DataSet(
        name=name,
        time=np.array([float(row["time"]) for row in rows]),
        event=np.array([int(row["event"]) for row in rows]),
        group=np.array([int(row["group"]) for row in rows]),
        entry=np.array([float(row["entry"]) for row in rows]) if delayed else None,
        stratum=np.array([int(row["stratum"]) for row in rows]),
        k=_levels()[name],
    )


def million() -> DataSet:
    """A million rows of the closed formula that `survival.R` computes too."""
    i = np.arange(1_000_000)
    group = i % 2
    time = (1 + (i * 7919) % (1009 - 200 * group)).astype(np.float64)
    return DataSet("million", time, ((i * 31) % 10 < 6).astype(np.intp), group, None, np.zeros_like(i), 2)


@lru_cache(maxsize=1)
def _levels() -> dict[str, int]:
    with (REFERENCE / "data" / "sets.csv").open() as file:
        return {row["name"]: int(row["k"]) for row in csv.DictReader(file)}


NAMES = [*_levels(), "million"]


def numbers(values: object) -> Floats:
    """R's values as floats: null is NaN, and a single value had lost its brackets."""
    return np.atleast_1d(np.array(values, dtype=np.float64))


def assert_same(actual: ArrayLike, r: object, rtol: float) -> None:
    """Equal within rtol, and undefined (NaN) in the same places."""
    expected = numbers(r)
    assert_allclose(np.atleast_1d(np.asarray(actual, dtype=np.float64)), expected, rtol=rtol, atol=ZERO)
