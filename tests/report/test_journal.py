"""Journal figures: what is drawn and written are the core's numbers, and the files are what journals ask for."""

import io
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from lxml.etree import fromstring
from matplotlib import style as settings_of
from PIL import Image

from kras_core.address import default_selection
from kras_core.analyse.results import DrawnStratum
from kras_core.analyse.subgroups import analyse_forest
from kras_core.cohort.bundled import BUNDLED, load
from kras_core.report import format as fmt
from kras_core.report.forest import ratio_text
from kras_core.report.format import Clock
from kras_core.report.imprint import answer_of, imprint
from kras_core.report.journal.figure import KINDS, render
from kras_core.report.journal.files import FORMATS
from kras_core.report.journal.page import Page
from kras_core.report.journal.style import BOX, POINTS_PER_MM, WIDTHS, Style, printable, settings
from kras_core.report.safety.butterfly import MOST_TERMS
from kras_core.report.safety.tables import in_order
from kras_core.report.survival.answer import answer
from kras_core.report.survival.km_figure import frame_of, strata_of
from kras_core.report.survival.km_frame import MOST_CURVES, ticks
from kras_core.report.survival.km_under import cells, range_words
from tests.report import exported, views

STYLES = [Style(WIDTHS["single"]), Style(WIDTHS["double"], grey=True)]


@pytest.fixture(autouse=True)
def drawing() -> Iterator[None]:
    with settings_of.context(["default", settings()]):
        yield


def drawn(kind: str, analysis: Any, style: Style = STYLES[0]) -> Page:
    page = KINDS[kind].draw(analysis, style)
    page.figure.canvas.draw()
    return page


def artists(page: Page) -> dict[str, list[Any]]:
    """Everything on the figure that has a name, by it."""
    found: dict[str, list[Any]] = {}
    for artist in page.figure.findobj():
        name = artist.get_gid()
        if name:
            found.setdefault(name, []).append(artist)
    return found


def words(page: Page) -> str:
    """All text of the figure, lines joined."""
    return exported.folded(" ".join(t.get_text() for t in page.figure.texts))


@pytest.mark.parametrize("style", STYLES, ids=["single", "double, grey"])
@pytest.mark.parametrize("situation", exported.SURVIVAL)
def test_curves_counts_and_medians_are_the_analysis(situation: str, style: Style) -> None:
    analysis = exported.SURVIVAL[situation]()
    page = drawn("km", analysis, style)
    found, frame = artists(page), frame_of(analysis)
    unit = Clock(analysis.selection.unit, analysis.cohort.days_per_month)
    for i, s in enumerate(strata_of(analysis)[:MOST_CURVES]):
        if isinstance(s, DrawnStratum):
            x, y = found[f"high-{s.slot}"][0].get_data()
            known = np.flatnonzero(~np.isnan(s.high))[::10]
            at = np.searchsorted(x, s.time[known] * unit.per_month + 1e-9) - 1
            assert np.allclose(np.asarray(y)[at], 100 * s.high[known], atol=1e-6)
            assert range_words(s, unit) in words(page)
            continue
        parts = [a.get_data() for name in ("curve", "few") for a in found.get(f"{name}-{s.slot}", ())]
        x, y = (np.concatenate([np.asarray(part[j]) for part in parts]) for j in (0, 1))
        at = np.searchsorted(x, s.curve.time * unit.per_month + 1e-9, side="right") - 1
        assert np.allclose(y[at], 100 * s.curve.survival, atol=0.3)
        for j, count in enumerate(cells(analysis.risk_table, i)[: len(ticks(frame, analysis.risk_table))]):
            assert [a.get_text() for a in found.get(f"at-risk-{i}-{j}", ())] in ([], [count])
        assert found[f"at-risk-{i}-0"][0].get_text() == cells(analysis.risk_table, i)[0]
        if s.median.estimate <= frame.end:
            assert [a.get_text() for a in found[f"median-{s.slot}"]] == [unit.number(s.median.estimate)]
        marks = found[f"censored-{s.slot}"][0].get_xdata()
        for t in s.curve.time[s.curve.censored > 0]:  # two in the same pixel of the screen share a mark
            assert np.abs(marks - t * unit.per_month).min() <= frame.end * unit.per_month / frame.widths[1]
        assert all(np.isclose(s.curve.time * unit.per_month, mark).any() for mark in marks)


