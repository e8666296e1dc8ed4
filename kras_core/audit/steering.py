"""Steering: the figures of many candidate cohorts at once, on whole-number days.

A search scores a million small cohorts, each with a dozen curves. This evaluator does what the kernel does for a
whole population of candidates in one sweep of array operations, for the SPSS conventions and comparisons of one
level with all others only: some ten microseconds a candidate at n = 27. It steers the search and decides nothing:
what a found cohort has is said by the kernel (`targets.measure`).

Shapes: c candidates, n patients, k strata. Patients are put in the order in which they leave, so that everything is
a running count or product along the last axis.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfc

from kras_core.audit.targets import TIMES, Quantity, Target
from kras_core.stats.results import Floats, Ints

Bools = NDArray[np.bool_]
HALF = 0.5 + 1e-9
Z = 1.959963984540054
NEWTON_STEPS = 6
FARTHEST = 8.0  # log hazard ratio at which Newton's steps are stopped


class Steering:
    """Values of one endpoint's targets, in their order: NaN where undefined, infinity where a median is not reached.

    strata: for every labelling its level names, so that codes index them.
    """

    def __init__(self, targets: Sequence[Target], strata: Mapping[str, Iterable[str]], days_per_month: float):
        code = {(by, level): (i + 1, j) for i, by in enumerate(strata) for j, level in enumerate(strata[by])}
        of = [code[t.by, t.level] if t.by else (0, 0) for t in targets]  # labelling 0 is everybody
        asked = [(quantities, _Strata.asked(targets, of, quantities)) for quantities in _ESTIMATORS]
        self.groups = [(quantities, strata) for quantities, strata in asked if strata.keys]
        rows = [(q, key) for quantities, strata in self.groups for q in quantities for key in strata.keys]
        self.index = np.array([rows.index((t.quantity, key)) for t, key in zip(targets, of, strict=True)], dtype=int)
        self.scale = np.array([[days_per_month if t.quantity in TIMES else 1.0] for t in targets])

    def values(self, days: Ints, event: Bools, codes: Ints) -> Floats:
        """days, event: (c, n); codes: (labellings + 1, c, n), the first of them all zero. Returns (targets, c)."""
        if not self.groups:
            return np.empty((0, len(days)))
        queue = _Queue.of(days, event, codes)
        found: list[Floats] = []
        for quantities, strata in self.groups:
            reverse = quantities == ("follow_up",)
            found += _ESTIMATORS[quantities](_Queue.of(days, ~event, codes) if reverse else queue, strata)
        return np.concatenate(found)[self.index] / self.scale


@dataclass(frozen=True, slots=True)
class _Strata:
    """Distinct strata: the labelling of each, (k,), and the level, (k, 1, 1)."""

    keys: tuple[tuple[int, int], ...]
    labelling: Ints
    level: Ints

    @classmethod
    def asked(
        cls, targets: Sequence[Target], of: Sequence[tuple[int, int]], quantities: tuple[Quantity, ...]
    ) -> "_Strata":
        keys = tuple(dict.fromkeys(key for t, key in zip(targets, of, strict=True) if t.quantity in quantities))
        pairs = np.array(keys, dtype=np.int64).reshape(-1, 2)
        return cls(keys, pairs[:, 0], pairs[:, 1][:, None, None])


@dataclass(frozen=True)
class _Queue:
    """Patients in the order in which they leave, on the same day those with an event first.

    day, event: (c, n); codes: (labellings + 1, c, n).
    """

    day: Ints
    event: Bools
    codes: Ints

    @classmethod
    def of(cls, days: Ints, event: Bools, codes: Ints) -> "_Queue":
        n = days.shape[1]
        key = np.sort((2 * days + ~event) * n + np.arange(n), axis=1)
        who = key % n
        return cls(key // (2 * n), np.take_along_axis(event, who, axis=1), np.take_along_axis(codes, who[None], axis=2))

    @cached_property
    def first(self) -> Ints:
        """Position at which every patient's day begins, (c, n)."""
        return np.maximum.accumulate(np.where(self._edge[:, :-1], np.arange(self.day.shape[1]), 0), axis=1)

    @cached_property
    def last(self) -> Ints:
        """Position at which it ends."""
        n = self.day.shape[1]
        return np.minimum.accumulate(np.where(self._edge[:, 1:], np.arange(n), n)[:, ::-1], axis=1)[:, ::-1]

    @cached_property
    def _edge(self) -> Bools:
        edge = np.ones((len(self.day), self.day.shape[1] + 1), dtype=bool)
        np.not_equal(self.day[:, 1:], self.day[:, :-1], out=edge[:, 1:-1])
        return edge

    def members(self, strata: _Strata) -> Bools:
        return self.codes[strata.labelling] == strata.level


def _at_risk(member: Bools) -> Floats:
    """Of each stratum, who has not left before this patient, (k, c, n)."""
    return np.add.accumulate(member[:, :, ::-1], axis=2, dtype=np.float64)[:, :, ::-1]


def _survival(died: Bools, at_risk: Floats) -> Floats:
    """The curve after each patient has left, (k, c, n): at a day's end the Kaplan–Meier estimate, since
    (1 - 1/n)(1 - 1/(n - 1)) = 1 - 2/n."""
    return np.cumprod(np.where(died, 1.0 - 1.0 / np.maximum(at_risk, 1.0), 1.0), axis=2)


