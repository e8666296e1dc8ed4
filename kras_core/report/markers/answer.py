"""The Biomarkers and Subgroups views in a title and two lines."""

import math

from kras_core.analyse.marker_results import BiomarkerAnalysis
from kras_core.analyse.results import Warning
from kras_core.analyse.subgroup_results import CoxTable, ForestAnalysis, SubgroupRow
from kras_core.report import format as fmt
from kras_core.report.format import Printed, mid_sentence
from kras_core.report.markers.suppressed import suppressed_forest
from kras_core.report.small_cells import HIDDEN
from kras_core.report.survival.answer import SAID_ELSEWHERE, Answer, Line, Word, answer


def _notes(warnings: tuple[Warning, ...]) -> tuple[str, ...]:
    return tuple(w.message for w in warnings if w.code not in SAID_ELSEWHERE)


def marker_answer(analysis: BiomarkerAnalysis) -> Answer:
    """Medians and hazard ratio at the cut-off in force; then p, where it is from, and the marker as a number."""
    split = answer(analysis.split)
    title = f"{analysis.endpoint.label} by {mid_sentence(analysis.label)}"
    if analysis.distribution.distinct == 1:
        d = analysis.distribution
        same = (f"All {fmt.plural(d.n, 'patient')} have the same value, {d.low:.6g}: nothing to compare",)
        return Answer(title, split.where, Line((same,)), Line(), _notes(analysis.warnings))
    second: list[tuple[Word, ...]] = []
    test, redraws = analysis.split.logrank, analysis.split.redraws
    if test is not None:
        second.append(("log-rank", Printed(fmt.p_equation(test.p))))
    elif redraws is not None and not math.isnan(redraws.p[0]):
        second.append(("log-rank p", Printed(fmt.spread(*redraws.p, fmt.p_value)), "over redraws"))
    origins = dict.fromkeys(origin for _, _, origin in analysis.split.cutoffs)
    second += [(f"cut-off: {origin.removeprefix('published: ')}",) for origin in origins]
    second.append(_per_sd(analysis))
    return Answer(title, split.where, split.line1, Line(tuple(filter(None, second))), _notes(analysis.warnings))


def _per_sd(analysis: BiomarkerAnalysis) -> tuple[Word, ...]:
    if analysis.redraws is not None:
        low, high = analysis.redraws.per_sd
        if math.isnan(low) and math.isnan(high):
            return ()
        return ("HR per SD", Printed(fmt.spread(low, high, fmt.ratio)), "over redraws")
    model = analysis.model
    if model is None or math.isnan(model.per_sd.estimate):
        return ()
    return ("HR per SD", fmt.hazard_ratio(model.per_sd))


def forest_answer(analysis: ForestAnalysis) -> Answer:
    """The comparison in everybody, and the smallest interaction p with how many were tested."""
    title = f"{analysis.endpoint.label} by {mid_sentence(analysis.by_label)}, in subgroups"
    contrast = f"{mid_sentence(analysis.label)} v {mid_sentence(analysis.reference)},"
    where = fmt.restriction(analysis)
    row = analysis.overall
    events, n = sum(a.events for a in row.arms), sum(a.n for a in row.arms)
    counted = f"{fmt.plural(events, 'event')} in {fmt.plural(n, 'patient')}"
    first: list[tuple[Word, ...]] = [("All patients: HR,", contrast, _ratio(suppressed_forest(analysis).overall))]
    if not row.drawn:
        first.append((counted,))
    subgroups = sum(len(f.rows) for f in analysis.factors)
    second: list[tuple[Word, ...]] = [(fmt.plural(subgroups, "subgroup"),)]
    tested = [f for f in analysis.factors if f.interaction is not None and not math.isnan(f.interaction.p)]
    if tested:
        least = min(tested, key=lambda f: f.interaction.p)  # type: ignore[union-attr]
        assert least.interaction is not None
        word = f"{fmt.plural(len(tested), 'interaction')} tested, smallest"
        by = f"by {mid_sentence(least.label)}"
        second.append((word, Printed(fmt.p_equation(least.interaction.p)), by))
    drawn = sum(bool(f.drawn) for f in analysis.factors)
    if drawn:
        second.append((f"{drawn} of {len(analysis.factors)} factors shown as ranges over redraws",))
    return Answer(title, where, Line(tuple(first)), Line(tuple(second)), _notes(analysis.warnings))


def _ratio(row: SubgroupRow) -> Printed:
    if len(row.ratio_range) == 2:
        return Printed(fmt.spread(*row.ratio_range, fmt.ratio, fmt.NOT_ESTIMABLE), "(range over redraws)")
    if row.ratio is None and row.note == HIDDEN:
        return Printed(HIDDEN, missing=True)
    if row.ratio is None:
        return Printed(fmt.NOT_ESTIMABLE, f"({row.note})", missing=True)
    return fmt.hazard_ratio(row.ratio)


def cox_notes(table: CoxTable) -> tuple[str, ...]:
    """Guards of the univariable table, as its notes."""
    return _notes(table.warnings)
