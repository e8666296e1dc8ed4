"""The Overview in words: the answer above Table 1, the patient flow diagram, methods."""

import math

from kras_core.analyse.overview_results import Flow, FlowStep, FollowUp, OverviewAnalysis
from kras_core.report import format as fmt
from kras_core.report.format import Clock, Printed, html_escape, mid_sentence
from kras_core.report.overview.tables import summary
from kras_core.report.small_cells import below, is_small
from kras_core.report.survival.answer import SAID_ELSEWHERE, Answer, Line, Name, Word
from kras_core.stats.results import NumberSummary

MOST_NAMED = 4


def overview_answer(analysis: OverviewAnalysis) -> Answer:
    """How many patients in which groups; how long they were followed; what is missing."""
    by = f" by {mid_sentence(analysis.by_label)}" if analysis.by_label else ""
    where = fmt.restriction(analysis)
    notes = tuple(w.message for w in analysis.warnings if w.code not in SAID_ELSEWHERE)
    return Answer(f"Patients{by}", where, Line(tuple(_sizes(analysis))), Line(tuple(_quality(analysis))), notes)


def _sizes(analysis: OverviewAnalysis) -> list[tuple[Word, ...]]:
    n = fmt.spread(*analysis.n_range, fmt.whole) if len(analysis.n_range) == 2 else fmt.whole(analysis.n)
    parts: list[tuple[Word, ...]] = [(Printed(n), "patient" if n == "1" else "patients")]
    if len(analysis.groups) > MOST_NAMED:
        least, most = min(analysis.sizes), max(analysis.sizes)
        parts.append((f"{len(analysis.groups)} groups of", Printed(fmt.spread(least, most, fmt.whole))))
    else:
        for i, (label, slot) in enumerate(zip(analysis.groups, analysis.slots, strict=True)):
            drawn = analysis.size_ranges[i] if analysis.size_ranges else ()
            size = fmt.spread(*drawn, fmt.whole) if len(drawn) == 2 else fmt.whole(analysis.sizes[i])
            parts.append((Name(label, slot), Printed(size)))
    age = next((c for c in analysis.characteristics if c.column == "age"), None)
    if age and isinstance(age.overall, NumberSummary) and age.overall.n and not age.overall_range:
        parts.append(("age", summary(age.overall, "range"), "years"))
    return parts


def _quality(analysis: OverviewAnalysis) -> list[tuple[Word, ...]]:
    clock = Clock(analysis.selection.unit, analysis.cohort.days_per_month)
    parts: list[tuple[Word, ...]] = []
    followed = main_follow_up(analysis)
    if followed is not None:
        printed = fmt.quantile(followed.median, clock)
        unit = "" if math.isnan(followed.median.estimate) else f" {clock.unit}"
        words = f"Median follow-up for {followed.endpoint.upper()} {printed.value}{unit}, reverse Kaplan–Meier"
        parts.append((words,))
    complete = sum(c.known == c.n for c in analysis.completeness)
    parts.append((f"{complete} of {len(analysis.completeness)} variables complete",))
    return parts


def main_follow_up(analysis: OverviewAnalysis) -> FollowUp | None:
    """Everybody's follow-up for overall survival, else for the endpoint in view, else for the first there is."""
    overall = [f for f in analysis.follow_up if f.group == "All patients"]
    wanted = ("os", analysis.selection.endpoint)
    return next((f for id in wanted for f in overall if f.endpoint == id), overall[0] if overall else None)


def flow_html(analysis: OverviewAnalysis) -> str:
    """The flow of patients as boxes under each other: a list, so that it reads in order aloud too."""
    flow = analysis.flow
    if gives_away(flow):
        return f'<p class="kras-caption">Flow of patients: not shown, {_e(below())} patients would be given away</p>'
    items = []
    if flow.before:
        items.append(f'<div class="kras-box kras-never"><span>Conditional on {_e(flow.before)}</span></div>')
    items.append(_box("Patients in the cohort", flow.start))
    items += [_step(step, i == len(flow.steps) - 1, flow) for i, step in enumerate(flow.steps)]
    if not flow.steps:
        items.append(_box(flow.end_label, flow.end))
    if flow.strata:
        items.append(_strata(flow))
    listed = "".join(f'<li class="{"kras-through" if "kras-out" in item else ""}">{item}</li>' for item in items)
    return f'<p class="kras-caption">Flow of patients</p><ol class="kras-flow">{listed}</ol>'


