"""Arms of a figure -> Reconstruction: rows, medians, hazard ratios, and the same from points digitised anew."""

from collections.abc import Sequence

import numpy as np

from kras_core.audit.curve.guyot import PrintedCurve, Rows, in_order, reconstruct_rows
from kras_core.audit.curve.results import ReconstructedArm, Reconstruction, Redigitised
from kras_core.cohort.problems import Problem
from kras_core.conventions import PRESETS
from kras_core.stats.cox import cox
from kras_core.stats.event_table import event_table
from kras_core.stats.kaplan_meier import curves, quantile
from kras_core.stats.results import NAN, Curve, Floats, HazardRatio, Quantile

CONVENTIONS = PRESETS["r"]
SD = 0.005  # of a click, in survival: half a pixel of a figure a hundred pixels high
COUNT = 200
SEED = 20120201  # fixed: the same points give the same ranges
LOW, HIGH = 0.025, 0.975
BESIDE = 0.005  # of the time axis: a click that far left or right of a fall is on it


def reconstruct(
    printed: Sequence[PrintedCurve],
    reference: int = 0,
    sd: float = SD,
    count: int = COUNT,
    problems: tuple[Problem, ...] = (),
) -> Reconstruction:
    """Rows of every arm, held against what is printed, compared by Cox's model, with ranges under re-digitising.

    reference: index of the arm that hazard ratios are against. problems: what reading the figure left to say.
    """
    arms = tuple(_arm(p) for p in printed)
    ratios = _hazard_ratios([arm.rows for arm in arms], [p.label for p in printed], reference)
    return Reconstruction(arms, ratios, redigitise(printed, reference, sd, count), problems)


def redigitise(
    printed: Sequence[PrintedCurve], reference: int = 0, sd: float = SD, count: int = COUNT, seed: int = SEED
) -> Redigitised:
    """The ranges over `count` reconstructions whose points were moved up or down by N(0, sd²), each on its own."""
    rng = np.random.default_rng(seed)
    labels = [p.label for p in printed]
    events, medians, ratios = [], [], []
    for _ in range(count):
        rows = [reconstruct_rows(p, p.survival + rng.normal(0.0, sd, p.survival.size)) for p in printed]
        events.append([int(r.event.sum()) for r in rows])
        medians.append([_median(_curve(r)).estimate for r in rows])
        ratios.append([h.estimate for h in _hazard_ratios(rows, labels, reference)])
    found = [np.array(values, dtype=np.float64).T for values in (events, medians, ratios)]
    found[1] = np.where(np.isnan(found[1]), np.inf, found[1])
    return Redigitised(sd, count, *(tuple(_range(row) for row in values) for values in found))


def _range(values: Floats) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    if not known.size:
        return NAN, NAN
    ends = np.quantile(known, LOW, method="lower"), np.quantile(known, HIGH, method="higher")
    low, high = (float(x) if np.isfinite(x) else NAN for x in ends)
    return low, high


def _arm(printed: PrintedCurve) -> ReconstructedArm:
    rows = reconstruct_rows(printed)
    curve = _curve(rows)
    used = np.zeros(printed.time.size, dtype=bool)
    used[in_order(printed.time, printed.survival)] = True
    counted = rows.time.size - np.searchsorted(rows.time, printed.risk_time, side="left")
    return ReconstructedArm(printed, rows, curve, used, _median(curve), counted, _deviation(printed, used, curve))


def _curve(rows: Rows) -> Curve:
    return curves(event_table(rows.time, rows.event), CONVENTIONS)[0]


def _median(curve: Curve) -> Quantile:
    return quantile(curve, CONVENTIONS)


def _deviation(printed: PrintedCurve, used: np.ndarray, curve: Curve) -> float:
    """Largest distance of a used point from the stretch of the curve that lies about its time; 0 without points."""
    time, survival = printed.time[used], np.clip(printed.survival[used], 0.0, 1.0)
    beside = BESIDE * float(curve.time[-1])
    steps = np.append(1.0, curve.survival)
    high = steps[np.searchsorted(curve.time, time - beside, side="right")]
    low = steps[np.searchsorted(curve.time, time + beside, side="right")]
    return float(np.maximum(survival - high, low - survival).max(initial=0.0))


def _hazard_ratios(rows: Sequence[Rows], labels: Sequence[str], reference: int) -> tuple[HazardRatio, ...]:
    if len(rows) < 2:
        return ()
    time, event = (np.concatenate(parts) for parts in zip(*((r.time, r.event) for r in rows), strict=True))
    groups = np.repeat(np.arange(len(rows)), [r.time.size for r in rows])
    return cox(event_table(time, event, groups, k=len(rows)), labels, reference, CONVENTIONS.ties)
