"""The data sets of tests/reference/models, as arrays."""

import csv
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kras_core.stats.event_table import TimeGrid, code_times
from kras_core.stats.results import Floats

FOLDER = Path(__file__).parent.parent / "reference" / "models"
SETS = ("lung", "veteran", "delayed")
OUTCOME = ("time", "event", "entry")


@dataclass(frozen=True)
class ModelSet:
    """Covariates (n, p) named as R names its coefficients, each covariate's columns, and what R found."""

    time: Floats
    event: NDArray[np.bool_]
    grid: TimeGrid
    x: Floats
    columns: tuple[str, ...]
    groups: tuple[tuple[int, ...], ...]
    reference: dict[str, Any]


@cache
def model_set(name: str) -> ModelSet:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    reference = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    time = np.array([float(r["time"]) for r in rows])
    entry = np.array([float(r["entry"]) for r in rows]) if rows[0]["entry"] else None
    values, columns, groups = [], [], []
    for key in (k for k in rows[0] if k not in OUTCOME):
        levels = reference["levels"].get(key)
        if levels is None:
            groups.append((len(columns),))
            columns.append(key)
            values.append([float(r[key]) for r in rows])
            continue
        groups.append(tuple(range(len(columns), len(columns) + len(levels) - 1)))
        for level in levels[1:]:
            columns.append(f"{key}{level}")
            values.append([float(r[key] == level) for r in rows])
    event = np.array([r["event"] == "1" for r in rows])
    grid = code_times(time, entry)
    return ModelSet(time, event, grid, np.array(values).T, tuple(columns), tuple(groups), reference)
