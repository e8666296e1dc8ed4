"""Slides read back: their charts, tables and words hold the core's numbers, and nothing in them runs."""

import io
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import openpyxl
import pytest
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.dml import MSO_COLOR_TYPE
from pptx.shapes.autoshape import Shape
from pptx.util import Inches

from kras_core.address import default_selection
from kras_core.analyse.results import DrawnStratum
from kras_core.analyse.survival import analyse
from kras_core.cohort.bundled import BUNDLED, load
from kras_core.report import format as fmt
from kras_core.report.format import Clock
from kras_core.report.imprint import answer_of
from kras_core.report.overview.tables import table_one
from kras_core.report.palette import Theme, colour
from kras_core.report.safety.tables import safety_table_of
from kras_core.report.slides.presentation import TemplateError, check, presentation
from kras_core.report.slides.views import BANDS
from kras_core.report.survival.answer import answer
from kras_core.report.survival.km_figure import frame_of, strata_of
from kras_core.report.survival.km_frame import MOST_BANDS, MOST_CURVES
from kras_core.report.survival.km_under import cells, range_words
from tests.report import exported, views
from tests.report.exported import charts, folded, points, slides, tables, texts

DAY = date(2026, 11, 22)


def made(*shown: Any, **more: Any) -> bytes:
    return presentation(shown, on=DAY, **more)


def survival_at(pairs: list[tuple[float, float]], time: float) -> float:
    """The drawn step curve just after this time, in per cent."""
    return [y for x, y in pairs if x <= time + 1e-9][-1]


