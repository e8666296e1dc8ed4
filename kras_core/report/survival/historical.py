"""Published medians beside a Survival view: lettered lines on its figure, and a table with every source."""

from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any

from kras_core.analyse.results import SurvivalAnalysis
from kras_core.cohort.historical import Historical, Median
from kras_core.report import format as fmt
from kras_core.report.format import Clock, Printed
from kras_core.report.html_table import Cell, Column, Row, Table
from kras_core.report.palette import TOKENS, Theme
from kras_core.report.survival.km_frame import Json

MOST_LINES = 8
CAUTION = (
    "Across trials patients differ in line of therapy, KRAS variant, performance status, year and follow-up, and so "
    "would their medians under the same treatment. These lines are for orientation: no test is made, and none would "
    "mean anything."
)


def shown_rows(rows: Sequence[Historical], endpoint: str) -> list[Historical]:
    """The rows with a median of this endpoint, later lines first."""
    return sorted((r for r in rows if endpoint in r.medians), key=lambda r: not r.later_line)


def lettered(rows: Sequence[Historical], drawn: Sequence[str]) -> dict[str, str]:
    """A letter for every row that is drawn, in the table's order."""
    wanted = [r.id for r in rows if r.id in drawn][:MOST_LINES]
    return dict(zip(wanted, ascii_uppercase, strict=False))


def with_published(
    figure: Json, rows: Sequence[Historical], drawn: Sequence[str], analysis: SurvivalAnalysis, theme: Theme
) -> Json:
    """The Kaplan–Meier figure with a line at each drawn row's median and its interval, lettered as in the table."""
    letters = lettered(rows, drawn)
    if not letters:
        return figure
    tokens, layout = TOKENS[theme], figure["layout"]
    per_month = Clock(analysis.selection.unit, analysis.cohort.days_per_month).per_month
    end = float(layout["xaxis"]["range"][1])
    marks = sorted((r.medians[analysis.endpoint.id].months, letters[r.id], r) for r in rows if r.id in letters)
    marks = [(x * per_month, letter, row) for x, letter, row in marks if x * per_month <= end]
    line: dict[str, Any] = {"width": 1, "color": tokens.warning, "dash": "1px,3px"}
    shapes = [
        {
            "type": "line",
            "x0": round(x, 3),
            "x1": round(x, 3),
            "y0": 0,
            "y1": _height(i),
            "layer": "below",
            "line": line,
        }
        for i, (x, _, _) in enumerate(marks)
    ]
    ends = [_ends(row.medians[analysis.endpoint.id], per_month, end) for _, _, row in marks]
    intervals = {
        "type": "scatter",
        "mode": "lines",
        "x": [v for low, high in ends for v in (low, high, None)],
        "y": [v for i in range(len(ends)) for v in (_height(i), _height(i), None)],
        "line": {"width": 2, "color": tokens.warning},
        "hoverinfo": "skip",
    }
    names = {
        "type": "scatter",
        "mode": "text",
        "x": [high for _, high in ends],
        "y": [_height(i) for i in range(len(ends))],
        "text": [f" <b>{letter}</b>" for _, letter, _ in marks],
        "textposition": "middle right",
        "textfont": {"size": 12, "color": tokens.warning},
        "hoverinfo": "skip",
    }
    shapes = [*layout.get("shapes", []), *shapes]
    return {"data": [*figure["data"], intervals, names], "layout": {**layout, "shapes": shapes}}


def _height(i: int) -> float:
    """Where the i-th interval lies on the axis of survival: each its own height, so that none covers another."""
    return 97.0 - 5 * i


def _ends(m: Median, per_month: float, end: float) -> tuple[float, float]:
    """Where the interval begins and ends on the axis; at the median where the source prints none."""
    low, high = (float(text) * per_month if text else None for text in (m.low, m.high))
    at = m.months * per_month
    if low is None and high is None:
        return round(at, 3), round(at, 3)
    return round(at if low is None else low, 3), round(min(end if high is None else high, end), 3)


