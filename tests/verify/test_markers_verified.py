"""The second opinion on markers and subgroups: both libraries asked, small differences, reasons where they can't."""

from dataclasses import replace

import numpy as np
import pytest

from kras_core.address import default_selection
from kras_core.cohort.bundled import DEFAULT, load
from kras_core.conventions import PRESETS
from kras_core.selection import By
from kras_core.verify import markers as verify_markers
from kras_core.verify.markers import verify_biomarker, verify_forest
from kras_core.verify.survival import Check
from tests.simulated import reconstructed, simulated_cohort, with_patients


def largest(checks: tuple[Check, ...]) -> float:
    return max(c.difference for c in checks if c.difference is not None)


@pytest.mark.parametrize("preset", ["r", "sas", "lifelines"])
def test_markers_and_subgroups_agree_with_both_libraries(preset):
    cohort = load("ncctg-lung")
    selection = default_selection(cohort).but(conventions=PRESETS[preset])
    checks = verify_biomarker(cohort, selection, By("age"))
    assert largest(checks) < 1e-6
    names = {(c.quantity, c.stratum) for c in checks}
    assert {("Hazard ratio", "at 70 †"), ("Hazard ratio per unit", ""), ("Concordance", "")} <= names
    forest = verify_forest(cohort, selection.but(by=(By("sex"),)))
    assert largest(forest) < 1e-6
    assert sum(c.quantity == "Interaction χ²" for c in forest) == 6
    assert sum(c.quantity == "Hazard ratio" and c.scikit_survival is not None for c in forest) == 13


def test_a_wrong_number_would_show(monkeypatch):
    forest = verify_markers.analyse_forest(
        load("ncctg-lung"), default_selection(load("ncctg-lung")).but(by=(By("sex"),))
    )
    wrong = forest.overall.ratio
    assert wrong is not None
    spoiled = replace(forest, overall=replace(forest.overall, ratio=replace(wrong, estimate=wrong.estimate * 1.01)))
    monkeypatch.setattr(verify_markers, "analyse_forest", lambda *_: spoiled)
    cohort = load("ncctg-lung")
    checks = verify_forest(cohort, default_selection(cohort).but(by=(By("sex"),)))
    assert largest(checks) > 0.005


def test_what_was_drawn_is_not_asked():
    cohort = load(DEFAULT)
    selection = default_selection(cohort)
    quantities = {c.quantity for c in verify_biomarker(cohort, selection, By("nlr"))}
    assert "Log-rank χ²" in quantities and not {"Hazard ratio per unit", "Concordance"} & quantities
    assert [c.stratum for c in verify_forest(cohort, selection)] == ["All patients"]
    sim = reconstructed(40)
    assert verify_biomarker(sim, default_selection(sim).but(endpoint="os"), By("nlr")) == ()


def test_firth_and_delayed_entry_are_said_not_to_be_offered():
    cohort = simulated_cohort(80)
    event = np.where(cohort.patients.sex == "F", 0.0, cohort.patients.pfs_event)
    none_in_women = with_patients(cohort, pfs_event=event)
    selection = default_selection(none_in_women).but(by=(By("sex"),))
    (whole, *_) = verify_forest(none_in_women, selection, ("prior_antiangiogenic",))
    assert "Firth" in whole.note and whole.difference is None
    checks = verify_biomarker(cohort, default_selection(cohort).but(analysis="delayed-entry"), By("nlr"))
    per_unit = next(c for c in checks if c.quantity == "Hazard ratio per unit")
    assert per_unit.lifelines is not None and "delayed entry" in per_unit.note and largest(checks) < 1e-5
