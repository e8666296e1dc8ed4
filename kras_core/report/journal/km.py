"""Kaplan–Meier curves for print: bands, censor ticks, medians, names at the ends, and the table of patients at risk
under its ticks."""

from typing import Any

from matplotlib.axes import Axes

from kras_core.analyse.results import DrawnStratum, Stratum, SurvivalAnalysis
from kras_core.report.format import plain
from kras_core.report.imprint import closing
from kras_core.report.journal.page import EDGE, Page, foot_height, foot_lines, leading, text_width, wrapped
from kras_core.report.journal.style import HAIRLINE, INK, QUIET, Style, dashes, missing_note, printable
from kras_core.report.small_cells import threshold, words
from kras_core.report.survival.answer import answer
from kras_core.report.survival.km_curves import BAND, FAINT, censored, edges, envelope, path, split, thin_from
from kras_core.report.survival.km_figure import frame_of, strata_of
from kras_core.report.survival.km_frame import MOST_BANDS, MOST_CURVES, Frame, short, ticks
from kras_core.report.survival.km_labels import Feet, Foot
from kras_core.report.survival.km_under import cells, explained, range_words, stride
from kras_core.report.survival.km_words import label_places

AXIS = 24.0  # points under the plot: numbers and the axis' title
KEY = 14.0  # a sample of the line before a stratum's name
ENVELOPE = 0.12
LEAD = {"arrowstyle": "-", "linewidth": 0.5, "color": QUIET, "shrinkA": 0, "shrinkB": 0}
SCREEN = 13.0  # pixels of the screen's type, in which places of names are judged


def draw(analysis: SurvivalAnalysis, style: Style) -> Page:
    """The Survival view's figure."""
    frame, strata = frame_of(analysis), strata_of(analysis)[:MOST_CURVES]
    table = _Table(analysis, frame, strata, style)
    left, right = table.left, table.right
    width = style.points - left - right
    high = width * (0.78 if style.narrow else 0.62)
    texts = [*(s.label for s in strata), analysis.endpoint.label, *_said(analysis, strata)]
    notes = foot_lines([*((t, INK if i < 2 else QUIET) for i, t in enumerate(_said(analysis, strata))),
                        (missing_note(texts), INK)], style)  # fmt: skip
    top = EDGE + style.size / 2
    under = top + high + AXIS
    page = Page(style, under + table.height + 4 + foot_height(notes, style))
    axes = page.plot(left, top, width, high)
    _frame(axes, analysis, frame)
    if analysis.redraws is None:
        for s in strata:
            _curve(axes, s, frame, style, banded=len(strata) <= MOST_BANDS)
        taken = _medians(axes, strata, frame, style, width)
    else:
        _envelopes(axes, analysis, strata, frame, style)
        taken = []
    _names(axes, strata, frame, style, (width, high, right - EDGE), taken)
    table.write(page, under, width)
    page.lines(EDGE, under + table.height + 4, notes)
    return page


def _said(analysis: SurvivalAnalysis, strata: list[Any]) -> list[str]:
    """The answer's two lines, what the marks mean, and the imprint."""
    found = answer(analysis)
    where = [found.where] if found.where else []
    ratios = [r.caution for r in analysis.hazard_ratios if r.caution]
    said = [
        ". ".join(filter(None, [*where, found.line1.text])),
        found.line2.text,
        " ".join([*explained(analysis, strata), *ratios]),
        closing(analysis),
    ]
    return list(map(words, said))


def _frame(axes: Axes, analysis: SurvivalAnalysis, frame: Frame) -> None:
    """Axes in the view's unit and per cent, hairlines at the quarters."""
    at = ticks(frame, analysis.risk_table)
    axes.set_xlim(0, frame.end * frame.clock.per_month)
    axes.set_ylim(0, 101)
    axes.set_xticks([t * frame.clock.per_month for t in at], [frame.clock.tick(t) for t in at])
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", color=HAIRLINE, linewidth=0.5)
    axes.set_axisbelow(True)
    size = axes.xaxis.get_ticklabels()[0].get_fontsize()
    axes.set_xlabel(f"Time, {frame.clock.unit}", fontsize=size, labelpad=2)
    axes.set_ylabel(f"{plain(analysis.endpoint.label)}, %", fontsize=size, labelpad=3)


