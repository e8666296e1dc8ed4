"""The Safety view: (cohort, selection) -> SafetyAnalysis. Patients, not events: worst grade per patient and term."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kras_core.analyse.redraw import COUNT, HIGH, LOW, SEED, drawn_columns, redrawn_groups
from kras_core.analyse.results import SafetyAnalysis, SafetyComparison, SafetyRow
from kras_core.analyse.safety_guards import safety_warnings
from kras_core.analyse.scope import Scope, exclusion, reference_to, resolve
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import column_label
from kras_core.selection import Selection, SelectionError
from kras_core.stats.proportions import (
    CLOPPER_PEARSON,
    NEWCOMBE,
    clopper_pearson_limits,
    fisher_exact_p,
    newcombe_limits,
)
from kras_core.stats.results import NAN, Difference, Ints, Proportion

ADVERSE_EVENTS = "adverse_events"
ANY_ROW = "Any adverse event"
IMMUNE_ROW = "Any immune-related adverse event"
UNDETERMINED = "not determined by the publication"

# Which worst grades fall in which band; grade 0 stands for a grade that was not recorded.
BANDS: dict[str, tuple[int, ...]] = {
    "any": (0, 1, 2, 3, 4, 5),
    "1-2": (1, 2),
    "3-4": (3, 4),
    ">=3": (3, 4, 5),
    "5": (5,),
}
COMPARED = ("any", ">=3")
_IN_BAND = np.array([[grade in grades for grades in BANDS.values()] for grade in range(6)], dtype=np.int64)

Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class WorstGrades:
    """Worst grade of every patient at every term he or she had: index of the patient, index of the term, grade.

    terms: `summaries` rows over several terms first, then each term. immune: indices of immune-related ones.
    """

    terms: tuple[str, ...]
    summaries: int
    immune: frozenset[int]
    patient: Codes
    term: Codes
    grade: Codes


@dataclass(frozen=True, slots=True)
class Tally:
    """counts (..., terms, k + 1, bands) and sizes (..., k + 1), in patients.

    The last group is those without a value of the stratifier. Leading axes: redraws.
    """

    counts: Ints
    sizes: Ints


def analyse_safety(cohort: Cohort, selection: Selection, *, minimum: float = 0.0) -> SafetyAnalysis:
    """Everything that the Safety view shows: rows over several terms, then terms, commonest first.

    minimum: per cent of patients, overall or in any one group, whom a term must have reached at any grade
    to be listed. All recorded rows count, whatever their `related`; a patient without a row had no event.
    Where the cohort records no adverse events there are no rows and a warning says so. Raises
    SelectionError where this cohort cannot answer the selection.
    """
    scope = resolve(cohort, selection)
    if not scope.selected.any():
        raise SelectionError("no patient is left: loosen the filters")
    worst = worst_grades(cohort)
    seen = tally(worst, scope.groups, scope.k)
    redrawn = _redrawn(cohort, selection, scope, worst)
    shown = np.flatnonzero(seen.sizes[: scope.k])
    unknown = (scope.groups == scope.k) & (scope.k > 0)
    analysis = SafetyAnalysis(
        cohort=reference_to(cohort),
        selection=selection,
        by_label=scope.by_label,
        cutoffs=scope.cutoffs,
        groups=tuple(scope.labels[i] for i in shown),
        slots=tuple(shown.tolist()),
        denominators=tuple(seen.sizes[shown].tolist()),
        denominator_ranges=() if redrawn is None else _ranges(redrawn.sizes[:, shown]),
        n=int(seen.sizes.sum()),
        n_range=() if redrawn is None else _ranges(redrawn.sizes.sum(axis=1, keepdims=True))[0],
        contrast=_contrast(scope, shown) if redrawn is None else (),
        rows=_rows(worst, scope, shown, seen, redrawn, selection.conventions.confidence, minimum),
        definition=_definition(cohort),
        ctcae_version=cohort.ctcae_version,
        excluded=exclusion(cohort, f"{scope.by_label} not known (in the overall column only)", unknown),
        drawn="" if redrawn is None else _drawn_sentence(cohort, selection),
        warnings=(),
    )
    return replace(analysis, warnings=safety_warnings(cohort, scope, analysis))


def worst_grades(cohort: Cohort) -> WorstGrades:
    """Worst grade by patient and term, once per cohort. Any recorded grade is worse than a missing one."""
    return cohort.memo("worst_grades", lambda: _worst_grades(cohort.patients, cohort.adverse_events))


def _worst_grades(patients: pd.DataFrame, events: pd.DataFrame | None) -> WorstGrades:
    if events is None:
        nothing = np.empty(0, dtype=np.intp)
        return WorstGrades((), 0, frozenset(), nothing, nothing, nothing)
    names = pd.Index(patients["patient_id"].astype(str))
    patient = names.get_indexer(pd.Index(events["patient_id"].astype(str))).astype(np.intp)
    codes, terms = pd.factorize(events["term"].astype(str), sort=True)
    grade = np.nan_to_num(events["grade"].to_numpy(dtype=np.float64, na_value=np.nan)).astype(np.intp)
    immune = _flags(events, "immune_related") == 1
    summaries = [(ANY_ROW, np.ones(len(events), dtype=bool))] + ([(IMMUNE_ROW, immune)] if immune.any() else [])
    shift = len(summaries)
    rows = np.concatenate([*(np.flatnonzero(mask) for _, mask in summaries), np.arange(len(events))])
    index = np.concatenate([*(np.full(mask.sum(), i) for i, (_, mask) in enumerate(summaries)), codes + shift])
    return WorstGrades(
        tuple(name for name, _ in summaries) + tuple(map(str, terms)),
        shift,
        frozenset(range(1, shift)) | frozenset((codes[immune] + shift).tolist()),
        *_worst(patient[rows], index, grade[rows], len(terms) + shift),
    )


def _worst(patient: Codes, term: Codes, grade: Codes, terms: int) -> tuple[Codes, Codes, Codes]:
    """One row per patient and term, with the highest grade. Rows of unknown patients (-1) go."""
    known = patient >= 0
    pair, place = np.unique(patient[known] * terms + term[known], return_inverse=True)
    highest = np.zeros(pair.size, dtype=np.intp)
    np.maximum.at(highest, place, grade[known])
    return pair // terms, pair % terms, highest


def tally(worst: WorstGrades, groups: Codes, k: int) -> Tally:
    """Count patients by term, group and band. groups: (n,) or (b, n) codes as in Scope, -1 leaves out."""
    batch = groups.shape[:-1]
    slots, shape = k + 2, (*batch, len(worst.terms), k + 2, 6)
    codes = np.where(groups < 0, k + 1, groups)
    cell = (worst.term * slots + codes[..., worst.patient]) * 6 + worst.grade
    nobody = codes
    if batch:
        each = np.arange(batch[0])[:, None]
        cell, nobody = cell + each * (len(worst.terms) * slots * 6), codes + each * slots
    counts = np.bincount(cell.ravel(), minlength=int(np.prod(shape))).reshape(shape)
    sizes = np.bincount(nobody.ravel(), minlength=int(np.prod((*batch, slots)))).reshape(*batch, slots)
    return Tally(counts[..., : k + 1, :] @ _IN_BAND, sizes[..., : k + 1])


def _redrawn(cohort: Cohort, selection: Selection, scope: Scope, worst: WorstGrades) -> Tally | None:
    """The tally under each redraw of what was drawn, or None where all of them put everybody in the same group.

    Drawn columns are shuffled as for survival; drawn adverse events are dealt to the patients anew, each
    patient's profile as a whole, so that the overall counts stay as published.
    """
    groups = redrawn_groups(cohort, selection, ADVERSE_EVENTS)
    if ADVERSE_EVENTS in cohort.drawn:
        groups = np.broadcast_to(scope.groups if groups is None else groups, (COUNT, cohort.n))
        owner = cohort.memo("profile owners", lambda: _owners(cohort.n))
        groups = np.take_along_axis(groups, owner, axis=1)
    if groups is None or (groups == groups[:1]).all():
        return None
    return tally(worst, groups, scope.k)


def _owners(n: int) -> Codes:
    """Which patient gets each patient's profile of adverse events, shape (COUNT, n); the seed is fixed."""
    rng = np.random.default_rng([SEED, *ADVERSE_EVENTS.encode()])
    return rng.permuted(np.broadcast_to(np.arange(n), (COUNT, n)), axis=1)


