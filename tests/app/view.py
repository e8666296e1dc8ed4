"""What a user does on the page: choose, read, upload."""

from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Locator, TimeoutError

from kras_core.analyse.survival import analyse
from kras_core.cohort.bundled import load
from kras_core.report.survival.answer import answer
from kras_core.selection import Selection
from tests.app.tab import Tab


def choose(tab: Tab, key: str, text: str) -> None:
    """Pick an option of a select box by its text; nothing happens where it is chosen already."""
    box = tab.page.locator(f".st-key-{key} input").first
    if box.input_value() == text:
        return
    option = tab.page.get_by_role("option", name=text, exact=True)
    with tab.rerun():
        _pick(tab, box, option)


def _pick(tab: Tab, box: Locator, option: Locator) -> None:
    """Open the list and click the option; again where the list, opened while the page still settles, closes."""
    for _ in range(5):
        box.click()
        with suppress(TimeoutError):
            option.click(timeout=1500)
            return
    raise AssertionError(f"the list does not stay open: {tab.page.url}")


def answer_text(tab: Tab) -> str:
    """Title and the two lines above the figure, as a reader sees them, white space folded, without the counter."""
    return whole_answer(tab).split(" · comparison ")[0]


def whole_answer(tab: Tab) -> str:
    tab.page.wait_for_selector(".kras-answer")
    lines = tab.page.locator(".kras-answer h1, .kras-answer > p").all_inner_texts()[:3]
    return fold(" ".join(lines))


def fold(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").split())


def expected_answer(cohort_id: str, selection: Selection) -> str:
    """The same lines from the core, without the page."""
    found = answer(analyse(load(cohort_id), selection))
    title = f"{found.title} {found.where}" if found.where else found.title
    return fold(f"{title} {found.line1.text} {found.line2.text}")


def upload(tab: Tab, *paths: Path) -> None:
    """Give files to the uploader of the Cohort page and wait for what comes of it."""
    with tab.rerun():
        tab.page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files([str(p) for p in paths])
    tab.page.wait_for_timeout(500)
    tab.settle()


def cohort_in_view(tab: Tab) -> str:
    return tab.page.locator(".st-key-cohort input").first.input_value()


def ticks_and_counts(tab: Tab, chart: str) -> tuple[list[float], list[tuple[float, float, float]]]:
    """Where the figure's ticks stand, and of each count in the risk table's first row that is shown centre, left and
    right; pixels across."""
    ticks = tab.page.evaluate(
        """chart => [...document.querySelectorAll(`${chart} .xaxislayer-above path`)].map(e => {
            const r = e.getBoundingClientRect(); return (r.left + r.right) / 2 })""",
        chart,
    )
    counts = tab.page.evaluate(
        """() => [...document.querySelectorAll(".kras-risk [role=row]:nth-child(2) [role=cell]")]
            .map(e => e.getBoundingClientRect()).filter(r => r.width)
            .map(r => [(r.left + r.right) / 2, r.left, r.right])"""
    )
    return ticks, counts