@pytest.mark.parametrize("situation", exported.SURVIVAL)
def test_the_chart_holds_the_curves_and_the_table_the_counts(situation: str) -> None:
    analysis = exported.SURVIVAL[situation]()
    slide = slides(made(analysis))[0]
    (chart,) = charts(slide)
    found = {series.name: series for series in chart.plots[0].series}
    clock = Clock(analysis.selection.unit, analysis.cohort.days_per_month)
    rows = tables(slide)[0][1:]
    drawn = strata_of(analysis)[:MOST_CURVES]
    assert [row[0] for row in rows] == [s.label for s in drawn]
    for i, s in enumerate(drawn):
        if isinstance(s, DrawnStratum):
            assert rows[i][1] == range_words(s, clock)
            for name, edge in (("highest", s.high), ("lowest", s.low)):
                pairs = points(found[f"{s.label}, {name} over redraws"])
                known = np.flatnonzero(~np.isnan(edge))
                for j in known[:: max(1, known.size // 20)]:
                    assert survival_at(pairs, round(float(s.time[j]) * clock.per_month, 3)) == pytest.approx(
                        100 * edge[j], abs=6e-4
                    )
            continue
        pairs = points(found[s.label])
        for t in s.curve.time:
            at_once = np.abs(s.curve.time - t) < 0.0015  # the chart's times have three decimals
            heights = 100 * s.curve.survival[at_once]
            drawn_at = survival_at(pairs, round(t * clock.per_month, 3))
            assert heights.min() - 0.3 <= drawn_at <= heights.max() + 0.3
        if s.median.estimate == s.median.estimate and len(drawn) <= MOST_BANDS:
            drop = points(found[f"{s.label}, median"])
            assert drop[1] == (round(s.median.estimate * clock.per_month, 3), 50.0)
        whole = cells(analysis.risk_table, i)
        assert set(rows[i][1:]) <= set(whole) and rows[i][1] == whole[0]


def test_every_event_of_27_patients_is_a_vertex_and_every_limit_is_drawn() -> None:
    analysis = exported.by_default("sintilimab-anlotinib")
    (chart,) = charts(slides(made(analysis))[0])
    found = {series.name: series for series in chart.plots[0].series}
    for s in analysis.strata:
        at = s.curve.events > 0
        corners = set(points(found[s.label]))
        assert {
            (round(t, 3), round(100 * v, 3)) for t, v in zip(s.curve.time[at], s.curve.survival[at], strict=True)
        } <= corners
        lower = points(found[f"{s.label}, lower 95 % limit"])
        known = at & ~np.isnan(s.curve.low)
        for t, v in zip(s.curve.time[known], s.curve.low[known], strict=True):
            assert survival_at(lower, round(t, 3)) == pytest.approx(100 * v, abs=6e-4)
        marks = points(found[f"{s.label}, censored"]) if (s.curve.censored > 0).any() else []
        assert [x for x, _ in marks] == [round(float(t), 3) for t in s.curve.time[s.curve.censored > 0]]
        assert found[s.label].format.line.color.rgb == RGBColor.from_string(colour(s.slot, "light")[1:])


@pytest.mark.parametrize("situation", exported.SURVIVAL)
def test_the_title_is_the_answer_and_the_footer_says_where_it_is_from(situation: str) -> None:
    analysis = exported.SURVIVAL[situation]()
    slide = slides(made(analysis, comparison="comparison 7 of 12 this session"))[0]
    said, found = texts(slide), answer(analysis)
    assert folded(slide.shapes.title.text_frame.text) == folded(found.line1.text)
    assert folded(found.line2.text) in said and folded(found.title) in said
    assert "comparison 7 of 12 this session · 22 November 2026" in said
    for words in ("Kaplan–Meier", analysis.selection.conventions.label):
        assert words in said
    provenance = {
        "reconstructed": "not patient data",
        "simulated": "Simulated · not patient data",
        "real": "Published data",
    }
    assert provenance[analysis.cohort.provenance] in said


@pytest.mark.parametrize("cohort_id", BUNDLED)
def test_the_other_slides_hold_their_tables_whole(cohort_id: str) -> None:
    for name, analysis in exported.other_views(cohort_id).items():
        found = slides(made(analysis))
        assert folded(found[0].shapes.title.text_frame.text) == folded(answer_of(analysis).line1.text)
        rows = [row for slide in found for table in tables(slide) for row in table]
        if name.startswith("response"):
            for group in (*analysis.groups, analysis.overall):
                row = next(r for r in rows if r[0] == group.label)
                assert ("range over redraws" in row) == bool(group.ranges)
                if not group.ranges:
                    assert f"{group.rates['orr', 'all'].exact.k} of {group.n}" in row
            continue
        table = table_one(analysis) if name == "table1" else safety_table_of(analysis, bands=BANDS, differences=False)
        body = [row for row in rows if len(row) == len(table.columns) and row[0] != table.columns[0].name]
        whole = [[cell.strip("–") for cell in row.values()] for row in table.text_rows()]
        assert [[cell.strip("–") for cell in row] for row in body if any(row)][-len(whole) :] == whole or [
            [cell.strip("–") for cell in row] for row in body if row[0]
        ] == whole


def test_best_response_is_a_chart_of_counts() -> None:
    analysis = exported.other_views("sintilimab-anlotinib")["response of all"]
    (chart,) = charts(slides(made(analysis))[0])
    counts = {s.name.split(",")[0]: list(s.values) for s in chart.plots[0].series}
    assert counts == {"PR": [9], "SD": [16], "PD": [2]}


def test_a_long_table_is_split_with_its_header_on_every_slide() -> None:
    of = views.with_events(views.cohort(80, seed=3))
    assert of.adverse_events is not None
    more = of.adverse_events.assign(term=of.adverse_events["term"] + " " + (of.adverse_events.index % 5).astype(str))
    analysis = views.safety(replace(of, adverse_events=more))
    found = slides(made(analysis))
    assert len(found) > 1
    heads = [next(row for row in tables(slide)[0] if row[0] == "Adverse event") for slide in found]
    assert all(head == heads[0] for head in heads)
    listed = [row[0] for slide in found for row in tables(slide)[0] if row[0] not in ("", "Adverse event")]
    assert listed == [row.term for row in analysis.rows]
    assert f"(1 of {len(found)})" in texts(found[0])


def inside(slide: Any) -> bool:
    width, height = Inches(13.333), Inches(7.5)
    return all(
        s.left >= -2 and s.top >= -2 and s.left + s.width <= width + 2 and s.top + s.height <= height + 2
        for s in slide.shapes
    )


@pytest.mark.parametrize("cohort_id", BUNDLED)
def test_slides_are_16_to_9_and_nothing_leaves_them(cohort_id: str) -> None:
    content = made(exported.by_default(cohort_id), *exported.other_views(cohort_id).values())
    file = Presentation(io.BytesIO(content))
    assert (file.slide_width, file.slide_height) == (Inches(13.333), Inches(7.5))
    assert all(inside(slide) for slide in file.slides)


def test_the_counts_stand_under_the_axis() -> None:
    """The centre of every count's cell is its tick on the chart's fixed axis."""
    analysis = exported.by_default("ncctg-lung")
    (slide,) = slides(made(analysis))
    frame = frame_of(analysis)
    shape = next(s for s in slide.shapes if s.has_chart)
    layout = shape.chart._chartSpace.chart.plotArea.find("{*}layout/{*}manualLayout")
    x, w = (float(layout.find(f"{{*}}{name}").get("val")) for name in ("x", "w"))
    grid = next(s for s in slide.shapes if s.has_table)
    written = cells(analysis.risk_table, 0)
    left = grid.left + grid.table.columns[0].width
    for j in range(1, len(grid.table.columns)):
        cell, width = grid.table.cell(1, j), grid.table.columns[j].width
        centre = left + (cell.margin_left + width - cell.margin_right) / 2
        tick = analysis.risk_table.ticks[written.index(cell.text)]
        assert centre == pytest.approx(shape.left + shape.width * (x + w * frame.across(tick)), abs=Inches(0.02))
        left += width


def test_charts_and_tables_have_alternative_texts() -> None:
    analysis = exported.by_default("ncctg-lung")
    for slide in slides(made(analysis, *exported.other_views("ncctg-lung").values())):
        for shape in slide.shapes:
            if shape.has_chart or shape.has_table:
                assert len(shape._element.xpath("./*/p:cNvPr/@descr")[0]) > 20


def test_hostile_names_are_text_and_no_formula_lives_in_the_workbook() -> None:
    analysis = exported.hostile()
    slide = slides(made(analysis))[0]
    (chart,) = charts(slide)
    book = exported.workbook(chart)
    assert not any("<f>" in xml or "<f " in xml for xml in book.values())
    names = [series.name for series in chart.plots[0].series]
    assert not any(name.startswith(("=", "+", "-", "@")) for name in names)
    assert {f"'{name}" for name in exported.HOSTILE[:4]} <= set(names)
    sheet = openpyxl.load_workbook(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob)).active
    assert sheet is not None
    assert [c.value for row in sheet for c in row if isinstance(c.value, str)] == names
    assert all(c.data_type in "ns" for row in sheet for c in row)
    listed = [row[0] for row in tables(slide)[0][1:]]
    assert exported.HOSTILE[0] in listed and exported.HOSTILE[5] in listed  # tables run nothing: as they are


def test_the_chart_refers_to_the_cells_that_hold_its_numbers() -> None:
    """Editing the data in PowerPoint opens this workbook."""
    (chart,) = charts(slides(made(exported.by_default("ncctg-lung")))[0])
    sheet = openpyxl.load_workbook(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob)).active
    assert sheet is not None
    for series in chart.plots[0].series:
        for axis, at in (("xVal", 0), ("yVal", 1)):
            reference = series._element.find(f".//{{*}}{axis}//{{*}}f").text.split("!")[1].replace("$", "")
            cells_of: Any = sheet[reference]
            held = [row[0].value for row in cells_of]
            assert held == [pair[at] for pair in points(series)]


