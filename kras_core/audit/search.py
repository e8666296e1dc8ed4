"""Search: from printed figures to a cohort that has them, by simulated annealing (Kirkpatrick et al. 1983).

What a publication settles of each patient (status at each endpoint, the days between which a time must lie) is
fixed; the days themselves and who belongs to which stratum are searched, until the kernel's figures print as the
publication's do. A figure that no such cohort was found to have is reported as missed. Finding a cohort proves that
the figures are reachable together; not finding one proves nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kras_core.audit.steering import Steering
from kras_core.audit.targets import Outcome, Target, measure

Ints = NDArray[np.int64]

# Two dozen targets on 27 patients are hard: with these settings most cold seeds miss one to five of them.
HOTTEST, WARM, COLDEST = 0.3, 0.1, 0.01
DISTANCE, MISSED, ROUGHNESS = 3.0, 0.4, 0.2
FARTHEST = 1.5
NEAREST = 0.5
STEPS = (2.0, 12.0, 60.0)


@dataclass(frozen=True, slots=True)
class Span:
    """One endpoint of one kind of patient: event or censored, between which days (both included)."""

    event: bool
    earliest: int
    latest: int


@dataclass(frozen=True, slots=True)
class Kind:
    """So many patients of whom the same is known, one span an endpoint."""

    count: int
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is known and what is wanted.

    endpoints: ids in order of occurrence; the next one comes at least `gap` days after an event of the one before,
    and at the same time where that one is censored. kinds: the patients, worst prognosis first. strata: for every
    labelling the size of each level. median_start and shape_start: per endpoint the median (months) and shape of the
    Weibull curve from which the search starts and which a plausible cohort stays close to.
    """

    endpoints: tuple[str, ...]
    kinds: tuple[Kind, ...]
    strata: Mapping[str, Mapping[str, int]]
    targets: tuple[Target, ...]
    median_start: tuple[float, ...]
    shape_start: float = 1.3
    gap: int = 0
    days_per_month: float = 30.4375

    @property
    def n(self) -> int:
        return sum(kind.count for kind in self.kinds)

    def per_patient(self, field: str) -> Ints:
        """A field of the spans for every patient, shape (endpoints, n)."""
        columns = [[getattr(span, field) for span in kind.spans] for kind in self.kinds for _ in range(kind.count)]
        return np.array(columns, dtype=np.int64).T


@dataclass(frozen=True, slots=True)
class Found:
    """A cohort and what the kernel says of it. time (days) and event by endpoint, labels (level names) by labelling."""

    seed: int
    time: Mapping[str, Ints]
    event: Mapping[str, NDArray[np.bool_]]
    labels: Mapping[str, NDArray[np.str_]]
    outcomes: tuple[Outcome, ...]

    @property
    def missed(self) -> tuple[Outcome, ...]:
        """Targets that were pursued and not met."""
        return tuple(o for o in self.outcomes if o.target.weight > 0 and not o.met)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands after `move` of `moves`; `missed` counts the pursued targets not met so far."""

    move: int
    moves: int
    score: float
    missed: int


def anneal(
    problem: Problem, seed: int, moves: int = 40_000, every: int = 500, start: "Found | None" = None
) -> Iterator[Progress | Found]:
    """Search in chunks of `every` moves: yields Progress after each, and Found as the last. Stop iterating to cancel.

    start: a cohort found for the same patients and strata under other targets; the walk then begins there, warm
    instead of hot, so that what it has is kept while the rest is sought. The same problem, seed, number of moves and
    start always give the same cohort.
    """
    walk = _Walk(problem, np.random.default_rng(seed), start)
    temperature = HOTTEST if start is None else WARM
    cooling = (COLDEST / temperature) ** (1 / moves)
    for move in range(1, moves + 1):
        walk.step(temperature)
        temperature *= cooling
        if move % every == 0 or move == moves:
            yield Progress(move, moves, walk.best.score, walk.best.missed)
    yield _found(problem, seed, walk.best)


def search(problem: Problem, seed: int, moves: int = 40_000, start: Found | None = None) -> Found:
    """The cohort that one seed finds."""
    *_, found = anneal(problem, seed, moves, start=start)
    assert isinstance(found, Found)
    return found


def first_success(
    problem: Problem, seeds: Iterable[int], moves: int = 40_000, start: Found | None = None
) -> Found | None:
    """The first seed's cohort that misses nothing that is pursued; None where every seed fails."""
    return next((f for f in (search(problem, seed, moves, start) for seed in seeds) if not f.missed), None)


