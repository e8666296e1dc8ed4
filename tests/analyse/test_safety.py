"""The Safety view: by hand, against a naive count, on drawn data, and the paper's Table 2."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kras_core.analyse.safety import ANY_ROW, BANDS, IMMUNE_ROW, analyse_safety
from kras_core.cohort.bundled import DEFAULT, load
from kras_core.cohort.model import Cohort, PartlyDrawn
from kras_core.report.safety.as_json import safety_json
from kras_core.selection import By, Filter, Selection, SelectionError


def cohort_of(patients: dict, events: list[tuple] | None, **more) -> Cohort:
    frame = pd.DataFrame(patients)
    for column in frame.columns.difference(["patient_id", "age"]):
        frame[column] = pd.Categorical(frame[column]) if frame[column].dtype == object else frame[column].astype(float)
    columns = ["patient_id", "term", "grade", "related"]
    table = None if events is None else pd.DataFrame(events, columns=columns).astype({"grade": float, "related": float})
    return Cohort("test", "Test", frame, table, "simulated", **more)


def selection_of(cohort: Cohort, *by: str, where: tuple[str, ...] = ()) -> Selection:
    return Selection(cohort.digest, "pfs", tuple(By(b) for b in by), tuple(Filter.parse(w) for w in where))


SEX = ["F", "F", "F", "F", "F", "F", "M", "M", "M", "M"]
ROWS = [
    ("P0", "Rash", 1, 1), ("P0", "Rash", 3, 1), ("P0", "Rash", 2, 1),  # one patient, worst grade 3
    ("P1", "Rash", 2, 1), ("P6", "Rash", 1, 0),
    ("P6", "Diarrhoea", 4, 1), ("P7", "Diarrhoea", 5, 1), ("P8", "Diarrhoea", 2, 1), ("P9", "Diarrhoea", 3, 0),
]  # fmt: skip


@pytest.fixture
def ten() -> Cohort:
    patients = {
        "patient_id": [f"P{i}" for i in range(10)],
        "sex": SEX,
        "prior_ici": [1, 0, 1, 0, 1, 0, 1, 0, 1, np.nan],
    }
    return cohort_of(patients, ROWS, ae_definition="treatment-emergent adverse event", ctcae_version="5.0")


def overall(analysis) -> dict[str, list[int]]:
    return {row.term: [row.overall[grade].k for grade in BANDS] for row in analysis.rows}


def test_patients_not_events_worst_grade_by_term(ten):
    analysis = analyse_safety(ten, selection_of(ten))
    #                any 1-2 3-4 >=3 5
    assert overall(analysis) == {
        ANY_ROW: [6, 2, 3, 4, 1],  # P0: 3, P1: 2, P6: 4, P7: 5, P8: 2, P9: 3
        "Diarrhoea": [4, 1, 2, 3, 1],
        "Rash": [3, 2, 1, 1, 0],
    }
    assert [row.any_row for row in analysis.rows] == [True, False, False]
    assert analysis.n == 10 and all(row.overall["any"].n == 10 for row in analysis.rows)
    assert analysis.ctcae_version == "5.0"
    assert analysis.definition.startswith("Treatment-emergent adverse event.")
    assert "without a recorded event counts as having had none" in analysis.definition
    interval = stats.binomtest(4, 10).proportion_ci(method="exact")
    diarrhoea = analysis.rows[1].overall["any"]
    assert (diarrhoea.estimate, diarrhoea.low, diarrhoea.high) == pytest.approx((0.4, interval.low, interval.high))


def test_two_groups_get_fishers_p_and_the_difference_against_the_reference(ten):
    analysis = analyse_safety(ten, selection_of(ten, "sex"))
    assert analysis.groups == ("Female", "Male") and analysis.denominators == (6, 4)
    assert analysis.contrast == ("Male", "Female")
    diarrhoea = next(row for row in analysis.rows if row.term == "Diarrhoea")
    assert [p.k for p in diarrhoea.cells["any"]] == [0, 4]
    assert diarrhoea.fisher_p == pytest.approx(1 / 210)  # 1 of C(10, 4) allocations
    assert diarrhoea.difference is not None and diarrhoea.difference.estimate == 1
    severe = diarrhoea.comparisons[">=3"]
    assert severe.fisher_p == pytest.approx(stats.fisher_exact(np.array([[0, 6], [3, 1]])).pvalue)
    assert severe.difference.estimate == pytest.approx(0.75)
    rash = next(row for row in analysis.rows if row.term == "Rash")
    assert rash.difference is not None and rash.difference.estimate == pytest.approx(1 / 4 - 2 / 6)


def test_a_reference_that_comes_first_or_last_is_always_subtracted(ten):
    """prior_ici: "No prior ICI" comes first and "Prior ICI" is the reference."""
    analysis = analyse_safety(ten, selection_of(ten, "prior_ici"))
    assert analysis.groups == ("No prior ICI", "Prior ICI") and analysis.contrast == ("No prior ICI", "Prior ICI")
    rash = next(row for row in analysis.rows if row.term == "Rash")
    assert rash.difference is not None and rash.difference.estimate == pytest.approx(1 / 4 - 2 / 5)


def test_a_missing_stratum_counts_overall_only_and_is_listed(ten):
    analysis = analyse_safety(ten, selection_of(ten, "prior_ici"))
    assert analysis.denominators == (4, 5) and analysis.n == 10
    assert analysis.excluded[0].patients == ("P9",)
    diarrhoea = next(row for row in analysis.rows if row.term == "Diarrhoea")
    assert [p.k for p in diarrhoea.cells["any"]] == [1, 2] and diarrhoea.overall["any"].k == 4
    assert "left_out" in codes(analysis)


def codes(analysis) -> list[str]:
    return [w.code for w in analysis.warnings]


def test_filters_and_crossed_groups(ten):
    men = analyse_safety(ten, selection_of(ten, where=("sex=M",)))
    assert men.n == 4 and overall(men)["Rash"] == [1, 1, 0, 0, 0]
    crossed = analyse_safety(ten, selection_of(ten, "sex", "prior_ici"))
    assert crossed.groups == tuple(f"{s} · {p}" for s in ("Female", "Male") for p in ("No prior ICI", "Prior ICI"))
    assert crossed.denominators == (3, 3, 1, 2) and crossed.slots == (0, 1, 2, 3)
    assert crossed.contrast == () and all(row.comparisons == {} for row in crossed.rows)
    within = analyse_safety(ten, selection_of(ten, "sex", "prior_ici", where=("sex=M",)))
    assert within.groups == ("Male · No prior ICI", "Male · Prior ICI") and within.slots == (2, 3)
    with pytest.raises(SelectionError, match="no patient is left"):
        analyse_safety(ten, selection_of(ten, where=("sex=M", "sex=F")))


@pytest.mark.parametrize(("minimum", "terms"), [(0, 3), (30, 3), (33.4, 2), (100, 2), (100.1, 1)])
def test_minimum_incidence_is_reached_overall_or_in_a_group(ten, minimum, terms):
    """Rash: 3/10 overall, 2/6 in women; diarrhoea: 4/4 in men."""
    assert len(analyse_safety(ten, selection_of(ten, "sex"), minimum=minimum).rows) == terms


def test_immune_related_events_get_a_row_of_their_own(ten):
    events = ten.adverse_events
    assert events is not None
    flagged = replace(ten, adverse_events=events.assign(immune_related=(events["term"] == "Rash").astype(float)))
    rows = analyse_safety(flagged, selection_of(flagged)).rows
    assert [row.term for row in rows] == [ANY_ROW, IMMUNE_ROW, "Diarrhoea", "Rash"]
    assert [row.immune for row in rows] == [False, True, False, True]
    assert rows[1].overall["any"].k == 3


def test_no_events_recorded_is_not_nobody_had_any(ten):
    none_recorded = replace(ten, adverse_events=None)
    analysis = analyse_safety(none_recorded, selection_of(none_recorded))
    assert analysis.rows == () and codes(analysis) == ["no_adverse_events"]
    nobody = cohort_of({"patient_id": ["a", "b"], "sex": ["F", "M"]}, [])
    analysis = analyse_safety(nobody, selection_of(nobody, "sex"))
    assert overall(analysis) == {ANY_ROW: [0, 0, 0, 0, 0]} and analysis.n == 2
    assert "no_adverse_events" not in codes(analysis)


def test_guards_say_what_weakens_the_table(ten):
    found = {w.code: w.message for w in analyse_safety(ten, selection_of(ten, "sex")).warnings}
    assert found["few_patients"] == "Male: 4 patients only; each is 25 percentage points."
    assert found["related"].startswith("7 of 9 recorded events are marked as related to treatment (2 as not)")
    women = analyse_safety(ten, selection_of(ten, "prior_ici", where=("sex=F",)))
    nobody = next(w.message for w in women.warnings if w.code == "no_patients")
    assert nobody.startswith("Nobody in either group: Diarrhoea, Diarrhoea (grade ≥ 3).")


def test_methods_that_disagree_are_named():
    """3 of 3 v 1 of 5: Fisher's p is 0.14 though Newcombe's interval excludes 0."""
    patients = {"patient_id": [f"P{i}" for i in range(8)], "sex": ["F"] * 5 + ["M"] * 3}
    cohort = cohort_of(patients, [(f"P{i}", "Rash", 1, 1) for i in (0, 5, 6, 7)])
    analysis = analyse_safety(cohort, selection_of(cohort, "sex"))
    rash = next(row for row in analysis.rows if row.term == "Rash")
    assert rash.fisher_p > 0.05 and rash.difference is not None and rash.difference.low > 0
    message = next(w.message for w in analysis.warnings if w.code == "methods_disagree")
    assert "Rash" in message and "≥ 3" not in message


def test_a_missing_grade_counts_at_any_grade_only(ten):
    cohort = cohort_of({"patient_id": ["a", "b"], "sex": ["F", "M"]}, [("a", "Rash", np.nan, 1), ("b", "Rash", 2, 1)])
    analysis = analyse_safety(cohort, selection_of(cohort))
    assert overall(analysis)["Rash"] == [2, 1, 0, 0, 0] and "grade_missing" in codes(analysis)


def naive_count(patients: pd.DataFrame, events: pd.DataFrame, kept: list[str], term: str, low: int, high: int) -> int:
    """Straight from the words: patients among these whose worst grade at the term lies between low and high."""
    count = 0
    for name in kept:
        grades = [
            g for p, t, g in events[["patient_id", "term", "grade"]].itertuples(index=False) if p == name and t == term
        ]
        count += bool(grades) and low <= max(grades) <= high
    return count


def simulated(n: int, rows: int, seed: int, terms: int = 6, groups: int = 3, **more) -> Cohort:
    rng = np.random.default_rng(seed)
    names = [f"P{i}" for i in range(n)]
    arm = np.array(["A", "B", "C"])[rng.integers(0, groups, n)].astype(object)
    events = [(names[i], f"term {t}", g, 1) for i, t, g in zip(
        rng.integers(0, n, rows), rng.integers(0, terms, rows), rng.integers(1, 6, rows), strict=True)]  # fmt: skip
    return cohort_of({"patient_id": names, "arm": arm, "age": rng.normal(60, 9, n)}, events, **more)


@pytest.mark.parametrize("seed", range(4))
def test_counts_are_the_naive_counts(seed):
    cohort = simulated(30, 90, seed)
    analysis = analyse_safety(cohort, selection_of(cohort, "arm", where=("age>=55",)))
    frame, events = cohort.patients, cohort.adverse_events
    assert events is not None
    limits = {"any": (0, 5), "1-2": (1, 2), "3-4": (3, 4), ">=3": (3, 5), "5": (5, 5)}
    for g, label in enumerate(analysis.groups):
        kept = frame.loc[(frame["arm"] == label) & (frame["age"] >= 55), "patient_id"].tolist()
        assert analysis.denominators[g] == len(kept)
        for row in analysis.rows[1:]:
            for grade, (low, high) in limits.items():
                assert row.cells[grade][g].k == naive_count(frame, events, kept, row.term, low, high)
    for row in analysis.rows:
        for grade, cells in row.cells.items():
            assert sum(p.k for p in cells) == row.overall[grade].k
        assert row.overall["any"].k == row.overall["1-2"].k + row.overall[">=3"].k
        assert row.overall[">=3"].k == row.overall["3-4"].k + row.overall["5"].k


def test_rows_stand_in_order_of_incidence():
    cohort = simulated(40, 120, 9)
    at_any = [row.overall["any"].k for row in analyse_safety(cohort, selection_of(cohort)).rows]
    assert at_any[1:] == sorted(at_any[1:], reverse=True) and at_any[0] >= at_any[1]


@pytest.fixture
def drawn() -> Cohort:
    return replace(simulated(27, 60, 5, groups=2), drawn=frozenset({"adverse_events"}))


def test_drawn_events_leave_the_overall_column_and_give_ranges_by_group(drawn):
    plain = analyse_safety(drawn, selection_of(drawn))
    assert plain.drawn == "" and "drawn" not in codes(plain)
    analysis = analyse_safety(drawn, selection_of(drawn, "arm"))
    assert overall(analysis) == overall(plain)
    assert "does not determine" in analysis.drawn and "drawn" in codes(analysis)
    assert analysis.contrast == () and not {"methods_disagree", "no_patients"} & set(codes(analysis))
    for row in analysis.rows:
        assert row.comparisons == {} and np.isnan(row.fisher_p) and row.difference is None
        for cell in row.cells["any"]:
            assert np.isnan([cell.estimate, cell.low, cell.high]).all() and cell.k == -1 and cell.reason
        assert row.overall_range == {} and row.overall["any"].k >= 0
    assert analysis.denominator_ranges == tuple((n, n) for n in analysis.denominators)


def test_ranges_are_those_of_dealing_patients_at_random(drawn):
    """One group's count over uniform redraws is hypergeometric: 500 of them give its percentiles to within one."""
    analysis = analyse_safety(drawn, selection_of(drawn, "arm"))
    for row in analysis.rows:
        for g, n in enumerate(analysis.denominators):
            exact = stats.hypergeom(27, row.overall["any"].k, n)
            low, high = row.ranges["any"][g]
            assert abs(low - exact.ppf(0.025)) <= 1 and abs(high - exact.ppf(0.975)) <= 1
    again = analyse_safety(drawn, selection_of(drawn, "arm"))
    assert [row.ranges for row in again.rows] == [row.ranges for row in analysis.rows]


