"""The Overview in a browser: Table 1, the flow, and the second opinion, at every size."""

import pytest

from kras_core.cohort.bundled import BUNDLED
from tests.app.tab import Tab
from tests.app.view import answer_text


@pytest.mark.parametrize("cohort_id", list(BUNDLED))
def test_every_cohort_shows_its_patients(page: Tab, cohort_id: str) -> None:
    page.open(f"/overview?cohort={cohort_id}")
    assert answer_text(page).startswith("Patients by")
    assert page.page.locator(".kras-characteristics tbody tr").count() > 5
    assert page.page.locator(".kras-flow li").count() >= 3


def test_a_stratifier_changes_the_table_and_quartiles_the_numbers(page: Tab) -> None:
    page.open("/overview?cohort=veterans-lung&by=none")
    age = page.page.locator(".kras-characteristics tr", has_text="Age, years")
    assert age.inner_text().split() == ["Age,", "years", "62", "(34–81)"]
    page.open("/overview?cohort=veterans-lung&by=prior_therapy")
    assert age.locator("td").count() == 4
    with page.rerun():
        page.page.locator(".st-key-spread button", has_text="quartiles").click()
    assert "(51–66)" in age.inner_text()
    with page.rerun():
        page.page.locator(".st-key-tested label").click()
    assert page.page.locator(".kras-characteristics thead").inner_text().rstrip().endswith("p")


def test_verify_asks_tableone(page: Tab) -> None:
    page.open("/overview?cohort=veterans-lung")
    with page.rerun():
        page.page.get_by_role("radio", name="Verify", exact=True).click()
    page.page.wait_for_selector("text=all agree", timeout=60_000)
    assert "tableone" in page.page.locator("table", has_text="tableone").last.inner_text()


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1920, 1080), (390, 844)])
def test_the_page_fits_the_window(page: Tab, width: int, height: int) -> None:
    page.page.set_viewport_size({"width": width, "height": height})
    page.open("/overview")
    page.page.wait_for_selector(".kras-characteristics")
    assert page.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
