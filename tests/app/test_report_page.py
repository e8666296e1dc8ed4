"""The Report page in a browser: what is previewed, downloaded, copied."""

import io
from pathlib import Path

import docx
import pytest
from playwright.sync_api import Locator

from kras_core.cohort.bundled import BUNDLED
from tests.app.tab import Tab
from tests.report.script.printed import parsed
from tests.report.script.test_python_script import run


def shown(page: Tab) -> Locator:
    preview = page.page.locator(".kras-report")
    preview.locator("#checklist table").first.wait_for()
    return preview


def downloaded(page: Tab, button: str) -> bytes:
    with page.page.expect_download() as download:
        page.page.get_by_role("button", name=button, exact=True).click()
    return Path(download.value.path()).read_bytes()


@pytest.mark.parametrize("cohort_id", list(BUNDLED))
def test_every_cohort_has_a_report(page: Tab, cohort_id: str) -> None:
    page.open(f"/report?cohort={cohort_id}")
    preview = shown(page)
    assert preview.locator("h2").count() == 12
    picture = preview.locator("figure img").first
    assert picture.evaluate("e => e.complete && e.naturalWidth > 500")
    reconstructed = BUNDLED[cohort_id].provenance == "reconstructed"
    assert (preview.locator(".kras-loud").count() == 1) == reconstructed


def test_word_says_what_the_page_says_and_so_does_the_script(page: Tab) -> None:
    page.open("/report?cohort=ncctg-lung")
    cells = shown(page).locator("#survival tr", has_text="Median, months").first.locator("td")
    words = docx.Document(io.BytesIO(downloaded(page, "Word")))
    row = next(r for t in words.tables for r in t.rows if r.cells[0].text == "Median, months")
    assert [c.text for c in row.cells[1:]] == [t.strip() for t in cells.all_inner_texts()]
    assert downloaded(page, "Tables, Excel").startswith(b"PK")
    with page.rerun():
        page.page.get_by_role("radio", name="Script", exact=True).click()
    printed = parsed(run(downloaded(page, "Script, Python").decode()))
    assert row.cells[1].text.startswith(f"{printed['Female', 'median'][0]:.1f} ")


def test_sections_are_chosen_and_held_by_the_address(page: Tab) -> None:
    page.open("/report?cohort=veterans-lung&report_sections=flow,checklist")
    assert shown(page).locator("h2").all_inner_texts() == ["Flow of patients", "Reporting checklists"]
    assert "report_sections=flow" in page.page.url


def test_the_methods_paragraph_can_be_copied_and_saved(page: Tab) -> None:
    page.open("/report")
    shown(page)
    with page.rerun():
        page.page.get_by_role("radio", name="Methods paragraph", exact=True).click()
    text = page.page.locator("[data-testid=stCode]").inner_text()
    assert "Kaplan–Meier method" in text and "References" in text
    saved = downloaded(page, "Plain text").decode()
    assert saved.split() == text.split()
    assert downloaded(page, "Markdown").startswith(b"## Statistical methods")


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1920, 1080), (390, 844)])
def test_the_page_fits_the_window(page: Tab, width: int, height: int) -> None:
    page.page.set_viewport_size({"width": width, "height": height})
    page.open("/report")
    shown(page)
    assert page.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
