"""Tables of the Biomarkers and Subgroups views."""

import math

from kras_core.analyse.marker_results import BiomarkerAnalysis, CutoffSpread, Discrimination
from kras_core.analyse.subgroup_results import CoxTable, ForestAnalysis, SubgroupRow, Univariable
from kras_core.report import format as fmt
from kras_core.report.forest import arm_text, ratio_text
from kras_core.report.format import Clock, Printed, mid_sentence
from kras_core.report.html_table import Cell, Column, Row, Table
from kras_core.report.markers.answer import cox_notes
from kras_core.report.markers.suppressed import forest_hides, suppressed_cox, suppressed_forest
from kras_core.report.small_cells import HIDDEN, explained, words
from kras_core.report.survival.number_tables import number_tables
from kras_core.stats.results import TestResult

MARK = "†"
BLANK = Printed("")  # an empty cell that is no missing number
BELOW_FIFTY = "fewer than 50 events: a detail, not a headline"


def marker_tables(analysis: BiomarkerAnalysis, found: Discrimination | None) -> tuple[Table, ...]:
    """Distribution; the groups in force; the marker as a number; the cut-off with the smallest p."""
    tables = [_distribution(analysis), *number_tables(analysis.split), _numbers(analysis, found)]
    return (*tables, search_table_of(analysis)) if analysis.chosen is not None else tuple(tables)


def _distribution(analysis: BiomarkerAnalysis) -> Table:
    d = analysis.distribution
    unit = f", {analysis.unit}" if analysis.unit else ""
    names = ("Patients", "Without a value", "Distinct values", "Median (quartiles)", "Range", "Mean (SD)")
    quartiles = Printed(_value(d.median), f"({fmt.between(_value(d.lower_quartile), _value(d.upper_quartile))})")
    cells = (
        fmt.whole(d.n),
        fmt.whole(d.missing),
        fmt.whole(d.distinct),
        quartiles,
        fmt.between(_value(d.low), _value(d.high)),
        Printed(_value(d.mean), f"({_value(d.sd)})"),
    )
    columns = (Column(analysis.label + unit, numeric=False), *map(Column, names))
    return Table("Distribution, selected patients with a known outcome", columns, (Row("Baseline", cells),))


def _value(x: float) -> str:
    return fmt.NOTHING if math.isnan(x) else f"{x:.4g}".replace("-", fmt.MINUS)


def _numbers(analysis: BiomarkerAnalysis, found: Discrimination | None) -> Table:
    columns = (Column("As a number", numeric=False), Column("Estimate"), Column("p"), Column("Method", numeric=False))
    caption = f"{analysis.label} as it is, without a cut-off"
    r, model, spline = analysis.redraws, analysis.model, analysis.spline
    if r is not None:
        rows = [
            Row("Hazard ratio per unit", (_range(r.per_unit), _p_range(r.p), "range over redraws")),
            Row(f"Hazard ratio per SD ({_value(analysis.distribution.sd)})", (_range(r.per_sd), _p_range(r.p), "")),
        ]
        return Table(caption, columns, tuple(rows), (r.sentence,))
    rows = []
    if model is not None:
        sd = f"per SD ({_value(model.sd)})"
        for name, ratio in ((model.per_unit.label, model.per_unit), (sd, model.per_sd)):
            method = "; ".join(filter(None, (ratio.method, ratio.reason)))
            rows.append(Row(f"Hazard ratio {name}", (_bare(fmt.hazard_ratio(ratio)), fmt.p_value(ratio.p), method)))
        rows.append(_test("Straight line", model.test))
    if spline is not None:
        rows += [_test("Spline, whole curve", spline.overall), _test("Spline, departure from a line", spline.nonlinear)]
    return Table(caption, columns, (*rows, *_discrimination(found)), ())


def _bare(printed: Printed) -> Printed:
    return Printed(printed.value, "", missing=True) if printed.missing else printed


def _test(name: str, test: TestResult) -> Row:
    statistic = "" if test.reason else f"χ² {fmt.decimal(test.statistic, 2)}, df {test.df}"
    return Row(name, (statistic, fmt.p_value(test.p), test.reason or test.method))


def _discrimination(found: Discrimination | None) -> list[Row]:
    if found is None:
        return []
    c = found.concordance
    estimate = Printed(fmt.decimal(c.estimate, 3), fmt.interval(c.low, c.high, lambda x: fmt.decimal(x, 3)))
    if c.reason:
        estimate = Printed(fmt.NOT_ESTIMABLE, missing=True)
    method = c.reason or f"{c.method}; higher marker, earlier event; {c.pairs:,} pairs"
    rows = [Row("Concordance", (estimate, fmt.NOTHING, method), ruled=True)]
    for auc in found.auc:
        words = auc.reason or f"{auc.cases} with the event by then, {auc.controls} still without (scikit-survival)"
        if found.few and not auc.reason:
            words += f"; {BELOW_FIFTY}"
        value = fmt.NOT_ESTIMABLE if math.isnan(auc.estimate) else fmt.decimal(auc.estimate, 2)
        rows.append(Row(f"AUC at {auc.time:g} months", (Printed(value, missing=True), fmt.NOTHING, words)))
    return rows


