"""Small tables as people and digitisers write them -> series of numbers, every number with its line.

Separator, decimal sign and layout are found out: two columns under any header or none; an `arm` column; a pair of
columns an arm (WebPlotDigitizer's two header rows); one column of times and one column an arm. Running numbers and
interval bounds beside them (as `digitise` and IPDfromKM write them) are passed over.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kras_core.cohort import coerce
from kras_core.cohort.files.archive import WorkbookError
from kras_core.cohort.files.kinds import TEXT_SUFFIXES, WORKBOOK_SUFFIXES, refusal
from kras_core.cohort.files.table import column_letters
from kras_core.cohort.files.text import decode
from kras_core.cohort.files.workbook import sheets
from kras_core.cohort.problems import CohortError, Problem, Severity, has_errors
from kras_core.cohort.variables import column_key
from kras_core.stats.results import Floats, Ints

MOST_LINES = 20_000
SHEETS = ("points", "curve", "numbers_at_risk", "at_risk", "ticks")

ARM = frozenset({"arm", "group", "treatment", "curve", "dataset", "data_set", "series", "stratum", "strata", "trt"})
BOOK = frozenset({"k", "i", "no", "index", "interval", "lower", "upper", "row", "point"})
TIME = re.compile(r"(t|x|ts|t_?risk|trisk|(time|month|day|week|year)s?.*|.*_(time|months|days|weeks|years))")

_COMMA_NUMBER = re.compile(r"[+-]?\d+(,\d+)?%?")


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One arm's columns: label ("" where the table names none), x and y (m,), the line of each pair, whether y was
    written with percent signs, and where it stands: file, and the names of both columns."""

    label: str
    x: Floats
    y: Floats
    lines: Ints
    percent: bool
    file: str
    columns: tuple[str, str]

    def problem(self, at: int | None, column: int, expected: str, remedy: str, severity: Severity = "error") -> Problem:
        """A problem of the pair at this position (None: of the column); column 0 is x, 1 is y."""
        value = None if at is None else f"{(self.x, self.y)[column][at]:g}"
        row = None if at is None else int(self.lines[at])
        return Problem(severity, "curve", self.file, "", row, self.columns[column], value, expected, remedy)


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """A column that is not empty: its letters, names in the one or two header lines, cells (m,) as text."""

    letters: str
    over: str
    name: str
    cells: np.ndarray

    @property
    def key(self) -> str:
        return column_key(self.name)

    @property
    def shown(self) -> str:
        return self.name or self.letters


def series_of(file: str, content: bytes, pairs: bool = True) -> tuple[Series, ...]:
    """Every arm's numbers in this file. pairs=False: single columns (of times) instead of pairs; y is then x.

    Raises CohortError naming the line, column and value that is no number, or the columns that fit no layout.
    """
    lines, body = _cut(file, _cells(file, content))
    columns = _columns(lines, body)
    rows = np.array([number for number, _ in body], dtype=np.int64)
    numeric = [c for c in columns if _mostly_numbers(c)]
    named = [c for c in columns if c.key in ARM] or [c for c in columns if c not in numeric]
    numeric = _without_books([c for c in numeric if c not in named], pairs, bool(named))
    if len(named) > 1 or not numeric:
        raise CohortError([_layout(file, columns, pairs)])
    values = {c.letters: _numbers(file, c, rows) for c in numeric}
    couples = _couples(file, numeric, named, len(lines) == 2, pairs)
    return tuple(_series(file, couple, values, rows) for couple in couples)


# Cells


def _cells(file: str, content: bytes) -> list[tuple[int, list[str]]]:
    """Lines that are not blank, with their numbers, as cells."""
    name = file if Path(file).suffix else f"{file}.txt"
    refused = refusal(name, content, TEXT_SUFFIXES + WORKBOOK_SUFFIXES)
    if refused:
        raise CohortError([refused])
    if name.lower().endswith(WORKBOOK_SUFFIXES):
        try:
            grid = next((g for g in sheets(content, SHEETS).values() if g), [])
        except WorkbookError as error:
            raise CohortError([Problem("error", "workbook", file, remedy=str(error))]) from None
        lines = [list(cells) for cells in zip(*grid, strict=True)]
    else:
        text, problems = decode(name, content)
        if has_errors(problems):
            raise CohortError(problems)
        lines = _split(text.splitlines())
    kept = [(i, [" ".join(c.split()) for c in cells]) for i, cells in enumerate(lines, 1) if any(map(str.strip, cells))]
    if len(kept) > MOST_LINES:
        expected = f"at most {MOST_LINES:,} lines, found {len(kept):,}"
        raise CohortError([Problem("error", "too-large", file, expected=expected, remedy="Thin the points out.")])
    return kept


