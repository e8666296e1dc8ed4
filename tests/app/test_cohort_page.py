"""Uploads in a browser: a good file is the cohort everywhere, a bad one says why and changes nothing."""

from pathlib import Path

import pytest

from kras_core.cohort.files.kinds import MAX_UPLOAD_BYTES
from tests.app.tab import Tab
from tests.app.view import answer_text, choose, cohort_in_view, upload

HEADER = "patient_id,sex,ward,os_months,os_event\n"
ROWS = [
    f"SIM-{i:02d},{'MF'[i % 2]},{'north' if i % 3 else 'south'},{1 + i * 0.7:.1f},{i % 4 > 0:d}\n" for i in range(40)
]
GOOD = HEADER + "".join(ROWS)


def bad(old: str, new: str) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new, 1).encode()


WRONG = {
    "missing column": ("patients.csv", GOOD.replace("patient_id", "subject").encode(), "patient_id"),
    "text in a number": ("patients.csv", bad("north,1.7,", "north,soon,"), 'found "soon"'),
    "negative time": ("patients.csv", bad("north,1.7,", "north,-1.7,"), 'found "-1.7"'),
    "event 2": ("patients.csv", bad("1.7,1\n", "1.7,2\n"), 'found "2"'),
    "duplicate patient": ("patients.csv", bad("SIM-01", "SIM-00"), 'found "SIM-00"'),
    "empty file": ("patients.csv", b"", "empty"),
    "renamed picture": ("patients.csv", b"\x89PNG\r\n\x1a\n" + bytes(200), "picture"),
}


@pytest.mark.parametrize("what", list(WRONG))
def test_a_wrong_file_says_why_and_changes_nothing(page: Tab, tmp_path: Path, what: str) -> None:
    name, content, words = WRONG[what]
    (tmp_path / name).write_bytes(content)
    page.open("/cohort?cohort=ncctg-lung")
    before = cohort_in_view(page)
    upload(page, tmp_path / name)
    shown = page.page.locator("[data-testid=stMain]").inner_text()
    assert "This file cannot be used yet" in shown
    assert words in shown
    assert cohort_in_view(page) == before
    assert "cohort=ncctg-lung" in page.page.url


def test_a_file_over_the_limit_is_refused(page: Tab, tmp_path: Path) -> None:
    path = tmp_path / "patients.csv"
    with path.open("wb") as out:
        out.write(HEADER.encode())
        out.truncate(MAX_UPLOAD_BYTES + 1024)
    page.open("/cohort?cohort=ncctg-lung")
    before = cohort_in_view(page)
    page.page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files(str(path))
    page.page.wait_for_selector("text=must be 50")
    assert cohort_in_view(page) == before


def test_a_good_file_is_the_cohort_everywhere_until_it_is_forgotten(page: Tab, tmp_path: Path) -> None:
    path = tmp_path / "ward.csv"
    path.write_text(GOOD)
    page.open("/cohort")
    upload(page, path)
    page.page.wait_for_selector("text=Uploaded in this session")
    assert cohort_in_view(page) == "ward.csv"
    with page.rerun():
        page.page.get_by_role("link", name="Survival").click()
    page.settle()
    choose(page, "by", "ward")
    text = answer_text(page)
    assert text.startswith("Overall survival by ward")
    for word in ("ward", "north", "south", "os", "SIM"):
        assert word not in page.page.url.split("?")[1].replace("cohort", "")
    address = page.page.url.removeprefix(page.url)
    with page.rerun():
        page.page.get_by_role("link", name="Cohort").click()
    page.settle()
    with page.rerun():
        page.page.get_by_role("button", name="Forget this cohort").click()
    page.settle()
    page.page.wait_for_timeout(300)
    assert cohort_in_view(page) != "ward.csv"

    # The address alone does not bring it back: it asks for the file, and with it shows the same view.
    page.open(address)
    page.page.wait_for_selector("text=This address shows an uploaded cohort")
    assert page.page.locator(".kras-answer").count() == 0  # no other cohort in its place
    with page.rerun():
        page.page.get_by_role("link", name="Go to the Cohort page").click()
    page.settle()
    upload(page, path)
    with page.rerun():
        page.page.get_by_role("link", name="Survival").click()
    page.settle()
    assert answer_text(page).split(" · comparison")[0] == text.split(" · comparison")[0]


HOSTILE = "![x](http://127.0.0.1:9/leak.png)<img src=x onerror=window.foreign=1>"


def test_hostile_names_ask_for_nothing_and_run_nothing(page: Tab, tmp_path: Path) -> None:
    path = tmp_path / "ward.csv"
    path.write_text(GOOD.replace("ward", f'"{HOSTILE}"').replace("north", f'"{HOSTILE}"'))
    page.open("/cohort")
    upload(page, path)
    with page.rerun():
        page.page.get_by_role("link", name="Survival").click()
    page.settle()
    box = page.page.locator(".st-key-by input").first
    box.click()
    with page.rerun():
        page.page.get_by_role("option").filter(has_text="leak.png").first.click()
    page.settle()
    page.page.wait_for_timeout(500)
    assert page.page.evaluate("window.foreign === undefined")
    assert page.outside_requests == []
