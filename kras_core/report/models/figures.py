"""Figures of the Models view: scaled Schoenfeld residuals along time, and coefficients along a penalty."""

import numpy as np

from kras_core.analyse.model_results import Diagnostic, ModelAnalysis
from kras_core.report import format as fmt
from kras_core.report.format import Clock, html_escape, plotly_escape, provenance
from kras_core.report.models.tables import term_names
from kras_core.report.models.words import DETAIL, FEW_EVENTS, NOT_REJECTED
from kras_core.report.palette import TOKENS, Theme, fade
from kras_core.report.survival.km_frame import FIXED, Json, annotation, canvas
from kras_core.report.thin import MAX_POINTS, sparse
from kras_core.stats.results import Floats, PenaltyPath

HEIGHT = 340
BAND = 0.12
BEYOND = 1.6  # of the curve's own reach: residuals further out are drawn at the edge
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def residual_figure(analysis: ModelAnalysis, found: Diagnostic, *, theme: Theme = "light", scale: float = 1.0) -> Json:
    """One term's scaled Schoenfeld residuals: its log hazard ratio as time goes by, if it changes."""
    tokens = TOKENS[theme]
    clock = Clock(analysis.selection.unit, analysis.cohort.days_per_month)
    kept = sparse(np.arange(found.values.size), MAX_POINTS)
    x, y = found.residuals.time[kept] * clock.per_month, found.values[kept]
    low, high = _reach(found)
    data: list[Json] = []
    if found.at.size:
        at = found.at * clock.per_month
        data += [
            {
                "type": "scatter", "mode": "lines", "x": _numbers(np.append(at, at[::-1])),
                "y": _numbers(np.clip(np.append(found.high, found.low[::-1]), low, high)), "fill": "toself",
                "fillcolor": fade(tokens.accent, BAND), "line": {"width": 0}, "hoverinfo": "skip",
            },
            {
                "type": "scatter", "mode": "lines", "x": _numbers(at), "y": _numbers(np.clip(found.fit, low, high)),
                "line": {"width": 2, "color": tokens.accent}, "hoverinfo": "skip",
            },
        ]  # fmt: skip
    data.append(
        {
            "type": "scatter", "mode": "markers", "x": _numbers(x), "y": _numbers(np.clip(y, low, high)),
            "marker": {"size": 5, "color": tokens.quiet, "opacity": 0.7}, "cliponaxis": False,
            "text": [f"{clock.number(float(t))} {clock.unit}: {fmt.decimal(float(v), 2)}"
                     for t, v in zip(found.residuals.time[kept], y, strict=True)],
            "hovertemplate": "%{text}<extra></extra>",
        }
    )  # fmt: skip
    layout = _layout(theme, scale, "Log hazard ratio along time")
    layout["xaxis"] |= {"title": {"text": clock.unit, "font": layout["xaxis"]["tickfont"], "standoff": 8}}
    layout["xaxis"] |= {"rangemode": "tozero"}
    layout["yaxis"] |= {"range": [low, high]}
    layout["shapes"] = [_level(0.0, tokens.quiet, "dot"), _level(found.estimate, tokens.ink, "dash")]
    return {"data": data, "layout": layout}


def _reach(found: Diagnostic) -> tuple[float, float]:
    """Where the axis ends: the middle 98 % of the residuals, the curve and the estimate."""
    inner = np.quantile(found.values, (0.01, 0.99))
    known = np.concatenate((inner, found.fit, [found.estimate, 0.0]))
    low, high = float(known.min()), float(known.max())
    room = max(0.05 * (high - low), 0.05)
    return low - room, high + room


