"""Best response for print: a stacked bar a group, ORR and DCR with their intervals beneath each."""

from matplotlib.axes import Axes

from kras_core.analyse.response_results import RESPONSES, Measure, ResponseAnalysis, ResponseGroup
from kras_core.report import format as fmt
from kras_core.report.format import plain
from kras_core.report.imprint import closing
from kras_core.report.journal.page import EDGE, Page, foot_height, foot_lines, leading, text_width
from kras_core.report.journal.style import HAIRLINE, INK, QUIET, Style, missing_note
from kras_core.report.response.figure import MOST_GROUPS, parts_of
from kras_core.report.response.tables import NAMES, SHORT, size
from kras_core.report.response.words import response_answer

AXIS, ROW = 24.0, 44.0  # points
# From best to worst, dark to light: they stay apart in grey too.
FILLS = {"CR": "#0b3c49", "PR": "#2f7f93", "SD": "#a9c3c9", "PD": "#c9816f", "NE": "#ece9e2"}
DARK = ("CR", "PR")
# Where in a row the rates stand (and their marks), and their ranges over redraws.
RATES: tuple[tuple[Measure, float, str], ...] = (("orr", 0.62, "D"), ("dcr", 0.84, "o"))
RANGES: tuple[tuple[Measure, float], ...] = (("orr", 0.42), ("dcr", 0.68))


def draw(analysis: ResponseAnalysis, style: Style) -> Page:
    """The Response view's figure."""
    groups = [*analysis.groups[:MOST_GROUPS], analysis.overall]
    line = leading(style.size)
    notes = _notes(analysis, groups, style)
    top, high = EDGE + 2 * line, (ROW + line) * len(groups)
    page = Page(style, top + high + AXIS + foot_height(notes, style))
    left, width = EDGE + 8, style.points - 2 * EDGE - 24
    axes = page.plot(left, top, width, high)
    axes.set_xlim(0, 100)
    axes.set_ylim(len(groups), 0)
    axes.set_yticks([])
    axes.set_xticks([0, 25, 50, 75, 100])
    axes.grid(axis="x", color=HAIRLINE, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.set_xlabel("Patients, %", fontsize=style.size, labelpad=2)
    for i, group in enumerate(groups):
        _group(axes, group, i, style, width)
    _key(page, groups)
    page.lines(EDGE, top + high + AXIS, notes)
    return page


def _group(axes: Axes, group: ResponseGroup, i: int, style: Style, width: float) -> None:
    """A row: the group's name, its bar or range, and both rates in words beside their intervals."""
    name = f"{plain(group.label)} · n = {size(group)}"
    axes.text(0, i + 0.12, name, fontsize=style.size, fontweight="bold", va="center", parse_math=False)
    if group.ranges:
        _ranges(axes, group, i, style)
        return
    start = 0.0
    for response, k in zip(RESPONSES, parts_of(group), strict=True):
        share = 100 * k / max(group.n, 1)
        if not k:
            continue
        fill, words = style.shade(FILLS[response]), f"{response} {k}"
        axes.barh(i + 0.36, share, left=start, height=0.26, color=fill, edgecolor="white", linewidth=0.6,
                  gid=f"bar-{i}-{response}")  # fmt: skip
        if text_width(words, style.note) + 4 < share / 100 * width:
            color = "white" if response in DARK else INK
            axes.text(start + share / 2, i + 0.36, words, ha="center", va="center", fontsize=style.note, color=color)
        start += share
    if not group.n:
        return
    for measure, y, marker in RATES:
        rate = group.rates[measure, "all"].exact
        axes.plot([100 * rate.low, 100 * rate.high], [i + y] * 2, color=INK, linewidth=0.8, gid=f"{measure}-{i}")
        axes.plot([100 * rate.estimate], [i + y], marker=marker, color=INK, markersize=3.5)
        words = f"{SHORT[measure]} {fmt.proportion(rate).text}"
        room = text_width(words, style.note) + 5
        right = (1 - rate.high) * width >= room
        x = 100 * (rate.high if right else rate.low)
        axes.annotate(words, (x, i + y), xytext=(4 if right else -4, 0), textcoords="offset points", va="center",
                      ha="left" if right else "right", fontsize=style.note, gid=f"{measure}-text-{i}",
                      annotation_clip=False)  # fmt: skip


def _ranges(axes: Axes, group: ResponseGroup, i: int, style: Style) -> None:
    for measure, y in RANGES:
        low, high = group.ranges[measure]
        least, most = (100 * k / max(group.n, 1) for k in (low, high))
        axes.barh(i + y, max(most - least, 0.8), left=least, height=0.14, color=QUIET, alpha=0.4, linewidth=0)
        words = f"{SHORT[measure]} {fmt.spread(low, high, fmt.whole)} of {size(group)} (range)"
        right = 100 - most >= least
        axes.annotate(words, (most if right else least, i + y), xytext=(4 if right else -4, 0), va="center",
                      textcoords="offset points", ha="left" if right else "right", fontsize=style.note,
                      gid=f"{measure}-text-{i}")  # fmt: skip


def _key(page: Page, groups: list[ResponseGroup]) -> None:
    """What the fills are, for the responses that occur."""
    style, x, y = page.style, EDGE + 8, EDGE + leading(page.style.note) / 2
    occurring = [r for i, r in enumerate(RESPONSES) if any(not g.ranges and parts_of(g)[i] for g in groups)]
    for response in occurring:
        words = response if style.narrow else f"{response}, {NAMES[response].lower()}"
        page.rule(x, x + 8, y, color=style.shade(FILLS[response]), width=style.note - 1)
        page.text(x + 11, y, words, size=style.note, color=QUIET)
        x += 11 + text_width(words, style.note) + 9


def _notes(analysis: ResponseAnalysis, groups: list[ResponseGroup], style: Style) -> list[tuple[str, str]]:
    found = response_answer(analysis)
    first = ". ".join(filter(None, (found.where, found.line1.text, found.line2.text)))
    level = fmt.percent(analysis.selection.conventions.confidence)
    said = [f"Per cent of all patients. Diamond ORR, circle DCR, line {level} interval by Clopper–Pearson."]
    if any(g.missing for g in groups):
        said.append("NE includes not recorded.")
    if len(analysis.groups) > MOST_GROUPS:
        said.append(f"The first {MOST_GROUPS} of {len(analysis.groups)} groups are drawn.")
    said.append(analysis.drawn)
    last = closing(analysis)
    note = missing_note([first, last, *(g.label for g in groups)])
    return foot_lines([(first, INK), (" ".join(filter(None, said)), QUIET), (last, QUIET), (note, INK)], style)
