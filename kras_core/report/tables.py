"""Every table of the views: each as HTML and, as `*_rows`, as text for CSV and copying."""

import math
from collections.abc import Iterable
from typing import Protocol

from kras_core.analyse.marker_results import BiomarkerAnalysis, CutoffSpread, Discrimination
from kras_core.analyse.results import SafetyAnalysis, SurvivalAnalysis
from kras_core.analyse.subgroup_results import CoxTable, ForestAnalysis
from kras_core.report import format as fmt
from kras_core.report.format import NOTHING, Clock, Printed
from kras_core.report.html_table import Column, Row, Table
from kras_core.report.markers import tables as marker_tables
from kras_core.report.safety.tables import safety_table_of
from kras_core.report.small_cells import threshold
from kras_core.report.style import stylesheet
from kras_core.report.survival.km_under import cells
from kras_core.report.survival.number_tables import number_tables

__all__ = [
    "at_risk_table",
    "cox_rows",
    "cox_table",
    "cutoffs_rows",
    "forest_rows",
    "forest_table",
    "marker_rows",
    "marker_table",
    "numbers_rows",
    "numbers_table",
    "risk_rows",
    "safety_rows",
    "safety_table",
    "search_table",
    "spread_table",
    "stylesheet",
    "verify_rows",
    "verify_table",
]

TextRows = list[dict[str, str]]


def numbers_table(analysis: SurvivalAnalysis) -> str:
    """Every number of the Survival view with its method."""
    return "".join(table.html() for table in number_tables(analysis))


def numbers_rows(analysis: SurvivalAnalysis) -> TextRows:
    return [row for table in number_tables(analysis) for row in table.text_rows()]


def risk_rows(analysis: SurvivalAnalysis) -> TextRows:
    return at_risk_table(analysis).text_rows()


def safety_table(analysis: SafetyAnalysis, order: str = "frequency") -> str:
    """Adverse events by term and grade. order: "frequency", "severe" (grade ≥ 3) or "term"."""
    return safety_table_of(analysis, order).html()


def safety_rows(analysis: SafetyAnalysis, order: str = "frequency") -> TextRows:
    return safety_table_of(analysis, order).text_rows()


# Biomarkers and Subgroups


def marker_table(analysis: BiomarkerAnalysis, found: Discrimination | None) -> str:
    """Every number of the Biomarkers view with its method."""
    return "".join(table.html() for table in marker_tables.marker_tables(analysis, found))


def marker_rows(analysis: BiomarkerAnalysis, found: Discrimination | None) -> TextRows:
    return [row for table in marker_tables.marker_tables(analysis, found) for row in table.text_rows()]


def search_table(analysis: BiomarkerAnalysis) -> str:
    """What the cut-off with the smallest p is worth."""
    return marker_tables.search_table_of(analysis).html()


def spread_table(spread: CutoffSpread | None, analysis: BiomarkerAnalysis) -> str:
    """Where the cut-off with the smallest p falls in resamples."""
    return marker_tables.spread_table_of(spread, analysis).html()


def cutoffs_rows(analysis: BiomarkerAnalysis) -> TextRows:
    """Every cut-off as a row."""
    table = marker_tables.scan_table(analysis)
    return [] if table is None else table.text_rows()


def forest_table(analysis: ForestAnalysis) -> str:
    """The forest as numbers."""
    return marker_tables.forest_table(analysis).html()


def forest_rows(analysis: ForestAnalysis) -> TextRows:
    return marker_tables.forest_table(analysis).text_rows()


def cox_table(table: CoxTable) -> str:
    """Univariable Cox models."""
    return marker_tables.cox_table(table).html()


def cox_rows(table: CoxTable) -> TextRows:
    return marker_tables.cox_table(table).text_rows()


# Risk table


def at_risk_table(analysis: SurvivalAnalysis) -> Table:
    """Under the curve's ticks: at risk, (censored) and [events] before."""
    clock = Clock(analysis.selection.unit, analysis.cohort.days_per_month)
    table = analysis.risk_table
    ticks = [clock.tick(t) for t in table.ticks.tolist()]
    columns = (Column(clock.unit.capitalize(), numeric=False), *map(Column, ticks))
    rows = []
    for i, s in enumerate(analysis.shown):
        parts = (cell.partition(" ") for cell in cells(table, i))
        printed = tuple(Printed(n, rest) for n, _, rest in parts)
        rows.append(Row(s.label, printed))
    entered = ", +entered" if table.entered.size else ""
    caption = "At risk" if threshold() else f"At risk (censored) [events]{entered}"
    return Table(caption, columns, tuple(rows))


# Verify


class Verified(Protocol):
    """One number by three engines; None: not offered, inf: not reached."""

    @property
    def quantity(self) -> str: ...
    @property
    def stratum(self) -> str: ...
    @property
    def ours(self) -> float: ...
    @property
    def lifelines(self) -> float | None: ...
    @property
    def scikit_survival(self) -> float | None: ...
    @property
    def difference(self) -> float | None: ...
    @property
    def note(self) -> str: ...


def verify_table(checks: Iterable[Verified]) -> str:
    """Our numbers beside those of lifelines and scikit-survival, with the largest relative difference."""
    return _verified(checks).html()


def verify_rows(checks: Iterable[Verified]) -> TextRows:
    return _verified(checks).text_rows()


def _verified(checks: Iterable[Verified]) -> Table:
    names = ("KRAScope", "lifelines", "scikit-survival", "Difference")
    columns = (Column("Quantity", numeric=False), *map(Column, names), Column("Note", numeric=False))
    rows, before = [], None
    for check in checks:
        head = f"{check.quantity}, {check.stratum}" if check.stratum else check.quantity
        values = (_figure(check.ours), _figure(check.lifelines), _figure(check.scikit_survival))
        cells_ = (*values, _relative(check.difference), check.note)
        rows.append(Row(head, cells_, ruled=before is not None and before != check.stratum))
        before = check.stratum
    caption = "The same numbers recomputed from the patient rows; difference: largest, relative"
    return Table(caption, columns, tuple(rows))


def _figure(value: float | None) -> str:
    """Six significant digits, enough to see a difference of conventions."""
    if value is None or math.isnan(value):
        return NOTHING
    return fmt.NOT_REACHED if math.isinf(value) else f"{value:.6g}".replace("-", fmt.MINUS)


def _relative(value: float | None) -> str:
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "one is not reached"
    if value == 0:
        return "0"
    return "<1e−9" if value < 1e-9 else f"{value:.1e}".replace("-", fmt.MINUS)