def _found(problem: Problem, seed: int, best: "_State") -> Found:
    time = dict(zip(problem.endpoints, best.time, strict=False))
    event = dict(zip(problem.endpoints, problem.per_patient("event").astype(bool), strict=False))
    labels = {by: np.array(list(levels))[best.labels[by]] for by, levels in problem.strata.items()}
    outcomes = tuple(
        Outcome(t, measure(t, time[t.endpoint] / problem.days_per_month, event[t.endpoint], labels.get(t.by)))
        for t in problem.targets
    )
    return Found(seed, time, event, labels, outcomes)


@dataclass(slots=True)
class _State:
    """A candidate: time (endpoints, n) in days, label codes, and per endpoint its penalty and missed targets."""

    time: Ints
    labels: dict[str, Ints]
    penalty: list[float]
    misses: list[int]

    @property
    def score(self) -> float:
        return sum(self.penalty)

    @property
    def missed(self) -> int:
        return sum(self.misses)


class _Walk:
    """The annealing walk: a current state, the best so far, and the moves."""

    def __init__(self, problem: Problem, rng: np.random.Generator, start: Found | None = None):
        self.problem, self.rng = problem, rng
        self.event = problem.per_patient("event").astype(bool)
        self.earliest, self.latest = problem.per_patient("earliest"), problem.per_patient("latest")
        self.scorers = [_Scorer(problem, e, self.event[i]) for i, e in enumerate(problem.endpoints)]
        self.medians = [_medians(problem, e) for e in problem.endpoints]
        self.split = [by for by, levels in problem.strata.items() if len(levels) > 1]
        self.now = self._cold() if start is None else self._from(start)
        self.best = self.now
        mix = ((self._jitter, 6), (self._jump, 3), (self._redraw, 1), (self._swap_times, 1))
        self.moves = [move for move, share in mix for _ in range(share)] + [self._swap_labels] * (
            2 if self.split else 0
        )

    def _from(self, start: Found) -> _State:
        """Another search's cohort. Raises ValueError where it is one of other patients or strata."""
        names = {by: list(levels) for by, levels in self.problem.strata.items()}
        if set(start.labels) != set(names) or tuple(start.time) != self.problem.endpoints:
            raise ValueError("The cohort to start from has other endpoints or strata.")
        time = np.stack([start.time[e] for e in self.problem.endpoints])
        if not self._settle(time):
            raise ValueError("The cohort to start from does not fit the bounds.")
        labels = {by: np.array([names[by].index(x) for x in start.labels[by]]) for by in names}
        return self._scored(time, labels)

    def _cold(self) -> _State:
        """Weibull quantiles in the patients' order, moved into their bounds; labels dealt at random."""
        time = np.clip(_weibull_starts(self.problem), self.earliest, self.latest)
        if not self._settle(time):
            raise ValueError("No patient times fit the bounds: widen the spans or lessen the gap.")
        strata = self.problem.strata.items()
        sizes = {by: list(levels.values()) for by, levels in strata}
        labels = {by: self.rng.permutation(np.repeat(np.arange(len(k)), k)) for by, k in sizes.items()}
        return self._scored(time, labels)

    def _scored(self, time: Ints, labels: dict[str, Ints]) -> _State:
        state = _State(time, labels, [0.0] * len(time), [0] * len(time))
        self._rescore(state, range(len(time)))
        return state

    def step(self, temperature: float) -> None:
        """One proposed move, taken by the rule of Metropolis et al. (1953)."""
        now = self.now
        proposal = _State(now.time, now.labels, now.penalty.copy(), now.misses.copy())
        touched = self.moves[self.rng.integers(len(self.moves))](proposal)
        if not touched:
            return
        self._rescore(proposal, touched)
        rise = proposal.score - now.score
        if rise <= 0 or self.rng.random() < np.exp(-rise / temperature):
            self.now = proposal
            if proposal.score < self.best.score:
                self.best = proposal

    def _rescore(self, state: _State, endpoints: Iterable[int]) -> None:
        for e in endpoints:
            state.penalty[e], state.misses[e] = self.scorers[e](state.time[e], state.labels)

    def _settle(self, time: Ints) -> bool:
        """Keep the endpoints in order, in place; whether all times are then within their bounds."""
        for e, event in enumerate(self.event[:-1]):
            time[e] = np.where(event, time[e], time[e + 1])
            time[e + 1] = np.where(event, np.maximum(time[e + 1], time[e] + self.problem.gap), time[e + 1])
        return bool((time >= self.earliest).all() and (time <= self.latest).all())

    def _retime(self, state: _State, time: Ints) -> list[int]:
        """Put the moved times into the state; which endpoints changed (none where the move is not allowed)."""
        if not self._settle(time):
            return []
        touched = [e for e in range(len(time)) if (time[e] != state.time[e]).any()]
        state.time = time
        return touched

    def _jitter(self, state: _State) -> list[int]:
        e, i = int(self.rng.integers(len(state.time))), int(self.rng.integers(state.time.shape[1]))
        time = state.time.copy()
        time[e, i] += round(self.rng.normal(0, STEPS[self.rng.integers(len(STEPS))]))
        return self._retime(state, time)

    def _jump(self, state: _State) -> list[int]:
        """One of a stratum's events, most often the nearest, onto a day that prints as the stratum's median."""
        e = int(self.rng.integers(len(state.time)))
        if not self.medians[e]:
            return []
        by, level, low, high = self.medians[e][self.rng.integers(len(self.medians[e]))]
        inside = np.flatnonzero(self.event[e] & (state.labels[by] == level) if by else self.event[e])
        if not len(inside):
            return []
        nearest = inside[np.argsort(np.abs(state.time[e, inside] - low), kind="stable")]
        time = state.time.copy()
        chosen = nearest[min(int(self.rng.geometric(NEAREST)), len(nearest)) - 1]
        time[e, chosen] = self.rng.integers(low, high + 1)
        return self._retime(state, time)

    def _redraw(self, state: _State) -> list[int]:
        """A censored time anywhere within its bounds."""
        e = int(self.rng.integers(len(state.time)))
        censored = np.flatnonzero(~self.event[e])
        if not len(censored):
            return []
        chosen = e, int(censored[self.rng.integers(len(censored))])
        time = state.time.copy()
        time[chosen] = self.rng.integers(self.earliest[chosen], self.latest[chosen] + 1)
        return self._retime(state, time)

    def _swap_times(self, state: _State) -> list[int]:
        e = int(self.rng.integers(len(state.time)))
        i, j = self.rng.integers(state.time.shape[1], size=2)
        time = state.time.copy()
        time[e, i], time[e, j] = time[e, j], time[e, i]
        return self._retime(state, time)

    def _swap_labels(self, state: _State) -> list[int]:
        by = self.split[self.rng.integers(len(self.split))]
        codes = state.labels[by].copy()
        i, j = self.rng.integers(len(codes), size=2)
        if codes[i] == codes[j]:
            return []
        codes[i], codes[j] = codes[j], codes[i]
        state.labels = {**state.labels, by: codes}
        return [e for e, scorer in enumerate(self.scorers) if by in scorer.labellings]


