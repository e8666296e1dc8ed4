"""Tables of the Models view."""

import math

from kras_core.analyse.model_results import Covariate, ModelAnalysis
from kras_core.report import format as fmt
from kras_core.report.format import Printed
from kras_core.report.html_table import Cell, Column, Row, Table
from kras_core.report.models.forest import ratio_cells
from kras_core.report.models.suppressed import model_hides, suppressed_model
from kras_core.report.models.words import level_words, optimism_words, penalty_words, proportional_words
from kras_core.report.small_cells import HIDDEN, explained
from kras_core.stats.results import HazardRatio, Optimism, PenaltyPath, TestResult

BLANK = Printed("")


def model_table(analysis: ModelAnalysis) -> Table:
    """Every term with both estimates, what is missing, and the tests of each covariate."""
    analysis = suppressed_model(analysis)
    c, penalised = analysis.selection.conventions, not analysis.firth_reason
    tested = any(covariate.test is not None for covariate in analysis.covariates)
    one, test = "Ordinary" if penalised else "", "covariate's p: likelihood ratio; " if tested else ""
    columns = (
        Column("Covariate", numeric=False),
        Column("Events/n"),
        Column("Hazard ratio", over=one),
        Column("p", over=one),
        *((Column("Hazard ratio", over="Firth"), Column("p", over="Firth")) if penalised else ()),
        *((Column("Covariate's p"),) if tested else ()),
        Column("Missing"),
    )
    rows = tuple(row for covariate in analysis.covariates for row in _rows(covariate, penalised, tested))
    caption = (
        f"{analysis.endpoint.label}: Cox model of {fmt.plural(len(analysis.covariates), 'covariate')}, "
        f"{c.ties.capitalize()} ties, {fmt.percent(c.confidence)} intervals; {test}"
        f"{fmt.plural(analysis.events, 'event')} in {fmt.plural(analysis.n, 'complete case')} of {analysis.selected}"
    )
    notes = tuple(w.message for w in analysis.warnings) + ((explained(),) if model_hides(analysis) else ())
    return Table(caption, columns, rows, notes)


def _rows(covariate: Covariate, penalised: bool, tested: bool) -> list[Row]:
    whole = (*((_p(covariate.test),) if tested else ()), fmt.whole(covariate.missing))
    blank = (BLANK,) * len(whole)
    nothing = (BLANK, BLANK) if penalised else ()
    rows: list[Row] = []
    if covariate.reference:
        rows.append(Row(covariate.label, (BLANK, BLANK, BLANK, *nothing, *whole), ruled=True, strong=True))
        events: Cell = BLANK if covariate.drawn else f"{covariate.reference_events}/{covariate.reference_n}"
        reference = (events, "1, reference", BLANK, *nothing, *blank)
        rows.append(Row(level_words(covariate, covariate.reference), reference, indented=True))
    for term in covariate.terms:
        ratio, p = ratio_cells(term, covariate.drawn)
        count = fmt.spread(*term.events_range, fmt.whole) if len(term.events_range) == 2 else str(term.events)
        both = (f"{count}/{term.n}", ratio, p, *(_firth(term.firth) if penalised else ()))
        if covariate.reference:
            rows.append(Row(level_words(covariate, term.label), (*both, *blank), indented=True))
        else:
            rows.append(Row(f"{covariate.label} {term.label}", (*both, *whole), ruled=True, strong=True))
    return rows


def _firth(ratio: HazardRatio | None) -> tuple[Cell, Cell]:
    if ratio is None:
        return Printed(fmt.NOTHING, missing=True), fmt.NOTHING
    if math.isnan(ratio.estimate):
        return Printed(HIDDEN if ratio.reason == HIDDEN else fmt.NOT_ESTIMABLE, missing=True), fmt.NOTHING
    return fmt.hazard_ratio(ratio), fmt.p_value(ratio.p)


def _p(test: TestResult | None) -> Cell:
    return BLANK if test is None else fmt.p_value(test.p)


def proportional_table(analysis: ModelAnalysis) -> Table:
    """The test of proportional hazards by covariate."""
    columns = (Column("Covariate", numeric=False), Column("χ²"), Column("df"), Column("p"), Column("", numeric=False))
    rows = [_tested(c.label, c.proportional) for c in analysis.covariates if c.proportional is not None]
    if analysis.proportional is not None:
        rows.append(_tested("All together", analysis.proportional, strong=True))
    method = analysis.proportional.method if analysis.proportional else "score test for proportional hazards"
    return Table(f"{method[:1].upper()}{method[1:]}", columns, tuple(rows), (proportional_words(analysis),))


def _tested(name: str, test: TestResult, strong: bool = False) -> Row:
    statistic = fmt.NOTHING if math.isnan(test.statistic) else fmt.decimal(test.statistic, 2)
    cells = (statistic, str(test.df) if test.df else fmt.NOTHING, fmt.p_value(test.p), test.reason)
    return Row(name, cells, ruled=strong, strong=strong)


def penalty_table(analysis: ModelAnalysis, path: PenaltyPath) -> Table:
    """Hazard ratios per standard deviation at the two penalties that cross-validation points at."""
    analysis = suppressed_model(analysis)
    names = ("Least deviance", "Within one standard error", "No penalty to speak of")
    columns = (Column("Per standard deviation", numeric=False), *map(Column, names))
    at = (path.best, path.simplest, len(path.penalties) - 1)
    rows = [
        Row(name, tuple(_shrunk(float(path.beta[i, j])) for i in at))
        for j, name in enumerate(term_names(analysis))
        if len(path.penalties)
    ]
    if len(path.penalties):
        figures = tuple(f"{path.penalties[i]:.3g}" for i in at)
        rows.append(Row("Penalty λ", figures, ruled=True))
        deviances = tuple(Printed(fmt.decimal(float(path.deviance[i]), 3), f"(± {path.error[i]:.3f})") for i in at)
        rows.append(Row("Deviance per event, cross-validated", deviances))
    caption = f"{path.method[:1].upper()}{path.method[1:]}; {analysis.events} events in {analysis.n} patients"
    return Table(caption, columns, tuple(rows), tuple(penalty_words(analysis, path)))


def _shrunk(beta: float) -> Cell:
    return Printed("left out", missing=True) if beta == 0 else fmt.ratio(math.exp(beta))


def term_names(analysis: ModelAnalysis) -> list[str]:
    """A name for every column of the model, without its step: "Age", "Cell type: large"."""
    return [
        f"{c.label}: {level_words(c, t.label)}" if c.reference else c.label
        for c in analysis.covariates
        for t in c.terms
    ]


def optimism_table(analysis: ModelAnalysis, found: Optimism) -> Table:
    """Concordance before and after the correction."""
    columns = (Column("Harrell's C", numeric=False), Column("Value"), Column("", numeric=False))
    rows: tuple[Row, ...] = ()
    if not found.reason:
        rows = (
            Row("In its own patients", (fmt.decimal(found.apparent, 3), "apparent")),
            Row("Optimism", (fmt.decimal(found.optimism, 3), f"mean of {found.samples - found.failed} resamples")),
            Row("Corrected", (fmt.decimal(found.corrected, 3), "expected in others like them"), strong=True),
        )
    return Table(found.method, columns, rows, tuple(optimism_words(analysis, found)))
