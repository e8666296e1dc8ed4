"""CSV and its relatives -> a table: encoding and separator are found, and said where they are not the usual ones."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from kras_core.cohort.files.archive import MAX_CELLS
from kras_core.cohort.files.table import CONTROL, RawTable, table_of, tidy
from kras_core.cohort.problems import Problem, has_errors

SEPARATORS = ",;\t|"

_QUOTED = re.compile(r'"[^"]*"')
_COMMON_CHINESE = 0.9


@dataclass(frozen=True, slots=True)
class _Remarks:
    """Lines above the header that begin with #: how many, and what they say of the columns (cBioPortal)."""

    lines: int
    labels: Mapping[str, str]


def read_text(name: str, content: bytes) -> tuple[RawTable | None, list[Problem]]:
    """The table of a text file, None with the reason where there is none."""
    text, problems = decode(name, content)
    if has_errors(problems):
        return None, problems
    separator, remarks, text = _layout(text)
    grid, problem = split(name, text, separator, remarks.lines)
    if problem is not None:
        return None, [*problems, problem]
    table, more = table_of(name, "", grid, above=remarks.lines)
    if table is not None and remarks.labels:
        table = replace(table, labels={**remarks.labels, **table.labels})
    return table, [*problems, *more]


# Encoding


def decode(name: str, content: bytes) -> tuple[str, list[Problem]]:
    """The text of a file, and what there is to say of its encoding: an error where it has none that is known.

    UTF-8 and UTF-16 prove themselves. Of the others, GB18030 is taken where nearly all characters beyond ASCII
    come out as common Chinese ones (Western text read so gives rare ones), else Western European.
    """
    wide = _utf_16(content)
    try:
        text = content.decode(wide or "utf-8-sig")
        return (text, []) if "\x00" not in text else ("", [_no_text(name)])
    except UnicodeDecodeError:
        if wide:
            return "", [_no_text(name)]
    text = _chinese(content)
    what, check = "Chinese (GB18030)", "Check the Chinese characters"
    if not text:
        text, what, check = _western(content), "Western European (Latin-1)", "Check names with accents"
    if "\x00" in text or CONTROL.search(text):
        return "", [_no_text(name)]
    remedy = f"Not UTF-8: read as {what}. {check}, or save as “CSV UTF-8”."
    return text, [Problem("warning", "encoding", name, remedy=remedy)]


def _no_text(name: str) -> Problem:
    remedy = "This is no text in a known encoding. In Excel, save as “CSV UTF-8”."
    return Problem("error", "encoding", name, remedy=remedy)


def _utf_16(content: bytes) -> str:
    """The name of the UTF-16 that this is in, by its mark or, without one, by a zero in every second byte."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    start = content[:2000]
    if len(start) < 8 or len(content) % 2:
        return ""
    even, odd = start[0::2].count(0) / len(start[0::2]), start[1::2].count(0) / len(start[1::2])
    return "utf-16-le" if odd > 0.4 and even == 0 else "utf-16-be" if even > 0.4 and odd == 0 else ""


def _chinese(content: bytes) -> str:
    """The text as GB18030, or nothing where it is hardly meant so."""
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        return ""
    beyond = [c for c in text[:200_000] if not c.isascii()]
    common = sum(len(c.encode("gb2312", "ignore")) == 2 for c in beyond)
    return text if beyond and common / len(beyond) >= _COMMON_CHINESE else ""


def _western(content: bytes) -> str:
    """Windows-1252, which is Latin-1 with quotation marks and dashes; what that leaves out comes by Latin-1."""
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        return content.decode("latin-1")


# Lines


def _layout(text: str) -> tuple[str, _Remarks, str]:
    """The separator, the remarks above the header, and the text from the header on."""
    lines, start = [], 0
    while start < len(text) and text[start] == "#":
        end = text.find("\n", start)
        end = len(text) if end < 0 else end + 1
        lines.append(text[start:end].rstrip("\r\n"))
        start = end
    separator = separator_of(text[start:] or text)
    header = text[start : text.find("\n", start) if "\n" in text[start:] else len(text)].rstrip("\r")
    if not lines or _is_header(lines, header, separator):
        return separator_of(text), _Remarks(0, {}), text
    return separator, _Remarks(len(lines), _labels(lines, header, separator)), text[start:]


def separator_of(text: str) -> str:
    """The one of SEPARATORS that occurs most often in the first line that is not blank."""
    header = _QUOTED.sub("", text.lstrip("\r\n").split("\n", 1)[0])
    return max(SEPARATORS, key=header.count)


def _is_header(lines: Sequence[str], below: str, separator: str) -> bool:
    """Whether the one line with # is a header whose first column's name begins so, over a line with a number."""
    fields = below.split(separator)
    as_many = len(lines) == 1 and len(lines[0].split(separator)) == len(fields) > 1
    return as_many and any(re.fullmatch(r'"?[-+]?\d+([.,]\d+)?"?', field.strip()) for field in fields)


def _labels(lines: Sequence[str], header: str, separator: str) -> dict[str, str]:
    """Display name and description of each column, of cBioPortal's first two lines."""
    names = [tidy(name) for name in header.split(separator)]
    said = [[tidy(cell) for cell in line.lstrip("#").split(separator)] for line in lines[:2]]
    said = [cells for cells in said if len(cells) == len(names) > 1]
    labels = {}
    for name, *texts in zip(names, *said, strict=True):
        distinct = list(dict.fromkeys(text for text in texts if text))
        if distinct:
            labels[name] = ": ".join(distinct)
    return labels


def split(name: str, text: str, separator: str, above: int = 0) -> tuple[list[Sequence[str]], Problem | None]:
    """Columns of text, or the line that no table can be made of. above: lines of the file before this text."""
    width = _QUOTED.sub("", text.lstrip("\r\n").split("\n", 1)[0]).count(separator) + 1
    if width * (text.count("\n") + 1) > MAX_CELLS:
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
        return [], unreadable_line(name, str(error), above)
    return [frame[i].tolist() for i in frame.columns], None


def unreadable_line(name: str, message: str, above: int = 0) -> Problem:
    """pandas' message as a problem; its numbers are taken, never its text."""
    fields = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message)
    if fields:
        expected, row, found = map(int, fields.groups())
        remedy = "Check that row for a separator or a decimal comma that is not in quotation marks."
        said = f"{expected} fields, found {found}"
        return Problem("error", "fields", name, row=row + above, expected=said, remedy=remedy)
    quote = re.search(r"inside string starting at row (\d+)", message)
    if quote:
        remedy = "A quotation mark is opened here and never closed. Close or remove it."
        return Problem("error", "quotes", name, row=int(quote[1]) + 1 + above, remedy=remedy)
    return Problem("error", "no-table", name, remedy="No table can be made of this text. Save it again as CSV.")
