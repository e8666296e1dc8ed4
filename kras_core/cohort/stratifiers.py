"""Stratifiers: one registry row turns a column into strata. Adding one touches this table alone.

Columns that the table does not name become stratifiers by themselves: categories and flags by level,
numbers by a cut-off (high is value > cut-off).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from kras_core.cohort.model import Cohort
from kras_core.cohort.variables import VARIABLES

MAX_LEVELS = 40
ON_OUTCOME = "chosen on the outcome"
MARK = "†"  # stands behind the name of a stratum whose cut-off was chosen on the outcome


@dataclass(frozen=True, slots=True)
class Stratifier:
    """How a column is split.

    levels: label -> the column's values it gathers, in display order ("levels" kind; empty means each
    level of the column, in the column's order). reference: label of the reference group for hazard
    ratios (the first where empty, or where the named one has no patients; at or below the cut-off for a
    "cut"). default_cutoff: used where neither the user nor the cohort gives one (None: the median).
    post_baseline: known only after the start, so that comparing it needs a landmark.
    """

    id: str
    label: str
    column: str
    kind: Literal["levels", "cut"]
    levels: tuple[tuple[str, tuple[str, ...]], ...] = ()
    reference: str = ""
    default_cutoff: float | None = None
    unit: str = ""
    post_baseline: bool = False


def _flag(id: str, label: str, no: str, yes: str, reference: str) -> Stratifier:
    return Stratifier(id, label, id, "levels", ((no, ("0",)), (yes, ("1",))), reference)


STRATIFIERS: dict[str, Stratifier] = {
    s.id: s
    for s in (
        _flag("prior_antiangiogenic", "Prior anti-angiogenic therapy", "No prior", "Prior", "Prior"),
        Stratifier("g12c", "KRAS G12C", "kras_variant", "levels", (("G12C", ("G12C",)), ("non-G12C", ())), "non-G12C"),
        Stratifier("kras_variant", "KRAS variant", "kras_variant", "levels"),
        _flag("prior_ici", "Prior immunotherapy", "No prior ICI", "Prior ICI", "Prior ICI"),
        _flag("prior_chemo", "Prior chemotherapy", "No prior chemotherapy", "Prior chemotherapy", "Prior chemotherapy"),
        Stratifier(
            "prior_lines",
            "Prior lines",
            "prior_lines",
            "levels",
            (("0 lines", ("0",)), ("1 line", ("1",)), ("2 lines", ("2",)), ("≥3 lines", ())),
        ),
        Stratifier(
            "ecog",
            "ECOG performance status",
            "ecog",
            "levels",
            (("ECOG 0–1", ("0", "1", "0-1")), ("ECOG ≥2", ())),
        ),
        Stratifier("sex", "Sex", "sex", "levels", (("Female", ("F",)), ("Male", ("M",)))),
        Stratifier("age", "Age", "age", "cut", default_cutoff=65.0, unit="years"),
        Stratifier("nlr", "NLR", "nlr", "cut"),
        Stratifier("plr", "PLR", "plr", "cut"),
        Stratifier("pni", "PNI", "pni", "cut"),
        Stratifier("best_response", "Best response", "best_response", "levels", post_baseline=True),
    )
}


@dataclass(frozen=True, slots=True)
class Strata:
    """A split of the patients: codes (n,) index labels, -1 where the value is missing."""

    codes: np.ndarray
    labels: tuple[str, ...]
    reference: int
    cutoff: float | None = None
    cutoff_origin: str = ""
    upper: float | None = None

    def marked(self) -> "Strata":
        """The same strata, with the mark of a cut-off that was chosen on the outcome."""
        return replace(self, labels=tuple(f"{label} {MARK}" for label in self.labels), cutoff_origin=ON_OUTCOME)


def stratifiers(cohort: Cohort) -> Mapping[str, Stratifier]:
    """The stratifiers that this cohort offers: registry rows whose column has a value, then its other columns."""
    return cohort.memo("stratifiers", lambda: _offered(cohort))


def _offered(cohort: Cohort) -> dict[str, Stratifier]:
    frame = cohort.patients
    known = frame.columns[frame.notna().any()]
    offered = {s.id: s for s in STRATIFIERS.values() if s.column in known}
    taken = {s.column for s in offered.values()} | set(offered)
    for column in known:
        inferred = None if column in taken or _is_outcome(cohort, column) else _inferred(cohort, column)
        if inferred:
            offered[column] = inferred
    return offered


def _is_outcome(cohort: Cohort, column: str) -> bool:
    """Times and events of any endpoint, delayed entry and the patient's name compare nobody."""
    variable = VARIABLES.get(column)
    if variable is not None:
        return variable.role in ("id", "outcome")
    return any(column == f"{id}_{part}" for id in cohort.endpoints for part in ("months", "days", "event"))


def _inferred(cohort: Cohort, column: str) -> Stratifier | None:
    """A stratifier for a column that the table does not name; None for dates and free text."""
    values, variable = cohort.patients[column], VARIABLES.get(column)
    label = cohort.labels.get(column) or (variable.label if variable else column)
    post_baseline = variable.post_baseline if variable else False
    if isinstance(values.dtype, pd.CategoricalDtype):
        few = values.nunique() <= MAX_LEVELS
        return Stratifier(column, label, column, "levels", post_baseline=post_baseline) if few else None
    if values.dtype.kind not in "iufb":
        return None
    if values.dropna().isin((0.0, 1.0)).all():
        no_or_yes = (("No", ("0",)), ("Yes", ("1",)))
        return Stratifier(column, label, column, "levels", no_or_yes, "No", post_baseline=post_baseline)
    unit = variable.unit if variable else ""
    return Stratifier(column, label, column, "cut", unit=unit, post_baseline=post_baseline)


