"""Every format gives the same table of text, with what its file says of columns and codes."""

import datetime as dt
import io
import zipfile
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from kras_core.cohort.files import kinds, large, open_paths, open_tables
from kras_core.cohort.files.missing import missing_codes
from tests.cohort.files import PATIENTS, csv_of, lines_of, one, workbook_of

FRAME = pd.DataFrame(
    {
        "id": ["SIM-01", "SIM-02", "SIM-03"],
        "age": [61.0, 70.5, np.nan],
        "sex": ["M", "F", ""],
        "start": [dt.date(2021, 3, 15), dt.date(2021, 9, 1), None],
        "event": [1.0, 0.0, 1.0],
    }
)
TEXTS = {
    "id": ["SIM-01", "SIM-02", "SIM-03"],
    "age": ["61", "70.5", ""],
    "sex": ["M", "F", ""],
    "start": ["2021-03-15", "2021-09-01", ""],
    "event": ["1", "0", "1"],
}


def opened(name, content, **options):
    """The only table of a file that is read without an error."""
    found = open_tables([(name, content)], **options)
    assert [p.sentence for p in found.problems if p.severity == "error"] == []
    (table,) = found.tables
    return table, found


def texts(table):
    return dict(zip(table.header, map(list, table.columns), strict=True))


def written(tmp_path, name, frame=FRAME, **options):
    write: Any = {
        "sav": pyreadstat.write_sav,
        "zsav": lambda f, p, **o: pyreadstat.write_sav(f, p, compress=True, **o),
        "dta": pyreadstat.write_dta,
        "xpt": pyreadstat.write_xport,
    }[name.rpartition(".")[2]]
    write(frame, tmp_path / name, **options)
    return (tmp_path / name).read_bytes()


def parquet(frame):
    out = io.BytesIO()
    frame.to_parquet(out, index=False)
    return out.getvalue()


@pytest.mark.parametrize("name", ["a.sav", "a.zsav", "a.dta", "a.xpt"])
def test_statistical_packages_give_the_same_texts(tmp_path, name):
    table, found = opened(name, written(tmp_path, name))
    assert texts(table) == TEXTS
    assert (table.rows.tolist(), found.form, found.problems) == ([1, 2, 3], "wide", ())


def test_parquet_csv_and_excel_give_the_same_texts():
    table, _ = opened("a.parquet", parquet(FRAME))
    assert texts(table) == TEXTS
    lines = [list(FRAME), *(["" if v is None or v != v else v for v in row] for row in FRAME.itertuples(index=False))]
    table, _ = opened("a.xlsx", workbook_of(Sheet1=lines))
    assert texts(table) == TEXTS
    table, _ = opened("a.csv", FRAME.assign(event=["1", "0", "1"], age=["61", "70.5", ""]).to_csv(index=False).encode())
    assert texts(table) == TEXTS


def test_what_spss_says_of_columns_and_codes_comes_along(tmp_path):
    frame = pd.DataFrame({"status": [1.0, 2.0, 9.0, -9.0], "arm": ["a", "b", "x", "a"]})
    content = written(
        tmp_path,
        "a.sav",
        frame,
        column_labels={"status": "State at last contact"},
        variable_value_labels={"status": {1.0: "censored", 2.0: "death", 9.0: "unknown"}},
        missing_ranges={"status": [9.0, {"lo": -99.0, "hi": -1.0}], "arm": ["x"]},
    )
    table, found = opened("a.sav", content)
    assert table.labels == {"status": "State at last contact"}
    assert table.value_labels == {"status": {"1": "censored", "2": "death", "9": "unknown"}}
    assert texts(table) == {"status": ["1", "2", "", ""], "arm": ["a", "b", "", "a"]}
    said = [p.sentence for p in found.problems if p.code == "declared-missing"]
    assert said[0].endswith("Declared missing by the file: 9 (unknown) in 1, -9 in 1.")
    assert said[1].endswith("column arm: Declared missing by the file: x in 1.")


