"""An overall median outside its groups' medians: how many early losses to follow-up it takes.

Without censoring before the larger of two medians the pooled Kaplan–Meier curve is there the mixture of the two
curves, weighted by group size. At the smaller median m₁ group 1 is at or below one half, group 2 above it; at the
larger, m₂, both are at or below one half, and so is their mixture: the pooled median is at most m₂, and by the same
argument at least m₁. Censoring breaks the mixture: the pooled curve hands a lost patient's weight to everybody at
risk, a group's own curve to its own group alone.

So the question is how far above one half the pooled curve can stay (or how far below it can fall) with c patients
censored. Only the order of events and losses counts, not their times; given each group's own order, the best way of
shuffling the two together is found exactly by dynamic programming, so that "c losses suffice" comes with a witness
and "c losses do not" is a proof for untied times.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log, prod

import numpy as np

HALF = 0.5 + 1e-9
LOSSES_TRIED = ((60, 3), (150, 2), (400, 1), (float("inf"), 0))  # patients up to, losses tried
TRIALS = 4000


@dataclass(frozen=True, slots=True)
class Losses:
    """count early losses suffice (None: more than `tried` would be needed). witness: each group's order until its
    median, "e" an event and "c" a loss; together: the shuffled order, as group numbers 0 and 1."""

    count: int | None
    witness: tuple[str, str] = ("", "")
    together: tuple[int, ...] = ()
    survival: float = float("nan")
    tried: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """done of all steps, and what is known so far."""

    done: int
    total: int
    result: object = None


def orders(n: int, losses: int, above: bool = True) -> Iterator[str]:
    """Every order of events and `losses` censorings in a group of n that ends with the event at its median; with
    above=False every one that ends when one more event would be that event."""
    for length in range(losses, n + 1):
        for places in combinations(range(length - 1 if above else length), losses):
            order = "".join("c" if i in places else "e" for i in range(length))
            if _ends_at_median(order, n) if above else _ends_before_median(order, n):
                yield order


def _ends_at_median(order: str, n: int) -> bool:
    return _survival(order[:-1], n) > HALF >= _survival(order, n)


def _ends_before_median(order: str, n: int) -> bool:
    """Whether the curve is still above one half, and nobody is left or one more event would be the median."""
    return _survival(order, n) > HALF and (len(order) == n or _survival(order + "e", n) <= HALF)


def _survival(order: str, n: int) -> float:
    """Kaplan–Meier S after these events and losses."""
    return prod((n - i - 1) / (n - i) for i, what in enumerate(order) if what == "e")


def pooled_survival(pairs: Sequence[tuple[str, str]], n: tuple[int, int], above: bool) -> np.ndarray:
    """The pooled S after both orders of each pair, shuffled so that it is the largest, the second's last event coming
    last (above), or the smallest, in any shuffle. Shape (pairs,)."""
    table, lengths = _tables(pairs, n, above)
    return np.exp(table[lengths[0], lengths[1], np.arange(len(pairs))])


def _tables(pairs: Sequence[tuple[str, str]], n: tuple[int, int], above: bool) -> tuple[np.ndarray, np.ndarray]:
    """Best log S after i and j steps of each pair, shape (rows + 1, columns + 1, pairs), and the pairs' lengths."""
    lengths = np.array([[len(p[g]) for p in pairs] for g in (0, 1)])
    rows, columns = lengths.max(axis=1).tolist()
    dies = [np.array([[c == "e" for c in p[g].ljust(lengths[g].max(), "c")] for p in pairs]).T for g in (0, 1)]
    worst = -np.inf if above else np.inf
    better = np.maximum if above else np.minimum
    table = np.full((rows + 1, columns + 1, len(pairs)), worst)
    table[0, 0] = 0.0
    with np.errstate(divide="ignore"):
        for i in range(rows + 1):
            for j in range(columns + 1):
                drop = np.log1p(-1 / max(sum(n) - i - j + 1, 1)) if i + j else 0.0
                if i:
                    step = table[i - 1, j] + np.where(dies[0][i - 1], drop, 0.0)
                    table[i, j] = better(table[i, j], np.where(above & (lengths[1] == j), worst, step))
                if j:
                    step = table[i, j - 1] + np.where(dies[1][j - 1], drop, 0.0)
                    barred = above & (lengths[1] == j) & (lengths[0] != i)
                    table[i, j] = better(table[i, j], np.where(barred, worst, step))
    return table, lengths


