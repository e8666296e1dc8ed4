"""Links, tumor board, patient on the table and two views in a browser."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser

from kras_core import __version__
from kras_core.address import SCHEME
from kras_core.cohort.bundled import load
from tests.app.conftest import Server
from tests.app.tab import Tab
from tests.app.view import answer_text, choose, cohort_in_view, fold, ticks_and_counts, upload, whole_answer

PAGES = [  # those that show a view; the ledger belongs to one session
    "/",
    "/overview",
    "/response",
    "/safety",
    "/subgroups",
    "/biomarkers",
    "/compare",
    "/models",
    "/report",
]


def main_text(tab: Tab) -> str:
    """The answer; of a report all of it."""
    tab.page.wait_for_selector(".kras-answer, .kras-report table")
    said = fold(" ".join(tab.page.locator(".kras-answer h1, .kras-answer > p").all_inner_texts()))
    return said or fold(" ".join(tab.page.locator("main.kras-report").all_inner_texts()))


def visit(tab: Tab, name: str) -> None:
    with tab.rerun():
        tab.page.get_by_role("link", name=name, exact=True).click()
    tab.settle()
    tab.page.wait_for_timeout(300)


def add_to_board(tab: Tab) -> None:
    tab.page.wait_for_selector(".st-key-add_scene button")
    with tab.rerun():
        tab.page.locator(".st-key-add_scene button").click()
    tab.settle()


def board(tab: Tab) -> list[str]:
    return [fold(t) for t in tab.page.locator("[class*='st-key-scene-'] strong").all_inner_texts()]


# Links


@pytest.mark.parametrize("path", PAGES)
def test_a_link_opens_the_same_screen_in_a_second_browser(
    page: Tab, server: Server, chromium: Browser, path: str
) -> None:
    page.open(f"{path}?cohort=sintilimab-anlotinib&endpoint=os&by=prior_antiangiogenic&methods=r")
    page.page.wait_for_timeout(300)
    parameters = parse_qs(urlsplit(page.page.url).query)
    assert parameters["data"] == [load("sintilimab-anlotinib").digest[:10]]
    assert parameters["version"] == [f"{__version__}-{SCHEME}"]
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    other = Tab(context.new_page(), server.url)
    other.open(page.page.url.removeprefix(server.url))
    assert main_text(other) == main_text(page)
    assert other.page.url == page.page.url
    assert other.page.locator(".st-key-link_banner").count() == 0
    context.close()


def test_a_link_to_other_data_or_another_version_says_so_until_it_is_read(page: Tab) -> None:
    link = "/?cohort=ncctg-lung&endpoint=os&by=sex&data=0123456789&version=0.0.9-1"
    page.open(link)
    banner = page.page.locator(".st-key-link_banner")
    said = fold(banner.inner_text())
    assert "other data of NCCTG" in said and "0123456789" in said and "KRAScope 0.0.9" in said
    assert "data=0123456789" in page.page.url  # a reload says it again
    with page.rerun():
        page.page.locator(".st-key-accept_link button").click()
    page.settle()
    page.page.wait_for_timeout(300)
    assert banner.count() == 0
    assert f"data={load('ncctg-lung').digest[:10]}" in page.page.url


def test_what_a_link_asks_for_in_vain_is_named(page: Tab) -> None:
    page.open("/?cohort=ncctg-lung&by=shoe&early=99")
    page.page.wait_for_selector(".st-key-link_banner")
    page.settle()
    said = fold(page.page.locator(".st-key-link_banner").inner_text())
    assert "by=shoe" in said and "early=99" in said
    page.open("/?cohort=<img src=x>")
    said = fold(page.page.locator(".st-key-link_banner").inner_text())
    assert "<img src=x>" in said and "which is not here" in said
    assert page.page.locator(".st-key-link_banner img").count() == 0


def test_a_link_to_an_upload_says_when_another_file_is_given(page: Tab, tmp_path: Path) -> None:
    rows = "".join(f"P{i},{i + 1}.5,{i % 2}\n" for i in range(12))
    file = tmp_path / "other.csv"
    file.write_text(f"patient_id,os_months,os_event\n{rows}", encoding="utf-8")
    page.open("/cohort?cohort=upload-0123456789abcdef&endpoint=e0")
    upload(page, file)
    page.page.wait_for_selector(".st-key-link_banner")
    said = fold(page.page.locator(".st-key-link_banner").inner_text())
    assert "not the one that the link was made from" in said and "0123456789abcdef" in said


def test_the_share_text_holds_caption_n_and_the_link(page: Tab) -> None:
    page.open("/?cohort=sintilimab-anlotinib")
    with page.rerun():
        page.page.get_by_role("button", name="Share", exact=True).click()
    text = page.page.locator("[data-testid=stDialog] code").inner_text()
    assert text.startswith("Progression-free survival by prior anti-angiogenic therapy, 27 reconstructed patients")
    assert "comparison 1 of 1 this session" in text
    link = text.rsplit(": ", 1)[-1].strip()
    page.page.wait_for_timeout(300)
    assert parse_qs(urlsplit(link).query) == parse_qs(urlsplit(page.page.url).query)


# Tumor board


def test_scenes_are_kept_ordered_renamed_removed_saved_and_loaded(page: Tab, tmp_path: Path) -> None:
    page.open()
    add_to_board(page)
    visit(page, "Safety")
    add_to_board(page)
    visit(page, "Tumor board")
    first, second = board(page)
    assert first.startswith("1. Progression-free survival") and second.startswith("2. Adverse events")
    with page.rerun():
        page.page.locator("[class*='st-key-down-0-0'] button").first.click()
    page.settle()
    assert [t[3:] for t in board(page)] == [second[3:], first[3:]]
    page.page.get_by_role("button", name="Edit").first.click()
    box = page.page.get_by_label("Title")
    box.fill("What to expect")
    with page.rerun():
        box.press("Enter")
    page.settle()
    assert board(page)[0] == "1. What to expect"
    page.page.keyboard.press("Escape")
    with page.page.expect_download() as saving:
        page.page.get_by_role("button", name="Save scenes").click()
    file = tmp_path / "scenes.json"
    saving.value.save_as(file)
    saved = json.loads(file.read_text(encoding="utf-8"))
    assert [s["page"] for s in saved["scenes"]] == ["safety", "survival"]
    with page.rerun():
        page.page.locator("[class*='st-key-remove-'] button").first.click()
    page.settle()
    assert len(board(page)) == 1
    load_file(page, file)
    assert [t[3:] for t in board(page)] == [first[3:], "What to expect", first[3:]]


@pytest.mark.parametrize("between", ["", "Veterans' Administration lung cancer trial"])
def test_a_scene_opens_on_its_page_from_the_same_view_and_from_another(page: Tab, between: str) -> None:
    page.open("/?cohort=ncctg-lung&by=age@70&where=sex=M")
    address, said = page.page.url, answer_text(page)
    add_to_board(page)
    if between:
        choose(page, "cohort", between)
    visit(page, "Tumor board")
    with page.rerun():
        page.page.locator("[class*='st-key-open-'] button").first.click()
    page.page.wait_for_selector(".st-key-km .main-svg")
    assert answer_text(page) == said and page.page.url == address
    assert cohort_in_view(page).startswith("NCCTG")


def load_file(page: Tab, file: Path) -> None:
    page.page.get_by_role("button", name="Load scenes").click()
    with page.rerun():
        page.page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files(str(file))
    page.page.wait_for_timeout(500)
    page.settle()
    page.page.keyboard.press("Escape")


def test_a_wrong_file_is_refused_and_nothing_is_lost(page: Tab, tmp_path: Path) -> None:
    page.open()
    add_to_board(page)
    visit(page, "Tumor board")
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"format": "krascope-scenes", "version": 99, "scenes": []}', encoding="utf-8")
    load_file(page, wrong)
    said = page.page.locator("[data-testid=stAlert]").inner_text()
    assert "wrong.json: version 99" in said.replace("\u2060", "")
    assert len(board(page)) == 1


@pytest.mark.parametrize("size", [(1920, 1080), (1280, 720)])
def test_a_scene_fills_the_screen_and_arrow_keys_change_it(page: Tab, size: tuple[int, int]) -> None:
    page.open()
    page.page.set_viewport_size({"width": size[0], "height": size[1]})
    add_to_board(page)
    for name in ("Response", "Safety", "Subgroups", "Overview"):
        visit(page, name)
        add_to_board(page)
    visit(page, "Tumor board")
    with page.rerun():
        page.page.get_by_role("button", name="Present", exact=True).first.click()
    page.settle()
    place, smallest = page.page.locator(".kras-stage-foot span"), 1.45 * size[1] / 60
    for i in range(5):
        page.page.locator(".kras-stage-foot span", has_text=f"{i + 1} / 5").wait_for()
        page.page.wait_for_timeout(400)
        fits(page, size)
        if i == 0:
            ticks, counts = ticks_and_counts(page, ".st-key-stage_km")
            assert len(counts) >= 3 and all(min(abs(count - tick) for tick in ticks) < 2.5 for count, _, _ in counts)
        assert "Reconstructed from a publication" in page.page.locator(".kras-stage-head .kras-badge").inner_text()
        height = page.page.locator(".kras-stage-foot p").first.evaluate(
            "e => parseFloat(getComputedStyle(e).fontSize) * e.getBoundingClientRect().width / e.offsetWidth"
        )
        assert height >= smallest  # 26 pixels and more of 1080
        if i < 4:
            with page.rerun():
                page.page.keyboard.press("ArrowRight")
    with page.rerun():
        page.page.keyboard.press("ArrowLeft")
    assert place.inner_text() == "4 / 5"
    with page.rerun():
        page.page.keyboard.press("Escape")
    page.settle()
    assert page.page.locator(".st-key-stage").count() == 0 and len(board(page)) == 5


def fits(page: Tab, size: tuple[int, int]) -> None:
    """The stage has the window's size, nothing scrolls, and the figure ends above the sentence."""
    box = page.page.locator(".st-key-stage").bounding_box()
    assert box is not None and abs(box["width"] - size[0]) < 5 and abs(box["height"] - size[1]) < 5
    bottom, top, scrolls, sidebar = page.page.evaluate(
        """() => {
          const stage = document.querySelector(".st-key-stage");
          const drawn = [...stage.querySelectorAll(".st-key-stage_figure .main-svg, .st-key-stage_figure table, "
            + ".st-key-stage_figure .kras-risk, .st-key-stage_figure .kras-flow")];
          return [Math.max(...drawn.map((e) => e.getBoundingClientRect().bottom)),
            stage.querySelector(".kras-stage-foot").getBoundingClientRect().top,
            stage.scrollHeight > stage.clientHeight || document.documentElement.scrollHeight > innerHeight,
            getComputedStyle(document.querySelector("[data-testid=stSidebar]")).display];
        }"""
    )
    assert bottom <= top + 1 and not scrolls and sidebar == "none"


