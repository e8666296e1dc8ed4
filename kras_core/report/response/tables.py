"""The Response view's tables: best responses, rates with both intervals, comparisons, times."""

from collections.abc import Iterator

from kras_core.analyse.response_results import (
    DENOMINATORS,
    MEASURES,
    RESPONSES,
    Denominator,
    Measure,
    ResponseAnalysis,
    ResponseGroup,
)
from kras_core.report import format as fmt
from kras_core.report.format import Clock, Printed
from kras_core.report.html_table import Cell, Column, Row, Table
from kras_core.report.overview.tables import summary
from kras_core.report.response.suppressed import hides_any, suppressed_response
from kras_core.report.small_cells import explained

NAMES = {
    "CR": "Complete response",
    "PR": "Partial response",
    "SD": "Stable disease",
    "PD": "Progressive disease",
    "NE": "Not evaluable",
}
SHORT: dict[Measure, str] = {"orr": "ORR", "dcr": "DCR"}
OVER: dict[Denominator, str] = {"all": "all patients", "evaluable": "evaluable patients"}
MOST_ACROSS = 4


def response_tables(analysis: ResponseAnalysis) -> tuple[Table, ...]:
    """Best responses, rates, and where there are any, comparisons and times."""
    analysis = suppressed_response(analysis)
    found = [_best(analysis)]
    if not hides_any(analysis):
        found.append(rates_table(analysis))
    if analysis.comparisons:
        found.append(_comparisons(analysis))
    if analysis.times:
        found.append(_times(analysis))
    return tuple(found)


def _everybody(analysis: ResponseAnalysis) -> tuple[ResponseGroup, ...]:
    return (*analysis.groups, analysis.overall)


def size(group: ResponseGroup) -> str:
    """How many patients, or their range over redraws."""
    return fmt.spread(*group.ranges["n"], fmt.whole) if group.ranges else fmt.whole(group.n)


def _best(analysis: ResponseAnalysis) -> Table:
    groups = _everybody(analysis)
    caption = "Best overall response, RECIST 1.1: patients (% of all)"
    notes = ["A best response counts as recorded: no least duration of stable disease is applied here."]
    notes += [analysis.drawn] if analysis.drawn else []
    notes += [explained()] if hides_any(analysis) else []
    if analysis.confirmed == "only":
        notes.insert(0, "Confirmed responses only: an unconfirmed CR or PR counts as stable disease.")
    names = [*RESPONSES, "not recorded"]
    missing = any(g.missing for g in groups)
    cells = {name: tuple(_count(g, i) for g in groups) for i, name in enumerate(names)}
    shown = [n for n in names if n in RESPONSES or missing]
    if len(groups) <= MOST_ACROSS:
        columns = (
            Column("Best response", numeric=False),
            *(Column(f"n = {size(g)}", over=g.label, padded=True) for g in groups),
        )
        rows = tuple(
            Row(f"{name}, {NAMES[name].lower()}" if name in NAMES else "Not recorded", cells[name]) for name in shown
        )
        return Table(caption, columns, rows, tuple(notes), "best-response")
    columns = (Column("Group", numeric=False), Column("n"), *(Column(name, padded=True) for name in shown))
    rows = tuple(
        Row(g.label, (size(g), *(cells[name][i] for name in shown)), ruled=g.slot is None) for i, g in enumerate(groups)
    )
    return Table(caption, columns, rows, tuple(notes), "best-response")


def lesion_rows(analysis: ResponseAnalysis) -> list[dict[str, str]]:
    """The scans of target lesions as rows of text, for a file; none where there are none."""
    lesions = analysis.lesions
    if lesions is None:
        return []
    return [
        {
            "patient_id": str(analysis.courses.names[i]),
            "months": f"{month:.3f}",
            "sum_mm": f"{size:g}",
            "change_percent": f"{change:.1f}",
            "progression_by_sum": "yes" if progressed else "no",
        }
        for i, month, size, change, progressed in zip(
            lesions.patient, lesions.months, lesions.sum_mm, lesions.change, lesions.progressed, strict=True
        )
    ]


