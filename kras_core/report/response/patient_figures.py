"""One bar a patient: the swimmer plot (courses over time) and the waterfall plot (best change of target lesions)."""

from typing import Protocol

import numpy as np

from kras_core.analyse.response_results import RESPONSES, Courses, ResponseAnalysis
from kras_core.analyse.results import CohortRef
from kras_core.report import format as fmt
from kras_core.report.format import Clock, plotly_escape, provenance
from kras_core.report.palette import TOKENS, Theme, Tokens, colour, fade
from kras_core.report.response.figure import response_colours
from kras_core.report.response.tables import NAMES
from kras_core.report.survival.km_frame import FIXED, Json, annotation, canvas, short
from kras_core.report.survival.km_labels import text_width
from kras_core.selection import Selection

ORDERS = {"time": "Longest first", "response": "By response", "group": "By group"}
MOST_PATIENTS = 80
MOST_COLUMNS = 200
ROW = 15  # pixels a patient
PARTIAL, PROGRESSION = -30, 20  # per cent: RECIST's thresholds for the sum of target lesions


class OfCourses(Protocol):
    """An analysis with the course of every patient; labels: names of the groups."""

    @property
    def cohort(self) -> CohortRef: ...
    @property
    def selection(self) -> Selection: ...
    @property
    def courses(self) -> Courses: ...
    @property
    def labels(self) -> tuple[str, ...]: ...


def swimmer_figure(analysis: OfCourses, *, order: str = "time", theme: Theme = "light", compact: bool = False) -> Json:
    """A swimmer plot: treatment or the time to progression dark, what followed lighter; marks for response,
    progression and death, an arrow for whoever was without the last event at the end.

    order: "time" (longest course first), "response" or "group".
    """
    tokens, c = TOKENS[theme], analysis.courses
    clock = Clock(analysis.selection.unit, analysis.cohort.days_per_month)
    rows = swimmer_order(c, order)
    shown = rows[:MOST_PATIENTS]
    names = [plotly_escape(short(str(name))) for name in c.names[shown]]
    data = [*_courses(c, shown, names, clock, tokens, theme), *_marks(c, shown, clock, tokens)]
    left = 44 if compact else 16 + max((text_width(name, 11) for name in names), default=20)
    head, foot = (74, 78) if compact else (40, 66)
    layout = {
        **canvas(theme, 12),
        "height": round(head + foot + ROW * max(len(shown), 4)),
        "margin": {"l": round(left), "r": 24, "t": head, "b": foot},
        "barmode": "overlay",
        "hovermode": "closest",
        "xaxis": {
            **FIXED,
            "rangemode": "tozero",
            "showgrid": True,
            "gridcolor": tokens.hairline,
            "title": {"text": clock.unit, "standoff": 4, "font": {"size": 12, "color": tokens.quiet}},
        },
        "yaxis": {
            **FIXED,
            "range": [len(shown) - 0.4, -0.6],
            "tickvals": list(range(len(shown))),
            "ticktext": names,
            "showticklabels": not compact,
            "tickfont": {"size": 11, "color": tokens.quiet},
            "ticklabelstandoff": 4,
        },
        "annotations": _around(analysis, len(shown), rows.size, tokens, left, compact),
    }
    return {"data": data, "layout": layout}


def swimmer_orders(c: Courses) -> dict[str, str]:
    """The orders that tell patients apart here."""
    known = {"time": True, "response": bool((c.response >= 0).any()), "group": bool((c.slot >= 0).any())}
    return {order: name for order, name in ORDERS.items() if known[order]}


def swimmer_order(c: Courses, order: str = "time") -> np.ndarray:
    """Positions of the patients with a known course, in order of drawing."""
    known = np.flatnonzero(~np.isnan(c.end))
    longest = known[np.argsort(-c.end[known], kind="stable")]
    if order == "response":
        rank = np.where(c.response[longest] < 0, len(RESPONSES), c.response[longest])
        return longest[np.argsort(rank, kind="stable")]
    if order == "group":
        return longest[np.argsort(np.where(c.slot[longest] < 0, 10_000, c.slot[longest]), kind="stable")]
    return longest


