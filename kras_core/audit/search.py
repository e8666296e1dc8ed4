"""Search: from printed figures to a cohort that has them, by population annealing.

What a publication settles of each patient (status at each endpoint, the days between which a time must lie) is
fixed; the days themselves and who belongs to which stratum are searched, until the figures print as the publication's
do. A figure that no such cohort was found to have is reported as missed. Finding a cohort proves that the figures are
reachable together; not finding one proves nothing.

A population of candidate cohorts walks under Metropolis's rule (Metropolis et al. 1953) while the temperature falls,
and at intervals is drawn anew, each candidate as often as its score deserves at the lower temperature (Hukushima and
Iba 2003, AIP Conf Proc 690:200–206; Machta 2010, Phys Rev E 82:026704): one that is stuck with a figure that needs
several patients to change at once gives way to others that are not.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kras_core.audit.moves import Moves, Patients, Rules
from kras_core.audit.steering import Steering
from kras_core.audit.targets import SPSS, TIMES, Outcome, Target, measure
from kras_core.conventions import Conventions
from kras_core.stats.results import Floats, Ints

Bools = NDArray[np.bool_]

# Two dozen targets on 27 patients are hard; with these settings about half the seeds meet all of them.
HOTTEST, COLDEST, FROZEN = 0.2, 0.05, 1e-4
STEPS, SIZE, GENERATIONS = 8_000, 64, 100
DISTANCE, MISSED, ROUGHNESS = 1.0, 0.4, 0.2
FARTHEST = 1.5
BETTER = 1e-9  # scores nearer to each other than that differ by rounding
PATIENTS_AT_ONCE = 16_000  # a larger cohort gets fewer candidates, so that a step stays a matter of milliseconds
FEWEST = 12


@dataclass(frozen=True, slots=True)
class Span:
    """One endpoint of one kind of patient: event or censored, between which days (both included). Where the status
    is not `known`, `event` is what the search begins with."""

    event: bool
    earliest: int
    latest: int
    known: bool = True


@dataclass(frozen=True, slots=True)
class Kind:
    """So many patients of whom the same is known, one span an endpoint."""

    count: int
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is known and what is wanted.

    endpoints: ids in order of occurrence; the next one comes at least `gap` days after an event of the one before,
    and at the same time where that one is censored. kinds: the patients. start: per endpoint the days of every
    patient from which the search starts; a plausible cohort stays close to their distribution. strata: for every
    labelling the size of each level. conventions: those that the targets' figures are in.
    """

    endpoints: tuple[str, ...]
    kinds: tuple[Kind, ...]
    start: tuple[tuple[int, ...], ...]
    strata: Mapping[str, Mapping[str, int]]
    targets: tuple[Target, ...]
    gap: int = 0
    days_per_month: float = 30.4375
    conventions: Conventions = SPSS

    @property
    def n(self) -> int:
        return sum(kind.count for kind in self.kinds)

    def per_patient(self, field: str) -> Ints:
        """A field of the spans for every patient, shape (endpoints, n)."""
        columns = [[getattr(span, field) for span in kind.spans] for kind in self.kinds for _ in range(kind.count)]
        return np.array(columns, dtype=np.int64).T


def weibull_days(n: int, median: float, shape: float = 1.3) -> tuple[int, ...]:
    """The quantiles (i − ½)/n of a Weibull distribution with this median (days), ascending: a smooth curve."""
    at = (np.arange(n) + 0.5) / n
    days = median * (np.log1p(-at) / np.log(0.5)) ** (1 / shape)
    return tuple(np.rint(days).astype(int).tolist())