def test_missing_letters_of_stata_are_missing(tmp_path):
    frame = pd.DataFrame({"x": [1, 2, "a"]})
    table, found = opened("a.dta", written(tmp_path, "a.dta", frame, missing_user_values={"x": ["a"]}))
    assert texts(table) == {"x": ["1", "2", ""]}
    assert one(found.problems, "declared-missing").sentence.endswith(".a in 1.")


def test_single_precision_comes_as_it_was_typed():
    out = io.BytesIO()
    pd.DataFrame({"bmi": np.array([25.54051, 0.1, 3], dtype=np.float32)}).to_stata(out, write_index=False)
    assert texts(opened("a.dta", out.getvalue())[0]) == {"bmi": ["25.54051", "0.1", "3"]}


def test_parquet_reads_categories_times_and_nulls_and_refuses_lists():
    frame = pd.DataFrame(
        {
            "c": pd.Categorical(["x", None, "x"]),
            "t": [pd.Timestamp("2021-03-15"), pd.Timestamp("2021-03-15 08:30"), pd.NaT],
            "b": [True, False, None],
            "i": pd.array([1, None, 3], dtype="Int64"),
            "n": [None, None, None],
        }
    )
    table, _ = opened("a.parquet", parquet(frame))
    assert texts(table) == {
        "c": ["x", "", "x"],
        "t": ["2021-03-15", "2021-03-15 08:30:00", ""],
        "b": ["true", "false", ""],
        "i": ["1", "", "3"],
        "n": ["", "", ""],
    }
    found = open_tables([("a.parquet", parquet(pd.DataFrame({"ok": [1], "list": [[1, 2]]})))])
    assert (found.tables, one(found.problems, "nested").column) == ((), "list")


# Text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_chinese_text_is_read_in_any_encoding(encoding):
    text = "患者编号;年龄;总生存期\nSIM-01;61;5,5\nSIM-02;70;12,25\n"
    table, found = opened("ward.csv", text.encode(encoding))
    assert texts(table) == {"患者编号": ["SIM-01", "SIM-02"], "年龄": ["61", "70"], "总生存期": ["5,5", "12,25"]}
    assert [p.code for p in found.problems] == (["encoding"] if encoding == "gb18030" else [])


@pytest.mark.parametrize(("encoding", "word"), [("latin-1", "Köln"), ("cp1252", "“Köln”"), ("latin-1", "é")])
def test_western_text_is_not_taken_for_chinese(encoding, word):
    table, found = opened("ward.csv", f"id,centre\n1,{word}\n2,Zürich\n".encode(encoding))
    assert texts(table)["centre"] == [word, "Zürich"]
    assert "Latin-1" in one(found.problems, "encoding").sentence


def test_a_bar_separates_too():
    assert texts(opened("a.txt", csv_of(PATIENTS, "|"))[0])["age"] == ["61", "70.5", "48"]


def test_lines_with_a_hash_above_the_header_are_labels_and_rows_count_on():
    text = "#Patient ID\tAge\n#Identifier\tAge at surgery\n#STRING\tNUMBER\n#1\t1\nPATIENT_ID\tAGE\nSIM-01\t61\n"
    table, _ = opened("data_clinical_patient.txt", text.encode())
    assert table.labels == {"PATIENT_ID": "Patient ID: Identifier", "AGE": "Age: Age at surgery"}
    assert (texts(table), table.rows.tolist()) == ({"PATIENT_ID": ["SIM-01"], "AGE": ["61"]}, [6])


def test_a_header_that_begins_with_a_hash_is_a_header():
    assert texts(opened("a.csv", b"#,age\n1,61\n2,70\n")[0]) == {"#": ["1", "2"], "age": ["61", "70"]}


def test_row_numbers_that_r_and_pandas_write_are_left_out():
    frame = pd.DataFrame(PATIENTS)
    table, found = opened("a.csv", frame.to_csv().encode())
    assert table.header == tuple(PATIENTS[0])
    assert one(found.problems, "row-numbers").severity == "note"


