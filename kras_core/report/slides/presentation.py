"""From analyses to a PowerPoint file."""

from collections.abc import Sequence
from datetime import date

from kras_core.analyse.overview_results import OverviewAnalysis
from kras_core.analyse.response_results import ResponseAnalysis
from kras_core.analyse.results import SafetyAnalysis, SurvivalAnalysis
from kras_core.report.imprint import answer_of, group_sizes
from kras_core.report.slides import survival, views
from kras_core.report.slides.deck import Deck
from kras_core.report.slides.template import TemplateError, opened
from kras_core.report.small_cells import refuse

MIME = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
Shown = SurvivalAnalysis | SafetyAnalysis | OverviewAnalysis | ResponseAnalysis


def presentation(shown: Sequence[Shown], *, on: date, comparison: str = "", template: bytes | None = None) -> bytes:
    """The slides of these analyses in order, as a .pptx: the same bytes for the same analyses, day and versions.

    on: the day in the footers. comparison: such as "comparison 7 of 12 this session". template: a .pptx or .potx
    whose layouts and theme are used. Raises TemplateError where it cannot be, SelectionError for
    groups that hidden small counts (`small_cells`) do not let be shown.
    """
    for analysis in shown:
        refuse(group_sizes(analysis))
    deck = Deck(template, on, answer_of(shown[0]).title if shown else "")
    for analysis in shown:
        if isinstance(analysis, SurvivalAnalysis):
            survival.add(deck, analysis, comparison)
        elif isinstance(analysis, SafetyAnalysis):
            views.add_safety(deck, analysis, comparison)
        elif isinstance(analysis, OverviewAnalysis):
            views.add_table_one(deck, analysis, comparison)
        else:
            views.add_response(deck, analysis, comparison)
    return deck.save()


def check(template: bytes) -> None:
    """Raises TemplateError for a file that `presentation` could not use."""
    opened(template)


__all__ = ["MIME", "Shown", "TemplateError", "check", "presentation"]
