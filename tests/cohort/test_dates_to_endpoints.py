"""PFS and OS from dates: each rule on rows worked out by hand, and dates in every way of writing."""

from dataclasses import replace

import numpy as np
import pytest

from kras_core.analyse.first_look import first_look, rule_choices, rule_effects
from kras_core.cohort.files import open_tables
from kras_core.cohort.files.table import RawTable
from kras_core.cohort.mapping import DateRules, propose
from kras_core.cohort.mapping.dates import Dated, overall, progression_free, rules_in_words, times
from kras_core.cohort.mapping.written_dates import how_written, read_dates
from kras_core.cohort.readers import tables_of
from tests.cohort import ward


def table(**columns: list[str]) -> RawTable:
    made = tuple(np.array(values, dtype=object) for values in columns.values())
    return RawTable("file.csv", "", tuple(columns), made, np.arange(len(made[0])) + 2)


USUAL = DateRules()


def timed(id: str, rules: DateRules = USUAL, /, **columns: str) -> tuple[float, float]:
    """Days and event of one patient."""
    dated = Dated(table(**{name: [value] for name, value in columns.items()}))
    found = overall(dated) if id == "os" else progression_free(dated, rules)[0]
    return float(found.days[0]), float(found.event[0])


START = {"start_date": "2021-01-01"}
NOBODY = (np.nan, np.nan)


@pytest.mark.parametrize(
    "dates, expected",
    [
        ({"death_date": "2021-02-01"}, (31, 1)),
        ({"death_date": "2021-02-01", "last_contact_date": "2021-01-20"}, (31, 1)),
        ({"last_contact_date": "2021-03-02"}, (60, 0)),
        ({"last_contact_date": "2021-03-02", "data_cutoff_date": "2021-02-01"}, (31, 0)),
        ({"death_date": "2021-03-02", "data_cutoff_date": "2021-02-01"}, (31, 0)),
        ({"data_cutoff_date": "2021-02-01"}, (31, 0)),
        ({"progression_date": "2021-02-01"}, NOBODY),
    ],
)
def test_overall_survival_ends_with_death_or_last_contact(dates, expected):
    assert timed("os", **START, **dates) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    "dates, expected",
    [
        ({"progression_date": "2021-02-01", "death_date": "2021-03-01"}, (31, 1)),
        ({"death_date": "2021-03-01"}, (59, 1)),
        ({"last_assessment_date": "2021-02-01", "last_contact_date": "2021-05-01"}, (31, 0)),
        ({"last_contact_date": "2021-05-01"}, (120, 0)),
        ({"last_assessment_date": "2021-04-01", "data_cutoff_date": "2021-02-01"}, (31, 0)),
        ({"progression_date": "2021-04-01", "data_cutoff_date": "2021-02-01"}, (31, 0)),
    ],
)
def test_progression_free_survival_is_censored_at_the_last_assessment(dates, expected):
    assert timed("pfs", **START, **dates) == pytest.approx(expected, nan_ok=True)


def test_without_assessments_the_last_contact_may_be_chosen():
    dates = {**START, "last_assessment_date": "2021-02-01", "last_contact_date": "2021-05-01"}
    assert timed("pfs", DateRules(censor_pfs="last contact"), **dates) == (120, 0)


@pytest.mark.parametrize(
    "therapy, end, ignored, censored",
    [
        ("2021-02-01", {"progression_date": "2021-03-01"}, (59, 1), (31, 0)),
        ("2021-03-15", {"progression_date": "2021-03-01"}, (59, 1), (59, 1)),  # begun for the progression
        ("2021-03-01", {"progression_date": "2021-03-01"}, (59, 1), (59, 1)),
        ("2021-02-01", {"last_assessment_date": "2021-03-01"}, (59, 0), (31, 0)),
        ("2021-04-01", {"last_assessment_date": "2021-03-01"}, (59, 0), (59, 0)),
    ],
)
def test_a_new_therapy_before_the_event_may_censor(therapy, end, ignored, censored):
    dates = {**START, "new_therapy_date": therapy, **end}
    assert timed("pfs", DateRules(new_therapy="ignore"), **dates) == ignored
    assert timed("pfs", DateRules(new_therapy="censor"), **dates) == censored


@pytest.mark.parametrize(
    "event, counts",
    [("2021-04-26", True), ("2021-04-27", False)],  # 84 and 85 days after the assessment: two intervals of 42, and more
)
def test_an_event_after_two_missed_assessments_may_be_censored_before_them(event, counts):
    dates = {**START, "last_assessment_date": "2021-02-01", "progression_date": event}
    days, happened = timed("pfs", DateRules(missed="ignore"), **dates)
    assert happened == 1
    assert timed("pfs", DateRules(missed="censor"), **dates) == ((days, 1) if counts else (31, 0))


def test_the_earlier_of_two_censorings_counts():
    rules = DateRules(new_therapy="censor", missed="censor")
    dates = {**START, "last_assessment_date": "2021-02-01", "progression_date": "2021-09-01"}
    assert timed("pfs", rules, **dates, new_therapy_date="2021-03-01") == (31, 0)
    assert timed("pfs", rules, **dates, new_therapy_date="2021-01-20") == (19, 0)


