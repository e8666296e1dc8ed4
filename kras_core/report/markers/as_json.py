"""The Biomarkers and Subgroups views as plain JSON values: what the command line prints.

Intervals and ranges are [low, high] with null for an end that does not exist. What redraws leave open has null
estimates and `*_range`.
"""

from collections.abc import Sequence

import numpy as np

from kras_core.analyse.marker_results import BiomarkerAnalysis, CutoffSpread, Discrimination
from kras_core.analyse.results import CohortRef, Warning
from kras_core.analyse.subgroup_results import Arm, CoxTable, ForestAnalysis, SubgroupFactor, SubgroupRow, Univariable
from kras_core.report.markers.suppressed import suppressed_cox, suppressed_forest
from kras_core.report.small_cells import shown, told
from kras_core.report.survival.as_json import (
    Json,
    cohort_json,
    excluded_json,
    interval,
    number,
    ratio_json,
    selected_json,
    survival_json,
)
from kras_core.selection import Selection
from kras_core.stats.results import Floats, TestResult


def head_json(cohort: CohortRef, selection: Selection, endpoint: str, n: int) -> Json:
    """What every view says of its data and its choices; n: patients selected."""
    return {
        "cohort": cohort_json(cohort, n),
        "endpoint": endpoint,
        "where": [str(f) for f in selection.where],
        "analysis": selection.analysis,
        "landmark": selection.landmark,
        "conventions": selection.conventions.name,
        "ties": selection.conventions.ties,
        "confidence": selection.conventions.confidence,
    }  # fmt: skip


def _warnings(found: tuple[Warning, ...]) -> list[Json]:
    return [{"code": w.code, "message": w.message} for w in found]


def _numbers(values: Floats) -> list[float | None]:
    return [number(v) for v in values.tolist()]


def _test(test: TestResult | None) -> Json | None:
    if test is None:
        return None
    found = {"chi2": number(test.statistic), "df": test.df, "p": number(test.p), "method": test.method}
    return found | {"reason": test.reason}


def _range(ends: Sequence[float]) -> list[float | None] | None:
    return interval(*ends) if len(ends) == 2 else None


def _counts(ends: Sequence[float]) -> list[float | None] | None:
    return list(map(shown, ends)) if len(ends) == 2 else None


def marker_json(
    analysis: BiomarkerAnalysis, found: Discrimination | None, bootstrap: CutoffSpread | None = None
) -> Json:
    """A Biomarkers view; bootstrap: spread of the chosen cut-off over resamples, where they were drawn."""
    d = analysis.distribution
    return head_json(analysis.cohort, analysis.selection, analysis.endpoint.id, d.n) | {
        "marker": {"id": analysis.by.id, "label": analysis.label, "unit": analysis.unit},
        "distribution": {
            "n": d.n, "missing": d.missing, "distinct": d.distinct, "min": d.low, "lower_quartile": d.lower_quartile,
            "median": d.median, "upper_quartile": d.upper_quartile, "max": d.high, "mean": number(d.mean),
            "sd": number(d.sd),
        },
        "split": survival_json(analysis.split),
        "scan": _scan(analysis),
        "chosen_on_outcome": _chosen(analysis, bootstrap),
        "continuous": _continuous(analysis),
        "spline": _spline(analysis),
        "discrimination": _discrimination(found),
        "redraws": _redraws(analysis),
        "nothing": analysis.nothing,
        "warnings": _warnings(analysis.warnings),
    }  # fmt: skip


def _scan(analysis: BiomarkerAnalysis) -> Json | None:
    scan = analysis.scan
    if scan is None:
        return None
    return {
        "trim": "floor(0.1 n) to floor(0.9 n) patients at or below, as maxstat",
        "direction": "above v not above",
        "method": scan.method,
        "cutoff": scan.cutoffs.tolist(),
        "not_above": scan.below.tolist(),
        "chi2": _numbers(scan.chi2),
        "p": _numbers(scan.p),
        "hazard_ratio": _numbers(np.exp(scan.log_ratio)),
        "low": _numbers(scan.low),
        "high": _numbers(scan.high),
        "std_error_log": _numbers(scan.std_error),
    }


def _chosen(analysis: BiomarkerAnalysis, bootstrap: CutoffSpread | None) -> Json | None:
    c = analysis.chosen
    if c is None:
        return None
    found: Json = {
        "cutoff": c.cutoff,
        "n": list(c.sizes),
        "logrank": _test(c.test),
        "hazard_ratio": ratio_json(c.ratio),
        "optimistic": True,
        "selection_adjusted": selected_json(c.selected),
    }
    if bootstrap is not None:
        names = ("2.5", "25", "50", "75", "97.5")
        found["bootstrap"] = {
            "samples": bootstrap.samples,
            "undefined": bootstrap.undefined,
            "quantiles": dict(zip(names, map(number, bootstrap.quantiles), strict=True)),
            "share_with_this_cutoff": number(bootstrap.same),
        }
    return found


def _continuous(analysis: BiomarkerAnalysis) -> Json | None:
    model = analysis.model
    if model is None:
        return None
    return {
        "n": model.n,
        "events": model.events,
        "sd": number(model.sd),
        "per_unit": ratio_json(model.per_unit),
        "per_sd": ratio_json(model.per_sd),
        "likelihood_ratio": _test(model.test),
    }


