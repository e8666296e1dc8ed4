"""Steering: the figures of many candidate cohorts at once, on whole-number days.

A search scores a million small cohorts, each with a dozen curves. This evaluator does what the kernel does for a
whole population of candidates in one sweep of array operations, for Wald intervals of Cox's ratio and comparisons of
one level with all others only: some ten microseconds a candidate at n = 27. It steers the search and decides nothing:
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

from kras_core.audit.targets import SPSS, TIMES, Quantity, Target
from kras_core.conventions import Conventions
from kras_core.stats.kaplan_meier import interval_of_survival
from kras_core.stats.results import Floats, Ints

Bools = NDArray[np.bool_]
HALF, BELOW_HALF = 0.5 + 1e-9, 0.5 - 1e-9
SAME_DAY = 1e-6
Z = 1.959963984540054
NEWTON_STEPS = 6
FARTHEST = 8.0  # log hazard ratio at which Newton's steps are stopped


class Steering:
    """Values of one endpoint's targets, in their order: NaN where undefined, infinity where a median is not reached.

    strata: for every labelling its level names, so that codes index them.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        strata: Mapping[str, Iterable[str]],
        days_per_month: float,
        conventions: Conventions = SPSS,
    ):
        self.conventions = conventions
        code = {(by, level): (i + 1, j) for i, by in enumerate(strata) for j, level in enumerate(strata[by])}
        labelled = (code[t.by, t.level] if t.by else (0, 0) for t in targets)  # labelling 0 is everybody
        of = [(*key, t.at * days_per_month) for key, t in zip(labelled, targets, strict=True)]
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
            line = _Queue.of(days, ~event, codes) if reverse else queue
            found += _ESTIMATORS[quantities](line, strata, self.conventions)
        return np.concatenate(found)[self.index] / self.scale


@dataclass(frozen=True, slots=True)
class _Strata:
    """Distinct strata: the labelling of each, (k,), the level, (k, 1, 1), and the day that is asked for, (k, 1, 1)."""

    keys: tuple[tuple[int, int, float], ...]
    labelling: Ints
    level: Ints
    day: Floats

    @classmethod
    def asked(
        cls, targets: Sequence[Target], of: Sequence[tuple[int, int, float]], quantities: tuple[Quantity, ...]
    ) -> "_Strata":
        keys = tuple(dict.fromkeys(key for t, key in zip(targets, of, strict=True) if t.quantity in quantities))
        columns = np.array(keys, dtype=np.float64).reshape(-1, 3)
        whole = columns[:, :2].astype(np.int64)
        return cls(keys, whole[:, 0], whole[:, 1][:, None, None], columns[:, 2][:, None, None])


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

    def events_of_the_day(self, event: Bools) -> Ints:
        """How many of these events, (…, c, n), fall on every patient's day."""
        so_far = np.cumsum(event, axis=-1)
        first, last = (np.broadcast_to(place, event.shape) for place in (self.first, self.last))
        return np.take_along_axis(so_far, last, axis=-1) - np.take_along_axis(so_far - event, first, axis=-1)

    def members(self, strata: _Strata) -> Bools:
        return self.codes[strata.labelling] == strata.level


def _at_risk(member: Bools) -> Floats:
    """Of each stratum, who has not left before this patient, (k, c, n)."""
    return np.add.accumulate(member[:, :, ::-1], axis=2, dtype=np.float64)[:, :, ::-1]


def _survival(died: Bools, at_risk: Floats) -> Floats:
    """The curve after each patient has left, (k, c, n): at a day's end the Kaplan–Meier estimate, since
    (1 - 1/n)(1 - 1/(n - 1)) = 1 - 2/n."""
    return np.multiply.accumulate(np.where(died, 1.0 - 1.0 / np.maximum(at_risk, 1.0), 1.0), axis=2)


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


def _events(queue: _Queue, strata: _Strata, how: Conventions) -> list[Floats]:
    return [(queue.members(strata) & queue.event).sum(axis=2, dtype=np.float64)]


