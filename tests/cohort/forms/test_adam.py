"""CDISC ADaM data sets become patients and adverse events in KRAScope's own names; all subjects are simulated."""

import pytest

from kras_core.address import default_selection
from kras_core.analyse.safety import analyse_safety
from kras_core.cohort.files import open_tables
from kras_core.cohort.mapping import apply, propose
from kras_core.cohort.readers import read
from kras_core.cohort.validate import build_cohort
from tests.cohort.files import csv_of, one

SUBJECTS = [
    {
        "STUDYID": "SIM",
        "USUBJID": f"SIM-{i}",
        "AGE": 50 + i,
        "SEX": "MF"[i % 2],
        "TRT01P": "AB"[i % 2],
        "TRT01PN": i % 2,
        "TRTSDT": "2021-03-15",
    }
    for i in range(4)
]


def times(code="OS", unit="DAYS", values=(100, 200, 300, 400), censored=(0, 1, 0, 2), **more):
    return [
        {"USUBJID": f"SIM-{i}", "PARAMCD": code, "PARAM": code, "AVAL": value, "AVALU": unit, "CNSR": c} | more
        for i, (value, c) in enumerate(zip(values, censored, strict=True))
    ]


def opened(**sets):
    return open_tables([(f"{name}.csv", csv_of(rows)) for name, rows in sets.items()])


def values(table, name):
    column = table.column(name)
    return [] if column is None else list(column)


def test_zero_means_event_and_long_becomes_wide():
    found = opened(a=SUBJECTS, b=times() + times("PFS", "MONTHS", (1, 2, 3.5, 4), (0, 0, 1, 1)))
    assert found.form == "adam"
    (table,) = found.tables
    assert values(table, "patient_id") == ["SIM-0", "SIM-1", "SIM-2", "SIM-3"]
    assert (values(table, "os_days"), values(table, "os_event")) == (["100", "200", "300", "400"], ["1", "0", "1", "0"])
    assert (values(table, "pfs_months"), values(table, "pfs_event")) == (["1", "2", "3.5", "4"], ["1", "1", "0", "0"])
    assert (values(table, "TRT01P"), values(table, "TRT01PN")) == (["A", "B", "A", "B"], [])
    assert values(table, "start_date") == ["2021-03-15"] * 4
    said = [p.sentence for p in found.problems if p.code == "derived"]
    assert said[0].endswith("OS (OS): CNSR 0 = event, 2 events; AVAL in days (AVALU).")


@pytest.mark.parametrize(
    ("unit", "column", "first"),
    [
        ("WEEKS", "os_days", "700"),
        ("YEARS", "os_months", "1200"),
        ("months", "os_months", "100"),
        ("DAY", "os_days", "100"),
    ],
)
def test_units(unit, column, first):
    (table,) = opened(a=SUBJECTS, b=times(unit=unit)).tables
    assert values(table, column)[0] == first


def test_a_unit_that_is_missing_comes_from_the_words_or_the_dates_or_is_asked_for():
    (table,) = opened(b=times(unit="", PARAM="Overall survival (months)")).tables
    assert values(table, "os_months")
    dated = times(unit="", values=(2, 3, 4, 5), STARTDT="2021-03-01", ADT="")
    for i, row in enumerate(dated):
        row["ADT"] = f"2021-03-0{i + 2}"
    found = opened(b=dated)
    assert values(found.tables[0], "os_days") == ["2", "3", "4", "5"]
    assert "as the dates say" in one(found.problems, "derived").sentence
    for unit in ("", "CYCLES"):
        assert one(opened(b=times(unit=unit)).problems, "unit").severity == "error"


def test_without_subjects_those_of_the_times_serve():
    found = opened(b=times(TRTP="A", AGE=61, SRCDOM="AE"))
    assert set(found.tables[0].header) == {"patient_id", "TRTP", "age", "os_days", "os_event"}
    assert "There is no ADSL" in one(found.problems, "joined").sentence


def test_the_analysed_record_is_taken_and_further_ones_are_said():
    twice = [row | {"AVAL": 1, "ANL01FL": ""} for row in times()] + times(ANL01FL="Y")
    assert values(opened(a=SUBJECTS, b=twice).tables[0], "os_days") == ["100", "200", "300", "400"]
    found = opened(a=SUBJECTS, b=times() + times()[:1])
    assert "1 further records" in one(found.problems, "duplicate-record").sentence
    found = opened(a=SUBJECTS[:3], b=times())
    assert "1 subjects are not in ADSL" in one(found.problems, "unknown-patient").sentence


def test_adverse_events_by_toxicity_grade_and_emergence():
    events = [
        {"USUBJID": "SIM-0", "AEDECOD": "NAUSEA", "AETOXGR": "Grade 3", "AEREL": "POSSIBLE", "TRTEMFL": "Y"},
        {"USUBJID": "SIM-1", "AEDECOD": "Rash", "AETOXGR": "1", "AEREL": "NOT RELATED", "TRTEMFL": "Y"},
        {"USUBJID": "SIM-1", "AEDECOD": "COUGH", "AETOXGR": "2", "AEREL": "", "TRTEMFL": ""},
    ]
    found = opened(a=SUBJECTS, b=times(), c=events)
    table = found.tables[1]
    assert values(table, "term") == ["Nausea", "Rash"]
    assert (values(table, "grade"), values(table, "related")) == (["3", "1"], ["1", "0"])
    assert "2 kept, 1 left out" in "".join(p.sentence for p in found.problems if p.column == "TRTEMFL")
    assert all(p.code != "severity" for p in found.problems)


