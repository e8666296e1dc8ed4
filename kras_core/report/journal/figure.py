"""One figure for a journal: which kinds there are, and their way into a file."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from matplotlib import style as settings_of

from kras_core.report.imprint import Exported, answer_of, group_sizes, imprint, withheld
from kras_core.report.journal import butterfly, files, forest, km, response, waterfall
from kras_core.report.journal.page import Page
from kras_core.report.journal.style import Style, settings
from kras_core.report.small_cells import refuse

# matplotlib's settings belong to the process, sessions are threads of it: one figure at a time.
_one_at_a_time = Lock()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of figure: what it draws (analysis, style) -> Page."""

    label: str
    draw: Callable[[Any, Style], Page]


KINDS = {
    "km": Kind("Kaplan–Meier", km.draw),
    "butterfly": Kind("Adverse events", butterfly.draw),
    "forest": Kind("Subgroups", forest.draw),
    "response": Kind("Best response", response.draw),
    "waterfall": Kind("Waterfall", waterfall.draw),
}


def render(analysis: Exported, kind: str, format: str, style: Style) -> bytes:
    """The file: the same bytes for the same analysis, style and versions. format: one of `files.FORMATS`.

    analysis: of the kind's view (km SurvivalAnalysis, butterfly SafetyAnalysis, forest ForestAnalysis, response and
    waterfall ResponseAnalysis). Raises ValueError where there is nothing to draw, saying why, and where the
    figure is withheld; SelectionError for groups that hidden small counts (`small_cells`) do not let be shown.
    """
    refuse(group_sizes(analysis))
    if withheld(analysis, kind):
        raise ValueError(f"{KINDS[kind].label}: this figure shows every count, and small ones are hidden")
    of, found = imprint(analysis), answer_of(analysis)
    title = f"{found.title}, {found.where}" if found.where else found.title
    about = files.About(title, "; ".join(of.parts), of.digest)
    with _one_at_a_time, settings_of.context(["default", settings()]):
        return files.WRITERS[format](KINDS[kind].draw(analysis, style), about)
