"""The cut-off ribbon: hazard ratio with interval, and log-rank p, at every possible cut-off of a marker.

Two panels on one axis, the marker; a histogram at the foot of the lower one. A marker whose values were drawn
shows the range over redraws instead, and no minimum.
"""

from collections.abc import Iterator
from math import ceil, exp, log10
from typing import Any

import numpy as np

from kras_core.analyse.marker_results import BiomarkerAnalysis
from kras_core.report import format as fmt
from kras_core.report import thin
from kras_core.report.format import html_escape, plotly_escape, provenance
from kras_core.report.palette import TOKENS, Theme, Tokens, fade
from kras_core.report.survival.km_frame import FIXED, Json, annotation, canvas

HEIGHT = 430  # pixels
RATIO, P = (0.46, 1.0), (0.0, 0.34)  # the panels' share of the height, from below
BAND = 0.13
MOST_POINTS = 400  # cut-offs drawn; the smallest p is always among them
WIDEST = 20.0  # a hazard ratio or limit beyond is cut off by the axis
TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
MARK = "†"


def ribbon_figure(analysis: BiomarkerAnalysis, *, theme: Theme = "light", scale: float = 1.0) -> Json | None:
    """The figure of a Biomarkers view, ready for Plotly; None where there is no cut-off to draw."""
    tokens = TOKENS[theme]
    if analysis.redraws is not None:
        if not analysis.redraws.cutoffs.size:
            return None
        data, x, ratios, smallest = _ranges(analysis, tokens)
    elif analysis.scan is None or analysis.scan.smallest is None:
        return None
    else:
        data, x, ratios, smallest = _estimates(analysis, tokens)
    end = _axis(x)
    data += [_histogram(analysis, end, tokens)]
    layout = _layout(analysis, end, ratios, smallest, theme, scale)
    return {"data": data, "layout": layout}


def _estimates(analysis: BiomarkerAnalysis, tokens: Tokens) -> tuple[list[Json], np.ndarray, np.ndarray, float]:
    """Traces; the cut-offs drawn; the hazard ratios and limits that the axis should hold; the smallest p."""
    scan = analysis.scan
    assert scan is not None and scan.smallest is not None
    kept = np.unique(np.append(thin.sparse(np.flatnonzero(scan.fitted), MOST_POINTS), scan.smallest))
    x, p = scan.cutoffs[kept], scan.p[kept]
    low, high, middle = scan.low[kept], scan.high[kept], np.exp(scan.log_ratio[kept])
    unit = plotly_escape(f" {analysis.unit}" if analysis.unit else "")
    says = [
        f"<b>{plotly_escape(analysis.label)} > {_short(cut)}{unit}</b><br>{n} at or below, {scan.n - n} above<br>"
        f"HR {fmt.ratio(m) if m == m else 'not finite'} {fmt.interval(a, b, fmt.ratio) if m == m else ''}"
        f"<br>log-rank {fmt.p_equation(q)}"
        for cut, n, m, a, b, q in zip(x, scan.below[kept].tolist(), middle, low, high, p, strict=True)
    ]
    chosen = analysis.chosen
    data = [
        _band(x, scan.end, low, high, fade(tokens.accent, BAND), "y"),
        _line(x, scan.end, middle, says, tokens.accent, "y"),
        _line(x, scan.end, p, says, tokens.accent, "y2"),
    ]
    if chosen is not None:
        ratio = chosen.ratio.estimate
        data += [
            _point(chosen.cutoff, ratio, "diamond", tokens.warning, "y"),
            _point(chosen.cutoff, chosen.test.p, "diamond", tokens.warning, "y2"),
        ]
    finite = np.isfinite(middle)
    spread = np.concatenate((low[finite], high[finite], [1.0]))
    return data, np.append(x, scan.end), spread, float(np.nanmin(p))


