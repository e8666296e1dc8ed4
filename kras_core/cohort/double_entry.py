"""Two extracts of the same case report form, compared patient by patient and field by field.

By the Methods of the paper behind data/sintilimab_anlotinib, two investigators reviewed all data entries independently,
and discrepancies were resolved by consensus or by the principal investigator. This is the comparison, the agreement,
and the record of every resolution. What is the same is decided by meaning: 5.50 and 5.5, two spellings of a date,
"male" and "M" agree.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from kras_core.cohort import coerce
from kras_core.cohort.files import RawTable
from kras_core.cohort.problems import CohortError, Problem
from kras_core.cohort.readers import read_table
from kras_core.cohort.remedies import plain_texts
from kras_core.cohort.variables import Variable, variable

Side = Literal["A", "B"]
ID = "patient_id"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One cell that the extracts give differently: texts as written, "" where missing, and the rows of the sheets."""

    patient: str
    field: str
    a: str
    b: str
    row_a: int
    row_b: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """A field over the patients in both extracts: how many agree of n, and Cohen's κ (NaN with its reason)."""

    field: str
    n: int
    agreed: int
    kappa: float
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """All that two extracts say differently. only_a, only_b: patients; fields_a, fields_b: fields of one alone."""

    a: RawTable
    b: RawTable
    patients: tuple[str, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    fields_a: tuple[str, ...]
    fields_b: tuple[str, ...]
    agreements: tuple[Agreement, ...]
    disagreements: tuple[Disagreement, ...]


@dataclass(frozen=True, slots=True)
class Resolution:
    """The side that was right in one cell, and why."""

    side: Side
    reason: str


Resolutions = Mapping[tuple[str, str], Resolution]  # by patient and field


def compare(a: RawTable, b: RawTable) -> Comparison:
    """Compare by patient_id. Raises CohortError where an extract has no patient_id, or one twice."""
    rows_a, rows_b = _rows(a), _rows(b)
    patients = tuple(p for p in rows_a if p in rows_b)
    fields_a, fields_b = _fields(a), _fields(b)
    shared = [f for f in fields_a if f in fields_b]
    at_a = np.array([rows_a[p] for p in patients], dtype=int)
    at_b = np.array([rows_b[p] for p in patients], dtype=int)
    agreements: list[Agreement] = []
    found: list[Disagreement] = []
    for field in shared:
        written = a.columns[fields_a[field]][at_a], b.columns[fields_b[field]][at_b]
        meant = meanings(written[0], written[1], variable(field))
        differs = np.flatnonzero(meant[0] != meant[1])
        kappa, reason = cohens_kappa(*meant)
        agreements.append(Agreement(field, len(patients), len(patients) - len(differs), kappa, reason))
        found += [
            Disagreement(
                patients[i],
                field,
                _written(written[0][i]),
                _written(written[1][i]),
                int(a.rows[at_a[i]]),
                int(b.rows[at_b[i]]),
            )
            for i in differs
        ]
    order = {p: i for i, p in enumerate(patients)}
    return Comparison(
        a,
        b,
        patients,
        tuple(p for p in rows_a if p not in rows_b),
        tuple(p for p in rows_b if p not in rows_a),
        tuple(f for f in fields_a if f not in fields_b),
        tuple(f for f in fields_b if f not in fields_a),
        tuple(agreements),
        tuple(sorted(found, key=lambda d: order[d.patient])),
    )


def _written(text: object) -> str:
    """The text of a cell, "" where it says that there is no value."""
    return "" if coerce.missing(np.array([text], dtype=object))[0] else str(text)


def _rows(table: RawTable) -> dict[str, int]:
    """Where each patient stands."""
    if ID not in table.keys:
        raise CohortError([table.problem("error", "no-patient-id", expected="a column patient_id", remedy="Add it.")])
    column = table.columns[table.keys.index(ID)]
    found: dict[str, int] = {}
    for i, text in enumerate(map(str, column)):
        if not text or text in found:
            expected, remedy = "every patient once, by patient_id", "Mend the extract before comparing it."
            place = (table.file, table.sheet, int(table.rows[i]), ID, text)
            raise CohortError([Problem("error", "duplicate-patient", *place, expected, remedy)])
        found[text] = i
    return found


def _fields(table: RawTable) -> dict[str, int]:
    """Where each field stands, the first of a name, in the order of the columns."""
    return {key: table.keys.index(key) for key in dict.fromkeys(table.keys) if key != ID}


def meanings(a: np.ndarray, b: np.ndarray, known: Variable | None) -> tuple[np.ndarray, np.ndarray]:
    """What the texts of two columns mean, as texts (n,) that are equal where they mean the same; "" where missing.

    A column that the dictionary does not know is read as numbers or dates where every cell of both is one. What
    cannot be read is compared as text, without regard to capitals and blanks.
    """
    both = np.concatenate([a, b])
    kind = known.kind if known else _guess(both)
    if kind in ("number", "integer"):
        values, unread, _ = coerce.numbers(both)
        meant = np.array(["" if math.isnan(v) else repr(v + 0.0) for v in values.tolist()], dtype=object)
    elif kind == "flag":
        values, unread = coerce.flags(both)
        meant = np.array(["" if math.isnan(v) else repr(v) for v in values.tolist()], dtype=object)
    elif kind == "date":
        texts = _iso(both)
        values, unread = coerce.dates(texts)
        meant = np.array(["" if np.isnat(v) else str(v)[:10] for v in values], dtype=object)
    else:
        levels = coerce.levels(both, known) if known and kind == "category" else coerce.texts(both)
        meant = np.array([_folded(text) for text in levels], dtype=object)
        unread = np.zeros(len(both), dtype=bool)
    meant[unread] = [f"text: {_folded(text)}" for text in both[unread]]
    return meant[: len(a)], meant[len(a) :]


def _guess(texts: np.ndarray) -> str:
    if not coerce.numbers(texts)[1].any():
        return "number"
    return "date" if not coerce.dates(_iso(texts))[1].any() else "text"


_A_DATE = Variable("date", "Date", "date", "date")


def _iso(texts: np.ndarray) -> np.ndarray:
    """Dates year first where only one reading is possible, everything else as it is."""
    plain = plain_texts(texts, _A_DATE) or []
    return np.array([text if p is None else p for p, text in zip(plain, texts, strict=True)], dtype=object)


def _folded(text: object) -> str:
    return "" if text is None else " ".join(str(text).split()).casefold()


def cohens_kappa(a: np.ndarray, b: np.ndarray) -> tuple[float, str]:
    """Cohen's κ (1960) of two raters' texts (n,), "missing" being a category as any other; NaN with why.

    κ = (p_o - p_e) / (1 - p_e), with p_o the observed agreement and p_e that of independent raters with the same
    margins. Undefined without patients, and where both raters give one and the same value throughout (p_e = 1).
    """
    if not len(a):
        return math.nan, "no patient is in both extracts"
    categories = sorted(set(a.tolist()) | set(b.tolist()))
    if len(categories) == 1:
        return math.nan, "not defined: both extracts hold one and the same value throughout"
    shares = np.array([[np.mean(side == c) for c in categories] for side in (a, b)])
    expected = float((shares[0] * shares[1]).sum())
    return (float(np.mean(a == b)) - expected) / (1 - expected), ""


def resolved(comparison: Comparison, resolutions: Resolutions) -> RawTable:
    """One extract of both: A's cells, B's where B was right, and what only B has. ValueError while one is open."""
    if any((d.patient, d.field) not in resolutions for d in comparison.disagreements):
        raise ValueError("some disagreements are not resolved")
    a, b = comparison.a, comparison.b
    rows_a, rows_b = _rows(a), _rows(b)
    patients = [*rows_a, *comparison.only_b]
    fields_a, fields_b = _fields(a), _fields(b)
    taken = {key for key, r in resolutions.items() if r.side == "B"}

    def cell(patient: str, field: str) -> str:
        if field == ID:
            return patient
        in_b = patient in rows_b and field in fields_b
        in_a = patient in rows_a and field in fields_a
        if in_b and (not in_a or (patient, field) in taken):
            return str(b.columns[fields_b[field]][rows_b[patient]])
        return str(a.columns[fields_a[field]][rows_a[patient]]) if in_a else ""

    fields = [ID, *fields_a, *comparison.fields_b]
    columns = tuple(np.array([cell(p, f) for p in patients], dtype=object) for f in fields)
    made = RawTable("double entry, resolved", "", tuple(fields), columns, np.arange(len(patients)) + 2)
    return replace(made, labels=dict(a.labels), value_labels=dict(a.value_labels))


def audit_rows(comparison: Comparison, resolutions: Resolutions) -> list[dict[str, str]]:
    """The audit trail: every disagreement with both values, the side chosen and why; then patients of one extract."""
    rows = []
    for d in comparison.disagreements:
        chosen = resolutions.get((d.patient, d.field))
        rows.append(
            {
                "patient_id": d.patient,
                "field": d.field,
                "row in A": str(d.row_a),
                "A": d.a,
                "row in B": str(d.row_b),
                "B": d.b,
                "chosen": chosen.side if chosen else "open",
                "value": "" if chosen is None else d.a if chosen.side == "A" else d.b,
                "reason": chosen.reason if chosen else "",
            }
        )
    blank = dict.fromkeys(rows[0] if rows else ("patient_id", "chosen"), "")
    for side, patients in (("A", comparison.only_a), ("B", comparison.only_b)):
        rows += [blank | {"patient_id": p, "chosen": side, "reason": f"in extract {side} only"} for p in patients]
    return rows


# Made up to show how it works; nothing of it is patient data.
_EXAMPLE = """patient_id,age,sex,ecog,start_date,pfs_months,pfs_event,best_response
SIM-01,63,F,1,2021-03-15,15.6,1,PR
SIM-02,71,M,1,2021-04-02,9.7,1,SD
SIM-03,58,M,0,2021-05-20,4.1,1,PD
SIM-04,66,F,1,2021-06-11,12.0,0,PR
SIM-05,49,M,0,2021-07-01,7.3,1,SD
SIM-06,74,M,2,2021-07-19,2.2,1,PD
SIM-07,61,F,1,2021-08-30,18.4,0,PR
SIM-08,55,M,1,2021-09-14,6.6,1,SD
"""
_SECOND = {
    "SIM-02,71,M,1,2021-04-02,9.7,1,SD": "SIM-02,77,male,1,02.04.2021,9.70,1,SD",
    "SIM-04,66,F,1,2021-06-11,12.0,0,PR": "SIM-04,66,female,1,2021-06-11,12.0,1,PR",
    "SIM-06,74,M,2,2021-07-19,2.2,1,PD": "SIM-06,74,M,1,2021-07-19,2.2,1,",
    "SIM-08,55,M,1,2021-09-14,6.6,1,SD\n": "",
}


def example() -> tuple[RawTable, RawTable]:
    """Two simulated extracts with four disagreements, and a patient who is in the first one only."""
    second = _EXAMPLE
    for before, after in _SECOND.items():
        second = second.replace(before, after)
    return read_table("simulated-A.csv", _EXAMPLE.encode()), read_table("simulated-B.csv", second.encode())


def comparison_json(comparison: Comparison) -> dict[str, object]:
    """Plain dicts and lists; κ None where it is undefined, with the reason."""
    return {
        "a": comparison.a.file,
        "b": comparison.b.file,
        "patients": len(comparison.patients),
        "only_a": list(comparison.only_a),
        "only_b": list(comparison.only_b),
        "fields_only_a": list(comparison.fields_a),
        "fields_only_b": list(comparison.fields_b),
        "agreement": [
            {
                "field": g.field,
                "n": g.n,
                "agreed": g.agreed,
                "kappa": None if math.isnan(g.kappa) else g.kappa,
                "reason": g.reason or None,
            }
            for g in comparison.agreements
        ],
        "disagreements": _cells(comparison.disagreements),
    }


def _cells(disagreements: Iterable[Disagreement]) -> Sequence[dict[str, object]]:
    return [
        {"patient_id": d.patient, "field": d.field, "row_a": d.row_a, "a": d.a, "row_b": d.row_b, "b": d.b}
        for d in disagreements
    ]
