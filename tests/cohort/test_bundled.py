"""The cohorts that come along: registry, folders, and the packages' rows against their published counts."""

import subprocess
import sys

import pytest

from kras_core.cohort import bundled
from kras_core.cohort.bundled import BUNDLED, DEFAULT, BundledCohort, check_file, cohort_fields, load, load_file
from kras_core.cohort.model import Cutoff, PartlyDrawn
from kras_core.cohort.problems import CohortError
from kras_core.cohort.stratifiers import stratifiers
from kras_core.cohort.validate import check
from kras_core.conventions import PRESETS
from tests.cohort.files import PATIENTS, csv_of, patients


@pytest.mark.parametrize("id", BUNDLED)
def test_every_bundled_cohort_loads_and_says_what_it_is(id):
    cohort = load(id)
    row = BUNDLED[id]
    assert (cohort.id, cohort.title, cohort.provenance) == (id, row.title, row.provenance)
    assert row.settings["id"] == id
    assert cohort.origin == "bundled"
    assert cohort.default_endpoint in cohort.endpoints
    assert cohort.default_by in stratifiers(cohort)
    assert cohort.conventions in PRESETS
    assert cohort.citation
    assert cohort.licence
    assert cohort.card.startswith("# ")
    assert not [p for p in check(row.tables()) if p.severity == "error"]
    assert load(id) is cohort


@pytest.mark.parametrize("id", BUNDLED)
def test_settings_name_columns_and_stratifiers_that_are_there(id):
    cohort = load(id)
    columns = {*cohort.patients.columns, "adverse_events"}
    assert cohort.drawn <= columns
    for partly in cohort.partly_drawn:
        assert partly.column in columns
        assert partly.keeps in stratifiers(cohort)
        assert set(partly.endpoints) <= set(cohort.endpoints)
    assert set(cohort.cutoffs) <= set(stratifiers(cohort))
    assert set(cohort.labels) <= columns


def test_one_cohort_is_the_default():
    assert [c.id for c in BUNDLED.values() if c.default] == [DEFAULT]


def test_ncctg_lung_is_the_published_one():
    cohort = load("ncctg-lung")
    assert (cohort.n, cohort.endpoints, cohort.adverse_events) == (228, ("os",), None)
    assert cohort.patients["os_event"].sum() == 165
    assert cohort.patients["sex"].value_counts().to_dict() == {"M": 138, "F": 90}
    assert cohort.patients["ecog"].value_counts().to_dict() == {"1": 113, "0": 63, "2": 50, "3": 1}
    assert cohort.time_in_days == {"os"}
    assert cohort.patients["os_months"][0] == 306 / 30.4375
    assert cohort.patients["ph_karno"].isna().sum() == 1


def test_veterans_lung_is_the_published_one():
    cohort = load("veterans-lung")
    assert (cohort.n, cohort.endpoints, cohort.adverse_events) == (137, ("os",), None)
    assert cohort.patients["os_event"].sum() == 128
    assert cohort.patients["treatment"].value_counts().to_dict() == {"standard": 69, "test": 68}
    cells = {"small cell": 48, "squamous cell": 35, "adenocarcinoma": 27, "large cell": 27}
    assert cohort.patients["cell_type"].value_counts().to_dict() == cells
    assert cohort.patients["os_days"].max() == 999


def test_an_unknown_id_names_those_there_are():
    with pytest.raises(LookupError, match=r"'nowhere'; there are sintilimab-anlotinib, .*veterans-lung"):
        load("nowhere")


def test_slow_packages_are_imported_only_when_asked_for():
    code = (
        "import sys, kras_core.cohort\n"
        "print([m for m in ('lifelines', 'sksurv', 'streamlit', 'plotly') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


TOML = """
id = "sim"
title = "Simulated ward"
provenance = "simulated"
days_per_month = 30.0
time_in_days = ["ttp"]
conventions = "spss"
default_endpoint = "os"
default_by = "sex"
conditional_on = "completing two cycles"
citation = "none"
licence = "none"
[drawn]
columns = ["age"]
[[partly_drawn]]
column = "nlr"
keeps = "nlr"
endpoints = ["os"]
[cutoffs.nlr]
value = 3
origin = "published"
[labels]
ldh = "LDH"
"""


def test_a_folder_is_a_cohort(tmp_path, monkeypatch):
    monkeypatch.setattr(bundled, "DATA", tmp_path)
    folder = tmp_path / "sim"
    folder.mkdir()
    (folder / "cohort.toml").write_text(TOML)
    (folder / "README.md").write_text("# Simulated ward\n")
    rows = patients(nlr=["2", "3", "4"], ldh=["1", "2", "3"], pfs_days=["60", "90", "91"], pfs_event=["1", "1", "0"])
    (folder / "patients.csv").write_bytes(csv_of(rows))
    cohort = BundledCohort("sim", "sim").load()
    assert cohort.adverse_events is None
    assert cohort.time_in_days == {"ttp", "pfs"}
    assert cohort.patients["pfs_months"].tolist() == [2.0, 3.0, 91 / 30]
    assert cohort.partly_drawn == (PartlyDrawn("nlr", "nlr", ("os",)),)
    assert cohort.cutoffs == {"nlr": Cutoff(3.0, "published")}
    assert (cohort.drawn, cohort.labels["ldh"], cohort.conventions) == ({"age"}, "LDH", "spss")
    assert (cohort.conditional_on, cohort.card) == ("completing two cycles", "# Simulated ward\n")
    (folder / "adverse_events.csv").write_text("patient_id,term,grade\nSIM-01,Rash,2\n")
    again = BundledCohort("sim", "sim").load()
    assert again.adverse_events is not None
    assert len(again.adverse_events) == 1
    assert again.digest != cohort.digest


def test_a_misspelt_setting_is_refused():
    with pytest.raises(ValueError, match="unknown conditonal_on"):
        cohort_fields({"id": "x", "title": "x", "provenance": "real", "conditonal_on": "x"})


def test_a_file_is_a_cohort_named_after_itself(tmp_path):
    path = tmp_path / "our ward.csv"
    path.write_bytes(csv_of(PATIENTS))
    events = tmp_path / "ae.csv"
    events.write_text("patient_id,term,grade\nSIM-01,Rash,2\n")
    cohort = load_file(path, events)
    assert (cohort.id, cohort.title, cohort.origin, cohort.provenance) == ("our ward", "our ward", "uploaded", "real")
    assert (cohort.conventions, cohort.default_endpoint) == ("r", "os")
    assert cohort.adverse_events is not None
    assert load_file(path, title="Ward B").title == "Ward B"


def test_checking_a_file_reports_instead_of_raising(tmp_path):
    good, bad, none = tmp_path / "good.csv", tmp_path / "bad.csv", tmp_path / "none.csv"
    good.write_bytes(csv_of(PATIENTS))
    bad.write_bytes(csv_of(patients(os_event=["1", "2", "0"])))
    none.write_bytes(b"")
    assert check_file(good) == ()
    assert [p.code for p in check_file(bad)] == ["flag"]
    assert [p.code for p in check_file(none)] == ["empty-file"]
    with pytest.raises(CohortError):
        load_file(bad)
    with pytest.raises(FileNotFoundError):
        check_file(tmp_path / "nowhere.csv")
