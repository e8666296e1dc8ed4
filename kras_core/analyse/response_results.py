"""ResponseAnalysis: the frozen result of the Response view, and its parts."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from kras_core.analyse.results import CohortRef, Warning
from kras_core.selection import Selection
from kras_core.stats.results import Difference, Floats, NumberSummary, Proportion, Quantile

Measure = Literal["orr", "dcr"]
Denominator = Literal["all", "evaluable"]

RESPONSES = ("CR", "PR", "SD", "PD", "NE")
MEASURES: tuple[Measure, ...] = ("orr", "dcr")
DENOMINATORS: tuple[Denominator, ...] = ("all", "evaluable")


@dataclass(frozen=True, slots=True)
class Rate:
    """A response rate with both of its intervals."""

    exact: Proportion  # Clopper–Pearson
    wilson: Proportion


@dataclass(frozen=True, slots=True)
class ResponseGroup:
    """Best overall responses of a group. slot: its fixed place (colour), None for all patients.

    counts: patients by RESPONSES; missing: none recorded. rates[measure, denominator]. Where the publication does
    not determine them, `ranges` holds the fewest and most patients over the redraws by response, "orr", "dcr" and
    "n", and counts and rates must not be shown.
    """

    label: str
    slot: int | None
    n: int
    counts: tuple[int, ...]
    missing: int
    rates: dict[tuple[Measure, Denominator], Rate]
    ranges: dict[str, tuple[int, int]]

    @property
    def evaluable(self) -> int:
        return sum(self.counts[:4])


@dataclass(frozen=True, slots=True)
class ResponseComparison:
    """A group against the reference: difference of proportions (group minus reference) and Fisher's exact p."""

    measure: Measure
    denominator: Denominator
    label: str
    reference: str
    difference: Difference
    fisher_p: float


@dataclass(frozen=True, slots=True)
class ResponseTimes:
    """Of the responders of a group: time to response, and duration (Kaplan–Meier); months."""

    label: str
    responders: int
    waited: NumberSummary
    lasting: int  # with a known duration
    ended: int
    duration: Quantile


@dataclass(frozen=True, slots=True, eq=False)
class Courses:
    """One entry a patient, each array (n,), months from the start; NaN where it did not happen or is not known.

    end: last time known of. response codes RESPONSES, -1 where not recorded or not shown. slot: the group, -1
    without. alive: whether without the last event at `end`. treated: end of treatment; on_treatment: still
    treated at `end`. change: best change of target lesions in per cent.
    """

    names: np.ndarray
    slot: np.ndarray
    response: np.ndarray
    end: Floats
    alive: np.ndarray
    progression: Floats
    death: Floats
    treated: Floats
    on_treatment: np.ndarray
    responded: Floats
    response_end: Floats
    change: Floats

    @property
    def n(self) -> int:
        return len(self.names)


@dataclass(frozen=True, slots=True, eq=False)
class LesionCourses:
    """The sum of target lesions over time, by patient and time; one entry a scan, each array (scans,).

    patient: position in `Courses`. months: from the start; the first scan of a patient is the baseline, the last at
    or before month 0. change: against the baseline in per cent. progressed: whether the sum alone shows progression.
    """

    patient: np.ndarray
    months: Floats
    sum_mm: Floats
    change: Floats
    progressed: np.ndarray

    @property
    def baseline(self) -> np.ndarray:
        """Whether a scan is its patient's baseline."""
        return np.concatenate(([True], np.diff(self.patient) != 0))

    @property
    def followed(self) -> int:
        """Patients with a scan after the baseline."""
        return len(np.unique(self.patient[~self.baseline]))


@dataclass(frozen=True, slots=True)
class ResponseAnalysis:
    """The Response view. confirmed: "only" (an unconfirmed response counts as stable disease), "any" (confirmation
    is recorded, and every response counts), "not recorded".

    times_reason, change_reason, lesions_reason: why there are no response times, no waterfall, no spider plot; empty
    where there are. change_from_sums: whether best changes are computed from the sums of target lesions.
    drawn: why there are ranges, else empty.
    """

    cohort: CohortRef
    selection: Selection
    by_label: str
    labels: tuple[str, ...]  # of all strata, by slot
    overall: ResponseGroup
    groups: tuple[ResponseGroup, ...]
    comparisons: tuple[ResponseComparison, ...]
    times: tuple[ResponseTimes, ...]
    times_reason: str
    change_reason: str
    change_from_sums: bool
    courses: Courses
    lesions: LesionCourses | None
    lesions_reason: str
    confirmed: Literal["only", "any", "not recorded"]
    unconfirmed: int
    unknown: int
    drawn: str
    warnings: tuple[Warning, ...]
