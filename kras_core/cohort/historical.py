"""Published medians to look at beside a cohort: data/historical.toml, and rows that a user adds.

A number is kept as its source prints it ("5.6", never 5.60) and never computed with, but for its place on an axis.
"""

import functools
import tomllib
from dataclasses import dataclass
from typing import Any

from kras_core.cohort.bundled import DATA

FILE = DATA / "historical.toml"
ENDPOINTS = ("pfs", "os")


class HistoricalError(ValueError):
    """A row that cannot be shown; the message says what it lacks."""


@dataclass(frozen=True, slots=True)
class Median:
    """A median in months as printed, with its interval ("": that end was not reached; both "": none printed)."""

    median: str
    low: str = ""
    high: str = ""

    @property
    def months(self) -> float:
        return float(self.median)


@dataclass(frozen=True, slots=True)
class Quoted:
    """What another paper prints for the same trial, and where."""

    endpoint: str
    median: str
    where: str


@dataclass(frozen=True, slots=True)
class Historical:
    """One arm of one publication. later_line: whether its patients had been treated before. medians by endpoint."""

    id: str
    treatment: str
    trial: str
    population: str
    line: str
    later_line: bool
    n: int
    medians: dict[str, Median]
    source: str
    caution: str
    quoted: Quoted | None = None

    @property
    def name(self) -> str:
        return f"{self.treatment}, {self.trial}" if self.trial else self.treatment


@functools.cache
def published() -> tuple[Historical, ...]:
    """The rows of data/historical.toml. Raises HistoricalError naming row and field that are missing or unreadable."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["row"]
    return tuple(_row(row) for row in rows)


def _row(raw: dict[str, Any]) -> Historical:
    known = {f.name for f in Historical.__dataclass_fields__.values()} - {"medians"} | set(ENDPOINTS)
    name = raw.get("id", "a row without id")
    if unknown := sorted(set(raw) - known):
        raise HistoricalError(f"{name}: unknown {', '.join(unknown)}")
    for field in ("id", "treatment", "population", "line", "source", "caution"):
        if not str(raw.get(field, "")).strip():
            raise HistoricalError(f"{name}: {field} is missing")
    quoted = raw.get("quoted")
    return Historical(
        id=raw["id"],
        treatment=raw["treatment"],
        trial=raw.get("trial", ""),
        population=raw["population"],
        line=raw["line"],
        later_line=bool(raw["later_line"]),
        n=int(raw["n"]),
        medians={e: _median(name, raw[e]["median"], *raw[e].get("ci", ())) for e in ENDPOINTS if e in raw},
        source=raw["source"],
        caution=raw["caution"],
        quoted=Quoted(quoted["endpoint"], quoted["median"], quoted["where"]) if quoted else None,
    )


def own_row(
    id: str, endpoint: str, treatment: str, source: str, n: int, median: str, low: str = "", high: str = ""
) -> Historical:
    """A row that a user adds. Raises HistoricalError for a median that is no number of months, an interval that does
    not hold it, or a missing treatment or source."""
    if not treatment.strip() or not source.strip():
        raise HistoricalError("a row needs a treatment and its source: a number without one cannot be checked")
    numbers = (text.strip().replace(",", ".") for text in (median, low, high))
    found = {endpoint: _median(treatment.strip(), *numbers)}
    return Historical(
        id,
        treatment.strip(),
        "",
        "as you know it",
        "as you know it",
        True,
        n,
        found,
        source.strip(),
        "Added in this session; not checked.",
    )


def _median(name: str, median: str, low: str = "", high: str = "") -> Median:
    values = []
    for text in (median, low, high):
        try:
            values.append(float(text) if text else None)
        except ValueError:
            raise HistoricalError(f"{name}: a median and its interval are numbers of months, such as 5.6") from None
    middle, start, end = values
    if middle is None or not 0 < middle < 600:
        raise HistoricalError(f"{name}: the median is missing, or no time between 0 and 600 months")
    if (start is not None and start > middle) or (end is not None and end < middle):
        raise HistoricalError(f"{name}: the interval does not hold the median")
    return Median(median, low, high)