def gives_away(flow: Flow) -> bool:
    """Whether a step leaves out so few that they are to be hidden: the sizes before and after would tell."""
    return any(is_small(n) for step in flow.steps for _, n in step.out) or any(is_small(n) for _, _, n in flow.strata)


def _e(text: object) -> str:
    return html_escape(text)


def _box(label: str, n: int, drawn: tuple[int, ...] = ()) -> str:
    size = fmt.spread(*drawn, fmt.whole) if len(drawn) == 2 else fmt.whole(n)
    return f'<div class="kras-box"><span>{_e(label)}</span><b>n = {size}</b></div>'


def _step(step: FlowStep, last: bool, flow: Flow) -> str:
    label = flow.end_label if last else step.label
    out = sum(n for _, n in step.out)
    said = "; ".join(f"{reason}: {fmt.whole(n)}" for reason, n in step.out)
    left_out = f"<b>{fmt.whole(out)} out</b> ({_e(said)})" if out else "nobody out"
    if step.left_range:
        left_out = "how many is not determined by the publication"
    return f'<div class="kras-out">{_e(step.label)}: {left_out}</div>{_box(label, step.left, step.left_range)}'


def _strata(flow: Flow) -> str:
    boxes = "".join(
        f'<div class="kras-box"><span class="kras-s{slot % 6}">{_e(label)}</span> <b>n = {fmt.whole(n)}</b></div>'
        for label, slot, n in flow.strata
    )
    unknown = f'<div class="kras-box"><span>Not known</span> <b>n = {fmt.whole(flow.unknown)}</b></div>'
    return f'<div class="kras-strata">{boxes}{unknown if flow.unknown else ""}</div>'


def flow_rows(analysis: OverviewAnalysis) -> list[dict[str, str]]:
    """The flow as a table, for files; nothing of it where it would give small counts away."""
    flow = analysis.flow
    if gives_away(flow):
        return []
    rows = [{"Step": "Patients in the cohort", "Left out": "", "Reason": "", "Remaining": str(flow.start)}]
    for step in flow.steps:
        left = fmt.spread(*step.left_range, fmt.whole) if len(step.left_range) == 2 else str(step.left)
        out = "" if step.left_range else str(sum(n for _, n in step.out))
        reason = "; ".join(f"{reason}: {n}" for reason, n in step.out)
        rows.append({"Step": step.label, "Left out": out, "Reason": reason, "Remaining": left})
    for label, _, n in flow.strata:
        rows.append({"Step": f"{flow.end_label}: {label}", "Left out": "", "Reason": "", "Remaining": str(n)})
    return rows


def overview_methods(analysis: OverviewAnalysis) -> list[str]:
    """How to read this page, in plain sentences."""
    lines = [
        "Percentages are of patients with a known value; how many are missing stands in a row of its own.",
        "Quartiles by linear interpolation (R's type 7; SPSS's differ slightly in small samples).",
        "Standardised differences instead of p values: groups that were not drawn by lot have no null hypothesis of "
        "chance imbalance to test, and a p value shrinks with the number of patients, which a difference does not.",
        "Confounding: a factor that goes with both group and outcome makes groups differ without any effect of what "
        "they are named after. Earlier treatment goes with line of therapy, time since diagnosis and performance "
        "status, and these go with survival; so a difference by prior therapy may be one of prognosis. Table 1 shows "
        "imbalance in what was recorded, and nothing in what was not.",
        "Follow-up: reverse Kaplan–Meier (censoring taken as the event), for every endpoint from the start.",
    ]
    if analysis.potential.reason:
        lines.append(f"Potential follow-up, from the start to the data cut-off: {analysis.potential.reason}.")
    if analysis.cohort.conditional_on:
        lines.append(f"All of it is conditional on {analysis.cohort.conditional_on}.")
    return lines
