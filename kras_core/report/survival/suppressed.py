"""The Survival view's numbers without its small counts, for programs: unlike the curves they tell of no event."""

import math
from dataclasses import replace

from kras_core.analyse.results import Stratum, SurvivalAnalysis
from kras_core.report.small_cells import HIDDEN, HiddenCount, Key, Sum, below, is_small, masked, threshold
from kras_core.stats.results import Rate


def suppressed_survival(analysis: SurvivalAnalysis) -> SurvivalAnalysis:
    """The same result as its tables hide it: a `HiddenCount` in place of every hidden count, and no estimate that
    follows from one. As it is while all counts are shown.

    Without events in a stratum go its median, rates and mean, and hazard ratios and differences with it: their
    intervals are as wide as events are few. A rate goes where few are still at risk, or few had the event by then;
    everybody's goes with it, and everybody's number at risk always, which the table does not hold either.
    """
    if not threshold():
        return analysis
    everyone = (*analysis.strata, analysis.overall)
    counts: dict[Key, int] = {}
    for i, s in enumerate(everyone):
        counts |= {(i, 0): s.n, (i, 1): s.events}
    last = len(everyone) - 1
    sums = [
        s for j in (0, 1) if last for s in Sum.if_true(counts, None, [(i, j) for i in range(last)], counts[last, j])
    ]
    found = masked(counts, sums)
    few = [tuple(_few(s, rate) for rate in s.rates) for s in everyone]
    together = tuple(map(any, zip(*few, strict=True)))
    strata = tuple(_stratum(s, found[i, 0], found[i, 1], few[i]) for i, s in enumerate(analysis.strata))
    overall = _stratum(analysis.overall, found[last, 0], found[last, 1], together)
    if strata:
        overall = replace(overall, rates=tuple(replace(r, at_risk=HiddenCount(HIDDEN)) for r in overall.rates))
    shown = {s.label for s in strata if not isinstance(s.events, HiddenCount)}
    ratios = tuple(
        h
        if {h.label, h.reference} <= shown
        else replace(h, estimate=math.nan, low=math.nan, high=math.nan, p=math.nan, std_error=math.nan, reason=HIDDEN)
        for h in analysis.hazard_ratios
    )
    difference = analysis.rmst_difference if len(shown) == len(strata) else None
    return replace(analysis, strata=strata, overall=overall, hazard_ratios=ratios, rmst_difference=difference)


def _few(s: Stratum, rate: Rate) -> bool:
    """Whether a rate stands for few patients."""
    by_then = int(s.curve.events[s.curve.time <= rate.time].sum())
    return is_small(by_then) or is_small(rate.at_risk)


def _stratum(s: Stratum, n: int, events: int, few: tuple[bool, ...]) -> Stratum:
    nothing = {"estimate": math.nan, "low": math.nan, "high": math.nan, "reason": HIDDEN}
    if isinstance(n, HiddenCount) or isinstance(events, HiddenCount):
        few = (True,) * len(few)
        s = replace(s, n=n, events=events, median=replace(s.median, **nothing), rmst=replace(s.rmst, **nothing))
    rates = tuple(
        replace(r, **nothing, at_risk=HiddenCount(below()) if is_small(r.at_risk) else r.at_risk) if hidden else r
        for r, hidden in zip(s.rates, few, strict=True)
    )
    return replace(s, rates=rates)
