"""Target lesions over time: change of their sum against baseline, and progression by it (RECIST 1.1).

Eisenhauer et al. 2009 (Eur J Cancer 45:228-247), 4.3.1: partial response is a decrease by 30 % or more against the
baseline; progression an increase by 20 % or more, and by 5 mm or more, over the smallest sum so far, the baseline
included. Progression by new lesions or by other lesions than the targets is not in the sums.
"""

from collections.abc import Callable

import numpy as np

from kras_core.analyse.response_results import LesionCourses
from kras_core.cohort.model import Cohort
from kras_core.stats.results import NAN, Floats

PROGRESSED, PROGRESSED_MM = 1.2, 5.0  # of the smallest sum so far, and above it
TOLERANCE = 1e-9
NO_SCANS = "has no table target_lesions with the sum of diameters at every scan"
NO_SELECTED = "has no sums of target lesions of the patients selected"


def lesion_courses(cohort: Cohort, selected: np.ndarray) -> tuple[LesionCourses | None, str]:
    """The scans of the selected patients, or why there are none. selected: mask (n,)."""
    if cohort.target_lesions is None:
        return None, NO_SCANS
    names = cohort.patients["patient_id"].to_numpy(dtype=object)[selected]
    place = {name: i for i, name in enumerate(names)}
    scans = cohort.target_lesions
    patient = scans["patient_id"].map(place).to_numpy(dtype=np.float64)
    here = ~np.isnan(patient)
    if not here.any():
        return None, NO_SELECTED
    months, sums = (scans[name].to_numpy(dtype=np.float64)[here] for name in ("months", "sum_mm"))
    of = patient[here].astype(np.intp)
    rows = np.lexsort((months, of))
    each = np.split(rows, np.flatnonzero(np.diff(of[rows])) + 1)
    parts = [(of[rows], *_course(months[rows], sums[rows])) for rows in map(_from_baseline(months), each)]
    return LesionCourses(*(np.concatenate(part) for part in zip(*parts, strict=True))), ""


def _from_baseline(months: Floats) -> Callable[[np.ndarray], np.ndarray]:
    """Of one patient's scans in order of time, those from the last at or before the start on."""
    return lambda rows: rows[np.flatnonzero(months[rows] <= 0)[-1] :]


def _course(months: Floats, sums: Floats) -> tuple[np.ndarray, ...]:
    """Months, sums, changes in per cent and progression of one patient, the first scan being the baseline."""
    smallest = np.concatenate(([np.inf], np.minimum.accumulate(sums)[:-1]))
    progressed = (sums >= PROGRESSED * smallest - TOLERANCE) & (sums - smallest >= PROGRESSED_MM - TOLERANCE)
    return months, sums, 100 * (sums / sums[0] - 1), progressed


def best_changes(lesions: LesionCourses, n: int) -> Floats:
    """Change at the smallest sum after the baseline in per cent, shape (n,); NaN without a scan after it."""
    best = np.full(n, np.inf)
    later = ~lesions.baseline
    np.minimum.at(best, lesions.patient[later], lesions.change[later])
    return np.where(np.isinf(best), NAN, best)
