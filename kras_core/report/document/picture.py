"""The views' figures as pictures for documents: those of the journals, at the width of a page."""

from typing import Any

from kras_core.analyse.response_results import ResponseAnalysis
from kras_core.analyse.results import SafetyAnalysis, SurvivalAnalysis
from kras_core.report import format as fmt
from kras_core.report.document.blocks import Picture
from kras_core.report.figures import alt_text, safety_alt_text
from kras_core.report.format import mid_sentence, plural
from kras_core.report.response.words import response_alt_text

WIDTH, DPI = 160.0, 200  # mm; dots an inch


def survival_picture(analysis: SurvivalAnalysis) -> Picture:
    """Kaplan–Meier curves with the patients at risk; of redraws, their envelopes."""
    by = f" by {mid_sentence(analysis.by_label)}" if analysis.by_label else ""
    n, events = analysis.overall.n, analysis.overall.events
    counted = "" if analysis.redraws else f", {plural(events, 'event')} in {plural(n, 'patient')}"
    level = fmt.percent(analysis.selection.conventions.confidence)
    what = "range over redraws, no estimate" if analysis.redraws else f"Kaplan–Meier with {level} intervals"
    return Picture(_png(analysis, "km"), alt_text(analysis), f"{analysis.endpoint.label}{by}: {what}{counted}.")


def response_picture(analysis: ResponseAnalysis) -> Picture:
    """Best responses as a bar a group."""
    return Picture(_png(analysis, "response"), response_alt_text(analysis), "Best overall response, patients.")


def safety_picture(analysis: SafetyAnalysis) -> Picture:
    """Adverse events by term and grade."""
    return Picture(_png(analysis, "butterfly"), safety_alt_text(analysis), "Adverse events by worst grade, patients.")


def _png(analysis: Any, kind: str) -> bytes:
    from kras_core.report.journal.figure import render  # draws with matplotlib, which is imported on export only
    from kras_core.report.journal.style import Style

    return render(analysis, kind, "png", Style(WIDTH, DPI))