# The patient on the table


def enter(page: Tab, column: str, text: str) -> None:
    box = page.page.locator(f".st-key-alike_row_{column} input").first
    box.click()
    if column == "age":
        box.fill(text)
        with page.rerun():
            box.press("Enter")
    else:
        with page.rerun():
            page.page.get_by_role("option", name=text, exact=True).click()
    page.settle()


def test_patients_alike_are_shown_and_nothing_entered_is_kept(page: Tab, server: Server) -> None:
    page.open("/patient?cohort=ncctg-lung")
    before = page.page.url
    enter(page, "ecog", "2")
    enter(page, "age", "71.0")
    text = whole_answer(page)
    assert re.search(r"\d+ of 228 patients", text)
    body = fold(page.page.locator("[data-testid=stMain]").inner_text())
    assert "Descriptive, not a prediction" in body and "66 to 76 years" in body and "exactly 2" in body
    assert "median" not in body.lower()
    page.page.wait_for_selector(".st-key-km .main-svg")
    page.page.wait_for_selector(".st-key-swimmer_wide .main-svg")
    page.page.wait_for_timeout(300)
    assert (
        page.page.url.split("?")[1].startswith(before.split("?")[1][:20]) and "71" not in urlsplit(page.page.url).query
    )
    assert set(parse_qs(urlsplit(page.page.url).query)) == {"cohort", "endpoint", "by", "data", "version"}
    assert "No comparison yet" in page.page.locator(".st-key-foot").inner_text()
    visit(page, "Overview")
    visit(page, "Patient on the table")
    assert page.page.locator(".st-key-alike_row_age input").first.input_value() == ""
    log = server.log.read_text(errors="replace")
    assert "71.0" not in log and "66 to 76" not in log


