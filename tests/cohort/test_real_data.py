"""Real files, where the machine has them (KRASCOPE_REAL_DATA names the folder): none is part of the repository."""

import csv
import os
from pathlib import Path

import pytest

from kras_core.address import default_selection
from kras_core.analyse.biomarkers import analyse_biomarker
from kras_core.analyse.subgroups import analyse_forest
from kras_core.cohort.stratifiers import split, stratifiers
from kras_core.selection import By
from tests.cohort.files import cohort, refusal

FOLDER = os.environ.get("KRASCOPE_REAL_DATA")
pytestmark = pytest.mark.skipif(not FOLDER, reason="KRASCOPE_REAL_DATA names no folder with the real files")


def test_a_pickle_that_calls_itself_spss_is_refused_under_every_name():
    content = (Path(FOLDER or "") / "stat_formats" / "lung.sav").read_bytes()
    for name in ("lung.sav", "lung.csv", "lung.xlsx", "lung.xls", "lung"):
        assert "pickle" in refusal((name, content)).sentence


def test_a_study_of_checkpoint_inhibitors_becomes_a_cohort():
    folder = Path(FOLDER or "") / "hellmann_2018"
    with (folder / "data_clinical_patient.txt").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    named = [
        {
            "patient_id": r["PATIENT_ID"],
            "age": r["AGE_YRS"],
            "sex": r["SEX"],
            "smoking": r["SMOKING_STATUS"],
            "ecog": r["ECOG_PERFORMANCE_STATUS"],
            "best_response": r["BEST_OVERALL_RESPONSE"],
            "pfs_months": r["PFS_MONTHS"],
            "pfs_event": r["PFS_STATUS"].partition(":")[0],
            "tmb": r["NONSYNONYMOUS_MUTATION_BURDEN"],
        }
        for r in rows
    ]
    made = cohort(named, provenance="real")
    assert (made.n, made.endpoints) == (75, ("pfs",))
    _meets_its_publication(made)
    codes = split(made, stratifiers(made)["tmb"]).codes
    # The median split of the publication; whoever has the median itself is not above it.
    assert [(codes == 0).sum(), (codes == 1).sum()] == [38, 37]


def _meets_its_publication(made):
    """Hellmann et al. 2018: PFS by TMB 17.1 v 3.7 months, log-rank p 0.0024; Cox 0.42."""
    view = analyse_biomarker(made, default_selection(made), By("tmb"))
    low, high = view.split.strata
    assert (high.median.estimate, low.median.estimate) == pytest.approx((17.1, 3.7), abs=0.06)
    assert view.split.logrank is not None and round(view.split.logrank.p, 4) == 0.0024
    assert round(view.split.hazard_ratios[0].estimate, 2) == 0.42
    assert view.split.cutoffs[0][2] == "median of these data, blind to outcome"
    forest = analyse_forest(made, default_selection(made).but(by=(By("tmb"),)))
    assert [f.id for f in forest.factors] == ["sex", "age", "smoking"]


def test_resected_adenocarcinomas_have_markers_with_many_cutoffs():
    folder = Path(FOLDER or "") / "luad_mskcc_2020"
    with (folder / "data_clinical_patient.txt").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    named = [
        {
            "patient_id": r["PATIENT_ID"],
            "age": r["AGE_AT_SURGERY"],
            "sex": r["SEX"],
            "suv": r["SUV"] if r["SUV"].replace(".", "").isdigit() else "",
            "rfs_months": r["RFS_MONTHS"],
            "rfs_event": r["RFS_STATUS"].partition(":")[0],
        }
        for r in rows
    ]
    made = cohort(named, provenance="real")
    view = analyse_biomarker(made, default_selection(made), By("suv"))
    assert (made.n, view.distribution.n, view.distribution.missing) == (604, 537, 67)
    assert view.scan is not None and view.chosen is not None and view.scan.cutoffs.size > 100
    assert (
        view.chosen.selected.p >= view.chosen.test.p and view.model is not None and view.model.events == 94
    )  # of the 98