def _median(queue: _Queue, strata: _Strata, how: Conventions) -> list[Floats]:
    """Kaplan–Meier; of a queue whose events are the censorings, reverse Kaplan–Meier with the deaths of the same day
    still at risk (survfit with flipped status)."""
    member = queue.members(strata)
    survival = _survival(member & queue.event, _at_risk(member))
    if how.median_rule == "first":
        return [_first_at_most(queue.day, survival, HALF)[0]]
    return [_middle(queue, _at_the_days_end(queue, survival))]


def _at_the_days_end(queue: _Queue, values: Floats) -> Floats:
    return np.take_along_axis(values, np.broadcast_to(queue.last, values.shape), axis=2)


def _middle(queue: _Queue, survival: Floats) -> Floats:
    """The middle of a plateau at one half, up to the next drop if there is one."""
    first, position = _first_at_most(queue.day, survival, HALF)
    drop = _first_at_most(queue.day, survival, BELOW_HALF)[0]
    plateau = (_at(survival, position) >= BELOW_HALF) & np.isfinite(drop)
    return np.where(plateau & np.isfinite(first), (first + np.where(plateau, drop, 0.0)) / 2, first)


def _rate(queue: _Queue, strata: _Strata, how: Conventions) -> list[Floats]:
    """Percent without event at a day; NaN where everybody has left before it and the curve has not come to 0."""
    member = queue.members(strata)
    survival = _survival(member & queue.event, _at_risk(member))
    before = queue.day <= strata.day + SAME_DAY
    position = before.sum(axis=2) - 1
    share = np.where(position >= 0, _at(survival, np.maximum(position, 0)), 1.0)
    followed = (member & (queue.day >= strata.day - SAME_DAY)).any(axis=2)
    return [np.where(followed | (share <= 1e-12), 100.0 * share, np.nan)]


def _median_ends(queue: _Queue, strata: _Strata, how: Conventions) -> list[Floats]:
    member = queue.members(strata)
    if how.median_interval == "spss":
        return _spss_ends(queue, member)
    if how.median_interval == "brookmeyer-crowley":
        return _brookmeyer_crowley_ends(queue, member, how)
    return [np.full((len(member), len(queue.day)), np.nan)] * 2


def _brookmeyer_crowley_ends(queue: _Queue, member: Bools, how: Conventions) -> list[Floats]:
    """Where the limits of the curve come down to one half; infinity where they never do."""
    at_risk, died = _at_risk(member), member & queue.event
    survival = _at_the_days_end(queue, _survival(died, at_risk))
    spread = np.sqrt(_at_the_days_end(queue, np.cumsum(_greenwood_terms(died, at_risk), axis=2)))
    gone = survival <= 1e-12
    ends = []
    for limit in interval_of_survival(np.where(gone, 1.0, survival), spread, Z, how.interval):
        limit = np.where(gone, np.nan if how.zero_interval == "missing" else 0.0, limit)
        below = limit <= HALF
        ends.append(np.where(below.any(axis=2), _at(queue.day, below.argmax(axis=2)), np.inf))
    return ends


def _greenwood_terms(died: Bools, at_risk: Floats) -> Floats:
    """Of the variance of log S, one a death: those of a day add up to d/(n(n - d))."""
    return np.where(died & (at_risk > 1.0), 1.0 / np.maximum(at_risk * (at_risk - 1.0), 1.0), 0.0)


