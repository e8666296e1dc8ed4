"""One number by KRAScope and by a library that computed it from the same patient rows."""

from dataclasses import dataclass
from math import inf, isfinite, isnan

ROUNDING = 1e-14  # numbers this close are the same: a limit at 0 comes out as 5e-17


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """theirs: None where the library does not offer it; note says why. difference: relative, None without theirs."""

    quantity: str
    stratum: str
    ours: float
    theirs: float | None
    library: str
    difference: float | None
    note: str = ""


def second_opinion(
    quantity: str, stratum: str, ours: float, theirs: float | None, library: str, note: str = ""
) -> SecondOpinion:
    """The two numbers with their relative difference."""
    return SecondOpinion(quantity, stratum, ours, theirs, library, relative_difference(ours, theirs), note)


def relative_difference(a: float, b: float | None) -> float | None:
    """|a - b| over the larger; infinite where one alone is finite, None where there is nothing to compare."""
    if b is None or isnan(a):
        return None
    if a == b or abs(a - b) < ROUNDING:
        return 0.0
    return abs(a - b) / max(abs(a), abs(b)) if isfinite(a) and isfinite(b) else inf
