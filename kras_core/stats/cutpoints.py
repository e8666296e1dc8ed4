"""Two groups at every possible cut-off of a marker at once: log-rank test and Cox hazard ratio.

From one cut-off to the next a few patients change sides. The log-rank numerator is a sum of scores over
the high group. Its variance Σ c·q·(1 - q), with q the share of the high group among those at risk,
needs Σ b_t·n_t² over the times, which is the sum of B(min(T_i, T_k)) over all pairs within the group:
counted by halving the order of the marker again and again (what two Fenwick trees would do, in a
dozen passes over arrays). Cox models are fitted for a block of cut-offs at a time, one row per event.

Under delayed entry both come from the event tables of all groupings (`logrank_many`, `cox.fit`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtri

from kras_core.conventions import Ties
from kras_core.stats.cox import TIES_NAME, fit
from kras_core.stats.event_table import TimeGrid, tabulate
from kras_core.stats.logrank import ROUNDING, logrank_many
from kras_core.stats.results import NAN, CutoffScan, Floats, Ints

TRIM = 0.1  # a cut-off leaves at least this share of the patients on either side (maxstat's minprop and 1 - maxprop)
MAX_STEPS = 100
STEP_TOLERANCE = 1e-7  # Newton's steps shorten quadratically: the next one would be below 1e-13
BLOCK_CELLS = 1 << 17  # cut-offs × events held at once: 1 MB, so that a block stays in the processor's cache
MOST_CELLS = 150_000_000  # beyond, Cox models are fitted at evenly spread cut-offs
BATCH_CELLS = 4_000_000

Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """Candidates (m,), ascending, with the number of patients at or below each; order (n,) sorts the marker; end: its
    next value above the last candidate (NaN without any)."""

    values: Floats
    below: Ints
    order: Codes
    end: float


def possible_cutoffs(marker: ArrayLike, trim: float = TRIM) -> Cutoffs:
    """Every value of the marker (n,) that splits the patients and leaves a share `trim` on either side.

    As maxstat.test: floor(n·trim) <= patients at or below <= floor(n·(1 - trim)). Empty where there is
    none: a constant marker, or one with most patients at its lowest or highest value.
    """
    x = np.asarray(marker, dtype=np.float64)
    order = np.argsort(x, kind="stable")
    ordered = x[order]
    last_of_its_value = np.flatnonzero(np.diff(ordered))  # the largest value is no cut-off: nobody would be above
    below = last_of_its_value + 1
    inside = (below >= max(1, np.floor(x.size * trim))) & (below <= np.floor(x.size * (1 - trim)))
    kept = below[inside]
    return Cutoffs(ordered[kept - 1], kept, order, float(ordered[kept[-1]]) if kept.size else NAN)


def scan(
    grid: TimeGrid,
    event: NDArray[np.bool_],
    marker: ArrayLike,
    ties: Ties = "efron",
    trim: float = TRIM,
    confidence: float = 0.95,
) -> CutoffScan:
    """Log-rank test and Cox hazard ratio (high v low, Wald limits) at every possible cut-off.

    grid and event as for `tabulate`; marker (n,) without missing values.
    """
    found = possible_cutoffs(marker, trim)
    method = f"log-rank test and Cox model ({TIES_NAME[ties]}) at every cut-off of the inner {1 - 2 * trim:.0%}"
    if grid.entry is not None:
        chi2, log_ratio, std_error = _by_tables(grid, event, found, ties)
        fitted = np.ones(found.below.size, dtype=bool)
    else:
        exits, happened = grid.exit[found.order], event[found.order]
        chi2 = _logrank(exits, happened, grid.times.size, found.below)
        log_ratio, std_error, fitted = _cox(exits, happened, grid.times.size, found.below, ties)
    half, n = float(ndtri(0.5 + confidence / 2)) * std_error, found.order.size
    low, high = np.exp(log_ratio - half), np.exp(log_ratio + half)
    p = chdtrc(1, chi2)
    return CutoffScan(found.values, found.below, n, found.end, chi2, p, log_ratio, std_error, low, high, fitted, method)


def bootstrap(
    grid: TimeGrid, event: NDArray[np.bool_], marker: ArrayLike, samples: int = 1000, seed: int = 0, chunk: int = 25
) -> Iterator[Floats]:
    """The cut-off with the smallest log-rank p in resamples of the patients, in chunks: yields arrays (<= chunk,).

    Each resample is searched as the data were, over its own inner cut-offs; NaN where none has a defined test.
    Not offered under delayed entry (raises ValueError).
    """
    if grid.entry is not None:
        raise ValueError("the bootstrap of a cut-off is not offered under delayed entry")
    rng, x = np.random.default_rng(seed), np.asarray(marker, dtype=np.float64)
    for start in range(0, samples, chunk):
        chosen = np.full(min(chunk, samples - start), NAN)
        for i in range(chosen.size):
            rows = rng.integers(0, x.size, x.size)
            found = possible_cutoffs(x[rows])
            drawn = rows[found.order]
            chi2 = _logrank(grid.exit[drawn], event[drawn], grid.times.size, found.below)
            if not np.isnan(chi2).all():
                chosen[i] = found.values[np.nanargmax(chi2)]
        yield chosen


def _logrank(exits: Codes, event: NDArray[np.bool_], times: int, below: Ints) -> Floats:
    """χ² (m,) at every cut-off; exits and event (n,) in the order of the marker. NaN where the variance is nil."""
    if not below.size:
        return np.empty(0)
    d = np.bincount(exits[event], minlength=times).astype(np.float64)
    n = np.cumsum(np.bincount(exits, minlength=times)[::-1])[::-1].astype(np.float64)
    n = np.maximum(n, 1.0)
    c = d * (n - d) / np.maximum(n - 1.0, 1.0) / n
    hazard, linear, square = np.cumsum(d / n)[exits], np.cumsum(c)[exits], np.cumsum(c / n)[exits]
    first = _suffix_sums(linear)
    second = _suffix_sums(square + 2.0 * _sums_of_minima(exits, square))
    excess, variance = _suffix_sums(event - hazard)[below], (first - second)[below]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(variance > 100 * ROUNDING * np.maximum(first[below], 1e-300), excess**2 / variance, NAN)


def _suffix_sums(values: Floats) -> Floats:
    """Sum from each position to the end."""
    return np.cumsum(values[::-1])[::-1]


def _sums_of_minima(exits: Codes, weight: Floats) -> Floats:
    """Σ over k > i of B(min(exit_i, exit_k)) for every i, with weight_i = B(exit_i), B not decreasing.

    In blocks of 2, 4, 8 … patients in the order of the marker, sorted by exit: every patient of a left
    half meets its right half once.
    """
    n = exits.size
    padded = 1 << max(1, int(np.ceil(np.log2(max(n, 2)))))
    place = np.argsort(exits, kind="stable")
    place = np.concatenate((place, np.arange(n, padded)))  # padding comes last and weighs nothing
    value = np.concatenate((weight, np.zeros(padded - n)))
    real = np.arange(padded) < n
    total = np.zeros(padded)
    half = padded // 2
    while half:
        # Stable partition of every block, so that each stays sorted by exit.
        blocks = place.reshape(-1, 2 * half)
        right = (blocks & half) > 0
        heavy = np.where(right, value[blocks], 0.0)
        known = right & real[blocks]
        earlier, later = np.cumsum(heavy, axis=1), known.sum(axis=1, keepdims=True) - np.cumsum(known, axis=1)
        left = ~right
        total[blocks[left]] += (earlier + value[blocks] * later)[left]
        place = np.concatenate((blocks[left].reshape(-1, half), blocks[right].reshape(-1, half)), axis=1).ravel()
        half //= 2
    return total[:n]


@dataclass(frozen=True, slots=True)
class EventRows:
    """One row per event (Efron) or event time (Breslow), in order of time.

    at_risk (r,): everybody's weight in the denominator. share (r,): what an event at that time has lost of its
    own weight. weight (r,): how often the row counts. first (T,) and end (T,): the rows of a coded time.
    """

    at_risk: Floats
    share: Floats
    weight: Floats
    first: Codes
    end: Codes


def _event_rows(exits: Codes, event: NDArray[np.bool_], times: int, ties: Ties) -> EventRows:
    d = np.bincount(exits[event], minlength=times)
    n = np.cumsum(np.bincount(exits, minlength=times)[::-1])[::-1]
    rows = d if ties == "efron" else (d > 0).astype(d.dtype)
    end = np.cumsum(rows)
    first = end - rows
    of_time = np.repeat(np.arange(times), rows)
    nth = np.arange(of_time.size) - first[of_time] if ties == "efron" else np.zeros(of_time.size)
    weight = np.ones(of_time.size) if ties == "efron" else d[of_time].astype(np.float64)
    return EventRows((n[of_time] - nth).astype(np.float64), nth / d[of_time], weight, first, end)


def _cox(
    exits: Codes, event: NDArray[np.bool_], times: int, below: Ints, ties: Ties
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Log hazard ratios (high v low) and their standard errors at every cut-off, and where they were fitted."""
    log_ratio, std_error = np.full(below.size, NAN), np.full(below.size, NAN)
    fitted = np.zeros(below.size, dtype=bool)
    if not below.size or not event.any():
        return log_ratio, std_error, ~fitted
    rows = _event_rows(exits, event, times, ties)
    most = max(200, MOST_CELLS // rows.at_risk.size)
    kept = np.arange(below.size) if below.size <= most else np.linspace(0, below.size - 1, most).round().astype(int)
    fitted[kept] = True
    finite = _finite(exits, event, times, below)[kept]
    low_events = np.concatenate(([0], np.cumsum(event)))[below[kept]]
    high_events = (event.sum() - low_events).astype(np.float64)
    per_block = max(1, BLOCK_CELLS // rows.at_risk.size)
    low, start, beta = np.zeros(rows.at_risk.size), 0, 0.0
    for i in range(0, kept.size, per_block):
        block = kept[i : i + per_block]
        gone = _weights_between(exits, event, start, below[block], rows)
        gone = np.cumsum(gone, axis=0, out=gone)
        gone += low
        low, start = gone[-1].copy(), int(below[block[-1]])
        share = np.divide(rows.at_risk - gone, rows.at_risk, out=gone)
        inside = slice(i, i + block.size)
        found, information = _newton(share, rows.weight, high_events[inside], finite[inside], beta)
        log_ratio[block] = np.where(finite[inside], found, NAN)
        with np.errstate(divide="ignore"):
            std_error[block] = np.where(finite[inside], information**-0.5, NAN)
        beta = float(found[-1])
    return log_ratio, std_error, fitted


def _weights_between(exits: Codes, event: NDArray[np.bool_], start: int, below: Ints, rows: EventRows) -> Floats:
    """Weight in every row's denominator of the patients between one cut-off and the next, shape (cut-offs, rows)."""
    shape = (below.size, rows.at_risk.size + 1)
    patients = slice(start, int(below[-1]))
    block = np.searchsorted(below, np.arange(patients.start, patients.stop), side="right")
    last, happened = exits[patients], event[patients]
    cells = np.bincount(block * shape[1] + rows.end[last], minlength=shape[0] * shape[1]).reshape(shape)
    weights = np.cumsum(cells[:, :0:-1], axis=1, dtype=np.float64)[:, ::-1]
    tied = np.flatnonzero(happened & (rows.end[last] - rows.first[last] > 1))
    if tied.size:
        counts = (rows.end - rows.first)[last[tied]]
        place = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        row = np.repeat(rows.first[last[tied]], counts) + place
        at = np.repeat(block[tied], counts) * rows.share.size + row
        weights = weights - np.bincount(at, rows.share[row], weights.size).reshape(weights.shape)
    return weights


def _newton(
    share: Floats, weight: Floats, events: Floats, finite: NDArray[np.bool_], start: float
) -> tuple[Floats, Floats]:
    """Maximum of Σ_events β - Σ weight·log(1 - share + share·e^β) for every cut-off; share (cut-offs, rows).

    Steps are shortened as in `cox._newton`, with the information at the last of them.
    """
    beta = np.where(finite, start, 0.0)
    plain = bool((weight == 1.0).all())
    p, below = np.empty_like(share), np.empty_like(share)
    information = np.ones_like(beta)
    for _ in range(MAX_STEPS):
        ratio = np.exp(beta)[:, None]
        np.multiply(share, ratio - 1.0, out=below)
        below += 1.0
        np.divide(share, below, out=p)
        p *= ratio
        expected = p.sum(axis=1) if plain else p @ weight
        squares = np.einsum("ij,ij->i", p, p) if plain else np.einsum("ij,ij,j->i", p, p, weight)
        information = expected - squares
        step = np.where(finite, (events - expected) / np.where(information > 0, information, np.inf), 0.0)
        size = np.abs(step)
        beta += step * (np.log1p(size) / np.maximum(size, 1e-300))
        if size.max(initial=0.0) < STEP_TOLERANCE:
            break
    return beta, information


def _finite(exits: Codes, event: NDArray[np.bool_], times: int, below: Ints) -> NDArray[np.bool_]:
    """Whether both groups have an event while both are at risk: then the maximum is finite."""
    first = np.where(event, exits, times)
    last_low = np.maximum.accumulate(exits)[below - 1]
    last_high = np.maximum.accumulate(exits[::-1])[::-1][below]
    first_low = np.minimum.accumulate(first)[below - 1]
    first_high = np.minimum.accumulate(first[::-1])[::-1][below]
    return np.maximum(first_low, first_high) <= np.minimum(last_low, last_high)


def _by_tables(grid: TimeGrid, event: NDArray[np.bool_], found: Cutoffs, ties: Ties) -> tuple[Floats, Floats, Floats]:
    """The same from the event tables of many groupings at once: any kind of follow-up."""
    rank = np.empty(found.order.size, dtype=np.intp)
    rank[found.order] = np.arange(found.order.size)
    chi2, log_ratio, std_error = (np.full(found.below.size, NAN) for _ in range(3))
    per_batch = max(1, BATCH_CELLS // (4 * max(grid.times.size, rank.size)))
    for i in range(0, found.below.size, per_batch):
        inside = slice(i, i + per_batch)
        table = tabulate(grid, event, (rank >= found.below[inside, None]).astype(np.intp), 2)
        chi2[inside] = logrank_many(table)[0]
        if event.any():
            model = fit(table, 0, ties)
            log_ratio[inside] = np.where(model.finite, model.beta[:, 1], NAN)
            with np.errstate(invalid="ignore"):
                std_error[inside] = np.where(model.finite, np.sqrt(model.covariance[:, 1, 1]), NAN)
    return chi2, log_ratio, std_error