def _level(y: float, color: str, dash: str) -> Json:
    line = {"width": 1, "color": color, "dash": dash}
    return {"type": "line", "xref": "x domain", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": line, "layer": "below"}


def _layout(theme: Theme, scale: float, heading: str) -> Json:
    tokens = TOKENS[theme]
    quiet = {"color": tokens.quiet, "size": 13 * scale}
    return {
        **canvas(theme, 13 * scale),
        "height": round(HEIGHT * scale),
        "margin": {"l": round(48 * scale), "r": round(16 * scale), "t": round(30 * scale), "b": round(46 * scale)},
        "hovermode": "closest",
        "xaxis": {**FIXED, "tickfont": quiet, "showline": True, "linecolor": tokens.quiet},
        "yaxis": {**FIXED, "tickfont": quiet, "showgrid": True, "gridcolor": tokens.hairline},
        "annotations": [
            annotation(
                plotly_escape(heading), 0, 1, xref="paper", yref="paper", xanchor="left", yanchor="bottom", yshift=8
            )
        ],
    }


def _numbers(values: Floats) -> list[float]:
    return [float(f"{v:.5g}") for v in values.tolist()]


def residual_foot(analysis: ModelAnalysis, found: Diagnostic) -> str:
    """How to read it, as HTML."""
    said = [
        "Dots: scaled Schoenfeld residuals, one an event; dashed: the model's log hazard ratio; dotted: none.",
        f"Curve: natural spline, {fmt.percent(analysis.selection.conventions.confidence)} pointwise interval."
        if found.at.size
        else "No curve: fewer than ten events, or tied ones.",
        f"This term: {fmt.p_equation(found.test.p)}. {NOT_REJECTED.format(events=fmt.whole(analysis.events))}",
    ]
    return _foot(analysis, said)


def _foot(analysis: ModelAnalysis, said: list[str]) -> str:
    words = html_escape(" ".join(said))
    return f'<p class="kras-foot"><span>{html_escape(provenance(analysis.cohort))}</span> {words}</p>'


def residual_alt_text(analysis: ModelAnalysis, found: Diagnostic) -> str:
    """The figure in words."""
    curve = ""
    if found.at.size:
        ends = ", ".join(fmt.decimal(float(found.fit[i]), 2) for i in (0, len(found.fit) // 2, -1))
        curve = f" The curve goes from {ends} (start, middle, end)."
    return (
        f"Scaled Schoenfeld residuals of {found.label} at {fmt.plural(found.values.size, 'event')}, around a log "
        f"hazard ratio of {fmt.decimal(found.estimate, 2)}.{curve} {provenance(analysis.cohort)}."
    )


def path_figure(
    analysis: ModelAnalysis, path: PenaltyPath, *, compact: bool = False, theme: Theme = "light", scale: float = 1.0
) -> Json:
    """Log hazard ratios per standard deviation as the penalty weakens, with the two that cross-validation points at.

    compact: for a telephone, with shorter names.
    """
    longest, room = (11, 84) if compact else (22, 150)
    tokens = TOKENS[theme]
    x = -np.log10(path.penalties)
    names = term_names(analysis)
    data: list[Json] = []
    for j, name in enumerate(names):
        color = tokens.strata[j % len(tokens.strata)]
        says = [
            f"{plotly_escape(name)}: {'left out' if b == 0 else 'HR ' + fmt.ratio(float(np.exp(b)))}"
            for b in path.beta[:, j]
        ]
        line = {"width": 2, "color": color, "dash": DASHES[(j // len(tokens.strata) + j) % len(DASHES)]}
        data.append(
            {
                "type": "scatter", "mode": "lines", "x": _numbers(x), "y": _numbers(path.beta[:, j]), "line": line,
                "text": says, "hovertemplate": "%{text}<extra></extra>", "name": plotly_escape(name),
            }
        )  # fmt: skip
    layout = _layout(theme, scale, f"Log hazard ratio per SD, {path.kind}")
    marks = dict.fromkeys((path.simplest, path.best))
    words = {path.simplest: "within one standard error", path.best: "least deviance"}
    layout["shapes"] = [_level(0.0, tokens.quiet, "dot"), *(_penalty_line(float(x[i]), tokens.ink) for i in marks)]
    layout["annotations"] += [
        annotation(
            words[i], float(x[i]), 0, yref="paper", textangle=-90, xanchor="right", yanchor="bottom", xshift=-1,
            font={"color": tokens.quiet, "size": 12 * scale},
        )
        for i in marks
    ]  # fmt: skip
    layout["annotations"] += _end_labels(path, names, longest, float(x[-1]), theme, scale)
    ticks = np.unique(np.round(x))
    inside = ticks[(ticks >= x[0]) & (ticks <= x[-1])]
    layout["xaxis"] |= {
        "range": [float(x[0]), float(x[-1]) + 0.02 * float(x[-1] - x[0])],
        "tickvals": inside.tolist(),
        "ticktext": [f"{10.0**-t:g}" for t in inside],
        "title": {"text": "penalty λ, weaker to the right", "font": layout["xaxis"]["tickfont"], "standoff": 8},
    }
    layout["margin"]["r"] = round(room * scale)
    return {"data": data, "layout": layout}


def _penalty_line(x: float, color: str) -> Json:
    line = {"width": 1, "color": color}
    return {"type": "line", "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1, "line": line, "layer": "below"}


def _end_labels(path: PenaltyPath, names: list[str], longest: int, x: float, theme: Theme, scale: float) -> list[Json]:
    """The terms' names at the lines' ends, moved apart where they would cover each other."""
    tokens, last = TOKENS[theme], path.beta[-1]
    reach = float(np.ptp(np.append(path.beta, 0.0))) or 1.0
    gap = reach * 16 * scale / (HEIGHT - 76)
    placed: list[Json] = []
    before = np.inf
    for j in np.argsort(-last).tolist():
        y = min(float(last[j]), before - gap)
        before = y
        name = names[j] if len(names[j]) <= longest else names[j][: longest - 1].rstrip() + "…"
        font = {"color": tokens.strata_ink[j % len(tokens.strata_ink)], "size": 12 * scale}
        placed.append(
            annotation(plotly_escape(name), x, y, xanchor="left", xshift=8, yanchor="middle", align="left", font=font)
        )
    return placed


def path_foot(analysis: ModelAnalysis, path: PenaltyPath) -> str:
    """What the path is, as HTML."""
    said = [
        f"Each line a term, shrunk towards 0 from right to left; upright lines: the penalties that {path.folds}-fold "
        f"cross-validation points at (seed {path.seed}). Shrunken ratios have no interval."
    ]
    return _foot(analysis, [*([DETAIL] if analysis.events < FEW_EVENTS else []), *said])


def path_alt_text(analysis: ModelAnalysis, path: PenaltyPath) -> str:
    """The figure in words."""
    at = ", ".join(
        f"{name} {'left out' if b == 0 else fmt.ratio(float(np.exp(b)))}"
        for name, b in zip(term_names(analysis), path.beta[path.best], strict=True)
    )
    where = provenance(analysis.cohort)
    return f"{path.kind.capitalize()} path. Hazard ratios per SD at the least deviance: {at}. {where}."
