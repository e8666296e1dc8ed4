"""The marker as a number: a restricted cubic spline of its log hazard ratio, with interval and knots."""

import numpy as np

from kras_core.analyse.marker_results import BiomarkerAnalysis
from kras_core.report import format as fmt
from kras_core.report.format import html_escape, plotly_escape, provenance
from kras_core.report.markers.ribbon import BAND, TICKS, WIDEST
from kras_core.report.palette import TOKENS, Theme, fade
from kras_core.report.survival.km_frame import FIXED, Json, annotation, canvas

HEIGHT = 340


def spline_figure(analysis: BiomarkerAnalysis, *, theme: Theme = "light", scale: float = 1.0) -> Json | None:
    """The figure, ready for Plotly; None where there is no curve. Drawn markers show the envelope of their redraws."""
    tokens, r, spline = TOKENS[theme], analysis.redraws, analysis.spline
    if r is not None:
        x, low, high, middle, knots = r.x, r.spline_low, r.spline_high, None, ()
    elif spline is not None:
        x, low, high, middle, knots = spline.x, spline.low, spline.high, spline.log_ratio, spline.knots
    else:
        return None
    if not x.size or np.isnan(low).all():
        return None
    low, high = np.exp(np.clip(low, -20, 20)), np.exp(np.clip(high, -20, 20))
    shade = fade(tokens.quiet, 0.22) if middle is None else fade(tokens.accent, BAND)
    data: list[Json] = [
        {
            "type": "scatter", "mode": "lines", "x": _numbers(np.append(x, x[::-1])),
            "y": _numbers(np.append(high, low[::-1])), "fill": "toself", "fillcolor": shade, "line": {"width": 0},
            "hoverinfo": "skip",
        }
    ]  # fmt: skip
    if middle is not None:
        says = [
            f"{plotly_escape(analysis.label)} {a:.4g}: HR {fmt.ratio(b)} {fmt.interval(c, d, fmt.ratio)}"
            for a, b, c, d in zip(x, np.exp(middle), low, high, strict=True)
        ]
        data.append(
            {
                "type": "scatter", "mode": "lines", "x": _numbers(x), "y": _numbers(np.exp(middle)),
                "line": {"width": 2, "color": tokens.accent}, "text": says, "hovertemplate": "%{text}<extra></extra>",
            }
        )  # fmt: skip
    bottom = max(1 / WIDEST, min(0.5, float(low.min())))
    top = min(WIDEST, max(2.0, float(high.max())))
    inside = [k for k in knots if x[0] <= k <= x[-1]]
    data.append(
        {
            "type": "scatter", "mode": "markers", "x": _numbers(np.array(inside)), "y": [bottom] * len(inside),
            "marker": {"symbol": "line-ns-open", "size": 12, "color": tokens.ink, "line": {"width": 1.5}},
            "hovertemplate": "knot at %{x:.4g}<extra></extra>", "cliponaxis": False,
        }
    )  # fmt: skip
    return {"data": data, "layout": _layout(analysis, float(x[0]), float(x[-1]), bottom, top, theme, scale)}


def _numbers(values: np.ndarray) -> list[float]:
    return [float(f"{v:.5g}") for v in values.tolist()]


def _layout(
    analysis: BiomarkerAnalysis, first: float, last: float, bottom: float, top: float, theme: Theme, scale: float
) -> Json:
    tokens = TOKENS[theme]
    quiet = {"color": tokens.quiet, "size": 13 * scale}
    reference = analysis.spline.reference if analysis.spline else analysis.distribution.median
    unit = f" ({analysis.unit})" if analysis.unit else ""
    heading = f"Hazard ratio against {analysis.label} {reference:.4g}, the median"
    line = {"width": 1, "color": tokens.quiet}
    return {
        **canvas(theme, 13 * scale),
        "height": round(HEIGHT * scale),
        "margin": {"l": round(56 * scale), "r": round(14 * scale), "t": round(30 * scale), "b": round(46 * scale)},
        "hovermode": "x",
        "xaxis": {
            **FIXED, "range": [first, last], "tickfont": quiet, "showline": True, "linecolor": tokens.quiet,
            "title": {"text": plotly_escape(analysis.label + unit), "font": quiet, "standoff": 10},
        },
        "yaxis": {
            **FIXED, "type": "log", "range": [float(np.log10(bottom)), float(np.log10(top))], "tickvals": list(TICKS),
            "ticktext": [f"{t:g}" for t in TICKS], "showgrid": True, "gridcolor": tokens.hairline, "tickfont": quiet,
        },
        "shapes": [
            {"type": "line", "xref": "x domain", "x0": 0, "x1": 1, "y0": 1, "y1": 1, "line": line, "layer": "below"}
        ],
        "annotations": [
            annotation(
                plotly_escape(heading), 0, 1, xref="paper", yref="paper", xanchor="left", yanchor="bottom", yshift=8
            )
        ],
    }  # fmt: skip


def spline_foot(analysis: BiomarkerAnalysis) -> str:
    """What the curve is and what its tests say, as HTML."""
    spline, r = analysis.spline, analysis.redraws
    if r is not None:
        said = [r.sentence]
    elif spline is None:
        said = []
    elif spline.reason:
        said = [f"No curve: {spline.reason}."]
    else:
        knots = ", ".join(f"{k:.4g}" for k in spline.knots)
        said = [
            f"Restricted cubic spline, knots at {knots} (ticks); the inner 95 % of the patients; band: pointwise "
            f"{fmt.percent(analysis.selection.conventions.confidence)} interval.",
            f"Whole curve {fmt.p_equation(spline.overall.p)}, departure from a straight line "
            f"{fmt.p_equation(spline.nonlinear.p)} (likelihood ratio).",
        ]
    words = html_escape(" ".join(said))
    return f'<p class="kras-foot"><span>{html_escape(provenance(analysis.cohort))}</span> {words}</p>'


def spline_alt_text(analysis: BiomarkerAnalysis) -> str:
    """The figure in words."""
    spline = analysis.spline
    said = [f"Hazard ratio along {analysis.label}. {provenance(analysis.cohort)}."]
    if spline is not None and not spline.reason:
        for share in (0, 50, 100):
            at = share * (spline.x.size - 1) // 100
            said.append(f"At {spline.x[at]:.4g}: {fmt.ratio(float(np.exp(spline.log_ratio[at])))}.")
    return " ".join(said)
