"""The table as written: text columns under a header, and how a grid of cells becomes one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from kras_core.cohort.problems import Problem, Severity, per_row
from kras_core.cohort.variables import BESIDE, column_key

MAX_COLUMNS = 2_000
EXAMPLE_PREFIX = "SIM-EXAMPLE"

# Control characters, and those that turn the direction of text: neither belongs into a table, and both can disguise it.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_UNTIDY = ("\x00 ", " \x00", "  ", "\t", "\n", "\r", "\v", "\f")


@dataclass(frozen=True, slots=True, eq=False)
class RawTable:
    """One table as written: header (m,), columns (m arrays of text, shape (n,)), rows (n,) of the sheet.

    rows count as the program does that shows the file: a sheet or text from its first line on (the header
    is row 1), SPSS, SAS, Stata and Parquet from the first case on. labels: what the file itself says of a
    column (SPSS, SAS, Stata, cBioPortal), by its header. value_labels: what it says of a column's codes,
    as text, {header: {code: label}}. Both are empty where a format has none.
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

    def column(self, name: str) -> np.ndarray | None:
        """The first column of that key (see `column_key`), None where there is none."""
        key = column_key(name)
        return next((c for k, c in zip(self.keys, self.columns, strict=True) if k == key), None)

    def preview(self, n: int = 20) -> list[dict[str, str]]:
        """The first n records as written, for looking at; repeated names carry their column's letters."""
        seen = [f"{h} ({column_letters(i)})" if self.header.count(h) > 1 else h for i, h in enumerate(self.header)]
        return [dict(zip(seen, values, strict=True)) for values in zip(*(c[:n] for c in self.columns), strict=True)]


def table_of(
    file: str, sheet: str, grid: Sequence[Sequence[str]], above: int = 0
) -> tuple[RawTable | None, list[Problem]]:
    """Tidy a grid of columns into header and records: blank rows and columns go, blanks around texts too.

    above: lines of the sheet that stand above the grid.
    """
    columns = [np.array(tidy_all(column), dtype=object) for column in grid]
    filled = np.array([column != "" for column in columns]).reshape(len(columns), -1 if columns else 0)
    lines = np.flatnonzero(filled.any(axis=0)) if filled.size else np.empty(0, dtype=int)
    where = Problem("error", "empty-table", file, sheet)
    if not len(lines):
        if column_key(sheet) in BESIDE:
            remedy = f"The sheet is empty: {column_key(sheet).replace('_', ' ')} count as not recorded."
            return None, [replace(where, severity="note", remedy=remedy)]
        return None, [replace(where, remedy="There is nothing in it. Check that the table was saved.")]
    kept = [i for i in range(len(columns)) if filled[i].any()]
    counted = bool(kept) and _counts(columns[kept[0]], lines)
    kept = kept[counted:]
    if len(kept) > MAX_COLUMNS:
        return None, [too_many_columns(file, sheet, len(kept))]
    head = _head([columns[i] for i in kept], lines)
    body = lines[head.lines :]
    problems = [replace(where, severity="note", code=head.code, remedy=head.remedy)] if head.code else []
    if counted:
        remedy = "The first column has no name and counts the rows: left out."
        problems.append(replace(where, severity="note", code="row-numbers", remedy=remedy))
    problems += [
        replace(
            where,
            code="nameless-column",
            row=int(lines[0]) + 1 + above,
            column=column_letters(i),
            expected="a name in the header, as there are values below it",
            remedy="Name the column; unmerge merged header cells.",
        )
        for i, name in zip(kept, head.names, strict=True)
        if not name
    ]
    values = tuple(columns[i][body] for i in kept)
    table = RawTable(file, sheet, head.names, values, body + 1 + above, head.labels)
    return without_examples(table), problems + control_characters(table)


def too_many_columns(file: str, sheet: str, found: int) -> Problem:
    expected = f"at most {MAX_COLUMNS:,} columns, found {found:,}"
    return Problem("error", "too-many-columns", file, sheet, expected=expected, remedy="Remove those not needed.")


