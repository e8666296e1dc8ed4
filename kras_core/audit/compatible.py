"""Compatible: from a study's printed summary to a cohort that has its figures, by the search that made the bundled one.

The rows are nobody's: they show that the printed figures are reachable together, and what they would look like.
Not finding one proves nothing; the figures that were not met are named.
"""

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from kras_core.audit.bounds import se_floor, z_of
from kras_core.audit.printed import printed_interval
from kras_core.audit.search import Found, Kind, Problem, Progress, Span, anneal, weibull_days
from kras_core.audit.summary import Summary
from kras_core.audit.targets import Outcome, Target
from kras_core.cohort.model import DAYS_PER_MONTH, RECONSTRUCTED, Cohort, PartlyDrawn
from kras_core.cohort.readers import read
from kras_core.cohort.validate import build_cohort
from kras_core.conventions import PRESETS
from kras_core.stats.results import Floats, Ints

STEPS, ATTEMPTS = 3_000, 4
DIVISORS = (DAYS_PER_MONTH, 365 / 12, 30.44, 30.4, 30.5, 30.0, 28.0)
SHAPE = 1.2  # of the Weibull curve from which the search starts
EARLIEST = 0.25  # of the longest follow-up; the search starts with censored times from there on
TYPICAL = 12.0  # months; a median where none is printed


@dataclass(frozen=True, slots=True)
class Compatible:
    """A cohort, marked reconstructed, and every printed figure with what it has there.

    figures: in the order of the summary, by the kernel under the summary's conventions, which the cohort opens in.
    seed: the one that gave this cohort. csv: the patient rows as a file, without the columns that are drawn.
    impossible: why, by key, of figures that no rows can have.
    """

    cohort: Cohort
    figures: tuple[Outcome, ...]
    seed: int
    csv: str
    impossible: Mapping[str, str]

    @property
    def missed(self) -> tuple[Outcome, ...]:
        return tuple(o for o in self.figures if not o.met)


def find(
    summary: Summary, seed: int = 1, steps: int = STEPS, attempts: int = ATTEMPTS
) -> Generator[Progress | Compatible, None, None]:
    """Search in chunks: yields Progress (steps done of all, score, figures still missed), and Compatible as the last.

    Seeds from `seed` on are tried, `attempts` at most, until one misses nothing; else the cohort that misses least is
    given. Stop iterating to cancel. The same arguments always give the same cohort.
    """
    problem = problem_of(summary)
    best: Found | None = None
    for attempt in range(attempts):
        for said in anneal(problem, seed + attempt, steps):
            if isinstance(said, Progress):
                yield replace(said, step=attempt * said.steps + said.step, steps=attempts * said.steps)
            elif best is None or len(said.missed) < len(best.missed):
                best = said
        assert best is not None
        if not best.missed:
            break
    assert best is not None
    yield _compatible(summary, problem, best)


def impossible(summary: Summary) -> dict[str, str]:
    """Keys of printed hazard ratio intervals that no rows can have, and why: they are narrower than the floor under
    the standard error allows (`bounds`)."""
    found = {}
    for id, one in summary.endpoints.items():
        for by, c in one.by.items():
            if c.hazard_ratio_interval is None:
                continue
            key = f"endpoints.{id}.by.{by}.hazard_ratio_interval"
            low, high = (printed_interval(end) for end in c.hazard_ratio_interval)
            sizes = c.events if set(c.events) == set(summary.groups[by]) else summary.groups[by]
            floor, widest = se_floor([*sizes.values()]), math.log(high[1] / max(low[0], 1e-9)) / (2 * z_of(0.95))
            if widest < floor:
                found[key] = (
                    f"impossible as a 95 % Wald interval: its standard error is {widest:.3f} at most, and with "
                    f"{' against '.join(map(str, sizes.values()))} {'events' if sizes is c.events else 'patients'} "
                    f"it is {floor:.3f} at least"
                )
    return found


def problem_of(summary: Summary) -> Problem:
    """The search's problem: statuses that the summary settles, times within its follow-up, its figures as targets."""
    days = summary.days_per_month or _divisor(summary.targets)
    longest = days * _longest(summary)
    shortest = 0.0 if summary.follow_up_months is None else days * summary.follow_up_months[0]
    time, event = _start(summary, days, shortest, longest)
    known = [summary.events(e) is not None for e in summary.endpoints]
    last = int(longest)
    kinds = tuple(
        Kind(
            1,
            tuple(
                Span(bool(died), 1 if died or not sure else min(max(1, int(shortest)), last), last, known=sure)
                for died, sure in zip(event[:, i], known, strict=True)
            ),
        )
        for i in range(summary.n)
    )
    start = tuple(tuple(row.tolist()) for row in time)
    return Problem(
        endpoints=tuple(summary.endpoints),
        kinds=kinds,
        start=start,
        strata=summary.groups,
        targets=summary.targets,
        days_per_month=float(days),
        conventions=PRESETS[summary.conventions],
    )


