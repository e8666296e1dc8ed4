"""What a document is made of, whatever it is written as."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from kras_core.report.html_table import Row, Table

COMFORTABLE, UPRIGHT = 105, 150  # characters that a table may need on an upright page, in small type at most
MOST_UPRIGHT = 11  # columns
Tone = Literal["", "lead", "loud", "quiet"]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words. loud: a warning that nobody overlooks."""

    text: str
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Listed:
    """Items of a list, numbered where they are referred to."""

    items: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure as PNG, what it shows for those who do not see it, and its caption."""

    png: bytes
    alt: str
    caption: str


@dataclass(frozen=True, slots=True)
class Captioned:
    """A table with its number and title, as documents name it; `file`: its name among the files."""

    title: str
    table: Table
    file: str

    @property
    def wide(self) -> bool:
        """Whether it needs a page turned on its side."""
        return self._needed > UPRIGHT or len(self.table.columns) > MOST_UPRIGHT

    @property
    def dense(self) -> bool:
        """Whether it needs smaller type."""
        return self._needed > COMFORTABLE

    @property
    def _needed(self) -> int:
        """Characters across: numbers are not broken, words may be."""
        needed = 0
        for i, column in enumerate(self.table.columns):
            texts = [column.name, *(_text(row, i) for row in self.table.rows)]
            needed += min(max(map(len, texts)), 30 if column.numeric else 20) + 2
        return needed


def _text(row: Row, i: int) -> str:
    cell = row.cells[i - 1] if i else row.head
    return cell if isinstance(cell, str) else cell.text


Block = Paragraph | Heading | Listed | Picture | Captioned


@dataclass(frozen=True, slots=True)
class Section:
    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """title; provenance: what the rows are, on every page (loud where they are no patients); foot: on every page."""

    title: str
    subtitle: str
    provenance: str
    loud: bool
    foot: str
    on: date
    sections: tuple[Section, ...]

    @property
    def tables(self) -> Iterator[Captioned]:
        return (b for s in self.sections for b in s.blocks if isinstance(b, Captioned))
