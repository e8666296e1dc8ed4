"""BiasAnalysis: what could have bent the figures of a Survival view, each as a sensitivity and not as a verdict."""

from dataclasses import dataclass

from kras_core.analyse.results import CohortRef
from kras_core.cohort.endpoints import Endpoint
from kras_core.selection import Selection
from kras_core.stats.results import Floats, HazardRatio, Proportion, Quantile, TestResult


@dataclass(frozen=True, slots=True)
class EarlyFailures:
    """The figures as they would be with 0, 1, 2 … patients more who failed at `day` and never became a row.

    medians: of the endpoint in view, for everybody selected. orr, dcr: over all patients, empty where no best
    response is recorded. All three have one entry for each number of failures, from 0 on.
    """

    day: int
    medians: tuple[Quantile, ...]
    orr: tuple[Proportion, ...]
    dcr: tuple[Proportion, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """Medians as if everybody had been observed from the start, and with delayed entry; by group, everybody last."""

    labels: tuple[str, ...]
    naive: tuple[Quantile, ...]
    delayed: tuple[Quantile, ...]
    hazard_ratios: tuple[tuple[HazardRatio, HazardRatio], ...]  # naive, delayed
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class LeaveOneOut:
    """The hazard ratio when each patient is left out, ascending; each array (n,). NaN: monotone likelihood without
    that patient. whole: with everybody."""

    whole: HazardRatio | None
    names: tuple[str, ...]
    estimate: Floats
    low: Floats
    high: Floats
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Centres:
    """Pooled beside stratified on centre. sizes: patients by centre."""

    sizes: tuple[tuple[str, int], ...]
    pooled: tuple[HazardRatio, ...]
    stratified: tuple[HazardRatio, ...]
    logrank_pooled: TestResult | None
    logrank_stratified: TestResult | None
    unknown: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BiasAnalysis:
    """The bias panel of a Survival view. conditional_on: what patients had to live through to be in the rows.
    response: how survival by response may be looked at. Every part has a `reason` where it is not offered."""

    cohort: CohortRef
    selection: Selection
    by_label: str
    endpoint: Endpoint
    conditional_on: str
    early: EarlyFailures
    response: str
    entry: Entry
    leave_one_out: LeaveOneOut
    centres: Centres
