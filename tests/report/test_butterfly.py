"""The butterfly: bars as long as the proportions, mirrored, and every term legible."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from kras_core.address import default_selection
from kras_core.analyse.results import SafetyAnalysis
from kras_core.analyse.safety import analyse_safety
from kras_core.cohort.bundled import load
from kras_core.report.figures import butterfly_figure, safety_alt_text
from kras_core.report.palette import TOKENS
from tests.report import views
from tests.report.plotted import seen, size, words
from tests.report.test_answer import prior

SITUATIONS: dict[str, Callable[[], SafetyAnalysis]] = {
    "two": lambda: views.safety(prior(), ("prior_antiangiogenic",)),
    "everybody": lambda: views.safety(prior(), ()),
    "three": lambda: views.safety(views.with_events(views.cohort(60, 3))),
    "drawn": lambda: views.safety(prior(drawn=frozenset({"adverse_events"})), ("prior_antiangiogenic",)),
    "none recorded": lambda: views.safety(views.cohort(20)),
}


def bars(figure: dict[str, Any]) -> list[dict[str, Any]]:
    return [t for t in figure["data"] if t["type"] == "bar"]


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_situation_is_a_valid_figure(situation: str, compact: bool) -> None:
    figure = butterfly_figure(SITUATIONS[situation](), theme="dark", compact=compact)
    go.Figure(figure)
    assert size(figure) < 60_000


def test_two_strata_are_mirrored_severe_within_mild_without() -> None:
    analysis = SITUATIONS["two"]()
    left_severe, left_mild, right_severe, right_mild = bars(butterfly_figure(analysis))
    for i, row in enumerate(analysis.rows):
        for g, (severe, mild, sign) in enumerate(((left_severe, left_mild, -1), (right_severe, right_mild, 1))):
            n = analysis.denominators[g]
            assert severe["base"][i] == 0
            assert severe["x"][i] == pytest.approx(sign * 100 * row.cells[">=3"][g].k / n, abs=6e-3)
            assert mild["base"][i] == severe["x"][i]
            assert mild["x"][i] == pytest.approx(sign * 100 * row.cells["1-2"][g].k / n, abs=6e-3)
    assert left_severe["marker"]["color"].endswith(",1)") and left_mild["marker"]["color"].endswith(",0.4)")


def test_colours_are_those_of_the_strata() -> None:
    figure = butterfly_figure(SITUATIONS["two"]())
    red, green, blue = (int(TOKENS["light"].strata[0][i : i + 2], 16) for i in (1, 3, 5))
    assert bars(figure)[0]["marker"]["color"] == f"rgba({red},{green},{blue},1)"


def test_other_numbers_of_groups_show_all_patients() -> None:
    analysis = SITUATIONS["three"]()
    severe, _ = bars(butterfly_figure(analysis))
    assert severe["x"][0] == pytest.approx(100 * analysis.rows[0].overall[">=3"].estimate, abs=6e-3)
    assert "All patients · n = 60" in words(butterfly_figure(analysis))


def test_a_grade_that_was_not_recorded_still_counts_in_the_bar() -> None:
    cohort = views.with_events(views.cohort(20))
    events = cohort.adverse_events
    assert events is not None
    cohort = replace(cohort, adverse_events=events.assign(grade=float("nan")))
    (bar,) = bars(butterfly_figure(views.safety(cohort, ())))
    assert bar["x"][0] > 0 and "grade not recorded" in bar["customdata"][0][1]


def test_drawn_events_span_their_range_in_patients() -> None:
    analysis = SITUATIONS["drawn"]()
    any_grade = bars(butterfly_figure(analysis))[0]
    low, high = analysis.rows[0].ranges["any"][0]
    assert (any_grade["base"][0], any_grade["x"][0]) == (-low, -(high - low))
    assert not any("%" in tick for tick in butterfly_figure(analysis)["layout"]["xaxis"]["ticktext"])


def test_a_range_of_one_number_is_a_line() -> None:
    """Everybody had some adverse event: nothing is left open, and something is drawn."""
    cohort = load("sintilimab-anlotinib")
    analysis = analyse_safety(cohort, default_selection(cohort))
    any_grade = next(bar for bar in bars(butterfly_figure(analysis)) if "any grade" in bar["customdata"][0][1])
    assert any_grade["x"][0] == 0 and any_grade["marker"]["line"]["width"] == [2, 0, 0, 0, 0]


def test_the_pointer_reads_counts_with_their_denominator() -> None:
    analysis = SITUATIONS["two"]()
    severe = bars(butterfly_figure(analysis))[0]
    cell = analysis.rows[0].cells[">=3"][0]
    assert severe["customdata"][0][1] == f"grade ≥ 3: {cell.k} of {cell.n} ({100 * cell.estimate:.1f} %)"


@pytest.mark.parametrize("order", ["frequency", "severe", "term"])
def test_rows_stand_in_the_tables_order(order: str) -> None:
    from kras_core.report.tables import safety_rows

    analysis = SITUATIONS["two"]()
    ticks = butterfly_figure(analysis, order=order)["layout"]["yaxis"]["ticktext"]
    terms = [next(iter(row.values())) for row in safety_rows(analysis, order)]
    assert [seen(t).replace("  ", " ")[:20] for t in ticks] == [t[:20] for t in terms]


def test_long_terms_are_broken_and_the_margin_holds_them() -> None:
    layout = butterfly_figure(SITUATIONS["two"]())["layout"]
    longest = max(layout["yaxis"]["ticktext"], key=len)
    assert "<br>" in longest and all(len(line) <= 34 for line in longest.split("<br>"))
    assert layout["margin"]["l"] >= 34 * 5


def test_more_terms_than_a_screen_holds_are_cut_and_it_is_said() -> None:
    cohort = views.cohort(20)
    rows = [(p, f"Term {i:02d}", 1.0) for i in range(40) for p in cohort.patients["patient_id"]]
    cohort = replace(cohort, adverse_events=pd.DataFrame(rows, columns=["patient_id", "term", "grade"]))
    figure = butterfly_figure(views.safety(cohort, ()))
    assert any("The first 30 of 41 rows are drawn." in text for text in words(figure))


def test_provenance_and_terms_from_users_are_on_the_figure_as_text() -> None:
    cohort = views.with_events(views.cohort(20, provenance="reconstructed"))
    events = cohort.adverse_events
    assert events is not None
    cohort = replace(cohort, adverse_events=events.assign(term="<a href='x'>" + events["term"] + "</a>"))
    figure = butterfly_figure(views.safety(cohort, ()))
    assert any(t.startswith("Reconstructed from a publication · not patient data") for t in words(figure))
    assert not any("<a" in tick for tick in figure["layout"]["yaxis"]["ticktext"])
    assert not any("<a" in term for bar in bars(figure) for term, _ in bar["customdata"])


def test_alternative_text() -> None:
    analysis = SITUATIONS["two"]()
    text = safety_alt_text(analysis)
    row = analysis.rows[1]
    assert text.startswith("Bars of adverse events by prior anti-angiogenic therapy. Simulated · not patient data.")
    assert f"{row.term}: {row.cells['any'][0].k} of {analysis.denominators[0]} (No prior), " in text
