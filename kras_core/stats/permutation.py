"""The log-rank test by permutation: exact where few patients make the chi-squared approximation doubtful.

Every patient has a log-rank score; under the null hypothesis, with equal censoring in the groups, each
way of dealing the scores to groups of these sizes is equally probable. The p value is the proportion of
allocations whose statistic is at least the observed one.
"""

from collections.abc import Callable, Iterator
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from kras_core.stats.event_table import code_times, tabulate
from kras_core.stats.results import NAN, Floats, TestResult

TIE = 1e-9  # statistics closer than this, relatively, differ by rounding only
CHUNK_CELLS = 2_000_000  # scores held at once while sampling: 16 MB
ASSUMES = "assumes equal censoring in the groups"

Progress = Callable[[float], None]


def permutation_logrank(
    time: ArrayLike,
    event: ArrayLike,
    groups: ArrayLike,
    *,
    max_allocations: int = 300_000,
    samples: int = 100_000,
    seed: int = 0,
    entry: ArrayLike | None = None,
    progress: Progress | None = None,
) -> TestResult:
    """Permutation log-rank p for any number of groups.

    time (n,); event (n,) 0/1; groups (n,) codes 0..k-1, -1 leaves the row out. The statistic is
    (n - 1)/Σa² · Σ_k U_k²/n_k with scores a = event - pooled Nelson–Aalen estimate at the patient's
    time (events before censorings at ties) and U_k their sum in group k, which is observed minus
    expected events; its df (groups with a patient, less one) is that of the chi-squared approximation,
    which p does not use. All multinomial(n; n_1..n_k) allocations are counted if they are at most
    max_allocations; else `samples` random ones (seeded), p is (1 + as extreme)/(1 + samples) and
    std_error its Monte Carlo standard error. Ties in the statistic count as as extreme.

    It assumes equal censoring in the groups: exchangeable patients, so it can mislead where follow-up
    differs by group. Undefined (NaN and a reason): delayed entry (patients who enter at different
    times are not exchangeable), fewer than two groups with a patient, no events, all scores equal.
    progress is called with the fraction done while sampling.
    Source: Peto and Peto, J R Stat Soc A 1972; 135: 185–206 (scores, permutation variance).
    """
    codes = np.asarray(groups, dtype=np.intp)
    k = int(codes.max(initial=0)) + 1
    kept = codes >= 0
    if entry is not None:
        return _undefined("undefined under delayed entry: patients who enter at different times are not exchangeable")
    codes, happened = codes[kept], np.asarray(event).astype(bool)[kept]
    sizes = np.bincount(codes, minlength=k)
    if np.count_nonzero(sizes) < 2:
        return _undefined("needs at least two groups with patients")
    if not happened.any():
        return _undefined("no events")
    scores = logrank_scores(np.asarray(time, dtype=np.float64)[kept], happened)
    if not np.any(np.abs(scores) > TIE):
        return _undefined("all patients have the same score")
    excess = np.bincount(codes, scores, k).astype(np.float64)
    observed = np.bincount(codes, happened, k)
    used = sizes > 0
    statistic = float(_statistic(excess[used], sizes[used], scores))
    p, std_error, how = _p_value(statistic, scores, sizes[used], max_allocations, samples, seed, progress)
    return TestResult(
        statistic,
        int(np.count_nonzero(used)) - 1,
        p,
        f"permutation log-rank, {how} ({ASSUMES})",
        tuple(observed.tolist()),
        tuple((observed - excess).tolist()),
        std_error=std_error,
    )


def logrank_scores(time: ArrayLike, event: ArrayLike) -> Floats:
    """Event minus the pooled Nelson–Aalen estimate at the patient's time, shape (n,); they sum to 0."""
    grid = code_times(time)
    happened = np.asarray(event).astype(bool)
    table = tabulate(grid, happened, None, 1)
    cumulative_hazard = np.cumsum(table.events[0] / table.at_risk[0])
    return happened - cumulative_hazard[grid.exit]


def log_allocations(sizes: ArrayLike) -> float:
    """Log of the number of ways of dealing Σ sizes patients to groups of these sizes (multinomial coefficient)."""
    counts = np.asarray(sizes, dtype=np.float64)
    return float(gammaln(counts.sum() + 1) - gammaln(counts + 1).sum())


def group_sums_of_all_allocations(scores: Floats, sizes: NDArray[np.intp]) -> Floats:
    """Sum of the scores in each group under every allocation, shape (k, allocations).

    Patients are dealt one after another to every group that still has room. No partial allocation is a
    dead end, so at no step are there more columns than at the end.
    """
    room = np.asarray(sizes, dtype=np.int32)[:, None]
    sums = np.zeros((room.size, 1))
    for score in scores:
        takers = [np.flatnonzero(places) for places in room]
        parents = np.concatenate(takers)
        room, sums = room.take(parents, axis=1), sums.take(parents, axis=1)
        ends = np.cumsum([taker.size for taker in takers])
        for group, (end, taker) in enumerate(zip(ends, takers, strict=True)):
            dealt = slice(end - taker.size, end)
            room[group, dealt] -= 1
            sums[group, dealt] += score
    return sums


def count_as_extreme(
    scores: Floats, sizes: NDArray[np.intp], threshold: float, samples: int, seed: int
) -> Iterator[tuple[int, int]]:
    """Random allocations in chunks: yields (drawn so far, of them with a statistic of at least threshold)."""
    rng = np.random.default_rng(seed)
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    chunk = max(1, CHUNK_CELLS // scores.size)
    drawn = extreme = 0
    while drawn < samples:
        rows = min(chunk, samples - drawn)
        shuffled = rng.permuted(np.broadcast_to(scores, (rows, scores.size)), axis=1)
        statistics = _statistic(np.add.reduceat(shuffled, starts, axis=1), sizes, scores)
        drawn, extreme = drawn + rows, extreme + int(np.count_nonzero(statistics >= threshold))
        yield drawn, extreme


def _p_value(
    observed: float,
    scores: Floats,
    sizes: NDArray[np.intp],
    max_allocations: int,
    samples: int,
    seed: int,
    progress: Progress | None,
) -> tuple[float, float, str]:
    """p, its Monte Carlo standard error (0 where exact), and how it was found."""
    threshold = observed * (1 - TIE) - TIE**2  # the second term: an observed 0 is rounding noise too
    if log_allocations(sizes) <= np.log(max_allocations + 0.5):
        statistics = _statistic(group_sums_of_all_allocations(scores, sizes).T, sizes, scores)
        return float(np.mean(statistics >= threshold)), 0.0, f"all {statistics.size:,} allocations"
    drawn = extreme = 0
    for drawn, extreme in count_as_extreme(scores, sizes, threshold, samples, seed):  # noqa: B007
        if progress is not None:
            progress(drawn / samples)
    p = (1 + extreme) / (1 + drawn)
    return p, sqrt(p * (1 - p) / drawn), f"{drawn:,} random allocations, seed {seed}"


def _statistic(sums: Floats, sizes: NDArray[np.intp], scores: Floats) -> Floats:
    """(n - 1)/Σa² · Σ_k U_k²/n_k for group sums of shape (..., k)."""
    return (scores.size - 1) / (scores @ scores) * ((sums**2) @ (1 / sizes))


def _undefined(reason: str) -> TestResult:
    return TestResult(NAN, 0, NAN, f"permutation log-rank ({ASSUMES})", reason=reason)
