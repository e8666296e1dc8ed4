"""The Survival slide: curves as an editable chart, and the table of patients at risk on the same axis."""

from dataclasses import dataclass
from typing import Any

from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_LABEL_POSITION
from pptx.util import Inches, Pt

from kras_core.analyse.results import DrawnStratum, Stratum, SurvivalAnalysis
from kras_core.report.figures import alt_text
from kras_core.report.format import percent
from kras_core.report.imprint import answer_of, imprint
from kras_core.report.palette import Theme, colour, text_colour
from kras_core.report.slides.charts import DASHES, Series, axis, curve_chart, label_end
from kras_core.report.slides.deck import Box, Deck, Heading, describe, emu, width_of
from kras_core.report.slides.tables import BOLD, LINE, MARGIN_X, MARGIN_Y, blank_table, put, table_slides
from kras_core.report.small_cells import threshold
from kras_core.report.survival.answer import MOST_MEDIANS
from kras_core.report.survival.km_curves import censored, edges, envelope, path
from kras_core.report.survival.km_figure import frame_of, strata_of
from kras_core.report.survival.km_frame import MOST_BANDS, MOST_CURVES, Frame, axis_range, short, ticks
from kras_core.report.survival.km_labels import Feet
from kras_core.report.survival.km_under import cells, explained, range_words, stride
from kras_core.report.survival.km_words import label_places
from kras_core.report.survival.methods import methods_lines
from kras_core.report.survival.number_tables import number_tables
from kras_core.stats.results import Floats

CURVE, EDGE, DROP = 2.25, 0.75, 1.25  # points
NUMBERS = Inches(0.85)  # left of the plot: its own numbers and title
UNDER = Inches(0.72)  # under the plot: the same
RIGHT = Inches(0.95)
KEY = Inches(0.42)
TABLE = 14  # points
SLACK = 1.15  # for a font that is wider than ours
PIXELS = 13 / 14  # of the screen's type to a point of the slide's
SCREEN_LINE = 17.0


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the chart, its plot and the table are."""

    chart: Box
    plot: Box
    table: Box


def add(deck: Deck, analysis: SurvivalAnalysis, comparison: str) -> None:
    """One slide; a second with every stratum's numbers where they are too many for the title."""
    found, frame = answer_of(analysis), frame_of(analysis)
    strata = strata_of(analysis)[:MOST_CURVES]
    slide, box = deck.slide(_heading(analysis), imprint(analysis, comparison))
    places = _places(deck, analysis, strata, frame, box)
    series = _series(deck, analysis, strata, frame)
    chart = curve_chart(deck, slide, places.chart, places.plot, series)
    describe(chart, f"Curves: {found.title}", alt_text(analysis))
    _axes(deck, chart.chart, analysis, frame, places.plot)
    _names(deck, chart.chart, strata, frame, places, series)
    _at_risk(deck, slide, analysis, strata, frame, places)
    if len(analysis.strata) > MOST_MEDIANS:
        table_slides(deck, _heading(analysis), imprint(analysis, comparison), number_tables(analysis)[0])


def _heading(analysis: SurvivalAnalysis) -> Heading:
    """The answer as the title; what it is of, the test and the first guard beneath; all the rest to the speaker."""
    found = answer_of(analysis)
    title = f"{found.title}, {found.where}" if found.where else found.title
    lines = [" · ".join(filter(None, (title, found.line2.text)))]
    cautions = [r.caution for r in analysis.hazard_ratios if r.caution]
    lines += [*cautions, *found.notes][:1]
    said = (*cautions, *found.notes, *methods_lines(analysis), *explained(analysis, strata_of(analysis)))
    return Heading(found.line1.text, tuple(lines), said)


def _places(deck: Deck, analysis: SurvivalAnalysis, strata: list[Any], frame: Frame, box: Box) -> _Places:
    size = deck.points(TABLE)
    row = round(Pt(size) * LINE + 2 * MARGIN_Y)
    names = max((BOLD * width_of(short(s.label), size) for s in strata), default=0) + KEY + 2 * MARGIN_X
    widest = max((width_of(c, size) for row in _counts(analysis, strata) for c in row), default=0)
    left = max(NUMBERS, round(min(names, 0.26 * box.width) + SLACK * widest / 2 + MARGIN_X))
    table = row * (len(strata) + 1)
    plot = Box(
        box.left + left, box.top + Inches(0.1), box.width - left - RIGHT, box.height - table - UNDER - Inches(0.1)
    )
    chart = Box(
        plot.left - NUMBERS, box.top, box.left + box.width - plot.left + NUMBERS, plot.height + UNDER + Inches(0.1)
    )
    return _Places(chart, plot, Box(box.left, plot.top + plot.height + UNDER, box.width, table))


