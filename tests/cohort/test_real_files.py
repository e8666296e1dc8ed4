"""Real study files and exports, where the machine has them (KRASCOPE_REAL_DATA names the folder)."""

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from kras_core.address import default_selection
from kras_core.analyse.safety import analyse_safety
from kras_core.analyse.survival import analyse
from kras_core.cohort.bundled import load_file
from kras_core.cohort.files import open_paths
from kras_core.cohort.readers import RawTables
from kras_core.cohort.validate import build_cohort
from kras_core.selection import By
from tests.cohort.files import one

FOLDER = Path(os.environ.get("KRASCOPE_REAL_DATA") or "")
pytestmark = pytest.mark.skipif(
    not os.environ.get("KRASCOPE_REAL_DATA"), reason="KRASCOPE_REAL_DATA names no folder with the real files"
)


def opened(folder):
    return open_paths(sorted((FOLDER / folder).iterdir()))


def test_the_kras_variant_comes_from_the_mutations():
    """A patient with two KRAS mutations, one of them G12C, has G12C: it makes 96 of 95."""
    found = opened("luad_mskcc_2020")
    (table,) = found.tables
    kras = table.column("kras_variant")
    assert (found.form, table.n, kras is not None) == ("cbioportal", 604, True)
    counts = Counter(kras)
    assert (counts["wild type"], counts["G12C"]) == (374, 96)
    assert sum(n for level, n in counts.items() if level not in ("wild type", "G12C")) == 134
    assert Counter(table.column("PATHOLOGIC_STAGE")) == {"1": 447, "2": 95, "3": 62}
    assert Counter(table.column("RFS_STATUS"))["1:Recurrence"] == 98
    assert Counter(table.column("OS_STATUS"))["1:DECEASED"] == 45


def test_a_study_without_header_lines_is_joined():
    found = opened("hellmann_2018")
    (table,) = found.tables
    assert (found.form, table.n) == ("cbioportal", 75)
    assert {"PFS_STATUS", "TMB_NONSYNONYMOUS"} <= set(table.header)
    assert [p.severity for p in found.problems] == ["note"]


def test_the_pilot_of_cdisc_meets_its_figures():
    cohort = load_file(sorted((FOLDER / "cdisc_pilot_adam").iterdir()))
    assert (cohort.n, cohort.endpoints) == (254, ("ttde",))
    view = analyse(cohort, default_selection(cohort).but(by=(By("TRT01P"),)))
    by_arm = {s.label: s for s in view.strata}
    events = {label: (s.n, s.events) for label, s in by_arm.items()}
    assert events == {"Placebo": (86, 29), "Xanomeline Low Dose": (84, 62), "Xanomeline High Dose": (84, 61)}
    days = {label: s.median.estimate * cohort.days_per_month for label, s in by_arm.items() if s.label != "Placebo"}
    assert by_arm["Placebo"].median.reason == "not reached"
    assert days == pytest.approx({"Xanomeline Low Dose": 33, "Xanomeline High Dose": 36}, abs=0.01)


def test_the_pilots_adverse_events_reach_the_safety_page():
    cohort = load_file(sorted((FOLDER / "cdisc_pilot_adam").iterdir()))
    assert cohort.adverse_events is not None and len(cohort.adverse_events) == 1126
    view = analyse_safety(cohort, default_selection(cohort).but(by=(By("TRT01P"),)))
    assert (view.n, view.denominators, len(view.rows)) == (254, (86, 84, 84), 231)


def whas500(suffix):
    """One of the three copies, as the file says; its columns under KRAScope's names."""
    (table,) = open_paths([FOLDER / "stat_formats" / f"pmean_whas500.{suffix}"]).tables
    own = {"id": "patient_id", "lenfol": "os_days", "fstat": "os_event"}
    kept = [i for i, name in enumerate(table.header) if not name.endswith("date") and name != "time_yrs"]
    header = tuple(own.get(table.header[i], table.header[i]) for i in kept)
    return replace(table, file="whas500", header=header, columns=tuple(table.columns[i] for i in kept))


def test_three_copies_of_one_study_give_one_cohort():
    digests = set()
    for suffix in ("sav", "dta", "sas7bdat"):
        raw = RawTables(whas500(suffix), None, ("whas500",), ())
        cohort = build_cohort(raw, id="whas500", title="whas500", provenance="real")
        assert (cohort.n, int(cohort.patients["os_event"].sum())) == (500, 215)
        digests.add(cohort.digest)
    assert len(digests) == 1


def test_dates_of_spss_are_dates_and_those_cut_off_in_sas_stay_as_they_are():
    seen = {}
    for suffix in ("sav", "dta", "sas7bdat"):
        (table,) = open_paths([FOLDER / "stat_formats" / f"pmean_whas500.{suffix}"]).tables
        dates = table.column("admitdate")
        assert dates is not None
        seen[suffix] = dates[0]
    assert seen == {"sav": "1997-01-13", "dta": "01/13/1997", "sas7bdat": "01/13/19"}


def test_spss_brings_the_meaning_of_its_codes():
    (table,) = open_paths([FOLDER / "stat_formats" / "survival_spssmanual.sav"]).tables
    assert table.value_labels["status_numeric"] == {"1": "censored", "2": "death"}
    assert Counter(table.column("status_numeric")) == {"1": 187, "2": 125}


def test_a_pickle_is_refused_beside_good_files():
    found = opened("stat_formats")
    assert "pickle" in one(found.problems, "wrong-kind").sentence
    assert len(found.tables) == 4
