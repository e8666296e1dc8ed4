"""The Response page in a browser: rates, courses, the second opinion, and a cohort without responses."""

from pathlib import Path

import pytest

from tests.app.tab import Tab
from tests.app.view import answer_text, upload
from tests.simulated import simulated_cohort, simulated_scans


@pytest.mark.parametrize("cohort_id", ["sintilimab-anlotinib", "sintilimab-anlotinib-p"])
def test_rates_of_everybody_and_ranges_by_group(page: Tab, cohort_id: str) -> None:
    page.open(f"/response?cohort={cohort_id}")
    text = answer_text(page)
    assert "ORR 33.3 % (16.5–54.0 %)" in text and "DCR 92.6 % (75.7–99.1 %)" in text and "range over redraws" in text
    with page.rerun():
        page.page.get_by_role("radio", name="Swimmer", exact=True).click()
    page.page.wait_for_selector(".st-key-swimmer_wide .main-svg:visible")
    with page.rerun():
        page.page.get_by_role("radio", name="Waterfall", exact=True).click()
    assert "best_change_percent" in page.page.locator("[data-testid=stMain]").inner_text()
    with page.rerun():
        page.page.get_by_role("radio", name="Spider", exact=True).click()
    assert "no table target_lesions" in page.page.locator("[data-testid=stMain]").inner_text()
    with page.rerun():
        page.page.get_by_role("radio", name="Verify", exact=True).click()
    page.page.wait_for_selector("text=all agree", timeout=60_000)


def test_scans_of_target_lesions_make_a_spider_and_a_waterfall(page: Tab, tmp_path: Path) -> None:
    cohort = simulated_cohort(40)
    patients = cohort.patients.drop(columns="entry_months")
    patients["patient_id"] = [f"SIMULATED-{i}" for i in range(40)]
    patients.to_csv(tmp_path / "patients.csv", index=False)
    simulated_scans(patients).to_csv(tmp_path / "target_lesions.csv", index=False)
    page.open("/cohort")
    upload(page, tmp_path / "patients.csv", tmp_path / "target_lesions.csv")
    assert "Target lesions" in page.page.locator("[data-testid=stMain]").inner_text()
    with page.rerun():
        page.page.get_by_role("link", name="Response", exact=True).click()
    page.settle()
    for tab in ("Spider", "Waterfall"):
        with page.rerun():
            page.page.get_by_role("radio", name=tab, exact=True).click()
        page.page.wait_for_selector(f".st-key-{tab.lower()}_wide .main-svg:visible")
        assert page.page.locator(f".st-key-{tab.lower()}_narrow .main-svg:visible").count() == 0
    with page.rerun():
        page.page.get_by_role("radio", name="Export", exact=True).click()
    page.page.get_by_role("button", name="Target lesions, CSV").wait_for()


def test_a_cohort_without_responses_says_so(page: Tab) -> None:
    page.open("/response?cohort=ncctg-lung")
    assert "best_response" in page.page.locator("[data-testid=stAlert]").inner_text().replace("\u2060", "")


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1920, 1080), (390, 844)])
def test_one_figure_fits_the_window(page: Tab, width: int, height: int) -> None:
    page.page.set_viewport_size({"width": width, "height": height})
    page.open("/response")
    page.page.wait_for_selector(".main-svg:visible")
    assert page.page.locator("[data-testid=stPlotlyChart]:visible").count() == 1
    assert page.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
