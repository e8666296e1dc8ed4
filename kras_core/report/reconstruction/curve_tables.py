"""A reconstruction in words and tables: the answer above the figure, what it is held against, and its data card."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from kras_core.analyse.results import SurvivalAnalysis
from kras_core.audit.curve.results import ReconstructedArm, Reconstruction
from kras_core.cohort.endpoints import endpoint as named_endpoint
from kras_core.cohort.model import Provenance
from kras_core.report import format as fmt
from kras_core.report.format import Clock, Printed, md_escape, mid_sentence
from kras_core.report.html_table import Column, Row, Table
from kras_core.report.survival.answer import Answer, Line, Name, Word

MONTHS = Clock("months", 1.0)
_RECONSTRUCTED_FROM = {
    "reconstructed": "Reconstructed from a published curve",
    "simulated": "Simulated: reconstructed from a curve that no study drew",
}
METHOD = "Guyot et al. 2012, BMC Med Res Methodol 12:9"
TRIED = "2.5th to 97.5th percentile of {count} reconstructions from points moved by noise of SD {sd} in survival"


def curve_answer(reconstruction: Reconstruction, analysis: SurvivalAnalysis) -> Answer:
    """Medians and hazard ratio in a line, what the rows rest on in the next. analysis: of the cohort made of them."""
    arms, ratios, again = reconstruction.arms, reconstruction.hazard_ratios, reconstruction.redigitised
    slots = {s.label: s.slot for s in analysis.strata}
    first: list[tuple[Word, ...]] = [
        (Name(arm.label, slots.get(arm.label, 0)), fmt.quantile(arm.median, MONTHS)) for arm in arms
    ]
    first[0] = ("Median in months:", *first[0])
    if len(ratios) == 1:
        (ratio,), (ends,) = ratios, again.hazard_ratios
        versus = f"HR, {mid_sentence(ratio.label)} v {mid_sentence(ratio.reference)},"
        extent = fmt.spread(*ends, fmt.ratio, fmt.NOT_ESTIMABLE)
        printed = fmt.hazard_ratio(ratio)
        first.append((versus, replace(printed, detail=f"{printed.detail},"), f"{extent} on re-digitising"))
    events = fmt.plural(sum(arm.events for arm in arms), "event")
    second: list[tuple[Word, ...]] = [
        (f"{events} in {fmt.plural(reconstruction.n, 'reconstructed patient')}",),
        (f"rest on the points and {arms[0].information}",),
        (_met(reconstruction),),
    ]
    simulated = analysis.cohort.provenance == "simulated"
    title = f"{analysis.endpoint.label}, from a {'simulated' if simulated else 'published'} curve"
    notes = tuple(p.sentence for p in reconstruction.problems)
    return Answer(title, "", Line(tuple(first)), Line(tuple(second)), notes)


def _met(reconstruction: Reconstruction) -> str:
    """How well the printed numbers at risk are met."""
    if all(arm.printed.risk_time.size < 2 for arm in reconstruction.arms):
        return "no numbers at risk to hold them against"
    most = max(int(abs(arm.differences).max()) for arm in reconstruction.arms)
    return "all numbers at risk met" if not most else f"numbers at risk met within {most}"


def held_against(reconstruction: Reconstruction) -> tuple[Table, ...]:
    """Arms with their ranges; numbers at risk, reconstructed and minus printed; hazard ratios."""
    with_table = [arm for arm in reconstruction.arms if arm.printed.risk_time.size > 1]
    alike = groupby(with_table, key=lambda arm: arm.printed.risk_time.tolist())
    tables = [_arms(reconstruction), *(_at_risk(list(arms)) for _, arms in alike)]
    return (*tables, _ratios(reconstruction)) if reconstruction.hazard_ratios else tuple(tables)


def _tried(reconstruction: Reconstruction) -> str:
    again = reconstruction.redigitised
    return TRIED.format(count=again.count, sd=f"{again.sd:g}")


def _arms(reconstruction: Reconstruction) -> Table:
    names = ("n", "Events", "re-digitised", "Median", "re-digitised", "Farthest point", "Points used")
    columns = (
        Column("Arm", numeric=False),
        *map(Column, names),
        Column("Rests on, beside the points", numeric=False),
    )
    again, rows = reconstruction.redigitised, []
    for arm, events, median in zip(reconstruction.arms, again.events, again.medians, strict=True):
        cells = (
            fmt.whole(arm.n),
            _with_difference(arm.events, arm.events_difference),
            fmt.spread(*events, fmt.whole),
            fmt.quantile(arm.median, MONTHS),
            fmt.spread(*median, MONTHS.number),
            f"{fmt.decimal(100 * arm.deviation)} %",
            f"{int(arm.used.sum())} of {arm.used.size}",
            arm.information,
        )
        rows.append(Row(arm.label, cells))
    notes = (
        "Medians in months, Kaplan–Meier of the rows with Brookmeyer–Crowley interval.",
        f"Re-digitised: {_tried(reconstruction)}.",
        "Events in brackets: minus the printed total. Farthest point: largest distance of a point from the redrawn "
        "curve, in percentage points.",
    )
    return Table(f"Reconstructed after {METHOD}", columns, tuple(rows), notes)


def _with_difference(value: int, difference: int | None) -> Printed:
    """ "16 (+1)": the number, and by how much it misses the printed one."""
    if difference is None:
        return Printed(fmt.whole(value))
    return Printed(fmt.whole(value), f"({difference:+d})".replace("-", fmt.MINUS).replace("+0", "0"))


def _at_risk(arms: Sequence[ReconstructedArm]) -> Table:
    """Of arms with the same risk times: the printed numbers, and beneath them the reconstructed ones."""
    ticks = (MONTHS.tick(t) for t in arms[0].printed.risk_time.tolist())
    rows = []
    for arm in arms:
        counted = zip(arm.counted.tolist(), arm.differences.tolist(), strict=True)
        printed = tuple(map(fmt.whole, arm.printed.at_risk.tolist()))
        rows.append(Row(f"{arm.label}, printed", printed, ruled=arm is not arms[0]))
        rows.append(Row("reconstructed (difference)", tuple(_with_difference(n, d) for n, d in counted)))
    columns = (Column("Months", numeric=False), *map(Column, ticks))
    return Table("Numbers at risk, printed and reconstructed", columns, tuple(rows))


def _ratios(reconstruction: Reconstruction) -> Table:
    columns = (
        Column("Hazard ratio", numeric=False),
        Column("Estimate"),
        Column("p"),
        Column("re-digitised"),
        Column("Method", numeric=False),
    )
    rows = []
    for h, extent in zip(reconstruction.hazard_ratios, reconstruction.redigitised.hazard_ratios, strict=True):
        redrawn = fmt.spread(*extent, fmt.ratio, fmt.NOT_ESTIMABLE)
        method = "; ".join(filter(None, (h.method, h.caution, h.reason)))
        cells = (fmt.hazard_ratio(h), fmt.p_value(h.p), redrawn, method)
        rows.append(Row(f"{h.label} v {mid_sentence(h.reference)}", cells))
    notes = (
        "Intervals are those of the rows as if they were patients; what digitising adds is the range re-digitised.",
    )
    return Table("Comparisons", columns, tuple(rows), notes)


def curve_card(reconstruction: Reconstruction, endpoint: str, source: str, truth: Provenance = "reconstructed") -> str:
    """The data card of a cohort made from a curve, Markdown: what it is, how it was made, what it is not."""
    what, source = md_escape(named_endpoint(endpoint).label), md_escape(source) or "not stated"
    lines = [
        f"**{_RECONSTRUCTED_FROM[truth]}, not patient data.** {what}; source: {source}.",
        "",
        f"The rows redraw the digitised points of the figure ({METHOD}). Only arm, time and event are in them: "
        "nothing can be said of any other property of these patients, and no row stands for a person.",
        "",
    ]
    again = reconstruction.redigitised
    for arm, median in zip(reconstruction.arms, again.medians, strict=True):
        printed = arm.printed.events
        of = "no printed total" if printed is None else f"{fmt.whole(printed)} printed"
        range_ = fmt.spread(*median, MONTHS.number)
        found = fmt.quantile(arm.median, MONTHS)
        estimate = found.value if math.isnan(arm.median.estimate) else f"{found.value} months"
        lines.append(
            f"- {md_escape(arm.label)}: {fmt.whole(arm.n)} patients, {fmt.plural(arm.events, 'event')} ({of}), median "
            f"{estimate} ({range_} on re-digitising), {len(arm.used)} points, resting on {arm.information} as well."
        )
    lines += ["", f"Ranges: {_tried(reconstruction)}."]
    return "\n".join(lines)