def _rows(
    worst: WorstGrades,
    scope: Scope,
    shown: Codes,
    seen: Tally,
    redrawn: Tally | None,
    confidence: float,
    minimum: float,
) -> tuple[SafetyRow, ...]:
    order = _order(worst, shown, seen, redrawn, minimum)
    counts, sizes = seen.counts[order][:, shown], seen.sizes[shown]
    overall, everybody = seen.counts[order].sum(axis=1, keepdims=True), seen.sizes.sum(keepdims=True)
    comparisons: list[dict[str, SafetyComparison]] = [{} for _ in order]
    ranges, overall_ranges = [{} for _ in order], [{} for _ in order]
    fixed = redrawn is None or _overall_is_fixed(redrawn)
    if redrawn is None and shown.size == 2:
        first, second = _positions(scope, shown)
        comparisons = _comparisons(counts[:, first], sizes[first], counts[:, second], sizes[second], confidence)
    if redrawn is not None:
        ranges = _cell_ranges(redrawn.counts[:, order][:, :, shown])
        if not fixed:
            overall_ranges = _cell_ranges(redrawn.counts[:, order].sum(axis=2, keepdims=True))
    cells = _cells(counts, sizes, confidence, redrawn is None)
    totals = _cells(overall, everybody, confidence, fixed)
    return tuple(
        SafetyRow(
            term=worst.terms[index],
            cells=cells[i],
            overall={grade: total[0] for grade, total in totals[i].items()},
            comparisons=comparisons[i],
            ranges=ranges[i],
            overall_range={grade: total[0] for grade, total in overall_ranges[i].items()},
            any_row=index < worst.summaries,
            immune=index in worst.immune,
        )
        for i, index in enumerate(order)
    )


