"""Simulated trials and the figures a journal would print of them: the truth that reconstructions are held against."""

from dataclasses import dataclass

import numpy as np

from kras_core.audit.curve.guyot import PrintedCurve

DAYS_PER_MONTH = 30.4375


@dataclass(frozen=True)
class Arm:
    """Simulated patients: time (n,) in months, whole days, and event (n,)."""

    time: np.ndarray
    event: np.ndarray

    def steps(self) -> tuple[np.ndarray, np.ndarray]:
        """Distinct event times and the Kaplan–Meier estimate just after each, recounted patient by patient."""
        times = np.unique(self.time[self.event])
        factors = [1 - (self.event & (self.time == t)).sum() / (self.time >= t).sum() for t in times]
        return times, np.cumprod(factors)


def simulate(rng: np.random.Generator, n: int, median: float) -> Arm:
    """Weibull survival (shape 1.2), recruitment over two years before a cut-off at three, some lost to follow-up."""
    survival = median * rng.weibull(1.2, n) / np.log(2) ** (1 / 1.2)
    follow_up = np.minimum(rng.uniform(12, 36, n), rng.exponential(60, n))
    days = np.maximum(np.ceil(np.minimum(survival, follow_up) * DAYS_PER_MONTH), 1)
    return Arm(days / DAYS_PER_MONTH, survival <= follow_up)


def clicked(arm: Arm) -> tuple[np.ndarray, np.ndarray]:
    """Both corners of every step and both ends of the curve, as a careful person clicks them."""
    times, heights = arm.steps()
    x = np.concatenate(([0.0], np.repeat(times, 2), [arm.time.max()]))
    return x, np.repeat(np.append(1.0, heights), 2)


def traced(arm: Arm, columns: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """The curve's height at evenly spaced times, as software traces it."""
    times, heights = arm.steps()
    x = np.linspace(0, arm.time.max(), columns)
    return x, np.append(1.0, heights)[np.searchsorted(times, x, side="right")]


def at_risk(arm: Arm, every: float) -> tuple[np.ndarray, np.ndarray]:
    """Risk times up to the end, and the number at risk (time >= t) at each."""
    times = np.arange(0, arm.time.max(), every)
    return times, (arm.time[None, :] >= times[:, None]).sum(axis=1)


def printed(
    rng: np.random.Generator, arm: Arm, *, sd: float, read=clicked, every: float = 3.0, events: bool = True
) -> PrintedCurve:
    """The figure of this arm, digitised with normal noise in survival; every = inf: no numbers at risk but n."""
    x, y = read(arm)
    risk_time, counts = at_risk(arm, every) if np.isfinite(every) else (np.zeros(1), np.array([arm.time.size]))
    total = int(arm.event.sum()) if events else None
    return PrintedCurve("arm", x, y + rng.normal(0, sd, x.size), risk_time, counts, total)


def curve(points, n_at_risk=((0.0, 10),), events=None, ticks=()) -> PrintedCurve:
    """A printed curve of (time, survival) and (time, number at risk) pairs."""
    x, y = (np.array(values, dtype=float) for values in zip(*points, strict=True))
    risk_time, counts = zip(*n_at_risk, strict=True)
    return PrintedCurve("arm", x, y, np.array(risk_time, float), np.array(counts), events, np.array(ticks, float))
