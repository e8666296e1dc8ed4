"""The Survival view's curves as a picture for documents."""

import io
from threading import Lock

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kras_core.analyse.results import DrawnStratum, Stratum, SurvivalAnalysis
from kras_core.report.document.blocks import Picture
from kras_core.report.figures import alt_text
from kras_core.report.format import Clock, mid_sentence, plain, plural
from kras_core.report.palette import TOKENS, colour

WIDTH, HEIGHT, DPI = 6.3, 3.4, 200  # inches; dots an inch
DASHES = ("-", (0, (5, 1.5)), (0, (2, 1)), (0, (5.5, 1.5, 1, 1.5)), (0, (1, 1)), (0, (4, 1, 1, 1, 1, 1)))
MOST = 8  # curves
BANDED = 3  # curves that still show their bands

# matplotlib's font cache belongs to the process, and sessions are threads of it.
_one_at_a_time = Lock()


def survival_picture(analysis: SurvivalAnalysis) -> Picture:
    """Kaplan–Meier curves with bands and censor ticks; of redraws, their envelopes."""
    with _one_at_a_time:
        figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        clock = Clock(analysis.selection.unit, analysis.cohort.days_per_month)
        for s in _shown(analysis)[:MOST]:
            _draw(axes, s, clock.per_month, len(_shown(analysis)) <= BANDED)
        _frame(axes, analysis, clock)
        out = io.BytesIO()
        figure.savefig(out, format="png", metadata={"Software": None})
    by = f" by {mid_sentence(analysis.by_label)}" if analysis.by_label else ""
    n, events = analysis.overall.n, analysis.overall.events
    counted = "" if analysis.redraws else f", {plural(events, 'event')} in {plural(n, 'patient')}"
    level = f"{100 * analysis.selection.conventions.confidence:g} %"
    what = "range over redraws, no estimate" if analysis.redraws else f"Kaplan–Meier with {level} intervals"
    caption = f"{analysis.endpoint.label}{by}: {what}{counted}. Ticks: censored."
    return Picture(out.getvalue(), alt_text(analysis), caption, WIDTH / HEIGHT)


def _shown(analysis: SurvivalAnalysis) -> tuple[Stratum | DrawnStratum, ...]:
    redraws = analysis.redraws
    if redraws is None:
        return analysis.shown
    return redraws.strata or ((redraws.overall,) if redraws.overall else ())


def _draw(axes, s: Stratum | DrawnStratum, per_month: float, banded: bool) -> None:
    ink, dash = colour(s.slot, "light"), DASHES[s.slot % 6]
    if isinstance(s, DrawnStratum):
        time = s.time * per_month
        axes.fill_between(
            time, 100 * s.low, 100 * s.high, step="post", color=ink, alpha=0.25, linewidth=0, label=plain(s.label)
        )
        return
    curve = s.curve
    time, survival = np.append(0.0, curve.time) * per_month, 100 * np.append(1.0, curve.survival)
    axes.step(
        time, survival, where="post", color=ink, linestyle=dash, linewidth=1.4, label=f"{plain(s.label)}, n = {s.n}"
    )
    if banded:
        limits = (100 * np.append(1.0, np.nan_to_num(limit)) for limit in (curve.low, curve.high))
        axes.fill_between(time, *limits, step="post", color=ink, alpha=0.1, linewidth=0)
    left = curve.censored > 0
    axes.plot(
        curve.time[left] * per_month, 100 * curve.survival[left], linestyle="", marker="|", markersize=6, color=ink
    )


def _frame(axes, analysis: SurvivalAnalysis, clock: Clock) -> None:
    tokens, ticks = TOKENS["light"], analysis.risk_table.ticks * clock.per_month
    end = (analysis.selection.axis_max or float(analysis.overall.curve.time[-1])) * clock.per_month
    axes.set_xlim(0, max(end, float(ticks[-1])) * 1.02)
    axes.set_ylim(0, 102)
    axes.set_xticks(ticks, [clock.tick(t) for t in analysis.risk_table.ticks.tolist()])
    axes.set_yticks(range(0, 101, 25))
    axes.set_xlabel(clock.unit.capitalize(), fontsize=9, color=tokens.ink)
    axes.set_ylabel(f"{analysis.endpoint.label}, %", fontsize=9, color=tokens.ink)
    axes.tick_params(labelsize=8, length=3, color=tokens.quiet, labelcolor=tokens.ink)
    axes.grid(axis="y", color=tokens.hairline, linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(tokens.quiet)
    axes.legend(fontsize=8, frameon=False, labelcolor=tokens.ink, handlelength=2.8)
