"""Printed text as intervals, and arithmetic that leaves nothing out."""

import math
import random
from datetime import date
from fractions import Fraction

import pytest

from kras_core.audit.printed import Interval, PrintedError, day, number, pair, reached, share, tidy


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("12.4", 12.35, 12.45),
        ("5.20", 5.195, 5.205),
        ("9", 8.5, 9.5),
        ("<0.001", 0.0, 0.001),
        ("p < 0.001", 0.0, 0.001),
        ("p = 0.025", 0.0245, 0.0255),
        (">0.05", 0.05, math.inf),
        ("59.2 %", 59.15, 59.25),
        ("1,234", 1233.5, 1234.5),
        ("12,4", 12.35, 12.45),
        (".03", 0.025, 0.035),
        ("7.96 months", 7.955, 7.965),
    ],
)
def test_a_number_is_what_rounds_to_it(text: str, low: float, high: float) -> None:
    found = number(text)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)


@pytest.mark.parametrize("text", ["", "twelve", "5.6–10.3", "12.4 (8.2–16.6)"])
def test_what_is_no_number_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(PrintedError) as refusal:
        number(text)
    assert not text or text not in str(refusal.value)


@pytest.mark.parametrize("text", ["5.6–10.3", "5.6-10.3", "5.6 to 10.3", "(95% CI: 5.6–10.3)", "95 % CI 5.6, 10.3"])
def test_two_ends(text: str) -> None:
    low, high = pair(text)
    assert high is not None
    assert (low.middle, high.middle) == pytest.approx((5.6, 10.3))


def test_a_lower_end_below_zero() -> None:
    """As SPSS prints for a median with a large standard error."""
    for text in ("-8.0–14.3", "−8.0 to 14.3", "-8.0 - 14.3", "-8.0, 14.3"):
        low, high = pair(text)
        assert high is not None and (low.middle, high.middle) == pytest.approx((-8.0, 14.3)), text
    low, high = pair("-0.9–-0.2")
    assert high is not None and (low.middle, high.middle) == pytest.approx((-0.9, -0.2))


def test_an_upper_end_that_was_not_reached() -> None:
    assert pair("5.6–NR")[1] is None
    assert pair("5.6 to not reached")[1] is None
    assert not reached("NR") and reached("12.4")


@pytest.mark.parametrize("text", ["5.6", "NR–5.6", "1–2–3", ""])
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(PrintedError):
        pair(text)


@pytest.mark.parametrize(
    ("text", "k", "n", "percent"),
    [
        ("16 (59.2)", 16, None, "59.2"),
        ("23 (85.2%)", 23, None, "85.2"),
        ("85.2% (23/27)", 23, 27, "85.2"),
        ("85.2%, 23/27", 23, 27, "85.2"),
        ("9 of 27", 9, 27, ""),
        ("33.3%", None, None, "33.3"),
        ("27 (100)", 27, None, "100"),
        ("6", 6, None, ""),
    ],
)
def test_shares(text: str, k: int | None, n: int | None, percent: str) -> None:
    found = share(text)
    assert (found.k, found.n, found.percent) == (k, n, percent)


def test_ways_of_rounding_are_told_apart() -> None:
    assert share("16 (59.3)").ways(16, 27) == ("half up", "half even")
    assert share("16 (59.2)").ways(16, 27) == ("truncated",)
    assert share("1 (12.5)").ways(1, 8) == ("half up", "half even", "truncated")
    assert share("1 (6.3)").ways(1, 16) == ("half up",)  # 6.25
    assert share("1 (6.2)").ways(1, 16) == ("half even", "truncated")
    assert share("16 (59.4)").ways(16, 27) == ()


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("March 4, 2024", date(2024, 3, 4), date(2024, 3, 4)),
        ("4 March 2024", date(2024, 3, 4), date(2024, 3, 4)),
        ("2024-03-04", date(2024, 3, 4), date(2024, 3, 4)),
        ("April 2019", date(2019, 4, 1), date(2019, 4, 30)),
        ("2020-02", date(2020, 2, 1), date(2020, 2, 29)),
    ],
)
def test_dates(text: str, first: date, last: date) -> None:
    assert day(text) == (first, last)


@pytest.mark.parametrize("text", ["", "spring 2019", "2019-13-01", "30 February 2020", "04/03/2024"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(PrintedError):
        day(text)


def test_operations_hold_every_exact_result() -> None:
    """Ends are floats, so their exact sums, products and quotients are fractions: none may fall outside."""
    rng = random.Random(4)
    for _ in range(500):
        a, b = (Interval(*sorted((rng.uniform(-9, 9), rng.uniform(-9, 9)))) for _ in range(2))
        x, y = (Fraction(rng.choice((i.low, i.high, i.middle))) for i in (a, b))
        for found, exact in ((a + b, x + y), (a - b, x - y), (a * b, x * y)):
            assert Fraction(found.low) <= exact <= Fraction(found.high)
        if 0.0 not in b:
            quotient = a / b
            assert Fraction(quotient.low) <= x / y <= Fraction(quotient.high)


def test_no_division_by_what_may_be_zero() -> None:
    with pytest.raises(ZeroDivisionError):
        _ = Interval(1, 2) / Interval(-1, 1)


def test_monotone_functions_and_magnitude() -> None:
    assert Interval(-3, 2).magnitude() == Interval(0, 3)
    assert Interval(-3, -2).magnitude() == Interval(2, 3)
    logs = Interval(1, math.e).log()
    assert logs.low <= 0 and logs.high >= 1
    assert Interval(0, 1).log().low == -math.inf
    falling = Interval(1, 2).falling(lambda x: -x)
    assert falling.low <= -2 and falling.high >= -1


@pytest.mark.parametrize(
    ("x", "text"),
    [(0.46291, "0.463"), (1234.5, "1,234"), (-0.5, "−0.500"), (0, "0"), (math.inf, "∞"), (2e-7, "0.00000")],
)
def test_tidy(x: float, text: str) -> None:
    assert tidy(x) == text
