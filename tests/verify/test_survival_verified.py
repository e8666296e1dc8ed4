"""Verify: both libraries agree with the kernel wherever they offer the convention, and a wrong number shows."""

from dataclasses import replace
from math import inf

import numpy as np
import pandas as pd
import pytest

from kras_core.analyse.results import SurvivalAnalysis
from kras_core.analyse.survival import analyse
from kras_core.cohort.bundled import load
from kras_core.cohort.model import Cohort
from kras_core.conventions import PRESETS
from kras_core.selection import By, Filter, Selection
from kras_core.verify.survival import Check, verify
from tests.simulated import reconstructed, simulated_cohort

VIEWS = {
    "lung by sex": ("ncctg-lung", {"endpoint": "os", "by": (By("sex"),)}),
    "lung by ECOG, men": (
        "ncctg-lung",
        {"endpoint": "os", "by": (By("ecog"),), "where": (Filter("sex", "=", ("M",)),)},
    ),
    "lung, all": ("ncctg-lung", {"endpoint": "os"}),
    "veterans by cell type": ("veterans-lung", {"endpoint": "os", "by": (By("cell_type"),)}),
    "veterans by age": ("veterans-lung", {"endpoint": "os", "by": (By("age", 60.0),), "landmark": 1.0}),
    "simulated by variant": ("simulated", {"endpoint": "pfs", "by": (By("kras_variant"),)}),
    "simulated, crossed": ("simulated", {"endpoint": "os", "by": (By("sex"), By("prior_antiangiogenic"))}),
    "simulated, from a landmark": ("simulated", {"endpoint": "os", "by": (By("best_response"),), "landmark": 2.0}),
    "simulated, delayed entry": ("simulated", {"endpoint": "pfs", "by": (By("sex"),), "analysis": "delayed-entry"}),
}


def view(name: str, preset: str) -> tuple[Cohort, Selection]:
    source, fields = VIEWS[name]
    cohort = simulated_cohort() if source == "simulated" else load(source)
    if "landmark" in fields:
        fields = fields | {"analysis": "landmark"}
    return cohort, Selection(cohort.digest, conventions=PRESETS[preset], **fields)


def by_quantity(checks: tuple[Check, ...]) -> dict[tuple[str, str], Check]:
    return {(check.quantity, check.stratum): check for check in checks}


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("name", VIEWS)
def test_offered_numbers_agree(name, preset):
    checks = verify(*view(name, preset))
    offered = [check for check in checks if check.difference is not None]
    assert {c.quantity for c in offered} >= {"Median", "Median follow-up"}
    for check in offered:
        # lifelines stops a little further from the maximum: its last Newton steps are shortened.
        bound = 1e-5 if "azard ratio" in check.quantity else 1e-6
        assert check.difference is not None
        assert check.difference < bound, check


@pytest.mark.parametrize("name", VIEWS)
def test_every_number_of_the_analysis_is_asked(name):
    cohort, selection = view(name, "lifelines")
    analysis, checks = analyse(cohort, selection), by_quantity(verify(cohort, selection))
    for stratum in (*analysis.strata, analysis.overall):
        asked = {quantity for quantity, label in checks if label == stratum.label}
        assert {"Median", "Median, lower limit", "Median, upper limit", "Median follow-up"} <= asked
        estimable = [rate for rate in stratum.rates if not np.isnan(rate.estimate)]
        assert {f"Survival at {rate.time:g} months" for rate in estimable} <= asked
        assert any("Restricted mean" in quantity for quantity in asked)
        assert checks["Median", stratum.label].ours == (
            inf if np.isnan(stratum.median.estimate) else stratum.median.estimate
        )
    for ratio in analysis.hazard_ratios:
        assert checks["Hazard ratio", f"{ratio.label} v {ratio.reference}"].ours == ratio.estimate
    assert (("Log-rank χ²", "") in checks) == bool(analysis.strata)


def test_what_a_library_lacks_is_named():
    checks = by_quantity(verify(*view("lung by sex", "spss")))
    ratio = checks["Hazard ratio", "Male v Female"]
    assert ratio.lifelines is None
    assert ratio.scikit_survival is not None
    assert ratio.note == "not offered by lifelines: Breslow's ties"
    limit = checks["Median, lower limit", "Male"]
    assert limit.difference is None
    assert limit.note == "not offered by lifelines or scikit-survival: SPSS's interval of a median"
    error = checks["Standard error of log hazard ratio", "Male v Female"]
    assert "not offered by scikit-survival: standard error" in error.note
    in_r = by_quantity(verify(*view("lung by sex", "r")))
    assert in_r["Hazard ratio", "Male v Female"].note == ""
    assert "log interval of S(t)" in in_r["Survival at 6 months, lower limit", "Male"].note
    in_prism = by_quantity(verify(*view("lung by sex", "prism")))
    assert "log-rank test's counts" in in_prism["Hazard ratio", "Male v Female"].note


def test_delayed_entry_is_offered_only_partly():
    checks = by_quantity(verify(*view("simulated, delayed entry", "lifelines")))
    assert checks["Log-rank p", ""].note.startswith("not offered by lifelines or scikit-survival")
    ratio = checks["Hazard ratio", "Male v Female"]
    assert ratio.lifelines is not None
    assert ratio.scikit_survival is None
    assert checks["Median", "Male"].scikit_survival is not None


