"""A model as a forest plot: one row a term, its hazard ratio beside all others, as HTML (see `forest`)."""

import math
from collections.abc import Iterator

from kras_core.analyse.model_results import Covariate, ModelAnalysis, ModelTerm
from kras_core.report import format as fmt
from kras_core.report.forest import Axis, one_line
from kras_core.report.format import Printed, html_escape, provenance
from kras_core.report.models.suppressed import model_hides, suppressed_model
from kras_core.report.models.words import level_words, pair
from kras_core.report.small_cells import HIDDEN, explained
from kras_core.stats.results import HazardRatio, TestResult

BOX = 9  # pixels


def model_forest_html(analysis: ModelAnalysis) -> str:
    """The forest of a Models view."""
    analysis = suppressed_model(analysis)
    axis = Axis(_ends(analysis))
    label = f"Cox model of {fmt.plural(len(analysis.covariates), 'covariate')}"
    body = "".join(_covariate(c, analysis, axis) for c in analysis.covariates)
    table = (
        f'<div class="kras-scroll" tabindex="0" role="region" aria-label="{html_escape(label)}">'
        f'<table class="kras-table kras-forest" aria-label="{html_escape(label)}">'
        f"<thead>{_head(analysis, axis)}</thead><tbody>{body}</tbody></table></div>"
    )
    return table + _foot(analysis)


def _ends(analysis: ModelAnalysis) -> Iterator[float]:
    for term in (t for c in analysis.covariates for t in c.terms):
        shown = _shown(term)
        if shown is not None:
            yield from (shown.estimate, shown.low, shown.high)
        yield from term.ratio_range


def _shown(term: ModelTerm) -> HazardRatio | None:
    """What is drawn: the ordinary estimate, else Firth's."""
    for ratio in (term.ratio, term.firth):
        if ratio is not None and not math.isnan(ratio.estimate):
            return ratio
    return None


def _head(analysis: ModelAnalysis, axis: Axis) -> str:
    ticks = "".join(f'<span style="--at:{axis.at(t):.4f}">{t:g}</span>' for t in axis.ticks())
    level = fmt.percent(analysis.selection.conventions.confidence)
    firth = "" if _without_firth(analysis) else '<th scope="col" class="kras-n kras-arm">Firth HR (profile)</th>'
    return (
        '<tr><th scope="col">Covariate</th><th scope="col" class="kras-n kras-arm">events/n</th>'
        '<th scope="col" class="kras-drawn"><small>hazard lower | higher</small>'
        f'<div class="kras-scale" aria-hidden="true">{ticks}</div></th>'
        f'<th scope="col" class="kras-n">HR ({level} interval)</th>'
        f'<th scope="col" class="kras-n kras-arm">p</th>{firth}</tr>'
    )


def _without_firth(analysis: ModelAnalysis) -> bool:
    return bool(analysis.firth_reason)


def _covariate(covariate: Covariate, analysis: ModelAnalysis, axis: Axis) -> str:
    """A number in one row; levels under a heading that names the reference."""
    blank = "" if _without_firth(analysis) else '<td class="kras-arm"></td>'
    if not covariate.reference:
        term = covariate.terms[0]
        name = f"{html_escape(covariate.label)} <small>{html_escape(term.label)}</small>"
        return _row(name, term, analysis, axis, "kras-ruled", covariate.drawn)
    events = f"{fmt.whole(covariate.reference_events)}/{fmt.whole(covariate.reference_n)}"
    reference = f"v {level_words(covariate, covariate.reference)}"
    several = len(covariate.terms) > 1
    heading = (
        f'<tr class="kras-ruled"><th scope="rowgroup">{html_escape(covariate.label)} '
        f"<small>{html_escape(reference)}</small></th>"
        f'<td class="kras-n kras-arm">{"" if covariate.drawn else events}</td>'
        f'<td class="kras-drawn">{one_line(axis)}</td><td class="kras-n"></td>'
        f'<td class="kras-n kras-arm">{_whole(covariate) if several else ""}</td>{blank}</tr>'
    )
    rows = (
        _row(html_escape(level_words(covariate, t.label)), t, analysis, axis, "kras-indented", covariate.drawn)
        for t in covariate.terms
    )
    return heading + "".join(rows)


