"""Files become tables of text with the rows of the sheet; whatever is no table is refused in one clear sentence."""

import datetime as dt
import pickle

import numpy as np
import pytest

from kras_core.cohort.files import kinds, text
from kras_core.cohort.files.table import column_letters
from kras_core.cohort.readers import read, read_path
from tests.cohort.files import PATIENTS, csv_of, lines_of, refusal, workbook_of

GOOD = csv_of(PATIENTS)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_separator_gives_the_same_table(separator):
    table = read(("patients.csv", csv_of(PATIENTS, separator))).patients
    assert table.header == tuple(PATIENTS[0])
    assert table.rows.tolist() == [2, 3, 4]
    assert [list(column) for column in table.columns] == [[row[name] for row in PATIENTS] for name in PATIENTS[0]]


def test_nothing_is_coerced():
    table = read(("patients.csv", b"patient_id,code,x\n007,1e5,NA\n008,0x1F,1.50\n")).patients
    assert [list(c) for c in table.columns] == [["007", "008"], ["1e5", "0x1F"], ["NA", "1.50"]]


def test_rows_are_those_of_the_sheet_through_blank_lines_and_line_breaks_in_cells():
    text = 'patient_id,note\n\nSIM-01,"two\nlines"\n,\nSIM-02,b\n'
    table = read(("patients.csv", text.encode())).patients
    assert list(table.columns[0]) == ["SIM-01", "SIM-02"]
    assert table.rows.tolist() == [3, 5]
    assert list(table.columns[1]) == ["two lines", "b"]


def test_blanks_around_names_and_values_go():
    table = read(("patients.csv", b" patient_id , sex\nSIM-01 ,  M\nSIM 02,F\xc2\xa0\n")).patients
    assert table.header == ("patient_id", "sex")
    assert [list(c) for c in table.columns] == [["SIM-01", "SIM 02"], ["M", "F"]]


def test_utf8_with_and_without_mark_and_latin1_with_a_warning():
    text = "patient_id,centre\nSIM-01,Köln\n"
    for encoding in ("utf-8", "utf-8-sig"):
        tables = read(("patients.csv", text.encode(encoding)))
        assert tables.patients.header[0] == "patient_id"
        assert list(tables.patients.columns[1]) == ["Köln"]
        assert tables.problems == ()
    tables = read(("patients.csv", text.encode("latin-1")))
    assert list(tables.patients.columns[1]) == ["Köln"]
    assert [(p.severity, p.code) for p in tables.problems] == [("warning", "encoding")]


def test_two_csv_files_are_told_apart_by_what_they_hold():
    events = b"patient_id,term,grade\nSIM-01,Rash,2\n"
    for files in ([("a.csv", GOOD), ("b.csv", events)], [("b.csv", events), ("a.csv", GOOD)]):
        tables = read(*files)
        assert tables.patients.file == "a.csv"
        assert tables.adverse_events is not None
        assert tables.adverse_events.file == "b.csv"


def test_workbook_sheets_by_name_whatever_their_case():
    content = workbook_of(
        Patients=lines_of(PATIENTS),
        ADVERSE_EVENTS=[["patient_id", "term", "grade"], ["SIM-01", "Rash", 2]],
        Scratch=[["x"]],
    )
    tables = read(("ward.xlsx", content))
    assert (tables.patients.sheet, tables.sheets) == ("Patients", ("Patients", "ADVERSE_EVENTS"))
    assert tables.adverse_events is not None
    assert [list(c) for c in tables.adverse_events.columns] == [["SIM-01"], ["Rash"], ["2"]]
    assert [p.code for p in tables.problems] == ["unread-sheets"]
    assert "Scratch" in tables.problems[0].sentence


def test_an_only_sheet_is_the_patients_and_may_start_anywhere():
    tables = read(("ward.xlsx", workbook_of(Sheet1=[[], [], *(["", *line] for line in lines_of(PATIENTS))])))
    assert tables.patients.header == tuple(PATIENTS[0])
    assert tables.patients.rows.tolist() == [4, 5, 6]


