"""Tables as immutable descriptions, and one writer each for HTML and plain text.

The look is in `stylesheet`: one header line, hairlines between groups, numbers to the right, intervals
in lighter ink, a caption that names the method.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kras_core.report.format import NOTHING, Printed, html_escape

Cell = str | Printed


@dataclass(frozen=True, slots=True)
class Column:
    """A column's header and how its cells stand. over: words above a run of columns that share them.

    padded: a count with its percentage, aligned on the opening bracket.
    """

    name: str
    numeric: bool = True
    over: str = ""
    padded: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its head, a cell per further column, and whether a hairline stands above it."""

    head: str
    cells: tuple[Cell, ...]
    ruled: bool = False
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """columns[0] is that of the row heads. notes stand beneath, one line each."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    kind: str = "numbers"

    def text_rows(self) -> list[dict[str, str]]:
        """One dict a row, header -> text, for CSV and copying."""
        names = _distinct([f"{c.over}: {c.name}" if c.over else c.name for c in self.columns])
        return [dict(zip(names, (row.head, *map(_text, row.cells)), strict=True)) for row in self.rows]

    def html(self) -> str:
        cells = [pair for row in self.rows for pair in zip(row.cells, self.columns[1:], strict=True)]
        widest = max((_detail(cell, column) for cell, column in cells), key=len, default="")
        body = "".join(_row(row, self.columns, widest) for row in self.rows)
        notes = "".join(f"<p>{html_escape(note)}</p>" for note in self.notes)
        return (
            f'<p class="kras-caption">{html_escape(self.caption)}</p>'
            f'<div class="kras-scroll" tabindex="0" role="region" aria-label="{html_escape(self.caption)}">'
            f'<table class="kras-table kras-{self.kind}" aria-label="{html_escape(self.caption)}">'
            f"<thead>{_header(self.columns)}</thead><tbody>{body}</tbody></table></div>"
            + (f'<div class="kras-table-notes">{notes}</div>' if notes else "")
        )


def _detail(cell: Cell, column: Column) -> str:
    return cell.detail if column.padded and isinstance(cell, Printed) else ""


def _text(cell: Cell) -> str:
    return cell.text if isinstance(cell, Printed) else cell


def _distinct(names: Sequence[str]) -> list[str]:
    """The same names, numbered where one comes again."""
    return [name if name not in names[:i] else f"{name} ({i + 1})" for i, name in enumerate(names)]


def _header(columns: Sequence[Column]) -> str:
    above = ""
    if any(c.over for c in columns):
        above = f"<tr>{''.join(_spans(columns))}</tr>"
    cells = (f'<th scope="col"{_align(c)}>{html_escape(c.name)}</th>' for c in columns)
    return f"{above}<tr>{''.join(cells)}</tr>"


def _spans(columns: Sequence[Column]) -> list[str]:
    """The line above the header: one cell for each run of columns with the same words."""
    spans: list[list[int | str]] = []
    for column in columns:
        if spans and column.over and spans[-1][0] == column.over:
            spans[-1][1] = int(spans[-1][1]) + 1
        else:
            spans.append([column.over, 1])
    return [
        f'<th scope="colgroup" colspan="{n}" class="kras-over">{html_escape(words)}</th>'
        if words
        else f'<td colspan="{n}"></td>'
        for words, n in spans
    ]


def _align(column: Column) -> str:
    return ' class="kras-n"' if column.numeric else ""


def _row(row: Row, columns: Sequence[Column], widest: str) -> str:
    kinds = [name for name, wanted in (("kras-ruled", row.ruled), ("kras-strong", row.strong)) if wanted]
    cells = "".join(
        f"<td{_align(column)}>{_cell(cell, column, widest)}</td>"
        for cell, column in zip(row.cells, columns[1:], strict=True)
    )
    return f'<tr class="{" ".join(kinds)}"><th scope="row">{html_escape(row.head)}</th>{cells}</tr>'


def _cell(cell: Cell, column: Column, widest: str) -> str:
    """In a padded column what a percentage lacks of the widest follows it unseen, so that the brackets align."""
    if isinstance(cell, str):
        return html_escape(cell or (NOTHING if column.numeric else ""))
    lacking = len(widest) - len(cell.detail)
    if not column.padded or lacking <= 0:
        return cell.html
    unseen = "0" * lacking if cell.detail else f" {widest}"
    return f'{cell.html}<span class="kras-unseen" aria-hidden="true">{unseen}</span>'
