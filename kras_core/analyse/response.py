"""The Response view: (cohort, selection) -> ResponseAnalysis. Best overall response by RECIST 1.1.

Eisenhauer et al. 2009 (Eur J Cancer 45:228–247). Objective response is CR or PR, disease control CR, PR or SD. Over
all patients, whoever was not evaluable or has no response recorded counts as without one.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kras_core.analyse.characteristics import count_by_group
from kras_core.analyse.courses import NO_CHANGE, courses
from kras_core.analyse.lesions import best_changes, lesion_courses
from kras_core.analyse.redraw import COUNT, HIGH, LOW, drawn_columns, redrawn_groups, shuffles
from kras_core.analyse.response_guards import response_warnings
from kras_core.analyse.response_results import (
    DENOMINATORS,
    MEASURES,
    RESPONSES,
    Denominator,
    Measure,
    Rate,
    ResponseAnalysis,
    ResponseComparison,
    ResponseGroup,
    ResponseTimes,
)
from kras_core.analyse.scope import Scope, chosen, reference_to, resolve
from kras_core.analyse.survival import EVERYONE
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import column_label
from kras_core.selection import Selection, SelectionError
from kras_core.stats.event_table import event_table
from kras_core.stats.kaplan_meier import curves, quantile
from kras_core.stats.proportions import clopper_pearson, fisher_exact_p, newcombe, wilson
from kras_core.stats.results import NAN, Ints, Quantile
from kras_core.stats.summaries import summarise

COLUMN = "best_response"
OUTCOME = "response"  # stands where redraws ask for an endpoint
RESPONDED, CONTROLLED, EVALUABLE = 2, 3, 4  # how many of RESPONSES, from CR on
UNDETERMINED = "not determined by the publication"

Codes = NDArray[np.intp]


def analyse_response(cohort: Cohort, selection: Selection, *, confirmed_only: bool = False) -> ResponseAnalysis:
    """Everything that the Response view shows. Endpoint, landmark and delayed entry of the selection do not matter.

    confirmed_only: an unconfirmed CR or PR counts as stable disease. Raises SelectionError where this cohort
    records no best response, or confirmation though it is asked for, and where the groups are made of the response.
    """
    codes, unconfirmed = response_codes(cohort, confirmed_only)
    if any(chosen(cohort, by).column == COLUMN for by in selection.by):
        raise SelectionError("response by best response compares it with itself: choose another stratifier")
    scope = resolve(cohort, selection)
    if not scope.selected.any():
        raise SelectionError("no patient is left: loosen the filters")
    counts = count_by_group(codes, scope.groups, scope.k, len(RESPONSES))
    shown = np.flatnonzero(counts[: scope.k].sum(axis=1)).tolist()
    redrawn = _redrawn(cohort, selection, scope, codes)
    confidence = selection.conventions.confidence
    groups = tuple(
        _group(scope.labels[g], g, counts[g], None if redrawn is None else redrawn[:, g], confidence) for g in shown
    )
    everybody = None if redrawn is None else redrawn.sum(axis=1)
    overall = _group(EVERYONE, None, counts.sum(axis=0), everybody, confidence)
    times, times_reason = _times(cohort, selection, scope, codes, redrawn is None)
    lines = courses(cohort, scope, codes, _who_is_settled(cohort, selection))
    lesions, lesions_reason = lesion_courses(cohort, scope.selected)
    computed = lesions is not None and bool(np.isnan(lines.change).all())
    lines = replace(lines, change=best_changes(lesions, lines.n)) if lesions is not None and computed else lines
    analysis = ResponseAnalysis(
        cohort=reference_to(cohort),
        selection=selection,
        by_label=scope.by_label,
        labels=scope.labels,
        overall=overall,
        groups=groups,
        comparisons=_comparisons(groups, scope, confidence),
        times=times,
        times_reason=times_reason,
        change_reason=NO_CHANGE if np.isnan(lines.change).all() else "",
        change_from_sums=computed,
        courses=lines,
        lesions=lesions,
        lesions_reason=lesions_reason,
        confirmed="only" if confirmed_only else "any" if "response_confirmed" in cohort.patients else "not recorded",
        unconfirmed=int((unconfirmed & scope.selected).sum()),
        unknown=int((scope.groups == scope.k).sum()) if scope.k else 0,
        drawn=_drawn_sentence(cohort, selection) if redrawn is not None else "",
        warnings=(),
    )
    return replace(analysis, warnings=response_warnings(cohort, scope, analysis))


def response_codes(cohort: Cohort, confirmed_only: bool = False) -> tuple[Codes, NDArray[np.bool_]]:
    """Best response of every patient as a code of RESPONSES, -1 where not recorded; and whose CR or PR is not
    confirmed, none where confirmation is not recorded."""
    if COLUMN not in cohort.patients or not cohort.patients[COLUMN].notna().any():
        raise SelectionError(f"this cohort records no best response: it needs a column {COLUMN} (CR, PR, SD, PD, NE)")
    values = cohort.patients[COLUMN]
    places = np.array([*(RESPONSES.index(str(v)) for v in values.cat.categories), -1], dtype=np.intp)
    codes = places[values.cat.codes.to_numpy()]
    if "response_confirmed" not in cohort.patients:
        if confirmed_only:
            raise SelectionError("this cohort does not record confirmation: it needs a column response_confirmed")
        return codes, np.zeros(cohort.n, dtype=bool)
    unconfirmed = (codes >= 0) & (codes < RESPONDED) & (cohort.numbers("response_confirmed") != 1)
    return (np.where(unconfirmed, RESPONSES.index("SD"), codes) if confirmed_only else codes), unconfirmed


def _who_is_settled(cohort: Cohort, selection: Selection) -> tuple[bool, bool]:
    """Whether the publication determines who had which response, and who is in which group."""
    return COLUMN not in cohort.drawn, redrawn_groups(cohort, selection, OUTCOME) is None


def _redrawn(cohort: Cohort, selection: Selection, scope: Scope, codes: Codes) -> Ints | None:
    """Counts (COUNT, groups + 1, responses + 1) under each redraw, None where all of them agree.

    Drawn responses are dealt to the patients anew, so that the overall counts stay as published.
    """
    groups = redrawn_groups(cohort, selection, OUTCOME)
    if groups is None and COLUMN not in cohort.drawn:
        return None
    each = codes[shuffles(cohort, COLUMN, OUTCOME)] if COLUMN in cohort.drawn else codes
    groups = np.broadcast_to(scope.groups if groups is None else groups, (COUNT, cohort.n))
    counts = count_by_group(each, groups, scope.k, len(RESPONSES))
    return None if (counts == counts[:1]).all() else counts


def _group(label: str, slot: int | None, counts: Ints, redrawn: Ints | None, confidence: float) -> ResponseGroup:
    """counts (responses + 1,), redrawn (COUNT, responses + 1); the last is: not recorded."""
    n, known = int(counts.sum()), counts[:-1].tolist()
    ranges = {} if redrawn is None or (redrawn == redrawn[:1]).all() else _ranges(redrawn)
    rates: dict[tuple[Measure, Denominator], Rate] = {}
    if not ranges:
        for measure in MEASURES:
            k = _reached(known, measure)
            for denominator in DENOMINATORS:
                of = n if denominator == "all" else sum(known[:EVALUABLE])
                rates[measure, denominator] = Rate(clopper_pearson(k, of, confidence), wilson(k, of, confidence))
    return ResponseGroup(label, slot, n, tuple(known), int(counts[-1]), rates, ranges)


def _reached(counts: list[int], measure: Measure) -> int:
    return sum(counts[: RESPONDED if measure == "orr" else CONTROLLED])


def _ranges(redrawn: Ints) -> dict[str, tuple[int, int]]:
    """2.5th to 97.5th percentile over redraws, in whole patients, outwards."""
    found = {name: redrawn[:, i] for i, name in enumerate(RESPONSES)}
    found |= {"orr": redrawn[:, :RESPONDED].sum(axis=1), "dcr": redrawn[:, :CONTROLLED].sum(axis=1)}
    found |= {"n": redrawn.sum(axis=1), "evaluable": redrawn[:, :EVALUABLE].sum(axis=1)}
    last = COUNT - 1
    low, high = int(np.floor(LOW * last)), int(np.ceil(HIGH * last))
    return {name: (int(np.sort(x)[low]), int(np.sort(x)[high])) for name, x in found.items()}


def _comparisons(groups: tuple[ResponseGroup, ...], scope: Scope, confidence: float) -> tuple[ResponseComparison, ...]:
    """Every other group against the reference, or against the first where the reference has nobody."""
    if len(groups) < 2 or any(g.ranges for g in groups):
        return ()
    reference = next((g for g in groups if g.slot == scope.reference), groups[0])
    found = []
    for group in groups:
        if group is reference:
            continue
        for measure in MEASURES:
            for denominator in DENOMINATORS:
                a, b = (g.rates[measure, denominator].exact for g in (group, reference))
                difference = newcombe(a.k, a.n, b.k, b.n, confidence)
                p = fisher_exact_p([[a.k, a.n - a.k], [b.k, b.n - b.k]]) if a.n and b.n else NAN
                found.append(ResponseComparison(measure, denominator, group.label, reference.label, difference, p))
    return tuple(found)


def _times(
    cohort: Cohort, selection: Selection, scope: Scope, codes: Codes, determined: bool
) -> tuple[tuple[ResponseTimes, ...], str]:
    """Time to and duration of response, for everybody and each group; or why there are none."""
    months = {name: cohort.numbers(name) for name in ("response_months",) if name in cohort.patients}
    lasting = "dor" in cohort.endpoints
    if not months and not lasting:
        return (), "needs response_date with start_date, or response_months, dor_months and dor_event"
    if not determined:
        return (), UNDETERMINED
    responders = (codes >= 0) & (codes < RESPONDED)
    waited = months.get("response_months", np.full(cohort.n, NAN))
    duration = cohort.numbers("dor_months") if lasting else np.full(cohort.n, NAN)
    ended = cohort.numbers("dor_event") if lasting else np.full(cohort.n, NAN)
    each = [(EVERYONE, scope.selected), *((scope.labels[g], scope.groups == g) for g in range(scope.k))]
    found = []
    for label, inside in each:
        rows = inside & responders
        timed = rows & ~np.isnan(duration) & ~np.isnan(ended)
        if not inside.any():
            continue
        found.append(
            ResponseTimes(
                label,
                int(rows.sum()),
                summarise(waited[rows]),
                int(timed.sum()),
                int((ended[timed] == 1).sum()),
                _median_duration(duration[timed], ended[timed] == 1, selection),
            )
        )
    return tuple(found), ""


def _median_duration(time: np.ndarray, ended: np.ndarray, selection: Selection) -> Quantile:
    if not time.size:
        return Quantile(NAN, NAN, NAN, "Kaplan–Meier", reason="no duration of response known")
    conventions = selection.conventions
    return quantile(curves(event_table(time, ended), conventions)[0], conventions)


def _drawn_sentence(cohort: Cohort, selection: Selection) -> str:
    names = [column_label(cohort, c) for c in sorted(drawn_columns(cohort, selection))]
    names += ["who had which best response"] if COLUMN in cohort.drawn else []
    return (
        f"The publication does not determine this: {' and '.join(names)} was drawn at random to match printed totals. "
        f"Shown is the range over {COUNT} compatible redraws (2.5th to 97.5th percentile), in patients, no estimate."
    )
