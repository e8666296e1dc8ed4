"""A Summary as a TOML document, read and written (docs/compatible.md)."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from kras_core.audit.summary import Comparison, EndpointSummary, Ends, Summary, SummaryError

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def read_summary(text: str) -> Summary:
    """The summary in a TOML document. Raises SummaryError naming the key, or line and column of what is no TOML."""
    try:
        document = tomllib.loads(text, parse_float=str)  # 5.20 stays 5.20
    except tomllib.TOMLDecodeError as error:
        raise SummaryError("", f"this is no TOML: {error}") from None
    top = _Table("", document)
    top.allow("title", "n", "conventions", "follow_up_months", "days_per_month", "groups", "endpoints")
    span, days = top.pair("follow_up_months"), top.printed("days_per_month")
    return Summary(
        n=top.whole("n"),
        endpoints={id: _endpoint(one) for id, one in top.tables("endpoints").items()},
        groups={by: {g: sizes.whole(g) for g in sizes.values} for by, sizes in top.tables("groups").items()},
        title=top.text("title"),
        follow_up_months=span and (_months("follow_up_months", span[0]), _months("follow_up_months", span[1])),
        days_per_month=_months("days_per_month", days) if days else None,
        conventions=top.text("conventions") or "r",
    )


def _endpoint(table: "_Table") -> EndpointSummary:
    table.allow("events", "median", "median_interval", "rates", "follow_up", "by")
    return EndpointSummary(
        events=table.whole("events") if "events" in table.values else None,
        median=table.printed("median"),
        median_interval=table.pair("median_interval"),
        rates=_rates(table.table("rates")),
        follow_up=table.printed("follow_up"),
        by={id: _comparison(one) for id, one in table.tables("by").items()},
    )


def _comparison(table: "_Table") -> Comparison:
    table.allow(
        "median", "median_interval", "events", "rates", "hazard_ratio", "hazard_ratio_interval", "of", "logrank_p"
    )
    medians, intervals, events = (table.table(name) for name in ("median", "median_interval", "events"))
    return Comparison(
        median={label: medians.printed(label) for label in medians.values},
        median_interval={label: ends for label in intervals.values if (ends := intervals.pair(label))},
        rates={label: _rates(one) for label, one in table.tables("rates").items()},
        events={label: events.whole(label) for label in events.values},
        hazard_ratio=table.printed("hazard_ratio"),
        hazard_ratio_interval=table.pair("hazard_ratio_interval"),
        of=table.text("of"),
        logrank_p=table.printed("logrank_p"),
    )


def _rates(table: "_Table") -> dict[str, str]:
    return {months: table.printed(months) for months in table.values}


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


def write_summary(summary: Summary) -> str:
    """The document that `read_summary` reads as this summary; figures in quotes, as printed."""
    top = {
        "title": summary.title,
        "n": summary.n,
        "conventions": summary.conventions,
        "follow_up_months": summary.follow_up_months and [f"{months:g}" for months in summary.follow_up_months],
        "days_per_month": summary.days_per_month and f"{summary.days_per_month:.10g}",
    }
    lines = [*_pairs(top)]
    for by, sizes in summary.groups.items():
        lines += ["", f"[groups.{by}]", *_pairs(sizes)]
    for id, one in summary.endpoints.items():
        lines += ["", f"[endpoints.{id}]", *_pairs(_fields(one))]
        for by, comparison in one.by.items():
            lines += ["", f"[endpoints.{id}.by.{by}]", *_pairs(_fields(comparison))]
    return "\n".join(lines) + "\n"


def _fields(of: EndpointSummary | Comparison) -> dict[str, Any]:
    return {field.name: getattr(of, field.name) for field in fields(of) if field.name != "by"}


def _pairs(values: Mapping[str, Any]) -> Iterator[str]:
    """Lines of what is there: 0 events are, an empty text or table is not."""
    for name, value in values.items():
        if value is not None and value != "" and value != {}:
            yield f"{_written(name)} = {_value(value)}"


def _value(value: Any) -> str:
    """Strings of JSON are strings of TOML."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(_pairs(value))} }}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _written(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