def _whole(covariate: Covariate) -> str:
    """The levels' p together."""
    if covariate.drawn:
        return f"<small>{html_escape(fmt.spread(*pair(covariate.p_range), fmt.p_value, fmt.NOT_ESTIMABLE))}</small>"
    test: TestResult | None = covariate.test
    return "" if test is None or math.isnan(test.p) else html_escape(fmt.p_value(test.p))


def _row(name: str, term: ModelTerm, analysis: ModelAnalysis, axis: Axis, kind: str, drawn: str) -> str:
    events = fmt.spread(*pair(term.events_range), fmt.whole) if term.events_range else fmt.whole(term.events)
    ratio, p = ratio_cells(term, drawn)
    firth = "" if _without_firth(analysis) else f'<td class="kras-n kras-arm">{_firth(term).html}</td>'
    return (
        f'<tr class="{kind}"><th scope="row">{name}</th>'
        f'<td class="kras-n kras-arm">{html_escape(events)}/{fmt.whole(term.n)}</td>'
        f'<td class="kras-drawn">{one_line(axis)}{_drawn(term, axis)}</td>'
        f'<td class="kras-n">{ratio.html}</td><td class="kras-n kras-arm">{html_escape(p)}</td>{firth}</tr>'
    )


def ratio_cells(term: ModelTerm, drawn: str) -> tuple[Printed, str]:
    """The hazard ratio and its p, their ranges over redraws, or that there is none."""
    if drawn or term.ratio_range:
        p = fmt.spread(*pair(term.p_range), fmt.p_value, fmt.NOT_ESTIMABLE)
        return Printed(fmt.spread(*pair(term.ratio_range), fmt.ratio, fmt.NOT_ESTIMABLE), "range", missing=True), p
    if term.ratio is not None and term.ratio.reason == HIDDEN:
        return Printed(HIDDEN, missing=True), fmt.NOTHING
    if term.infinite:
        way = {1: "upwards", -1: "downwards"}.get(term.infinite, "")
        return Printed("infinite", way, missing=True), fmt.NOTHING
    if term.ratio is None or math.isnan(term.ratio.estimate):
        return Printed(fmt.NOTHING, missing=True), fmt.NOTHING
    return fmt.hazard_ratio(term.ratio), fmt.p_value(term.ratio.p)


def _firth(term: ModelTerm) -> Printed:
    if term.firth is not None and term.firth.reason == HIDDEN:
        return Printed(HIDDEN, missing=True)
    if term.firth is None or math.isnan(term.firth.estimate):
        return Printed(fmt.NOTHING, missing=True)
    return fmt.hazard_ratio(term.firth)


def _drawn(term: ModelTerm, axis: Axis) -> str:
    """Interval and box; hollow for Firth's where the ordinary estimate is infinite; a grey bar for a range."""
    if term.ratio_range:
        low, high = pair(term.ratio_range)
        if math.isnan(low) and math.isnan(high):
            return ""
        return f'<i class="kras-bar" style="--from:{axis.at(low):.4f};--to:{axis.at(high):.4f}"></i>'
    ratio = _shown(term)
    if ratio is None:
        return ""
    low, high = (0.0 if math.isnan(ratio.low) else axis.at(ratio.low)), axis.at(ratio.high)
    kind = "kras-box" if ratio is term.ratio else "kras-box kras-hollow"
    return (
        f'<i class="kras-whisker" style="--from:{low:.4f};--to:{high:.4f}"></i>'
        f'<i class="{kind}" style="--at:{axis.at(ratio.estimate):.4f};--size:{BOX}px"></i>'
    )


def _foot(analysis: ModelAnalysis) -> str:
    said = []
    if analysis.drawn:
        said.append("Grey bar: range over compatible redraws, no estimate.")
    elif analysis.separated and not analysis.firth_reason:
        said.append("Hollow box: Firth's penalised estimate, the ordinary one is infinite or undefined.")
    elif not analysis.reason:
        said.append("Every hazard ratio is adjusted for the other covariates in the table, unadjusted for many looks.")
    if model_hides(analysis):
        said.append(f"{explained()} No estimate beside few patients or hidden events.")
    if analysis.firth_reason and not analysis.drawn and analysis.firth_reason != analysis.reason:
        said.append(f"No penalised estimates: {analysis.firth_reason}.")
    said += [f"Not in the model: {label} ({reason})." for label, reason in analysis.left_out]
    words = html_escape(" ".join(said))
    return f'<p class="kras-foot"><span>{html_escape(provenance(analysis.cohort))}</span> {words}</p>'