def known_label(column: str) -> str:
    """What a column or stratifier is called where no cohort names it: by the registry or the dictionary, else by its
    own name."""
    known = STRATIFIERS.get(column) or VARIABLES.get(column)
    return known.label if known else column


def column_label(cohort: Cohort, column: str) -> str:
    """A column's name in words: the cohort's own, a stratifier's, or the dictionary's."""
    if column in cohort.labels:
        return cohort.labels[column]
    known = next((s.label for s in stratifiers(cohort).values() if s.column == column and s.id == column), None)
    variable = VARIABLES.get(column)
    return known or (variable.label if variable else column)


def split(cohort: Cohort, stratifier: Stratifier, cutoff: float | None = None, upper: float | None = None) -> Strata:
    """Strata of every patient under this stratifier, three with an upper cut-off; memoised per cohort, but for cut-offs
    given by hand: those are one comparison to compute, and a slider would push everything else out of the memo."""
    if cutoff is not None:
        return _cut(cohort, stratifier, cutoff, upper)
    make = _cut if stratifier.kind == "cut" else _by_level
    return cohort.memo(("strata", stratifier.id), lambda: make(cohort, stratifier))


def _by_level(cohort: Cohort, stratifier: Stratifier) -> Strata:
    """Codes by level: looked up once per level, then spread over the patients."""
    values = cohort.patients[stratifier.column]
    if isinstance(values.dtype, pd.CategoricalDtype):
        found, level = tuple(map(str, values.cat.categories)), values.cat.codes.to_numpy(dtype=np.int64)
    else:
        found, numbers = ("0", "1"), cohort.numbers(stratifier.column)
        level = np.select([numbers == 0, numbers == 1], [0, 1], default=-1)
    groups = stratifier.levels or tuple((v, (v,)) for v in found)
    of_value = {v: i for i, (_, members) in enumerate(groups) for v in members}
    rest = next((i for i, (_, members) in enumerate(groups) if not members), -1)
    codes = np.array([*(of_value.get(v, rest) for v in found), -1], dtype=np.int64)[level]
    labels = tuple(label for label, _ in groups)
    present = np.bincount(codes[codes >= 0], minlength=len(labels)) > 0
    named = labels.index(stratifier.reference) if stratifier.reference in labels else 0
    return Strata(codes, labels, named if present[named] else int(present.argmax()))


def level_text(values: pd.Series) -> list[str | None]:
    """Each value as the text its level is written in: flags as "0" and "1", missing as None."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        names = [str(c) for c in values.cat.categories]
        return [names[c] if c >= 0 else None for c in values.cat.codes.to_numpy()]
    return [None if v != v else f"{v:g}" for v in values.to_numpy(dtype=float)]


def cutoff_of(cohort: Cohort, stratifier: Stratifier, cutoff: float | None) -> tuple[float, str]:
    """The cut-off in force and where it comes from, in words."""
    if cutoff is not None:
        published = cohort.cutoffs.get(stratifier.id)
        if published is not None and published.value == cutoff:
            return cutoff, published.origin
        median, origin = _median(cohort, stratifier.column)
        return cutoff, origin if cutoff == median else "chosen by hand"
    if stratifier.id in cohort.cutoffs:
        known = cohort.cutoffs[stratifier.id]
        return known.value, known.origin
    if stratifier.default_cutoff is not None:
        return stratifier.default_cutoff, "conventional"
    return _median(cohort, stratifier.column)


def _median(cohort: Cohort, column: str) -> tuple[float, str]:
    return cohort.memo(("median", column), lambda: _middle(cohort.numbers(column)))


def _middle(values: np.ndarray) -> tuple[float, str]:
    """The median; where it is the largest value too, nobody would be above it, and the next smaller value is taken."""
    known = values[~np.isnan(values)]
    median, smaller = float(np.median(known)), known[known < known.max()]
    if median < known.max() or not smaller.size:
        return median, "median of these data, blind to outcome"
    return float(smaller.max()), "largest value but one of these data (the median is the largest), blind to outcome"


def tertiles(values: np.ndarray) -> tuple[float, float]:
    """The two known values up to which a third and two thirds of the known values lie (R's quantile type 1)."""
    low, high = np.quantile(values[~np.isnan(values)], (1 / 3, 2 / 3), method="inverted_cdf")
    return float(low), float(high)


def _cut(cohort: Cohort, stratifier: Stratifier, cutoff: float | None = None, upper: float | None = None) -> Strata:
    values = cohort.numbers(stratifier.column)
    value, origin = cutoff_of(cohort, stratifier, cutoff)
    unit = f" {stratifier.unit}" if stratifier.unit else ""
    low, high = (f"{stratifier.label} {sign} {at:.10g}{unit}" for sign, at in (("≤", value), (">", upper or value)))
    if upper is None:
        codes = np.where(np.isnan(values), -1, (values > value).astype(np.int64))
        return Strata(codes, (low, high), 0, value, origin)
    codes = np.where(np.isnan(values), -1, (values > value).astype(np.int64) + (values > upper))
    middle = f"{stratifier.label} > {value:.10g} to {upper:.10g}{unit}"
    blind = (value, upper) == tertiles(values)
    origin = "tertiles of these data, blind to outcome" if blind else origin
    return Strata(codes, (low, middle, high), 0, value, origin, upper)
