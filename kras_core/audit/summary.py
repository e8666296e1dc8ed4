"""Summary: what a publication prints of a study, to be searched for a cohort that has it (docs/compatible.md).

Figures are kept as printed text: its decimals say how exact they are. Two ways of writing one down: as a file
(`summary_toml`) and as rows of a table (`summary_grid`).
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from kras_core.audit.printed import reached
from kras_core.audit.targets import Quantity, Target
from kras_core.cohort import coerce
from kras_core.cohort.variables import ENDPOINT_COLUMN, VARIABLES
from kras_core.conventions import PRESETS

Ends = tuple[str, str]
Rates = Mapping[str, str]  # percent without event by months, both as printed

# Whose hazard ratio is Cox's and who prints an interval of the median.
CONVENTIONS = tuple(id for id, c in PRESETS.items() if c.hazard_ratio == "cox" and c.median_interval != "none")
LONGEST = 1_200  # months
LARGEST = 5_000  # patients: the search is made for publications, not for registries
_ID = re.compile(r"[a-z][a-z0-9_]*")


class SummaryError(ValueError):
    """What is wrong with a summary: the key, such as endpoints.os.by.arm.of, and how to mend it."""

    def __init__(self, key: str, remedy: str):
        super().__init__(f"{key}: {remedy}" if key else remedy)
        self.key = key


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is printed of one endpoint by one grouping: medians with their intervals, numbers of events and rates by
    label; Cox's hazard ratio of the group `of` over the other of two, and the ends of its 95 % interval; the log-rank
    p."""

    median: Mapping[str, str] = field(default_factory=dict)
    median_interval: Mapping[str, Ends] = field(default_factory=dict)
    events: Mapping[str, int] = field(default_factory=dict)
    rates: Mapping[str, Rates] = field(default_factory=dict)
    hazard_ratio: str = ""
    hazard_ratio_interval: Ends | None = None
    of: str = ""
    logrank_p: str = ""