def test_severity_is_read_as_grade_with_a_warning():
    events = [{"USUBJID": f"SIM-{i}", "AETERM": "X", "AESEV": s} for i, s in enumerate(["MILD", "Moderate", "SEVERE"])]
    found = opened(a=SUBJECTS, b=times(), c=events)
    assert values(found.tables[1], "grade") == ["1", "2", "3"]
    problem = one(found.problems, "severity")
    assert problem.severity == "warning" and "Severity is no CTCAE grade" in problem.sentence


def test_best_response_as_recorded_or_of_the_visits():
    best = [
        {"USUBJID": "SIM-0", "PARAMCD": "BOR", "AVALC": "PR"},
        {"USUBJID": "SIM-1", "PARAMCD": "BOR", "AVALC": "NA"},
    ]
    assert values(opened(a=SUBJECTS, b=times(), c=best).tables[0], "best_response") == ["PR", "NE", "", ""]
    visits = [{"USUBJID": "SIM-0", "PARAMCD": "OVRLRESP", "AVALC": r} for r in ("SD", "PR", "PD", "NON-CR/NON-PD")]
    found = opened(a=SUBJECTS, b=times(), c=visits)
    assert values(found.tables[0], "best_response")[0] == "PR"
    assert "unconfirmed" in "".join(p.sentence for p in found.problems)


def test_the_result_is_a_cohort_as_it_is():
    events = [{"USUBJID": "SIM-0", "AEDECOD": "NAUSEA", "AETOXGR": "3"}]
    files = [(f"{i}.csv", csv_of(rows)) for i, rows in enumerate((SUBJECTS, times(), events))]
    cohort = build_cohort(read(*files), id="sim", title="Simulated", provenance="simulated")
    assert (cohort.n, cohort.endpoints, cohort.time_in_days) == (4, ("os",), frozenset({"os"}))
    assert cohort.patients["os_event"].tolist() == [1, 0, 1, 0]
    assert cohort.adverse_events is not None and len(cohort.adverse_events) == 1


def test_events_alone_are_refused():
    found = opened(c=[{"USUBJID": "SIM-0", "AEDECOD": "NAUSEA", "AETOXGR": "3"}])
    assert (found.tables, one(found.problems, "no-patients").severity) == ((), "error")


OURS = [{"id": f"SIM-{i}", "our_arm": "AB"[i % 2], "months": 3 + i, "died": i % 2} for i in range(4)]
EVENTS = [
    {"USUBJID": "SIM-0", "AETERM": "NAUSEA", "AETOXGR": "3", "TRTEMFL": "Y"},
    {"USUBJID": "SIM-1", "AETERM": "RASH", "AETOXGR": "2", "TRTEMFL": ""},
]


@pytest.mark.parametrize("own", [True, False])
def test_adverse_events_of_adam_beside_a_wards_own_patients(own):
    """ADaM is ADSL or ADTTE: a table of events with USUBJID and AETERM turns no ward's spreadsheet into it."""
    names = {"id": "patient_id", "months": "os_months", "died": "os_event"} if own else {}
    patients = [{names.get(name, name): value for name, value in row.items()} for row in OURS]
    found = opened(ward=patients, ae=EVENTS)
    assert found.form == ("own" if own else "wide")
    assert all(p.severity != "error" for p in found.problems)
    tables = read(("ward.csv", csv_of(patients)), ("ae.csv", csv_of(EVENTS)))
    assert tables.patients.n == 4
    assert tables.adverse_events is not None and values(tables.adverse_events, "term") == ["Nausea"]
    if own:
        cohort = build_cohort(tables, id="sim", title="Simulated", provenance="simulated")
        assert cohort.adverse_events is not None and len(cohort.adverse_events) == 1


def test_a_cohort_of_adam_opens_by_its_planned_arm_and_says_which_events_count():
    files = [(f"{i}.csv", csv_of(rows)) for i, rows in enumerate((SUBJECTS, times(), EVENTS))]
    tables = read(*files)
    cohort = build_cohort(tables, id="sim", title="Simulated", provenance="simulated")
    assert [by.id for by in default_selection(cohort).by] == ["TRT01P"]
    assert cohort.ae_definition == "treatment-emergent adverse event (TRTEMFL = Y)"
    shown = analyse_safety(cohort, default_selection(cohort))
    assert shown.definition.startswith("Treatment-emergent adverse event (TRTEMFL = Y).")

    # The mapping may call the arm otherwise, or leave it out.
    mapping = propose(tables).but("os_event", confirmed=True)
    assert apply(mapping.but("TRT01P", becomes="centre"), tables).said["default_by"] == "centre"
    assert "default_by" not in apply(mapping.but("TRT01P", becomes="left out"), tables).said

    unsaid = [row | {"TRTEMFL": ""} for row in EVENTS]
    cohort = build_cohort(read(*files[:2], ("2.csv", csv_of(unsaid))), id="s", title="S", provenance="simulated")
    assert cohort.ae_definition == "adverse event, whether it emerged under treatment not stated"
