"""The Response view's figures: valid, escaped, bounded, and equal to the numbers beneath them."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from kras_core.analyse.response import analyse_response
from kras_core.cohort.bundled import DEFAULT, load
from kras_core.report.figures import response_figure, spider_figure, swimmer_figure, waterfall_figure
from kras_core.report.response.patient_figures import MOST_COLUMNS, MOST_PATIENTS, swimmer_order, swimmer_orders
from kras_core.report.response.spider import MOST_LINES
from kras_core.selection import By, Selection
from tests.simulated import simulated_cohort, simulated_scans


def analysis_of(cohort, *by: str):
    return analyse_response(cohort, Selection(cohort.digest, "pfs", tuple(map(By, by))))


@pytest.fixture(scope="module")
def full():
    """Patients with times of response and changes of target lesions, one with a name that tries to be HTML."""
    cohort = simulated_cohort(120)
    rng = np.random.default_rng(2)
    names = cohort.patients["patient_id"].to_numpy(copy=True)
    names[0] = "<b>%{x}$x$</b>"
    columns = {
        "patient_id": names,
        "response_months": np.where(cohort.patients["best_response"] == "PR", 1.5, np.nan),
        "best_change_percent": np.round(rng.uniform(-90, 60, 120)),
    }
    patients = cohort.patients.assign(**columns)
    return replace(cohort, patients=patients, target_lesions=simulated_scans(patients))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("compact", [False, True])
def test_figures_are_valid_and_small(full, theme, compact):
    analysis = analysis_of(full, "ward")
    for draw in (response_figure, swimmer_figure, waterfall_figure, spider_figure):
        figure = draw(analysis, theme=theme, compact=compact)
        go.Figure(figure)
        text = json.dumps(figure, allow_nan=False)
        assert len(text) < 150_000 and "<b>%" not in text and "%{x}$" not in text
        assert len(figure["data"]) <= 10 and len(figure["layout"]["annotations"]) <= 3


def test_bars_add_up_to_all_patients_and_marks_stand_at_the_rates(full):
    analysis = analysis_of(full, "ward")
    figure = response_figure(analysis)
    bars = [t for t in figure["data"] if t["type"] == "bar"]
    assert np.sum([t["x"] for t in bars], axis=0) == pytest.approx([100.0] * 3, abs=0.01)
    marks = next(t for t in figure["data"] if t.get("mode") == "markers")
    groups = (*analysis.groups, analysis.overall)
    expected = [100 * g.rates[m, "all"].exact.estimate for g in groups for m in ("orr", "dcr")]
    assert marks["x"] == pytest.approx(expected, abs=0.001)


def test_open_groups_are_lines_over_their_range():
    cohort = load(DEFAULT)
    analysis = analysis_of(cohort, "prior_antiangiogenic")
    figure = response_figure(analysis)
    go.Figure(figure)
    bars = [t for t in figure["data"] if t["type"] == "bar"]
    assert all(x == 0 for t in bars for x in t["x"][:2]) and sum(t["x"][2] for t in bars) == pytest.approx(
        100, abs=0.01
    )
    low, high = analysis.groups[0].ranges["orr"]
    lines = next(t for t in figure["data"] if t.get("line", {}).get("width") == 9)
    assert lines["x"][:2] == pytest.approx([100 * low / 21, 100 * high / 21], abs=0.001)
    swimmer = swimmer_figure(analysis)
    assert "PR" not in json.dumps(swimmer) and "drawn or not recorded" in json.dumps(swimmer)
    assert list(swimmer_orders(analysis.courses)) == ["time", "group"]


def test_swimmers_are_sorted_and_bounded(full):
    analysis = analysis_of(full, "ward")
    c = analysis.courses
    assert (np.diff(c.end[swimmer_order(c, "time")]) <= 0).all()
    assert (np.diff(c.response[swimmer_order(c, "response")]) >= 0).all()
    assert (np.diff(c.slot[swimmer_order(c, "group")]) >= 0).all()
    figure = swimmer_figure(analysis)
    assert len(figure["data"][0]["y"]) == MOST_PATIENTS
    assert "first 80 of 120" in json.dumps(figure["layout"]["annotations"])
    bars = [t for t in figure["data"] if t["type"] == "bar"]
    assert bars[0]["x"] == pytest.approx(c.end[swimmer_order(c)][:MOST_PATIENTS].tolist(), abs=0.001)
    deaths = next(t for t in figure["data"] if t["type"] == "scatter" and t["marker"]["symbol"] == "x-thin")
    first = swimmer_order(c)[:MOST_PATIENTS]
    assert deaths["y"] == np.flatnonzero(~np.isnan(c.death[first])).tolist()


def test_the_waterfall_falls_and_says_who_is_not_in_it(full):
    holed = full.numbers("best_change_percent").copy()
    holed[:7] = np.nan
    some = replace(full, patients=full.patients.assign(best_change_percent=holed))
    figure = waterfall_figure(analysis_of(some))
    heights = figure["data"][0]["y"]
    assert len(heights) == 113 <= MOST_COLUMNS and (np.diff(heights) <= 0).all()
    assert "7 patients without a measured change" in json.dumps(figure["layout"])
    assert sorted(s["y0"] for s in figure["layout"]["shapes"]) == [-30, 20]


def test_the_spider_has_one_line_a_patient_from_nought_and_says_who_is_not_in_it(full):
    analysis = analysis_of(full, "ward")
    lesions = analysis.lesions
    assert lesions is not None
    figure = spider_figure(analysis)
    lines = [t for t in figure["data"] if t["mode"] == "lines+markers"]
    drawn = [list(zip(*part, strict=True)) for t in lines for part in parts_of(t["x"], t["y"])]
    assert len(lines) == 3 and len(drawn) == min(lesions.followed, MOST_LINES)
    assert all(part[0] == (0, 0) for part in drawn)
    followed = np.isin(lesions.patient, lesions.patient[~lesions.baseline])
    assert sorted(y for part in drawn for _, y in part) == pytest.approx(sorted(lesions.change[followed]), abs=0.006)
    (marks,) = [t for t in figure["data"] if t["mode"] == "markers"]
    assert len(marks["x"]) == len(set(lesions.patient[lesions.progressed])) > 0
    assert sorted(s["y0"] for s in figure["layout"]["shapes"]) == [-30, 20]
    said = json.dumps(figure["layout"], ensure_ascii=False)
    assert "12 patients without sums" in said and "beyond the axis" not in said and "New and other lesions" in said


def test_what_grew_beyond_the_axis_is_counted(full):
    scans = full.target_lesions
    last = ~scans.duplicated("patient_id", keep="last") & (scans["months"] > 5)
    large = replace(full, target_lesions=scans.assign(sum_mm=scans["sum_mm"].where(~last, 5_000.0)))
    figure = spider_figure(analysis_of(large))
    said = json.dumps(figure["layout"], ensure_ascii=False)
    assert figure["layout"]["yaxis"]["range"][1] == 208 and f"{last.sum()} scans above +200 %" in said


def parts_of(x, y):
    """The lines of one trace: what stands between its gaps."""
    gaps = [-1, *(i for i, v in enumerate(x) if v is None), len(x)]
    return [(x[a + 1 : b], y[a + 1 : b]) for a, b in itertools.pairwise(gaps)]


def test_forty_groups_are_cut_off_and_said():
    cohort = simulated_cohort(120)
    ward = pd.Categorical([f"W{i % 40:02d}" for i in range(120)])
    figure = response_figure(analysis_of(replace(cohort, patients=cohort.patients.assign(ward=ward)), "ward"))
    assert len(figure["data"][0]["y"]) == 13  # and everybody
    assert "first 12 of 40 groups" in json.dumps(figure["layout"]["annotations"])
