"""What a file is, by its first bytes, and why it is not even opened: size, kind, or a content that belies its name.

Nothing is ever unpickled.
"""

import re
from collections.abc import Collection
from pathlib import PurePath

from kras_core.cohort.problems import Problem

MAX_UPLOAD_BYTES = 50 * 1024**2

TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".maf")
WORKBOOK_SUFFIXES = (".xlsx", ".xls")
SPSS, SAS, TRANSPORT, STATA, PARQUET, ZIP = "SPSS", "SAS", "SAS transport", "Stata", "Parquet", "zip"
NAMED = {
    ".sav": SPSS,
    ".zsav": SPSS,
    ".sas7bdat": SAS,
    ".xpt": TRANSPORT,
    ".dta": STATA,
    ".parquet": PARQUET,
    ".zip": ZIP,
}
SUFFIXES = (*TEXT_SUFFIXES, *WORKBOOK_SUFFIXES, *NAMED)

_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3", "an SQLite database"),
    (b"RDX", "an R file"),
    *((b"\x80" + bytes([version]), "a Python pickle, which may run programs when opened,") for version in range(2, 6)),
)
_KNOWN: tuple[tuple[bytes, str], ...] = (
    (b"$FL2", SPSS),
    (b"$FL3", SPSS),
    (bytes(12) + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011"), SAS),
    (b"HEADER RECORD*******LIB", TRANSPORT),
    (b"<stata_dta>", STATA),
    (b"PAR1", PARQUET),
    (b"PK", ZIP),
)
_OLE = b"\xd0\xcf\x11\xe0"
_PROTECTED_PARQUET = b"PARE"


def suffix_of(name: str) -> str:
    return PurePath(name.lower()).suffix


def kind_of(content: bytes) -> str:
    """SPSS, SAS, …, "zip" (a new workbook is one too), "xls" or "" (text, or nothing known)."""
    if content.startswith(_OLE):
        return "xls"
    if len(content) > 3 and 0x66 <= content[0] <= 0x73 and content[1] in (1, 2) and content[2] == 1:
        return STATA  # releases before 13 have no other mark than release, byte order and file type
    return next((kind for start, kind in _KNOWN if content.startswith(start)), "")


def refusal(name: str, content: bytes, suffixes: Collection[str] = SUFFIXES) -> Problem | None:
    """Why this file is not even opened, None where there is no reason. suffixes: the kinds that are welcome."""

    def refuse(code: str, remedy: str) -> Problem:
        return Problem("error", code, name, remedy=remedy)

    if len(content) > MAX_UPLOAD_BYTES:
        return too_large(name, len(content))
    if not content.strip():
        return refuse("empty-file", "The file is empty. Check that it was saved, and choose it again.")
    foreign = next((what for start, what in _FOREIGN if content.startswith(start)), "")
    if suffix_of(name) not in suffixes and not foreign.startswith("a Python pickle"):
        return refuse("unknown-kind", "This kind of file is not read. Save the table as .xlsx or .csv.")
    if foreign:
        return refuse("wrong-kind", f"This is {foreign} and no table, whatever its name says. Choose the table.")
    start = content[:1024].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if not kind_of(content) and start.startswith(b"<") and re.search(rb"<(!doctype|html|table|\?xml|head|meta)", start):
        remedy = "This is a web page or XML, whatever its name says. Open it in Excel, save as .xlsx."
        return refuse("wrong-kind", remedy)
    remedy = _belied(suffix_of(name), kind_of(content))
    if remedy:
        return refuse("wrong-kind", remedy)
    if content.startswith(_PROTECTED_PARQUET):
        return refuse("protected", "This Parquet file is encrypted. Save a copy without encryption.")
    return None


def _belied(suffix: str, kind: str) -> str:
    """What to do about a content that is another than the name says; nothing where they agree."""
    if suffix in WORKBOOK_SUFFIXES:
        if kind in (ZIP, "xls"):
            return ""
        return f"The name says Excel, but this is no workbook. {_rename(kind) or 'If it is text, name it .csv.'}"
    if suffix in TEXT_SUFFIXES:
        if kind in (ZIP, "xls"):
            return "The name says text, but this is none. If it is a workbook, name it .xlsx or .xls."
        return f"The name says text, but this is none. {_rename(kind)}" if kind else ""
    said = NAMED[suffix]
    if kind == said:
        return ""
    return f"The name says {said}, but this is none. {_rename(kind) or 'Export the table again.'}"


def _rename(kind: str) -> str:
    suffix = next((s for s, k in NAMED.items() if k == kind), "")
    return f"It is a file of {kind}: name it {suffix}." if suffix else ""


def too_large(name: str, size: int, limit: int | None = None) -> Problem:
    limit = limit or MAX_UPLOAD_BYTES
    return Problem(
        "error",
        "too-large",
        name,
        expected=f"at most {limit // 1024**2:,} MB, found {size / 1024**2:.1f} MB",
        remedy="Remove columns that are not needed, or split the file.",
    )
