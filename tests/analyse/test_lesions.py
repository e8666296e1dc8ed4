"""Target lesions over time against numbers worked out by hand (RECIST 1.1)."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kras_core.analyse.response import analyse_response
from kras_core.report.response.as_json import response_json
from kras_core.report.response.tables import lesion_rows
from kras_core.selection import Filter, Selection
from tests.simulated import simulated_cohort

# Patient, months, sum; percent against the baseline; progression by the sum.
SCANS = [
    ("SIM-0001", -2.0, 120.0, None, None),  # an older scan than the baseline
    ("SIM-0001", -0.5, 100.0, 0, False),
    ("SIM-0001", 1.5, 60.0, -40, False),
    ("SIM-0001", 3.0, 71.9, -28.1, False),  # 19.8 % above the smallest
    ("SIM-0001", 4.5, 72.0, -28, True),  # 20 % and 12 mm above the smallest, still below the baseline
    ("SIM-0002", 0.0, 20.0, 0, False),
    ("SIM-0002", 1.5, 24.5, 22.5, False),  # 22.5 %, but 4.5 mm
    ("SIM-0002", 3.0, 25.0, 25, True),
    ("SIM-0003", 0.0, 50.0, 0, False),  # no scan after it
    ("SIM-0004", 0.0, 30.0, 0, False),
    ("SIM-0004", 1.5, 0.0, -100, False),
    ("SIM-0004", 3.0, 5.0, -100 + 100 / 6, True),  # from nothing to 5 mm
]


def with_scans(**columns):
    cohort = simulated_cohort(12)
    scans = pd.DataFrame([row[:3] for row in SCANS], columns=["patient_id", "months", "sum_mm"])
    return replace(cohort, target_lesions=scans, patients=cohort.patients.assign(**columns))


def analysed(cohort, *where: Filter):
    return analyse_response(cohort, Selection(cohort.digest, "pfs", where=where))


def test_changes_and_progression_are_those_worked_out_by_hand():
    lesions = analysed(with_scans()).lesions
    assert lesions is not None
    expected = [row for row in SCANS if row[3] is not None]
    assert lesions.patient.tolist() == [int(row[0][-1]) - 1 for row in expected]
    assert lesions.sum_mm.tolist() == [row[2] for row in expected]
    assert lesions.change.tolist() == pytest.approx([row[3] for row in expected])
    assert lesions.progressed.tolist() == [row[4] for row in expected]
    assert lesions.followed == 3 and lesions.baseline.sum() == 4


def test_best_changes_come_from_the_scans_where_no_column_gives_them():
    analysis = analysed(with_scans())
    assert analysis.change_from_sums and not analysis.change_reason
    assert analysis.courses.change[:4].tolist() == pytest.approx([-40, 22.5, np.nan, -100], nan_ok=True)
    own = analysed(with_scans(best_change_percent=-12.0))
    assert not own.change_from_sums and set(own.courses.change.tolist()) == {-12.0}


def test_filters_choose_scans_too_and_reasons_are_said():
    cohort = with_scans()
    first = np.flatnonzero(cohort.patients["patient_id"].isin(["SIM-0001", "SIM-0002", "SIM-0003", "SIM-0004"]))
    ward = pd.Categorical(np.where(np.isin(np.arange(12), first[:2]), "north", "south"))
    cohort = replace(cohort, patients=cohort.patients.assign(ward=ward))
    lesions = analysed(cohort, Filter.parse("ward=north")).lesions
    assert lesions is not None and np.unique(lesions.patient).tolist() == [0, 1]
    nobody = replace(cohort, patients=cohort.patients.assign(ward=pd.Categorical(["north"] * 4 + ["south"] * 8)))
    assert "patients selected" in analysed(nobody, Filter.parse("ward=south")).lesions_reason
    without = analysed(simulated_cohort(12))
    assert without.lesions is None and "no table target_lesions" in without.lesions_reason and without.change_reason


def test_the_json_and_the_file_hold_the_same():
    analysis = analysed(with_scans())
    found = {entry["patient"]: entry for entry in response_json(analysis)["target_lesions"]}
    assert list(found) == ["SIM-0001", "SIM-0002", "SIM-0003", "SIM-0004"]
    assert found["SIM-0001"]["best_change_percent"] == pytest.approx(-40)
    assert found["SIM-0001"]["progression_months"] == 4.5
    assert found["SIM-0003"]["best_change_percent"] is None and found["SIM-0003"]["progression_months"] is None
    rows = lesion_rows(analysis)
    assert [row["sum_mm"] for row in rows[:4]] == ["100", "60", "71.9", "72"]
    assert [row["progression_by_sum"] for row in rows[:4]] == ["no", "no", "no", "yes"]
    assert response_json(analysed(simulated_cohort(12)))["target_lesions"] is None