def test_the_same_views_give_the_same_bytes() -> None:
    shown = (exported.by_default("veterans-lung"), *exported.other_views("veterans-lung").values())
    first = made(*shown)
    assert first == made(*shown)
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_more_strata_than_the_title_names_have_their_numbers_on_a_slide_of_their_own() -> None:
    analysis = exported.SURVIVAL["six strata"]()
    rows = [row for slide in slides(made(analysis))[1:] for table in tables(slide) for row in table]
    clock = Clock("months", analysis.cohort.days_per_month)
    for s in analysis.strata:
        row = next(row for row in rows if row[0] == s.label)
        assert fmt.quantile(s.median, clock).text in row


def a_template(dark: bool = False) -> bytes:
    """4:3, with a slide of its own, a renamed layout and an accent."""
    file = Presentation()
    layout = next(one for one in file.slide_layouts if one.name == "Title Only")
    layout.name = "Our clinic"
    title: Any = file.slides.add_slide(layout).shapes.title
    title.text = "Old slide"
    if dark:
        fill = file.slide_master.background.fill
        fill.solid()
        fill.fore_color.rgb = RGBColor(0x10, 0x20, 0x30)
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


def test_a_template_lends_its_layout_and_size_but_not_its_slides() -> None:
    file = Presentation(io.BytesIO(made(exported.by_default("ncctg-lung"), template=a_template())))
    assert [slide.slide_layout.name for slide in file.slides] == ["Our clinic"]
    assert (file.slide_width, file.slide_height) == (Inches(10), Inches(7.5))
    (slide,) = file.slides
    assert "Old slide" not in texts(slide)
    assert all(s.left + s.width <= Inches(10) + 2 for s in slide.shapes)