def test_an_end_before_the_start_stays_a_negative_time_for_validation_to_find():
    assert timed("os", USUAL, **START, death_date="2020-12-31") == (-1, 1)


def test_dates_leave_the_table_and_every_rule_is_said_with_its_count():
    made, problems = times(
        table(
            patient_id=["a", "b", "c"],
            start_date=["2021-01-01"] * 3,
            progression_date=["2021-02-01", "", ""],
            death_date=["", "2021-03-01", ""],
            last_contact_date=["2021-06-01", "2021-03-01", "2021-05-01"],
        ),
        DateRules(censor_pfs="last contact"),
    )
    assert made.header == ("patient_id", "os_days", "os_event", "pfs_days", "pfs_event")
    assert [c.tolist() for c in made.columns[1:]] == [
        ["151", "59", "120"],
        ["0", "1", "0"],
        ["31", "59", "120"],
        ["1", "1", "0"],
    ]
    said = {p.code: p for p in problems}
    assert said["pfs-last-contact"].severity == "warning"
    assert "PFS may look longer" in said["pfs-last-contact"].remedy
    assert "Turned into intervals and left out: death_date" in said["dates"].remedy
    kept, _ = times(table(start_date=["2021-01-01"], death_date=["2021-02-01"]), DateRules(keep=True))
    assert kept.header == ("start_date", "death_date", "os_days", "os_event")


def test_times_of_its_own_are_never_overwritten():
    own = table(start_date=["2021-01-01"], death_date=["2021-02-01"], os_months=["7"], os_event=["0"])
    made, _ = times(own, DateRules())
    assert made.header == ("os_months", "os_event") and made.columns[0].tolist() == ["7"]


def test_whoever_is_said_to_have_died_without_a_date_died_at_the_last_contact():
    made, problems = times(
        table(start_date=["2021-01-01"] * 2, last_contact_date=["2021-02-01"] * 2, os_event=["1", "0"]), DateRules()
    )
    found = dict(zip(made.header, (c.tolist() for c in made.columns), strict=True))
    assert found == {"os_days": ["31", "31"], "os_event": ["1", "0"]}
    assert (
        "1 said to have died without a date of death" in next(p for p in problems if p.code == "death-undated").remedy
    )


def test_rules_are_sentences_that_name_what_was_chosen():
    words = " ".join(
        rules_in_words(frozenset({"last_assessment_date", "new_therapy_date"}), DateRules(missed="censor"))
    )
    assert "censored at the last evaluable tumour assessment" in words
    assert "more than 2 × 42 days after the last) is censored at the last assessment before" in words
    assert "begins a new anticancer therapy before the event is followed on" in words


@pytest.mark.parametrize(
    "text, way, day",
    [
        ("2021-03-05", "ymd", "2021-03-05"),
        ("2021/3/5", "ymd", "2021-03-05"),
        ("2021.03.05", "ymd", "2021-03-05"),
        ("2021年3月5日", "ymd", "2021-03-05"),
        ("20210305", "ymd", "2021-03-05"),
        ("2021-03-05 00:00:00", "ymd", "2021-03-05"),
        ("05.03.2021", "dmy", "2021-03-05"),
        ("25/3/21", "dmy", "2021-03-25"),
        ("3/25/21", "mdy", "2021-03-25"),
        ("3/25/71", "mdy", "1971-03-25"),
        ("05-Mar-2021", "named", "2021-03-05"),
        ("05MAR2021", "named", "2021-03-05"),
        ("44260", "excel", "2021-03-05"),
    ],
)
def test_every_way_of_writing_a_date(text, way, day):
    values = np.array([text, "", "NA"], dtype=object)
    assert how_written(values).ways == (way,)
    days, unread = read_dates(values, way)
    assert days[0] == np.datetime64(day) and np.isnat(days[1:]).all() and not unread.any()


def test_what_is_no_date_is_none():
    assert how_written(np.array(["12", "13"], dtype=object)).ways == ()
    assert how_written(np.array(["2021-02-30", "soon"], dtype=object)).ways == ()
    days, unread = read_dates(np.array(["2021-02-30", "2021-02-28"], dtype=object), "ymd")
    assert np.isnat(days[0]) and unread.tolist() == [True, False]
    assert how_written(np.array(["03/04/2021", "05/06/2021"], dtype=object)).ways == ("dmy", "mdy")


def test_the_effect_of_each_rule_is_shown_beside_the_other():
    tables = tables_of(open_tables([("ward.xlsx", ward.workbook())]), ["ward.xlsx"])
    mapping = propose(tables)
    assert list(rule_choices(mapping)) == ["censor_pfs", "missed"]
    fields = {"id": "w", "title": "w", "provenance": "simulated"}
    effects = {e.words: e for e in rule_effects(mapping, tables, **fields)}
    kept, dropped = (
        effects["after missed assessments: counts"],
        effects["after missed assessments: censored before them"],
    )
    assert kept.n == dropped.n == ward.N
    assert dropped.events < kept.events
    chosen = replace(mapping, dates=replace(mapping.dates, missed="censor"))
    look = first_look(chosen, tables, "pfs", (), **fields)
    assert look.curve is not None and look.curve.overall.events == dropped.events
    assert look.curve.overall.median.estimate == pytest.approx(dropped.median)