def _until(c: Courses) -> tuple[np.ndarray, str]:
    """Where the dark part of each bar ends, and what it is."""
    if not np.isnan(c.treated).all() or c.on_treatment.any():
        return np.where(c.on_treatment, c.end, np.fmin(c.treated, c.end)), "treatment"
    return np.fmin(c.progression, c.end), "until progression"


def _courses(c: Courses, shown: np.ndarray, names: list[str], clock: Clock, tokens: Tokens, theme: Theme) -> list[Json]:
    """Two traces: the whole course, and its first part on top."""
    filled = fills(c, shown, tokens, theme)
    until, words = _until(c)
    said = [_course_words(c, i, name, clock) for i, name in zip(shown, names, strict=True)]
    template = "%{customdata}<extra></extra>"
    y = list(range(len(shown)))
    traces: list[Json] = []
    for values, opacity in ((c.end, 0.32), (np.nan_to_num(until), 1.0)):
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "y": y,
                "x": [round(float(v) * clock.per_month, 3) for v in values[shown]],
                "width": 0.62,
                "marker": {"color": filled, "opacity": opacity, "line": {"width": 0}},
                "customdata": said,
                "hovertemplate": template,
                "name": words,
            }
        )
    return traces


def fills(c: Courses, shown: np.ndarray, tokens: Tokens, theme: Theme, responses: tuple[str, ...] = ()) -> list[str]:
    """By best response where it is known of somebody, else by group, else one colour. responses: colours by RESPONSES
    other than those of bars."""
    if (c.response >= 0).any():
        by_response = [*(responses or response_colours(tokens)), tokens.hairline]
        return [by_response[i] for i in c.response[shown].tolist()]
    if (c.slot >= 0).any():
        return [colour(i, theme) if i >= 0 else fade(tokens.quiet, 0.5) for i in c.slot[shown].tolist()]
    return [tokens.accent] * len(shown)


def _course_words(c: Courses, i: int, name: str, clock: Clock) -> str:
    said = [f"<b>{name}</b>"]
    if c.response[i] >= 0:
        said.append(f"best response: {NAMES[RESPONSES[c.response[i]]].lower()}")
    for words, value in (("response", c.responded[i]), ("progression", c.progression[i]), ("death", c.death[i])):
        if value == value:
            said.append(f"{words} at {clock.spoken(float(value))}")
    if c.treated[i] == c.treated[i]:
        said.append(f"treated for {clock.spoken(float(c.treated[i]))}")
    if c.alive[i]:
        said.append(f"followed for {clock.spoken(float(c.end[i]))}")
    return "<br>".join(said)


MARKS = (
    ("responded", "▲", "response", "triangle-up", 9),
    ("progression", "◆", "progression", "diamond", 8),
    ("death", "✕", "death", "x-thin", 8),
    ("alive", "▶", "ongoing at last contact", "triangle-right", 9),
)


def _at(c: Courses, what: str) -> np.ndarray:
    return np.where(c.alive, c.end, np.nan) if what == "alive" else getattr(c, what)


def _marks(c: Courses, shown: np.ndarray, clock: Clock, tokens: Tokens) -> list[Json]:
    traces = []
    for what, _, words, symbol, size in MARKS:
        at = _at(c, what)[shown]
        rows = np.flatnonzero(~np.isnan(at))
        if not rows.size:
            continue
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [round(float(v) * clock.per_month, 3) for v in at[rows]],
                "y": rows.tolist(),
                "marker": {
                    "symbol": symbol,
                    "size": size,
                    "color": tokens.ink,
                    "line": {
                        "width": 2 if symbol == "x-thin" else 1,
                        "color": tokens.ink if symbol == "x-thin" else tokens.paper,
                    },
                },
                "cliponaxis": False,
                "hovertemplate": f"{words}: %{{x:.1f}} {clock.unit}<extra></extra>",
            }
        )
    return traces