def test_on_a_dark_template_strata_have_the_colours_for_dark() -> None:
    analysis = exported.by_default("ncctg-lung")
    themes: tuple[tuple[bool, Theme], ...] = ((False, "light"), (True, "dark"))
    for dark, theme in themes:
        (chart,) = charts(slides(made(analysis, template=a_template(dark)))[0])
        found = {series.name: series for series in chart.plots[0].series}
        for s in analysis.strata:
            assert found[s.label].format.line.color.rgb == RGBColor.from_string(colour(s.slot, theme)[1:])


def test_a_potx_is_a_template_too() -> None:
    plain = a_template()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as archive, zipfile.ZipFile(out, "w") as copy:
        for member in archive.infolist():
            content = archive.read(member)
            if member.filename == "[Content_Types].xml":
                content = content.replace(b"presentation.main+xml", b"template.main+xml")
            copy.writestr(member, content)
    assert len(slides(made(exported.by_default("ncctg-lung"), template=out.getvalue()))) == 1


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 broken"])
def test_what_is_no_template_is_refused_in_a_sentence(content: bytes) -> None:
    with pytest.raises(TemplateError, match="Save it again from PowerPoint"):
        check(content)


def test_a_workbook_is_no_template() -> None:
    out = io.BytesIO()
    openpyxl.Workbook().save(out)
    with pytest.raises(TemplateError):
        check(out.getvalue())


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="no LibreOffice (soffice) on PATH to open the slides with")
def test_libreoffice_opens_every_slide(tmp_path: Any) -> None:
    shown = (exported.by_default("sintilimab-anlotinib"), *exported.other_views("sintilimab-anlotinib").values())
    content = made(*shown)
    (tmp_path / "deck.pptx").write_bytes(content)
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf"]
    subprocess.run([*command, "deck.pptx"], cwd=tmp_path, check=True, capture_output=True, timeout=180)
    pdf = (tmp_path / "deck.pdf").read_bytes()
    assert pdf.count(b"/Type/Page/") + pdf.count(b"/Type /Page\n") + pdf.count(b"/Type/Page\n") >= len(slides(content))


def test_the_foot_warns_where_the_rows_are_no_patients() -> None:
    """In the colour that warns on the screen; quiet where they are patients."""
    for id, warns in (("sintilimab-anlotinib", True), ("ncctg-lung", False)):
        cohort = load(id)
        file = presentation([analyse(cohort, default_selection(cohort))], on=date(2024, 3, 4))
        slide = Presentation(io.BytesIO(file)).slides[0]
        (foot,) = [shape for shape in slide.shapes if isinstance(shape, Shape) and shape.name == "Footer"]
        color = foot.text_frame.paragraphs[0].runs[0].font.color
        assert (color.type == MSO_COLOR_TYPE.RGB) is warns
