"""Moves: how candidate cohorts are changed, all of a population at once.

Every move proposes another cohort to each candidate: for all the same kind of change at the same endpoint, for each
another patient and another amount. What a publication settles holds after every move: events and bounds of times,
sizes of strata, and the order of endpoints.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kras_core.stats.results import Floats, Ints

Bools = NDArray[np.bool_]

NEARBY = 40.0  # days: whoever swaps labels with a neighbour seldom looks farther
LARGE = 50  # patients; from here on one patient's time moves a curve so little that whole groups are stretched too
STRETCH = (0.001, 0.2)  # by these shares, any order of magnitude as likely as another
NEAREST = 0.5  # chance that a jump takes the nearest event, else the next, and so on


@dataclass(frozen=True, slots=True)
class Patients:
    """c candidates of n patients: time (days) and event, (endpoints, c, n); codes of the levels, (labellings + 1, c,
    n), the first of them everybody's 0."""

    time: Ints
    event: Bools
    codes: Ints

    def taken(self, which: Ints) -> "Patients":
        """Some of the candidates."""
        return Patients(self.time[:, which], self.event[:, which], self.codes[:, which])

    def where(self, accepted: Bools, old: "Patients") -> "Patients":
        """These where accepted (c,), the old ones elsewhere."""

        def mixed(new: NDArray[Any], was: NDArray[Any]) -> NDArray[Any]:
            return new if new is was else np.where(accepted[:, None], new, was)

        return Patients(mixed(self.time, old.time), mixed(self.event, old.event), mixed(self.codes, old.codes))


