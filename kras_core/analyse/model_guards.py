"""Guards of the Models view: how much can be asked of so many events."""

from collections.abc import Iterator

from kras_core.analyse.model_results import ModelAnalysis
from kras_core.analyse.provenance import not_patients
from kras_core.analyse.results import Warning
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import stratifiers
from kras_core.cohort.variables import VARIABLES

EVENTS_PER_TERM = 10  # Peduzzi et al. 1995 (J Clin Epidemiol 48:1503–1510)
FIRTH_EVENTS_PER_TERM = 5
HEADLINE_EVENTS = 50  # below, no penalised model and no concordance in large type
DOUBT = 0.05


def model_warnings(cohort: Cohort, analysis: ModelAnalysis) -> tuple[Warning, ...]:
    """Everything to say beside a model, most important first."""
    guards = (_provenance, _drawn, _no_estimate, _separated, _events, _dropped, _left_out, _proportional, _confounding)
    found = [w for guard in guards for w in guard(cohort, analysis)]
    return (
        *found,
        *(Warning("left_out", f"{_count(e.n, 'patient')} left out: {e.reason}.") for e in analysis.excluded),
    )


def _provenance(cohort: Cohort, analysis: ModelAnalysis) -> Iterator[Warning]:
    yield from not_patients(cohort)
    if cohort.conditional_on:
        yield Warning("conditional", f"Conditional on {cohort.conditional_on}.")


def _drawn(cohort: Cohort, analysis: ModelAnalysis) -> Iterator[Warning]:
    if analysis.drawn:
        yield Warning("drawn", f"The publication does not determine this model: {analysis.drawn}.")


def _no_estimate(cohort: Cohort, analysis: ModelAnalysis) -> Iterator[Warning]:
    if analysis.reason and not analysis.separated:
        yield Warning("no_estimate", f"No model: {analysis.reason}.")


def _separated(cohort: Cohort, analysis: ModelAnalysis) -> Iterator[Warning]:
    if analysis.separated:
        other = "" if analysis.firth_reason else " Firth's penalised estimates are finite."
        yield Warning(
            "separation",
            f"Separation by {', '.join(analysis.separated)}: at every event the patient who has it ranks first among "
            f"those at risk, so the ordinary estimate is infinite and none is shown.{other}",
        )


def _events(cohort: Cohort, analysis: ModelAnalysis) -> Iterator[Warning]:
    p = analysis.columns
    if p and not analysis.reason and analysis.events < EVENTS_PER_TERM * p:
        each = analysis.events / p
        much = "far too few" if each < FIRTH_EVENTS_PER_TERM else "few"
        yield Warning(
            "events_per_variable",
            f"{_count(analysis.events, 'event')} for {_count(p, 'term')}, {each:.1f} a term (ten is the usual advice): "
            f"{much}; estimates are biased away from 1 and intervals too narrow.",
        )


def _dropped(cohort: Cohort, analysis: ModelAnalysis) -> Iterator[Warning]:
    if not analysis.dropped:
        return
    by = ", ".join(
        f"{c.missing} without {c.label}{f' ({c.alone} for that alone)' if c.alone != c.missing else ''}"
        for c in sorted(analysis.covariates, key=lambda c: -c.missing)
        if c.missing
    )
    share = analysis.dropped / analysis.selected
    yield Warning(
        "complete_case",
        f"Complete cases only: {analysis.dropped} of {_count(analysis.selected, 'patient')} ({share:.0%}) dropped for "
        f"a missing value{f': {by}' if by else ''}. Right only where being missing does not go with the outcome.",
    )


def _left_out(cohort: Cohort, analysis: ModelAnalysis) -> Iterator[Warning]:
    for label, reason in analysis.left_out:
        yield Warning("covariate_left_out", f"{label} is not in the model: {reason}.")


def _proportional(cohort: Cohort, analysis: ModelAnalysis) -> Iterator[Warning]:
    doubtful = [c.label for c in analysis.covariates if c.proportional is not None and c.proportional.p < DOUBT]
    if doubtful:
        yield Warning(
            "proportional_hazards",
            f"Proportional hazards are doubtful for {', '.join(doubtful)}: one hazard ratio does not describe the "
            "whole follow-up.",
        )


def _confounding(cohort: Cohort, analysis: ModelAnalysis) -> Iterator[Warning]:
    columns = [stratifiers(cohort)[c.id].column for c in analysis.covariates]
    if any(c in VARIABLES and VARIABLES[c].role == "treatment" for c in columns):
        yield Warning(
            "not_randomised",
            "Adjusted for what is in the model, not for what is not: groups were not randomised, and earlier treatment "
            "goes with line of therapy and prognosis.",
        )


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
