"""Points and numbers at risk as people and digitisers write them, and errors that say how to mend them."""

import pytest
import xlsxwriter

from kras_core.audit.curve.points import read_figure, read_points
from kras_core.cohort.problems import CohortError

SINGLE = "time,survival\n0,1\n2.5,0.9\n5,0.75\n9,0.75\n"
PAIRS = [(0, 1), (2.5, 0.9), (5, 0.75), (9, 0.75)]


def text(content: str, name: str = "points.csv") -> list[tuple[str, bytes]]:
    return [(name, content.encode())]


def pairs(points) -> list[tuple[float, float]]:
    return [(float(t), round(float(s), 9)) for t, s in zip(points.time, points.survival, strict=True)]


def one(content: str):
    (found,) = read_points(text(content))
    return found


def refusal(points: str, at_risk: str | None = None, **more):
    """The first error's parts and its sentence."""
    with pytest.raises(CohortError) as error:
        read_figure(text(points), text(at_risk, "risk.csv") if at_risk else (), **more)
    problem = error.value.problems[0]
    if problem.value:
        assert f'"{problem.value}"' in problem.sentence and f'"{problem.value}"' not in str(error.value)
    return problem


@pytest.mark.parametrize(
    "content",
    [
        SINGLE,
        SINGLE.split("\n", 1)[1],  # no header
        SINGLE.replace("time,survival", "blue,banana"),
        SINGLE.replace(",", ";"),
        SINGLE.replace(",", "\t"),
        SINGLE.replace(",", "|"),
        SINGLE.replace(",", " "),
        SINGLE.replace(",", ", "),
        SINGLE.replace(",", ";").replace(".", ","),
        SINGLE.replace(",", "\t").replace(".", ","),
        SINGLE.split("\n", 1)[1].replace(",", "  ").replace(".", ","),
        SINGLE.replace("\n", "\r\n") + "\r\n\r\n",
        '"","V1","V2"\n"1",0,1\n"2",2.5,0.9\n"3",5,0.75\n"4",9,0.75\n',  # R's write.csv
        "k\tTS\tS\n1\t0\t1\n2\t2.5\t0.9\n3\t5\t0.75\n4\t9\t0.75\n",  # the R package survHE's digitise
        "survival,time\n1,0\n0.9,2.5\n0.75,5\n0.75,9\n",
        "0,100\n2.5,90\n5,75\n9,75\n",
        "0,100%\n2.5,90 %\n5,75%\n9,75 %\n",
        "My figure,\nX,Y\n0,1\n2.5,0.9\n5,0.75\n9,0.75\n",
    ],
)
def test_one_arm_in_many_spellings(content):
    assert pairs(one(content)) == PAIRS


def test_percent_and_proportion_are_told_apart_and_said():
    assert one(SINGLE).scale == "proportion"
    assert one("0,100\n5,75\n").scale == "percent"
    assert one("0,1.01\n5,0.5\n").scale == "proportion"
    (forced,) = read_points(text("0,1.0\n5,0.5\n"), scale="percent")
    assert pairs(forced)[1] == (5.0, 0.005)


WIDE = "Control,,Treated drug,\nX,Y,X,Y\n0,100,0.1,99\n2,80,3,90\n4,60,,\n"


@pytest.mark.parametrize(
    ("content", "labels"),
    [
        (WIDE, ["Control", "Treated drug"]),  # WebPlotDigitizer
        (WIDE.replace("Control", "2019").replace("Treated drug", "2020"), ["2019", "2020"]),
        ("time_a,Control,time_b,Treated\n0,100,0.1,99\n2,80,3,90\n4,60,,\n", ["Control", "Treated"]),
        ("0,100,0.1,99\n2,80,3,90\n4,60,,\n", ["Arm 1", "Arm 2"]),
        ("arm,time,s\nA,0,100\nA,2,80\nA,4,60\nB,0.1,99\nB,3,90\n", ["A", "B"]),
        ("arm,time,s\n0,0,100\n0,2,80\n0,4,60\n1,0.1,99\n1,3,90\n", ["0", "1"]),
        ("0,100,A\n2,80,A\n0.1,99,B\n4,60,A\n3,90,B\n", ["A", "B"]),
    ],
)
def test_several_arms_in_one_file(content, labels):
    found = read_points(text(content))
    assert [p.label for p in found] == labels
    assert pairs(found[0]) == [(0, 1), (2, 0.8), (4, 0.6)]
    assert pairs(found[1]) == [(0.1, 0.99), (3, 0.9)]


