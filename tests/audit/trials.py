"""Simulated trials, and what a publication would print of them."""

import numpy as np

from kras_core.audit.summary import Comparison, EndpointSummary, Summary
from kras_core.audit.targets import Quantity, Target, measure
from kras_core.conventions import PRESETS, Conventions

DAYS_PER_MONTH = 30.4375


def printed(value: float, decimals: int) -> str:
    if np.isinf(value):
        return "NR"
    return "<0.001" if decimals == 3 and value < 0.001 else f"{value:.{decimals}f}"


def trial(
    seed: int, sizes: tuple[int, int], ratio: float, median: float, *, progression: bool = False, preset: str = "spss"
) -> Summary:
    """What a publication would print of a simulated trial: exponential times, followed for 8 to 36 months."""
    rng = np.random.default_rng(seed)
    n = sum(sizes)
    arm = np.repeat(["new", "old"], sizes)
    death = rng.exponential(median * DAYS_PER_MONTH / np.log(2) / np.where(arm == "new", ratio, 1.0))
    censored = rng.uniform(8, 36, n) * DAYS_PER_MONTH
    happens = {"pfs": death * rng.uniform(0.3, 1.0, n)} if progression else {}
    happens["os"] = death
    endpoints = {
        id: _printed_figures(id, np.ceil(np.minimum(time, censored)), time <= censored, arm, PRESETS[preset])
        for id, time in happens.items()
    }
    groups = {"arm": {"new": sizes[0], "old": sizes[1]}}
    return Summary(n=n, endpoints=endpoints, groups=groups, conventions=preset)


def _printed_figures(
    id: str, days: np.ndarray, event: np.ndarray, arm: np.ndarray, conventions: Conventions
) -> EndpointSummary:
    def figure(quantity: Quantity, decimals: int, level: str = "", at: float = 0.0) -> str:
        target = Target(quantity, id, 0, 0, "arm" if level else "", level, at=at)
        return printed(measure(target, days / DAYS_PER_MONTH, event, arm if level else None, conventions), decimals)

    levels = ("new", "old")
    by = Comparison(
        median={level: figure("median", 1, level) for level in levels},
        median_interval={
            level: (figure("median_low", 1, level), figure("median_high", 1, level))
            for level in levels
            if conventions.median_interval == "brookmeyer-crowley"
        },
        rates={level: {"6": figure("rate", 1, level, 6)} for level in levels},
        events={level: int(event[arm == level].sum()) for level in levels},
        hazard_ratio=figure("hazard_ratio", 2, "new"),
        hazard_ratio_interval=(figure("hazard_ratio_low", 2, "new"), figure("hazard_ratio_high", 2, "new")),
        of="new",
        logrank_p=figure("logrank_p", 3, "new"),
    )
    return EndpointSummary(
        events=int(event.sum()),
        median=figure("median", 1),
        rates={"6": figure("rate", 1, at=6)},
        follow_up=figure("follow_up", 1),
        by={"arm": by},
    )
