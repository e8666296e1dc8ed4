"""A Document's tables as CSV files and as one Excel workbook, formulas neutralised in both, headers too."""

import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from textwrap import wrap
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from kras_core.report.csv_out import csv_bytes, neutral
from kras_core.report.document.blocks import Captioned, Document
from kras_core.report.format import plain
from kras_core.report.html_table import Column

SHEET_NAME = 31  # characters that Excel allows
WIDEST = 70  # characters across a column; longer cells have several lines
NOTES = 90  # characters across the notes under a table, at least
SHORT = 16  # characters of a title that stays on one line
LINE = 15.0  # points; a height must be said, since not every spreadsheet program finds it for itself
A4 = 9  # Excel's number for it


def csv_files(document: Document) -> dict[str, bytes]:
    """File name -> bytes of every table, with its notes and where the data are from at its foot."""
    return {f"{c.file}.csv": csv_bytes(c.table.text_rows(), footer=_foot(c, document)) for c in document.tables}


def write_folder(document: Document, folder: Path) -> list[str]:
    """Write every table as CSV into that folder, which is made where there is none; the names written."""
    folder.mkdir(parents=True, exist_ok=True)
    files = csv_files(document)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return list(files)


def zipped(document: Document) -> bytes:
    """Every table as CSV in one archive; the same document gives the same bytes."""
    out, on = io.BytesIO(), document.on
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, data in csv_files(document).items():
            entry = ZipInfo(name, date_time=(on.year, on.month, on.day, 12, 0, 0))
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, data)
    return out.getvalue()


def workbook(document: Document) -> bytes:
    """One sheet a table, and a first one that lists them. Cells are text, so that they say what the tables say."""
    out = io.BytesIO()
    book = Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": document.title, "created": datetime.combine(document.on, datetime.min.time())})
    contents = book.add_worksheet("Contents")
    _printed(contents, document)
    contents.set_column(0, 0, 16)
    contents.set_column(1, 1, 90)
    bold = book.add_format({"bold": True})
    contents.write_string(0, 0, neutral(plain(document.title)), bold)
    for i, line in enumerate((document.subtitle, document.foot), 1):
        contents.write_string(i, 0, neutral(plain(line)))
    for i, captioned in enumerate(document.tables):
        name = captioned.file[:SHEET_NAME]
        contents.write_string(i + 4, 0, name)
        contents.write_string(i + 4, 1, neutral(plain(captioned.title)))
        _sheet(book, name, captioned, document)
    book.close()
    return out.getvalue()


def _sheet(book: Workbook, name: str, captioned: Captioned, document: Document) -> None:
    sheet, table, rows = book.add_worksheet(name), captioned.table, captioned.table.text_rows()
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    header = list(rows[0]) if rows else [c.name for c in table.columns]
    wide = [_width(title, [row[title] for row in rows]) for title in header]
    sheet.set_row(0, LINE * max(map(_lines, header, wide)))
    for j, (title, column) in enumerate(zip(header, table.columns, strict=True)):
        sheet.set_column(j, j, wide[j])
        sheet.write_string(0, j, neutral(title), _format(book, column, strong=True, head=True))
    for i, (cells, row) in enumerate(zip(rows, table.rows, strict=True), 1):
        for j, (title, column) in enumerate(zip(header, table.columns, strict=True)):
            look = _format(book, column, strong=row.strong, indented=row.indented and not j)
            sheet.write_string(i, j, neutral(cells[title]), look)
        sheet.set_row(i, LINE * max(map(_lines, cells.values(), wide)))
    sheet.freeze_panes(1, 1)
    _beneath(book, sheet, _foot(captioned, document), len(rows) + 2, wide)
    _printed(sheet, document)
    sheet.repeat_rows(0)


def _beneath(book: Workbook, sheet: Worksheet, lines: Sequence[str], first: int, wide: list[int]) -> None:
    """Notes across the table's columns, and some more under a narrow table: unbroken, they would shrink its print."""
    columns, across = len(wide), sum(wide)
    while columns < 2 or across < NOTES:
        columns, across = columns + 1, across + 9
    look = book.add_format({"text_wrap": True, "valign": "top"})
    for i, line in enumerate(lines, first):
        text = neutral(plain(line))
        sheet.merge_range(i, 0, i, columns - 1, "", look)
        sheet.write_string(i, 0, text, look)
        sheet.set_row(i, LINE * _lines(text, across))


def _format(book: Workbook, column: Column, *, strong: bool, head: bool = False, indented: bool = False) -> Format:
    """Numbers to the right, with room before the words of the next column; words to the left, indented under a head."""
    return book.add_format(
        {
            "text_wrap": True,
            "valign": "top",
            "align": "right" if column.numeric else "left",
            "indent": int(column.numeric or indented),
            "bold": strong,
            "bottom": int(head),
        }
    )


def _width(title: str, cells: Sequence[str]) -> int:
    """Characters across a column: its longest cell, or its title on up to three lines."""
    of_title = max(*map(len, title.split()), len(title) // 3, 6) if len(title) > SHORT else len(title)
    return min(max(of_title, *map(len, cells), 3) + 3, WIDEST)


def _lines(text: str, width: int) -> int:
    return len(wrap(text, width - 3)) or 1


def _printed(sheet: Worksheet, document: Document) -> None:
    """On paper: A4 turned, as wide as one page, and what the rows are on every one of them."""
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&L&8{plain(document.foot).replace('&', '&&')}&R&8&P / &N")


def _foot(captioned: Captioned, document: Document) -> list[str]:
    return [captioned.title, *captioned.table.notes, document.foot]