def test_one_column_of_times_for_all_arms():
    found = read_points(text("months,A,B\n0,1,1\n3,0.8,0.9\n6,0.6,\n"))
    assert [p.label for p in found] == ["A", "B"]
    assert [pairs(p) for p in found] == [[(0, 1), (3, 0.8), (6, 0.6)], [(0, 1), (3, 0.9)]]


def test_one_file_an_arm_is_named_after_the_file_or_as_given():
    files = text(SINGLE, "control.csv") + text(SINGLE, "treated.txt")
    assert [p.label for p in read_points(files)] == ["control", "treated"]
    assert [p.label for p in read_points(files, ("A", " B  b "))] == ["A", "B b"]
    with pytest.raises(CohortError):
        read_points(files, ("A",))
    with pytest.raises(CohortError):
        read_points(files, ("A", "A"))


def test_a_workbook_serves_too(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "points.xlsx") as book:
        sheet = book.add_worksheet()
        for i, row in enumerate([("time", "survival"), *PAIRS]):
            sheet.write_row(i, 0, row)
    (found,) = read_points([("points.xlsx", (tmp_path / "points.xlsx").read_bytes())])
    assert pairs(found) == PAIRS


@pytest.mark.parametrize(
    "table",
    [
        "time,n\n0,20\n4,12\n8,5\n",
        "0 20\n4 12\n8 5\n",
        "time;n at risk;interval\n0;20;1\n4;12;2\n8;5;3\n",  # IPDfromKM
        "Interval\tTime\tLower\tUpper\tnrisk\n1\t0\t1\t5\t20\n2\t4\t6\t9\t12\n3\t8\t10\t12\t5\n",  # Guyot's input
        "nrisk,trisk\n20,0\n12,4\n5,8\n",
        "8,5\n0,20\n4,12\n",
        "4,12\n8,5\n",  # with n given
    ],
)
def test_numbers_at_risk_in_many_spellings(table):
    n = {"points": 20} if table.startswith("4") else None
    (found,) = read_figure(text(SINGLE), text(table, "risk.csv"), n=n).curves
    assert found.risk_time.tolist() == [0, 4, 8]
    assert found.at_risk.tolist() == [20, 12, 5]


def test_numbers_at_risk_find_their_arm():
    points = text("arm,time,s\nA,0,1\nA,9,0.5\nB,0,1\nB,9,0.5\n")
    by_name = read_figure(points, text("time,B,A\n0,30,20\n3,15,16\n", "risk.csv"))
    assert [c.n for c in by_name.curves] == [20, 30]
    assert "matched-in-order" not in {p.code for p in by_name.problems}
    in_order = read_figure(points, text("time,control,drug\n0,30,20\n3,25,16\n", "risk.csv"))
    assert [c.n for c in in_order.curves] == [30, 20]
    (noted,) = [p for p in in_order.problems if p.code == "matched-in-order"]
    assert "control to A; drug to B" in noted.sentence
    files = text("0,30\n3,25\n", "a_risk.csv") + text("0,20\n3,16\n", "b_risk.csv")
    assert [c.n for c in read_figure(points, files).curves] == [30, 20]
    with pytest.raises(CohortError):
        read_figure(points, text("0,30\n3,15\n", "risk.csv"))


def test_units_of_time_become_months():
    figure = read_figure(text("0,1\n365.25,0.5\n"), text("0,9\n730.5,3\n", "r.csv"), unit="days")
    assert figure.curves[0].time.tolist() == [0, 12]
    assert figure.curves[0].risk_time.tolist() == [0, 24]
    years = read_figure(text("0,1\n2,0.5\n"), n={"points": 9}, unit="years").curves[0]
    assert years.time.tolist() == [0, 24]