def _ranges(analysis: BiomarkerAnalysis, tokens: Tokens) -> tuple[list[Json], np.ndarray, np.ndarray, float]:
    r = analysis.redraws
    assert r is not None
    x = r.cutoffs
    says = [
        f"<b>{plotly_escape(analysis.label)} > {_short(cut)}</b><br>over {r.count} redraws:<br>"
        f"HR {fmt.spread(a, b, fmt.ratio, fmt.NOT_ESTIMABLE)}<br>p {fmt.spread(c, d, fmt.p_value, fmt.NOT_ESTIMABLE)}"
        for cut, a, b, c, d in zip(x, r.ratio_low, r.ratio_high, r.p_low, r.p_high, strict=True)
    ]
    shade = fade(tokens.quiet, 0.22)
    data = [
        _band(x, r.end, r.ratio_low, r.ratio_high, shade, "y"),
        _band(x, r.end, r.p_low, r.p_high, shade, "y2"),
        _line(x, r.end, r.ratio_high, says, fade(tokens.quiet, 0.5), "y"),
        _line(x, r.end, r.p_low, says, fade(tokens.quiet, 0.5), "y2"),
    ]
    for i in np.flatnonzero(r.determined).tolist():
        data += [
            _point(float(x[i]), float(r.ratio_low[i]), "circle", tokens.accent, "y"),
            _point(float(x[i]), float(r.p_low[i]), "circle", tokens.accent, "y2"),
        ]
    known = np.concatenate((r.ratio_low, r.ratio_high, [1.0]))
    return data, np.append(x, r.end), known[np.isfinite(known)], float(np.nanmin(np.append(r.p_low, 1.0)))


def _short(value: float) -> str:
    return f"{value:.6g}"


def _numbers(values: np.ndarray) -> list[float]:
    return [float(f"{v:.5g}") for v in values.tolist()]


def _runs(known: np.ndarray) -> Iterator[slice]:
    """Stretches without a gap."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], known.astype(int), [0]))))
    for start, stop in edges.reshape(-1, 2).tolist():
        yield slice(start, stop)


def _band(x: np.ndarray, end: float, low: np.ndarray, high: np.ndarray, fill: str, axis: str) -> Json:
    """The area between two step lines, gap by gap; the last step reaches to `end`."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    ends = np.append(x[1:], end)
    for run in _runs(np.isfinite(low) & np.isfinite(high)):
        across = np.column_stack((x[run], ends[run])).ravel()
        top, bottom = np.repeat(high[run], 2), np.repeat(low[run], 2)
        xs += [*_numbers(across), *_numbers(across[::-1]), None]
        ys += [*_numbers(top), *_numbers(bottom[::-1]), None]
    return {
        "type": "scatter", "mode": "lines", "x": xs, "y": ys, "yaxis": axis, "fill": "toself", "fillcolor": fill,
        "line": {"width": 0}, "hoverinfo": "skip",
    }  # fmt: skip


def _line(x: np.ndarray, end: float, y: np.ndarray, says: list[str], colour: str, axis: str) -> Json:
    x, y, says = np.append(x, end), np.append(y, y[-1:]), [*says, says[-1]]
    return {
        "type": "scatter", "mode": "lines", "x": _numbers(x), "y": [None if v != v else v for v in _numbers(y)],
        "yaxis": axis, "line": {"width": 2, "color": colour, "shape": "hv"}, "text": says,
        "hovertemplate": "%{text}<extra></extra>", "connectgaps": False,
    }  # fmt: skip


def _point(x: float, y: float, symbol: str, colour: str, axis: str) -> Json:
    marker = {"symbol": symbol, "size": 10, "color": colour}
    return {
        "type": "scatter", "mode": "markers", "x": [float(f"{x:.5g}")], "y": [None if y != y else float(f"{y:.5g}")],
        "yaxis": axis, "marker": marker, "hoverinfo": "skip", "cliponaxis": False,
    }  # fmt: skip


def _axis(x: np.ndarray) -> tuple[float, float]:
    span = float(x[-1] - x[0]) or 1.0
    return float(x[0]) - 0.04 * span, float(x[-1]) + 0.06 * span


def _histogram(analysis: BiomarkerAnalysis, end: tuple[float, float], tokens: Tokens) -> Json:
    """Bars of how many patients, on an axis of their own that leaves them the foot of the lower panel."""
    d = analysis.distribution
    middle, width = (d.edges[:-1] + d.edges[1:]) / 2, np.diff(d.edges)
    inside = (middle >= end[0]) & (middle <= end[1])
    return {
        "type": "bar", "x": _numbers(middle[inside]), "y": d.counts[inside].tolist(), "width": _numbers(width[inside]),
        "yaxis": "y3", "marker": {"color": fade(tokens.quiet, 0.3), "line": {"width": 0}}, "hoverinfo": "skip",
    }  # fmt: skip