def _order(worst: WorstGrades, shown: Codes, seen: Tally, redrawn: Tally | None, minimum: float) -> list[int]:
    """Indices of the rows to list: those over several terms, then terms by falling incidence, then by name."""
    at_any, sizes = seen.counts[..., 0], np.maximum(seen.sizes, 1)
    overall = at_any.sum(axis=1) / sizes.sum()
    reached = np.maximum(overall, (at_any / sizes)[:, shown].max(axis=1, initial=0))
    if redrawn is not None:  # what the seed put in a group must not decide what is listed
        share = redrawn.counts[..., 0].sum(axis=-1) / np.maximum(redrawn.sizes.sum(axis=-1), 1)[:, None]
        overall = reached = _percentiles(share)[1]
    terms = range(worst.summaries, len(worst.terms))
    common = [i for i in terms if 100 * reached[i] >= minimum - 1e-9]
    return [*range(worst.summaries), *sorted(common, key=lambda i: -overall[i])]


def _cells(counts: Ints, sizes: Ints, confidence: float, determined: bool) -> list[dict[str, tuple[Proportion, ...]]]:
    """By row and band the proportion in each group. counts (rows, groups, bands), sizes (groups,)."""
    n = sizes.tolist()
    if not determined:
        cell = tuple(Proportion(-1, size, NAN, NAN, NAN, CLOPPER_PEARSON, UNDETERMINED) for size in n)
        return [dict.fromkeys(BANDS, cell) for _ in counts]
    low, high = (limit.tolist() for limit in clopper_pearson_limits(counts, sizes[:, None], confidence))
    return [
        {
            grade: tuple(
                Proportion(row[g][b], n[g], row[g][b] / n[g], low[i][g][b], high[i][g][b], CLOPPER_PEARSON)
                for g in range(len(n))
            )
            for b, grade in enumerate(BANDS)
        }
        for i, row in enumerate(counts.tolist())
    ]


