"""Native charts with their data inside, formulas neutralised in the workbook that opens for editing."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pptx.chart.data import CategoryChartData, XyChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_MARKER_STYLE, XL_TICK_LABEL_POSITION, XL_TICK_MARK
from pptx.enum.dml import MSO_LINE, MSO_THEME_COLOR
from pptx.oxml import parse_xml
from pptx.util import Pt
from xlsxwriter import Workbook

from kras_core.report.csv_out import neutral
from kras_core.report.palette import TOKENS
from kras_core.report.slides.deck import Box, Deck, clean

# The palette's dashes by slot, in PowerPoint's own.
DASHES = (
    MSO_LINE.SOLID, MSO_LINE.LONG_DASH, MSO_LINE.DASH, MSO_LINE.DASH_DOT,
    MSO_LINE.SQUARE_DOT, MSO_LINE.DASH_DOT_DOT,
)  # fmt: skip
_C = 'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
_NO_CLOCK = datetime(1980, 1, 1)


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one line or of marks: colour #RRGGBB (empty: the template's text, lighter), dash by slot, width in
    points (0: marks alone). of: what it is of and as what, by which it is found again."""

    name: str
    points: tuple[tuple[float, float], ...]
    colour: str = ""
    slot: int = 0
    width: float = 0.0
    dotted: bool = False
    of: tuple[str, str] | tuple[()] = ()


def curve_chart(deck: Deck, slide: Any, box: Box, plot: Box, series: Sequence[Series]) -> Any:
    """An XY chart in `box` whose axes enclose `plot`. Returns the graphic frame."""
    data = XyChartData()
    for one in series:
        added = data.add_series(neutral(clean(one.name)))
        for x, y in one.points:
            added.add_data_point(x, y)
    kind = XL_CHART_TYPE.XY_SCATTER_LINES_NO_MARKERS
    frame = slide.shapes.add_chart(kind, box.left, box.top, box.width, box.height, data)
    frame.chart.part.chart_workbook.update_from_xlsx_blob(_xy_workbook(series))
    _plain(deck, frame.chart)
    _enclose(frame.chart, box, plot)
    for drawn, one in zip(frame.chart.plots[0].series, series, strict=True):
        drawn.smooth = False
        _look(drawn, one)
    return frame


def _look(drawn: Any, one: Series) -> None:
    if one.width:
        drawn.marker.style = XL_MARKER_STYLE.NONE
        line = drawn.format.line
        line.width, line.dash_style = Pt(one.width), MSO_LINE.ROUND_DOT if one.dotted else DASHES[one.slot % 6]
        _colour(line, one.colour)
        return
    drawn.format.line.fill.background()
    drawn.marker.style, drawn.marker.size = XL_MARKER_STYLE.PLUS, 7
    _colour(drawn.marker.format.line, one.colour)
    drawn.marker.format.line.width = Pt(1)
    drawn.marker.format.fill.background()


def _colour(line: Any, rgb: str) -> None:
    if rgb:
        line.color.rgb = RGBColor.from_string(rgb[1:])
    else:
        line.color.theme_color = MSO_THEME_COLOR.TEXT_1
        line.color.brightness = 0.5


def axis(deck: Deck, found: Any, title: str, ends: tuple[float, float], step: float, grid: bool = False) -> None:
    """A value axis between two ends with numbers at every step."""
    found.minimum_scale, found.maximum_scale = ends
    found.major_unit = step
    found.has_major_gridlines = grid
    if grid:
        line = found.major_gridlines.format.line
        line.width, line.color.theme_color = Pt(0.5), MSO_THEME_COLOR.TEXT_1
        line.color.brightness = 0.85
    found.tick_labels.number_format, found.tick_labels.number_format_is_linked = "General", False
    found.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    found.major_tick_mark = XL_TICK_MARK.NONE if grid else XL_TICK_MARK.OUTSIDE
    if grid:
        found.format.line.fill.background()
    else:
        found.format.line.color.theme_color = MSO_THEME_COLOR.TEXT_1
        found.format.line.color.brightness = 0.5
    found.has_title = bool(title)
    if title:
        text = found.axis_title.text_frame
        text.text = clean(title)
        font = text.paragraphs[0].runs[0].font
        font.size, font.bold = Pt(deck.points(14)), False


