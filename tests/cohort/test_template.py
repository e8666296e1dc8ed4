"""The template says what the dictionary says, and comes back as a cohort once it is filled in."""

import csv
import io
import zipfile

import openpyxl
import pytest

from kras_core.cohort.files.table import EXAMPLE_PREFIX
from kras_core.cohort.problems import CohortError
from kras_core.cohort.readers import read
from kras_core.cohort.template import EXAMPLES, TABLES, Table, template_csv, template_workbook
from kras_core.cohort.validate import build_cohort, check
from kras_core.cohort.variables import ADVERSE_EVENT_VARIABLES, VARIABLES
from tests.cohort.files import csv_of

PATIENTS = [
    {"patient_id": "SIM-01", "sex": "M", "ecog": "0-1", "prior_lines": ">=3", "pfs_days": 42, "pfs_event": 1},
    {"patient_id": "SIM-02", "sex": "F", "ecog": "1", "prior_lines": "1", "pfs_days": 92, "pfs_event": 0},
]
EVENTS = [{"patient_id": "SIM-02", "term": "Rash", "grade": 3, "related": 1}]
SCANS = [{"patient_id": "SIM-01", "days": -3, "sum_mm": 60}, {"patient_id": "SIM-01", "days": 42, "sum_mm": 30}]


def opened():
    return openpyxl.load_workbook(io.BytesIO(template_workbook()))


def filled(book) -> bytes:
    for name, rows in (("patients", PATIENTS), ("adverse_events", EVENTS), ("target_lesions", SCANS)):
        sheet = book[name]
        header = [cell.value for cell in sheet[1]]
        for i, row in enumerate(rows, start=sheet.max_row + 1):
            for column, value in row.items():
                sheet.cell(i, header.index(column) + 1, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def build(*files):
    return build_cohort(read(*files), id="sim", title="Simulated", provenance="simulated")


def test_sheets_and_headers_are_the_dictionarys():
    book = opened()
    assert book.sheetnames == [*TABLES, "dictionary"]
    assert [cell.value for cell in book["patients"][1]] == list(VARIABLES)
    assert [cell.value for cell in book["adverse_events"][1]] == list(ADVERSE_EVENT_VARIABLES)
    assert book["patients"].freeze_panes == "B2"
    listed = [(row[0].value, row[1].value) for row in book["dictionary"].iter_rows(min_row=2)]
    assert listed == [(table, name) for table, variables in TABLES.items() for name in variables]


def test_every_header_has_a_note_with_the_unit_and_what_is_allowed():
    for table, variables in TABLES.items():
        for cell, known in zip(opened()[table][1], variables.values(), strict=True):
            assert cell.comment is not None
            assert known.allowed in cell.comment.text
            assert known.unit in cell.comment.text


def test_levels_and_flags_are_offered_as_lists():
    offered = {}
    for table in TABLES:
        sheet = opened()[table]
        for rule in sheet.data_validations.dataValidation:
            if rule.type == "list":
                (area,) = rule.sqref.ranges
                offered[table, sheet.cell(1, area.min_col).value] = rule.formula1.strip('"').split(",")
    expected = {
        (table, v.name): ["0", "1"] if v.kind == "flag" else list(v.levels)
        for table, variables in TABLES.items()
        for v in variables.values()
        if v.kind == "flag" or v.levels
    }
    assert offered == expected


def test_the_empty_template_has_no_patients_and_its_examples_are_marked():
    tables = read(("template.xlsx", template_workbook()))
    assert tables.patients.n == 0
    assert {p.code for p in check(tables) if p.severity == "error"} == {"no-rows", "no-endpoint"}
    for table in TABLES:
        assert {row["patient_id"] for row in EXAMPLES[table]} == {f"{EXAMPLE_PREFIX}-0{i}" for i in (1, 2)}
        assert all(row["patient_id"].startswith(EXAMPLE_PREFIX) for row in EXAMPLES[table])


def test_the_examples_would_be_a_cohort_if_they_were_patients():
    rows = {t: [{**r, "patient_id": r["patient_id"].replace("EXAMPLE-", "")} for r in EXAMPLES[t]] for t in TABLES}
    cohort = build(*((f"{t}.csv", csv_of(rows[t])) for t in TABLES))
    assert cohort.n == 2
    assert cohort.endpoints == ("pfs", "os")
    assert check(read(*((f"{t}.csv", csv_of(rows[t])) for t in TABLES))) == ()


def test_a_filled_template_comes_back_as_a_cohort():
    cohort = build(("ward.xlsx", filled(opened())))
    assert cohort.patients["patient_id"].tolist() == ["SIM-01", "SIM-02"]
    assert cohort.patients["ecog"].tolist() == ["0-1", "1"]
    assert cohort.patients["prior_lines"].tolist() == [">=3", "1"]
    assert (cohort.endpoints, cohort.time_in_days) == (("pfs",), {"pfs"})
    assert list(cohort.patients.columns)[:1] == ["patient_id"]
    assert cohort.adverse_events is not None
    assert cohort.adverse_events[["patient_id", "term", "grade"]].to_numpy().tolist() == [["SIM-02", "Rash", 3.0]]
    assert cohort.target_lesions is not None
    assert cohort.target_lesions["sum_mm"].tolist() == [60.0, 30.0]


def test_rows_of_a_filled_template_are_counted_as_in_the_sheet():
    book = opened()
    content = filled(book)
    sheet = book["patients"]
    header = [cell.value for cell in sheet[1]]
    sheet.cell(5, header.index("sex") + 1, "Z")
    out = io.BytesIO()
    book.save(out)
    assert content != out.getvalue()
    with pytest.raises(CohortError, match=r"ward.xlsx, sheet patients, row 5, column sex"):
        build(("ward.xlsx", out.getvalue()))


def test_csv_templates_come_back_as_the_same_cohort():
    files = []
    filled_in: dict[Table, list] = {"patients": PATIENTS, "adverse_events": EVENTS, "target_lesions": SCANS}
    for table, rows in filled_in.items():
        content = template_csv(table)
        assert content.startswith(b"\xef\xbb\xbf")
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        assert lines[0] == list(TABLES[table])
        text = io.StringIO()
        csv.writer(text).writerows([*lines, *([row.get(name, "") for name in lines[0]] for row in rows)])
        files.append((f"{table}.csv", text.getvalue().encode()))
    assert build(*files).digest == build(("ward.xlsx", filled(opened()))).digest


def test_nothing_in_the_template_is_a_formula_and_it_is_the_same_every_time():
    content = template_workbook()
    assert content == template_workbook()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/sheet"):
                assert b"<f>" not in archive.read(name)
