"""Adverse events by term and grade as a table: patients, worst grade each, n (%)."""

from dataclasses import replace

from kras_core.analyse.results import SafetyAnalysis, SafetyRow
from kras_core.report import format as fmt
from kras_core.report.format import Printed
from kras_core.report.html_table import Cell, Column, Row, Table
from kras_core.report.safety.suppressed import cell_of, hides_any, suppressed_safety
from kras_core.report.small_cells import HIDDEN, explained
from kras_core.stats.results import Proportion

BANDS = ("any", "1-2", "3-4", ">=3", "5")
MOST_BESIDE_EVERYBODY = 2
BAND_NAMES = {"any": "Any", "1-2": "1–2", "3-4": "3–4", ">=3": "≥ 3", "5": "5"}


def safety_table_of(
    analysis: SafetyAnalysis, order: str = "frequency", *, bands: tuple[str, ...] = BANDS, differences: bool = True
) -> Table:
    """By stratum where there are any, else over all patients; with two, Fisher's p and the risk difference.

    bands: the grade bands shown. differences: the risk difference too, where there is one. Cells are hidden as in all
    that is made of the view, whatever bands are shown.
    """
    analysis = suppressed_safety(analysis)
    columns = [Column("Adverse event", numeric=False)]
    for over in _headers(analysis):
        columns += [Column(BAND_NAMES[band], over=over, padded=True) for band in bands]
    if analysis.contrast:
        columns += [Column("Any grade", over="Difference, points")] if differences else []
        columns += _p_columns()
    rows = [_row(row, analysis, bands, differences) for row in in_order(analysis, order)]
    first = next((i for i, row in enumerate(rows) if not row.strong), 0)
    rows = [replace(row, ruled=0 < i == first) for i, row in enumerate(rows)]
    notes = _notes(analysis, differences) + ((explained(),) if hides_any(analysis) else ())
    return Table(_caption(analysis), tuple(columns), tuple(rows), notes, "safety")


def _p_columns() -> tuple[Column, Column]:
    return Column("Any grade", over="Fisher's p"), Column("Grade ≥ 3", over="Fisher's p")


def in_order(analysis: SafetyAnalysis, order: str) -> list[SafetyRow]:
    """Rows over several terms first; then as analysed (commonest first), by grade ≥ 3, or by name."""
    summaries = [row for row in analysis.rows if row.any_row]
    terms = [row for row in analysis.rows if not row.any_row]
    if order == "term":
        terms.sort(key=lambda row: row.term.casefold())
    elif order == "severe":
        terms.sort(key=lambda row: -_patients(row, ">=3"))
    return summaries + terms


def _patients(row: SafetyRow, band: str) -> float:
    """How many patients in all; the middle of the range where redraws leave it open."""
    if row.overall_range:
        return sum(row.overall_range[band]) / 2
    return row.overall[band].k


def _shown(analysis: SafetyAnalysis) -> list[int | None]:
    """The columns' groups: everybody (None) first while that leaves room for the strata, then each stratum."""
    everybody: list[int | None] = [None] if len(analysis.groups) <= MOST_BESIDE_EVERYBODY else []
    return everybody + list(range(len(analysis.groups)))


def _headers(analysis: SafetyAnalysis) -> list[str]:
    return [_header(analysis, i) for i in _shown(analysis)]


def _header(analysis: SafetyAnalysis, i: int | None) -> str:
    if i is None:
        return f"All patients (n = {_size(analysis.n, analysis.n_range)}), grade"
    drawn = analysis.denominator_ranges[i] if analysis.denominator_ranges else ()
    return f"{analysis.groups[i]} (n = {_size(analysis.denominators[i], drawn)}), grade"


def _size(n: int, drawn: tuple[int, ...]) -> str:
    return fmt.spread(*drawn, fmt.whole) if len(drawn) == 2 else fmt.whole(n)


def _row(row: SafetyRow, analysis: SafetyAnalysis, bands: tuple[str, ...], differences: bool) -> Row:
    cells: list[Cell] = []
    for i in _shown(analysis):
        for band in bands:
            if i is None:
                drawn = row.overall_range[band] if row.overall_range else ()
            else:
                drawn = row.ranges[band][i] if row.ranges else ()
            cells.append(_count(cell_of(row, i, band), drawn))
    if analysis.contrast and not row.comparisons:
        cells += [Printed(HIDDEN, missing=True)] * (3 if differences else 2)
    elif analysis.contrast:
        at_any = row.comparisons["any"]
        ps = (fmt.p_value(row.comparisons[band].fisher_p) for band in ("any", ">=3"))
        cells += [*([fmt.points(at_any.difference)] if differences else []), *ps]
    return Row(row.term, tuple(cells), strong=row.any_row)


def _count(p: Proportion, drawn: tuple[int, ...]) -> Cell:
    return fmt.spread(*drawn, fmt.whole) if len(drawn) == 2 else fmt.count(p.k, p.n)


def _caption(analysis: SafetyAnalysis) -> str:
    version = f", CTCAE {analysis.ctcae_version.removeprefix('CTCAE').strip()}" if analysis.ctcae_version else ""
    what = "patients, n (%)" + ("; by stratum the range over compatible redraws" if analysis.drawn else "")
    return f"Adverse events by worst grade{version}: {what}"


def _notes(analysis: SafetyAnalysis, differences: bool) -> tuple[str, ...]:
    said = [analysis.drawn, analysis.definition]
    if analysis.contrast and differences:
        first, second = analysis.contrast
        said.append(
            f"Difference: {fmt.mid_sentence(first)} minus {fmt.mid_sentence(second)}, in percentage points, Newcombe's "
            "interval; Fisher's exact p, two-sided, may disagree with it."
        )
    return tuple(filter(None, said))
