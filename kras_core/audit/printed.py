"""Printed text as what it stands for: an interval of numbers, not a point.

"5.20" is whatever rounds to it, 5.195 to 5.205; its decimals count, so the text is kept, never the number. Figures
computed from several printed ones are computed over all of their intervals at once (interval arithmetic, Moore 1966),
every operation rounded outward, so that a true value is never left outside.
"""

import math
import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction

_NUMBER = re.compile(r"[<>≤≥=]*\s*[-−+]?\d[\d,]*(?:\.\d+)?|[<>≤≥=]*\s*[-−+]?\.\d+")
_SHARE = re.compile(r"(\d+)\s*(?:/|of|out of)\s*(\d+)")
_PERCENT = re.compile(r"(\d+(?:[.,]\d+)?|\.\d+)\s*%")
_BRACKET = re.compile(r"\(\s*(\d+(?:[.,]\d+)?)\s*%?\s*\)")
_NEVER = r"(?:nr|ne|na|n\.r\.|not reached|not estimable|not evaluable|∞|inf(?:inity)?)"
NOT_REACHED = re.compile(rf"(?i)\s*{_NEVER}\s*")
_END = r"[<>≤≥]?\s*[-−]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)"
_PAIR = re.compile(rf"(?i)({_END})\s*(?:–|—|-|−|~|;|,\s|\bto\b|\band\b)\s*({_END}|{_NEVER})")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class PrintedError(ValueError):
    """A text that is not what its quantity prints. The message says what was expected, never what was found."""


@dataclass(frozen=True, slots=True)
class Interval:
    """All numbers from low to high, both included. Operations hold every value that any pair of members gives."""

    low: float
    high: float

    @classmethod
    def point(cls, x: float) -> "Interval":
        return cls(float(x), float(x))

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2

    def __contains__(self, x: float) -> bool:
        return self.low <= x <= self.high

    def meets(self, other: "Interval") -> bool:
        return self.low <= other.high and other.low <= self.high

    def __add__(self, other: "Interval") -> "Interval":
        return _outward(self.low + other.low, self.high + other.high)

    def __sub__(self, other: "Interval") -> "Interval":
        return _outward(self.low - other.high, self.high - other.low)

    def __mul__(self, other: "Interval") -> "Interval":
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return _outward(min(ends), max(ends))

    def __truediv__(self, other: "Interval") -> "Interval":
        """Raises ZeroDivisionError where the divisor may be 0."""
        if 0.0 in other:
            raise ZeroDivisionError("the divisor's interval holds 0")
        ends = [a / b for a in (self.low, self.high) for b in (other.low, other.high)]
        return _outward(min(ends), max(ends))

    def scaled(self, factor: float) -> "Interval":
        return self * Interval.point(factor)

    def map(self, increasing: Callable[[float], float]) -> "Interval":
        """The image under an increasing function."""
        return _outward(increasing(self.low), increasing(self.high))

    def falling(self, decreasing: Callable[[float], float]) -> "Interval":
        """The image under a decreasing function."""
        return _outward(decreasing(self.high), decreasing(self.low))

    def log(self) -> "Interval":
        """The natural logarithm; minus infinity at and below 0."""
        return self.map(lambda x: math.log(x) if x > 0 else -math.inf)

    def magnitude(self) -> "Interval":
        """The absolute value."""
        ends = sorted((abs(self.low), abs(self.high)))
        return Interval(0.0 if 0.0 in self else ends[0], ends[1])


def _outward(low: float, high: float) -> Interval:
    """Two steps in the last place: libm's functions may be off by one, the basic operations by half of one."""
    for _ in range(2):
        low, high = math.nextafter(low, -math.inf), math.nextafter(high, math.inf)
    return Interval(low, high)


def printed_interval(text: str) -> tuple[float, float]:
    """The numbers that print as `text`: "9.0" is 8.95 to 9.05, and "<0.001" is 0 to 0.001. Raises PrintedError."""
    one = number(text)
    return one.low, one.high


def number(text: str) -> Interval:
    """One printed number, with or without "<", ">", "%", "p =" or a unit. Raises PrintedError unless there is one."""
    found = _NUMBER.findall(_plain(text))
    if len(found) != 1:
        raise PrintedError("one number, such as 12.4 or <0.001")
    return _number(found[0])


def _number(text: str) -> Interval:
    sign, digits = re.fullmatch(r"([<>≤≥=]*)\s*(.*)", text.strip()).groups()  # type: ignore[union-attr]
    value, half = _digits(digits)
    if "<" in sign or "≤" in sign:
        return Interval(0.0, float(value))
    if ">" in sign or "≥" in sign:
        return Interval(float(value), math.inf)
    return Interval(float(value - half), float(value + half))


