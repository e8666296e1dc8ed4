"""Where a view looks along the time axis: milestones, and ticks with numbers at risk."""

import numpy as np

from kras_core.selection import Selection, TimeUnit

MOST_TICKS = 9
STEPS: dict[TimeUnit, tuple[float, ...]] = {
    "months": (1, 3, 6, 12, 24, 36, 60, 120, 240),
    "weeks": (1, 2, 4, 13, 26, 52, 104, 156, 260, 520, 1040),
    "days": (1, 7, 14, 30, 90, 180, 365, 730, 1095, 1825, 3650, 7300),
}


def months_per(unit: TimeUnit, days_per_month: float) -> float:
    """How many months one unit of display is."""
    return {"months": 1.0, "weeks": 7.0 / days_per_month, "days": 1.0 / days_per_month}[unit]


def risk_ticks(longest: float, selection: Selection, days_per_month: float) -> np.ndarray:
    """Ticks in months at round values of the display unit, at most `MOST_TICKS`, up to the axis' end."""
    unit = months_per(selection.unit, days_per_month)
    end = (selection.axis_max or longest) / unit
    step = _step(end, selection.unit)
    return np.arange(0.0, end + step * 1e-9, step) * unit


def _step(end: float, unit: TimeUnit) -> float:
    fitting = (s for s in STEPS[unit] if end / s < MOST_TICKS)
    widest = STEPS[unit][-1]
    return next(fitting, widest * float(np.ceil(end / widest / MOST_TICKS)))


def axis_ends(longest: float, unit: TimeUnit, days_per_month: float) -> tuple[float, ...]:
    """Where an axis may end short of the whole follow-up, in months: round values of the unit."""
    month = months_per(unit, days_per_month)
    step = _step(longest / month, unit)
    return tuple(float(i * step * month) for i in range(1, int(np.ceil(longest / month / step))))


def default_milestones(longest: float) -> tuple[float, ...]:
    """Three usual milestones in months for a follow-up of that length."""
    if longest >= 60:
        return (12.0, 36.0, 60.0)
    return (6.0, 12.0, 24.0) if longest >= 9 else (1.0, 3.0, 6.0)
