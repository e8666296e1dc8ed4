"""The bias panel's tables and figure: what was not in the rows, delayed entry, centres, and each patient left out."""

import math

import numpy as np

from kras_core.analyse.bias_results import BiasAnalysis, LeaveOneOut
from kras_core.report import format as fmt
from kras_core.report.format import Clock, Printed, mid_sentence, plotly_escape, provenance
from kras_core.report.html_table import Cell, Column, Row, Table
from kras_core.report.palette import TOKENS, Theme, fade
from kras_core.report.survival.km_frame import FIXED, Json, annotation, canvas
from kras_core.stats.results import HazardRatio


def early_table(analysis: BiasAnalysis, k: int) -> Table:
    """The median and both response rates as in the rows, and with k early failures more."""
    early = analysis.early
    clock = Clock(analysis.selection.unit, analysis.cohort.days_per_month)
    columns = (Column("Quantity", numeric=False), Column("As in the rows"), Column(f"With {k} more, failed early"))
    rows = [
        Row(
            f"Median {analysis.endpoint.short}, {clock.unit}",
            (fmt.quantile(early.medians[0], clock), fmt.quantile(early.medians[k], clock)),
        )
    ]
    for name, series in (("Objective response rate", early.orr), ("Disease control rate", early.dcr)):
        if series:
            rows.append(Row(name, (fmt.proportion(series[0]), fmt.proportion(series[k]))))
    event = analysis.endpoint.event
    note = (
        f"Everybody selected, whatever the groups. The added patients have {event} on day {early.day} and no response. "
        "How many there were is not known: this shows what each number would do, and corrects nothing."
    )
    return Table("Sensitivity to patients who failed early and never became a row", columns, tuple(rows), (note,))


def entry_table(analysis: BiasAnalysis) -> Table:
    """Medians and hazard ratios, naive and with delayed entry."""
    entry, clock = analysis.entry, Clock(analysis.selection.unit, analysis.cohort.days_per_month)
    columns = (Column("Quantity", numeric=False), Column("From the start"), Column("With delayed entry"))
    rows = [
        Row(
            f"Median {analysis.endpoint.short}, {label}, {clock.unit}", (fmt.quantile(a, clock), fmt.quantile(b, clock))
        )
        for label, a, b in zip(entry.labels, entry.naive, entry.delayed, strict=True)
    ]
    rows += [Row(_contrast(a), (_ratio(a), _ratio(b)), ruled=True) for a, b in entry.hazard_ratios]
    note = "With delayed entry a patient counts as at risk only from his or her own time of entry on."
    return Table("Delayed entry", columns, tuple(rows), (note,))


def centres_table(analysis: BiasAnalysis) -> Table:
    """The comparison pooled over centres and stratified on them."""
    centres = analysis.centres
    columns = (Column("Quantity", numeric=False), Column("Pooled"), Column("Stratified on centre"))
    rows = [Row(_contrast(a), (_ratio(a), _ratio(b))) for a, b in zip(centres.pooled, centres.stratified, strict=True)]
    if centres.logrank_pooled and centres.logrank_stratified:
        ps = (fmt.p_value(test.p) for test in (centres.logrank_pooled, centres.logrank_stratified))
        rows.append(Row("Log-rank p", tuple(ps), ruled=True))
    sizes = [n for _, n in centres.sizes]
    note = (
        f"{len(sizes)} centres of {fmt.spread(min(sizes), max(sizes), fmt.whole)} patients. Stratified: groups are "
        "compared within each centre only; a centre with one group, or without an event, says nothing."
    )
    unknown = f" {fmt.plural(centres.unknown, 'patient')} without a centre are in neither." if centres.unknown else ""
    return Table("Centres", columns, tuple(rows), (note + unknown,))


def _contrast(h: HazardRatio) -> str:
    return f"Hazard ratio, {mid_sentence(h.label)} v {mid_sentence(h.reference)}"


def _ratio(h: HazardRatio) -> Cell:
    printed = fmt.hazard_ratio(h)
    return Printed(printed.value, missing=True) if printed.missing else printed


def leave_one_out_table(analysis: BiasAnalysis) -> Table:
    """The whole, and the smallest and largest ratio when a single patient is left out, with that patient."""
    one = analysis.leave_one_out
    assert one.whole is not None
    known = np.flatnonzero(~np.isnan(one.estimate))
    columns = (Column("Left out", numeric=False), Column("Hazard ratio"))
    rows = [Row("Nobody", (fmt.hazard_ratio(one.whole),))]
    for words, at in (("smallest", known[:1]), ("largest", known[-1:])):
        for i in at.tolist():
            value = Printed(fmt.ratio(float(one.estimate[i])), _interval(one, i))
            rows.append(Row(f"{one.names[i]} ({words})", (value,), ruled=words == "smallest"))
    crossing = int((((one.low[known] < 1) & (one.high[known] > 1)) != (one.whole.low < 1 < one.whole.high)).sum())
    notes = [f"{_contrast(one.whole)}: {one.whole.method}, without each of {fmt.plural(len(one.names), 'patient')}."]
    if crossing:
        notes.append(f"For {crossing} of them, leaving out changes whether the interval includes 1.")
    if known.size < len(one.names):
        without = len(one.names) - known.size
        notes.append(f"For {without} of them, the likelihood left is monotone: it has no finite maximum.")
    return Table("Each patient left out", columns, tuple(rows), tuple(notes))


