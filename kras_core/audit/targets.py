"""Targets: printed figures as intervals, and what the kernel makes of a cohort for each of them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kras_core.audit.printed import printed_interval
from kras_core.conventions import PRESETS
from kras_core.stats.cox import cox
from kras_core.stats.event_table import event_table
from kras_core.stats.follow_up import reverse_kaplan_meier
from kras_core.stats.kaplan_meier import curves, quantile
from kras_core.stats.logrank import logrank
from kras_core.stats.results import Floats

Quantity = Literal[
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
COMPARISONS: tuple[Quantity, ...] = ("logrank_p", "hazard_ratio", "hazard_ratio_low", "hazard_ratio_high")


@dataclass(frozen=True, slots=True)
class Target:
    """A printed figure that a cohort should have, as the interval low to high of what prints that way.

    Times are in months. quantity: `median` and its SPSS interval's ends, `follow_up` (median of the reverse
    Kaplan–Meier curve), `logrank_p`, and the Cox `hazard_ratio` (Breslow ties) with its 95 % Wald ends. by and
    level: stratum of a median (none: everybody); for a hazard ratio, hazard in `level` over that in the other of
    two strata. weight: how hard the search pursues it; 0 asks only for a report.
    """

    quantity: Quantity
    endpoint: str
    low: float
    high: float
    by: str = ""
    level: str = ""
    weight: float = 1.0

    @classmethod
    def printed(
        cls, text: str, quantity: Quantity, endpoint: str, by: str = "", level: str = "", *, weight: float = 1.0
    ) -> "Target":
        low, high = printed_interval(text)
        return cls(quantity, endpoint, low, high, by, level, weight)

    def met_by(self, value: float) -> bool:
        """Whether the value prints as the figure does; an undefined value (NaN) never does."""
        return bool(self.low <= value <= self.high)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a cohort has where a target asks: the kernel's value (NaN: undefined) and whether it meets the target."""

    target: Target
    value: float

    @property
    def met(self) -> bool:
        return self.target.met_by(self.value)


def measure(target: Target, months: Floats, event: NDArray[np.bool_], level: NDArray[np.str_] | None) -> float:
    """The target's figure by the kernel, under the SPSS conventions; NaN where it is undefined.

    months, event, level (the labelling that the target splits by; None: no split): shape (n,).
    """
    inside = np.ones(len(months), dtype=bool) if level is None else level == target.level
    if target.quantity in COMPARISONS:
        return _compare(target.quantity, months, event, inside)
    table = event_table(months[inside], event[inside])
    if target.quantity == "follow_up":
        return reverse_kaplan_meier(table, SPSS)[0].estimate
    median = quantile(curves(table, SPSS)[0], SPSS)
    return {"median": median.estimate, "median_low": median.low, "median_high": median.high}[target.quantity]


def _compare(quantity: Quantity, months: Floats, event: NDArray[np.bool_], inside: NDArray[np.bool_]) -> float:
    table = event_table(months, event, inside.astype(np.int64), k=2)
    if quantity == "logrank_p":
        return logrank(table).p
    ratio = cox(table, ("the others", "the level"), 0, SPSS.ties)[0]
    ends = {"hazard_ratio": ratio.estimate, "hazard_ratio_low": ratio.low, "hazard_ratio_high": ratio.high}
    return ends[quantity]
