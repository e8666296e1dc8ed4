"""`reconstruct` on the command line: from points to a CSV that `analyse` reads."""

import csv
import json

import pytest

from tests.test_command_line import answer, run

POINTS = "arm,time,survival\n" + "".join(
    f"{arm},{t},{s}\n"
    for arm, heights in (("Control", (100, 80, 60, 40, 30, 30)), ("Drug", (100, 90, 80, 60, 50, 50)))
    for t, s in zip((0, 2, 4, 6, 8, 12), heights, strict=True)
)
AT_RISK = "time,Control,Drug\n0,10,10\n6,6,8\n"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "points.csv").write_text(POINTS)
    (tmp_path / "risk.csv").write_text(AT_RISK)
    for arm, name in (("Control", "control"), ("Drug", "drug")):
        lines = [line.partition(",")[2] for line in POINTS.splitlines() if line.startswith(arm)]
        (tmp_path / f"{name}.csv").write_text("time,survival\n" + "\n".join(lines) + "\n")
        column = 1 if arm == "Control" else 2
        rows = [line.split(",") for line in AT_RISK.splitlines()]
        (tmp_path / f"{name}_risk.csv").write_text("\n".join(f"{r[0]},{r[column]}" for r in rows) + "\n")
    return tmp_path


def test_an_arm_column_and_one_file_an_arm_give_the_same(files):
    out = files / "rows.csv"
    together = answer(
        "reconstruct", "--curve", str(files / "points.csv"), "--at-risk", str(files / "risk.csv"), "--out", str(out)
    )
    first = out.read_bytes()
    apart = answer(
        "reconstruct", "--curve", str(files / "control.csv"), "--at-risk", str(files / "control_risk.csv"),
        "--curve", str(files / "drug.csv"), "--at-risk", str(files / "drug_risk.csv"),
        "--arm", "Control", "--arm", "Drug", "--out", str(out),
    )  # fmt: skip
    assert out.read_bytes() == first
    assert together["arms"] == apart["arms"]
    assert together["provenance"] == "reconstructed"
    assert [(a["arm"], a["n"], a["events"], a["median"]) for a in together["arms"]] == [
        ("Control", 10, 7, 6.0),
        ("Drug", 10, 5, 8.0),
    ]
    assert [row["difference"] for arm in together["arms"] for row in arm["at_risk"]] == [0, 0, 0, 0]
    (ratio,) = together["hazard_ratio"]
    assert (ratio["reference"], ratio["label"]) == ("Control", "Drug")
    assert ratio["estimate_range"][0] <= ratio["estimate"] <= ratio["estimate_range"][1]


def test_analyse_reads_the_rows_and_says_the_same(files):
    out = files / "rows.csv"
    made = answer(
        "reconstruct", "--curve", str(files / "points.csv"), "--at-risk", str(files / "risk.csv"),
        "--events", "7", "--events", "Drug=5", "--endpoint", "pfs", "--out", str(out),
    )  # fmt: skip
    assert [a["events_difference"] for a in made["arms"]] == [0, 0]
    with out.open(encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == 20
    found = answer("analyse", str(out), "--by", "arm", "--endpoint", "pfs")
    assert found["cohort"]["provenance"] == "reconstructed"
    assert [(s["label"], s["n"], s["events"], s["median"]) for s in found["strata"]] == [
        (a["arm"], a["n"], a["events"], a["median"]) for a in made["arms"]
    ]
    assert found["hazard_ratio"][0]["estimate"] == pytest.approx(made["hazard_ratio"][0]["estimate"])


def test_another_reference_inverts_the_ratio(files):
    common = ("reconstruct", "--curve", str(files / "points.csv"), "--n", "10", "--n", "10", "--out", str(files / "o"))
    one, other = (answer(*common, "--reference", arm)["hazard_ratio"][0]["estimate"] for arm in ("Control", "Drug"))
    assert one * other == pytest.approx(1)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), "at least how many patients"),
        (("--n", "ten"), "write a whole number"),
        (("--n", "10", "--n", "10", "--n", "10"), "given 3 times; there are 2 arms"),
        (("--n", "10", "--n", "Placebo=10"), "names no arm; there are Control, Drug"),
        (("--n", "10", "--n", "10", "--events", "11"), "from 0 to 10"),
        (("--n", "10", "--n", "10", "--reference", "Placebo"), "is no arm"),
        (("--n", "10", "--n", "10", "--endpoint", "O S"), "names no endpoint"),
        (("--n", "10", "--n", "10", "--sd", "3"), "no standard deviation"),
        (("--n", "10", "--n", "10", "--unit", "fortnights"), "invalid choice"),
        (("--at-risk", "nowhere.csv"), "No such file"),
        (("--n", "10", "--n", "10", "--arm", "A"), "one name an arm"),
    ],
)
def test_refusals_are_one_line_with_status_two_and_write_nothing(files, more, words):
    out = files / "rows.csv"
    done = run("reconstruct", "--curve", str(files / "points.csv"), "--out", str(out), *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("kras_core: ")
    assert words in done.stderr
    assert not out.exists()


def test_a_wrong_cell_is_named(files):
    (files / "points.csv").write_text(POINTS.replace("Drug,4,80", "Drug,4,eighty"))
    done = run("reconstruct", "--curve", str(files / "points.csv"), "--n", "9", "--out", str(files / "rows.csv"))
    assert 'points.csv, row 10, column survival: found "eighty", expected a number' in done.stderr


def test_what_it_prints_is_strict_json(files):
    (files / "flat.csv").write_text("0,1\n9,1\n")
    done = run("reconstruct", "--curve", str(files / "flat.csv"), "--n", "5", "--out", str(files / "rows.csv"))
    found = json.loads(done.stdout, parse_constant=lambda text: pytest.fail(text))
    assert found["arms"][0]["median"] is None and found["arms"][0]["reason"] == "not reached"
    assert found["hazard_ratio"] == []
