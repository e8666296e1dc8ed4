"""Followed: the times of one endpoint under one kind of analysis, and who is left out of them, why."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kras_core.cohort.model import Cohort
from kras_core.selection import Selection, SelectionError
from kras_core.stats.event_table import TimeGrid, code_times


@dataclass(frozen=True, slots=True)
class Followed:
    """Times of one endpoint under one kind of analysis, coded once: rows of the cohort that count (None: all),
    their grid of months from the origin, events, and who is left out, why."""

    rows: NDArray[np.intp] | None
    grid: TimeGrid
    event: NDArray[np.bool_]
    left_out: tuple[tuple[str, NDArray[np.bool_]], ...]
    median_time: float


def follow(cohort: Cohort, selection: Selection) -> Followed:
    """The endpoint's times under the selection's kind of analysis, coded once per cohort."""
    key = ("followed", selection.endpoint, selection.analysis, selection.landmark)
    return cohort.memo(key, lambda: _follow(cohort, selection))


def _follow(cohort: Cohort, selection: Selection) -> Followed:
    time = cohort.numbers(f"{selection.endpoint}_months")
    event = cohort.numbers(f"{selection.endpoint}_event")
    known = ~(np.isnan(time) | np.isnan(event))
    left_out = [("no time or event recorded for this endpoint", ~known)]
    entry = None
    if selection.analysis == "landmark":
        origin = landmark_months(cohort, selection)
        reached = time > origin
        left_out.append((f"event on or before the landmark at {origin:.2f} months", known & ~reached & (event == 1)))
        left_out.append((f"censored on or before the landmark at {origin:.2f} months", known & ~reached & (event == 0)))
        known, time = known & reached, time - origin
    elif selection.analysis == "delayed-entry":
        entry = _entry(cohort)
        left_out.append(("no time of entry", known & np.isnan(entry)))
        left_out.append(("followed up to the time of entry only", known & (entry >= time)))
        known &= entry < time
    if not known.any():
        raise SelectionError("no patient is left to analyse for this endpoint")
    rows = None if known.all() else np.flatnonzero(known)
    pick = slice(None) if rows is None else rows
    grid = code_times(time[pick], None if entry is None else entry[pick])
    return Followed(
        rows, grid, event[pick] == 1, tuple(x for x in left_out if x[1].any()), float(np.median(time[pick]))
    )


def landmark_months(cohort: Cohort, selection: Selection) -> float:
    """The landmark in months; whole days where the cohort's times are days. Raises SelectionError without one."""
    if selection.landmark is None or not selection.landmark > 0:
        raise SelectionError("a landmark analysis needs a landmark above 0 months")
    if selection.endpoint in cohort.time_in_days:
        return round(selection.landmark * cohort.days_per_month) / cohort.days_per_month
    return selection.landmark


def _entry(cohort: Cohort) -> NDArray[np.float64]:
    if "entry_months" not in cohort.patients:
        raise SelectionError("delayed entry needs a column entry_months or entry_days, which this cohort does not have")
    return cohort.numbers("entry_months")