def gives_away(analysis: ResponseAnalysis) -> bool:
    """Whether counts are hidden in the best responses, so that rates and bars of them cannot be shown either."""
    return hides_any(suppressed_response(analysis))


def _count(group: ResponseGroup, i: int) -> Cell:
    if i == len(RESPONSES):
        return "" if group.ranges else fmt.count(group.missing, group.n)
    if group.ranges:
        return fmt.spread(*group.ranges[RESPONSES[i]], fmt.whole)
    return fmt.count(group.counts[i], group.n)


def rates_table(analysis: ResponseAnalysis) -> Table:
    """ORR (CR or PR) and DCR (CR, PR or SD) of every group, over all and over evaluable patients."""
    columns = [Column("Group", numeric=False), Column("Over", numeric=False)]
    for measure in MEASURES:
        over = f"{SHORT[measure]}, {'CR or PR' if measure == 'orr' else 'CR, PR or SD'}"
        columns += [Column("Patients", over=over), Column("Clopper–Pearson", over=over), Column("Wilson", over=over)]
    rows = [row for group in _everybody(analysis) for row in _rate_rows(group)]
    level = fmt.percent(analysis.selection.conventions.confidence)
    note = (
        "Over all patients, not evaluable and not recorded count as no response. Clopper–Pearson's interval is exact "
        "and on the wide side; Wilson's holds its level on average."
    )
    return Table(f"Response rates; {level} intervals", tuple(columns), tuple(rows), (note,), "response-rates")


def _rate_rows(group: ResponseGroup) -> Iterator[Row]:
    if group.ranges:
        cells: list[Cell] = ["all patients, range over redraws"]
        for measure in MEASURES:
            cells += [f"{fmt.spread(*group.ranges[measure], fmt.whole)} of {size(group)}", Printed(""), Printed("")]
        yield Row(group.label, tuple(cells), ruled=True)
        return
    for denominator in DENOMINATORS:
        cells = [OVER[denominator]]
        for measure in MEASURES:
            rate = group.rates[measure, denominator]
            wilson = fmt.percent_interval(rate.wilson.low, rate.wilson.high, 1) if rate.wilson.n else ""
            cells += [f"{fmt.whole(rate.exact.k)} of {rate.exact.n}", fmt.proportion(rate.exact), Printed("", wilson)]
        yield Row(group.label if denominator == "all" else "", tuple(cells), ruled=denominator == "all")


def _comparisons(analysis: ResponseAnalysis) -> Table:
    columns = (
        Column("Comparison", numeric=False),
        Column("Over", numeric=False),
        Column("Difference, points"),
        Column("Fisher's p"),
    )
    rows = tuple(
        Row(
            f"{SHORT[c.measure]}, {fmt.mid_sentence(c.label)} minus {fmt.mid_sentence(c.reference)}",
            (OVER[c.denominator], fmt.points(c.difference), fmt.p_value(c.fisher_p)),
        )
        for c in analysis.comparisons
    )
    note = (
        "Newcombe's interval (method 10); Fisher's exact p, two-sided, follows another rule and may disagree with it."
    )
    return Table("Differences between groups, in percentage points", columns, rows, (note,), "differences")


def _times(analysis: ResponseAnalysis) -> Table:
    clock = Clock(analysis.selection.unit, analysis.cohort.days_per_month)
    columns = (
        Column("Group", numeric=False),
        Column("Responders"),
        Column("Time to response, months"),
        Column("Ended"),
        Column(f"Median duration, {clock.unit}"),
        Column("Method", numeric=False),
    )
    rows = []
    for t in analysis.times:
        duration = fmt.quantile(t.duration, clock)
        method = t.duration.reason if duration.missing else t.duration.method
        cells = (
            fmt.whole(t.responders),
            summary(t.waited, "range", 1),
            f"{fmt.whole(t.ended)} of {fmt.whole(t.lasting)}",
            Printed(duration.value, "" if duration.missing else duration.detail, duration.missing),
            method,
        )
        rows.append(Row(t.label, cells, ruled=t.label == "All patients"))
    note = "Responders only; time to response as median (range), duration from then to progression or death."
    return Table("Time to response and duration of response", columns, tuple(rows), (note,), "response-times")
