"""Recognising columns, applying a mapping and keeping it, on made-up rows and a *simulated* ward spreadsheet."""

from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from kras_core.cohort.files import open_tables
from kras_core.cohort.mapping import LEFT_OUT, OWN, Mapping, MappingError, apply, from_toml, propose, to_toml
from kras_core.cohort.mapping.apply import preview
from kras_core.cohort.mapping.codes import event_coding, flag_coding, level_coding
from kras_core.cohort.mapping.editing import (
    date_questions,
    edited,
    event_codings,
    missing_choices,
    open_codings,
    rows,
    turned,
    with_codes,
)
from kras_core.cohort.mapping.synonyms import names, plain
from kras_core.cohort.mapping.targets import ADVERSE_EVENTS, PATIENTS
from kras_core.cohort.mapping.units import guess_unit
from kras_core.cohort.mapping.words import coding_of
from kras_core.cohort.readers import RawTables, tables_of
from kras_core.cohort.validate import examine
from tests.cohort import ward
from tests.cohort.files import csv_of


def opened(columns: Table[str, Sequence[object]], name: str = "file.csv") -> RawTables:
    """A file of these columns, each value as text."""
    lines = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return tables_of(open_tables([(name, csv_of(lines))]), [name])


def confirmed(mapping: Mapping) -> Mapping:
    return replace(mapping, patients=tuple(replace(c, confirmed=c.is_event) for c in mapping.patients))


def becomes(mapping: Mapping) -> dict[str, str]:
    return {c.source: c.becomes for c in mapping.patients}


def column(tables: RawTables, name: str) -> list[str]:
    return tables.patients.columns[tables.patients.header.index(name)].tolist()


LUNG = {
    "inst": [3, 3, 5, 1, 12, 7],
    "time": [306, 455, 1010, 210, 883, 1022],
    "status": [2, 2, 1, 2, 2, 1],
    "age": [74, 68, 56, 57, 60, 74],
    "sex": [1, 1, 1, 2, 1, 1],
    "ph.ecog": [1, 0, 0, 1, 0, 1],
}


def test_every_synonym_names_a_target_and_no_two_targets_share_a_name():
    for adverse_events, targets in ((False, PATIENTS), (True, ADVERSE_EVENTS)):
        assert set(names(adverse_events).values()) <= set(targets)
    from kras_core.cohort.mapping.synonyms import _table

    listed = [plain(name) for written in _table()["patients"].values() for name in written]
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize(
    "header, name",
    [
        ("PATIENT_ID", "patient id"),
        ("PatientID", "patient id"),
        ("总生存期（月）", "总生存期"),
        ("Albumin (g/dL)", "albumin"),
        ("ＥＣＯＧ", "ecog"),
        ("PD-L1 TPS", "pd l1 tps"),
    ],
)
def test_headers_are_compared_without_case_width_punctuation_and_brackets(header, name):
    assert plain(header) == name


def test_lungs_time_and_status_become_overall_survival_in_days_with_2_for_death():
    tables = opened(LUNG)
    mapping = propose(tables)
    assert becomes(mapping) == {
        "inst": "centre",
        "time": "os_time",
        "status": "os_event",
        "age": "age",
        "sex": OWN,
        "ph.ecog": "ecog",
    }
    time, status = mapping.sources("os_time")[0], mapping.sources("os_event")[0]
    assert (time.unit, dict(status.codes)) == ("days", {"1": "censored", "2": "event"})
    assert time.confidence == status.confidence == "unsure"
    assert coding_of(status, tables) == ("1 = alive, or lost to follow-up: 2 patients", "2 = died: 4 patients")
    made = apply(confirmed(mapping), tables)
    assert column(made, "os_event") == ["1", "1", "0", "1", "1", "0"]
    assert column(made, "patient_id")[0] == "row 2"  # nobody is named: the row is
    cohort, _ = examine(made, id="lung", title="lung", provenance="real")
    assert cohort is not None and cohort.numbers("os_event").sum() == 4


def test_an_event_coding_has_to_be_confirmed_and_columns_have_to_be_the_same():
    tables = opened(LUNG)
    mapping = propose(tables)
    with pytest.raises(MappingError, match="status: its event coding is not confirmed"):
        apply(mapping, tables)
    other = opened({**LUNG, "extra": [1] * 6})
    with pytest.raises(MappingError, match="with extra"):
        apply(confirmed(mapping), other)


def test_a_code_that_the_mapping_does_not_know_is_an_error_at_its_row():
    mapping = confirmed(propose(opened(LUNG)))
    (problem,) = [
        p for p in apply(mapping, opened({**LUNG, "status": [2, 2, 1, 2, 2, 0]})).problems if p.severity == "error"
    ]
    assert (problem.code, problem.row, problem.column, problem.value) == ("unknown-code", 7, "status", "0")