def _spss_ends(queue: _Queue, member: Bools) -> list[Floats]:
    """Median ± z·SE with SE = SE(S(median))·(l − u)/(S(u) − S(l)): u the last event time with S ≥ 0.55, l the first
    with S ≤ 0.45; NaN where either is missing, and where S falls to 0 at once (IBM SPSS Statistics Algorithms, KM)."""
    at_risk, died = _at_risk(member), member & queue.event
    survival = _survival(died, at_risk)
    last = np.broadcast_to(queue.last, survival.shape)
    survival = np.take_along_axis(survival, last, axis=2)
    median, middle = _first_at_most(queue.day, survival, HALF)
    low, below = _first_at_most(queue.day, survival, 0.45 + 1e-9)
    above = np.where(died & (survival >= 0.55 - 1e-9), np.arange(member.shape[2]), -1).max(axis=2)
    known, above = (above >= 0) & np.isfinite(low), np.maximum(above, 0)
    terms = _greenwood_terms(died, at_risk)
    greenwood = _at(survival, middle) * np.sqrt(_at(np.cumsum(terms, axis=2), _at(last, middle)))
    drop = np.maximum(_at(survival, above) - _at(survival, below), 1e-12)
    error = greenwood * (_at(queue.day, below) - _at(queue.day, above)) / drop
    margin = np.where(known & (greenwood > 0.0), Z * error, np.nan)
    return [median - margin, median + margin]


def _when_the_day_begins(queue: _Queue, member: Bools) -> tuple[Floats, Floats]:
    """At risk in the level (k, c, n) and in all (c, n), for every patient on the day of leaving."""
    level = np.take_along_axis(_at_risk(member), np.broadcast_to(queue.first, member.shape), axis=2)
    return level, (queue.day.shape[1] - queue.first).astype(np.float64)


def _logrank_p(queue: _Queue, strata: _Strata, how: Conventions) -> list[Floats]:
    """Two-sided, with the hypergeometric variance; NaN where that is nil."""
    member, event = queue.members(strata), queue.event
    level, everybody = _when_the_day_begins(queue, member)
    same_day = queue.events_of_the_day(event)
    share = level / everybody
    excess = ((member - share) * event).sum(axis=2)
    tied = event * (everybody - same_day) / np.maximum(everybody - 1.0, 1.0)
    variance = (share * (1.0 - share) * tied).sum(axis=2)
    nil = variance <= 1e-12
    return [np.where(nil, np.nan, erfc(np.abs(excess) / np.sqrt(2.0 * np.where(nil, 1.0, variance))))]


def _hazard_ratio(queue: _Queue, strata: _Strata, how: Conventions) -> list[Floats]:
    """Cox's of the level over all others with its Wald ends; NaN without a finite maximum, which there is where the
    events at times with both at risk fall in both.

    Efron: of a day's d events each sees the risk of all of them less by r/d, r of them having gone before.
    """
    member, event = queue.members(strata), queue.event
    level, everybody = _when_the_day_begins(queue, member)
    others, total = everybody - level, (member & event).sum(axis=2)
    both = event & (level > 0) & (others > 0)
    if how.ties == "efron":
        died, own = queue.events_of_the_day(event), queue.events_of_the_day(member & event)
        gone = np.where(event, np.arange(event.shape[1]) - queue.first, 0) / np.maximum(died, 1)
        level, others = level - gone * own, others - gone * (died - own)
    beta = np.zeros(total.shape)
    information = np.ones(total.shape)
    for _ in range(NEWTON_STEPS):
        risk = level * np.exp(beta)[:, :, None]
        share = risk / (risk + others)
        expected = share * event
        information = np.maximum((expected * (1.0 - share)).sum(axis=2), 1e-9)
        step = (total - expected.sum(axis=2)) / information
        beta = np.clip(beta + np.clip(step, -2.0, 2.0), -FARTHEST, FARTHEST)
    inside, all_ = (both & member).sum(axis=2), both.sum(axis=2)
    beta = np.where((inside > 0) & (inside < all_), beta, np.nan)
    error = Z / np.sqrt(information)
    return [np.exp(beta), np.exp(beta - error), np.exp(beta + error)]


_ESTIMATORS: Mapping[tuple[Quantity, ...], Callable[[_Queue, _Strata, Conventions], list[Floats]]] = {
    ("events",): _events,
    ("median",): _median,
    ("median_low", "median_high"): _median_ends,
    ("follow_up",): _median,
    ("rate",): _rate,
    ("logrank_p",): _logrank_p,
    ("hazard_ratio", "hazard_ratio_low", "hazard_ratio_high"): _hazard_ratio,
}