def test_a_filter_on_drawn_events_leaves_the_overall_column_open_too(drawn):
    analysis = analyse_safety(drawn, selection_of(drawn, where=("arm=A",)))
    assert analysis.n_range == (analysis.n, analysis.n)
    any_row = analysis.rows[0]
    assert np.isnan(any_row.overall["any"].estimate)
    low, high = any_row.overall_range["any"]
    assert 0 <= low <= high <= analysis.n and low < high


@pytest.mark.parametrize(
    "mark", [{"drawn": frozenset({"arm"})}, {"partly_drawn": (PartlyDrawn("arm", "arm", ("pfs",)),)}]
)
def test_a_drawn_stratifier_gives_ranges_but_other_views_stay(mark):
    cohort = replace(simulated(27, 60, 5, groups=2), **mark)
    by_arm = analyse_safety(cohort, selection_of(cohort, "arm"))
    assert by_arm.drawn and all(row.comparisons == {} and row.ranges for row in by_arm.rows)
    by_age = analyse_safety(cohort, selection_of(cohort, "age"))
    assert by_age.drawn == "" and all(row.comparisons and row.ranges == {} for row in by_age.rows)


def test_json_has_a_row_for_every_term_band_and_stratum(ten):
    found = json.loads(json.dumps(safety_json(analyse_safety(ten, selection_of(ten, "sex"))), allow_nan=False))
    assert len(found["rows"]) == 3 * 5 * 3
    diarrhoea = {
        (r["grade"], r["stratum"]): (r["n"], r["denominator"], r["percent"])
        for r in found["rows"]
        if r["term"] == "Diarrhoea"
    }
    assert diarrhoea["any", None] == (4, 10, 40.0) and diarrhoea[">=3", "Male"] == (3, 4, 75.0)
    assert found["definition"] and found["ctcae"] == "5.0"
    severe = next(c for c in found["comparisons"] if (c["term"], c["grade"]) == ("Diarrhoea", ">=3"))
    assert severe["contrast"] == ["Male", "Female"] and severe["difference"]["estimate"] == pytest.approx(75)
    assert {"code", "message"} == set(found["warnings"][0])


