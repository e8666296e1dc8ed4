"""What stands under the Kaplan–Meier figure, on its time axis: patients at risk, and what the marks mean.

HTML, so that it can be read aloud and copied, costs the browser nothing, and fits every window: a style sheet
can place a column at a fraction of the plot's width, which the server does not know. The figure's margins and
the room for names beside the counts (the style sheet's --names) are the same in both.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kras_core.analyse.results import DrawnStratum, SurvivalAnalysis
from kras_core.report.format import NOT_REACHED, Clock, html_escape, percent, provenance, spread, whole
from kras_core.report.palette import DASHES, Theme, colour, dash
from kras_core.report.small_cells import threshold
from kras_core.report.survival.km_curves import MOST_TICKS
from kras_core.report.survival.km_figure import frame_of, strata_of
from kras_core.report.survival.km_frame import MOST_BANDS, MOST_CURVES, NARROWEST, Frame, ticks
from kras_core.report.survival.km_labels import text_width
from kras_core.stats.results import RiskTable

WIDE = 700.0  # pixels of the plot on a desk


def under_figure(analysis: SurvivalAnalysis, *, theme: Theme = "light") -> str:
    """The risk table and the footnote of `km_figure(analysis)`, as HTML."""
    said = html_escape(" ".join(explained(analysis, strata_of(analysis))))
    foot = f'<p class="kras-foot"><span>{html_escape(provenance(analysis.cohort))}</span> {said}</p>'
    return risk_table_html(analysis, theme=theme) + foot + _fewer_axis_numbers(analysis.risk_table, frame_of(analysis))


def risk_table_html(analysis: SurvivalAnalysis, *, theme: Theme = "light") -> str:
    """Patients at risk on the figure's time axis, as HTML."""
    frame, strata = frame_of(analysis), strata_of(analysis)
    rows = [_head(analysis, frame), *(_row(analysis, i, s, frame, theme) for i, s in enumerate(strata[:MOST_CURVES]))]
    reserved = next(r for r in (2, 4, 6, MOST_CURVES) if len(rows) - 1 <= r)
    return (
        f'<div class="kras-risk kras-rows-{reserved}" role="table" aria-label="Patients at risk">{"".join(rows)}</div>'
    )


def cells(table: RiskTable, stratum: int) -> list[str]:
    """ "21 (0) [0]" under every tick: at risk (censored) [events], under delayed entry also +entered.

    While small counts are hidden the patients at risk alone: the three together would give each other away.
    """
    if threshold():
        return [f"{whole(v)} " for v in table.at_risk[stratum].tolist()]
    columns = [table.at_risk[stratum], table.censored[stratum], table.events[stratum]]
    written = [[whole(v) for v in column.tolist()] for column in columns]
    entered = [""] * len(table.ticks)
    if table.entered.size:
        entered = [f" +{whole(v)}" for v in table.entered[stratum].tolist()]
    return [f"{n} ({c}) [{e}]{more}" for n, c, e, more in zip(*written, entered, strict=True)]


def _head(analysis: SurvivalAnalysis, frame: Frame) -> str:
    entered = " +entered" if analysis.risk_table.entered.size else ""
    heading = "At risk" if threshold() else f"At risk (censored) [events]{entered}"
    if analysis.redraws:
        return _line(f"Range over {analysis.redraws.count} compatible redraws", "", "columnheader")
    times = "".join(
        f'<span class="kras-aloud" role="columnheader">at {frame.clock.tick(t)} {frame.clock.unit}</span>'
        for t in ticks(frame, analysis.risk_table)
    )
    return _line(heading, times, "columnheader")


