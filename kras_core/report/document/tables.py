"""A Document's tables as CSV files and as one Excel workbook, formulas neutralised in both, headers too."""

import io
from datetime import datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from kras_core.report.csv_out import csv_bytes, neutral
from kras_core.report.document.blocks import Captioned, Document
from kras_core.report.format import plain

SHEET_NAME = 31  # characters that Excel allows


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
    """One sheet a table, and a first one that lists them."""
    out = io.BytesIO()
    book = Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": document.title, "created": datetime.combine(document.on, datetime.min.time())})
    bold, wrapped = book.add_format({"bold": True, "bottom": 1}), book.add_format({"text_wrap": True, "valign": "top"})
    contents = book.add_worksheet("Contents")
    contents.set_column(0, 0, 24)
    contents.set_column(1, 1, 90)
    for i, line in enumerate((document.title, document.subtitle, document.foot)):
        contents.write_string(i, 0, neutral(plain(line)))
    for i, captioned in enumerate(document.tables):
        name = captioned.file[:SHEET_NAME]
        contents.write_string(i + 4, 0, name)
        contents.write_string(i + 4, 1, neutral(plain(captioned.title)))
        _sheet(book, name, captioned, document, bold, wrapped)
    book.close()
    return out.getvalue()


def _sheet(book: Workbook, name: str, captioned: Captioned, document: Document, bold: Format, wrapped: Format) -> None:
    sheet, rows = book.add_worksheet(name), captioned.table.text_rows()
    header = list(rows[0]) if rows else [c.name for c in captioned.table.columns]
    for j, title in enumerate(header):
        sheet.write_string(0, j, neutral(title), bold)
        longest = max([len(title), *(len(row[title]) for row in rows)], default=8)
        sheet.set_column(j, j, min(max(longest + 2, 8), 60))
    for i, row in enumerate(rows, 1):
        for j, title in enumerate(header):
            sheet.write_string(i, j, neutral(row[title]), wrapped)
    sheet.freeze_panes(1, 1)
    for i, line in enumerate(_foot(captioned, document), len(rows) + 2):
        sheet.write_string(i, 0, neutral(plain(line)))


def _foot(captioned: Captioned, document: Document) -> list[str]:
    return [captioned.title, *captioned.table.notes, document.foot]
