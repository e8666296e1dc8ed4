"""A remedy mends what it names, records every cell, and is offered only where its meaning is not in doubt."""

from typing import Any

import numpy as np
import pytest

from kras_core.cohort.problems import has_errors
from kras_core.cohort.readers import RawTables
from kras_core.cohort.remedies import OFFERS, Remedy, apply, key_of, offered, plain_texts
from kras_core.cohort.validate import check
from kras_core.cohort.variables import ADVERSE_EVENT_VARIABLES, VARIABLES
from tests.cohort.files import patients, raw
from tests.cohort.test_validation_rules import codes_in_source


def offer(tables: RawTables, code: str) -> Remedy | None:
    """The remedy of the problem of that code, which must be there."""
    found = check(tables)
    (key,) = {key_of(p) for p in found if p.code == code}
    return offered(tables, found).get(key)


def cells(tables: RawTables, column: str) -> list[str]:
    return list(tables.patients.columns[tables.patients.header.index(column)])


def texts(*values: str) -> np.ndarray:
    return np.array(values, dtype=object)


# Columns of the three patients, the code, the button, and what the columns hold afterwards.
MENDED: list[tuple[dict[str, list[Any]], str, str, dict[str, list[str]]]] = [
    ({"age": ["61", "610", "48"]}, "range", "Empty the cell", {"age": ["61", "", "48"]}),
    (
        {"os_months": ["5.5", "-2", "9"]},
        "negative-time",
        "Empty the cell, time and event",
        {"os_months": ["5.5", "", "9"], "os_event": ["1", "", "1"]},
    ),
    ({"age": ["61 y", "70.5 years", "48"]}, "unreadable", "Read as numbers", {"age": ["61", "70.5", "48"]}),
    ({"age": ["61.5", "60,5", "48"]}, "unreadable", "Read as numbers", {"age": ["61.5", "60.5", "48"]}),
    ({"pdl1_tps": ["<1", "50 %", "80"]}, "unreadable", "Read as numbers", {"pdl1_tps": ["0", "50", "80"]}),
    ({"age": ["about 60", "70", "48"]}, "unreadable", "Empty the cell", {"age": ["", "70", "48"]}),
    (
        {"albumin_g_per_l": ["41 g/L", "<30", "38"]},
        "unreadable",
        "Read as numbers, 1 of 2 cells",
        {"albumin_g_per_l": ["41", "<30", "38"]},
    ),
    (
        {"start_date": ["15.03.2021", "1.4.2021", "2021/05/06"]},
        "unreadable",
        "Read as dates",
        {"start_date": ["2021-03-15", "2021-04-01", "2021-05-06"]},
    ),
    ({"sex": ["M", "F", "X"]}, "level", "Empty the cell", {"sex": ["M", "F", ""]}),
    (
        {"start_date": ["2021-03-15", "2091-03-15", ""]},
        "future-date",
        "Empty the cell",
        {"start_date": ["2021-03-15", "", ""]},
    ),
    (
        {"os_months": ["1", "0", "1"], "os_event": ["5.5", "12", "9"]},
        "swapped",
        "Exchange os_months and os_event",
        {"os_months": ["5.5", "12", "9"], "os_event": ["1", "0", "1"]},
    ),
    (
        {"os_months": ["654", "12", "200"]},
        "days-in-months",
        "Call the column os_days",
        {"os_days": ["654", "12", "200"]},
    ),
]


@pytest.mark.parametrize(("columns", "code", "label", "after"), MENDED)
def test_a_remedy_mends_what_it_names_and_says_so(columns, code, label, after):
    tables = raw(patients(**columns))
    remedy = offer(tables, code)
    assert remedy is not None and remedy.label == label
    mended, audit = apply(tables, [remedy])
    assert {name: cells(mended, name) for name in after} == after
    left = [p.code for p in check(mended)]
    assert code not in left or "of 2 cells" in label

    # Every cell that differs is in the list, with what stood there, and nothing else is.
    by_place = {(c.row, c.column): (c.before, c.after) for c in audit if c.row > 1}
    before, now = tables.patients, mended.patients
    changed = {
        (int(row), header): (old, new)
        for header, was, column in zip(now.header, before.columns, now.columns, strict=True)
        for row, old, new in zip(now.rows, was, column, strict=True)
        if old != new
    }
    assert by_place == changed
    headers = {c.before: c.after for c in audit if c.row == 1}
    assert headers == {o: n for o, n in zip(before.header, now.header, strict=True) if o != n}
    assert audit and all(c.why for c in audit)


