"""What of a curve is drawn: few points, none of them visibly missed, written compactly.

A step is drawn where the curve enters another row of half a pixel, so that the drawn curve is nowhere
more than half a pixel from the true one, and a million patients need no more points than the screen
has rows.
"""

import numpy as np
from numpy.typing import NDArray

from kras_core.stats.results import Floats

MAX_POINTS = 2000

Indices = NDArray[np.intp]


def falls(survival: Floats, pixels: float) -> Indices:
    """Indices of the steps to draw of S (m,), not increasing from 1, on an axis of so many pixels.

    The first step into each row, and the last of all, so that the curve ends at its exact height.
    """
    rows = int(min(2 * pixels, MAX_POINTS - 10))
    levels = np.append(np.arange(rows, 0, -1) / rows, np.nextafter(survival[-1:], 2.0))
    first = survival.size - np.searchsorted(survival[::-1], levels, side="left")
    kept = np.unique(first[first < survival.size])
    return kept[survival[kept] < 1.0]


def sparse(indices: Indices, most: int) -> Indices:
    """At most so many of these, evenly, first and last among them."""
    if indices.size <= most:
        return indices
    return indices[np.linspace(0, indices.size - 1, most).round().astype(np.intp)]


def apart(x: Floats, gap: float) -> Indices:
    """Indices of ascending x (m,), one in every `gap`: for marks that would cover each other."""
    return np.flatnonzero(np.diff(np.floor(x / gap), prepend=-np.inf))


def numbers(values: Floats, places: int = 3) -> list[float]:
    """Numbers for Plotly, written out: arrays in base64 would make it draw every figure twice (see `canvas`)."""
    return values.round(places).tolist()
