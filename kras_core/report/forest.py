"""The forest plot: a table whose rows are drawn, as HTML.

Text and intervals share their rows, so that it can be read aloud and copied, costs the browser little and fits
every window: the style sheet places interval and box at fractions of the drawn cell, and leaves out the arms'
columns where there is no room.
"""

import math
from collections.abc import Iterable, Iterator

from kras_core.analyse.subgroup_results import Arm, ForestAnalysis, SubgroupFactor, SubgroupRow
from kras_core.report import format as fmt
from kras_core.report.format import Clock, Printed, html_escape, mid_sentence, provenance
from kras_core.report.markers.suppressed import forest_hides, suppressed_forest
from kras_core.report.small_cells import HIDDEN
from kras_core.report.small_cells import explained as marks_explained

TICKS = (0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 100)
WIDEST = 50.0  # the axis ends at the latest at 1/50 and 50
SMALLEST_BOX, LARGEST_BOX = 5, 14  # pixels


class Axis:
    """A hazard ratio as a fraction of the drawn cell's width, on a log scale."""

    def __init__(self, ends: Iterable[float]) -> None:
        """ends: what the axis must show, besides 1."""
        known = [min(max(e, 1 / WIDEST), WIDEST) for e in ends if math.isfinite(e) and e > 0]
        reach = max([2.0, *(max(e, 1 / e) for e in known)]) * 1.08
        self.low, self.high = -math.log(reach), math.log(reach)

    def at(self, ratio: float) -> float:
        """Clamped to the cell."""
        if not math.isfinite(ratio) or ratio <= 0:
            return 0.0 if ratio == 0 else 1.0
        return min(1.0, max(0.0, (math.log(ratio) - self.low) / (self.high - self.low)))

    def ticks(self) -> list[float]:
        return [t for t in TICKS if self.low <= math.log(t) <= self.high]


def axis_ends(analysis: ForestAnalysis) -> Iterator[float]:
    """What the axis must show: every interval, or the estimate where it has no bounds."""
    for row in (analysis.overall, *(row for f in analysis.factors for row in f.rows)):
        if row.ratio is not None and not row.small:
            yield from (row.ratio.low, row.ratio.high)
        elif row.ratio is not None:
            yield row.ratio.estimate
        yield from row.ratio_range


def forest_html(analysis: ForestAnalysis) -> str:
    """The forest of a Subgroups view, and what its marks mean."""
    return forest_table_html(analysis) + _foot(analysis)


def forest_table_html(analysis: ForestAnalysis) -> str:
    """The forest alone."""
    analysis = suppressed_forest(analysis)
    axis, clock = Axis(axis_ends(analysis)), Clock(analysis.selection.unit, analysis.cohort.days_per_month)
    label = f"Forest plot: {analysis.label} v {analysis.reference}"
    body = _row(analysis.overall, axis, clock, "", overall=True)
    body += "".join(_factor(f, axis, clock) for f in analysis.factors)
    head = _head(analysis, axis, clock)
    return (
        f'<div class="kras-scroll" tabindex="0" role="region" aria-label="{html_escape(label)}">'
        f'<table class="kras-table kras-forest" aria-label="{html_escape(label)}">'
        f"<thead>{head}</thead><tbody>{body}</tbody></table></div>"
    )


def _head(analysis: ForestAnalysis, axis: Axis, clock: Clock) -> str:
    arms = "".join(
        f'<th scope="col" class="kras-n kras-arm">{html_escape(name)}<br><small>events/n, median {clock.abbreviation}'
        "</small></th>"
        for name in (analysis.label, analysis.reference)
    )
    ticks = "".join(f'<span style="--at:{axis.at(t):.4f}">{t:g}</span>' for t in axis.ticks())
    better = mid_sentence(analysis.label)
    ratio = f"HR ({fmt.percent(analysis.selection.conventions.confidence)} interval)"
    return (
        f'<tr><th scope="col">Subgroup</th>{arms}<th scope="col" class="kras-drawn">'
        f"<small>hazard lower | higher in {html_escape(better)}</small>"
        f'<div class="kras-scale" aria-hidden="true">{ticks}</div></th>'
        f'<th scope="col" class="kras-n">{ratio}</th><th scope="col" class="kras-n">Inter-<br>action p</th></tr>'
    )


def _factor(factor: SubgroupFactor, axis: Axis, clock: Clock) -> str:
    """A heading line with the interaction's p, then its levels."""
    said = _interaction(factor)
    why = split_words(factor)
    origin = f"<small>{html_escape(why)}</small>" if why else ""
    heading = (
        f'<tr class="kras-ruled kras-strong"><th scope="rowgroup">{html_escape(factor.label)}</th>'
        f'<td class="kras-arm" colspan="2">{origin}</td><td class="kras-drawn">{one_line(axis)}</td>'
        f'<td class="kras-n"></td>'
        f'<td class="kras-n">{said}</td></tr>'
    )
    return heading + "".join(_row(row, axis, clock, factor.label) for row in factor.rows)


def split_words(factor: SubgroupFactor) -> str:
    """Where the subgroups are from, in few words."""
    if factor.drawn:
        return "drawn at random: ranges"
    if factor.cutoff is None:
        return ""
    origin = factor.cutoff[1]
    known = (("published", "published cut-off"), ("median", "split at the median"), ("conv", "conventional cut-off"))
    return next((words for start, words in known if origin.startswith(start)), origin)


def _interaction(factor: SubgroupFactor) -> str:
    words = html_escape(interaction_text(factor))
    test = factor.interaction
    if test is None or math.isnan(test.p):
        return f'<small title="{html_escape(test.reason if test else "")}">{words}</small>'
    return f'<span title="{html_escape(test.reason)}">{words}</span>' if test.reason else f"<span>{words}</span>"


