"""Adjusted p values of several tests: how much was looked at, as a description."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def holm(p: ArrayLike) -> Floats:
    """Holm's step-down adjusted p values of p (m,), in its order; NaN stays NaN and counts as no test.

    max over j ≤ i of min(1, (m − j + 1)·p₍ⱼ₎). S. Holm, Scand. J. Statist. 6 (1979) 65–70; R: p.adjust "holm".
    """
    return _adjust(p, lambda ranked: np.maximum.accumulate(ranked * np.arange(ranked.size, 0, -1)))


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Benjamini and Hochberg's adjusted p values of p (m,), in its order; NaN stays NaN and counts as no test.

    min over j ≥ i of min(1, m/j·p₍ⱼ₎). Y. Benjamini, Y. Hochberg, J. R. Statist. Soc. B 57 (1995) 289–300;
    R: p.adjust "BH".
    """

    def step_up(ranked: Floats) -> Floats:
        scaled = ranked * ranked.size / np.arange(1, ranked.size + 1)
        return np.minimum.accumulate(scaled[::-1])[::-1]

    return _adjust(p, step_up)


def _adjust(p: ArrayLike, step: Callable[[Floats], Floats]) -> Floats:
    values = np.asarray(p, dtype=float)
    if ((values < 0) | (values > 1)).any():
        raise ValueError("p values lie between 0 and 1")
    adjusted = np.full(values.shape, np.nan)
    order = np.argsort(values, kind="stable")[: np.count_nonzero(~np.isnan(values))]  # NaN sort last
    adjusted[order] = np.minimum(step(values[order]), 1.0)
    return adjusted