class _Scorer:
    """Penalty of one endpoint: distance outside the printed intervals, misses, and a little for a rough shape.

    Distances are ratios on the log scale, capped; the shape is the mean distance, on the log scale, of the sorted
    times from those of the smooth start.
    """

    def __init__(self, problem: Problem, endpoint: str, event: NDArray[np.bool_]):
        targets = [t for t in problem.targets if t.endpoint == endpoint and t.weight > 0]
        self.labellings = {t.by for t in targets}
        self.steering = Steering(targets, {by: tuple(levels) for by, levels in problem.strata.items()})
        self.event, self.days_per_month = event, problem.days_per_month
        self.weight = np.array([t.weight for t in targets])
        with np.errstate(divide="ignore"):
            self.low, self.high = (np.log([max(getattr(t, end), 0.0) for t in targets]) for end in ("low", "high"))
        start = _weibull_starts(problem)[problem.endpoints.index(endpoint)]
        self.smooth = np.log(np.maximum(start, 1))

    def __call__(self, days: Ints, labels: Mapping[str, Ints]) -> tuple[float, int]:
        values = self.steering.values(days / self.days_per_month, self.event, labels)
        logs = np.log(np.maximum(values, 1e-12))
        outside = np.maximum(np.maximum(self.low - logs, logs - self.high), 0.0)
        outside = np.where(np.isnan(outside), FARTHEST, np.minimum(outside, FARTHEST))
        missed = outside > 0
        rough = np.abs(np.log(np.sort(days)) - self.smooth).mean()
        return float(self.weight @ (DISTANCE * outside + MISSED * missed) + ROUGHNESS * rough), int(missed.sum())


def _weibull_starts(problem: Problem) -> Ints:
    """Per endpoint the quantiles (i − ½)/n of a Weibull curve with the asked median, in days, shape (endpoints, n)."""
    at = (np.arange(problem.n) + 0.5) / problem.n
    spread = (np.log1p(-at) / np.log(0.5)) ** (1 / problem.shape_start)
    return np.rint(np.outer(problem.median_start, spread) * problem.days_per_month).astype(np.int64)


def _medians(problem: Problem, endpoint: str) -> list[tuple[str, int, int, int]]:
    """Labelling, code of the level, first and last whole day that prints as the endpoint's median there."""
    found = []
    for t in problem.targets:
        low, high = int(np.ceil(t.low * problem.days_per_month)), int(t.high * problem.days_per_month)
        if t.endpoint == endpoint and t.quantity == "median" and t.weight > 0 and low <= high:
            found.append((t.by, list(problem.strata[t.by]).index(t.level) if t.by else 0, low, high))
    return found
