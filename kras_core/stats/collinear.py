"""Columns of a model that others determine: named before a fit fails on them."""

import numpy as np

from kras_core.stats.results import Floats

TOLERANCE = 1e-8  # relative: what is left of a column beside those before it
SAME = 1e-13  # relative: the spread of one value, written with rounding


def determined(columns: Floats) -> dict[int, tuple[int, ...]]:
    """Which of columns (n, p) are combinations of a constant and earlier ones, and of which; () for a constant.

    In order, as R's `coxph` drops aliased columns: of two equal columns the second is named. A column that is
    determined explains no later one.
    """
    n, p = columns.shape
    found: dict[int, tuple[int, ...]] = {}
    kept: list[int] = []
    if not n:
        return dict.fromkeys(range(p), ())
    centred = columns - columns.mean(axis=0)
    size = np.linalg.norm(centred, axis=0)
    scale = np.maximum(np.abs(columns).max(axis=0), 1e-300) * np.sqrt(n)
    for j in range(p):
        if size[j] <= SAME * scale[j]:
            found[j] = ()
            continue
        own = centred[:, j] / size[j]
        if kept:
            others = centred[:, kept] / size[kept]
            weights = np.linalg.lstsq(others, own, rcond=None)[0]
            if np.linalg.norm(own - others @ weights) <= TOLERANCE:
                found[j] = tuple(k for k, w in zip(kept, weights, strict=True) if abs(w) > 1e-6)
                continue
        kept.append(j)
    return found
