"""The frozen results of the Subgroups view: a comparison within subgroups, and Cox models of one variable each."""

from dataclasses import dataclass

from kras_core.analyse.results import CohortRef, Exclusion, Warning
from kras_core.cohort.endpoints import Endpoint
from kras_core.selection import Selection
from kras_core.stats.results import HazardRatio, Quantile, TestResult

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Arm:
    """One of the two groups within a subgroup; ranges over redraws where they are not determined, else empty."""

    n: int
    events: int
    median: Quantile
    n_range: Range | tuple[()] = ()
    events_range: Range | tuple[()] = ()
    median_range: Range | tuple[()] = ()


@dataclass(frozen=True, slots=True)
class SubgroupRow:
    """A row of the forest: both arms (the compared group first), and the hazard ratio between them.

    ratio is None where there is none: `note` says why ("no patient in Prior", "2 events in all"), or the
    row is a redrawn one and `ratio_range` stands instead. small: an arm has fewer than five patients or events. weight:
    1/SE² relative to the largest subgroup's, in (0, 1]; 0 without a ratio.
    """

    label: str
    arms: tuple[Arm, Arm]
    ratio: HazardRatio | None
    weight: float = 0.0
    small: bool = False
    note: str = ""
    ratio_range: Range | tuple[()] = ()

    @property
    def drawn(self) -> bool:
        return bool(self.ratio_range)


@dataclass(frozen=True, slots=True)
class SubgroupFactor:
    """What divides the patients into subgroups, and the test whether the comparison differs between them.

    drawn: why there are ranges (p_range for the interaction) instead of estimates, else empty.
    """

    id: str
    label: str
    rows: tuple[SubgroupRow, ...]
    interaction: TestResult | None
    p_range: Range | tuple[()] = ()
    drawn: str = ""
    cutoff: tuple[float, str] | None = None


@dataclass(frozen=True, slots=True)
class ForestAnalysis:
    """The comparison of `label` v `reference` in everybody and in the levels of each factor.

    left_out: factors that make no subgroups here, with the reason. tests: how many interactions were tested.
    """

    cohort: CohortRef
    selection: Selection
    endpoint: Endpoint
    by_label: str
    label: str
    reference: str
    groups: tuple[str, ...]
    cutoffs: tuple[tuple[str, float, str], ...]
    overall: SubgroupRow
    factors: tuple[SubgroupFactor, ...]
    left_out: tuple[tuple[str, str], ...]
    excluded: tuple[Exclusion, ...]
    warnings: tuple[Warning, ...]

    @property
    def tests(self) -> int:
        return sum(f.interaction is not None for f in self.factors)


@dataclass(frozen=True, slots=True)
class Term:
    """One hazard ratio of a univariable model, with patients and events behind its group (all, for a number).

    ratio_range, p_range, n_range and events_range stand instead where the variable was drawn (else empty).
    """

    label: str
    n: int
    events: int
    ratio: HazardRatio | None
    ratio_range: Range | tuple[()] = ()
    p_range: Range | tuple[()] = ()
    events_range: Range | tuple[()] = ()


@dataclass(frozen=True, slots=True)
class Univariable:
    """A Cox model of one variable: a hazard ratio for each level against `reference`, or per unit and per SD.

    reference_n and reference_events: behind the reference group (0 for a number; `reference_range` where drawn).
    test: likelihood ratio, None where drawn. note: why there is no model, or what is doubtful.
    """

    id: str
    label: str
    n: int
    events: int
    missing: int
    reference: str
    reference_n: int
    reference_events: int
    terms: tuple[Term, ...]
    test: TestResult | None
    p_range: Range | tuple[()] = ()
    reference_range: Range | tuple[()] = ()
    drawn: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class CoxTable:
    """Univariable Cox models, one a variable, unadjusted for each other."""

    cohort: CohortRef
    selection: Selection
    endpoint: Endpoint
    n: int
    events: int
    variables: tuple[Univariable, ...]
    excluded: tuple[Exclusion, ...]
    warnings: tuple[Warning, ...]
