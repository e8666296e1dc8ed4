"""A Document as DOCX: native Word tables and styles, repeated header rows, page numbers, alternative texts."""

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import count, groupby, zip_longest
from statistics import fmean

import docx
from docx.document import Document as Doc
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Inches, Length, Pt, RGBColor
from docx.table import Table as WordTable
from docx.table import _Cell
from docx.text.paragraph import Paragraph as WordParagraph

from kras_core.report.document.blocks import Block, Captioned, Document, Heading, Listed, Paragraph, Picture
from kras_core.report.format import NOTHING, Printed, plain
from kras_core.report.html_table import Cell, Column, Row, Table
from kras_core.report.palette import TOKENS
from kras_core.report.survival.km_labels import text_width

FONT = "Arial"  # on every machine, or replaced by one of the same widths
INK, QUIET, WARNING = (
    RGBColor.from_string(c[1:]) for c in (TOKENS["light"].ink, TOKENS["light"].quiet, TOKENS["light"].warning)
)
A4 = Cm(21.0), Cm(29.7)
MARGIN = Cm(2.0)
SMALL = Pt(8.5)
CELL_STYLES = {"Table text": SMALL, "Table text, small": Pt(7)}
WIDEST = 70  # digits of a cell that widen its column: a digest stays on one line
DIGITS = 102  # of small type across a portrait page
PADDING, HEAD = 3.2, 18  # digits around a cell's text, and of a row's head that keep together
BOLD = 1.1  # how much wider than regular type
SHORT = 200  # characters of a line that stays with what it introduces
NO_BREAK = "\u00a0"
TOGETHER = 14  # rows that stay on one page
ALONE = 2  # rows of a longer table that do not begin or end a page without the next


def docx_bytes(document: Document) -> bytes:
    """The report as a Word document; the same document gives the same bytes."""
    doc = docx.Document()
    _styles(doc)
    _page(doc, wide=False)
    _running(doc, document)
    _front(doc, document)
    numbers = {"Table": count(1), "Figure": count(1)}
    for section in document.sections:
        doc.add_heading(plain(section.title), level=1)
        for block, following in zip_longest(section.blocks, section.blocks[1:]):
            _block(doc, block, numbers)
            # Not with a table: LibreOffice would carry the line along and leave its heading behind.
            goes_on = isinstance(following, Paragraph | Heading | Picture)
            if isinstance(block, Paragraph) and len(block.text) < SHORT and goes_on:
                doc.paragraphs[-1].paragraph_format.keep_with_next = True
    return _settled(doc, document)


def _styles(doc: Doc) -> None:
    """The template's own styles, in our type."""
    sizes = {"Normal": 10, "Title": 20, "Subtitle": 13, "Heading 1": 14, "Heading 2": 11.5, "Caption": 9}
    for name, size in sizes.items():
        style = doc.styles[name]
        style.font.name, style.font.size, style.font.color.rgb = FONT, Pt(size), INK  # type: ignore[attr-defined]
        style.font.italic = False  # type: ignore[attr-defined]
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for kind in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(kind), None)
        fonts.set(qn("w:hAnsi"), FONT)
    normal = doc.styles["Normal"].paragraph_format  # type: ignore[attr-defined]
    normal.space_after, normal.line_spacing = Pt(6), 1.15
    for name, size in CELL_STYLES.items():
        cell = doc.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        cell.base_style, cell.font.size = doc.styles["Normal"], size  # type: ignore[attr-defined]
        spacing = cell.paragraph_format  # type: ignore[attr-defined]
        spacing.space_before = spacing.space_after = Pt(1)
        spacing.line_spacing = 1.0
    caption = doc.styles["Caption"]
    caption.font.bold, caption.paragraph_format.keep_with_next = True, True  # type: ignore[attr-defined]
    caption.paragraph_format.space_before = Pt(10)  # type: ignore[attr-defined]
    for name in ("Title", "Subtitle"):
        for spacing in doc.styles[name].element.findall(f".//{qn('w:rPr')}/{qn('w:spacing')}"):
            spacing.getparent().remove(spacing)
    border = doc.styles["Title"].element.find(f".//{qn('w:pBdr')}")
    if border is not None:
        border.getparent().remove(border)


