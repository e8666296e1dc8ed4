"""The course of every selected patient: what a swimmer plot and a waterfall plot draw."""

import numpy as np

from kras_core.analyse.response_results import Courses
from kras_core.analyse.scope import Scope
from kras_core.cohort.model import Cohort
from kras_core.stats.event_table import TIME_TOLERANCE
from kras_core.stats.results import NAN, Floats

NO_CHANGE = "needs best_change_percent, the best change of target lesions against baseline, or a table target_lesions"


def courses(cohort: Cohort, scope: Scope, response: np.ndarray, settled: tuple[bool, bool]) -> Courses:
    """Courses of the selected patients.

    settled: whether who had which response, and who is in which group, is known; what is not is left out, since a
    drawn value beside a patient's times would pair them.
    """
    rows = scope.selected
    end, alive = _last_known(cohort)
    progression, death = _progression(cohort), _at_event(cohort, "os")
    treated, on_treatment = _treatment(cohort, end, alive)
    responded, response_end = _response(cohort, settled[0])
    change = _column(cohort, "best_change_percent")
    slot = np.where(scope.groups < scope.k, scope.groups, -1) if scope.k and settled[1] else np.full(cohort.n, -1)
    code = response if settled[0] else np.full(cohort.n, -1)
    parts = (slot, code, end, alive, progression, death, treated, on_treatment, responded, response_end, change)
    names = cohort.patients["patient_id"].to_numpy(dtype=object)
    return Courses(names[rows], *(part[rows] for part in parts))


def _column(cohort: Cohort, name: str) -> Floats:
    return cohort.numbers(name) if name in cohort.patients else np.full(cohort.n, NAN)


def _last_known(cohort: Cohort) -> tuple[Floats, np.ndarray]:
    """The last time known of each patient, by overall survival, else by progression-free survival, and whether he or
    she was without that event then."""
    end, alive = np.full(cohort.n, NAN), np.zeros(cohort.n, dtype=bool)
    for id in ("os", "pfs"):
        if id in cohort.endpoints:
            time, event = cohort.numbers(f"{id}_months"), cohort.numbers(f"{id}_event")
            unknown = np.isnan(end)
            end, alive = np.where(unknown, time, end), np.where(unknown, event == 0, alive)
    return end, alive


def _at_event(cohort: Cohort, id: str) -> Floats:
    if id not in cohort.endpoints:
        return np.full(cohort.n, NAN)
    return np.where(cohort.numbers(f"{id}_event") == 1, cohort.numbers(f"{id}_months"), NAN)


def _progression(cohort: Cohort) -> Floats:
    """Progression by its date; else the event of progression-free survival, unless it is the death itself."""
    dated = _since_start(cohort, "progression_date")
    event, death = _at_event(cohort, "pfs"), _at_event(cohort, "os")
    with np.errstate(invalid="ignore"):
        died = event >= death - TIME_TOLERANCE
    return np.where(np.isnan(dated), np.where(died, NAN, event), dated)


def _since_start(cohort: Cohort, column: str) -> Floats:
    if not {column, "start_date"} <= set(cohort.patients.columns):
        return np.full(cohort.n, NAN)
    days = (cohort.patients[column] - cohort.patients["start_date"]).dt.days
    return days.to_numpy(dtype=np.float64) / cohort.days_per_month


def _treatment(cohort: Cohort, end: Floats, alive: np.ndarray) -> tuple[Floats, np.ndarray]:
    """End of treatment, and who is on it still: alive, with a start and no end, where ends are recorded at all."""
    treated = _since_start(cohort, "treatment_end_date")
    if np.isnan(treated).all():
        return treated, np.zeros(cohort.n, dtype=bool)
    return treated, np.isnan(treated) & alive & ~np.isnan(end)


def _response(cohort: Cohort, settled: bool) -> tuple[Floats, Floats]:
    """When a response began and until when it is known to have lasted."""
    began = _column(cohort, "response_months") if settled else np.full(cohort.n, NAN)
    return began, began + _column(cohort, "dor_months")
