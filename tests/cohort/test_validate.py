"""Every trap gives a problem with row, column, value and expectation; no value reaches an exception's text."""

import io
import traceback
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kras_core.cohort.problems import MAX_PER_COLUMN, CohortError, Problem
from kras_core.cohort.readers import read
from kras_core.cohort.validate import build_cohort, check, examine
from kras_core.cohort.variables import VARIABLES
from tests.cohort.files import PATIENTS, cohort, csv_of, one, patients, problems, raw

EVENTS = [
    {"patient_id": "SIM-01", "term": "Rash", "grade": "2", "related": "yes"},
    {"patient_id": "SIM-03", "term": "Hypertension", "grade": "3", "related": ""},
]


def errors(found):
    return [p for p in found if p.severity == "error"]


def test_good_rows_become_a_cohort_without_a_word():
    assert problems(patients(), EVENTS) == ()
    made = cohort(patients(), EVENTS, ctcae_version="5.0")
    assert (made.n, made.endpoints, made.default_endpoint, made.ctcae_version) == (3, ("os",), "os", "5.0")
    assert made.patients["os_months"].tolist() == [5.5, 12.25, 9.0]
    assert made.patients["sex"].tolist() == ["M", "F", "M"]
    assert made.patients["patient_id"].tolist() == ["SIM-01", "SIM-02", "SIM-03"]
    assert made.adverse_events is not None
    assert made.adverse_events["grade"].tolist() == [2.0, 3.0]
    assert made.adverse_events["related"].isna().tolist() == [False, True]


def test_the_example_sentence_of_the_dictionary_reads_as_written():
    found = one(problems(patients(os_event=["1", "0", "2"])), "flag")
    assert found.sentence == (
        'patients.csv, row 4, column os_event: found "2", expected 0 or 1 (0 = censored, 1 = died). '
        "Recode 2 to 1 if it means died."
    )


# Column with three values, code, row and value of the only problem, words in its sentence.
TRAPS = [
    ("os_months", ["5.5", "a year", "9"], "unreadable", 3, "a year", "a number from 0 to 1200 months"),
    ("os_months", ["5.5", "-2", "9"], "negative-time", 3, "-2", "cannot be negative"),
    ("os_months", ["5.5", "1e308", "9"], "range", 3, "1e308", "in days, let the name of the column end in _days"),
    ("os_event", ["1", "0", "2"], "flag", 4, "2", "0 or 1 (0 = censored, 1 = died)"),
    ("os_event", ["1", "0", "dead"], "unreadable", 4, "dead", "0 or 1 (0 = censored, 1 = died)"),
    ("os_event", ["1", "0", "1:DECEASED"], "unreadable", 4, "1:DECEASED", "0 or 1"),
    ("patient_id", ["SIM-01", "SIM-02", "SIM-01"], "duplicate-patient", 4, "SIM-01", "every patient once"),
    ("patient_id", ["SIM-01", "NA", "SIM-03"], "missing-value", 3, "NA", "one name or number per patient"),
    ("sex", ["M", "F", "X"], "level", 4, "X", "one of M, F"),
    ("kras_variant", ["G12C", "G12X", "other"], "level", 3, "G12X", "G12C, G12V, G12D"),
    ("age", ["61", "610", "48"], "range", 3, "610", "from 0 to 120 years"),
    ("age", ["61", "61 y", "48"], "unreadable", 3, "61 y", "from 0 to 120 years"),
    ("age", ["61.5", "60,5", "48"], "unreadable", 3, "60,5", "with a decimal point"),
    ("albumin_g_per_l", ["41", "4.1", ""], "range", 3, "4.1", "Not g/dL"),
    ("prior_ici", ["1", "0", "maybe"], "unreadable", 4, "maybe", "0 or 1"),
    ("prior_ici", ["1", "0", "3"], "flag", 4, "3", "0 or 1"),
    ("start_date", ["2021-03-15", "15.03.2021", ""], "unreadable", 3, "15.03.2021", "year-month-day"),
    ("start_date", ["2021-03-15", "15-03-21", ""], "unreadable", 3, "15-03-21", "four digits"),
    ("start_date", ["2021-03-15", "2021-02-30", ""], "unreadable", 3, "2021-02-30", "a date"),
    ("start_date", ["2021-03-15", "44270", ""], "unreadable", 3, "44270", "format the column as a date"),
]