def _split(lines: list[str]) -> list[list[str]]:
    """By tab, semicolon or bar where there is one; by blanks where that leaves numbers alone (their decimal sign may
    be a comma); else by comma."""
    text = "\n".join(lines)
    for separator in "\t;|":
        if separator in text:
            return list(csv.reader(lines, delimiter=separator))
    numbers = [line.split() for line in lines if re.match(r"\s*[+-]?[\d.]", line)]
    blanks = numbers and all(len(n) > 1 and all(_COMMA_NUMBER.fullmatch(c) or _number(c) for c in n) for n in numbers)
    if blanks or "," not in text:
        return list(csv.reader([line.strip() for line in lines], delimiter=" ", skipinitialspace=True))
    return list(csv.reader(lines, skipinitialspace=True))


def _number(cell: str) -> bool:
    values, unread, _ = coerce.numbers(np.array([_plain(cell)], dtype=object))
    return not unread[0] and not np.isnan(values[0])


def _plain(cell: str) -> str:
    """Without a percent sign; a minus sign for a hyphen."""
    return cell.removesuffix("%").strip().replace("\N{MINUS SIGN}", "-")


def _cut(file: str, lines: list[tuple[int, list[str]]]) -> tuple[list[list[str]], list[tuple[int, list[str]]]]:
    """Header lines (up to two) and body. A header is a line without a number; WebPlotDigitizer's second, X and Y, has
    the data sets' names above it, which may be numbers."""
    wordy = [not any(_number(c) for c in cells if c) for _, cells in lines[:2]]
    axes = len(wordy) == 2 and {c.upper() for c in lines[1][1] if c} == {"X", "Y"}
    headers = 2 if axes or (all(wordy[:2]) and len(wordy) == 2) else int(wordy[:1] == [True])
    if len(lines) == headers:
        remedy = "There are no numbers in it. Give one line for every point."
        raise CohortError([Problem("error", "empty-table", file, remedy=remedy)])
    return [cells for _, cells in lines[:headers]], lines[headers:]


def _columns(headers: list[list[str]], body: list[tuple[int, list[str]]]) -> list[_Column]:
    """Columns with a value below the header."""
    width = max(len(cells) for cells in [*headers, *(cells for _, cells in body)])

    def at(cells: Sequence[str], i: int) -> str:
        return cells[i] if i < len(cells) else ""

    found = []
    for i in range(width):
        cells = np.array([at(c, i) for _, c in body], dtype=object)
        if not coerce.missing(cells).all():
            names = [at(h, i) for h in headers]
            over = names[0] if len(names) == 2 else ""
            found.append(_Column(column_letters(i), over, names[-1] if names else "", cells))
    return found


def _mostly_numbers(column: _Column) -> bool:
    given = [c for c in column.cells if c]
    return 2 * sum(map(_number, given)) >= len(given)


def _without_books(columns: list[_Column], pairs: bool, named: bool) -> list[_Column]:
    """Without running numbers and interval bounds, as far as enough columns are left."""
    least = 2 if pairs else 1
    kept = [c for c in columns if c.key not in BOOK]
    if len(kept) == least + 1 and pairs:
        kept = [c for c in kept if c.name or not _counts(c)]
    return kept if len(kept) >= least else columns


def _counts(column: _Column) -> bool:
    return list(column.cells) == [str(i) for i in range(1, len(column.cells) + 1)]


def _numbers(file: str, column: _Column, rows: Ints) -> tuple[Floats, bool]:
    """Values, NaN where there is none, and whether there are percent signs. Raises CohortError."""
    plain = np.array([_plain(c) for c in column.cells], dtype=object)
    values, unread, _ = coerce.numbers(plain)
    if unread.any():
        at = int(np.flatnonzero(unread)[0])
        remedy = "Write the number alone; leave the cell empty where there is none."
        where = (file, "", int(rows[at]), column.shown, str(column.cells[at]), "a number", remedy)
        raise CohortError([Problem("error", "unreadable", *where)])
    return values, any(c.endswith("%") for c in column.cells)


