"""The views' tables as native ones: header, hairlines, numbers to the right; split over slides where they are long."""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml import parse_xml
from pptx.util import Inches, Pt

from kras_core.report.format import NOTHING, Printed
from kras_core.report.html_table import Cell, Column, Row, Table
from kras_core.report.imprint import Imprint
from kras_core.report.slides.deck import Box, Deck, Heading, describe, emu, lines_of, width_of, write

LARGE = (20, 18, 16)  # points, for a short table
SIZES = (14, 13, 12, 11, 10)  # the first at which a table fits one slide, else the first that fits its width
BOLD = 1.08  # how much wider than regular type
MOST_STRETCH = 1.5
MARGIN_X, MARGIN_Y = Inches(0.07), Inches(0.03)
LINE = 1.22  # of type
WIDEST_NAMES = 0.36  # of the table
NOTE = 10.5  # points
MOST_NOTES = 3  # lines under a table; the speaker's notes have all
INDENT = Inches(0.18)

_NO_STYLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"  # PowerPoint's "No Style, No Grid"
_A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_RULE = (
    f'<a:{{side}} {_A} w="{{width}}"><a:solidFill><a:schemeClr val="tx1"><a:lumMod val="{{kept}}"/>'
    '<a:lumOff val="{lighter}"/></a:schemeClr></a:solidFill></a:{side}>'
)


def table_slides(deck: Deck, heading: Heading, imprint: Imprint, table: Table) -> None:
    """As many slides as the table takes, each with its header; its caption and notes under it."""
    table, room = table.shown(), _room(deck, heading, imprint)
    points, widths = _fitted(deck, table, room.height - _under(deck))
    pages = _pages(deck, table, points, widths, room.height - _under(deck))
    for i, rows in enumerate(pages):
        of = f" ({i + 1} of {len(pages)})" if len(pages) > 1 else ""
        lines = (f"{heading.lines[0]}{of}", *heading.lines[1:]) if heading.lines else ()
        notes = (table.caption, *table.notes, *heading.notes)
        slide, box = deck.slide(Heading(heading.title, lines, notes), imprint)
        _with_notes(deck, slide, box, table, rows, points, widths, of)


def written_table(deck: Deck, slide: Any, box: Box, table: Table) -> None:
    """The whole table on this slide, as large as it fits in the box, its caption and notes under it."""
    table = table.shown()
    points, widths = _fitted(deck, table, box.height - _under(deck), smallest=8)
    _with_notes(deck, slide, box, table, table.rows, points, widths, "")


def _with_notes(
    deck: Deck, slide: Any, box: Box, table: Table, rows: Sequence[Row], points: float, widths: list[int], of: str
) -> None:
    frame = _written(deck, slide, box, table, rows, points, widths)
    describe(frame, f"Table{of}", f"{table.caption}{of}")
    said = _cut(deck, " ".join(filter(None, (f"{table.caption}.", *table.notes))), box.width)
    lines = lines_of(said, deck.points(NOTE), box.width - Inches(0.25))
    high = round(lines * Pt(deck.points(NOTE)) * LINE)
    # At the foot of the slide: where a font is wider than ours and rows grow, there is room between.
    under = Box(box.left, box.top + box.height - high, box.width, high)
    deck.text(slide, under, [(said, deck.points(NOTE), 0.35)], name="About the table")


def _room(deck: Deck, heading: Heading, imprint: Imprint) -> Box:
    """What a slide with this heading leaves: tried on a slide that is taken away again."""
    _, box = deck.slide(heading, imprint)
    listed = deck.file.slides._sldIdLst
    deck.file.part.drop_rel(listed[-1].rId)
    listed.remove(listed[-1])
    return box


def _under(deck: Deck) -> int:
    return round(MOST_NOTES * Pt(deck.points(NOTE)) * LINE + Inches(0.1))


def _cut(deck: Deck, said: str, width: int) -> str:
    """As much of the sentences as the lines hold."""
    kept = said
    while lines_of(kept, deck.points(NOTE), width - Inches(0.25)) > MOST_NOTES and " " in kept:
        kept = kept.rsplit(" ", 2)[0] + " …"
    return kept


