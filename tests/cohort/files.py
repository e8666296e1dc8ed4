"""Made-up uploads for the tests: every patient is simulated and named so."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter

from kras_core.cohort.model import Cohort
from kras_core.cohort.problems import CohortError, Problem
from kras_core.cohort.readers import RawTables, read
from kras_core.cohort.validate import build_cohort, check

Row = Mapping[str, Any]

PATIENTS: tuple[dict[str, str], ...] = (
    {"patient_id": "SIM-01", "age": "61", "sex": "M", "os_months": "5.5", "os_event": "1"},
    {"patient_id": "SIM-02", "age": "70.5", "sex": "F", "os_months": "12.25", "os_event": "0"},
    {"patient_id": "SIM-03", "age": "48", "sex": "M", "os_months": "9", "os_event": "1"},
)


def patients(**columns: Sequence[Any]) -> list[dict[str, Any]]:
    """The three patients with these columns added or replaced; None takes a column's cell away."""
    changed = [dict(row) for row in PATIENTS]
    for name, values in columns.items():
        for row, value in zip(changed, values, strict=True):
            row[name] = "" if value is None else value
    return changed


def csv_of(rows: Sequence[Row], separator: str = ",") -> bytes:
    """Rows as CSV, columns in the order of their first appearance, text in quotation marks where it must be."""
    header = list(dict.fromkeys(name for row in rows for name in row))
    cells = [header, *([str(row.get(name, "")) for name in header] for row in rows)]
    return ("\n".join(separator.join(_quoted(c, separator) for c in line) for line in cells) + "\n").encode()


def _quoted(cell: str, separator: str) -> str:
    return f'"{cell}"' if separator in cell or "\n" in cell else cell


def workbook_of(options: Mapping[str, Any] | None = None, **sheets: Sequence[Sequence[Any]]) -> bytes:
    """A workbook with these sheets of lines; dates are written as Excel dates, numbers as numbers."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(
        content, {"in_memory": True, "default_date_format": "yyyy-mm-dd", **(options or {})}
    ) as book:
        for name, lines in sheets.items():
            sheet = book.add_worksheet(name)
            for i, line in enumerate(lines):
                sheet.write_row(i, 0, line)
    return content.getvalue()


def lines_of(rows: Sequence[Row]) -> list[list[Any]]:
    """Rows as lines of a sheet, the header first."""
    header = list(dict.fromkeys(name for row in rows for name in row))
    return [header, *([row.get(name, "") for name in header] for row in rows)]


def raw(rows: Sequence[Row], events: Sequence[Row] | None = None) -> RawTables:
    files = [("patients.csv", csv_of(rows))]
    if events is not None:
        files.append(("adverse_events.csv", csv_of(events)))
    return read(*files)


def problems(rows: Sequence[Row], events: Sequence[Row] | None = None) -> tuple[Problem, ...]:
    return check(raw(rows, events))


def one(found: Sequence[Problem], code: str) -> Problem:
    """The only problem of that code."""
    (problem,) = [p for p in found if p.code == code]
    return problem


def cohort(rows: Sequence[Row] = PATIENTS, events: Sequence[Row] | None = None, **fields: Any) -> Cohort:
    named: dict[str, Any] = {"id": "simulated", "title": "Simulated", "provenance": "simulated"} | fields
    return build_cohort(raw(rows, events), **named)


def refusal(*files: tuple[str, bytes]) -> Problem:
    """The only error with which these files are refused."""
    try:
        read(*files)
    except CohortError as error:
        (problem,) = [p for p in error.problems if p.severity == "error"]
        return problem
    raise AssertionError("the files were read")
