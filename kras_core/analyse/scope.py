"""Scope: which patients a selection looks at, and in which stratum each of them stands."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kras_core.analyse.results import CohortRef, Exclusion
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import Strata, Stratifier, level_text, split, stratifiers
from kras_core.selection import By, Filter, Selection, SelectionError

Codes = NDArray[np.intp]

COMPARE: dict[str, Callable[[np.ndarray, float], NDArray[np.bool_]]] = {
    "=": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
ON_OR_OFF = {"yes": "1", "true": "1", "no": "0", "false": "0"}


@dataclass(frozen=True, slots=True)
class Scope:
    """The patients in view. groups (n,): stratum of every patient, k where selected but without a value
    of the stratifier, -1 where a filter leaves the patient out. labels: the k strata, in fixed order."""

    groups: Codes
    labels: tuple[str, ...]
    reference: int
    by_label: str
    cutoffs: tuple[tuple[str, float, str], ...]
    post_baseline: bool
    everyone: bool  # no filter and nobody without a value

    @property
    def k(self) -> int:
        return len(self.labels)

    @property
    def selected(self) -> NDArray[np.bool_]:
        return self.groups >= 0


def resolve(cohort: Cohort, selection: Selection) -> Scope:
    """Apply filters and stratifiers. Raises SelectionError naming what this cohort offers instead."""
    parts = [(chosen(cohort, by), by) for by in selection.by]
    splits = [(stratifier, strata_of(cohort, stratifier, by)) for stratifier, by in parts]
    groups, labels, reference = cross([s for _, s in splits], cohort.n)
    mask = selected(cohort, selection.where)
    everyone = mask is None
    if mask is not None:
        groups = np.where(mask, groups, -1)
    cutoffs = tuple(
        (stratifier.id, value, s.cutoff_origin)
        for stratifier, s in splits
        for value in (s.cutoff, s.upper)
        if value is not None
    )
    by_label = " and ".join(stratifier.label for stratifier, _ in splits)
    return Scope(groups, labels, reference, by_label, cutoffs, any(s.post_baseline for s, _ in splits), everyone)


def chosen(cohort: Cohort, by: By) -> Stratifier:
    """The stratifier of that id; SelectionError with those on offer."""
    offered = stratifiers(cohort)
    if by.id not in offered:
        raise SelectionError(f"no stratifier {by.id!r} in this cohort; it offers {', '.join(offered) or 'none'}")
    stratifier = offered[by.id]
    if by.cutoff is not None and stratifier.kind != "cut":
        raise SelectionError(f"{by.id!r} is split by its levels: it takes no cut-off")
    if by.upper is not None and (by.cutoff is None or not by.upper > by.cutoff):
        raise SelectionError(f"{by.id!r}: the second cut-off must be above the first")
    return stratifier


def strata_of(cohort: Cohort, stratifier: Stratifier, by: By) -> Strata:
    """The strata as chosen: at its cut-off or cut-offs, marked where the outcome chose them."""
    strata = split(cohort, stratifier, by.cutoff, by.upper)
    return strata.marked() if by.on_outcome else strata


def cross(splits: list[Strata], n: int) -> tuple[Codes, tuple[str, ...], int]:
    """Groups of one or several splits taken together; k marks a missing value in any of them."""
    if not splits:
        return np.zeros(n, dtype=np.intp), (), 0
    codes, labels, reference = splits[0].codes, splits[0].labels, splits[0].reference
    for other in splits[1:]:
        missing = (codes < 0) | (other.codes < 0)
        codes = np.where(missing, -1, codes * len(other.labels) + other.codes)
        labels = tuple(f"{a} · {b}" for a in labels for b in other.labels)
        reference = reference * len(other.labels) + other.reference
    return np.where(codes < 0, len(labels), codes), labels, reference


def selected(cohort: Cohort, where: tuple[Filter, ...]) -> NDArray[np.bool_] | None:
    """Patients whom every filter keeps, None without filters. A missing value is never kept."""
    if not where:
        return None
    return np.logical_and.reduce([keeps(cohort, f) for f in where])


def keeps(cohort: Cohort, one: Filter) -> NDArray[np.bool_]:
    """Patients whom this filter keeps, shape (n,)."""
    return cohort.memo(("keeps", one), lambda: _keeps(cohort, one))


def _keeps(cohort: Cohort, one: Filter) -> NDArray[np.bool_]:
    column = one.column
    offered = stratifiers(cohort)
    if column not in cohort.patients:
        if column not in offered:
            raise SelectionError(f"no column {column!r} to filter on; there are {', '.join(cohort.patients.columns)}")
        return _keeps_level(one, *_strata_text(cohort, offered[column]))
    values = cohort.patients[column]
    if isinstance(values.dtype, pd.CategoricalDtype):
        if one.operator in ("=", "!="):
            return _keeps_level(one, level_text(values), tuple(map(str, values.cat.categories)))
        raise SelectionError(f"{column!r} has levels, not numbers: use = or !=")
    if values.dtype.kind not in "iufb":
        return _keeps_level(one, [None if v is None or v != v else str(v) for v in values.tolist()], ())
    numbers = cohort.numbers(column)
    kept = [COMPARE[one.operator](numbers, _number(one, v)) for v in one.values]
    if len(kept) > 1 and one.operator not in ("=", "!="):
        raise SelectionError(f"{one}: only = and != take several values")
    together = np.logical_and.reduce(kept) if one.operator == "!=" else np.logical_or.reduce(kept)
    return together & ~np.isnan(numbers)


def _strata_text(cohort: Cohort, stratifier: Stratifier) -> tuple[list[str | None], tuple[str, ...]]:
    strata = split(cohort, stratifier)
    return [strata.labels[c] if c >= 0 else None for c in strata.codes.tolist()], strata.labels


def _keeps_level(one: Filter, text: list[str | None], levels: tuple[str, ...]) -> NDArray[np.bool_]:
    unknown = [v for v in one.values if levels and v not in levels]
    if unknown:
        raise SelectionError(f"{one.column!r} has no level {unknown[0]!r}; it has {', '.join(levels)}")
    wanted = set(one.values)
    inside = np.fromiter((t in wanted for t in text), dtype=bool, count=len(text))
    known = np.fromiter((t is not None for t in text), dtype=bool, count=len(text))
    return known & (inside if one.operator == "=" else ~inside)


def _number(one: Filter, value: str) -> float:
    try:
        return float(ON_OR_OFF.get(value.lower(), value))
    except ValueError:
        raise SelectionError(f"{one.column!r} holds numbers: {value!r} is none") from None


def names_of(cohort: Cohort, rows: NDArray[np.bool_]) -> tuple[str, ...]:
    """Ids of these patients."""
    return tuple(map(str, cohort.patients["patient_id"].to_numpy()[rows]))


def exclusion(cohort: Cohort, reason: str, rows: NDArray[np.bool_]) -> tuple[Exclusion, ...]:
    """Those patients with the reason, or nothing where there are none."""
    return (Exclusion(reason, names_of(cohort, rows)),) if rows.any() else ()


def reference_to(cohort: Cohort) -> CohortRef:
    """What an analysis keeps of its cohort."""
    return CohortRef(
        cohort.id,
        cohort.title,
        cohort.digest,
        cohort.provenance,
        cohort.origin,
        cohort.n,
        cohort.days_per_month,
        cohort.conditional_on,
        cohort.citation,
        tuple(cohort.labels.items()),
    )