@pytest.mark.parametrize(
    "codes, labels, header, events",
    [
        (["0:LIVING", "1:DECEASED"], {}, "OS_STATUS", {"1:DECEASED"}),
        (["0:No recurrence", "1:Recurrence"], {}, "RFS_STATUS", {"1:Recurrence"}),
        (["0", "1"], {}, "CNSR", {"0"}),
        (["0", "1"], {}, "status", {"1"}),
        (["1", "2"], {}, "status", {"2"}),
        (["1", "2"], {"1": "censored", "2": "death"}, "status", {"2"}),
        (["1", "2"], {"1": "dead", "2": "alive"}, "status", {"1"}),
        (["死亡", "存活"], {}, "生存状态", {"死亡"}),
        (["是", "否"], {}, "是否进展", {"是"}),
        (["yes", "no"], {}, "alive", {"no"}),
        (["是", "否"], {}, "是否存活", {"否"}),
        (["alive", "dead", "alive with disease"], {}, "vital status", {"dead"}),
    ],
)
def test_codes_of_events(codes, labels, header, events):
    coding = event_coding(codes, labels, header)
    assert coding is not None
    assert {code for code, meaning in coding.codes if meaning == "event"} == events
    assert {meaning for _, meaning in coding.codes} == {"event", "censored"}


def test_codes_that_say_nothing_stay_unsaid():
    assert event_coding(["0", "1", "2"], {}, "status") is None
    assert event_coding([str(i) for i in range(40)], {}, "status") is None
    assert flag_coding(["a", "b"], {}) is None
    assert level_coding(["0", "1"], {}, PATIENTS["sex"]) is None
    labelled = level_coding(["0", "1"], {"0": "female", "1": "male"}, PATIENTS["sex"])
    assert labelled is not None and dict(labelled.codes) == {"0": "F", "1": "M"}


@pytest.mark.parametrize(
    "target, said, values, unit, doubtful",
    [
        ("os_time", "os months", [6.0, 12.5, 30.1], "months", False),
        ("os_time", "os months", [306.0, 654.0, 1010.0], "days", True),
        ("os_time", "总生存期 (天)", [306.0, 654.0], "days", False),
        ("pfs_time", "pfs", [90.0, 120.0, 300.0], "days", False),
        ("pfs_time", "pfs (weeks)", [9.0, 12.0], "weeks", False),
        ("pfs_time", "pfs", [3.0, 5.0, 8.0], "months", True),
        ("albumin_g_per_l", "albumin", [3.9, 4.2], "g/dL", False),
        ("albumin_g_per_l", "albumin", [39.0, 42.0], "g/L", False),
        ("albumin_g_per_l", "albumin (g/dl)", [39.0, 42.0], "g/dL", False),
        ("neutrophils_10e9_per_l", "anc", [3900.0, 4200.0], "/mm³", False),
        ("platelets_10e9_per_l", "plt", [180.0, 420.0], "10⁹/L", False),
        ("lymphocytes_10e9_per_l", "lymph (/ul)", [1200.0, 900.0], "/mm³", False),
    ],
)
def test_units_are_told_from_header_and_size(target, said, values, unit, doubtful):
    guess = guess_unit(target, said, np.array(values))
    assert (guess.unit, guess.doubtful) == (unit, doubtful)


def test_conversions_are_exact_and_counted():
    tables = opened(
        {
            "id": ["a", "b", "c"],
            "albumin (g/dL)": ["4,1", "3,7", "NA"],
            "ANC (/mm3)": ["4100", "-99", "2950"],
            "PD-L1": ["80%", "5%", "0"],
            "OS (weeks)": ["10", "20.5", "3"],
            "dead": ["yes", "no", "yes"],
        }
    )
    made = apply(confirmed(propose(tables)), tables)
    assert column(made, "albumin_g_per_l") == ["41", "37", "NA"]
    assert column(made, "neutrophils_10e9_per_l") == ["4.1", "", "2.95"]
    assert column(made, "pdl1_tps") == ["80", "5", "0"]
    assert column(made, "os_days") == ["70", "143.5", "21"]
    notes = {p.column: p.remedy for p in made.problems if p.code == "mapped"}
    assert notes["albumin (g/dL)"] == (
        "Becomes albumin_g_per_l: 2 values with decimal commas; 2 values × 10 (g/dL to g/L)."
    )
    assert notes["ANC (/mm3)"] == (
        "Becomes neutrophils_10e9_per_l: 1 value read as missing (-99); 2 values × 0.001 (/mm³ to 10⁹/L)."
    )
    assert notes["dead"] == "Becomes os_event: yes = event: 2; no = censored: 1."


