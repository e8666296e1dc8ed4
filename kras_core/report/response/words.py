"""The Response view in words: the answer, alternative texts, methods."""

from kras_core.analyse.response_results import RESPONSES, ResponseAnalysis, ResponseGroup
from kras_core.report import format as fmt
from kras_core.report.format import Printed, mid_sentence, provenance
from kras_core.report.response.tables import NAMES, gives_away, size
from kras_core.report.survival.answer import IN_THE_TABLE, SAID_ELSEWHERE, Answer, Line, Name, Word

MOST_NAMED = 3

SPIDER = (
    "Target lesions: change of their sum against the baseline, the last scan at or before the start (drawn at 0). "
    "Progression by the sum: 20 % and 5 mm above the smallest so far, the baseline included (RECIST 1.1, 4.3.1). "
    "Progression by new lesions or by other lesions is not in the sums."
)


def response_answer(analysis: ResponseAnalysis) -> Answer:
    """Both rates of everybody; then of the groups, with their difference."""
    by = f" by {mid_sentence(analysis.by_label)}" if analysis.by_label else ""
    where = fmt.restriction(analysis)
    notes = tuple(w.message for w in analysis.warnings if w.code not in SAID_ELSEWHERE)
    kind = "Confirmed response" if analysis.confirmed == "only" else "Response"
    if gives_away(analysis):
        return Answer(f"{kind}{by}", where, IN_THE_TABLE, Line(), notes)
    return Answer(f"{kind}{by}", where, _overall(analysis.overall), _groups(analysis), notes)


def _overall(group: ResponseGroup) -> Line:
    if group.ranges:
        rates = [(f"{m.upper()}", Printed(fmt.spread(*group.ranges[m], fmt.whole)), "patients") for m in ("orr", "dcr")]
        return Line((*rates, (f"of {size(group)}, range over redraws",)))
    orr, dcr = group.rates["orr", "all"].exact, group.rates["dcr", "all"].exact
    return Line(
        (("ORR", fmt.proportion(orr)), ("DCR", fmt.proportion(dcr)), (f"{orr.k} and {dcr.k} of {orr.n} patients",))
    )


def _groups(analysis: ResponseAnalysis) -> Line:
    groups = analysis.groups
    if not groups:
        counts = (f"{k} {name}" for name, k in zip(RESPONSES, analysis.overall.counts, strict=True) if k)
        return Line() if analysis.overall.ranges else Line(((", ".join(counts),),))
    if len(groups) > MOST_NAMED:
        return Line(((f"{len(groups)} groups, each below",),))
    parts: list[tuple[Word, ...]] = []
    for i, g in enumerate(groups):
        lead = ("ORR:",) if i == 0 else ()
        parts.append((*lead, Name(g.label, g.slot or 0), _rate(g)))
    compared = next((c for c in analysis.comparisons if c.measure == "orr" and c.denominator == "all"), None)
    if compared is not None and len(groups) == 2:
        parts += [
            ("difference", fmt.points(compared.difference), "points"),
            ("Fisher's", fmt.p_equation(compared.fisher_p)),
        ]
    return Line(tuple(parts))


def _rate(g: ResponseGroup) -> Printed:
    if g.ranges:
        return Printed(fmt.spread(*g.ranges["orr"], fmt.whole), f"of {size(g)}, range over redraws")
    orr = g.rates["orr", "all"].exact
    return Printed(fmt.percent(orr.estimate, 0), f"({orr.k} of {orr.n})")


def response_alt_text(analysis: ResponseAnalysis) -> str:
    """The bars in words."""
    by = f" by {mid_sentence(analysis.by_label)}" if analysis.by_label else ""
    said = [f"Bars of best overall response{by}. {provenance(analysis.cohort)}."]
    for g in (*analysis.groups, analysis.overall)[:8]:
        if g.ranges:
            orr, dcr = (fmt.spread(*g.ranges[m], fmt.whole) for m in ("orr", "dcr"))
            said.append(f"{g.label}: {orr} with objective response, {dcr} with disease control, of {size(g)}.")
            continue
        counts = ", ".join(f"{NAMES[name].lower()} {k}" for name, k in zip(RESPONSES, g.counts, strict=True) if k)
        said.append(f"{g.label}, {g.n} patients: {counts or 'no response recorded'}.")
    return " ".join(said)


def swimmer_alt_text(analysis: ResponseAnalysis) -> str:
    """The swimmer plot in words."""
    c = analysis.courses
    timed = int((c.end == c.end).sum())
    died, progressed = int((c.death == c.death).sum()), int((c.progression == c.progression).sum())
    return (
        f"Swimmer plot: one bar for each of {fmt.plural(timed, 'patient')}. {provenance(analysis.cohort)}. "
        f"{progressed} progressed, {died} died, {int(c.alive.sum())} ongoing at last contact."
    )


def waterfall_alt_text(analysis: ResponseAnalysis) -> str:
    """The waterfall plot in words."""
    change = analysis.courses.change
    known = change[change == change]
    smaller = int((known <= -30).sum())
    return (
        f"Waterfall plot of the best change of target lesions in {fmt.plural(int(known.size), 'patient')}: from "
        f"{fmt.decimal(float(known.max()), 0)} to {fmt.decimal(float(known.min()), 0)} %, {smaller} smaller by 30 % or "
        f"more. {provenance(analysis.cohort)}."
    )


def spider_alt_text(analysis: ResponseAnalysis) -> str:
    """The spider plot in words; the analysis has lesions."""
    lesions = analysis.lesions
    assert lesions is not None
    progressed = len(set(lesions.patient[lesions.progressed].tolist()))
    responded = len(set(lesions.patient[lesions.change <= -30].tolist()))
    return (
        f"Spider plot of the sum of target lesions against baseline in {fmt.plural(lesions.followed, 'patient')}: "
        f"{responded} once smaller by 30 % or more, {progressed} with progression by the sum. "
        f"{provenance(analysis.cohort)}."
    )


def response_methods(analysis: ResponseAnalysis) -> list[str]:
    """How the view was computed, in plain sentences."""
    lines = [
        "Best overall response by RECIST 1.1 (Eisenhauer 2009). Objective response rate (ORR): CR or PR. Disease "
        "control rate (DCR): CR, PR or SD.",
        "Denominators: all selected patients, among whom not evaluable and not recorded count as no response; and "
        "evaluable patients (CR, PR, SD or PD).",
        "Intervals: Clopper–Pearson (1934) and Wilson (1927); differences Newcombe (1998, method 10); Fisher's exact "
        "p, two-sided.",
    ]
    lines.append(
        "Duration of response: Kaplan–Meier among responders, from the first response to progression or death."
        if analysis.times
        else f"Time to and duration of response: {analysis.times_reason}."
    )
    lines += [SPIDER] if analysis.lesions is not None else []
    if analysis.change_from_sums:
        lines.append("Best change: at the smallest sum of target lesions after the baseline, from the table of scans.")
    if analysis.cohort.conditional_on:
        lines.append(f"All of it is conditional on {analysis.cohort.conditional_on}.")
    return lines
