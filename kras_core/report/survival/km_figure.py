"""Kaplan–Meier curves as a Plotly figure (a plain dict). What stands under it is in `km_under`.

Curves are drawn downwards from 100 %, at their event times only; the part where few remain is fainter.
A view that a reconstruction does not determine shows the envelope of its redraws instead.
"""

from typing import Any

from kras_core.analyse.results import DrawnStratum, SurvivalAnalysis
from kras_core.report.format import NOT_REACHED, Clock, mid_sentence, plural, provenance, spread, whole
from kras_core.report.palette import Theme
from kras_core.report.survival.km_curves import curve_traces, envelope_traces
from kras_core.report.survival.km_frame import MOST_CURVES, Frame, Json, Tail, axis_end, layout, short
from kras_core.report.survival.km_labels import Foot
from kras_core.report.survival.km_words import end_labels, medians

HEIGHT = 412  # pixels


def km_figure(
    analysis: SurvivalAnalysis,
    *,
    theme: Theme = "light",
    height: int | None = None,
    scale: float = 1.0,
    drops: bool = True,
) -> Json:
    """The figure of a Survival view, ready for Plotly (data, layout), in the selection's unit.

    height: of the whole in pixels. scale enlarges type and lines for a board. drops: whether medians are marked.
    """
    frame = frame_of(analysis, theme=theme, height=height, scale=scale)
    strata = strata_of(analysis)[:MOST_CURVES]
    data: list[Json] = []
    taken: list[Foot] = []
    if analysis.redraws is None:
        values, taken = medians(strata, frame) if drops else ([], [])
        data = curve_traces(strata, frame) + values
    else:
        data = envelope_traces(analysis, strata, frame)
    names = end_labels(strata, [_tail(s) for s in strata], frame, taken)
    return {"data": data, "layout": layout(frame, analysis.risk_table, names)}


def frame_of(
    analysis: SurvivalAnalysis, *, theme: Theme = "light", height: int | None = None, scale: float = 1.0
) -> Frame:
    """The figure's frame; the table under the figure stands on the same axis."""
    selection = analysis.selection
    tails = [_tail(s) for s in strata_of(analysis)[:MOST_CURVES]]
    end = selection.axis_max or axis_end(tails, analysis.risk_table)
    clock = Clock(selection.unit, analysis.cohort.days_per_month)
    return Frame(theme, clock, scale, end, height or round(HEIGHT * scale))


def strata_of(analysis: SurvivalAnalysis) -> list[Any]:
    """What is drawn: curves, or envelopes where the publication does not determine the view."""
    redraws = analysis.redraws
    if redraws is None:
        return list(analysis.shown)
    return list(redraws.strata) or ([redraws.overall] if redraws.overall else [analysis.overall])


def _tail(s: Any) -> Tail:
    if isinstance(s, DrawnStratum):
        return Tail(short(s.label), f"n = {spread(*s.n, whole)}", float(s.time[-1]) if s.time.size else 0.0)
    return Tail(short(s.label), f"n = {whole(s.n)}", float(s.curve.time[-1]) if s.curve.time.size else 0.0)


def alt_text(analysis: SurvivalAnalysis) -> str:
    """The figure in words, for those who do not see it."""
    clock = Clock(analysis.selection.unit, analysis.cohort.days_per_month)
    by = f" by {mid_sentence(analysis.by_label)}" if analysis.by_label else ""
    what, of = mid_sentence(analysis.endpoint.label), provenance(analysis.cohort)
    said = [f"Kaplan–Meier curves of {what}{by}. {of}."]
    for s in strata_of(analysis):
        if isinstance(s, DrawnStratum):
            median = spread(*s.median, clock.spoken)
            said.append(f"{s.label}: {spread(*s.n, whole)} patients, median {median} over redraws.")
        else:
            median = clock.spoken(s.median.estimate) if s.median.estimate == s.median.estimate else NOT_REACHED
            said.append(f"{s.label}: {plural(s.n, 'patient')}, {plural(s.events, 'event')}, median {median}.")
    return " ".join(said)
