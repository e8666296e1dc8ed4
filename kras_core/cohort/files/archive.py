"""Is this .xlsx safe to open? Measured before the reader proper sees it.

A workbook is a zip archive: a small file can unfold into gigabytes, its directory can lie about that,
and two cells far apart make a sheet of billions.
"""

import copy
import io
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass, field

MAX_UNPACKED_BYTES = 400 * 1024**2
MAX_CELLS = 20_000_000
MAX_MEMBERS = 10_000
CHUNK = 1 << 20
LONGEST_TAG = 2 * CHUNK  # with the text behind it; Excel's longest text has 32,767 characters

DAMAGED = "This workbook is damaged or protected. Save it again from Excel."

_CELLS = (b"<c ", b"<c>", b"<c/", b"<c\t", b"<c\n", b"<c\r")
_PREFIXED_CELL = re.compile(rb"<\w+:c[\s>/]")
_ADDRESS_COLUMN = re.compile(rb'\sr="([A-Z]{1,3})\d')
_ADDRESS_ROW = re.compile(rb'\sr="[A-Z]{1,3}(\d+)"')
_TOO_LARGE = (
    f"Unpacked, this workbook exceeds {MAX_UNPACKED_BYTES // 1024**2} MB. Keep its two sheets only, or use CSV."
)
# What zipfile and zlib stumble over in a damaged archive.
DAMAGE = (
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


class WorkbookError(ValueError):
    """Why this workbook is not read, in one sentence without any of its values."""


def measure(content: bytes) -> None:
    """Unpack the archive piece by piece, keeping nothing. Raises WorkbookError for what would not fit."""
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
    except DAMAGE:
        raise WorkbookError(DAMAGED) from None


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
        raise WorkbookError(DAMAGED)
    return text[:cut], text[cut:]


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
