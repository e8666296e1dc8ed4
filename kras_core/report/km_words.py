"""The words of the Kaplan–Meier figure: medians, names at the curves' ends, the risk table, the footnote."""

import textwrap
from bisect import bisect_right
from typing import Any

import numpy as np

from kras_core.analyse.results import DrawnStratum, Stratum, SurvivalAnalysis
from kras_core.report.format import NOT_REACHED, percent, plotly_escape, provenance, spread, whole
from kras_core.report.km_curves import MOST_TICKS, path
from kras_core.report.km_frame import MOST_BANDS, Frame, Json, Tail, annotation, cells
from kras_core.report.km_labels import Box, End, Foot, place, text_width
from kras_core.report.palette import colour, dash, fade, text_colour

MOST_NAMED = 3  # names at the curves' ends on a narrow screen; the risk table names them all
LEAD = 14  # pixels from which a name is tied to its curve by a thin line


def medians(strata: list[Stratum], frame: Frame) -> tuple[list[Json], list[Json], list[Foot]]:
    """Dotted drops from half to the axis with the value beside their foot; also the room those values take."""
    at = sorted(((s.median.estimate, s.slot) for s in strata if s.median.estimate <= frame.end), key=lambda m: m[0])
    shapes, notes, boxes, feet = [], [], [], []
    size, scale, narrow = frame.size - frame.scale, frame.scale, frame.widths[0]
    for months, slot in at:
        x, text, foot = round(months * frame.clock.per_month, 3), frame.clock.number(months), months / frame.end
        box, right = _beside(foot * narrow, text_width(text, size) + 5, size + 5 * scale, narrow + frame.right, boxes)
        boxes.append(box)
        away = ((box.left - foot * narrow) / scale, (box.right - foot * narrow) / scale)
        feet.append(Foot(foot, Box(away[0], box.top / scale, away[1], box.bottom / scale)))
        shapes.append(_dotted(x, x, 0, 50, colour(slot, frame.theme)))
        where = {"xanchor": "left" if right else "right", "xshift": 3 if right else -3, "yanchor": "bottom"}
        font = {"size": size, "color": text_colour(slot, frame.theme)}
        notes.append(annotation(text, x, 0, yshift=round(1 - box.bottom), font=font, **where))
    if at:
        furthest = round(at[-1][0] * frame.clock.per_month, 3)
        shapes.insert(0, _dotted(0, furthest, 50, 50, frame.tokens.quiet))
    return shapes, notes, feet


def _beside(foot: float, wide: float, high: float, end: float, taken: list[Box]) -> tuple[Box, bool]:
    """Room for a value right of its drop's foot, else left, else higher; heights above the axis are negative."""
    for level in range(len(taken) + 1):
        for right in (True, False):
            left = foot + 2 if right else foot - 2 - wide
            box = Box(left, -(level + 1) * high, left + wide, -level * high)
            if not any(box.meets(other) for other in taken) and 0 <= left <= end - wide:
                return box, right
    raise AssertionError("one level more than there are values is always free")


def _dotted(x0: float, x1: float, y0: float, y1: float, of: str) -> Json:
    line = {"width": 1, "dash": "1px,3px", "color": of}
    return {"type": "line", "x0": x0, "x1": x1, "y0": y0, "y1": y1, "layer": "below", "line": line}


def end_labels(strata: list[Any], tails: list[Tail], frame: Frame, taken: list[Foot]) -> list[Json]:
    """Each curve's name and n at its end, instead of a legend; on a narrow screen for three at most."""
    if frame.compact and len(strata) > MOST_NAMED:
        return []
    size, scale = frame.size, frame.scale
    widths = [text_width(f"{tail.name} {tail.size}", size) / scale for tail in tails]
    ends = [_end(s, width, frame) for s, width in zip(strata, widths, strict=True)]
    present = [i for i, end in enumerate(ends) if end]
    seen = [end for end in ends if end]
    unscaled = (tuple(w / scale for w in frame.widths), frame.plot / scale, frame.right / scale)
    places = place(seen, *unscaled, taken)
    notes = []
    for i, end, at in zip(present, seen, places, strict=True):
        quiet = f'<span style="color:{frame.tokens.quiet}">{tails[i].size}</span>'
        text = f"<b>{plotly_escape(tails[i].name)}</b> {quiet}"
        font = {"size": size, "color": text_colour(strata[i].slot, frame.theme)}
        where = {"xanchor": at.anchor, "ax": round(at.dx * scale), "ay": round(at.dy * scale), "yanchor": "middle"}
        far = abs(at.dy) > LEAD
        lead = fade(text_colour(strata[i].slot, frame.theme), 0.6 if far else 0)
        arrow = {"showarrow": True, "arrowhead": 0, "arrowwidth": 1, "arrowcolor": lead}
        x, y = round(end.across * frame.end * frame.clock.per_month, 3), round(100 * (1 - end.down), 3)
        notes.append(annotation(text, x, y, font=font, **where) | arrow)
    return notes


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


