"""Analysis: the frozen result of a view. Page, slide, document, script and command line all read this."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from kras_core.cohort.endpoints import Endpoint
from kras_core.cohort.model import Provenance
from kras_core.cohort.stratifiers import known_label
from kras_core.selection import Selection
from kras_core.stats.results import (
    Curve,
    Difference,
    HazardRatio,
    MaxSelected,
    MeanTime,
    Proportion,
    Quantile,
    Rate,
    RiskTable,
    TestResult,
)


@dataclass(frozen=True, slots=True)
class CohortRef:
    """What an analysis says of its cohort, without the rows."""

    id: str
    title: str
    digest: str
    provenance: Provenance
    origin: str
    n: int
    days_per_month: float
    conditional_on: str = ""
    citation: str = ""
    labels: tuple[tuple[str, str], ...] = ()  # its own names of columns

    def named(self, column: str) -> str:
        """A column's name for people."""
        return dict(self.labels).get(column) or known_label(column)


@dataclass(frozen=True, slots=True)
class Warning:
    """A guard: a stable code for programs and one plain sentence for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Patients left out of the analysis, with the reason."""

    reason: str
    patients: tuple[str, ...]

    @property
    def n(self) -> int:
        return len(self.patients)


@dataclass(frozen=True, slots=True)
class Stratum:
    """One curve and its numbers. `slot` is the stratum's fixed place (0..) in its stratifier: its colour and dash."""

    label: str
    slot: int
    n: int
    events: int
    curve: Curve
    median: Quantile
    rates: tuple[Rate, ...]
    rmst: MeanTime
    follow_up: Quantile


@dataclass(frozen=True, slots=True)
class DrawnStratum:
    """What redraws of a drawn column leave undetermined: 2.5th to 97.5th percentile over the redraws.

    low and high (m,) envelop the curves at `time`. n and events are ranges (low, high).
    """

    label: str
    slot: int
    n: tuple[float, float]
    events: tuple[float, float]
    median: tuple[float, float]
    time: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, slots=True)
class Redraws:
    """A view that touches a drawn column: the range over `count` compatible redraws, and no single estimate.

    overall is set where a filter touches a drawn column (or nothing is compared): then everybody's
    curve is undetermined too, and SurvivalAnalysis.overall must not be shown. A NaN end of a
    median's range: not reached.
    """

    count: int
    columns: tuple[str, ...]
    strata: tuple[DrawnStratum, ...]
    overall: DrawnStratum | None
    hazard_ratios: tuple[tuple[str, str, float, float], ...]  # reference, label, low, high
    p: tuple[float, float]
    sentence: str


@dataclass(frozen=True, slots=True)
class SurvivalAnalysis:
    """The Survival view. Times in months throughout; `selection.unit` is for display only.

    strata is empty without a stratifier; logrank is None with fewer than two strata. With `redraws`,
    strata, logrank and hazard_ratios are empty: the publication does not determine them.
    """

    cohort: CohortRef
    selection: Selection
    endpoint: Endpoint
    by_label: str
    cutoffs: tuple[tuple[str, float, str], ...]  # stratifier id, value, origin in words
    excluded: tuple[Exclusion, ...]
    overall: Stratum
    strata: tuple[Stratum, ...]
    logrank: TestResult | None
    hazard_ratios: tuple[HazardRatio, ...]
    rmst_difference: MeanTime | None
    follow_up: Quantile
    observed_time_median: float
    risk_table: RiskTable  # rows: strata, or the overall curve where there are none
    redraws: Redraws | None
    warnings: tuple[Warning, ...]
    selected: tuple[MaxSelected, ...] = ()  # of every cut-off that was chosen on the outcome

    @property
    def shown(self) -> tuple[Stratum, ...]:
        """The curves on the figure: the strata, or everybody."""
        return self.strata or (self.overall,)


@dataclass(frozen=True, slots=True)
class SafetyComparison:
    """Two groups at one grade band: Fisher's exact p and the risk difference of `SafetyAnalysis.contrast`."""

    fisher_p: float
    difference: Difference


@dataclass(frozen=True, slots=True)
class SafetyRow:
    """One term, by grade band ("any", "1-2", "3-4", ">=3", "5"): patients whose worst grade lies in it.

    cells[grade][group] and overall[grade] always stand. Where the publication does not determine them,
    estimate and interval are NaN with the reason, k is -1, and ranges[grade][group] or overall_range[grade]
    hold the fewest and most patients over the redraws (both empty otherwise). comparisons: at "any" and
    ">=3" with exactly two groups, else empty. any_row: a row over several terms; immune: over (or of)
    immune-related events.
    """

    term: str
    cells: dict[str, tuple[Proportion, ...]]
    overall: dict[str, Proportion]
    comparisons: dict[str, SafetyComparison]
    ranges: dict[str, tuple[tuple[int, int], ...]]
    overall_range: dict[str, tuple[int, int]]
    any_row: bool = False
    immune: bool = False

    @property
    def fisher_p(self) -> float:
        """Fisher's exact p at any grade, NaN without two groups."""
        return self.comparisons["any"].fisher_p if self.comparisons else float("nan")

    @property
    def difference(self) -> Difference | None:
        """The risk difference at any grade, None without two groups."""
        return self.comparisons["any"].difference if self.comparisons else None


@dataclass(frozen=True, slots=True)
class SafetyAnalysis:
    """The Safety view: patients, not events; worst grade per patient and term.

    groups, slots (fixed place in the stratifier: the colour), denominators: the strata with a patient; n:
    all selected patients, also those without a value of the stratifier. denominator_ranges, n_range: over
    the redraws, empty where determined. contrast: a difference is the first group's proportion minus the
    second's (the reference); empty unless there are two. drawn: why there are ranges, else empty.
    """

    cohort: CohortRef
    selection: Selection
    by_label: str
    cutoffs: tuple[tuple[str, float, str], ...]
    groups: tuple[str, ...]
    slots: tuple[int, ...]
    denominators: tuple[int, ...]
    denominator_ranges: tuple[tuple[int, int], ...]
    n: int
    n_range: tuple[int, int] | tuple[()]
    contrast: tuple[str, str] | tuple[()]
    rows: tuple[SafetyRow, ...]
    definition: str
    ctcae_version: str
    excluded: tuple[Exclusion, ...]
    drawn: str
    warnings: tuple[Warning, ...]


Family = Literal["strata", "cut-offs", "adverse events", "interactions", "models", "response", "characteristics"]


@dataclass(frozen=True, slots=True)
class Look:
    """One comparison that somebody saw. Equal `key`s are the same look at the same data.

    quantity, by (with its cut-off) and scope (filters, kind of analysis) name it in words. p: NaN where no
    single one exists, with the reason. declared: the date of the protocol that declares it, "" without one.
    """

    key: tuple[object, ...]
    cohort: str
    family: Family
    quantity: str
    by: str
    scope: str
    test: str
    p: float
    reason: str = ""
    declared: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """A look in the ledger: its number in the order of seeing, and its p value adjusted within its cohort's
    family of undeclared looks (NaN for a declared one, and where there is no p)."""

    number: int
    look: Look
    holm: float
    benjamini_hochberg: float