def test_censor_ticks_by_arm():
    points = text("arm,time,s\nA,0,1\nA,9,0.5\nB,0,1\nB,9,0.5\n")
    ticks = text("A,B\n1,2\n3,\n", "ticks.csv")
    figure = read_figure(points, text("time,A,B\n0,9,9\n", "r.csv"), ticks)
    assert [c.ticks.tolist() for c in figure.curves] == [[1, 3], [2]]
    long = text("arm,time\nB,2\nA,1\nA,3\n", "ticks.csv")
    assert read_figure(points, text("time,A,B\n0,9,9\n", "r.csv"), long).curves[0].ticks.tolist() == [1, 3]


@pytest.mark.parametrize(
    ("points", "row", "column", "value", "words"),
    [
        ("time,survival\n0,1\n2,x9\n", 3, "survival", "x9", "a number"),
        ("time,survival\n0,1\n2,\n", 3, "survival", "", "a number"),
        ("time,survival\n0,1\n2,0.9\n3,-0.4\n", 4, "survival", "-0.4", "from 0 to 1"),
        ("0,100\n2,90\n3,140\n", 3, "B", "140", "from 0 to 100 %"),
        ("0,1.19\n2,0.9\n", 1, "B", "1.19", "from 0 to 1"),
        ("-9,1\n2,0.9\n20,0.5\n", 1, "A", "-9", "a time of 0 or more"),
        ("0,0\n2,0.3\n9,0.6\n", 3, "B", "0.6", "a curve that falls"),
        ("0,1\n0,0.9\n", None, "A", None, "a point after time 0"),
    ],
)
def test_wrong_points_say_where_and_what(points, row, column, value, words):
    problem = refusal(points, n={"points": 10})
    assert (problem.file, problem.row, problem.column, problem.value) == ("points.csv", row, column, value)
    assert words in problem.sentence


@pytest.mark.parametrize(
    ("table", "row", "value", "words"),
    [
        ("time,n\n0,20\n4,12.5\n", 3, "12.5", "whole number"),
        ("time,n\n0,20\n4,25\n", 3, "25", "only fall"),
        ("time,n\n0,20\n4,9\n4,9\n", 4, "4", "every time once"),
        ("time,n\n4,20\n8,10\n", 2, "4", "at time 0"),
        ("time,n\n0,0\n", 2, "0", "somebody at risk"),
        ("time,n\n-2,20\n8,10\n", 2, "-2", "0 or more"),
        ("time,n\n0,200000\n", 2, "200000", "100,000"),
    ],
)
def test_wrong_numbers_at_risk_say_where_and_what(table, row, value, words):
    problem = refusal(SINGLE, table)
    assert (problem.file, problem.row, problem.value) == ("risk.csv", row, value)
    assert words in problem.sentence


def test_totals_that_cannot_be():
    assert "from 0 to 20" in refusal(SINGLE, "0,20\n", events={"points": 21}).sentence
    assert "one of points" in refusal(SINGLE, "0,20\n", events={"B": 1}).sentence
    assert "at least how many patients" in refusal(SINGLE).sentence
    assert "the number of patients given" in refusal(SINGLE, "0,20\n", n={"points": 30}).sentence


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty-file"),
        (b"time,survival\n", "empty-table"),
        (b"\x89PNG\r\n\x1a\n123", "wrong-kind"),
        (b"a,b\nc,d\ne,f\n", "layout"),
        (b"5\n6\n", "layout"),
        (b"A,x,1,1\nB,y,2,1\n", "layout"),
        ("\n".join(["0,1"] * 20_001).encode(), "too-large"),
    ],
)
def test_what_is_no_table_of_points(content, code):
    with pytest.raises(CohortError) as error:
        read_points([("points.csv", content)])
    assert [p.code for p in error.value.problems] == [code]


def test_doubts_are_said():
    figure = read_figure(text("-0.05,1\n1,0.9\n2,0.5\n3,0.8\n9,0.45\n"), text("0,20\n8,15\n", "risk.csv"))
    said = " ".join(p.sentence for p in figure.problems)
    assert "1 point before time 0 left out" in said
    assert "1 point rises by more than 2 percentage points" in said
    assert "at 8, 15 of 20 are at risk, so at least 75 % live, but the curve is at 50 %" in said
    low = read_figure(text("1,0.3\n2,0.2\n"), n={"points": 9})
    said = " ".join(p.sentence for p in low.problems)
    assert "no point lies above 50 %" in said and "one or two points are no curve" in said
