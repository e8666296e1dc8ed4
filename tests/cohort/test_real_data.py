"""Real files, where the machine has them (KRASCOPE_REAL_DATA names the folder): none is part of the repository."""

import csv
import os
from pathlib import Path

import pytest

from kras_core.cohort.stratifiers import split, stratifiers
from tests.cohort.files import cohort, refusal

FOLDER = os.environ.get("KRASCOPE_REAL_DATA")
pytestmark = pytest.mark.skipif(not FOLDER, reason="KRASCOPE_REAL_DATA names no folder with the real files")


def test_a_pickle_that_calls_itself_spss_is_refused_under_every_name():
    content = (Path(FOLDER or "") / "stat_formats" / "lung.sav").read_bytes()
    assert refusal(("lung.sav", content)).code == "unknown-kind"
    for name in ("lung.csv", "lung.xlsx", "lung.xls"):
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
    codes = split(made, stratifiers(made)["tmb"]).codes
    # The median split of the publication; whoever has the median itself is not above it.
    assert [(codes == 0).sum(), (codes == 1).sum()] == [38, 37]
