"""The report in a browser: a remedy mends a copy, is listed, and can be taken back."""

from pathlib import Path

from tests.app.tab import Tab
from tests.app.test_cohort_page import GOOD
from tests.app.view import cohort_in_view, upload

WRONG = GOOD.replace("patient_id,", "patient_id,age,", 1).replace("SIM-", "SIM-").splitlines()
ROWS = [line.replace(",", f",{60 + i},", 1) for i, line in enumerate(WRONG[1:])]


def test_a_remedy_mends_a_copy_and_is_taken_back(page: Tab, tmp_path: Path) -> None:
    path = tmp_path / "ward.csv"
    path.write_text(
        "\n".join([WRONG[0], ROWS[0].replace(",60,", ",610,"), ROWS[1].replace(",61,", ",61 y,"), *ROWS[2:]])
    )
    page.open("/cohort?cohort=ncctg-lung")
    before = cohort_in_view(page)
    upload(page, path)
    assert cohort_in_view(page) == before
    with page.rerun():
        page.page.get_by_role("button", name="Do all 2 remedies").click()
    page.page.wait_for_selector("text=it is the cohort in view")
    assert cohort_in_view(page) == "ward.csv"
    main = page.page.locator("[data-testid=stMain]")
    assert "2 entries changed" in main.inner_text()
    with page.page.expect_download() as got:
        page.page.get_by_role("button", name="Changes, CSV").click()
    changes = Path(got.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert changes[0] == "table,row,column,from,to,why"
    assert {line.rsplit(",", 1)[0] for line in changes[1:]} >= {"patients,3,age,61 y,61"}
    assert any(line.startswith("patients,2,age,610,,Emptied") for line in changes)
    with page.page.expect_download() as got:
        page.page.get_by_role("button", name="Corrected patients, CSV").click()
    assert Path(got.value.path()).read_text(encoding="utf-8-sig").splitlines()[1].startswith("SIM-00,,")
    with page.rerun():
        page.page.get_by_role("button", name="Take back").first.click()
    page.page.wait_for_selector("text=This file cannot be used yet")
    assert cohort_in_view(page) != "ward.csv"