def test_counts_stand_under_their_ticks() -> None:
    analysis = exported.by_default("ncctg-lung")
    page = drawn("km", analysis)
    (axes,) = page.figure.axes
    for j, t in enumerate(analysis.risk_table.ticks):
        for text in artists(page).get(f"at-risk-0-{j}", ()):
            box = text.get_window_extent()
            across = axes.transData.transform((t, 0))[0]
            assert (box.x0 + box.x1) / 2 == pytest.approx(across, abs=1.5 * page.style.dpi / 72)


@pytest.mark.parametrize("situation", exported.SURVIVAL)
def test_answer_method_provenance_and_version_stand_on_the_figure(situation: str) -> None:
    analysis = exported.SURVIVAL[situation]()
    said, found, of = words(drawn("km", analysis)), answer(analysis), imprint(analysis)
    for text in (found.line1.text, found.line2.text, of.provenance, of.n, of.method, "KRAScope"):
        assert exported.folded(text) in said


def inside(page: Page) -> list[str]:
    """Texts that leave the page."""
    width, height = page.figure.bbox.width, page.figure.bbox.height
    out = []
    found: list[Any] = page.figure.findobj(lambda a: hasattr(a, "get_text"))
    for text in found:
        box = text.get_window_extent()
        if (
            text.get_text().strip()
            and text.get_visible()
            and not (box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1)
        ):
            out.append(text.get_text())
    return out


@pytest.mark.parametrize("width", [WIDTHS["single"], WIDTHS["one-and-half"], WIDTHS["double"]])
@pytest.mark.parametrize("situation", [*exported.SURVIVAL, "hostile"])
def test_nothing_leaves_the_page(situation: str, width: float) -> None:
    analysis = exported.hostile() if situation == "hostile" else exported.SURVIVAL[situation]()
    assert inside(drawn("km", analysis, Style(width))) == []


@pytest.mark.parametrize("cohort_id", BUNDLED)
def test_the_forest_prints_the_analysis(cohort_id: str) -> None:
    cohort = load(cohort_id)
    selection = default_selection(cohort)
    if not selection.by:
        pytest.skip("this cohort opens without a comparison")
    analysis = analyse_forest(cohort, selection)
    for style in STYLES:
        page = drawn("forest", analysis, style)
        rows = [analysis.overall, *(row for f in analysis.factors for row in f.rows)]
        texts = [t.get_text() for t in page.figure.texts]
        for row in rows:
            assert ratio_text(row).text in texts
        estimates = [a.get_xdata()[0] for a in artists(page).get("estimate", ())]
        expected = [r.ratio.estimate for r in rows if not r.drawn and r.ratio and r.ratio.estimate == r.ratio.estimate]
        low, high = page.figure.axes[0].get_xlim()
        assert estimates == pytest.approx([min(max(e, low), high) for e in expected])
        assert inside(page) == []


@pytest.mark.parametrize("cohort_id", BUNDLED)
def test_adverse_events_and_responses_are_the_analysis(cohort_id: str) -> None:
    for name, analysis in exported.other_views(cohort_id).items():
        if name.startswith("safety"):
            found = artists(drawn("butterfly", analysis))
            shown = in_order(analysis, "frequency")[:MOST_TERMS]
            two = len(analysis.groups) == 2
            for i, row in enumerate(shown):
                for sign, group in ((-1, 0), (1, 1)) if two else ((1, None),):
                    text = found[f"count-{i}-{sign}"][0].get_text()
                    k = row.overall["any"] if group is None else row.cells["any"][group]
                    drawn_range = row.overall_range if group is None else {b: r[group] for b, r in row.ranges.items()}
                    whole = fmt.count(k.k, k.n).text
                    if drawn_range:
                        low, high = drawn_range["any"]
                        whole = fmt.spread(low, high, fmt.whole)
                    assert text == whole
        if name.startswith("response"):
            page = drawn("response", analysis)
            found = artists(page)
            for i, group in enumerate((*analysis.groups, analysis.overall)):
                text = found[f"orr-text-{i}"][0].get_text()
                if group.ranges:
                    low, high = group.ranges["orr"]
                    assert fmt.spread(low, high, fmt.whole) in text and f"bar-{i}-PR" not in found
                else:
                    assert fmt.proportion(group.rates["orr", "all"].exact).text in text
                    (bar,) = found[f"bar-{i}-PR"]
                    assert bar.get_width() == pytest.approx(100 * group.counts[1] / group.n)
            assert inside(page) == []


def test_a_cohort_without_changes_has_no_waterfall() -> None:
    analysis = exported.other_views("sintilimab-anlotinib")["response"]
    with pytest.raises(ValueError, match="no waterfall plot"):
        render(analysis, "waterfall", "svg", Style())