def _counts(column: np.ndarray, lines: np.ndarray) -> bool:
    """Whether this is a nameless column of 0, 1, 2 … or 1, 2, 3 …, as R and pandas write it before a table."""
    if column[lines[0]] or len(lines) < 3 or column[lines[1]] not in ("0", "1"):
        return False
    first = int(column[lines[1]])
    return column[lines[1:]].tolist() == [str(first + i) for i in range(len(lines) - 1)]


@dataclass(frozen=True, slots=True)
class _Head:
    """Names of the columns, how many filled lines they took, and what was done to come to them."""

    names: tuple[str, ...]
    lines: int
    labels: Mapping[str, str] = field(default_factory=dict)
    code: str = ""
    remedy: str = ""


def _head(columns: Sequence[np.ndarray], lines: np.ndarray) -> _Head:
    """The first filled line; a title above the header is passed over, a header of two lines joined.

    Two lines are one header where the first leaves columns without a name (merged cells leave all but their
    first empty), every column has its name in one of them, and the second is of words alone, but not the third.
    """
    first = [str(c[lines[0]]) for c in columns]
    if all(first) or len(lines) < 3:
        return _Head(tuple(first), 1)
    second = [str(c[lines[1]]) for c in columns]
    if sum(map(bool, first)) == 1 and all(second) and _words(second):
        below = _head(columns, lines[1:])
        return _Head(below.names, below.lines + 1, below.labels, "title", "The line above the header was passed over.")
    named = all(a or b for a, b in zip(first, second, strict=True))
    if not named or not _words(second) or _words([str(c[lines[2]]) for c in columns]):
        return _Head(tuple(first), 1)
    groups = _filled_rightwards(first, second)
    joined = [f"{g} {s}" if g and s else g or s for g, s in zip(groups, second, strict=True)]
    plain = [s or g for g, s in zip(groups, second, strict=True)]
    names = tuple(p if plain.count(p) == 1 else j for p, j in zip(plain, joined, strict=True))
    labels = {n: j for n, j in zip(names, joined, strict=True) if n != j}
    remedy = "The header stands in two lines (merged cells): joined, the group before the name where names repeat."
    return _Head(names, 2, labels, "merged-header", remedy)


def _words(cells: Sequence[str]) -> bool:
    """Names and no values: nothing that starts like a number or stands for a missing one."""
    return not any(re.match(r"[-+]?[.,]?\d", cell) or cell in (".", "NA") for cell in cells)


def _filled_rightwards(groups: Sequence[str], names: Sequence[str]) -> list[str]:
    """A merged cell's text over all the columns that it spans: those with a name below and none above."""
    filled, group = [], ""
    for above, below in zip(groups, names, strict=True):
        group = above or (group if below else "")
        filled.append(group)
    return filled


def tidy_all(values: Sequence[str]) -> Sequence[str]:
    """Blanks around and doubled within go, line breaks become blanks. Most columns need nothing: look first."""
    joined = "\x00".join(["", *values, ""])
    if joined.isascii() and not any(untidy in joined for untidy in _UNTIDY):
        return values
    return [tidy(value) for value in values]


def tidy(value: str) -> str:
    return " ".join(value.replace("\ufeff", "").split())


def control_characters(table: RawTable) -> list[Problem]:
    """An error for every cell, and every name, with a character that disguises text."""
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


def without_examples(table: RawTable) -> RawTable:
    """The template's example rows are no patients."""
    ids = table.column("patient_id")
    if ids is None:
        return table
    keep = np.array([not value.upper().startswith(EXAMPLE_PREFIX) for value in ids], dtype=bool)
    return table if keep.all() else replace(table, columns=tuple(c[keep] for c in table.columns), rows=table.rows[keep])


def column_letters(index: int) -> str:
    """A column's letters in a spreadsheet: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
