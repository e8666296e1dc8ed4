"""Two published studies uploaded as a user would, on every Explore page (where KRASCOPE_REAL_DATA has the files)."""

from pathlib import Path

import pytest

from tests.app.tab import Tab
from tests.app.view import answer_text, choose, upload
from tests.cohort.real_data import FOLDER, MISSING, STUDIES, as_csv

pytestmark = pytest.mark.skipif(not FOLDER, reason=MISSING)

PAGES = ("Overview", "Survival", "Response", "Safety", "Biomarkers", "Subgroups", "Models", "Look ledger")


def visit(page: Tab, name: str) -> None:
    with page.rerun():
        page.page.get_by_role("link", name=name, exact=True).click()
    page.settle()


@pytest.mark.parametrize("study", list(STUDIES))
def test_every_page_opens_on_the_upload(page: Tab, tmp_path: Path, study: str) -> None:
    page.open("/cohort")
    upload(page, as_csv(study, tmp_path))
    for name in PAGES:
        visit(page, name)
        assert page.page.locator("[data-testid=stException]").count() == 0, name
        shown = page.page.locator("[data-testid=stMain]").inner_text()
        assert len(shown) > 40 and "Traceback" not in shown, name


def test_hellmanns_split_meets_its_publication(page: Tab, tmp_path: Path) -> None:
    """Medians 17.1 and 3.7 months, Cox 0.42, log-rank p 0.0024, ORR 51 and 13 %: high is strictly above the median."""
    page.open("/cohort")
    upload(page, as_csv("hellmann_2018", tmp_path))
    visit(page, "Survival")
    choose(page, "by", "tmb")
    text = answer_text(page)
    assert "17.1" in text and "3.7" in text and "0.42" in text and "p = 0.002" in text
    visit(page, "Response")
    shown = " ".join(page.page.locator("[data-testid=stMain]").inner_text().split())
    assert "51" in shown and "13" in shown