def _spline(analysis: BiomarkerAnalysis) -> Json | None:
    s = analysis.spline
    if s is None:
        return None
    return {
        "method": s.method,
        "knots": list(s.knots),
        "reference": s.reference,
        "x": _numbers(s.x),
        "hazard_ratio": _numbers(np.exp(s.log_ratio)),
        "low": _numbers(np.exp(s.low)),
        "high": _numbers(np.exp(s.high)),
        "overall": _test(s.overall),
        "nonlinear": _test(s.nonlinear),
        "reason": s.reason,
    }


def _discrimination(found: Discrimination | None) -> Json | None:
    if found is None:
        return None
    c = found.concordance
    return {
        "concordance": {
            "estimate": number(c.estimate), "ci": interval(c.low, c.high), "std_error": number(c.std_error),
            "pairs": c.pairs, "method": c.method, "reason": c.reason,
        },
        "auc": [
            {"time": a.time, "estimate": number(a.estimate), "cases": a.cases, "controls": a.controls,
             "reason": a.reason}
            for a in found.auc
        ],
        "events": found.events,
        "few_events": found.few,
    }  # fmt: skip


def _redraws(analysis: BiomarkerAnalysis) -> Json | None:
    r = analysis.redraws
    if r is None:
        return None
    return {
        "count": r.count,
        "columns": list(r.columns),
        "sentence": r.sentence,
        "cutoff": r.cutoffs.tolist(),
        "hazard_ratio_range": [interval(*ends) for ends in zip(r.ratio_low, r.ratio_high, strict=True)],
        "p_range": [interval(*ends) for ends in zip(r.p_low, r.p_high, strict=True)],
        "determined": r.determined.tolist(),
        "per_unit_range": interval(*r.per_unit),
        "per_sd_range": interval(*r.per_sd),
        "continuous_p_range": interval(*r.p),
    }


def forest_json(analysis: ForestAnalysis) -> Json:
    """A forest. While small counts are hidden, they and the estimates of their rows are null."""
    n = sum(arm.n for arm in analysis.overall.arms)
    analysis = suppressed_forest(analysis)
    return told(head_json(analysis.cohort, analysis.selection, analysis.endpoint.id, n) | {
        "by": analysis.selection.by[0].id,
        "cutoffs": [{"id": id, "value": value, "origin": origin} for id, value, origin in analysis.cutoffs],
        "label": analysis.label,
        "reference": analysis.reference,
        "overall": _row(analysis.overall, analysis),
        "factors": [_factor(f, analysis) for f in analysis.factors],
        "left_out": [{"label": label, "reason": reason} for label, reason in analysis.left_out],
        "excluded": excluded_json(analysis.excluded, analysis.cohort.n - n),
        "warnings": _warnings(analysis.warnings),
    })  # fmt: skip


def _factor(f: SubgroupFactor, analysis: ForestAnalysis) -> Json:
    return {
        "id": f.id,
        "label": f.label,
        "cutoff": None if f.cutoff is None else {"value": f.cutoff[0], "origin": f.cutoff[1]},
        "interaction": _test(f.interaction),
        "interaction_p_range": _range(f.p_range),
        "drawn": f.drawn,
        "subgroups": [_row(row, analysis) for row in f.rows],
    }


def _row(row: SubgroupRow, analysis: ForestAnalysis) -> Json:
    return {
        "label": row.label,
        "arms": [_arm(arm, name) for arm, name in zip(row.arms, (analysis.label, analysis.reference), strict=True)],
        "hazard_ratio": None if row.ratio is None else ratio_json(row.ratio),
        "hazard_ratio_range": _range(row.ratio_range),
        "weight": row.weight,
        "small": row.small,
        "note": row.note,
    }


def _arm(arm: Arm, label: str) -> Json:
    if arm.n_range:
        return {
            "label": label, "n": None, "events": None, "median": None, "n_range": _counts(arm.n_range),
            "events_range": _counts(arm.events_range), "median_range": _range(arm.median_range),
        }  # fmt: skip
    median = {"median": number(arm.median.estimate), "median_ci": interval(arm.median.low, arm.median.high)}
    return {"label": label, "n": shown(arm.n), "events": shown(arm.events)} | median


def cox_json(table: CoxTable) -> Json:
    """Univariable Cox models. While small counts are hidden, they and the estimates of their groups are null."""
    table = suppressed_cox(table)
    return told(head_json(table.cohort, table.selection, table.endpoint.id, table.n) | {
        "n": table.n,
        "events": table.events,
        "adjusted": False,
        "variables": [_variable(v) for v in table.variables],
        "excluded": excluded_json(table.excluded, table.cohort.n - table.n),
        "warnings": _warnings(table.warnings),
    })  # fmt: skip


def _variable(v: Univariable) -> Json:
    return {
        "id": v.id,
        "label": v.label,
        "n": shown(v.n),
        "events": shown(v.events),
        "missing": shown(v.missing),
        "reference": v.reference or None,
        "likelihood_ratio": _test(v.test),
        "p_range": _range(v.p_range),
        "drawn": v.drawn,
        "note": v.note,
        "terms": [
            {
                "label": t.label,
                "n": shown(t.n),
                "events": None if len(t.events_range) == 2 else shown(t.events),
                "events_range": _counts(t.events_range),
                "hazard_ratio": None if t.ratio is None else ratio_json(t.ratio),
                "hazard_ratio_range": _range(t.ratio_range),
                "p_range": _range(t.p_range),
            }
            for t in v.terms
        ],
    }
