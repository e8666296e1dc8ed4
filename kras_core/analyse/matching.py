"""The patient on the table: real patients like this one, by rules that are loosened step by step until enough match.

Descriptive, not a prediction: what happened to those rows is shown as it is, with n, and nothing is estimated for the
one who was entered. What was entered stays in the arguments of `match`: it is kept nowhere, written nowhere and in no
exception's text.

A number matches within a distance, then within twice that, then any. A level matches exactly, then by the group that
its stratifier puts it in (KRAS G12D by non-G12C), then any. A missing value matches "any" alone. Rules are loosened one
step at a time from the last to the first, and then again from the last: put first what matters most.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kras_core.analyse.courses import courses
from kras_core.analyse.matching_results import Matching, Rule, Step
from kras_core.analyse.response import analyse_response
from kras_core.analyse.response_results import RESPONSES, Courses
from kras_core.analyse.safety import analyse_safety
from kras_core.analyse.scope import reference_to, resolve, selected
from kras_core.analyse.survival import analyse
from kras_core.cohort.bundled import BUNDLED
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import MAX_LEVELS, Stratifier, column_label, level_text, split, stratifiers
from kras_core.cohort.variables import VARIABLES
from kras_core.selection import Selection, SelectionError

WANTED = 10
ORDER = (
    "All rules apply as entered; while fewer match than wanted, one rule at a time is loosened by one step, from the "
    "last to the first, and then again from the last. Numbers: within the distance, within twice the distance, any. "
    "Levels: exactly, by group, any. A missing value matches no rule but “any”."
)
YES_NO = {"0": "no", "1": "yes"}

T = TypeVar("T")
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Offered:
    """A column that can be entered: a number with the distance offered first, or levels (of a flag "0" and "1")."""

    column: str
    label: str
    kind: Literal["number", "level"]
    unit: str = ""
    levels: tuple[str, ...] = ()
    within: float = 0.0
    low: float = 0.0
    high: float = 0.0
    decimals: int = 0

    def level_label(self, level: str) -> str:
        return YES_NO[level].capitalize() if set(self.levels) <= set(YES_NO) else level


@dataclass(frozen=True, slots=True)
class Entered:
    """What is known of the patient in one column. within: for numbers, how far a match may lie away (inclusive)."""

    column: str
    value: float | str
    within: float = 0.0


def refusal(cohort: Cohort) -> str:
    """Why nobody of this cohort can stand for a patient; empty where the rows are patients."""
    if cohort.provenance == "real":
        return ""
    made = "reconstructed from a publication" if cohort.provenance == "reconstructed" else "simulated"
    real = " and ".join(b.title for b in BUNDLED.values() if b.provenance == "real")
    return (
        f"No row of {cohort.title} is a patient: they were {made}, and which variable goes with which course is partly "
        f"drawn. Patients like this one are looked for among real ones only. Choose {real}, or upload your own cohort."
    )


def offered(cohort: Cohort) -> dict[str, Offered]:
    """The columns that can be entered, by name: those known before the start. Empty where the rows are no patients."""
    return {} if refusal(cohort) else cohort.memo("matching offered", lambda: _offered(cohort))


def _offered(cohort: Cohort) -> dict[str, Offered]:
    found: dict[str, Offered] = {}
    for stratifier in stratifiers(cohort).values():
        column = stratifier.column
        if stratifier.post_baseline or column in found:
            continue
        one = _of_column(cohort, column, stratifier)
        if one is not None:
            found[column] = one
    return found


def _of_column(cohort: Cohort, column: str, stratifier: Stratifier) -> Offered | None:
    values, label = cohort.patients[column], column_label(cohort, column)
    if stratifier.kind == "levels":
        found = set(level_text(values)) - {None}
        levels = tuple(level for level in _all_levels(values) if level in found)
        return Offered(column, label, "level", levels=levels) if 1 < len(levels) <= MAX_LEVELS else None
    numbers = cohort.numbers(column)
    known = numbers[~np.isnan(numbers)]
    variable = VARIABLES.get(column)
    low, high = float(known.min()), float(known.max())
    decimals = next((d for d in range(4) if np.allclose(np.round(known, d), known, rtol=0, atol=1e-9)), 4)
    quarter, three = np.quantile(known, (0.25, 0.75))
    within = 5.0 if column == "age" else max(round(float(three - quarter) / 2, decimals), 10.0**-decimals)
    unit = variable.unit if variable else ""
    return Offered(column, label, "number", unit, (), within, low, high, decimals)


def _all_levels(values: pd.Series) -> list[str]:
    """Levels in the column's own order; of a flag no and yes."""
    return [str(c) for c in values.cat.categories] if isinstance(values.dtype, pd.CategoricalDtype) else ["0", "1"]


def match(cohort: Cohort, selection: Selection, entered: Sequence[Entered], wanted: int = WANTED) -> Matching:
    """Real patients of the view (its filters apply, its strata do not) like the one entered, and what happened to them.

    entered: most important first. wanted: at least so many, if there are. Raises SelectionError where the rows are no
    patients, where nothing or something unknown was entered, and where the filters leave nobody.
    """
    refused = refusal(cohort)
    if refused:
        raise SelectionError(refused)
    columns = offered(cohort)
    if not entered or any(e.column not in columns for e in entered):
        raise SelectionError(f"enter at least one of {', '.join(o.label for o in columns.values()) or 'nothing'}")
    inside = selected(cohort, selection.where)
    inside = np.ones(cohort.n, dtype=bool) if inside is None else inside
    if not inside.any():
        raise SelectionError("no patient is left: loosen the filters")
    steps, rows = _loosened([_Ladder.of(cohort, columns[e.column], e) for e in entered], inside, wanted)
    some = _only(cohort, rows)
    view = selection.but(cohort=some.digest, by=(), where=(), milestones=(), axis_max=None)
    survival, survival_reason = _or_reason(lambda: analyse(some, view), rows)
    response, response_reason = _or_reason(lambda: analyse_response(some, view.but(analysis="naive")), rows)
    safety, safety_reason = _or_reason(lambda: analyse_safety(some, view.but(analysis="naive")), rows)
    if cohort.adverse_events is None:
        safety, safety_reason = None, "this cohort records no adverse events"
    return Matching(
        cohort=reference_to(cohort),
        selection=view,
        wanted=wanted,
        searched=int(inside.sum()),
        steps=steps,
        courses=_courses(some, view),
        survival=survival,
        survival_reason=survival_reason,
        response=response,
        response_reason=response_reason,
        safety=safety,
        safety_reason=safety_reason,
    )


