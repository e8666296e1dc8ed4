"""An audit as JSON: what `python -m kras_core audit` prints."""

import math

from kras_core.audit.audit import AuditReport, Entry
from kras_core.audit.checks import CHECKS
from kras_core.audit.findings import Finding
from kras_core.report.survival.as_json import Json


def audit_json(report: AuditReport) -> Json:
    """Plain dicts, lists, numbers, strings and None.

    findings: every check of every claim in the paper's order, the one that decides a claim's verdict first. verdict is
    the check's own, claim_verdict the combined one. computed is text; interval holds two numbers where the computed
    figure is a range, tightest the narrowest possible interval beside an impossible one, else None.
    """
    return {
        "title": report.title,
        "cohort": report.cohort.id if report.cohort else None,
        "provenance": report.cohort.provenance if report.cohort else None,
        "counts": dict(report.counts),
        "claims": [_claim(e) for e in report.entries],
        "findings": [_finding(e, f) for e in report.entries for f in e.findings],
    }


def _claim(entry: Entry) -> Json:
    return {
        "id": entry.claim.id,
        "quantity": entry.claim.quantity,
        "printed": entry.claim.printed,
        "place": entry.claim.place,
        "verdict": entry.verdict,
        "changes_conclusion": entry.changes_conclusion,
    }


def _finding(entry: Entry, f: Finding) -> Json:
    check = CHECKS.get(f.check)
    return {
        "id": entry.claim.id,
        "printed": entry.claim.printed,
        "verdict": f.verdict,
        "claim_verdict": entry.verdict,
        "check": f.check,
        "statement": f.statement,
        "computed": f.computed or None,
        "interval": _two(f.interval),
        "tightest": _two(f.tightest),
        "assumption": f.assumption or None,
        "changes_conclusion": f.changes_conclusion,
        "preset": f.preset or None,
        "steps": list(f.steps),
        "ways_out": list(f.ways_out),
        "reference": check.reference if check else None,
        "place": entry.claim.place,
    }


def _two(ends: tuple[float, float] | None) -> list[float | None] | None:
    return None if ends is None else [x if math.isfinite(x) else None for x in ends]
