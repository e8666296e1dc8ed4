"""Kaplan–Meier curves as a Plotly figure (a plain dict), with the risk table on the same axis.

Curves are drawn downwards from 100 %, at their event times only; the part where few remain is fainter.
A view that a reconstruction does not determine shows the envelope of its redraws instead.
"""

from typing import Any

from kras_core.analyse.results import DrawnStratum, SurvivalAnalysis
from kras_core.report.format import NOT_REACHED, Clock, mid_sentence, plural, provenance, spread, whole
from kras_core.report.km_curves import curve_traces, envelope_traces
from kras_core.report.km_frame import MOST_CURVES, Json, Tail, Wish, frame_of, layout, short
from kras_core.report.km_labels import Foot
from kras_core.report.km_words import around, counts, end_labels, line_key, medians, stratum_names
from kras_core.report.palette import Theme
from kras_core.selection import TimeUnit


def km_figure(
    analysis: SurvivalAnalysis,
    *,
    theme: Theme = "light",
    height: int | None = None,
    unit: TimeUnit | None = None,
    axis_max: float | None = None,
    compact: bool = False,
    scale: float = 1.0,
) -> Json:
    """The figure of a Survival view, ready for Plotly (data, layout).

    unit and axis_max (in months) are the selection's unless given. compact: for a narrow screen.
    scale enlarges type and lines for a board.
    """
    clock = Clock(unit or analysis.selection.unit, analysis.cohort.days_per_month)
    strata = _strata(analysis)
    drawn = strata[:MOST_CURVES]
    tails = [_tail(s) for s in drawn]
    wish = Wish(theme, clock, height, axis_max or analysis.selection.axis_max, compact, scale)
    frame = frame_of(tails, analysis.risk_table, wish)
    data: list[Json] = []
    shapes: list[Json] = []
    notes: list[Json] = []
    taken: list[Foot] = []
    if analysis.redraws is None:
        data += curve_traces(drawn, frame)
        shapes, notes, taken = medians(drawn, frame)
        data.append(counts(analysis, len(drawn), frame))
    else:
        data += envelope_traces(analysis, drawn, frame)
    notes += end_labels(drawn, tails, frame, taken)
    shapes += [line_key(i, s.slot, frame) for i, s in enumerate(drawn)]
    notes += stratum_names(analysis, drawn, tails, frame) + around(analysis, drawn, len(strata), frame)
    return {"data": data, "layout": layout(frame, analysis.risk_table, shapes, notes)}


def _strata(analysis: SurvivalAnalysis) -> list[Any]:
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
    for s in _strata(analysis):
        if isinstance(s, DrawnStratum):
            median = spread(*s.median, clock.spoken)
            said.append(f"{s.label}: {spread(*s.n, whole)} patients, median {median} over redraws.")
        else:
            median = clock.spoken(s.median.estimate) if s.median.estimate == s.median.estimate else NOT_REACHED
            said.append(f"{s.label}: {plural(s.n, 'patient')}, {plural(s.events, 'event')}, median {median}.")
    return " ".join(said)
