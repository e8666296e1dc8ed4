"""The normal distribution behind Wald intervals and their p values."""

import math
from functools import lru_cache

from scipy.special import ndtri


@lru_cache(maxsize=16)
def z_value(confidence: float) -> float:
    """Half the width, in standard errors, of a two-sided interval of that confidence (0.95: 1.96)."""
    return float(ndtri(0.5 + confidence / 2))


def two_sided_p(z: float) -> float:
    """P(|Z| >= |z|) for a standard normal Z."""
    return math.erfc(abs(z) / math.sqrt(2.0))