def interaction_text(factor: SubgroupFactor) -> str:
    """The interaction's p, with an asterisk where it is doubtful, or its range over redraws."""
    test = factor.interaction
    if test is None:
        low, high = factor.p_range or (math.nan, math.nan)
        return fmt.spread(low, high, fmt.p_value, fmt.NOT_ESTIMABLE)
    return fmt.p_value(test.p) + ("*" if test.reason and not math.isnan(test.p) else "")


def level(row: SubgroupRow, factor: str) -> str:
    """ "≤ 65 years" under a heading "Age"."""
    short = row.label.removeprefix(f"{factor} ")
    return short[:1].upper() + short[1:] if short else row.label


def _row(row: SubgroupRow, axis: Axis, clock: Clock, factor: str, overall: bool = False) -> str:
    wanted = (("kras-strong", overall), ("kras-indented", not overall), ("kras-small", row.small))
    kinds = " ".join(kind for kind, on in wanted if on)
    name = row.label if overall else level(row, factor)
    arms = "".join(f'<td class="kras-n kras-arm">{arm_text(a, clock).html}</td>' for a in row.arms)
    return (
        f'<tr class="{kinds}"><th scope="row">{html_escape(name)}</th>{arms}'
        f'<td class="kras-drawn">{one_line(axis)}{_drawn(row, axis, overall)}</td>'
        f'<td class="kras-n">{ratio_text(row).html}</td><td class="kras-n"></td></tr>'
    )


def arm_text(arm: Arm, clock: Clock) -> Printed:
    """Events of n, and the median in lighter ink."""
    if arm.n_range:
        events = fmt.spread(*(arm.events_range or (math.nan, math.nan)), fmt.whole)
        return Printed(f"{events}/{fmt.spread(*arm.n_range, fmt.whole)}")
    if not arm.n:
        return Printed("0", missing=True)
    if arm.median.reason == HIDDEN:
        return Printed(f"{arm.events}/{arm.n}")
    median = clock.number(arm.median.estimate) if math.isfinite(arm.median.estimate) else fmt.NOT_REACHED
    return Printed(f"{arm.events}/{fmt.whole(arm.n)}", median)


def ratio_text(row: SubgroupRow) -> Printed:
    """The hazard ratio, its range over redraws, or why there is none."""
    if row.drawn:
        low, high = row.ratio_range  # type: ignore[misc]
        if math.isnan(low) and math.isnan(high):
            return Printed("–", missing=True)  # why stands in the foot, and in the table
        return Printed(fmt.spread(low, high, fmt.ratio, fmt.NOT_ESTIMABLE), "range", missing=True)
    if row.note == HIDDEN:
        return Printed(HIDDEN, missing=True)
    if row.ratio is None or math.isnan(row.ratio.estimate):
        return Printed("–", row.note or (row.ratio.reason if row.ratio else ""), missing=True)
    return fmt.hazard_ratio(row.ratio)


def one_line(axis: Axis) -> str:
    return f'<i class="kras-one" style="--at:{axis.at(1.0):.4f}"></i>'


def _drawn(row: SubgroupRow, axis: Axis, overall: bool) -> str:
    """Interval and box; a wide grey bar for a range over redraws."""
    if row.drawn:
        low, high = row.ratio_range  # type: ignore[misc]
        if math.isnan(low) and math.isnan(high):
            return ""
        return f'<i class="kras-bar" style="--from:{axis.at(low):.4f};--to:{axis.at(high):.4f}"></i>'
    ratio = row.ratio
    if ratio is None or math.isnan(ratio.estimate):
        return ""
    low, high = (axis.at(x) for x in (ratio.low, ratio.high))
    size = LARGEST_BOX - 2 if overall else SMALLEST_BOX + (LARGEST_BOX - SMALLEST_BOX) * math.sqrt(row.weight)
    shape = "kras-diamond" if overall else "kras-box"
    return (
        f'<i class="kras-whisker" style="--from:{low:.4f};--to:{high:.4f}"></i>'
        f'<i class="{shape}" style="--at:{axis.at(ratio.estimate):.4f};--size:{size:.1f}px"></i>'
    )


def explained(analysis: ForestAnalysis) -> list[str]:
    """What the marks mean and what is not shown, in short sentences."""
    analysis = suppressed_forest(analysis)
    said = ["Box: estimate, its area by the precision of the subgroup; line: interval, unadjusted."]
    if any(row.small for f in analysis.factors for row in f.rows):
        said.append("Fainter: fewer than five patients or events in a group.")
    if any(f.drawn for f in analysis.factors):
        said.append("Grey bar: range over compatible redraws, no estimate; –: too many redraws without a finite ratio.")
    if any(f.interaction is not None and f.interaction.reason and f.interaction.p == f.interaction.p
           for f in analysis.factors):  # fmt: skip
        said.append("* A group without events in a subgroup: the χ² approximation is doubtful.")
    if forest_hides(analysis):
        said.append(f"{marks_explained()} No estimate beside few patients or hidden events.")
    reasons: dict[str, list[str]] = {}
    for label, reason in analysis.left_out:
        reasons.setdefault(reason, []).append(label)
    said += [f"Not shown: {', '.join(labels)} ({reason})." for reason, labels in reasons.items()]
    return said


def _foot(analysis: ForestAnalysis) -> str:
    words = html_escape(" ".join(explained(analysis)))
    return f'<p class="kras-foot"><span>{html_escape(provenance(analysis.cohort))}</span> {words}</p>'
