"""What a figure or slide says of itself once it has left the screen: n, method, provenance, version.

While small counts are hidden (`small_cells`) they are hidden in what is exported too, and a figure that cannot hide
them is `withheld`.
"""

from dataclasses import dataclass

from kras_core import __version__
from kras_core.analyse.overview_results import OverviewAnalysis
from kras_core.analyse.response_results import ResponseAnalysis
from kras_core.analyse.results import CohortRef, SafetyAnalysis, SurvivalAnalysis
from kras_core.analyse.subgroup_results import ForestAnalysis
from kras_core.report import format as fmt
from kras_core.report.markers.answer import forest_answer
from kras_core.report.overview.words import overview_answer
from kras_core.report.response.tables import gives_away
from kras_core.report.response.words import response_answer
from kras_core.report.small_cells import threshold
from kras_core.report.survival.answer import Answer, answer, safety_answer

Exported = SurvivalAnalysis | SafetyAnalysis | OverviewAnalysis | ResponseAnalysis | ForestAnalysis
PROGRAM = f"KRAScope {__version__}"


@dataclass(frozen=True, slots=True)
class Imprint:
    """n: of the rows in view, such as "n = 27"; method in a few words; provenance; comparison: such as "comparison
    7 of 12 this session", else empty; digest: of the cohort; loud: the rows are no patients, which is seen at once."""

    n: str
    method: str
    provenance: str
    comparison: str
    digest: str
    loud: bool

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.n, self.method, self.provenance, self.comparison)))


def group_sizes(analysis: Exported) -> list[int]:
    """How many patients every group that is shown has; nothing of those that redraws leave open."""
    if isinstance(analysis, SurvivalAnalysis):
        return [s.n for s in analysis.shown if not isinstance(s.n, tuple)]
    if isinstance(analysis, SafetyAnalysis):
        return list(analysis.denominators)
    if isinstance(analysis, OverviewAnalysis):
        return [] if analysis.size_ranges else list(analysis.sizes)
    if isinstance(analysis, ResponseAnalysis):
        return [g.n for g in analysis.groups if not g.ranges]
    return [arm.n for arm in analysis.overall.arms]


def withheld(analysis: Exported, kind: str) -> bool:
    """Whether this kind of figure holds small counts that are hidden here and now. Of curves events and patients at
    risk are hidden; that their steps tell of events remains. Bars of single patients cannot hide them, nor can bars
    that are stacked to everybody."""
    stacked = kind == "response" and isinstance(analysis, ResponseAnalysis) and gives_away(analysis)
    return bool(threshold()) and (kind == "waterfall" or stacked)


def answer_of(analysis: Exported) -> Answer:
    """The view in words: title, two lines, guards."""
    if isinstance(analysis, SurvivalAnalysis):
        return answer(analysis)
    if isinstance(analysis, SafetyAnalysis):
        return safety_answer(analysis)
    if isinstance(analysis, OverviewAnalysis):
        return overview_answer(analysis)
    if isinstance(analysis, ResponseAnalysis):
        return response_answer(analysis)
    return forest_answer(analysis)


def imprint(analysis: Exported, comparison: str = "") -> Imprint:
    """What stands at the foot of whatever is made of this analysis."""
    cohort = analysis.cohort
    n, loud = f"n = {_size(analysis)}", cohort.provenance != "real"
    return Imprint(n, _method(analysis), fmt.provenance(cohort), comparison, cohort.digest, loud)


def closing(analysis: Exported) -> str:
    """The last lines under a printed figure: provenance, n, method, source, version."""
    of = imprint(analysis)
    return " ".join(
        f"{part.rstrip('.')}." for part in (of.provenance, f"{of.n}; {of.method}", *_source(analysis.cohort), PROGRAM)
    )


def _source(cohort: CohortRef) -> tuple[str, ...]:
    """Where the rows are from: the cohort's title (of an upload, only that it is one) and its citation."""
    named = "" if cohort.origin == "uploaded" and cohort.provenance == "real" else cohort.title
    return tuple(filter(None, (named, cohort.citation)))


def _size(analysis: Exported) -> str:
    if isinstance(analysis, SurvivalAnalysis):
        shown = analysis.redraws.overall if analysis.redraws else None
        return fmt.spread(*shown.n, fmt.whole) if shown else fmt.whole(analysis.overall.n)
    if isinstance(analysis, ForestAnalysis):
        return fmt.whole(sum(arm.n for arm in analysis.overall.arms))
    if isinstance(analysis, ResponseAnalysis):
        ranges = analysis.overall.ranges
        return fmt.spread(*ranges["n"], fmt.whole) if ranges else fmt.whole(analysis.overall.n)
    return fmt.spread(*analysis.n_range, fmt.whole) if len(analysis.n_range) == 2 else fmt.whole(analysis.n)


def _method(analysis: Exported) -> str:
    c = analysis.selection.conventions
    level = fmt.percent(c.confidence)
    if isinstance(analysis, SurvivalAnalysis):
        kinds = {"naive": "", "landmark": ", landmark", "delayed-entry": ", delayed entry"}
        test = ", log-rank test" if len(analysis.strata) > 1 else ""
        kind = kinds[analysis.selection.analysis]
        return f"Kaplan–Meier{kind}{test}, {level} intervals, conventions: {c.label}"
    if isinstance(analysis, SafetyAnalysis):
        version = f", CTCAE {analysis.ctcae_version.removeprefix('CTCAE').strip()}" if analysis.ctcae_version else ""
        test = ", Fisher's exact p" if analysis.contrast else ""
        return f"patients by worst grade{version}{test}"
    if isinstance(analysis, OverviewAnalysis):
        return "patients' characteristics"
    if isinstance(analysis, ResponseAnalysis):
        return f"best overall response, RECIST 1.1, Clopper–Pearson {level} intervals"
    return f"Cox models in subgroups, {c.ties.capitalize()} ties, Wald {level} intervals, interaction: likelihood ratio"
