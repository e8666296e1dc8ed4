"""The event table: per group and distinct time, how many are at risk, have the event, are censored."""

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kras_core.stats.results import Floats, Ints, RiskTable

# R's `timefix` tolerance (survival::aeqSurv): times closer than this, absolutely or relative to the
# mean distinct time, differ by rounding only and are one time.
TIME_TOLERANCE = float(np.sqrt(np.finfo(np.float64).eps))


@dataclass(frozen=True, slots=True)
class TimeGrid:
    """Distinct times, ascending (T,), and for every row the index of its exit and (delayed entry) its entry."""

    times: Floats
    exit: NDArray[np.intp]
    entry: NDArray[np.intp] | None = None


@dataclass(frozen=True, slots=True)
class EventTable:
    """Counts by group and distinct time. times (T,); the others (..., k, T), integers.

    at_risk: entry < t <= time, so that events come before censorings at the same time.
    entered: rows whose entry is at that time (delayed entry), else None. Leading axes, if any,
    are alternative groupings of the same rows.
    """

    times: Floats
    at_risk: Ints
    events: Ints
    censored: Ints
    entered: Ints | None = None

    @property
    def n(self) -> Ints:
        """Rows per group, shape (..., k)."""
        return self.events.sum(axis=-1) + self.censored.sum(axis=-1)

    def rows(self, which: slice | list[int] | NDArray[np.intp]) -> "EventTable":
        """The table of some groups."""
        entered = None if self.entered is None else self.entered[..., which, :]
        return EventTable(
            self.times, self.at_risk[..., which, :], self.events[..., which, :], self.censored[..., which, :], entered
        )

    def pooled(self) -> "EventTable":
        """All groups taken as one, shape (..., 1, T)."""
        entered = None if self.entered is None else self.entered.sum(axis=-2, keepdims=True)
        return EventTable(
            self.times,
            self.at_risk.sum(axis=-2, keepdims=True),
            self.events.sum(axis=-2, keepdims=True),
            self.censored.sum(axis=-2, keepdims=True),
            entered,
        )

    def at_events(self) -> "EventTimes":
        """The counts at the times with an event in any group."""
        at = np.flatnonzero(self.events.any(axis=tuple(range(self.events.ndim - 1))))
        at_risk, events = (counts.take(at, axis=-1).astype(np.float64) for counts in (self.at_risk, self.events))
        return EventTimes(self.times[at], at_risk, events, at_risk.sum(axis=-2), events.sum(axis=-2))

    def flipped(self, *, deaths_first: bool = False) -> "EventTable":
        """Censoring as the event, for reverse Kaplan–Meier.

        At a time with both, all at risk stay at risk (survfit with flipped status), or the deaths
        leave first (prodlim).
        """
        at_risk = self.at_risk - self.events if deaths_first else self.at_risk
        return EventTable(self.times, at_risk, self.censored, self.events, self.entered)


@dataclass(frozen=True, slots=True)
class EventTimes:
    """All that tests and models read of a table: its counts, as floats, at the times with an event in any group.

    times (E,); at_risk, events (..., k, E); n, d (..., E): their totals over the groups.
    """

    times: Floats
    at_risk: Floats
    events: Floats
    n: Floats
    d: Floats

    def at_events(self) -> "EventTimes":
        """Itself, so that what several estimators share is found once."""
        return self


Table = EventTable | EventTimes


def code_times(time: ArrayLike, entry: ArrayLike | None = None) -> TimeGrid:
    """Integer-code the times of all rows, once for any number of groupings.

    time, entry: shape (n,), finite, entry < time. Raises ValueError otherwise. Times that differ by
    rounding only become one (the smallest of them), by the rule of R's survival::aeqSurv.
    """
    exit_time = np.asarray(time, dtype=np.float64)
    stacked = exit_time if entry is None else np.concatenate((exit_time, np.asarray(entry, dtype=np.float64)))
    if not np.isfinite(stacked).all():
        raise ValueError("times must be finite: leave rows without a time out before")
    distinct, codes = np.unique(stacked, return_inverse=True)
    if distinct.size > 1:
        gap = np.diff(distinct)
        new = (gap > TIME_TOLERANCE) & (gap / np.abs(distinct).mean() > TIME_TOLERANCE)
        if not new.all():
            codes = np.concatenate(([0], np.cumsum(new)))[codes]
            distinct = distinct[np.concatenate(([True], new))]
    if entry is None:
        return TimeGrid(distinct, codes)
    exits, entries = codes[: exit_time.size], codes[exit_time.size :]
    if (entries >= exits).any():
        raise ValueError("every entry must be before its time")
    return TimeGrid(distinct, exits, entries)