def test_json_of_drawn_events_has_ranges_instead_of_counts(drawn):
    found = json.loads(json.dumps(safety_json(analyse_safety(drawn, selection_of(drawn, "arm"))), allow_nan=False))
    overall_rows = [r for r in found["rows"] if r["stratum"] is None]
    strata_rows = [r for r in found["rows"] if r["stratum"] is not None]
    assert all(r["n"] is not None and r["range"] is None for r in overall_rows)
    assert all(r["n"] is None and r["percent"] is None and len(r["range"]) == 2 for r in strata_rows)
    assert found["comparisons"] == [] and found["drawn"]


def test_the_default_cohort_gives_the_papers_table_2():
    """Su et al., table 2, as counts; its 59.2 for 16 of 27 is 59.3."""
    cohort = load(DEFAULT)
    rows = {row.term: row for row in analyse_safety(cohort, selection_of(cohort)).rows}
    printed = {
        ANY_ROW: (27, "100.0", 7, "25.9"),
        "Hypertension": (16, "59.3", 3, "11.1"),
        "Hand-foot syndrome": (13, "48.1", 2, "7.4"),
        "Proteinuria": (7, "25.9", 1, "3.7"),
        "ALT increased": (5, "18.5", 1, "3.7"),
    }
    for term, (any_grade, any_percent, severe, severe_percent) in printed.items():
        at_any, at_severe = rows[term].overall["any"], rows[term].overall["3-4"]
        assert (at_any.k, f"{100 * at_any.estimate:.1f}", at_any.n) == (any_grade, any_percent, 27)
        assert (at_severe.k, f"{100 * at_severe.estimate:.1f}") == (severe, severe_percent)
        assert rows[term].overall["5"].k == 0


def test_the_default_cohort_says_that_its_adverse_events_by_group_are_the_seeds():
    cohort = load(DEFAULT)
    analysis = analyse_safety(cohort, selection_of(cohort, "prior_antiangiogenic"))
    assert analysis.groups == ("No prior", "Prior")
    assert analysis.denominators == (21, 6)
    assert "does not determine" in analysis.drawn
    assert all(row.comparisons == {} for row in analysis.rows)
    hypertension = next(row for row in analysis.rows if row.term == "Hypertension")
    low, high = hypertension.ranges["any"][1]
    assert 0 < low < high <= 6
