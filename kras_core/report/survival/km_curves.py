"""The marks of the Kaplan–Meier figure: bands, curves, censor ticks, hover cards, envelopes of redraws.

Everything is thinned before it is written (see `thin`), and only times with an event are vertices.
"""

from math import ceil

import numpy as np

from kras_core.analyse.results import DrawnStratum, Stratum, SurvivalAnalysis
from kras_core.report import thin
from kras_core.report.format import plotly_escape, whole
from kras_core.report.palette import colour, dash, fade
from kras_core.report.survival.km_frame import MOST_BANDS, Frame, Json, short
from kras_core.stats.results import Curve

FEW = 5
FEW_SHARE = 10  # fainter below a tenth of the stratum, or below FEW
FAINT = 0.38
BAND, ENVELOPE = 0.12, 0.2
COARSE = 2.0  # half pixels between the corners of a band, which is too faint to show them
MOST_TICKS, DENSE_GAP = 100, 12  # more censored times than these are marked every so many pixels
MOST_CARDS = 150  # points of a curve that answer the pointer


def curve_traces(strata: list[Stratum], frame: Frame) -> list[Json]:
    """Bands beneath, then curves, then what answers the pointer."""
    with_anyone = [s for s in strata if s.curve.time.size]
    traces: list[Json] = []
    if len(strata) <= MOST_BANDS:
        traces += [t for s in with_anyone for t in _band(s, frame)]
    for s in with_anyone:
        traces += _steps(s, frame)
    traces += [t for s in with_anyone for t in _censor_ticks(s, frame)]
    return traces + [_cards(s, frame) for s in with_anyone]


def drawn(curve: Curve, frame: Frame, coarse: float = 1.0) -> tuple[float, thin.Indices]:
    """Where the curve stops on this axis, in months, and the indices of the events that are its vertices; coarse:
    how many half pixels lie between two of them at least."""
    stop = min(float(curve.time[-1]), frame.end)
    inside = int(np.searchsorted(curve.time, stop, side="right"))
    return stop, thin.falls(curve.survival[:inside], frame.plot / coarse)


def path(curve: Curve, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
    """The drawn curve: months and survival, from (0, 1) to its last time on the axis."""
    stop, kept = drawn(curve, frame)
    heights = np.concatenate(([1.0], curve.survival[kept]))
    return np.concatenate(([0.0], curve.time[kept], [stop])), np.append(heights, heights[-1])


def thin_from(curve: Curve, n: int) -> float:
    """The time in months from which fewer than five, or a tenth of the stratum, remain at risk."""
    enough = np.flatnonzero(curve.at_risk >= max(FEW, n / FEW_SHARE))
    return float(curve.time[enough[-1]]) if enough.size else 0.0


def _steps(s: Stratum, frame: Frame) -> list[Json]:
    """The curve, and its fainter part as a trace of its own."""
    x, y = path(s.curve, frame)
    parts = split(x, y, min(thin_from(s.curve, s.n), x[-1]))
    return [_line(s.slot, *part, share, frame) for part, share in zip(parts, (1.0, FAINT), strict=True) if part[0].size]


def _line(slot: int, x: np.ndarray, y: np.ndarray, opacity: float, frame: Frame) -> Json:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": thin.numbers(x * frame.clock.per_month),
        "y": thin.numbers(100 * y),
        "line": {"shape": "hv", "width": 2 * frame.scale, "color": colour(slot, frame.theme), "dash": dash(slot)},
        "opacity": opacity,
        "hoverinfo": "skip",
    }