def test_reconstructed_rows_are_refused_and_real_ones_offered(page: Tab) -> None:
    page.open("/patient?cohort=sintilimab-anlotinib")
    assert "is a patient" in page.page.locator("[data-testid=stAlert]").inner_text()
    assert page.page.locator("[class*=alike_row]").count() == 0
    with page.rerun():
        page.page.get_by_role("button", name="NCCTG advanced lung cancer").click()
    page.settle()
    page.page.wait_for_selector("[class*=alike_row]")


# Two views


def test_two_views_share_their_axes_and_count_as_looks(page: Tab) -> None:
    page.open("/compare?cohort=sintilimab-anlotinib")
    titles = page.page.locator(".st-key-two h1").all_inner_texts()
    assert titles[0].startswith("Progression-free survival") and titles[1].startswith("Overall survival")
    ticks = [page.page.locator(f".st-key-km_{side} .xtick").all_inner_texts() for side in ("left", "right")]
    assert ticks[0] == ticks[1] and len(ticks[0]) > 3
    assert "2 comparisons this session" in page.page.locator(".st-key-foot").inner_text()
    choose(page, "against", "another cohort")
    page.page.wait_for_timeout(300)
    assert "against=cohort" in page.page.url
    page.page.set_viewport_size({"width": 390, "height": 844})
    page.page.wait_for_timeout(500)
    left, right = (page.page.locator(f".st-key-km_{side}").bounding_box() for side in ("left", "right"))
    assert left is not None and right is not None and right["y"] > left["y"] + left["height"]
