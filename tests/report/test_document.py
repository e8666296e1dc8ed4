"""The report: the same numbers in Word, HTML, CSV, Excel, script and on the page, and a document that is whole."""

import io
from dataclasses import replace
from datetime import date
from functools import cache

import openpyxl
import pandas as pd
import pytest
from docx.oxml.ns import qn

from kras_core.address import default_selection
from kras_core.analyse.account import analyse_account
from kras_core.analyse.account_results import Account
from kras_core.analyse.models import analyse_model
from kras_core.cohort.bundled import BUNDLED, load
from kras_core.cohort.model import Cohort
from kras_core.conventions import PRESETS
from kras_core.report import format as fmt
from kras_core.report.document.blocks import Document
from kras_core.report.document.checklists import CHECKLISTS, FOR_THE_AUTHORS, HARMS, REMARK, STROBE
from kras_core.report.document.content import SECTIONS, report_document
from kras_core.report.document.page import page_html, preview_html
from kras_core.report.document.tables import csv_files, workbook, zipped
from kras_core.report.document.word import docx_bytes
from kras_core.report.html_table import Cell, Column, Table
from kras_core.report.models.tables import model_table
from kras_core.report.safety.tables import safety_table_of
from kras_core.report.script import script
from kras_core.report.tables import numbers_rows
from kras_core.selection import By, Filter, Selection
from tests.report.document_reader import Page, word, word_grids
from tests.report.script.printed import parsed
from tests.report.script.test_python_script import run

ON = date(2024, 3, 4)


def account_of(cohort: Cohort, **changes) -> Account:
    by = (By(cohort.default_by),) if cohort.default_by else ()
    selection = Selection(cohort.digest, cohort.default_endpoint, by, conventions=PRESETS[cohort.conventions])
    return analyse_account(cohort, selection.but(**changes), cohort.endpoints)


@cache
def account(id: str) -> Account:
    return account_of(load(id))


@cache
def document(id: str) -> Document:
    return report_document(account(id), ON)


@cache
def as_word(id: str) -> bytes:
    return docx_bytes(document(id))


def texts(table: Table) -> list[list[str]]:
    """The body as text; a number that is not there prints as a dash."""
    return [[row.head, *map(text, row.cells, table.columns[1:])] for row in table.rows]


def text(cell: Cell, column: Column) -> str:
    if not isinstance(cell, str):
        return cell.text
    return cell or (fmt.NOTHING if column.numeric else "")


def body(grid: list[list[str]], table: Table) -> list[list[str]]:
    return grid[len(grid) - len(table.rows) :]


@pytest.mark.parametrize("id", list(BUNDLED))
def test_word_and_html_hold_every_table_of_the_page(id: str) -> None:
    """Read back cell by cell; the tables are those that the pages draw."""
    tables = [c.table for c in document(id).tables if c.table.rows]
    in_word = [body(g, t) for g, t in zip(word_grids(as_word(id)), tables, strict=True)]
    assert in_word == [texts(t) for t in tables]
    drawn = [c.table for c in document(id).tables]
    page = Page(page_html(document(id)))
    on_page = [body(g, t) for g, t in zip(page.grids, drawn, strict=True)]
    assert on_page == [texts(t) for t in drawn]
    for view in account(id).survival:
        shown = {value for row in numbers_rows(view) for value in row.values() if value}
        written = {cell for grid in in_word for row in grid for cell in row}
        assert shown <= written
    if (safety := account(id).safety) is not None:
        assert texts(safety_table_of(safety)) in in_word


@pytest.mark.parametrize("id", list(BUNDLED))
def test_document_script_and_screen_agree(id: str) -> None:
    """Medians, hazard ratio and p: what the script computes from the file prints as what stands in the document."""
    cohort, view = load(id), account(id).survival[0]
    found = parsed(run(script(cohort, view)))
    cells: dict[str, list[str]] = {}
    for row in (row for grid in word_grids(as_word(id)) for row in grid):
        cells.setdefault(row[0], row)  # the first endpoint is the view's
    clock = fmt.Clock("months", cohort.days_per_month)
    for s, cell in zip((*view.strata, view.overall), cells["Median, months"][1:], strict=False):
        estimate, low, high, _ = found[s.label, "median"]
        assert cell == f"{clock.number(estimate)} {fmt.interval(low, high, clock.number)}"
    (ratio,) = view.hazard_ratios
    name = f"{ratio.label} v {ratio.reference}"
    estimate, low, high, p = found[name, "hazard ratio"]
    row = cells[f"Hazard ratio, {fmt.mid_sentence(ratio.label)} v {fmt.mid_sentence(ratio.reference)}"]
    assert row[1:3] == [f"{fmt.ratio(estimate)} {fmt.interval(low, high, fmt.ratio)}", fmt.p_value(p)]
    assert cells["Log-rank test"][2] == fmt.p_value(found["", "log-rank chi2"][3])


