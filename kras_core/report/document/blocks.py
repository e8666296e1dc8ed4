"""What a document is made of, whatever it is written as."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from kras_core.report.html_table import Table

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
    """A figure as PNG, what it shows for those who do not see it, its caption, and its width over its height."""

    png: bytes
    alt: str
    caption: str
    aspect: float


@dataclass(frozen=True, slots=True)
class Captioned:
    """A table with its number and title, as documents name it; `file`: its name among the files."""

    title: str
    table: Table
    file: str

    @property
    def wide(self) -> bool:
        """Whether it needs a page turned on its side."""
        return len(self.table.columns) > 8


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
