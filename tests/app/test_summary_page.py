"""Summary to patients in a browser: figures in, a search with Cancel, rows that are never taken for patients out."""

from pathlib import Path

import pytest

from tests.app.tab import Tab
from tests.app.view import answer_text, cohort_in_view, fold

TOML = """
title = "A small trial"
n = 40
[groups.arm]
New = 20
Old = 20
[groups.site]
North = 10
South = 30
[endpoints.os]
events = 30
median = 11.0
[endpoints.os.by.arm]
median = { New = 14.0, Old = 9.1 }
"""


@pytest.fixture
def summary(tmp_path: Path) -> Path:
    path = tmp_path / "summary.toml"
    path.write_text(TOML)
    return path


def open_file(tab: Tab, path: Path) -> None:
    tab.page.get_by_role("button", name="Open a file").click()
    with tab.rerun():
        tab.page.locator(".st-key-summary_file input[type=file]").set_input_files(str(path))
    tab.page.keyboard.press("Escape")
    tab.settle()


def test_figures_become_rows_and_a_cohort_that_is_never_taken_for_patients(page: Tab, summary: Path) -> None:
    page.open("/summary")
    open_file(page, summary)
    page.page.get_by_role("button", name="Look for rows that have these 4 figures").click()
    page.page.get_by_role("button", name="Use as cohort").wait_for()
    page.settle()
    assert "All 4 printed figures are met by 40 reconstructed patients" in answer_text(page)
    table = fold(page.page.locator("table[aria-label='Printed figures and those of the rows']").inner_text())
    assert "OS, events all patients 30 30 met" in table and "OS, median New 14.0" in table
    with page.rerun():
        page.page.get_by_role("button", name="Use as cohort").click()
    page.settle()
    assert cohort_in_view(page) == "A small trial"
    with page.rerun():
        page.page.get_by_role("link", name="See it on Survival").click()
    page.settle()
    shown = answer_text(page)
    assert shown.startswith("Overall survival by arm") and "New 14.0" in shown and "Old 9.1" in shown
    assert "Reconstructed from a publication · not patient data" in page.page.locator(".kras-badge").inner_text()
    with page.rerun():
        page.page.get_by_role("link", name="Cohort").click()
    page.settle()
    page.page.get_by_text("Data card", exact=True).click()
    page.page.get_by_text("Drawn at random, for nothing but sizes is printed: site").wait_for()
    with page.rerun():
        page.page.get_by_role("link", name="Summary to patients").click()
    page.settle()
    assert "All 4 printed figures are met" in answer_text(page)  # leaving the page loses nothing


def test_a_wrong_file_is_refused_by_its_key_and_a_search_can_be_left(page: Tab, summary: Path, tmp_path: Path) -> None:
    page.open("/summary")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(TOML.replace("events = 30", "events = 41"))
    open_file(page, wrong)
    said = fold(page.page.locator(".kras-problems").inner_text())
    assert "wrong.toml, column endpoints.os.events: 41 events in 40 patients" in said
    hopeless = tmp_path / "hopeless.toml"
    hopeless.write_text(TOML.replace("median = 11.0", "median = 2.0"))
    open_file(page, hopeless)
    assert page.page.locator(".kras-problems").count() == 0
    page.page.get_by_role("button", name="Look for rows").click()
    page.page.get_by_role("button", name="Cancel").wait_for()
    page.page.get_by_text("to go").wait_for()
    with page.rerun():
        page.page.get_by_role("button", name="Cancel").click()
    page.settle()
    assert page.page.get_by_role("button", name="Cancel").count() == 0
    assert page.page.get_by_role("button", name="Look for rows").is_visible()
