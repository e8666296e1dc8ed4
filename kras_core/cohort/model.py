"""The cohort: patients, adverse events, target lesions, provenance, and the digest that names exactly these data."""

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd

SCHEMA_VERSION = 1
DAYS_PER_MONTH = 30.4375

MEMO_SIZE = 64

Provenance = Literal["real", "simulated", "reconstructed"]

# Begin every patient_id of rows that were made from printed figures or a curve, so that no file of them passes for
# patients.
RECONSTRUCTED, SIMULATED = "RECONSTRUCTED", "SIMULATED"
MARKS: dict[Provenance, str] = {"reconstructed": RECONSTRUCTED, "simulated": SIMULATED}

T = TypeVar("T")
_memo_lock = threading.Lock()
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class PartlyDrawn:
    """A column whose values were drawn at random within strata that the publication does determine.

    `keeps` is the stratifier whose strata (at its published cut-off) are fixed; `endpoints` are those
    for which the publication prints the comparison. For any other endpoint the column counts as drawn.
    """

    column: str
    keeps: str
    endpoints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cutoff:
    """A cut-off that comes with the cohort: its value and where it is from, in words."""

    value: float
    origin: str


@dataclass(frozen=True, slots=True)
class Declared:
    """A comparison that a protocol declared before anybody looked: its date, the endpoint, the stratifiers' ids."""

    date: str
    endpoint: str
    by: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Cohort:
    """Patients, adverse events, scans of target lesions (one row each) and what must be known of them.

    patients: validated columns of the variable dictionary plus extra columns, `patient_id` unique;
        numbers are float64, flags float64 (0, 1, NaN), categories pandas Categorical (levels that occur,
        in the dictionary's order, else sorted), dates datetime64, identifiers and free text objects.
        Every endpoint `<id>` the cohort offers has `<id>_months` and `<id>_event`.
    adverse_events: patient_id, term, grade (1–5), related (0, 1, NaN); None where none were recorded
        (which is not the same as an empty table: nobody had any).
    target_lesions: patient_id, months from the start, sum_mm (sum of diameters), by patient and time, each with a
        baseline above 0 mm at or before month 0; None where none were recorded.
    days_per_month: divisor between days and months. time_in_days: endpoints whose months are whole
        days divided by it, so that a threshold in months becomes whole days.
    drawn: columns drawn at random to match a total (reconstructed cohorts): their association with any
        outcome is the seed's. "adverse_events" stands for the whole second table.
    origin: "bundled" or "uploaded"; provenance says what the rows are.
    digest: SHA-256 over everything that can change a figure (`digest_of`), computed when made.

    A cohort never changes: make another with `dataclasses.replace`, which has its own digest.
    """

    id: str
    title: str
    patients: pd.DataFrame
    adverse_events: pd.DataFrame | None
    provenance: Provenance
    origin: Literal["bundled", "uploaded"] = "bundled"
    days_per_month: float = DAYS_PER_MONTH
    time_in_days: frozenset[str] = frozenset()
    drawn: frozenset[str] = frozenset()
    partly_drawn: tuple[PartlyDrawn, ...] = ()
    cutoffs: Mapping[str, Cutoff] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    declared: tuple[Declared, ...] = ()
    default_endpoint: str = ""
    default_by: str = ""
    conventions: str = "r"
    conditional_on: str = ""
    ae_definition: str = "adverse event, relation to treatment not stated"
    ctcae_version: str = ""
    citation: str = ""
    licence: str = ""
    card: str = ""
    target_lesions: pd.DataFrame | None = None
    digest: str = field(init=False, default="")
    _memo: dict[Any, Any] = field(init=False, default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", digest_of(self))

    @property
    def n(self) -> int:
        return len(self.patients)

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Ids of the endpoints on offer, in column order: those with both months and event."""
        return self.memo("endpoints", lambda: _endpoints(self.patients.columns))

    def memo(self, key: Any, make: Callable[[], T]) -> T:
        """Compute once per cohort: a cohort never changes, so what derives from it never does.

        The latest MEMO_SIZE results are kept; a slider would otherwise leave an array behind at every step.
        """
        known = self._memo.get(key, _ABSENT)
        if known is not _ABSENT:
            return known
        made = make()
        with _memo_lock:
            while len(self._memo) >= MEMO_SIZE:
                del self._memo[next(iter(self._memo))]
            self._memo[key] = made
        return made

    def known(self, key: Any) -> Any:
        """What `memo` holds under this key, None where it was never made (or made long ago)."""
        return self._memo.get(key)

    def numbers(self, column: str) -> np.ndarray:
        """A numeric column as float64, shape (n,), NaN where missing; the table's own where it is float64 there."""
        return self.memo(("numbers", column), lambda: _numbers(self.patients[column]))


def _numbers(values: pd.Series) -> np.ndarray:
    own = values.dtype == np.float64
    return values.to_numpy() if own else values.to_numpy(dtype=np.float64, na_value=np.nan)


def _endpoints(columns: pd.Index) -> tuple[str, ...]:
    ids = (c.removesuffix("_months") for c in columns if c.endswith("_months"))
    return tuple(i for i in ids if f"{i}_event" in columns)


def digest_of(cohort: Cohort) -> str:
    """SHA-256 of everything that can change a figure or a name on it: the tables (names, types, order
    of categories, values), the month's divisor, what was drawn, cut-offs, labels, definitions and the
    schema version. Not id and title: the same file under another name is the same cohort."""
    said = {
        "schema": SCHEMA_VERSION,
        "provenance": cohort.provenance,
        "days_per_month": float(cohort.days_per_month),
        "time_in_days": sorted(cohort.time_in_days),
        "drawn": sorted(cohort.drawn),
        "partly_drawn": [asdict(p) for p in cohort.partly_drawn],
        "cutoffs": {id: asdict(c) for id, c in cohort.cutoffs.items()},
        "labels": dict(cohort.labels),
        "said": [cohort.conditional_on, cohort.ae_definition, cohort.ctcae_version],
    }
    h = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    tables = {"patients": cohort.patients, "adverse_events": cohort.adverse_events}
    tables |= {} if cohort.target_lesions is None else {"target_lesions": cohort.target_lesions}
    for name, frame in tables.items():
        h.update(json.dumps([name, None if frame is None else list(frame.shape)]).encode())
        if frame is not None:
            for column in frame.columns:
                _add_column(h, str(column), frame[column])
    return h.hexdigest()


def _add_column(h: "hashlib._Hash", name: str, values: pd.Series) -> None:
    """Name, type and values, each written so that no two columns come to the same bytes."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        levels = [str(level) for level in values.cat.categories]
        h.update(json.dumps([name, "category", levels]).encode())
        h.update(values.cat.codes.to_numpy(dtype="<i8").tobytes())
    elif values.dtype.kind == "M":
        h.update(json.dumps([name, "date"]).encode())
        h.update(values.to_numpy(dtype="datetime64[ns]").astype("<i8").tobytes())
    elif values.dtype.kind in "iufb":
        h.update(json.dumps([name, "number"]).encode())
        numbers = values.to_numpy(dtype="<f8", na_value=np.nan)
        h.update(np.where(np.isnan(numbers), np.nan, numbers).astype("<f8").tobytes())  # one NaN, whatever its sign
    else:
        texts = [None if v is None or v != v else str(v) for v in values.tolist()]
        h.update(json.dumps([name, "text", texts]).encode())
