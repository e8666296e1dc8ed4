"""The Survival page in a browser: every toggle changes the numbers, and they are the core's own."""

import itertools

import pytest
from playwright.sync_api import WebSocketRoute
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from kras_core.address import default_selection
from kras_core.cohort.bundled import BUNDLED, load
from kras_core.cohort.stratifiers import stratifiers
from kras_core.controls import distinct_labels
from kras_core.selection import By
from tests.app.tab import SETTLED, Tab
from tests.app.view import answer_text, choose, expected_answer, fold, ticks_and_counts, whole_answer


@pytest.mark.parametrize("cohort_id", list(BUNDLED))
def test_every_stratifier_changes_the_numbers_and_they_are_the_cores(page: Tab, cohort_id: str) -> None:
    cohort = load(cohort_id)
    offered = stratifiers(cohort)
    labels = distinct_labels({id: s.label for id, s in offered.items()})
    page.open(f"/?cohort={cohort_id}&by=none")
    seen = {answer_text(page)}
    shown = 0
    for id, stratifier in offered.items():
        if stratifier.post_baseline:
            continue
        choose(page, "by", labels[id])
        shown += 1
        selection = default_selection(cohort).but(by=(By(id),))
        text = answer_text(page)
        assert text == expected_answer(cohort_id, selection), id
        assert whole_answer(page).endswith(f"comparison {shown} of {shown} this session"), id
        assert text not in seen, id
        seen.add(text)
    assert shown >= 5


def test_endpoint_methods_and_analysis_change_the_numbers(page: Tab) -> None:
    page.open()
    first = answer_text(page)
    with page.rerun():
        page.page.locator(".st-key-endpoint button", has_text="OS").click()
    page.settle()
    second = answer_text(page)
    choose(page, "methods", "As R survival")
    third = answer_text(page)
    choose(page, "analysis", "From a landmark")
    fourth = answer_text(page)
    assert len({first, second, third, fourth}) == 4
    assert second.startswith("Overall survival")
    assert "landmark=3" in page.page.url and "methods=r" in page.page.url and "endpoint=os" in page.page.url


def test_a_cut_off_moves_the_split_and_its_shortcut_brings_it_back(page: Tab) -> None:
    page.open("/?cohort=ncctg-lung&by=age")
    before = answer_text(page)
    slider = page.page.locator(".st-key-cut-age input").first
    slider.focus()
    with page.rerun():
        slider.press("ArrowRight")
    page.settle()
    page.page.wait_for_timeout(300)
    assert "66" in page.page.url.split("by=age")[1]
    assert answer_text(page) != before
    with page.rerun():
        page.page.get_by_role("button", name="Usual").click()
    page.settle()
    # the way back is no new comparison
    assert answer_text(page) == before


def test_an_address_opens_the_same_view_in_another_browser(page: Tab, chromium) -> None:
    page.open("/?cohort=veterans-lung&by=none")
    labels = distinct_labels({id: s.label for id, s in stratifiers(load("veterans-lung")).items()})
    choose(page, "by", next(iter(labels.values())))
    choose(page, "methods", "As SAS")
    other = chromium.new_context().new_page()
    other.goto(page.page.url)
    other.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    other.wait_for_selector(".kras-answer")
    texts = other.locator(".kras-answer h1, .kras-answer > p").all_inner_texts()[:3]
    assert fold(" ".join(texts)) == whole_answer(page)
    assert other.url == page.page.url
    other.context.close()


def test_changing_page_and_going_back_lose_nothing(page: Tab) -> None:
    page.open()
    choose(page, "by", "KRAS G12C")
    text, address = answer_text(page), page.page.url
    with page.rerun():
        page.page.get_by_role("link", name="Safety").click()
    page.settle()
    assert "by=g12c" in page.page.url
    with page.rerun():
        page.page.get_by_role("link", name="Survival").click()
    page.settle()
    assert answer_text(page) == text
    choose(page, "by", "PLR")
    with page.rerun():
        page.page.go_back()
    page.settle()
    page.page.wait_for_timeout(500)
    assert page.page.url == address
    assert answer_text(page) == text


def test_reset_brings_the_cohorts_own_view(page: Tab) -> None:
    page.open()
    own = answer_text(page)
    choose(page, "by", "KRAS G12C")
    with page.rerun():
        page.page.locator(".st-key-reset button").click()
    page.settle()
    page.page.wait_for_timeout(300)
    assert answer_text(page) == own


def test_verify_shows_both_libraries(page: Tab) -> None:
    page.open()
    with page.rerun():
        page.page.get_by_role("radio", name="Verify", exact=True).click()
    page.page.wait_for_selector("text=scikit-survival", timeout=60_000)
    page.settle()
    table = page.page.locator("table", has_text="lifelines").first.inner_text()
    assert "hazard ratio" in table.lower()


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1920, 1080), (390, 844)])
def test_one_figure_fits_the_window(page: Tab, width: int, height: int) -> None:
    page.page.set_viewport_size({"width": width, "height": height})
    page.open("/")
    page.page.wait_for_selector(".main-svg:visible")
    figures = page.page.locator("[data-testid=stPlotlyChart]:visible")
    assert figures.count() == 1
    box = figures.first.bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width + 1
    assert page.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("width", [1440, 1920, 390])