def bar_chart(
    deck: Deck, slide: Any, box: Box, categories: Sequence[str], series: Sequence[tuple[str, Sequence[int], str]]
) -> Any:
    """Stacked bars to 100 %: series of (name, count by category, #RRGGBB), the first category at the foot."""
    data = CategoryChartData(number_format="0")
    data.categories = [neutral(clean(c)) for c in categories]
    for name, counts, _ in series:
        data.add_series(neutral(clean(name)), counts)
    kind = XL_CHART_TYPE.BAR_STACKED_100
    frame = slide.shapes.add_chart(kind, box.left, box.top, box.width, box.height, data)
    chart = frame.chart
    chart.part.chart_workbook.update_from_xlsx_blob(_category_workbook(categories, series))
    _plain(deck, chart)
    chart.has_legend = True
    chart.legend.include_in_layout = False
    chart.legend.font.size = Pt(deck.points(12))
    chart.plots[0].gap_width, chart.plots[0].overlap = 60, 100
    for drawn, (_, counts, rgb) in zip(chart.plots[0].series, series, strict=True):
        drawn.format.fill.solid()
        drawn.format.fill.fore_color.rgb = RGBColor.from_string(rgb[1:])
        _counts(deck, drawn, counts, rgb)
    chart.category_axis.format.line.fill.background()
    chart.category_axis.major_tick_mark = XL_TICK_MARK.NONE
    axis(deck, chart.value_axis, "", (0, 1), 0.25, grid=True)
    chart.value_axis.tick_labels.number_format = "0 %"
    return frame


def _counts(deck: Deck, drawn: Any, counts: Sequence[int], rgb: str) -> None:
    """The number inside every part of a bar that is not empty."""
    dark = sum(int(rgb[i : i + 2], 16) for i in (1, 3, 5)) < 400
    for i, k in enumerate(counts):
        if k:
            frame = drawn.points[i].data_label.text_frame
            frame.text = str(k)
            font = frame.paragraphs[0].runs[0].font
            font.size = Pt(deck.points(14))
            font.color.rgb = RGBColor.from_string("FFFFFF" if dark else TOKENS["light"].ink[1:])


def _plain(deck: Deck, chart: Any) -> None:
    chart.has_legend, chart.has_title = False, False
    chart.font.size = Pt(deck.points(14))
    chart.font.color.theme_color = MSO_THEME_COLOR.TEXT_1


def _enclose(chart: Any, box: Box, plot: Box) -> None:
    """Fix the axes' rectangle, so that a table under the chart can stand on the same axis."""
    place = {
        "x": (plot.left - box.left) / box.width,
        "y": (plot.top - box.top) / box.height,
        "w": plot.width / box.width,
        "h": plot.height / box.height,
    }
    values = "".join(f'<c:{name} val="{value:.5f}"/>' for name, value in place.items())
    modes = '<c:layoutTarget val="inner"/><c:xMode val="edge"/><c:yMode val="edge"/>'
    area = chart._chartSpace.chart.plotArea
    for old in area.findall("{*}layout"):
        area.remove(old)
    area.insert(0, parse_xml(f"<c:layout {_C}><c:manualLayout>{modes}{values}</c:manualLayout></c:layout>"))


def label_end(deck: Deck, series: Any, at: int, text: str, rgb: str, shift: tuple[float, float], side: Any) -> None:
    """Name a curve at its point `at`; shift: right and down from there, as fractions of the chart."""
    label = series.points[at].data_label
    frame = label.text_frame
    frame.text = clean(text)
    font = frame.paragraphs[0].runs[0].font
    font.size, font.bold = Pt(deck.points(14)), True
    font.color.rgb = RGBColor.from_string(rgb[1:])
    label.position = side
    if any(abs(v) > 1e-4 for v in shift):
        element = label._dLbl
        values = f'<c:x val="{shift[0]:.5f}"/><c:y val="{shift[1]:.5f}"/>'
        layout = parse_xml(f"<c:layout {_C}><c:manualLayout>{values}</c:manualLayout></c:layout>")
        element.find("{*}idx").addnext(layout)


# Workbooks: laid out as python-pptx refers to them, without a formula, a link or a clock time.


def _workbook(out: io.BytesIO) -> Workbook:
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = Workbook(out, options)
    book.set_properties({"created": _NO_CLOCK})
    return book


def _xy_workbook(series: Sequence[Series]) -> bytes:
    out = io.BytesIO()
    book = _workbook(out)
    sheet = book.add_worksheet("Sheet1")
    row = 0
    for one in series:
        sheet.write_string(row, 1, neutral(clean(one.name)))
        for i, point in enumerate(one.points):
            sheet.write_row(row + 1 + i, 0, point)
        row += len(one.points) + 2
    book.close()
    return out.getvalue()


def _category_workbook(categories: Sequence[str], series: Sequence[tuple[str, Sequence[int], str]]) -> bytes:
    out = io.BytesIO()
    book = _workbook(out)
    sheet = book.add_worksheet("Sheet1")
    for i, name in enumerate(categories):
        sheet.write_string(i + 1, 0, neutral(clean(name)))
    for j, (name, counts, _) in enumerate(series):
        sheet.write_string(0, j + 1, neutral(clean(name)))
        sheet.write_column(1, j + 1, counts)
    book.close()
    return out.getvalue()
