"""Figures as Chromium draws them: no word on another, none clipped, names from users as plain text."""

import json
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import plotly.offline
import pytest
from playwright.sync_api import Browser, Page

from kras_core.analyse.results import SurvivalAnalysis
from kras_core.report.figures import butterfly_figure, km_figure
from kras_core.report.palette import FONT
from tests.report import test_butterfly, test_km_figure, views

pytestmark = pytest.mark.browser

DRAW = """async ([figure, width]) => {
    await document.fonts.load('13px "Source Sans"'); await document.fonts.load('bold 13px "Source Sans"');
    const box = document.getElementById('figure');
    box.style.width = width + 'px';
    Plotly.purge(box);
    await Plotly.newPlot(box, figure.data, {...figure.layout, width}, {displayModeBar: false});
    const at = (kind) => [...box.querySelectorAll(kind)].filter((e) => e.textContent.trim()).map((e) => {
        const r = e.getBoundingClientRect(), o = box.getBoundingClientRect();
        return [kind, e.textContent, r.left - o.left, r.top - o.top, r.right - o.left, r.bottom - o.top];
    });
    return ['.annotation-text', '.textpoint text', '.xtick text', '.ytick text'].flatMap(at);
}"""


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """An empty page with Plotly and the interface's font."""
    streamlit = find_spec("streamlit")
    assert streamlit is not None and streamlit.origin is not None
    font = next(Path(streamlit.origin).parent.glob("static/static/media/SourceSansVF-Upright*"))
    face = f"@font-face {{ font-family: 'Source Sans'; src: url('{font.as_uri()}'); font-weight: 200 900 }}"
    tab = chromium.new_page(viewport={"width": 1920, "height": 1080})
    tab.goto(Path(__file__).as_uri())  # a page of the file system, so that the font may be read
    tab.set_content(f"<style>{face} body {{ font-family: {FONT} }}</style><div id=figure></div>")
    tab.add_script_tag(content=plotly.offline.get_plotlyjs())
    yield tab
    tab.close()


def drawn_words(page: Page, figure: dict[str, Any], width: int) -> list[tuple[str, str, float, float, float, float]]:
    """Every word on the figure: kind, text, left, top, right, bottom in pixels."""
    return [tuple(word) for word in page.evaluate(DRAW, [json.loads(json.dumps(figure)), width])]


def overlapping(words: list[tuple[str, str, float, float, float, float]]) -> list[tuple[str, str]]:
    """Pairs of words that cover each other by more than two pixels both ways."""

    def meet(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
        return all(min(a[i + 2], b[i + 2]) - max(a[i], b[i]) > 2 for i in (2, 3))

    return [(a[1], b[1]) for a, b in combinations(words, 2) if meet(a, b)]


@pytest.mark.parametrize("width", [600, 760, 940, 1570])
@pytest.mark.parametrize("situation", test_km_figure.SITUATIONS)
def test_curves_with_their_words(page: Page, situation: str, width: int) -> None:
    figure = km_figure(test_km_figure.SITUATIONS[situation]())
    words = drawn_words(page, figure, width)
    assert len(words) >= len(figure["layout"]["annotations"])
    assert not overlapping(words)
    outside = [w for w in words if w[2] < -1 or w[4] > width + 1 or w[3] < -1 or w[5] > figure["layout"]["height"] + 1]
    assert not outside


@pytest.mark.parametrize("width, compact", [(358, True), (760, False), (1060, False)])
@pytest.mark.parametrize("situation", ["two", "everybody", "drawn"])
def test_the_butterfly_with_its_words(page: Page, situation: str, width: int, compact: bool) -> None:
    figure = butterfly_figure(test_butterfly.SITUATIONS[situation](), compact=compact)
    words = drawn_words(page, figure, width)
    assert not overlapping(words)
    assert not [w for w in words if w[2] < -1 or w[4] > width + 1 or w[5] > figure["layout"]["height"] + 1]


@pytest.mark.parametrize("scale, width, height", [(1.0, 1060, 420), (2.0, 1880, 860)])
def test_a_board_gets_the_same_figure_larger(page: Page, scale: float, width: int, height: int) -> None:
    figure = km_figure(test_km_figure.SITUATIONS["two strata"](), scale=scale, height=height)
    words = drawn_words(page, figure, width)
    assert not overlapping(words)
    number = next(w for w in words if w[0] == ".ytick text" and w[1] == "50")
    assert number[5] - number[3] == pytest.approx(16.5 * scale, rel=0.15)


def named(name: str) -> SurvivalAnalysis:
    return views.view(views.from_rows(np.arange(1, 13.0), np.ones(12), [name] * 6 + ["b"] * 6))


@pytest.mark.parametrize("name", ["<b>x</b> &lt;", '<a href="//x.org">y</a>', "$a$ %{y}", "a<br>b"])
@pytest.mark.parametrize("make", [named])
def test_names_from_users_are_shown_as_they_are(page: Page, name: str, make: Callable[[str], SurvivalAnalysis]) -> None:
    words = drawn_words(page, km_figure(make(name)), 1060)
    assert len([w for w in words if w[1].startswith(name)]) == 1
    assert not page.query_selector_all("#figure a")


def test_the_pointer_reads_one_card_a_stratum(page: Page) -> None:
    analysis = test_km_figure.SITUATIONS["two strata"]()
    drawn_words(page, km_figure(analysis), 1060)
    box = page.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    page.wait_for_selector(".hovertext")
    cards = [c.text_content() or "" for c in page.query_selector_all(".hovertext")]
    assert [c.startswith(s.label) for c, s in zip(sorted(cards), analysis.strata, strict=True)] == [True, True]
    assert all(" months: " in c and " % (" in c and "at risk" in c for c in cards)


REACT = """async ([figure, revised]) => {
    const box = document.getElementById('figure'), drawn = [];
    Plotly.purge(box);
    await Plotly.newPlot(box, figure.data, figure.layout, {displayModeBar: false});
    box.on('plotly_beforeplot', () => drawn.push(1));
    await Plotly.react(box, revised.data, revised.layout, {displayModeBar: false});
    return drawn.length;
}"""


@pytest.mark.parametrize("n", [27, 2_000])
def test_an_equal_copy_is_not_drawn_again(page: Page, n: int) -> None:
    """Streamlit hands Plotly every figure twice; the second time must cost next to nothing."""
    cohort = views.with_events(views.cohort(n, 2, seed=5, censoring=30))
    for figure in (km_figure(views.view(cohort)), butterfly_figure(views.safety(cohort))):
        text = json.dumps(figure)
        assert page.evaluate(REACT, [json.loads(text), json.loads(text)]) == 0
        assert page.evaluate(REACT, [json.loads(text), json.loads(text) | {"data": []}]) == 1
