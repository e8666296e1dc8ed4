"""The forest plot for print: subgroups, both arms, intervals on a log axis, hazard ratios, interaction p."""

import math
from dataclasses import dataclass

from matplotlib.axes import Axes

from kras_core.analyse.subgroup_results import ForestAnalysis, SubgroupRow
from kras_core.report import format as fmt
from kras_core.report.forest import Axis, arm_text, axis_ends, explained, interaction_text, level, ratio_text
from kras_core.report.format import Clock, mid_sentence, plain
from kras_core.report.imprint import closing
from kras_core.report.journal.page import EDGE, Page, foot_height, foot_lines, leading, text_width, wrapped
from kras_core.report.journal.style import INK, QUIET, Style, missing_note
from kras_core.report.markers.answer import forest_answer
from kras_core.report.markers.suppressed import suppressed_forest
from kras_core.report.palette import TOKENS

AXIS = 16.0  # points: the axis' numbers
GAP = 7.0
FAINT = 0.45


@dataclass(frozen=True, slots=True)
class _Line:
    """A printed row: its words, and the row that is drawn in it (None for a heading)."""

    name: str
    arms: tuple[str, ...]
    ratio: str
    p: str
    row: SubgroupRow | None
    heading: bool = False
    overall: bool = False


def draw(analysis: ForestAnalysis, style: Style) -> Page:
    """The Subgroups view's figure. Rows with hidden counts have no estimate."""
    analysis = suppressed_forest(analysis)
    lines = _lines(analysis)
    heads = _heads(analysis, style)
    arms = (
        ()
        if style.narrow
        else tuple(_widest(heads[1 + i], (line.arms[i] for line in lines if line.arms), style) for i in (0, 1))
    )
    ratio = _widest(heads[3], (line.ratio for line in lines), style)
    p = _widest(heads[4], (line.p for line in lines), style)
    room = min(_names_width(lines, style), (0.32 if style.narrow else 0.26) * style.points)
    names = [
        wrapped(plain(line.name), style.size, room - _indent(line, style), line.heading or line.overall)
        for line in lines
    ]
    lefts = [EDGE]
    for w in (room, *arms):
        lefts.append(lefts[-1] + w + GAP)
    plot_right = style.points - EDGE - p - GAP - ratio - GAP
    line_height = leading(style.size) * 1.12
    head = max(map(len, heads)) * leading(style.note) + 3
    notes = _notes(analysis, style)
    high = sum(map(len, names)) * line_height
    title = _axis_title(analysis, style, plot_right - lefts[-1])
    under = EDGE + head + high + AXIS + len(title) * leading(style.size)
    page = Page(style, under + foot_height(notes, style))
    columns = _Columns(tuple(lefts), plot_right, plot_right + GAP + ratio, style.points - EDGE)
    _write_heads(page, heads, columns, head)
    axes = page.plot(lefts[-1], EDGE + head, plot_right - lefts[-1], high)
    axis = Axis(axis_ends(analysis))
    _frame(axes, axis, title, high / line_height, style)
    y = 0.0
    for line, name in zip(lines, names, strict=True):
        _write(page, line, name, columns, EDGE + head + y * line_height, line_height)
        if line.row is not None:
            _mark(axes, line.row, axis, y + 0.5, style, line.overall)
        y += len(name)
    page.lines(EDGE, under, notes)
    return page


@dataclass(frozen=True, slots=True)
class _Columns:
    """Left edges up to the plot's; right edges of the plot, the hazard ratios and the p values; points."""

    lefts: tuple[float, ...]
    plot: float
    ratio: float
    p: float


def _lines(analysis: ForestAnalysis) -> list[_Line]:
    clock = Clock(analysis.selection.unit, analysis.cohort.days_per_month)

    def line(row: SubgroupRow, name: str, overall: bool = False) -> _Line:
        arms = tuple(arm_text(arm, clock).text for arm in row.arms)
        return _Line(name, arms, ratio_text(row).text, "", row, overall=overall)

    found = [line(analysis.overall, analysis.overall.label, overall=True)]
    for factor in analysis.factors:
        found.append(_Line(factor.label, (), "", interaction_text(factor), None, heading=True))
        found += [line(row, level(row, factor.label)) for row in factor.rows]
    return found


def _heads(analysis: ForestAnalysis, style: Style) -> list[list[str]]:
    """Headers, in lines."""
    unit = Clock(analysis.selection.unit, analysis.cohort.days_per_month).abbreviation
    arms = [
        [*wrapped(plain(name), style.note, 70), f"events/n, median {unit}"]
        for name in (analysis.label, analysis.reference)
    ]
    level_ = fmt.percent(analysis.selection.conventions.confidence)
    return [["Subgroup"], *arms, ["HR", f"({level_} interval)"], ["Inter-", "action p"]]


def _widest(head: list[str], texts: object, style: Style) -> float:
    words = [*(text_width(t, style.note) for t in head), *(text_width(t, style.size) for t in texts)]  # type: ignore[attr-defined]
    return max(words)


