"""OverviewAnalysis: the frozen result of the Overview, and its parts."""

from dataclasses import dataclass
from typing import Literal

from kras_core.analyse.results import CohortRef, Warning
from kras_core.selection import Selection
from kras_core.stats.results import NumberSummary, Quantile, StandardisedDifference


@dataclass(frozen=True, slots=True)
class LevelCounts:
    """Patients by level, in the characteristic's order of levels; `missing` have no known level."""

    counts: tuple[int, ...]
    missing: int

    @property
    def n(self) -> int:
        return sum(self.counts)


Range = tuple[float, float]
NOT_COMPARED = StandardisedDifference(float("nan"))


@dataclass(frozen=True, slots=True)
class Characteristic:
    """A row (number, flag) or rows (levels) of Table 1.

    levels: names of the levels, empty for numbers; a flag has ("0", "1"). overall: everybody selected; cells:
    one a group. ranges: where the publication does not determine who of a group has which value, by group the
    range over redraws: of each level's count, or for numbers of the median alone; `cells` must then not be shown.
    overall_range: the same for everybody, where a filter on a drawn column leaves even that open.
    defines_groups: the groups are made of this column. drawn: the column was drawn at random. constant:
    everybody has the same value. p is NaN unless asked for, and where undefined.
    """

    column: str
    label: str
    unit: str
    kind: Literal["number", "levels", "flag"]
    levels: tuple[str, ...]
    overall: NumberSummary | LevelCounts
    cells: tuple[NumberSummary | LevelCounts, ...]
    ranges: tuple[tuple[Range, ...], ...] = ()
    overall_range: tuple[Range, ...] = ()
    difference: StandardisedDifference = NOT_COMPARED
    p: float = float("nan")
    p_method: str = ""
    defines_groups: bool = False
    drawn: bool = False

    @property
    def constant(self) -> bool:
        if isinstance(self.overall, NumberSummary):
            return self.overall.n > 1 and self.overall.low == self.overall.high
        return self.overall.n > 1 and max(self.overall.counts) == self.overall.n


@dataclass(frozen=True, slots=True)
class FlowStep:
    """Patients that a step leaves out, by reason, and how many remain; left_range where redraws leave it open."""

    label: str
    out: tuple[tuple[str, int], ...]
    left: int
    left_range: tuple[int, int] | tuple[()] = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """From all rows of the cohort to the patients analysed. before: who never became a row. strata: (label, slot,
    n analysed), empty where the publication does not determine them; unknown: without a value of the stratifier."""

    start: int
    before: str
    steps: tuple[FlowStep, ...]
    end_label: str
    strata: tuple[tuple[str, int, int], ...]
    unknown: int

    @property
    def end(self) -> int:
        return self.steps[-1].left if self.steps else self.start


@dataclass(frozen=True, slots=True)
class FollowUp:
    """How long a group was followed for an endpoint, in months: reverse Kaplan–Meier, and the observed times."""

    endpoint: str
    group: str
    n: int
    events: int
    median: Quantile
    observed: NumberSummary


@dataclass(frozen=True, slots=True)
class PotentialFollowUp:
    """Start of treatment to data cut-off, in months, for everybody and then each group; reason where not offered."""

    groups: tuple[tuple[str, NumberSummary], ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Completeness:
    """How many of the selected patients have a known value in a column."""

    column: str
    label: str
    known: int
    n: int


@dataclass(frozen=True, slots=True)
class OverviewAnalysis:
    """The Overview: who the patients are, how they came to be analysed, how long they were followed, what is missing.

    groups, slots, sizes: the strata with a patient among those selected; size_ranges, n_range over redraws, empty
    where determined. drawn: why there are ranges, else empty.
    """

    cohort: CohortRef
    selection: Selection
    by_label: str
    groups: tuple[str, ...]
    slots: tuple[int, ...]
    sizes: tuple[int, ...]
    size_ranges: tuple[tuple[int, int], ...]
    n: int
    n_range: tuple[int, int] | tuple[()]
    unknown: int
    characteristics: tuple[Characteristic, ...]
    flow: Flow
    follow_up: tuple[FollowUp, ...]
    potential: PotentialFollowUp
    completeness: tuple[Completeness, ...]
    drawn: str
    warnings: tuple[Warning, ...]
