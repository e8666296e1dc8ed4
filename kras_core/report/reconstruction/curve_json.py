"""A Reconstruction as plain JSON values: what the command line prints. Times in months."""

import math
from typing import Any

from kras_core.audit.curve.results import ReconstructedArm, Reconstruction
from kras_core.report.survival.as_json import Json, interval, number, ratio_json


def curve_json(reconstruction: Reconstruction, endpoint: str, scales: tuple[str, ...]) -> Json:
    """Per arm what the rows say beside what was printed; hazard ratios; ranges under re-digitising."""
    again = reconstruction.redigitised
    arms = [
        _arm(arm, scale) | {"events_range": interval(*events), "median_range": interval(*median)}
        for arm, scale, events, median in zip(
            reconstruction.arms, scales, again.events, again.medians, strict=True
        )
    ]  # fmt: skip
    ratios = [
        ratio_json(h) | {"estimate_range": interval(*extent)}
        for h, extent in zip(reconstruction.hazard_ratios, again.hazard_ratios, strict=True)
    ]
    return {
        "provenance": "reconstructed",
        "method": "Guyot et al. 2012",
        "endpoint": endpoint,
        "unit": "months",
        "n": reconstruction.n,
        "arms": arms,
        "hazard_ratio": ratios,
        "redigitised": {"sd": again.sd, "count": again.count, "range": "2.5th to 97.5th percentile"},
        "warnings": [{"code": p.code, "message": p.sentence} for p in reconstruction.problems],
    }


def _arm(arm: ReconstructedArm, scale: str) -> dict[str, Any]:
    printed, median = arm.printed, arm.median
    return {
        "arm": arm.label,
        "n": arm.n,
        "events": arm.events,
        "events_printed": printed.events,
        "events_difference": arm.events_difference,
        "median": number(median.estimate),
        "median_ci": interval(median.low, median.high),
        "reason": median.reason,
        "information": arm.information,
        "survival_read_as": scale,
        "points": int(printed.time.size),
        "points_used": int(arm.used.sum()),
        "largest_deviation": number(round(arm.deviation, 6)) if math.isfinite(arm.deviation) else None,
        "at_risk": [
            {"time": number(round(time, 6)), "printed": n, "reconstructed": counted, "difference": counted - n}
            for time, n, counted in zip(
                printed.risk_time.tolist(), printed.at_risk.tolist(), arm.counted.tolist(), strict=True
            )
        ],
    }
