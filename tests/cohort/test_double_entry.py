"""Two extracts compared by meaning; κ as statsmodels has it; what was resolved is on record. Every row is simulated."""

import math

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa as reference_kappa

from kras_core.cohort.double_entry import (
    Resolution,
    audit_rows,
    cohens_kappa,
    compare,
    comparison_json,
    example,
    meanings,
    resolved,
)
from kras_core.cohort.problems import CohortError
from kras_core.cohort.readers import read_table
from kras_core.cohort.variables import variable


def table(text: str):
    return read_table("made.csv", text.encode())


def test_the_worked_example():
    found = compare(*example())
    assert len(found.patients) == 7 and found.only_a == ("SIM-08",) and found.only_b == ()
    cells = [(d.patient, d.field, d.a, d.b, d.row_a, d.row_b) for d in found.disagreements]
    assert cells == [
        ("SIM-02", "age", "71", "77", 3, 3),
        ("SIM-04", "pfs_event", "0", "1", 5, 5),
        ("SIM-06", "ecog", "2", "1", 7, 7),
        ("SIM-06", "best_response", "PD", "", 7, 7),
    ]
    agreed = {g.field: (g.agreed, g.n) for g in found.agreements}
    assert agreed["sex"] == agreed["start_date"] == agreed["pfs_months"] == (7, 7)
    assert agreed["age"] == agreed["ecog"] == (6, 7)


@pytest.mark.parametrize(
    ("field", "a", "b", "same"),
    [
        ("age", "5.50", "5.5", True),
        ("age", "61", "61.5", False),
        ("age", "", "NA", True),
        ("age", "61", "", False),
        ("age", "61 y", "61", False),  # unread text is not silently a number
        ("sex", "male", "M", True),
        ("sex", "M", "F", False),
        ("prior_ici", "yes", "1", True),
        ("start_date", "2021-03-15", "15.03.2021", True),
        ("start_date", "2021-03-15", "2021-03-16", False),
        ("remark", "Stable  disease", "stable disease", True),
        ("remark", "stable", "not stable", False),
        ("own_number", "1.0", "1", True),
        ("own_date", "2021-03-15", "2021/03/15", True),
    ],
)
def test_what_is_the_same_is_decided_by_meaning(field, a, b, same):
    meant = meanings(np.array([a], dtype=object), np.array([b], dtype=object), variable(field))
    assert (meant[0][0] == meant[1][0]) is same


@pytest.mark.parametrize("seed", range(5))
def test_kappa_is_that_of_statsmodels(seed):
    drawn = np.random.default_rng(seed)
    a = drawn.choice(["CR", "PR", "SD", "PD"], 60)
    b = np.where(drawn.random(60) < 0.7, a, drawn.choice(["CR", "PR", "SD", "PD"], 60))
    levels = sorted(set(a) | set(b))
    counts = [[int(((a == x) & (b == y)).sum()) for y in levels] for x in levels]
    kappa, reason = cohens_kappa(a.astype(object), b.astype(object))
    assert kappa == pytest.approx(reference_kappa(np.array(counts), return_results=False), abs=1e-12)
    assert reason == ""


def test_kappa_is_undefined_in_words():
    one = np.array(["1", "1"], dtype=object)
    kappa, reason = cohens_kappa(one, one)
    assert math.isnan(kappa) and "one and the same value" in reason
    assert cohens_kappa(one[:0], one[:0])[1] == "no patient is in both extracts"
    # Complete disagreement of two constant raters is defined: 0.
    assert cohens_kappa(one, np.array(["0", "0"], dtype=object)) == (0.0, "")


def test_a_resolved_copy_waits_for_every_resolution_and_takes_the_side_chosen():
    found = compare(*example())
    resolutions = {(d.patient, d.field): Resolution("B", "source checked") for d in found.disagreements[:3]}
    with pytest.raises(ValueError):
        resolved(found, resolutions)
    resolutions["SIM-06", "best_response"] = Resolution("A", "CT report")
    made = resolved(found, resolutions)
    column = {h: dict(zip(made.columns[0], c, strict=True)) for h, c in zip(made.header, made.columns, strict=True)}
    assert column["age"]["SIM-02"] == "77" and column["pfs_event"]["SIM-04"] == "1"
    assert column["ecog"]["SIM-06"] == "1" and column["best_response"]["SIM-06"] == "PD"
    assert column["sex"]["SIM-02"] == "M"  # where they agree, A's spelling
    assert made.n == 8 and column["age"]["SIM-08"] == "55"
    assert compare(made, made).disagreements == ()


def test_the_audit_trail_has_every_disagreement_and_every_patient_of_one_extract():
    found = compare(*example())
    rows = audit_rows(found, {("SIM-02", "age"): Resolution("B", "passport")})
    assert [row["chosen"] for row in rows] == ["B", "open", "open", "open", "A"]
    assert rows[0]["value"] == "77" and rows[0]["reason"] == "passport" and rows[1]["value"] == ""
    assert rows[-1]["patient_id"] == "SIM-08" and rows[-1]["reason"] == "in extract A only"


def test_fields_and_patients_of_one_extract_alone_are_kept():
    a = table("patient_id,age,ward\nSIM-1,60,x\nSIM-2,61,y\n")
    b = table("patient_id,age,sex\nSIM-2,61,F\nSIM-3,62,M\n")
    found = compare(a, b)
    assert (found.fields_a, found.fields_b, found.only_a, found.only_b) == (("ward",), ("sex",), ("SIM-1",), ("SIM-3",))
    made = resolved(found, {})
    assert made.header == ("patient_id", "age", "ward", "sex")
    assert [list(c) for c in made.columns] == [
        ["SIM-1", "SIM-2", "SIM-3"],
        ["60", "61", "62"],
        ["x", "y", ""],
        ["", "F", "M"],
    ]


@pytest.mark.parametrize("text", ["name,age\nx,1\n", "patient_id,age\nSIM-1,1\nSIM-1,2\n"])
def test_an_extract_without_one_row_a_patient_is_refused(text):
    good = table("patient_id,age\nSIM-1,1\n")
    with pytest.raises(CohortError) as caught:
        compare(table(text), good)
    assert "SIM-1" not in str(caught.value)


def test_json_has_null_for_an_undefined_kappa():
    a = table("patient_id,sex\nSIM-1,M\nSIM-2,M\n")
    (found,) = comparison_json(compare(a, a))["agreement"]  # type: ignore[misc]
    assert found["kappa"] is None and "same value" in found["reason"]
