"""Files made to do harm end in a clear error: within seconds and memory, in a process of their own where need be."""

import io
import struct
import zipfile
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest
import xlsxwriter

from kras_core.cohort.files import apart, open_tables, packed
from kras_core.cohort.files.kinds import MAX_UPLOAD_BYTES
from tests.cohort.files import PATIENTS, csv_of, lines_of, one, workbook_of
from tests.cohort.test_workbook import repacked
from tools.fuzz.seeds import made_up

MADE_UP = made_up()


def error(name, content):
    """The only error with which a file is refused; nothing of it is read."""
    found = open_tables([(name, content)])
    assert found.tables == ()
    (problem,) = [p for p in found.problems if p.severity == "error"]
    return problem


def archive(members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, content in members:
            file.writestr(name, content)
    return out.getvalue()


# Archives


def test_an_archive_that_unfolds_is_measured_while_it_is_read():
    bomb = archive([("a.csv", bytes(MAX_UPLOAD_BYTES + 1))])
    assert len(bomb) < 100_000
    assert error("a.zip", bomb).code == "too-large"


def test_many_files_together_have_a_limit_too(monkeypatch):
    monkeypatch.setattr(packed, "MAX_UNPACKED_BYTES", 1000)
    assert error("a.zip", archive([(f"{i}.csv", b"x" * 400) for i in range(3)])).code == "too-large"
    monkeypatch.setattr(packed, "MAX_MEMBERS", 2)
    assert "found 3" in error("a.zip", archive([(f"{i}.csv", b"x") for i in range(3)])).expected


def test_a_directory_that_lies_about_sizes_is_not_believed():
    honest = archive([("a.csv", bytes(MAX_UPLOAD_BYTES + 1))])
    at = honest.rfind(b"PK\x01\x02") + 24  # the unpacked size in the central directory
    assert struct.unpack_from("<I", honest, at) == (MAX_UPLOAD_BYTES + 1,)
    lying = honest[:at] + struct.pack("<I", 10) + honest[at + 4 :]
    assert error("a.zip", lying).code in ("too-large", "damaged")


def test_archives_in_archives_stay_shut_and_protected_ones_say_so():
    inner = archive([("a.csv", csv_of(PATIENTS))])
    assert error("a.zip", archive([("inner.zip", inner)])).code == "no-table"
    content = bytearray(inner)
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + flags] |= 1
    problem = error("a.zip", bytes(content))
    assert problem.code == "protected" and "password" in problem.sentence


def test_names_in_archives_lead_nowhere():
    found = open_tables([("a.zip", archive([("../../etc/a.csv", csv_of(PATIENTS))]))])
    assert found.tables[0].file == "a.zip/../../etc/a.csv"  # a label; nothing is written to a disk


# Workbooks


def test_entities_that_multiply_are_not_unfolded():
    levels = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    document = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{levels}]>'
    content = workbook_of(patients=lines_of(PATIENTS))
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        strings = file.read("xl/sharedStrings.xml").decode()
    laughing = document + strings.partition("?>")[2].replace("<t>SIM-01</t>", "<t>&l9;</t>")
    found = open_tables([("a.xlsx", repacked(content, **{"xl/sharedStrings.xml": laughing.encode()}))])
    cells = [cell for table in found.tables for column in table.columns for cell in column]
    assert sum(map(len, cells)) < 1000


def test_formulas_are_their_values():
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("patients")
        sheet.write_row(0, 0, ["patient_id", "age"])
        sheet.write_row(1, 0, ["SIM-01"])
        sheet.write_formula(1, 1, "=30+31", None, 61)
    (table,) = open_tables([("a.xlsx", out.getvalue())]).tables
    assert list(table.columns[1]) == ["61"]


# Text


def test_a_million_columns_are_refused_before_they_are_split():
    problem = error("a.csv", b",".join(b"c%d" % i for i in range(1_000_000)) + b"\n" + b"1," * 999_999 + b"1\n")
    assert (problem.code, problem.expected) == ("too-many-columns", "at most 2,000 columns, found 1,000,000")


@pytest.mark.parametrize("kind", ["parquet", "sav"])
def test_too_many_columns_of_other_formats(kind, tmp_path):
    frame: Any = pd.DataFrame({f"c{i}": [1.0] for i in range(2001)})
    path = tmp_path / f"a.{kind}"
    frame.to_parquet(path) if kind == "parquet" else pyreadstat.write_sav(frame, path)
    assert error(path.name, path.read_bytes()).expected == "at most 2,000 columns, found 2,001"


def test_too_many_cells_of_a_small_file():
    out = io.BytesIO()
    pd.DataFrame({"x": np.zeros(30_000_000, dtype=np.int8)}).to_parquet(out)  # one value again and again
    assert len(out.getvalue()) < 1_000_000
    assert error("a.parquet", out.getvalue()).code == "too-large"


def test_control_characters_are_refused_in_any_format(tmp_path):
    frame: Any = pd.DataFrame({"id": ["SIM-01", "SIM-\u202e02"]})
    pyreadstat.write_sav(frame, tmp_path / "a.sav")
    found = open_tables([("a.sav", (tmp_path / "a.sav").read_bytes())])
    problem = one(found.problems, "control-character")
    assert (problem.row, problem.column, "\u202e" in problem.sentence) == (2, "id", False)


# What the C and C++ readers meet


@pytest.mark.parametrize("name", sorted(set(MADE_UP) - {"b.zsav", "old.dta", "old.xpt"}))
def test_a_truncated_file_ends_in_an_error_or_in_fewer_rows(name):
    found = open_tables([(name, MADE_UP[name][: len(MADE_UP[name]) // 2])])
    assert found.tables or [p for p in found.problems if p.severity == "error"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import os; os.abort()", "damaged"),
        ("print('no JSON')", "damaged"),
        ("import time; time.sleep(60)", "too-slow"),
        ("import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 6))\nwhile True: pass", "too-slow"),
    ],
)
def test_a_child_that_dies_met_a_damaged_file_one_that_never_answers_a_limit_of_time(monkeypatch, tmp_path, code, said):
    (tmp_path / "child.py").write_text(code)
    monkeypatch.setattr(apart, "_CHILD", tmp_path / "child.py")
    monkeypatch.setattr(apart, "APART_WAIT", 2 if "sleep" in code else 120)
    found = error("a.sav", MADE_UP["a.sav"])
    assert found.code == said
    assert (said == "too-slow") == ("Try again" in found.sentence)


def test_a_child_that_asks_for_all_memory_ends_itself_only(monkeypatch):
    monkeypatch.setattr(apart, "APART_BYTES", 64 * 1024**2)
    assert error("a.parquet", MADE_UP["table.parquet"]).code in ("damaged", "too-large")


def test_no_value_of_a_patient_is_in_what_an_exception_says():
    for name in ("comma.csv", "book.xlsx", "adam.zip", "a.sav"):
        content = MADE_UP[name]
        damaged = content[: len(content) // 2] + b"\xff" * 40 + content[len(content) // 2 :]
        for problem in open_tables([(name, damaged)]).problems:
            assert "SIM-" not in repr(problem)