def _row(analysis: SurvivalAnalysis, i: int, s: Any, frame: Frame, theme: Theme) -> str:
    key = f'<i style="background:{stroke(s.slot, theme)}"></i>'
    name = f'{key}<span title="{html_escape(s.label)}">{html_escape(s.label)}</span>'
    if isinstance(s, DrawnStratum):
        return _line(name, f'<span class="kras-range" role="cell">{html_escape(range_words(s, frame.clock))}</span>')
    table = analysis.risk_table
    at = ticks(frame, table)
    written = cells(table, i)[: len(at)]
    wide, narrow = strides(table, frame)
    found = []
    for j in range(0, len(at), wide):
        n, rest = written[j].split(" ", 1)
        where = f'style="--at:{frame.across(at[j]):.5f}"'
        kind = "" if j % narrow == 0 else ' class="kras-wide"'
        found.append(f'<span role="cell" {where}{kind}>{n} <small>{rest}</small></span>')
    return _line(name, "".join(found))


def _line(name: str, rest: str, role: str = "rowheader") -> str:
    return f'<div role="row"><span class="kras-names" role="{role}">{name}</span>{rest}</div>'


def stroke(slot: int, theme: Theme) -> str:
    """The stratum's line as a CSS background: its colour in its dashes."""
    of, at, stops = colour(slot, theme), 0, []
    if dash(slot) == DASHES[0]:
        return of
    for i, length in enumerate(int(part.removesuffix("px")) for part in dash(slot).split(",")):
        stops.append(f"{of if i % 2 == 0 else 'transparent'} {at}px {at + length}px")
        at += length
    return f"repeating-linear-gradient(90deg,{','.join(stops)})"


def strides(table: RiskTable, frame: Frame) -> tuple[int, int]:
    """Every how many-th tick has counts under it, on a desk and on a telephone (a multiple), so that none touch."""
    widest = max(text_width(c, 13) for i in range(len(table.at_risk)) for c in cells(table, i))
    wide = stride(len(ticks(frame, table)), widest + 10, WIDE)
    narrow = stride(len(ticks(frame, table)), widest + 6, NARROWEST)
    return wide, -(-narrow // wide) * wide


def stride(n: int, cell: float, width: float) -> int:
    """Every how many-th of n cells so wide stands, so that none touch on an axis of that width."""
    return next(s for s in range(1, n + 2) if ((n - 1) // s) * cell <= width)


def _fewer_axis_numbers(table: RiskTable, frame: Frame) -> str:
    """A rule that thins the axis' own numbers on a telephone, where they would touch."""
    at = ticks(frame, table)
    every = stride(len(at), max((text_width(frame.clock.tick(t), 13) for t in at), default=0.0) + 12, NARROWEST)
    if every == 1:
        return ""
    kept = f".st-key-km .xtick:not(:nth-child({every}n+1))"
    return f"<style>@media (max-width: 640px) {{ {kept} {{ display: none; }} }}</style>"


def range_words(s: DrawnStratum, clock: Clock) -> str:
    """What redraws leave open of a stratum, in one line."""
    median = spread(*s.median, clock.number)
    unit = "" if median.endswith(NOT_REACHED) else f" {clock.unit}"
    return f"n {spread(*s.n, whole)} · events {spread(*s.events, whole)} · median {median}{unit}"


def explained(analysis: SurvivalAnalysis, strata: Sequence[Any]) -> list[str]:
    """What the marks mean, in short sentences."""
    said = []
    if len(strata) > MOST_CURVES:
        said.append(f"Only the first {MOST_CURVES} of {len(strata)} strata are drawn.")
    if analysis.redraws:
        said.append("Bands: 2.5th to 97.5th percentile of the curves over the redraws.")
        if analysis.redraws.overall is None and analysis.redraws.strata:
            said.append("Grey: all patients.")
        return said
    conventions = analysis.selection.conventions
    if len(strata) <= MOST_BANDS:
        said.append(f"Bands: pointwise {percent(conventions.confidence)} intervals ({conventions.interval}).")
    dense = any(np.count_nonzero(s.curve.censored) > MOST_TICKS for s in strata)
    said.append(f"Fainter: fewer than 5 or a tenth at risk. Ticks: censored{' (some of them)' if dense else ''}.")
    if analysis.selection.analysis == "landmark" and analysis.selection.landmark:
        clock = Clock(analysis.selection.unit, analysis.cohort.days_per_month)
        said.append(f"Time from the landmark at {clock.spoken(analysis.selection.landmark)}.")
    return said
