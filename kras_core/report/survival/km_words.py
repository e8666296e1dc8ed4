"""The words of the Kaplan–Meier figure: medians at the axis, names at the curves' ends."""

from bisect import bisect_right
from typing import Any

import numpy as np

from kras_core.analyse.results import DrawnStratum, Stratum
from kras_core.report.format import plotly_escape
from kras_core.report.palette import fade, text_colour
from kras_core.report.survival.km_curves import path
from kras_core.report.survival.km_frame import NARROWEST, Frame, Json, Tail, annotation
from kras_core.report.survival.km_labels import Box, End, Foot, Place, place, text_width

NARROW_SPACE = "\u00a0"  # between a drop and its value
LEAD = 14  # pixels from which a name is tied to its curve by a thin line


def medians(strata: list[Stratum], frame: Frame) -> tuple[list[Json], list[Foot]]:
    """Dotted drops from half to the axis, and the value beside each foot; also the room those values take."""
    at = sorted(((s.median.estimate, s.slot) for s in strata if s.median.estimate <= frame.end), key=lambda m: m[0])
    if not at:
        return [], []
    size, scale, narrow = frame.size - frame.scale, frame.scale, NARROWEST * frame.scale
    boxes: list[Box] = []
    feet: list[Foot] = []
    values: dict[str, list[Any]] = {"x": [], "y": [], "text": [], "textposition": [], "color": []}
    for months, slot in at:
        text, foot = frame.clock.number(months), frame.across(months)
        box, right = _beside(foot * narrow, text_width(text, size) + 5, size + 5 * scale, narrow + frame.right, boxes)
        boxes.append(box)
        away = ((box.left - foot * narrow) / scale, (box.right - foot * narrow) / scale)
        feet.append(Foot(foot, Box(away[0], box.top / scale, away[1], box.bottom / scale)))
        values["x"].append(round(months * frame.clock.per_month, 3))
        values["y"].append(round(-101 * (box.top + box.bottom) / 2 / frame.plot, 3))
        values["text"].append(f"{NARROW_SPACE}{text}" if right else f"{text}{NARROW_SPACE}")
        values["textposition"].append("middle right" if right else "middle left")
        values["color"].append(text_colour(slot, frame.theme))
    return [_drops(values["x"], frame), _values(values, size)], feet


def _drops(at: list[float], frame: Frame) -> Json:
    """A level at one half up to the furthest median, and a drop to the axis at each."""
    x: list[float | None] = [0, at[-1]]
    y: list[float | None] = [50, 50]
    for foot in at:
        x += [None, foot, foot]
        y += [None, 50, 0]
    line = {"width": 1, "dash": "1px,3px", "color": frame.tokens.quiet}
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "line": line, "hoverinfo": "skip"}


def _values(of: dict[str, list[Any]], size: float) -> Json:
    where = {"x": of["x"], "y": of["y"], "text": of["text"], "textposition": of["textposition"]}
    font = {"size": size, "color": of["color"]}
    return {"type": "scatter", "mode": "text", **where, "textfont": font, "cliponaxis": False, "hoverinfo": "skip"}


def _beside(foot: float, wide: float, high: float, end: float, taken: list[Box]) -> tuple[Box, bool]:
    """Room for a value right of its drop's foot (left where the figure ends), as low as is free; heights above
    the axis are negative. What is free in the narrowest window is free in all: feet only move apart."""
    right = foot + 2 + wide <= end
    left = foot + 2 if right else foot - 2 - wide
    for level in range(len(taken) + 1):
        box = Box(left, -(level + 1) * high, left + wide, -level * high)
        if not any(box.meets(other) for other in taken):
            return box, right
    raise AssertionError("one level more than there are values is always free")


def end_labels(strata: list[Any], tails: list[Tail], frame: Frame, taken: list[Foot]) -> list[Json]:
    """Each curve's name and n at its end, instead of a legend. A telephone hides them: the table under the
    figure names the lines too."""
    size, scale = frame.size, frame.scale
    widths = [text_width(f"{tail.name} {tail.size}", size) / scale for tail in tails]
    room = (tuple(w / scale for w in frame.widths), frame.plot / scale, frame.right / scale)
    notes = []
    for i, across, down, at in label_places(strata, widths, frame, room, taken):
        quiet = f'<span style="color:{frame.tokens.quiet}">{tails[i].size}</span>'
        text = f"<b>{plotly_escape(tails[i].name)}</b> {quiet}"
        font = {"size": size, "color": text_colour(strata[i].slot, frame.theme)}
        dx, dy = round(at.dx * scale), round(at.dy * scale)
        where: Json = {"xanchor": at.anchor, "yanchor": "middle", "xshift": dx, "yshift": -dy}
        if abs(at.dy) > LEAD:  # an arrow only where it is seen: Plotly measures each, and the page waits for it
            lead = fade(text_colour(strata[i].slot, frame.theme), 0.6)
            arrow = {"showarrow": True, "arrowhead": 0, "arrowwidth": 1, "arrowcolor": lead}
            where = {"xanchor": at.anchor, "yanchor": "middle", "ax": dx, "ay": dy, **arrow}
        x, y = round(across * frame.end * frame.clock.per_month, 3), round(100 * (1 - down), 3)
        behind = fade(frame.tokens.paper, 0.7)  # a curve under a name would cross it out
        notes.append(annotation(text, x, y, font=font, bgcolor=behind, **where))
    return notes


def label_places(
    strata: list[Any],
    widths: list[float],
    frame: Frame,
    room: tuple[tuple[float, ...], float, float],
    taken: list[Foot],
) -> list[tuple[int, float, float, Place]]:
    """Of every curve that has an end: its position in the list, where it ends (fractions of the axes, height
    downwards), and its name's place. widths: of the names; room: plot widths to judge at, the plot's height and
    what is free right of it; all in pixels."""
    ends = [_end(s, width, frame) for s, width in zip(strata, widths, strict=True)]
    present = [i for i, end in enumerate(ends) if end]
    seen = [end for end in ends if end]
    places = place(seen, *room, taken)
    return [(i, end.across, end.down, at) for i, end, at in zip(present, seen, places, strict=True)]


def _end(s: Any, width: float, frame: Frame) -> End | None:
    """A curve's end, or an envelope's, as its label sees it; None where there is nobody."""
    if isinstance(s, DrawnStratum):
        known = np.flatnonzero(~(np.isnan(s.low) | np.isnan(s.high)) & (s.time <= frame.end))
        if not known.size:
            return None
        x, y = s.time[known], s.high[known]
    elif s.curve.time.size:
        x, y = path(s.curve, frame)
    else:
        return None

    months, heights = x.tolist(), y.tolist()

    def down(across: float) -> float:
        return 1.0 - heights[max(bisect_right(months, across * frame.end) - 1, 0)]

    return End(float(x[-1]) / frame.end, 1.0 - float(y[-1]), width, down)
