"""The waterfall plot for print: best change of the sum of target lesions, worst first."""

import numpy as np

from kras_core.analyse.response_results import RESPONSES, ResponseAnalysis
from kras_core.report import format as fmt
from kras_core.report.imprint import closing
from kras_core.report.journal.page import EDGE, Page, foot_height, foot_lines, leading, text_width
from kras_core.report.journal.response import FILLS
from kras_core.report.journal.style import HAIRLINE, INK, QUIET, Style
from kras_core.report.response.patient_figures import MOST_COLUMNS, PARTIAL, PROGRESSION
from kras_core.report.response.tables import NAMES

LEFT = 34.0  # points


def draw(analysis: ResponseAnalysis, style: Style) -> Page:
    """Raises ValueError where the cohort has no changes of target lesions, with the reason."""
    if analysis.change_reason:
        raise ValueError(f"no waterfall plot: this cohort {analysis.change_reason}")
    c = analysis.courses
    rows = np.flatnonzero(~np.isnan(c.change))
    rows = rows[np.argsort(-c.change[rows], kind="stable")]
    shown = rows[:MOST_COLUMNS]
    said = "Lines: −30 % and +20 %."
    if c.n > rows.size:
        said += f" {fmt.plural(c.n - rows.size, 'patient')} without a measured change."
    if rows.size > shown.size:
        said += f" The first {shown.size} of {rows.size} are drawn."
    last = f"Best change of the sum of target lesions. {closing(analysis)}"
    notes = foot_lines([(said, QUIET), (last, QUIET)], style)
    top, width = EDGE + 2 * leading(style.note), style.points - LEFT - 6
    high = width * 0.55
    page = Page(style, top + high + 8 + foot_height(notes, style))
    axes = page.plot(LEFT, top, width, high)
    axes.spines["bottom"].set_visible(False)
    response = c.response[shown].tolist()
    fills = [style.shade(FILLS[RESPONSES[i]] if i >= 0 else "#8c8c8c") for i in response]
    axes.bar(np.arange(shown.size), c.change[shown], width=0.86, color=fills, linewidth=0)
    for y in (PARTIAL, PROGRESSION):
        axes.axhline(y, color=QUIET, linewidth=0.6, linestyle=(0, (4, 3)))
    axes.axhline(0, color=INK, linewidth=0.6)
    axes.set_xlim(-0.7, max(shown.size - 0.3, 1))
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", color=HAIRLINE, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.set_ylabel("Best change, %", fontsize=style.size, labelpad=3)
    _key(page, sorted({i for i in response if i >= 0}), style)
    page.lines(EDGE, top + high + 8, notes)
    return page


def _key(page: Page, responses: list[int], style: Style) -> None:
    x, y = LEFT, EDGE + leading(style.note) / 2
    for name in (RESPONSES[i] for i in responses):
        words = name if style.narrow else f"{name}, {NAMES[name].lower()}"
        page.rule(x, x + 8, y, color=style.shade(FILLS[name]), width=style.note - 1)
        page.text(x + 11, y, words, size=style.note, color=QUIET)
        x += 11 + text_width(words, style.note) + 9