def _around(analysis: OfCourses, drawn: int, of: int, tokens: Tokens, left: float, compact: bool) -> list[Json]:
    c = analysis.courses
    marks = [f"{sign} {words}" for what, sign, words, _, _ in MARKS if (~np.isnan(_at(c, what))).any()]
    filled = key_of_fills(analysis, tokens, np.arange(analysis.courses.n))
    lines = [filled, "   ".join(marks)] if compact else ["      ".join(filter(None, [filled, "   ".join(marks)]))]
    key = "<br>".join(line for line in lines if line)
    said = f"Dark: {_until(c)[1]}. " if not np.isnan(_until(c)[0]).all() else ""
    if not (c.response >= 0).any():
        said += "Best responses are not shown by patient: they were drawn or not recorded. "
    if drawn < of:
        said += f"The first {drawn} of {of} patients are drawn. "
    if c.n > of:
        said += f"{fmt.plural(c.n - of, 'patient')} without a time. "
    break_ = "<br>" if compact else " · "
    text = f'<span style="color:{tokens.ink}">{provenance(analysis.cohort)}</span>{break_}{said}'
    top = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "align": "left"}
    bottom = {**top, "yanchor": "top"}
    font = {"color": tokens.quiet, "size": 12}
    return [
        annotation(key, 0, 1, **top, xshift=2 - round(left), yshift=6, font=font),
        annotation(text, 0, 0, **bottom, xshift=2 - round(left), yshift=-42, font=font),
    ]


def key_of_fills(analysis: OfCourses, tokens: Tokens, rows: np.ndarray, responses: tuple[str, ...] = ()) -> str:
    """What the colours of these patients mean (see `fills`)."""
    c = analysis.courses
    slots = c.slot[rows]
    if (c.response >= 0).any():
        named = zip(RESPONSES, responses or response_colours(tokens), strict=True)
        found = [pair for i, pair in enumerate(named) if (c.response[rows] == i).any()]
    else:
        theme: Theme = "dark" if tokens is TOKENS["dark"] else "light"
        groups = sorted(set(slots[slots >= 0].tolist()))[:6]
        found = [(plotly_escape(short(analysis.labels[s])), colour(s, theme)) for s in groups]
    return "   ".join(f'<span style="color:{fill}">■</span> {name}' for name, fill in found)


def waterfall_figure(analysis: ResponseAnalysis, *, theme: Theme = "light", compact: bool = False) -> Json:
    """Best change of the sum of target lesions, worst first, coloured by best response; lines at −30 and +20 %."""
    tokens, c = TOKENS[theme], analysis.courses
    rows = np.flatnonzero(~np.isnan(c.change))
    rows = rows[np.argsort(-c.change[rows], kind="stable")]
    shown = rows[:MOST_COLUMNS]
    said = [
        f"<b>{plotly_escape(short(str(c.names[i])))}</b><br>{fmt.decimal(float(c.change[i]), 0)} %"
        + (f"<br>{NAMES[RESPONSES[c.response[i]]].lower()}" if c.response[i] >= 0 else "")
        for i in shown
    ]
    bars = {
        "type": "bar",
        "x": list(range(len(shown))),
        "y": [round(float(v), 2) for v in c.change[shown]],
        "marker": {"color": fills(c, shown, tokens, theme), "line": {"width": 0}},
        "customdata": said,
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    line = {"color": tokens.quiet, "width": 1, "dash": "4px,3px"}
    shapes = [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": line}
        for y in (PARTIAL, PROGRESSION)
    ]
    place = {
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "align": "left",
        "font": {"color": tokens.quiet, "size": 12},
    }
    without = c.n - rows.size
    unseen = f" {fmt.plural(without, 'patient')} without a measured change." if without else ""
    cut = f" The first {len(shown)} of {rows.size} are drawn." if rows.size > len(shown) else ""
    foot = (
        f'<span style="color:{tokens.ink}">{provenance(analysis.cohort)}</span><br>Lines: −30 % and +20 %.{unseen}{cut}'
    )
    layout = {
        **canvas(theme, 12),
        "height": 380,
        "margin": {"l": 52, "r": 16, "t": 40, "b": 56},
        "bargap": 0.12,
        "hovermode": "closest",
        "xaxis": {**FIXED, "showticklabels": False},
        "yaxis": {**FIXED, "ticksuffix": " %", "showgrid": True, "gridcolor": tokens.hairline, "zeroline": True,
                  "zerolinecolor": tokens.quiet, "zerolinewidth": 1},
        "shapes": shapes,
        "annotations": [
            annotation(key_of_fills(analysis, tokens, shown), 0, 1, **place, yanchor="bottom", xshift=-46, yshift=8),
            annotation(foot, 0, 0, **place, yanchor="top", xshift=-46, yshift=-8),
        ],
    }  # fmt: skip
    return {"data": [bars], "layout": layout}