def _divisor(targets: tuple[Target, ...]) -> float:
    """Days per month under which most of the printed medians are a whole number of days."""

    def fitting(days: float) -> int:
        times = [t for t in targets if t.quantity in ("median", "follow_up") and np.isfinite(t.high)]
        return sum(np.floor(t.high * days) >= np.ceil(t.low * days) for t in times)

    return max(DIVISORS, key=fitting)


def _longest(summary: Summary) -> float:
    """Months for which anybody is followed: as printed, else such that the median follow-up is in the middle of the
    times to censoring, else three times the longest printed median."""
    if summary.follow_up_months is not None:
        return summary.follow_up_months[1]
    times = {t: t.high for t in summary.targets if t.quantity in ("median", "follow_up") and np.isfinite(t.high)}
    followed = [months / (0.5 + 0.5 * EARLIEST) for t, months in times.items() if t.quantity == "follow_up"]
    milestones = [1.2 * t.at for t in summary.targets if t.quantity == "rate"]
    medians = [months * (1.2 if followed else 3.0) for months in times.values()]
    return max([*(followed or [24.0]), *medians, *milestones])


def _start(summary: Summary, days: float, shortest: float, longest: float) -> tuple[Ints, np.ndarray]:
    """Days and events, (endpoints, n): smooth curves through the medians, censored at times spread over the follow-up.

    As many have an event as the summary says, those first whose own time is short beside their time to censoring.
    """
    spread = np.random.default_rng(0).permutation((np.arange(summary.n) + 0.5) / summary.n)
    censored_at = max(shortest, EARLIEST * longest) * (1 - spread) + longest * spread
    time, event = [], []
    later_time, later_event = censored_at, np.zeros(summary.n, dtype=bool)
    for id in reversed(list(summary.endpoints)):
        own = np.array(weibull_days(summary.n, days * _middle(summary, id, longest / days), SHAPE), dtype=float)
        ratio = np.where(later_event, 0.0, own / censored_at)
        count = summary.events(id)
        chosen = np.argsort(ratio, kind="stable")[: int((ratio <= 1).sum()) if count is None else count]
        has = np.isin(np.arange(summary.n), chosen)
        now: Floats = np.where(has, np.minimum(own, np.where(later_event, later_time, longest)), later_time)
        later_time, later_event = now, has
        time.insert(0, np.maximum(np.rint(now), 1).astype(np.int64))
        event.insert(0, has)
    return np.array(time), np.array(event)


def _middle(summary: Summary, endpoint: str, longest: float) -> float:
    """A median in months: as printed for all, or from a printed rate; else the mean of the groups'; else beyond the
    end of follow-up."""
    one = summary.endpoints[endpoint]
    known = [(t, months) for t in summary.targets if t.endpoint == endpoint and (months := _implied(t)) is not None]
    overall = next((months for t, months in known if not t.by), None)
    if overall is not None:
        return overall
    if known:
        return float(np.average([m for _, m in known], weights=[summary.groups[t.by][t.level] for t, _ in known]))
    unreached = any(t.quantity == "median" for t in summary.targets if t.endpoint == endpoint)
    return 1.5 * longest if unreached or one.events == 0 else min(TYPICAL, longest)


def _implied(target: Target) -> float | None:
    """The median that a printed median or rate stands for, on the curve from which the search starts."""
    if target.quantity == "median" and np.isfinite(target.low):
        return target.low
    if target.quantity != "rate":
        return None
    share = min(max(target.low / 100, 0.02), 0.98)
    return target.at * (np.log(0.5) / np.log(share)) ** (1 / SHAPE)


def _compatible(summary: Summary, problem: Problem, found: Found) -> Compatible:
    asked = {(t.by, t.endpoint) for t in summary.targets}
    printed = {by: tuple(id for id in summary.endpoints if (by, id) in asked) for by in summary.groups}
    drawn = [by for by, endpoints in printed.items() if not endpoints]
    digits = len(str(summary.n))
    columns = {"patient_id": [f"{RECONSTRUCTED}-{i + 1:0{digits}d}" for i in range(summary.n)], **found.labels}
    for id in summary.endpoints:
        columns |= {f"{id}_days": found.time[id], f"{id}_event": found.event[id].astype(int)}
    rows = pd.DataFrame(columns)
    cohort = build_cohort(
        read(("compatible.csv", _csv(rows).encode())),
        id="compatible",
        title=summary.title or "Compatible cohort",
        provenance="reconstructed",
        origin="uploaded",
        days_per_month=problem.days_per_month,
        conventions=summary.conventions,
        default_by=next((by for by, endpoints in printed.items() if endpoints), ""),
        drawn=frozenset(drawn),
        partly_drawn=tuple(
            PartlyDrawn(by, by, endpoints)
            for by, endpoints in printed.items()
            if endpoints and len(endpoints) < len(summary.endpoints)
        ),
    )
    return Compatible(cohort, found.outcomes, found.seed, _csv(rows.drop(columns=drawn)), impossible(summary))


def _csv(rows: pd.DataFrame) -> str:
    return rows.to_csv(index=False, lineterminator="\n")
