"""Summary: what a publication prints of a study, made by a page or read from a TOML file (docs/compatible.md).

Figures are kept as printed text: its decimals say how exact they are.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kras_core.audit.printed import reached
from kras_core.audit.targets import Quantity, Target
from kras_core.cohort import coerce
from kras_core.cohort.variables import ENDPOINT_COLUMN, VARIABLES

Ends = tuple[str, str]

LARGEST = 5_000  # patients: the search is made for publications, not for registries
_ID = re.compile(r"[a-z][a-z0-9_]*")


class SummaryError(ValueError):
    """What is wrong with a summary: the key, such as endpoints.os.by.arm.of, and how to mend it."""

    def __init__(self, key: str, remedy: str):
        super().__init__(f"{key}: {remedy}" if key else remedy)
        self.key = key


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is printed of one endpoint by one grouping: medians and numbers of events by label; Cox's hazard ratio of
    the group `of` over the other of two, and the ends of its 95 % interval; the log-rank p."""

    median: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, int] = field(default_factory=dict)
    hazard_ratio: str = ""
    hazard_ratio_interval: Ends | None = None
    of: str = ""
    logrank_p: str = ""


@dataclass(frozen=True, slots=True)
class EndpointSummary:
    """What is printed of one endpoint: number of events, median and SPSS's interval of it, median follow-up by
    reverse Kaplan–Meier, and comparisons by the grouping's id."""

    events: int | None = None
    median: str = ""
    median_interval: Ends | None = None
    follow_up: str = ""
    by: Mapping[str, Comparison] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a publication prints of a study. Times are in months. Raises SummaryError for what makes no sense.

    groups: by the grouping's id, the size of each labelled group; every grouping deals all n patients. endpoints: by
    id, such as pfs and os, in order of occurrence: an event of a later one is one of the earlier ones too, and who
    has no event of an earlier one leaves both at the same time. follow_up_months: shortest and longest time at which
    a patient without event was last seen. days_per_month: None takes the divisor that fits most of the printed times.
    """

    n: int
    endpoints: Mapping[str, EndpointSummary]
    groups: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    title: str = ""
    follow_up_months: tuple[float, float] | None = None
    days_per_month: float | None = None

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

    def figure(
        key: str, text: str, quantity: Quantity, endpoint: str, by: str = "", level: str = ""
    ) -> Iterator[tuple[str, Target]]:
        if not reached(text) and quantity not in ("median", "follow_up"):
            raise SummaryError(key, "only a median can be not reached")
        if text:
            try:
                yield key, Target.printed(text, quantity, endpoint, by, level)
            except ValueError as error:
                raise SummaryError(key, f"{text!r} is not {error}") from None

    for id, one in summary.endpoints.items():
        key = f"endpoints.{id}"
        low, high = one.median_interval or ("", "")
        if one.events is not None:
            yield f"{key}.events", _count(one.events, id)
        yield from figure(f"{key}.median", one.median, "median", id)
        yield from figure(f"{key}.median_interval", low, "median_low", id)
        yield from figure(f"{key}.median_interval", high, "median_high", id)
        yield from figure(f"{key}.follow_up", one.follow_up, "follow_up", id)
        for by, c in one.by.items():
            inside = f"{key}.by.{by}"
            low, high = c.hazard_ratio_interval or ("", "")
            for label, text in c.median.items():
                yield from figure(f"{inside}.median.{label}", text, "median", id, by, label)
            for label, events in c.events.items():
                yield f"{inside}.events.{label}", _count(events, id, by, label)
            yield from figure(f"{inside}.hazard_ratio", c.hazard_ratio, "hazard_ratio", id, by, c.of)
            yield from figure(f"{inside}.hazard_ratio_interval", low, "hazard_ratio_low", id, by, c.of)
            yield from figure(f"{inside}.hazard_ratio_interval", high, "hazard_ratio_high", id, by, c.of)
            first = next(iter(summary.groups.get(by, {"": 0})))
            yield from figure(f"{inside}.logrank_p", c.logrank_p, "logrank_p", id, by, first)


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
    if not 0 <= low < high < 1_200:
        raise SummaryError("follow_up_months", "give the shortest and the longest, in months, such as [6, 40]")
    if summary.days_per_month is not None and not 28 <= summary.days_per_month <= 31:
        raise SummaryError("days_per_month", f"{summary.days_per_month:g} is no number of days from 28 to 31")


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
        for name, given in (("median", comparison.median), ("events", comparison.events)):
            for label in given:
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


def read_summary(text: str) -> Summary:
    """The summary in a TOML document. Raises SummaryError naming the key, or line and column of what is no TOML."""
    try:
        document = tomllib.loads(text, parse_float=str)  # 5.20 stays 5.20
    except tomllib.TOMLDecodeError as error:
        raise SummaryError("", f"this is no TOML: {error}") from None
    top = _Table("", document)
    top.allow("title", "n", "follow_up_months", "days_per_month", "groups", "endpoints")
    span, days = top.pair("follow_up_months"), top.printed("days_per_month")
    return Summary(
        n=top.whole("n"),
        endpoints={id: _endpoint(one) for id, one in top.tables("endpoints").items()},
        groups={by: {g: sizes.whole(g) for g in sizes.values} for by, sizes in top.tables("groups").items()},
        title=top.text("title"),
        follow_up_months=span and (_months("follow_up_months", span[0]), _months("follow_up_months", span[1])),
        days_per_month=_months("days_per_month", days) if days else None,
    )


def _endpoint(table: "_Table") -> EndpointSummary:
    table.allow("events", "median", "median_interval", "follow_up", "by")
    return EndpointSummary(
        events=table.whole("events") if "events" in table.values else None,
        median=table.printed("median"),
        median_interval=table.pair("median_interval"),
        follow_up=table.printed("follow_up"),
        by={id: _comparison(one) for id, one in table.tables("by").items()},
    )


def _comparison(table: "_Table") -> Comparison:
    table.allow("median", "events", "hazard_ratio", "hazard_ratio_interval", "of", "logrank_p")
    medians, events = table.table("median"), table.table("events")
    return Comparison(
        median={label: medians.printed(label) for label in medians.values},
        events={label: events.whole(label) for label in events.values},
        hazard_ratio=table.printed("hazard_ratio"),
        hazard_ratio_interval=table.pair("hazard_ratio_interval"),
        of=table.text("of"),
        logrank_p=table.printed("logrank_p"),
    )


def _months(key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SummaryError(key, f"{text!r} is no number") from None


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of the document and the key at which it stands; every reader says what it expected there."""

    place: str
    values: Mapping[str, Any]

    def key(self, name: str) -> str:
        return f"{self.place}.{name}" if self.place else name

    def allow(self, *names: str) -> None:
        unknown = next((name for name in self.values if name not in names), None)
        if unknown is not None:
            raise SummaryError(self.key(unknown), f"no such key; there are {', '.join(names)}")

    def text(self, name: str) -> str:
        value = self.values.get(name, "")
        if not isinstance(value, str):
            raise SummaryError(self.key(name), "write a text in quotes")
        return value

    def printed(self, name: str) -> str:
        """A figure as printed; "" where it is missing."""
        value = self.values.get(name, "")
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise SummaryError(self.key(name), 'write the figure as printed, such as "9.0"')
        return str(value)

    def whole(self, name: str) -> int:
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise SummaryError(self.key(name), "write a whole number" + (" (it is missing)" if value is None else ""))
        return value

    def pair(self, name: str) -> Ends | None:
        if name not in self.values:
            return None
        value = self.values[name]
        if not isinstance(value, list) or len(value) != 2 or not all(type(end) in (str, int) for end in value):
            raise SummaryError(self.key(name), 'write two figures in brackets, such as ["5.6", "10.3"]')
        return str(value[0]), str(value[1])

    def table(self, name: str) -> "_Table":
        value = self.values.get(name, {})
        if not isinstance(value, dict):
            raise SummaryError(self.key(name), "this is a table, such as { A = …, B = … }")
        return _Table(self.key(name), value)

    def tables(self, name: str) -> dict[str, "_Table"]:
        outer = self.table(name)
        return {inner: outer.table(inner) for inner in outer.values}
