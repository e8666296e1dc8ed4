"""How dates are written in a column, and reading them: ISO, day or month first, Chinese, month names, Excel serials.

Whether 03/04/2021 is in March or April nobody can know from the cell: a column whose parts never tell is ambiguous,
and whoever has the file is asked.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kras_core.cohort.coerce import missing

# A way of writing -> its name for people.
WAYS: Mapping[str, str] = {
    "ymd": "year month day (2021-03-05, 2021/3/5, 2021年3月5日, 20210305)",
    "dmy": "day month year (05.03.2021, 5/3/21)",
    "mdy": "month day year (03/05/2021, 3/5/21)",
    "named": "day, month's name, year (05-Mar-2021, 05MAR2021)",
    "excel": "Excel's serial number (44260 is 2021-03-05)",
}

_CLOCK = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_YMD = re.compile(rf"(\d{{4}})\s*[-/.年]\s*(\d{{1,2}})\s*[-/.月]\s*(\d{{1,2}})\s*日?{_CLOCK}")
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
_PARTS = re.compile(rf"(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}|\d{{2}}){_CLOCK}")
_NAMED = re.compile(r"(\d{1,2})[- ./]?([A-Za-z]{3,9})\.?[- ,./]*(\d{4}|\d{2})")
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_EPOCH = np.datetime64("1899-12-30")  # Excel's day 0, so that serials from March 1900 on are right
_SERIALS = (18_264, 73_051)  # 1950-01-01 to 2100-01-01
_FIRST, _LAST = np.datetime64("1900-01-01"), np.datetime64("2100-01-01")
PIVOT = 69  # two-digit years below are 20xx, from it on 19xx (POSIX)


@dataclass(frozen=True, slots=True)
class Written:
    """How a column's dates are written: the ways that read every one of them (several: ambiguous), and why."""

    ways: tuple[str, ...]
    reason: str
    two_digit_years: bool = False


def how_written(text: np.ndarray) -> Written:
    """The ways in which all, or nearly all (nine in ten), of a column's values can be read as dates; none: no dates."""
    distinct = list(dict.fromkeys(text[~missing(text)].tolist()))
    if not distinct:
        return Written((), "no values")
    counts = {way: sum(_day(t, way) is not None for t in distinct) for way in WAYS}
    most = max(counts.values())
    if most < 0.9 * len(distinct):
        return Written((), "values that are no dates")
    ways = tuple(way for way, n in counts.items() if n == most)
    short = any((m := _PARTS.fullmatch(t)) and len(m[3]) == 2 for t in distinct)
    if set(ways) == {"dmy", "mdy"}:
        if all("." in t for t in distinct):
            return Written(("dmy",), "day first, as is usual between full stops; no value tells", short)
        return Written(ways, "no value has a day above 12: day or month first?", short)
    return Written(ways[:1], WAYS[ways[0]], short)


def read_dates(text: np.ndarray, way: str) -> tuple[np.ndarray, np.ndarray]:
    """datetime64[D] (n,), NaT where missing or unreadable, and which cells are unreadable (n,)."""
    known: dict[str, np.datetime64] = {}
    for t in dict.fromkeys(text.tolist()):
        day = _day(t, way)
        known[t] = np.datetime64("NaT") if day is None else day
    days = np.array([known[t] for t in text.tolist()], dtype="datetime64[D]")
    return days, np.isnat(days) & ~missing(text)


def _day(text: str, way: str) -> np.datetime64 | None:
    parts: tuple[str, str, str] | None = None  # year, month, day
    if way == "excel":
        match = _SERIAL.fullmatch(text)
        serial = int(match[1]) if match else 0
        return _EPOCH + serial if _SERIALS[0] <= serial < _SERIALS[1] else None
    if way == "ymd" and (match := _YMD.fullmatch(text) or _COMPACT.fullmatch(text)):
        parts = (match[1], match[2], match[3])
    elif way == "named" and (match := _NAMED.fullmatch(text)) and match[2][:3].lower() in _MONTHS:
        parts = (match[3], str(_MONTHS.index(match[2][:3].lower()) + 1), match[1])
    elif way in ("dmy", "mdy") and (match := _PARTS.fullmatch(text)):
        day, month = (match[1], match[2]) if way == "dmy" else (match[2], match[1])
        parts = (match[3], month, day)
    return None if parts is None else _of_parts(*parts)


def _of_parts(year: str, month: str, day: str) -> np.datetime64 | None:
    y = int(year)
    if len(year) == 2:
        y += 2000 if y < PIVOT else 1900
    try:
        date = np.datetime64(f"{y:04d}-{int(month):02d}-{int(day):02d}", "D")
    except ValueError:
        return None
    return date if _FIRST <= date < _LAST else None