def counts(analysis: SurvivalAnalysis, k: int, frame: Frame) -> Json:
    """At risk (censored) [events] as one text trace on the table's own axis."""
    table, quiet = analysis.risk_table, frame.tokens.quiet
    at = (table.ticks[frame.ticks] * frame.clock.per_month).round(6).tolist()
    text = []
    for i in range(k):
        written = cells(table, i)
        for j in frame.ticks.tolist():
            n, rest = written[j].split(" ", 1)
            text.append(f'{n} <span style="color:{quiet}">{rest}</span>')
    return {
        "type": "scatter",
        "mode": "text",
        "x": at * k,
        "y": [frame.line(i) for i in range(k) for _ in at],
        "text": text,
        "textfont": {"size": frame.size},
        "yaxis": "y2",
        "cliponaxis": False,
        "hoverinfo": "skip",
    }


def line_key(i: int, slot: int, frame: Frame) -> Json:
    """A piece of the stratum's line beside its name."""
    x, y = -frame.left + 2, frame.line(i) - (1 if frame.compact else 0)
    return {
        "type": "line",
        "xref": "paper",
        "xsizemode": "pixel",
        "xanchor": 0,
        "x0": x,
        "x1": x + 20 * frame.scale,
        "yref": "y2",
        "y0": y,
        "y1": y,
        "line": {"width": 2 * frame.scale, "color": colour(slot, frame.theme), "dash": dash(slot)},
    }


def stratum_names(analysis: SurvivalAnalysis, strata: list[Any], tails: list[Tail], frame: Frame) -> list[Json]:
    """The heading of the risk table and the strata's names at the left edge; of redraws, their ranges in words."""
    left = {"xref": "paper", "yref": "y2", "xanchor": "left", "yanchor": "middle"}
    entered = " +entered" if analysis.risk_table.entered.size else ""
    heading = f"At risk (censored) [events]{entered}"
    if analysis.redraws:
        heading = f"Range over {analysis.redraws.count} compatible redraws"
    quiet = {"color": frame.tokens.quiet, "size": frame.size}
    notes = [annotation(heading, 0, 0.5, **left, xshift=round(-frame.left + 2), font=quiet)]
    for i, (s, tail) in enumerate(zip(strata, tails, strict=True)):
        y = frame.line(i) - (1 if frame.compact else 0)
        shift = round(-frame.left + 28 * frame.scale)
        notes.append(annotation(plotly_escape(tail.name), 0, y, **left, xshift=shift))
        if isinstance(s, DrawnStratum):
            notes.append(annotation(_range_words(s, frame), 0, frame.line(i), **left, font=quiet))
    return notes


def _range_words(s: DrawnStratum, frame: Frame) -> str:
    median = spread(*s.median, frame.clock.number)
    unit = "" if median == NOT_REACHED else f" {frame.clock.unit}"
    return f"n {spread(*s.n, whole)} · events {spread(*s.events, whole)} · median {median}{unit}"


def around(analysis: SurvivalAnalysis, strata: list[Any], of: int, frame: Frame) -> list[Json]:
    """The unit beside the axis' last number, and the footnote."""
    quiet = {"color": frame.tokens.quiet}
    base = 1 - frame.plot / frame.inner
    notes = []
    if not frame.compact:
        unit = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top", "xshift": 14}
        unit["yshift"] = -round(1 + 6 * frame.scale)
        notes.append(annotation(frame.clock.unit, 1, round(base, 5), font=quiet, **unit))
    lines = textwrap.wrap(_explained(analysis, strata, of, frame), 60 if frame.compact else 136)
    first = f'<span style="color:{frame.tokens.ink}">{provenance(analysis.cohort)}</span>'
    text = "<br>".join([first, *lines])
    foot = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top", "align": "left"}
    shift = {"xshift": round(-frame.left + 2), "yshift": round(-6 * frame.scale)}
    notes.append(annotation(text, 0, 0, font={**quiet, "size": frame.size - 1}, **foot, **shift))
    return notes


def _explained(analysis: SurvivalAnalysis, strata: list[Any], of: int, frame: Frame) -> str:
    """What the marks mean, in short sentences."""
    conventions = analysis.selection.conventions
    said = []
    if of > len(strata):
        said.append(f"Only the first {len(strata)} of {of} strata are drawn.")
    if analysis.redraws:
        said.append("Bands: 2.5th to 97.5th percentile of the curves over the redraws.")
        if analysis.redraws.overall is None and analysis.redraws.strata:
            said.append("Grey: all patients.")
        return " ".join(said)
    if len(strata) <= MOST_BANDS:
        said.append(f"Bands: pointwise {percent(conventions.confidence)} intervals ({conventions.interval}).")
    dense = any(np.count_nonzero(s.curve.censored) > MOST_TICKS for s in strata)
    said.append(f"Fainter: fewer than 5 or a tenth at risk. Ticks: censored{' (some of them)' if dense else ''}.")
    if analysis.selection.analysis == "landmark" and analysis.selection.landmark:
        said.append(f"Time from the landmark at {frame.clock.spoken(analysis.selection.landmark)}.")
    return " ".join(said)
