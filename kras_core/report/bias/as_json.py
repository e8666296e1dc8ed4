"""The bias panel as JSON: what `python -m kras_core bias` prints."""

import json

from kras_core.analyse.bias_results import BiasAnalysis
from kras_core.report.survival.as_json import Json, interval, number
from kras_core.stats.results import HazardRatio, Proportion, Quantile


def bias_json(analysis: BiasAnalysis) -> Json:
    """Plain dicts, lists, numbers, strings and None; times in months, percentages 0–100. A part that is not offered
    has its `reason` and nothing else."""
    early, entry, one, centres = analysis.early, analysis.entry, analysis.leave_one_out, analysis.centres
    cohort = analysis.cohort
    return {
        "cohort": {"id": cohort.id, "title": cohort.title, "digest": cohort.digest, "provenance": cohort.provenance},
        "endpoint": analysis.endpoint.id,
        "selection": json.loads(analysis.selection.to_json()),
        "by": [by.id for by in analysis.selection.by],
        "where": [str(f) for f in analysis.selection.where],
        "conditional_on": analysis.conditional_on or None,
        "early_failures": {"reason": early.reason} if early.reason else _early(analysis),
        "response": analysis.response or None,
        "delayed_entry": {"reason": entry.reason}
        if entry.reason
        else {
            "medians": [
                {"label": label, "naive": _median(a), "delayed": _median(b)}
                for label, a, b in zip(entry.labels, entry.naive, entry.delayed, strict=True)
            ],
            "hazard_ratios": [{"naive": _ratio(a), "delayed": _ratio(b)} for a, b in entry.hazard_ratios],
        },
        "leave_one_out": {"reason": one.reason}
        if one.whole is None
        else {
            "whole": _ratio(one.whole),
            "without": [
                {"patient": name, "estimate": number(e), "ci": interval(low, high)}
                for name, e, low, high in zip(one.names, one.estimate, one.low, one.high, strict=True)
            ],
        },
        "centres": {"reason": centres.reason}
        if centres.logrank_pooled is None or centres.logrank_stratified is None
        else {
            "sizes": dict(centres.sizes),
            "unknown": centres.unknown,
            "pooled": [_ratio(h) for h in centres.pooled],
            "stratified": [_ratio(h) for h in centres.stratified],
            "logrank_p": number(centres.logrank_pooled.p),
            "logrank_p_stratified": number(centres.logrank_stratified.p),
        },
    }


def _early(analysis: BiasAnalysis) -> Json:
    early = analysis.early
    return {
        "day": early.day,
        "added": [
            {
                "k": k,
                "median": _median(median),
                "orr": _rate(early.orr[k]) if early.orr else None,
                "dcr": _rate(early.dcr[k]) if early.dcr else None,
            }
            for k, median in enumerate(early.medians)
        ],
    }


def _median(q: Quantile) -> Json:
    return {"estimate": number(q.estimate), "ci": interval(q.low, q.high), "reason": q.reason or None}


def _rate(p: Proportion) -> Json:
    return {"k": p.k, "n": p.n, "percent": number(100 * p.estimate), "ci": interval(100 * p.low, 100 * p.high)}


def _ratio(h: HazardRatio) -> Json:
    return {
        "reference": h.reference,
        "label": h.label,
        "estimate": number(h.estimate),
        "ci": interval(h.low, h.high),
        "method": h.method,
        "caution": h.caution or None,
        "reason": h.reason or None,
    }