def test_csv_and_excel_hold_the_same_tables() -> None:
    made = document("sintilimab-anlotinib")
    files = csv_files(made)
    book = openpyxl.load_workbook(io.BytesIO(workbook(made)))
    captioned = list(made.tables)
    assert list(files) == [f"{c.file}.csv" for c in captioned]
    assert book.sheetnames == ["Contents", *(c.file for c in captioned)]
    for c in captioned:
        rows = c.table.text_rows()
        cells = book[c.file].iter_rows(max_row=len(rows) + 1, max_col=len(c.table.columns))  # notes may be wider
        sheet = [[str(cell.value or "") for cell in row] for row in cells]
        assert [[v.lstrip("'") for v in row] for row in sheet[1:]] == [
            [v.lstrip("'") for v in r.values()] for r in rows
        ]
        assert files[f"{c.file}.csv"].decode("utf-8-sig").count("\r\n") > len(rows)


def test_a_workbook_shows_whole_cells_and_prints_what_the_rows_are() -> None:
    """A row is as high as its longest cell has lines: not every spreadsheet program finds that for itself."""
    book = openpyxl.load_workbook(io.BytesIO(workbook(document("sintilimab-anlotinib"))))
    source = book["provenance"]
    assert (source.row_dimensions[5].height or 0) > (source.row_dimensions[2].height or 0)
    male = next(row[0] for row in book["table1"].iter_rows() if row[0].value == "Male")
    assert male.alignment.indent == 1
    for sheet in book:
        assert sheet.oddFooter is not None and sheet.oddFooter.left is not None
        assert "not patient data" in (sheet.oddFooter.left.text or "")
        assert sheet.page_setup.orientation == "landscape"


def test_a_filter_has_the_columns_name_and_may_leave_follow_up_open() -> None:
    """By a drawn column and among its levels: nobody's follow-up is determined, and no id is printed."""
    cohort = load("sintilimab-anlotinib")
    where = (Filter("kras_variant", "=", ("G12C", "G12D")), Filter("prior_lines", "=", (">=3",)))
    selection = default_selection(cohort).but(by=(By("kras_variant"),), where=where)
    made = report_document(analyse_account(cohort, selection, ("pfs", "os")), ON)
    assert made.subtitle.endswith("by KRAS variant, only KRAS variant = G12C or G12D, prior lines = ≥3")
    assert "kras_variant" not in page_html(made) and "prior_lines" not in page_html(made)


