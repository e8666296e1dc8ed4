"""Tables of text as files again: CSV or a workbook that a spreadsheet opens without running anything."""

import csv
import io
from collections.abc import Mapping, Sequence

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from kras_core.cohort.files import RawTable
from kras_core.cohort.readers import RawTables
from kras_core.cohort.variables import TABLES
from kras_core.report.csv_out import neutral

PLAIN = {
    "in_memory": True,  # no row in a temporary file
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def table_csv(table: RawTable) -> bytes:
    """One table as CSV, UTF-8 with the mark by which Excel knows it; formulas neutralised, headers too."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([neutral(h) for h in table.header])
    writer.writerows([neutral(str(text)) for text in line] for line in zip(*table.columns, strict=True))
    return out.getvalue().encode("utf-8-sig")


def tables_workbook(tables: RawTables, audit: Sequence[Mapping[str, str]] = ()) -> bytes:
    """The sheet patients and those beside it that there are, all as text; `audit` on its own sheet."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, PLAIN) as book:
        for name in TABLES:
            table: RawTable | None = getattr(tables, name)
            if table is not None:
                lines = [table.header, *zip(*table.columns, strict=True)]
                _fill(book.add_worksheet(name), lines)
        if audit:
            _fill(book.add_worksheet("changes"), [tuple(audit[0]), *(tuple(row.values()) for row in audit)])
    return content.getvalue()


def _fill(sheet: Worksheet, lines: Sequence[Sequence[object]]) -> None:
    for i, line in enumerate(lines):
        for j, text in enumerate(line):
            sheet.write_string(i, j, neutral(str(text)))