def test_missing_words_and_codes_are_counted_and_left_as_they_are():
    ages = ["61", "-99", "NA", "70", "999", "999", "48"]
    rows = [{"patient_id": f"SIM-{i}", "age": age, "change": -i} for i, age in enumerate(ages)]
    table, found = opened("a.csv", csv_of(rows))
    assert texts(table)["age"] == ages
    assert "“NA” in 1 row: read as missing" in one(found.problems, "missing-word").sentence
    code = one(found.problems, "missing-code")
    assert (code.severity, code.column) == ("warning", "age")
    assert "“-99” in 1 row, “999” in 2 rows" in code.sentence


@pytest.mark.parametrize(
    "values", [["-9", "-20", "5"], ["99", "80", "75"], ["999", "5", "6"], ["-1", "", ""], ["99", "99", "x"]]
)
def test_numbers_that_may_well_be_meant_are_no_codes(values):
    assert missing_codes(np.array(values, dtype=object)) == {}


# Excel


def test_a_header_of_two_lines_is_joined():
    lines = [
        ["Patient", "", "Labs", "", "Progression", "", "Death", ""],
        ["id", "sex", "NLR", "PLR", "date", "event", "date", "event"],
        ["SIM-01", "M", 2.5, 180, "2021-03-15", 1, "", 0],
        ["SIM-02", "F", 3.5, 99, "", 0, "", 0],
    ]
    table, found = opened("a.xlsx", workbook_of(Sheet1=lines))
    assert table.header[:4] == ("id", "sex", "NLR", "PLR")
    assert table.header[4:] == ("Progression date", "Progression event", "Death date", "Death event")
    assert table.labels["NLR"] == "Labs NLR"
    assert (table.rows.tolist(), one(found.problems, "merged-header").severity) == ([3, 4], "note")


def test_a_title_above_the_header_is_passed_over():
    table, found = opened("a.xlsx", workbook_of(Sheet1=[["Lung cohort"], *lines_of(PATIENTS)]))
    assert (table.header, table.rows.tolist()) == (tuple(PATIENTS[0]), [3, 4, 5])
    assert one(found.problems, "title").severity == "note"


def test_no_patient_is_taken_for_a_second_header():
    lines = [["id", "", "age"], ["Ann", "x", "61"], ["Bob", "y", "70"]]
    found = open_tables([("a.xlsx", workbook_of(Sheet1=lines))])
    assert [p.code for p in found.problems] == ["nameless-column"]


def test_the_sheet_can_be_chosen_and_a_guess_is_said():
    content = workbook_of(Notes=[], Ward=lines_of(PATIENTS), Other=[["x", "y"], ["1", "2"]])
    table, found = opened("a.xlsx", content)
    assert (table.sheet, found.offered_sheets) == ("Ward", {"a.xlsx": ("Notes", "Ward", "Other")})
    assert one(found.problems, "sheet-chosen").severity == "warning"
    table, found = opened("a.xlsx", content, sheets={"a.xlsx": "Other"})
    assert (table.sheet, [p.code for p in found.problems]) == ("Other", ["unread-sheets"])
    assert one(open_tables([("a.xlsx", content)], {"a.xlsx": "None"}).problems, "no-sheet").severity == "error"


def test_serial_days_are_dates_by_the_columns_name_or_company():
    lines = [
        ["id", "Date of death", "last seen", "ldh", "死亡日期"],
        ["SIM-01", 44270, dt.date(2021, 3, 15), 44270, 44270],
        ["SIM-02", 44271, 44271, 250, 44271],
    ]
    table, found = opened("a.xlsx", workbook_of(Sheet1=lines))
    assert texts(table)["Date of death"] == ["2021-03-15", "2021-03-16"]
    assert texts(table)["last seen"] == ["2021-03-15", "2021-03-16"]
    assert texts(table)["死亡日期"] == ["2021-03-15", "2021-03-16"]
    assert texts(table)["ldh"] == ["44270", "250"]
    noted = [p.column for p in found.problems if p.code == "serial-dates"]
    assert noted == ["Date of death", "last seen", "死亡日期"]


