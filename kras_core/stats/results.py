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
