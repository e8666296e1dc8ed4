"""Rules between columns and about whole columns: each finds what it is for, and is silent on real and bundled data."""

import ast
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kras_core.cohort.bundled import BUNDLED
from kras_core.cohort.ctcae import GRADES, grades_of
from kras_core.cohort.model import MARKS
from kras_core.cohort.problems import Problem
from kras_core.cohort.readers import RawTables
from kras_core.cohort.remedies import OFFERS
from kras_core.cohort.validate import check
from tests.cohort.files import one, patients, problems, raw

ROOT = Path(__file__).parents[2]


def many(n: int = 24, **columns: Any) -> list[dict[str, str]]:
    """n simulated patients whose deaths come before the censorings; a column is a list or a function of i."""
    rows = []
    for i in range(n):
        row = {"patient_id": f"SIM-{i:02d}", "os_months": f"{3 + i * 0.9:.1f}", "os_event": str(int(i < n / 2))}
        rows.append(row | {name: str(value(i)) for name, value in columns.items()})
    return rows


def codes(found: tuple[Problem, ...]) -> set[str]:
    return {p.code for p in found}


def test_the_simulated_rows_themselves_are_without_a_remark():
    assert problems(many()) == ()


# Columns of the three patients, the code, its severity, the row or None for the column, and words of the sentence.
SMALL: list[tuple[dict[str, list[Any]], str, str, int | None, str]] = [
    ({"start_date": ["2021-03-15", "2091-03-15", ""]}, "future-date", "error", 3, "up to today"),
    (
        {"start_date": ["2021-03-15"] * 3, "data_cutoff_date": ["2021-01-01", "2022-01-01", "2022-01-01"]},
        "after-cutoff",
        "warning",
        2,
        "up to data_cutoff_date",
    ),
    ({"age": ["61", "7", "48"]}, "unusual-age", "warning", 3, 'found "7"'),
    (
        {"best_response": ["PD", "SD", "PR"], "pfs_months": ["2", "3", "4"], "pfs_event": ["0", "1", "1"]},
        "pd-without-event",
        "warning",
        2,
        "the best response is PD",
    ),
    (
        {
            "start_date": ["2021-01-01"] * 3,
            "progression_date": ["2021-02-01", "", ""],
            "pfs_months": ["1", "3", "4"],
            "pfs_event": ["0", "0", "1"],
        },
        "progression-without-event",
        "warning",
        2,
        "date of progression",
    ),
    (
        {"pfs_months": ["2", "3", "4"], "pfs_event": ["1", "0", "1"], "response_months": ["2.5", "3.5", "1.5"]},
        "response-after-progression",
        "warning",
        2,
        "before progression",
    ),
    (
        {"best_response": ["PR", "SD", "CR"], "best_change_percent": ["-12", "-12", "-100"]},
        "response-without-shrinkage",
        "warning",
        2,
        "-30 or less",
    ),
    (
        {"best_response": ["PD", "SD", "CR"], "best_change_percent": ["-40", "-12", "-100"]},
        "progression-with-shrinkage",
        "warning",
        2,
        "New lesions",
    ),
    (
        {"best_response": ["SD", "PR", "CR"], "response_date": ["2021-02-01", "2021-02-01", "2021-02-01"]},
        "response-date-without-response",
        "warning",
        2,
        "CR or PR",
    ),
    (
        {"os_months": ["1", "0", "1"], "os_event": ["5.5", "12", "9"]},
        "swapped",
        "error",
        None,
        "events hold times",
    ),
    ({"albumin_g_per_l": ["41", "41", "41"]}, "constant", "warning", None, "filled down"),
]


@pytest.mark.parametrize(("columns", "code", "severity", "row", "says"), SMALL)
def test_a_rule_finds_the_row_and_says_why(columns, code, severity, row, says):
    found = one(problems(patients(**columns)), code)
    assert (found.severity, found.row) == (severity, row)
    assert says in found.sentence