def _digits(text: str) -> tuple[Decimal, Decimal]:
    """The number and half a unit of its last place. "1,234" is thousands, "12,4" a decimal comma."""
    text = text.replace("−", "-").strip().rstrip(",")
    if "." not in text and re.fullmatch(r"[-+]?\d+,\d{1,2}|[-+]?\d+,\d{4,}", text):
        text = text.replace(",", ".")
    try:
        value = Decimal(text.replace(",", ""))
    except InvalidOperation:
        raise PrintedError("one number, such as 12.4 or <0.001") from None
    return value, Decimal((0, (5,), int(value.as_tuple().exponent) - 1))


def _plain(text: str) -> str:
    return re.sub(r"(?i)\b95\s*%\s*(ci|confidence interval)?\s*[:,]?|\bci\b|[()\[\]%]", " ", f" {text} ").strip()


def pair(text: str) -> tuple[Interval, Interval | None]:
    """Two printed ends, "5.6–10.3", "5.6 to 10.3", "(95% CI 5.6, NR)"; None for an end that was not reached.

    They may stand in the wrong order: that is for a check to say. Raises PrintedError.
    """
    low, high = ends(text)
    return _number(low), None if NOT_REACHED.fullmatch(high) else _number(high)


def ends(text: str) -> tuple[str, str]:
    """The texts of two printed ends. Raises PrintedError."""
    found = _PAIR.fullmatch(_plain(text).strip(" ;,:"))
    if not found:
        raise PrintedError("two numbers, such as 5.6–10.3")
    return found[1], found[2]


def reached(text: str) -> bool:
    """Whether the text is a number and not "NR" or "not reached"."""
    return NOT_REACHED.fullmatch(text) is None


@dataclass(frozen=True, slots=True)
class Share:
    """A printed proportion: count, denominator and the percentage's text, each where it is printed."""

    k: int | None
    n: int | None
    percent: str

    def ways(self, k: int, n: int) -> tuple[str, ...]:
        """By which rules k of n prints as this percentage: "half up", "half even", "truncated"."""
        value = Fraction(100 * k, n)
        places = Decimal(1).scaleb(int(Decimal(self.percent).as_tuple().exponent))
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        rules = (("half up", ROUND_HALF_UP), ("half even", ROUND_HALF_EVEN), ("truncated", ROUND_DOWN))
        return tuple(name for name, rule in rules if exact.quantize(places, rule) == Decimal(self.percent))


def share(text: str) -> Share:
    """ "16 (59.2)", "85.2% (23/27)", "9/27", "33.3%": any of count, denominator and percentage. Raises PrintedError."""
    of = _SHARE.search(text)
    rest = text.replace(of[0], " ") if of else text
    percent = _PERCENT.search(rest) or _BRACKET.search(rest)
    if percent:
        rest = rest.replace(percent[0], " ")
    counts = re.findall(r"(?<![\d.,])\d+(?![\d.,%])", rest)
    if len(counts) > (0 if of else 1) or not (of or percent or counts):
        raise PrintedError("a count, a percentage or both, such as 16 (59.3) or 23/27")
    k = int(of[1]) if of else int(counts[0]) if counts else None
    return Share(k, int(of[2]) if of else None, percent[1].replace(",", ".") if percent else "")


def day(text: str) -> tuple[date, date]:
    """The first and last day that a printed date can mean: "2024-03-04", "March 4, 2024", "4 March 2024", "April 2019".

    Raises PrintedError.
    """
    expected = "a date, such as 2024-03-04, 4 March 2024 or April 2019"
    iso = re.fullmatch(r"\s*(\d{4})-(\d{1,2})(?:-(\d{1,2}))?\s*", text)
    named = re.search(r"(?i)\b([a-z]{3})[a-z]*\b", text)
    numbers = [int(n) for n in re.findall(r"\d+", text)]
    years = [n for n in numbers if n > 1900]
    if iso:
        year, month, days = int(iso[1]), int(iso[2]), [int(iso[3])] if iso[3] else []
    elif named and named[1].lower() in MONTHS and len(years) == 1:
        year, month, days = years[0], MONTHS.index(named[1].lower()) + 1, [n for n in numbers if n <= 31]
    else:
        raise PrintedError(expected)
    try:
        first = date(year, month, days[0] if days else 1)
    except ValueError:
        raise PrintedError(expected) from None
    return first, first if days else date(year, month, monthrange(year, month)[1])


def tidy(x: float, digits: int = 3) -> str:
    """A computed number for a sentence: so many significant digits, never an exponent, at most five decimals."""
    if not math.isfinite(x):
        return "∞" if x > 0 else "−∞" if x < 0 else "–"
    if x == 0:
        return "0"
    places = min(max(digits - 1 - math.floor(math.log10(abs(x))), 0), 5)
    return f"{x:,.{places}f}".replace("-", "−")
