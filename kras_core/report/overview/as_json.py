"""The Overview as JSON: what `python -m kras_core table1` prints."""

import json
from collections.abc import Collection

from kras_core.analyse.overview_results import Characteristic, Completeness, FollowUp, LevelCounts, OverviewAnalysis
from kras_core.report.overview.suppressed import known, suppressed_overview
from kras_core.report.overview.tables import follow_up_tables, missing_hidden
from kras_core.report.overview.words import gives_away
from kras_core.report.small_cells import Key, shown, told
from kras_core.report.survival.as_json import Json, cohort_json, interval, number
from kras_core.stats.results import NumberSummary


def overview_json(analysis: OverviewAnalysis) -> Json:
    """Plain dicts, lists, numbers, strings and None, in the order of the table; percentages 0–100 of those known.

    characteristics: {column, label, unit, kind, overall, groups, difference, p}; a cell of numbers has n, missing,
    median, q1, q3, min, max, mean, sd; one of levels n, missing and {level, n, percent}. Where the publication does
    not determine a cell it is None, and ranges holds the fewest and most (of each level, or of the median). While small
    counts are hidden, those of the tables are None, with all that follows from them.
    """
    cohort, hidden = analysis.cohort, missing_hidden(analysis)
    followed = [table.hides for table in follow_up_tables(analysis)]
    analysis = suppressed_overview(analysis)
    found = {
        "cohort": cohort_json(cohort, analysis.n) | {"conditional_on": cohort.conditional_on or None},
        "selection": json.loads(analysis.selection.to_json()),
        "by": [by.id for by in analysis.selection.by],
        "where": [str(f) for f in analysis.selection.where],
        "n": None if _open(analysis.n_range) else analysis.n,
        "n_range": list(analysis.n_range) or None,
        "groups": _groups(analysis),
        "characteristics": [_characteristic(c, analysis) for c in analysis.characteristics],
        "flow": None if gives_away(analysis.flow) else _flow(analysis),
        "follow_up": [_follow_up(f, i, followed[0]) for i, f in enumerate(analysis.follow_up)],
        "potential_follow_up": {
            "groups": [
                {"group": label, **_numbers(s, hidden=(i, 0) in followed[-1])}
                for i, (label, s) in enumerate(analysis.potential.groups)
            ],
            "reason": analysis.potential.reason or None,
        },
        "completeness": [
            {"column": c.column, "known": None if c.column in hidden else _known(c), "n": c.n}
            for c in analysis.completeness
        ],
        "drawn": analysis.drawn or None,
        "warnings": [{"code": w.code, "message": w.message} for w in analysis.warnings],
    }
    return told(found)


def _known(c: Completeness) -> float | None:
    return None if shown(c.n - c.known) is None else shown(c.known)


def _unless(key: Key, hidden: Collection[Key], count: int) -> int | None:
    return None if key in hidden else count


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
    for i, (label, size) in enumerate(zip(analysis.groups, analysis.sizes, strict=True)):
        cell = None if c.ranges else _cell(c, c.cells[i], size)
        ranges = [interval(*r) for r in c.ranges[i]] if c.ranges else None
        groups.append({"group": label, "cell": cell, "ranges": ranges})
    return {
        "column": c.column,
        "label": c.label,
        "unit": c.unit or None,
        "kind": c.kind,
        "drawn": c.drawn,
        "overall": None if c.overall_range else _cell(c, c.overall, analysis.n),
        "overall_ranges": [interval(*r) for r in c.overall_range] or None,
        "groups": groups,
        "difference": number(c.difference.estimate),
        "difference_reason": c.difference.reason or None,
        "p": number(c.p),
        "p_method": c.p_method or None,
    }


def _cell(c: Characteristic, cell: NumberSummary | LevelCounts, size: int) -> Json:
    if isinstance(cell, NumberSummary):
        return _numbers(cell)
    n = known(cell, size)
    levels = [
        {"level": level, "n": shown(k), "percent": number(100 * k / n) if n and shown(k) is not None else None}
        for level, k in zip(c.levels, cell.counts, strict=True)
    ]
    return {"n": n if shown(cell.missing) is not None else None, "missing": shown(cell.missing), "levels": levels}


def _numbers(s: NumberSummary, hidden: bool = False) -> Json:
    found = {"median": s.median, "q1": s.q1, "q3": s.q3, "min": s.low, "max": s.high, "mean": s.mean, "sd": s.sd}
    counts = {"n": None, "missing": None} if hidden else {"n": shown(s.n), "missing": shown(s.missing)}
    return counts | {name: number(value) for name, value in found.items()}


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


def _follow_up(f: FollowUp, i: int, hidden: Collection[Key]) -> Json:
    return {
        "endpoint": f.endpoint,
        "group": f.group,
        "n": _unless((i, 0), hidden, f.n),
        "events": _unless((i, 1), hidden, f.events),
        "median": number(f.median.estimate),
        "ci": interval(f.median.low, f.median.high),
        "reason": f.median.reason or None,
        "median_observed_time": number(f.observed.median),
        "observed_range": interval(f.observed.low, f.observed.high),
    }
