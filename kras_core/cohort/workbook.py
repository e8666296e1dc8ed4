"""Excel workbooks -> sheets of text, after making sure that opening them is safe.

A workbook is a zip archive: a small file can unfold into gigabytes, and two cells far apart make a
sheet of billions. Both are measured here before the reader proper sees the file.
"""

import copy
import datetime as dt
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from kras_core.cohort.variables import column_key, variable

MAX_UNPACKED_BYTES = 400 * 1024**2
MAX_CELLS = 20_000_000
MAX_MEMBERS = 10_000
CHUNK = 1 << 20
LONGEST_TAG = 2 * CHUNK  # with the text behind it; Excel's longest text has 32,767 characters

_CELLS = (b"<c ", b"<c>", b"<c/", b"<c\t", b"<c\n", b"<c\r")
_PREFIXED_CELL = re.compile(rb"<\w+:c[\s>/]")
_ADDRESS_COLUMN = re.compile(rb'\sr="([A-Z]{1,3})\d')
_ADDRESS_ROW = re.compile(rb'\sr="[A-Z]{1,3}(\d+)"')
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_EPOCH = {False: dt.date(1899, 12, 30), True: dt.date(1904, 1, 1)}
_PROTECTED = "This workbook is protected by a password. Save a copy without one."
_DAMAGED = "This workbook is damaged or protected. Save it again from Excel."
_TOO_LARGE = (
    f"Unpacked, this workbook exceeds {MAX_UNPACKED_BYTES // 1024**2} MB. Keep its two sheets only, or use CSV."
)
# What zipfile and zlib stumble over in a damaged archive.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    ValueError,
)
_LAST_SERIAL = 73_050  # 31 December 2099 in the 1900 system


class WorkbookError(ValueError):
    """Why this workbook is not read, in one sentence without any of its values."""


def sheets(content: bytes, wanted: Collection[str]) -> dict[str, list[list[str]]]:
    """Every worksheet by name, as columns of text of equal length, the first cell being row 1 of the sheet.

    Sheets other than those wanted (by key, see `column_key`) and other than an only one stay unread and
    come as an empty list. Numbers come as the shortest text that reads back the same, dates as
    year-month-day, truth as "true" and "false". Days stored as Excel's serial numbers in a column that
    the dictionary knows as a date come as dates too. Raises WorkbookError.
    """
    epoch = _EPOCH[False]
    if content[:2] == b"PK":
        _measure(content)
        epoch = _EPOCH[_counts_from_1904(content)]
    elif _ENCRYPTED in content:
        raise WorkbookError(_PROTECTED)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            names = book.sheet_names
            read = [name for name in names if len(names) == 1 or column_key(name) in wanted]
            grids = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in read}
    except PasswordError:
        raise WorkbookError(_PROTECTED) from None
    except (CalamineError, OSError, ValueError):
        raise WorkbookError("This workbook cannot be opened: it is damaged. Save it again from Excel.") from None
    return {name: _columns(grids.get(name, []), epoch) for name in names}


def _measure(content: bytes) -> None:
    """Unpack the archive piece by piece, keeping nothing, and refuse what would not fit."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if "xl/workbook.xml" not in archive.namelist():
                raise WorkbookError("This is a zip archive, but no Excel workbook (.xlsx). Choose the workbook itself.")
            if len(members) > MAX_MEMBERS or sum(m.file_size for m in members) > MAX_UNPACKED_BYTES:
                raise WorkbookError(_TOO_LARGE)
            room = MAX_UNPACKED_BYTES
            for member in members:
                room -= _unpacked_size(archive, member, room)
    except WorkbookError:
        raise
    except _DAMAGE:
        raise WorkbookError(_DAMAGED) from None


def _unpacked_size(archive: zipfile.ZipFile, member: zipfile.ZipInfo, room: int) -> int:
    """Unpacked size of one member in bytes; raises when it exceeds the room or describes too large a sheet."""
    honest = copy.copy(member)
    honest.file_size = room + 2 * CHUNK  # the directory may lie: read on until the stream ends or the room does
    size, extent, tail = 0, _Extent(), b""
    with archive.open(honest) as stream:
        while chunk := stream.read(CHUNK):
            is_start, size = size == 0, size + len(chunk)
            if size > room:
                raise WorkbookError(_TOO_LARGE)
            if is_start and not _is_xml(chunk):
                extent = None
            if extent:
                text, tail = _whole_tags(tail + chunk)
                extent.add(text)
    if extent:
        extent.check()
    return size


@dataclass
class _Extent:
    """How far a sheet reaches, by the addresses of its cells."""

    cells: int = 0
    addresses: int = 0
    rows: int = 0
    columns: set[bytes] = field(default_factory=set)

    def add(self, text: bytes) -> None:
        columns = _ADDRESS_COLUMN.findall(text)
        self.cells += sum(map(text.count, _CELLS))
        self.cells += len(_PREFIXED_CELL.findall(text)) if b":c" in text else 0
        self.addresses += len(columns)
        self.columns.update(columns)
        self.rows = max(self.rows, *map(int, set(_ADDRESS_ROW.findall(text))), 0)

    def check(self) -> None:
        if self.cells > self.addresses:
            raise WorkbookError("The cells of this workbook carry no addresses. Save it again from Excel.")
        if self.cells and self.rows * max(map(_column_number, self.columns)) > MAX_CELLS:
            raise WorkbookError(
                f"A sheet of this workbook spans more than {MAX_CELLS:,} cells. "
                "Delete the empty rows and columns beyond the table and save it again."
            )


def _is_xml(start: bytes) -> bool:
    if start[:2] in (b"\xff\xfe", b"\xfe\xff") or start[:4] == b"<\x00?\x00":
        raise WorkbookError("This workbook is written in an unusual encoding. Save it again from Excel.")
    return start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def _whole_tags(text: bytes) -> tuple[bytes, bytes]:
    """The text up to its last tag, and the rest, which the next chunk completes."""
    cut = max(text.rfind(b"<"), 0)
    if len(text) - cut > LONGEST_TAG:
        raise WorkbookError(_DAMAGED)
    return text[:cut], text[cut:]


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


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
