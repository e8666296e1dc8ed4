"""Adverse events as a butterfly: two strata back to back, grade ≥ 3 darker along the spine, grades 1–2 outside.

With any other number of groups, one bar a term over all patients. Per cent of patients, worst grade
each; where redraws leave the counts open, bars span the range in patients (any grade light, ≥ 3 dark).
"""

import textwrap
from dataclasses import dataclass
from typing import Any

from kras_core.analyse.results import SafetyAnalysis, SafetyRow
from kras_core.report import format as fmt
from kras_core.report.format import plotly_escape, provenance
from kras_core.report.palette import TOKENS, Theme, colour, fade, text_colour
from kras_core.report.safety.suppressed import cell_of, hides_any, is_hidden, suppressed_safety
from kras_core.report.safety.tables import in_order
from kras_core.report.small_cells import is_small
from kras_core.report.survival.km_frame import FIXED, Json, annotation, canvas
from kras_core.report.survival.km_labels import text_width
from kras_core.stats.results import Proportion

MOST_TERMS = 30
LONGEST_TERM = 46  # characters on a narrow screen
HEAD = 56  # pixels above the bars
LINE_OF_TERM = 34  # characters to a line beside the bars, two lines at most
LIGHT, DARK, UNGRADED = 0.4, 1.0, 0.16
BAR, THIN_BAR = 0.62, 0.26
WITHOUT_HIDDEN = "Hidden counts have no bar; palest: any grade, where a grade is hidden."


@dataclass(frozen=True, slots=True)
class Wing:
    """One side: a group (None: all patients), its direction, heading and colours."""

    group: int | None
    sign: int
    heading: str
    colour: str
    ink: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A bar of one row: from, to (per cent, or patients of a range), what the pointer reads, opacity, thickness; and
    whether it is a range of one number, which is drawn as a line."""

    start: float
    end: float
    says: str
    opacity: float
    width: float = BAR
    point: bool = False


def butterfly_figure(
    analysis: SafetyAnalysis,
    *,
    theme: Theme = "light",
    order: str = "frequency",
    compact: bool = False,
    scale: float = 1.0,
    most: int = MOST_TERMS,
) -> Json:
    """The figure of a Safety view, ready for Plotly. order as in the table. compact: for a narrow screen. most: rows at
    most. Counts that the table hides have no bar."""
    analysis = suppressed_safety(analysis)
    rows = in_order(analysis, order)
    shown = rows[:most]
    wings = wings_of(analysis, theme)
    furthest = max((s.end for w in wings for row in shown for s in segments_of(row, w.group)), default=0.0) or 1.0
    end = furthest * (1.5 if compact else 1.2)
    data: list[Json] = []
    for wing in wings:
        data += _bars(shown, wing, compact) + [_counts(shown, wing, compact, theme)]
    if compact:
        data.append(_terms_above(shown, end, len(wings), theme))
    layout = _layout(shown, wings, end, bool(analysis.drawn), theme, compact, scale)
    layout["annotations"] = _words(analysis, wings, len(shown), len(rows), theme, layout)
    return {"data": data, "layout": layout}


def wings_of(analysis: SafetyAnalysis, theme: Theme) -> tuple[Wing, ...]:
    """Two groups back to back, or all patients on one side."""
    if len(analysis.groups) != 2:
        n = fmt.spread(*analysis.n_range, fmt.whole) if len(analysis.n_range) == 2 else fmt.whole(analysis.n)
        tokens = TOKENS[theme]
        return (Wing(None, 1, f"All patients · n = {n}", tokens.accent, tokens.accent),)
    ranges = analysis.denominator_ranges or ((), ())
    found = []
    for i, (label, slot, n, drawn) in enumerate(
        zip(analysis.groups, analysis.slots, analysis.denominators, ranges, strict=True)
    ):
        size = fmt.spread(*drawn, fmt.whole) if len(drawn) == 2 else fmt.whole(n)
        found.append(Wing(i, (-1, 1)[i], f"{label} · n = {size}", colour(slot, theme), text_colour(slot, theme)))
    return tuple(found)


def segments_of(row: SafetyRow, group: int | None) -> list[Segment]:
    """The bars of a row on one side."""
    drawn = row.overall_range if group is None else {band: r[group] for band, r in row.ranges.items()}
    if drawn:
        kinds = (("any", "any grade", LIGHT, BAR), (">=3", "grade ≥ 3", DARK, THIN_BAR))
        return [
            Segment(0.0, 0.0, "", opacity, width)
            if is_small(low) or is_small(high)
            else Segment(
                low, high, f"{name}: {fmt.spread(low, high, fmt.whole)} patients", opacity, width, low == high > 0
            )
            for band, name, opacity, width in kinds
            for low, high in (drawn[band],)
        ]
    found = {band: cell_of(row, group, band) for band in row.overall}
    whole, severe, mild = found["any"], found[">=3"], found["1-2"]
    if any(map(is_hidden, (whole, severe, mild))):
        return _without_hidden(whole, severe)
    ungraded = whole.k - mild.k - severe.k
    segments, start = [], 0.0
    for k, name, opacity in (
        (severe.k, "grade ≥ 3", DARK),
        (mild.k, "grade 1–2", LIGHT),
        (ungraded, "grade not recorded", UNGRADED),
    ):
        end = start + _per_cent(k, whole.n)
        segments.append(Segment(start, end, _says(name, k, whole.n), opacity))
        start = end
    return segments


def _without_hidden(whole: Proportion, severe: Proportion) -> list[Segment]:
    """Of a row with hidden cells: grade ≥ 3 and any grade where they are shown, as many bands as other rows and one."""
    start = 0.0 if is_hidden(severe) else _per_cent(severe.k, severe.n)
    end = start if is_hidden(whole) else _per_cent(whole.k, whole.n)
    dark = Segment(0.0, start, _says("grade ≥ 3", severe.k, severe.n) if start else "", DARK)
    nothing = (Segment(start, start, "", LIGHT), Segment(start, start, "", UNGRADED))
    return [dark, *nothing, Segment(start, end, _says("any grade", whole.k, whole.n) if end > start else "", UNGRADED)]


def _per_cent(k: int, n: int) -> float:
    return 100 * k / max(n, 1)


def _says(name: str, k: int, n: int) -> str:
    return f"{name}: {k} of {n} ({fmt.percent(k / max(n, 1), 1)})"


def _bars(rows: list[SafetyRow], wing: Wing, compact: bool) -> list[Json]:
    """One trace a band."""
    by_row = [segments_of(row, wing.group) for row in rows]
    traces = []
    for band in range(max(map(len, by_row), default=0)):
        bars = [segments[band] if band < len(segments) else Segment(0, 0, "", 0) for segments in by_row]
        if not any(bar.end > bar.start or bar.width == THIN_BAR for bar in bars):
            continue
        fill = fade(wing.colour, max(bar.opacity for bar in bars))
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "y": [_at(i, compact) for i in range(len(bars))],
                "base": [round(wing.sign * bar.start, 2) for bar in bars],
                "x": [round(wing.sign * (bar.end - bar.start), 2) for bar in bars],
                "width": [round(bar.width * (0.6 if compact else 1), 2) for bar in bars],
                "marker": {"color": fill, "line": {"width": [2 * bar.point for bar in bars], "color": fill}},
                "customdata": [[plotly_escape(row.term), bar.says] for row, bar in zip(rows, bars, strict=True)],
                "hovertemplate": f"<b>%{{customdata[0]}}</b><br>{plotly_escape(wing.heading)}"
                "<br>%{customdata[1]}<extra></extra>",
                "hoverlabel": {"bordercolor": wing.colour},
            }
        )
    return traces


def _at(i: int, compact: bool) -> float:
    """Where a row's bars stand; on a narrow screen its name stands above them."""
    return i + 0.26 if compact else i


