"""Targets: printed figures as intervals, and what the kernel makes of a cohort for each of them."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kras_core.audit.printed import printed_interval, reached
from kras_core.conventions import PRESETS, Conventions
from kras_core.stats.cox import cox, fit
from kras_core.stats.event_table import EventTable, event_table
from kras_core.stats.follow_up import reverse_kaplan_meier
from kras_core.stats.kaplan_meier import curves, quantile, rates
from kras_core.stats.logrank import logrank
from kras_core.stats.results import NAN, Floats

Quantity = Literal[
    "events",
    "median",
    "median_low",
    "median_high",
    "follow_up",
    "rate",
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

    Times are in months. quantity: number of `events`, `median` and its interval's ends, `follow_up` (median of the
    reverse Kaplan–Meier curve), `rate` (percent without event `at` so many months), `logrank_p`, and the Cox
    `hazard_ratio` with its 95 % Wald ends. by and level: stratum (none: everybody); for a hazard ratio, hazard in
    `level` over that in the other of two strata. weight: how hard the search pursues it; 0 asks only for a report.
    text: as printed.
    """

    quantity: Quantity
    endpoint: str
    low: float
    high: float
    by: str = ""
    level: str = ""
    weight: float = 1.0
    text: str = ""
    at: float = 0.0

    @classmethod
    def printed(
        cls,
        text: str,
        quantity: Quantity,
        endpoint: str,
        by: str = "",
        level: str = "",
        *,
        weight: float = 1.0,
        at: float = 0.0,
    ) -> "Target":
        """The target for a figure as printed; "NR" (not reached) asks for infinity. Raises PrintedError."""
        low, high = printed_interval(text) if reached(text) else (math.inf, math.inf)
        return cls(quantity, endpoint, low, high, by, level, weight, text, at)

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


def measure(
    target: Target,
    months: Floats,
    event: NDArray[np.bool_],
    level: NDArray[np.str_] | None,
    conventions: Conventions = SPSS,
) -> float:
    """The target's figure by the kernel.

    NaN where it is undefined, as is the ratio of a Cox model without a finite maximum: Firth's estimate, which the
    kernel reports then, is another model's. Infinity for a median or follow-up that is not reached, and for an end of
    a Brookmeyer–Crowley interval where the curve's limit does not fall to one half.
    months, event, level (the labelling that the target splits by; None: no split): shape (n,).
    """
    inside = np.ones(len(months), dtype=bool) if level is None else level == target.level
    if target.quantity == "events":
        return float((event & inside).sum())
    if target.quantity in COMPARISONS:
        return _compare(target.quantity, event_table(months, event, inside.astype(np.int64), k=2), conventions)
    table = event_table(months[inside], event[inside])
    if target.quantity == "follow_up":
        return _reached(reverse_kaplan_meier(table, conventions)[0].estimate)
    curve = curves(table, conventions)[0]
    if target.quantity == "rate":
        return 100 * rates(curve, [target.at], conventions)[0].estimate
    median = quantile(curve, conventions)
    if target.quantity == "median":
        return _reached(median.estimate)
    end = median.low if target.quantity == "median_low" else median.high
    return _reached(end) if conventions.median_interval == "brookmeyer-crowley" else end


def _reached(months: float) -> float:
    return math.inf if math.isnan(months) else months


def _compare(quantity: Quantity, table: EventTable, conventions: Conventions) -> float:
    if quantity == "logrank_p":
        return logrank(table).p
    if not (table.events.any() and fit(table, 0, conventions.ties).finite):
        return NAN
    ratio = cox(table, ("the others", "the level"), 0, conventions.ties)[0]
    ends = {"hazard_ratio": ratio.estimate, "hazard_ratio_low": ratio.low, "hazard_ratio_high": ratio.high}
    return ends[quantity]
