"""The spider plot: change of the sum of target lesions over time, one line a patient."""

import numpy as np

from kras_core.analyse.response_results import LesionCourses, ResponseAnalysis
from kras_core.report import format as fmt
from kras_core.report.format import Clock, plotly_escape, provenance
from kras_core.report.palette import TOKENS, Theme, Tokens, fade
from kras_core.report.response.patient_figures import PARTIAL, PROGRESSION, fills, key_of_fills
from kras_core.report.survival.km_frame import FIXED, Json, annotation, canvas, short

MOST_LINES = 150
HIGHEST = 200  # per cent: one tumour that grew tenfold would flatten all others


def _colours(tokens: Tokens) -> tuple[str, ...]:
    """By RESPONSES, as the bars have them, strong enough for lines."""
    return (tokens.accent, fade(tokens.accent, 0.7), fade(tokens.quiet, 0.8), tokens.error, fade(tokens.quiet, 0.5))


def spider_figure(analysis: ResponseAnalysis, *, theme: Theme = "light", compact: bool = False) -> Json:
    """Change against the baseline in per cent over time, coloured by best response where it is known, else by group;
    lines at −30 and +20 %, diamonds where the sum alone first shows progression. Every patient begins at 0, 0.

    The analysis has lesions. Patients without a scan after the baseline have no line and are counted at the foot.
    """
    tokens, lesions = TOKENS[theme], analysis.lesions
    assert lesions is not None
    clock = Clock(analysis.selection.unit, analysis.cohort.days_per_month)
    drawn = np.unique(lesions.patient[~lesions.baseline])[:MOST_LINES]
    line = {"color": tokens.quiet, "width": 1, "dash": "4px,3px"}
    left = {"xref": "paper", "yref": "paper", "xanchor": "left", "align": "left"}
    font = {"color": tokens.quiet, "size": 12}
    key = key_of_fills(analysis, tokens, drawn, _colours(tokens))
    mark = "◆ progression by the sum" if lesions.progressed.any() else ""
    layout = {
        **canvas(theme, 12),
        "height": 440 if compact else 420,
        "margin": {"l": 52, "r": 16, "t": 58 if compact else 40, "b": 132 if compact else 92},
        "hovermode": "closest",
        "xaxis": {**FIXED, "rangemode": "tozero", "title": {"text": clock.unit, "standoff": 4, "font": font}},
        "yaxis": {**FIXED, "range": list(_range(lesions)), "ticksuffix": " %", "showgrid": True,
                  "gridcolor": tokens.hairline, "zeroline": True, "zerolinecolor": tokens.quiet, "zerolinewidth": 1},
        "shapes": [
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": line}
            for y in (PARTIAL, PROGRESSION)
        ],
        "annotations": [
            annotation(("<br>" if compact else "      ").join(filter(None, (key, mark))), 0, 1, **left,
                       yanchor="bottom", xshift=-46, yshift=8, font=font),
            annotation(_foot(analysis, lesions, drawn.size, tokens, compact), 0, 0, **left, yanchor="top",
                       xshift=-46, yshift=-40, font=font),
        ],
    }  # fmt: skip
    return {"data": [*_lines(analysis, lesions, drawn, clock, theme), *_progressed(lesions, drawn, clock, tokens)],
            "layout": layout}  # fmt: skip


def _range(lesions: LesionCourses) -> tuple[float, float]:
    """Ends of the axis in per cent, both thresholds within."""
    top = min(max(float(lesions.change.max()), PROGRESSION), HIGHEST)
    return min(float(lesions.change.min()), PARTIAL) - 8, top + 8


def _lines(
    analysis: ResponseAnalysis, lesions: LesionCourses, drawn: np.ndarray, clock: Clock, theme: Theme
) -> list[Json]:
    """A trace for each colour, its patients' lines with gaps between them."""
    tokens = TOKENS[theme]
    colours = dict(zip(drawn.tolist(), fills(analysis.courses, drawn, tokens, theme, _colours(tokens)), strict=True))
    traces = []
    for fill in dict.fromkeys(colours.values()):
        x: list[float | None] = []
        y: list[float | None] = []
        said: list[str] = []
        for i in (i for i, own in colours.items() if own == fill):
            rows = np.flatnonzero(lesions.patient == i)
            x += [*_at(lesions, rows, clock), None]
            y += [*(round(float(v), 2) for v in lesions.change[rows]), None]
            name = plotly_escape(short(str(analysis.courses.names[i])))
            said += [*(_words(lesions, row, name, clock) for row in rows.tolist()), ""]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": x[:-1],
                "y": y[:-1],
                "connectgaps": False,
                "line": {"color": fill, "width": 1.5},
                "marker": {"color": fill, "size": 5},
                "customdata": said[:-1],
                "hovertemplate": "%{customdata}<extra></extra>",
            }
        )
    return traces


def _at(lesions: LesionCourses, rows: np.ndarray, clock: Clock) -> list[float]:
    """Times of scans; a baseline is drawn at 0."""
    return [round(max(float(v), 0.0) * clock.per_month, 3) for v in lesions.months[rows]]


def _words(lesions: LesionCourses, row: int, name: str, clock: Clock) -> str:
    size = f"{fmt.decimal(float(lesions.sum_mm[row]), 0)} mm"
    if lesions.baseline[row]:
        return f"<b>{name}</b><br>baseline: {size}"
    change = fmt.decimal(float(lesions.change[row]), 0)
    said = f"<b>{name}</b><br>{clock.spoken(float(lesions.months[row]))}: {change} %, {size}"
    return said + ("<br>progression by the sum" if lesions.progressed[row] else "")


def _progressed(lesions: LesionCourses, drawn: np.ndarray, clock: Clock, tokens: Tokens) -> list[Json]:
    rows = np.flatnonzero(lesions.progressed & np.isin(lesions.patient, drawn))
    rows = rows[np.unique(lesions.patient[rows], return_index=True)[1]]
    if not rows.size:
        return []
    marker = {"symbol": "diamond", "size": 8, "color": tokens.ink, "line": {"width": 1, "color": tokens.paper}}
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": _at(lesions, rows, clock),
            "y": [round(float(v), 2) for v in lesions.change[rows]],
            "marker": marker,
            "hoverinfo": "skip",
        }
    ]


def _foot(analysis: ResponseAnalysis, lesions: LesionCourses, drawn: int, tokens: Tokens, compact: bool) -> str:
    """Whose data, what the lines and marks mean, and who is not drawn."""
    known = np.unique(lesions.patient).size
    without, baseline_only = analysis.courses.n - known, known - lesions.followed
    beyond = int((lesions.change > HIGHEST).sum())
    missing = [
        f"{fmt.plural(without, 'patient')} without sums" if without else "",
        f"{baseline_only} with a baseline only" if baseline_only else "",
        f"{fmt.plural(beyond, 'scan')} above +{HIGHEST} %, beyond the axis" if beyond else "",
        f"the first {drawn} of {lesions.followed} lines are drawn" if drawn < lesions.followed else "",
    ]
    said = ["Lines: −30 % (partial response) and +20 %.", "◆: first 20 % and 5 mm above the smallest sum so far."]
    said += ["New and other lesions cannot be seen here."]
    said += [f"{', '.join(filter(None, missing))}.".capitalize()] if any(missing) else []
    head = f'<span style="color:{tokens.ink}">{provenance(analysis.cohort)}</span>'
    return "<br>".join([head, *said] if compact else [head, " ".join(said[:3]), *said[3:]])