def _courses(some: Cohort, view: Selection) -> Courses:
    recorded = some.patients.get("best_response")
    names = [None] * some.n if recorded is None else level_text(recorded)
    response = np.array([RESPONSES.index(name) if name in RESPONSES else -1 for name in names], dtype=np.int64)
    return courses(some, resolve(some, view), response, (True, True))


def _or_reason(make: Callable[[], T], rows: Mask) -> tuple[T | None, str]:
    if not rows.any():
        return None, "nobody matched"
    try:
        return make(), ""
    except SelectionError as reason:
        return None, str(reason)


def _only(cohort: Cohort, rows: Mask) -> Cohort:
    """The cohort of those rows alone."""
    patients = cohort.patients.loc[rows].reset_index(drop=True)
    events = cohort.adverse_events
    if events is not None:
        events = events.loc[events["patient_id"].isin(patients["patient_id"])].reset_index(drop=True)
    return replace(cohort, patients=patients, adverse_events=events, declared=(), cutoffs={})


@dataclass(frozen=True, slots=True)
class _Ladder:
    """A rule's steps from strict to "any": the words of each, and who meets it."""

    column: str
    label: str
    words: tuple[str, ...]
    meets: tuple[Mask, ...]

    @classmethod
    def of(cls, cohort: Cohort, column: Offered, entered: Entered) -> "_Ladder":
        steps = _number_steps(cohort, column, entered) if column.kind == "number" else _levels(cohort, column, entered)
        steps = {**steps, "any": np.ones(cohort.n, dtype=bool)}
        return cls(column.column, column.label, tuple(steps), tuple(steps.values()))

    def at(self, step: int) -> Rule:
        return Rule(self.column, self.label, self.words[step], step, step == len(self.words) - 1)


def _number_steps(cohort: Cohort, column: Offered, entered: Entered) -> Mapping[str, Mask]:
    try:
        value, within = float(entered.value), float(entered.within)
    except ValueError:
        raise SelectionError(f"{column.label} holds numbers") from None
    if not (np.isfinite(value) and np.isfinite(within) and within >= 0):
        raise SelectionError(f"{column.label}: a number, and a distance of zero or more")
    numbers, steps = cohort.numbers(column.column), {}
    for distance in dict.fromkeys((within, 2 * within)):
        low, high = value - distance, value + distance
        unit = f" {column.unit}" if column.unit else ""
        words = f"{low:.6g} to {high:.6g}{unit}" if distance else f"exactly {value:.6g}{unit}"
        steps[words] = (numbers >= low - 1e-9) & (numbers <= high + 1e-9)  # NaN is neither
    return steps


def _levels(cohort: Cohort, column: Offered, entered: Entered) -> Mapping[str, Mask]:
    level = str(entered.value)
    if level not in column.levels:
        raise SelectionError(f"{column.label} has the levels {', '.join(column.levels)}")
    text = np.array(level_text(cohort.patients[column.column]), dtype=object)
    exactly = text == level
    steps = {f"exactly {column.level_label(level)}": exactly}
    for stratifier in stratifiers(cohort).values():
        if stratifier.column != column.column or stratifier.kind != "levels" or not exactly.any():
            continue
        strata = split(cohort, stratifier)
        code = int(strata.codes[np.flatnonzero(exactly)[0]])
        group = strata.codes == code
        if code >= 0 and group.sum() > exactly.sum() and not group.all():
            steps[f"{strata.labels[code]} (group)"] = group
            break
    return steps


def _loosened(ladders: Sequence[_Ladder], inside: Mask, wanted: int) -> tuple[tuple[Step, ...], Mask]:
    """Steps until enough match or nothing is left to loosen, and who matches at the last."""
    at = [0] * len(ladders)
    rows = inside & _all(ladders, at)
    steps = [_step("", ladders, at, rows)]
    while int(rows.sum()) < wanted:
        i = _next(ladders, at)
        if i is None:
            break
        at[i] += 1
        rows = inside & _all(ladders, at)
        steps.append(_step(ladders[i].label, ladders, at, rows))
    return tuple(steps), rows


def _next(ladders: Sequence[_Ladder], at: Sequence[int]) -> int | None:
    """The last of those that were loosened least and can be loosened."""
    open_ = [i for i, ladder in enumerate(ladders) if at[i] < len(ladder.words) - 1]
    return max(open_, key=lambda i: (-at[i], i)) if open_ else None


def _all(ladders: Sequence[_Ladder], at: Sequence[int]) -> Mask:
    return np.logical_and.reduce([ladder.meets[step] for ladder, step in zip(ladders, at, strict=True)])


def _step(loosened: str, ladders: Sequence[_Ladder], at: Sequence[int], rows: Mask) -> Step:
    return Step(loosened, tuple(ladder.at(step) for ladder, step in zip(ladders, at, strict=True)), int(rows.sum()))