def search_table_of(analysis: BiomarkerAnalysis) -> Table:
    """What the smallest p is worth."""
    c = analysis.chosen
    columns = (Column("Chosen on the outcome", numeric=False), Column("Value"), Column("Method", numeric=False))
    if c is None or analysis.scan is None:
        why = (
            analysis.redraws.sentence if analysis.redraws is not None else f"No cut-off to choose: {analysis.nothing}."
        )
        return Table("The search over cut-offs", columns, (), (why,))
    s = c.selected
    rows = [
        Row(f"{MARK} Cut-off with the smallest p", (_value(c.cutoff), f"of {analysis.scan.cutoffs.size} looked at")),
        Row("Patients not above, above", (f"{c.sizes[0]}, {c.sizes[1]}", "")),
        Row("Log-rank p at it, too small", (fmt.p_value(c.test.p), c.test.method)),
        Row("Hazard ratio at it, optimistic", (_bare(fmt.hazard_ratio(c.ratio)), c.ratio.reason or c.ratio.method)),
    ]
    if s.reason:
        rows.append(Row("Selection-adjusted p", (Printed(fmt.NOT_ESTIMABLE, missing=True), s.reason), ruled=True))
        return Table("The search over cut-offs", columns, tuple(rows))
    drawn = Printed(fmt.p_value(s.p), f"(± {s.std_error:.4f})") if s.samples else Printed("not drawn", missing=True)
    rows += [
        Row("Selection-adjusted p, permutation", (drawn, f"{s.method}; ± its Monte Carlo error"), ruled=True),
        Row("Approximation, Lausen and Schumacher 1992", (fmt.p_value(s.p_lausen_1992), "many cut-offs")),
        Row("Approximation, Lausen et al. 1994", (fmt.p_value(s.p_lausen_1994), "these cut-offs, improved Bonferroni")),
        Row("Statistic M", (fmt.decimal(s.statistic, 3), f"largest at {_value(s.cutoff)}")),
    ]
    return Table("The search over cut-offs", columns, tuple(rows))


def spread_table_of(spread: CutoffSpread | None, analysis: BiomarkerAnalysis) -> Table:
    """Where the smallest p falls when the patients are drawn anew."""
    names = ("2.5 %", "25 %", "Median", "75 %", "97.5 %", "Same cut-off")
    columns = (Column("Chosen cut-off in resamples", numeric=False), *map(Column, names))
    if spread is None:
        return Table("Spread of the chosen cut-off", columns, (), ("Not offered for this view.",))
    cells = (*map(_value, spread.quantiles), fmt.percent(spread.same))
    undefined = f"; {spread.undefined} without a defined test" if spread.undefined else ""
    caption = f"Spread of the chosen cut-off: {spread.samples:,} bootstrap resamples, each searched anew{undefined}"
    return Table(caption, columns, (Row(analysis.label, cells),))


def forest_table(analysis: ForestAnalysis) -> Table:
    """The forest as numbers."""
    analysis = suppressed_forest(analysis)
    clock = Clock(analysis.selection.unit, analysis.cohort.days_per_month)
    arms = (analysis.label, analysis.reference)
    columns = [Column("Subgroup", numeric=False)]
    for arm in arms:
        columns += [Column("events/n", over=arm), Column(f"Median, {clock.unit}", over=arm)]
    columns += [Column("Hazard ratio"), Column("p"), Column("Interaction p"), Column("Note", numeric=False)]
    rows = [_forest_row(analysis.overall, "All patients", clock, "", "")]
    for factor in analysis.factors:
        p, why = _interaction(factor.interaction, factor.p_range), factor.drawn
        for i, row in enumerate(factor.rows):
            name = row.label if row.label.startswith(factor.label) else f"{factor.label}: {row.label}"
            rows.append(_forest_row(row, name, clock, p if i == 0 else "", why if i == 0 else "", ruled=i == 0))
    what = f"{analysis.endpoint.label}, {mid_sentence(analysis.label)} v {mid_sentence(analysis.reference)}"
    notes = tuple(f"Not shown: {label} ({reason})." for label, reason in analysis.left_out)
    notes += (explained(),) if forest_hides(analysis) else ()
    return Table(f"{what}; interaction: likelihood ratio", tuple(columns), tuple(rows), notes)


def _interaction(test: TestResult | None, p_range: tuple[float, ...]) -> str:
    if test is not None:
        return fmt.p_value(test.p)
    low, high = p_range if len(p_range) == 2 else (math.nan, math.nan)
    return fmt.spread(low, high, fmt.p_value, fmt.NOT_ESTIMABLE)


