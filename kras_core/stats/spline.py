"""Restricted cubic splines: a smooth effect of a marker, linear beyond the outermost knots.

Basis and places of the knots by Harrell 2015 (Regression Modeling Strategies, 2nd ed., sections 2.4.5–2.4.6), as
Hmisc's rcspline.eval (norm = 2) has them.
"""

import numpy as np
from numpy.typing import ArrayLike

from kras_core.stats.results import Floats

QUANTILES: dict[int, tuple[float, ...]] = {
    3: (0.10, 0.50, 0.90),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.50, 0.725, 0.95),
}


def spline_knots(marker: ArrayLike, count: int) -> Floats:
    """Knots (count,) at Harrell's quantiles of the marker (n,) by R's type 7.

    Raises ValueError where two of them coincide: too few distinct values, or too many patients on one.
    """
    knots = np.quantile(np.asarray(marker, dtype=np.float64), QUANTILES[count])
    if (np.diff(knots) <= 0).any():
        raise ValueError(f"{count} knots fall on the same values of the marker")
    return knots


def spline_basis(marker: ArrayLike, knots: Floats) -> Floats:
    """The marker itself and one column for each further knot but one: shape (n, k - 1).

    X_{j+1} = ((x - t_j)³₊ - (x - t_{k-1})³₊·(t_k - t_j)/(t_k - t_{k-1}) + (x - t_k)³₊·(t_{k-1} - t_j)/(t_k - t_{k-1}))
    / (t_k - t_1)².
    """
    x = np.asarray(marker, dtype=np.float64)
    last, before = knots[-1], knots[-2]
    cubes = np.maximum(x[..., None] - knots, 0.0) ** 3
    inner = knots[:-2]
    tail = cubes[..., -2:-1] * (last - inner) - cubes[..., -1:] * (before - inner)
    columns = (cubes[..., :-2] - tail / (last - before)) / (last - knots[0]) ** 2
    return np.concatenate((x[..., None], columns), axis=-1)
