"""The answer above the figure: a title, two lines that can be read aloud, and guards as quiet notes."""

import math
from dataclasses import dataclass

from kras_core.analyse.results import HazardRatio, Redraws, SafetyAnalysis, SafetyRow, SurvivalAnalysis
from kras_core.report import format as fmt
from kras_core.report.format import Clock, Printed, html_escape, mid_sentence
from kras_core.report.small_cells import threshold, words
from kras_core.stats.results import Quantile

# Said by the badge beside the cohort's name and by the figure's footnote already.
SAID_ELSEWHERE = frozenset({"reconstructed", "simulated"})
MOST_MEDIANS = 3


@dataclass(frozen=True, slots=True)
class Name:
    """A stratum's name, in its colour."""

    label: str
    slot: int


Word = str | Printed | Name


@dataclass(frozen=True, slots=True)
class Line:
    """Parts between middle dots, each of several words."""

    parts: tuple[tuple[Word, ...], ...] = ()

    @property
    def text(self) -> str:
        return " · ".join(" ".join(map(_word_text, part)) for part in self.parts)

    @property
    def html(self) -> str:
        return "\u00a0· ".join(" ".join(map(_word_html, part)) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Answer:
    """title; where: the filters in words; two lines; notes: guards, most important first."""

    title: str
    where: str
    line1: Line
    line2: Line
    notes: tuple[str, ...]

    @property
    def text(self) -> str:
        title = f"{self.title}, {self.where}" if self.where else self.title
        return "\n".join(filter(None, (title, self.line1.text, self.line2.text, *map(words, self.notes))))

    @property
    def html(self) -> str:
        where = f' <span class="kras-where">{html_escape(self.where)}</span>' if self.where else ""
        second = self.line2.html or "&nbsp;"  # the line is reserved, so that nothing moves
        notes = _notes_html(tuple(map(words, self.notes)))
        return (
            f'<section class="kras-answer"><h1 class="kras-title">{html_escape(self.title)}{where}</h1>'
            f'<p>{self.line1.html}</p><p class="kras-second">{second}</p>{notes}</section>'
        )


IN_THE_TABLE = Line((("Small counts are hidden; the others are in the table below",),))


def _word_text(word: Word) -> str:
    return word.label if isinstance(word, Name) else word.text if isinstance(word, Printed) else word


def _word_html(word: Word) -> str:
    if isinstance(word, Name):
        return f'<span class="kras-name kras-s{word.slot % 6}">{html_escape(word.label)}</span>'
    return word.html if isinstance(word, Printed) else html_escape(word)


def _notes_html(notes: tuple[str, ...]) -> str:
    """One quiet line: the first note, the others on demand."""
    if not notes:
        return '<p class="kras-notes">&nbsp;</p>'
    first = html_escape(notes[0])
    if len(notes) == 1:
        return f'<p class="kras-notes">{first}</p>'
    more = f'<span class="kras-more">and {len(notes) - 1} more note{"s" if len(notes) > 2 else ""}</span>'
    rest = "".join(f"<li>{html_escape(note)}</li>" for note in notes[1:])
    return f'<details class="kras-notes"><summary>{first} {more}</summary><ul>{rest}</ul></details>'


def answer(analysis: SurvivalAnalysis, comparison: str = "") -> Answer:
    """The Survival view in words. comparison: such as "comparison 7 of 12 this session"."""
    clock = Clock(analysis.selection.unit, analysis.cohort.days_per_month)
    if analysis.redraws is not None:
        line1, line2 = _open(analysis.redraws, clock)
    elif analysis.strata:
        line1, line2 = _strata(analysis, clock), _test(analysis)
    else:
        line1, line2 = _everyone(analysis, clock)
    if comparison and (analysis.strata or analysis.redraws):
        line2 = Line((*line2.parts, (comparison,)))
    notes = tuple(w.message for w in analysis.warnings if w.code not in SAID_ELSEWHERE)
    return Answer(_title(analysis.endpoint.label, analysis), _where(analysis), line1, line2, notes)


def _title(what: str, analysis: SurvivalAnalysis | SafetyAnalysis) -> str:
    return f"{what} by {mid_sentence(analysis.by_label)}" if analysis.by_label else what


def _where(analysis: SurvivalAnalysis | SafetyAnalysis) -> str:
    return fmt.restriction(analysis)


def _median(q: Quantile, clock: Clock, unit: bool) -> Printed:
    printed = fmt.quantile(q, clock)
    return Printed(f"{printed.value} {clock.unit}", printed.detail) if unit and not math.isnan(q.estimate) else printed


def _strata(analysis: SurvivalAnalysis, clock: Clock) -> Line:
    strata = analysis.strata
    if len(strata) > MOST_MEDIANS:
        return _many(analysis, clock)
    parts: list[tuple[Word, ...]] = []
    for i, s in enumerate(strata):
        lead = ("Median:",) if i == 0 else ()
        parts.append((*lead, Name(s.label, s.slot), _median(s.median, clock, i == 0)))
    if len(analysis.hazard_ratios) == 1:
        parts.append(_ratio(analysis.hazard_ratios[0]))
    return Line(tuple(parts))


def _many(analysis: SurvivalAnalysis, clock: Clock) -> Line:
    """More strata than a sentence holds: the range of their medians; each one is in the table."""
    medians = [s.median.estimate for s in analysis.strata if not math.isnan(s.median.estimate)]
    parts: list[tuple[Word, ...]] = [(fmt.plural(len(analysis.strata), "stratum", "strata"),)]
    if medians:
        extent = Printed(f"{fmt.spread(min(medians), max(medians), clock.number)} {clock.unit}")
        parts.append(("medians", extent))
    unreached = len(analysis.strata) - len(medians)
    if unreached:
        parts.append((f"median not reached in {unreached}",))
    return Line((*parts, ("each with its interval under Numbers",)))


def _ratio(hr: HazardRatio) -> tuple[Word, ...]:
    return (f"HR, {mid_sentence(hr.label)} v {mid_sentence(hr.reference)},", fmt.hazard_ratio(hr))


def _test(analysis: SurvivalAnalysis) -> Line:
    events, patients = (sum(getattr(s, name) for s in analysis.strata) for name in ("events", "n"))
    counted = _counted(events, patients)
    if analysis.logrank is None:
        return Line((counted,))
    adjusted = [("selection-adjusted", Printed(fmt.p_equation(s.best_p))) for s in analysis.selected]
    return Line((("log-rank", Printed(fmt.p_equation(analysis.logrank.p))), *adjusted, counted))


def _counted(events: int, patients: int) -> tuple[Word, ...]:
    return (f"{fmt.plural(events, 'event')} in {fmt.plural(patients, 'patient')}",)


def _everyone(analysis: SurvivalAnalysis, clock: Clock) -> tuple[Line, Line]:
    overall = analysis.overall
    rates = tuple((fmt.rate(r), f"at {clock.tick(r.time)} {clock.unit}") for r in overall.rates[:2] if r.estimate > 0)
    first = Line((("Median", _median(overall.median, clock, True)), *rates))
    follow_up = fmt.quantile(analysis.follow_up, clock)
    unit = "" if math.isnan(analysis.follow_up.estimate) else f" {clock.unit}"
    followed = f"median follow-up {follow_up.value}{unit}, reverse Kaplan–Meier"
    return first, Line((_counted(overall.events, overall.n), (followed,)))


def _open(redraws: Redraws, clock: Clock) -> tuple[Line, Line]:
    """Ranges instead of estimates."""
    drawn = redraws.strata or ((redraws.overall,) if redraws.overall else ())
    parts: list[tuple[Word, ...]] = []
    for i, s in enumerate(drawn[:MOST_MEDIANS]):
        lead = ("Median:",) if i == 0 else ()
        reached = any(map(math.isfinite, s.median))
        unit = f" {clock.unit}" if i == 0 and reached else ""
        parts.append((*lead, Name(s.label, s.slot), Printed(fmt.spread(*s.median, clock.number) + unit)))
    if len(redraws.hazard_ratios) == 1:
        reference, label, low, high = redraws.hazard_ratios[0]
        extent = Printed(fmt.spread(low, high, fmt.ratio, fmt.NOT_ESTIMABLE))
        parts.append((f"HR, {mid_sentence(label)} v {mid_sentence(reference)},", extent))
    second: list[tuple[Word, ...]] = [(f"range over {redraws.count} redraws, no estimate",)]
    if not math.isnan(redraws.p[0]):
        second.insert(0, ("log-rank p", Printed(fmt.spread(*redraws.p, fmt.p_value))))
    return Line(tuple(parts)), Line(tuple(second))


def safety_answer(analysis: SafetyAnalysis) -> Answer:
    """The Safety view in words: any adverse event, by grade, in patients."""
    notes = tuple(w.message for w in analysis.warnings if w.code not in SAID_ELSEWHERE)
    title, where = _title("Adverse events", analysis), _where(analysis)
    if not analysis.rows:
        return Answer(title, where, Line((("No adverse event to list",),)), Line(), notes)
    if threshold():
        return Answer(title, where, IN_THE_TABLE, Line(), notes)
    row = analysis.rows[0]
    overall = [_share(row, band, None, analysis) for band in ("any", ">=3", "5")]
    size = fmt.spread(*analysis.n_range, fmt.whole) if len(analysis.n_range) == 2 else fmt.whole(analysis.n)
    first: tuple[Word, ...] = (f"{row.term} in", overall[0], f"of {size} patients")
    line1 = Line((first, ("grade ≥ 3 in", overall[1]), ("grade 5 in", overall[2])))
    return Answer(title, where, line1, _by_group(row, analysis), notes)


def _by_group(row: SafetyRow, analysis: SafetyAnalysis) -> Line:
    """Grade ≥ 3 in each of two or three groups, and Fisher's p of two."""
    if not 1 < len(analysis.groups) <= MOST_MEDIANS:
        return Line()
    parts: list[tuple[Word, ...]] = []
    for i, (label, slot) in enumerate(zip(analysis.groups, analysis.slots, strict=True)):
        lead = ("Grade ≥ 3:",) if i == 0 else ()
        parts.append((*lead, Name(label, slot), _share(row, ">=3", i, analysis), _of(i, analysis)))
    if row.comparisons:
        parts.append(("Fisher's", fmt.p_equation(row.comparisons[">=3"].fisher_p)))
    return Line(tuple(parts))


def _of(i: int, analysis: SafetyAnalysis) -> str:
    drawn = analysis.denominator_ranges[i] if analysis.denominator_ranges else ()
    return f"of {fmt.spread(*drawn, fmt.whole) if len(drawn) == 2 else fmt.whole(analysis.denominators[i])}"


def _share(row: SafetyRow, band: str, group: int | None, analysis: SafetyAnalysis) -> Printed:
    """16 (59.3 %), or the range over redraws."""
    if group is None:
        found, drawn = row.overall[band], row.overall_range.get(band, ())
    else:
        found, drawn = row.cells[band][group], row.ranges[band][group] if row.ranges else ()
    if len(drawn) == 2:
        return Printed(fmt.spread(*drawn, fmt.whole))
    return Printed(fmt.whole(found.k), f"({fmt.percent(found.estimate, 1)})" if found.n and found.k else "")