@dataclass(frozen=True, slots=True)
class Found:
    """A cohort and what the kernel says of it. time (days) and event by endpoint, labels (level names) by labelling."""

    seed: int
    time: Mapping[str, Ints]
    event: Mapping[str, Bools]
    labels: Mapping[str, NDArray[np.str_]]
    outcomes: tuple[Outcome, ...]

    @property
    def missed(self) -> tuple[Outcome, ...]:
        """Targets that were pursued and not met."""
        return tuple(o for o in self.outcomes if o.target.weight > 0 and not o.met)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands after `step` of `steps`; score (lower is better) and the pursued targets that are not met,
    both of the best candidate so far."""

    step: int
    steps: int
    score: float
    missed: tuple[Target, ...]


def anneal(
    problem: Problem, seed: int, steps: int = STEPS, size: int | None = None, every: int = 100
) -> Iterator[Progress | Found]:
    """Search in chunks of `every` steps: yields Progress after each, and Found as the last. Stop iterating to cancel.

    A step proposes one change to each of `size` candidates (64, fewer of a large cohort). As soon as one of them
    misses nothing that is pursued, or after `steps`, everybody goes on from the best one for a tenth as many steps
    more, in which only what is better is taken: the shape becomes smoother, and no figure is lost. The same problem,
    seed, steps and size always give the same cohort. Raises ValueError where no times fit the bounds.
    """
    population = _Population(problem, np.random.default_rng(seed), size or _size(problem.n))
    polish, generation = max(steps // 10, 1), max(steps // GENERATIONS, 1)
    total = steps + polish
    temperature = drawn_at = HOTTEST
    for step in range(1, steps + 1):
        population.step(temperature)
        temperature *= (COLDEST / HOTTEST) ** (1 / steps)
        if population.best_missed == 0:
            break
        if step % generation == 0:
            population.draw_anew(1 / temperature - 1 / drawn_at)
            drawn_at = temperature
        if step % every == 0:
            yield population.progress(step, total)
    population.gather()
    for step in range(steps + 1, total + 1):
        population.step(FROZEN)
        if step % every == 0 or step == total:
            yield population.progress(step, total)
    yield _found(problem, seed, population.best)


def search(problem: Problem, seed: int, steps: int = STEPS, size: int | None = None) -> Found:
    """The cohort that one seed finds."""
    *_, found = anneal(problem, seed, steps, size)
    assert isinstance(found, Found)
    return found


def _size(n: int) -> int:
    return max(FEWEST, min(SIZE, PATIENTS_AT_ONCE // max(n, 1)))


def _found(problem: Problem, seed: int, best: Patients) -> Found:
    time = {e: best.time[i, 0] for i, e in enumerate(problem.endpoints)}
    event = {e: best.event[i, 0] for i, e in enumerate(problem.endpoints)}
    labels = {by: np.array(list(levels))[best.codes[i + 1, 0]] for i, (by, levels) in enumerate(problem.strata.items())}
    months = {e: days / problem.days_per_month for e, days in time.items()}
    outcomes = tuple(
        Outcome(t, measure(t, months[t.endpoint], event[t.endpoint], labels.get(t.by), problem.conventions))
        for t in problem.targets
    )
    return Found(seed, time, event, labels, outcomes)


class _Population:
    """Candidate cohorts with their scores, and the best one that ever was among them."""

    def __init__(self, problem: Problem, rng: np.random.Generator, size: int):
        self.rng = rng
        rules = _rules(problem)
        self.moves = Moves(rules, rng)
        self.scorers = [_Scorer(problem, e) for e in problem.endpoints]
        self.now = _begin(problem, rules, rng, size)
        self.penalty, self.misses = np.zeros((0, size)), np.zeros((0, size), dtype=np.int64)
        self._score()
        self.best, self.best_score, self.best_missed = self.now.taken(np.array([0])), math.inf, len(problem.targets)
        self._note_best()

    def step(self, temperature: float) -> None:
        """One proposed move for every candidate, taken by the rule of Metropolis."""
        proposal = self.moves.propose(self.now)
        penalty, misses = self.penalty.copy(), self.misses.copy()
        for e in proposal.touched:
            penalty[e], misses[e] = self.scorers[e](proposal.patients, e)
        rise = np.maximum(penalty.sum(axis=0) - self.penalty.sum(axis=0), 0.0)
        taken = proposal.allowed & (self.rng.random(len(rise)) < np.exp(-rise / temperature))
        self.now = proposal.patients.where(taken, self.now)
        self.penalty, self.misses = np.where(taken, penalty, self.penalty), np.where(taken, misses, self.misses)
        self._note_best()

    def draw_anew(self, colder_by: float) -> None:
        """Every candidate as often as exp(−score·colder_by) deserves, by systematic resampling."""
        score = self.penalty.sum(axis=0)
        share = np.cumsum(np.exp(-colder_by * (score - score.min())))
        size = len(score)
        drawn = np.searchsorted(share / share[-1] * size, np.arange(size) + self.rng.random())
        drawn = np.minimum(drawn, size - 1)
        self.now = self.now.taken(drawn)
        self.penalty, self.misses = self.penalty[:, drawn], self.misses[:, drawn]

    def gather(self) -> None:
        """Everybody goes on from the best one."""
        size = self.penalty.shape[1]
        self.now = self.best.taken(np.zeros(size, dtype=np.int64))
        self._score()

    def progress(self, step: int, steps: int) -> Progress:
        missed = tuple(t for e, s in enumerate(self.scorers) for t in s.missed_by(self.best, e))
        return Progress(step, steps, self.best_score, missed)

    def _score(self) -> None:
        scored = [scorer(self.now, e) for e, scorer in enumerate(self.scorers)]
        self.penalty, self.misses = np.array([s[0] for s in scored]), np.array([s[1] for s in scored])

    def _note_best(self) -> None:
        """Keep the candidate that misses least, and of those the one with the lowest score."""
        misses, score = self.misses.sum(axis=0), self.penalty.sum(axis=0)
        fewest = int(misses.min())
        if fewest > self.best_missed:
            return
        lowest = int(np.where(misses == fewest, score, np.inf).argmin())
        if fewest < self.best_missed or score[lowest] < self.best_score - BETTER:
            self.best = self.now.taken(np.array([lowest]))
            self.best_score, self.best_missed = float(score[lowest]), fewest


def _begin(problem: Problem, rules: Rules, rng: np.random.Generator, size: int) -> Patients:
    """The start moved into the bounds, labels dealt at random. Raises ValueError where no times fit."""
    start = np.clip(np.array(problem.start, dtype=np.int64), rules.earliest, rules.latest)
    time, event = np.stack([start], axis=1), np.stack([problem.per_patient("event").astype(bool)], axis=1)
    if not rules.settled(time, event).all():
        raise ValueError("No patient times fit the bounds: widen the spans or lessen the gap.")
    sizes = [np.zeros(problem.n, dtype=np.int64)]
    sizes += [np.repeat(np.arange(len(levels)), list(levels.values())) for levels in problem.strata.values()]
    codes = [[rng.permutation(one) for _ in range(size)] for one in sizes]
    return Patients(np.repeat(time, size, axis=1), np.repeat(event, size, axis=1), np.array(codes))


def _rules(problem: Problem) -> Rules:
    by_endpoint = {
        by: [e for e, id in enumerate(problem.endpoints) if _asked(problem, id, by)] for by in problem.strata
    }
    return Rules(
        earliest=problem.per_patient("earliest"),
        latest=problem.per_patient("latest"),
        free=~problem.per_patient("known").astype(bool),
        gap=problem.gap,
        medians=[_medians(problem, e) for e in problem.endpoints],
        labellings=[(i + 1, asked) for i, asked in enumerate(by_endpoint.values()) if asked],
        reach=[max(2, int(np.median(days))) for days in problem.start],
    )


def _asked(problem: Problem, endpoint: str, by: str) -> bool:
    """Whether a figure of this endpoint by this labelling is pursued."""
    wanted = any(t.endpoint == endpoint and t.by == by and t.weight > 0 for t in problem.targets)
    return wanted and len(problem.strata[by]) > 1


def _medians(problem: Problem, endpoint: str) -> list[tuple[int, int, int, int]]:
    """Labelling, code of the level, first and last whole day that prints as the endpoint's median there, or as an end
    of its interval where such an end is one patient's time."""
    at_a_time = ("median",)
    if problem.conventions.median_interval == "brookmeyer-crowley":
        at_a_time = ("median", "median_low", "median_high")
    place = {by: i + 1 for i, by in enumerate(problem.strata)}
    found = []
    for t in problem.targets:
        if t.endpoint != endpoint or t.quantity not in at_a_time or t.weight <= 0 or not math.isfinite(t.high):
            continue
        low, high = math.ceil(t.low * problem.days_per_month), math.floor(t.high * problem.days_per_month)
        if low <= high:
            found.append(
                (place[t.by], list(problem.strata[t.by]).index(t.level), low, high) if t.by else (0, 0, low, high)
            )
    return found