def _layout(
    analysis: BiomarkerAnalysis,
    end: tuple[float, float],
    ratios: np.ndarray,
    smallest: float,
    theme: Theme,
    scale: float,
) -> Json:
    tokens = TOKENS[theme]
    unit = f" ({analysis.unit})" if analysis.unit else ""
    low = max(1 / WIDEST, float(np.quantile(ratios, 0.03)) / 1.15)
    high = min(WIDEST, float(np.quantile(ratios, 0.97)) * 1.15)
    bottom = min(0.008, smallest / 2)
    quiet = {"color": tokens.quiet, "size": 13 * scale}
    p_ticks = _p_ticks(bottom)
    marks = _marks(analysis, end, tokens)
    return {
        **canvas(theme, 13 * scale),
        "height": round(HEIGHT * scale),
        "margin": {"l": round(56 * scale), "r": round(14 * scale), "t": round(30 * scale), "b": round(44 * scale)},
        "hovermode": "closest",
        "hoverdistance": 40,
        "bargap": 0,
        "xaxis": {
            **FIXED, "range": list(end), "title": {"text": plotly_escape(analysis.label + unit), "font": quiet,
            "standoff": 8}, "tickfont": quiet, "anchor": "y2", "showline": True, "linecolor": tokens.quiet,
        },
        "yaxis": {
            **FIXED, "type": "log", "range": [log10(min(low, 0.5)), log10(max(high, 2.0))], "domain": list(RATIO),
            "tickvals": list(TICKS), "ticktext": [f"{t:g}" for t in TICKS], "showgrid": True,
            "gridcolor": tokens.hairline, "tickfont": quiet,
        },
        "yaxis2": {
            **FIXED, "type": "log", "range": [log10(bottom), log10(1.15)], "domain": list(P), "tickvals": p_ticks,
            "ticktext": [f"{t:g}" if t >= 1e-3 else f"10<sup>{log10(t):.0f}</sup>" for t in p_ticks], "showgrid": True,
            "gridcolor": tokens.hairline, "tickfont": quiet,
        },
        "yaxis3": {
            **FIXED, "domain": list(P), "range": [0, 4.5 * max(1, int(analysis.distribution.counts.max()))],
            "overlaying": "y2", "showticklabels": False,
        },
        "shapes": marks[0],
        "annotations": [*_headings(analysis, tokens), *marks[1]],
    }  # fmt: skip


def _p_ticks(bottom: float) -> list[float]:
    """Powers of ten from 1 down, a few."""
    decades = -log10(bottom)
    step = 1 if decades < 4 else ceil(decades / 4)
    return [10.0 ** -(step * i) for i in range(int(decades / step) + 1)]


def _headings(analysis: BiomarkerAnalysis, tokens: Tokens) -> list[Json]:
    where: dict[str, Any] = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    drawn = ", range over redraws" if analysis.redraws is not None else ""
    font = {"color": tokens.ink, "size": 13}
    return [
        annotation(f"Hazard ratio, above v not above{drawn}", 0, RATIO[1], yshift=8, font=font, **where),
        annotation(f"Log-rank p{drawn}", 0, P[1], yshift=4, font=font, **where),
    ]


def _marks(analysis: BiomarkerAnalysis, end: tuple[float, float], tokens: Tokens) -> tuple[list[Json], list[Json]]:
    """Lines at no effect, at the cut-offs in force and at the smallest p, the latter two with their words."""
    shapes = [_rule("x domain", 0, 1, "y", 1, 1, tokens.quiet, "solid")]
    notes: list[Json] = []
    chosen = analysis.chosen
    for _, value, origin in analysis.split.cutoffs:
        if not end[0] <= value <= end[1] or (chosen is not None and chosen.cutoff == value):
            continue
        shapes.append(_rule("x", value, value, "paper", 0, 1, tokens.ink, "4px,3px"))
        word = origin.split(":")[0].split(" of these data")[0]
        notes.append(_beside([f"{word} {_short(value)}"], value, end, tokens.ink, RATIO[1], -4))
    if chosen is not None:
        shapes.append(_rule("x", chosen.cutoff, chosen.cutoff, "paper", 0, 1, tokens.warning, "1px,3px"))
        lines = [f"{MARK} smallest p {fmt.p_value(chosen.test.p)} at {_short(chosen.cutoff)}"]
        if not chosen.selected.reason:
            lines.append(f"selection-adjusted {fmt.p_value(chosen.selected.best_p)}")
        at = max(chosen.cutoff, end[0] + 0.2 * (end[1] - end[0]))
        # On paper: the cut-off in force may run through these words.
        notes.append(_beside(lines, at, end, tokens.warning, P[1], 36) | {"bgcolor": tokens.paper})
    return shapes, notes


