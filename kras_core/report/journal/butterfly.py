"""Adverse events for print: two groups back to back, or one bar a term; grade ≥ 3 dark along the spine."""

from matplotlib.axes import Axes

from kras_core.analyse.results import SafetyAnalysis, SafetyRow
from kras_core.report import format as fmt
from kras_core.report.format import plain
from kras_core.report.imprint import closing
from kras_core.report.journal.page import EDGE, Page, foot_height, foot_lines, leading, text_width, wrapped
from kras_core.report.journal.style import HAIRLINE, INK, QUIET, Style, missing_note
from kras_core.report.safety.butterfly import DARK, LIGHT, MOST_TERMS, WITHOUT_HIDDEN, Wing, segments_of, wings_of
from kras_core.report.safety.suppressed import hides_any, suppressed_safety
from kras_core.report.safety.tables import in_order
from kras_core.report.survival.answer import safety_answer

AXIS = 24.0  # points
STROKE = 1.5  # points, of a range that is one number
MOST_LINES = 2  # of a term


def draw(analysis: SafetyAnalysis, style: Style) -> Page:
    """The Safety view's figure. Counts that the table hides have no bar."""
    analysis = suppressed_safety(analysis)
    rows = in_order(analysis, "frequency")
    if not rows:
        raise ValueError("no adverse event to draw")
    shown, wings = rows[:MOST_TERMS], wings_of(analysis, "light")
    room = style.points - 2 * EDGE if style.narrow else 0.34 * style.points
    terms = [_term(row, style, room) for row in shown]
    left = EDGE + 3 if style.narrow else EDGE + 5 + max(text_width(t, style.size, r.any_row) for r, lines in
                                                     zip(shown, terms, strict=True) for t in lines)  # fmt: skip
    line = leading(style.size)
    height = line * (2.3 if style.narrow else 1.15 * max(map(len, terms)) + 0.25)
    notes = _notes(analysis, shown, len(rows), wings, style)
    headings = [wrapped(plain(w.heading), style.size, (style.points - left) / len(wings) - 8, True) for w in wings]
    top = EDGE + line * (1.2 + max(map(len, headings)))
    high = height * len(shown)
    page = Page(style, top + high + AXIS + foot_height(notes, style))
    width = style.points - left - 8
    axes = page.plot(left, top, width, high)
    end = _axes(axes, analysis, shown, wings, (width, style))
    line_wide = STROKE * end * len(wings) / width
    for wing in wings:
        _bars(axes, shown, wing, (line_wide, style))
        _counts(axes, shown, wing, style)
    for i, (row, lines) in enumerate(zip(shown, terms, strict=True)):
        _write_term(page, row, lines, top + (i + 0.5) * height, left, style)
    _heads(page, wings, headings, (left, width), analysis, end)
    page.lines(EDGE, top + high + AXIS, notes)
    return page


def _term(row: SafetyRow, style: Style, room: float) -> list[str]:
    lines = wrapped(plain(row.term), style.size, room, row.any_row)
    most = 1 if style.narrow else MOST_LINES
    return lines if len(lines) <= most else [*lines[: most - 1], lines[most - 1] + " …"]


def _write_term(page: Page, row: SafetyRow, lines: list[str], y: float, left: float, style: Style) -> None:
    """Beside the bars, or on a narrow figure above them."""
    weight = "bold" if row.any_row else "normal"
    line = leading(style.size)
    if style.narrow:
        page.text(EDGE, y - 0.55 * line, lines[0], fontweight=weight)
        return
    for j, text in enumerate(lines):
        page.text(left - 5, y + (j - (len(lines) - 1) / 2) * line, text, ha="right", fontweight=weight)


def _axes(
    axes: Axes, analysis: SafetyAnalysis, rows: list[SafetyRow], wings: tuple[Wing, ...], of: tuple[float, Style]
) -> float:
    """Per cent of patients (patients, of redraws) to both sides or one; where the axis ends."""
    width, style = of
    furthest = max((s.end for w in wings for row in rows for s in segments_of(row, w.group)), default=0.0) or 1.0
    room = max(text_width(f"  {_count(row, w)}", style.note) for w in wings for row in rows)
    end = furthest / max(1 - room / (width / len(wings)), 0.3)
    step = next(s for s in (1, 2, 5, 10, 20, 25, 50) if end / s <= (4 if style.narrow else 6) or s == 50)
    marks = [step * i for i in range(int(min(end, end if analysis.drawn else 100) / step) + 1)]
    ticks = sorted({w.sign * m for m in marks for w in wings})
    axes.set_xlim(-end if len(wings) == 2 else 0, end)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xticks(ticks, [f"{abs(t)}" for t in ticks])
    axes.set_yticks([])
    axes.grid(axis="x", color=HAIRLINE, linewidth=0.5)
    axes.set_axisbelow(True)
    unit = "Patients, range over compatible redraws" if analysis.drawn else "Patients, %"
    axes.set_xlabel(unit, fontsize=style.size, labelpad=2)
    axes.axvline(0, color=QUIET, linewidth=0.6)
    summaries = sum(row.any_row for row in rows)
    if 0 < summaries < len(rows):
        axes.axhline(summaries - 0.5, color=HAIRLINE, linewidth=0.6)
    return end