def test_the_waterfall_draws_every_change_worst_first() -> None:
    analysis = exported.other_views("sintilimab-anlotinib")["response"]
    change = np.linspace(-60, 35, analysis.courses.n)
    page = drawn("waterfall", replace(analysis, change_reason="", courses=replace(analysis.courses, change=change)))
    bars: list[Any] = list(page.figure.axes[0].patches)
    heights = [bar.get_height() for bar in bars]
    assert heights == pytest.approx(sorted(change, reverse=True))
    assert inside(page) == []


# Files


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    analysis = exported.by_default("sintilimab-anlotinib")
    return {format: render(analysis, "km", format, Style(WIDTHS["single"], 300)) for format in FORMATS}


def test_files_repeat(files: dict[str, bytes]) -> None:
    time.sleep(1.1)  # a clock time in a file would show
    analysis = exported.by_default("sintilimab-anlotinib")
    for format, content in files.items():
        assert render(analysis, "km", format, Style(WIDTHS["single"], 300)) == content


def test_svg_has_its_text_as_outlines_and_says_what_it_is(files: dict[str, bytes]) -> None:
    tree = fromstring(files["svg"])
    assert not list(tree.iter("{*}text"))
    assert float(tree.get("width").removesuffix("pt")) == pytest.approx(85 * POINTS_PER_MM, abs=0.01)
    said = exported.folded(" ".join(tree.itertext()))
    assert "n = 27" in said and "Reconstructed from a publication" in said and "Kaplan–Meier" in said


def test_pdf_embeds_truetype_and_no_date(files: dict[str, bytes]) -> None:
    pdf = files["pdf"]
    assert b"/FontFile2" in pdf and b"/CIDFontType2" in pdf and b"/Type3" not in pdf
    assert b"CreationDate" not in pdf
    left, low, right, high = map(float, re.search(rb"/MediaBox \[ ([\d. ]+) \]", pdf)[1].split())  # type: ignore[index]
    assert right - left == pytest.approx(85 * POINTS_PER_MM, abs=0.01) and high > low


@pytest.mark.parametrize("format", ["tiff", "png"])
def test_pictures_have_their_resolution_and_no_transparency(format: str, files: dict[str, bytes]) -> None:
    picture = Image.open(io.BytesIO(files[format]))
    assert picture.mode == "RGB"
    assert picture.info["dpi"][0] == pytest.approx(300, abs=0.1)
    assert picture.size[0] == pytest.approx(85 / 25.4 * 300, abs=1)
    said = picture.info["Description"] if format == "png" else picture.tag_v2[270]  # type: ignore[attr-defined]
    assert "n = 27" in said and "SHA-256" in said


def test_grey_is_grey_in_every_format() -> None:
    analysis = exported.by_default("sintilimab-anlotinib")
    style = Style(WIDTHS["single"], 300, grey=True)
    assert Image.open(io.BytesIO(render(analysis, "km", "tiff", style))).mode == "L"
    svg = render(analysis, "km", "svg", style).decode()
    colours = set(re.findall(r"#([0-9a-f]{6})\b", svg))
    assert colours and all(c[:2] == c[2:4] == c[4:] for c in colours)
    lines = {
        a.get_linestyle() for s in analysis.strata for a in artists(drawn("km", analysis, style))[f"curve-{s.slot}"]
    }
    assert len(lines) == len(analysis.strata)


def test_hostile_names_are_drawn_as_they_are() -> None:
    analysis = exported.hostile()
    said = words(drawn("km", analysis, Style(WIDTHS["double"])))
    assert "$\\frac{1}{$" in said and "=cmd|' /C calc'!A0" in said
    for format in FORMATS:
        assert render(analysis, "km", format, Style(dpi=150))
    fromstring(render(analysis, "km", "svg", Style()))


def test_characters_without_a_font_are_said_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from kras_core.report.journal import style

    known = frozenset(range(0x2600))
    monkeypatch.setattr(style, "_characters", lambda: known)
    assert printable("肿瘤 NLR") == f"{BOX}{BOX} NLR"
    said = words(drawn("km", exported.hostile()))
    assert "a character that no installed font has" in said and "肿" not in said


@pytest.mark.parametrize("wrong", [{"width": 20}, {"width": 400}, {"dpi": 10}])
def test_sizes_outside_of_what_is_printed_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="choose"):
        Style(**wrong)


def test_every_kind_has_an_answer_for_its_metadata() -> None:
    assert set(KINDS) == {"km", "butterfly", "forest", "response", "waterfall"}
    of = views.with_events(views.cohort(40))
    for format in FORMATS:
        assert render(views.safety(of), "butterfly", format, Style(dpi=150))
    assert answer_of(views.safety(of)).title.startswith("Adverse events")
