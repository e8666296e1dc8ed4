"""Excel workbooks -> sheets of text.

New workbooks (.xlsx) are measured before they are opened. Old ones (.xls) cannot be measured from the
outside, and a made-up one of six kilobytes can ask for a hundred gigabytes, which ends the process
that opens it: they are opened in a process of their own, with a limit on its memory.
"""

import datetime as dt
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from kras_core.cohort.files.archive import DAMAGED, WorkbookError, measure
from kras_core.cohort.files.table import RawTable, table_of
from kras_core.cohort.problems import Problem
from kras_core.cohort.variables import BESIDE, column_key, variable

Sheets = dict[str, list[list[str]]]

APART_BYTES = 2 * 1024**3
APART_SECONDS = 120

_ROOT = Path(__file__).resolve().parents[3]
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_EPOCH = {False: dt.date(1899, 12, 30), True: dt.date(1904, 1, 1)}
_PROTECTED = "This workbook is protected by a password. Save a copy without one."
_OLD = "This old workbook (.xls) cannot be opened: it is damaged, too large or no workbook. Save it as .xlsx."
_LAST_SERIAL = 73_050  # 31 December 2099 in the 1900 system
_LIKELY_SERIALS = (18_264, 55_153)  # 1950 to 2050: what is taken for a day where only the column's name says so
_DATED = re.compile(r"date|datum|fecha|日期|^dob$|_dt$")
OWN_SHEETS = ("patients", *BESIDE)


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook's sheets in their order, as columns of text; those not read are empty.

    serials: the columns, by sheet, in which days stood as Excel's serial numbers.
    """

    grids: Sheets
    serials: dict[str, list[str]] = field(default_factory=dict)


def read_workbook(name: str, content: bytes, chosen: str = "") -> tuple[list[RawTable], list[Problem], tuple[str, ...]]:
    """The tables of a workbook, what was noticed, and the names of all its sheets.

    chosen: the sheet with one row per patient. Without a choice it is the one named patients, or the only
    one, or the first that is not empty (said as "sheet-chosen"). Sheets adverse_events and target_lesions are
    read beside it.
    """
    try:
        book = open_book(content, (chosen, *BESIDE) if chosen else OWN_SHEETS)
        names = tuple(book.grids)
        keyed = {column_key(sheet): sheet for sheet in names}
        if chosen and chosen not in names:
            remedy = "The sheet that was chosen is not in this workbook. Choose one of those that are."
            return [], [Problem("error", "no-sheet", name, remedy=remedy)], names
        guessed = not chosen and len(names) > 1 and "patients" not in keyed
        if guessed:
            book = open_book(content, names)
    except WorkbookError as error:
        return [], [Problem("error", "workbook", name, remedy=str(error))], ()
    filled = [n for n in names if book.grids[n] and column_key(n) not in (*BESIDE, "dictionary")]
    first = chosen or (names[0] if len(names) == 1 else keyed.get("patients") or (filled or [""])[0])
    used = [sheet for sheet in names if sheet == first or column_key(sheet) in BESIDE]
    tables, problems = _tables(name, book, used)
    if guessed:
        remedy = "No sheet is named “patients”: the first that is not empty was read. Choose the one to read."
        problems.append(Problem("warning", "sheet-chosen", name, first, remedy=remedy))
    unread = [sheet for sheet in names if sheet not in used and column_key(sheet) != "dictionary"]
    if unread:
        problems.append(Problem("note", "unread-sheets", name, remedy=f"Sheets not read: {', '.join(unread)}."))
    return tables, problems, names


def _tables(name: str, book: Book, used: Sequence[str]) -> tuple[list[RawTable], list[Problem]]:
    tables: list[RawTable] = []
    problems: list[Problem] = []
    for sheet in used:
        table, noticed = table_of(name, sheet, book.grids[sheet])
        problems += noticed
        if table is None:
            continue
        tables.append(table)
        remedy = "Days that stood as Excel's serial numbers are shown as dates."
        problems += [table.problem("note", "serial-dates", c, remedy=remedy) for c in book.serials.get(sheet, ())]
    return tables, problems


def sheets(content: bytes, wanted: Collection[str]) -> Sheets:
    """Every worksheet by name, as columns of text of equal length (see `open_book`). Raises WorkbookError."""
    return open_book(content, wanted).grids


def open_book(content: bytes, wanted: Collection[str]) -> Book:
    """Every worksheet by name, as columns of text of equal length, the first cell being row 1 of the sheet.

    Sheets other than those wanted (by name or key, see `column_key`) and other than an only one stay unread
    and come as an empty list. Numbers come as the shortest text that reads back the same, dates as
    year-month-day, truth as "true" and "false". Days stored as Excel's serial numbers come as dates too, in
    a column that the dictionary knows as a date, that is named so and holds nothing else, or that is mostly
    dates. Raises WorkbookError.
    """
    if content[:2] == b"PK":
        measure(content)
        return _open(content, wanted, _EPOCH[_counts_from_1904(content)])
    if _ENCRYPTED in content:
        raise WorkbookError(_PROTECTED)
    return _open_apart(content, wanted)


def _open(content: bytes, wanted: Collection[str], epoch: dt.date) -> Book:
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            names = book.sheet_names
            read = [n for n in names if len(names) == 1 or n in wanted or column_key(n) in wanted]
            grids = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in read}
    except PasswordError:
        raise WorkbookError(_PROTECTED) from None
    except (CalamineError, OSError, ValueError):
        raise WorkbookError(DAMAGED) from None
    found: dict[str, list[str]] = {}
    return Book({name: _columns(grids.get(name, []), epoch, found.setdefault(name, [])) for name in names}, found)


def _open_apart(content: bytes, wanted: Collection[str]) -> Book:
    """The same in a child process: whatever the file does there, it does it to the child."""
    code = "from kras_core.cohort.files.workbook import serve; serve()"
    request = json.dumps([*wanted]).encode() + b"\n" + content
    try:
        answer = subprocess.run(
            [sys.executable, "-c", code],
            input=request,
            capture_output=True,
            cwd=_ROOT,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
            timeout=APART_SECONDS,
            check=True,
        )
    except subprocess.SubprocessError:
        raise WorkbookError(_OLD) from None
    found = json.loads(answer.stdout)
    if isinstance(found, str):
        raise WorkbookError(found)
    return Book(**found)


def serve() -> None:
    """The child's side: wanted keys and workbook on standard input, book or refusal as JSON on standard output."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (APART_BYTES, APART_BYTES))
    except ImportError:  # Windows has no such limit
        pass
    wanted, content = sys.stdin.buffer.read().split(b"\n", 1)
    try:
        answer: Mapping[str, object] | str = asdict(_open(content, json.loads(wanted), _EPOCH[False]))
    except WorkbookError as error:
        answer = str(error)
    json.dump(answer, sys.stdout)