def test_a_column_named_like_one_but_holding_another_stays_own_and_says_why():
    tables = opened({"id": ["a", "b"], "Stage": ["localised", "spread"], "age": ["young", "old"]})
    mapping = propose(tables)
    assert becomes(mapping) == {"id": "patient_id", "Stage": OWN, "age": OWN}
    assert "its values are not a number from 0 to 120 years" in mapping.sources(OWN)[1].reason
    assert "Stage (own)" in preview(mapping, tables).patients.header


def test_of_two_columns_that_claim_the_same_the_surer_has_it():
    mapping = propose(opened({"id": ["a", "b"], "patient": ["x", "y"], "OS": ["1.5", "2.5"], "time": ["3", "4"]}))
    assert becomes(mapping) == {"id": "patient_id", "patient": OWN, "OS": "os_time", "time": OWN}
    assert "“OS” was taken" in mapping.patients[3].reason


def test_columns_named_by_the_caller_are_left_out_with_their_reason():
    tables = opened({"id": ["a", "b"], "name": ["x", "y"]})
    mapping = propose(tables, {"name": "It names a person."})
    assert mapping.patients[1].becomes == LEFT_OUT
    assert "name" not in preview(mapping, tables).patients.header


def test_a_mapping_survives_its_file_and_does_the_same_again():
    tables = tables_of(open_tables([("ward.xlsx", ward.workbook())]), ["ward.xlsx"])
    mapping = confirmed(propose(tables))
    again = from_toml(to_toml(mapping))
    assert (again, again.fingerprint) == (mapping, mapping.fingerprint)
    one, two = apply(mapping, tables).patients, apply(again, tables).patients
    assert one.header == two.header
    assert all((a == b).all() for a, b in zip(one.columns, two.columns, strict=True))
    assert "SIM-001" not in to_toml(mapping)  # headers and codes, no rows


@pytest.mark.parametrize(
    "text, words",
    [
        ("nonsense = ", "no TOML"),
        ("a = 1", "no mapping of KRAScope"),
        ("krascope_mapping = 1\n[other]\na = 1", "unknown part"),
        ("krascope_mapping = 1", "no [[patients]]"),
        ('krascope_mapping = 1\n[[patients]]\nsource = "a"\nbecomes = "b"', "no variable of KRAScope"),
        ('krascope_mapping = 1\n[[patients]]\nsource = "a"\nbecomes = "os_time"\nunit = "g/L"', "unit is one of"),
        ('krascope_mapping = 1\n[[patients]]\nsource = "a"\nwrong = 1', "unknown wrong"),
        ('krascope_mapping = 1\n[[patients]]\nsource = "a"\n[[patients]]\nsource = "a"', "listed twice"),
        ('krascope_mapping = 1\n[[patients]]\nsource = "a"\nconfirmed = 1', "confirmed = true or false"),
        ('krascope_mapping = 1\n[dates]\nmissed = "x"\n[[patients]]\nsource = "a"', "missed is one of"),
        (
            'krascope_mapping = 1\n[[patients]]\nsource = "a"\nbecomes = "os_event"\ncodes = {"1" = "died"}',
            "each code is one of",
        ),
    ],
)
def test_a_damaged_mapping_says_what_is_wrong(text, words):
    with pytest.raises(MappingError) as refusal:
        from_toml(text)
    assert words in str(refusal.value)


def test_the_wards_spreadsheet_is_recognised_without_a_word():
    tables = tables_of(open_tables([("ward.xlsx", ward.workbook())]), ["ward.xlsx"])
    mapping = propose(tables)
    found = becomes(mapping)
    assert [s for s, b in found.items() if b == OWN] == ["姓名", "住院号", "科室"]
    assert (found["白蛋白（g/dL）"], found["生存状态"], found["末次评估日期"]) == (
        "albumin_g_per_l",
        "os_event",
        "last_assessment_date",
    )
    assert {c.confidence for c in mapping.patients} == {"sure"}
    cohort, problems = examine(apply(confirmed(mapping), tables), id="w", title="w", provenance="simulated")
    assert cohort is not None and cohort.endpoints == ("os", "pfs")
    assert cohort.patients["albumin_g_per_l"].between(25, 55).all()
    died = [line[ward.HEADER.index("生存状态")] for line in ward.lines()[1:]].count("死亡")
    assert cohort.numbers("os_event").sum() == died
    assert not [p for p in problems if p.severity == "error"]


def test_another_meaning_by_hand_is_fitted_anew_and_a_wrong_unit_is_ignored():
    tables = opened({"id": ["a", "b", "c"], "x": ["306", "455", "1010"], "y": ["1", "0", "1"]})
    mapping = propose(tables)
    shown = rows(mapping, tables, frozenset({"x", "y"}))
    assert shown[0]["first"] == "306 · 455 · 1010"
    changed = [shown[0] | {"becomes": "pfs_time"}, shown[1] | {"becomes": "pfs_event", "unit": "g/L"}]
    again = edited(mapping, tables, changed)
    assert (again.patients[1].unit, again.patients[2].codes) == ("days", (("0", "censored"), ("1", "event")))
    assert again.patients[2].unit == ""
    (coding,) = event_codings(again, tables)
    assert coding.words == ("0 = no progression or death yet: 1 patient", "1 = progression or death: 2 patients")
    assert turned(coding.codes) == {"0": "event", "1": "censored"}


