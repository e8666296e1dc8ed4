"""The slides of adverse events, Table 1 and best response."""

from kras_core.analyse.overview_results import OverviewAnalysis
from kras_core.analyse.response_results import RESPONSES, ResponseAnalysis, ResponseGroup
from kras_core.analyse.results import SafetyAnalysis
from kras_core.report import format as fmt
from kras_core.report.format import Printed
from kras_core.report.html_table import Cell, Column, Row, Table
from kras_core.report.imprint import Exported, answer_of, imprint
from kras_core.report.overview.tables import table_one
from kras_core.report.overview.words import overview_methods
from kras_core.report.response.figure import MOST_GROUPS, parts_of
from kras_core.report.response.tables import NAMES, SHORT, gives_away, response_tables, size
from kras_core.report.response.words import response_alt_text, response_methods
from kras_core.report.safety.tables import safety_table_of
from kras_core.report.slides.charts import bar_chart
from kras_core.report.slides.deck import Box, Deck, Heading, describe
from kras_core.report.slides.tables import table_slides, written_table
from kras_core.report.survival.answer import Answer

# From best to worst, dark to light; as in print (report/journal/response).
FILLS = ("#0b3c49", "#2f7f93", "#a9c3c9", "#c9816f", "#d8d4ca")
BANDS = ("any", ">=3", "5")
FEW_BANDS = ("any", ">=3")
MOST_GROUPS_BY_BAND = 2  # more groups than this have two bands each


def add_safety(deck: Deck, analysis: SafetyAnalysis, comparison: str) -> None:
    """Adverse events by term: any grade, ≥ 3 and 5."""
    bands = BANDS if len(analysis.groups) <= MOST_GROUPS_BY_BAND else FEW_BANDS
    table = safety_table_of(analysis, bands=bands, differences=False)
    table_slides(deck, heading(analysis), imprint(analysis, comparison), table)


def add_table_one(deck: Deck, analysis: OverviewAnalysis, comparison: str) -> None:
    """Table 1."""
    table = table_one(analysis)
    said = heading(analysis, tuple(overview_methods(analysis)))
    table_slides(deck, said, imprint(analysis, comparison), table)


def add_response(deck: Deck, analysis: ResponseAnalysis, comparison: str) -> None:
    """Stacked bars of best response where they are determined, and the rates with their intervals beneath."""
    if gives_away(analysis):
        said = heading(analysis, tuple(response_methods(analysis)))
        table_slides(deck, said, imprint(analysis, comparison), response_tables(analysis)[0])
        return
    slide, box = deck.slide(heading(analysis, tuple(response_methods(analysis))), imprint(analysis, comparison))
    groups = [*analysis.groups[:MOST_GROUPS], analysis.overall]
    known = [g for g in reversed(groups) if not g.ranges and g.n]
    bottom = box.top
    table = _rates(analysis, groups)
    if known:
        parts = [parts_of(g) for g in known]
        series = [
            (f"{name}, {NAMES[name].lower()}", [counts[i] for counts in parts], FILLS[i])
            for i, name in enumerate(RESPONSES)
            if any(counts[i] for counts in parts)
        ]
        height = min(round(box.height * (0.3 + 0.07 * len(known))), round(0.6 * box.height))
        names = [f"{g.label} · n = {size(g)}" for g in known]
        chart = bar_chart(deck, slide, Box(box.left, box.top, box.width, height), names, series)
        describe(chart, "Best overall response", response_alt_text(analysis))
        bottom += height
    written_table(deck, slide, box.below(bottom), table)


def heading(analysis: Exported, methods: tuple[str, ...] = ()) -> Heading:
    """The answer as the title; what it is of, its second line and the first guard beneath; the rest to the speaker."""
    found: Answer = answer_of(analysis)
    title = f"{found.title}, {found.where}" if found.where else found.title
    lines = (" · ".join(filter(None, (title, found.line2.text))), *found.notes[:1])
    return Heading(found.line1.text, lines, (*found.notes, *methods))


def _rates(analysis: ResponseAnalysis, groups: list[ResponseGroup]) -> Table:
    """ORR and DCR over all patients, with Clopper–Pearson's interval or the range over redraws."""
    columns = [Column("Group", numeric=False), Column("n")]
    for measure in ("orr", "dcr"):
        columns += [Column("Patients", over=SHORT[measure]), Column("Rate (interval)", over=SHORT[measure])]
    rows = []
    for g in groups:
        cells: list[Cell] = [size(g)]
        for measure in ("orr", "dcr"):
            if g.ranges:
                cells += [fmt.spread(*g.ranges[measure], fmt.whole), Printed("range over redraws", missing=True)]
            else:
                rate = g.rates[measure, "all"].exact
                cells += [f"{rate.k} of {rate.n}", fmt.proportion(rate)]
        rows.append(Row(g.label, tuple(cells), ruled=g.slot is None))
    level = fmt.percent(analysis.selection.conventions.confidence)
    notes = [
        "ORR: CR or PR; DCR: CR, PR or SD; over all patients, not evaluable and not recorded count as no response."
    ]
    if len(analysis.groups) > MOST_GROUPS:
        notes.append(f"The first {MOST_GROUPS} of {len(analysis.groups)} groups are shown.")
    notes.append(analysis.drawn)
    return Table(
        f"Rates with {level} Clopper–Pearson intervals", tuple(columns), tuple(rows), tuple(filter(None, notes))
    )
