"""The Response view: the paper's rates, a naive recount, confirmation, times, courses, and what was drawn."""

import csv
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kras_core.analyse.response import analyse_response, response_codes
from kras_core.cohort.bundled import DEFAULT, load
from kras_core.cohort.model import Cohort
from kras_core.report.response.as_json import response_json
from kras_core.report.response.tables import response_tables
from kras_core.report.response.words import response_alt_text, response_answer
from kras_core.selection import By, Filter, Selection, SelectionError
from kras_core.verify.response import verify_response
from tests.cohort.files import cohort as cohort_of_rows
from tests.simulated import reconstructed, simulated_cohort

FOLDER = os.environ.get("KRASCOPE_REAL_DATA")


def view(cohort: Cohort, *by: str, where: tuple[str, ...] = (), **more) -> Selection:
    return Selection(cohort.digest, "pfs", tuple(map(By, by)), tuple(map(Filter.parse, where)), **more)


def percents(rate) -> tuple[str, ...]:
    return tuple(f"{100 * x:.1f}" for x in (rate.exact.estimate, rate.exact.low, rate.exact.high))


@pytest.fixture
def ten() -> Cohort:
    """CR, PR (one of them unconfirmed), SD, PD, NE, one not recorded; two arms of five."""
    best = ["CR", "PR", "PR", "SD", "SD", "PD", "PD", "NE", None, "PR"]
    confirmed = [1, 1, 0, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan]
    cohort = simulated_cohort(10)
    columns = {
        "best_response": pd.Categorical(best, categories=["CR", "PR", "SD", "PD", "NE"]),
        "response_confirmed": np.array(confirmed, dtype=float),
        "ward": pd.Categorical(["north"] * 5 + ["south"] * 5),
    }
    return replace(cohort, patients=cohort.patients.assign(**columns))


def test_the_papers_rates_with_the_intervals_it_does_not_print():
    """Su et al.: ORR 33.3 % (9/27), all partial; DCR 92.6 % (25/27). Intervals: AUDIT of the paper, Clopper–Pearson."""
    cohort = load(DEFAULT)
    overall = analyse_response(cohort, view(cohort)).overall
    assert overall.counts == (0, 9, 16, 2, 0) and overall.missing == 0
    for denominator in ("all", "evaluable"):
        assert percents(overall.rates["orr", denominator]) == ("33.3", "16.5", "54.0")
        assert percents(overall.rates["dcr", denominator]) == ("92.6", "75.7", "99.1")
    wilson = overall.rates["orr", "all"].wilson
    expected = stats.binomtest(9, 27).proportion_ci(method="wilson")
    assert (wilson.low, wilson.high) == pytest.approx((expected.low, expected.high), rel=1e-12)


def test_not_evaluable_and_not_recorded_count_as_no_response_over_all_patients(ten):
    overall = analyse_response(ten, view(ten)).overall
    assert overall.counts == (1, 3, 2, 2, 1) and overall.missing == 1 and overall.evaluable == 8
    found = {key: (rate.exact.k, rate.exact.n) for key, rate in overall.rates.items()}
    assert found == {
        ("orr", "all"): (4, 10),
        ("orr", "evaluable"): (4, 8),
        ("dcr", "all"): (6, 10),
        ("dcr", "evaluable"): (6, 8),
    }
    said = {w.code: w.message for w in analyse_response(ten, view(ten)).warnings}
    assert said["not_evaluable"].startswith("2 patients") and said["confirmation"].startswith("2 patients")


def test_an_unconfirmed_response_counts_as_stable_disease_where_asked(ten):
    only = analyse_response(ten, view(ten), confirmed_only=True)
    assert only.overall.counts == (1, 1, 4, 2, 1) and only.confirmed == "only"
    assert only.overall.rates["orr", "all"].exact.k == 2 and only.overall.rates["dcr", "all"].exact.k == 6
    without = replace(ten, patients=ten.patients.drop(columns="response_confirmed"))
    assert analyse_response(without, view(without)).confirmed == "not recorded"
    with pytest.raises(SelectionError, match="response_confirmed"):
        analyse_response(without, view(without), confirmed_only=True)


def test_groups_are_compared_with_the_reference(ten):
    analysis = analyse_response(ten, view(ten, "ward"))
    assert [(g.label, g.counts) for g in analysis.groups] == [("north", (1, 2, 2, 0, 0)), ("south", (0, 1, 0, 2, 1))]
    orr = next(c for c in analysis.comparisons if (c.measure, c.denominator) == ("orr", "all"))
    assert (orr.label, orr.reference, orr.difference.estimate) == ("south", "north", pytest.approx(1 / 5 - 3 / 5))
    assert orr.fisher_p == pytest.approx(stats.fisher_exact(np.array([[1, 4], [3, 2]]))[1])
    assert len(analysis.comparisons) == 4
    three = simulated_cohort(60)
    compared = analyse_response(three, view(three, "kras_variant")).comparisons
    assert {c.reference for c in compared} == {"G12C"} and len(compared) == 8


