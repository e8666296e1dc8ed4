"""Which covariates of a Cox model have an infinite estimate: separation, or monotone likelihood.

The partial likelihood has no finite maximum where some combination δ of the covariates is, at every event, as high in
the patient who has it as in everybody else at risk (Bryson and Johnson 1981, Technometrics 23:381–383). Such δ form a
cone; a covariate is named where the cone reaches away from 0 in its direction. Linear programming finds out, as Konis
2007 does for logistic regression.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_matrix, csr_matrix, hstack, vstack

from kras_core.stats.event_table import TimeGrid
from kras_core.stats.results import Floats

MOST_CELLS = 3_000_000  # risk sets written out, under delayed entry
AWAY = 1e-5


def infinite(grid: TimeGrid, event: NDArray[np.bool_], covariates: Floats) -> NDArray[np.int_] | None:
    """1, -1 or 0 for each of covariates (n, p): its log hazard goes to +∞, to −∞, or nowhere.

    2 where it may go either way (a column that nothing at risk distinguishes). None where it was not found out: under
    delayed entry of many patients.
    """
    x = covariates - covariates.mean(axis=0)
    spread = np.abs(x).max(axis=0)
    x = np.divide(x, spread, out=np.zeros_like(x), where=spread > 0)
    limits = _limits(grid, event, x)
    if limits is None:
        return None
    p = x.shape[1]
    bounds = [(-1.0, 1.0)] * p + [(None, None)] * (limits.shape[1] - p)
    found = np.zeros(p, dtype=int)
    for k in range(p):
        up, down = (_reach(limits, bounds, k, side) > AWAY for side in (1.0, -1.0))
        found[k] = 2 if up and down else int(up) - int(down)
    return found


def _reach(limits: csr_matrix, bounds: list[tuple[float | None, float | None]], k: int, side: float) -> float:
    aim = np.zeros(limits.shape[1])
    aim[k] = -side
    solved = linprog(aim, A_ub=limits, b_ub=np.zeros(limits.shape[0]), bounds=bounds, method="highs")  # type: ignore[arg-type]
    return float(-solved.fun) if solved.success else 0.0


def _limits(grid: TimeGrid, event: NDArray[np.bool_], x: Floats) -> csr_matrix | None:
    """Rows that must not be above 0, over (δ, m): m_t is at least every δ·x at risk at event time t, and at most that
    of everyone who has the event there."""
    p = x.shape[1]
    times = np.unique(grid.exit[event])
    t = times.size
    of_event = np.searchsorted(times, grid.exit[event])
    have_it = hstack((csr_matrix(-x[event]), _ones(of_event, t)))
    if grid.entry is None:
        last = np.searchsorted(times, grid.exit, side="right") - 1
        seen = last >= 0
        at_risk = hstack((csr_matrix(x[seen]), -_ones(last[seen], t)))
        later = coo_matrix(
            (
                np.repeat([1.0, -1.0], t - 1),
                (np.tile(np.arange(t - 1), 2), p + np.concatenate((np.arange(1, t), np.arange(t - 1)))),
            ),
            shape=(t - 1, p + t),
        )
        return csr_matrix(vstack((have_it, at_risk, later)))
    there = (grid.entry[:, None] < times) & (grid.exit[:, None] >= times)
    who, when = np.nonzero(there)
    if who.size * (p + 1) > MOST_CELLS:
        return None
    return csr_matrix(vstack((have_it, hstack((csr_matrix(x[who]), -_ones(when, t))))))


def _ones(columns: NDArray[np.intp], width: int) -> csr_matrix:
    return csr_matrix((np.ones(columns.size), (np.arange(columns.size), columns)), shape=(columns.size, width))
