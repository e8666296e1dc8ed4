"""The Kaplan–Meier figure: what is drawn is what was analysed, in every situation, and small."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from kras_core.analyse.results import SurvivalAnalysis
from kras_core.report.figures import alt_text, km_figure, under_figure
from kras_core.report.palette import DASHES, TOKENS
from kras_core.report.survival.km_figure import frame_of
from kras_core.report.survival.km_under import strides
from tests.report import views
from tests.report.plotted import (
    array,
    bands,
    card_texts,
    cards,
    lines,
    risk_cells,
    risk_places,
    size,
    under_words,
    words,
)


def six() -> SurvivalAnalysis:
    return views.view(views.cohort(300, 6, seed=4, censoring=30))


def twelve() -> SurvivalAnalysis:
    return views.view(views.cohort(400, 12, seed=4, censoring=30))


def redrawn() -> SurvivalAnalysis:
    columns = {"sex": pd.Categorical(np.where(np.arange(40) % 3 == 0, "F", "M"))}
    return views.view(
        views.cohort(40, seed=8, columns=columns, drawn=frozenset({"sex"}), provenance="reconstructed"), ("sex",)
    )


def delayed() -> SurvivalAnalysis:
    columns = {"entry_months": np.linspace(0, 0.04, 60)}
    return views.view(views.cohort(60, seed=2, columns=columns), analysis="delayed-entry")


SITUATIONS: dict[str, Callable[[], SurvivalAnalysis]] = {
    "two strata": lambda: views.view(views.cohort(27, seed=5), preset="spss"),
    "everybody": lambda: views.view(views.cohort(27), ()),
    "six strata": six,
    "twelve strata": twelve,
    "one patient": views.single,
    "one patient, censored": lambda: views.single(False),
    "no events": views.flat,
    "all at once": views.at_once,
    "redrawn": redrawn,
    "landmark": lambda: views.view(views.cohort(60), analysis="landmark", landmark=1.0),
    "delayed entry": delayed,
    "weeks": lambda: views.view(views.cohort(60), unit="weeks"),
    "days": lambda: views.view(views.cohort(60), unit="days"),
    "cropped": lambda: views.view(views.cohort(60), axis_max=6.0),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_situation_is_a_valid_figure(situation: str) -> None:
    analysis = SITUATIONS[situation]()
    figure = km_figure(analysis, theme="dark")
    go.Figure(figure)  # raises on anything that Plotly's schema does not know
    size(figure)  # raises on NaN
    assert not any("nan" in text.lower() for text in words(figure) + under_words(under_figure(analysis)))


def test_the_curve_is_the_step_curve_of_the_analysis_with_a_vertex_at_every_event() -> None:
    event = np.arange(27) % 4 != 2
    analysis = views.view(views.from_rows(np.arange(1, 28) * 0.7, event, ["A"] * 27), ())
    curve, drawn = analysis.overall.curve, lines(km_figure(analysis))
    x, y = (np.concatenate([array(t[axis]) for t in drawn]) for axis in "xy")
    after = np.searchsorted(curve.time, x + 1e-3, side="right") - 1
    assert y == pytest.approx(np.where(after >= 0, 100 * curve.survival[after], 100), abs=1e-3)
    assert {round(t, 3) for t in curve.time[event]} <= set(x) <= {0, *(round(t, 3) for t in curve.time)}
    assert (x.min(), x.max()) == (0, pytest.approx(curve.time[-1]))
    assert all(t["line"]["shape"] == "hv" and t["line"]["width"] == 2 for t in drawn)


def test_the_part_where_few_remain_is_a_fainter_trace_of_its_own() -> None:
    analysis = views.view(views.cohort(27, seed=5), ())
    strong, faint = lines(km_figure(analysis))
    curve = analysis.overall.curve
    last_with_five = curve.time[curve.at_risk >= 5][-1]
    assert strong["opacity"] == 1 > faint["opacity"] >= 0.3
    assert array(strong["x"])[-1] == array(faint["x"])[0] == pytest.approx(last_with_five, abs=1e-3)
    assert array(strong["y"])[-1] == array(faint["y"])[0]


def test_a_tenth_counts_in_a_large_cohort() -> None:
    analysis = views.view(views.cohort(1000, seed=5, censoring=30), ())
    curve = analysis.overall.curve
    strong, _ = lines(km_figure(analysis))
    assert array(strong["x"])[-1] == pytest.approx(curve.time[curve.at_risk >= 100][-1], abs=1e-3)


def test_the_pointer_reads_time_survival_interval_and_patients_at_risk() -> None:
    analysis = views.view(views.cohort(27, seed=5), preset="spss")
    curve = analysis.strata[0].curve
    i = int(np.flatnonzero(curve.events > 0)[3])
    expected = (
        f"<b>Group A</b><br>{curve.time[i]:.1f} months: {100 * curve.survival[i]:.0f} % "
        f"({100 * curve.low[i]:.0f}–{100 * curve.high[i]:.0f} %), {curve.at_risk[i]:.0f} at risk"
    )
    texts = card_texts(cards(km_figure(analysis))[0])
    assert expected in texts
    assert texts[0] == f"<b>Group A</b><br>0.0 months: 100 %, {analysis.strata[0].n} at risk"
    assert texts[-1].endswith("<br>fewer than 5 remain")
    assert not any("nan" in text for text in texts)


def test_one_card_a_stratum_and_nothing_else_answers() -> None:
    figure = km_figure(six())
    assert len(cards(figure)) == 6
    assert all(t["hoverinfo"] == "skip" for t in figure["data"] if t not in cards(figure))


def test_bands_follow_the_interval_and_are_half_as_dense_where_few_remain() -> None:
    analysis = views.view(views.cohort(60, seed=5), ())
    figure = km_figure(analysis)
    dense, light = bands(figure)
    assert dense["fillcolor"].endswith(",0.12)") and light["fillcolor"].endswith(",0.06)")
    curve = analysis.overall.curve
    at = float(curve.time[curve.events > 0][10])
    x, (low, high) = array(dense["x"]).reshape(2, -1), array(dense["y"]).reshape(2, -1)  # there along one, and back
    assert (x[0] == x[1][::-1]).all()
    step = np.searchsorted(x[0], at + 1e-3, side="right") - 1
    assert low[step] == pytest.approx(100 * curve.low[curve.time == at][0], abs=2e-3)
    assert high[::-1][step] == pytest.approx(100 * curve.high[curve.time == at][0], abs=2e-3)


def test_more_than_four_strata_have_no_bands_and_the_footnote_does_not_speak_of_them() -> None:
    assert not bands(km_figure(six()))
    assert "Bands" not in under_figure(six())


def test_a_band_stops_where_its_interval_is_undefined() -> None:
    analysis = views.view(views.from_rows([1, 2, 3, 4, 5, 6.0], np.ones(6), list("AAAAAA")), ())  # R: none at S = 0
    assert max(array(t["x"]).max() for t in bands(km_figure(analysis))) == 6
    assert np.isnan(analysis.overall.curve.low[-1])
    assert min(array(t["y"]).min() for t in bands(km_figure(analysis))) > 0


def test_censor_ticks_stand_on_the_curve_at_censored_times() -> None:
    analysis = views.view(views.cohort(60, seed=5, censoring=20), ())
    curve = analysis.overall.curve
    ticks = next(t for t in km_figure(analysis)["data"] if t.get("mode") == "markers")
    assert ticks["marker"]["symbol"] == "line-ns"
    times = curve.time[curve.censored > 0]
    for x, y in zip(array(ticks["x"]), array(ticks["y"]), strict=True):
        i = int(np.abs(curve.time - x).argmin())
        assert np.abs(times - x).min() < 1e-3
        assert y == pytest.approx(100 * curve.survival[i], abs=1e-3)
    pixel = km_figure(analysis)["layout"]["xaxis"]["range"][1] / 900
    assert len(array(ticks["x"])) >= len({int(t / pixel) for t in times}) * 0.8


def test_medians_drop_to_the_axis_with_their_value() -> None:
    analysis = views.view(views.cohort(60, seed=5))
    figure = km_figure(analysis)
    medians = [s.median.estimate for s in analysis.strata]
    drops = next(t for t in figure["data"] if t.get("mode") == "lines" and None in t["x"])
    feet = [x for x, y in zip(drops["x"], drops["y"], strict=True) if y == 0]
    assert feet == pytest.approx(sorted(medians), abs=1e-3)
    assert {f"{m:.1f}" for m in medians} <= set(words(figure))


def test_counts_stand_under_the_ticks_and_are_those_of_the_analysis() -> None:
    analysis = views.view(views.cohort(60, seed=5, censoring=20))
    under, table = under_figure(analysis), analysis.risk_table
    axis = km_figure(analysis)["layout"]["xaxis"]
    for i, (row, places) in enumerate(zip(risk_cells(under), risk_places(under), strict=True)):
        at = (table.at_risk[i], table.censored[i], table.events[i])
        assert row == [f"{at[0][j]} ({at[1][j]}) [{at[2][j]}]" for j in range(table.ticks.size)]
        assert places == pytest.approx(np.array(axis["tickvals"]) / axis["range"][1], abs=1e-4)
    assert "At risk (censored) [events]" in under_words(under)


def test_under_delayed_entry_the_table_also_counts_who_entered() -> None:
    analysis = delayed()
    under, entered = under_figure(analysis), analysis.risk_table.entered[0]
    assert "At risk (censored) [events] +entered" in under_words(under)
    assert [cell.split("+")[1] for cell in risk_cells(under)[0]] == [
        str(entered[j]) for j in range(0, entered.size, strides(analysis.risk_table, frame_of(analysis))[0])
    ]


def test_a_telephone_hides_columns_and_numbers_that_would_touch() -> None:
    analysis = views.view(views.cohort(50_000, seed=5, censoring=400), unit="days")
    under, frame = under_figure(analysis), frame_of(analysis)
    wide, narrow = strides(analysis.risk_table, frame)
    assert narrow > wide and narrow % wide == 0
    hidden = under.count('class="kras-wide"')
    assert hidden == sum(len(row) - len(row[:: narrow // wide]) for row in risk_cells(under)) > 0
    assert ".xtick:not(:nth-child(" in under


def test_heights_change_only_with_the_reserved_rows() -> None:
    def heights(groups: int) -> tuple[int, str]:
        analysis = views.view(views.cohort(240, groups, seed=4), () if groups == 1 else ("arm",))
        assert len(analysis.shown) == groups
        return km_figure(analysis)["layout"]["height"], under_figure(analysis).split('"')[1]

    found = [heights(k) for k in (1, 2, 3, 4, 5, 6, 8)]
    assert len({figure for figure, _ in found}) == 1
    assert [rows[-1] for _, rows in found] == list("2244668")


def test_height_can_be_given() -> None:
    assert km_figure(SITUATIONS["two strata"](), height=700)["layout"]["height"] == 700


def test_colours_and_dashes_go_by_slot_not_by_order() -> None:
    analysis = views.view(views.cohort(300, 6, seed=4), where=())
    third = next(s for s in analysis.strata if s.slot == 2)
    line = lines(km_figure(analysis))
    mine = [t for t in line if t["line"]["color"] == TOKENS["light"].strata[2]]
    assert third.label == "Group C" and mine and all(t["line"]["dash"] == DASHES[2] for t in mine)


def test_beyond_eight_strata_the_first_eight_are_drawn_and_it_is_said() -> None:
    figure = km_figure(twelve())
    assert len({(t["line"]["color"], t["line"]["dash"]) for t in lines(figure)}) == 8
    under = under_figure(twelve())
    assert "Only the first 8 of 12 strata are drawn." in under
    assert len(risk_cells(under)) == 8


@pytest.mark.parametrize("unit, factor", [("weeks", 30.4375 / 7), ("days", 30.4375)])
def test_units_scale_everything_alike(unit: Any, factor: float) -> None:
    cohort = views.cohort(60, seed=5)
    months, other = views.view(cohort, ()), views.view(cohort, (), unit=unit)
    x = np.concatenate([array(t["x"]) for t in lines(km_figure(months))])
    scaled = np.concatenate([array(t["x"]) for t in lines(km_figure(other))])
    assert scaled == pytest.approx(x * factor, rel=1e-3, abs=2e-2)
    assert all(float(t).is_integer() for t in np.round(km_figure(other)["layout"]["xaxis"]["tickvals"], 4))
    assert km_figure(other)["layout"]["xaxis"]["ticktext"][-1].endswith(f"<br>{unit}")


def test_a_cropped_axis_cuts_the_curves_and_keeps_their_names() -> None:
    figure = km_figure(SITUATIONS["cropped"]())
    assert figure["layout"]["xaxis"]["range"][1] == pytest.approx(6, abs=2e-3)
    assert max(array(t["x"]).max() for t in lines(figure)) == 6
    assert {"Group A", "Group B"} <= {w.split(" n =")[0] for w in words(figure)}


def test_no_event_draws_a_line_at_100() -> None:
    figure = km_figure(views.flat())
    assert all((array(t["y"]) == 100).all() for t in lines(figure))
    assert not any(None in t["x"] for t in figure["data"])  # no drop


def test_all_at_once_draws_one_drop_to_0() -> None:
    for trace in lines(km_figure(views.at_once())):
        assert array(trace["x"]).tolist() in ([0, 3, 3], [0, 3]) and array(trace["y"])[-1] == 0


def test_redraws_show_envelopes_with_ranges_and_the_determined_curve_of_everybody() -> None:
    analysis = redrawn()
    figure = km_figure(analysis)
    assert analysis.redraws is not None
    assert len(bands(figure)) == len(analysis.redraws.strata) == 2
    assert [t["line"]["color"] for t in lines(figure) if "fill" not in t][-1] == TOKENS["light"].quiet
    text = under_words(under_figure(analysis))
    assert f"Range over {analysis.redraws.count} compatible redraws" in text
    assert not cards(figure) and not any("at risk (" in t.lower() for t in text)
    low, high = analysis.redraws.strata[0].median
    assert any(f"median {low:.1f}–{high:.1f} months" in t for t in text)


@pytest.mark.parametrize(
    "fields, badge",
    [
        ({"provenance": "reconstructed"}, "Reconstructed from a publication · not patient data"),
        ({"provenance": "simulated"}, "Simulated · not patient data"),
        ({"provenance": "real"}, "Published data"),
        ({"provenance": "real", "origin": "uploaded"}, "Uploaded"),
    ],
)
def test_provenance_is_on_the_figure(fields: dict[str, Any], badge: str) -> None:
    assert badge in under_words(under_figure(views.view(views.cohort(30, **fields))))


def test_names_from_users_are_escaped_everywhere() -> None:
    name = '<a href="https://example.org">x</a> %{y} $z$'
    analysis = views.view(views.from_rows(np.arange(1, 13.0), np.ones(12), [name] * 6 + ["b"] * 6))
    figure = km_figure(analysis)
    assert analysis.strata[0].label == name
    texts = [a["text"] for a in figure["layout"]["annotations"]] + [t["hovertemplate"] for t in cards(figure)]
    under = under_figure(analysis)
    assert "<a" not in under and under_words(under).count(name) == 1
    assert not any("<a" in text or "$z" in text or "%{y}" in text.replace("%{y:", "") for text in texts)


def test_nothing_moves_under_a_thumb() -> None:
    layout = km_figure(six())["layout"]
    assert layout["dragmode"] is False
    assert all(layout[axis]["fixedrange"] for axis in ("xaxis", "yaxis"))


@pytest.mark.parametrize("n, groups", [(1_000_000, 2), (200_000, 8)])
def test_any_number_of_patients_fits_in_150_kb(n: int, groups: int) -> None:
    figure = km_figure(views.view(views.cohort(n, groups, seed=5, censoring=30)))
    assert size(figure) <= 150_000
    assert max(array(t["x"]).size for t in figure["data"] if "x" in t) <= 2000


def test_small_cohorts_are_small_and_written_out() -> None:
    figure = km_figure(SITUATIONS["two strata"]())
    assert size(figure) <= 15_000
    assert all(isinstance(t["x"], list) for t in figure["data"])


def test_alternative_text_names_strata_medians_and_provenance() -> None:
    analysis = SITUATIONS["two strata"]()
    text = alt_text(analysis)
    assert text.startswith("Kaplan–Meier curves of progression-free survival by arm. Simulated · not patient data.")
    for s in analysis.strata:
        assert f"{s.label}: {s.n} patients, {s.events} events, median {s.median.estimate:.1f} months." in text
    assert "median not reached" in alt_text(views.flat())
    assert "over redraws" in alt_text(redrawn())