def _points(months: Floats, survival: Floats, frame: Frame, steps: bool = True) -> tuple[tuple[float, float], ...]:
    """Times in the view's unit and per cent; a step is two points."""
    x = [round(float(t) * frame.clock.per_month, 3) for t in months]
    y = [round(100 * float(s), 3) for s in survival]
    if not steps:
        return tuple(zip(x, y, strict=True))
    found = [(x[0], y[0])]
    for i in range(1, len(x)):
        found += [(x[i], y[i - 1])] + ([(x[i], y[i])] if y[i] != y[i - 1] else [])
    return tuple(found)


def _series(deck: Deck, analysis: SurvivalAnalysis, strata: list[Any], frame: Frame) -> list[Series]:
    """The chart's lines and marks. The longest come first: LibreOffice (7.4) draws no series that a longer one
    follows."""
    if analysis.redraws is not None:
        found = _envelopes(analysis, strata, frame, deck.theme)
    else:
        level = percent(analysis.selection.conventions.confidence) if len(strata) <= MOST_BANDS else ""
        found = [one for s in strata if s.curve.time.size for one in _curve(s, frame, level, deck.theme)]
    return sorted(found, key=lambda one: -len(one.points))


def _curve(s: Stratum, frame: Frame, level: str, theme: Theme) -> list[Series]:
    """The curve, its censor ticks, and, with few enough curves, both edges of its band and the drop at its median."""
    rgb = colour(s.slot, theme)
    found = [Series(s.label, _points(*path(s.curve, frame), frame), rgb, s.slot, CURVE, of=(s.label, "curve"))]
    x, both = edges(s.curve, frame)
    for name, edge in zip(("lower", "upper"), both, strict=True):
        if level and x.size:
            found.append(Series(f"{s.label}, {name} {level} limit", _points(x, edge, frame), rgb, s.slot, EDGE))
    months, survival = censored(s.curve, frame)
    if months.size:
        found.append(Series(f"{s.label}, censored", _points(months, survival, frame, False), rgb, s.slot))
    if level and s.median.estimate <= frame.end:
        at = round(s.median.estimate * frame.clock.per_month, 3)
        drop, of = ((0.0, 50.0), (at, 50.0), (at, 0.0)), (s.label, "median")
        found.append(Series(f"{s.label}, median", drop, "", 0, DROP, dotted=True, of=of))
    return found


def _envelopes(analysis: SurvivalAnalysis, strata: list[DrawnStratum], frame: Frame, theme: Theme) -> list[Series]:
    found: list[Series] = []
    for s in strata:
        months, (low, high) = envelope(s, frame)
        rgb, of = colour(s.slot, theme), (s.label, "curve")
        upper, lower = _points(months, high, frame), _points(months, low, frame)
        found.append(Series(f"{s.label}, highest over redraws", upper, rgb, s.slot, EDGE * 2, of=of))
        found.append(Series(f"{s.label}, lowest over redraws", lower, rgb, s.slot, EDGE * 2))
    if analysis.redraws and analysis.redraws.overall is None:
        found.append(Series("All patients", _points(*path(analysis.overall.curve, frame), frame), "", 0, CURVE))
    return found


def _axes(deck: Deck, chart: Any, analysis: SurvivalAnalysis, frame: Frame, plot: Box) -> None:
    at = [t * frame.clock.per_month for t in ticks(frame, analysis.risk_table)]
    end = axis_range(frame)[1]
    step = at[1] - at[0] if len(at) > 1 else end
    axis(deck, chart.category_axis, f"Time, {frame.clock.unit}", (0.0, end), round(step, 6))
    name = f"{analysis.endpoint.label}, %"
    if width_of(name, deck.points(14)) > plot.height:
        name = f"{analysis.endpoint.id.upper()}, %"
    axis(deck, chart.value_axis, name, (0, 100), 25, grid=True)


