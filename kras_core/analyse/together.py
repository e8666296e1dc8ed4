"""Two Survival views on one time axis, so that they can be held side by side."""

from kras_core.analyse.results import SurvivalAnalysis
from kras_core.analyse.survival import analyse
from kras_core.cohort.model import Cohort
from kras_core.selection import Selection

AIR = 1.01  # beyond the last time


def on_one_axis(
    left: tuple[Cohort, Selection], right: tuple[Cohort, Selection]
) -> tuple[SurvivalAnalysis, SurvivalAnalysis]:
    """Both analyses in the left view's unit, with the same end of the axis and the same ticks under both figures.

    The end is the left view's own where it names one, else that of the longer follow-up. Raises SelectionError where
    one of the cohorts cannot answer.
    """
    selections = [left[1], right[1].but(unit=left[1].unit)]
    whole = [analyse(cohort, s.but(axis_max=None)) for (cohort, _), s in zip((left, right), selections, strict=True)]
    end = left[1].axis_max or AIR * max(_last(analysis) for analysis in whole)
    first, second = (
        analyse(cohort, s.but(axis_max=end)) for (cohort, _), s in zip((left, right), selections, strict=True)
    )
    return first, second


def _last(analysis: SurvivalAnalysis) -> float:
    """The last time that any curve or envelope reaches, in months."""
    drawn = analysis.redraws.strata if analysis.redraws else ()
    curves = [s.curve.time for s in (*analysis.strata, analysis.overall)]
    return max(float(time[-1]) for time in (*curves, *(s.time for s in drawn)) if time.size)
