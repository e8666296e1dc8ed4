"""Indices, times from dates and months from days, each against numbers worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from kras_core.cohort.derive import response_times
from tests.cohort.files import cohort, one, patients, problems

COUNTS = {
    "neutrophils_10e9_per_l": ["4.8", "6", "3"],
    "lymphocytes_10e9_per_l": ["1.5", "0", "2"],
    "platelets_10e9_per_l": ["240", "300", "500"],
    "albumin_g_per_l": ["41", "35", ""],
}


def test_indices_from_counts_in_the_units_of_the_dictionary():
    made = cohort(patients(**COUNTS)).patients
    assert made["nlr"].tolist()[::2] == [pytest.approx(3.2, rel=1e-15), 1.5]
    assert made["plr"].tolist()[::2] == [160.0, 250.0]
    # 4.1 g/dL and 1,500 lymphocytes per mm³: 10 x 4.1 + 0.005 x 1,500.
    assert made["pni"][0] == pytest.approx(48.5, rel=1e-15)
    # No lymphocytes: no ratio. No albumin: no PNI.
    assert made[["nlr", "plr", "pni"]].isna().to_numpy().tolist() == [[False] * 3, [True] * 3, [False, False, True]]


def test_an_index_that_is_given_stays():
    made = cohort(patients(**COUNTS, nlr=["9.9", "", ""])).patients
    assert made["nlr"].tolist()[::2] == [9.9, 1.5]


@pytest.mark.parametrize("days_per_month", [30.4375, 365 / 12, 30.0])
def test_months_are_days_by_the_cohorts_divisor(days_per_month):
    made = cohort(patients(pfs_days=["42", "92", ""], pfs_event=["1", "0", ""]), days_per_month=days_per_month)
    assert made.patients["pfs_months"].tolist()[:2] == [42 / days_per_month, 92 / days_per_month]
    assert made.time_in_days == {"pfs"}
    assert made.endpoints == ("os", "pfs")


def test_fractions_of_a_day_are_not_whole_days():
    assert cohort(patients(pfs_days=["42.5", "92", "3"], pfs_event=["1", "0", "1"])).time_in_days == frozenset()


def test_days_count_where_months_are_given_too_and_months_fill_the_gaps():
    made = cohort(patients(os_days=["167", "373", ""]), days_per_month=30.4375)
    assert made.patients["os_months"].tolist() == [167 / 30.4375, 373 / 30.4375, 9.0]
    assert made.time_in_days == frozenset()


def test_delayed_entry_in_days():
    made = cohort(patients(entry_days=["30", "0", ""]), days_per_month=30.0)
    assert made.patients["entry_months"].tolist()[:2] == [1.0, 0.0]
    assert made.time_in_days == frozenset()


DATES = {
    "start_date": ["2021-01-01", "2021-01-01", "2021-01-01"],
    "progression_date": ["2021-03-02", "", ""],
    "death_date": ["2021-06-30", "2021-02-10", ""],
    "last_assessment_date": ["", "", "2021-05-01"],
    "last_contact_date": ["", "", "2021-08-01"],
}


def dated(**changes):
    rows = [{"patient_id": f"SIM-0{i + 1}", **{n: v[i] for n, v in (DATES | changes).items()}} for i in range(3)]
    return rows


def test_pfs_and_os_from_dates():
    made = cohort(dated())
    # 1 January to 2 March 2021 is 60 days, to 30 June 180, to 10 February 40, to 1 May 120, to 1 August 212.
    assert made.patients["pfs_days"].tolist() == [60, 40, 120]
    assert made.patients["pfs_event"].tolist() == [1, 1, 0]
    assert made.patients["os_days"].tolist() == [180, 40, 212]
    assert made.patients["os_event"].tolist() == [1, 1, 0]
    assert made.time_in_days == {"pfs", "os"}
    assert made.endpoints == ("pfs", "os")


def test_without_an_assessment_the_last_contact_censors_pfs_and_without_contact_the_cutoff_os():
    made = cohort(dated(last_assessment_date=["", "", ""]))
    assert made.patients["pfs_days"].tolist() == [60, 40, 212]
    made = cohort(dated(last_contact_date=["", "", ""], data_cutoff_date=["2022-01-01"] * 3))
    assert made.patients["os_days"].tolist() == [180, 40, 365]
    assert made.patients["pfs_days"].tolist() == [60, 40, 120]


def test_times_that_are_given_are_not_derived_again():
    made = cohort([{**row, "os_months": "5", "os_event": "1"} for row in dated()])
    assert made.patients["os_months"].tolist() == [5.0] * 3
    assert "os_days" not in made.patients


def test_a_missing_start_leaves_the_patient_out_and_is_said():
    rows = dated(start_date=["2021-01-01", "", "2021-01-01"])
    found = [p for p in problems(rows) if p.code == "missing-start-date"]
    assert [(p.severity, p.row, p.column) for p in found] == [("warning", 3, "start_date")] * 2
    assert {p.remedy for p in found} == {f"Without it the patient is left out of {e}." for e in ("PFS", "OS")}
    assert np.isnan(cohort(rows).patients["os_months"][1])
    assert np.isnan(cohort(rows).patients["os_event"][1])


def test_a_missing_end_leaves_the_patient_out_and_is_said():
    rows = dated(last_contact_date=["", "", ""])
    problem = one(problems(rows), "missing-end-date")
    assert (problem.severity, problem.row) == ("warning", 4)
    assert "left out of OS" in problem.sentence


def test_a_death_before_the_start_is_an_error_and_no_negative_time():
    found = problems(dated(death_date=["2021-06-30", "2020-02-10", ""]))
    problem = one([p for p in found if p.severity == "error"], "date-order")
    assert (problem.row, problem.column, problem.value) == (3, "death_date", "2020-02-10")
    assert "on or after start_date" in problem.sentence


def days(texts: list[str | None]) -> pd.Series:
    return pd.Series(np.array([t or "NaT" for t in texts], dtype="datetime64[ns]"))


def test_response_times_run_from_the_first_response_to_progression_or_the_last_scan():
    frame = pd.DataFrame(
        {
            "start_date": days(["2021-01-01"] * 4),
            "response_date": days(["2021-03-02", "2021-01-31", None, "2021-02-10"]),
            "progression_date": days(["2021-08-29", None, "2021-06-30", None]),
            "last_contact_date": days(["2021-10-28", "2022-01-01", "2021-12-27", None]),
        }
    )
    found = response_times(frame, 30.0)
    np.testing.assert_allclose(found["response_months"], [2.0, 1.0, np.nan, 40 / 30])
    np.testing.assert_allclose(found["dor_days"], [180, 335, np.nan, np.nan])
    np.testing.assert_allclose(found["dor_event"], [1, 0, np.nan, np.nan])
    given = response_times(frame.assign(response_months=[9.0, np.nan, np.nan, np.nan], dor_months=1.0), 30.0)
    assert given["response_months"].tolist()[:2] == [9.0, 1.0] and "dor_days" not in given
    assert response_times(frame.drop(columns="response_date"), 30.0).columns.tolist() == [
        "start_date",
        "progression_date",
        "last_contact_date",
    ]