@pytest.mark.parametrize(("column", "values", "code", "row", "value", "says"), TRAPS)
def test_a_trap_is_an_error_with_row_column_value_and_expectation(column, values, code, row, value, says):
    found = problems(patients(**{column: values}))
    (problem,) = errors(found)
    assert (problem.code, problem.row, problem.column, problem.value) == (code, row, column, value)
    assert says in problem.sentence
    assert f'row {row}, column {column}: found "{value}"' in problem.sentence


def test_no_value_reaches_the_exception():
    mark = "value"[::-1] * 2  # not to be found in the source lines that a traceback quotes
    columns = ("patient_id", "age", "sex", "os_months", "os_event", "start_date", "prior_ici")
    rows = [*patients(), dict.fromkeys(columns, mark), {"patient_id": mark}]
    with pytest.raises(CohortError) as caught:
        cohort(rows, [{"patient_id": mark + "?", "term": mark, "grade": mark}])
    error = caught.value
    logged = (
        "".join(traceback.format_exception(error)) + str(error) + repr(error) + repr(error.problems) + repr(error.args)
    )
    assert mark not in logged
    codes = {p.code for p in error.problems if mark in p.sentence}
    assert codes == {"unreadable", "level", "duplicate-patient", "unknown-patient"}


def test_the_exception_counts_and_places():
    with pytest.raises(
        CohortError, match=r"^2 errors in the file \(patients.csv, row 3, column age; .*row 4, column os_event\)$"
    ):
        cohort(patients(age=["61", "x", "48"], os_event=["1", "0", "2"]))


def test_missing_required_column_and_missing_endpoint():
    rows = [{"Name": "SIM-01", "age": "61"}]
    found = problems(rows)
    assert {p.code for p in errors(found)} == {"missing-column", "no-endpoint"}
    assert "a column patient_id" in one(found, "missing-column").sentence
    assert "pfs_months and pfs_event" in one(found, "no-endpoint").sentence


@pytest.mark.parametrize("lost", ["os_months", "os_event"])
def test_half_an_endpoint_is_none(lost):
    found = problems(patients(**{lost: [None, None, None]}))
    assert [p.code for p in errors(found)] == ["no-endpoint"]
    assert "OS is not offered" in one(found, "unpaired").sentence


def test_a_table_without_rows():
    assert "no-rows" in {p.code for p in check(read(("patients.csv", b"patient_id,os_months,os_event\n")))}


def test_duplicate_names_are_one_error_also_when_spelt_differently():
    table = b"patient_id,os_months,os_event,x,x,Age,age\nSIM-01,5,1,1,2,60,61\n"
    found = [p for p in check(read(("patients.csv", table))) if p.code == "duplicate-column"]
    assert [p.column for p in found] == ["x", "Age"]


def test_all_problems_of_a_file_come_at_once_errors_first():
    rows = patients(age=["x", "61", "999"], sex=["M", "D", "F"], os_event=["1", "2", "1"], os_months=["0", "5", "-1"])
    found = problems(rows)
    assert {p.code for p in errors(found)} == {"unreadable", "range", "level", "flag", "negative-time"}
    assert [p.severity for p in found] == sorted((p.severity for p in found), key=["error", "warning", "note"].index)
    assert one(found, "zero-time").severity == "warning"


def test_many_errors_of_a_column_are_counted_not_listed():
    rows = [{"patient_id": f"SIM-{i}", "os_months": "5", "os_event": "3"} for i in range(1000)]
    found = [p for p in problems(rows) if p.code == "flag"]
    assert len(found) == MAX_PER_COLUMN + 1
    assert [p.row for p in found] == [2, 3, 4, 5, 6, None]
    assert found[-1].sentence == "patients.csv, column os_event: 995 more rows have the same problem."
    with pytest.raises(CohortError, match=r"^1,000 errors"):
        cohort(rows)


def test_a_column_of_ones_and_twos_is_said_to_be_that():
    remedy = one(problems(patients(os_event=["1", "2", "1"])), "flag").remedy
    assert remedy == "Recode 2 to 1 if it means died. If 1 means censored, recode it to 0 as well."


def test_the_event_of_another_endpoint_is_named_after_it():
    rows = patients(pfs_months=["1", "2", "3"], pfs_event=["1", "2", "0"])
    assert "1 = progression or death" in one(problems(rows), "flag").sentence


