"""Targets: printed figures as intervals, and what the kernel makes of a cohort for each of them."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kras_core.audit.printed import printed_interval, reached
from kras_core.conventions import PRESETS
from kras_core.stats.cox import cox, fit
from kras_core.stats.event_table import EventTable, event_table
from kras_core.stats.follow_up import reverse_kaplan_meier
from kras_core.stats.kaplan_meier import curves, quantile
from kras_core.stats.logrank import logrank
from kras_core.stats.results import NAN, Floats, Quantile

Quantity = Literal[
    "events",
    "median",
    "median_low",
    "median_high",
    "follow_up",
    "logrank_p",
    "hazard_ratio",
    "hazard_ratio_low",
    "hazard_ratio_high",
]
SPSS = PRESETS["spss"]
TIMES: tuple[Quantity, ...] = ("median", "median_low", "median_high", "follow_up")
COMPARISONS: tuple[Quantity, ...] = ("logrank_p", "hazard_ratio", "hazard_ratio_low", "hazard_ratio_high")


@dataclass(frozen=True, slots=True)
class Target:
    """A printed figure that a cohort should have, as the interval low to high of what prints that way.

    Times are in months. quantity: number of `events`, `median` and its SPSS interval's ends, `follow_up` (median of
    the reverse Kaplan–Meier curve), `logrank_p`, and the Cox `hazard_ratio` (Breslow ties) with its 95 % Wald ends.
    by and level: stratum (none: everybody); for a hazard ratio, hazard in `level` over that in the other of two
    strata. weight: how hard the search pursues it; 0 asks only for a report. text: as printed.
    """

    quantity: Quantity
    endpoint: str
    low: float
    high: float
    by: str = ""
    level: str = ""
    weight: float = 1.0
    text: str = ""

    @classmethod
    def printed(
        cls, text: str, quantity: Quantity, endpoint: str, by: str = "", level: str = "", *, weight: float = 1.0
    ) -> "Target":
        """The target for a figure as printed; "NR" (not reached) asks for infinity. Raises PrintedError."""
        low, high = printed_interval(text) if reached(text) else (math.inf, math.inf)
        return cls(quantity, endpoint, low, high, by, level, weight, text)

    def met_by(self, value: float) -> bool:
        """Whether the value prints as the figure does; an undefined value (NaN) never does."""
        return bool(self.low <= value <= self.high)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a cohort has where a target asks: the kernel's value (NaN: undefined; infinity: a median that is not
    reached) and whether it meets the target."""

    target: Target
    value: float

    @property
    def met(self) -> bool:
        return self.target.met_by(self.value)


def measure(target: Target, months: Floats, event: NDArray[np.bool_], level: NDArray[np.str_] | None) -> float:
    """The target's figure by the kernel, under the SPSS conventions.

    NaN where it is undefined, as is the ratio of a Cox model without a finite maximum: Firth's estimate, which the
    kernel reports then, is another model's. Infinity for a median or follow-up that is not reached.
    months, event, level (the labelling that the target splits by; None: no split): shape (n,).
    """
    inside = np.ones(len(months), dtype=bool) if level is None else level == target.level
    if target.quantity == "events":
        return float((event & inside).sum())
    if target.quantity in COMPARISONS:
        return _compare(target.quantity, event_table(months, event, inside.astype(np.int64), k=2))
    table = event_table(months[inside], event[inside])
    if target.quantity == "follow_up":
        return _reached(reverse_kaplan_meier(table, SPSS)[0])
    median = quantile(curves(table, SPSS)[0], SPSS)
    return {"median": _reached(median), "median_low": median.low, "median_high": median.high}[target.quantity]


def _reached(median: Quantile) -> float:
    return math.inf if median.estimate != median.estimate else median.estimate


def _compare(quantity: Quantity, table: EventTable) -> float:
    if quantity == "logrank_p":
        return logrank(table).p
    if not (table.events.any() and fit(table, 0, SPSS.ties).finite):
        return NAN
    ratio = cox(table, ("the others", "the level"), 0, SPSS.ties)[0]
    ends = {"hazard_ratio": ratio.estimate, "hazard_ratio_low": ratio.low, "hazard_ratio_high": ratio.high}
    return ends[quantity]
