"""Most extreme figures found: the smallest log-rank p, or the smallest standard error, with a given hazard ratio.

No theorem bounds these, so orders of events are searched. Only the order counts, not the times. Where all orders
without censoring are few enough they are all looked at, and the result is the smallest over those; else simulated
annealing (Kirkpatrick et al. 1983) over orders and censorings gives the *most extreme found*, which proves
reachability and never impossibility. Ties are left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice
from math import comb
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from kras_core.audit.losses import Progress
from kras_core.audit.printed import Interval
from kras_core.stats.cox import cox
from kras_core.stats.event_table import EventTable, event_table
from kras_core.stats.hazard_ratio import logrank_hazard_ratio, mantel_haenszel_hazard_ratio
from kras_core.stats.logrank import logrank
from kras_core.stats.results import Floats

Wanted = Literal["logrank-p", "se"]
Method = Literal["cox", "logrank", "mantel-haenszel"]
Bools = NDArray[np.bool_]

ALL_ORDERS = 400_000
CHUNK = 50_000
CHAINS, MOVES, REPORTS = 96, 900, 15
HOT, COLD = 0.5, 0.005
OUTSIDE = 40.0  # price of a log hazard ratio off the printed one, per unit


@dataclass(frozen=True, slots=True)
class Extreme:
    """value: the smallest p or standard error; ratio: the hazard ratio beside it; NaN where none with the printed ratio
    was found. order: who comes when, (group, event) with group 1 above the line. every: over all orders without
    censoring, not only over those searched."""

    wanted: Wanted
    method: Method
    value: float
    ratio: float
    order: tuple[tuple[int, bool], ...]
    every: bool
    tried: int


def smallest(
    wanted: Wanted, method: Method, ratio: Interval, sizes: tuple[int, int], seed: int = 1
) -> Iterator[Progress]:
    """The smallest log-rank p or standard error at a hazard ratio (group 1 over group 0, sizes = (n₀, n₁)) within the
    printed interval. Every Progress has the best so far."""
    n = sum(sizes)
    if method != "cox" and comb(n, sizes[1]) <= ALL_ORDERS:
        yield from _over_all(wanted, method, ratio, sizes)
    else:
        yield from _searched(wanted, method, ratio, sizes, np.random.default_rng(seed))


def _over_all(wanted: Wanted, method: Method, ratio: Interval, sizes: tuple[int, int]) -> Iterator[Progress]:
    n, total = sum(sizes), comb(sum(sizes), sizes[1])
    orders, done = combinations(range(n), sizes[1]), 0
    best, best_group = np.inf, None
    while done < total:
        places = np.array(list(islice(orders, CHUNK)))
        group = np.zeros((len(places), n), dtype=bool)
        group[np.arange(len(places))[:, None], places] = True
        value, beta = _figures(group, np.ones_like(group), wanted, method)
        value = np.where((beta >= np.log(ratio.low)) & (beta <= np.log(ratio.high)), value, np.inf)
        if value.min() < best:
            best, best_group = float(value.min()), group[value.argmin()]
        done += len(places)
        yield Progress(done, total, _told(wanted, method, best_group, np.ones(n, dtype=bool), True, done))


def _searched(
    wanted: Wanted, method: Method, ratio: Interval, sizes: tuple[int, int], rng: np.random.Generator
) -> Iterator[Progress]:
    n = sum(sizes)
    low, high = np.log(ratio.low), np.log(ratio.high)
    group = rng.permuted(np.tile(np.arange(n) < sizes[1], (CHAINS, 1)), axis=1)
    event = np.ones_like(group)
    start = np.zeros(CHAINS)

    def price(group: Bools, event: Bools, beta: Floats) -> tuple[Floats, Floats, Floats]:
        value, beta = _figures(group, event, wanted, method, beta)
        outside = np.maximum(np.maximum(low - beta, beta - high), 0)
        scaled = np.log(np.maximum(value, 1e-300)) if wanted == "logrank-p" else value * 10
        return np.nan_to_num(scaled, nan=1e3) + OUTSIDE * outside, beta, np.where(outside > 0, np.inf, value)

    cost, start, _ = price(group, event, start)
    best, best_group, best_event = np.inf, None, event[0]
    for move in range(MOVES):
        heat = HOT * (COLD / HOT) ** (move / MOVES)
        new_group, new_event = _moved(group, event, rng)
        new_cost, beta, value = price(new_group, new_event, start)
        taken = rng.random(CHAINS) < np.exp(np.minimum((cost - new_cost) / heat, 0))
        group[taken], event[taken], cost[taken], start[taken] = (
            new_group[taken],
            new_event[taken],
            new_cost[taken],
            beta[taken],
        )
        if value.min() < best:
            chain = int(value.argmin())
            best, best_group, best_event = float(value[chain]), new_group[chain].copy(), new_event[chain].copy()
        if (move + 1) % (MOVES // REPORTS) == 0:
            told = _told(wanted, method, best_group, best_event, False, (move + 1) * CHAINS)
            yield Progress(move + 1, MOVES, told)


def _moved(group: Bools, event: Bools, rng: np.random.Generator) -> tuple[Bools, Bools]:
    """Swap two patients in every chain; in a third of them turn an event into a censoring or back."""
    chains, n = group.shape
    a, b = rng.integers(n, size=(2, chains))
    rows = np.arange(chains)
    group, event = group.copy(), event.copy()
    for what in (group, event):
        what[rows, a], what[rows, b] = what[rows, b], what[rows, a]
    flipped = rng.random(chains) < 1 / 3
    event[rows[flipped], a[flipped]] ^= True
    return group, event


def _figures(
    group: Bools, event: Bools, wanted: Wanted, method: Method, start: Floats | None = None
) -> tuple[Floats, Floats]:
    """The wanted figure and the log hazard ratio of each order, shapes (orders,). group, event: (orders, n)."""
    n = group.shape[1]
    at_risk = np.cumsum(group[:, ::-1], axis=1)[:, ::-1]
    share = at_risk / np.arange(n, 0, -1)
    expected = (event * share).sum(axis=1)
    variance = (event * share * (1 - share)).sum(axis=1)
    observed = (event & group).sum(axis=1)
    events = event.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        if method == "mantel-haenszel":
            beta, se = (observed - expected) / variance, 1 / np.sqrt(variance)
        elif method == "logrank":
            other, other_expected = events - observed, events - expected
            beta = np.log(observed / expected) - np.log(other / other_expected)
            se = np.sqrt(1 / expected + 1 / other_expected)
        else:
            beta, se = _cox(share, event, observed, start)
        value = chdtrc(1, (observed - expected) ** 2 / variance) if wanted == "logrank-p" else se
    return np.where(np.isfinite(beta), value, np.nan), np.nan_to_num(beta, nan=np.inf)


def _cox(share: Floats, event: Bools, observed: Floats, start: Floats | None) -> tuple[Floats, Floats]:
    """Newton from a warm start, held within ±6; the kernel's own fit judges what is reported."""
    beta = np.zeros(len(observed)) if start is None else start.copy()
    for _ in range(4):
        risk = share * np.exp(beta)[:, None]
        p = risk / (risk + 1 - share)
        information = np.maximum((event * p * (1 - p)).sum(axis=1), 1e-9)
        beta = np.clip(beta + np.clip((observed - (event * p).sum(axis=1)) / information, -1.5, 1.5), -6, 6)
    return beta, 1 / np.sqrt(information)


def _told(wanted: Wanted, method: Method, group: Bools | None, event: Bools, every: bool, tried: int) -> Extreme:
    """The best order, its figures by the kernel."""
    if group is None:
        return Extreme(wanted, method, float("nan"), float("nan"), (), every, tried)
    table = event_table(np.arange(1.0, len(group) + 1), event, group.astype(np.int64), k=2)
    ratio = _ratio(table, method)
    value = logrank(table).p if wanted == "logrank-p" else ratio.std_error
    order = tuple(zip(group.astype(int).tolist(), event.tolist(), strict=True))
    return Extreme(wanted, method, value, ratio.estimate, order, every, tried)


def _ratio(table: EventTable, method: Method):
    labels = ("0", "1")
    if method == "cox":
        return cox(table, labels, 0, "breslow")[0]
    return (logrank_hazard_ratio if method == "logrank" else mantel_haenszel_hazard_ratio)(table, labels, 0)
