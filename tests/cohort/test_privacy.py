"""What could name a patient is found, with its reason and without its values; ordinary columns are let alone.

Every person below is made up; the identity-card number is the example of GB 11643-1999.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from kras_core.cohort.bundled import BUNDLED
from kras_core.cohort.files import RawTable
from kras_core.cohort.privacy import Identified, identifying, is_identity_card
from kras_core.cohort.variables import ADVERSE_EVENT_VARIABLES, VARIABLES

CARD = "11010519491231002X"


def table(columns: Mapping[str, Sequence[str]], labels: Mapping[str, str] | None = None) -> RawTable:
    n = len(next(iter(columns.values())))
    texts = tuple(np.array(values, dtype=object) for values in columns.values())
    return RawTable("made.csv", "", tuple(columns), texts, np.arange(n) + 2, labels or {})


def found(columns: Mapping[str, Sequence[str]], labels: Mapping[str, str] | None = None) -> Identified | None:
    answers = identifying(table(columns, labels))
    assert len(answers) <= 1
    return answers[0] if answers else None


HEADERS = {
    "name": [
        "Name",
        "Patient Name",
        "patientName",
        "LAST_NAME",
        "surname",
        "Vorname",
        "Prénom",
        "apellidos",
        "姓名",
        "患者姓名",
    ],
    "record number": [
        "MRN",
        "NHS no.",
        "Hospital number",
        "national_id",
        "ID card no",
        "身份证号",
        "住院号",
        "病案号",
        "门诊号",
    ],
    "date of birth": [
        "DOB",
        "Date of birth",
        "birthdate",
        "BRTHDTC",
        "Geburtsdatum",
        "date de naissance",
        "出生日期",
        "生日",
    ],
    "telephone": ["Phone", "Tel.", "mobile", "Telefon", "teléfono", "联系电话", "手机号"],
    "e-mail": ["Email", "E-mail address", "邮箱"],
    "address": ["Address", "home_address", "Postcode", "ZIP code", "Adresse", "家庭住址", "邮编"],
    "free text": ["Notes", "comment", "ward_remarks", "Bemerkungen", "备注"],
}


@pytest.mark.parametrize("kind", list(HEADERS))
def test_headers_in_several_languages_say_what_is_there(kind: str) -> None:
    values = ["seen in clinic, daughter will ring back on Monday", "b", "b"]
    for header in HEADERS[kind]:
        answer = found({header: values})
        assert answer is not None and (answer.column, answer.kind) == (header, kind), header
        assert answer.reason.startswith("Its header says") and not answer.stays


def test_what_the_file_says_of_a_column_counts_as_its_header() -> None:
    answer = found({"v1": ["a", "b", "c"]}, {"v1": "Patient's name"})
    assert answer is not None and answer.reason == "Its label says that it names a person."


CONTENTS = {
    "names": ("name", ["Ann Example", "Bo Sample", "Cleo Made-Up", "Dan O'Nobody", "Eve Q. Person"]),
    "Chinese names": ("name", ["王小明", "李雷", "韩梅梅", "张伟", "赵敏"]),
    "one identity card among other texts": ("record number", ["none", CARD, "none", "", "none"]),
    "one address of e-mail": ("e-mail", ["", "ann@example.org", "", "", ""]),
    "Chinese mobiles": ("telephone", ["13800000000", "13900000001", "15000000002", "18600000003", ""]),
    "telephones": ("telephone", ["+44 20 7946 0000", "+44 20 7946 0001", "+44 20 7946 0002", "", ""]),
    "social security": ("record number", ["000-00-0001", "000-00-0002", "000-00-0003", "", ""]),
    "streets": ("address", ["1 Made Up Road", "2 No Such Street", "3 Nowhere Lane", "", ""]),
    "Chinese streets": ("address", ["某某市某某路1号", "某某市某某街2号", "某某区某某路3号", "", ""]),
    "sentences": (
        "free text",
        [f"was seen on the ward and felt well on day {i} after the dose" for i in range(5)],
    ),
}


@pytest.mark.parametrize("what", list(CONTENTS))
def test_content_says_it_under_any_header(what: str) -> None:
    kind, values = CONTENTS[what]
    answer = found({"x7": values})
    assert answer is not None and answer.kind == kind
    assert not any(value and value in answer.reason for value in values)


def test_dates_a_generation_before_all_others_are_births() -> None:
    births = ["1950-01-02", "1944-05-06", "1962-07-08", "1971-02-03"]
    starts = ["2021-01-02", "2021-05-06", "2022-07-08", "2022-02-03"]
    answer = found({"x1": births, "x2": starts, "x3": starts})
    assert answer is not None and (answer.column, answer.kind) == ("x1", "date of birth")
    assert found({"x2": starts, "x3": starts}) is None
    assert found({"x1": births}) is None  # an old study's only date


def test_numbers_that_records_carry_need_the_header_of_a_number() -> None:
    numbers = [str(100234 + 7919 * i) for i in range(10)]
    assert found({"x_no": numbers}) is not None
    assert found({"x": numbers}) is None
    assert found({"x_id": ["100234"] * 10}) is None  # a centre, not a patient


def test_patient_id_stays_and_says_whether_it_is_a_record_number() -> None:
    assert found({"patient_id": ["SIM-01", "SIM-02", "SIM-03"]}) is None
    assert found({"patient_id": [str(i) for i in range(500)]}) is None
    answer = found({"patient_id": [str(100234 + 7919 * i) for i in range(10)]})
    assert answer is not None and answer.stays and "pseudonym" in answer.reason
    cards = found({"patient_id": [CARD, "2", "3"]})
    assert cards is not None and cards.stays and cards.kind == "record number"


@pytest.mark.parametrize(
    "text, right",
    [(CARD, True), (CARD.lower(), True), ("110105194912310021", False), ("11010519491331002X", False), ("12", False)],
)
def test_the_check_character_of_an_identity_card(text: str, right: bool) -> None:
    assert is_identity_card(text) is right


ORDINARY = {
    "gene_name": ["KRAS", "TP53", "KRAS"],
    "drug name": ["Sintilimab", "Anlotinib", "Anlotinib"],
    "birth_weight": ["3.1", "3.2", "2.9"],
    "smoking history": ["Never Smoker", "Former Smoker", "Current Smoker"],
    "高血压病史": ["1", "0", "1"],
    "notes": ["none", "none", "none"],
    "sample_date": ["2021-01-02", "2021-05-06", "2022-07-08"],
    "residence": ["urban", "rural", "rural"],
    "platelets": ["205000", "240000", "198000"],
    "mrna": ["1.2", "1.3", "1.4"],
    "name": ["", "", ""],
}


@pytest.mark.parametrize("header", list(ORDINARY))
def test_ordinary_columns_are_let_alone(header: str) -> None:
    assert found({header: ORDINARY[header]}) is None


def test_the_dictionary_and_the_bundled_cohorts_raise_no_alarm() -> None:
    for name in {**VARIABLES, **ADVERSE_EVENT_VARIABLES}:
        assert found({name: ["seen in clinic, and more than that", "b", "b"]}) is None
    for bundled in BUNDLED.values():
        tables = bundled.tables()
        assert identifying(tables.patients) == ()
        assert tables.adverse_events is None or identifying(tables.adverse_events) == ()