def _page(doc: Doc, *, wide: bool) -> None:
    section = doc.sections[-1]
    section.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (A4[1], A4[0]) if wide else A4
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = MARGIN


def _running(doc: Doc, document: Document) -> None:
    """What the rows are on top of every page where they are no patients; foot and page number beneath."""
    section = doc.sections[0]
    if document.loud:
        head = section.header.paragraphs[0]
        _run(head, plain(document.provenance).upper(), SMALL, WARNING, bold=True)
    foot = section.footer.paragraphs[0]
    _run(foot, f"{plain(document.foot)} · page ", Pt(7.5), QUIET)
    _field(foot, "PAGE")
    _run(foot, " of ", Pt(7.5), QUIET)
    _field(foot, "NUMPAGES")


def _field(paragraph: WordParagraph, code: str) -> None:
    for tag, name, text in (("w:fldChar", "begin", ""), ("w:instrText", "", code), ("w:fldChar", "end", "")):
        run, element = paragraph.add_run(), OxmlElement(tag)
        run.font.size, run.font.color.rgb = Pt(7.5), QUIET
        if name:
            element.set(qn("w:fldCharType"), name)
        else:
            element.text = text
        run._r.append(element)


def _run(
    paragraph: WordParagraph, text: str, size: Length | None = None, ink: RGBColor | None = None, bold: bool = False
) -> None:
    run = paragraph.add_run(text)
    run.font.size, run.font.bold = size, bold or None
    if ink is not None:
        run.font.color.rgb = ink


def _front(doc: Doc, document: Document) -> None:
    doc.add_paragraph(plain(document.title), style="Title")
    doc.add_paragraph(plain(document.subtitle), style="Subtitle")
    line = doc.add_paragraph()
    _run(line, plain(document.provenance), None, WARNING if document.loud else QUIET, bold=document.loud)
    _run(line, f"   {document.on:%d %B %Y}", None, QUIET)


def _block(doc: Doc, block: Block, numbers: dict) -> None:
    if isinstance(block, Paragraph):
        _paragraph(doc, block)
    elif isinstance(block, Heading):
        doc.add_heading(plain(block.text), level=2)
    elif isinstance(block, Listed):
        for number, item in enumerate(block.items, 1):
            _item(doc, f"{number}." if block.numbered else "•", item)
        doc.paragraphs[-1].paragraph_format.space_after = Pt(8)
    elif isinstance(block, Picture):
        _picture(doc, block, next(numbers["Figure"]))
    else:
        _captioned(doc, block, next(numbers["Table"]))


def _paragraph(doc: Doc, block: Paragraph) -> None:
    paragraph = doc.add_paragraph()
    loud, quiet = block.tone == "loud", block.tone == "quiet"
    _run(
        paragraph, plain(block.text), SMALL if quiet else None, WARNING if loud else QUIET if quiet else None, bold=loud
    )
    if loud:
        _borders(paragraph._p.get_or_add_pPr(), "w:pBdr", {"left": 24}, TOKENS["light"].warning)


def _item(doc: Doc, mark: str, text: str) -> None:
    """Hanging: written out, so that every list begins at one."""
    paragraph = doc.add_paragraph()
    paragraph.paragraph_format.left_indent, paragraph.paragraph_format.first_line_indent = Cm(0.7), Cm(-0.7)
    paragraph.paragraph_format.tab_stops.add_tab_stop(Cm(0.7))
    paragraph.paragraph_format.space_after = Pt(2)
    _run(paragraph, f"{mark}\t{plain(text)}", Pt(9))


def _picture(doc: Doc, picture: Picture, number: int) -> None:
    doc.add_picture(io.BytesIO(picture.png), width=Inches(6.3))
    doc.paragraphs[-1].paragraph_format.keep_with_next = True
    described = doc.inline_shapes[-1]._inline.docPr
    described.set("descr", plain(picture.alt))
    described.set("title", f"Figure {number}")
    caption = doc.add_paragraph(style="Caption")
    caption.paragraph_format.keep_with_next = False
    _run(caption, f"Figure {number}. {plain(picture.caption)}")


# Tables


