"""Draw: columns of which a publication prints only the totals, dealt at random so that every total is exact.

What is drawn here belongs to no patient. It makes a reconstructed cohort complete, and every column of it must be
named as drawn in the cohort's settings.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
T = TypeVar("T")
TRIES = 100_000


def dealt(rng: np.random.Generator, totals: Mapping[str, int]) -> NDArray[np.str_]:
    """Every level as often as its total says, in random order."""
    return rng.permutation(np.repeat(list(totals), list(totals.values())))


def flagged(rng: np.random.Generator, n: int, count: int) -> Flags:
    """`count` of n, at random."""
    return rng.permutation(np.arange(n) < count)


def until(draw: Callable[[], T], fits: Callable[[T], bool]) -> T:
    """Draw again until it fits. Raises RuntimeError where it never does."""
    for _ in range(TRIES):
        drawn = draw()
        if fits(drawn):
            return drawn
    raise RuntimeError(f"nothing fitted in {TRIES:,} draws: the conditions may exclude each other")


def whole_numbers(
    rng: np.random.Generator, n: int, median: int, low: int, high: int, spread: float
) -> NDArray[np.int64]:
    """An odd number n of whole numbers with exactly this median and range, about normal in between."""
    half = n // 2
    below = [_truncated(rng, median, spread, low, median) for _ in range(half - 1)]
    above = [_truncated(rng, median, spread, median, high) for _ in range(half - 1)]
    return rng.permutation(np.array([low, *below, median, *above, high], dtype=np.int64))


def _truncated(rng: np.random.Generator, mean: float, spread: float, low: int, high: int) -> int:
    return until(lambda: round(rng.normal(mean, spread)), lambda x: low <= x <= high)


@dataclass(frozen=True, slots=True)
class Counts:
    """Blood counts of one patient in 10⁹/L: neutrophils and lymphocytes to two decimals, whole platelets."""

    neutrophils: float
    lymphocytes: float
    platelets: int

    @property
    def nlr(self) -> float:
        return self.neutrophils / self.lymphocytes

    @property
    def plr(self) -> float:
        return self.platelets / self.lymphocytes


def blood_counts(rng: np.random.Generator, nlr: tuple[float, str], plr: tuple[float, str]) -> Counts:
    """Plausible counts whose two ratios are as asked: (cut-off, "low" | "median" | "high").

    "median" gives a ratio that prints as the cut-off and is not above it, so that the patient counts as low whether
    the ratio is taken from the counts or as printed; "low" and "high" print as something else.
    """

    def draw() -> Counts:
        lymphocytes = round(float(rng.lognormal(np.log(1.4), 0.35)), 2)
        neutrophils = round(float(rng.lognormal(np.log(4.3), 0.40)), 2)
        platelets = round(float(rng.lognormal(np.log(250), 0.30)))
        if nlr[1] == "median":
            neutrophils = int(nlr[0] * lymphocytes * 100 + 1e-9) / 100
        if plr[1] == "median":
            platelets = int(plr[0] * lymphocytes + 1e-9)
        return Counts(neutrophils, lymphocytes, platelets)

    def fits(c: Counts) -> bool:
        plausible = 0.5 <= c.lymphocytes <= 3.5 and 1.5 <= c.neutrophils <= 15 and 90 <= c.platelets <= 600
        sides = side(c.nlr, nlr[0]) == nlr[1] and side(c.plr, plr[0]) == plr[1]
        return plausible and sides and not halfway(c.nlr) and not halfway(c.plr)

    return until(draw, fits)


def halfway(value: float) -> bool:
    """Whether a value lies between two hundredths, so that programs round it differently."""
    return abs(value * 100 % 1 - 0.5) < 1e-9


def side(value: float, cutoff: float) -> str:
    """ "median" where value prints as the cut-off and is not above it, else "low" or "high" if it prints otherwise;
    "neither" where it prints as the cut-off and is above it."""
    if round(value, 2) == cutoff:
        return "median" if value <= cutoff else "neither"
    return "high" if value > cutoff else "low"


@dataclass(frozen=True, slots=True)
class EventRow:
    """A row of a table of adverse events: how many patients with any grade, and with grade 3–4."""

    term: str
    any_grade: int
    severe: int


def adverse_events(
    rng: np.random.Generator, n: int, rows: tuple[EventRow, ...], any_event: int, any_severe: int
) -> NDArray[np.int64]:
    """Worst grade of every patient and term, 0 for none, shape (n, terms), exact in every total and in the "any" row.

    Grade 3–4 is written as 3, the rest as 1 or 2 at two to one. Raises RuntimeError where the totals exclude each
    other.
    """
    had = until(
        lambda: np.stack([flagged(rng, n, row.any_grade) for row in rows], axis=1),
        lambda events: bool(events.any(axis=1).sum() == any_event),
    )
    severe = until(
        lambda: np.stack([_some_of(rng, had[:, i], row.severe) for i, row in enumerate(rows)], axis=1),
        lambda events: bool(events.any(axis=1).sum() == any_severe),
    )
    mild = rng.choice([1, 2], size=had.shape, p=[2 / 3, 1 / 3])
    return np.where(severe, 3, np.where(had, mild, 0))


def _some_of(rng: np.random.Generator, flags: Flags, count: int) -> Flags:
    chosen = np.zeros(len(flags), dtype=bool)
    chosen[rng.choice(np.flatnonzero(flags), count, replace=False)] = True
    return chosen
