"""The command line: JSON on standard output, one clear line on standard error, status 2."""

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from kras_core.__main__ import main

ROOT = Path(__file__).parents[1]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """In this process; `test_as_a_user_runs_it` starts a real one."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(arguments)
    return subprocess.CompletedProcess(arguments, status, out.getvalue(), err.getvalue())


@pytest.mark.parametrize(("arguments", "status"), [(("cohorts",), 0), (("analyse", "nowhere"), 2)])
def test_as_a_user_runs_it(arguments, status):
    command = [sys.executable, "-m", "kras_core", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    inside = run(*arguments)
    assert (done.returncode, done.stdout, done.stderr) == (status, inside.stdout, inside.stderr)


def answer(*arguments: str):
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_cohorts_lists_the_bundled_ones_with_one_default():
    found = answer("cohorts")
    assert {c["id"]: c["n"] for c in found} == {
        "sintilimab-anlotinib": 27,
        "sintilimab-anlotinib-p": 27,
        "ncctg-lung": 228,
        "veterans-lung": 137,
    }
    assert [c["id"] for c in found if c["default"]] == ["sintilimab-anlotinib"]
    assert {c["provenance"] for c in found} == {"reconstructed", "real"}


def test_analyse_gives_the_published_figures():
    found = answer(
        "analyse", "sintilimab-anlotinib", "--endpoint", "pfs", "--by", "prior_antiangiogenic", "--conventions", "spss"
    )
    assert round(found["overall"]["median"], 2) == 7.96
    assert [round(x, 1) for x in found["overall"]["median_ci"]] == [5.6, 10.3]
    assert {s["label"]: round(s["median"], 1) for s in found["strata"]} == {"No prior": 9.1, "Prior": 3.0}
    (ratio,) = found["hazard_ratio"]
    assert (ratio["reference"], ratio["label"], round(ratio["estimate"], 2)) == ("Prior", "No prior", 0.29)
    for key in ("cohort", "endpoint", "conventions", "logrank", "follow_up", "warnings"):
        assert key in found
    assert set(found["logrank"]) >= {"chi2", "df", "p"}
    assert set(found["strata"][0]) >= {"label", "n", "events", "median", "median_ci", "rates"}
    assert set(found["strata"][0]["rates"][0]) >= {"time", "estimate", "ci", "at_risk"}


def test_analyse_takes_everything_at_once():
    found = answer(
        "analyse", "ncctg-lung", "--by", "sex,age", "--cutoff", "age=65", "--where", "ecog=0|1", "--where", "age>=50",
        "--landmark", "3", "--conventions", "sas", "--at", "6,12",
    )  # fmt: skip
    assert found["by"] == ["sex", "age"]
    assert found["analysis"] == "landmark"
    assert [r["time"] for r in found["overall"]["rates"]] == [6.0, 12.0]
    assert len(found["strata"]) == 4


def test_without_by_there_is_no_hazard_ratio():
    found = answer("analyse", "veterans-lung")
    assert found["hazard_ratio"] == []
    assert found["strata"] == []
    assert found["logrank"] is None


def test_a_drawn_column_gives_ranges_and_no_estimate():
    found = answer("analyse", "sintilimab-anlotinib", "--by", "sex")
    assert found["redraws"]["count"] == 500
    assert found["logrank"]["p"] is None
    assert len(found["logrank"]["p_range"]) == 2
    assert all(s["median"] is None for s in found["strata"])
    assert {s["label"]: s["n"] for s in found["strata"]} == {"Female": 4, "Male": 23}


def test_safety_gives_table_two():
    rows = answer("safety", "sintilimab-anlotinib")["rows"]
    assert {r["grade"] for r in rows} == {"any", "1-2", "3-4", ">=3", "5"}
    found = {(r["term"], r["grade"]): (r["n"], r["denominator"]) for r in rows if r["stratum"] is None}
    assert found["Hypertension", "any"] == (16, 27)
    assert found["Hand-foot syndrome", "3-4"] == (2, 27)
    (hypertension,) = [r["percent"] for r in rows if r["term"] == "Hypertension" and r["grade"] == "any"]
    assert round(hypertension, 1) == 59.3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("analyse", "nowhere"), "bundled: sintilimab-anlotinib"),
        (("analyse", "ncctg-lung", "--endpoint", "pfs"), "it offers os"),
        (("analyse", "ncctg-lung", "--by", "kras_variant"), "it offers"),
        (("analyse", "ncctg-lung", "--where", "sex"), "--where 'sex'"),
        (("analyse", "ncctg-lung", "--cutoff", "sex=1"), "nothing to cut by that name; there are age"),
        (("analyse", "ncctg-lung", "--by", "age", "--cutoff", "age=old"), "a number"),
        (("analyse", "ncctg-lung", "--conventions", "excel"), "invalid choice"),
        (("analyse", "ncctg-lung", "--landmark", "x"), "invalid float value"),
        (("analyse", "ncctg-lung", "--landmark", "3", "--delayed-entry"), "not both"),
        (("analyse", "ncctg-lung", "--delayed-entry"), "entry_months"),
        (("draw", "ncctg-lung"), "invalid choice"),
        ((), "required"),
    ],
)
def test_refusals_are_one_line_with_status_two(arguments, words):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("kras_core: ")
    assert words in done.stderr


def test_a_cutoff_of_what_is_not_compared_is_said_and_changes_nothing():
    done = run("analyse", "sintilimab-anlotinib", "--by", "prior_antiangiogenic", "--cutoff", "nlr=2.99")
    assert done.returncode == 0
    assert done.stderr == "kras_core: --cutoff nlr is not used: it would be with --by nlr\n"
    assert json.loads(done.stdout) == answer("analyse", "sintilimab-anlotinib", "--by", "prior_antiangiogenic")


def test_a_reader_who_has_seen_enough_is_no_error():
    command = f"{sys.executable} -m kras_core cutpoints ncctg-lung --marker age | head -c 1"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("{", "")


def test_a_file_is_a_cohort(tmp_path):
    path = tmp_path / "ward.csv"
    path.write_text("patient_id,arm,os_months,os_event\nSIM-1,A,1.5,1\nSIM-2,B,3,0\nSIM-3,A,4,1\nSIM-4,B,6,1\n")
    found = answer("analyse", str(path), "--by", "arm")
    assert found["cohort"]["n"] == 4
    assert found["conventions"]["name"] == "r"
    assert [s["label"] for s in found["strata"]] == ["A", "B"]


def test_validate_reports_every_problem_and_analyse_refuses_with_the_first(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("patient_id,os_months,os_event\nSIM-1,-1,1\nSIM-2,twelve,2\nSIM-2,3,0\n")
    done = run("validate", str(path))
    assert done.returncode == 2
    report = json.loads(done.stdout)
    assert report["valid"] is False
    found = {(p["row"], p["column"], p["value"]) for p in report["problems"] if p["severity"] == "error"}
    assert {(2, "os_months", "-1"), (3, "os_months", "twelve"), (3, "os_event", "2")} <= found
    refused = run("analyse", str(path))
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "bad.csv, row" in refused.stderr


def test_validate_says_yes_to_a_good_file(tmp_path):
    path = tmp_path / "good.csv"
    path.write_text("patient_id,os_months,os_event\nSIM-1,1,1\nSIM-2,2,0\n")
    assert answer("validate", str(path))["valid"] is True


def test_ledger_counts_saved_views(tmp_path, capsys):
    views = []
    for by, preset in (("sex", "r"), ("sex", "spss"), ("ecog", "r")):
        assert main(["analyse", "ncctg-lung", "--by", by, "--conventions", preset]) == 0
        views.append(tmp_path / f"{by}-{preset}.json")
        views[-1].write_text(capsys.readouterr().out)
    assert main(["ledger", *map(str, views)]) == 0
    found = json.loads(capsys.readouterr().out)["comparisons"]
    assert [(one["number"], one["family"], one["test"]) for one in found] == [
        (1, "strata", "log-rank"),
        (2, "strata", "log-rank"),
    ]
    assert found[0]["holm"] >= found[0]["p"] and found[0]["declared"] is None
    bad = tmp_path / "bad.json"
    bad.write_text("[1]")
    assert main(["ledger", str(bad)]) == 2
    assert "bad.json: neither" in capsys.readouterr().err


def test_audit_of_the_bundled_paper():
    answer = json.loads(run("audit").stdout)
    assert answer["cohort"] == "sintilimab-anlotinib"
    assert set(answer["findings"][0]) >= {
        "id",
        "printed",
        "verdict",
        "check",
        "statement",
        "computed",
        "assumption",
        "changes_conclusion",
    }
    first = {}
    for found in answer["findings"]:
        first.setdefault(found["id"], found)
    assert {c["id"]: c["verdict"] for c in answer["claims"]} == {id: f["verdict"] for id, f in first.items()}
    assert first["os-hr-ci"]["verdict"] == "impossible" and first["os-hr-ci"]["changes_conclusion"] is True
    assert first["os-hr-ci"]["tightest"] == pytest.approx([0.170, 1.041], abs=1e-3)
    assert sum(answer["counts"].values()) == len(answer["claims"]) > 85


def test_audit_of_ones_own_claims(tmp_path):
    """Without a cohort the figures are held against each other alone; with one against its rows too."""
    mine = tmp_path / "claims.csv"
    mine.write_text("id,quantity,endpoint,printed,unit\nmedian,median,os,310,days\n")
    alone = json.loads(run("audit", "--claims", str(mine)).stdout)
    assert alone["cohort"] is None and alone["findings"][0]["verdict"] == "not recomputable"
    held = json.loads(run("audit", "--claims", str(mine), "--cohort", "ncctg-lung").stdout)
    assert (held["findings"][0]["verdict"], held["findings"][0]["check"]) == ("reproduced", "recomputed")


def test_cutpoints_gives_every_cut_off_and_the_adjusted_p():
    found = answer("cutpoints", "ncctg-lung", "--marker", "age", "--bootstrap", "50")
    scan, chosen = found["scan"], found["chosen_on_outcome"]
    assert len(scan["cutoff"]) == len(scan["p"]) == len(scan["hazard_ratio"]) == 24
    assert chosen["cutoff"] == 70 and chosen["optimistic"]
    assert chosen["logrank"]["p"] == pytest.approx(min(scan["p"]), rel=1e-9)
    assert chosen["selection_adjusted"]["permutations"] == 10_000
    assert chosen["selection_adjusted"]["p"] > chosen["logrank"]["p"]
    assert chosen["bootstrap"]["samples"] == 50
    assert found["continuous"]["per_sd"]["estimate"] and found["spline"]["knots"]
    assert found["discrimination"]["concordance"]["estimate"] and found["discrimination"]["auc"]
    assert found["split"]["cutoffs"][0]["origin"] == "conventional"


def test_cutpoints_of_the_default_cohort_are_ranges_but_for_the_published_one():
    found = answer("cutpoints", "sintilimab-anlotinib", "--marker", "nlr")
    assert found["scan"] is None and found["chosen_on_outcome"] is None and found["continuous"] is None
    assert sum(found["redraws"]["determined"]) == 1
    assert found["split"]["cutoffs"][0] == {
        "id": "nlr", "value": 2.99, "origin": "published: median of these data, blind to outcome"
    }  # fmt: skip
    assert round(found["split"]["logrank"]["p"], 2) == 0.35


def test_forest_and_cox_answer_on_every_bundled_cohort():
    for id in ("sintilimab-anlotinib", "sintilimab-anlotinib-p", "ncctg-lung", "veterans-lung"):
        by = () if id.startswith("sint") else ("--by", "sex" if id == "ncctg-lung" else "treatment")
        forest = answer("forest", id, *by)
        assert forest["overall"]["hazard_ratio"]["estimate"] and forest["factors"]
        assert answer("cox", id)["variables"]
    table = answer("cox", "sintilimab-anlotinib")
    terms = {v["id"]: v["terms"] for v in table["variables"]}
    assert terms["age"][0]["hazard_ratio"] is None and len(terms["age"][0]["hazard_ratio_range"]) == 2
    assert round(terms["prior_antiangiogenic"][0]["hazard_ratio"]["estimate"], 2) == 0.29


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--cohort", "veterans-lung"), "no claims come with"),
        (("--cohort", "nowhere"), "no bundled cohort"),
        (("--claims", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_audit_refuses_in_one_line(arguments, words):
    done = run("audit", *arguments)
    assert done.returncode == 2 and not done.stdout
    assert words in done.stderr and done.stderr.count("\n") == 1


def test_audit_names_the_cell_of_a_bad_claim(tmp_path):
    mine = tmp_path / "claims.csv"
    mine.write_text("id,quantity,printed\na,median,12.4\nb,median,twelve\n")
    done = run("audit", "--claims", str(mine))
    assert done.returncode == 2
    assert "row 3, column printed" in done.stderr and "twelve" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("cutpoints", "ncctg-lung", "--marker", "sex"), "is no marker"),
        (("cutpoints", "ncctg-lung", "--marker", "age", "--by", "wt_loss"), "different columns"),
        (("forest", "veterans-lung", "--by", "nothing"), "it offers"),
        (("forest", "ncctg-lung", "--by", "sex", "--group", "Other"), "no group 'Other'"),
        (("cox", "ncctg-lung", "--variables", "shoe"), "no stratifier 'shoe'"),
    ],
)
def test_what_markers_and_subgroups_cannot_answer_is_refused(arguments, words):
    done = run(*arguments)
    assert done.returncode == 2 and words in done.stderr and done.stdout == ""


def test_table1_gives_the_papers_table_and_ranges_by_group():
    found = answer("table1", "sintilimab-anlotinib", "--by", "prior_antiangiogenic")
    rows = {c["column"]: c for c in found["characteristics"]}
    assert {level["level"]: level["n"] for level in rows["sex"]["overall"]["levels"]} == {"M": 23, "F": 4}
    assert rows["age"]["overall"]["median"] == 63 and rows["age"]["groups"][0]["cell"] is None
    assert [g["n"] for g in found["groups"]] == [21, 6]
    assert round(next(f["median"] for f in found["follow_up"] if f["endpoint"] == "os"), 1) == 30.3
    tested = answer("table1", "ncctg-lung", "--by", "sex", "--where", "age>=60", "--p-values")
    assert tested["n"] == 145 and all(c["p"] is not None for c in tested["characteristics"] if c["p_method"])


def test_response_gives_the_papers_rates_and_ranges_by_group():
    found = answer("response", "sintilimab-anlotinib", "--by", "prior_antiangiogenic")
    orr = next(r for r in found["overall"]["rates"] if (r["measure"], r["denominator"]) == ("orr", "all"))
    assert [round(x, 1) for x in (orr["percent"], *orr["clopper_pearson"])] == [33.3, 16.5, 54.0]
    assert [g["counts"] for g in found["groups"]] == [None, None] and found["comparisons"] == []
    refused = run("response", "ncctg-lung")
    assert refused.returncode == 2 and "best_response" in refused.stderr


def test_bias_shows_what_early_failures_would_do():
    found = answer("bias", "sintilimab-anlotinib")
    assert found["conditional_on"] and found["early_failures"]["added"][6]["dcr"]["k"] == 25
    assert "needs two groups" in found["leave_one_out"]["reason"]
    assert len(answer("bias", "ncctg-lung", "--by", "sex")["leave_one_out"]["without"]) == 228


def test_historical_lists_published_medians_with_sources():
    rows = {row["id"]: row for row in answer("historical", "--endpoint", "pfs")}
    assert rows["alter0303-anlotinib"]["median"] == "5.4" and rows["alter0303-anlotinib"]["quoted"]["median"] == "4.8"
    assert all(row["source"] and row["caution"] for row in rows.values())


def test_models_prints_one_model_and_refuses_what_is_never_printed_together():
    found = answer("models", "ncctg-lung", "--covariates", "sex,age", "--per", "unit", "--bootstrap", "3")
    assert [c["id"] for c in found["covariates"]] == ["sex", "age"] and found["optimism"]["samples"] == 3
    assert found["covariates"][1]["terms"][0]["label"] == "per year"
    done = run("models", "sintilimab-anlotinib", "--covariates", "prior_antiangiogenic,g12c")
    assert (done.returncode, done.stdout) == (2, "") and "never together" in done.stderr
    done = run("analyse", "sintilimab-anlotinib", "--by", "prior_antiangiogenic,g12c")
    assert (done.returncode, done.stdout) == (2, "") and "never together" in done.stderr
    assert run("models", "sintilimab-anlotinib", "--penalised").returncode == 2


def worked_example() -> str:
    """The TOML of docs/compatible.md."""
    return (ROOT / "docs" / "compatible.md").read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]


def test_compatible_gives_rows_with_the_printed_figures(tmp_path):
    summary, out = tmp_path / "trial.toml", tmp_path / "rows.csv"
    summary.write_text(worked_example(), encoding="utf-8")
    found = answer("compatible", "--summary", str(summary), "--out", str(out))
    assert (found["provenance"], found["n"], found["out"], found["missed"]) == ("reconstructed", 120, "rows.csv", [])
    assert found["met"] == len(found["figures"]) == 16
    printed = {f["key"]: (f["printed"], f["value"]) for f in found["figures"] if f["quantity"] == "median"}
    text, value = printed["endpoints.os.by.arm.median.Control"]
    assert round(value, 1) == float(text)
    view = answer("analyse", str(out), "--endpoint", "os", "--by", "arm")
    assert {s["label"]: round(s["median"], 1) for s in view["strata"]} == {
        label: float(printed[f"endpoints.os.by.arm.median.{label}"][0]) for label in ("Control", "Experimental")
    }
    assert len(found["digest"]) == 64


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("n = 10", "endpoints: give at least one endpoint"),
        ("n = ten", "trial.toml: this is no TOML"),
        ("n = 10\n[endpoints.os]\nmedian = 'soon'", "trial.toml: endpoints.os.median: 'soon' is not one number"),
    ],
)
def test_compatible_refuses_a_summary_by_its_key(tmp_path, text, words):
    summary = tmp_path / "trial.toml"
    summary.write_text(text)
    done = run("compatible", "--summary", str(summary), "--out", str(tmp_path / "rows.csv"))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr
    assert not (tmp_path / "rows.csv").exists()


def test_compatible_refuses_a_folder_that_is_not_there_before_it_searches(tmp_path):
    done = run("compatible", "--summary", str(tmp_path / "none.toml"), "--out", str(tmp_path / "no" / "rows.csv"))
    assert done.returncode == 2 and "no such folder" in done.stderr
    done = run("compatible", "--summary", str(tmp_path / "none.toml"), "--out", str(tmp_path / "rows.csv"))
    assert done.returncode == 2 and "none.toml: No such file" in done.stderr


def test_validate_offers_remedies_and_writes_a_corrected_copy(tmp_path, capsys):
    path, out = tmp_path / "ward.csv", tmp_path / "corrected.csv"
    path.write_text("patient_id,age,os_months,os_event\nSIM-1,610,1,1\nSIM-2,61 y,2,0\nSIM-2,61 y,2,0\n")
    assert main(["validate", str(path), "--corrected", str(out)]) == 2
    report = json.loads(capsys.readouterr().out)
    offers = {p["rule"]: p["remedy"]["does"] for p in report["problems"] if p["remedy"]}
    assert offers == {
        "range": "Empty the cell",
        "unreadable": "Read as numbers",
        "duplicate-patient": "Drop 1 row that is an exact copy",
    }
    assert report["left"] == [] and len(report["changes"]) == 4
    assert out.read_text(encoding="utf-8-sig").splitlines() == [
        "patient_id,age,os_months,os_event",
        "SIM-1,,1,1",
        "SIM-2,61,2,0",
    ]


def test_compare_entries(tmp_path, capsys):
    for name, age in (("a", "60"), ("b", "61")):
        (tmp_path / f"{name}.csv").write_text(f"patient_id,age,sex\nSIM-1,{age},M\nSIM-2,70,F\n")
    assert main(["compare-entries", str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["disagreements"] == [
        {"patient_id": "SIM-1", "field": "age", "row_a": 2, "a": "60", "row_b": 2, "b": "61"}
    ]
    assert {g["field"]: g["kappa"] for g in found["agreement"]} == {"age": 1 / 3, "sex": 1.0}
