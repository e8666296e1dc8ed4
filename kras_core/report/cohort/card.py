"""A cohort in brief, and the list of what was found in a file, as HTML."""

from collections.abc import Iterable

from kras_core.cohort.model import Cohort
from kras_core.cohort.problems import Problem
from kras_core.report.format import html_escape, plural

PROVENANCE = {
    "real": "Patient data, as published",
    "reconstructed": "Reconstructed from a publication · not patient data",
    "simulated": "Simulated · not patient data",
}
WORDS = {"error": "Mend", "warning": "Look", "note": "Note"}


def card_html(cohort: Cohort) -> str:
    """Name, provenance, size, endpoints, digest, source."""
    events, scans = cohort.adverse_events, cohort.target_lesions
    facts = [
        ("Provenance", _provenance(cohort)),
        ("Patients", f"{cohort.n:,}"),
        ("Endpoints", ", ".join(id.upper() for id in cohort.endpoints) or "none"),
        ("Adverse events", "not recorded" if events is None else plural(len(events), "row")),
        ("Target lesions", "" if scans is None else plural(len(scans), "scan")),
        ("A month is", f"{cohort.days_per_month:.4f} days"),
        ("Source", cohort.citation),
        ("Licence", cohort.licence),
        ("SHA-256", cohort.digest),
    ]
    rows = "".join(f"<dt>{html_escape(name)}</dt><dd>{html_escape(value)}</dd>" for name, value in facts if value)
    return f'<section class="kras-card"><h2>{html_escape(cohort.title)}</h2><dl>{rows}</dl></section>'


def _provenance(cohort: Cohort) -> str:
    """What the rows are before where they come from: an upload may be no patient data either."""
    if cohort.origin != "uploaded":
        return PROVENANCE[cohort.provenance]
    here = "in this session only"
    return "Uploaded in this session" if cohort.provenance == "real" else f"{PROVENANCE[cohort.provenance]} · {here}"


def problems_html(problems: Iterable[Problem]) -> str:
    """Errors first, each as one sentence with its place."""
    items = "".join(
        f'<li class="kras-{p.severity}"><b>{WORDS[p.severity]}</b> {html_escape(p.sentence)}</li>' for p in problems
    )
    return f'<ul class="kras-problems">{items}</ul>'