def test_a_naive_recount_agrees(ten):
    cohort = simulated_cohort(80)
    analysis = analyse_response(cohort, view(cohort, "ward", where=("age>=50",)))
    rows = cohort.patients[cohort.patients["age"] >= 50]
    for group in analysis.groups:
        best = rows.loc[rows["ward"] == group.label, "best_response"].tolist()
        assert group.counts == tuple(best.count(name) for name in ("CR", "PR", "SD", "PD", "NE"))
        assert group.rates["dcr", "all"].exact.k == len(best) - best.count("PD")


# Drawn


def test_the_reconstructions_rates_by_group_are_ranges_and_no_patient_has_a_response():
    cohort = load(DEFAULT)
    analysis = analyse_response(cohort, view(cohort, "prior_antiangiogenic"))
    assert analysis.overall.ranges == {} and analysis.comparisons == () and "redraws" in analysis.drawn
    exact = stats.hypergeom(27, 9, 6)
    low, high = analysis.groups[1].ranges["orr"]
    assert abs(low - exact.ppf(0.025)) <= 1 and abs(high - exact.ppf(0.975)) <= 1
    assert all(g.rates == {} for g in analysis.groups)
    assert (analysis.courses.response == -1).all() and (analysis.courses.slot >= 0).all()
    found = response_json(analysis)
    assert found["groups"][0]["counts"] is None and found["groups"][0]["ranges"]["n"] == [21, 21]
    assert verify_response(cohort, view(cohort, "prior_antiangiogenic"), analysis)  # the overall rates


def test_a_drawn_group_or_filter_opens_what_it_touches():
    cohort = reconstructed()
    by_sex = analyse_response(cohort, view(cohort, "sex"))
    assert all(g.ranges for g in by_sex.groups) and not by_sex.overall.ranges
    assert (by_sex.courses.slot == -1).all() and (by_sex.courses.response >= 0).any()
    filtered = analyse_response(cohort, view(cohort, where=("sex=M",)))
    assert filtered.overall.ranges and filtered.overall.rates == {} and filtered.times == ()
    assert "redraws" in response_answer(filtered).line1.text
    assert analyse_response(cohort, view(cohort, "ward")).drawn == ""


# Times and courses


def dated(**columns: list[str]) -> Cohort:
    """Four patients from dates: a responder who progressed, one who still responds, stable disease, progression."""
    rows = [
        {"patient_id": f"SIM-{i}", "best_response": best, **{name: values[i] for name, values in columns.items()}}
        for i, best in enumerate(["PR", "CR", "SD", "PD"])
    ]
    return cohort_of_rows(rows, provenance="simulated", days_per_month=30.0)


@pytest.fixture
def four() -> Cohort:
    return dated(
        start_date=["2021-01-01"] * 4,
        response_date=["2021-03-02", "2021-01-31", "", ""],
        progression_date=["2021-08-29", "", "2021-06-30", "2021-01-31"],
        death_date=["2021-10-28", "", "", "2021-01-31"],
        last_contact_date=["2021-10-28", "2022-01-01", "2021-12-27", "2021-01-31"],
        treatment_end_date=["2021-08-29", "", "2021-06-30", "2021-01-31"],
        best_change_percent=["-45", "-100", "3", ""],
    )


def test_times_come_from_dates(four):
    assert "dor" in four.endpoints
    (everybody,) = analyse_response(four, view(four)).times
    assert (everybody.responders, everybody.lasting, everybody.ended) == (2, 2, 1)
    assert (everybody.waited.low, everybody.waited.high) == (1.0, 2.0)
    # 180 days to progression; the other response still lasts after 335 days
    assert everybody.duration.estimate == pytest.approx(6.0)
    without = simulated_cohort(10)
    assert "response_date" in analyse_response(without, view(without)).times_reason


def test_the_course_tells_progression_from_death_and_who_is_still_treated(four):
    c = analyse_response(four, view(four)).courses
    assert c.progression.tolist() == pytest.approx([8.0, np.nan, 6.0, 1.0], nan_ok=True)
    assert c.death.tolist() == pytest.approx([10.0, np.nan, np.nan, 1.0], nan_ok=True)
    assert c.alive.tolist() == [False, True, True, False]
    assert c.on_treatment.tolist() == [False, True, False, False]
    assert c.response_end.tolist()[:2] == pytest.approx([8.0, 365 / 30])
    assert c.change.tolist() == pytest.approx([-45, -100, 3, np.nan], nan_ok=True)


def test_without_dates_a_death_is_no_progression():
    columns = ("patient_id", "best_response", "pfs_months", "pfs_event", "os_months", "os_event")
    values = (("A", "SD", "4", "1", "9", "1"), ("B", "SD", "5", "1", "5", "1"), ("C", "PR", "7", "0", "8", "0"))
    rows: list[dict[str, str]] = [dict(zip(columns, row, strict=True)) for row in values]
    cohort = cohort_of_rows(rows, provenance="simulated")
    c = analyse_response(cohort, view(cohort)).courses
    assert c.progression.tolist() == pytest.approx([4, np.nan, np.nan], nan_ok=True)
    assert c.end.tolist() == [9, 5, 8] and c.alive.tolist() == [False, False, True]