def _shuffle(pair: tuple[str, str], n: tuple[int, int], above: bool) -> tuple[int, ...]:
    """The best shuffle of one pair, back from its end: where the table has what one step fewer leads to."""
    table, lengths = _tables([pair], n, above)
    (i,), (j,) = lengths.tolist()
    path = []
    while i or j:
        drop = log(1 - 1 / (sum(n) - i - j + 1)) if i else 0.0
        barred = above and j == len(pair[1])
        first = i and not barred and abs(table[i - 1, j, 0] + (pair[0][i - 1] == "e") * drop - table[i, j, 0]) < 1e-12
        path.append(0 if first else 1)
        i, j = (i - 1, j) if first else (i, j - 1)
    return tuple(reversed(path))


def fewest_losses(n: tuple[int, int], above: bool = True) -> Iterator[Progress]:
    """The smallest number of early losses with which the pooled median can lie above both medians (or below both), in
    groups of n = (that of the earlier median, that of the later). The last Progress has the Losses."""
    most = next(m for limit, m in LOSSES_TRIED if sum(n) <= limit)
    for count in range(most + 1):
        found = _with_losses(n, count, above)
        if found:
            yield Progress(most + 1, most + 1, found)
            return
        yield Progress(count + 1, most + 1)
    yield Progress(most + 1, most + 1, Losses(None, tried=most))


def _with_losses(n: tuple[int, int], count: int, above: bool) -> Losses | None:
    for in_first in range(count + 1):
        second = list(orders(n[1], count - in_first, above))
        pairs = [(a, b) for a in orders(n[0], in_first, above) for b in second]
        if not pairs:
            continue
        survival = pooled_survival(pairs, n, above)
        best = int(survival.argmax() if above else survival.argmin())
        if survival[best] > HALF if above else survival[best] <= HALF:
            return Losses(count, pairs[best], _shuffle(pairs[best], n, above), float(survival[best]), count)
    return None


def how_often(
    medians: tuple[float, float], n: tuple[int, int], losses: int, above: bool = True, seed: int = 27
) -> Iterator[Progress]:
    """In simulation: in what share of trials does the overall median lie above both medians, or below both?

    Exponential times with these medians, `losses` patients censored at a uniform moment before the later median, the
    others followed to their event. Shares of TRIALS trials.
    """
    rng = np.random.default_rng(seed)
    groups = np.repeat([0, 1], n)
    outside = done = 0
    while done < TRIALS:
        batch = min(500, TRIALS - done)
        time = rng.exponential(np.array(medians)[groups] / log(2), size=(batch, sum(n)))
        event = np.ones(time.shape, dtype=bool)
        for _ in range(losses):
            who = rng.integers(sum(n), size=batch)
            cut = rng.uniform(0, max(medians), size=batch)
            lost = (np.arange(batch), who)
            event[lost] &= cut > time[lost]
            time[lost] = np.minimum(time[lost], cut)
        own = [_medians(time[:, groups == g], event[:, groups == g]) for g in (0, 1)]
        overall = _medians(time, event)
        outside += int((overall > np.maximum(*own) if above else overall < np.minimum(*own)).sum())
        done += batch
        yield Progress(done, TRIALS, outside / done)


def _medians(time: np.ndarray, event: np.ndarray) -> np.ndarray:
    """First time with S at or below one half in each row; infinite where there is none."""
    order = np.argsort(time, axis=1)
    dying = np.take_along_axis(event, order, axis=1)
    ordered = np.take_along_axis(time, order, axis=1)
    at_risk = np.arange(time.shape[1], 0, -1)
    survival = np.cumprod(1 - dying / at_risk, axis=1)
    below = survival <= HALF
    first = below.argmax(axis=1)
    return np.where(below.any(axis=1), ordered[np.arange(len(time)), first], np.inf)
