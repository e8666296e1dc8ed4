"""Every number of the Survival view with its method: the strata one by one, then their comparisons."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby

from kras_core.analyse.results import Redraws, Stratum, SurvivalAnalysis
from kras_core.report import format as fmt
from kras_core.report.format import Clock, Printed, mid_sentence
from kras_core.report.html_table import Cell, Column, Row, Table, counts_of
from kras_core.report.small_cells import Sum
from kras_core.stats.results import HazardRatio

MOST_ACROSS = 3  # strata that stand side by side; more stand one below the other


@dataclass(frozen=True, slots=True)
class Quantity:
    """One quantity in every stratum, and its method. ruled: begins a group."""

    name: str
    cells: tuple[Cell, ...]
    method: str = ""
    ruled: bool = False


def number_tables(analysis: SurvivalAnalysis) -> tuple[Table, ...]:
    """One table of the strata and, with two or more, one of their comparisons; of redraws, their ranges."""
    clock = Clock(analysis.selection.unit, analysis.cohort.days_per_month)
    if analysis.redraws is not None:
        return (_ranges(analysis.redraws, analysis.endpoint.label, clock),)
    everyone = (*analysis.strata, analysis.overall)
    quantities = _quantities(everyone, analysis, clock)
    build = _across if len(analysis.strata) <= MOST_ACROSS else _down
    first = build(quantities, [s.label for s in everyone], _caption(analysis), _reasons(everyone))
    compared = _comparisons(analysis, clock)
    columns = (Column("Comparison", numeric=False), Column("Estimate"), Column("p"), Column("Method", numeric=False))
    return (first, Table("Comparisons", columns, tuple(compared))) if compared else (first,)


def _caption(analysis: SurvivalAnalysis) -> str:
    c = analysis.selection.conventions
    return f"{analysis.endpoint.label}; conventions: {c.label}; {fmt.percent(c.confidence)} intervals"


def _across(quantities: list[Quantity], labels: list[str], caption: str, notes: tuple[str, ...]) -> Table:
    """Quantities as rows, strata side by side, the method last."""
    columns = (Column("Quantity", numeric=False), *map(Column, labels), Column("Method", numeric=False))
    rows = (Row(q.name, (*q.cells, q.method), ruled=q.ruled) for q in quantities)
    return _summed(Table(caption, columns, tuple(rows), notes))


def _summed(table: Table) -> Table:
    """With what can be added: patients and events of the strata make those of everybody, by rows or by columns."""
    counts = counts_of(table.rows)
    by_row, by_column = ({line: [k for k in counts if k[axis] == line] for line in (0, 1)} for axis in (0, 1))
    across = len(by_row[1]) == len(table.columns) - 2  # the method stands last
    lines = (by_row if across else by_column).values()
    # Everybody's counts stand above the figure too, so that they are known whatever the table hides.
    sums = (Sum.if_true(counts, None, keys[:-1], counts[keys[-1]]) for keys in lines if len(keys) > 1)
    return replace(table, sums=tuple(s for found in sums for s in found))


def _down(quantities: list[Quantity], labels: list[str], caption: str, notes: tuple[str, ...]) -> Table:
    """Strata as rows; the methods become notes."""
    columns = (Column("Stratum", numeric=False), *(Column(q.name) for q in quantities))
    last = len(labels) - 1
    rows = (Row(label, tuple(q.cells[i] for q in quantities), ruled=i == last) for i, label in enumerate(labels))
    methods = tuple(
        f"{', '.join(q.name for q in alike)}: {method}."
        for method, alike in groupby((q for q in quantities if q.method), key=lambda q: q.method)
    )
    return _summed(Table(caption, columns, tuple(rows), methods + notes))


def _quantities(strata: tuple[Stratum, ...], analysis: SurvivalAnalysis, clock: Clock) -> list[Quantity]:
    tau = clock.spoken(strata[0].rmst.tau)
    interval = f"Kaplan–Meier, {analysis.selection.conventions.interval} interval"
    found = [
        Quantity("Patients", tuple(fmt.counted(s.n) for s in strata)),
        Quantity("Events", tuple(fmt.counted(s.events) for s in strata)),
        Quantity(
            f"Median, {clock.unit}",
            _cells(fmt.quantile(s.median, clock) for s in strata),
            strata[0].median.method,
            True,
        ),
    ]
    for i, milestone in enumerate(strata[0].rates):
        name = f"At {clock.tick(milestone.time)} {clock.unit}"
        found.append(Quantity(name, _cells(fmt.rate(s.rates[i]) for s in strata), interval))
    means = _cells(fmt.mean_time(s.rmst, clock) for s in strata)
    found.append(Quantity(f"Mean to {tau}", means, "Restricted mean: area under the curve"))
    follow_up = _cells(fmt.quantile(s.follow_up, clock) for s in strata)
    found.append(Quantity(f"Follow-up, {clock.unit}", follow_up, _follow_up_method(analysis, clock)))
    return found


def _cells(printed: Iterable[Printed]) -> tuple[Cell, ...]:
    """In a table a number that does not exist is two words; why stands in the notes."""
    return tuple(replace(p, detail="") if p.missing else p for p in printed)


def _follow_up_method(analysis: SurvivalAnalysis, clock: Clock) -> str:
    observed = clock.spoken(analysis.observed_time_median)
    return f"Median by reverse Kaplan–Meier (the plain median of observed times is {observed})"


def _reasons(strata: tuple[Stratum, ...]) -> tuple[str, ...]:
    """Why a number or its interval is missing, each reason once with those whom it concerns."""
    concerned: dict[str, list[str]] = {}
    for s in strata:
        for name, result in (("median", s.median), ("mean", s.rmst), ("follow-up", s.follow_up)):
            if result.reason and result.reason != fmt.NOT_REACHED:
                concerned.setdefault(result.reason, []).append(f"{s.label} ({name})")
        for rate in s.rates:
            if rate.reason:
                concerned.setdefault(rate.reason, []).append(f"{s.label} ({rate.time:g} months)")
    return tuple(f"{', '.join(names)}: {reason}." for reason, names in concerned.items())


def _comparisons(analysis: SurvivalAnalysis, clock: Clock) -> list[Row]:
    test, rows = analysis.logrank, []
    if test is not None:
        statistic = f"χ² {fmt.decimal(test.statistic, 2)}, df {test.df}" if not test.reason else ""
        rows.append(Row("Log-rank test", (statistic, fmt.p_value(test.p), test.reason or f"{test.method}, two-sided")))
    for s in analysis.selected:
        name = f"Selection-adjusted p, cut-off {s.cutoff:g} where the statistic is largest"
        rows.append(Row(name, (f"M {fmt.decimal(s.statistic, 2)}", fmt.p_value(s.best_p), s.reason or s.method)))
    for hr in analysis.hazard_ratios:
        method = "; ".join(filter(None, (hr.method, hr.caution, hr.reason)))
        cell = _cells([fmt.hazard_ratio(hr)])[0]
        rows.append(Row(f"Hazard ratio, {_contrast(hr, 'v')}", (cell, fmt.p_value(hr.p), method)))
    d = analysis.rmst_difference
    if d is not None and analysis.hazard_ratios:
        name = f"Difference of means, {_contrast(analysis.hazard_ratios[0], 'minus')}, {clock.unit}"
        cell = _cells([fmt.mean_time(d, clock)])[0]
        method = f"Restricted means to {clock.spoken(d.tau)}, z test"
        rows.append(Row(name, (cell, fmt.p_value(d.p), d.reason or method)))
    return rows


def _contrast(hr: HazardRatio, joint: str) -> str:
    return f"{mid_sentence(hr.label)} {joint} {mid_sentence(hr.reference)}"


def _ranges(redraws: Redraws, endpoint: str, clock: Clock) -> Table:
    """What redraws leave open: ranges, no estimates."""
    drawn = redraws.strata or ((redraws.overall,) if redraws.overall else ())
    columns = (Column("Quantity", numeric=False), *(Column(s.label) for s in drawn))
    rows = [
        Row("Patients", tuple(fmt.spread(*s.n, fmt.whole) for s in drawn)),
        Row("Events", tuple(fmt.spread(*s.events, fmt.whole) for s in drawn)),
        Row(f"Median, {clock.unit}", tuple(fmt.spread(*s.median, clock.number) for s in drawn)),
    ]
    if redraws.strata and not math.isnan(redraws.p[0]):
        blank = ("",) * (len(drawn) - 1)
        rows.append(Row("Log-rank p", (fmt.spread(*redraws.p, fmt.p_value), *blank), ruled=True))
    for reference, label, low, high in redraws.hazard_ratios:
        extent = fmt.spread(low, high, fmt.ratio, fmt.NOT_ESTIMABLE)
        under = tuple(extent if s.label == label else "" for s in drawn)
        rows.append(Row(f"Hazard ratio, {mid_sentence(label)} v {mid_sentence(reference)}", under))
    caption = f"{endpoint}: range over {redraws.count} compatible redraws, no estimate"
    return Table(caption, columns, tuple(rows), (redraws.sentence,))
