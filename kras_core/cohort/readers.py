"""Files -> tables of text, with nothing coerced: CSV (comma, semicolon, tab) and Excel workbooks.

Content is checked against the claimed kind before anything parses it, and nothing is ever unpickled.
Every record remembers the row of the sheet it stands in (the header is row 1), so that a problem can
be found where it is.
"""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from kras_core.cohort.archive import MAX_CELLS, WorkbookError
from kras_core.cohort.problems import CohortError, Problem, Severity, has_errors, per_row
from kras_core.cohort.variables import column_key
from kras_core.cohort.workbook import sheets

MAX_UPLOAD_BYTES = 50 * 1024**2
MAX_COLUMNS = 2_000
EXAMPLE_PREFIX = "SIM-EXAMPLE"

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
WORKBOOK_SUFFIXES = (".xlsx", ".xls")

# Control characters, and those that turn the direction of text: neither belongs into a table, and both can disguise it.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_UNTIDY = ("\x00 ", " \x00", "  ", "\t", "\n", "\r", "\v", "\f")

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"$FL", "an SPSS file"),
    (b"HEADER RECORD", "a SAS transport file"),
    (b"<stata_dta", "a Stata file"),
    (b"RDX", "an R file"),
    *((b"\x80" + bytes([version]), "a Python pickle, which may run programs when opened,") for version in range(2, 6)),
)