def _comparisons(k1: Ints, n1: int, k2: Ints, n2: int, confidence: float) -> list[dict[str, SafetyComparison]]:
    """By row and compared band: first group minus second. k1, k2 (rows, bands)."""
    bands = [list(BANDS).index(grade) for grade in COMPARED]
    k1, k2 = k1[:, bands], k2[:, bands]
    low, high = newcombe_limits(k1, n1, k2, n2, confidence)
    return [
        {
            grade: SafetyComparison(
                fisher_exact_p([[a[b], n1 - a[b]], [c[b], n2 - c[b]]]),
                Difference(float(a[b] / n1 - c[b] / n2), float(low[i, b]), float(high[i, b]), NEWCOMBE),
            )
            for b, grade in enumerate(COMPARED)
        }
        for i, (a, c) in enumerate(zip(k1, k2, strict=True))
    ]


def _positions(scope: Scope, shown: Codes) -> tuple[int, int]:
    """Of two shown groups, where the compared one and the reference stand."""
    reference = int(shown[1] == scope.reference)
    return 1 - reference, reference


def _contrast(scope: Scope, shown: Codes) -> tuple[str, str] | tuple[()]:
    if shown.size != 2:
        return ()
    first, second = _positions(scope, shown)
    return scope.labels[shown[first]], scope.labels[shown[second]]


def _overall_is_fixed(redrawn: Tally) -> bool:
    """Whether every redraw selects the same patients as far as the overall counts can tell."""
    counts, sizes = redrawn.counts.sum(axis=2), redrawn.sizes.sum(axis=1)
    return bool((counts == counts[:1]).all() and (sizes == sizes[0]).all())


def _cell_ranges(counts: Ints) -> list[dict[str, tuple[tuple[int, int], ...]]]:
    """By row and band the range over redraws in each group. counts (redraws, rows, groups, bands)."""
    low, high = (limit.tolist() for limit in _percentiles(counts))
    return [
        {grade: tuple((low[i][g][b], high[i][g][b]) for g in range(counts.shape[2])) for b, grade in enumerate(BANDS)}
        for i in range(counts.shape[1])
    ]


def _ranges(sizes: Ints) -> tuple[tuple[int, int], ...]:
    """Range of the size of each group over redraws. sizes (redraws, groups)."""
    low, high = _percentiles(sizes)
    return tuple(zip(low.tolist(), high.tolist(), strict=True))


def _percentiles(counts: Ints) -> tuple[Ints, Ints]:
    """2.5th and 97.5th percentile over the first axis, in whole patients, outwards."""
    ordered, last = np.sort(counts, axis=0), len(counts) - 1
    return ordered[int(np.floor(LOW * last))], ordered[int(np.ceil(HIGH * last))]


def _flags(events: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """A flag of the adverse events, NaN where missing or not recorded at all."""
    if column not in events:
        return np.full(len(events), NAN)
    return events[column].to_numpy(dtype=np.float64, na_value=np.nan)


def _definition(cohort: Cohort) -> str:
    return (
        f"{cohort.ae_definition[:1].upper()}{cohort.ae_definition[1:]}. Patients, not events: the worst grade of each "
        "patient at each term. A patient without a recorded event counts as having had none."
    )


def _drawn_sentence(cohort: Cohort, selection: Selection) -> str:
    names = [column_label(cohort, c) for c in sorted(drawn_columns(cohort, selection))]
    names += ["which patient had which adverse events"] if ADVERSE_EVENTS in cohort.drawn else []
    return (
        f"The publication does not determine this: {' and '.join(names)} was drawn at random to match printed totals. "
        f"Shown is the range over {COUNT} compatible redraws (2.5th to 97.5th percentile), in patients, not a count."
    )
