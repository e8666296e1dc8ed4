"""Best overall response as stacked bars, one a group, with ORR and DCR and their intervals beneath each.

Where redraws leave a group open, its bar spans the range of patients with response and with disease control.
"""

from kras_core.analyse.response_results import RESPONSES, Measure, ResponseAnalysis, ResponseGroup
from kras_core.report import format as fmt
from kras_core.report.format import plotly_escape, provenance
from kras_core.report.palette import TOKENS, Theme, Tokens, fade
from kras_core.report.response.tables import NAMES, SHORT, size
from kras_core.report.survival.km_frame import FIXED, Json, annotation, canvas, short
from kras_core.report.survival.km_labels import text_width

MOST_GROUPS = 12
ROW, HEAD, FOOT = 74, 30, 62  # pixels
ENOUGH = 7.0  # per cent of the width that a count needs
MEASURES: tuple[Measure, Measure] = ("orr", "dcr")


def response_colours(tokens: Tokens) -> tuple[str, ...]:
    """Fills by RESPONSES: the better the darker accent, progression in the error's colour, paler for the unknown."""
    return (tokens.accent, fade(tokens.accent, 0.62), fade(tokens.quiet, 0.4), fade(tokens.error, 0.7), tokens.hairline)


def response_figure(analysis: ResponseAnalysis, *, theme: Theme = "light", compact: bool = False) -> Json:
    """The figure of a Response view, ready for Plotly."""
    tokens = TOKENS[theme]
    groups = [analysis.overall] if not analysis.groups else [*analysis.groups[:MOST_GROUPS], analysis.overall]
    data = [
        *_bars(groups, tokens),
        _ranges(groups, tokens),
        _intervals(groups, tokens),
        _estimates(groups, tokens),
        _words(groups, tokens),
    ]
    if compact:
        data.append(_names_above(groups, tokens))
    left = 16 if compact else 24 + max(text_width(name_of(g), 13) for g in groups)
    row = ROW + (16 if compact else 0)
    foot = FOOT + (18 if compact else 0)
    layout = {
        **canvas(theme, 12 if compact else 13),
        "height": HEAD + foot + row * len(groups),
        "margin": {"l": round(left), "r": 18, "t": HEAD, "b": foot},
        "barmode": "stack",
        "hovermode": "closest",
        "xaxis": {
            **FIXED,
            "range": [0, 100],
            "tickvals": [0, 25, 50, 75, 100],
            "ticktext": ["0", "25", "50", "75", "100 %"],
            "showgrid": True,
            "gridcolor": tokens.hairline,
        },
        "yaxis": {
            **FIXED,
            "range": [len(groups) - 0.45, -0.55],
            "tickvals": list(range(len(groups))),
            "ticktext": [name_of(g) for g in groups],
            "showticklabels": not compact,
            "ticklabelstandoff": 8,
        },
        "annotations": [_key(groups, tokens), _footnote(analysis, len(groups), tokens, left)],
    }
    return {"data": [trace for trace in data if trace], "layout": layout}


def name_of(group: ResponseGroup) -> str:
    """ "No prior · n = 21", for Plotly."""
    return f"{plotly_escape(short(group.label))} · n = {size(group)}"


def parts_of(group: ResponseGroup) -> list[int]:
    """Counts by RESPONSES, those not recorded with the not evaluable."""
    return [*group.counts[:4], group.counts[4] + group.missing]


def _bars(groups: list[ResponseGroup], tokens: Tokens) -> list[Json]:
    """One trace a response."""
    traces = []
    for i, (name, fill) in enumerate(zip(RESPONSES, response_colours(tokens), strict=True)):
        counts = [0 if g.ranges else parts_of(g)[i] for g in groups]
        if not any(counts):
            continue
        shares = [100 * k / max(g.n, 1) for k, g in zip(counts, groups, strict=True)]
        words = "not evaluable or not recorded" if name == "NE" else NAMES[name].lower()
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "y": list(range(len(groups))),
                "x": [round(s, 3) for s in shares],
                "width": 0.4,
                "marker": {"color": fill, "line": {"width": 1, "color": tokens.paper}},
                "text": [f"{name} {k}" if s >= ENOUGH else "" for k, s in zip(counts, shares, strict=True)],
                "textposition": "inside",
                "insidetextanchor": "middle",
                "textangle": 0,
                "textfont": {"color": tokens.paper if i == 0 else tokens.ink, "size": 12},
                "customdata": [f"{k} of {g.n} ({s:.1f} %)" for k, g, s in zip(counts, groups, shares, strict=True)],
                "hovertemplate": f"{words}: %{{customdata}}<extra></extra>",
            }
        )
    return traces


def _offset(measure: Measure) -> float:
    return 0.29 if measure == "orr" else 0.43


def _share(k: float, group: ResponseGroup) -> float:
    return round(100 * k / max(group.n, 1), 3)


