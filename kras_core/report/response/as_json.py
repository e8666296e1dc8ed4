"""The Response view as JSON: what `python -m kras_core response` prints."""

import json

from kras_core.analyse.response_results import RESPONSES, ResponseAnalysis, ResponseGroup, ResponseTimes
from kras_core.report.response.suppressed import suppressed_response
from kras_core.report.small_cells import shown, told
from kras_core.report.survival.as_json import Json, cohort_json, interval, number
from kras_core.stats.results import Proportion


def response_json(analysis: ResponseAnalysis) -> Json:
    """Plain dicts, lists, numbers, strings and None; percentages and differences 0–100, times in months.

    Where the publication does not determine a group, its counts and rates are None, and ranges holds the fewest and
    most patients over the redraws. While small counts are hidden, so are those of the table, with all that follows from
    them, and single patients' scans.
    """
    analysis = suppressed_response(analysis)
    cohort = analysis.cohort
    found = {
        "cohort": cohort_json(cohort, analysis.overall.n) | {"conditional_on": cohort.conditional_on or None},
        "selection": json.loads(analysis.selection.to_json()),
        "by": [by.id for by in analysis.selection.by],
        "where": [str(f) for f in analysis.selection.where],
        "criteria": "RECIST 1.1",
        "confirmed": analysis.confirmed,
        "unconfirmed": shown(analysis.unconfirmed),
        "overall": _group(analysis.overall),
        "groups": [_group(g) for g in analysis.groups],
        "comparisons": [
            {
                "measure": c.measure,
                "denominator": c.denominator,
                "label": c.label,
                "reference": c.reference,
                "difference": number(100 * c.difference.estimate),
                "ci": interval(100 * c.difference.low, 100 * c.difference.high),
                "method": c.difference.method,
                "fisher_p": number(c.fisher_p),
            }
            for c in analysis.comparisons
        ],
        "times": [_times(t) for t in analysis.times],
        "times_reason": analysis.times_reason or None,
        "target_lesions": _lesions(analysis),
        "target_lesions_reason": analysis.lesions_reason or None,
        "drawn": analysis.drawn or None,
        "warnings": [{"code": w.code, "message": w.message} for w in analysis.warnings],
    }
    return told(found)


def _group(group: ResponseGroup) -> Json:
    open_ = bool(group.ranges)
    rates = [
        {
            "measure": measure,
            "denominator": denominator,
            "k": rate.exact.k,
            "n": rate.exact.n,
            "percent": number(100 * rate.exact.estimate),
            "clopper_pearson": _interval(rate.exact),
            "wilson": _interval(rate.wilson),
        }
        for (measure, denominator), rate in group.rates.items()
    ]
    return {
        "label": group.label,
        "n": None if open_ and group.ranges["n"][0] != group.ranges["n"][1] else group.n,
        "counts": None if open_ else dict(zip(RESPONSES, map(shown, group.counts), strict=True)),
        "not_recorded": None if open_ else shown(group.missing),
        "rates": rates,
        "ranges": {name: list(map(shown, ends)) for name, ends in group.ranges.items()} or None,
    }


def _lesions(analysis: ResponseAnalysis) -> list[Json] | None:
    """Every patient's scans from the baseline on: change against it in per cent, progression by the sum alone."""
    lesions = analysis.lesions
    if lesions is None:
        return None
    found = []
    for i in dict.fromkeys(lesions.patient.tolist()):
        rows = lesions.patient == i
        later = lesions.change[rows][1:]
        grown = lesions.months[rows & lesions.progressed]
        found.append(
            {
                "patient": str(analysis.courses.names[i]),
                "months": [number(v) for v in lesions.months[rows]],
                "sum_mm": [number(v) for v in lesions.sum_mm[rows]],
                "change_percent": [number(v) for v in lesions.change[rows]],
                "best_change_percent": number(later.min()) if later.size else None,
                "progression_months": number(grown[0]) if grown.size else None,
            }
        )
    return found


def _interval(p: Proportion) -> list[float | None]:
    return interval(100 * p.low, 100 * p.high)


def _times(t: ResponseTimes) -> Json:
    return {
        "group": t.label,
        "responders": t.responders,
        "time_to_response": {
            "n": t.waited.n,
            "median": number(t.waited.median),
            "range": interval(t.waited.low, t.waited.high),
        },
        "duration": {
            "n": t.lasting,
            "ended": t.ended,
            "median": number(t.duration.estimate),
            "ci": interval(t.duration.low, t.duration.high),
            "reason": t.duration.reason or None,
        },
    }
