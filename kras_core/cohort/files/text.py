"""CSV and its relatives -> a table: encoding and separator are found, and said where they are not the usual ones."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from kras_core.cohort.files.archive import MAX_CELLS
from kras_core.cohort.files.table import CONTROL, RawTable, table_of, tidy, too_many_columns
from kras_core.cohort.problems import Problem, has_errors

SEPARATORS = ",;\t|"
WIDEST = 16_384  # columns of an Excel sheet, empty ones included: beyond them a text is not even split

_QUOTED = re.compile(r'"[^"]*"')
_COMMON_CHINESE = 0.9


@dataclass(frozen=True, slots=True)
class Layout:
    """How a text is laid out: separator, header, the lines above it, and what they say of the columns.

    above: lines that begin with #; blank: blank ones between them and the header. start: where the text
    goes on behind the lines with #. labels: by column (cBioPortal writes them so).
    """

    separator: str
    header: str
    above: int = 0
    blank: int = 0
    start: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)


def read_text(name: str, content: bytes) -> tuple[RawTable | None, list[Problem]]:
    """The table of a text file, None with the reason where there is none."""
    text, problems = decode(name, content)
    if has_errors(problems):
        return None, problems
    found = layout(text)
    grid, problem = split(name, text[found.start :], found.separator, found.above)
    if problem is not None:
        return None, [*problems, problem]
    table, more = table_of(name, "", grid, above=found.above)
    if table is not None and found.labels:
        table = replace(table, labels={**found.labels, **table.labels})
    return table, [*problems, *more]


# Encoding


def decode(name: str, content: bytes) -> tuple[str, list[Problem]]:
    """The text of a file, and what there is to say of its encoding: an error where it has none that is known."""
    encoding = encoding_of(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return "", [_no_text(name)]
    if encoding.startswith("utf"):
        return (text, []) if "\x00" not in text else ("", [_no_text(name)])
    if CONTROL.search(text):
        return "", [_no_text(name)]
    return text, [said_of(name, encoding)]


def encoding_of(content: bytes) -> str:
    """The encoding of a text, as Python names it.

    UTF-8 and UTF-16 prove themselves. Of the others, GB18030 is taken where nearly all characters beyond ASCII
    come out as common Chinese ones (Western text read so gives rare ones), else Windows-1252, which is Latin-1
    with quotation marks and dashes, else Latin-1, which takes any byte.
    """
    wide = _utf_16(content)
    if wide:
        return wide
    for encoding in ("utf-8-sig", "gb18030", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "gb18030" or _is_common_chinese(text):
            return encoding
    return "latin-1"


def said_of(name: str, encoding: str) -> Problem:
    """A warning that the text is in an encoding that can only be guessed."""
    what, check = "Western European (Latin-1)", "Check names with accents"
    if encoding == "gb18030":
        what, check = "Chinese (GB18030)", "Check the Chinese characters"
    remedy = f"Not UTF-8: read as {what}. {check}, or save as “CSV UTF-8”."
    return Problem("warning", "encoding", name, remedy=remedy)


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


def _is_common_chinese(text: str) -> bool:
    beyond = [c for c in text[:200_000] if not c.isascii()]
    common = sum(len(c.encode("gb2312", "ignore")) == 2 for c in beyond)
    return bool(beyond) and common / len(beyond) >= _COMMON_CHINESE


# Lines


def layout(text: str) -> Layout:
    """The separator, the header, and the lines above it that begin with #."""
    lines, start = [], 0
    while text.startswith("#", start):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end + 1
        lines.append(text[start:end].rstrip("\r\n"))
        start = end
    below = _from(text, start)
    if not lines or _is_header(lines, below.header, below.separator):
        return _from(text, 0)
    return replace(below, above=len(lines), labels=_labels(lines, below.header, below.separator))


def _from(text: str, start: int) -> Layout:
    """The layout of a text whose header is the first line, from here on, that is not blank."""
    blank, at = 0, start
    while at < len(text) and text[at] in "\r\n":
        blank, at = blank + (text[at] == "\n"), at + 1
    header = text[at : text.find("\n", at) if "\n" in text[at:] else len(text)].rstrip("\r")
    unquoted = _QUOTED.sub("", header)
    return Layout(max(SEPARATORS, key=unquoted.count), header, 0, blank, start)


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
    if width > WIDEST:
        return [], too_many_columns(name, "", width)
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
