"""report and script from the command line."""

import os
import zipfile
from pathlib import Path

import docx
import openpyxl
import pytest

from kras_core.report.document import pdf
from kras_core.report.document.pdf import NoConverter, converter, pdf_bytes
from tests.report.script.printed import parsed
from tests.report.script.test_python_script import run as run_script
from tests.test_command_line import answer, run


def test_report_as_word_with_a_workbook(tmp_path: Path) -> None:
    out, tables = tmp_path / "r.docx", tmp_path / "t.xlsx"
    found = answer(
        "report", "ncctg-lung", "--by", "sex", "--sections", "survival,flow", "--covariates", "sex,age",
        "--out", str(out), "--tables", str(tables), "--date", "2024-03-04",
    )  # fmt: skip
    assert found == {"report": str(out), "sections": ["flow", "survival"], "tables": [str(tables)]}
    assert docx.Document(str(out)).paragraphs[0].text == "NCCTG advanced lung cancer"
    assert openpyxl.load_workbook(tables).sheetnames[:2] == ["Contents", "flow"]
    with zipfile.ZipFile(out) as parts:
        assert {entry.date_time for entry in parts.infolist()} == {(2024, 3, 4, 12, 0, 0)}


def test_report_as_html_with_a_folder_of_csv(tmp_path: Path) -> None:
    out, folder = tmp_path / "r.html", tmp_path / "tables"
    found = answer("report", "veterans-lung", "--out", str(out), "--tables", str(folder), "--sections", "table1")
    assert "Veterans" in out.read_text(encoding="utf-8")
    assert {Path(name) for name in found["tables"]} == set(folder.iterdir())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("report", "ncctg-lung", "--out", "r.odt"), "end it in .docx, .html, .pdf"),
        (("report", "ncctg-lung", "--out", "r.docx", "--sections", "abstract"), "no section 'abstract'"),
        (("report", "ncctg-lung", "--out", "r.docx", "--date", "today"), "is not a date"),
        (("report", "ncctg-lung"), "required: --out"),
        (("script", "ncctg-lung", "--language", "sas"), "invalid choice"),
        (("script", "sintilimab-anlotinib", "--where", "sex=M"), "no script for this view"),
    ],
)
def test_refusals(arguments: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "") and done.stderr.count("\n") == 1
    assert words in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_script_in_the_answer_and_in_a_file(tmp_path: Path) -> None:
    inside = answer("script", "veterans-lung", "--by", "treatment", "--language", "r")
    assert inside["language"] == "r" and "library(survival)" in inside["script"]
    out = tmp_path / "s.py"
    assert answer("script", "veterans-lung", "--by", "treatment", "--out", str(out))["out"] == str(out)
    analysed = answer("analyse", "veterans-lung", "--by", "treatment")
    printed = parsed(run_script(out.read_text(encoding="utf-8")))
    assert printed["All patients", "median"][0] == pytest.approx(analysed["overall"]["median"], rel=1e-6)


def test_a_script_of_an_upload_runs_on_the_data_as_read(tmp_path: Path) -> None:
    """Days, German decimals and words for flags: the script reads what KRAScope made of them."""
    ward = tmp_path / "ward.csv"
    rows = ["patient_id;os_days;os_event;nlr;prior_ici"]
    rows += [
        f"SIM-{i};{30 * i + 7};{'yes' if i % 3 else 'no'};{i % 5},5;{'ja' if i % 2 else 'nein'}" for i in range(24)
    ]
    ward.write_text("\n".join(rows).replace("ja", "yes").replace("nein", "no"), encoding="utf-8")
    data, out = tmp_path / "data.csv", tmp_path / "s.py"
    view = (str(ward), "--by", "nlr", "--where", "prior_ici=yes")
    answer("script", *view, "--data", str(data), "--out", str(out))
    printed = parsed(run_script(out.read_text(encoding="utf-8"), str(data)))
    analysed = answer("analyse", *view)
    for stratum in (*analysed["strata"], analysed["overall"]):
        assert printed[stratum["label"], "patients"][0] == stratum["n"]
        assert printed[stratum["label"], "median"][0] == pytest.approx(stratum["median"], rel=1e-6)


def test_without_a_converter_the_refusal_says_what_would_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    assert converter() == ""
    with pytest.raises(NoConverter, match="open the HTML in a browser"):
        pdf_bytes(b"", "")


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands for LibreOffice")
def test_libreoffice_keeps_its_settings_and_loses_them_after_a_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    office = tmp_path / "soffice"
    office.write_text('#!/bin/sh\necho "$1" >> "$0.log"\nshift 6\n[ -s "$2" ] && cp "$2" "$1/report.pdf"\n')
    office.chmod(0o755)
    monkeypatch.setattr(pdf.shutil, "which", lambda name: str(office) if name == "soffice" else None)
    assert [pdf_bytes(b"one", ""), pdf_bytes(b"two", "")] == [b"one", b"two"]
    with pytest.raises(NoConverter, match="made no PDF"):
        pdf_bytes(b"", "")
    assert pdf_bytes(b"three", "") == b"three"
    first, second, third, fourth = (tmp_path / "soffice.log").read_text().split()
    assert first == second == third != fourth


@pytest.mark.slow
@pytest.mark.skipif(not converter(), reason="neither LibreOffice nor Chromium makes a PDF here")
def test_report_as_pdf(tmp_path: Path) -> None:
    out = tmp_path / "r.pdf"
    assert answer("report", "veterans-lung", "--out", str(out), "--sections", "flow")["report"] == str(out)
    assert out.read_bytes().startswith(b"%PDF-")
