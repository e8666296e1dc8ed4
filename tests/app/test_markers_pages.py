"""The Biomarkers and Subgroups pages in a browser: on every bundled cohort, and what is sent from there to Survival."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kras_core.address import default_selection
from kras_core.analyse.biomarkers import analyse_biomarker, markers
from kras_core.analyse.subgroups import analyse_forest
from kras_core.cohort.bundled import BUNDLED, load
from kras_core.report.markers.answer import forest_answer, marker_answer
from kras_core.selection import By
from tests.app.tab import Tab
from tests.app.view import answer_text, choose, fold, upload

COMPARED = {"ncctg-lung": "sex", "veterans-lung": "treatment"}


@pytest.mark.parametrize("cohort_id", list(BUNDLED))
def test_every_marker_shows_the_cores_numbers(page: Tab, cohort_id: str) -> None:
    cohort = load(cohort_id)
    selection = default_selection(cohort).but(by=())
    page.open(f"/biomarkers?cohort={cohort_id}")
    seen = set()
    for stratifier in markers(cohort):
        choose(page, "marker", stratifier.label)
        found = marker_answer(analyse_biomarker(cohort, selection, By(stratifier.id)))
        assert answer_text(page) == fold(f"{found.title} {found.line1.text} {found.line2.text}")
        seen.add(answer_text(page))
        assert page.page.locator(".st-key-ribbon .js-plotly-plot").count() == 1
    assert len(seen) == len(markers(cohort)) >= 3


@pytest.mark.parametrize("cohort_id", list(BUNDLED))
def test_the_forest_shows_the_cores_rows(page: Tab, cohort_id: str) -> None:
    cohort = load(cohort_id)
    by = COMPARED.get(cohort_id, cohort.default_by)
    page.open(f"/subgroups?cohort={cohort_id}&by={by}")
    forest = analyse_forest(cohort, default_selection(cohort).but(by=(By(by),)))
    found = forest_answer(forest)
    assert answer_text(page) == fold(f"{found.title} {found.line1.text} {found.line2.text}")
    rows = page.page.locator(".kras-forest tbody tr")
    assert rows.count() == 1 + len(forest.factors) + sum(len(f.rows) for f in forest.factors)


def test_a_chosen_cutoff_reaches_survival_with_its_mark_and_loses_it_when_moved(page: Tab) -> None:
    page.open("/biomarkers?cohort=ncctg-lung&marker=age")
    with page.rerun():
        page.page.get_by_role("radio", name="Chosen cut-off", exact=True).click()
    with page.rerun():
        page.page.get_by_role("button", name="Show it on Survival").click()
    page.page.wait_for_selector(".st-key-km")
    page.settle()
    assert "by=age%4070%21" in page.page.url
    text = answer_text(page)
    assert "Age > 70 years †" in text and "selection-adjusted p = 0.294" in text
    assert "optimistic" in page.page.locator(".kras-answer").inner_text()
    slider = page.page.locator(".st-key-cut-age input").first
    slider.focus()
    with page.rerun():
        slider.press("ArrowRight")
    page.page.wait_for_timeout(300)
    page.settle()
    assert "†" not in answer_text(page) and "%21" not in page.page.url


def test_tertiles_go_to_survival_as_three_groups_and_back_to_one_cutoff(page: Tab) -> None:
    page.open("/biomarkers?cohort=ncctg-lung&marker=wt_loss")
    with page.rerun():
        page.page.get_by_text("Tertiles", exact=True).click()
    assert "split=tertiles" in page.page.url
    with page.rerun():
        page.page.get_by_role("button", name="Compare these groups").click()
    page.page.wait_for_selector(".st-key-km")
    page.settle()
    assert len(page.page.locator(".kras-risk [role=rowheader]").all()) == 3
    with page.rerun():
        page.page.get_by_role("button", name="One cut-off instead").click()
    page.settle()
    assert len(page.page.locator(".kras-risk [role=rowheader]").all()) == 2


def test_the_bootstrap_runs_in_chunks_and_another_click_ends_it(page: Tab, tmp_path: Path) -> None:
    """With enough simulated patients that it cannot be over before the other click."""
    rng = np.random.default_rng(3)
    n = 6_000
    rows = {"patient_id": [f"SIM-{i}" for i in range(n)], "marker": rng.normal(size=n).round(4)}
    rows |= {"os_days": rng.integers(1, 2_000, n), "os_event": rng.integers(0, 2, n)}
    pd.DataFrame(rows).to_csv(tmp_path / "simulated.csv", index=False)
    page.open("/cohort")
    upload(page, tmp_path / "simulated.csv")
    with page.rerun():
        page.page.get_by_role("link", name="Biomarkers", exact=True).click()
    page.settle()
    with page.rerun():
        page.page.get_by_role("radio", name="Chosen cut-off", exact=True).click()
    page.page.get_by_role("button", name="Resample").click()
    page.page.get_by_role("button", name="Cancel").wait_for()
    page.page.get_by_role("radio", name="Numbers", exact=True).click()
    page.page.wait_for_timeout(1500)
    page.settle()
    with page.rerun():
        page.page.get_by_role("radio", name="Chosen cut-off", exact=True).click()
    page.page.get_by_role("button", name="Resample").click()
    page.page.get_by_text("1,000 bootstrap resamples").wait_for(timeout=60_000)


def test_every_tab_of_both_pages_opens(page: Tab) -> None:
    for path, names in (
        ("/biomarkers?cohort=veterans-lung", ("As a number", "Chosen cut-off", "Methods", "Verify", "Export")),
        ("/subgroups?cohort=veterans-lung&by=treatment", ("Numbers", "Methods", "Verify", "Export")),
    ):
        page.open(path)
        for name in names:
            with page.rerun():
                page.page.get_by_role("radio", name=name, exact=True).click()
            page.settle()
            panel = page.page.locator(".st-key-detail").inner_text()
            assert len(panel) > 20 and "Traceback" not in panel, name
        assert page.page.locator("[data-testid=stException]").count() == 0


def test_without_a_comparison_the_subgroups_page_says_what_to_choose(page: Tab) -> None:
    page.open("/subgroups?cohort=veterans-lung&by=none")
    assert "choose what to compare" in page.page.locator("[data-testid=stAlert]").inner_text()
    assert page.page.locator(".kras-table").count() == 1  # the univariable table needs none