def _interval(one: LeaveOneOut, i: int) -> str:
    return fmt.interval(float(one.low[i]), float(one.high[i]), fmt.ratio)


def leave_one_out_figure(analysis: BiasAnalysis, *, theme: Theme = "light") -> Json:
    """The strip: a point and its interval for each patient left out, sorted; the whole as a line."""
    tokens, one = TOKENS[theme], analysis.leave_one_out
    assert one.whole is not None
    known = np.flatnonzero(~np.isnan(one.estimate))
    x = list(range(known.size))
    stems_x = [v for i in x for v in (i, i, None)]
    stems_y = [v for i in known.tolist() for v in (round(float(one.low[i]), 5), round(float(one.high[i]), 5), None)]
    said = [
        f"without <b>{plotly_escape(one.names[i])}</b><br>{fmt.ratio(float(one.estimate[i]))} {_interval(one, i)}"
        for i in known.tolist()
    ]
    ends = [*one.low[known], *one.high[known], one.whole.low, one.whole.high, 1.0]
    low, high = math.log10(min(ends) * 0.9), math.log10(max(ends) * 1.1)
    line = {"type": "line", "xref": "paper", "x0": 0, "x1": 1}
    at = [v for v in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if low <= math.log10(v) <= high]
    note = f'<span style="color:{tokens.ink}">{provenance(analysis.cohort)}</span>'
    place = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
    font = {"color": tokens.quiet, "size": 12}
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "x": stems_x,
                "y": stems_y,
                "line": {"color": fade(tokens.accent, 0.45), "width": 1.5},
                "hoverinfo": "skip",
            },
            {
                "type": "scatter",
                "mode": "markers",
                "x": x,
                "y": [round(float(v), 5) for v in one.estimate[known]],
                "marker": {"size": 6, "color": tokens.accent},
                "customdata": said,
                "hovertemplate": "%{customdata}<extra></extra>",
            },
        ],
        "layout": {
            **canvas(theme, 12),
            "height": 260,
            "margin": {"l": 52, "r": 16, "t": 12, "b": 34},
            "hovermode": "closest",
            "xaxis": {**FIXED, "showticklabels": False, "range": [-1, known.size]},
            "yaxis": {
                **FIXED,
                "type": "log",
                "range": [low, high],
                "tickvals": at,
                "ticktext": [f"{v:g}" for v in at],
                "showgrid": True,
                "gridcolor": tokens.hairline,
            },
            "shapes": [
                {**line, "y0": one.whole.estimate, "y1": one.whole.estimate, "line": {"width": 1, "color": tokens.ink}},
                {**line, "y0": 1, "y1": 1, "line": {"width": 1, "color": tokens.quiet, "dash": "4px,3px"}},
            ],
            "annotations": [annotation(note, 0, 0, **place, xshift=-48, yshift=-8, font=font)],
        },
    }


def leave_one_out_alt_text(analysis: BiasAnalysis) -> str:
    """The strip in words."""
    one = analysis.leave_one_out
    assert one.whole is not None
    known = one.estimate[~np.isnan(one.estimate)]
    ends = (fmt.ratio(float(known[0])), fmt.ratio(float(known[-1]))) if known.size else ("", "")
    return (
        f"{_contrast(one.whole)}, {fmt.ratio(one.whole.estimate)} with everybody; with each of {len(one.names)} "
        f"patients left out between {ends[0]} and {ends[1]}. {provenance(analysis.cohort)}."
    )


def bias_rows(analysis: BiasAnalysis, k: int) -> dict[str, list[dict[str, str]]]:
    """What the panel shows as tables for files; a part that is not offered has none."""
    found = {}
    if not analysis.early.reason:
        found["early-failures"] = early_table(analysis, k).text_rows()
    if not analysis.entry.reason:
        found["delayed-entry"] = entry_table(analysis).text_rows()
    if not analysis.centres.reason:
        found["centres"] = centres_table(analysis).text_rows()
    one = analysis.leave_one_out
    if not one.reason:
        found["leave-one-out"] = [
            {"Left out": name, "Hazard ratio": _text(e), "Lower": _text(low), "Upper": _text(high)}
            for name, e, low, high in zip(one.names, one.estimate, one.low, one.high, strict=True)
        ]
    return found


def _text(value: float) -> str:
    return f"{value:.6g}" if math.isfinite(value) else fmt.NOT_ESTIMABLE
