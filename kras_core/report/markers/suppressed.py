"""The Subgroups view without its small counts: what its forest, tables and JSON are made of.

An estimate goes with few patients or hidden events behind it: its interval is about as wide as the events are few.
Tests of an interaction stay, since they rest on the times.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from kras_core.analyse.subgroup_results import Arm, CoxTable, ForestAnalysis, SubgroupRow, Term, Univariable
from kras_core.report.small_cells import HIDDEN, HiddenCount, Key, Sum, is_small, masked, threshold
from kras_core.stats.results import HazardRatio

Group = tuple[int, int]  # patients, events


def suppressed_forest(analysis: ForestAnalysis) -> ForestAnalysis:
    """The same forest with a `HiddenCount` in place of every hidden count, and no median and no hazard ratio where one
    stands; as it is while all counts are shown."""
    if not threshold():
        return analysis
    rows = [analysis.overall, *(row for f in analysis.factors for row in f.rows)]
    counts: dict[Key, int] = {}
    sums: list[Sum] = []
    for i, row in enumerate(rows):
        for j, arm in zip((0, 2), row.arms, strict=True):
            if not arm.n_range:
                counts |= {(i, j): arm.n, (i, j + 1): arm.events}
                sums.append(Sum((i, j), ((i, j + 1),), most=True))
    sums += Sum.if_true(counts, None, [(0, 1), (0, 3)], _events(analysis))
    sums += [Sum(None, (key,), counts[key]) for key in ((0, 0), (0, 2)) if key in counts]
    start = 1
    for factor in analysis.factors:
        for j in range(4):
            parts = tuple((i, j) for i in range(start, start + len(factor.rows)) if (i, j) in counts)
            whole = Sum.if_true(counts, (0, j), parts) if j in (1, 3) else ()
            sums += whole or (Sum(None, parts, sum(counts[key] for key in parts)),)
        start += len(factor.rows)
    found = masked(counts, sums)
    overall, *others = (_row(row, i, found) for i, row in enumerate(rows))
    rest = iter(others)
    factors = tuple(replace(f, rows=tuple(next(rest) for _ in f.rows)) for f in analysis.factors)
    return replace(analysis, overall=overall, factors=factors)


def _events(analysis: ForestAnalysis) -> int:
    """All events: they stand above the forest, as both groups' patients do."""
    return sum(arm.events for arm in analysis.overall.arms)


def forest_hides(analysis: ForestAnalysis) -> bool:
    """Whether a suppressed forest has a hidden count."""
    rows = (analysis.overall, *(row for f in analysis.factors for row in f.rows))
    return any(isinstance(k, HiddenCount) for row in rows for arm in row.arms for k in (arm.n, arm.events))


def _row(row: SubgroupRow, i: int, found: dict[Key, int]) -> SubgroupRow:
    first, second = (
        _arm(arm, found.get((i, 2 * a), arm.n), found.get((i, 2 * a + 1), arm.events)) for a, arm in enumerate(row.arms)
    )
    if not tells(*((arm.n, arm.events) for arm in (first, second))):
        return replace(row, arms=(first, second))
    return replace(row, arms=(first, second), ratio=None, ratio_range=(), weight=0.0, small=False, note=HIDDEN)


def _arm(arm: Arm, n: int, events: int) -> Arm:
    if not tells((n, events)):
        return replace(arm, n=n, events=events)
    median = replace(arm.median, estimate=math.nan, low=math.nan, high=math.nan, reason=HIDDEN)
    return replace(arm, n=n, events=events, median=median)


def masked_groups(groups: Sequence[Group], without: int, n: int) -> tuple[list[Group], int]:
    """Patients and events of a variable's groups, and how many patients have no value, as they may be shown, where a
    reader knows all n patients and all events. Those without a value are hidden where they are few, and only then:
    they stand elsewhere too."""
    counts: dict[Key, int] = {(i, j): k for i, group in enumerate(groups) for j, k in enumerate(group)}
    last, every = (len(groups), 0), range(len(groups))
    sums = [Sum((i, 0), ((i, 1),), most=True) for i in every]
    sums.append(Sum(None, tuple((i, 1) for i in every), sum(events for _, events in groups)))
    counts |= {last: without} if is_small(without) else {}
    known = n if is_small(without) else n - without
    sums += Sum.if_true(counts, None, [*((i, 0) for i in every), last], known)
    found = masked(counts, sums)
    return [(found[i, 0], found[i, 1]) for i in every], found.get(last, without)


def unsaid(ratio: HazardRatio | None) -> HazardRatio | None:
    """A hazard ratio without its numbers."""
    nothing = {"estimate": math.nan, "low": math.nan, "high": math.nan, "p": math.nan, "std_error": math.nan}
    return None if ratio is None else replace(ratio, **nothing, caution="", reason=HIDDEN)


def suppressed_cox(table: CoxTable) -> CoxTable:
    """The same models of one variable each, with a `HiddenCount` in place of every hidden count, and no hazard ratio
    of or against a group with one; as it is while all counts are shown."""
    if not threshold():
        return table
    return replace(table, variables=tuple(_variable(v, table.n) for v in table.variables))


def _variable(v: Univariable, n: int) -> Univariable:
    if not v.reference:
        [(known, events)], missing = masked_groups([(v.n, v.events)], v.missing, n)
        terms = tuple(_term(t, (known, events), False) for t in v.terms)
        return replace(v, n=known, events=events, missing=missing, terms=terms)
    groups = [(v.reference_n, v.reference_events), *((t.n, t.events) for t in v.terms)]
    (reference, *others), missing = masked_groups(groups, v.missing, n)
    terms = tuple(_term(t, group, tells(reference, group)) for t, group in zip(v.terms, others, strict=True))
    known = HiddenCount(HIDDEN) if isinstance(missing, HiddenCount) else v.n
    return replace(v, n=known, missing=missing, terms=terms, reference_n=reference[0], reference_events=reference[1])


def _term(t: Term, group: Group, hidden: bool) -> Term:
    n, events = group
    return replace(t, n=n, events=events, ratio=unsaid(t.ratio) if hidden else t.ratio)


def tells(*groups: Group) -> bool:
    """Whether an estimate of these groups would tell of a hidden count: of few patients, or of events."""
    return any((isinstance(n, HiddenCount) and n.few) or isinstance(events, HiddenCount) for n, events in groups)