def small(time: list[float], event: list[int], sex: str) -> tuple[Cohort, Selection]:
    frame = pd.DataFrame(
        {"patient_id": [str(i) for i in range(len(time))], "os_months": time, "os_event": np.array(event, dtype=float)}
    )
    frame["sex"] = pd.Categorical(list(sex), categories=["F", "M"])
    cohort = Cohort("small", "Small", frame, None, "simulated")
    return cohort, Selection(cohort.digest, "os", (By("sex"),))


def test_a_plateau_at_one_half_has_a_middle_in_r_and_a_first_time_elsewhere():
    cohort, selection = small([1, 2, 4, 9, 1, 2, 3, 5], [1, 1, 1, 1, 1, 1, 1, 0], "FFFFMMMM")
    plateau = by_quantity(verify(cohort, selection))["Median", "Female"]
    assert (plateau.ours, plateau.lifelines, plateau.scikit_survival) == (3.0, None, None)
    assert "plateau" in plateau.note
    first = by_quantity(verify(cohort, selection.but(conventions=PRESETS["lifelines"])))["Median", "Female"]
    assert (first.ours, first.lifelines, first.scikit_survival, first.difference) == (2.0, 2.0, 2.0, 0.0)


def test_not_reached_agrees_with_not_reached():
    cohort, selection = small([1, 2, 3, 4, 5, 1, 2, 3], [1, 0, 0, 0, 0, 1, 1, 1], "FFFFFMMM")
    check = by_quantity(verify(cohort, selection))["Median", "Female"]
    assert (check.ours, check.lifelines, check.scikit_survival, check.difference) == (inf, inf, inf, 0.0)


def test_firths_estimate_is_offered_by_neither():
    cohort, selection = small([1, 2, 3, 7, 8, 9], [1, 1, 1, 1, 0, 0], "MMMFFF")
    check = by_quantity(verify(cohort, selection))["Hazard ratio", "Male v Female"]
    assert check.difference is None
    assert check.note == "not offered by lifelines or scikit-survival: Firth's penalised estimate"


def test_a_stratum_that_is_gone_before_the_first_event_is_left_out_of_the_test():
    frame = simulated_cohort().patients
    early = frame["ward"] == "south"
    frame = frame.assign(
        pfs_months=frame["pfs_months"].where(~early, 0.01), pfs_event=frame["pfs_event"].where(~early, 0.0)
    )
    frame["third"] = pd.Categorical(np.where(early, "gone", frame["sex"].astype(str)))
    cohort = Cohort("gone", "Gone", frame, None, "simulated")
    checks = by_quantity(verify(cohort, Selection(cohort.digest, "pfs", (By("third"),))))
    difference = checks["Log-rank p", ""].difference
    assert difference is not None
    assert difference < 1e-9


def test_what_redraws_leave_open_is_not_asked():
    cohort = reconstructed()
    selection = Selection(cohort.digest, "pfs", (By("sex"),))
    assert {check.stratum for check in verify(cohort, selection)} == {"All patients"}
    filtered = selection.but(by=(), where=(Filter("sex", "=", ("M",)),))
    assert verify(cohort, filtered) == ()


def wrong(analysis: SurvivalAnalysis, what: str) -> SurvivalAnalysis:
    """The analysis with one number off by a thousandth."""
    off = 1.001
    first, test, ratio = analysis.strata[0], analysis.logrank, analysis.hazard_ratios[0]
    assert test is not None
    if what == "Log-rank χ²":
        return replace(analysis, logrank=replace(test, statistic=test.statistic * off))
    if what == "Log-rank p":
        return replace(analysis, logrank=replace(test, p=test.p * off))
    if what == "Hazard ratio":
        return replace(analysis, hazard_ratios=(replace(ratio, estimate=ratio.estimate * off),))
    if what == "Standard error of log hazard ratio":
        return replace(analysis, hazard_ratios=(replace(ratio, std_error=ratio.std_error * off),))
    part = {
        "Median": {"median": replace(first.median, estimate=first.median.estimate * off)},
        "Median, upper limit": {"median": replace(first.median, high=first.median.high * off)},
        "Survival at 6 months": {"rates": (replace(first.rates[0], estimate=first.rates[0].estimate * off),)},
        "Survival at 6 months, lower limit": {"rates": (replace(first.rates[0], low=first.rates[0].low * off),)},
        "Restricted mean": {"rmst": replace(first.rmst, estimate=first.rmst.estimate * off)},
        "Median follow-up": {"follow_up": replace(first.follow_up, estimate=first.follow_up.estimate * off)},
    }[what]
    return replace(analysis, strata=(replace(first, **part), *analysis.strata[1:]))


@pytest.mark.parametrize(
    "what",
    [
        "Log-rank χ²",
        "Log-rank p",
        "Hazard ratio",
        "Standard error of log hazard ratio",
        "Median",
        "Median, upper limit",
        "Survival at 6 months",
        "Survival at 6 months, lower limit",
        "Restricted mean",
        "Median follow-up",
    ],
)
def test_a_wrong_number_is_seen_and_no_other(what):
    cohort, selection = view("lung by sex", "lifelines")
    analysis = wrong(analyse(cohort, selection), what)
    found = [check for check in verify(cohort, selection, analysis) if (check.difference or 0.0) > 1e-5]
    assert len(found) == 1
    assert found[0].quantity.startswith(what)
    assert found[0].difference == pytest.approx(0.001 / 1.001, rel=1e-3)
