"""Tables of text -> a cohort, or every reason why not, each with file, row, column, value and expectation."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from kras_core.cohort import coding, coerce, response_rules, rules, schema, target_lesions
from kras_core.cohort.derive import derive, endpoint_ids
from kras_core.cohort.files.table import RawTable
from kras_core.cohort.model import DAYS_PER_MONTH, MARKS, Cohort, Provenance
from kras_core.cohort.problems import CohortError, Finding, Problem, has_errors, per_row
from kras_core.cohort.readers import RawTables
from kras_core.cohort.variables import (
    ADVERSE_EVENT_VARIABLES,
    ENDPOINT_COLUMN,
    TARGET_LESION_VARIABLES,
    VARIABLES,
    Variable,
    column_key,
    variable,
)

_NO_PATIENTS = "Ids that begin with {mark} mark rows that are no patients: shown as {kind}."
LONGEST_LABEL = 80  # a questionnaire's whole sentence is no name of a column
_ORDER = {"error": 0, "warning": 1, "note": 2}


def build_cohort(raw: RawTables, *, id: str, title: str, provenance: Provenance, **cohort_fields: Any) -> Cohort:
    """The validated cohort; `cohort_fields` are further fields of `Cohort`. Raises CohortError with all problems."""
    cohort, problems = examine(raw, id=id, title=title, provenance=provenance, **cohort_fields)
    if cohort is None:
        raise CohortError(problems)
    return cohort


def check(raw: RawTables) -> tuple[Problem, ...]:
    """Errors, warnings and notes together, errors first."""
    return examine(raw, id="check", title="", provenance="real")[1]


def examine(
    raw: RawTables, *, id: str, title: str, provenance: Provenance, **cohort_fields: Any
) -> tuple[Cohort | None, tuple[Problem, ...]]:
    """Validate once: the cohort (None where there is an error) and all problems, errors first.

    Rows that are marked as reconstructed or simulated make such a cohort, whatever `provenance` says.
    """
    days_per_month = cohort_fields.get("days_per_month", DAYS_PER_MONTH)
    patients = _typed(raw.patients, _dictionary(raw.patients))
    found = [*patients.findings, *_column_rules(patients, "patient_id")]
    derived = derive(patients.frame, days_per_month)
    found += [*derived.findings, *rules.broken_rules(derived.frame, days_per_month), *_no_endpoint(derived.frame)]
    found += coding.labelled_codes(
        raw.patients.value_labels, dict(zip(raw.patients.header, patients.names, strict=True))
    )
    marked = _marked(derived.frame)
    problems = [*raw.problems, *_placed(_said_once([*found, *marked]), patients)]

    events: _Typed | None = None
    if raw.adverse_events is not None and raw.adverse_events.n:
        events = _typed(raw.adverse_events, ADVERSE_EVENT_VARIABLES)
        problems += _placed(_adverse_event_findings(events, patients.frame), events)
    elif raw.adverse_events is not None:
        remedy = "There are no rows: adverse events count as not recorded."
        problems.append(raw.adverse_events.problem("note", "no-adverse-events", remedy=remedy))
    lesions, noticed = _target_lesions(raw.target_lesions, patients.frame, days_per_month)
    problems += noticed

    problems.sort(key=lambda p: _ORDER[p.severity])
    if has_errors(problems):
        return None, tuple(problems)
    fields: dict[str, Any] = {**raw.said, **cohort_fields}
    fields["time_in_days"] = derived.time_in_days | frozenset(fields.get("time_in_days", ()))
    fields["labels"] = patients.labels | dict(fields.get("labels", {}))
    fields["default_endpoint"] = fields.get("default_endpoint") or _usable(derived.frame)[0]
    if marked and "arm" in derived.frame:
        fields.setdefault("default_by", "arm")
    cohort = Cohort(
        id=id,
        title=title,
        provenance=_provenance(marked, provenance),
        patients=_finished(derived.frame, patients.dictionary),
        adverse_events=None if events is None else _finished(events.frame, events.dictionary),
        target_lesions=lesions,
        **fields,
    )
    return cohort, tuple(problems)


@dataclass(frozen=True, slots=True, eq=False)
class _Typed:
    """A raw table with its columns read: the frame is indexed by the rows of the sheet."""

    raw: RawTable
    names: tuple[str, ...]
    dictionary: Mapping[str, Variable]
    frame: pd.DataFrame
    labels: dict[str, str]
    findings: tuple[Finding, ...]

    @property
    def variables(self) -> dict[str, Variable]:
        """What the dictionary says of the columns that are there, and of those that must be."""
        return {n: v for n, v in self.dictionary.items() if v.required or n in self.frame.columns}


def _dictionary(raw: RawTable) -> dict[str, Variable]:
    """The variable dictionary, and the columns of every other endpoint that has both time and event."""
    matches = [m for m in map(ENDPOINT_COLUMN.match, raw.keys) if m]
    ids = {m[1] for m in matches if m[2] == "event"} & {m[1] for m in matches if m[2] != "event"}
    made = {m[0]: variable(m[0]) for m in matches if m[1] in ids}
    return VARIABLES | {name: known for name, known in made.items() if known is not None}


def _typed(raw: RawTable, dictionary: Mapping[str, Variable]) -> _Typed:
    """Read every column by what the dictionary says of it; empty columns and repeated names are left out."""
    names = tuple(key if (key := column_key(header)) in dictionary else header for header in raw.header)
    columns: dict[str, Any] = {}
    named = _in_words(raw)
    labels: dict[str, str] = {}
    findings: list[Finding] = []
    for name, header, text in zip(names, raw.header, raw.columns, strict=True):
        if name in columns:
            twice = Finding("error", "duplicate-column", name, None, "every column once", "Rename or remove one.")
            findings.append(twice)
            continue
        known = dictionary.get(name)
        if not header or (coerce.missing(text).all() and not (known and known.required)):
            continue
        if known is None:
            labels[name] = named[header]
        columns[name], noticed = _read(name, known, text)
        findings += noticed
    if not raw.n:
        findings.append(Finding("error", "no-rows", "", None, "at least one row below the header", "Add the rows."))
    return _Typed(raw, names, dictionary, pd.DataFrame(columns, index=pd.Index(raw.rows)), labels, tuple(findings))


def _in_words(raw: RawTable) -> dict[str, str]:
    """Every column's name for people: the file's own label, with the header behind it where labels repeat."""
    bare = {header: header.replace("_", " ").strip() for header in raw.header}
    said = {header: raw.labels.get(header, "").strip() for header in raw.header}
    often = Counter(said.values())
    return {
        header: bare[header]
        if not label or len(label) > LONGEST_LABEL
        else label
        if often[label] == 1
        else f"{label} ({header})"
        for header, label in said.items()
    }


def _read(name: str, known: Variable | None, text: np.ndarray) -> tuple[Any, list[Finding]]:
    commas, merged = False, False
    unread = np.zeros(len(text), dtype=bool)
    if known is None:
        values, commas = coerce.anything(text)
    elif known.kind in ("number", "integer"):
        values, unread, commas = coerce.numbers(text)
    elif known.kind == "flag":
        values, unread = coerce.flags(text)
    elif known.kind == "date":
        values, unread = coerce.dates(text)
    elif known.kind == "category":
        values = coerce.levels(text, known)
    elif known.kind == "text":
        values, merged = coerce.one_spelling(coerce.texts(text))
    else:
        values = coerce.texts(text)
    findings = []
    if merged:
        remedy = "Texts that differ in capitals only were read as one."
        findings.append(Finding("note", "spelling", name, None, remedy=remedy))
    if commas:
        remedy = "Decimal commas were read as decimal points. Where a comma separates thousands, remove it."
        findings.append(Finding("warning", "decimal-comma", name, None, remedy=remedy))
    if known is not None and unread.any():
        findings.append(Finding("error", "unreadable", name, unread, schema.expectation(known), _UNREAD[known.kind]))
    return values, findings


_UNREAD: Mapping[str, str] = {
    "number": "Write the number alone, with a decimal point, or leave it empty where it is not known.",
    "integer": "Write the number alone, or leave it empty where it is not known.",
    "flag": "Write 1 for yes, 0 for no, or leave it empty where it is not known.",
    "date": "Write all four digits of the year first, or format the column as a date in Excel.",
}


def _column_rules(table: _Typed, unique: str = "") -> Iterator[Finding]:
    """What pandera finds. A cell that could not be read is not reported a second time as missing."""
    unread = {f.column: f.rows for f in table.findings if f.code == "unreadable"}
    for found in schema.broken_rules(table.frame, table.variables, unique):
        again = unread.get(found.column)
        if found.code == "missing-value" and found.rows is not None and again is not None:
            found = replace(found, rows=found.rows & ~again)
        if found.rows is None or found.rows.any():
            yield found


def _adverse_event_findings(events: _Typed, patients: pd.DataFrame) -> list[Finding]:
    found = [*events.findings, *_column_rules(events), *response_rules.adverse_events(events.frame, patients)]
    return [f for f in (*found, *_unknown_patients(events.frame, patients)) if f.rows is None or f.rows.any()]


def _unknown_patients(beside: pd.DataFrame, patients: pd.DataFrame) -> Iterator[Finding]:
    if {"patient_id"} <= set(beside.columns) & set(patients.columns):
        ids = beside["patient_id"]
        unknown = (ids.notna() & ~ids.isin(patients["patient_id"])).to_numpy()
        expected, remedy = "a patient_id of the table of patients", "Correct it, or add the patient."
        yield Finding("error", "unknown-patient", "patient_id", unknown, expected, remedy)


def _target_lesions(
    raw: RawTable | None, patients: pd.DataFrame, days_per_month: float
) -> tuple[pd.DataFrame | None, list[Problem]]:
    """The scans by patient and time, None where there are none; and what is wrong with them."""
    if raw is None:
        return None, []
    if not raw.n:
        remedy = "There are no rows: target lesions count as not recorded."
        return None, [raw.problem("note", "no-target-lesions", remedy=remedy)]
    scans = _typed(raw, TARGET_LESION_VARIABLES)
    months = target_lesions.months_of(scans.frame, patients, days_per_month)
    found = [*scans.findings, *_column_rules(scans), *_unknown_patients(scans.frame, patients)]
    found += target_lesions.broken_rules(scans.frame, months)
    problems = _placed([f for f in found if f.rows is None or f.rows.any()], scans)
    return (None if has_errors(problems) else target_lesions.finished(scans.frame, months)), problems


def _said_once(findings: Iterable[Finding]) -> list[Finding]:
    """Without the cells of a column of which something larger is said already: it holds times, or alive for dead."""
    listed, kept = list(findings), []
    exchanged = {f.column for f in listed if f.code == "swapped"}
    inverted: set[str] = set()
    for found in listed:
        if found.code == "flag" and found.column in exchanged:
            continue
        if found.code == "inverted-event":
            if found.column in inverted:
                continue
            inverted.add(found.column)
        kept.append(found)
    return kept


def _usable(frame: pd.DataFrame) -> list[str]:
    """Endpoints for which somebody has both time and event."""
    ids = endpoint_ids(frame.columns)
    return [id for id in ids if (frame[f"{id}_months"].notna() & frame[f"{id}_event"].notna()).any()]


def _marked(frame: pd.DataFrame) -> list[Finding]:
    """A note for each mark with which somebody's patient_id begins: made from printed figures, or simulated."""
    if "patient_id" not in frame:
        return []
    ids = frame["patient_id"].astype(str)
    return [
        Finding("note", kind, "patient_id", None, remedy=_NO_PATIENTS.format(mark=mark, kind=kind))
        for kind, mark in MARKS.items()
        if ids.str.startswith(f"{mark}-").any()
    ]


