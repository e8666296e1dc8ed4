"""The file to fill in: a workbook with sheets for patients, for each table beside them and the dictionary, or CSVs."""

import csv
import datetime as dt
import io
from collections.abc import Mapping

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from kras_core.cohort.files.table import EXAMPLE_PREFIX
from kras_core.cohort.variables import TABLES, Table, Variable

ROWS_CHECKED = 2_000
MAX_LIST = 255  # characters that Excel allows in a list of levels

# Made up, to show how a row looks; readers leave out every patient whose id starts like this.
EXAMPLES: Mapping[Table, tuple[dict[str, str], ...]] = {
    "patients": (
        {
            "patient_id": f"{EXAMPLE_PREFIX}-01",
            "centre": "A",
            "age": "64",
            "sex": "M",
            "ecog": "1",
            "smoking": "former",
            "histology": "adenocarcinoma",
            "kras_variant": "G12C",
            "stage": "IVA",
            "pdl1_tps": "20",
            "brain_metastases": "0",
            "prior_chemo": "1",
            "prior_ici": "1",
            "prior_ici_end": "progression",
            "prior_antiangiogenic": "0",
            "prior_lines": "1",
            "neutrophils_10e9_per_l": "4.8",
            "lymphocytes_10e9_per_l": "1.5",
            "platelets_10e9_per_l": "240",
            "albumin_g_per_l": "41",
            "start_date": "2021-03-15",
            "pfs_days": "201",
            "pfs_event": "1",
            "os_days": "380",
            "os_event": "1",
            "best_response": "PR",
        },
        {
            "patient_id": f"{EXAMPLE_PREFIX}-02",
            "centre": "B",
            "age": "57",
            "sex": "F",
            "ecog": "0-1",
            "smoking": "never",
            "histology": "adenocarcinoma",
            "kras_variant": "G12V",
            "stage": "IV",
            "prior_chemo": "1",
            "prior_ici": "0",
            "prior_antiangiogenic": "1",
            "prior_lines": "2",
            "start_date": "2021-09-01",
            "pfs_days": "95",
            "pfs_event": "1",
            "os_days": "410",
            "os_event": "0",
            "best_response": "SD",
        },
    ),
    "adverse_events": (
        {
            "patient_id": f"{EXAMPLE_PREFIX}-01",
            "term": "Hypertension",
            "grade": "3",
            "related": "1",
            "immune_related": "0",
        },
        {"patient_id": f"{EXAMPLE_PREFIX}-02", "term": "Rash", "grade": "1", "related": "1", "immune_related": "1"},
    ),
    "target_lesions": (
        {"patient_id": f"{EXAMPLE_PREFIX}-01", "days": "-7", "sum_mm": "78"},
        {"patient_id": f"{EXAMPLE_PREFIX}-01", "days": "42", "sum_mm": "49"},
        {"patient_id": f"{EXAMPLE_PREFIX}-02", "assessment_date": "2021-08-30", "sum_mm": "62"},
        {"patient_id": f"{EXAMPLE_PREFIX}-02", "assessment_date": "2021-10-14", "sum_mm": "66"},
    ),
}


def template_workbook() -> bytes:
    """An .xlsx file with a sheet for each of TABLES and one for the dictionary; nothing in it is a formula."""
    content = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(content, options) as book:
        book.set_properties({"title": "KRAScope template", "created": dt.datetime(2024, 1, 1)})  # same bytes every time
        header = book.add_format({"bold": True, "bottom": 1})
        required = book.add_format({"bold": True, "bottom": 1, "bg_color": "#DCEAEE"})
        example = book.add_format({"italic": True, "font_color": "#808080"})
        # Text cells keep "0-1" from becoming a date, date cells keep 15.03.2021 from staying a text.
        kinds = {
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "category": book.add_format({"num_format": "@"}),
        }
        kinds["id"] = kinds["category"]
        for table, variables in TABLES.items():
            sheet = book.add_worksheet(table)
            sheet.freeze_panes(1, 1)
            for i, known in enumerate(variables.values()):
                sheet.set_column(i, i, max(11, len(known.name) + 2), kinds.get(known.kind))
                sheet.write_string(0, i, known.name, required if known.required else header)
                sheet.write_comment(0, i, _note(known), {"x_scale": 2})
                _restrict(sheet, i, known)
                for row, values in enumerate(EXAMPLES[table], start=1):
                    _write(sheet, row, i, known, values.get(known.name, ""), example)
        _dictionary(book.add_worksheet("dictionary"), header)
    return content.getvalue()


def template_csv(table: Table) -> bytes:
    """The header of one table and its example rows as CSV, UTF-8 with the mark by which Excel knows it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(TABLES[table]), restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(EXAMPLES[table])
    return text.getvalue().encode("utf-8-sig")


def _note(known: Variable) -> str:
    parts = (f"{known.label}.", f"Expected: {known.allowed}.", "Required." if known.required else "", known.note)
    return " ".join(part for part in parts if part)


def _restrict(sheet: Worksheet, column: int, known: Variable) -> None:
    """Let Excel itself offer the levels and refuse numbers out of range."""
    rule: dict[str, object]
    levels = ["0", "1"] if known.kind == "flag" else list(known.levels)
    if levels and len(",".join(levels)) <= MAX_LIST:
        rule = {"validate": "list", "source": levels}
    elif known.low is not None and known.high is not None:
        whole = "integer" if known.kind == "integer" else "decimal"
        rule = {"validate": whole, "criteria": "between", "minimum": known.low, "maximum": known.high}
    elif known.low is not None:
        rule = {"validate": "decimal", "criteria": ">=", "value": known.low}
    else:
        return
    rule |= {
        "error_title": known.label[:32],
        "error_message": f"Expected {known.allowed}."[:MAX_LIST],
        "ignore_blank": True,
    }
    sheet.data_validation(1, column, ROWS_CHECKED, column, rule)


def _write(sheet: Worksheet, row: int, column: int, known: Variable, text: str, form: Format) -> None:
    if text and known.kind in ("number", "integer", "flag"):
        sheet.write_number(row, column, float(text), form)
    elif text:
        sheet.write_string(row, column, text, form)


def _dictionary(sheet: Worksheet, header: Format) -> None:
    titles = ("table", "column", "label", "kind", "unit", "allowed", "required", "note")
    sheet.write_row(0, 0, titles, header)
    sheet.freeze_panes(1, 2)
    sheet.set_column(0, 7, 22)
    row = 0
    for table, variables in TABLES.items():
        for v in variables.values():
            row += 1
            required = "yes" if v.required else ""
            sheet.write_row(row, 0, (table, v.name, v.label, v.kind, v.unit, v.allowed, required, v.note))
