"""The Response view without its small counts: what its tables and its JSON are made of."""

from dataclasses import replace

from kras_core.analyse.response_results import ResponseAnalysis, ResponseGroup, ResponseTimes
from kras_core.report.small_cells import HiddenCount, Key, Sum, below, is_small, masked, threshold

SINGLE = "is not shown patient by patient while small counts are hidden"
FEW_RESPONDERS = "not shown while small counts are hidden, as of few responders"


def suppressed_response(analysis: ResponseAnalysis) -> ResponseAnalysis:
    """The same result with a `HiddenCount` in place of every hidden best response; where there is one, without rates,
    comparisons and times, which follow from them. Without single patients' scans. As it is while all counts are shown.
    """
    if not threshold():
        return analysis
    groups = (*analysis.groups, analysis.overall)
    counts = masked(*_counted(groups))
    *hidden, overall = (_group(g, [counts.get((i, j)) for i in range(len(g.counts) + 1)]) for j, g in enumerate(groups))
    found = replace(
        analysis,
        groups=tuple(hidden),
        overall=overall,
        unconfirmed=HiddenCount(below()) if is_small(analysis.unconfirmed) else analysis.unconfirmed,
        lesions=None,
        lesions_reason=SINGLE,
    )
    if hides_any(found):
        every = [replace(g, rates={}) for g in (*found.groups, found.overall)]
        found = replace(found, groups=tuple(every[:-1]), overall=every[-1], comparisons=())
    if hides_any(found) or any(map(_few, analysis.times)):
        found = replace(found, times=(), times_reason=FEW_RESPONDERS if analysis.times else analysis.times_reason)
    return found


def hides_any(analysis: ResponseAnalysis) -> bool:
    """Whether a suppressed view has a hidden best response."""
    groups = (*analysis.groups, analysis.overall)
    return any(isinstance(k, HiddenCount) for g in groups for k in (*g.counts, g.missing))


def _counted(groups: tuple[ResponseGroup, ...]) -> tuple[dict[Key, int], tuple[Sum, ...]]:
    """Patients by (best response, group), not recorded last, and what a reader may add: a group's best responses make
    its patients; the groups make everybody, who stand last."""
    counts: dict[Key, int] = {}
    sums: list[Sum] = []
    for j, group in enumerate(groups):
        if not group.ranges:
            column = {(i, j): k for i, k in enumerate((*group.counts, group.missing))}
            sums += Sum.if_true(column, None, column, group.n)
            counts |= column
    last = len(groups) - 1
    for i in range(len(groups[last].counts) + 1) if last else ():
        sums += Sum.if_true(counts, (i, last), [(i, j) for j in range(last)])
    return counts, tuple(sums)


def _group(group: ResponseGroup, found: list[int | None]) -> ResponseGroup:
    *counts, missing = (k for k in found if k is not None) if not group.ranges else (*group.counts, group.missing)
    return replace(group, counts=tuple(counts), missing=missing)


def _few(t: ResponseTimes) -> bool:
    """Whether the times of a group stand for few responders, or few of them have ended."""
    return any(map(is_small, (t.responders, t.waited.n, t.lasting, t.ended)))
