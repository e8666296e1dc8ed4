"""Results of the Models view: several covariates in one Cox model."""

from dataclasses import dataclass
from typing import Literal

from kras_core.analyse.results import CohortRef, Exclusion, Warning
from kras_core.cohort.endpoints import Endpoint
from kras_core.selection import Selection
from kras_core.stats.results import Concordance, Floats, HazardRatio, Residuals, TestResult

Per = Literal["unit", "sd"]
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ModelTerm:
    """A level against the covariate's reference, or a number's step, with patients and events behind it (all, for a
    number).

    ratio: the ordinary estimate, firth: Firth's; None where the model has none. infinite: 1 or -1 where the ordinary
    log hazard ratio goes to +∞ or −∞, 2 where to either (0: nowhere). ratio_range, p_range and events_range stand
    instead where a covariate of the model was drawn (else empty).
    """

    label: str
    n: int
    events: int
    ratio: HazardRatio | None = None
    firth: HazardRatio | None = None
    infinite: int = 0
    ratio_range: Range | tuple[()] = ()
    p_range: Range | tuple[()] = ()
    events_range: Range | tuple[()] = ()


@dataclass(frozen=True, slots=True)
class Covariate:
    """A variable of the model.

    missing: selected patients without a value of it; alone: of these, who lack nothing else. test: likelihood ratio
    against the model without it. proportional: of proportional hazards. drawn: why there are ranges instead.
    """

    id: str
    label: str
    reference: str
    reference_n: int
    reference_events: int
    terms: tuple[ModelTerm, ...]
    missing: int
    alone: int
    test: TestResult | None = None
    proportional: TestResult | None = None
    p_range: Range | tuple[()] = ()
    drawn: str = ""


@dataclass(frozen=True, slots=True)
class ModelAnalysis:
    """A Cox model of several covariates in the patients with a value of each.

    selected: patients in view with the endpoint known, of whom n are complete, with `events` events. left_out:
    covariates that say nothing here, with the reason. reason: why there is no ordinary estimate, firth_reason: why
    none by Firth's penalty (empty where there is). columns: terms of the model.
    """

    cohort: CohortRef
    selection: Selection
    endpoint: Endpoint
    per: Per
    selected: int
    n: int
    events: int
    covariates: tuple[Covariate, ...]
    left_out: tuple[tuple[str, str], ...]
    test: TestResult | None
    proportional: TestResult | None
    concordance: Concordance | None
    reason: str
    firth_reason: str
    drawn: str
    excluded: tuple[Exclusion, ...]
    warnings: tuple[Warning, ...]

    @property
    def columns(self) -> int:
        return sum(len(c.terms) for c in self.covariates)

    @property
    def dropped(self) -> int:
        return self.selected - self.n

    @property
    def separated(self) -> tuple[str, ...]:
        """Covariates with an infinite estimate."""
        return tuple(c.label for c in self.covariates if any(t.infinite for t in c.terms))


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Scaled Schoenfeld residuals of one term, with a smooth curve (natural spline) and its pointwise interval.

    at, fit, low, high (101,): along time in months; empty where there are too few events for a curve.
    """

    label: str
    estimate: float
    residuals: Residuals
    values: Floats
    at: Floats
    fit: Floats
    low: Floats
    high: Floats
    test: TestResult