@pytest.mark.parametrize("token", ["", "NA", "na", "N/A", ".", "-", " ", "NaN"])
def test_missing_tokens_are_missing_in_every_kind_of_column(token):
    columns = {"age": "61", "sex": "M", "prior_ici": "1", "start_date": "2021-01-01", "ward": "north", "ldh": "3.5"}
    made = cohort(patients(**{name: [value, token, value] for name, value in columns.items()}))
    for name in columns:
        assert made.patients[name].isna().tolist() == [False, True, False], name
    assert made.patients["ldh"].dtype.kind == "f"


def test_not_evaluable_is_a_response_not_a_missing_value():
    made = cohort(patients(best_response=["NE", "PR", "NA"]))
    assert made.patients["best_response"].tolist()[:2] == ["NE", "PR"]
    assert made.patients["best_response"].isna().tolist() == [False, False, True]


def test_a_whole_column_with_decimal_commas_is_read_and_said():
    rows = patients(nlr=["2,5", "3", "1,75"])
    found = one(problems(rows), "decimal-comma")
    assert (found.severity, found.column, found.row) == ("warning", "nlr", None)
    assert cohort(rows).patients["nlr"].tolist() == [2.5, 3.0, 1.75]


def test_flags_are_read_in_words():
    made = cohort(patients(prior_ici=["Yes", "n", "TRUE"], stk11=["0.0", "1.0", "f"]))
    assert made.patients["prior_ici"].tolist() == [1.0, 0.0, 1.0]
    assert made.patients["stk11"].tolist() == [0.0, 1.0, 0.0]


def test_levels_are_read_whatever_their_case_and_dashes_and_keep_the_dictionarys_order():
    made = cohort(
        patients(
            ecog=["2.0", "0–1", "1"],
            kras_variant=["p.g12d", "WT", "G12C"],
            sex=["Female", "m", "f"],
            prior_lines=["≥3", "2", "1.0"],
            histology=["Adenocarcinoma", "NOS", "squamous"],
        )
    )
    assert made.patients["ecog"].cat.categories.tolist() == ["1", "0-1", "2"]
    assert made.patients["kras_variant"].tolist() == ["G12D", "wild type", "G12C"]
    assert made.patients["kras_variant"].cat.categories.tolist() == ["G12C", "G12D", "wild type"]
    assert made.patients["sex"].tolist() == ["F", "M", "F"]
    assert made.patients["prior_lines"].cat.categories.tolist() == ["1", "2", ">=3"]
    assert made.patients["histology"].tolist()[1] == "not otherwise specified"


def test_known_names_are_found_however_they_are_spelt_and_others_keep_their_header():
    rows = [
        {
            "Patient ID": "SIM-01",
            "AGE": "60",
            "OS-months": "5",
            "os event": "1",
            "Tumour size_mm": "12",
            "KRAS G12C": "yes",
        }
    ]
    made = cohort(rows)
    assert list(made.patients.columns) == ["patient_id", "age", "os_months", "os_event", "Tumour size_mm", "KRAS G12C"]
    assert dict(made.labels) == {"Tumour size_mm": "Tumour size mm", "KRAS G12C": "KRAS G12C"}


def test_extra_columns_are_numbers_when_every_value_is_else_categories_in_sorted_order():
    made = cohort(patients(ldh=["210", "", "180.5"], ward=["9", "south", "10"], seen=["2021-01-02", "", "2020-01-01"]))
    assert made.patients["ldh"].dtype == np.float64
    assert made.patients["ward"].cat.categories.tolist() == ["9", "10", "south"]
    assert made.patients["seen"].dtype.kind == "M"


def test_the_order_of_rows_does_not_change_the_order_of_levels():
    rows = patients(ward=["south", "north", "east"])
    assert cohort(rows).patients["ward"].cat.categories.tolist() == ["east", "north", "south"]
    assert cohort(rows[::-1]).patients["ward"].cat.categories.tolist() == ["east", "north", "south"]


def test_any_pair_of_time_and_event_is_an_endpoint_and_half_a_pair_a_plain_column():
    made = cohort(
        patients(
            local_control_months=["1", "2", "3"],
            local_control_event=["1", "0", "1"],
            smoking_months=["100", "20", "3"],
        )
    )
    assert made.endpoints == ("os", "local_control")
    assert made.labels["smoking_months"] == "smoking months"
    found = problems(patients(local_control_months=["1", "2", "3"], local_control_event=["1", "0", "4"]))
    assert one(found, "flag").column == "local_control_event"


