"""The Survival view: (cohort, selection) -> SurvivalAnalysis. The only place where patients meet curves."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kras_core.analyse.guards import survival_warnings
from kras_core.analyse.redraw import redraw
from kras_core.analyse.results import Exclusion, Stratum, SurvivalAnalysis
from kras_core.analyse.scope import Scope, exclusion, reference_to, resolve
from kras_core.analyse.ticks import default_milestones, risk_ticks
from kras_core.cohort.endpoints import endpoint as named_endpoint
from kras_core.cohort.model import Cohort
from kras_core.conventions import Conventions
from kras_core.selection import Selection, SelectionError
from kras_core.stats.cox import cox
from kras_core.stats.event_table import (
    EventTable,
    EventTimes,
    Table,
    TimeGrid,
    code_times,
    numbers_at_risk,
    risk_table,
    tabulate,
)
from kras_core.stats.follow_up import reverse_kaplan_meier
from kras_core.stats.hazard_ratio import logrank_hazard_ratio, mantel_haenszel_hazard_ratio
from kras_core.stats.kaplan_meier import curves, quantile, rates
from kras_core.stats.logrank import logrank
from kras_core.stats.results import HazardRatio, MeanTime
from kras_core.stats.rmst import rmst, rmst_difference

EVERYONE = "All patients"


@dataclass(frozen=True, slots=True)
class Followed:
    """Times of one endpoint under one kind of analysis, coded once: rows of the cohort that count (None: all),
    their grid of months from the origin, events, and who is left out, why."""

    rows: NDArray[np.intp] | None
    grid: TimeGrid
    event: NDArray[np.bool_]
    left_out: tuple[tuple[str, NDArray[np.bool_]], ...]
    median_time: float


@dataclass(frozen=True, slots=True)
class Counted:
    """Event tables of a view: the strata that have a patient (`shown`: their slots), the same with everybody selected
    as a last row (also those without a value of the stratifier), and the strata at the times with an event."""

    shown: list[int]
    strata: EventTable
    with_everyone: EventTable
    compared: EventTimes


def analyse(cohort: Cohort, selection: Selection) -> SurvivalAnalysis:
    """Everything that the Survival view shows. Times in months from the start (or from the landmark).

    Raises SelectionError where this cohort cannot answer the selection, saying what it offers.
    """
    if selection.endpoint not in cohort.endpoints:
        offered = ", ".join(cohort.endpoints) or "none"
        raise SelectionError(f"no endpoint {selection.endpoint!r} in this cohort; it offers {offered}")
    scope = resolve(cohort, selection)
    if scope.post_baseline and selection.analysis != "landmark":
        raise SelectionError(
            f"{scope.by_label} is known only after the start, and to reach it takes time: "
            "compare it from a landmark (--landmark MONTHS) by which it was known"
        )
    followed = follow(cohort, selection)
    groups = scope.groups if followed.rows is None else scope.groups[followed.rows]
    counted = count(scope, followed, groups)
    result = _describe(cohort, selection, scope, followed, groups, counted)
    redraws = redraw(cohort, selection, scope, followed.rows, followed.grid, followed.event)
    if redraws is not None:
        result = replace(result, strata=(), logrank=None, hazard_ratios=(), rmst_difference=None, redraws=redraws)
    return replace(result, warnings=survival_warnings(cohort, scope, result, counted.compared))


def count(scope: Scope, followed: Followed, groups: NDArray[np.intp]) -> Counted:
    """The event tables of these groups. Raises SelectionError where nobody is left."""
    table = tabulate(followed.grid, followed.event, groups, scope.k + 1)
    sizes = table.n.tolist()
    if not any(sizes):
        raise SelectionError("no patient is left: loosen the filters")
    shown = [i for i in range(scope.k) if sizes[i]]
    strata = table.rows(slice(scope.k) if len(shown) == scope.k else shown)
    return Counted(shown, strata, strata.beside(table.pooled()), strata.at_events())


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


def _describe(
    cohort: Cohort,
    selection: Selection,
    scope: Scope,
    followed: Followed,
    groups: NDArray[np.intp],
    counted: Counted,
) -> SurvivalAnalysis:
    shown, compared = counted.shown, counted.compared
    labels = [scope.labels[i] for i in shown]
    described = _strata(counted.with_everyone, labels, shown, selection)
    overall, strata = described[-1], described[:-1]
    several = len(strata) > 1
    reference = shown.index(scope.reference) if scope.reference in shown else 0
    ticks = risk_ticks(max(s.curve.time[-1] for s in described), selection, cohort.days_per_month)
    return SurvivalAnalysis(
        cohort=reference_to(cohort),
        selection=selection,
        endpoint=named_endpoint(selection.endpoint),
        by_label=scope.by_label,
        cutoffs=scope.cutoffs,
        excluded=_excluded(cohort, scope, followed, groups),
        overall=overall,
        strata=strata,
        logrank=logrank(compared) if several else None,
        hazard_ratios=_hazard_ratios(compared, labels, reference, selection.conventions) if several else (),
        rmst_difference=_rmst_difference(strata, reference, selection.conventions) if len(strata) == 2 else None,
        follow_up=overall.follow_up,
        observed_time_median=_observed_median(followed, groups),
        risk_table=risk_table(counted.strata if shown else counted.with_everyone, ticks),
        redraws=None,
        warnings=(),
    )


def _strata(table: EventTable, labels: list[str], slots: list[int], selection: Selection) -> tuple[Stratum, ...]:
    conventions = selection.conventions
    survival, follow_up = curves(table, conventions), reverse_kaplan_meier(table, conventions)
    last = [float(curve.time[-1]) for curve in survival]
    tau = min(last[:-1] or last)
    milestones = selection.milestones or default_milestones(last[-1])
    at_risk = numbers_at_risk(table, milestones)
    sizes, events = table.n.tolist(), table.events.sum(axis=1).tolist()
    return tuple(
        Stratum(
            label,
            slot,
            sizes[i],
            events[i],
            survival[i],
            quantile(survival[i], conventions),
            rates(survival[i], milestones, conventions, at_risk[i]),
            rmst(survival[i], tau, conventions.confidence),
            follow_up[i],
        )
        for i, (label, slot) in enumerate(zip([*labels, EVERYONE], [*slots, 0], strict=True))
    )


def _hazard_ratios(
    table: Table, labels: list[str], reference: int, conventions: Conventions
) -> tuple[HazardRatio, ...]:
    if conventions.hazard_ratio == "cox" or len(labels) > 2:
        return cox(table, labels, reference, conventions.ties, conventions.confidence)
    estimator = logrank_hazard_ratio if conventions.hazard_ratio == "logrank" else mantel_haenszel_hazard_ratio
    return (estimator(table, labels, reference, conventions.confidence),)


def _rmst_difference(strata: tuple[Stratum, ...], reference: int, conventions: Conventions) -> MeanTime:
    return rmst_difference(strata[1 - reference].rmst, strata[reference].rmst, conventions.confidence)


def _observed_median(followed: Followed, groups: NDArray[np.intp]) -> float:
    inside = groups >= 0
    if inside.all():
        return followed.median_time
    return float(np.median(followed.grid.times[followed.grid.exit[inside]]))


def _excluded(cohort: Cohort, scope: Scope, followed: Followed, groups: NDArray[np.intp]) -> tuple[Exclusion, ...]:
    selected = scope.selected
    found = [e for reason, rows in followed.left_out for e in exclusion(cohort, reason, rows & selected)]
    if scope.k and (groups == scope.k).any():
        missing = scope.groups == scope.k
        found += exclusion(cohort, f"{scope.by_label} not known (in the overall curve only)", missing)
    return tuple(found)
