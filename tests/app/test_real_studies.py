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


def use(page: Tab, *names: str) -> None:
    """Upload files as they are, confirm every event coding, use the cohort, and go to its curves."""
    page.open("/cohort")
    upload(page, *[Path(FOLDER or "") / name for name in names])
    boxes = page.page.get_by_text("That is right", exact=True)
    for i in range(boxes.count()):
        with page.rerun():
            boxes.nth(i).click()
        page.settle()
    with page.rerun():
        page.page.get_by_role("button", name="Use this cohort").click()
    page.settle()
    visit(page, "Survival")


def main_text(page: Tab) -> str:
    return " ".join(page.page.locator("[data-testid=stMain]").inner_text().split())


def test_hellmanns_two_clinical_files_as_they_are(page: Tab) -> None:
    use(page, *[f"hellmann_2018/data_clinical_{name}.txt" for name in ("patient", "sample")])
    choose(page, "by", "NONSYNONYMOUS MUTATION BURDEN")
    text = answer_text(page)
    assert "17.1" in text and "3.7" in text and "0.42" in text and "p = 0.002" in text
    visit(page, "Response")
    text = main_text(page)
    assert "51" in text and "13" in text


def test_luads_variants_come_from_its_mutations(page: Tab) -> None:
    names = ("data_clinical_patient", "data_clinical_sample", "data_mutations")
    use(page, *[f"luad_mskcc_2020/{name}.txt" for name in names])
    choose(page, "by", "KRAS variant")
    shown = page.page.locator(".js-plotly-plot").first.inner_text() + main_text(page)
    assert "374" in shown and "96" in shown


def test_the_pilot_opens_by_its_planned_arm_and_says_which_events_count(page: Tab) -> None:
    use(page, *[f"cdisc_pilot_adam/{name}.xpt" for name in ("adsl", "adtte", "adae")])
    assert page.page.locator(".st-key-by input").first.input_value() == "Planned Treatment for Period 01"
    text = main_text(page)
    assert "152 events in 254 patients" in text
    visit(page, "Safety")
    text = main_text(page)
    assert "Treatment-emergent adverse event (TRTEMFL = Y)" in text
    assert "Xanomeline High Dose" in text
