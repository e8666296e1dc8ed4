"""How much better a model looks in its own patients than it would in others: Harrell's bootstrap.

Harrell, Lee and Mark 1996 (Stat Med 15:361–387): fitted anew in every resample, a model's concordance there less its
concordance in the original patients is its optimism; the mean of that comes off the apparent concordance.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from kras_core.conventions import Ties
from kras_core.stats.event_table import TimeGrid
from kras_core.stats.numeric_cox import fit_numeric
from kras_core.stats.results import NAN, Floats, Optimism

METHOD = "Harrell's C less the bootstrap's optimism"


def optimism(
    grid: TimeGrid, event: NDArray[np.bool_], covariates: Floats, ties: Ties, samples: int, seed: int
) -> Iterator[tuple[float, Optimism]]:
    """One resample after the other: (fraction done, result so far). Times without delayed entry.

    A resample in which a covariate has one value is fitted without it. One without a finite fit does not count, and is
    counted as failed: the more of them, the less the correction takes off.
    """
    rng = np.random.default_rng(seed)
    time, n = grid.times[grid.exit], event.size
    own = _fitted(grid, event, covariates, ties)
    if own is None:
        yield 1.0, Optimism(NAN, NAN, NAN, NAN, 0, 0, seed, METHOD, "the model has no finite fit")
        return
    apparent = _concordance(time, event, covariates @ own)
    found: list[float] = []
    for done in range(1, samples + 1):
        rows = rng.integers(0, n, n)
        again = TimeGrid(grid.times, grid.exit[rows], None)
        beta = _fitted(again, event[rows], covariates[rows], ties)
        if beta is not None:
            inside = _concordance(time[rows], event[rows], covariates[rows] @ beta)
            gain = inside - _concordance(time, event, covariates @ beta)
            if not np.isnan(gain):
                found.append(gain)
        mean = float(np.mean(found)) if found else NAN
        error = float(np.std(found, ddof=1) / np.sqrt(len(found))) if len(found) > 1 else NAN
        yield (
            done / samples,
            Optimism(apparent, mean, apparent - mean, error, done, done - len(found), seed, METHOD),
        )


def _fitted(grid: TimeGrid, event: NDArray[np.bool_], x: Floats, ties: Ties) -> Floats | None:
    varies = np.ptp(x, axis=0) > 0
    if not event.any() or not varies.any():
        return None
    fit = fit_numeric(grid, event, x[:, varies], ties)
    if fit.failed:
        return None
    beta = np.zeros(x.shape[1])
    beta[varies] = fit.beta
    return beta


def _concordance(time: Floats, event: NDArray[np.bool_], risk: Floats) -> float:
    """Harrell's C by scikit-survival; NaN without a pair whose order is known."""
    from sksurv.exceptions import NoComparablePairException
    from sksurv.metrics import concordance_index_censored

    try:
        return float(concordance_index_censored(event, time, risk)[0])
    except NoComparablePairException:
        return NAN
