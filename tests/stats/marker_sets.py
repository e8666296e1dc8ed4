"""The data sets of `tests/reference/markers` with what R's survival and maxstat find on them."""

import csv
import json
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kras_core.stats.event_table import TimeGrid, code_times
from kras_core.stats.results import Floats
from tests.stats.sets import REFERENCE

NAMES = ("small", "tied", "few_values", "large", "delayed", "lung")
AT_ONCE = tuple(name for name in NAMES if name != "delayed")  # observed from the start


@dataclass(frozen=True)
class MarkerSet:
    """Rows as arrays (n,); entry is None without delayed entry; group is 0 or 1, level 0, 1 or 2."""

    name: str
    time: Floats
    event: NDArray[np.bool_]
    marker: Floats
    group: NDArray[np.intp]
    level: NDArray[np.intp]
    entry: Floats | None

    @cached_property
    def r(self) -> dict[str, Any]:
        return json.loads((REFERENCE / "markers" / f"{self.name}.json").read_text())

    @cached_property
    def grid(self) -> TimeGrid:
        return code_times(self.time, self.entry)


@cache
def load(name: str) -> MarkerSet:
    with (REFERENCE / "markers" / f"{name}.csv").open() as file:
        rows = list(csv.DictReader(file))

    def column(key: str) -> Floats:
        return np.array([float(row[key]) for row in rows])

    entry = column("entry") if rows[0]["entry"] else None
    return MarkerSet(
        name,
        column("time"),
        column("event") == 1,
        column("marker"),
        column("group").astype(np.intp),
        column("level").astype(np.intp),
        entry,
    )
