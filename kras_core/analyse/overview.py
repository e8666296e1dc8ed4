"""The Overview: (cohort, selection) -> OverviewAnalysis. Who the patients are, and how they came to be analysed."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kras_core.analyse.characteristics import TABLE, characteristics, label_of
from kras_core.analyse.overview_guards import overview_warnings
from kras_core.analyse.overview_results import (
    Completeness,
    Flow,
    FlowStep,
    FollowUp,
    OverviewAnalysis,
    PotentialFollowUp,
)
from kras_core.analyse.redraw import COUNT, HIGH, LOW, drawn_columns, redrawn_groups
from kras_core.analyse.scope import Scope, keeps, reference_to, resolve
from kras_core.analyse.survival import EVERYONE, follow
from kras_core.cohort.endpoints import endpoint
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import stratifiers
from kras_core.selection import Filter, Selection, SelectionError
from kras_core.stats.event_table import tabulate
from kras_core.stats.follow_up import reverse_kaplan_meier
from kras_core.stats.summaries import summarise

Codes = NDArray[np.intp]


def analyse_overview(cohort: Cohort, selection: Selection, *, p_values: bool = False) -> OverviewAnalysis:
    """Everything that the Overview shows. Filters and strata are the selection's; kind of analysis and landmark
    matter to the flow diagram alone, which ends with those analysed for the selection's endpoint.

    p_values: test every characteristic between the groups too. Raises SelectionError where this cohort cannot
    answer the selection.
    """
    scope = resolve(cohort, selection)
    if not scope.selected.any():
        raise SelectionError("no patient is left: loosen the filters")
    sizes = np.bincount(scope.groups[scope.selected], minlength=scope.k + 1)
    shown = np.flatnonzero(sizes[: scope.k])
    redrawn = _redrawn(cohort, selection)
    followed_apart = shown if redrawn is None else shown[:0]
    analysis = OverviewAnalysis(
        cohort=reference_to(cohort),
        selection=selection,
        by_label=scope.by_label,
        groups=tuple(scope.labels[i] for i in shown),
        slots=tuple(shown.tolist()),
        sizes=tuple(sizes[shown].tolist()),
        size_ranges=() if redrawn is None else tuple(_range((redrawn == i).sum(axis=1)) for i in shown),
        n=int(sizes.sum()),
        n_range=() if redrawn is None else _range((redrawn >= 0).sum(axis=1)),
        unknown=int(sizes[scope.k]) if scope.k else 0,
        characteristics=characteristics(cohort, selection, scope, p_values),
        flow=_flow(cohort, selection, scope, redrawn is None),
        follow_up=tuple(_follow_ups(cohort, selection, scope, followed_apart)) if _settled(redrawn) else (),
        potential=_potential(cohort, scope, followed_apart, _settled(redrawn)),
        completeness=_completeness(cohort, scope),
        drawn=_drawn(cohort, selection),
        warnings=(),
    )
    return replace(analysis, warnings=overview_warnings(cohort, scope, analysis))


def _redrawn(cohort: Cohort, selection: Selection) -> Codes | None:
    """Groups under each redraw, None where all of them put everybody in the same one."""
    groups = redrawn_groups(cohort, selection, TABLE)
    return None if groups is None or (groups == groups[:1]).all() else groups


def _settled(redrawn: Codes | None) -> bool:
    """Whether the publication determines who is selected, whatever it says of the groups."""
    return redrawn is None or bool(((redrawn < 0) == (redrawn[:1] < 0)).all())


def _range(counts: Codes) -> tuple[int, int]:
    ordered, last = np.sort(counts), COUNT - 1
    return int(ordered[int(np.floor(LOW * last))]), int(ordered[int(np.ceil(HIGH * last))])


def _drawn(cohort: Cohort, selection: Selection) -> str:
    """Why parts of Table 1 are ranges, empty where nothing drawn can meet a group or a filter."""
    if not (cohort.drawn or cohort.partly_drawn) or not (selection.by or selection.where):
        return ""
    met = sorted(drawn_columns(cohort, selection))
    who = f"{', '.join(label_of(cohort, c) for c in met)} was drawn" if met else "characteristics marked † were drawn"
    return (
        f"The publication does not determine this: {who} at random to match printed totals. Where that meets a "
        f"group or a filter, the range over {COUNT} compatible redraws is shown (2.5th to 97.5th percentile)."
    )


# Flow


def _flow(cohort: Cohort, selection: Selection, scope: Scope, determined: bool) -> Flow:
    """From all rows through every filter, in order, to those with a time for the endpoint."""
    steps = list(_filter_steps(cohort, selection))
    analysed = scope.selected
    end_label = "Selected"
    if selection.endpoint in cohort.endpoints:
        end_label = f"Analysed for {endpoint(selection.endpoint).short}"
        analysed, out = _analysed(cohort, selection, scope.selected)
        if out:
            steps.append(FlowStep("Time and event", out, int(analysed.sum())))
    groups = scope.groups[analysed]
    labels = enumerate(scope.labels) if determined else ()
    strata = tuple((label, i, int((groups == i).sum())) for i, label in labels if (scope.groups == i).any())
    unknown = int((groups == scope.k).sum()) if scope.k else 0
    return Flow(cohort.n, cohort.conditional_on, tuple(steps), end_label, strata, unknown)


def _filter_steps(cohort: Cohort, selection: Selection) -> Iterator[FlowStep]:
    left = np.ones(cohort.n, dtype=bool)
    for i, one in enumerate(selection.where):
        kept, known = keeps(cohort, one), _known(cohort, one)
        reasons = (("not so", int((left & known & ~kept).sum())), ("not known", int((left & ~known).sum())))
        left = left & kept
        redrawn = redrawn_groups(cohort, selection.but(by=(), where=selection.where[: i + 1]), TABLE)
        counts = None if redrawn is None else (redrawn >= 0).sum(axis=1)
        open_ = counts is not None and bool((counts != counts[0]).any())
        yield FlowStep(
            filter_words(cohort, one),
            () if open_ else tuple(r for r in reasons if r[1]),
            int(left.sum()),
            _range(counts) if open_ and counts is not None else (),
        )


def filter_words(cohort: Cohort, one: Filter) -> str:
    """A filter with its column's label."""
    offered = stratifiers(cohort)
    label = label_of(cohort, one.column) if one.column in cohort.patients else offered[one.column].label
    return one.words(label)