def _y(i: int, style: Style) -> float:
    return i + 0.22 if style.narrow else i


def _bars(axes: Axes, rows: list[SafetyRow], wing: Wing, of: tuple[float, Style]) -> None:
    """A bar a segment; a range of one number is a line of that width, ending there."""
    line_wide, style = of
    color = style.shade(wing.colour)
    for i, row in enumerate(rows):
        for segment in segments_of(row, wing.group):
            if not segment.says or not segment.end:
                continue
            wide = line_wide if segment.point else segment.end - segment.start
            axes.barh(
                _y(i, style), -wing.sign * wide, left=wing.sign * segment.end,
                height=segment.width * (0.62 if style.narrow else 1), color=color, alpha=segment.opacity, linewidth=0,
                gid=f"bar-{i}-{wing.sign}",
            )  # fmt: skip


def _count(row: SafetyRow, wing: Wing) -> str:
    """ "16 (59.3)" of any grade, or the range over redraws."""
    drawn = row.overall_range if wing.group is None else {band: r[wing.group] for band, r in row.ranges.items()}
    found = row.overall["any"] if wing.group is None else row.cells["any"][wing.group]
    return fmt.spread(*drawn["any"], fmt.whole) if drawn else fmt.count(found.k, found.n).text


def _counts(axes: Axes, rows: list[SafetyRow], wing: Wing, style: Style) -> None:
    for i, row in enumerate(rows):
        end = wing.sign * max(s.end for s in segments_of(row, wing.group))
        axes.annotate(
            _count(row, wing), (end, _y(i, style)), xytext=(wing.sign * 2.5, 0), textcoords="offset points",
            ha="right" if wing.sign < 0 else "left", va="center_baseline", fontsize=style.note, color=INK,
            gid=f"count-{i}-{wing.sign}", annotation_clip=False,
        )  # fmt: skip


def _heads(
    page: Page,
    wings: tuple[Wing, ...],
    headings: list[list[str]],
    span: tuple[float, float],
    analysis: SafetyAnalysis,
    end: float,
) -> None:
    """The wings' names and sizes, and what the shades mean above them."""
    style, (left, width), line = page.style, span, leading(page.style.size)
    spine = left + width * (0.5 if len(wings) == 2 else 0.0)
    lowest = EDGE + line * (1 + max(map(len, headings)) - 0.3)
    for wing, lines in zip(wings, headings, strict=True):
        for j, text in enumerate(reversed(lines)):
            ink = INK if style.grey else wing.ink
            side = "right" if wing.sign < 0 else "left"
            page.text(spine + wing.sign * 4, lowest - j * line, text, ha=side, color=ink, fontweight="bold")
    outer = "any grade" if analysis.drawn else "grade 1–2"
    x, y = left, EDGE + line / 2
    for opacity, words in ((DARK, "grade ≥ 3"), (LIGHT, outer)):
        page.rule(x, x + 8, y, color=INK, width=style.note - 1, alpha=opacity, solid_capstyle="butt")
        page.text(x + 11, y, words, size=style.note, color=QUIET)
        x += 11 + text_width(words, style.note) + 10


def _notes(
    analysis: SafetyAnalysis, shown: list[SafetyRow], of: int, wings: tuple[Wing, ...], style: Style
) -> list[tuple[str, str]]:
    found = safety_answer(analysis)
    said = "Worst grade of each patient." if analysis.drawn else "Worst grade of each patient; count (%) of any grade."
    if of > len(shown):
        said += f" The first {len(shown)} of {of} rows are drawn."
    if hides_any(analysis):
        said += f" {WITHOUT_HIDDEN}"
    first = ". ".join(filter(None, (found.where, found.line1.text, found.line2.text)))
    last = closing(analysis)
    texts = [first, said, last, *(row.term for row in shown), *(w.heading for w in wings)]
    drawn = [analysis.drawn] if analysis.drawn else []
    lines = [(first, INK), (" ".join([said, analysis.definition, *drawn]), QUIET), (last, QUIET)]
    return foot_lines([*lines, (missing_note(texts), INK)], style)
