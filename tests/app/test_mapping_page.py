"""From a ward's spreadsheet in Chinese (*simulated*) to its curves in a browser, and nothing lost on the way."""

from dataclasses import replace
from pathlib import Path

from kras_core.address import default_selection
from kras_core.analyse.survival import analyse
from kras_core.cohort.files import open_tables
from kras_core.cohort.mapping import apply, propose
from kras_core.cohort.mapping.files import open_mapped, read_mapping
from kras_core.cohort.privacy import identifying
from kras_core.cohort.readers import tables_of
from kras_core.cohort.validate import build_cohort
from kras_core.report.survival.answer import answer
from tests.app.tab import Tab
from tests.app.view import answer_text, choose, cohort_in_view, fold, upload
from tests.cohort import ward
from tests.cohort.files import workbook_of


def main_text(page: Tab) -> str:
    """What stands on the page, without the joiner that keeps Markdown from reading “:24:” as an emoji."""
    return fold(page.page.locator("[data-testid=stMain]").inner_text()).replace("\u2060", "")


def visit(page: Tab, name: str) -> None:
    with page.rerun():
        page.page.get_by_role("link", name=name, exact=True).click()
    page.settle()


def confirm(page: Tab) -> None:
    with page.rerun():
        page.page.get_by_text("That is right", exact=True).click()
    page.settle()


def expected_answer() -> str:
    """The first view of the mapped file, from the core."""
    tables = tables_of(open_tables([("ward.xlsx", ward.workbook())]), ["ward.xlsx"])
    mapping = propose(tables, {found.column: found.reason for found in identifying(tables.patients) if not found.stays})
    mapping = replace(mapping, patients=tuple(replace(c, confirmed=c.is_event) for c in mapping.patients))
    cohort = build_cohort(
        apply(mapping, tables), id="uploaded", title="ward.xlsx", provenance="real", origin="uploaded"
    )
    found = answer(analyse(cohort, default_selection(cohort)))
    return fold(f"{found.title} {found.line1.text} {found.line2.text}")


def test_from_a_spreadsheet_in_chinese_to_its_curves_with_two_clicks(page: Tab, tmp_path: Path) -> None:
    path = tmp_path / "ward.xlsx"
    path.write_bytes(ward.workbook())
    page.open("/cohort?cohort=ncctg-lung")
    before = cohort_in_view(page)
    upload(page, path)
    text = main_text(page)
    assert "白蛋白（g/dL） → albumin_g_per_l" in text
    assert "Left out: “姓名” (its header says that it names a person)" in text and "“住院号” (its" in text
    died = [line[ward.HEADER.index("生存状态")] for line in ward.lines()[1:]].count("死亡")

    assert f"死亡 = died: {died} patients" in text
    assert page.page.locator(".st-key-first_curve .js-plotly-plot").count() == 1
    assert page.page.get_by_role("button", name="Use this cohort").is_disabled()
    assert cohort_in_view(page) == before

    confirm(page)
    # A look at another page loses nothing, and the cohort in view is still the old one.
    visit(page, "Survival")
    assert cohort_in_view(page) == before
    visit(page, "Cohort")
    assert "死亡 = died" in main_text(page)
    assert page.page.get_by_role("checkbox", name="That is right").is_checked()

    with page.rerun():
        page.page.get_by_role("button", name="Use this cohort").click()
    page.settle()
    page.page.wait_for_selector("text=It is the cohort in view")
    assert cohort_in_view(page) == "ward.xlsx"
    with page.rerun():
        page.page.get_by_role("link", name="Its curves").click()
    page.settle()
    assert answer_text(page) == expected_answer()
    for word in ("ward", "生存", "os", "SIM"):
        assert word not in page.page.url.split("?")[1].replace("cohort", "")


def test_the_other_way_round_has_to_be_confirmed_anew_and_the_next_extract_is_mapped_the_same(
    page: Tab, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.xlsx", tmp_path / "second.xlsx"
    first.write_bytes(ward.workbook())
    second.write_bytes(ward.workbook(40))
    page.open("/cohort")
    upload(page, first)
    confirm(page)
    with page.rerun():
        page.page.get_by_role("button", name="Change", exact=True).click()
        page.page.get_by_text("The other way round").click()
    page.settle()
    assert "死亡 = alive, or lost to follow-up" in main_text(page)
    assert page.page.get_by_role("button", name="Use this cohort").is_disabled()
    with page.rerun():
        page.page.get_by_text("The other way round").click()
    page.settle()
    page.page.keyboard.press("Escape")
    assert page.page.get_by_role("button", name="Use this cohort").is_enabled()
    with page.rerun():
        page.page.get_by_role("button", name="Use this cohort").click()
    page.settle()
    with page.rerun():
        page.page.get_by_role("button", name="Another file").click()
    page.settle()
    upload(page, second)
    text = main_text(page)
    assert "These columns were mapped in this session" in text and "second.xlsx, 40 rows" in text
    assert page.page.get_by_role("button", name="Use this cohort").is_enabled()


def test_the_sheet_that_was_chosen_stands_in_the_mapping(page: Tab, tmp_path: Path) -> None:
    """So that it works on the command line, and for the next extract: the patients are on the second sheet."""
    book, saved = tmp_path / "two.xlsx", tmp_path / "two.toml"
    book.write_bytes(workbook_of(Notes=[["note"], ["made up"]], Ward=ward.lines()))
    page.open("/cohort")
    upload(page, book)
    choose(page, "sheet-two-xlsx", "Ward")
    confirm(page)
    with page.page.expect_download() as got:
        page.page.get_by_role("button", name="Mapping, TOML").click()
    got.value.save_as(saved)
    mapping = read_mapping(saved)
    assert mapping.sheet == "Ward"
    assert open_mapped([book], mapping).patients.n == ward.N
    upload(page, saved)  # added to the workbook: its sheet is read without being chosen
    assert "Mapped as in the mapping that came with it" in main_text(page)


def test_a_remedy_taken_back_leaves_the_cohort_that_was_used(page: Tab, tmp_path: Path) -> None:
    path = tmp_path / "ward.xlsx"
    lines = ward.lines()
    lines[1][ward.HEADER.index("年龄")] = 610  # a remedy empties it
    path.write_bytes(workbook_of(Sheet1=lines))

    def press(name: str) -> None:
        with page.rerun():
            page.page.get_by_role("button", name=name).click()
        page.settle()

    page.open("/cohort?cohort=ncctg-lung")
    upload(page, path)
    confirm(page)
    assert page.page.get_by_role("button", name="Use this cohort").is_disabled()
    remedy = page.page.locator("[class*=st-key-remedy] button").first
    with page.rerun():
        remedy.click()
    page.settle()
    press("Use this cohort")
    assert cohort_in_view(page) == "ward.xlsx"
    press("Change what its columns become")
    press("Take back")
    assert page.page.get_by_role("button", name="Use this cohort").is_disabled()
    assert cohort_in_view(page) == "ward.xlsx"
    # Used again it stands once.
    with page.rerun():
        remedy.click()
    page.settle()
    press("Use this cohort")
    page.page.locator(".st-key-cohort input").first.click()
    assert page.page.get_by_role("option", name="ward.xlsx").count() == 1