def _known(cohort: Cohort, one: Filter) -> NDArray[np.bool_]:
    column = one.column if one.column in cohort.patients else stratifiers(cohort)[one.column].column
    return cohort.patients[column].notna().to_numpy()


def _analysed(
    cohort: Cohort, selection: Selection, selected: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], tuple[tuple[str, int], ...]]:
    """Of those selected, who enters the endpoint's analysis, and why others do not."""
    try:
        followed = follow(cohort, selection)
    except SelectionError as refusal:
        return np.zeros(cohort.n, dtype=bool), ((str(refusal), int(selected.sum())),)
    kept = np.zeros(cohort.n, dtype=bool)
    kept[slice(None) if followed.rows is None else followed.rows] = True
    out = ((reason, int((rows & selected).sum())) for reason, rows in followed.left_out)
    return kept & selected, tuple(o for o in out if o[1])


# Follow-up


def _follow_ups(cohort: Cohort, selection: Selection, scope: Scope, shown: Codes) -> Iterator[FollowUp]:
    """Every endpoint for everybody and each group, from the start of treatment, in the selection's conventions."""
    for id in cohort.endpoints:
        try:
            followed = follow(cohort, selection.but(endpoint=id, analysis="naive", landmark=None))
        except SelectionError:
            continue  # nobody has a time: completeness shows it
        rows = slice(None) if followed.rows is None else followed.rows
        groups = scope.groups[rows]
        times = followed.grid.times[followed.grid.exit]
        each = [(EVERYONE, groups >= 0), *((scope.labels[g], groups == g) for g in shown)]
        for label, inside in each:
            if not inside.any():
                continue
            table = tabulate(followed.grid, followed.event, np.where(inside, 0, -1), 1)
            median = reverse_kaplan_meier(table, selection.conventions)[0]
            events = int(followed.event[inside].sum())
            yield FollowUp(id, label, int(inside.sum()), events, median, summarise(times[inside]))


def _potential(cohort: Cohort, scope: Scope, shown: Codes, settled: bool) -> PotentialFollowUp:
    """Start to data cut-off: what a patient could have been followed for (Schemper and Smith 1996)."""
    dates = ("start_date", "data_cutoff_date")
    missing = [c for c in dates if c not in cohort.patients]
    if missing:
        return PotentialFollowUp((), f"needs {' and '.join(missing)}")
    drawn = [c for c in dates if c in cohort.drawn]
    if drawn or not settled:
        column = f"{label_of(cohort, drawn[0])} was drawn at random" if drawn else "a filter uses what was drawn"
        return PotentialFollowUp((), f"not determined by the publication: {column}")
    start, cutoff = (cohort.patients[c] for c in dates)
    months = (cutoff - start).dt.days.to_numpy(dtype=np.float64) / cohort.days_per_month
    each = [(EVERYONE, scope.selected), *((scope.labels[g], scope.groups == g) for g in shown)]
    return PotentialFollowUp(tuple((label, summarise(months[inside])) for label, inside in each))


def _completeness(cohort: Cohort, scope: Scope) -> tuple[Completeness, ...]:
    """Every column but the patient's name, in the cohort's order."""
    frame = cohort.patients if scope.everyone else cohort.patients[scope.selected]
    known = frame.notna().sum()
    return tuple(
        Completeness(c, label_of(cohort, c), int(known[c]), len(frame))
        for c in map(str, frame.columns)
        if c != "patient_id"
    )
