"""Ribbon, spline, forest and tables: valid figures, the analysis' own numbers, the mark and its words everywhere."""

import html
import json
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from kras_core.analyse.biomarkers import analyse_biomarker, bootstrap_cutoff, discriminate
from kras_core.analyse.marker_results import BiomarkerAnalysis
from kras_core.analyse.subgroups import analyse_forest
from kras_core.analyse.univariable import analyse_cox
from kras_core.cohort.bundled import DEFAULT, load
from kras_core.conventions import PRESETS
from kras_core.report.figures import (
    forest_html,
    ribbon_alt_text,
    ribbon_figure,
    ribbon_foot,
    spline_alt_text,
    spline_figure,
    spline_foot,
)
from kras_core.report.markers import tables as marker_tables
from kras_core.report.markers.answer import forest_answer, marker_answer
from kras_core.report.markers.as_json import cox_json, forest_json, marker_json
from kras_core.report.markers.methods import forest_methods, marker_methods
from kras_core.report.markers.ribbon import MOST_POINTS
from kras_core.report.survival.answer import answer
from kras_core.report.tables import (
    cox_table,
    cutoffs_rows,
    forest_rows,
    forest_table,
    marker_table,
    search_table,
    spread_table,
)
from kras_core.selection import By, Selection
from tests.report.plotted import size, words
from tests.simulated import reconstructed, simulated_cohort, with_patients

COHORT = simulated_cohort(150, seed=3)


def select(**changes) -> Selection:
    return Selection(COHORT.digest, "pfs", conventions=PRESETS["r"]).but(**changes)


def marker(cohort=COHORT, by: By | None = None, **changes) -> BiomarkerAnalysis:
    return analyse_biomarker(cohort, select(**changes), by or By("nlr"))


SITUATIONS: dict[str, Callable[[], BiomarkerAnalysis]] = {
    "usual": marker,
    "tertiles": lambda: marker(by=By("nlr", 2.0, 4.0)),
    "drawn": lambda: marker(reconstructed(60), endpoint="os"),
    "partly drawn": lambda: marker(reconstructed(60)),
    "few patients": lambda: marker(simulated_cohort(12)),
    "many": lambda: marker(simulated_cohort(1500)),
    "negative": lambda: marker(with_patients(COHORT, nlr=-COHORT.patients.nlr)),
}
NOTHING: dict[str, Callable[[], BiomarkerAnalysis]] = {
    "constant": lambda: marker(with_patients(COHORT, nlr=np.full(150, 3.0))),
    "no event": lambda: marker(with_patients(COHORT, pfs_event=np.zeros(150))),
}