def test_a_cohort_opens_with_the_first_endpoint_that_somebody_has():
    made = cohort()
    assert made.default_endpoint == "os"
    rows = [{"patient_id": "SIM-1", "pfs_months": "3", "pfs_event": "", "os_months": "5", "os_event": "1"}]
    rows += [{"patient_id": "SIM-2", "pfs_months": "", "pfs_event": "0", "os_months": "5", "os_event": "0"}]
    made = cohort(rows)
    assert (made.endpoints, made.default_endpoint) == (("pfs", "os"), "os")


def test_empty_columns_are_left_out():
    assert "pfs_months" not in cohort(patients(pfs_months=["", "NA", "."], ward=["", "", ""])).patients


ROWS_AND_CODES = [
    ({"os_months": ["5", "", "9"], "os_event": ["1", "1", "0"]}, "event-without-time", "error", 3),
    ({"os_months": ["5", "6", "9"], "os_event": ["1", "", "0"]}, "time-without-event", "warning", 3),
    ({"os_months": ["5", "0", "9"]}, "zero-time", "warning", 3),
    ({"pfs_months": ["6", "5", "5"], "pfs_event": ["1", "1", "1"]}, "pfs-after-death", "error", 2),
    ({"pfs_months": ["5", "15", "5"], "pfs_event": ["1", "1", "1"]}, "pfs-longer-than-os", "warning", 3),
    ({"os_months": ["", "9", "9"], "os_event": ["", "1", "1"]}, "only-events", "warning", None),
    ({"os_event": ["0", "0", "0"]}, "no-events", "warning", None),
    ({"os_months": ["654", "12", "200"]}, "days-in-months", "warning", None),
    ({"start_date": ["2021-01-01"] * 3, "death_date": ["2020-12-31", "", ""]}, "date-order", "error", 2),
    ({"progression_date": ["2021-01-01", "", ""], "death_date": ["2020-12-31", "", ""]}, "date-order", "error", 2),
    ({"death_date": ["2021-01-01", "2021-01-01", ""]}, "death-without-event", "warning", 3),
    ({"entry_months": ["1", "12.25", "0"]}, "late-entry", "warning", 3),
    ({"entry_months": ["1", "-1", "0"]}, "negative-time", "error", 3),
    ({"ldh": ["210", "210", "210"]}, "constant", "note", None),
    ({"os_days": ["167", "400", "274"], "os_months": ["5.5", "12.25", "9"]}, "months-differ", "warning", 3),
]


@pytest.mark.parametrize(("columns", "code", "severity", "row"), ROWS_AND_CODES)
def test_rules_between_columns(columns, code, severity, row):
    problem = one(problems(patients(**columns)), code)
    assert (problem.severity, problem.row) == (severity, row)
    assert code not in {p.code for p in problems(patients())}


def test_pfs_may_exceed_os_by_rounding_within_a_day():
    assert problems(patients(pfs_months=["5.52", "12", "9"], pfs_event=["1", "1", "1"])) == ()


def test_adverse_events_belong_to_known_patients_and_have_a_grade():
    for change, code, row in (
        ({"patient_id": "SIM-99"}, "unknown-patient", 3),
        ({"grade": "6"}, "range", 3),
        ({"grade": "0"}, "range", 3),
        ({"grade": "2.5"}, "whole-number", 3),
        ({"grade": ""}, "missing-value", 3),
        ({"grade": "3-4"}, "unreadable", 3),
        ({"term": ""}, "missing-value", 3),
    ):
        (problem,) = errors(problems(patients(), [EVENTS[0], {**EVENTS[1], **change}]))
        assert (problem.file, problem.code, problem.row) == ("adverse_events.csv", code, row), change


def test_a_missing_column_of_adverse_events_is_named():
    found = check(read(("p.csv", csv_of(PATIENTS)), ("adverse_events.csv", b"patient_id,term\nSIM-01,Rash\n")))
    assert one(found, "missing-column").sentence.startswith("adverse_events.csv: expected a column grade")


