"""A Compatible cohort as plain JSON values: what the command line prints. Times in months, rates in percent."""

import math

from kras_core.audit.compatible import Compatible
from kras_core.audit.summary import Summary
from kras_core.report.survival.as_json import Json


def compatible_json(summary: Summary, found: Compatible) -> Json:
    """figures: every printed one by its key in the summary, with the value in the rows, null and why where there is
    none. missed: the keys of those that are not met; impossible: of those that no rows can have."""
    cohort = found.cohort
    figures = [
        {
            "key": key,
            "quantity": o.target.quantity,
            "printed": o.target.text,
            **_value(o.value),
            "met": o.met,
            "impossible": found.impossible.get(key),
        }
        for (key, _), o in zip(summary.figures, found.figures, strict=True)
    ]
    return {
        "title": cohort.title,
        "provenance": cohort.provenance,
        "n": cohort.n,
        "digest": cohort.digest,
        "seed": found.seed,
        "conventions": cohort.conventions,
        "days_per_month": cohort.days_per_month,
        "drawn": sorted(cohort.drawn),
        "met": sum(o.met for o in found.figures),
        "missed": [f["key"] for f in figures if not f["met"]],
        "figures": figures,
    }


def _value(value: float) -> Json:
    """A number, or null and why."""
    reason = "undefined" if math.isnan(value) else "not reached" if math.isinf(value) else ""
    return {"value": None, "reason": reason} if reason else {"value": value}