def _indent(line: _Line, style: Style) -> float:
    return 0.0 if line.heading or line.overall else style.size * 0.9


def _names_width(lines: list[_Line], style: Style) -> float:
    return max(text_width(plain(n.name), style.size, n.heading or n.overall) + _indent(n, style) for n in lines) + 1


def _write_heads(page: Page, heads: list[list[str]], columns: _Columns, head: float) -> None:
    style = page.style
    places = [(columns.lefts[0], "left"), (columns.ratio, "right"), (columns.p, "right")]
    texts = [heads[0], heads[3], heads[4]]
    if len(columns.lefts) > 2:
        places += [(x - GAP, "right") for x in columns.lefts[2:]]
        texts += heads[1:3]
    for (x, ha), lines in zip(places, texts, strict=True):
        for j, text in enumerate(reversed(lines)):
            page.text(x, EDGE + head - 4 - (j + 0.5) * leading(style.note), text, size=style.note, color=QUIET, ha=ha)
    page.rule(EDGE, style.points - EDGE, EDGE + head - 1, color=QUIET)


def _write(page: Page, line: _Line, name: list[str], columns: _Columns, y: float, height: float) -> None:
    """The words of a row; its first line is the drawn one."""
    style = page.style
    weight = "bold" if line.heading or line.overall else "normal"
    if line.heading:
        page.rule(EDGE, style.points - EDGE, y)
    for j, text in enumerate(name):
        page.text(columns.lefts[0] + _indent(line, style), y + (j + 0.5) * height, text, fontweight=weight)
    middle = y + height / 2
    small = line.row is not None and line.row.small
    color = QUIET if small else INK
    if line.row is not None:
        for x, text in zip(columns.lefts[2:], line.arms, strict=False):
            page.text(x - GAP, middle, text, ha="right", color=color)
    page.text(
        columns.ratio, middle, line.ratio, ha="right", color=color, fontweight="bold" if line.overall else "normal"
    )
    page.text(columns.p, middle, line.p, ha="right")


def _frame(axes: Axes, axis: Axis, title: list[str], rows: float, style: Style) -> None:
    axes.set_xlim(math.exp(axis.low), math.exp(axis.high))
    axes.set_xscale("log")
    axes.set_ylim(rows, 0)
    width = axes.get_position().width * style.points
    marks = axis.ticks()
    every = next(s for s in (1, 2, 3) if len(marks[::s]) * (text_width("0.05", style.size) + 3) <= width or s == 3)
    kept = [t for t in marks if every == 1 or t == 1 or round(math.log10(t), 6).is_integer()]
    axes.set_xticks(kept, [f"{t:g}" for t in kept])
    axes.minorticks_off()
    axes.set_yticks([])
    axes.axvline(1, color=QUIET, linewidth=0.6)
    axes.set_xlabel("\n".join(title), fontsize=style.size, labelpad=2)


def _axis_title(analysis: ForestAnalysis, style: Style, width: float) -> list[str]:
    compared = f"Hazard ratio, {mid_sentence(plain(analysis.label))} v {mid_sentence(plain(analysis.reference))}"
    return wrapped(compared, style.size, max(width, 90))


def _mark(axes: Axes, row: SubgroupRow, axis: Axis, y: float, style: Style, overall: bool) -> None:
    """Interval and box, clamped to the axis; a wide bar for a range over redraws."""
    low, high = math.exp(axis.low), math.exp(axis.high)

    def inside(x: float) -> float:
        return min(max(x, low), high) if math.isfinite(x) else high

    if row.drawn:
        first, last = row.ratio_range  # type: ignore[misc]
        if not (math.isnan(first) and math.isnan(last)):
            ends = [inside(first), inside(last)]
            axes.plot(ends, [y, y], color=QUIET, alpha=0.35, linewidth=5, solid_capstyle="butt", gid="range")
        return
    ratio = row.ratio
    if ratio is None or math.isnan(ratio.estimate):
        return
    alpha = FAINT if row.small else 1.0
    axes.plot([inside(ratio.low), inside(ratio.high)], [y, y], color=INK, alpha=alpha, linewidth=0.8, gid="interval")
    size = 5.0 if overall else 2.2 + 3.3 * math.sqrt(row.weight)
    color = INK if overall else style.shade(TOKENS["light"].accent)
    axes.plot(
        [inside(ratio.estimate)], [y], marker="D" if overall else "s", markersize=size, color=color, alpha=alpha,
        markeredgewidth=0, gid="estimate",
    )  # fmt: skip


def _notes(analysis: ForestAnalysis, style: Style) -> list[tuple[str, str]]:
    found = forest_answer(analysis)
    first = ". ".join(filter(None, (found.where, found.line1.text, found.line2.text)))
    said = " ".join(explained(analysis))
    last = f"{analysis.endpoint.label}. {closing(analysis)}"
    names = [row.label for f in analysis.factors for row in f.rows]
    note = missing_note([first, said, last, *names, *(f.label for f in analysis.factors)])
    return foot_lines([(first, INK), (said, QUIET), (last, QUIET), (note, INK)], style)