def edges(curve: Curve, frame: Frame, coarse: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """The pointwise interval as steps: months (m,), lower and upper survival (2, m), from (0, 1) to where it is
    undefined or the axis ends; both empty where there is none. coarse: as `drawn`."""
    stop, kept = drawn(curve, frame, coarse)
    undefined = np.flatnonzero(np.isnan(curve.low[kept]) | np.isnan(curve.high[kept]))
    if undefined.size:
        stop, kept = float(curve.time[kept[undefined[0]]]), kept[: undefined[0]]
    if not kept.size:
        return np.empty(0), np.empty((2, 0))
    x = np.concatenate(([0.0], curve.time[kept], [stop]))
    return x, np.stack([np.concatenate(([1.0], edge[kept], edge[kept[-1:]])) for edge in (curve.low, curve.high)])


def _band(s: Stratum, frame: Frame) -> list[Json]:
    """Pointwise interval, filled between two edges; half as dense where few remain, absent where undefined."""
    x, both = edges(s.curve, frame, COARSE)
    if not x.size:
        return []
    parts = split(x, both, min(thin_from(s.curve, s.n), x[-1]))
    dense, light = (_filled(s.slot, *part, share * BAND, frame) for part, share in zip(parts, (1.0, 0.5), strict=True))
    return dense + light


def split(x: np.ndarray, y: np.ndarray, turn: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Steps x (m,), y (..., m) up to the turn, and from it; a part without length is empty."""
    before, after = x <= turn, x > turn
    at_turn = y[..., before][..., -1:]
    first = (np.append(x[before], turn), np.concatenate((y[..., before], at_turn), axis=-1))
    second = (np.append(turn, x[after]), np.concatenate((at_turn, y[..., after]), axis=-1))
    return [part if part[0][-1] > part[0][0] else (x[:0], y[..., :0]) for part in (first, second)]


def _filled(slot: int, x: np.ndarray, edges: np.ndarray, opacity: float, frame: Frame) -> list[Json]:
    """The area between two step curves (2, m): along the lower one, and back along the upper."""
    if not x.size:
        return []
    months = np.repeat(x * frame.clock.per_month, 2)[1:]  # a corner at the end of every step but the last
    low, high = np.repeat(100 * edges, 2, axis=1)[:, :-1]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": thin.numbers(np.concatenate((months, months[::-1]))),
            "y": thin.numbers(np.concatenate((low, high[::-1]))),
            "line": {"width": 0},
            "fill": "toself",
            "fillcolor": fade(colour(slot, frame.theme), opacity),
            "hoverinfo": "skip",
        }
    ]


def censored(curve: Curve, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
    """Where censor ticks stand: months and survival; where there are very many, some of them."""
    at = np.flatnonzero((curve.censored > 0) & (curve.time <= frame.end))
    dense = at.size > MOST_TICKS
    at = at[thin.apart(curve.time[at], frame.end / frame.widths[1] * (DENSE_GAP if dense else 1))]
    return curve.time[at], curve.survival[at]


def _censor_ticks(s: Stratum, frame: Frame) -> list[Json]:
    months, survival = censored(s.curve, frame)
    if not months.size:
        return []
    stroke = {"width": 1.25, "color": colour(s.slot, frame.theme)}
    marker = {"symbol": "line-ns", "size": 8 * frame.scale, "line": stroke}
    x, y = thin.numbers(months * frame.clock.per_month), thin.numbers(100 * survival)
    more = {"marker": marker, "hoverinfo": "skip", "cliponaxis": False}
    return [{"type": "scatter", "mode": "markers", "x": x, "y": y, **more}]


def _cards(s: Stratum, frame: Frame) -> Json:
    """An unseen trace that answers the pointer: "9.0 months: 48 % (29–65 %), 6 at risk"."""
    curve, few = s.curve, max(FEW, s.n / FEW_SHARE)
    stop, kept = drawn(curve, frame)
    last = np.searchsorted(curve.time, stop, side="right") - 1
    at = np.union1d(thin.sparse(kept, MOST_CARDS), last) if last >= 0 else kept
    columns = (100 * curve.low[at], 100 * curve.high[at], curve.at_risk[at])
    sparse = f"fewer than {whole(ceil(few))} remain"
    custom = [["", whole(s.n), ""]]
    for low, high, n in zip(*(c.tolist() for c in columns), strict=True):
        interval = "" if low != low or high != high else f" ({low:.0f}–{high:.0f} %)"
        custom.append([interval, whole(int(n)), f"<br>{sparse}" if n < few else ""])
    places = 0 if frame.clock.unit == "days" else 1
    what = f"%{{x:.{places}f}} {frame.clock.unit}: %{{y:.0f}} %%{{customdata[0]}}, %{{customdata[1]}} at risk"
    return {
        "type": "scatter",
        "mode": "none",
        "x": thin.numbers(np.append(0.0, curve.time[at]) * frame.clock.per_month),
        "y": thin.numbers(100 * np.append(1.0, curve.survival[at])),
        "customdata": custom,
        "hoverinfo": "text",
        "hovertemplate": f"<b>{plotly_escape(short(s.label))}</b><br>{what}%{{customdata[2]}}<extra></extra>",
        "hoverlabel": {"bordercolor": colour(s.slot, frame.theme)},
    }


def envelope(s: DrawnStratum, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
    """What redraws leave open, as steps: months (m,), lowest and highest survival (2, m), from (0, 1)."""
    known = np.flatnonzero(~(np.isnan(s.low) | np.isnan(s.high)) & (s.time <= frame.end))
    kept = thin.sparse(known, thin.MAX_POINTS)
    return np.append(0.0, s.time[kept]), np.stack([np.append(1.0, edge[kept]) for edge in (s.low, s.high)])


def envelope_traces(analysis: SurvivalAnalysis, strata: list[DrawnStratum], frame: Frame) -> list[Json]:
    """What redraws leave open, and beneath it the curve of everybody where that is determined."""
    traces: list[Json] = []
    for s in strata:
        months, both = envelope(s, frame)
        traces += _filled(s.slot, months, both, ENVELOPE, frame)
        thin_line = {"shape": "hv", "width": 1, "color": colour(s.slot, frame.theme), "dash": dash(s.slot)}
        traces += [{**_line(s.slot, months, edge, 1.0, frame), "line": thin_line} for edge in both]
    if analysis.redraws and analysis.redraws.overall is None:
        x, y = path(analysis.overall.curve, frame)
        everyone = _line(0, x, y, 1.0, frame)
        traces.append({**everyone, "line": {"shape": "hv", "width": 1.5, "color": frame.tokens.quiet}})
    return traces
