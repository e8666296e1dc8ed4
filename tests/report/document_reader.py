"""Documents read back: a Word file by python-docx, a page by the standard parser, as tables of text."""

import io
from html.parser import HTMLParser

import docx
from docx.document import Document as Doc

Grid = list[list[str]]


def word(data: bytes) -> Doc:
    return docx.Document(io.BytesIO(data))


def word_grids(data: bytes) -> list[Grid]:
    """The cells of every table; a merged cell once. A space that does not break is a space."""
    return [
        [
            [cell.text.replace("\u00a0", " ") for cell in {id(c._tc): c for c in row.cells}.values()]
            for row in table.rows
        ]
        for table in word(data).tables
    ]


class Page(HTMLParser):
    """Tables, pictures and all words of a page; what is there to align others only is left out."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.grids: list[Grid] = []
        self.pictures: list[dict[str, str | None]] = []
        self.tags: list[str] = []
        self.words = ""
        self._cell = self._hidden = False
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "table":
            self.grids.append([])
        elif tag == "tr":
            self.grids[-1].append([])
        elif tag in ("td", "th"):
            self.grids[-1][-1].append("")
            self._cell = True
        elif tag == "img":
            self.pictures.append(dict(attrs))
        elif dict(attrs).get("class") == "kras-unseen":
            self._hidden = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "span":
            self._hidden = False
        elif tag in ("td", "th"):
            self._cell = False

    def handle_data(self, data: str) -> None:
        self.words += data
        if self._cell and not self._hidden:
            self.grids[-1][-1][-1] += data
