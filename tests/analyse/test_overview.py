"""The Overview: the paper's Table 1 cell by cell, a naive recount, what was drawn, and shapes that break tables."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kras_core.address import default_selection
from kras_core.analyse.overview import analyse_overview
from kras_core.analyse.overview_results import LevelCounts
from kras_core.cohort.bundled import BUNDLED, DEFAULT, load
from kras_core.cohort.model import Cohort
from kras_core.report.overview.as_json import overview_json
from kras_core.report.overview.tables import completeness_table, follow_up_tables, table_one
from kras_core.report.overview.words import flow_html, flow_rows, overview_answer
from kras_core.selection import By, Filter, Selection, SelectionError
from kras_core.stats.results import NumberSummary
from kras_core.verify.overview import verify_overview
from tests.simulated import reconstructed, simulated_cohort


def view(cohort: Cohort, *by: str, where: tuple[str, ...] = (), **more) -> Selection:
    endpoint = cohort.default_endpoint or "pfs"
    return Selection(cohort.digest, endpoint, tuple(map(By, by)), tuple(Filter.parse(w) for w in where), **more)


def row(analysis, column: str):
    return next(c for c in analysis.characteristics if c.column == column)


# Su et al., Table 1 as printed, with the row here that holds it. Every percentage of it rounds properly: the known
# exception (59.2) stands in their Table 2.
PRINTED = {
    "Age, years †": "63 (36–80)",
    "Male": "23 (85.2)",
    "0–1": "23 (85.2)",
    "adenocarcinoma": "26 (96.3)",
    "squamous cell carcinoma": "1 (3.7)",
    "G12C": "13 (48.1)",
    "G12V": "7 (25.9)",
    "G12D": "5 (18.5)",
    "other": "2 (7.4)",
    "Brain metastases †": "2 (7.4)",
    "Prior anti-angiogenic therapy": "6 (22.2)",
    "1": "8 (29.6)",
    "≥3": "7 (25.9)",
    # from the Results section
    "Liver metastases †": "4 (14.8)",
    "Bone metastases †": "5 (18.5)",
    "Prior chemotherapy †": "24 (88.9)",
    "Prior immunotherapy †": "18 (66.7)",
}


@pytest.mark.parametrize("id", [DEFAULT, "sintilimab-anlotinib-p"])
def test_the_papers_table_1_comes_out_digit_by_digit(id):
    cohort = load(id)
    table = table_one(analyse_overview(cohort, default_selection(cohort)))
    printed = [(r["Characteristic"], r["All patients: n = 27"]) for r in table.text_rows()]
    found = dict(reversed(printed))
    assert {name: found[name] for name in PRINTED} == PRINTED
    # "2" is a level of ECOG as well as of prior lines
    assert [value for name, value in printed if name == "2"] == ["4 (14.8)", "12 (44.4)"]


def test_a_naive_count_agrees_in_every_cell():
    cohort = load("ncctg-lung")
    analysis = analyse_overview(cohort, view(cohort, "sex", where=("age>=50",)))
    frame = cohort.patients[cohort.patients["age"] >= 50]
    for c in analysis.characteristics:
        for label, cell in zip(("all", *analysis.groups), (c.overall, *c.cells), strict=True):
            rows = frame if label == "all" else frame[frame["sex"] == label[0]]
            values = rows[c.column]
            assert cell.missing == values.isna().sum()
            if isinstance(cell, NumberSummary):
                assert (cell.n, cell.median, cell.low, cell.high) == pytest.approx(
                    (values.notna().sum(), values.median(), values.min(), values.max())
                )
            else:
                assert cell.counts == tuple((values.astype(str) == level).sum() for level in c.levels)


def test_follow_up_is_rs_reverse_kaplan_meier():
    from tests.stats.test_summaries import REFERENCE

    analysis = analyse_overview(load("ncctg-lung"), view(load("ncctg-lung"), "sex"))
    assert [f.group for f in analysis.follow_up] == ["All patients", "Female", "Male"]
    assert analysis.follow_up[0].median.estimate == pytest.approx(REFERENCE["reverse_median"], rel=1e-12)
    assert analysis.follow_up[0].observed.median == pytest.approx(
        float(np.median(load("ncctg-lung").numbers("os_months")))
    )


def test_potential_follow_up_runs_from_start_to_cut_off():
    cohort = simulated_cohort(12)
    start = pd.to_datetime(["2020-01-01"] * 6 + ["2021-01-01"] * 6)
    dated = replace(
        cohort, patients=cohort.patients.assign(start_date=start, data_cutoff_date=pd.Timestamp("2022-01-01"))
    )
    (label, months), *groups = analyse_overview(dated, view(dated, "sex")).potential.groups
    assert label == "All patients" and len(groups) == 2
    assert (months.low, months.high) == pytest.approx((365 / (365 / 12), 731 / (365 / 12)))
    assert "start_date" in analyse_overview(cohort, view(cohort)).potential.reason
    paper = load(DEFAULT)
    assert "not determined by the publication" in analyse_overview(paper, view(paper)).potential.reason


# Flow


def test_the_flow_counts_every_filter_and_adds_up():
    cohort = load("ncctg-lung")
    analysis = analyse_overview(cohort, view(cohort, "sex", where=("age>=60", "ecog=0|1")))
    flow, frame = analysis.flow, cohort.patients
    first, second = flow.steps
    older = frame["age"] >= 60
    assert (flow.start, first.left, first.label) == (228, int(older.sum()), "Age ≥ 60")
    assert dict(second.out) == {
        "not so": int((older & frame["ecog"].isin(["2", "3"])).sum()),
        "not known": int((older & frame["ecog"].isna()).sum()),
    }
    for before, step in zip((flow.start, first.left), flow.steps, strict=True):
        assert before - sum(n for _, n in step.out) == step.left
    assert sum(n for _, _, n in flow.strata) + flow.unknown == flow.end == second.left
    assert [r["Remaining"] for r in flow_rows(analysis)][:3] == ["228", str(first.left), str(second.left)]
    text = re.sub("<[^>]+>", " ", flow_html(analysis))
    assert "n = 228" in text and "ECOG performance status = 0 or 1" in text


def test_the_flow_says_who_has_no_time_and_who_falls_before_a_landmark():
    cohort = simulated_cohort(20)
    patients = cohort.patients.copy()
    patients.loc[:2, ["pfs_months", "pfs_event"]] = np.nan
    holed = replace(cohort, patients=patients)
    (step,) = analyse_overview(holed, view(holed)).flow.steps
    assert step.out == (("no time or event recorded for this endpoint", 3),) and step.left == 17
    marked = analyse_overview(holed, view(holed, analysis="landmark", landmark=6.0)).flow
    assert any("landmark" in reason for reason, _ in marked.steps[-1].out) and marked.end < 17
    everybody = analyse_overview(holed, view(holed, analysis="landmark", landmark=240.0))
    assert everybody.flow.end == 0 and everybody.n == 20


# Drawn columns


def test_drawn_characteristics_by_group_are_ranges_and_overall_stays():
    cohort = load(DEFAULT)
    analysis = analyse_overview(cohort, view(cohort, "prior_antiangiogenic"), p_values=True)
    for c in analysis.characteristics:
        assert not c.overall_range
        if c.defines_groups:
            continue
        assert c.drawn and len(c.ranges) == 2 and np.isnan(c.difference.estimate) and not c.p_method
    low, high = row(analysis, "sex").ranges[1][0]
    assert 0 < low < high <= 6
    assert analysis.drawn and any(w.code == "drawn" for w in analysis.warnings)
    assert "Male" not in overview_json(analysis)["characteristics"][1]["groups"][0]
    groups = next(c for c in overview_json(analysis)["characteristics"] if c["column"] == "sex")["groups"]
    assert groups[0]["cell"] is None and groups[0]["ranges"]


def test_a_drawn_stratifier_leaves_every_row_and_the_follow_up_by_group_open():
    cohort = reconstructed()
    analysis = analyse_overview(cohort, view(cohort, "sex"))
    assert row(analysis, "ldh").ranges and not row(analysis, "ldh").overall_range
    assert row(analysis, "sex").defines_groups and not row(analysis, "sex").ranges
    assert {f.group for f in analysis.follow_up} == {"All patients"} and analysis.flow.strata == ()


def test_a_filter_on_a_drawn_column_leaves_everything_behind_it_open():
    cohort = reconstructed()
    analysis = analyse_overview(cohort, view(cohort, where=("sex=M",)))
    assert row(analysis, "ldh").overall_range and not row(analysis, "sex").overall_range
    assert analysis.follow_up == ()
    # how many are men is what the publication prints
    assert analysis.n_range == (analysis.n, analysis.n)
    crossed = analyse_overview(cohort, view(cohort, where=("sex=M", "ldh>=400")))
    low, high = crossed.n_range or (0, 0)
    assert crossed.flow.steps[1].left_range and low < high


def test_real_rows_have_no_ranges():
    for id in ("ncctg-lung", "veterans-lung"):
        analysis = analyse_overview(load(id), default_selection(load(id)))
        assert analysis.drawn == "" and analysis.n_range == ()
        assert not any(c.ranges or c.overall_range or c.drawn for c in analysis.characteristics)


# Traps


def test_a_stratum_of_one_patient_has_no_spread_and_says_so():
    cohort = simulated_cohort(12)
    ward = pd.Categorical(["south"] + ["north"] * 11, categories=["north", "south"])
    alone = replace(cohort, patients=cohort.patients.assign(ward=ward))
    analysis = analyse_overview(alone, view(alone, "ward"), p_values=True)
    age = row(analysis, "age")
    assert age.difference.reason == "fewer than two known values in a group"
    table = table_one(analysis)
    assert any("fewer than two known values" in note for note in table.notes)
    assert any(w.code == "few_patients" and "south: 1 patient" in w.message for w in analysis.warnings)
    assert "nan" not in table.html().lower().replace("nant", "") and "inf " not in table.html()


def test_forty_levels_are_not_put_side_by_side_but_stand_in_the_file():
    cohort = simulated_cohort(120)
    ward = pd.Categorical([f"W{i % 40:02d}" for i in range(120)])
    many = replace(cohort, patients=cohort.patients.assign(ward=ward))
    analysis = analyse_overview(many, view(many, "ward"), p_values=True)
    assert len(analysis.groups) == 40 and all(np.isnan(c.difference.estimate) for c in analysis.characteristics)
    shown, whole = table_one(analysis), table_one(analysis, whole=True)
    assert len(shown.columns) == 2 and "40 groups" in " ".join(shown.notes)
    assert sum(c.over.startswith("W") for c in whole.columns) == 40
    assert "40 groups of 3" in overview_answer(analysis).line1.text
    by_age = table_one(analyse_overview(many, view(many, "sex")))
    assert any(r.head == "and 32 more (in the CSV)" for r in by_age.rows)


def test_all_missing_and_constant_columns_are_named():
    cohort = simulated_cohort(15)
    patients = cohort.patients.assign(albumin_g_per_l=40.0, pdl1_tps=np.nan, tp53=1.0)
    odd = replace(cohort, patients=patients)
    analysis = analyse_overview(odd, view(odd, "sex"))
    said = {w.code: w.message for w in analysis.warnings}
    assert "Albumin" in said["constant"] and "TP53" in said["one_level"]
    assert "PD-L1" in said["all_missing"]
    assert row(analysis, "pdl1_tps").overall.n == 0
    assert row(analysis, "albumin_g_per_l").difference.estimate == 0
    text = {r["Characteristic"]: list(r.values())[1] for r in table_one(analysis).text_rows()}
    assert text["PD-L1 tumour proportion score, %"] == "–" and text["Albumin, g/L"] == "40 (40–40)"
    gaps = completeness_table(analysis)
    assert gaps.rows[0].head == "PD-L1 tumour proportion score"


def test_two_hundred_columns_and_medians_not_reached():
    cohort = simulated_cohort(60)
    rng = np.random.default_rng(3)
    more = {f"marker_{i}": rng.normal(size=60) for i in range(200)}
    patients = pd.concat([cohort.patients, pd.DataFrame(more)], axis=1).assign(os_event=1.0, pfs_event=0.0)
    wide = replace(cohort, patients=patients)
    analysis = analyse_overview(wide, view(wide, "sex"))
    assert sum(c.column.startswith("marker_") for c in analysis.characteristics) == 200
    os_ = next(f for f in analysis.follow_up if f.endpoint == "os")
    assert os_.median.reason == "not reached" and os_.events == 60
    assert next(f for f in analysis.follow_up if f.endpoint == "pfs").events == 0
    assert "not reached" in "".join(t.html() for t in follow_up_tables(analysis))


def test_nobody_left_and_unknown_names_are_refused():
    cohort = simulated_cohort(10)
    with pytest.raises(SelectionError, match="loosen"):
        analyse_overview(cohort, view(cohort, where=("age>200",)))
    with pytest.raises(SelectionError, match="no stratifier"):
        analyse_overview(cohort, view(cohort, "shoe"))


def test_a_stratifier_known_after_the_start_is_allowed_here_and_flagged():
    cohort = simulated_cohort(30)
    analysis = analyse_overview(cohort, view(cohort, "best_response"))
    assert any(w.code == "post_baseline" for w in analysis.warnings)


def test_names_of_a_file_are_escaped():
    cohort = simulated_cohort(10)
    named = replace(
        cohort,
        patients=cohort.patients.assign(**{"<img src=x>": pd.Categorical(["<b>a</b>", "c"] * 5)}),
        labels={"<img src=x>": "<script>alert(1)</script>"},
    )
    selection = view(named, "<img src=x>").but(where=(Filter("<img src=x>", "=", ("c",)),))
    analysis = analyse_overview(named, selection)
    page = overview_answer(analysis).html + table_one(analysis).html() + flow_html(analysis)
    assert "<script" not in page and "<img" not in page and "<b>a" not in page


# Verify and JSON


@pytest.mark.parametrize("id", list(BUNDLED))
def test_tableone_agrees_with_every_number(id):
    cohort = load(id)
    opinions = verify_overview(cohort, default_selection(cohort))
    asked = [o for o in opinions if o.difference is not None]
    assert len(asked) > 50 and all(o.library == "tableone" for o in asked)
    assert max(o.difference for o in asked if o.difference is not None) < 1e-12
    if BUNDLED[id].provenance == "real":
        assert any("standardised difference" in o.quantity for o in asked)


def test_tableone_sees_a_wrong_number():
    cohort = load("veterans-lung")
    right = analyse_overview(cohort, default_selection(cohort))
    age = next(c for c in right.characteristics if c.column == "age")
    assert isinstance(age.overall, NumberSummary)
    wrong = replace(age, overall=replace(age.overall, median=63.0))
    rows = tuple(wrong if c is age else c for c in right.characteristics)
    opinions = verify_overview(cohort, default_selection(cohort), replace(right, characteristics=rows))
    apart = [o for o in opinions if o.difference]
    assert [(o.quantity, o.ours, o.theirs) for o in apart if (o.difference or 0) > 1e-9] == [
        ("Age: median", 63.0, 62.0)
    ]


def test_tableone_is_asked_by_three_groups_with_missing_values():
    cohort = simulated_cohort(90)
    nlr = cohort.numbers("nlr").copy()
    nlr[::7] = np.nan
    holed = replace(cohort, patients=cohort.patients.assign(nlr=nlr))
    opinions = verify_overview(holed, view(holed, "kras_variant"))
    assert max(o.difference for o in opinions if o.difference is not None) < 1e-12
    assert any(o.quantity == "NLR: standardised difference" and o.theirs for o in opinions)


@pytest.mark.parametrize("id", list(BUNDLED))
def test_json_is_plain_and_holds_the_table(id):
    cohort = load(id)
    analysis = analyse_overview(cohort, default_selection(cohort), p_values=True)
    found = json.loads(json.dumps(overview_json(analysis), allow_nan=False))
    assert [c["column"] for c in found["characteristics"]] == [c.column for c in analysis.characteristics]
    assert found["n"] == cohort.n and found["flow"]["start"] == cohort.n
    levels = next(c for c in analysis.characteristics if isinstance(c.overall, LevelCounts))
    entry = next(c for c in found["characteristics"] if c["column"] == levels.column)
    assert sum(level["n"] for level in entry["overall"]["levels"]) == entry["overall"]["n"]
