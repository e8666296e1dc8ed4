"""The Overview's tables: Table 1, follow-up, completeness. Each is a `Table`: HTML, text and CSV come from it."""

import math
from collections.abc import Iterator

from kras_core.analyse.overview_results import (
    Characteristic,
    Completeness,
    FollowUp,
    LevelCounts,
    OverviewAnalysis,
    Range,
)
from kras_core.report import format as fmt
from kras_core.report.format import Clock, Printed
from kras_core.report.html_table import Cell, Column, Row, Table, counts_of
from kras_core.report.overview.suppressed import hides_any, known, suppressed_overview
from kras_core.report.small_cells import HIDDEN, HiddenCount, Sum, explained
from kras_core.stats.results import NumberSummary, StandardisedDifference

MOST_GROUPS = 8  # side by side; more cannot be read
MOST_LEVELS = 8  # rows of one characteristic; the CSV has them all
EMPTY = Printed("")
DAGGER = "†"
SPREADS = {"range": "median (range)", "iqr": "median (quartiles)", "sd": "mean (SD)"}
LEVELS = {("sex", "M"): "Male", ("sex", "F"): "Female", ("ecog", "0-1"): "0–1", ("prior_lines", ">=3"): "≥3"}


def table_one(analysis: OverviewAnalysis, spread: str = "range", *, whole: bool = False) -> Table:
    """Table 1. spread: "range", "iqr" or "sd" of numbers. whole: all groups and levels, however many (for files)."""
    groups, shown = _groups(analysis, whole), suppressed_overview(analysis)
    rows = [
        row
        for c, of in zip(analysis.characteristics, shown.characteristics, strict=True)
        for row in _rows(of, _listed(c, whole), groups, spread, shown, whole)
    ]
    analysis = shown
    tested = _tested(analysis) and bool(groups)
    columns = [
        Column("Characteristic", numeric=False),
        Column(f"n = {_size(analysis.n, analysis.n_range)}", over="All patients", padded=True),
        *(Column(f"n = {_group_size(analysis, i)}", over=analysis.groups[i], padded=True) for i in groups),
    ]
    columns += [Column("difference", over="Standardised")] if _compared(analysis, groups) else []
    columns += [Column("p")] if tested else []
    caption = f"Numbers: {SPREADS[spread]}; others: patients (% of those known)"
    notes = tuple(_notes(analysis, groups, whole))
    notes += (explained(),) if hides_any(analysis) else ()
    return Table(caption, tuple(columns), tuple(rows), notes, "characteristics")


def _groups(analysis: OverviewAnalysis, whole: bool) -> tuple[int, ...]:
    shown = len(analysis.groups)
    return tuple(range(shown)) if whole or shown <= MOST_GROUPS else ()


def _compared(analysis: OverviewAnalysis, groups: tuple[int, ...]) -> bool:
    return len(groups) > 1 and any(_has_difference(c) for c in analysis.characteristics)


def _has_difference(c: Characteristic) -> bool:
    return bool(c.difference.reason) or not math.isnan(c.difference.estimate)


def _tested(analysis: OverviewAnalysis) -> bool:
    return any(c.p_method for c in analysis.characteristics)


def _size(n: int, drawn: tuple[int, ...]) -> str:
    return fmt.spread(*drawn, fmt.whole) if len(drawn) == 2 else fmt.whole(n)


def _group_size(analysis: OverviewAnalysis, i: int) -> str:
    return _size(analysis.sizes[i], analysis.size_ranges[i] if analysis.size_ranges else ())