def test_terms_that_differ_in_capitals_are_one():
    terms = ["Rash", "rash", "RASH", "rash"]
    events = [{"patient_id": "SIM-01", "term": t, "grade": "1"} for t in terms]
    made = cohort(patients(), events)
    assert made.adverse_events is not None
    assert made.adverse_events["term"].tolist() == ["rash"] * 4
    assert one(problems(patients(), events), "spelling").severity == "note"


def test_no_rows_of_adverse_events_is_not_recorded():
    tables = read(("p.csv", csv_of(PATIENTS)), ("adverse_events.csv", b"patient_id,term,grade\n"))
    made, found = examine(tables, id="x", title="x", provenance="simulated")
    assert made is not None
    assert made.adverse_events is None
    assert one(found, "no-adverse-events").severity == "note"


def test_examine_gives_warnings_beside_the_cohort():
    made, found = examine(raw(patients(os_months=["0", "5", "6"])), id="x", title="x", provenance="simulated")
    assert made is not None
    assert [p.code for p in found] == ["zero-time"]
    made, found = examine(raw(patients(os_months=["-1", "5", "6"])), id="x", title="x", provenance="simulated")
    assert made is None


def test_long_values_are_cut_and_values_do_not_break_the_line():
    problem = Problem("error", "level", "p.csv", row=2, column="sex", value="x" * 500 + "\n", expected="M")
    assert len(problem.sentence) < 150
    assert "\n" not in replace(problem, value="a\nb\u202ec").sentence


@pytest.mark.slow
def test_a_hundred_thousand_rows_take_seconds_also_when_all_are_wrong():
    rng, n = np.random.default_rng(2), 100_000
    frame = pd.DataFrame(
        {
            "patient_id": [f"SIM-{i}" for i in range(n)],
            "age": rng.integers(30, 90, n),
            "sex": rng.choice(["M", "F"], n),
            "os_days": rng.integers(1, 900, n),
            "os_event": rng.integers(0, 2, n),
            **{f"marker{i}": rng.normal(size=n).round(4) for i in range(10)},
        }
    )
    wrong = frame.assign(age="x", sex="Y", os_days=-1, os_event=2, patient_id="SIM")
    for table in (frame, wrong):
        text = io.StringIO()
        table.to_csv(text, index=False)
        tables = read(("patients.csv", text.getvalue().encode()))
        found = check(tables)
        assert len(found) < 50


def test_two_thousand_columns_become_a_cohort():
    genes = {f"gene{i}": [str(i), str(i + 1), str(i + 2)] for i in range(1995)}
    assert cohort(patients(**genes)).patients.shape == (3, 2000)


def test_every_dictionary_column_survives_validation():
    examples = {"number": "20", "integer": "1", "flag": "1", "date": "2021-01-05", "text": "x", "id": "SIM-1"}
    row = {v.name: v.levels[0] if v.levels else examples.get(v.kind, "x") for v in VARIABLES.values()}
    row |= {"pfs_days": "609", "os_days": "609", "entry_days": "1", "entry_months": "0.03", "anlotinib_dose_mg": "12"}
    made = build_cohort(raw([row]), id="x", title="x", provenance="simulated")
    # duration of response is derived from the dates
    assert list(made.patients.columns) == [*VARIABLES, "dor_days", "dor_event", "dor_months"]
    assert not made.patients.isna().any().any()


def test_a_columns_label_in_the_file_is_its_name_for_people():
    rows = [
        {"patient_id": f"SIM-{i}", "os_months": i + 1, "os_event": i % 2, "v1": i, "v2": i, "v3_x": i} for i in (0, 1)
    ]
    raw = read(("a.csv", csv_of(rows)))
    labels = {"v1": "Visit", "v2": "Visit", "v3_x": "x" * 200, "os_months": "Survival time"}
    labelled = replace(raw, patients=replace(raw.patients, labels=labels))
    cohort = build_cohort(labelled, id="sim", title="Simulated", provenance="simulated")
    # Labels that repeat carry their header; a whole sentence is no name; the dictionary's names stay.
    assert cohort.labels == {"v1": "Visit (v1)", "v2": "Visit (v2)", "v3_x": "v3 x"}
    single = replace(raw, patients=replace(raw.patients, labels={"v1": "Visit <b>of</b> the week"}))
    assert build_cohort(single, id="s", title="S", provenance="simulated").labels["v1"] == "Visit <b>of</b> the week"