def _forest_row(row: SubgroupRow, name: str, clock: Clock, interaction: str, why: str, ruled: bool = False) -> Row:
    cells: list[Cell] = []
    for arm in row.arms:
        printed = arm_text(arm, clock)
        if arm.n_range:
            cells += [printed, fmt.spread(*(arm.median_range or (math.nan, math.nan)), clock.number)]
        else:
            median = fmt.quantile(arm.median, clock) if arm.n else Printed(fmt.NOTHING, missing=True)
            cells += [Printed(printed.value), _bare(median)]
    p = fmt.p_value(row.ratio.p) if row.ratio is not None and not math.isnan(row.ratio.p) else fmt.NOTHING
    note = row.note or ("fewer than five patients or events in a group" if row.small else "")
    ratio = ratio_text(row)
    cells += [Printed(ratio.value, "" if ratio.value == "–" else ratio.detail, ratio.missing), p, interaction]
    return Row(name, (*cells, "; ".join(filter(None, (note, why)))), ruled=ruled, strong=name == "All patients")


def cox_table(table: CoxTable) -> Table:
    """Univariable Cox models: one block a variable."""
    table = suppressed_cox(table)
    columns = (
        Column("Variable", numeric=False),
        Column("Events/n"),
        Column("Hazard ratio"),
        Column("p"),
        Column("Variable's p"),
        Column("Method", numeric=False),
    )
    rows = tuple(row for v in table.variables for row in _variable_rows(v))
    c = table.selection.conventions
    caption = (
        f"{table.endpoint.label}: Cox models of one variable each, {c.ties.capitalize()} ties, "
        f"{fmt.percent(c.confidence)} Wald intervals; variable's p: likelihood ratio; "
        f"{fmt.plural(table.events, 'event')} in {fmt.plural(table.n, 'patient')}"
    )
    return Table(caption, columns, rows, cox_notes(table))


def _variable_rows(v: Univariable) -> list[Row]:
    whole = "" if v.test is None and not v.p_range else _interaction(v.test, v.p_range)
    missing = f"{fmt.plural(v.missing, 'patient')} without a value" if v.missing else ""
    said = "; ".join(words(why) for why in (v.note, v.drawn, v.test.reason if v.test else "", missing) if why)
    if not v.terms:
        count = f"{v.events}/{v.n}" if v.n else fmt.NOTHING
        return [Row(v.label, (count, fmt.NOTHING, fmt.NOTHING, fmt.NOTHING, said), ruled=True, strong=True)]
    rows = [Row(v.label, (BLANK, BLANK, BLANK, whole or BLANK, said), ruled=True, strong=True)]
    if v.reference:
        events = (
            fmt.spread(*v.reference_range, fmt.whole) if len(v.reference_range) == 2 else fmt.whole(v.reference_events)
        )
        rows.append(Row(v.reference, (f"{events}/{v.reference_n}", "1, reference", BLANK, BLANK, ""), indented=True))
    for t in v.terms:
        events = fmt.spread(*t.events_range, fmt.whole) if len(t.events_range) == 2 else fmt.whole(t.events)
        if t.ratio is None:
            ratio: Cell = Printed(_range(t.ratio_range), missing=True)
            p, method = _p_range(t.p_range), "range over redraws"
        else:
            ratio, p = _bare(fmt.hazard_ratio(t.ratio)), fmt.ratio_p(t.ratio)
            method = "; ".join(why for why in (t.ratio.caution, t.ratio.reason) if why not in ("", HIDDEN))
        rows.append(Row(t.label, (f"{events}/{t.n}", ratio, p, BLANK, method), indented=True))
    return rows


def _range(ends: tuple[float, ...]) -> str:
    low, high = ends if len(ends) == 2 else (math.nan, math.nan)
    return fmt.spread(low, high, fmt.ratio, fmt.NOT_ESTIMABLE)


def _p_range(ends: tuple[float, ...]) -> str:
    low, high = ends if len(ends) == 2 else (math.nan, math.nan)
    return fmt.spread(low, high, fmt.p_value, fmt.NOT_ESTIMABLE)


def scan_table(analysis: BiomarkerAnalysis) -> Table | None:
    """Every cut-off as a row, for export; None where the publication does not determine them."""
    scan = analysis.scan
    if scan is None:
        return None
    columns = tuple(
        Column(name) for name in ("Cut-off", "Not above", "Above", "Hazard ratio", "SE of log", "Log-rank p")
    )
    rows = []
    chosen = analysis.chosen.cutoff if analysis.chosen else math.nan
    for i, cutoff in enumerate(scan.cutoffs.tolist()):
        b, se = float(scan.log_ratio[i]), float(scan.std_error[i])
        ratio = f"{math.exp(b):.4g}" if math.isfinite(b) else fmt.NOTHING
        error = f"{se:.4g}" if math.isfinite(se) else fmt.NOTHING
        p = float(scan.p[i])
        below = int(scan.below[i])
        mark = f" {MARK}" if cutoff == chosen else ""
        said = (str(below), str(scan.n - below), ratio, error, f"{p:.4g}" if math.isfinite(p) else fmt.NOTHING)
        rows.append(Row(f"{cutoff:.10g}{mark}", said))
    adjusted = analysis.chosen.selected if analysis.chosen else None
    notes = ()
    if adjusted is not None:
        p = "not available" if adjusted.reason else fmt.p_value(adjusted.best_p)
        notes = (
            f"{MARK} smallest p, chosen on the outcome: selection-adjusted p {p}; its hazard ratio is optimistic.",
        )
    return Table("Every cut-off", columns, tuple(rows), notes)
