"""The Survival view: (cohort, selection) -> SurvivalAnalysis. The only place where patients meet curves."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kras_core.analyse.followed import Followed, follow
from kras_core.analyse.guards import survival_warnings
from kras_core.analyse.marker_rows import selections
from kras_core.analyse.redraw import never_together, redraw
from kras_core.analyse.results import Exclusion, Stratum, SurvivalAnalysis
from kras_core.analyse.scope import Scope, exclusion, reference_to, resolve
from kras_core.analyse.ticks import default_milestones, risk_ticks
from kras_core.cohort.endpoints import endpoint as named_endpoint
from kras_core.cohort.model import Cohort
from kras_core.conventions import Conventions
from kras_core.selection import Selection, SelectionError
from kras_core.stats.cox import cox
from kras_core.stats.event_table import EventTable, EventTimes, Table, numbers_at_risk, risk_table, tabulate
from kras_core.stats.follow_up import reverse_kaplan_meier
from kras_core.stats.hazard_ratio import logrank_hazard_ratio, mantel_haenszel_hazard_ratio
from kras_core.stats.kaplan_meier import curves, quantile, rates
from kras_core.stats.logrank import logrank
from kras_core.stats.results import HazardRatio, MeanTime
from kras_core.stats.rmst import rmst, rmst_difference

EVERYONE = "All patients"


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
    unknown = never_together(cohort, selection)
    if unknown:
        raise SelectionError(unknown[:1].upper() + unknown[1:])
    followed = follow(cohort, selection)
    groups = scope.groups if followed.rows is None else scope.groups[followed.rows]
    counted = count(scope, followed, groups)
    result = _describe(cohort, selection, scope, followed, groups, counted)
    redraws = redraw(cohort, selection, scope, followed.rows, followed.grid, followed.event)
    if redraws is None:
        result = replace(result, selected=selections(cohort, selection))
    else:
        result = replace(result, strata=(), logrank=None, hazard_ratios=(), rmst_difference=None, redraws=redraws)
    return replace(result, warnings=survival_warnings(cohort, scope, result, counted.compared))


def count(scope: Scope, followed: Followed, groups: NDArray[np.intp]) -> Counted:
    """The event tables of these groups. Raises SelectionError where nobody is left."""
    table = tabulate(followed.grid, followed.event, groups, scope.k + 1, last_counts_all=True)
    *sizes, everyone = table.n.tolist()
    if not everyone:
        raise SelectionError("no patient is left: loosen the filters")
    shown = [i for i, size in enumerate(sizes) if size]
    if len(shown) < scope.k:
        table = table.rows([*shown, scope.k])
    strata = table.rows(slice(len(shown)))
    return Counted(shown, strata, table, strata.at_events())


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
