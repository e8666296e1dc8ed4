"""The Overview as JSON: what `python -m kras_core table1` prints."""

import json

from kras_core.analyse.overview_results import Characteristic, FollowUp, LevelCounts, OverviewAnalysis
from kras_core.report.survival.as_json import Json, interval, number
from kras_core.stats.results import NumberSummary


def overview_json(analysis: OverviewAnalysis) -> Json:
    """Plain dicts, lists, numbers, strings and None, in the order of the table; percentages 0–100 of those known.

    characteristics: {column, label, unit, kind, overall, groups, difference, p}; a cell of numbers has n, missing,
    median, q1, q3, min, max, mean, sd; one of levels n, missing and {level, n, percent}. Where the publication does
    not determine a cell it is None, and ranges holds the fewest and most (of each level, or of the median).
    """
    cohort = analysis.cohort
    return {
        "cohort": {
            "id": cohort.id,
            "title": cohort.title,
            "digest": cohort.digest,
            "provenance": cohort.provenance,
            "n": cohort.n,
            "conditional_on": cohort.conditional_on or None,
        },
        "selection": json.loads(analysis.selection.to_json()),
        "by": [by.id for by in analysis.selection.by],
        "where": [str(f) for f in analysis.selection.where],
        "n": None if _open(analysis.n_range) else analysis.n,
        "n_range": list(analysis.n_range) or None,
        "groups": _groups(analysis),
        "characteristics": [_characteristic(c, analysis) for c in analysis.characteristics],
        "flow": _flow(analysis),
        "follow_up": [_follow_up(f) for f in analysis.follow_up],
        "potential_follow_up": {
            "groups": [{"group": label, **_numbers(s)} for label, s in analysis.potential.groups],
            "reason": analysis.potential.reason or None,
        },
        "completeness": [{"column": c.column, "known": c.known, "n": c.n} for c in analysis.completeness],
        "drawn": analysis.drawn or None,
        "warnings": [{"code": w.code, "message": w.message} for w in analysis.warnings],
    }


def _open(drawn: tuple[int, ...]) -> bool:
    return len(drawn) == 2 and drawn[0] != drawn[1]


def _groups(analysis: OverviewAnalysis) -> list[Json]:
    ranges = analysis.size_ranges or ((),) * len(analysis.groups)
    return [
        {"label": label, "n": None if _open(drawn) else n, "range": list(drawn) or None}
        for label, n, drawn in zip(analysis.groups, analysis.sizes, ranges, strict=True)
    ]


def _characteristic(c: Characteristic, analysis: OverviewAnalysis) -> Json:
    groups = []
    for i, label in enumerate(analysis.groups):
        cell = None if c.ranges else _cell(c, c.cells[i])
        ranges = [interval(*r) for r in c.ranges[i]] if c.ranges else None
        groups.append({"group": label, "cell": cell, "ranges": ranges})
    return {
        "column": c.column,
        "label": c.label,
        "unit": c.unit or None,
        "kind": c.kind,
        "drawn": c.drawn,
        "overall": None if c.overall_range else _cell(c, c.overall),
        "overall_ranges": [interval(*r) for r in c.overall_range] or None,
        "groups": groups,
        "difference": number(c.difference.estimate),
        "difference_reason": c.difference.reason or None,
        "p": number(c.p),
        "p_method": c.p_method or None,
    }


def _cell(c: Characteristic, cell: NumberSummary | LevelCounts) -> Json:
    if isinstance(cell, NumberSummary):
        return _numbers(cell)
    levels = [
        {"level": level, "n": k, "percent": number(100 * k / cell.n) if cell.n else None}
        for level, k in zip(c.levels, cell.counts, strict=True)
    ]
    return {"n": cell.n, "missing": cell.missing, "levels": levels}


def _numbers(s: NumberSummary) -> Json:
    found = {"median": s.median, "q1": s.q1, "q3": s.q3, "min": s.low, "max": s.high, "mean": s.mean, "sd": s.sd}
    return {"n": s.n, "missing": s.missing} | {name: number(value) for name, value in found.items()}


def _flow(analysis: OverviewAnalysis) -> Json:
    flow = analysis.flow
    steps = [
        {
            "step": step.label,
            "out": [{"reason": reason, "n": n} for reason, n in step.out],
            "left": None if _open(step.left_range) else step.left,
            "left_range": list(step.left_range) or None,
        }
        for step in flow.steps
    ]
    strata = [{"label": label, "n": n} for label, _, n in flow.strata]
    return {"start": flow.start, "before": flow.before or None, "steps": steps, "end": flow.end_label, "strata": strata}


def _follow_up(f: FollowUp) -> Json:
    return {
        "endpoint": f.endpoint,
        "group": f.group,
        "n": f.n,
        "events": f.events,
        "median": number(f.median.estimate),
        "ci": interval(f.median.low, f.median.high),
        "reason": f.median.reason or None,
        "median_observed_time": number(f.observed.median),
        "observed_range": interval(f.observed.low, f.observed.high),
    }