def _text(cell: Cell, column: Column) -> str:
    return cell.text if isinstance(cell, Printed) else cell or (NOTHING if column.numeric else "")


def _fitted(deck: Deck, table: Table, height: int, smallest: float = 0.0) -> tuple[float, list[int]]:
    """The size of type, and the columns' widths in EMU: the largest at which the table fits one slide; where none
    does, that at which it fits the width of several (with a `smallest` size, of one whatever it takes)."""
    room = deck.width - 2 * Inches(0.5)

    def high(points: float, widths: list[int]) -> int:
        return _head_height(table, points, widths) + sum(_height(deck, r, table, points, widths) for r in table.rows)

    smaller = range(9, round(smallest) - 1, -1) if smallest else ()
    one_slide = [(size, True) for size in (*LARGE, *SIZES, *smaller)]
    for size, whole in (*one_slide, *((size, False) for size in (() if smallest else SIZES))):
        points = deck.points(size)
        widths = _widths(table, points, room)
        if sum(widths) <= room and (high(points, widths) <= height or not whole):
            stretch = min(room / sum(widths), MOST_STRETCH)
            return points, [int(width * stretch) for width in widths]
    points = deck.points(smallest or SIZES[-1])
    widths = _widths(table, points, room)
    share = min((room - widths[0]) / max(sum(widths[1:]), 1), 1.0)  # they share what there is, and wrap
    return points, [widths[0], *(int(width * share) for width in widths[1:])]


def _widths(table: Table, points: float, room: int) -> list[int]:
    widths = []
    for i, column in enumerate(table.columns):
        texts = [column.name, *(_text(r.cells[i - 1], column) if i else r.head for r in table.rows)]
        bold = BOLD if any(r.strong for r in table.rows) else 1.0
        widest = bold * max(width_of(text, points) for text in texts) + 2 * MARGIN_X + (INDENT if i == 0 else 0)
        most = WIDEST_NAMES * room if i == 0 or not column.numeric else room
        widths.append(round(min(widest, most)))
    for _, run in groupby(range(len(widths)), key=lambda i: table.columns[i].over or i):
        at = list(run)
        over = table.columns[at[0]].over
        lacking = BOLD * width_of(over, points) + 2 * MARGIN_X - sum(widths[i] for i in at) if over else 0
        for i in at if lacking > 0 else ():
            widths[i] += math.ceil(min(lacking, 0.25 * room) / len(at))
    return widths


def _height(deck: Deck, row: Row, table: Table, points: float, widths: list[int]) -> int:
    texts = [row.head, *(_text(c, table.columns[i + 1]) for i, c in enumerate(row.cells))]
    inner = [w - 2 * MARGIN_X - (INDENT if i == 0 and row.indented else 0) for i, w in enumerate(widths)]
    lines = max(lines_of(text, points, width) for text, width in zip(texts, inner, strict=True))
    return round(lines * Pt(points) * LINE + 2 * MARGIN_Y)


def _pages(deck: Deck, table: Table, points: float, widths: list[int], room: int) -> list[list[Row]]:
    """Rows by slide: what stands under a head stays with it where a slide holds it."""
    heads = _head_height(table, points, widths)
    blocks: list[list[Row]] = []
    for row in table.rows:
        if row.indented and blocks:
            blocks[-1].append(row)
        else:
            blocks.append([row])
    pages: list[list[Row]] = [[]]
    used = heads
    for block in blocks:
        high = sum(_height(deck, row, table, points, widths) for row in block)
        if pages[-1] and used + high > room:
            pages.append([])
            used = heads
        for row in block:
            needs = _height(deck, row, table, points, widths)
            if pages[-1] and used + needs > room:
                pages.append([])
                used = heads
            pages[-1].append(row)
            used += needs
    return pages


def _head_height(table: Table, points: float, widths: list[int]) -> int:
    return sum(_head_heights(table, points, widths))


def _head_heights(table: Table, points: float, widths: list[int]) -> list[int]:
    heights = []
    if any(c.over for c in table.columns):
        over = 1
        for _, run in groupby(range(len(widths)), key=lambda i: table.columns[i].over):
            at = list(run)
            over = max(over, lines_of(table.columns[at[0]].over, points, sum(widths[i] for i in at) - 2 * MARGIN_X))
        heights.append(over)
    heights.append(max(lines_of(c.name, points, w - 2 * MARGIN_X) for c, w in zip(table.columns, widths, strict=True)))
    return [round(lines * Pt(points) * LINE + 2 * MARGIN_Y) for lines in heights]


