"""Guards of the Overview: what a careful colleague would say beside Table 1. One sentence each."""

from collections.abc import Iterator

from kras_core.analyse.overview_results import OverviewAnalysis
from kras_core.analyse.provenance import not_patients
from kras_core.analyse.results import Warning
from kras_core.analyse.scope import Scope, chosen
from kras_core.cohort.model import Cohort
from kras_core.cohort.variables import VARIABLES

FEW = 5
NAMED = 4
MANY_GROUPS = 8
APART = 0.2  # a usual mark for an imbalance worth a look (Cohen's small effect), nothing more
CONFOUNDING = (
    "Groups were not randomised: earlier treatment goes with line of therapy and prognosis, so that a difference in "
    "outcome need not come from it."
)


def overview_warnings(cohort: Cohort, scope: Scope, analysis: OverviewAnalysis) -> tuple[Warning, ...]:
    """Everything to say beside this table, most important first."""
    guards = (_provenance, _drawn, _small, _confounding, _constant, _incomplete)
    found = [w for guard in guards for w in guard(cohort, analysis)]
    if scope.post_baseline:
        found.append(
            Warning("post_baseline", f"{scope.by_label} is known only after the start: no baseline comparison.")
        )
    return tuple(found)


def _provenance(cohort: Cohort, analysis: OverviewAnalysis) -> Iterator[Warning]:
    yield from not_patients(cohort)
    if cohort.conditional_on:
        yield Warning("conditional", f"Conditional on {cohort.conditional_on}.")


def _drawn(cohort: Cohort, analysis: OverviewAnalysis) -> Iterator[Warning]:
    if analysis.drawn:
        yield Warning("drawn", analysis.drawn)


def _small(cohort: Cohort, analysis: OverviewAnalysis) -> Iterator[Warning]:
    if analysis.size_ranges:
        return
    small = [(g, n) for g, n in zip(analysis.groups, analysis.sizes, strict=True) if n < FEW]
    if len(small) > NAMED:
        yield Warning("few_patients", f"{len(small)} groups have fewer than {FEW} patients.")
        return
    for label, n in small:
        yield Warning("few_patients", f"{label}: {_patients(n)} only; each is {100 / n:.0f} percentage points.")


def _confounding(cohort: Cohort, analysis: OverviewAnalysis) -> Iterator[Warning]:
    columns = [chosen(cohort, by).column for by in analysis.selection.by]
    if any(c in VARIABLES and VARIABLES[c].role == "treatment" for c in columns):
        yield Warning("not_randomised", CONFOUNDING)
    apart = [c for c in analysis.characteristics if c.difference.estimate > APART]
    if apart:
        apart.sort(key=lambda c: -c.difference.estimate)
        names = ", ".join(f"{c.label} {c.difference.estimate:.2f}" for c in apart[:NAMED])
        more = f" and {len(apart) - NAMED} more" if len(apart) > NAMED else ""
        yield Warning(
            "imbalance",
            f"Standardised differences above {APART:g}: {names}{more}. In small groups chance alone makes such.",
        )


def _constant(cohort: Cohort, analysis: OverviewAnalysis) -> Iterator[Warning]:
    same = [c for c in analysis.characteristics if c.constant]
    numbers = [c.label for c in same if c.kind == "number"]
    others = [c.label for c in same if c.kind != "number"]
    if numbers:
        yield Warning("constant", f"One value for everybody: {_named(numbers)}. Check that it was not filled down.")
    if others:
        yield Warning("one_level", f"The same for everybody: {_named(others)}.")


def _incomplete(cohort: Cohort, analysis: OverviewAnalysis) -> Iterator[Warning]:
    empty = [c.label for c in analysis.completeness if c.known == 0]
    if empty:
        yield Warning("all_missing", f"No value for anybody selected: {_named(empty)}.")
    if analysis.unknown and not analysis.size_ranges:
        yield Warning(
            "left_out", f"{_patients(analysis.unknown)} without {analysis.by_label}: in the overall column only."
        )


def _named(labels: list[str]) -> str:
    return ", ".join(labels[:NAMED]) + (f" and {len(labels) - NAMED} more" if len(labels) > NAMED else "")


def _patients(n: int) -> str:
    return f"{n} patient" if n == 1 else f"{n} patients"