def _curve(axes: Axes, s: Stratum, frame: Frame, style: Style, banded: bool) -> None:
    """A band, the curve with its fainter part, and its censor ticks."""
    if not s.curve.time.size:
        return
    unit, color = frame.clock.per_month, style.line(s.slot)
    turn = thin_from(s.curve, s.n)
    x, both = edges(s.curve, frame)
    if banded and x.size:
        for part, share in zip(split(x, both, min(turn, x[-1])), (1.0, 0.5), strict=True):
            if part[0].size:
                months, (low, high) = part
                axes.fill_between(
                    months * unit, 100 * low, 100 * high, step="post", color=color, alpha=share * BAND, linewidth=0
                )
    x, y = path(s.curve, frame)
    for part, alpha, name in zip(split(x, y, min(turn, x[-1])), (1.0, FAINT), ("curve", "few"), strict=True):
        if part[0].size:
            axes.plot(
                part[0] * unit, 100 * part[1], drawstyle="steps-post", color=color, alpha=alpha, linewidth=1.1,
                linestyle=dashes(s.slot), gid=f"{name}-{s.slot}",
            )  # fmt: skip
    months, survival = censored(s.curve, frame)
    axes.plot(
        months * unit, 100 * survival, linestyle="none", marker="|", markersize=4, markeredgewidth=0.7, color=color,
        clip_on=False, gid=f"censored-{s.slot}",
    )  # fmt: skip


def _medians(axes: Axes, strata: list[Stratum], frame: Frame, style: Style, width: float) -> list[Foot]:
    """Dotted drops from one half, with the value beside each foot; the room that the values take."""
    at = sorted(((s.median.estimate, s.slot) for s in strata if s.median.estimate <= frame.end), key=lambda m: m[0])
    if not at:
        return []
    unit = frame.clock.per_month
    dotted = {"color": QUIET, "linewidth": 0.6, "linestyle": (0, (1, 2))}
    axes.plot([0, at[-1][0] * unit], [50, 50], **dotted)
    feet = Feet(width, leading(style.note), lambda text: text_width(text, style.note))
    for months, slot in at:
        axes.plot([months * unit] * 2, [50, 0], **dotted)
        text = frame.clock.number(months)
        x, y, ha = feet.beside(frame.across(months), text)
        axes.annotate(
            text, (months * unit, 0), xytext=(x, y), textcoords="offset points", ha=ha, va="center",
            fontsize=style.note, color=style.ink(slot), gid=f"median-{slot}",
        )  # fmt: skip
    return feet.taken(SCREEN / style.size)


def _envelopes(axes: Axes, analysis: SurvivalAnalysis, strata: list[DrawnStratum], frame: Frame, style: Style) -> None:
    """What redraws leave open, and everybody's curve where that is determined."""
    unit = frame.clock.per_month
    for s in strata:
        months, (low, high) = envelope(s, frame)
        color = style.line(s.slot)
        axes.fill_between(months * unit, 100 * low, 100 * high, step="post", color=color, alpha=ENVELOPE, linewidth=0)
        for edge, name in ((low, "low"), (high, "high")):
            axes.plot(
                months * unit, 100 * edge, drawstyle="steps-post", color=color, linewidth=0.7,
                linestyle=dashes(s.slot), gid=f"{name}-{s.slot}",
            )  # fmt: skip
    if analysis.redraws and analysis.redraws.overall is None:
        x, y = path(analysis.overall.curve, frame)
        axes.plot(x * unit, 100 * y, drawstyle="steps-post", color=QUIET, linewidth=0.9, gid="everyone")


