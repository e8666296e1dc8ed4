"""Scans of target lesions: read beside the patients, checked with row, column and value, and part of the digest."""

import dataclasses

import pytest

from kras_core.cohort.bundled import BUNDLED
from kras_core.cohort.model import DAYS_PER_MONTH, Cohort
from kras_core.cohort.problems import CohortError
from kras_core.cohort.readers import read
from kras_core.cohort.validate import build_cohort, check
from tests.cohort.files import PATIENTS, csv_of, patients, workbook_of

SCANS = (
    {"patient_id": "SIM-02", "days": "41", "sum_mm": "70.5"},
    {"patient_id": "SIM-01", "days": "-7", "sum_mm": "80"},
    {"patient_id": "SIM-01", "days": "42", "sum_mm": "52"},
    {"patient_id": "SIM-02", "days": "0", "sum_mm": "66"},
)


def cohort(*files: tuple[str, bytes]) -> Cohort:
    return build_cohort(read(*files), id="sim", title="Simulated", provenance="simulated")


def scans(**columns) -> list[dict[str, str]]:
    changed = [dict(row) for row in SCANS]
    for name, values in columns.items():
        for row, value in zip(changed, values, strict=True):
            row[name] = value
    return changed


def checked(rows, people=PATIENTS):
    return check(read(("patients.csv", csv_of(people)), ("target_lesions.csv", csv_of(rows))))


@pytest.mark.parametrize("name", ["target_lesions.csv", "scans.csv"])
def test_a_file_is_known_by_its_name_or_its_columns_and_sorted_by_patient_and_time(name):
    found = cohort((name, csv_of(SCANS)), ("patients.csv", csv_of(PATIENTS))).target_lesions
    assert found is not None
    assert found["patient_id"].tolist() == ["SIM-01", "SIM-01", "SIM-02", "SIM-02"]
    assert found["sum_mm"].tolist() == [80.0, 52.0, 66.0, 70.5]
    assert (found["months"] * DAYS_PER_MONTH).tolist() == pytest.approx([-7, 42, 0, 41])


def test_a_sheet_of_a_workbook_is_read_beside_the_patients():
    people, seen = ([list(rows[0]), *(list(row.values()) for row in rows)] for rows in (PATIENTS, SCANS))
    book = cohort(("ward.xlsx", workbook_of(patients=people, target_lesions=seen)))
    assert book.digest == cohort(("patients.csv", csv_of(PATIENTS)), ("target_lesions.csv", csv_of(SCANS))).digest


def test_a_date_counts_from_the_patients_start():
    dates = ["2021-04-25", "2021-03-08", "2021-04-26", "2021-03-15"]
    rows = [
        {"patient_id": r["patient_id"], "assessment_date": d, "sum_mm": r["sum_mm"]}
        for r, d in zip(SCANS, dates, strict=True)
    ]
    people = patients(start_date=["2021-03-15"] * 3)
    found = cohort(("patients.csv", csv_of(people)), ("target_lesions.csv", csv_of(rows))).target_lesions
    assert found is not None
    assert (found["months"] * DAYS_PER_MONTH).tolist() == pytest.approx([-7, 42, 0, 41])
    undated = [p for p in checked(rows) if p.severity == "error"]
    assert {(p.code, p.column) for p in undated} == {
        ("scan-without-time", "assessment_date"),
        ("no-baseline", "assessment_date"),
    }


# Changed column and values; code, row, column and value of the only error, words in its sentence.
TRAPS = [
    ({"patient_id": ["SIM-02", "SIM-01", "SIM-01", "SIM-9"]}, None),
    ({"sum_mm": ["70.5", "80", "-52", "66"]}, ("range", 4, "sum_mm", "-52", "0 to 2000 mm")),
    ({"sum_mm": ["70.5", "80", "large", "66"]}, ("unreadable", 4, "sum_mm", "large", "0 to 2000 mm")),
    ({"sum_mm": ["70.5", "80", "", "66"]}, ("missing-value", 4, "sum_mm", None, "0 to 2000 mm")),
    ({"sum_mm": ["70.5", "0", "52", "66"]}, ("baseline-zero", 3, "sum_mm", "0", "a sum above 0 mm at baseline")),
    ({"days": ["41", "7", "42", "0"]}, ("no-baseline", 3, "days", "7", "at or before the start (0)")),
    ({"days": ["41", "-7", "-7", "0"]}, ("scan-twice", 4, "days", "-7", "one scan of a patient at a time")),
    ({"days": ["", "-7", "42", "0"]}, ("scan-without-time", 2, "days", None, "days, months or assessment_date")),
]


@pytest.mark.parametrize(("columns", "expected"), TRAPS)
def test_a_trap_is_an_error_with_row_column_value_and_expectation(columns, expected):
    errors = [p for p in checked(scans(**columns)) if p.severity == "error"]
    if expected is None:  # SIM-9 is nobody, and SIM-02 and SIM-9 have lost their baselines
        unknown = next(p for p in errors if p.code == "unknown-patient")
        assert (unknown.row, unknown.column, unknown.value) == (5, "patient_id", "SIM-9")
        return
    (problem,) = errors
    code, row, column, value, words = expected
    assert (problem.code, problem.row, problem.column, problem.value) == (code, row, column, value)
    assert words in problem.sentence and problem.file == "target_lesions.csv"


def test_without_any_time_the_columns_are_named():
    (problem,) = [p for p in checked([{"patient_id": "SIM-01", "sum_mm": "80"}]) if p.severity == "error"]
    assert problem.code == "missing-column" and "days, months or assessment_date" in problem.sentence


def test_scans_alone_and_scans_twice_are_refused():
    with pytest.raises(CohortError) as alone:
        read(("target_lesions.csv", csv_of(SCANS)))
    assert "target lesions only" in alone.value.problems[0].sentence
    with pytest.raises(CohortError) as twice:
        read(("patients.csv", csv_of(PATIENTS)), ("a.csv", csv_of(SCANS)), ("b.csv", csv_of(SCANS)))
    assert "Two tables of target lesions" in twice.value.problems[-1].sentence


def test_the_digest_knows_the_scans_only_where_there_are_any():
    with_scans = cohort(("patients.csv", csv_of(PATIENTS)), ("target_lesions.csv", csv_of(SCANS)))
    without = cohort(("patients.csv", csv_of(PATIENTS)))
    assert with_scans.digest != without.digest == dataclasses.replace(with_scans, target_lesions=None).digest
    other = cohort(
        ("patients.csv", csv_of(PATIENTS)), ("target_lesions.csv", csv_of(scans(sum_mm=["70", "80", "52", "66"])))
    )
    assert other.digest != with_scans.digest


def test_digests_of_bundled_cohorts_are_those_they_had_before_there_were_scans():
    known = {
        "sintilimab-anlotinib": "c965cac353e5",
        "sintilimab-anlotinib-p": "8661918ce576",
    }
    assert {id: BUNDLED[id].load().digest[:12] for id in known} == known