def _provenance(marked: list[Finding], said: Provenance) -> Provenance:
    codes = {f.code for f in marked}
    return "reconstructed" if "reconstructed" in codes else "simulated" if "simulated" in codes else said


def _no_endpoint(frame: pd.DataFrame) -> list[Finding]:
    if _usable(frame):
        return []
    expected = "a time and an event of the same name with values, such as pfs_months and pfs_event"
    remedy = "Add them, or start_date with death_date or progression_date and last_contact_date."
    return [Finding("error", "no-endpoint", "", None, expected, remedy)]


def _placed(findings: Iterable[Finding], table: _Typed) -> list[Problem]:
    """Findings as problems of the file: header as written, rows of the sheet, the values that stand there."""
    raw, problems = table.raw, []
    position = {name: i for i, name in reversed(list(enumerate(table.names)))}
    for found in findings:
        at = position.get(found.column)
        column = found.column if at is None else raw.header[at]
        template = raw.problem(found.severity, found.code, column, found.expected, found.remedy)
        if found.rows is None:
            problems.append(template)
            continue
        rows = raw.rows[found.rows]
        values = [None] * len(rows) if at is None else [value or None for value in raw.columns[at][found.rows]]
        problems += per_row(template, rows, values)
    return problems


def _finished(frame: pd.DataFrame, dictionary: Mapping[str, Variable]) -> pd.DataFrame:
    """Categories as such, in the dictionary's order of levels or sorted; rows counted from 0."""
    categories = {
        name: coerce.categorical(frame[name].to_numpy(dtype=object), known.levels)
        for name, known in dictionary.items()
        if known.kind == "category" and name in frame
    }
    return frame.reset_index(drop=True).assign(**categories)