def _rows(
    c: Characteristic, listed: list[int], groups: tuple[int, ...], spread: str, analysis: OverviewAnalysis, whole: bool
) -> Iterator[Row]:
    """listed: the levels with a row of their own."""
    end = _end(c, analysis, groups)
    blank = (EMPTY,) * len(end)
    head = f"{c.label}, {c.unit}" if c.unit else c.label
    head = f"{head} {DAGGER}" if c.drawn else head
    sizes = (analysis.n, *(analysis.sizes[i] for i in groups))
    if c.kind == "number":
        yield Row(head, (*_number_cells(c, groups, spread), *end), ruled=True)
    elif c.kind == "flag":
        yield Row(head, (*_level_cells(c, groups, sizes, 1), *end), ruled=True)
    else:
        yield Row(head, ((EMPTY,) * (1 + len(groups))) + end, ruled=True)
        for i in listed:
            yield Row(level_name(c, i), (*_level_cells(c, groups, sizes, i), *blank), indented=True)
        occurring = len(_occurring(c))
        if len(listed) < occurring:
            rest = f"and {occurring - len(listed)} more (in the CSV)"
            yield Row(rest, ((EMPTY,) * (1 + len(groups))) + blank, indented=True)
    cells = (c.overall, *(c.cells[i] for i in groups))
    if any(cell.missing for cell in cells):
        missing = tuple(fmt.counted(cell.missing) for cell in cells)
        yield Row("Missing", (*missing, *blank), indented=True)


def _listed(c: Characteristic, whole: bool) -> list[int]:
    """The levels with a row of their own."""
    if c.kind != "levels":
        return []
    return list(range(len(c.levels))) if whole else _commonest(c, _occurring(c))


def _occurring(c: Characteristic) -> list[int]:
    """The levels that somebody selected has (all of them where redraws leave it open)."""
    assert isinstance(c.overall, LevelCounts)
    everything = bool(c.overall_range) or not c.overall.n
    return [i for i, k in enumerate(c.overall.counts) if k or everything]


def _commonest(c: Characteristic, occurring: list[int]) -> list[int]:
    """The levels to list: the commonest where there are many, in their own order."""
    assert isinstance(c.overall, LevelCounts)
    counts = c.overall.counts
    return sorted(sorted(occurring, key=lambda i: -counts[i])[:MOST_LEVELS])


def level_name(c: Characteristic, i: int) -> str:
    """A level for people."""
    return LEVELS.get((c.column, c.levels[i]), c.levels[i])


def _level_cells(c: Characteristic, groups: tuple[int, ...], sizes: tuple[int, ...], level: int) -> list[Cell]:
    def cell(found: NumberSummary | LevelCounts, drawn: tuple[Range, ...], size: int) -> Cell:
        if drawn:
            return fmt.spread(*drawn[level], fmt.whole)
        assert isinstance(found, LevelCounts)
        return fmt.count(found.counts[level], known(found, size))

    found = [(c.overall, c.overall_range), *((c.cells[i], c.ranges[i] if c.ranges else ()) for i in groups)]
    return [cell(of, drawn, size) for (of, drawn), size in zip(found, sizes, strict=True)]


def _number_cells(c: Characteristic, groups: tuple[int, ...], spread: str) -> list[Cell]:
    assert isinstance(c.overall, NumberSummary)
    places = _places(c.overall)

    def cell(found: NumberSummary | LevelCounts, drawn: tuple[Range, ...]) -> Cell:
        if drawn:
            return fmt.spread(*drawn[0], lambda x: _number(x, places), fmt.NOTHING)
        assert isinstance(found, NumberSummary)
        return summary(found, spread, places)

    return [cell(c.overall, c.overall_range), *(cell(c.cells[i], c.ranges[i] if c.ranges else ()) for i in groups)]


def summary(s: NumberSummary, spread: str, places: int | None = None) -> Printed:
    """63 (36–80), or the median with quartiles, or mean (SD); a dash where nobody has a value."""
    if not s.n:
        return Printed(fmt.NOTHING)
    places = _places(s) if places is None else places
    if spread == "sd":
        sd = fmt.NOTHING if s.n == 1 else fmt.decimal(s.sd, places + 1)
        return Printed(fmt.decimal(s.mean, places + 1), f"({sd})")
    ends = (s.low, s.high) if spread == "range" else (s.q1, s.q3)
    return Printed(_number(s.median, places), f"({fmt.between(*(_number(x, places) for x in ends))})")


def _places(s: NumberSummary) -> int:
    """Decimals that the ends of the data carry, two at most."""
    ends = [x for x in (s.low, s.high) if math.isfinite(x)]
    return next((d for d in (0, 1) if all(_fits(x, d) for x in ends)), 2)


def _fits(x: float, places: int) -> bool:
    return abs(x - round(x, places)) < 1e-9 * max(1.0, abs(x))