@dataclass(frozen=True, slots=True)
class EndpointSummary:
    """What is printed of one endpoint: number of events, median and its 95 % interval, rates, median follow-up by
    reverse Kaplan–Meier, and comparisons by the grouping's id."""

    events: int | None = None
    median: str = ""
    median_interval: Ends | None = None
    rates: Rates = field(default_factory=dict)
    follow_up: str = ""
    by: Mapping[str, Comparison] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a publication prints of a study. Times are in months. Raises SummaryError for what makes no sense.

    groups: by the grouping's id, the size of each labelled group; every grouping deals all n patients. endpoints: by
    id, such as pfs and os, in order of occurrence: an event of a later one is one of the earlier ones too, and who
    has no event of an earlier one leaves both at the same time. follow_up_months: shortest and longest time at which
    a patient without event was last seen. days_per_month: None takes the divisor that fits most of the printed times.
    conventions: id of the preset that the figures are computed under, one of `CONVENTIONS`.
    """

    n: int
    endpoints: Mapping[str, EndpointSummary]
    groups: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    title: str = ""
    follow_up_months: tuple[float, float] | None = None
    days_per_month: float | None = None
    conventions: str = "r"

    def __post_init__(self) -> None:
        _check_sizes(self)
        for id, one in self.endpoints.items():
            _check_endpoint(self, id, one)
        if not self.figures:
            raise SummaryError("endpoints", "give at least one figure, such as a median")

    @property
    def figures(self) -> tuple[tuple[str, Target], ...]:
        """Key and target of every printed figure, in the order of the summary."""
        return tuple(_figures(self))

    @property
    def targets(self) -> tuple[Target, ...]:
        return tuple(target for _, target in self.figures)

    def events(self, endpoint: str) -> int | None:
        """Number of events where it is printed, for all patients or for every group of a grouping."""
        one = self.endpoints[endpoint]
        if one.events is not None:
            return one.events
        complete = (c.events for by, c in one.by.items() if set(c.events) == set(self.groups[by]))
        return next((sum(events.values()) for events in complete), None)


def _figures(summary: Summary) -> Iterator[tuple[str, Target]]:
    """Key and target of every figure. Raises SummaryError where a text is no printed number."""
    for id, one in summary.endpoints.items():
        key = f"endpoints.{id}"
        if one.events is not None:
            yield f"{key}.events", _count(one.events, id)
        yield from _figure(f"{key}.median", one.median, "median", id)
        yield from _interval(f"{key}.median_interval", one.median_interval, "median", id)
        yield from _at_times(f"{key}.rates", one.rates, id)
        yield from _figure(f"{key}.follow_up", one.follow_up, "follow_up", id)
        for by, comparison in one.by.items():
            yield from _compared(f"{key}.by.{by}", comparison, id, by, next(iter(summary.groups.get(by, {"": 0}))))


def _compared(key: str, c: Comparison, id: str, by: str, first: str) -> Iterator[tuple[str, Target]]:
    """The figures of one grouping; the log-rank p, which belongs to no group, is asked of the first."""
    for label, text in c.median.items():
        yield from _figure(f"{key}.median.{label}", text, "median", id, by, label)
    for label, ends in c.median_interval.items():
        yield from _interval(f"{key}.median_interval.{label}", ends, "median", id, by, label)
    for label, events in c.events.items():
        yield f"{key}.events.{label}", _count(events, id, by, label)
    for label, rates in c.rates.items():
        yield from _at_times(f"{key}.rates.{label}", rates, id, by, label)
    yield from _figure(f"{key}.hazard_ratio", c.hazard_ratio, "hazard_ratio", id, by, c.of)
    yield from _interval(f"{key}.hazard_ratio_interval", c.hazard_ratio_interval, "hazard_ratio", id, by, c.of)
    yield from _figure(f"{key}.logrank_p", c.logrank_p, "logrank_p", id, by, first)


_MOST = {"logrank_p": (1.0, "a p value is 1 at most"), "rate": (100.0, "a share is 100 % at most")}
_MAY_BE_UNREACHED = ("median", "median_low", "median_high", "follow_up")


def _figure(
    key: str, text: str, quantity: Quantity, endpoint: str, by: str = "", level: str = "", at: float = 0.0
) -> Iterator[tuple[str, Target]]:
    if not text:
        return
    if not reached(text) and quantity not in _MAY_BE_UNREACHED:
        raise SummaryError(key, "only a median can be not reached")
    try:
        target = Target.printed(text, quantity, endpoint, by, level, at=at)
    except ValueError as error:
        raise SummaryError(key, f"{text!r} is not {error}") from None
    most, remedy = _MOST.get(quantity, (math.inf, ""))
    if quantity in _MAY_BE_UNREACHED and LONGEST < target.low < math.inf:
        raise SummaryError(key, f"{text} is no number of months up to {LONGEST:,}")
    if target.high <= 0 or target.low > most:
        raise SummaryError(key, f"{text} cannot be: {remedy if target.high > 0 else 'it is not above 0'}")
    yield key, target


def _interval(
    key: str, ends: Ends | None, of: Literal["median", "hazard_ratio"], endpoint: str, by: str = "", level: str = ""
) -> Iterator[tuple[str, Target]]:
    if ends is None:
        return
    below: Quantity = "median_low" if of == "median" else "hazard_ratio_low"
    above: Quantity = "median_high" if of == "median" else "hazard_ratio_high"
    found = [
        *_figure(key, ends[0], below, endpoint, by, level),
        *_figure(key, ends[1], above, endpoint, by, level),
    ]
    if len(found) < 2 or found[0][1].low > found[1][1].high:
        raise SummaryError(key, f"{ends[0]} to {ends[1]} is no interval: give the lower end and the upper one")
    yield from found


def _at_times(key: str, rates: Rates, endpoint: str, by: str = "", level: str = "") -> Iterator[tuple[str, Target]]:
    for months, text in rates.items():
        try:
            at = float(months)
        except ValueError:
            at = 0.0
        if not 0 < at <= LONGEST:
            raise SummaryError(f"{key}.{months}", f"{months!r} is no number of months up to {LONGEST:,}")
        yield from _figure(f"{key}.{months}", text, "rate", endpoint, by, level, at)


def _count(events: int, endpoint: str, by: str = "", level: str = "") -> Target:
    return Target("events", endpoint, events - 0.5, events + 0.5, by, level, text=str(events))


def _check_sizes(summary: Summary) -> None:
    if not 2 <= summary.n <= LARGEST:
        raise SummaryError("n", f"{summary.n} is no number of patients from 2 to {LARGEST:,}")
    if not summary.endpoints:
        raise SummaryError("endpoints", "give at least one endpoint, such as [endpoints.os]")
    for by, sizes in summary.groups.items():
        _check_id(f"groups.{by}", by)
        total = sum(sizes.values())
        if len(sizes) < 2 or min(sizes.values()) < 1 or total != summary.n:
            found = " + ".join(map(str, sizes.values())) or "none"
            raise SummaryError(f"groups.{by}", f"give two groups or more that add up to n = {summary.n}; found {found}")
        for label in sizes:
            _check_label(f"groups.{by}", label)
        if len({label.casefold() for label in sizes}) < len(sizes):
            raise SummaryError(f"groups.{by}", "two labels differ in capitals only: name the groups differently")
    low, high = summary.follow_up_months or (0.0, 1.0)
    if not 0 <= low < high <= LONGEST:
        raise SummaryError("follow_up_months", "give the shortest and the longest, in months, such as [6, 40]")
    if summary.days_per_month is not None and not 28 <= summary.days_per_month <= 31:
        raise SummaryError("days_per_month", f"{summary.days_per_month:g} is no number of days from 28 to 31")
    if summary.conventions not in CONVENTIONS:
        raise SummaryError("conventions", f"{summary.conventions!r} is none of {', '.join(CONVENTIONS)}")


def _check_id(key: str, id: str) -> None:
    """A grouping becomes a column, which must not pass for one of the dictionary's or for an endpoint's."""
    if not _ID.fullmatch(id):
        raise SummaryError(key, "an id is of small letters, digits and underscores, and begins with a letter")
    if id in VARIABLES or ENDPOINT_COLUMN.match(id):
        raise SummaryError(key, f"{id} is a column with a meaning of its own: name the grouping {id}_group or so")


def _check_label(key: str, label: str) -> None:
    """A label must be read back from a CSV as the text that it is."""
    text = np.array([label], dtype=object)
    if label != label.strip() or not any(map(str.isalpha, label)) or coerce.missing(text)[0]:
        raise SummaryError(key, "a label is a word, such as control; numbers and NA do not name a group")


def _check_endpoint(summary: Summary, id: str, one: EndpointSummary) -> None:
    key = f"endpoints.{id}"
    if not _ID.fullmatch(id):
        raise SummaryError(key, "an id is of small letters, digits and underscores, such as pfs")
    _check_events(f"{key}.events", one.events, summary.n)
    for by, comparison in one.by.items():
        inside = f"{key}.by.{by}"
        if by not in summary.groups:
            raise SummaryError(inside, f"give the sizes of its groups in [groups.{by}]")
        sizes = summary.groups[by]
        for name in ("median", "median_interval", "events", "rates"):
            for label in getattr(comparison, name):
                if label not in sizes:
                    raise SummaryError(f"{inside}.{name}.{label}", f"the groups are {', '.join(sizes)}")
        for label, events in comparison.events.items():
            _check_events(f"{inside}.events.{label}", events, sizes[label])
        _check_comparison(inside, comparison, sizes)
    known = summary.events(id)
    if one.events is not None and any(
        set(c.events) == set(summary.groups[by]) and sum(c.events.values()) != known for by, c in one.by.items()
    ):
        raise SummaryError(f"{key}.events", f"the groups' numbers of events do not add up to {known}")
    _check_order(summary, id, key)


def _check_events(key: str, events: int | None, n: int) -> None:
    if events is not None and not 0 <= events <= n:
        raise SummaryError(key, f"{events} events in {n} patients: a patient has one event at most")


def _check_comparison(key: str, comparison: Comparison, sizes: Mapping[str, int]) -> None:
    ratio = comparison.hazard_ratio or comparison.hazard_ratio_interval
    if (ratio or comparison.logrank_p) and len(sizes) != 2:
        raise SummaryError(key, f"hazard ratio and p are those of two groups; here are {len(sizes)}")
    if ratio and comparison.of not in sizes:
        raise SummaryError(f"{key}.of", f"name the group whose hazard stands above: {' or '.join(sizes)}")


def _check_order(summary: Summary, id: str, key: str) -> None:
    """An endpoint's events are events of the earlier ones too."""
    earlier = list(summary.endpoints)[: list(summary.endpoints).index(id)]
    for before in earlier:
        fewer, more = summary.events(before), summary.events(id)
        if fewer is not None and more is not None and more > fewer:
            remedy = f"{more} events, but only {fewer} of {before}, which comes first and counts these too"
            raise SummaryError(f"{key}.events", remedy)
