"""Columns become strata: the registry's rows, and everything else by itself."""

import numpy as np
import pytest

from kras_core.cohort.model import Cutoff
from kras_core.cohort.stratifiers import MAX_LEVELS, STRATIFIERS, Stratifier, cutoff_of, split, stratifiers
from kras_core.cohort.variables import VARIABLES
from tests.cohort.files import cohort, patients


def strata(made, id, cutoff=None):
    found = split(made, stratifiers(made)[id], cutoff)
    return [found.labels[c] if c >= 0 else None for c in found.codes], found


@pytest.mark.parametrize("stratifier", STRATIFIERS.values(), ids=lambda s: s.id)
def test_every_row_of_the_registry_stands_on_a_dictionary_column(stratifier):
    variable = VARIABLES[stratifier.column]
    if stratifier.kind == "cut":
        assert variable.kind == "number"
        return
    members = {value for _, values in stratifier.levels for value in values}
    assert members <= set(variable.levels or ("0", "1"))
    assert sum(not values for _, values in stratifier.levels) <= 1
    assert stratifier.post_baseline == variable.post_baseline
    if stratifier.reference:
        assert stratifier.reference in [label for label, _ in stratifier.levels]


def test_a_flag_with_its_reference():
    labels, found = strata(cohort(patients(prior_antiangiogenic=["1", "0", ""])), "prior_antiangiogenic")
    assert labels == ["Prior", "No prior", None]
    assert found.labels[found.reference] == "Prior"


def test_one_column_serves_two_stratifiers():
    made = cohort(patients(kras_variant=["G12V", "G12C", "wild type"]))
    assert strata(made, "g12c")[0] == ["non-G12C", "G12C", "non-G12C"]
    labels, found = strata(made, "kras_variant")
    assert labels == ["G12V", "G12C", "wild type"]
    assert found.labels == ("G12C", "G12V", "wild type")


def test_levels_are_gathered():
    made = cohort(patients(ecog=["0-1", "2", ""], prior_lines=["1", ">=3", "4"]))
    assert strata(made, "ecog")[0] == ["ECOG 0–1", "ECOG ≥2", None]
    labels, found = strata(made, "prior_lines")
    assert labels == ["1 line", "≥3 lines", "≥3 lines"]
    assert found.labels == ("0 lines", "1 line", "2 lines", "≥3 lines")
    assert found.labels[found.reference] == "1 line"  # nobody has had none


def test_a_named_reference_without_patients_gives_way():
    _, found = strata(cohort(patients(prior_ici=["0", "0", ""])), "prior_ici")
    assert found.labels[found.reference] == "No prior ICI"


def test_high_is_above_the_cut_off():
    made = cohort(patients(age=["65", "65.1", ""]))
    labels, found = strata(made, "age")
    assert labels == ["Age ≤ 65 years", "Age > 65 years", None]
    assert (found.cutoff, found.cutoff_origin) == (65.0, "conventional")


def test_cut_offs_are_the_cohorts_then_conventional_then_the_median_and_by_hand_when_moved():
    made = cohort(
        patients(nlr=["2", "3", "10"], plr=["100", "200", "300"], age=["50", "60", "70"]),
        cutoffs={"nlr": Cutoff(2.99, "published: median split")},
    )
    offered = stratifiers(made)
    assert cutoff_of(made, offered["nlr"], None) == (2.99, "published: median split")
    assert cutoff_of(made, offered["nlr"], 2.99) == (2.99, "published: median split")
    assert cutoff_of(made, offered["nlr"], 3.0) == (3.0, "median of these data, blind to outcome")
    assert cutoff_of(made, offered["nlr"], 3.5) == (3.5, "chosen by hand")
    assert cutoff_of(made, offered["age"], None) == (65.0, "conventional")
    assert cutoff_of(made, offered["plr"], None) == (200.0, "median of these data, blind to outcome")


