"""Tables as immutable descriptions, and one writer each for HTML and plain text.

The look is in `stylesheet`: one header line, hairlines between groups, numbers to the right, intervals
in lighter ink, a caption that names the method.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from kras_core.report.format import NOTHING, Printed, html_escape
from kras_core.report.small_cells import HIDDEN, Key, Sum, explained, marks, threshold, words

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
    """A row: its head, a cell per further column, and whether a hairline stands above it. indented: one of several
    under a head of their own."""

    head: str
    cells: tuple[Cell, ...]
    ruled: bool = False
    strong: bool = False
    indented: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """columns[0] is that of the row heads. notes stand beneath, one line each.

    sums: what a reader may add up among the cells that count patients, by (row, cell): while small counts are
    hidden, those that a sum would give away are hidden with them, in HTML, text and CSV alike.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    kind: str = "numbers"
    sums: tuple[Sum, ...] = ()

    @property
    def hides(self) -> dict[Key, str]:
        """The cells, by (row, cell), that are hidden here and now, and what stands there; none while all are shown."""
        return marks(counts_of(self.rows), self.sums, threshold()) if threshold() else {}

    def shown(self) -> "Table":
        """The table as it may be shown here and now, for good: its hidden cells are gone."""
        if not threshold():
            return self
        hidden = self.hides
        if not hidden:
            return replace(self, notes=tuple(map(words, self.notes)), sums=())

        def written(i: int, j: int, cell: Cell) -> Cell:
            return Printed(hidden[i, j], missing=hidden[i, j] == HIDDEN) if (i, j) in hidden else cell

        rows = tuple(
            replace(row, cells=tuple(written(i, j, cell) for j, cell in enumerate(row.cells)))
            for i, row in enumerate(self.rows)
        )
        return replace(self, rows=rows, notes=(*map(words, self.notes), explained()), sums=())

    def text_rows(self) -> list[dict[str, str]]:
        """One dict a row, header -> text, for CSV and copying."""
        return self.shown()._text_rows()

    def html(self) -> str:
        return self.shown()._html()

    def _text_rows(self) -> list[dict[str, str]]:
        names = _distinct([f"{c.over}: {c.name}" if c.over else c.name for c in self.columns])
        return [dict(zip(names, (row.head, *map(_text, row.cells)), strict=True)) for row in self.rows]

    def _html(self) -> str:
        widest = [_widest([row.cells[i] for row in self.rows], c) for i, c in enumerate(self.columns[1:])]
        body = "".join(_row(row, self.columns, widest) for row in self.rows)
        notes = "".join(f"<p>{html_escape(note)}</p>" for note in self.notes)
        return (
            f'<p class="kras-caption">{html_escape(self.caption)}</p>'
            f'<div class="kras-scroll" tabindex="0" role="region" aria-label="{html_escape(self.caption)}">'
            f'<table class="kras-table kras-{self.kind}" aria-label="{html_escape(self.caption)}">'
            f"<thead>{_header(self.columns)}</thead><tbody>{body}</tbody></table></div>"
            + (f'<div class="kras-table-notes">{notes}</div>' if notes else "")
        )


def counts_of(rows: Sequence[Row]) -> dict[Key, int]:
    """How many patients each cell counts, by (row, cell)."""
    return {
        (i, j): cell.patients
        for i, row in enumerate(rows)
        for j, cell in enumerate(row.cells)
        if isinstance(cell, Printed) and cell.patients is not None
    }


def _widest(cells: Sequence[Cell], column: Column) -> str:
    """The longest percentage of a padded column."""
    details = (cell.detail for cell in cells if isinstance(cell, Printed)) if column.padded else ()
    return max(details, key=len, default="")


def _text(cell: Cell) -> str:
    return cell.text if isinstance(cell, Printed) else cell


def _distinct(names: Sequence[str]) -> list[str]:
    """The same names, numbered where one comes again."""
    return [name if name not in names[:i] else f"{name} ({i + 1})" for i, name in enumerate(names)]


def _header(columns: Sequence[Column]) -> str:
    above = f"<tr>{''.join(_spans(columns))}</tr>" if any(c.over for c in columns) else ""
    cells = (f'<th scope="col"{_class(columns, i)}>{html_escape(c.name)}</th>' for i, c in enumerate(columns))
    return f"{above}<tr>{''.join(cells)}</tr>"


def _spans(columns: Sequence[Column]) -> Iterator[str]:
    """The line above the header: one cell for each run of columns with the same words."""
    for over, run in groupby(columns, key=lambda c: c.over):
        n = len(list(run))
        if over:
            yield f'<th scope="colgroup" colspan="{n}" class="kras-over">{html_escape(over)}</th>'
        else:
            yield f'<td colspan="{n}"></td>'


def _class(columns: Sequence[Column], i: int) -> str:
    """Numbers to the right; a wider gap before a run of columns that share their words."""
    kinds = ["kras-n"] if columns[i].numeric else []
    if columns[i].over and columns[i - 1].over != columns[i].over:
        kinds.append("kras-first")
    return f' class="{" ".join(kinds)}"' if kinds else ""


def _row(row: Row, columns: Sequence[Column], widest: Sequence[str]) -> str:
    wanted = (("kras-ruled", row.ruled), ("kras-strong", row.strong), ("kras-indented", row.indented))
    kinds = [name for name, is_wanted in wanted if is_wanted]
    opening = f'<tr class="{" ".join(kinds)}">' if kinds else "<tr>"
    cells = "".join(
        f"<td{_class(columns, i)}>{_cell(cell, columns[i], widest[i - 1])}</td>" for i, cell in enumerate(row.cells, 1)
    )
    return f'{opening}<th scope="row">{html_escape(row.head)}</th>{cells}</tr>'


def _cell(cell: Cell, column: Column, widest: str) -> str:
    """In a padded column what a percentage lacks of the widest follows it unseen, so that the brackets align."""
    if isinstance(cell, str):
        return html_escape(cell or (NOTHING if column.numeric else ""))
    lacking = len(widest) - len(cell.detail)
    if not column.padded or lacking <= 0:
        return cell.html
    unseen = "0" * lacking if cell.detail else f" {widest}"
    return f'{cell.html}<span class="kras-unseen" aria-hidden="true">{unseen}</span>'
