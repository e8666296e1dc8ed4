"""Guards of the Subgroups view: many small looks at the same patients."""

from collections.abc import Iterator

from kras_core.analyse.guards import BY_HAND
from kras_core.analyse.provenance import not_patients
from kras_core.analyse.results import Warning
from kras_core.analyse.scope import Scope
from kras_core.analyse.subgroup_results import CoxTable, ForestAnalysis
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import MARK, ON_OUTCOME, stratifiers
from kras_core.cohort.variables import VARIABLES

EVENTS_PER_VARIABLE = 10


def forest_warnings(cohort: Cohort, scope: Scope, analysis: ForestAnalysis) -> tuple[Warning, ...]:
    """Everything to say beside a forest, most important first."""
    guards = (_forest_drawn, _cutoffs, _small, _many, _confounding)
    found = [*_provenance(cohort), *(w for guard in guards for w in guard(cohort, scope, analysis))]
    return (*found, *_left_out(analysis))


def table_warnings(cohort: Cohort, table: CoxTable) -> tuple[Warning, ...]:
    """Everything to say beside a univariable table."""
    found = list(_provenance(cohort))
    drawn = [v.label for v in table.variables if v.drawn]
    if drawn:
        found.append(
            Warning(
                "drawn",
                f"The publication does not determine this for {', '.join(drawn)}: shown is a range over compatible "
                "redraws (2.5th to 97.5th percentile), not an estimate.",
            )
        )
    unadjusted = "Each variable alone, not adjusted for the others"
    found.append(Warning("unadjusted", f"{unadjusted}: what goes together cannot be told apart."))
    if table.events < EVENTS_PER_VARIABLE * len(table.variables):
        found.append(
            Warning(
                "events_per_variable",
                f"{table.events} events and {len(table.variables)} variables looked at: too few to put them into one "
                "model.",
            )
        )
    return (*found, *_left_out(table))


def _provenance(cohort: Cohort) -> Iterator[Warning]:
    yield from not_patients(cohort)
    if cohort.conditional_on:
        yield Warning("conditional", f"Conditional on {cohort.conditional_on}.")


def _forest_drawn(cohort: Cohort, scope: Scope, analysis: ForestAnalysis) -> Iterator[Warning]:
    drawn = [f.label for f in analysis.factors if f.drawn]
    if drawn or analysis.overall.drawn:
        which = "" if analysis.overall.drawn else f" by {', '.join(drawn)}"
        yield Warning(
            "drawn",
            f"The publication does not determine subgroups{which}: shown is the range over compatible redraws "
            "(2.5th to 97.5th percentile), not an estimate.",
        )


def _cutoffs(cohort: Cohort, scope: Scope, analysis: ForestAnalysis) -> Iterator[Warning]:
    for id, value, origin in analysis.cutoffs:
        name = stratifiers(cohort)[id].label
        if origin in (ON_OUTCOME, BY_HAND):
            mark = f"{MARK} " if origin == ON_OUTCOME else ""
            yield Warning(
                "cutoff_on_outcome" if mark else "cutoff_by_hand",
                f"{mark}The {name} cut-off {value:g} was {origin}: hazard ratios in every row may be optimistic.",
            )


def _small(cohort: Cohort, scope: Scope, analysis: ForestAnalysis) -> Iterator[Warning]:
    rows = [row for factor in analysis.factors for row in factor.rows]
    small = sum(row.small for row in rows)
    missing = sum(row.ratio is None and not row.drawn for row in rows)
    if small or missing:
        parts = [f"{small} with fewer than 5 patients or events in a group" if small else ""]
        parts.append(f"{missing} that have no hazard ratio" if missing else "")
        yield Warning("small", f"Of {len(rows)} subgroups {' and '.join(filter(None, parts))}.")


def _many(cohort: Cohort, scope: Scope, analysis: ForestAnalysis) -> Iterator[Warning]:
    if analysis.tests > 1:
        yield Warning(
            "many_tests",
            f"{analysis.tests} interactions tested: one in twenty has p below 0.05 where nothing differs; a subgroup's "
            "own interval is no test of a difference between subgroups.",
        )


def _confounding(cohort: Cohort, scope: Scope, analysis: ForestAnalysis) -> Iterator[Warning]:
    column = stratifiers(cohort)[analysis.selection.by[0].id].column
    if column in VARIABLES and VARIABLES[column].role == "treatment":
        yield Warning(
            "not_randomised",
            "Groups were not randomised: earlier treatment goes with line of therapy and prognosis, in subgroups too.",
        )


def _left_out(analysis: ForestAnalysis | CoxTable) -> Iterator[Warning]:
    for e in analysis.excluded:
        yield Warning("left_out", f"{e.n} patient{'' if e.n == 1 else 's'} left out: {e.reason}.")