def _names(deck: Deck, chart: Any, strata: list[Any], frame: Frame, places: _Places, series: list[Series]) -> None:
    """Every curve's name where it ends, and the value where its median meets the axis."""
    drawn = {one.of: found for one, found in zip(series, chart.plots[0].series, strict=True) if one.of}
    scale = PIXELS / 12700 / deck.scale  # EMU to the screen's pixels
    width, height = places.plot.width * scale, places.plot.height * scale
    size = deck.points(14)
    feet = Feet(width, SCREEN_LINE, lambda text: width_of(text, size) * scale)
    medians = [s for s in strata if isinstance(s, Stratum) and (s.label, "median") in drawn]
    for s in sorted(medians, key=lambda s: s.median.estimate):
        text = frame.clock.number(s.median.estimate)
        _, up, anchor = feet.beside(frame.across(s.median.estimate), text)
        side = XL_LABEL_POSITION.RIGHT if anchor == "left" else XL_LABEL_POSITION.LEFT
        shift = (0.0, -up / scale / places.chart.height)
        label_end(deck, drawn[s.label, "median"], 2, text, text_colour(s.slot, deck.theme), shift, side)
    widths = [width_of(short(s.label), size) * scale for s in strata]
    for i, _, _, at in label_places(strata, widths, frame, ((width,), height, RIGHT * scale), feet.taken()):
        side = XL_LABEL_POSITION.RIGHT if at.anchor == "left" else XL_LABEL_POSITION.LEFT
        shift = (
            (at.dx - 3) / scale / places.chart.width if at.anchor == "left" else 0.0,
            at.dy / scale / places.chart.height,
        )
        curve, rgb = drawn[strata[i].label, "curve"], text_colour(strata[i].slot, deck.theme)
        label_end(deck, curve, len(list(curve.values)) - 1, short(strata[i].label), rgb, shift, side)


def _at_risk(
    deck: Deck, slide: Any, analysis: SurvivalAnalysis, strata: list[Any], frame: Frame, places: _Places
) -> None:
    """A native table whose columns stand under the axis' numbers, with a sample of each line before its name."""
    size, box, plot = deck.points(TABLE), places.table, places.plot
    heights = [box.height // (len(strata) + 1)] * (len(strata) + 1)
    written = _counts(analysis, strata)
    at = [] if analysis.redraws else ticks(frame, analysis.risk_table)
    widest = max((width_of(c, size) for row in written for c in row), default=0)
    every = stride(len(at), SLACK * widest + 2 * MARGIN_X, plot.width)
    centres = [plot.left + frame.across(t) * plot.width for t in at[::every]]
    columns, margins = _columns(centres, widest, box, plot)
    frame_ = blank_table(slide, box, heights, columns)
    grid = frame_.table
    entered = " +entered" if analysis.risk_table.entered.size else ""
    counts = "At risk" if threshold() else f"At risk (censored) [events]{entered}"
    head = f"Range over {analysis.redraws.count} compatible redraws" if analysis.redraws else counts
    if len(columns) > 1:
        grid.cell(0, 0).merge(grid.cell(0, len(columns) - 1))
    put(grid.cell(0, 0), head, size, lighter=0.35)
    for i, s in enumerate(strata):
        put(
            grid.cell(i + 1, 0),
            short(s.label),
            size,
            indent=KEY - MARGIN_X,
            bold=True,
            rgb=text_colour(s.slot, deck.theme),
        )
        _key(slide, s.slot, deck.theme, box.top + sum(heights[: i + 1]) + heights[i + 1] // 2, box.left)
        if analysis.redraws:
            put(grid.cell(i + 1, 1), range_words(s, frame.clock), size)
            continue
        for j, (before, after) in enumerate(margins):
            cell = grid.cell(i + 1, j + 1)
            put(cell, written[i][j * every], size, centred=True)
            cell.margin_left, cell.margin_right = emu(before), emu(after)
    describe(frame_, "Patients at risk", f"{len(strata)} rows: {head}")


def _counts(analysis: SurvivalAnalysis, strata: list[Any]) -> list[list[str]]:
    """The risk table's cells by stratum; none where redraws leave the counts open."""
    return [] if analysis.redraws else [cells(analysis.risk_table, i) for i in range(len(strata))]


def _columns(centres: list[float], widest: int, box: Box, plot: Box) -> tuple[list[int], list[tuple[float, float]]]:
    """Widths of the columns, the names' first; margins that centre each count on its tick."""
    if not centres:
        names = plot.left - box.left
        return [names, box.width - names], []
    half = SLACK * widest / 2 + MARGIN_X
    spacing = centres[1] - centres[0] if len(centres) > 1 else 2 * half
    first = min(half, spacing / 2)
    columns = [round(centres[0] - first - box.left)]
    margins = []
    for j, _ in enumerate(centres):
        before = first if j == 0 else spacing / 2
        after = first if j == len(centres) - 1 else spacing / 2
        columns.append(round(before + after))
        margins.append((before - first, after - first))
    return columns, margins


def _key(slide: Any, slot: int, theme: Theme, y: int, left: int) -> None:
    """A sample of the line before the stratum's name."""
    line = slide.shapes.add_connector(1, emu(left + MARGIN_X), emu(y), emu(left + KEY - MARGIN_X), emu(y))
    line.name = "Key"
    line._element.remove(line._element.find("{*}style"))  # it brings the theme's shadow
    line.line.width = Pt(CURVE)
    line.line.dash_style = DASHES[slot % 6]
    line.line.color.rgb = RGBColor.from_string(colour(slot, theme)[1:])