def _number(x: float, places: int) -> str:
    """A number with the data's decimals, one more where it falls between two values."""
    return fmt.decimal(x, places if _fits(x, places) else min(places + 1, 2))


def _end(c: Characteristic, analysis: OverviewAnalysis, groups: tuple[int, ...]) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    if _compared(analysis, groups):
        cells.append(_difference(c))
    if _tested(analysis) and groups:
        p = Printed(HIDDEN, missing=True) if c.difference.reason == HIDDEN else Printed(fmt.p_value(c.p))
        cells.append(p if c.p_method else EMPTY)
    return tuple(cells)


def _difference(c: Characteristic) -> Cell:
    if c.defines_groups:
        return Printed("the groups", missing=True)
    if c.ranges:
        return Printed("not determined", missing=True)
    return difference(c.difference)


def difference(d: StandardisedDifference) -> Printed:
    """0.25, or that it is not estimable; why stands in the notes."""
    if d.reason == HIDDEN:
        return Printed(HIDDEN, missing=True)
    return Printed(fmt.NOT_ESTIMABLE, missing=True) if d.reason else Printed(fmt.decimal(d.estimate, 2))


def _notes(analysis: OverviewAnalysis, groups: tuple[int, ...], whole: bool) -> Iterator[str]:
    if any(c.drawn for c in analysis.characteristics):
        yield f"{DAGGER} Drawn at random to match the printed total, where the publication prints one."
    if analysis.drawn and groups:
        yield f"{analysis.drawn} For numbers it is the range of the median."
    if len(analysis.groups) > MOST_GROUPS and not whole:
        yield f"{len(analysis.groups)} groups do not fit side by side: the CSV has them."
    if _compared(analysis, groups):
        pairs = " (the largest over all pairs of groups)" if len(groups) > 2 else ""
        yield (
            f"Standardised difference{pairs}: difference of means over the pooled standard deviation (Austin 2009), "
            "for levels its multinomial form (Yang and Dalton 2012). It describes imbalance and does not test it."
        )
    reasons = dict.fromkeys(c.difference.reason for c in analysis.characteristics)
    for reason in (reason for reason in reasons if reason not in ("", HIDDEN)):
        names = ", ".join(c.label for c in analysis.characteristics if c.difference.reason == reason)
        yield f"{names}: not estimable, {reason}."
    if _tested(analysis) and groups:
        methods = dict.fromkeys(c.p_method for c in analysis.characteristics if c.p_method)
        yield f"p: {', '.join(methods)}; two-sided, not adjusted for {len(analysis.characteristics)} looks."
    if analysis.unknown and groups:
        yield f"{fmt.plural(analysis.unknown, 'patient')} without {analysis.by_label}: in the first column only."


# Follow-up


def follow_up_tables(analysis: OverviewAnalysis) -> tuple[Table, ...]:
    """Follow-up by endpoint and group, unless filters leave it open, and what could have been."""
    if not analysis.follow_up:
        return _potential(analysis, Clock(analysis.selection.unit, analysis.cohort.days_per_month))
    clock = Clock(analysis.selection.unit, analysis.cohort.days_per_month)
    columns = (
        Column("Endpoint", numeric=False),
        Column("Patients"),
        Column("Events"),
        Column(f"Median follow-up, {clock.unit}"),
        Column(f"Observed times, {clock.unit}"),
        Column("Method", numeric=False),
    )
    caption = f"Follow-up; {fmt.percent(analysis.selection.conventions.confidence)} intervals"
    note = (
        "Median follow-up: reverse Kaplan–Meier (Schemper and Smith 1996). Observed times: median (range) of all, "
        "whether they ended with the event or not; it is shorter where events come early and is no follow-up."
    )
    rows = tuple(_follow_up(f, clock) for f in analysis.follow_up)
    counts, starts = counts_of(rows), [i for i, row in enumerate(rows) if row.ruled]
    sums = [Sum((i, 0), ((i, 1),), most=True) for i in range(len(rows))]
    for start, stop in zip(starts, [*starts[1:], len(rows)], strict=True):
        for j in (0, 1) if stop > start + 1 else ():
            sums += Sum.if_true(counts, (start, j), [(i, j) for i in range(start + 1, stop)])
    return (Table(caption, columns, rows, (note,), sums=tuple(sums)), *_potential(analysis, clock))