def read(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_situation_is_a_valid_compact_figure(situation, theme):
    analysis = SITUATIONS[situation]()
    for figure in (ribbon_figure(analysis, theme=theme), spline_figure(analysis, theme=theme)):
        assert figure is not None
        go.Figure(figure)
        assert len(figure["data"]) <= 9 and len(figure["layout"]["annotations"]) <= 6
        assert size(figure) < 150_000
    for text in (ribbon_foot(analysis), spline_foot(analysis), ribbon_alt_text(analysis), spline_alt_text(analysis)):
        assert "nan" not in text.lower().replace("finance", "") and "None" not in text
    assert "nan" not in marker_table(analysis, None).lower()


@pytest.mark.parametrize("situation", NOTHING)
def test_where_there_is_no_cutoff_words_stand_instead(situation):
    analysis = NOTHING[situation]()
    assert ribbon_figure(analysis) is None
    assert analysis.nothing in read(search_table(analysis))
    assert "nan" not in read(marker_table(analysis, None)).lower()
    json.dumps(marker_json(analysis, None), allow_nan=False)


def test_the_ribbon_draws_the_scan_and_marks_its_minimum():
    analysis = marker()
    scan, chosen, figure = analysis.scan, analysis.chosen, ribbon_figure(analysis)
    assert scan is not None and chosen is not None and figure is not None
    _, ratio, p, on_ratio, on_p, _ = figure["data"]
    assert ratio["x"][:-1] == pytest.approx(scan.cutoffs, rel=1e-4) and ratio["x"][-1] == pytest.approx(scan.end)
    assert ratio["y"][:-1] == pytest.approx(np.exp(scan.log_ratio), rel=1e-4)
    assert p["y"][:-1] == pytest.approx(scan.p, rel=1e-4)
    assert on_p["x"] == on_ratio["x"] == [pytest.approx(chosen.cutoff, rel=1e-4)]
    assert on_p["y"][0] == pytest.approx(min(scan.p), rel=1e-4)
    assert on_ratio["y"][0] == pytest.approx(chosen.ratio.estimate, rel=1e-4)
    said = " ".join(words(figure))
    assert "† smallest p" in said and f"selection-adjusted {chosen.selected.p:.3f}" in said
    assert "median" in said  # the cut-off in force


def test_a_drawn_marker_has_no_minimum_and_no_line_of_estimates():
    analysis = SITUATIONS["partly drawn"]()
    figure = ribbon_figure(analysis)
    assert figure is not None
    assert "smallest" not in " ".join(words(figure))
    points = [t for t in figure["data"] if t.get("mode") == "markers"]
    assert len(points) == 2  # the published cut-off, in both panels
    assert "no smallest p is marked" in ribbon_foot(analysis)
    assert len(spline_figure(analysis)["data"]) == 2  # type: ignore[index]  # envelope and (no) knots, no curve
    assert cutoffs_rows(analysis) == []


def test_many_cutoffs_are_thinned_and_the_smallest_p_stays():
    analysis = marker(with_patients(simulated_cohort(1500), nlr=np.random.default_rng(1).normal(5, 1, 1500)))
    figure, chosen = ribbon_figure(analysis), analysis.chosen
    assert figure is not None and chosen is not None
    assert len(figure["data"][1]["x"]) <= MOST_POINTS + 2
    assert any(x == pytest.approx(chosen.cutoff, rel=1e-4) for x in figure["data"][1]["x"])
    assert "of 1,2" in ribbon_foot(analysis)


def test_names_from_users_are_text():
    evil = "<img src=x onerror=1> %{x} $a$"
    cohort = replace(COHORT, labels={"ldh": evil}, origin="uploaded")
    analysis = analyse_biomarker(cohort, select(), By("ldh"))
    for text in (json.dumps(ribbon_figure(analysis)), json.dumps(spline_figure(analysis)), ribbon_foot(analysis)):
        assert "<img" not in text
    assert "<img" not in marker_answer(analysis).html and "<img" not in marker_table(analysis, None)
    forest = analyse_forest(cohort, select(by=(By("ldh"),)), factors=("sex",))
    assert "<img" not in forest_html(forest) and "<img" not in forest_table(forest)
    by_sex = analyse_forest(cohort, select(by=(By("sex"),)), factors=("ldh",))
    assert "<img" not in forest_html(by_sex)


def test_the_answer_has_the_split_the_origin_and_the_warning_first():
    found = marker_answer(marker())
    assert found.title == "Progression-free survival by NLR"
    assert "cut-off: median of these data, blind to outcome" in found.line2.text and "HR per SD" in found.line2.text
    assert found.notes[0].startswith("† The smallest p lies at NLR") and "optimistic" in found.notes[0]
    same = marker_answer(NOTHING["constant"]())
    assert same.line1.text == "All 150 patients have the same value, 3: nothing to compare"


def test_an_auc_is_never_in_the_answer():
    analysis, found = marker(), discriminate(COHORT, select(), "nlr")
    assert "AUC" not in marker_answer(analysis).text and "AUC" in read(marker_table(analysis, found))
    few = select(where=())
    small = simulated_cohort(40)
    said = read(marker_table(analyse_biomarker(small, few, By("nlr")), discriminate(small, few, "nlr")))
    assert "fewer than 50 events: a detail, not a headline" in said


def test_a_chosen_cutoff_is_marked_in_the_survival_answer_tables_and_exports():
    chosen = marker().chosen
    assert chosen is not None
    view = marker(by=By("nlr", chosen.cutoff)).split
    found = answer(view)
    assert "†" in found.line1.text and "selection-adjusted" in found.line2.text
    rows = cutoffs_rows(marker())
    assert [r["Cut-off"].endswith("†") for r in rows].count(True) == 1


def test_the_spread_says_how_often_the_same_cutoff_came_out():
    spread = list(bootstrap_cutoff(COHORT, select(), "nlr", 40))[-1][1]
    said = read(spread_table(spread, marker()))
    assert "40 bootstrap resamples" in said and f"{100 * spread.same:.0f} %" in said


# Forest and univariable table


def forest(cohort=COHORT, **changes):
    return analyse_forest(cohort, select(by=(By("prior_antiangiogenic"),)).but(**changes))


def positions(text: str, kind: str) -> list[tuple[float, ...]]:
    found = re.findall(rf'class="{kind}" style="([^"]*)"', text)
    return [tuple(map(float, re.findall(r"--(?:from|to|at):([\d.]+)", style))) for style in found]


def test_the_forest_draws_every_ratio_where_it_belongs():
    analysis = forest()
    text = forest_html(analysis)
    rows = [analysis.overall, *(row for f in analysis.factors for row in f.rows if row.ratio)]
    assert len(positions(text, "kras-whisker")) == len(rows)
    boxes = positions(text, "kras-box")
    assert len(positions(text, "kras-diamond")) == 1 and len(boxes) == len(rows) - 1
    (one,) = positions(text, "kras-one")[0]
    for row, (at,) in zip(rows[1:], boxes, strict=True):
        assert row.ratio is not None
        assert (at > one) == (row.ratio.estimate > 1)
    for row, (start, end), (at,) in zip(rows[1:], positions(text, "kras-whisker")[1:], boxes, strict=True):
        assert 0 <= start <= at <= end <= 1, row.label


def test_the_forest_reads_aloud():
    said = read(forest_html(forest()))
    for word in ("All patients", "No prior", "Prior", "KRAS G12C", "Inter- action p", "HR (95 % interval)"):
        assert word in said
    found = forest_answer(forest())
    assert found.title == "Progression-free survival by prior anti-angiogenic therapy, in subgroups"
    assert "interactions tested, smallest p" in found.line2.text


def test_the_default_cohorts_forest_is_grey_bars_and_reasons():
    cohort = load(DEFAULT)
    selection = Selection(cohort.digest, "pfs", (By("prior_antiangiogenic"),), conventions=PRESETS["spss"])
    analysis = analyse_forest(cohort, selection)
    text = forest_html(analysis)
    assert positions(text, "kras-bar") and not positions(text, "kras-box")
    assert "never together" in read(text) and "Reconstructed from a publication" in read(text)
    table = analyse_cox(cohort, selection)
    said = read(cox_table(table))
    assert "range over redraws" in said and "does not determine this for Age, Sex" in said


def test_json_is_json_and_the_csv_has_a_row_a_subgroup():
    analysis = forest()
    for found in (
        forest_json(analysis),
        cox_json(analyse_cox(COHORT, select(), ("age", "sex", "ward"))),
        marker_json(marker(), discriminate(COHORT, select(), "nlr")),
        marker_json(SITUATIONS["drawn"](), None),
        forest_json(forest(reconstructed(60))),
        cox_json(analyse_cox(reconstructed(60), select())),
    ):
        json.dumps(found, allow_nan=False)
    assert len(forest_rows(analysis)) == 1 + sum(len(f.rows) for f in analysis.factors)
    assert "nan" not in json.dumps(forest_rows(analysis)).lower()


def test_methods_name_the_search_the_ties_and_the_sources():
    said = " ".join(marker_methods(marker()) + forest_methods(forest()))
    for word in ("maxstat", "Lausen", "at random 10,000 times", "Efron", "Harrell"):
        assert word in said
    assert "likelihood ratio" in said


def test_no_word_of_judgement():
    tables = marker_table(marker(), None) + forest_html(forest()) + search_table(marker())
    assert not re.search(r"significan|optimal", read(tables), re.IGNORECASE)
    assert marker_tables.MARK == "†"