def test_codes_of_a_category_chosen_by_hand_are_asked_for():
    tables = opened({"id": ["a", "b", "c"], "gender": ["0", "1", "0"], "cvd": ["0", "1", "1"]})
    mapping = propose(tables)
    assert "its values are not one of M, F" in mapping.patients[1].reason
    shown = rows(mapping, tables, frozenset({"gender", "cvd"}))
    by_hand = edited(mapping, tables, [shown[0] | {"becomes": "sex"}, shown[1]])
    (asked,) = open_codings(by_hand, tables)
    assert (asked.title, dict(asked.codes), asked.words) == (
        "Sex",
        {"0": "", "1": ""},
        ("0: 2 patients", "1: 1 patient"),
    )
    said = with_codes(by_hand, "gender", {"0": "M", "1": "F"})
    assert column(preview(said, tables), "sex") == ["M", "F", "M"]


def test_an_event_that_finds_no_time_is_no_endpoint():
    mapping = propose(opened({"id": ["a", "b"], "CNSR": ["0", "1"], "x": ["1.5", "2.5"]}))
    assert becomes(mapping) == {"id": "patient_id", "CNSR": OWN, "x": OWN}
    assert "no column holds its time" in mapping.patients[1].reason


def test_missing_codes_are_shown_with_their_counts():
    tables = opened({"id": list("abcdef"), "age": ["61", "70", "-99", "55", "-99", "44"], "sex": list("MFMFMF")})
    mapping = propose(tables)
    assert missing_choices(mapping, tables) == {("age", "-99"): 2}
    assert column(preview(mapping, tables), "age") == ["61", "70", "", "55", "", "44"]


def test_dates_that_do_not_tell_day_from_month_are_asked_for():
    dates = {"start date": ["03/04/2021", "05/06/2021"], "death date": ["04/05/2022", "07/08/2022"]}
    tables = opened({"id": ["a", "b"], **dates})
    mapping = propose(tables)
    first, _ = date_questions(mapping, tables)
    assert (first.example, dict(first.readings)) == ("03/04/2021", {"dmy": "3 April 2021", "mdy": "4 March 2021"})
    with pytest.raises(MappingError, match='written = "dmy" or "mdy"'):
        apply(mapping, tables)
    told = propose(opened({"id": ["a", "b"], **dates, "last contact": ["25/12/2022", "07/08/2022"]}))
    assert [c.written for c in told.patients[1:]] == ["dmy"] * 3
    assert "as in “last contact”" in told.patients[1].reason


def test_an_endpoint_of_any_name_keeps_it_where_time_and_event_are_there():
    tables = opened(
        {"patient_id": ["a", "b"], "ttde_days": ["3", "40"], "ttde_event": ["1", "0"], "x_days": ["1", "2"]}
    )
    mapping = propose(tables)
    assert becomes(mapping) == {
        "patient_id": "patient_id",
        "ttde_days": "ttde_time",
        "ttde_event": "ttde_event",
        "x_days": OWN,
    }
    assert coding_of(mapping.patients[2], tables) == ("0 = no event yet: 1 patient", "1 = event: 1 patient")
    made = apply(from_toml(to_toml(confirmed(mapping))), tables)
    assert made.patients.header == ("patient_id", "ttde_days", "ttde_event", "x_days (own)")


def test_adverse_events_name_a_patient_more_than_once():
    patients = csv_of([{"id": "a", "os": "3", "dead": "1"}, {"id": "b", "os": "4", "dead": "0"}])
    events = csv_of([{"patient no": "a", "adverse event": "Rash", "CTCAE grade": g} for g in "123"])
    files = [("patients.csv", patients), ("adverse_events.csv", events)]
    tables = tables_of(open_tables(files), [name for name, _ in files])
    mapping = propose(tables)
    assert [c.becomes for c in mapping.adverse_events] == ["patient_id", "term", "grade"]
    made = apply(confirmed(mapping), tables)
    assert made.adverse_events is not None and made.adverse_events.header == ("patient_id", "term", "grade")


def test_a_second_date_of_the_same_kind_is_left_out():
    mapping = propose(opened({"id": ["a", "b"], "start date": ["2021-01-02"] * 2, "first dose": ["2021-01-03"] * 2}))
    assert [c.becomes for c in mapping.patients] == ["patient_id", "start_date", LEFT_OUT]