def test_counts_stand_under_the_axis_numbers(page: Tab, width: int) -> None:
    """The risk table is HTML, placed by the style sheet: it must meet the figure's axis in every window."""
    page.page.set_viewport_size({"width": width, "height": 900})
    page.open("/?endpoint=os")
    page.page.wait_for_selector(".main-svg:visible")
    ticks, cells = ticks_and_counts(page, ".st-key-km")
    assert len(cells) >= 3 and len(ticks) >= len(cells)
    assert all(min(abs(centre - tick) for tick in ticks) < 1.5 for centre, _, _ in cells)
    assert all(a[2] < b[1] for a, b in itertools.pairwise(cells)) and cells[-1][2] <= width


def test_the_ledger_lists_what_was_compared(page: Tab) -> None:
    page.open()
    choose(page, "by", "KRAS G12C")
    choose(page, "by", "Sex")
    choose(page, "methods", "As R survival")  # the same look
    with page.rerun():
        page.page.get_by_role("link", name="Look ledger", exact=True).click()
    page.settle()
    rows = page.page.locator(".kras-ledger tbody tr").all_inner_texts()
    assert [row.split("\t")[:2] for row in rows] == [
        ["Progression-free survival by prior anti-angiogenic therapy", "1"],
        ["Progression-free survival by KRAS G12C", "2"],
        ["Progression-free survival by sex", "3"],
    ]
    assert rows[2].split("\t")[3] == "range"  # sex was drawn
    assert page.page.locator(".st-key-foot p").first.inner_text() == "3 comparisons this session"


def test_the_bias_panel_computes_when_open_and_its_slider_is_in_the_address(page: Tab) -> None:
    page.open("/?early=6")
    assert page.page.locator(".st-key-early").count() == 0
    with page.rerun():
        page.page.get_by_role("radio", name="Bias", exact=True).click()
    text = page.page.locator("[data-testid=stMain]").inner_text()
    assert "conditional on completing two cycles" in text and "75.8 %" in text and "27.3 %" in text
    with page.rerun():
        page.page.locator(".st-key-early input").first.press("ArrowRight")
    page.settle()
    assert "early=7" in page.page.url
    assert "75.8 %" not in page.page.locator("[data-testid=stMain]").inner_text()


def test_published_medians_are_off_until_chosen_and_rows_can_be_added(page: Tab) -> None:
    page.open()
    assert page.page.locator(".shapelayer path").count() == 0
    page.open("/?published=codebreak200-sotorasib,no-such-trial")
    with page.rerun():
        page.page.get_by_role("radio", name="Published medians", exact=True).click()
    assert "published=codebreak200-sotorasib" in page.page.url and "no-such" not in page.page.url
    assert page.page.locator(".shapelayer path").count() == 1
    page.page.get_by_text("Add a row for this session").click()
    page.page.get_by_label("Treatment and trial").fill("Drug X, our registry")
    page.page.get_by_label("Source").fill("Own data 2024")
    page.page.get_by_label("Median, months").fill("7.5")
    with page.rerun():
        page.page.get_by_role("button", name="Add", exact=True).click()
    page.settle()
    table = page.page.locator(".kras-historical").inner_text()
    assert "Drug X, our registry" in table and "not checked" in table


def test_while_a_run_takes_long_what_is_not_drawn_anew_is_veiled(page: Tab) -> None:
    """The network holds back what the run draws, as a slow run would."""
    held: list[bytes | str] | None = None

    def relay(browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()
        browser.on_message(server.send)

        def pass_on(frame: bytes | str) -> None:
            message = ForwardMsg.FromString(frame if isinstance(frame, bytes) else frame.encode())
            begins = message.HasField("new_session") or message.session_status_changed.script_is_running
            if held is None or begins:
                browser.send(frame)
            else:
                held.append(frame)

        server.on_message(pass_on)
        relays.append(browser)

    relays: list[WebSocketRoute] = []
    page.page.route_web_socket("**/_stcore/stream", relay)
    page.page.goto(page.url)
    page.page.wait_for_selector(f"{SETTLED} .st-key-km .main-svg")
    veils = """() => [".st-key-km", ".stElementContainer:has(.kras-answer)", ".stApp"]
        .map(e => getComputedStyle(document.querySelector(e), "::after")).map(s => [+s.opacity, s.animationDelay])"""
    held = []
    page.page.get_by_role("radio", name="Weeks", exact=True).click()
    page.page.locator(".st-key-km[data-stale=true]").wait_for()
    page.page.wait_for_timeout(1500)
    assert page.page.evaluate(veils) == [[0.6, "0.5s"], [0.6, "0.5s"], [1, "0.5s"]]
    late, held = held, None
    for frame in late:
        relays[-1].send(frame)
    page.page.locator(".st-key-km").get_by_text("weeks", exact=True).wait_for()
    page.settle()
    page.page.locator("[data-stale=true]").first.wait_for(state="detached")