def tabulate(
    grid: TimeGrid,
    event: NDArray[np.bool_] | Ints,
    groups: NDArray[np.intp] | None,
    k: int,
    *,
    last_counts_all: bool = False,
) -> EventTable:
    """Count by group. groups: (n,) or (b, n) codes 0..k-1, -1 leaves the row out; None: everybody in group 0.

    last_counts_all: the last group is not only its own rows but all that are not left out.
    """
    size = grid.times.size
    if groups is None:
        groups = np.zeros(grid.exit.size, dtype=np.intp)
    batch = groups.shape[:-1]
    # One cell per (grouping, status, group, time); rows left out fall into an extra group k.
    block = (k + 1) * size
    base = np.where(groups < 0, k, groups) * size
    if batch:
        base = base + (np.arange(batch[0]) * 2 * block)[:, None]
    shape, cells = (*batch, 2, k + 1, size), prod(batch) * 2 * block
    status = np.asarray(event).astype(np.intp) * block + grid.exit
    counts = np.bincount((base + status).ravel(), minlength=cells).reshape(shape)[..., :k, :]
    entered = None
    if grid.entry is not None:
        entered = np.bincount((base + grid.entry).ravel(), minlength=cells).reshape(shape)[..., 0, :k, :]
    if last_counts_all:
        for each in (counts,) if entered is None else (counts, entered):
            each[..., k - 1, :] = each.sum(axis=-2)
    censored, events = counts[..., 0, :, :], counts[..., 1, :, :]
    exits = censored + events
    if entered is None:
        at_risk = np.empty_like(exits)
        np.cumsum(exits[..., ::-1], axis=-1, out=at_risk[..., ::-1])
    else:
        change = entered - exits
        at_risk = np.cumsum(change, axis=-1) - change
    return EventTable(grid.times, at_risk, events, censored, entered)


def event_table(
    time: ArrayLike,
    event: ArrayLike,
    groups: ArrayLike | None = None,
    entry: ArrayLike | None = None,
    k: int | None = None,
) -> EventTable:
    """The event table of rows given as arrays (n,): time, event (0/1), group codes, entry times."""
    codes = None if groups is None else np.asarray(groups, dtype=np.intp)
    if k is None:
        k = 1 if codes is None else int(codes.max(initial=0)) + 1
    return tabulate(code_times(time, entry), np.asarray(event).astype(bool), codes, k)


def risk_table(table: EventTable, ticks: ArrayLike) -> RiskTable:
    """At risk, events and censored under ticks (j,): entry < t <= time, and strictly before t."""
    at = np.asarray(ticks, dtype=np.float64)
    at_risk = numbers_at_risk(table, at)
    events = _before(table.events, table.times, at)
    if table.entered is None:
        return RiskTable(at, at_risk, events, table.n[..., None] - at_risk - events)
    entered = _before(table.entered, table.times, at)
    return RiskTable(at, at_risk, events, entered - at_risk - events, entered)


def numbers_at_risk(table: EventTable, times: ArrayLike) -> Ints:
    """At risk (entry < t <= time) at any times (j,), shape (..., j): as many as at the next time of the table, none
    after its last. Entries are on the table's grid too, so that nobody enters in between."""
    following = _following(table.times, np.asarray(times, dtype=np.float64))
    inside = following < table.times.size
    at_risk = np.zeros((*table.at_risk.shape[:-1], following.size), dtype=np.int64)
    at_risk[..., inside] = table.at_risk.take(following[inside], axis=-1)
    return at_risk


def _following(grid: Floats, times: Floats) -> NDArray[np.intp]:
    return grid.searchsorted(times - TIME_TOLERANCE, side="left")


def _before(counts: Ints, grid: Floats, times: Floats) -> Ints:
    """Totals (..., j) strictly before each of the times."""
    total = np.zeros((*counts.shape[:-1], counts.shape[-1] + 1), dtype=np.int64)
    np.cumsum(counts, axis=-1, out=total[..., 1:])
    return total[..., _following(grid, times)]
