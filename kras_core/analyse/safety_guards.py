"""Guards of the Safety view: what a careful colleague would say beside the table. One sentence each."""

from collections.abc import Iterator

import numpy as np

from kras_core.analyse.provenance import not_patients
from kras_core.analyse.results import SafetyAnalysis, SafetyRow, Warning
from kras_core.analyse.scope import Scope
from kras_core.cohort.model import Cohort

FEW = 5
NAMED = 3  # terms that a sentence names before it only counts


def safety_warnings(cohort: Cohort, scope: Scope, analysis: SafetyAnalysis) -> tuple[Warning, ...]:
    """Everything to say beside this table, most important first."""
    if cohort.adverse_events is None:
        return (Warning("no_adverse_events", "This cohort records no adverse events: nothing can be said of safety."),)
    found = [*_provenance(cohort), *_recording(cohort)]
    if analysis.drawn:
        found.append(Warning("drawn", analysis.drawn))
    else:
        found += [*_small(analysis), *_comparisons(analysis)]
    if scope.post_baseline:
        found.append(
            Warning(
                "post_baseline",
                f"{scope.by_label} is known only after the start: patients treated for longer had more time for "
                "adverse events.",
            )
        )
    found += [Warning("left_out", f"{_patients(e.n)} left out: {e.reason}.") for e in analysis.excluded]
    return tuple(found)


def _provenance(cohort: Cohort) -> Iterator[Warning]:
    yield from not_patients(cohort)
    if cohort.conditional_on:
        yield Warning(
            "conditional", f"Conditional on {cohort.conditional_on}: what made others stop earlier is not counted here."
        )


def _recording(cohort: Cohort) -> Iterator[Warning]:
    events = cohort.adverse_events
    assert events is not None
    if "related" in events:
        related = events["related"].to_numpy(dtype=np.float64, na_value=np.nan)
        yes, no = int((related == 1).sum()), int((related == 0).sum())
        if yes and yes < related.size:
            rest = f"{no} as not" if no == related.size - yes else f"{no} as not, {related.size - yes - no} not stated"
            yield Warning(
                "related",
                f"{yes} of {related.size} recorded events are marked as related to treatment ({rest}): all count here.",
            )
    missing = int(events["grade"].isna().sum())
    if missing:
        yield Warning("grade_missing", f"{missing} recorded events have no grade: they count at any grade only.")


def _small(analysis: SafetyAnalysis) -> Iterator[Warning]:
    for label, n in zip(analysis.groups or ("All patients",), analysis.denominators or (analysis.n,), strict=True):
        if n < FEW:
            yield Warning("few_patients", f"{label}: {_patients(n)} only; each is {100 / n:.0f} percentage points.")


def _comparisons(analysis: SafetyAnalysis) -> Iterator[Warning]:
    alpha = 1 - analysis.selection.conventions.confidence
    compared = [(row, grade) for row in analysis.rows for grade in row.comparisons]
    nobody = [x for x in compared if all(p.k == 0 for p in x[0].cells[x[1]])]
    if nobody:
        yield Warning(
            "no_patients",
            f"Nobody in either group: {_named(nobody)}. No difference is seen there, and none is excluded.",
        )
    differ = [x for x in compared if _disagree(*x, alpha)]
    if differ:
        yield Warning(
            "methods_disagree",
            f"Fisher's exact p and the interval of the difference point different ways: {_named(differ)}. They follow "
            "different rules; so close to the line neither settles it.",
        )


def _disagree(row: SafetyRow, grade: str, alpha: float) -> bool:
    comparison = row.comparisons[grade]
    excludes_zero = comparison.difference.low > 0 or comparison.difference.high < 0
    return bool((comparison.fisher_p < alpha) != excludes_zero)


def _named(rows: list[tuple[SafetyRow, str]]) -> str:
    names = [row.term + ("" if grade == "any" else f" (grade {grade.replace('>=', '≥ ')})") for row, grade in rows]
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _patients(n: int) -> str:
    return f"{n} patient" if n == 1 else f"{n} patients"
