"""What a reconstruction says of itself: rows, what they are held against, and how far re-digitising moves them.

Nothing here computes: `report` may import it.
"""

from dataclasses import dataclass

from numpy.typing import NDArray

from kras_core.audit.curve.guyot import PrintedCurve, Rows
from kras_core.cohort.problems import Problem
from kras_core.stats.results import Curve, HazardRatio, Ints, Quantile


@dataclass(frozen=True, slots=True, eq=False)
class ReconstructedArm:
    """One arm: what was printed, the rows made of it, and what they say.

    curve: Kaplan–Meier of the rows, months. used: mask (m,) of the printed points that were not out of order.
    counted (j,): rows at risk (time >= t) at the printed risk times. deviation: largest distance of a used point
    from the reconstructed curve, as a proportion, where half a percent of the time axis either way counts as none.
    """

    printed: PrintedCurve
    rows: Rows
    curve: Curve
    used: NDArray
    median: Quantile
    counted: Ints
    deviation: float

    @property
    def label(self) -> str:
        return self.printed.label

    @property
    def n(self) -> int:
        return int(self.rows.time.size)

    @property
    def events(self) -> int:
        return int(self.rows.event.sum())

    @property
    def differences(self) -> Ints:
        """Reconstructed minus printed number at risk (j,)."""
        return self.counted - self.printed.at_risk

    @property
    def events_difference(self) -> int | None:
        """Reconstructed minus printed total of events; None where none was printed."""
        return None if self.printed.events is None else self.events - self.printed.events

    @property
    def information(self) -> str:
        """What the rows rest on beside the points, in words."""
        known = ["numbers at risk" if self.printed.risk_time.size > 1 else "number of patients"]
        known += ["total events"] if self.printed.events is not None else []
        known += ["censor ticks"] if self.printed.ticks.size else []
        return ", ".join(known[:-1]) + (" and " if len(known) > 1 else "") + known[-1]


@dataclass(frozen=True, slots=True)
class Redigitised:
    """Ranges (2.5th to 97.5th percentile) over `count` reconstructions from points moved by normal noise of standard
    deviation `sd` in survival. One (low, high) an arm or a hazard ratio; a NaN end of a median: not reached; a
    hazard ratio that exists in none of them: both ends NaN."""

    sd: float
    count: int
    events: tuple[tuple[float, float], ...]
    medians: tuple[tuple[float, float], ...]
    hazard_ratios: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """All arms of one figure. hazard_ratios: of every other arm against the reference (Cox, Efron ties)."""

    arms: tuple[ReconstructedArm, ...]
    hazard_ratios: tuple[HazardRatio, ...]
    redigitised: Redigitised
    problems: tuple[Problem, ...] = ()

    @property
    def n(self) -> int:
        return sum(arm.n for arm in self.arms)
