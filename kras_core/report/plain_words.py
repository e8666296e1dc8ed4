"""Every view in a sentence that can be said aloud: "9 of 27 patients responded; half were alive at 12.4 months".

Counts and medians as they stand in the analysis; not reached, reconstructed, small groups and open comparisons are
said. No test, no verdict: those are in the answer above the figure.
"""

import math
from functools import singledispatch

from kras_core.analyse.overview_results import OverviewAnalysis
from kras_core.analyse.response_results import ResponseAnalysis, ResponseGroup
from kras_core.analyse.results import (
    CohortRef,
    DrawnStratum,
    SafetyAnalysis,
    SafetyRow,
    Stratum,
    SurvivalAnalysis,
)
from kras_core.analyse.subgroup_results import ForestAnalysis
from kras_core.report import format as fmt
from kras_core.report.format import Clock, mid_sentence, plural
from kras_core.stats.results import NumberSummary

FEW = 10  # patients in a group, below which the sentence says so
MOST_NAMED = 3
WITHOUT = {
    "os": "alive",
    "pfs": "alive without progression",
    "dfs": "alive without recurrence",
    "rfs": "alive without recurrence",
    "ttp": "without progression",
    "ttr": "without recurrence",
    "ttd": "still on treatment",
}


def patients(cohort: CohortRef, n: str) -> str:
    """ "27 reconstructed patients"."""
    kind = "" if cohort.provenance == "real" else f"{cohort.provenance} "
    return f"{n} {kind}{'patient' if n == '1' else 'patients'}"


@singledispatch
def plain_words(analysis: object) -> str:
    """The sentence of an analysis; empty for one that has none."""
    return ""


@singledispatch
def size(analysis: object) -> str:
    """How many patients a view is about, over redraws the range; empty where it is about none."""
    return ""


# Survival


@size.register
def _(analysis: SurvivalAnalysis) -> str:
    redraws = analysis.redraws
    if redraws is not None and redraws.overall is not None:
        return fmt.spread(*redraws.overall.n, fmt.whole)
    return fmt.whole(analysis.overall.n)


@plain_words.register
def _(analysis: SurvivalAnalysis) -> str:
    without = WITHOUT.get(analysis.endpoint.id, f"without the event ({mid_sentence(analysis.endpoint.event)})")
    landmark = analysis.selection.landmark if analysis.selection.analysis == "landmark" else None
    clock = Clock(analysis.selection.unit, analysis.cohort.days_per_month)
    since = f", counted from the landmark at {clock.spoken(landmark)}" if landmark else ""
    if analysis.redraws is not None:
        drawn = analysis.redraws.strata or ((analysis.redraws.overall,) if analysis.redraws.overall else ())
        told = _told([_drawn_half(s, clock) for s in drawn])
        return (
            f"The publication leaves it open: over rows that fit it, half were {without} {told}{since}."
            if told
            else "The publication leaves this comparison open."
        )
    if not analysis.strata:
        return f"Of {patients(analysis.cohort, size(analysis))} {_half(analysis.overall, without, clock)}{since}."
    groups = [f"{_whole_half(s, clock)} {_named(s.label, s.n)}" for s in analysis.strata]
    told = _told(groups) or f"between {_extent(analysis, clock)} in {len(groups)} groups"
    return f"Half were {without} {told}{since}.{_small(analysis.cohort, [s.n for s in analysis.strata])}"


def _half(s: Stratum, without: str, clock: Clock) -> str:
    if math.isnan(s.median.estimate):
        return f"more than half were {without} as far as they were followed"
    return f"half were {without} at {clock.spoken(s.median.estimate)}"


def _whole_half(s: Stratum, clock: Clock) -> str:
    at = s.median.estimate
    return "not reached (more than half stayed so)" if math.isnan(at) else f"at {clock.spoken(at)}"


def _drawn_half(s: DrawnStratum, clock: Clock) -> str:
    reached = any(map(math.isfinite, s.median))
    at = f"{fmt.spread(*s.median, clock.number)}{f' {clock.unit}' if reached else ''}"
    return f"at {at} {_named(s.label, fmt.spread(*s.n, fmt.whole))}"


def _named(label: str, n: int | str) -> str:
    return f"with “{label}” ({n if isinstance(n, str) else plural(n, 'patient')})"


def _told(groups: list[str]) -> str:
    """Up to three groups in a row; empty for more, which nobody takes in by ear."""
    if not 0 < len(groups) <= MOST_NAMED:
        return ""
    *first, last = groups
    return f"{', '.join(first)} and {last}" if first else last


def _extent(analysis: SurvivalAnalysis, clock: Clock) -> str:
    known = [s.median.estimate for s in analysis.strata if not math.isnan(s.median.estimate)]
    if not known:
        return "the end of follow-up and later"
    last = fmt.NOT_REACHED if len(known) < len(analysis.strata) else clock.spoken(max(known))
    return f"{clock.spoken(min(known))} and {last}"