def published_key(analysis: SurvivalAnalysis, rows: Sequence[Historical], drawn: Sequence[str]) -> str:
    """What the letters on the figure stand for, as one line of HTML; empty where none is drawn."""
    letters = lettered(rows, drawn)
    said = [
        f"<b>{letters[r.id]}</b>\u00a0{fmt.html_escape(r.name)} {printed(r.medians[analysis.endpoint.id]).html}"
        for r in rows
        if r.id in letters
    ]
    if not said:
        return ""
    return f'<p class="kras-caption">Published medians, other patients: {" · ".join(said)}. Not tested.</p>'


def historical_table(analysis: SurvivalAnalysis, rows: Sequence[Historical], drawn: Sequence[str]) -> Table:
    """Every row of the endpoint beside this cohort's own median, with what others print for the same trial."""
    endpoint, letters = analysis.endpoint.id, lettered(rows, drawn)
    columns = (
        Column("Treatment", numeric=False),
        Column("n"),
        Column(f"Median {analysis.endpoint.short}, months"),
        Column("Patients; line", numeric=False),
        Column("Source and caution", numeric=False),
    )
    return Table(
        f"Published medians of {analysis.endpoint.label.lower()}",
        columns,
        (_own(analysis), *(_row(r, endpoint, letters.get(r.id, "")) for r in rows)),
        (CAUTION, *_quotes(rows, endpoint)),
        "historical",
    )


def _own(analysis: SurvivalAnalysis) -> Row:
    clock = Clock("months", analysis.cohort.days_per_month)
    undetermined = analysis.redraws is not None and analysis.redraws.overall is not None
    median: Cell = "not determined" if undetermined else fmt.quantile(analysis.overall.median, clock)
    condition = f"Conditional on {analysis.cohort.conditional_on}." if analysis.cohort.conditional_on else ""
    cells = (fmt.whole(analysis.overall.n), median, fmt.provenance(analysis.cohort), condition)
    return Row("This cohort, all selected", cells, strong=True)


def _row(row: Historical, endpoint: str, letter: str) -> Row:
    quoted = f" Quoted as {row.quoted.median} elsewhere." if row.quoted and row.quoted.endpoint == endpoint else ""
    head = f"{letter}  {row.name}" if letter else row.name
    who = f"{row.population}; {row.line}{'' if row.later_line else ' — no later-line comparator'}"
    cells = (
        fmt.whole(row.n) if row.n else fmt.NOTHING,
        printed(row.medians[endpoint]),
        who,
        f"{row.source}. {row.caution}{quoted}",
    )
    return Row(head, cells, ruled=True)


def printed(m: Median) -> Printed:
    """5.6 (4.3–7.8), as the source has it; nothing in brackets where it prints no interval."""
    if not m.low and not m.high:
        return Printed(m.median, "(no interval printed)")
    return Printed(m.median, f"({fmt.between(m.low or fmt.NOT_ESTIMABLE, m.high or fmt.NOT_REACHED)})")


def _quotes(rows: Sequence[Historical], endpoint: str) -> list[str]:
    return [
        f"{row.name}: {row.medians[endpoint].median} in {row.source}; {row.quoted.median} in {row.quoted.where}."
        for row in rows
        if row.quoted and row.quoted.endpoint == endpoint
    ]


def historical_rows(rows: Sequence[Historical], endpoint: str) -> list[dict[str, str]]:
    """The table for files."""
    return [
        {
            "Treatment": r.treatment,
            "Trial": r.trial,
            "Population": r.population,
            "Line": r.line,
            "n": str(r.n or ""),
            "Median, months": r.medians[endpoint].median,
            "Lower": r.medians[endpoint].low,
            "Upper": r.medians[endpoint].high,
            "Quoted elsewhere": r.quoted.median if r.quoted and r.quoted.endpoint == endpoint else "",
            "Source": r.source,
            "Caution": r.caution,
        }
        for r in rows
    ]