def _counts_from_1904(content: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return re.search(rb'date1904="(1|true)"', archive.read("xl/workbook.xml")) is not None


def _columns(rows: Sequence[Sequence[object]], epoch: dt.date, serials: list[str]) -> list[list[str]]:
    """Columns of text; the names of those in which serial numbers became dates are added to `serials`."""
    columns = []
    for cells in zip(*rows, strict=True):
        header = next((cell for cell in cells if cell != ""), "")
        days = isinstance(header, str) and _holds_days(header, cells)
        if days and any(_is_serial(cell) for cell in cells):
            serials.append(header)
        columns.append([cell if isinstance(cell, str) else _text(cell, epoch if days else None) for cell in cells])
    return columns


def _holds_days(header: str, cells: Sequence[object]) -> bool:
    """Whether a number in this column is a day."""
    known = variable(column_key(header))
    if known is not None:
        return known.kind == "date"
    numbers = [cell for cell in cells if isinstance(cell, int | float) and not isinstance(cell, bool)]
    if not numbers or not all(_LIKELY_SERIALS[0] <= n <= _LIKELY_SERIALS[1] and n == int(n) for n in numbers):
        return False
    dates = sum(isinstance(cell, dt.date) for cell in cells)
    return dates >= len(numbers) or _DATED.search(header.lower()) is not None


def _is_serial(cell: object) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool) and 1 <= cell <= _LAST_SERIAL


def _text(cell: object, epoch: dt.date | None) -> str:
    if cell.__class__ is float and epoch is None:  # most cells
        return repr(cell).removesuffix(".0")
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        if epoch is not None and _is_serial(cell):
            return (epoch + dt.timedelta(days=int(cell))).isoformat()
        return repr(cell).removesuffix(".0")
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, dt.date | dt.time) else str(cell)