# Several files


def packed(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


def test_a_zip_of_several_files_is_as_good_as_the_files():
    events = b"patient_id,term,grade\nSIM-01,Rash,2\n"
    members = {
        "patients__csv": csv_of(PATIENTS),
        "events__csv": events,
        "notes__docx": b"x",
        "inner__zip": packed(a="x"),
    }
    found = open_tables([("ward.zip", packed(**members))])
    assert [t.file for t in found.tables] == ["ward.zip/patients.csv", "ward.zip/events.csv"]
    assert found.form == "own"
    assert "notes.docx, inner.zip" in one(found.problems, "left-out").sentence


def test_what_is_too_large_for_a_browser_is_read_in_parts_from_its_path(tmp_path, monkeypatch):
    rows = [{"patient_id": f"SIM-{i}", "age": 40 + i % 40, "note": "" if i % 3 else " a  b "} for i in range(50)]
    (tmp_path / "a.csv").write_bytes(csv_of(rows) + b",,\n" + csv_of(rows[:1]).partition(b"\n")[2])
    (tmp_path / "a.parquet").write_bytes(parquet(pd.DataFrame(rows)))
    small = [open_paths([tmp_path / name]).tables[0] for name in ("a.csv", "a.parquet")]
    monkeypatch.setattr(large, "PART_ROWS", 7)
    monkeypatch.setattr("kras_core.cohort.files.opened.MAX_UPLOAD_BYTES", 100)
    for name, before in zip(("a.csv", "a.parquet"), small, strict=True):
        (table,) = open_paths([tmp_path / name]).tables
        assert texts(table) == texts(before)
        assert table.rows.tolist() == before.rows.tolist()
    (tmp_path / "a.xlsx").write_bytes(workbook_of(Sheet1=lines_of(PATIENTS)))
    assert one(open_paths([tmp_path / "a.xlsx"]).problems, "too-large").expected.startswith("at most 50 MB")


def test_parts_are_bounded_in_cells_and_texts(tmp_path, monkeypatch):
    monkeypatch.setattr("kras_core.cohort.files.opened.MAX_UPLOAD_BYTES", 10)
    (tmp_path / "a.csv").write_bytes(csv_of(PATIENTS))
    monkeypatch.setattr(large, "MAX_CELLS", 14)
    assert one(open_paths([tmp_path / "a.csv"]).problems, "too-large").severity == "error"
    monkeypatch.setattr(large, "MAX_CELLS", 15)
    assert open_paths([tmp_path / "a.csv"]).problems == ()
    monkeypatch.setattr("kras_core.cohort.files.gathered.MAX_DISTINCT", 5)
    assert one(open_paths([tmp_path / "a.csv"]).problems, "too-large").severity == "error"


def test_a_line_of_a_large_file_with_too_many_fields_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("kras_core.cohort.files.opened.MAX_UPLOAD_BYTES", 10)
    (tmp_path / "a.csv").write_bytes(b"patient_id,nlr\nSIM-01,2.5\nSIM-02,2,5\n")
    problem = one(open_paths([tmp_path / "a.csv"]).problems, "fields")
    assert (problem.row, problem.expected) == (3, "2 fields, found 3")


def test_kinds_that_are_read_are_told_apart_by_their_first_bytes(tmp_path):
    contents = {name: written(tmp_path, name) for name in ("a.sav", "a.dta", "a.xpt")}
    contents |= {"a.parquet": parquet(FRAME), "a.zip": packed(a__csv=csv_of(PATIENTS))}
    for name, content in contents.items():
        assert kinds.kind_of(content) == kinds.NAMED[kinds.suffix_of(name)]
        for other in (*contents, "a.csv", "a.xls", "a.sas7bdat"):
            problems = open_tables([(other, content)]).problems
            if other != name and not (name == "a.zip" and other == "a.xls"):
                assert [p.code for p in problems] == ["wrong-kind"], (name, other)