# Layouts


@dataclass(frozen=True, slots=True, eq=False)
class _Couple:
    """Two columns that belong together; on which lines (None: all), and whether x serves other columns too."""

    label: str
    x: _Column
    y: _Column
    on: np.ndarray | None = None
    shared: bool = False


def _couples(file: str, numeric: list[_Column], named: list[_Column], two_headers: bool, pairs: bool) -> list[_Couple]:
    """Which columns belong together. Raises CohortError where that cannot be told."""
    if named:
        if len(numeric) != (2 if pairs else 1):
            raise CohortError([_layout(file, [*named, *numeric], pairs)])
        x, y = _time_first([numeric[0], numeric[-1]])
        labels = dict.fromkeys(c for c in named[0].cells if c)
        return [_Couple(label, x, y, named[0].cells == label) for label in labels]
    if not pairs:
        return [_Couple(c.name if len(numeric) > 1 else "", c, c) for c in numeric]
    if len(numeric) == 2:
        x, y = _time_first(numeric)
        return [_Couple(x.over or y.over, x, y)]
    if len(numeric) % 2 == 0 and (two_headers or _in_pairs(numeric)):
        couples = zip(numeric[::2], numeric[1::2], strict=True)
        return [_Couple(x.over or y.over or _name_of(y), x, y) for x, y in couples]
    if len(numeric) == 1 or two_headers:
        raise CohortError([_layout(file, numeric, pairs)])
    return [_Couple(y.name, numeric[0], y, shared=True) for y in numeric[1:]]


def _time_first(columns: list[_Column]) -> tuple[_Column, _Column]:
    """Time and value: as they stand, unless the header says that time is the second."""
    first, second = columns
    swapped = TIME.fullmatch(second.key) and not TIME.fullmatch(first.key)
    return (second, first) if swapped else (first, second)


def _in_pairs(columns: list[_Column]) -> bool:
    """Time, value, time, value …, as the header says; without a header any even number of columns is taken so."""
    times = [bool(TIME.fullmatch(c.key)) for c in columns]
    return not any(c.name for c in columns) or (all(times[::2]) and not any(times[1::2]))


def _name_of(y: _Column) -> str:
    """A pair's own name, unless it is only "y"."""
    return y.name if len(y.name) > 1 and y.name.lower() not in ("surv", "survival") else ""


def _layout(file: str, columns: Sequence[_Column], pairs: bool) -> Problem:
    shown = ", ".join(c.shown for c in columns) or "no column of numbers"
    expected = (
        "two columns of numbers (time, value), or an arm column and two, or a pair of columns an arm, or one column "
        "of times and one an arm"
        if pairs
        else "one column of times, an arm column and one, or one column an arm"
    )
    remedy = f"Found: {shown}. Remove what is not needed."
    return Problem("error", "layout", file, expected=expected, remedy=remedy)


def _series(file: str, couple: _Couple, values: Mapping[str, tuple[Floats, bool]], rows: Ints) -> Series:
    """The pairs of two columns; lines on which both are empty go. Raises CohortError where one of them is."""
    (x, _), (y, percent) = values[couple.x.letters], values[couple.y.letters]
    inside = np.ones(rows.size, dtype=bool) if couple.on is None else couple.on
    no_x, no_y = np.isnan(x) & inside, np.isnan(y) & inside
    half = (no_x & ~no_y) if couple.shared else (no_x ^ no_y)
    if half.any():
        at = int(np.flatnonzero(half)[0])
        column = couple.x if no_x[at] else couple.y
        remedy = "Fill in the missing one, or remove the line."
        where = (file, "", int(rows[at]), column.shown, "", "a number", remedy)
        raise CohortError([Problem("error", "half-pair", *where)])
    kept = inside & ~no_x & ~no_y
    columns = (couple.x.shown, couple.y.shown)
    return Series(couple.label, x[kept], y[kept], rows[kept], percent, file, columns)