def _captioned(doc: Doc, block: Captioned, number: int) -> None:
    if block.wide:
        doc.add_section()
        _page(doc, wide=True)
    caption = doc.add_paragraph(style="Caption")
    _run(caption, f"Table {number}. {plain(block.table.caption)}")
    if block.table.rows:
        _table(doc, block, A4[1 if block.wide else 0] - 2 * MARGIN)
    for note in block.table.notes:
        paragraph = doc.add_paragraph()
        paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(3), Pt(0)
        _run(paragraph, plain(note), Pt(8), QUIET)
    doc.add_paragraph().paragraph_format.space_after = Pt(0)
    if block.wide:
        doc.add_section()
        _page(doc, wide=False)


def _table(doc: Doc, block: Captioned, width: int) -> None:
    table = block.table
    over = any(c.over for c in table.columns)
    heads = 2 if over else 1
    made = doc.add_table(rows=heads + len(table.rows), cols=len(table.columns))
    made.alignment, made.autofit = WD_TABLE_ALIGNMENT.LEFT, False
    described = OxmlElement("w:tblDescription")
    described.set(qn("w:val"), plain(table.caption))
    made._tbl.tblPr.append(described)
    cells = [row.cells for row in made.rows]
    style = list(CELL_STYLES)[block.dense]
    known = doc.styles[style].style_id  # python-docx would look the name up, and the default style, for every cell
    for cell in {id(c): c for row in cells for c in row}.values():
        cell.paragraphs[0]._p.style = known
    if over:
        _over(cells[0], table)
    for cell, column in zip(cells[heads - 1], table.columns, strict=True):
        _write(cell, column.name, right=column.numeric, bold=True)
    for found, row in zip(cells[heads:], table.rows, strict=True):
        _row(found, row, table)
    _widths(made, cells, table, int(width * (Pt(8.5) / CELL_STYLES[style])), width)
    _rules(made, table, heads)


def _over(cells: Sequence[_Cell], table: Table) -> None:
    """Words above a run of columns, in one merged cell."""
    for words, run in groupby(enumerate(table.columns), key=lambda pair: pair[1].over):
        places = [i for i, _ in run]
        if words:
            merged = cells[places[0]].merge(cells[places[-1]])
            for spare in merged.paragraphs[1:]:
                spare._p.getparent().remove(spare._p)
            _write(merged, words, right=len(places) == 1, bold=True, centred=len(places) > 1)
        else:
            for i in places:
                _write(cells[i], "", right=False)


def _row(cells: Sequence[_Cell], row: Row, table: Table) -> None:
    _write(cells[0], row.head, right=False, bold=row.strong)
    if row.indented:
        cells[0].paragraphs[0].paragraph_format.left_indent = Cm(0.4)
    for cell, value, column in zip(cells[1:], row.cells, table.columns[1:], strict=True):
        _write(cell, value, right=column.numeric, bold=row.strong)


def _write(cell: _Cell, value: Cell, *, right: bool, bold: bool = False, centred: bool = False) -> None:
    paragraph = cell.paragraphs[0]
    if right or centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if centred else WD_ALIGN_PARAGRAPH.RIGHT
    if isinstance(value, Printed):
        _run(paragraph, plain(value.value), bold=bold)
        if value.detail:
            together = plain(value.detail).replace(" ", NO_BREAK)
            _run(paragraph, f" {together}" if value.value else together, ink=QUIET)
    else:
        _run(paragraph, plain(value or (NOTHING if right else "")), bold=bold)