# Traps


def test_a_cohort_without_responses_says_what_it_needs():
    cohort = load("ncctg-lung")
    with pytest.raises(SelectionError, match="best_response"):
        analyse_response(cohort, view(cohort))
    cohort = simulated_cohort(10)
    with pytest.raises(SelectionError, match="compares it with itself"):
        analyse_response(cohort, view(cohort, "best_response"))
    with pytest.raises(SelectionError, match="loosen"):
        analyse_response(cohort, view(cohort, where=("age>200",)))


def test_one_patient_nobody_evaluable_and_forty_groups():
    cohort = simulated_cohort(80)
    best = pd.Categorical(["NE"] * 79 + ["PR"], categories=["PR", "NE"])
    ward = pd.Categorical([f"W{i % 39:02d}" for i in range(79)] + ["alone"])
    odd = replace(cohort, patients=cohort.patients.assign(best_response=best, ward=ward))
    analysis = analyse_response(odd, view(odd, "ward"))
    alone = next(g for g in analysis.groups if g.label == "alone")
    assert percents(alone.rates["orr", "all"]) == ("100.0", "2.5", "100.0")
    first = analysis.groups[0]
    assert first.rates["orr", "evaluable"].exact.reason == "nobody in this group"
    text = "".join(t.html() for t in response_tables(analysis)) + response_alt_text(analysis)
    assert "nan" not in text.lower() and "not estimable" in text
    assert any("more groups have fewer" in w.message for w in analysis.warnings)
    json.dumps(response_json(analysis), allow_nan=False)


def test_all_or_none_responding_is_no_error():
    cohort = simulated_cohort(12)
    for word in ("CR", "PD"):
        same = pd.Categorical([word] * 12)
        odd = replace(cohort, patients=cohort.patients.assign(best_response=same))
        analysis = analyse_response(odd, view(odd, "ward"))
        assert all(c.difference.estimate == 0 and c.fisher_p == 1 for c in analysis.comparisons)
        assert {g.rates["orr", "all"].exact.estimate for g in analysis.groups} == {1.0 if word == "CR" else 0.0}


# Verify


def test_the_libraries_agree_with_every_number(ten):
    for cohort, by in ((ten, ("ward",)), (simulated_cohort(60), ("kras_variant",)), (simulated_cohort(60), ())):
        opinions = verify_response(cohort, view(cohort, *by))
        asked = [o for o in opinions if o.difference is not None]
        assert max(o.difference or 0.0 for o in asked) < 1e-9
        assert {o.library for o in asked} >= {"statsmodels", "pandas"}
    confirmed = analyse_response(ten, view(ten, "ward"), confirmed_only=True)
    assert max(o.difference or 0.0 for o in verify_response(ten, view(ten, "ward"), confirmed)) < 1e-9
    assert any(o.library == "SciPy" for o in verify_response(ten, view(ten, "ward")))


def test_verify_sees_a_miscounted_response(ten):
    right = analyse_response(ten, view(ten))
    rates = dict(right.overall.rates)
    rates["orr", "all"] = right.overall.rates["dcr", "all"]
    wrong = replace(right, overall=replace(right.overall, rates=rates))
    apart = {o.quantity for o in verify_response(ten, view(ten), wrong) if (o.difference or 0) > 1e-9}
    assert "ORR, all: patients" in apart and "ORR, all: Wilson, upper limit" in apart


@pytest.mark.skipif(not FOLDER, reason="KRASCOPE_REAL_DATA names no folder with the real files")
def test_a_study_of_checkpoint_inhibitors_has_its_published_rates():
    """Hellmann 2018: ORR 51 and 13 % by TMB split at the median, high strictly above it."""
    path = Path(FOLDER or "") / "hellmann_2018" / "data_clinical_patient.txt"
    with path.open(encoding="utf-8") as file:
        rows = [
            {
                "patient_id": r["PATIENT_ID"],
                "best_response": r["BEST_OVERALL_RESPONSE"],
                "pfs_months": r["PFS_MONTHS"],
                "pfs_event": r["PFS_STATUS"].partition(":")[0],
                "tmb": r["NONSYNONYMOUS_MUTATION_BURDEN"],
            }
            for r in csv.DictReader(file, delimiter="\t")
        ]
    cohort = cohort_of_rows(rows, provenance="real")
    analysis = analyse_response(cohort, view(cohort, "tmb"))
    rates = [g.rates["orr", "all"].exact for g in analysis.groups]
    assert [(r.k, r.n, round(100 * r.estimate)) for r in rates] == [(5, 38, 13), (19, 37, 51)]


def test_codes_keep_the_order_of_recist_whatever_the_columns_order():
    cohort = simulated_cohort(4)
    best = pd.Categorical(["PD", "CR", "NE", "SD"], categories=["NE", "PD", "SD", "CR"])
    odd = replace(cohort, patients=cohort.patients.assign(best_response=best))
    assert response_codes(odd)[0].tolist() == [3, 0, 4, 2]
