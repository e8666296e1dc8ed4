"""Guards: what a careful colleague would say before anyone believes the figure. One sentence each."""

from collections.abc import Iterator

import numpy as np

from kras_core.analyse.provenance import not_patients
from kras_core.analyse.results import SurvivalAnalysis, Warning
from kras_core.analyse.scope import Scope
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import MARK, ON_OUTCOME, stratifiers
from kras_core.cohort.variables import VARIABLES
from kras_core.stats.event_table import Table
from kras_core.stats.proportionality import proportionality

FEW = 5
EVENTS_PER_COEFFICIENT = 10
DOUBT = 0.05
BY_HAND = "chosen by hand"


def survival_warnings(cohort: Cohort, scope: Scope, analysis: SurvivalAnalysis, table: Table) -> tuple[Warning, ...]:
    """Everything to say beside this analysis, most important first. table: the compared strata's."""
    guards = (_provenance, _drawn, _cutoffs, _small, _monotone, _medians, _events_per_coefficient, _confounding)
    found = [w for guard in guards for w in guard(cohort, scope, analysis)]
    found += _doubtful_proportionality(analysis, table)
    return (*found, *_left_out(analysis))


def _provenance(cohort: Cohort, scope: Scope, analysis: SurvivalAnalysis) -> Iterator[Warning]:
    yield from not_patients(cohort)
    if cohort.conditional_on:
        yield Warning("conditional", f"Conditional on {cohort.conditional_on}.")


def _drawn(cohort: Cohort, scope: Scope, analysis: SurvivalAnalysis) -> Iterator[Warning]:
    if analysis.redraws is not None:
        yield Warning("drawn", analysis.redraws.sentence)


def _cutoffs(cohort: Cohort, scope: Scope, analysis: SurvivalAnalysis) -> Iterator[Warning]:
    for id, value, origin in analysis.cutoffs:
        name = stratifiers(cohort)[id].label
        if origin == ON_OUTCOME:
            yield Warning("cutoff_on_outcome", on_outcome(f"{MARK} The {name} cut-off {value:g}", analysis))
        elif origin == BY_HAND:
            yield Warning(
                "cutoff_by_hand",
                f"The {name} cut-off {value:g} was chosen by hand: if the outcome guided it, the p value is too small "
                "and the hazard ratio optimistic.",
            )
        else:
            yield Warning("cutoff_origin", f"{name} cut-off {value:g}: {origin}; high is above it.")


def on_outcome(cutoff: str, analysis: SurvivalAnalysis) -> str:
    """What must be said wherever a chosen cut-off goes."""
    adjusted = [
        f"{p_words(s.best_p)} ({'permutation' if s.samples else 'approximation of 1994'})"
        if not s.reason
        else f"not available: {s.reason}"
        for s in analysis.selected
    ]
    said = f" Selection-adjusted p {', '.join(adjusted)}." if adjusted else ""
    return f"{cutoff} was chosen on the outcome: its p value is too small and its hazard ratio optimistic.{said}"


def p_words(p: float) -> str:
    """A p value inside a sentence."""
    return f"= {p:.3f}" if p >= 0.001 else "< 0.001"


def _small(cohort: Cohort, scope: Scope, analysis: SurvivalAnalysis) -> Iterator[Warning]:
    for s in analysis.strata or (() if analysis.redraws else (analysis.overall,)):
        if s.n < FEW:
            yield Warning("few_patients", f"{s.label}: {_count(s.n, 'patient')} only; read its curve as a list.")
        elif s.events < FEW:
            yield Warning("few_events", f"{s.label}: {_count(s.events, 'event')} only; its interval says little.")


def _monotone(cohort: Cohort, scope: Scope, analysis: SurvivalAnalysis) -> Iterator[Warning]:
    cautions = {h.caution for h in analysis.hazard_ratios if h.caution}
    for caution in sorted(cautions):
        yield Warning("hazard_ratio", f"Hazard ratio: {caution}.")
    for h in analysis.hazard_ratios:
        if h.reason:
            yield Warning("no_hazard_ratio", f"No hazard ratio for {h.label}: {h.reason}.")


def _medians(cohort: Cohort, scope: Scope, analysis: SurvivalAnalysis) -> Iterator[Warning]:
    for s in () if analysis.redraws else analysis.shown:
        if np.isnan(s.median.estimate):
            yield Warning("median_not_reached", f"{s.label}: median not reached, {s.events} of {s.n} had the event.")


def _events_per_coefficient(cohort: Cohort, scope: Scope, analysis: SurvivalAnalysis) -> Iterator[Warning]:
    coefficients = len(analysis.strata) - 1
    events = sum(s.events for s in analysis.strata)
    if coefficients > 1 and events < EVENTS_PER_COEFFICIENT * coefficients:
        yield Warning(
            "events_per_coefficient",
            f"{events} events for {coefficients} hazard ratios: fewer than {EVENTS_PER_COEFFICIENT} events each.",
        )


def _confounding(cohort: Cohort, scope: Scope, analysis: SurvivalAnalysis) -> Iterator[Warning]:
    columns = [stratifiers(cohort)[by.id].column for by in analysis.selection.by]
    if any(c in VARIABLES and VARIABLES[c].role == "treatment" for c in columns):
        yield Warning(
            "not_randomised",
            "Groups were not randomised: earlier treatment goes with line of therapy and prognosis.",
        )


def _doubtful_proportionality(analysis: SurvivalAnalysis, table: Table) -> Iterator[Warning]:
    ratios = {h.label: h.estimate for h in analysis.hazard_ratios}
    if not ratios or any(h.caution or h.reason for h in analysis.hazard_ratios):
        return
    beta = np.log([ratios.get(s.label, 1.0) for s in analysis.strata])
    reference = next(i for i, s in enumerate(analysis.strata) if s.label not in ratios)
    test = proportionality(table, beta, reference)
    if test.p < DOUBT:
        yield Warning(
            "proportional_hazards",
            f"Proportional hazards are doubtful (score test p {p_words(test.p)}): "
            "one hazard ratio does not describe the whole follow-up.",
        )


def _left_out(analysis: SurvivalAnalysis) -> Iterator[Warning]:
    for e in analysis.excluded:
        yield Warning("left_out", f"{_count(e.n, 'patient')} left out: {e.reason}.")


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
