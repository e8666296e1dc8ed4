"""Words, tables, figures and JSON of the Models view: the analysis' own numbers, and never one that does not exist."""

import json
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
import pytest

from kras_core.address import default_selection
from kras_core.analyse.model_results import ModelAnalysis
from kras_core.analyse.models import analyse_model, correct_optimism, default_covariates, diagnose, penalise
from kras_core.cohort.bundled import DEFAULT, load
from kras_core.report import format as fmt
from kras_core.report.models.as_json import model_json
from kras_core.report.models.figures import (
    path_alt_text,
    path_figure,
    path_foot,
    residual_alt_text,
    residual_figure,
    residual_foot,
)
from kras_core.report.models.forest import model_forest_html
from kras_core.report.models.tables import model_table, optimism_table, penalty_table, proportional_table
from kras_core.report.models.words import model_answer, model_methods
from kras_core.stats.results import PenaltyPath
from tests.simulated import simulated_cohort, with_patients

LUNG = load("ncctg-lung")
VIEW = default_selection(LUNG)
IDS = ("sex", "age", "ecog", "wt_loss")


def lung() -> ModelAnalysis:
    return analyse_model(LUNG, VIEW, IDS)


def separated() -> ModelAnalysis:
    cohort = simulated_cohort(80)
    event = cohort.numbers("pfs_event") * (cohort.patients["ward"] != "south").to_numpy()
    cohort = with_patients(cohort, pfs_event=event)
    return analyse_model(cohort, default_selection(cohort).but(by=()), ("age", "ward"))


def test_the_answer_reads_the_first_covariate_and_what_it_rests_on() -> None:
    found, analysis = model_answer(lung()), lung()
    ratio = analysis.covariates[0].terms[0].ratio
    assert ratio is not None and fmt.hazard_ratio(ratio).value in found.line1.text
    assert found.title == "Overall survival, 4 covariates together"
    assert (
        f"{analysis.events} events in {analysis.n} patients" in found.line2.text and "concordance" in found.line2.text
    )
    assert any("Complete cases only" in note for note in found.notes)


def test_below_fifty_events_no_concordance_is_in_large_type() -> None:
    cohort = simulated_cohort(60)
    analysis = analyse_model(cohort, default_selection(cohort).but(by=()), ("age", "sex"))
    assert analysis.events < 50 and analysis.concordance is not None
    assert "concordance" not in model_answer(analysis).text
    (*_, (_, path)) = penalise(cohort, analysis.selection, ("age", "sex"), "ridge")
    assert path_foot(analysis, path).count("a detail, not a headline") == 1


def test_forest_and_table_hold_every_term() -> None:
    analysis = lung()
    text = model_forest_html(analysis)
    rows = model_table(analysis).text_rows()
    for covariate in analysis.covariates:
        for term in covariate.terms:
            assert term.ratio is not None
            assert fmt.ratio(term.ratio.estimate) in text
            assert any(fmt.ratio(term.ratio.estimate) in row["Ordinary: Hazard ratio"] for row in rows)
    assert {row["Missing"] for row in rows} >= {"0", "14"}


def test_an_infinite_estimate_is_a_word_everywhere() -> None:
    analysis = separated()
    for text in (model_forest_html(analysis), model_table(analysis).html()):
        assert "infinite" in text and "e+0" not in text and "kras-hollow" in model_forest_html(analysis)
    assert "No ordinary estimate" in model_answer(analysis).text
    found = model_json(analysis)
    term = found["covariates"][1]["terms"][0]
    assert term["infinite"] == "downwards" and term["hazard_ratio"]["estimate"] is None
    assert 0 < term["firth"]["estimate"] < 1 and found["separated_by"] == ["ward"]


def test_a_reconstruction_shows_ranges_only() -> None:
    cohort = load(DEFAULT)
    selection = default_selection(cohort)
    analysis = analyse_model(cohort, selection, default_covariates(cohort, selection))
    text = model_forest_html(analysis)
    assert text.count("kras-bar") == 5 and "kras-box" not in text and "not patient data" in text
    table = model_table(analysis)
    assert "Firth: p" not in table.text_rows()[0] and any("was drawn at random" in note for note in table.notes)
    found = model_json(analysis)
    assert found["redraws"] and found["covariates"][0]["terms"][0]["hazard_ratio"] is None
    assert len(found["covariates"][0]["terms"][0]["hazard_ratio_range"]) == 2
    assert "range over redraws" in model_answer(analysis).text
    assert "drawn at random" in proportional_table(analysis).notes[0]


def test_proportional_hazards_say_what_not_rejected_means() -> None:
    analysis = lung()
    table = proportional_table(analysis)
    assert len(table.rows) == 5 and f"{analysis.events} events show only strong changes" in table.notes[0]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_are_valid_and_say_themselves_in_words(theme) -> None:
    analysis, found = lung(), diagnose(LUNG, VIEW, IDS)
    assert len(found) == analysis.columns
    for one in found:
        figure = residual_figure(analysis, one, theme=theme)
        go.Figure(figure)
        assert len(figure["data"][-1]["x"]) == analysis.events and "template" not in figure["layout"]
        assert "not rejected, says little" in residual_foot(analysis, one) and one.label in residual_alt_text(
            analysis, one
        )
    (*_, (_, path)) = penalise(LUNG, VIEW, IDS, "elastic net")
    figure = path_figure(analysis, path, theme=theme)
    go.Figure(figure)
    assert len(figure["data"]) == analysis.columns
    heights = sorted((a["y"] for a in figure["layout"]["annotations"][-analysis.columns :]), reverse=True)
    assert all(a > b for a, b in pairwise(heights))
    assert "seed 20240304" in path_foot(analysis, path) and "Sex: Male" in path_alt_text(analysis, path)


def test_tables_of_what_is_drawn_on_demand() -> None:
    analysis = lung()
    (*_, (_, path)) = penalise(LUNG, VIEW, IDS, "elastic net")
    rows = penalty_table(analysis, path).text_rows()
    assert rows[0]["Least deviance"] == fmt.ratio(float(np.exp(path.beta[path.best, 0])))
    none = np.empty(0)
    nothing = PenaltyPath("ridge", none, np.empty((0, 4)), none, none, 0, 0, 10, 1, "ridge", "9 events: too few")
    assert penalty_table(analysis, nothing).notes == ("No path: 9 events: too few.",)
    (*_, (_, found)) = correct_optimism(LUNG, VIEW, IDS, 5)
    assert fmt.decimal(found.corrected, 3) in optimism_table(analysis, found).html()
    whole = model_json(analysis, (path,), found)
    assert json.loads(json.dumps(whole))["optimism"]["samples"] == 5
    assert whole["penalised"][0]["least_deviance"]["hazard_ratio_per_sd"].keys() >= {"age", "sex: Male"}


def test_methods_name_engine_ties_and_sources() -> None:
    text = " ".join(model_methods(lung()))
    for word in ("lifelines", "Efron", "firthmodels", "cox.zph", "scikit-survival", "Harrell", "complete cases"):
        assert word.lower() in text.lower()