def test_a_median_that_is_the_largest_value_leaves_nobody_above_and_is_not_used():
    made = cohort(patients(ldh=["100", "200", "200"]))
    labels, found = strata(made, "ldh")
    assert labels == ["ldh ≤ 100", "ldh > 100", "ldh > 100"]
    assert "largest" in found.cutoff_origin
    constant = cohort(patients(ldh=["200", "200", "200"]))
    assert strata(constant, "ldh")[0] == ["ldh ≤ 200"] * 3


def test_a_cut_off_is_written_in_full():
    made = cohort(patients(plr=["176.33", "200", "3"], ldh=["1234567.5", "2", "1"]))
    assert strata(made, "plr", 176.33)[1].labels == ("PLR ≤ 176.33", "PLR > 176.33")
    assert strata(made, "ldh", 1234567.25)[1].labels[0] == "ldh ≤ 1234567.25"


def test_other_columns_split_by_themselves():
    made = cohort(
        patients(
            Ward=["south", "north", ""],
            ldh=["150", "250", "350"],
            **{"KRAS_del": ["0", "1", "1"]},
            stk11=["1", "0", ""],
            pdl1_tps=["0", "50", "90"],
            best_response=["PR", "SD", "PD"],
            next_therapy=["none", "docetaxel", "none"],
        )
    )
    offered = stratifiers(made)
    assert strata(made, "Ward")[0] == ["south", "north", None]
    assert strata(made, "ldh")[0] == ["ldh ≤ 250", "ldh ≤ 250", "ldh > 250"]
    assert strata(made, "KRAS_del")[0] == ["No", "Yes", "Yes"]
    assert offered["KRAS_del"].label == "KRAS del"
    assert strata(made, "stk11")[0] == ["Yes", "No", None]
    assert offered["pdl1_tps"].unit == "%"
    assert (offered["best_response"].post_baseline, offered["next_therapy"].post_baseline) == (True, True)
    assert not offered["stk11"].post_baseline


def test_times_events_names_and_dates_compare_nobody():
    made = cohort(
        patients(
            pfs_days=["1", "2", "3"],
            pfs_event=["1", "1", "1"],
            entry_months=["0", "0", "1"],
            start_date=["2021-01-01"] * 3,
            local_months=["1", "2", "3"],
            local_event=["1", "0", "1"],
            diagnosis_months=["1", "2", "3"],
        )
    )
    assert set(stratifiers(made)) == {"age", "sex", "diagnosis_months"}


def test_free_text_is_kept_but_splits_nobody():
    rows = [
        {"patient_id": f"SIM-{i}", "os_months": "5", "os_event": "1", "note": f"n{i}", "site": f"s{i % MAX_LEVELS}"}
        for i in range(MAX_LEVELS + 1)
    ]
    made = cohort(rows)
    assert "note" in made.patients
    assert set(stratifiers(made)) == {"site"}


def test_a_column_named_like_a_stratifier_gives_way_to_the_registry():
    made = cohort(patients(kras_variant=["G12C", "G12V", "G12C"], g12c=["x", "y", "z"]))
    assert stratifiers(made)["g12c"] is STRATIFIERS["g12c"]


def test_a_split_is_computed_once():
    made = cohort(patients(nlr=["2", "3", "10"]))
    nlr = stratifiers(made)["nlr"]
    own = split(made, nlr)
    for step in range(200):  # a slider leaves nothing behind, and pushes nothing out
        split(made, nlr, 2.0 + step / 100)
    assert split(made, nlr) is own
    assert stratifiers(made) is stratifiers(made)


def test_a_new_stratifier_touches_the_table_alone():
    row = Stratifier("drug_naive", "Lines", "prior_lines", "levels", (("none", ("0",)), ("some", ())), "some")
    made = cohort(patients(prior_lines=["0", "2", ""]))
    found = split(made, row)
    assert np.array_equal(found.codes, [0, 1, -1])
    assert found.labels[found.reference] == "some"
