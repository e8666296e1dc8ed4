"""The patient on the table: rules as stated, loosened in the stated order, on real rows only."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kras_core.address import default_selection
from kras_core.analyse.matching import Entered, match, offered, refusal
from kras_core.cohort.bundled import BUNDLED, load
from kras_core.report.matching_words import (
    NOT_A_PREDICTION,
    curve_alt_text,
    happened_table,
    matching_answer,
    steps_table,
)
from kras_core.selection import Filter, SelectionError
from tests.simulated import simulated_cohort

NCCTG = load("ncctg-lung")
VIEW = default_selection(NCCTG)
ROWS = NCCTG.patients
ENTERED = [Entered("ecog", "2"), Entered("age", 71.0, 2.0), Entered("sex", "F"), Entered("wt_loss", 10.0, 5.0)]


def test_the_first_step_is_all_rules_as_entered():
    steps = match(NCCTG, VIEW, ENTERED, wanted=1).steps
    kept = (ROWS["ecog"] == "2") & ROWS["age"].between(69, 73) & (ROWS["sex"] == "F") & ROWS["wt_loss"].between(5, 15)
    assert steps[0].n == int(kept.sum())
    assert [rule.words for rule in steps[0].rules] == ["exactly 2", "69 to 73 years", "exactly F", "5 to 15"]


def test_rules_are_loosened_from_the_last_and_each_in_its_turn():
    found = match(NCCTG, VIEW, ENTERED, wanted=228)
    loosened = [step.loosened for step in found.steps[1:]]
    labels = [rule.label for rule in found.steps[0].rules]
    # Sex has no coarser group: two steps. Age and weight loss: twice the distance, any. ECOG: by group, any.
    assert loosened[:4] == labels[::-1]
    assert loosened[4:] == [labels[3], labels[1], labels[0]]
    assert [rule.words for rule in found.steps[4].rules] == ["ECOG ≥2 (group)", "67 to 75 years", "any", "0 to 20"]
    assert all(rule.any for rule in found.steps[-1].rules) and found.n == 228
    counts = [step.n for step in found.steps]
    assert counts == sorted(counts)


def test_it_stops_as_soon_as_enough_match():
    found = match(NCCTG, VIEW, ENTERED, wanted=5)
    assert found.n >= 5 and all(step.n < 5 for step in found.steps[:-1])
    assert found.enough and found.survival is not None and found.survival.overall.n == found.n == found.courses.n


def test_a_missing_value_matches_any_alone():
    unknown = int(ROWS["wt_loss"].isna().sum())
    assert unknown > 0
    assert match(NCCTG, VIEW, [Entered("wt_loss", 0.0, 1000.0)], wanted=1).n == 228 - unknown
    assert match(NCCTG, VIEW, [Entered("wt_loss", 0.0, 1000.0)], wanted=228).n == 228


def test_the_views_filters_apply_and_its_strata_do_not():
    men = VIEW.but(where=(Filter("sex", "=", ("M",)),))
    found = match(NCCTG, men, [Entered("age", 60.0, 100.0)], wanted=1)
    assert found.searched == found.n == int((ROWS["sex"] == "M").sum())
    assert found.survival is not None and found.survival.strata == ()


def test_nobody_matches_is_a_result():
    found = match(NCCTG, VIEW.but(where=(Filter("age", "<=", ("44",)),)), [Entered("age", 80.0, 1.0)], wanted=1)
    assert found.n > 0  # everybody of that age group in the end: "any"
    assert found.steps[0].n == 0


@pytest.mark.parametrize("cohort_id", [id for id, b in BUNDLED.items() if b.provenance != "real"])
def test_no_reconstructed_row_stands_for_a_patient(cohort_id: str):
    cohort = load(cohort_id)
    assert "NCCTG" in refusal(cohort) and offered(cohort) == {}
    with pytest.raises(SelectionError, match=r"No row of .* is a patient"):
        match(cohort, default_selection(cohort), [Entered("sex", "M")])


def test_nor_a_simulated_one():
    cohort = simulated_cohort(60)
    assert "simulated" in refusal(cohort)
    with pytest.raises(SelectionError):
        match(cohort, default_selection(cohort), [Entered("sex", "M")])


def test_only_what_is_known_before_the_start_is_offered():
    cohort = replace(simulated_cohort(60), provenance="real")
    columns = offered(cohort)
    assert "best_response" not in columns and not any("pfs" in c or "os_" in c for c in columns)
    assert {"sex", "age", "nlr"} <= set(columns)
    assert columns["age"].within == 5.0


@pytest.mark.parametrize(
    "entered",
    [
        [],
        [Entered("shoe", 1.0)],
        [Entered("sex", "X")],
        [Entered("age", "secret")],
        [Entered("age", np.nan)],
        [Entered("age", 60, -1)],
    ],
)
def test_what_cannot_be_matched_is_refused_without_the_value(entered):
    with pytest.raises(SelectionError) as refused:
        match(NCCTG, VIEW, entered)
    assert "secret" not in str(refused.value) and "'X'" not in str(refused.value)


def test_words_count_and_foretell_nothing():
    found = match(NCCTG, VIEW, ENTERED, wanted=5)
    assert found.survival is not None
    said = matching_answer(found)
    assert said.notes[0] == NOT_A_PREDICTION and "not a prediction" in curve_alt_text(found)
    whole = said.text + curve_alt_text(found) + steps_table(found).html() + happened_table(found).html()
    median = found.survival.overall.median.estimate
    assert f"{median:.1f}" not in whole and "median" not in whole.lower()
    assert f"{found.n} of 228 patients" in said.text
    assert len(steps_table(found).rows) == len(found.steps)


def test_adverse_events_and_responses_of_those_who_match_are_counted():
    simulated = simulated_cohort(60)
    men = simulated.patients.loc[simulated.patients["sex"] == "M", "patient_id"].tolist()
    women = simulated.patients.loc[simulated.patients["sex"] == "F", "patient_id"].tolist()
    events = pd.DataFrame(
        {
            "patient_id": [men[0], men[0], men[1], women[0]],
            "term": ["Rash", "Rash", "Rash", "Fatigue"],
            "grade": [3.0, 4.0, 2.0, 5.0],
            "related": [1.0] * 4,
        }
    )
    cohort = replace(simulated, provenance="real", adverse_events=events)
    found = match(cohort, default_selection(cohort).but(by=()), [Entered("sex", "M")], wanted=1)
    rows = {r.head: r.cells[0] for r in happened_table(found).rows}
    assert [rows[head].value for head in ("Any adverse event of grade ≥ 3", "Rash, grade ≥ 3")] == ["1", "1"]  # type: ignore[union-attr]
    assert "Fatigue, grade ≥ 3" not in rows
    assert found.response is not None and found.response.overall.n == len(men)