@dataclass(frozen=True, slots=True, eq=False)
class RawTable:
    """One table as written: header (m,), columns (m arrays of text, shape (n,)), rows (n,) of the sheet.

    labels: what the file itself says of a column (SPSS, SAS, Stata), by its header. value_labels: what
    it says of a column's codes, as text, {header: {code: label}}. Both are empty where a format has none.
    """

    file: str
    sheet: str
    header: tuple[str, ...]
    columns: tuple[np.ndarray, ...]
    rows: np.ndarray
    labels: Mapping[str, str] = field(default_factory=dict)
    value_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return len(self.rows)

    def problem(self, severity: Severity, code: str, column: str = "", expected: str = "", remedy: str = "") -> Problem:
        """A problem of this table as a whole, or of a whole column."""
        return Problem(severity, code, self.file, self.sheet, column=column, expected=expected, remedy=remedy)

    @property
    def keys(self) -> tuple[str, ...]:
        """The header as the dictionary would write it."""
        return tuple(map(column_key, self.header))

    def preview(self, n: int = 20) -> list[dict[str, str]]:
        """The first n records as written, for looking at; repeated names carry their column's letters."""
        seen = [f"{h} ({column_letters(i)})" if self.header.count(h) > 1 else h for i, h in enumerate(self.header)]
        return [dict(zip(seen, values, strict=True)) for values in zip(*(c[:n] for c in self.columns), strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class RawTables:
    """What the files hold: patients, adverse events or None, and what was noticed while reading."""

    patients: RawTable
    adverse_events: RawTable | None
    files: tuple[str, ...]
    sheets: tuple[str, ...]
    problems: tuple[Problem, ...] = ()


def read(*files: tuple[str, bytes]) -> RawTables:
    """Read one or two files (name, content): a workbook, or a CSV of patients and one of adverse events.

    Raises CohortError when a file is no readable table; problems of single cells are left to `validate`.
    """
    if not files:
        raise CohortError([Problem("error", "no-file", "upload", remedy="Choose a file.")])
    problems: list[Problem] = []
    tables: list[RawTable] = []
    for name, content in files:
        found, noticed = _read_one(name, content)
        tables += found
        problems += noticed
    if has_errors(problems):
        raise CohortError(problems)
    patients, events = _roles(tables, problems)
    sheet_names = tuple(t.sheet for t in tables if t.sheet)
    return RawTables(patients, events, tuple(name for name, _ in files), sheet_names, tuple(problems))


def read_path(path: str | Path, adverse_events: str | Path | None = None) -> RawTables:
    """Read a file, and one of adverse events where there is one. Raises CohortError, OSError."""
    paths = [Path(p) for p in (path, adverse_events) if p is not None]
    for p in paths:
        if p.stat().st_size > MAX_UPLOAD_BYTES:
            raise CohortError([_too_large(p.name, p.stat().st_size)])
    return read(*((p.name, p.read_bytes()) for p in paths))


def read_table(name: str, content: bytes) -> RawTable:
    """One table, whatever it holds: the same refusals, encodings and separators as for patients. Raises CohortError."""
    tables, problems = _read_one(name, content)
    if has_errors(problems) or not tables:
        raise CohortError(problems)
    return tables[0]


def _read_one(name: str, content: bytes) -> tuple[list[RawTable], list[Problem]]:
    refused = refusal(name, content)
    if refused:
        return [], [refused]
    if name.lower().endswith(WORKBOOK_SUFFIXES):
        try:
            grids = sheets(content, ("patients", "adverse_events"))
        except WorkbookError as error:
            return [], [Problem("error", "workbook", name, remedy=str(error))]
        return _tables_of_workbook(name, grids)
    text, problems = decode(name, content)
    if has_errors(problems):
        return [], problems
    grid, problem = _split_csv(name, text)
    tables, more = _tables([(name, "", grid)]) if problem is None else ([], [problem])
    return tables, [*problems, *more]


def refusal(name: str, content: bytes) -> Problem | None:
    """Why this file is not even opened: size, kind, or a content that belies its name."""

    def refuse(code: str, remedy: str) -> Problem:
        return Problem("error", code, name, remedy=remedy)

    if len(content) > MAX_UPLOAD_BYTES:
        return _too_large(name, len(content))
    if not content.strip():
        return refuse("empty-file", "The file is empty. Check that it was saved, and choose it again.")
    if not name.lower().endswith(TEXT_SUFFIXES + WORKBOOK_SUFFIXES):
        return refuse("unknown-kind", "This kind of file is not read. Save the table as .xlsx or .csv.")
    for signature, what in _SIGNATURES:
        if content.startswith(signature):
            return refuse("wrong-kind", f"This is {what} and no table, whatever its name says. Choose the table.")
    start = content[:1024].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if start.startswith(b"<") and re.search(rb"<(!doctype|html|table|\?xml|head|meta)", start):
        return refuse(
            "wrong-kind", "This is a web page or XML, whatever its name says. Open it in Excel, save as .xlsx."
        )
    is_workbook = content.startswith((b"PK", b"\xd0\xcf\x11\xe0"))
    if name.lower().endswith(WORKBOOK_SUFFIXES) and not is_workbook:
        return refuse("wrong-kind", "The name says Excel, but this is no workbook. If it is text, name it .csv.")
    if name.lower().endswith(TEXT_SUFFIXES) and is_workbook:
        return refuse("wrong-kind", "The name says text, but this is none. If it is a workbook, name it .xlsx or .xls.")
    return None


def _too_large(name: str, size: int) -> Problem:
    limit = MAX_UPLOAD_BYTES // 1024**2
    return Problem(
        "error",
        "too-large",
        name,
        expected=f"at most {limit} MB, found {size / 1024**2:.1f} MB",
        remedy="Remove columns that are not needed, or split the file.",
    )


def decode(name: str, content: bytes) -> tuple[str, list[Problem]]:
    """The text of a file, and what there is to say of its encoding: an error where it has none that is known."""
    try:
        text, is_utf8 = content.decode("utf-8-sig"), True
    except UnicodeDecodeError:
        text, is_utf8 = content.decode("latin-1"), False
    if "\x00" in text or (not is_utf8 and CONTROL.search(text)):
        remedy = "This is no text in a known encoding. In Excel, save as “CSV UTF-8”."
        return "", [Problem("error", "encoding", name, remedy=remedy)]
    if is_utf8:
        return text, []
    remedy = "Not UTF-8: read as Western European (Latin-1). Check names with accents, or save as “CSV UTF-8”."
    return text, [Problem("warning", "encoding", name, remedy=remedy)]


def _split_csv(name: str, text: str) -> tuple[list[Sequence[str]], Problem | None]:
    header = re.sub(r'"[^"]*"', "", text.lstrip("\r\n").split("\n", 1)[0])
    separator = max(",;\t", key=header.count)
    if (header.count(separator) + 1) * (text.count("\n") + 1) > MAX_CELLS:
        remedy = "Remove the columns that are not needed, or split the file."
        return [], Problem("error", "too-large", name, expected=f"at most {MAX_CELLS:,} cells", remedy=remedy)
    try:
        frame = pd.read_csv(
            io.StringIO(text),
            sep=separator,
            header=None,
            dtype=str,
            keep_default_na=False,
            na_filter=False,
            skip_blank_lines=False,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        return [], _unreadable_line(name, str(error))
    return [frame[i].tolist() for i in frame.columns], None


def _unreadable_line(name: str, message: str) -> Problem:
    """pandas' message as a problem; its numbers are taken, never its text."""
    fields = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message)
    if fields:
        expected, row, found = map(int, fields.groups())
        remedy = "Check that row for a separator or a decimal comma that is not in quotation marks."
        return Problem("error", "fields", name, row=row, expected=f"{expected} fields, found {found}", remedy=remedy)
    quote = re.search(r"inside string starting at row (\d+)", message)
    if quote:
        remedy = "A quotation mark is opened here and never closed. Close or remove it."
        return Problem("error", "quotes", name, row=int(quote[1]) + 1, remedy=remedy)
    return Problem("error", "no-table", name, remedy="No table can be made of this text. Save it again as CSV.")


def _tables_of_workbook(name: str, grids: dict[str, list[list[str]]]) -> tuple[list[RawTable], list[Problem]]:
    keyed = {column_key(sheet): sheet for sheet in grids}
    if len(grids) > 1 and "patients" not in keyed:
        remedy = "Name the sheet with one row per patient “patients”."
        return [], [Problem("error", "no-patients-sheet", name, expected="a sheet named patients", remedy=remedy)]
    used = [s for key, s in keyed.items() if len(grids) == 1 or key in ("patients", "adverse_events")]
    tables, problems = _tables([(name, sheet, grids[sheet]) for sheet in used])
    unread = [s for key, s in keyed.items() if s not in used and key != "dictionary"]
    if unread:
        problems.append(Problem("note", "unread-sheets", name, remedy=f"Sheets not read: {', '.join(unread)}."))
    return tables, problems


def _tables(grids: Iterable[tuple[str, str, Sequence[Sequence[str]]]]) -> tuple[list[RawTable], list[Problem]]:
    tables: list[RawTable] = []
    problems: list[Problem] = []
    for file, sheet, grid in grids:
        table, noticed = _table(file, sheet, grid)
        problems += noticed
        if table:
            tables.append(table)
    return tables, problems


def _table(file: str, sheet: str, grid: Sequence[Sequence[str]]) -> tuple[RawTable | None, list[Problem]]:
    """Tidy a grid of columns into header and records: blank rows and columns go, blanks around texts too."""
    columns = [np.array(_tidy(column), dtype=object) for column in grid]
    filled = np.array([column != "" for column in columns]).reshape(len(columns), -1 if columns else 0)
    lines = np.flatnonzero(filled.any(axis=0)) if filled.size else np.empty(0, dtype=int)
    where = Problem("error", "empty-table", file, sheet)
    if not len(lines):
        if column_key(sheet) == "adverse_events":
            remedy = "The sheet is empty: adverse events count as not recorded."
            return None, [replace(where, severity="note", remedy=remedy)]
        return None, [replace(where, remedy="There is nothing in it. Check that the table was saved.")]
    kept = [i for i in range(len(columns)) if filled[i].any()]
    if len(kept) > MAX_COLUMNS:
        expected = f"at most {MAX_COLUMNS:,} columns, found {len(kept):,}"
        return None, [replace(where, code="too-many-columns", expected=expected, remedy="Remove those not needed.")]
    header, body = lines[0], lines[1:]
    problems = [
        replace(
            where,
            code="nameless-column",
            row=int(header) + 1,
            column=column_letters(i),
            expected="a name in the header, as there are values below it",
            remedy="Name the column; unmerge merged header cells.",
        )
        for i in kept
        if not columns[i][header]
    ]
    table = RawTable(
        file, sheet, tuple(str(columns[i][header]) for i in kept), tuple(columns[i][body] for i in kept), body + 1
    )
    return _without_examples(table), problems + _control_characters(table)


def _tidy(values: Sequence[str]) -> Sequence[str]:
    """Blanks around and doubled within go, line breaks become blanks. Most columns need nothing: look first."""
    joined = "\x00".join(["", *values, ""])
    if joined.isascii() and not any(untidy in joined for untidy in _UNTIDY):
        return values
    return [" ".join(value.replace("\ufeff", "").split()) for value in values]


def _control_characters(table: RawTable) -> list[Problem]:
    problems: list[Problem] = []
    for name, column in zip(table.header, table.columns, strict=True):
        joined = name + "".join(column)
        if not joined.isprintable() and CONTROL.search(joined):
            bad = np.array([bool(CONTROL.search(value)) for value in column], dtype=bool)
            template = table.problem(
                "error",
                "control-character",
                CONTROL.sub("\N{REPLACEMENT CHARACTER}", name),
                "no control characters",
                "Type the text again.",
            )
            problems += per_row(template, table.rows[bad], column[bad]) if bad.any() else [template]
    return problems


def _without_examples(table: RawTable) -> RawTable:
    """The template's example rows are no patients."""
    keys = table.keys
    if "patient_id" not in keys:
        return table
    ids = table.columns[keys.index("patient_id")]
    keep = np.array([not value.upper().startswith(EXAMPLE_PREFIX) for value in ids], dtype=bool)
    return table if keep.all() else replace(table, columns=tuple(c[keep] for c in table.columns), rows=table.rows[keep])


def _roles(tables: list[RawTable], problems: list[Problem]) -> tuple[RawTable, RawTable | None]:
    """Which table is which, by its name or its columns."""
    events = [t for t in tables if _holds_adverse_events(t)]
    patients = [t for t in tables if t not in events]
    for kind, found in (("patients", patients), ("adverse events", events)):
        if len(found) > 1:
            remedy = f"Two tables of {kind} were given. Choose one."
            problems.append(Problem("error", "two-tables", found[1].file, found[1].sheet, remedy=remedy))
    if not patients:
        file = tables[0].file if tables else "upload"
        remedy = "This holds adverse events only. Add the table with one row per patient."
        problems.append(Problem("error", "no-patients", file, remedy=remedy))
    if has_errors(problems):
        raise CohortError(problems)
    return patients[0], events[0] if events else None


def _holds_adverse_events(table: RawTable) -> bool:
    if column_key(table.sheet or Path(table.file).stem) == "adverse_events":
        return True
    return "term" in table.keys and not any(key.endswith("_event") for key in table.keys)


def column_letters(index: int) -> str:
    """A column's letters in a spreadsheet: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