def test_the_tables_as_they_were_stay_as_they_were():
    tables = raw(patients(age=["61", "610", "48"], sex=["M", "F", "X"]))
    wanted = list(offered(tables, check(tables)).values())
    assert len(wanted) == 2
    mended, audit = apply(tables, wanted)
    assert not has_errors(check(mended)) and len(audit) == 2
    assert cells(tables, "age") == ["61", "610", "48"]
    undone, rest = apply(tables, wanted[:1])  # leaving the second out undoes it
    assert cells(undone, "sex") == ["M", "F", "X"] and rest == audit[:1]


def test_copies_of_a_row_are_dropped_and_other_rows_of_the_same_patient_are_not():
    rows = patients()
    tables = raw([*rows, rows[0], {**rows[1], "age": "71"}])
    remedy = offer(tables, "duplicate-patient")
    assert remedy is not None and remedy.label == "Drop 1 row that is an exact copy"
    mended, (change,) = apply(tables, [remedy])
    assert (change.row, change.after) == (5, None) and change.as_row()["to"] == "(row dropped)"
    assert mended.patients.rows.tolist() == [2, 3, 4, 6]
    (left,) = [p for p in check(mended) if p.code == "duplicate-patient"]
    assert left.row == 6 and offer(mended, "duplicate-patient") is None


def test_the_rows_beyond_those_listed_are_mended_too():
    rows = [{"patient_id": f"SIM-{i}", "age": "610", "os_months": str(i + 1), "os_event": "1"} for i in range(9)]
    tables = raw(rows)
    remedy = offer(tables, "range")
    assert remedy is not None and remedy.label == "Empty the 9 cells"
    assert cells(apply(tables, [remedy])[0], "age") == [""] * 9


def test_inverted_coding_is_turned_and_turned_back():
    words = ["alive", "dead"] * 6
    rows = [
        {"patient_id": f"SIM-{i}", "os_months": str(i + 1), "os_event": str(1 - i % 2), "status": words[i]}
        for i in range(12)
    ]
    tables = raw(rows)
    remedy = offer(tables, "inverted-event")
    assert remedy is not None
    mended, audit = apply(tables, [remedy])
    assert cells(mended, "os_event") == [str(i % 2) for i in range(12)] and len(audit) == 12
    assert "inverted-event" not in {p.code for p in check(mended)}
    assert cells(apply(mended, [remedy])[0], "os_event") == cells(tables, "os_event")


# Codes for which the user alone knows what is right.
@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"os_event": ["1", "0", "2"]}, "flag"),
        ({"patient_id": ["SIM-01", "NA", "SIM-03"]}, "missing-value"),
        ({"start_date": ["2021-03-15"] * 3, "death_date": ["2021-03-14", "", ""]}, "date-order"),
        ({"os_months": ["5.5", "0", "9"]}, "zero-time"),
    ],
)
def test_nothing_is_offered_where_only_the_user_knows(columns, code):
    tables = raw(patients(**columns))
    assert offer(tables, code) is None


@pytest.mark.parametrize(
    ("name", "text", "plain"),
    [
        ("age", "61 y", "61"),
        ("age", "61岁", "61"),
        ("age", "1,234", None),  # a thousand, or a decimal comma
        ("age", "<60", None),
        ("age", "60-65", None),
        ("pdl1_tps", "<1%", "0"),
        ("pdl1_tps", "<5%", None),
        ("albumin_g_per_l", "4.1 g/dL", None),  # another unit is not taken off
        ("neutrophils_10e9_per_l", "4.8 x10^9/L", "4.8"),
        ("neutrophils_10e9_per_l", "4800 /mm3", None),
        ("os_months", "5.5 months", "5.5"),
        ("os_months", "5.5 days", None),
        ("grade", "Grade 3", "3"),
        ("grade", "III", "3"),
        ("grade", "3-4", None),
        ("start_date", "15.03.2021", "2021-03-15"),
        ("start_date", "2021年3月15日", "2021-03-15"),
        ("start_date", "03/04/2021", None),  # the third of April or the fourth of March
        ("start_date", "31/04/2021", None),
        ("start_date", "15.03.21", None),
    ],
)
def test_one_reading_or_none(name, text, plain):
    known = ADVERSE_EVENT_VARIABLES.get(name) or VARIABLES[name]
    assert plain_texts(texts(text), known) == [plain]


def test_a_day_above_twelve_says_the_order_of_the_whole_column():
    known = VARIABLES["start_date"]
    assert plain_texts(texts("15/03/2021", "03/04/2021"), known) == ["2021-03-15", "2021-04-03"]
    assert plain_texts(texts("15/03/2021", "03/14/2021"), known) == [None, None]


def test_every_offer_is_for_a_code_that_some_rule_gives():
    assert set(OFFERS) <= set(codes_in_source())
