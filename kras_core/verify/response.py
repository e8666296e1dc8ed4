"""Verify for the Response view: rates and comparisons recomputed from the patient rows by statsmodels and SciPy.

Patients are counted anew, with pandas from the recorded words; intervals are statsmodels', Fisher's p is SciPy's.
"""

from collections.abc import Iterator
from math import isnan

import numpy as np
import pandas as pd

from kras_core.analyse.response import COLUMN, analyse_response
from kras_core.analyse.response_results import Denominator, Measure, ResponseAnalysis, ResponseGroup
from kras_core.analyse.scope import resolve
from kras_core.cohort.model import Cohort
from kras_core.selection import Selection
from kras_core.verify.second_opinion import SecondOpinion, second_opinion

STATSMODELS, SCIPY, PANDAS = "statsmodels", "SciPy", "pandas"
REACHED: dict[Measure, tuple[str, ...]] = {"orr": ("CR", "PR"), "dcr": ("CR", "PR", "SD")}
EVALUABLE = ("CR", "PR", "SD", "PD")
NAMES: dict[Measure, str] = {"orr": "ORR", "dcr": "DCR"}


def verify_response(
    cohort: Cohort, selection: Selection, analysis: ResponseAnalysis | None = None
) -> tuple[SecondOpinion, ...]:
    """Every determined rate and comparison of the analysis (the selection's own unless one is given).

    What is a range over redraws is not asked. Raises SelectionError as `analyse_response` does.
    """
    shown = analysis or analyse_response(cohort, selection)
    rows = _rows(cohort, selection, shown)
    found = [o for g in (*shown.groups, shown.overall) if not g.ranges for o in _of_group(g, rows, shown)]
    return (*found, *_of_comparisons(shown, rows))


def _rows(cohort: Cohort, selection: Selection, analysis: ResponseAnalysis) -> pd.DataFrame:
    """One row a selected patient: best response as a word (None where not recorded), and the group's label."""
    scope = resolve(cohort, selection)
    frame = cohort.patients
    best = frame[COLUMN].astype(object).where(frame[COLUMN].notna(), "")
    if analysis.confirmed == "only":
        best = best.mask(best.isin(("CR", "PR")) & (frame["response_confirmed"] != 1), "SD")
    group = np.array([*scope.labels, ""], dtype=object)[scope.groups]
    return pd.DataFrame({"best": best.to_numpy(), "group": group})[scope.selected]


def _count(rows: pd.DataFrame, label: str | None, measure: Measure, denominator: Denominator) -> tuple[int, int]:
    inside = rows if label is None else rows[rows["group"] == label]
    if denominator == "evaluable":
        inside = inside[inside["best"].isin(EVALUABLE)]
    return int(inside["best"].isin(REACHED[measure]).sum()), len(inside)


def _of_group(group: ResponseGroup, rows: pd.DataFrame, analysis: ResponseAnalysis) -> Iterator[SecondOpinion]:
    from statsmodels.stats.proportion import proportion_confint  # slow to import

    alpha = 1 - analysis.selection.conventions.confidence
    for (measure, denominator), rate in group.rates.items():
        name = f"{NAMES[measure]}, {denominator}"
        k, n = _count(rows, None if group.slot is None else group.label, measure, denominator)
        yield second_opinion(f"{name}: patients", group.label, rate.exact.k, k, PANDAS)
        if not n:
            yield second_opinion(f"{name}: interval", group.label, rate.exact.low, None, STATSMODELS, "nobody")
            continue
        for ours, method, words in ((rate.exact, "beta", "Clopper–Pearson"), (rate.wilson, "wilson", "Wilson")):
            low, high = np.asarray(proportion_confint(k, n, alpha, method), dtype=np.float64).tolist()
            yield second_opinion(f"{name}: {words}, lower limit", group.label, ours.low, low, STATSMODELS)
            yield second_opinion(f"{name}: {words}, upper limit", group.label, ours.high, high, STATSMODELS)


def _of_comparisons(analysis: ResponseAnalysis, rows: pd.DataFrame) -> Iterator[SecondOpinion]:
    from scipy.stats import fisher_exact  # slow to import
    from statsmodels.stats.proportion import confint_proportions_2indep

    alpha = 1 - analysis.selection.conventions.confidence
    for c in analysis.comparisons:
        if isnan(c.fisher_p):
            continue
        contrast = f"{c.label} v {c.reference}"
        name = f"{NAMES[c.measure]}, {c.denominator}"
        (k1, n1), (k2, n2) = (_count(rows, label, c.measure, c.denominator) for label in (c.label, c.reference))
        low, high = confint_proportions_2indep(k1, n1, k2, n2, method="newcomb", compare="diff", alpha=alpha)
        yield second_opinion(f"{name}: difference, lower limit", contrast, c.difference.low, float(low), STATSMODELS)
        yield second_opinion(f"{name}: difference, upper limit", contrast, c.difference.high, float(high), STATSMODELS)
        p = float(fisher_exact([[k1, n1 - k1], [k2, n2 - k2]])[1])  # type: ignore[arg-type]
        yield second_opinion(f"{name}: Fisher's p", contrast, c.fisher_p, p, SCIPY)