def _names(
    axes: Axes,
    strata: list[Any],
    frame: Frame,
    style: Style,
    sizes: tuple[float, float, float],
    taken: list[Foot],
) -> None:
    """Each curve's name and n where it ends."""
    to_screen = SCREEN / style.size
    width, high, right = (v * to_screen for v in sizes)
    wide = [text_width(name, style.size, bold=True) * to_screen for name in _end_names(strata)]
    for i, x, y, at in label_places(strata, wide, frame, ((width,), high, right), taken):
        offset = (at.dx / to_screen, -at.dy / to_screen)
        far = abs(at.dy) > 14
        axes.annotate(
            _end_names(strata)[i], (x * frame.end * frame.clock.per_month, 100 * (1 - y)), xytext=offset,
            textcoords="offset points", ha=at.anchor, va="center", fontsize=style.size, fontweight="bold",
            color=style.ink(strata[i].slot), annotation_clip=False, gid=f"name-{strata[i].slot}",
            bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.5},
            arrowprops=LEAD if far else None,
        )  # fmt: skip


def _end_names(strata: list[Any]) -> list[str]:
    return [printable(plain(short(s.label))) for s in strata]


class _Table:
    """Patients at risk. On a wide figure names stand beside their counts, on a narrow one above them."""

    def __init__(self, analysis: SurvivalAnalysis, frame: Frame, strata: list[Any], style: Style) -> None:
        self.analysis, self.frame, self.strata, self.style = analysis, frame, strata, style
        self.at = ticks(frame, analysis.risk_table)
        self.open = analysis.redraws is not None
        self.cells = [] if self.open else [cells(analysis.risk_table, i)[: len(self.at)] for i in range(len(strata))]
        self.widest = max((text_width(c, style.note) for row in self.cells for c in row), default=0.0)
        least = 32.0  # the plot's own numbers and title
        room = 0.0 if style.narrow else 0.27 * style.points
        self.names = [wrapped(plain(s.label), style.size, max(room, 60) - KEY) for s in strata]
        self.above = style.narrow or self.open
        if self.above:
            width = style.points - 2 * EDGE - KEY
            self.names = [wrapped(plain(s.label), style.size, width) for s in strata]
        widest = 0.0 if self.above else max(text_width(line, style.size) for name in self.names for line in name)
        beside = EDGE + KEY + widest + 6 + self.widest / 2
        self.left = max(least, EDGE + self.widest / 2, 0.0 if self.above else beside)
        self.right = max(self.widest / 2 + EDGE, 8.0)

    @property
    def line(self) -> float:
        return leading(self.style.size)

    @property
    def height(self) -> float:
        rows = sum(len(name) + (1 if self.above else 0) for name in self.names)
        return (1 + rows) * self.line + 2

    def write(self, page: Page, y: float, width: float) -> None:
        style = self.style
        entered = " +entered" if self.analysis.risk_table.entered.size else ""
        redraws = self.analysis.redraws
        counts = "At risk" if threshold() else f"At risk (censored) [events]{entered}"
        head = f"Range over {redraws.count} compatible redraws" if redraws else counts
        y += self.line / 2
        page.text(EDGE, y, head, size=style.note, color=QUIET)
        every = stride(len(self.at), self.widest + 4, width)
        for i, (s, name) in enumerate(zip(self.strata, self.names, strict=True)):
            y += self.line
            page.rule(EDGE, EDGE + KEY - 3, y, color=style.line(s.slot), width=1.1, linestyle=dashes(s.slot))
            for j, part in enumerate(name):
                page.text(EDGE + KEY, y + j * self.line, part)
            if self.above:
                y += len(name) * self.line
            if self.open:
                page.text(EDGE + KEY, y, range_words(s, self.frame.clock), size=style.note)
            else:
                for j in range(0, len(self.at), every):
                    x = self.left + self.frame.across(self.at[j]) * width
                    page.text(x, y, self.cells[i][j], size=style.note, ha="center", gid=f"at-risk-{i}-{j}")
            if not self.above:
                y += (len(name) - 1) * self.line
