"""The bias panel: (cohort, selection) -> BiasAnalysis. Sensitivities to who is in the rows, since when, and from where.

Guarantee time: where patients had to live through something to be included, whoever failed earlier is in no row, and
no analysis of the rows brings them back. With everybody observed from the start, delayed entry equals the naive
estimate and a landmark only shifts the origin. What can be done is to add k failures and look what moves.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from kras_core.analyse.bias_results import BiasAnalysis, Centres, EarlyFailures, Entry, LeaveOneOut
from kras_core.analyse.redraw import redrawn_groups
from kras_core.analyse.response import OUTCOME, response_codes
from kras_core.analyse.results import SurvivalAnalysis
from kras_core.analyse.scope import Scope, resolve
from kras_core.analyse.survival import Followed, analyse, follow
from kras_core.cohort.endpoints import endpoint as named_endpoint
from kras_core.cohort.model import Cohort
from kras_core.conventions import Conventions
from kras_core.selection import Selection, SelectionError
from kras_core.stats.cox import cox, fit
from kras_core.stats.event_table import EventTable, event_table, tabulate
from kras_core.stats.kaplan_meier import curves, quantile
from kras_core.stats.logrank import logrank
from kras_core.stats.proportions import clopper_pearson
from kras_core.stats.results import NAN, Floats, Proportion, Quantile

EARLY_DAY = 21  # the end of a first cycle of three weeks
MOST_EARLY = 30
MOST_LEFT_OUT = 2_000  # beyond, one patient moves nothing that a figure shows
CELLS_AT_ONCE = 4_000_000  # of the event tables of a batch
UNDETERMINED = "the publication does not determine this view"
NOT_TWO = "needs two groups"
RESPONSE = (
    "Responders against non-responders: to respond takes time, and whoever dies early cannot. Survival by best "
    "response is therefore offered from a landmark alone, by which the response was known."
)


def analyse_bias(cohort: Cohort, selection: Selection, analysis: SurvivalAnalysis | None = None) -> BiasAnalysis:
    """Everything that the bias panel shows beside this Survival view (the selection's own unless one is given).

    Raises SelectionError as `analyse` does.
    """
    shown = analysis or analyse(cohort, selection)
    scope, followed = resolve(cohort, selection), follow(cohort, selection)
    groups = scope.groups if followed.rows is None else scope.groups[followed.rows]
    settled = shown.redraws is None
    return BiasAnalysis(
        cohort=shown.cohort,
        selection=selection,
        by_label=shown.by_label,
        endpoint=named_endpoint(selection.endpoint),
        conditional_on=cohort.conditional_on,
        early=_early(cohort, selection, scope, shown.redraws is None or shown.redraws.overall is None),
        response=RESPONSE if "best_response" in cohort.patients else "",
        entry=_entry(cohort, selection, settled),
        leave_one_out=_leave_one_out(cohort, selection, shown, scope, followed, groups),
        centres=_centres(cohort, selection, shown, scope, followed, groups),
    )


# Early failures


def _early(cohort: Cohort, selection: Selection, scope: Scope, settled: bool) -> EarlyFailures:
    if not settled:
        return EarlyFailures(EARLY_DAY, (), (), (), UNDETERMINED)
    naive = follow(cohort, selection.but(analysis="naive", landmark=None))
    rows = slice(None) if naive.rows is None else naive.rows
    inside = scope.selected[rows]
    time, event = naive.grid.times[naive.grid.exit][inside], naive.event[inside]
    early = EARLY_DAY / cohort.days_per_month
    medians = tuple(_with_early(time, event, k, early, selection.conventions) for k in range(MOST_EARLY + 1))
    orr, dcr = _rates(cohort, selection, scope)
    return EarlyFailures(EARLY_DAY, medians, orr, dcr)


def _with_early(time: Floats, event: NDArray[np.bool_], k: int, early: float, conventions: Conventions) -> Quantile:
    """The median with k more patients whose event was at `early`."""
    times = np.concatenate((time, np.full(k, early)))
    table = event_table(times, np.concatenate((event, np.ones(k, dtype=bool))))
    return quantile(curves(table, conventions)[0], conventions)


def _rates(cohort: Cohort, selection: Selection, scope: Scope) -> tuple[tuple[Proportion, ...], tuple[Proportion, ...]]:
    """ORR and DCR over all patients selected, with each number of early failures counted as progression."""
    if redrawn_groups(cohort, selection.but(by=()), OUTCOME) is not None:
        return (), ()
    try:
        codes = response_codes(cohort)[0][scope.selected]
    except SelectionError:
        return (), ()
    confidence, n = selection.conventions.confidence, codes.size
    reached = [int(((codes >= 0) & (codes < best)).sum()) for best in (2, 3)]  # CR and PR; and SD
    orr, dcr = (tuple(clopper_pearson(k, n + more, confidence) for more in range(MOST_EARLY + 1)) for k in reached)
    return orr, dcr


# Delayed entry


def _entry(cohort: Cohort, selection: Selection, settled: bool) -> Entry:
    """Naive beside delayed entry, where times of entry differ between patients."""
    if "entry_months" not in cohort.patients:
        return _no_entry("no times of entry are recorded: everybody counts as observed from the start")
    entry = cohort.numbers("entry_months")
    known = entry[~np.isnan(entry)]
    if not known.size or known.min() == known.max():
        return _no_entry("everybody has the same time of entry: delayed entry would change nothing but the origin")
    if not settled:
        return _no_entry(UNDETERMINED)
    try:
        naive = analyse(cohort, selection.but(analysis="naive", landmark=None))
        delayed = analyse(cohort, selection.but(analysis="delayed-entry", landmark=None))
    except SelectionError as refusal:
        return _no_entry(str(refusal))
    first = (*naive.strata, naive.overall)
    second = {s.label: s for s in (*delayed.strata, delayed.overall)}
    shared = [s for s in first if s.label in second]
    ratios = {h.label: h for h in delayed.hazard_ratios}
    return Entry(
        tuple(s.label for s in shared),
        tuple(s.median for s in shared),
        tuple(second[s.label].median for s in shared),
        tuple((h, ratios[h.label]) for h in naive.hazard_ratios if h.label in ratios),
    )


def _no_entry(reason: str) -> Entry:
    return Entry((), (), (), (), reason)


# Leave one out


def _leave_one_out(
    cohort: Cohort, selection: Selection, shown: SurvivalAnalysis, scope: Scope, followed: Followed, groups: NDArray
) -> LeaveOneOut:
    """Cox's hazard ratio of two strata without each patient in turn, all fitted together."""
    strata = [s.slot for s in shown.strata]
    rows = np.flatnonzero(np.isin(groups, strata)) if strata else np.empty(0, dtype=np.intp)
    reason = _why_not(shown, rows.size)
    if reason:
        return _nobody(reason)
    reference = int(strata[1] == scope.reference)
    codes = np.full(groups.size, -1)
    for place, slot in enumerate(strata):
        codes[groups == slot] = place
    whole_table = tabulate(followed.grid, followed.event, codes, 2)
    labels = [s.label for s in shown.strata]
    (whole,) = cox(whole_table, labels, reference, selection.conventions.ties, selection.conventions.confidence)
    if whole.reason:
        return _nobody(whole.reason)
    beta, error = _without_each(followed, codes, rows, reference, selection.conventions)
    order = np.argsort(beta, kind="stable")
    z = float(ndtri(0.5 + selection.conventions.confidence / 2))
    beta, error = beta[order], error[order]
    names = cohort.patients["patient_id"].to_numpy(dtype=object)
    names = names if followed.rows is None else names[followed.rows]
    return LeaveOneOut(
        whole,
        tuple(map(str, names[rows][order])),
        np.exp(beta),
        np.exp(beta - z * error),
        np.exp(beta + z * error),
    )


def _why_not(shown: SurvivalAnalysis, n: int) -> str:
    if shown.redraws is not None:
        return UNDETERMINED
    if len(shown.strata) != 2:
        return NOT_TWO
    if n > MOST_LEFT_OUT:
        return f"not shown above {MOST_LEFT_OUT:,} patients, where no single one moves the ratio"
    return ""


def _nobody(reason: str) -> LeaveOneOut:
    empty = np.empty(0)
    return LeaveOneOut(None, (), empty, empty, empty, reason)


def _without_each(
    followed: Followed, codes: NDArray, rows: NDArray, reference: int, conventions: Conventions
) -> tuple[Floats, Floats]:
    """Log hazard ratio and its standard error without each of `rows`; NaN where no finite maximum is left."""
    beta, error = np.full(rows.size, NAN), np.full(rows.size, NAN)
    at_once = max(1, CELLS_AT_ONCE // (6 * followed.grid.times.size + codes.size))
    for start in range(0, rows.size, at_once):
        batch = rows[start : start + at_once]
        groups = np.broadcast_to(codes, (batch.size, codes.size)).copy()
        groups[np.arange(batch.size), batch] = -1
        table = tabulate(followed.grid, followed.event, groups, 2)
        if not table.events.any(axis=(-2, -1)).all():
            continue  # the only event is left out
        found = fit(table, reference, conventions.ties)
        other = 1 - reference
        finite = found.finite
        part = slice(start, start + batch.size)
        beta[part] = np.where(finite, found.beta[:, other], NAN)
        error[part] = np.where(finite, np.sqrt(found.covariance[:, other, other]), NAN)
    return beta, error


# Centres


def _centres(
    cohort: Cohort, selection: Selection, shown: SurvivalAnalysis, scope: Scope, followed: Followed, groups: NDArray
) -> Centres:
    """The comparison pooled and stratified on centre, over patients whose centre is known."""
    if "centre" not in cohort.patients:
        return _no_centres("centre is not recorded: its effect cannot be looked at")
    if shown.redraws is not None:
        return _no_centres(UNDETERMINED)
    if len(shown.strata) < 2:
        return _no_centres("needs two groups or more")
    values = cohort.patients["centre"]
    names = tuple(map(str, values.cat.categories))
    centre = values.cat.codes.to_numpy()
    centre = centre if followed.rows is None else centre[followed.rows]
    slots = [s.slot for s in shown.strata]
    inside = np.isin(groups, slots)
    known = inside & (centre >= 0)
    sizes = tuple((names[c], int((known & (centre == c)).sum())) for c in np.unique(centre[known]))
    if len(sizes) < 2:
        return _no_centres("one centre only")
    tables = [_table(followed, groups, slots, known & (centre == c)) for c in np.unique(centre[known])]
    pooled = _table(followed, groups, slots, known)
    labels = [s.label for s in shown.strata]
    reference = slots.index(scope.reference) if scope.reference in slots else 0
    ties, confidence = selection.conventions.ties, selection.conventions.confidence
    return Centres(
        sizes,
        cox(pooled, labels, reference, ties, confidence),
        cox(tables, labels, reference, ties, confidence),
        logrank(pooled),
        logrank(tables),
        int((inside & (centre < 0)).sum()),
    )


def _no_centres(reason: str) -> Centres:
    return Centres((), (), (), None, None, reason=reason)


def _table(followed: Followed, groups: NDArray, slots: list[int], inside: NDArray[np.bool_]) -> EventTable:
    """The event table of some patients, the shown strata as groups."""
    codes = np.full(groups.size, -1)
    for place, slot in enumerate(slots):
        codes[inside & (groups == slot)] = place
    return tabulate(followed.grid, followed.event, codes, len(slots))