class _Scorer:
    """Penalty of one endpoint: distance outside the printed intervals, misses, and a little for a rough shape.

    Distances are ratios on the log scale, capped; a median that is not reached counts as twice the longest time. The
    shape is the mean distance, on the log scale, of the sorted times from those of the start.
    """

    def __init__(self, problem: Problem, endpoint: str):
        self.targets = [t for t in problem.targets if t.endpoint == endpoint and t.weight > 0]
        self.steering = Steering(self.targets, problem.strata, problem.days_per_month, problem.conventions)
        self.weight = np.array([t.weight for t in self.targets])
        e = problem.endpoints.index(endpoint)
        self.never = 2.0 * problem.per_patient("latest")[e].max() / problem.days_per_month
        low = [self.never / 2 if math.isinf(t.low) else max(t.low, 0.0) for t in self.targets]
        high = [np.inf if t.quantity in TIMES and math.isinf(t.high) else t.high for t in self.targets]
        with np.errstate(divide="ignore"):
            self.low, self.high = np.log(low)[:, None], np.log(high)[:, None]
        self.smooth = np.log(np.maximum(np.sort(problem.start[e]), 1))

    def __call__(self, patients: Patients, e: int) -> tuple[Floats, Ints]:
        """Penalty and number of missed targets of every candidate, (c,)."""
        outside = self._outside(patients, e)
        missed = outside > 0
        rough = np.abs(np.log(np.maximum(np.sort(patients.time[e], axis=1), 1)) - self.smooth).mean(axis=1)
        return self.weight @ (DISTANCE * outside + MISSED * missed) + ROUGHNESS * rough, missed.sum(axis=0)

    def missed_by(self, one: Patients, e: int) -> list[Target]:
        outside = self._outside(one, e)[:, 0]
        return [t for t, away in zip(self.targets, outside, strict=True) if away > 0]

    def _outside(self, patients: Patients, e: int) -> Floats:
        values = self.steering.values(patients.time[e], patients.event[e], patients.codes)
        logs = np.log(np.maximum(np.where(np.isinf(values), self.never, values), 1e-12))
        outside = np.maximum(np.maximum(self.low - logs, logs - self.high), 0.0)
        return np.where(np.isnan(outside), FARTHEST, np.minimum(outside, FARTHEST))