def _ranges(groups: list[ResponseGroup], tokens: Tokens) -> Json:
    """Thick lines over the patients that redraws leave open."""
    x: list[float | None] = []
    y: list[float | None] = []
    for i, g in enumerate(groups):
        for measure in MEASURES if g.ranges else ():
            low, high = g.ranges[measure]
            at = i + (-0.1 if measure == "orr" else 0.1)
            x += [_share(low, g) - (0.4 if low == high else 0), _share(high, g) + (0.4 if low == high else 0), None]
            y += [at, at, None]
    if not x:
        return {}
    line = {"color": fade(tokens.accent, 0.55), "width": 9}
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "line": line, "hoverinfo": "skip"}


def _intervals(groups: list[ResponseGroup], tokens: Tokens) -> Json:
    x: list[float | None] = []
    y: list[float | None] = []
    for i, g in enumerate(groups):
        for measure in MEASURES if g.rates and g.n else ():
            p = g.rates[measure, "all"].exact
            x += [round(100 * p.low, 3), round(100 * p.high, 3), None]
            y += [i + _offset(measure)] * 2 + [None]
    line = {"color": tokens.ink, "width": 1.5}
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "line": line, "hoverinfo": "skip"} if x else {}


def _estimates(groups: list[ResponseGroup], tokens: Tokens) -> Json:
    points: list[tuple[int, Measure, ResponseGroup]] = [
        (i, m, g) for i, g in enumerate(groups) if g.rates and g.n for m in MEASURES
    ]
    if not points:
        return {}
    found = [g.rates[m, "all"].exact for _, m, g in points]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [round(100 * p.estimate, 3) for p in found],
        "y": [i + _offset(m) for i, m, _ in points],
        "marker": {
            "symbol": ["diamond" if m == "orr" else "circle" for _, m, _ in points],
            "size": 7,
            "color": tokens.ink,
        },
        "customdata": [f"{SHORT[m]} {fmt.proportion(p).text}" for (_, m, _), p in zip(points, found, strict=True)],
        "hovertemplate": "%{customdata}, Clopper–Pearson<extra></extra>",
    }


def _words(groups: list[ResponseGroup], tokens: Tokens) -> Json:
    """Beside an open group's lines, on the side with more room: what they span."""
    texts, x, y, sides = [], [], [], []
    for i, g in enumerate(groups):
        for measure in MEASURES if g.ranges else ():
            low, high = g.ranges[measure]
            to_the_right = 100 - _share(high, g) >= _share(low, g)
            texts.append(f"  {SHORT[measure]} {fmt.spread(low, high, fmt.whole)} of {size(g)}  ")
            x.append(_share(high if to_the_right else low, g))
            y.append(i + (-0.1 if measure == "orr" else 0.1))
            sides.append("middle right" if to_the_right else "middle left")
    if not texts:
        return {}
    return {
        "type": "scatter",
        "mode": "text",
        "x": x,
        "y": y,
        "text": texts,
        "textposition": sides,
        "textfont": {"size": 12, "color": tokens.ink},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }


def _names_above(groups: list[ResponseGroup], tokens: Tokens) -> Json:
    return {
        "type": "scatter",
        "mode": "text",
        "x": [0] * len(groups),
        "y": [i - 0.33 for i in range(len(groups))],
        "text": [f"<b>{name_of(g)}</b>" for g in groups],
        "textposition": "middle right",
        "textfont": {"size": 12, "color": tokens.ink},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }


def _key(groups: list[ResponseGroup], tokens: Tokens) -> Json:
    ink = tokens.ink
    parts = []
    if any(g.rates for g in groups):
        parts.append(f'<span style="color:{ink}">◆</span> ORR   <span style="color:{ink}">●</span> DCR, interval')
    if any(g.ranges for g in groups):
        parts.append(f'<span style="color:{fade(tokens.accent, 0.55)}">■</span> range over redraws')
    place = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    return annotation("   ".join(parts), 0, 1, **place, yshift=8, font={"color": tokens.quiet, "size": 12})


def _footnote(analysis: ResponseAnalysis, drawn: int, tokens: Tokens, left: float) -> Json:
    level = fmt.percent(analysis.selection.conventions.confidence)
    said = f"Per cent of all patients; {level} intervals by Clopper–Pearson."
    if any(g.missing for g in analysis.groups or (analysis.overall,)):
        said += " NE includes not recorded."
    if len(analysis.groups) > MOST_GROUPS:
        said += f" The first {MOST_GROUPS} of {len(analysis.groups)} groups are drawn."
    text = f'<span style="color:{tokens.ink}">{provenance(analysis.cohort)}</span><br>{said}'
    place = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top", "align": "left"}
    font = {"color": tokens.quiet, "size": 12}
    return annotation(text, 0, 0, **place, xshift=2 - round(left), yshift=-26, font=font)