def test_a_swapped_pair_is_said_once():
    found = problems(patients(os_months=["1", "0", "1"], os_event=["5.5", "12", "9"]))
    assert [p.code for p in found if p.column.startswith("os_")] == ["swapped"]


def test_months_that_look_like_days():
    whole = many(os_months=lambda i: 20 + 11 * i)  # up to 273: no century, but whole and long
    assert "All are whole numbers" in one(problems(whole), "days-in-months").sentence
    assert problems(many(os_months=lambda i: 3 + i)) == ()


def test_dates_say_which_unit_the_times_are_in():
    dates = {
        "start_date": lambda i: "2021-01-01",
        "death_date": lambda i: f"2021-{2 + i:02d}-01" if i < 10 else "",
        "os_event": lambda i: int(i < 10),
    }
    days = [31, 59, 90, 120, 151, 181, 212, 243, 273, 304]
    as_days = many(os_months=lambda i: days[i] if i < 10 else 330, **dates)
    assert "By the dates these are days" in one(problems(as_days), "days-in-months").sentence
    as_months = many(os_days=lambda i: round(days[i] / 30.4375, 2) if i < 10 else 11, **dates)
    for row in as_months:
        del row["os_months"]
    assert "By the dates these are months" in one(problems(as_months), "months-in-days").sentence
    right = many(os_months=lambda i: round(days[i] / 30.4375, 2) if i < 10 else 11, **dates)
    assert codes(problems(right)) == set()
    right[4]["os_months"] = "9.5"
    assert one(problems(right), "time-against-dates").row == 6


def test_inverted_coding_by_words_by_dates_by_labels_and_by_times():
    by_words = many(vital=lambda i: "Alive" if i < 12 else "Dead")
    assert "The column vital says alive" in one(problems(by_words), "inverted-event").sentence
    one_wrong = many(vital=lambda i: "Dead" if i < 12 and i != 3 else "Alive")
    assert one(problems(one_wrong), "status-differs").row == 5
    by_dates = many(
        start_date=lambda i: "2019-01-01", death_date=lambda i: "" if i < 12 else "2022-01-01", age=lambda i: 40 + i
    )
    assert "date of death" in one(problems(by_dates), "inverted-event").sentence
    by_times = many(os_event=lambda i: int(i >= 12))
    assert "In 100 of 100 pairs" in one(problems(by_times), "late-events").sentence


def test_value_labels_that_call_1_alive():
    tables = raw(many())
    labelled = RawTables(_with_labels(tables.patients, {"0": "dead", "1": "alive"}), None, tables.files, tables.sheets)
    assert one(check(labelled), "inverted-event").column == "os_event"
    right = RawTables(_with_labels(tables.patients, {"0": "alive", "1": "dead"}), None, tables.files, tables.sheets)
    assert check(right) == ()


def _with_labels(table, codes_of_event):
    return replace(table, value_labels={"os_event": codes_of_event})


def test_the_same_patient_under_two_ids():
    rows = many(age=lambda i: 50 + i, sex=lambda i: "MF"[i % 2], stage=lambda i: "IV")
    found = one(problems([*rows, {**rows[3], "patient_id": "SIM-99"}]), "same-person")
    assert found.row == 26


EVENTS = [
    {"patient_id": "SIM-01", "term": "Alopecia", "grade": "3"},
    {"patient_id": "SIM-02", "term": "Febrile neutropenia", "grade": "2"},
    {"patient_id": "SIM-02", "term": "Pneumonitis", "grade": "5"},
    {"patient_id": "SIM-03", "term": "Hand-foot syndrome", "grade": "3"},
    {"patient_id": "SIM-03", "term": "Hand-foot syndrome", "grade": "3"},
]


def test_adverse_events_that_cannot_be():
    found = problems(patients(), EVENTS)
    grades = {p.row: p.sentence for p in found if p.code == "ctcae-grade"}
    assert set(grades) == {2, 3}
    assert "from 1 to 2, as CTCAE v5.0" in grades[2] and "from 3 to 5" in grades[3]
    assert one(found, "fatal-event-alive").row == 4  # SIM-02 is censored
    assert one(found, "repeated-event").row == 6