def hostile() -> Cohort:
    """Names that a spreadsheet would run and a browser would read."""
    bad = '=HYPERLINK("http://x","y")'
    n = 12
    patients = pd.DataFrame(
        {
            "patient_id": [f"SIM-{i}" for i in range(n)],
            "<script>alert(1)</script>": pd.Categorical([bad, "<img src=http://x>"] * (n // 2)),
            "os_months": [float(i + 1) for i in range(n)],
            "os_event": [1.0, 0.0, 1.0] * (n // 3),
        }
    )
    return Cohort("sim", "<b>=1+1</b>\u202e\x01", patients, None, "simulated", origin="uploaded")


def test_names_from_a_user_run_nowhere() -> None:
    cohort = hostile()
    by = "<script>alert(1)</script>"
    found = analyse_account(cohort, Selection(cohort.digest, "os", (By(by),)))
    made = report_document(found, ON)
    for html in (page_html(made), preview_html(made)):
        page = Page(html)
        assert not {"script", "b", "iframe", "link", "object"} & set(page.tags)
        assert all(str(p["src"]).startswith("data:image/png") for p in page.pictures)
        assert by in page.words
    book = openpyxl.load_workbook(io.BytesIO(workbook(made)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value]
    assert {cell.data_type for cell in cells} == {"s"}
    assert not [cell.value for cell in cells if str(cell.value).startswith(("=", "+", "@"))]
    assert any(by in paragraph.text for paragraph in word(docx_bytes(made)).paragraphs)
    assert all(not line.startswith(("=", '"=')) for f in csv_files(made).values() for line in f.decode().splitlines())


@pytest.mark.parametrize("write", [docx_bytes, page_html, workbook, zipped])
def test_the_same_account_and_date_give_the_same_bytes(write) -> None:
    first, again = (report_document(account_of(load("sintilimab-anlotinib")), ON) for _ in range(2))
    assert write(first) == write(again)
    assert write(replace(first, on=date(2025, 1, 1))) != write(first)


def test_word_has_what_makes_it_usable() -> None:
    found = word(as_word("sintilimab-anlotinib"))
    assert [p.text for p in found.paragraphs if p.style and p.style.name == "Heading 1"] == [
        kind.title for kind in SECTIONS.values()
    ]
    for table in found.tables:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None  # type: ignore[union-attr]
    for shape in found.inline_shapes:
        assert len(shape._inline.docPr.get("descr")) > 40
    foot = found.sections[0].footer._element.xml
    assert "PAGE" in foot and "NUMPAGES" in foot
    assert {s.orientation for s in found.sections} == {0, 1}  # the adverse events by stratum stand on their side
    about = found.core_properties
    assert (about.title, about.created.date() if about.created else None) == ("Sintilimab + anlotinib (HR)", ON)


@pytest.mark.parametrize("id", list(BUNDLED))
def test_provenance_is_loud_where_there_are_no_patients(id: str) -> None:
    reconstructed = load(id).provenance == "reconstructed"
    found = word(as_word(id))
    header = found.sections[0].header.paragraphs[0].text
    assert ("NOT PATIENT DATA" in header) == reconstructed
    assert any("They are not patient data" in p.text for p in found.paragraphs) == reconstructed
    page = Page(page_html(document(id)))
    assert ("They are not patient data" in page.words) == reconstructed
    assert all("patient data" in line or not reconstructed for line in [document(id).foot])


def test_limitations_that_views_share_are_said_once_with_what_each_adds() -> None:
    id = "sintilimab-anlotinib"
    said = Page(page_html(report_document(account(id), ON, ["limitations"]))).words
    shared = [w.message for w in account(id).warnings if w.code == "conditional"]
    stem = min(shared, key=len).removesuffix(".")
    assert len(shared) == 3 and said.count(stem) == 1
    for message in shared:
        own = message.removeprefix(stem).strip(":. ")
        assert own[1:] in said
    others = [w.message for w in account(id).warnings if w.code != "conditional"]
    assert len(others) >= 2 and all(said.count(message) == 1 for message in others)


def test_a_drawn_comparison_is_a_range_in_the_document_too() -> None:
    cohort = load("sintilimab-anlotinib")
    made = report_document(account_of(cohort, by=(By("sex"),)), ON, ["methods", "survival"])
    words = Page(page_html(made)).words
    assert "range over 500 compatible redraws" in words and "not determine the comparison" in words
    assert "Hazard ratios are from" not in words


def test_the_checklists_are_whole_and_point_to_what_is_there() -> None:
    assert [[i.number for i in c.items] for c in (STROBE, REMARK, HARMS)] == [
        [str(n) for n in range(1, last + 1)] for last in (22, 20, 10)
    ]
    assert {s for c in CHECKLISTS for i in c.items for s in i.sections} <= set(SECTIONS)
    alone = report_document(account("ncctg-lung"), ON, ["checklist", "flow"])
    strobe = next(c.table for c in alone.tables if "STROBE" in c.title)
    where = {row.head: row.cells[1] for row in strobe.rows}
    assert where["13"] == "Flow of patients" and where["15"] == FOR_THE_AUTHORS
    assert where["6"] == f"Flow of patients; eligibility and selection: {FOR_THE_AUTHORS}"


def test_a_model_is_reported_where_one_is_asked_for() -> None:
    cohort = load("ncctg-lung")
    selection = Selection(cohort.digest, "os", (By("sex"),))
    found = analyse_account(cohort, selection, covariates=("sex", "age"))
    made = report_document(found, ON, ["models", "ledger", "checklist"])
    (model, *_) = (c.table for c in made.tables if c.file == "models")
    assert texts(model) == texts(model_table(analyse_model(cohort, selection, ("sex", "age"))))
    remark = next(c.table for c in made.tables if "REMARK" in c.title)
    assert {r.head: r.cells[1] for r in remark.rows}["16"] == "Model of several covariates"
    assert {one.look.family for one in found.looked} == {"strata", "models"}
    without = Page(page_html(document("ncctg-lung"))).words
    assert "Not reported: no model was asked for." in without


def test_sections_are_chosen_and_unknown_ones_refused() -> None:
    made = report_document(account("ncctg-lung"), ON, ["survival", "provenance"])
    assert [s.id for s in made.sections] == ["provenance", "survival"]
    with pytest.raises(LookupError, match="no section 'abstract'; there are provenance"):
        report_document(account("ncctg-lung"), ON, ["abstract"])


def test_what_a_cohort_lacks_is_said() -> None:
    words = Page(page_html(document("veterans-lung"))).words
    assert "Not reported: this cohort records no adverse events." in words
    assert "records no best response" in words
