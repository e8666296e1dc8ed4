"""What holds whatever the data: the floor under the standard error of a Cox log hazard ratio for two groups.

At the maximum of the partial likelihood the score is zero: with pᵢ the fitted probability that the i-th event falls
in group 1, Σ pᵢ = d₁. The information is Σ pᵢ(1 − pᵢ) = d₁ − Σ pᵢ², and by Cauchy–Schwarz Σ pᵢ² ≥ (Σ pᵢ)²/d = d₁²/d.
So it is at most d₁ − d₁²/d = d₁·d₀/d, and SE ≥ √(d/(d₁·d₀)) = √(1/d₁ + 1/d₀), which is at least √(1/n₁ + 1/n₀) where
nobody has two events. docs/audit.md has the proof in full: ties, strata, further covariates.
"""

import math
from collections.abc import Sequence

from scipy.special import ndtr, ndtri


def z_of(confidence: float) -> float:
    """The normal quantile of a two-sided interval: 1.959964 for 0.95."""
    return float(ndtri(0.5 + confidence / 2))


def two_sided_p(z: float) -> float:
    """The two-sided p of a standard normal statistic."""
    return float(2 * ndtr(-abs(z)))


def se_floor(sizes: Sequence[int]) -> float:
    """The smallest standard error that a Cox log hazard ratio between two groups of these sizes (patients, or better
    events) can have. Infinite where a group is empty."""
    return math.sqrt(sum(1 / s if s else math.inf for s in sizes))


def se_floor_any_split(n: int) -> float:
    """The same whatever the split of n patients: 2/√n. It also holds for Prism's hazard ratios with n events."""
    return 2 / math.sqrt(n)


def patients_needed(se: float, sizes: Sequence[int]) -> int:
    """How many patients, all with events and in this proportion, a standard error so small needs at least."""
    total = sum(sizes)
    share = sizes[0] / total
    return math.ceil(1 / (se * se * share * (1 - share)) - 1e-9)


def tightest(ratio: float, se: float, confidence: float) -> tuple[float, float]:
    """The Wald interval of a ratio with this standard error."""
    half = z_of(confidence) * se
    return ratio * math.exp(-half), ratio * math.exp(half)
