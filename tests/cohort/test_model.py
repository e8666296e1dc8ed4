"""The digest names exactly these data, and a cohort computes a derived thing once."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kras_core.cohort.model import MEMO_SIZE, Cohort, Cutoff, PartlyDrawn


def made(**fields) -> Cohort:
    patients = pd.DataFrame(
        {
            "patient_id": ["SIM-1", "SIM-2", None],
            "age": [61.0, np.nan, 70.0],
            "sex": pd.Categorical(["M", "F", "M"], categories=["M", "F"]),
            "start_date": pd.to_datetime(["2021-01-01", "NaT", "2021-03-01"]),
            "os_months": [5.0, 6.0, 7.0],
            "os_event": [1.0, 0.0, 1.0],
        }
    )
    events = pd.DataFrame({"patient_id": ["SIM-1"], "term": ["Rash"], "grade": [2.0]})
    settings = {"id": "a", "title": "A", "provenance": "simulated", "patients": patients, "adverse_events": events}
    return Cohort(**(settings | fields))  # type: ignore[arg-type]


def with_patients(**columns) -> Cohort:
    return made(patients=made().patients.assign(**columns))


def test_the_same_rows_in_other_objects_have_the_same_digest():
    one, other = made(), made()
    assert one.patients is not other.patients
    assert one.digest == other.digest
    assert len(one.digest) == 64
    copied = pd.DataFrame({name: list(values) for name, values in one.patients.items()}, index=[7, 8, 9])
    copied["sex"] = pd.Categorical(copied["sex"], categories=["M", "F"])
    copied["start_date"] = pd.to_datetime(copied["start_date"])
    assert made(patients=copied).digest == one.digest


def test_the_name_of_the_file_does_not_change_the_digest():
    assert made(id="b", title="B", card="text", origin="uploaded").digest == made().digest


CHANGES = {
    "a number": lambda: with_patients(age=[61.0, np.nan, 70.000001]),
    "a missing number": lambda: with_patients(age=[61.0, 60.0, 70.0]),
    "an event": lambda: with_patients(os_event=[1.0, 1.0, 1.0]),
    "a level": lambda: with_patients(sex=pd.Categorical(["M", "F", "F"], categories=["M", "F"])),
    "the order of levels": lambda: with_patients(sex=pd.Categorical(["M", "F", "M"], categories=["F", "M"])),
    "a level that nobody has": lambda: with_patients(sex=pd.Categorical(["M", "F", "M"], categories=["M", "F", "X"])),
    "a category as text": lambda: with_patients(sex=["M", "F", "M"]),
    "a date": lambda: with_patients(start_date=pd.to_datetime(["2021-01-02", "NaT", "2021-03-01"])),
    "an id": lambda: with_patients(patient_id=["SIM-1", "SIM-2", "SIM-3"]),
    "missing as text": lambda: with_patients(patient_id=["SIM-1", "SIM-2", "None"]),
    "a column": lambda: with_patients(ldh=[1.0, 2.0, 3.0]),
    "a column's name": lambda: made(patients=made().patients.rename(columns={"age": "Age"})),
    "the order of rows": lambda: made(patients=made().patients.iloc[::-1]),
    "a grade": lambda: made(adverse_events=pd.DataFrame({"patient_id": ["SIM-1"], "term": ["Rash"], "grade": [3.0]})),
    "no adverse events recorded": lambda: made(adverse_events=None),
    "nobody had an adverse event": lambda: made(adverse_events=made().adverse_events.iloc[:0]),  # type: ignore[union-attr]
    "the divisor": lambda: made(days_per_month=365 / 12),
    "time in days": lambda: made(time_in_days=frozenset({"os"})),
    "what was drawn": lambda: made(drawn=frozenset({"age"})),
    "what was partly drawn": lambda: made(partly_drawn=(PartlyDrawn("age", "age", ("os",)),)),
    "a cut-off": lambda: made(cutoffs={"age": Cutoff(65.0, "published")}),
    "where a cut-off is from": lambda: made(cutoffs={"age": Cutoff(65.0, "by hand")}),
    "provenance": lambda: made(provenance="real"),
    "a label": lambda: made(labels={"age": "Age at start"}),
    "a condition": lambda: made(conditional_on="two cycles"),
}


def test_every_change_that_can_change_a_figure_changes_the_digest():
    digests = {name: change().digest for name, change in CHANGES.items()}
    digests["nothing"] = made().digest
    assert len(set(digests.values())) == len(digests)


def test_texts_run_into_each_other_nowhere():
    one = with_patients(patient_id=["a", "b,c", "d"])
    assert one.digest != with_patients(patient_id=["a,b", "c", "d"]).digest
    assert one.digest != with_patients(patient_id=['a", "b', "c", "d"]).digest


def test_a_missing_value_is_one_value_whatever_its_bits():
    negative = np.copysign(np.nan, -1.0)
    assert np.array([negative]).tobytes() != np.array([np.nan]).tobytes()
    assert with_patients(age=[61.0, negative, 70.0]).digest == made().digest


def test_a_replaced_cohort_has_its_own_digest_and_its_own_memory():
    one = made()
    one.memo("key", lambda: "old")
    other = replace(one, patients=one.patients.assign(age=1.0))
    assert other.digest != one.digest
    assert other.memo("key", lambda: "new") == "new"


def test_what_was_computed_once_is_kept_and_the_oldest_goes_first():
    cohort, calls = made(), []
    for _ in range(3):
        cohort.memo("answer", lambda: calls.append(1))
    assert len(calls) == 1
    for i in range(MEMO_SIZE):
        cohort.memo(i, lambda: None)
    cohort.memo("answer", lambda: calls.append(1))
    assert len(calls) == 2
    assert len(cohort._memo) == MEMO_SIZE


def test_endpoints_are_pairs_in_the_order_of_the_columns():
    cohort = with_patients(pfs_months=1.0, pfs_event=1.0, dfs_months=1.0)
    assert cohort.endpoints == ("os", "pfs")


def test_numbers_are_floats_with_nan():
    assert made().numbers("age")[[0, 2]].tolist() == [61.0, 70.0]
    assert np.isnan(made().numbers("age")[1])
    with pytest.raises(KeyError):
        made().numbers("nowhere")