def _first_at_most(day: Ints, survival: Floats, bound: float) -> tuple[Floats, Ints]:
    """The day on which each curve comes down to the bound, infinity where it never does, and the position, (k, c)."""
    position = (survival > bound).sum(axis=2)
    reached = position < survival.shape[2]
    position = np.minimum(position, survival.shape[2] - 1)
    return np.where(reached, _at(day, position), np.inf), position


def _at(values: NDArray[Any], position: Ints) -> NDArray[Any]:
    """The value at one position of every stratum and candidate, (k, c)."""
    stratum, candidate = np.ogrid[: position.shape[0], : position.shape[1]]
    return values[stratum, candidate, position] if values.ndim == 3 else values[candidate, position]


def _events(queue: _Queue, strata: _Strata) -> list[Floats]:
    return [(queue.members(strata) & queue.event).sum(axis=2, dtype=np.float64)]


def _median(queue: _Queue, strata: _Strata) -> list[Floats]:
    """Kaplan–Meier; of a queue whose events are the censorings, reverse Kaplan–Meier with the deaths of the same day
    still at risk (survfit with flipped status)."""
    member = queue.members(strata)
    survival = _survival(member & queue.event, _at_risk(member))
    return [_first_at_most(queue.day, survival, HALF)[0]]


def _median_ends(queue: _Queue, strata: _Strata) -> list[Floats]:
    """Median ± z·SE with SE = SE(S(median))·(l − u)/(S(u) − S(l)): u the last event time with S ≥ 0.55, l the first
    with S ≤ 0.45; NaN where either is missing, and where S falls to 0 at once (IBM SPSS Statistics Algorithms, KM)."""
    member = queue.members(strata)
    at_risk, died = _at_risk(member), member & queue.event
    survival = _survival(died, at_risk)
    last = np.broadcast_to(queue.last, survival.shape)
    survival = np.take_along_axis(survival, last, axis=2)
    median, middle = _first_at_most(queue.day, survival, HALF)
    low, below = _first_at_most(queue.day, survival, 0.45 + 1e-9)
    above = np.where(died & (survival >= 0.55 - 1e-9), np.arange(member.shape[2]), -1).max(axis=2)
    known, above = (above >= 0) & np.isfinite(low), np.maximum(above, 0)
    terms = np.where(died & (at_risk > 1.0), 1.0 / np.maximum(at_risk * (at_risk - 1.0), 1.0), 0.0)
    greenwood = _at(survival, middle) * np.sqrt(_at(np.cumsum(terms, axis=2), _at(last, middle)))
    drop = np.maximum(_at(survival, above) - _at(survival, below), 1e-12)
    error = greenwood * (_at(queue.day, below) - _at(queue.day, above)) / drop
    margin = np.where(known & (greenwood > 0.0), Z * error, np.nan)
    return [median - margin, median + margin]


def _when_the_day_begins(queue: _Queue, member: Bools) -> tuple[Floats, Floats]:
    """At risk in the level (k, c, n) and in all (c, n), for every patient on the day of leaving."""
    level = np.take_along_axis(_at_risk(member), np.broadcast_to(queue.first, member.shape), axis=2)
    return level, (queue.day.shape[1] - queue.first).astype(np.float64)


def _logrank_p(queue: _Queue, strata: _Strata) -> list[Floats]:
    """Two-sided, with the hypergeometric variance; NaN where that is nil."""
    member, event = queue.members(strata), queue.event
    level, everybody = _when_the_day_begins(queue, member)
    died = np.cumsum(event, axis=1)
    same_day = np.take_along_axis(died, queue.last, axis=1) - np.take_along_axis(died - event, queue.first, axis=1)
    share = level / everybody
    excess = ((member - share) * event).sum(axis=2)
    tied = event * (everybody - same_day) / np.maximum(everybody - 1.0, 1.0)
    variance = (share * (1.0 - share) * tied).sum(axis=2)
    nil = variance <= 1e-12
    return [np.where(nil, np.nan, erfc(np.abs(excess) / np.sqrt(2.0 * np.where(nil, 1.0, variance))))]


def _hazard_ratio(queue: _Queue, strata: _Strata) -> list[Floats]:
    """Cox's (Breslow ties) of the level over all others with its Wald ends; NaN without a finite maximum, which
    there is where the events at times with both at risk fall in both."""
    member, event = queue.members(strata), queue.event
    level, everybody = _when_the_day_begins(queue, member)
    others, total = everybody - level, (member & event).sum(axis=2)
    beta = np.zeros(total.shape)
    information = np.ones(total.shape)
    for _ in range(NEWTON_STEPS):
        risk = level * np.exp(beta)[:, :, None]
        share = risk / (risk + others)
        expected = share * event
        information = np.maximum((expected * (1.0 - share)).sum(axis=2), 1e-9)
        step = (total - expected.sum(axis=2)) / information
        beta = np.clip(beta + np.clip(step, -2.0, 2.0), -FARTHEST, FARTHEST)
    both = event & (level > 0) & (others > 0)
    inside, all_ = (both & member).sum(axis=2), both.sum(axis=2)
    beta = np.where((inside > 0) & (inside < all_), beta, np.nan)
    error = Z / np.sqrt(information)
    return [np.exp(beta), np.exp(beta - error), np.exp(beta + error)]


_ESTIMATORS: Mapping[tuple[Quantity, ...], Callable[[_Queue, _Strata], list[Floats]]] = {
    ("events",): _events,
    ("median",): _median,
    ("median_low", "median_high"): _median_ends,
    ("follow_up",): _median,
    ("logrank_p",): _logrank_p,
    ("hazard_ratio", "hazard_ratio_low", "hazard_ratio_high"): _hazard_ratio,
}
