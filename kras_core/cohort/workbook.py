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
from collections.abc import Collection, Sequence
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from kras_core.cohort.archive import DAMAGED, WorkbookError, measure
from kras_core.cohort.variables import column_key, variable

Sheets = dict[str, list[list[str]]]

APART_BYTES = 2 * 1024**3
APART_SECONDS = 120

_ROOT = Path(__file__).resolve().parents[2]
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_EPOCH = {False: dt.date(1899, 12, 30), True: dt.date(1904, 1, 1)}
_PROTECTED = "This workbook is protected by a password. Save a copy without one."
_OLD = "This old workbook (.xls) cannot be opened: it is damaged, too large or no workbook. Save it as .xlsx."
_LAST_SERIAL = 73_050  # 31 December 2099 in the 1900 system


def sheets(content: bytes, wanted: Collection[str]) -> Sheets:
    """Every worksheet by name, as columns of text of equal length, the first cell being row 1 of the sheet.

    Sheets other than those wanted (by key, see `column_key`) and other than an only one stay unread and
    come as an empty list. Numbers come as the shortest text that reads back the same, dates as
    year-month-day, truth as "true" and "false". Days stored as Excel's serial numbers in a column that
    the dictionary knows as a date come as dates too. Raises WorkbookError.
    """
    if content[:2] == b"PK":
        measure(content)
        return _open(content, wanted, _EPOCH[_counts_from_1904(content)])
    if _ENCRYPTED in content:
        raise WorkbookError(_PROTECTED)
    return _open_apart(content, wanted)


def _open(content: bytes, wanted: Collection[str], epoch: dt.date) -> Sheets:
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            names = book.sheet_names
            read = [name for name in names if len(names) == 1 or column_key(name) in wanted]
            grids = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in read}
    except PasswordError:
        raise WorkbookError(_PROTECTED) from None
    except (CalamineError, OSError, ValueError):
        raise WorkbookError(DAMAGED) from None
    return {name: _columns(grids.get(name, []), epoch) for name in names}


def _open_apart(content: bytes, wanted: Collection[str]) -> Sheets:
    """The same in a child process: whatever the file does there, it does it to the child."""
    code = "from kras_core.cohort.workbook import serve; serve()"
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
    return found


def serve() -> None:
    """The child's side: wanted keys and workbook on standard input, sheets or a refusal as JSON on standard output."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (APART_BYTES, APART_BYTES))
    except ImportError:  # Windows has no such limit
        pass
    wanted, content = sys.stdin.buffer.read().split(b"\n", 1)
    try:
        answer: Sheets | str = _open(content, json.loads(wanted), _EPOCH[False])
    except WorkbookError as error:
        answer = str(error)
    json.dump(answer, sys.stdout)


def _counts_from_1904(content: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return re.search(rb'date1904="(1|true)"', archive.read("xl/workbook.xml")) is not None


def _columns(rows: Sequence[Sequence[object]], epoch: dt.date) -> list[list[str]]:
    return [_column(cells, epoch) for cells in zip(*rows, strict=True)]


def _column(cells: tuple[object, ...], epoch: dt.date) -> list[str]:
    header = next((cell for cell in cells if cell != ""), "")
    known = variable(column_key(header)) if isinstance(header, str) else None
    serials = epoch if known is not None and known.kind == "date" else None
    return [cell if isinstance(cell, str) else _text(cell, serials) for cell in cells]


def _text(cell: object, epoch: dt.date | None) -> str:
    if cell.__class__ is float and epoch is None:  # most cells
        return repr(cell).removesuffix(".0")
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        if epoch is not None and 1 <= cell <= _LAST_SERIAL:
            return (epoch + dt.timedelta(days=int(cell))).isoformat()
        return repr(cell).removesuffix(".0")
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, dt.date | dt.time) else str(cell)