def _written(
    deck: Deck, slide: Any, box: Box, table: Table, rows: Sequence[Row], points: float, widths: list[int]
) -> Any:
    heads = _head_heights(table, points, widths)
    heights = [*heads, *(_height(deck, row, table, points, widths) for row in rows)]
    frame = blank_table(slide, Box(box.left, box.top, sum(widths), sum(heights)), heights, widths)
    grid = frame.table
    if len(heads) == 2:
        _over(grid, table.columns, points)
    for i, column in enumerate(table.columns):
        put(grid.cell(len(heads) - 1, i), column.name, points, right=column.numeric, lighter=0.35)
        rule(grid.cell(len(heads) - 1, i), "lnB", strong=True)
    for j, row in enumerate(rows, len(heads)):
        put(grid.cell(j, 0), row.head, points, bold=row.strong, indent=INDENT if row.indented else 0)
        for i, cell in enumerate(row.cells, 1):
            column = table.columns[i]
            put(grid.cell(j, i), _text(cell, column), points, right=column.numeric, bold=row.strong)
        if row.ruled and j > len(heads):
            for i in range(len(widths)):
                rule(grid.cell(j, i), "lnT")
    return frame


def _over(grid: Any, columns: Sequence[Column], points: float) -> None:
    """The line above the header: one merged cell over every run of columns that share their words."""
    for words, run in groupby(range(len(columns)), key=lambda i: columns[i].over):
        at = list(run)
        if len(at) > 1:
            grid.cell(0, at[0]).merge(grid.cell(0, at[-1]))
        if words:
            put(grid.cell(0, at[0]), words, points, right=True, bold=True)


def blank_table(slide: Any, box: Box, heights: Sequence[int], widths: Sequence[int]) -> Any:
    """A table without style in that rectangle."""
    frame = slide.shapes.add_table(len(heights), len(widths), box.left, box.top, box.width, box.height)
    grid = frame.table
    for name in ("first_row", "horz_banding"):
        setattr(grid, name, False)
    frame._element.find(".//{*}tableStyleId").text = _NO_STYLE
    for row, height in zip(grid.rows, heights, strict=True):
        row.height = emu(height)
    for column, width in zip(grid.columns, widths, strict=True):
        column.width = emu(width)
    for row in grid.rows:
        for cell in row.cells:
            cell.fill.background()
            cell.margin_left = cell.margin_right = MARGIN_X
            cell.margin_top = cell.margin_bottom = MARGIN_Y
            # An empty cell is as high as this type: without it 18 points.
            cell.text_frame.paragraphs[0]._p.get_or_add_endParaRPr().set("sz", "800")
    return frame


def put(cell: Any, text: str, points: float, **look: Any) -> None:
    """Text into a cell. right or centred: else to the left; indent in EMU; bold, lighter, rgb as in `deck.write`."""
    paragraph = cell.text_frame.paragraphs[0]
    cell.vertical_anchor = MSO_ANCHOR.MIDDLE
    paragraph.alignment = (
        PP_ALIGN.RIGHT if look.pop("right", False) else PP_ALIGN.CENTER if look.pop("centred", False) else PP_ALIGN.LEFT
    )
    cell.margin_left = MARGIN_X + look.pop("indent", 0)
    if text:
        write(paragraph, text, points, **look)


def rule(cell: Any, side: str, strong: bool = False) -> None:
    """A hairline at a side ("lnT", "lnB") of a cell, in the template's text colour."""
    properties = cell._tc.get_or_add_tcPr()
    lighter = 40_000 if strong else 80_000
    line = parse_xml(_RULE.format(side=side, width=9525, kept=100_000 - lighter, lighter=lighter))
    order = ("lnL", "lnR", "lnT", "lnB")  # they come before the cell's fill, in this order
    before = [child for child in properties if child.tag.split("}")[1] in order[: order.index(side)]]
    properties.insert(len(before), line)
