"""What the kernel returns: small frozen results with a fixed shape.

An undefined number is NaN and `reason` says why; a limit that is not reached is NaN too, with
`reason` empty where the estimate itself exists. Times are in the unit that went in.
Nothing here computes: `report` may import this module and none of the estimators.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Curve:
    """A Kaplan–Meier curve at its own distinct times (events and censorings), ascending, shape (m,).

    survival is S(t) just after the drop at t; low and high its pointwise interval; std_error
    Greenwood's on the S scale. at_risk counts entry < t <= time; events and censored happen at t.
    """

    time: Floats
    survival: Floats
    low: Floats
    high: Floats
    std_error: Floats
    at_risk: Floats
    events: Floats
    censored: Floats


@dataclass(frozen=True, slots=True)
class Quantile:
    """A time quantile of a survival curve (the median unless p says otherwise) with its interval.

    NaN estimate: the curve stays above; `reason` is "not reached". NaN limit: that limit is not reached
    or, where the method offers none, undefined (`reason`).
    """

    estimate: float
    low: float
    high: float
    method: str
    p: float = 0.5
    std_error: float = NAN
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """Survival at a milestone. NaN beyond follow-up, with the reason."""

    time: float
    estimate: float
    low: float
    high: float
    at_risk: int
    std_error: float = NAN
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TestResult:
    """A test with its statistic, degrees of freedom and exact p; observed and expected events per group."""

    statistic: float
    df: int
    p: float
    method: str
    observed: tuple[float, ...] = ()
    expected: tuple[float, ...] = ()
    variance: float = NAN
    std_error: float = NAN
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HazardRatio:
    """Hazard in group `label` over hazard in group `reference`.

    `std_error` is that of the log hazard ratio. `method` names estimator, ties and interval;
    `caution` says what a reader must know of it (Firth's penalty, bias far from 1).
    """

    reference: str
    label: str
    estimate: float
    low: float
    high: float
    p: float
    std_error: float
    method: str
    caution: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MeanTime:
    """Restricted mean survival time up to tau, or a difference of two."""

    estimate: float
    low: float
    high: float
    std_error: float
    tau: float
    p: float = NAN
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RiskTable:
    """Counts under a curve's ticks. Shapes: ticks (j,); the others (strata, j).

    at_risk counts entry < t <= time; events and censored are strictly before t, entered (delayed
    entry only, else empty) too, so that at_risk + events + censored = n, or the number entered.
    """

    ticks: Floats
    at_risk: Ints
    events: Ints
    censored: Ints
    entered: Ints = field(default_factory=lambda: np.empty((0, 0), dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Proportion:
    """k of n with an interval; NaN where n = 0."""

    k: int
    n: int
    estimate: float
    low: float
    high: float
    method: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference of two proportions (first minus second) with its interval."""

    estimate: float
    low: float
    high: float
    method: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CutoffScan:
    """Two groups at every possible cut-off of a marker: high is strictly above it. Arrays (m,), cut-offs ascending.

    below counts the patients at or below each of the n; end is the marker's next value above the last. chi2 and p
    are the log-rank test's, NaN where it is undefined. log_ratio (high v low), std_error and the limits low and
    high of the hazard ratio are the Cox model's: NaN where the partial likelihood has no finite maximum, and where
    `fitted` is False (very large cohorts: the model is fitted at evenly spread cut-offs only).
    """

    cutoffs: Floats
    below: Ints
    n: int
    end: float
    chi2: Floats
    p: Floats
    log_ratio: Floats
    std_error: Floats
    low: Floats
    high: Floats
    fitted: NDArray[np.bool_]
    method: str

    @property
    def smallest(self) -> int | None:
        """Position of the smallest p (the first, where several share it); None where no test is defined."""
        return None if np.isnan(self.chi2).all() else int(np.nanargmax(self.chi2))


@dataclass(frozen=True, slots=True)
class MaxSelected:
    """The maximally selected log-rank statistic and its p, which allows for the choice of the cut-off.

    p is the conditional Monte Carlo one (NaN where it was not drawn), std_error its Monte Carlo standard
    error; the two approximations stand beside it.
    """

    statistic: float
    cutoff: float
    p: float
    std_error: float
    samples: int
    p_lausen_1992: float
    p_lausen_1994: float
    method: str
    reason: str = ""

    @property
    def best_p(self) -> float:
        """The Monte Carlo p where it was drawn, else the approximation of 1994."""
        return self.p if self.samples else self.p_lausen_1994


@dataclass(frozen=True, slots=True)
class Coefficients:
    """A Cox model of numeric covariates: log hazards per unit (p,), covariance (p, p), log likelihoods there and at 0.

    Undefined (NaN) with the reason: no event, a covariate of one value, a monotone likelihood.
    """

    beta: Floats
    covariance: Floats
    loglik: float
    loglik_null: float
    method: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Concordance:
    """Harrell's C: of two patients whose order of events is known, how often the higher marker has its event first."""

    estimate: float
    low: float
    high: float
    std_error: float
    pairs: int
    method: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DynamicAuc:
    """Cumulative/dynamic AUC of a marker at `time`: patients with the event by then against those still without."""

    time: float
    estimate: float
    cases: int
    controls: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NumberSummary:
    """A column of numbers: known values, missing ones, and what describes the known; all NaN where none is known."""

    n: int
    missing: int
    median: float
    q1: float
    q3: float
    low: float
    high: float
    mean: float
    sd: float


@dataclass(frozen=True, slots=True)
class StandardisedDifference:
    """How far two groups lie apart in units of their spread; NaN with the reason where undefined."""

    estimate: float
    reason: str = ""


# Models of several covariates


@dataclass(frozen=True, slots=True)
class FirthFit:
    """Firth's penalised Cox model: log hazards per unit (p,), profile limits, penalised likelihood ratio p, Wald error.

    Undefined (NaN) with the reason: a fit that did not converge. A single limit is NaN where the search for it failed.
    """

    beta: Floats
    low: Floats
    high: Floats
    p: Floats
    std_error: Floats
    method: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Residuals:
    """Scaled Schoenfeld residuals of a Cox model, one row an event: its time (e,), the time as the test takes it
    g (e,), and log hazard ratio plus residual (e, p). error (p,): what one residual's standard deviation is taken for.
    """

    time: Floats
    g: Floats
    scaled: Floats
    error: Floats
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PenaltyPath:
    """A penalised Cox model along its penalties (a,), strongest first: log hazards per SD (a, p).

    deviance, error (a,): cross-validated partial likelihood deviance per event and its standard error over the folds
    done so far (NaN before the first). best: position of the least deviance; simplest: of the strongest penalty within
    one standard error of it.
    """

    kind: str
    penalties: Floats
    beta: Floats
    deviance: Floats
    error: Floats
    best: int
    simplest: int
    folds: int
    seed: int
    method: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Optimism:
    """Concordance of a model in its own patients and what is left when the bootstrap's optimism is taken off.

    samples: resamples done; failed: those without a finite fit, which do not count. spread: standard deviation of the
    resamples' optimism over √(those that count).
    """

    apparent: float
    optimism: float
    corrected: float
    std_error: float
    samples: int
    failed: int
    seed: int
    method: str
    reason: str = ""