def _follow_up(f: FollowUp, clock: Clock) -> Row:
    first = f.group == "All patients"
    printed = fmt.quantile(f.median, clock)
    observed = Printed(
        clock.number(f.observed.median),
        f"({fmt.between(clock.number(f.observed.low), clock.number(f.observed.high))})",
    )
    reason = f.median.reason if f.median.reason != fmt.NOT_REACHED else ""
    cells = (fmt.counted(f.n), fmt.counted(f.events), printed, observed, reason or f"reverse {f.median.method}")
    head = f"{f.endpoint.upper()}, all patients" if first else f.group
    return Row(head, cells, ruled=first, indented=not first)


def _potential(analysis: OverviewAnalysis, clock: Clock) -> tuple[Table, ...]:
    if not analysis.potential.groups:
        return ()
    columns = (
        Column("Group", numeric=False),
        Column("Patients"),
        Column(f"Median (range), {clock.unit}"),
        Column(f"Quartiles, {clock.unit}"),
    )
    rows = []
    for label, s in analysis.potential.groups:
        if not s.n:
            rows.append(Row(label, (fmt.counted(0), fmt.NOTHING, fmt.NOTHING)))
            continue
        median, low, high, q1, q3 = map(clock.number, (s.median, s.low, s.high, s.q1, s.q3))
        rows.append(Row(label, (fmt.counted(s.n), Printed(median, f"({fmt.between(low, high)})"), fmt.between(q1, q3))))
    counts = counts_of(rows)
    sums = Sum.if_true(counts, (0, 0), [(i, 0) for i in range(1, len(rows))])
    return (Table("Potential follow-up: start of treatment to data cut-off", columns, tuple(rows), sums=sums),)


# Completeness


def completeness_table(analysis: OverviewAnalysis) -> Table:
    """Columns with a missing value, the emptiest first; the complete ones by name beneath."""
    columns = (Column("Variable", numeric=False), Column("Known", padded=True), Column("Missing"))
    gaps = sorted((c for c in analysis.completeness if c.known < c.n), key=lambda c: c.known)
    hidden = missing_hidden(analysis)
    rows = tuple(Row(c.label, _known(c, hidden, fmt.count(c.known, c.n)), ruled=True) for c in gaps)
    sums = tuple(Sum(None, ((i, 0), (i, 1)), c.n) for i, c in enumerate(gaps) if c.column not in hidden)
    complete = [c.label for c in analysis.completeness if c.known == c.n]
    said = f"Complete ({len(complete)} of {len(analysis.completeness)}): {', '.join(complete)}." if complete else ""
    caption = "Variables with missing values" if gaps else "No variable has a missing value"
    return Table(
        f"{caption}; {fmt.plural(analysis.n, 'patient')} selected",
        columns,
        rows,
        tuple(filter(None, (said,))),
        sums=sums,
    )


def completeness_rows(analysis: OverviewAnalysis) -> list[dict[str, str]]:
    """Every variable, in the cohort's order."""
    columns = (Column("Variable", numeric=False), Column("Known"), Column("Missing"), Column("Patients"))
    found, hidden = analysis.completeness, missing_hidden(analysis)
    rows = tuple(Row(c.label, (*_known(c, hidden, fmt.counted(c.known)), fmt.whole(c.n))) for c in found)
    sums = tuple(Sum(None, ((i, 0), (i, 1)), c.n) for i, c in enumerate(found) if c.column not in hidden)
    return Table("", columns, rows, sums=sums).text_rows()


def missing_hidden(analysis: OverviewAnalysis) -> frozenset[str]:
    """Columns of which Table 1 hides how many have no value, though these are not few: to be hidden elsewhere too."""
    found = ((c.column, c.overall.missing) for c in suppressed_overview(analysis).characteristics)
    return frozenset(column for column, k in found if isinstance(k, HiddenCount) and k.text == HIDDEN)


def _known(c: Completeness, hidden: frozenset[str], known: Printed) -> tuple[Cell, Cell]:
    """How many have a value, how many have none."""
    if c.column in hidden:
        return Printed(HIDDEN, missing=True), Printed(HIDDEN, missing=True)
    return known, fmt.counted(c.n - c.known)