def _counts(rows: list[SafetyRow], wing: Wing, compact: bool, theme: Theme) -> Json:
    """ "16 (59.3)" at the bars' outer ends."""
    ends, texts = [], []
    for row in rows:
        segments = segments_of(row, wing.group)
        ends.append(round(wing.sign * max(s.end for s in segments), 2))
        drawn = row.overall_range if wing.group is None else {b: r[wing.group] for b, r in row.ranges.items()}
        found = row.overall["any"] if wing.group is None else row.cells["any"][wing.group]
        texts.append(fmt.spread(*drawn["any"], fmt.whole) if drawn else fmt.count(found.k, found.n).text)
    return {
        "type": "scatter",
        "mode": "text",
        "x": ends,
        "y": [_at(i, compact) for i in range(len(rows))],
        "text": [f" {text} " for text in texts],
        "textposition": "middle left" if wing.sign < 0 else "middle right",
        "textfont": {"size": 12, "color": TOKENS[theme].quiet},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }


def _short(term: str) -> str:
    return term if len(term) <= LONGEST_TERM else term[: LONGEST_TERM - 1].rstrip() + "…"


def _terms_above(rows: list[SafetyRow], end: float, wings: int, theme: Theme) -> Json:
    names = [f"<b>{plotly_escape(r.term)}</b>" if r.any_row else plotly_escape(_short(r.term)) for r in rows]
    return {
        "type": "scatter",
        "mode": "text",
        "x": [-end if wings == 2 else 0] * len(rows),
        "y": [i - 0.26 for i in range(len(rows))],
        "text": names,
        "textposition": "middle right",
        "textfont": {"size": 12, "color": TOKENS[theme].ink},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }


def _layout(
    rows: list[SafetyRow],
    wings: tuple[Wing, ...],
    end: float,
    drawn: bool,
    theme: Theme,
    compact: bool,
    scale: float,
) -> Json:
    tokens = TOKENS[theme]
    lines = [textwrap.wrap(row.term, LINE_OF_TERM, max_lines=2, placeholder="…") for row in rows]
    left = 16 if compact else 14 + max((text_width(line, 13 * scale) for each in lines for line in each), default=0)
    foot = 92 if compact else 74
    row_height = 38 if compact else 34 if any(len(each) > 1 for each in lines) else 24
    height = row_height * scale * max(len(rows), 1) + (HEAD + foot) * scale
    step = next(s for s in (1, 2, 5, 10, 20, 25, 50) if end / s <= (4 if compact else 6) or s == 50)
    marks = [step * i for i in range(int(min(end, end if drawn else 100) / step) + 1)]
    ticks = sorted({sign * m for m in marks for sign in {w.sign for w in wings}})
    names = ["<br>".join(map(plotly_escape, each)) for each in lines]
    bold = [f"<b>{name}</b>" if row.any_row else name for row, name in zip(rows, names, strict=True)]
    return {
        **canvas(theme, (12 if compact else 13) * scale),
        "height": round(height),
        "margin": {"l": round(left), "r": round(16 * scale), "t": round(HEAD * scale), "b": round(foot * scale)},
        "hovermode": "closest",
        "barmode": "overlay",
        "xaxis": {
            **FIXED,
            "range": [-end if len(wings) == 2 else 0, end],
            "tickvals": ticks,
            "ticktext": [f"{abs(t)}{'' if drawn else ' %'}" for t in ticks],
            "showgrid": True,
            "gridcolor": tokens.hairline,
            "tickfont": {"color": tokens.quiet},
        },
        "yaxis": {
            **FIXED,
            "range": [len(rows) - 0.5, -0.5],
            "tickvals": list(range(len(rows))),
            "ticktext": bold,
            "showticklabels": not compact,
            "ticklabelstandoff": 6,
        },
        "shapes": [_spine(tokens.quiet), *_rule_under_summaries(rows, tokens.hairline)],
    }


def _spine(of: str) -> Json:
    line = {"width": 1, "color": of}
    return {"type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1, "line": line}


def _rule_under_summaries(rows: list[SafetyRow], of: str) -> list[Json]:
    summaries = sum(row.any_row for row in rows)
    if not 0 < summaries < len(rows):
        return []
    y = summaries - 0.5
    return [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": {"width": 1, "color": of}}]


def _words(
    analysis: SafetyAnalysis, wings: tuple[Wing, ...], drawn: int, of: int, theme: Theme, layout: Json
) -> list[Json]:
    """Headings of the wings, what the shades mean, and the footnote."""
    tokens = TOKENS[theme]
    notes: list[Json] = []
    middle = {-1: 0.25, 1: 0.75} if len(wings) == 2 else {1: 0.5}
    above: dict[str, Any] = {"xref": "paper", "yref": "paper", "yanchor": "bottom"}
    for wing in wings:
        font = {"color": wing.ink}
        heading = f"<b>{plotly_escape(wing.heading)}</b>"
        notes.append(annotation(heading, middle[wing.sign], 1, **above, yshift=6, font=font))
    outer = "any grade" if analysis.drawn else "grade 1–2"
    shades = (
        f'<span style="color:{tokens.ink}">■</span> grade ≥ 3   '
        f'<span style="color:{fade(tokens.ink, LIGHT)}">■</span> {outer}'
    )
    quiet = {"color": tokens.quiet}
    notes.append(annotation(shades, 0.5, 1, **above, yshift=28, font=quiet))
    unit = "Per cent of patients; count (%) of any grade"
    if analysis.drawn:
        unit = "Patients, range over compatible redraws"
    said = f"{unit}; worst grade each."
    if of > drawn:
        said += f" The first {drawn} of {of} rows are drawn."
    if hides_any(analysis):
        said += f" {WITHOUT_HIDDEN}"
    said = "<br>".join(textwrap.wrap(said, 136 if layout["yaxis"]["showticklabels"] else 66))
    text = f'<span style="color:{tokens.ink}">{provenance(analysis.cohort)}</span><br>{said}'
    shift = {"xshift": 2 - layout["margin"]["l"], "yshift": -30}
    below = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top", "align": "left"}
    notes.append(annotation(text, 0, 0, **below, **shift, font={**quiet, "size": 12}))
    return notes


def safety_alt_text(analysis: SafetyAnalysis) -> str:
    """The figure in words: how many rows, and the commonest terms with their counts."""
    analysis = suppressed_safety(analysis)
    by = f" by {fmt.mid_sentence(analysis.by_label)}" if analysis.by_label else ""
    said = [f"Bars of adverse events{by}. {provenance(analysis.cohort)}."]
    for row in analysis.rows[:6]:
        counts = []
        for i, label in enumerate(analysis.groups or ("all patients",)):
            found = row.cells["any"][i] if analysis.groups else row.overall["any"]
            drawn = row.ranges["any"][i] if row.ranges else ()
            k = fmt.spread(*drawn, fmt.whole) if len(drawn) == 2 else fmt.whole(found.k)
            counts.append(f"{k} of {found.n} ({label})")
        said.append(f"{row.term}: {', '.join(counts)}.")
    return " ".join(said)