def _rule(xref: str, x0: float, x1: float, yref: str, y0: float, y1: float, colour: str, dash: str) -> Json:
    line = {"width": 1, "color": colour, "dash": dash}
    return {
        "type": "line", "xref": xref, "x0": x0, "x1": x1, "yref": yref, "y0": y0, "y1": y1, "line": line,
        "layer": "below",
    }  # fmt: skip


def _beside(lines: list[str], x: float, end: tuple[float, float], colour: str, y: float, shift: int) -> Json:
    """Words beside a line, on the side where there is room."""
    right = (x - end[0]) / (end[1] - end[0]) < 0.5
    side, shift_x = ("left", 4) if right else ("right", -4)
    where = {"xanchor": side, "xshift": shift_x, "yanchor": "top", "yshift": shift, "align": side, "yref": "paper"}
    return annotation("<br>".join(map(plotly_escape, lines)), x, y, **where, font={"color": colour, "size": 12})


def ribbon_foot(analysis: BiomarkerAnalysis) -> str:
    """What the marks mean, as HTML under the figure."""
    said = []
    if analysis.redraws is not None:
        said.append(f"Grey: 2.5th to 97.5th percentile over {analysis.redraws.count} redraws; no smallest p is marked.")
        if analysis.redraws.determined.any():
            said.append("Dot: the published cut-off, where the groups are determined.")
    else:
        said.append("Every cut-off that leaves a tenth of the patients on either side, as maxstat.")
        confidence = fmt.percent(analysis.selection.conventions.confidence)
        said.append(f"Band: {confidence} Wald interval at each cut-off, not adjusted for looking at all of them.")
    said.append("Bars: how many patients.")
    scan = analysis.scan
    if scan is not None and np.isnan(scan.log_ratio[scan.fitted]).any():
        n = int(np.isnan(scan.log_ratio[scan.fitted]).sum())
        said.append(f"Gaps: no finite hazard ratio at {fmt.plural(n, 'cut-off')}.")
    if scan is not None and min(int(scan.fitted.sum()), MOST_POINTS) < scan.cutoffs.size:
        drawn = min(int(scan.fitted.sum()), MOST_POINTS)
        said.append(f"Drawn at {drawn:,} of {scan.cutoffs.size:,} cut-offs, the smallest p among them.")
    words = html_escape(" ".join(said))
    return f'<p class="kras-foot"><span>{html_escape(provenance(analysis.cohort))}</span> {words}</p>'


def ribbon_alt_text(analysis: BiomarkerAnalysis) -> str:
    """The figure in words."""
    said = [
        f"Hazard ratio and log-rank p of {fmt.mid_sentence(analysis.endpoint.label)} at every cut-off of "
        f"{analysis.label}. {provenance(analysis.cohort)}."
    ]
    scan, chosen, r = analysis.scan, analysis.chosen, analysis.redraws
    if r is not None:
        said.append(r.sentence)
    if scan is not None and np.isfinite(scan.log_ratio).any():
        low, high = exp(float(np.nanmin(scan.log_ratio))), exp(float(np.nanmax(scan.log_ratio)))
        said.append(
            f"Over {scan.cutoffs.size} cut-offs the hazard ratio lies between {fmt.spread(low, high, fmt.ratio)}."
        )
    if chosen is not None:
        adjusted = chosen.selected.reason or fmt.p_equation(chosen.selected.best_p)
        said.append(
            f"Smallest {fmt.p_equation(chosen.test.p)} at {_short(chosen.cutoff)}; selection-adjusted {adjusted}; its "
            "hazard ratio is optimistic."
        )
    return " ".join(said)
