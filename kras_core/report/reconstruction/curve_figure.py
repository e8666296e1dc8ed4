"""The reconstructed curves with the digitised points on them, as a Plotly figure (a plain dict)."""

import numpy as np

from kras_core.analyse.results import SurvivalAnalysis
from kras_core.audit.curve.results import ReconstructedArm, Reconstruction
from kras_core.report import thin
from kras_core.report.format import Clock, plural
from kras_core.report.palette import TOKENS, Theme, text_colour
from kras_core.report.survival.km_figure import alt_text, km_figure
from kras_core.report.survival.km_frame import Json

MOST_MARKS = 800  # of an arm
SIZE = 6


def curve_figure(reconstruction: Reconstruction, analysis: SurvivalAnalysis, *, theme: Theme = "light") -> Json:
    """The Survival figure of the cohort made of the rows, with a ring for every point and a cross for those left out.

    analysis: of that cohort by arm, in months.
    """
    figure = km_figure(analysis, theme=theme)
    clock = Clock(analysis.selection.unit, analysis.cohort.days_per_month)
    slots = {s.label: s.slot for s in analysis.strata}
    traces = [
        trace for arm in reconstruction.arms for trace in _points(arm, slots.get(arm.label, 0), theme, clock.per_month)
    ]
    return {"data": [*figure["data"], *traces], "layout": figure["layout"]}


def _points(arm: ReconstructedArm, slot: int, theme: Theme, per_month: float) -> list[Json]:
    """Rings where the point was used, crosses where it contradicted the others or lay before time 0."""
    printed, inside = arm.printed, arm.printed.time >= 0
    rings = {"symbol": "circle-open", "size": SIZE, "color": text_colour(slot, theme), "line": {"width": 1}}
    crosses = {"symbol": "x-thin-open", "size": SIZE, "color": TOKENS[theme].warning, "line": {"width": 1.5}}
    traces = []
    for marker, which in ((rings, arm.used), (crosses, inside & ~arm.used)):
        at = thin.sparse(np.flatnonzero(which), MOST_MARKS)
        if at.size:
            x, y = printed.time[at] * per_month, 100 * np.clip(printed.survival[at], 0.0, 1.0)
            places = {"x": thin.numbers(x), "y": thin.numbers(y)}
            traces.append({"type": "scatter", "mode": "markers", **places, "marker": marker, "hoverinfo": "skip"})
    return [{**trace, "cliponaxis": False} for trace in traces]


def curve_alt_text(reconstruction: Reconstruction, analysis: SurvivalAnalysis) -> str:
    """The figure in words."""
    points = sum(int(arm.used.sum()) for arm in reconstruction.arms)
    return f"{alt_text(analysis)} Rings: {plural(points, 'digitised point')}, which the curves were reconstructed from."
