"""The Models page in a browser: on every bundled cohort, its tabs, its long work and its refusals."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kras_core.address import default_selection
from kras_core.analyse.models import analyse_model, default_covariates
from kras_core.cohort.bundled import BUNDLED, load
from kras_core.report.models.words import model_answer
from tests.app.tab import Tab
from tests.app.view import answer_text, fold, upload


@pytest.mark.parametrize("cohort_id", list(BUNDLED))
def test_the_page_opens_with_the_cores_model(page: Tab, cohort_id: str) -> None:
    cohort = load(cohort_id)
    selection = default_selection(cohort)
    page.open(f"/models?cohort={cohort_id}")
    analysis = analyse_model(cohort, selection, default_covariates(cohort, selection))
    found = model_answer(analysis)
    assert answer_text(page) == fold(f"{found.title} {found.line1.text} {found.line2.text}")
    rows = page.page.locator(".kras-forest tbody tr")
    assert rows.count() == sum(len(c.terms) + bool(c.reference) for c in analysis.covariates)


def test_covariates_and_step_are_in_the_address(page: Tab) -> None:
    page.open("/models?cohort=ncctg-lung&covariates=sex,age")
    assert "2 covariates together" in answer_text(page)
    with page.rerun():
        page.page.get_by_text("Per unit", exact=True).click()
    assert "per=unit" in page.page.url and "covariates=sex" in page.page.url
    assert "per year" in page.page.locator(".kras-forest").inner_text()


def test_what_is_never_printed_together_is_refused_here_and_on_survival(page: Tab) -> None:
    page.open("/models?cohort=sintilimab-anlotinib&covariates=prior_antiangiogenic,g12c")
    assert "one at a time, never together" in page.page.locator("[data-testid=stAlert]").inner_text()
    page.open("/?cohort=sintilimab-anlotinib&by=prior_antiangiogenic,g12c")
    assert "one at a time, never together" in page.page.locator("[data-testid=stAlert]").inner_text()


def test_every_tab_opens_and_the_work_on_demand_ends_in_its_table(page: Tab) -> None:
    page.open("/models?cohort=ncctg-lung")
    for name in ("Proportional hazards", "Methods", "Verify", "Export"):
        with page.rerun():
            page.page.get_by_role("radio", name=name, exact=True).click()
        page.settle()
        panel = page.page.locator(".st-key-detail").inner_text()
        assert len(panel) > 20 and "Traceback" not in panel, name
    for name, button, done in (("Penalised", "Fit the", "Least deviance"), ("Optimism", "Resample", "apparent")):
        with page.rerun():
            page.page.get_by_role("radio", name=name, exact=True).click()
        page.page.get_by_role("button", name=button).click()
        page.page.get_by_text(done).first.wait_for(timeout=120_000)
    assert page.page.locator("[data-testid=stException]").count() == 0


def test_another_click_ends_the_bootstrap(page: Tab, tmp_path: Path) -> None:
    """With enough simulated patients that it cannot be over before the other click."""
    rng = np.random.default_rng(3)
    n = 3_000
    rows = {
        "patient_id": [f"SIM-{i}" for i in range(n)],
        "age": rng.integers(30, 80, n),
        "sex": rng.choice(["F", "M"], n),
    }
    rows |= {"os_days": rng.integers(1, 2_000, n), "os_event": rng.integers(0, 2, n)}
    pd.DataFrame(rows).to_csv(tmp_path / "simulated.csv", index=False)
    page.open("/cohort")
    upload(page, tmp_path / "simulated.csv")
    with page.rerun():
        page.page.get_by_role("link", name="Models", exact=True).click()
    page.settle()
    with page.rerun():
        page.page.get_by_role("radio", name="Optimism", exact=True).click()
    page.page.get_by_role("button", name="Resample").click()
    page.page.get_by_role("button", name="Cancel").wait_for()
    page.page.get_by_role("radio", name="Numbers", exact=True).click()
    page.page.wait_for_timeout(1500)
    page.settle()
    with page.rerun():
        page.page.get_by_role("radio", name="Optimism", exact=True).click()
    page.page.get_by_role("button", name="Resample").wait_for()
    assert page.page.get_by_role("button", name="Cancel").count() == 0
