"""The Models view as plain JSON values: what the command line prints. See `marker_json` for ranges and nulls."""

import numpy as np

from kras_core.analyse.model_results import Covariate, ModelAnalysis, ModelTerm
from kras_core.report.markers.as_json import head_json
from kras_core.report.models.suppressed import dropped, model_hides, suppressed_model
from kras_core.report.small_cells import shown, told
from kras_core.report.survival.as_json import Json, excluded_json, interval, number
from kras_core.stats.results import HazardRatio, Optimism, PenaltyPath, TestResult


def model_json(analysis: ModelAnalysis, paths: tuple[PenaltyPath, ...] = (), found: Optimism | None = None) -> Json:
    """The model; paths and optimism where they were asked for. While small counts are hidden, they and the estimates of
    their groups are null, and there is no path."""
    analysis, c = suppressed_model(analysis), analysis.concordance
    return told(head_json(analysis.cohort, analysis.selection, analysis.endpoint.id, analysis.selected) | {
        "per": analysis.per,
        "n": shown(analysis.n),
        "events": shown(analysis.events),
        "selected": analysis.selected,
        "dropped": dropped(analysis),
        "terms": analysis.columns,
        "covariates": [_covariate(covariate) for covariate in analysis.covariates],
        "left_out": [{"covariate": label, "reason": reason} for label, reason in analysis.left_out],
        "model_test": _test(analysis.test),
        "proportional_hazards": _test(analysis.proportional),
        "concordance": None if c is None else {
            "estimate": number(c.estimate), "interval": interval(c.low, c.high), "method": c.method, "reason": c.reason,
        },
        "separated_by": list(analysis.separated),
        "reason": analysis.reason,
        "firth_reason": analysis.firth_reason,
        "redraws": analysis.drawn,
        "penalised": [] if model_hides(analysis) else [_path(analysis, path) for path in paths],
        "optimism": None if found is None else _optimism(found),
        "excluded": excluded_json(analysis.excluded, analysis.cohort.n - analysis.selected),
        "warnings": [{"code": w.code, "message": w.message} for w in analysis.warnings],
    })  # fmt: skip


def _covariate(covariate: Covariate) -> Json:
    found: Json = {
        "id": covariate.id,
        "label": covariate.label,
        "reference": covariate.reference,
        "missing": shown(covariate.missing),
        "dropped_for_this_alone": shown(covariate.alone),
        "test": _test(covariate.test),
        "proportional_hazards": _test(covariate.proportional),
        "terms": [_term(term) for term in covariate.terms],
    }
    return found | ({"p_range": _range(covariate.p_range), "redraws": covariate.drawn} if covariate.drawn else {})


def _term(term: ModelTerm) -> Json:
    found: Json = {
        "label": term.label,
        "n": shown(term.n),
        "events": None if term.events_range else shown(term.events),
        "hazard_ratio": _ratio(term.ratio),
        "firth": _ratio(term.firth),
        "infinite": {0: "", 1: "upwards", -1: "downwards"}.get(term.infinite, "either way"),
    }
    if term.ratio_range:
        found |= {"hazard_ratio_range": _range(term.ratio_range), "p_range": _range(term.p_range)}
        found["events_range"] = list(map(shown, term.events_range)) or None
    return found


def _range(ends: tuple[float, ...]) -> list[float | None] | None:
    return interval(*ends) if len(ends) == 2 else None


def _ratio(ratio: HazardRatio | None) -> Json | None:
    if ratio is None:
        return None
    return {
        "estimate": number(ratio.estimate),
        "interval": interval(ratio.low, ratio.high),
        "p": number(ratio.p),
        "std_error_log": number(ratio.std_error),
        "method": ratio.method,
        "reason": ratio.reason,
    }


def _test(test: TestResult | None) -> Json | None:
    if test is None:
        return None
    found = {"chi2": number(test.statistic), "df": test.df, "p": number(test.p), "method": test.method}
    return found | {"reason": test.reason}


def _path(analysis: ModelAnalysis, path: PenaltyPath) -> Json:
    names = [f"{c.id}: {t.label}" if c.reference else c.id for c in analysis.covariates for t in c.terms]
    found: Json = {"kind": path.kind, "method": path.method, "seed": path.seed, "reason": path.reason}
    if path.reason:
        return found
    return found | {
        "detail_only": analysis.events < 50,
        "penalty": path.penalties.tolist(),
        "deviance_per_event": path.deviance.tolist(),
        "least_deviance": _shrunk(path, path.best, names),
        "within_one_standard_error": _shrunk(path, path.simplest, names),
    }


def _shrunk(path: PenaltyPath, i: int, names: list[str]) -> Json:
    ratios = dict(zip(names, np.exp(path.beta[i]).tolist(), strict=True))
    return {"penalty": float(path.penalties[i]), "hazard_ratio_per_sd": ratios}


def _optimism(found: Optimism) -> Json:
    return {
        "apparent": number(found.apparent),
        "optimism": number(found.optimism),
        "corrected": number(found.corrected),
        "monte_carlo_error": number(found.std_error),
        "samples": found.samples,
        "without_a_fit": found.failed,
        "seed": found.seed,
        "method": found.method,
        "reason": found.reason,
    }
