"""The cohort: patients, adverse events, provenance, and the digest that names exactly these data."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

SCHEMA_VERSION = 1
DAYS_PER_MONTH = 30.4375

Provenance = Literal["real", "simulated", "reconstructed"]


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


@dataclass(frozen=True, eq=False)
class Cohort:
    """Patients (one row each), adverse events (one row each) and what must be known of both.

    patients: validated columns of the variable dictionary plus extra columns, `patient_id` unique;
        numbers are float64, flags float64 (0, 1, NaN), categories pandas Categorical, dates datetime64.
        Every endpoint `<id>` the cohort offers has `<id>_months` and `<id>_event`.
    adverse_events: patient_id, term, grade (1–5), related (0, 1, NaN); None where none were recorded
        (which is not the same as an empty table: nobody had any).
    days_per_month: divisor between days and months. time_in_days: endpoints whose months are whole
        days divided by it, so that a threshold in months becomes whole days.
    drawn: columns drawn at random to match a total (reconstructed cohorts): their association with any
        outcome is the seed's. "adverse_events" stands for the whole second table.
    origin: "bundled" or "uploaded"; provenance says what the rows are.
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
    default_endpoint: str = ""
    default_by: str = ""
    conventions: str = "r"
    conditional_on: str = ""
    ae_definition: str = "adverse event, relation to treatment not stated"
    ctcae_version: str = ""
    citation: str = ""
    licence: str = ""
    card: str = ""
    digest: str = ""
    _memo: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.digest:
            object.__setattr__(self, "digest", digest_of(self))

    @property
    def n(self) -> int:
        return len(self.patients)

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Ids of the endpoints on offer, in column order: those with both months and event."""
        columns = set(self.patients.columns)
        ids = (c.removesuffix("_months") for c in self.patients.columns if c.endswith("_months"))
        return tuple(i for i in ids if f"{i}_event" in columns)

    def memo(self, key: Any, make: Any) -> Any:
        """Compute once per cohort: a cohort never changes, so what derives from it never does."""
        if key not in self._memo:
            self._memo[key] = make()
        return self._memo[key]

    def numbers(self, column: str) -> np.ndarray:
        """A numeric column as float64, shape (n,), NaN where missing."""
        return self.memo(("numbers", column), lambda: self.patients[column].to_numpy(dtype=np.float64, na_value=np.nan))


def digest_of(cohort: Cohort) -> str:
    """SHA-256 of everything that can change a figure: both tables (names, types, category order,
    values), the month's divisor, what was drawn, and the schema version."""
    h = hashlib.sha256(f"kras_core cohort schema {SCHEMA_VERSION}\n".encode())
    h.update(repr((cohort.provenance, cohort.days_per_month, sorted(cohort.time_in_days), sorted(cohort.drawn))).encode())
    h.update(repr((cohort.partly_drawn, sorted(cohort.cutoffs.items()))).encode())
    for name, frame in (("patients", cohort.patients), ("adverse_events", cohort.adverse_events)):
        h.update(f"\n{name} {None if frame is None else frame.shape}\n".encode())
        if frame is not None:
            for column in frame.columns:
                _update(h, str(column), frame[column])
    return h.hexdigest()


def _update(h: "hashlib._Hash", name: str, values: pd.Series) -> None:
    h.update(f"\n{name}\x1f{values.dtype.kind if hasattr(values.dtype, 'kind') else 'O'}\x1f".encode())
    if isinstance(values.dtype, pd.CategoricalDtype):
        h.update("\x1f".join(map(str, values.cat.categories)).encode() + b"\x1e")
        h.update(values.cat.codes.to_numpy().tobytes())
    elif values.dtype.kind in "iufbM":
        h.update(np.ascontiguousarray(values.to_numpy()).tobytes())
    else:
        h.update("\x1f".join("\x00" if v is None or v != v else str(v) for v in values.tolist()).encode())
