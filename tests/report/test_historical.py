"""Published medians on the figure and in the table: off by default, in place, lettered alike, escaped."""

import json

import plotly.graph_objects as go
import pytest

from kras_core.address import default_selection
from kras_core.analyse.survival import analyse
from kras_core.cohort.bundled import DEFAULT, load
from kras_core.cohort.historical import own_row, published
from kras_core.report.csv_out import csv_bytes
from kras_core.report.figures import km_figure
from kras_core.report.survival.historical import (
    historical_rows,
    historical_table,
    lettered,
    published_key,
    shown_rows,
    with_published,
)
from kras_core.selection import TimeUnit


@pytest.fixture(scope="module")
def cohort():
    return load(DEFAULT)


def analysis_of(cohort, unit: TimeUnit = "months", endpoint: str = "pfs"):
    return analyse(cohort, default_selection(cohort).but(unit=unit, endpoint=endpoint))


def test_nothing_is_drawn_unless_chosen(cohort):
    analysis = analysis_of(cohort)
    figure = km_figure(analysis)
    assert with_published(figure, shown_rows(published(), "pfs"), [], analysis, "light") is figure


@pytest.mark.parametrize("unit", ["months", "weeks", "days"])
def test_lines_stand_at_their_medians_in_the_axis_unit(cohort, unit):
    analysis = analysis_of(cohort, unit)
    rows = shown_rows(published(), "pfs")
    drawn = ["codebreak200-sotorasib", "revel-docetaxel"]
    figure = with_published(km_figure(analysis), rows, drawn, analysis, "dark")
    go.Figure(figure)
    days = cohort.days_per_month
    factor = {"months": 1.0, "weeks": days / 7, "days": days}[unit]
    assert sorted(s["x0"] for s in figure["layout"]["shapes"]) == pytest.approx([3.0 * factor, 5.6 * factor], abs=0.001)
    intervals, letters = figure["data"][-2:]
    assert letters["text"] == [" <b>B</b>", " <b>A</b>"]
    # REVEL's abstract prints no interval; CodeBreaK 200's is 4.3–7.8
    expected = [3.0 * factor, 3.0 * factor, None, 4.3 * factor, 7.8 * factor, None]
    assert intervals["x"] == pytest.approx(expected, abs=0.001)
    table = historical_table(analysis, rows, drawn)
    heads = [r.head for r in table.rows]
    assert heads[0] == "This cohort, all selected"
    assert "A  Sotorasib, CodeBreaK 200" in heads and "B  Docetaxel, REVEL, control arm" in heads


def test_intervals_lie_at_heights_of_their_own_and_end_with_the_axis(cohort):
    analysis = analysis_of(cohort, endpoint="os")
    rows = shown_rows(published(), "os")
    drawn = [r.id for r in rows][:5]
    figure = with_published(km_figure(analysis), rows, drawn, analysis, "light")
    intervals, letters = figure["data"][-2:]
    assert len(set(letters["y"])) == 5 and letters["y"] == intervals["y"][::3]
    end = figure["layout"]["xaxis"]["range"][1]
    open_ended = letters["text"].index(f" <b>{lettered(rows, drawn)['codebreak100-sotorasib']}</b>")
    assert intervals["x"][3 * open_ended + 1] == pytest.approx(end, abs=0.001)  # its upper limit was not reached
    assert all(x is None or x <= end for x in intervals["x"])


def test_the_table_holds_both_figures_and_the_first_line_comparator_last(cohort):
    table = historical_table(analysis_of(cohort), shown_rows(published(), "pfs"), [])
    text = " ".join(f"{r.head} {' '.join(c if isinstance(c, str) else c.text for c in r.cells)}" for r in table.rows)
    assert "5.4 (4.4–5.6)" in text and "5.37 (no interval printed)" in text and "Quoted as 4.8 elsewhere" in text
    assert table.rows[-1].head.startswith("Atezolizumab") and "no later-line comparator" in str(table.rows[-1].cells[2])
    assert any("5.4 in Han B" in note and "4.8 in Su et al." in note for note in table.notes)
    assert "no test is made" in table.notes[0]
    os_ = historical_table(analysis_of(cohort, endpoint="os"), shown_rows(published(), "os"), [])
    assert "12.5 (10.0–not reached)" in [getattr(r.cells[1], "text", "") for r in os_.rows]
    assert "krystal12-adagrasib" not in [r.id for r in shown_rows(published(), "os")]


def test_a_row_of_ones_own_is_escaped_and_beyond_the_axis_not_drawn(cohort):
    analysis = analysis_of(cohort)
    own = own_row("own-1", "pfs", "<img src=x>", "=cmd()", 3, "500")
    rows = shown_rows((*published(), own), "pfs")
    figure = with_published(km_figure(analysis), rows, ["own-1"], analysis, "light")
    assert figure["layout"]["shapes"] == [] and figure["data"][-1]["x"] == []
    assert "<img" not in historical_table(analysis, rows, ["own-1"]).html()
    assert "<img" not in json.dumps(figure) + published_key(analysis, rows, ["own-1"])
    assert "CodeBreaK 200" in published_key(analysis, rows, ["codebreak200-sotorasib"])
    assert published_key(analysis, rows, []) == ""
    assert lettered(rows, ["own-1"]) == {"own-1": "A"}
    added = next(r for r in historical_rows(rows, "pfs") if r["Source"] == "=cmd()")
    assert b"'=cmd()" in csv_bytes([added])  # a spreadsheet must not run it