@dataclass(frozen=True, slots=True)
class Proposal:
    """Candidates after a move, which of them it is allowed to (c,), and the endpoints that may have changed."""

    patients: Patients
    allowed: Bools
    touched: Sequence[int]


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds of every candidate.

    earliest, latest, free (whether the status is the search's to choose): (endpoints, n). gap: days between an event
    and the next endpoint's, at least. medians: per endpoint the labelling, level, first and last day of every printed
    median. labellings: those of more than one level, and the endpoints with figures by each. reach: days that a
    jitter goes at most, per endpoint.
    """

    earliest: Ints
    latest: Ints
    free: Bools
    gap: int
    medians: Sequence[Sequence[tuple[int, int, int, int]]]
    labellings: Sequence[tuple[int, Sequence[int]]]
    reach: Sequence[int]

    def settled(self, time: Ints, event: Bools) -> Bools:
        """Put the endpoints of every candidate in order, in place; for whom all rules then hold, (c,).

        Who has no event at an endpoint has none at the next and leaves both at the same time.
        """
        allowed = np.ones(time.shape[1], dtype=bool)
        for e in range(len(time) - 1):
            here = event[e]
            time[e] = np.where(here, time[e], time[e + 1])
            time[e + 1] = np.where(here, np.maximum(time[e + 1], time[e] + self.gap), time[e + 1])
            allowed &= (here | ~event[e + 1]).all(axis=1)
        inside = (time >= self.earliest[:, None]) & (time <= self.latest[:, None])
        return allowed & inside.all(axis=(0, 2))


class Moves:
    """Draws a kind of move, an endpoint where it needs one, and proposes it to every candidate."""

    def __init__(self, rules: Rules, rng: np.random.Generator):
        self.rules, self.rng = rules, rng
        kinds: list[tuple[Callable[[Patients], Proposal], int]] = [(self._jitter, 8), (self._swap_times, 2)]
        kinds += [(self._jump, 3)] if any(rules.medians) else []
        kinds += [(self._flip, 2)] if rules.free.any() else []
        kinds += [(self._redraw, 1)]
        kinds += [(self._stretch, 4)] if rules.earliest.shape[1] >= LARGE else []
        kinds += [(self._swap_labels, 3), (self._swap_with_neighbour, 3)] if rules.labellings else []
        self.kinds = [kind for kind, share in kinds for _ in range(share)]

    def propose(self, patients: Patients) -> Proposal:
        return self.kinds[int(self.rng.integers(len(self.kinds)))](patients)

    def _endpoint(self) -> int:
        return int(self.rng.integers(len(self.rules.earliest)))

    def _anybody(self, patients: Patients) -> tuple[Ints, Ints]:
        """One patient of every candidate, as a pair of indices."""
        c, n = patients.time.shape[1:]
        return np.arange(c), self.rng.integers(n, size=c)

    def _retimed(self, old: Patients, time: Ints, event: Bools | None = None) -> Proposal:
        new = replace(old, time=time, event=old.event if event is None else event)
        return Proposal(new, self.rules.settled(time, new.event), range(len(time)))

    def _jitter(self, old: Patients) -> Proposal:
        """A time by a day or up to the endpoint's reach, any order of magnitude as likely as another."""
        e, who, time = self._endpoint(), self._anybody(old), old.time.copy()
        c = len(who[0])
        days = np.rint(self.rules.reach[e] ** self.rng.random(c)).astype(np.int64)
        time[e][who] += np.where(self.rng.random(c) < 0.5, days, -days)
        return self._retimed(old, time)

    def _swap_times(self, old: Patients) -> Proposal:
        e, a, b, time = self._endpoint(), self._anybody(old), self._anybody(old), old.time.copy()
        time[e][a], time[e][b] = old.time[e][b], old.time[e][a]
        return self._retimed(old, time)

    def _jump(self, old: Patients) -> Proposal:
        """One of a stratum's events, most often the nearest, onto a day that prints as the stratum's median."""
        e = int(self.rng.choice([e for e, medians in enumerate(self.rules.medians) if medians]))
        medians = self.rules.medians[e]
        labelling, level, low, high = medians[int(self.rng.integers(len(medians)))]
        inside = old.event[e] & (old.codes[labelling] == level)
        c, n = inside.shape
        away = np.where(inside, np.abs(old.time[e] - low) + 0.5 * self.rng.random((c, n)), np.inf)
        rank = np.minimum(self.rng.geometric(NEAREST, c) - 1, np.maximum(inside.sum(axis=1) - 1, 0))
        who = np.arange(c), np.argsort(away, axis=1)[np.arange(c), rank]
        time = old.time.copy()
        time[e][who] = self.rng.integers(low, high + 1, c)
        return self._retimed(old, time)

    def _redraw(self, old: Patients) -> Proposal:
        """A censored time anywhere within its bounds."""
        e, time = self._endpoint(), old.time.copy()
        who = self._one_of(~old.event[e])
        low, high = self.rules.earliest[e][who[1]], self.rules.latest[e][who[1]]
        time[e][who] = np.where(old.event[e][who], time[e][who], self.rng.integers(low, high + 1))
        return self._retimed(old, time)

    def _stretch(self, old: Patients) -> Proposal:
        """All times of a stratum, of its events or of its censored patients, longer or shorter by the same share."""
        e, c = self._endpoint(), old.time.shape[1]
        labelling = int(self.rng.integers(len(old.codes)))
        inside = old.codes[labelling] == self.rng.integers(old.codes[labelling].max() + 1)
        part = int(self.rng.integers(3))
        inside &= old.event[e] if part == 1 else ~old.event[e] if part == 2 else True
        low, high = STRETCH
        share = low * (high / low) ** self.rng.random(c) * np.where(self.rng.random(c) < 0.5, 1, -1)
        longer = np.rint(old.time[e] * np.exp(share)[:, None]).astype(np.int64)
        time = old.time.copy()
        time[e] = np.clip(np.where(inside, longer, time[e]), self.rules.earliest[e], self.rules.latest[e])
        return self._retimed(old, time)

    def _flip(self, old: Patients) -> Proposal:
        """Event to censored or back, where the publication does not say which."""
        e, event = self._endpoint(), old.event.copy()
        who = self._one_of(np.broadcast_to(self.rules.free[e], event[e].shape))
        event[e][who] ^= self.rules.free[e][who[1]]
        return self._retimed(old, old.time.copy(), event)

    def _swap_labels(self, old: Patients) -> Proposal:
        """Two patients of different levels."""
        labelling, touched = self._labelling()
        who = self._anybody(old)
        return self._relabelled(old, labelling, who, self.rng.random(old.time.shape[1:]), touched)

    def _swap_with_neighbour(self, old: Patients) -> Proposal:
        """Two patients of different levels who leave about the same time: medians stay, a p value moves a little."""
        labelling, touched = self._labelling()
        who, time = self._anybody(old), old.time[self.rng.choice(touched)]
        near = np.abs(time - time[who][:, None]) + NEARBY * self.rng.random(time.shape)
        return self._relabelled(old, labelling, who, 1.0 / (1.0 + near), touched)

    def _labelling(self) -> tuple[int, Sequence[int]]:
        return self.rules.labellings[int(self.rng.integers(len(self.rules.labellings)))]

    def _relabelled(
        self, old: Patients, labelling: int, who: tuple[Ints, Ints], preference: Floats, touched: Sequence[int]
    ) -> Proposal:
        codes = old.codes.copy()
        own = codes[labelling]
        mine = own[who]
        other = who[0], np.where(own != mine[:, None], preference, -1.0).argmax(axis=1)
        own[who], own[other] = own[other], mine
        return Proposal(replace(old, codes=codes), np.ones(len(mine), dtype=bool), touched)

    def _one_of(self, these: Bools) -> tuple[Ints, Ints]:
        """One of these patients of every candidate at random; anybody where there is none."""
        return np.arange(len(these)), np.where(these, self.rng.random(these.shape), -1.0).argmax(axis=1)