def test_several_sheets_without_patients_are_refused():
    problem = refusal(("ward.xlsx", workbook_of(One=lines_of(PATIENTS), Two=[["x"], ["y"]])))
    assert problem.code == "no-patients-sheet"


def test_cells_of_a_workbook_come_as_plain_text():
    day = dt.date(2021, 3, 15)
    cells = ["SIM-01", 65, 70.5, 0.1, True, day, dt.datetime(2021, 3, 15, 8, 30)]
    content = workbook_of(patients=[["patient_id", "a", "b", "c", "d", "e", "f"], cells])
    columns = read(("ward.xlsx", content)).patients.columns
    assert [c[0] for c in columns] == ["SIM-01", "65", "70.5", "0.1", "true", "2021-03-15", "2021-03-15 08:30:00"]


@pytest.mark.parametrize(("from_1904", "serial"), [(False, 44270), (True, 44270 - 1462)])
def test_serial_numbers_of_days_become_dates_in_date_columns_only(from_1904, serial):
    lines = [["patient_id", "start_date", "ldh"], ["SIM-01", serial, serial]]
    content = workbook_of({"date_1904": from_1904}, patients=lines)
    columns = read(("ward.xlsx", content)).patients.columns
    assert [c[0] for c in columns] == ["SIM-01", "2021-03-15", str(serial)]


def test_example_rows_of_the_template_are_no_patients():
    rows = [{**PATIENTS[0], "patient_id": "SIM-EXAMPLE-01"}, *PATIENTS]
    table = read(("patients.csv", csv_of(rows))).patients
    assert list(table.columns[0]) == ["SIM-01", "SIM-02", "SIM-03"]
    assert table.rows.tolist() == [3, 4, 5]


PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@pytest.mark.parametrize(
    ("name", "content", "code", "says"),
    [
        ("patients.csv", b"", "empty-file", "empty"),
        ("patients.csv", b" \n\n", "empty-file", "empty"),
        ("patients.csv", PNG, "wrong-kind", "PNG picture"),
        ("patients.xlsx", PNG, "wrong-kind", "PNG picture"),
        ("patients.csv", b"\xff\xd8\xff\xe0" + bytes(60), "wrong-kind", "JPEG picture"),
        ("patients.csv", b"BM" + bytes(range(256)), "encoding", "known encoding"),
        ("patients.csv", b"a,b\x00\n1,2\n", "encoding", "known encoding"),
        ("patients.csv", "patient_id\nSIM-01\n".encode("utf-16")[:-1], "encoding", "CSV UTF-8"),
        ("patients.csv", pickle.dumps({"a": 1}), "wrong-kind", "pickle"),
        ("patients.xlsx", pickle.dumps({"a": 1}), "wrong-kind", "pickle"),
        ("lung.sav", pickle.dumps({"a": 1}), "wrong-kind", "pickle"),
        ("patients.xls", b"<html><table><tr><td>patient_id</td></tr></table></html>", "wrong-kind", "web page"),
        ("patients.csv", b"\n<!DOCTYPE html><html></html>", "wrong-kind", "web page"),
        ("patients.xlsx", GOOD, "wrong-kind", "no workbook"),
        ("patients.csv", workbook_of(patients=lines_of(PATIENTS)), "wrong-kind", ".xlsx"),
        ("patients.csv", b'patient_id,x\nSIM-01,"a\nSIM-02,b\n', "quotes", "never closed"),
        ("patients.xlsx", workbook_of(patients=[]), "empty-table", "nothing in it"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(name, content, code, says):
    problem = refusal((name, content))
    assert (problem.code, problem.file) == (code, name)
    assert says in problem.sentence
    assert problem.sentence.count("\n") == 0


def test_refused_files_are_never_unpickled():
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("the file was unpickled",))

    for name in ("patients.csv", "patients.xlsx"):
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            assert refusal((name, pickle.dumps(Trap(), protocol))).code == "wrong-kind"


def test_the_limit_is_checked_before_anything_is_parsed(monkeypatch):
    monkeypatch.setattr(kinds, "MAX_UPLOAD_BYTES", 1024**2)
    monkeypatch.setattr(text.pd, "read_csv", lambda *a, **k: pytest.fail("the file was parsed"))
    problem = refusal(("patients.csv", GOOD + b"x" * 1024**2))
    assert problem.sentence.startswith("patients.csv: expected at most 1 MB, found 1.0 MB.")


def test_the_limit_is_fifty_megabytes():
    assert kinds.MAX_UPLOAD_BYTES == 50 * 1024 * 1024


def test_a_row_with_too_many_fields_is_named():
    problem = refusal(("patients.csv", b"patient_id,nlr\nSIM-01,2.5\nSIM-02,2,5\n"))
    assert (problem.code, problem.row) == ("fields", 3)
    assert "expected 2 fields, found 3" in problem.sentence


def test_two_thousand_columns_are_read_and_one_more_is_not():
    def table(m):
        return csv_of([{"patient_id": "SIM-01", **{f"gene{i}": str(i) for i in range(m - 1)}}])

    assert len(read(("patients.csv", table(2000))).patients.columns) == 2000
    problem = refusal(("patients.csv", table(2001)))
    assert problem.code == "too-many-columns"
    assert "at most 2,000 columns, found 2,001" in problem.sentence


def test_a_wide_header_over_many_short_lines_is_refused_before_it_is_padded(monkeypatch):
    monkeypatch.setattr(text.pd, "read_csv", lambda *a, **k: pytest.fail("the file was parsed"))
    assert refusal(("patients.csv", b"a" + b"," * 10_000 + b"\n1" * 10_000)).code == "too-large"


def test_values_below_a_merged_header_cell_are_pointed_at_by_letters():
    problem = refusal(("patients.csv", b"patient_id,,sex\nSIM-01,5,M\n"))
    assert (problem.code, problem.column) == ("nameless-column", "B")
    assert [column_letters(i) for i in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_empty_columns_and_rows_at_the_end_are_nothing():
    table = read(("patients.csv", b"patient_id,sex,,\nSIM-01,M,,\n,,,\n,,,\n")).patients
    assert (table.header, table.n) == (("patient_id", "sex"), 1)


@pytest.mark.parametrize("character", ["\x07", "\x1b", "\u202e", "\x7f"])
def test_control_characters_are_refused_where_they_stand(character):
    problem = refusal(("patients.csv", f"patient_id,centre\nSIM-01,A\nSIM-02,B{character}C\n".encode()))
    assert (problem.code, problem.row, problem.column) == ("control-character", 3, "centre")
    assert character not in problem.sentence


def test_two_tables_of_patients_and_events_alone_are_refused():
    assert refusal(("a.csv", GOOD), ("b.csv", GOOD)).code == "two-tables"
    assert refusal(("b.csv", b"patient_id,term,grade\nSIM-01,Rash,2\n")).code == "no-patients"


def test_an_empty_sheet_of_adverse_events_is_not_recorded():
    tables = read(("ward.xlsx", workbook_of(patients=lines_of(PATIENTS), adverse_events=[])))
    assert tables.adverse_events is None
    assert [p.severity for p in tables.problems] == ["note"]


def test_preview_shows_what_is_written_repeated_names_apart():
    table = read(("patients.csv", b"patient_id,x,x\nSIM-01,1,2\nSIM-02,3,4\n")).patients
    assert table.preview(1) == [{"patient_id": "SIM-01", "x (B)": "1", "x (C)": "2"}]


def test_paths_are_read_like_uploads(tmp_path):
    (tmp_path / "patients.csv").write_bytes(GOOD)
    (tmp_path / "events.csv").write_bytes(b"patient_id,term,grade\nSIM-01,Rash,2\n")
    tables = read_path(tmp_path / "patients.csv", tmp_path / "events.csv")
    assert tables.files == ("patients.csv", "events.csv")
    assert np.array_equal(tables.patients.rows, [2, 3, 4])
