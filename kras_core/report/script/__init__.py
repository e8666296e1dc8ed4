"""A view as a script that redoes it from the data file: Python (pandas, lifelines) or R (survival).

`plan` reads a Selection and its Analysis into what both languages need; `python` and `r` write it out. A script
holds what its view needs and nothing else, and prints the view's numbers as CSV: stratum, quantity, estimate,
low, high, p.
"""

from kras_core.analyse.results import SurvivalAnalysis
from kras_core.cohort.model import Cohort
from kras_core.report.script.plan import planned
from kras_core.report.script.python import python_text
from kras_core.report.script.r import r_text

LANGUAGES = {"python": "Python", "r": "R"}
SUFFIX = {"python": "py", "r": "R"}


def script(cohort: Cohort, analysis: SurvivalAnalysis, language: str = "python") -> str:
    """The script of that view. Raises SelectionError where the publication leaves the whole view open (its numbers
    are ranges over redraws), and for a filter on dates."""
    plan = planned(cohort, analysis)
    return python_text(plan) if language == "python" else r_text(plan)