def _widths(made: WordTable, cells: Sequence[Sequence[_Cell]], table: Table, across: int, width: int) -> None:
    """Columns share the width by their longest text; where that is too much, words are broken apart, then numbers
    from their intervals, and what room is left goes to the columns whose cells usually need it."""
    room = DIGITS * across / Cm(17)
    written = [[row.head for row in table.rows], *zip(*(row.cells for row in table.rows), strict=True)]
    wanted = [
        max(_across(c, found, _long), BOLD * _long(c.name) + PADDING)
        for c, found in zip(table.columns, written, strict=True)
    ]
    whole, broken = (
        [
            _across(c, found, part if c.numeric else _longest_word)
            for c, found in zip(table.columns, written, strict=True)
        ]
        for part in (_long, _longest_part)
    )
    heads = min(max(map(_long, written[0]), default=0), HEAD) + PADDING
    for least in (whole, broken):
        least[0] = max(least[0], heads)
    least = whole if sum(whole) <= room else broken
    if sum(wanted) <= room:
        shares = [w / room for w in wanted]  # a small table keeps to the left
    else:
        usual = [fmean(map(_long, found)) + PADDING if found else 0.0 for found in written]
        more = [max(min(u, high) - low, 1.0) for u, low, high in zip(usual, least, wanted, strict=True)]
        spare = max(room - sum(least), 0.0)
        grown = [low + m * spare / sum(more) for low, m in zip(least, more, strict=True)]
        shares = [g / sum(grown) for g in grown]
    for i, share in enumerate(shares):
        made.columns[i].width = Length(int(width * share))
        for row in cells:
            row[i].width = Length(int(width * share))


def _across(column: Column, cells: Sequence[Cell], measure: Callable[[Cell], float]) -> float:
    """Digits across: the column's widest cell by that measure; a header may break between words."""
    over = max(map(_long, column.over.split(" "))) if len(column.over) < 14 else 0.0
    names = BOLD * max(*map(_long, column.name.split(" ")), over)
    return min(max([names, *map(measure, cells)]), WIDEST) + PADDING


def _long(cell: Cell) -> float:
    """Width of a cell's text, in digits."""
    text = plain(cell if isinstance(cell, str) else cell.text)
    return text_width(text, 1.0) / text_width("0", 1.0)


def _longest_word(cell: Cell) -> float:
    return max(map(_long, (cell if isinstance(cell, str) else cell.text).split(" ")))


def _longest_part(cell: Cell) -> float:
    """A figure and its interval may stand on two lines."""
    return _long(cell) if isinstance(cell, str) else max(_long(cell.value), _long(cell.detail))


def _rules(made: WordTable, table: Table, heads: int) -> None:
    """Rules above and below the header and at the end, hairlines between groups, header rows on every page."""
    last = len(made.rows) - 1
    ink, hairline = TOKENS["light"].ink, TOKENS["light"].hairline
    for i, row in enumerate(made.rows):
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if i < heads:
            properties.append(OxmlElement("w:tblHeader"))
        ruled = i >= heads and table.rows[i - heads].ruled and i > heads
        few = len(table.rows) <= TOGETHER
        together = i < last and (few or i < heads + ALONE or i > last - ALONE)
        for cell in dict.fromkeys(row.cells):
            if together:
                cell.paragraphs[0].paragraph_format.keep_with_next = True
            sides = {"top": 6} if i == 0 else {}
            if ruled:
                _borders(cell._tc.get_or_add_tcPr(), "w:tcBorders", {"top": 4}, hairline)
            sides |= {"bottom": 6} if i in (heads - 1, last) else {}
            if sides:
                _borders(cell._tc.get_or_add_tcPr(), "w:tcBorders", sides, ink)


def _borders(properties, tag: str, sides: dict[str, int], colour: str) -> None:
    """Rules on these sides, widths in eighths of a point."""
    found = properties.find(qn(tag))
    if found is None:
        found = OxmlElement(tag)
        properties.append(found)
    for side, width in sides.items():
        rule = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", str(width)), ("space", "0"), ("color", colour[1:])):
            rule.set(qn(f"w:{name}"), value)
        found.append(rule)


def _settled(doc: Doc, document: Document) -> bytes:
    """Saved with the document's own date everywhere, so that bytes repeat."""
    noon = datetime(document.on.year, document.on.month, document.on.day, 12)
    about = doc.core_properties
    about.title, about.subject, about.author = plain(document.title), plain(document.subtitle), "KRAScope"
    about.comments, about.keywords = plain(document.foot), plain(document.provenance)
    about.created = about.modified = noon
    about.last_modified_by, about.revision = "KRAScope", 1
    saved, out = io.BytesIO(), io.BytesIO()
    doc.save(saved)
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            kept = zipfile.ZipInfo(entry.filename, date_time=noon.timetuple()[:6])
            kept.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(kept, source.read(entry.filename))
    return out.getvalue()
