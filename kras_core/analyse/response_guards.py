"""Guards of the Response view: what a careful colleague would say beside the rates. One sentence each."""

from collections.abc import Iterator

from kras_core.analyse.provenance import not_patients
from kras_core.analyse.response_results import ResponseAnalysis
from kras_core.analyse.results import Warning
from kras_core.analyse.scope import Scope, chosen
from kras_core.cohort.model import Cohort
from kras_core.cohort.variables import VARIABLES

FEW = 5
NAMED = 3


def response_warnings(cohort: Cohort, scope: Scope, analysis: ResponseAnalysis) -> tuple[Warning, ...]:
    """Everything to say beside these rates, most important first."""
    guards = (_provenance, _drawn, _recording, _small, _disagree, _confounding)
    found = [w for guard in guards for w in guard(cohort, analysis)]
    if scope.post_baseline:
        found.append(
            Warning(
                "post_baseline",
                f"{scope.by_label} is known only after the start, and responders are treated for longer: a difference "
                "need not mean that it made them respond.",
            )
        )
    if analysis.unknown and not analysis.drawn:
        found.append(
            Warning("left_out", f"{_patients(analysis.unknown)} without {scope.by_label}: in the overall rates only.")
        )
    return tuple(found)


def _provenance(cohort: Cohort, analysis: ResponseAnalysis) -> Iterator[Warning]:
    yield from not_patients(cohort)
    if cohort.conditional_on:
        yield Warning("conditional", f"Conditional on {cohort.conditional_on}: early failures would lower both rates.")


def _drawn(cohort: Cohort, analysis: ResponseAnalysis) -> Iterator[Warning]:
    if analysis.drawn:
        yield Warning("drawn", analysis.drawn)


def _recording(cohort: Cohort, analysis: ResponseAnalysis) -> Iterator[Warning]:
    if analysis.confirmed == "not recorded":
        yield Warning("confirmation", "Whether responses were confirmed is not recorded.")
    elif analysis.unconfirmed:
        counted = "stable disease" if analysis.confirmed == "only" else "responses"
        yield Warning(
            "confirmation", f"{_patients(analysis.unconfirmed)} with an unconfirmed response: {counted} here."
        )
    overall = analysis.overall
    without = overall.counts[4] + overall.missing
    if without and not overall.ranges:
        yield Warning(
            "not_evaluable",
            f"{_patients(without)} not evaluable or without a recorded response: over all patients they count as "
            "without one, over evaluable patients not at all.",
        )


def _small(cohort: Cohort, analysis: ResponseAnalysis) -> Iterator[Warning]:
    small = [g for g in analysis.groups if g.n < FEW and not g.ranges]
    for g in small[:NAMED]:
        yield Warning("few_patients", f"{g.label}: {_patients(g.n)} only; each is {100 / g.n:.0f} percentage points.")
    if len(small) > NAMED:
        yield Warning("few_patients", f"{len(small) - NAMED} more groups have fewer than {FEW} patients.")


def _disagree(cohort: Cohort, analysis: ResponseAnalysis) -> Iterator[Warning]:
    alpha = 1 - analysis.selection.conventions.confidence
    apart = [
        c
        for c in analysis.comparisons
        if c.denominator == "all" and (c.fisher_p < alpha) != (c.difference.low > 0 or c.difference.high < 0)
    ]
    if apart:
        names = ", ".join(f"{c.measure.upper()} of {c.label}" for c in apart[:NAMED])
        yield Warning(
            "methods_disagree",
            f"Fisher's exact p and the interval of the difference point different ways: {names}. They follow different "
            "rules; so close to the line neither settles it.",
        )


def _confounding(cohort: Cohort, analysis: ResponseAnalysis) -> Iterator[Warning]:
    columns = [chosen(cohort, by).column for by in analysis.selection.by]
    if any(c in VARIABLES and VARIABLES[c].role == "treatment" for c in columns):
        yield Warning(
            "not_randomised", "Groups were not randomised: earlier treatment goes with line of therapy and prognosis."
        )


def _patients(n: int) -> str:
    return f"{n} patient" if n == 1 else f"{n} patients"
