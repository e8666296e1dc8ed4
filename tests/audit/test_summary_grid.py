"""A summary as rows of a table and as a file: what is written is read back, and a mistake is found in its cell."""

from pathlib import Path

import pytest

from kras_core.audit.summary import Summary
from kras_core.audit.summary_example import EXAMPLE
from kras_core.audit.summary_grid import GridError, blank, padded, problem_of, rows_of, summary_of
from kras_core.audit.summary_toml import read_summary, write_summary
from tests.audit.trials import trial

SUMMARIES = [
    EXAMPLE,
    trial(3, (6, 21), 0.45, 10, progression=True),
    trial(5, (40, 40), 0.6, 10, preset="r"),
    trial(4, (30, 30), 0.4, 16),
]


def settings(summary: Summary) -> dict:
    names = ("title", "follow_up_months", "days_per_month", "conventions")
    return {name: getattr(summary, name) for name in names}


@pytest.mark.parametrize("summary", SUMMARIES)
def test_a_table_holds_a_summary(summary: Summary) -> None:
    assert summary_of(padded(rows_of(summary)), **settings(summary)) == summary


@pytest.mark.parametrize("summary", SUMMARIES)
def test_a_file_holds_a_summary(summary: Summary) -> None:
    assert read_summary(write_summary(summary)) == summary


def test_a_file_holds_what_is_odd() -> None:
    text = 'title = "A \\"B\\" C:\\\\ é"\nn = 6\nfollow_up_months = [0, 12.5]\ndays_per_month = 30.4\n'
    text += '[groups.site]\n"North & south" = 3\nelse = 3\n[endpoints.os]\nevents = 0\nmedian = "NR"\n'
    read = read_summary(text)
    assert (read.title, read.endpoints["os"].events) == ('A "B" C:\\ é', 0)
    assert read_summary(write_summary(read)) == read


def test_the_documentation_has_the_example() -> None:
    text = (Path(__file__).parents[2] / "docs" / "compatible.md").read_text(encoding="utf-8")
    assert read_summary(text.split("```toml\n")[1].split("```")[0]) == EXAMPLE


def with_cell(row: int, column: str, text: str) -> list[dict[str, str]]:
    rows = rows_of(EXAMPLE)
    rows[row - 1] |= {column: text}
    return rows


@pytest.mark.parametrize(
    ("row", "column", "text", "words"),
    [
        (1, "endpoint", "", 'row 1, column Endpoint: Name the endpoint, such as os or pfs.'),
        (1, "patients", "121", 'row 2, column Patients: found "60". Give two groups or more that add up to n = 121'),
        (1, "patients", "many", 'row 1, column Patients: found "many". Give a whole number.'),
        (1, "events", "130", 'row 1, column Events: found "130". 130 events in 120 patients'),
        (1, "median", "soon", "row 1, column Median: found \"soon\". 'soon' is not one number"),
        (1, "median", "2000", 'row 1, column Median: found "2000". 2000 is no number of months up to 1,200'),
        (1, "median_interval", "5.6", 'row 1, column 95 % CI: found "5.6". Give two numbers'),
        (1, "median_interval", "9–7", "row 1, column 95 % CI"),
        (1, "hazard_ratio", "0.7", 'row 1, column HR: found "0.7". This compares two groups'),
        (1, "grouping", "arm", "row 1, column Group: Name the group as well"),
        (2, "patients", "", "row 2, column Patients: Give the number of patients in Experimental"),
        (2, "rates", "54 %", 'row 2, column Rates: found "54 %". Give months: percent'),
        (2, "rates", "6: 154", 'row 2, column Rates: found "6: 154". 154 cannot be: a share is 100 % at most'),
        (2, "hazard_ratio", "NR", 'row 2, column HR: found "NR". Only a median can be not reached'),
        (2, "logrank_p", "1.2", 'row 2, column p: found "1.2". 1.2 cannot be: a p value is 1 at most'),
        (2, "follow_up", "12", 'row 2, column Follow-up: found "12". Follow-up is that of all patients'),
        (3, "hazard_ratio", "0.7", "row 3, column HR: found \"0.7\". The other group's row has one already"),
        (4, "events", "98", 'row 4, column Events: found "98". 98 events, but only 97 of pfs'),
        (5, "patients", "61", 'row 5, column Patients: found "61". Another row has 60 for this group'),
        (5, "grouping", "sex", "row 5, column Patients: Give the number of patients in Experimental"),
    ],
)  # fmt: skip
def test_a_mistake_is_found_in_its_cell(row: int, column: str, text: str, words: str) -> None:
    with pytest.raises(GridError) as caught:
        summary_of(with_cell(row, column, text), **settings(EXAMPLE))
    problem = problem_of(caught.value)
    assert problem.file == "Figures"
    assert words in problem.sentence


def test_a_wrong_setting_is_no_cells() -> None:
    with pytest.raises(GridError) as caught:
        summary_of(rows_of(EXAMPLE), **settings(EXAMPLE) | {"days_per_month": 7.0})
    problem = problem_of(caught.value)
    assert (problem.file, problem.row) == ("Settings", None)
    assert "7 is no number of days from 28 to 31" in problem.sentence


def test_an_empty_table_asks_for_patients() -> None:
    with pytest.raises(GridError, match="give the number of patients"):
        summary_of(blank(3))
    with pytest.raises(GridError, match="give at least one figure"):
        summary_of([blank(1)[0] | {"endpoint": "os", "patients": "20"}])


def test_sizes_of_groups_alone_give_the_number_of_patients() -> None:
    rows = blank(2)
    rows[0] |= {"endpoint": "OS", "group": "New", "patients": "20", "median": "12.4"}
    rows[1] |= {"group": "Old", "patients": "21", "logrank_p": "0.03"}
    found = summary_of(rows)
    assert (found.n, dict(found.groups)) == (41, {"arm": {"New": 20, "Old": 21}})
    assert [key for key, _ in found.figures] == ["endpoints.os.by.arm.median.New", "endpoints.os.by.arm.logrank_p"]