def test_the_table_of_grades_is_well_formed():
    assert all(1 <= low <= high <= 5 and (low, high) != (1, 5) for low, high in GRADES.values())
    assert all(term == term.casefold() and grades_of(term) == GRADES[term] for term in GRADES)
    assert grades_of("Palmar-plantar  Erythrodysesthesia Syndrome") == (1, 3)
    assert grades_of("a term of one's own") is None


@pytest.mark.parametrize(
    ("term", "grades"),
    [
        ("Nail loss", (1, 2)),
        ("Dysgeusia", (1, 2)),
        ("Urinary frequency", (1, 2)),
        ("Insomnia", (1, 3)),
        ("Proteinuria", (1, 3)),
        ("Urticaria", (1, 3)),
        ("Lipase increased", (1, 4)),
        ("Peripheral sensory neuropathy", (1, 4)),  # the motor one has all five
        ("Peripheral motor neuropathy", None),
        ("Leukocytosis", (3, 5)),
        ("Sepsis", (3, 5)),
        ("Pneumonitis", None),
    ],
)
def test_grades_are_those_of_the_guide(term, grades):
    assert grades_of(term) == grades


@pytest.mark.parametrize("id", list(BUNDLED))
def test_bundled_cohorts_raise_no_doubt(id):
    doubted = codes(check(BUNDLED[id].tables()))
    assert doubted <= {"only-events", "constant", "zero-time", "unread-sheets"}, doubted


def test_real_curves_are_not_taken_for_inverted():
    """whas500's shape: most deaths early, everybody else censored late. Random censoring is let pass too."""
    rng = np.random.default_rng(7)
    death, end = rng.exponential(20, 300), rng.uniform(0, 40, 300)
    rows = [
        {"patient_id": f"SIM-{i}", "os_months": f"{min(d, e):.2f}", "os_event": str(int(d <= e))}
        for i, (d, e) in enumerate(zip(death, end, strict=True))
    ]
    assert codes(problems(rows)) <= {"zero-time"}


# ------------------------------------------------------------------------------------------------ the docs

SEVERITIES = {"error", "warning", "note"}
SOURCES = ("rules", "coding", "response_rules", "schema", "validate", "derive")


def codes_in_source() -> dict[str, set[str]]:
    """Every code that the rules can give, with its severities, read from the calls that make a Finding."""
    found: dict[str, set[str]] = {}
    for name in SOURCES:
        tree = ast.parse((ROOT / "kras_core" / "cohort" / f"{name}.py").read_text(encoding="utf-8"))
        for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
            if getattr(call.func, "id", "") == "Finding" and len(call.args) > 1:
                severity, code = call.args[:2]
                if isinstance(code, ast.Constant) and isinstance(code.value, str):
                    found.setdefault(code.value, set()).update(
                        v.value
                        for v in ast.walk(severity)
                        if isinstance(v, ast.Constant) and isinstance(v.value, str) and v.value in SEVERITIES
                    )
    # pandera's checks carry their codes as names (schema.py).
    found |= {code: {"error"} for code in ("level", "flag", "range", "negative-time", "whole-number")}
    found |= {code: {"error"} for code in ("missing-value", "duplicate-patient")}
    found |= {kind: {"note"} for kind in MARKS}  # rows that no patient stands behind
    return found


def test_the_documentation_lists_every_rule_with_its_severity_and_remedy():
    text = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \| ([\w, ]+?) \| .+? \| (.*?) \|$", text, flags=re.MULTILINE)
    documented = {code: (set(severity.split(", ")), remedy.strip()) for code, severity, remedy in rows}
    source = codes_in_source()
    assert {code: said[0] for code, said in documented.items()} == source
    assert {code for code, said in documented.items() if said[1] != "–"} == set(OFFERS)
