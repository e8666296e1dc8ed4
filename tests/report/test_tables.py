"""Tables: every number with its method, as HTML and as text, in the same words."""

import math
from dataclasses import dataclass, replace
from html.parser import HTMLParser

import numpy as np
import pytest

from kras_core.report import tables
from kras_core.report.palette import TOKENS, Theme
from tests.report import views
from tests.report.test_answer import prior
from tests.report.test_format import Seen
from tests.report.test_km_figure import delayed, redrawn, six


class Grid(HTMLParser):
    """Rows of cell texts of a table, and the attributes of each cell."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.hidden = self.inside = False
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True
        elif dict(attrs).get("class") == "kras-unseen":
            self.hidden = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "span":
            self.hidden = False
        elif tag in ("td", "th"):
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside and not self.hidden:
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def two():
    return views.view(prior(), ("prior_antiangiogenic",), preset="spss")


def by_head(rows: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    return {next(iter(row.values())): row for row in rows}


def test_numbers_of_two_strata_with_methods(two) -> None:
    rows = by_head(tables.numbers_rows(two))
    no, yes = two.strata
    assert rows["Patients"]["No prior"] == str(no.n) and rows["Events"]["Prior"] == str(yes.events)
    assert rows["Median, months"]["No prior"] == (
        f"{no.median.estimate:.1f} ({no.median.low:.1f}–{no.median.high:.1f})"
    )
    assert rows["Median, months"]["Method"] == no.median.method
    rate = no.rates[0]
    assert (
        rows["At 6 months"]["No prior"] == f"{100 * rate.estimate:.0f} % ({100 * rate.low:.0f}–{100 * rate.high:.0f} %)"
    )
    mean = f"Mean to {no.rmst.tau:.1f} months"
    assert rows[mean]["All patients"].startswith(f"{two.overall.rmst.estimate:.1f} (")
    assert f"{two.observed_time_median:.1f} months" in rows["Follow-up, months"]["Method"]


def test_comparisons_with_p_and_method(two) -> None:
    rows = by_head(tables.numbers_rows(two))
    (hr,) = two.hazard_ratios
    assert rows["Log-rank test"]["Estimate"] == f"χ² {two.logrank.statistic:.2f}, df 1"
    assert rows["Log-rank test"]["p"] == f"{two.logrank.p:.3f}"
    assert rows["Hazard ratio, no prior v prior"]["Estimate"] == f"{hr.estimate:.2f} ({hr.low:.2f}–{hr.high:.2f})"
    assert rows["Hazard ratio, no prior v prior"]["p"] == f"{hr.p:.3f}"
    assert rows["Hazard ratio, no prior v prior"]["Method"] == hr.method
    difference = rows["Difference of means, no prior minus prior, months"]["Estimate"]
    assert difference.startswith(f"{two.rmst_difference.estimate:.1f}".replace("-", "−"))


def test_html_and_text_of_a_table_say_the_same(two) -> None:
    grid = [row for row in Grid(tables.numbers_table(two)).rows if row]
    rows = tables.numbers_rows(two)
    shown = [row for row in grid if row[0] not in ("Quantity", "Comparison")]
    assert len(shown) == len(rows)
    for cells, row in zip(shown, rows, strict=True):
        assert ["" if c == "–" else c for c in cells] == list(row.values())


def test_many_strata_stand_one_below_the_other() -> None:
    analysis = six()
    rows = by_head(tables.numbers_rows(analysis))
    assert [r for r in rows if r.startswith("Group")] == [s.label for s in analysis.strata]
    assert rows["Group C"]["Patients"] == str(analysis.strata[2].n)
    assert rows["Group C"]["Median, months"].startswith(f"{analysis.strata[2].median.estimate:.1f} (")
    ratios = [r for r in rows if r.startswith("Hazard ratio")]
    assert len(ratios) == 5 and rows["Log-rank test"]["Estimate"].endswith("df 5")
    html = Seen(tables.numbers_table(analysis)).words
    assert analysis.strata[0].median.method in html and "Reverse" not in rows


def test_everybody_alone_has_no_comparisons() -> None:
    rows = by_head(tables.numbers_rows(views.view(views.cohort(60), ())))
    assert "Log-rank test" not in rows and set(rows["Patients"]) == {"Quantity", "All patients", "Method"}


def test_why_a_number_is_missing_stands_beneath() -> None:
    analysis = views.view(prior(), ("prior_antiangiogenic",), preset="spss")
    reasons = {s.follow_up.reason for s in (*analysis.strata, analysis.overall)} - {"", "not reached"}
    html = Seen(tables.numbers_table(analysis)).words
    assert reasons and all(reason in html for reason in reasons)
    assert "nan" not in html.lower()


def test_redraws_have_ranges_and_no_estimates() -> None:
    analysis = redrawn()
    assert analysis.redraws is not None
    rows = by_head(tables.numbers_rows(analysis))
    low, high = analysis.redraws.strata[0].median
    assert rows["Median, months"][analysis.redraws.strata[0].label] == f"{low:.1f}–{high:.1f}"
    assert set(rows) == {"Patients", "Events", "Median, months", "Log-rank p", *(r for r in rows if "Hazard" in r)}
    assert analysis.redraws.sentence in Seen(tables.numbers_table(analysis)).words


def test_the_risk_table_as_rows() -> None:
    analysis = delayed()
    (label, *cells) = tables.risk_rows(analysis)[0].values()
    table = analysis.risk_table
    assert label == "Group A" and cells == [
        f"{n} ({c}) [{e}] +{i}"
        for n, c, e, i in zip(table.at_risk[0], table.censored[0], table.events[0], table.entered[0], strict=True)
    ]


def test_safety_counts_percentages_and_denominators() -> None:
    analysis = views.safety(prior(), ("prior_antiangiogenic",))
    rows = by_head(tables.safety_rows(analysis))
    n = analysis.denominators
    for row in analysis.rows:
        for i, label in enumerate(analysis.groups):
            for band, name in {"any": "Any", "1-2": "1–2", "3-4": "3–4", ">=3": "≥ 3", "5": "5"}.items():
                k = row.cells[band][i].k
                text = f"{k} ({100 * k / n[i]:.1f})" if k else "0"
                assert rows[row.term][f"{label} (n = {n[i]}), grade: {name}"] == text
        p = row.comparisons["any"].fisher_p
        assert rows[row.term]["Fisher's p: Any grade"] == ("<0.001" if p < 0.001 else f"{p:.3f}")
        d = row.comparisons["any"].difference
        assert rows[row.term]["Difference, points: Any grade"].startswith(f"{100 * d.estimate:.1f}".replace("-", "−"))


def test_safety_brackets_align() -> None:
    """In a column every cell is as wide as the widest: what is missing of the percentage follows unseen."""
    html = tables.safety_table(views.safety(prior(), ()))
    column = [row[1] for row in Grid(html).rows[2:]]
    widest = max(len(cell.partition(" ")[2]) for cell in column)
    unseen = [part.split("</span>")[0] for part in html.split('aria-hidden="true">')[1:]]
    assert unseen and widest == len("(92.6)")
    assert "0" in unseen  # "(3.7)" beside "(92.6)"


@pytest.mark.parametrize("order", ["frequency", "severe", "term"])
def test_safety_order_keeps_the_summary_first(order: str) -> None:
    analysis = views.safety(views.with_events(views.cohort(80)))
    heads = [next(iter(row.values())) for row in tables.safety_rows(analysis, order)]
    assert heads[0] == "Any adverse event" and sorted(heads) == sorted(r.term for r in analysis.rows)
    by_term = {r.term: r for r in analysis.rows}
    if order == "term":
        assert heads[1:] == sorted(heads[1:], key=str.casefold)
    else:
        band = "any" if order == "frequency" else ">=3"
        counts = [by_term[h].overall[band].k for h in heads[1:]]
        assert counts == sorted(counts, reverse=True)


def test_drawn_safety_shows_ranges_of_patients() -> None:
    analysis = views.safety(prior(drawn=frozenset({"adverse_events"})), ("prior_antiangiogenic",))
    row = analysis.rows[1]
    low, high = row.ranges["any"][0]
    text = tables.safety_rows(analysis)[1][f"No prior (n = {analysis.denominators[0]}), grade: Any"]
    assert low < high and text == f"{low}–{high}"
    assert not any("Fisher" in column for column in tables.safety_rows(analysis)[0])
    assert analysis.drawn in Seen(tables.safety_table(analysis)).words


@dataclass
class Check:
    quantity: str
    stratum: str
    ours: float
    lifelines: float | None
    scikit_survival: float | None
    difference: float | None
    note: str = ""


def test_verify_shows_every_engine_and_what_is_not_offered() -> None:
    rows = tables.verify_rows(
        [
            Check("Median", "A", 9.1123456, 9.1123456, 9.1123456, 0.0),
            Check("Log-rank χ²", "", 7.1, 7.1 + 1e-12, None, 1.4e-13, "not offered by scikit-survival: <stratified>"),
            Check("Hazard ratio", "A v B", 0.2881234, 0.2882, None, 2.7e-4),
            Check("Median follow-up", "A", math.inf, math.inf, 5.0, math.inf),
        ]
    )
    assert [list(row.values())[1:5] for row in rows] == [
        ["9.11235", "9.11235", "9.11235", "0"],
        ["7.1", "7.1", "–", "<1e−9"],
        ["0.288123", "0.2882", "–", "2.7e−04"],
        ["not reached", "not reached", "5", "one is not reached"],
    ]
    assert [row["Quantity"] for row in rows] == [
        "Median, A",
        "Log-rank χ²",
        "Hazard ratio, A v B",
        "Median follow-up, A",
    ]
    html = tables.verify_table([Check("q", "", 1.0, None, None, None, "<b>note</b>")])
    assert "b" not in Seen(html).tags and "<b>note</b>" in Seen(html).words


def test_a_level_named_like_a_header_keeps_its_column() -> None:
    cohort = views.from_rows(np.arange(1, 13.0), np.ones(12), ["Method"] * 6 + ["x"] * 6)
    median = by_head(tables.numbers_rows(views.view(cohort)))["Median, months"]
    assert list(median) == ["Quantity", "Method", "x", "All patients", "Method (5)"]
    assert median["Method"].startswith("3.5 (") and median["Method (5)"].startswith("Kaplan–Meier")


def test_names_from_users_are_escaped() -> None:
    cohort = views.with_events(views.from_rows(np.arange(1, 13.0), np.ones(12), ["<u>a</u>"] * 6 + ["b"] * 6))
    events = cohort.adverse_events
    assert events is not None
    cohort = replace(cohort, adverse_events=events.assign(term="<s>" + events["term"] + "</s>"))
    for html in (tables.numbers_table(views.view(cohort)), tables.safety_table(views.safety(cohort))):
        assert not {"u", "s"} & set(Seen(html).tags)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_style_sheet_carries_the_themes_tokens(theme: Theme) -> None:
    css = tables.stylesheet(theme)
    assert f"--kras-ink: {TOKENS[theme].ink};" in css and f"--kras-s5: {TOKENS[theme].strata_ink[5]};" in css
    assert "tabular-nums" in css and "%(" not in css and css.count("{") == css.count("}")
    used = {part.split(")")[0] for part in css.split("var(--")[1:]} - {"at", "size", "from", "to"}  # an element's own
    assert all(f"--{name}:" in css for name in used)
