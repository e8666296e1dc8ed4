"""A SurvivalAnalysis as plain JSON values: what the command line prints.

Times in months; intervals [low, high] with null for an end that is not reached or not defined; an
estimate that is undefined is null, with `reason` beside it. A view that a reconstruction does not
determine has null estimates and a `redraws` object with ranges.
"""

import json
import math
from collections.abc import Sequence
from typing import Any

from kras_core.analyse.results import CohortRef, DrawnStratum, Exclusion, Redraws, Stratum, SurvivalAnalysis
from kras_core.report.small_cells import Sum, masked, shown, told
from kras_core.report.survival.suppressed import suppressed_survival
from kras_core.stats.results import HazardRatio, MaxSelected, MeanTime, Quantile, Rate, TestResult

Json = dict[str, Any]


def number(value: float) -> float | None:
    """The value, or None for NaN and infinities, which JSON does not have."""
    return float(value) if math.isfinite(value) else None


def interval(low: float, high: float) -> list[float | None]:
    return [number(low), number(high)]


def cohort_json(cohort: CohortRef, selected: int) -> Json:
    """What the rows are; how many the cohort has, unless small counts are hidden and so few are not selected."""
    return {
        "id": cohort.id,
        "title": cohort.title,
        "digest": cohort.digest,
        "provenance": cohort.provenance,
        "n": None if shown(cohort.n - selected) is None else cohort.n,
    }


def excluded_json(found: Sequence[Exclusion], left_out: int) -> list[Json]:
    """Who is left out and why, without counts that are hidden; left_out: how many in all, as a reader may know."""
    counts = {(i, 0): e.n for i, e in enumerate(found)}
    listed = masked(counts, Sum.if_true(counts, None, counts, left_out))
    return [{"reason": e.reason, "n": shown(listed[i, 0])} for i, e in enumerate(found)]


def survival_json(analysis: SurvivalAnalysis) -> Json:
    """The whole analysis but its curves. While small counts are hidden, they and what tells of them is null."""
    analysis = suppressed_survival(analysis)
    cohort, selection, redraws = analysis.cohort, analysis.selection, analysis.redraws
    undetermined = redraws is not None and redraws.overall is not None
    found = {
        "cohort": cohort_json(cohort, analysis.overall.n) | {"days_per_month": cohort.days_per_month},
        "selection": json.loads(selection.to_json()),
        "endpoint": analysis.endpoint.id,
        "by": [by.id for by in selection.by],
        "cutoffs": [{"id": id, "value": value, "origin": origin} for id, value, origin in analysis.cutoffs],
        "where": [str(f) for f in selection.where],
        "analysis": selection.analysis,
        "landmark": selection.landmark,
        "conventions": _conventions(analysis),
        "overall": _undetermined(redraws.overall) if undetermined else _stratum(analysis.overall),  # type: ignore[union-attr, arg-type]
        "strata": [_undetermined(s) for s in redraws.strata] if redraws else [_stratum(s) for s in analysis.strata],
        "logrank": _test(analysis.logrank, redraws),
        "selection_adjusted": [selected_json(s) for s in analysis.selected],
        "hazard_ratio": _ratios(analysis),
        "rmst_difference": _mean(analysis.rmst_difference) if analysis.rmst_difference else None,
        "follow_up": _quantile(analysis.follow_up)
        | {
            "median": number(analysis.follow_up.estimate),
            "method": f"reverse {analysis.follow_up.method}",
            "median_observed_time": number(analysis.observed_time_median),
        },
        "excluded": excluded_json(analysis.excluded, cohort.n - analysis.overall.n),
        "redraws": None if redraws is None else {"count": redraws.count, "columns": list(redraws.columns)},
        "warnings": [{"code": w.code, "message": w.message} for w in analysis.warnings],
    }
    return told(found)


def _conventions(analysis: SurvivalAnalysis) -> Json:
    c = analysis.selection.conventions
    return {
        "name": c.name,
        "interval": c.interval,
        "median_rule": c.median_rule,
        "median_interval": c.median_interval,
        "ties": c.ties,
        "hazard_ratio": c.hazard_ratio,
        "confidence": c.confidence,
        "source": c.source,
    }


def _stratum(s: Stratum) -> Json:
    return {
        "label": s.label,
        "n": shown(s.n),
        "events": shown(s.events),
        "median": number(s.median.estimate),
        "median_ci": interval(s.median.low, s.median.high),
        "median_method": s.median.method,
        "reason": s.median.reason,
        "rates": [_rate(r) for r in s.rates],
        "rmst": _mean(s.rmst),
        "follow_up": _quantile(s.follow_up) | {"median": number(s.follow_up.estimate)},
    }


def _undetermined(s: DrawnStratum) -> Json:
    same = s.n[0] == s.n[1]
    return {
        "label": s.label,
        "n": shown(int(s.n[0])) if same else None,
        "events": None,
        "median": None,
        "median_ci": [None, None],
        "rates": [],
        "reason": "not determined by the publication",
        "n_range": list(map(shown, s.n)),
        "events_range": list(map(shown, s.events)),
        "median_range": interval(*s.median),
    }


def _rate(r: Rate) -> Json:
    found: Json = {"time": r.time, "estimate": number(r.estimate), "ci": interval(r.low, r.high)}
    found["at_risk"] = shown(r.at_risk)
    return found | ({"reason": r.reason} if r.reason else {})


def _quantile(q: Quantile) -> Json:
    return {"ci": interval(q.low, q.high), "method": q.method, "reason": q.reason}


def _mean(m: MeanTime) -> Json:
    return {
        "tau": m.tau,
        "estimate": number(m.estimate),
        "ci": interval(m.low, m.high),
        "p": number(m.p),
        "reason": m.reason,
    }


def _test(test: TestResult | None, redraws: Redraws | None) -> Json | None:
    if redraws is not None and redraws.hazard_ratios:
        return {"chi2": None, "df": None, "p": None, "p_range": interval(*redraws.p)}
    if test is None:
        return None
    return {
        "chi2": number(test.statistic),
        "df": test.df,
        "p": number(test.p),
        "method": test.method,
        "reason": test.reason,
    }


def selected_json(s: MaxSelected) -> Json:
    """A maximally selected statistic: p that allows for the choice of the cut-off, three ways."""
    return {
        "statistic": number(s.statistic),
        "cutoff": number(s.cutoff),
        "p": number(s.best_p),
        "p_permutation": number(s.p),
        "p_permutation_error": number(s.std_error),
        "permutations": s.samples,
        "p_lausen_1992": number(s.p_lausen_1992),
        "p_lausen_1994": number(s.p_lausen_1994),
        "method": s.method,
        "reason": s.reason,
    }


def _ratios(analysis: SurvivalAnalysis) -> list[Json]:
    if analysis.redraws is not None:
        return [
            {
                "reference": reference,
                "label": label,
                "estimate": None,
                "ci": [None, None],
                "p": None,
                "method": "range over redraws",
                "estimate_range": interval(low, high),
            }
            for reference, label, low, high in analysis.redraws.hazard_ratios
        ]
    return [ratio_json(h) for h in analysis.hazard_ratios]


def ratio_json(h: HazardRatio) -> Json:
    return {
        "reference": h.reference,
        "label": h.label,
        "estimate": number(h.estimate),
        "ci": interval(h.low, h.high),
        "p": number(h.p),
        "method": h.method,
        "caution": h.caution,
        "reason": h.reason,
    }