def _small(cohort: CohortRef, sizes: list[int]) -> str:
    said = f" {cohort.provenance.capitalize()} rows, not patients." if cohort.provenance != "real" else ""
    return f"{said} Small groups: read with care." if min(sizes, default=FEW) < FEW else said


# Response


@size.register
def _(analysis: ResponseAnalysis) -> str:
    return _group_size(analysis.overall)


def _group_size(group: ResponseGroup) -> str:
    return fmt.spread(*group.ranges["n"], fmt.whole) if group.ranges else fmt.whole(group.n)


@plain_words.register
def _(analysis: ResponseAnalysis) -> str:
    overall = analysis.overall
    orr, dcr = (_responders(overall, measure) for measure in ("orr", "dcr"))
    what = "had a confirmed response" if analysis.confirmed == "only" else "responded"
    whole = patients(analysis.cohort, _group_size(overall))
    said = f"{orr} of {whole} {what}, {dcr} had their disease controlled."
    groups = analysis.groups
    if not 1 < len(groups) <= MOST_NAMED:
        return said
    told = ", ".join(f"{_responders(g, 'orr')} of {_group_size(g)} with “{g.label}”" for g in groups)
    return f"{said} A response: {told}.{_small_only([g.n for g in groups])}"


def _responders(group: ResponseGroup, measure: str) -> str:
    if group.ranges:
        return fmt.spread(*group.ranges[measure], fmt.whole)
    return fmt.whole(group.rates[measure, "all"].exact.k)  # type: ignore[index]


def _small_only(sizes: list[int]) -> str:
    return " Small groups: read with care." if min(sizes) < FEW else ""


# Safety


@size.register
def _(analysis: SafetyAnalysis) -> str:
    return fmt.spread(*analysis.n_range, fmt.whole) if len(analysis.n_range) == 2 else fmt.whole(analysis.n)


@plain_words.register
def _(analysis: SafetyAnalysis) -> str:
    if not analysis.rows:
        return "No adverse event to list."
    row, whole = analysis.rows[0], patients(analysis.cohort, size(analysis))
    any_grade, severe = (_affected(row, band) for band in ("any", ">=3"))
    what = "an adverse event" if row.any_row else mid_sentence(row.term)
    said = f"{any_grade} of {whole} had {what}, {severe} of them one of grade 3 or worse"
    terms = [r for r in analysis.rows if not r.any_row]
    if not row.any_row or not terms:
        return f"{said}."
    commonest = max(terms, key=lambda r: (r.overall_range or {"any": (r.overall["any"].k,)})["any"][-1])
    return f"{said}; the commonest was {mid_sentence(commonest.term)} ({_affected(commonest, 'any')})."


def _affected(row: SafetyRow, band: str) -> str:
    drawn = row.overall_range.get(band, ())
    return fmt.spread(*drawn, fmt.whole) if len(drawn) == 2 else fmt.whole(row.overall[band].k)


# Subgroups


@size.register
def _(analysis: ForestAnalysis) -> str:
    arms = analysis.overall.arms
    if any(a.n_range for a in arms):
        low, high = (sum((a.n_range or (a.n, a.n))[i] for a in arms) for i in (0, 1))
        return fmt.spread(low, high, fmt.whole)
    return fmt.whole(sum(a.n for a in arms))


@plain_words.register
def _(analysis: ForestAnalysis) -> str:
    whole = patients(analysis.cohort, size(analysis))
    row, contrast = analysis.overall, f"“{analysis.label}” against “{analysis.reference}”"
    if len(row.ratio_range) == 2:
        ratio = f"lies between {fmt.spread(*row.ratio_range, fmt.ratio, fmt.NOT_ESTIMABLE)} over redraws"
    elif row.ratio is None or math.isnan(row.ratio.estimate):
        ratio = "cannot be estimated"
    else:
        ratio = f"is {fmt.hazard_ratio(row.ratio).text}"
    rows = sum(len(f.rows) for f in analysis.factors)
    within = (
        f" Its {plural(rows, 'subgroup')} are parts of the same patients: some lie higher and some lower by chance."
    )
    return f"In {whole} the hazard ratio of {contrast} {ratio}.{within if rows else ''}"


# Overview


@size.register
def _(analysis: OverviewAnalysis) -> str:
    return fmt.spread(*analysis.n_range, fmt.whole) if len(analysis.n_range) == 2 else fmt.whole(analysis.n)


@plain_words.register
def _(analysis: OverviewAnalysis) -> str:
    said = patients(analysis.cohort, size(analysis))
    age = next((c for c in analysis.characteristics if c.column == "age"), None)
    if age and isinstance(age.overall, NumberSummary) and age.overall.n and not age.overall_range:
        said += f", median age {fmt.decimal(age.overall.median, 0)} years"
    if 1 < len(analysis.groups) <= MOST_NAMED and not analysis.size_ranges:
        sizes = zip(analysis.groups, analysis.sizes, strict=True)
        said += f": {', '.join(f'{n} with “{label}”' for label, n in sizes)}"
    return f"{said}."
