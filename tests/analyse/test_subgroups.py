"""The Subgroups view: every row recounted from the patients, and what is too small, drawn or empty said as such."""

from dataclasses import astuple, replace

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter

from kras_core.analyse.subgroups import MOST_FACTORS, NEVER_TOGETHER, analyse_forest, default_factors
from kras_core.analyse.survival import analyse
from kras_core.analyse.univariable import analyse_cox, default_variables
from kras_core.cohort.bundled import DEFAULT, load
from kras_core.conventions import PRESETS
from kras_core.selection import By, Filter, Selection, SelectionError
from tests.simulated import reconstructed, simulated_cohort, with_patients

COHORT = simulated_cohort(200, seed=4)
ROWS = COHORT.patients


def select(**changes) -> Selection:
    return Selection(COHORT.digest, "pfs", (By("prior_antiangiogenic"),), conventions=PRESETS["lifelines"]).but(
        **changes
    )


def fitted(rows: pd.DataFrame, **columns) -> CoxPHFitter:
    frame = rows[["pfs_months", "pfs_event"]].assign(**{k: v.astype(float) for k, v in columns.items()})
    return CoxPHFitter().fit(frame, "pfs_months", "pfs_event", fit_options={"precision": 1e-12})


def test_the_overall_row_is_the_survival_view():
    forest, view = analyse_forest(COHORT, select()), analyse(COHORT, select())
    row = forest.overall
    assert (forest.label, forest.reference) == ("No prior", "Prior")
    assert row.ratio == view.hazard_ratios[0]
    # As tuples: fields that are not a number make results unequal to themselves from Python 3.13 on.
    assert [astuple(a.median) for a in row.arms] == [astuple(s.median) for s in view.strata]
    assert [(a.n, a.events) for a in row.arms] == [(s.n, s.events) for s in view.strata]


def test_every_row_is_recounted_by_lifelines():
    forest = analyse_forest(COHORT, select(), factors=("sex", "g12c", "nlr"))
    masks = {
        "Female": ROWS.sex == "F",
        "Male": ROWS.sex == "M",
        "G12C": ROWS.kras_variant == "G12C",
        "non-G12C": ROWS.kras_variant != "G12C",
        f"NLR ≤ {ROWS.nlr.median():.10g}": ROWS.nlr <= ROWS.nlr.median(),
        f"NLR > {ROWS.nlr.median():.10g}": ROWS.nlr > ROWS.nlr.median(),
    }
    rows = {row.label: row for factor in forest.factors for row in factor.rows}
    assert list(rows) == list(masks)
    for label, mask in masks.items():
        part = ROWS[mask]
        no_prior = part.prior_antiangiogenic == 0
        row = rows[label]
        for arm, group in zip(row.arms, (no_prior, ~no_prior), strict=True):
            assert (arm.n, arm.events) == (group.sum(), part.pfs_event[group].sum())
            curve = KaplanMeierFitter().fit(part.pfs_months[group], part.pfs_event[group])
            assert arm.median.estimate == pytest.approx(curve.median_survival_time_)
        model = fitted(part, x=no_prior)
        assert row.ratio is not None and row.note == ""
        assert np.log(row.ratio.estimate) == pytest.approx(model.params_["x"], rel=1e-6, abs=1e-8)
        assert row.ratio.std_error == pytest.approx(model.standard_errors_["x"], rel=1e-6)
    weights = {label: row.ratio.std_error**-2 for label, row in rows.items() if row.ratio}
    for label, row in rows.items():
        assert row.weight == pytest.approx(weights[label] / max(weights.values()))


def test_the_interaction_is_the_difference_of_two_models():
    forest = analyse_forest(COHORT, select(), factors=("kras_variant",))
    prior = ROWS.prior_antiangiogenic == 1
    levels = {v: ROWS.kras_variant == v for v in ("G12V", "G12D")}
    both = {f"{v}_prior": flag & prior for v, flag in levels.items()}
    chi2 = 2 * (
        fitted(ROWS, prior=prior, **levels, **both).log_likelihood_
        - fitted(ROWS, prior=prior, **levels).log_likelihood_
    )
    test = forest.factors[0].interaction
    assert test is not None and (test.statistic, test.df) == (pytest.approx(chi2, rel=1e-6), 2)


def test_filters_cutoffs_and_landmarks_reach_every_row():
    forest = analyse_forest(COHORT, select(where=(Filter.parse("age>=50"),)), factors=("sex",))
    older = ROWS[ROWS.age >= 50]
    assert [sum(a.n for a in row.arms) for row in forest.factors[0].rows] == [
        (older.sex == "F").sum(),
        (older.sex == "M").sum(),
    ]
    by_nlr = analyse_forest(COHORT, select(by=(By("nlr", 2.5, on_outcome=True),)), factors=("sex",))
    assert by_nlr.label == "NLR > 2.5 †" and "cutoff_on_outcome" in {w.code for w in by_nlr.warnings}
    later = analyse_forest(COHORT, select(analysis="landmark", landmark=3.0), factors=("sex",))
    assert sum(a.n for a in later.overall.arms) == (ROWS.pfs_months > 3.0).sum()


def test_more_than_two_groups_are_compared_two_at_a_time():
    selection = select(by=(By("kras_variant"),))
    first = analyse_forest(COHORT, selection, factors=("sex",))
    other = analyse_forest(COHORT, selection, factors=("sex",), group="G12D")
    assert (first.label, first.reference, other.label) == ("G12V", "G12C", "G12D")
    part = ROWS[ROWS.kras_variant.isin(["G12C", "G12D"])]
    assert other.overall.ratio is not None
    assert np.log(other.overall.ratio.estimate) == pytest.approx(
        fitted(part, x=part.kras_variant == "G12D").params_["x"], rel=1e-6
    )
    with pytest.raises(SelectionError, match="there are G12V, G12D"):
        analyse_forest(COHORT, selection, group="G12X")


def test_patients_without_a_value_stay_in_the_overall_row_only():
    sex = ROWS.sex.copy()
    sex[:40] = np.nan
    forest = analyse_forest(with_patients(COHORT, sex=sex), select(), factors=("sex",))
    assert sum(a.n for a in forest.overall.arms) == 200
    assert sum(a.n for row in forest.factors[0].rows for a in row.arms) == 160


# What is too small, empty or undefined


def test_rows_that_are_too_small_say_so():
    ward = pd.Series(["big"] * 200)
    ward[:1], ward[1:9], ward[9:12] = "one", "eight", "three"
    event = ROWS.pfs_event.copy()
    event[1:9] = 0
    cohort = with_patients(COHORT, ward=pd.Categorical(ward), pfs_event=event)
    forest = analyse_forest(cohort, select(), factors=("ward",))
    rows = {row.label: row for row in forest.factors[0].rows}
    assert rows["one"].ratio is None and "no patient in" in rows["one"].note
    assert rows["eight"].ratio is None and rows["eight"].note == "0 events in all: too few for a hazard ratio"
    assert rows["three"].ratio is None and rows["big"].ratio is not None
    assert "small" in {w.code for w in forest.warnings}
    test = forest.factors[0].interaction
    assert test is not None and (np.isnan(test.p) or test.reason)


def test_forty_levels_are_forty_rows_when_asked_for_and_none_by_default():
    levels = pd.Categorical([f"site {i % 40:02d}" for i in range(200)])
    cohort = with_patients(COHORT, ward=levels)
    assert "ward" not in default_factors(cohort, select())
    forest = analyse_forest(cohort, select(), factors=("ward",))
    assert len(forest.factors[0].rows) == 40
    assert all(row.ratio is None or row.small for row in forest.factors[0].rows)


def test_a_factor_of_one_level_is_left_out_with_the_reason():
    where = (Filter.parse("sex=M"),)
    forest = analyse_forest(COHORT, select(where=where), factors=("sex", "g12c"))
    assert [f.id for f in forest.factors] == ["g12c"]
    assert forest.left_out == (("Sex", "one level only among these patients"),)


def test_two_hundred_columns_give_the_first_dozen():
    rng = np.random.default_rng(1)
    extra = pd.DataFrame(rng.integers(0, 2, (200, 200)).astype(float), columns=[f"gene{i}" for i in range(200)])
    cohort = replace(COHORT, patients=pd.concat([COHORT.patients, extra], axis=1))
    factors = default_factors(cohort, select())
    assert len(factors) == MOST_FACTORS and factors[0] == "g12c"
    assert len(analyse_forest(cohort, select()).factors) == MOST_FACTORS
    assert len(default_variables(cohort)) <= 12


def test_no_event_and_all_at_one_time_give_no_ratio_and_no_test():
    for changes in ({"pfs_event": np.zeros(200)}, {"pfs_months": np.full(200, 5.0), "pfs_event": np.ones(200)}):
        cohort = with_patients(COHORT, **changes)
        forest = analyse_forest(cohort, select(), factors=("sex",))
        for row in (forest.overall, *forest.factors[0].rows):
            assert row.ratio is None or row.ratio.reason or row.ratio.estimate == pytest.approx(1.0)
        table = analyse_cox(cohort, select(), ("sex", "nlr"))
        for variable in table.variables:
            for term in variable.terms:
                assert term.ratio is not None
                assert term.ratio.reason or term.ratio.estimate == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"by": ()}, "choose what to compare"),
        ({"by": (By("best_response"),)}, "from a landmark"),
        ({"where": (Filter.parse("prior_antiangiogenic=1"),)}, "nothing to compare"),
    ],
)
def test_refusals_say_what_would_work(changes, words):
    with pytest.raises(SelectionError, match=words):
        analyse_forest(COHORT, select(**changes))


# The univariable table


def test_the_table_is_lifelines_one_variable_at_a_time():
    table = analyse_cox(COHORT, select(), ("age", "sex", "kras_variant"))
    age, sex, variant = table.variables
    assert age.terms[0].label == "per year" and age.terms[0].ratio is not None
    model = fitted(ROWS, age=ROWS.age)
    assert np.log(age.terms[0].ratio.estimate) == pytest.approx(model.params_["age"], rel=1e-6)
    assert age.test is not None and age.test.p == pytest.approx(model.log_likelihood_ratio_test().p_value, rel=1e-6)
    model = fitted(ROWS, male=ROWS.sex == "M")
    (term,) = sex.terms
    assert (term.label, sex.reference) == ("Male", "Female") and term.ratio is not None
    assert np.log(term.ratio.estimate) == pytest.approx(model.params_["male"], rel=1e-6, abs=1e-9)
    assert (term.n, sex.reference_n) == ((ROWS.sex == "M").sum(), (ROWS.sex == "F").sum())
    model = fitted(ROWS, v=ROWS.kras_variant == "G12V", d=ROWS.kras_variant == "G12D")
    assert [np.log(t.ratio.estimate) for t in variant.terms if t.ratio] == pytest.approx(
        model.params_.tolist(), rel=1e-6
    )
    assert variant.test is not None
    assert (variant.test.df, variant.test.p) == (
        2,
        pytest.approx(model.log_likelihood_ratio_test().p_value, rel=1e-6),
    )
    assert "unadjusted" in {w.code for w in table.warnings}


def test_constant_missing_and_later_known_variables_are_named():
    age = ROWS.age.copy()
    age[:30] = np.nan
    cohort = with_patients(COHORT, ldh=np.full(200, 240.0), age=age)
    cohort = with_patients(cohort, sex=pd.Categorical(["F"] * 200, categories=["F", "M"]))
    table = analyse_cox(cohort, select(), ("ldh", "sex", "age", "best_response"))
    ldh, sex, aged, response = table.variables
    for same in (ldh, sex):
        assert same.note == "every patient has the same value" and same.terms == ()
        assert (same.n, same.events) == (200, table.events) and table.events > 0
    assert (aged.n, aged.missing) == (170, 30)
    assert "landmark" in response.note


def test_a_level_without_events_is_firths_and_has_no_test():
    event = np.where(ROWS.sex == "F", 0.0, 1.0)
    (sex,) = analyse_cox(with_patients(COHORT, pfs_event=event), select(), ("sex",)).variables
    assert sex.terms[0].ratio is not None and "Firth" in sex.terms[0].ratio.method
    assert sex.test is not None and np.isnan(sex.test.p) and sex.test.reason


# Reconstructed cohorts


def test_drawn_factors_have_ranges_and_pairs_never_printed_have_nothing():
    cohort = reconstructed(60)
    forest = analyse_forest(cohort, select(), factors=("sex", "g12c", "nlr"))
    (sex,) = forest.factors
    assert sex.id == "sex" and sex.interaction is None and len(sex.p_range) == 2
    for row in sex.rows:
        assert row.ratio is None and row.drawn and row.arms[0].n_range
    assert dict(forest.left_out) == {"KRAS G12C": NEVER_TOGETHER, "NLR": NEVER_TOGETHER}
    assert forest.overall.ratio is not None  # printed
    assert "drawn" in {w.code for w in forest.warnings}


def test_a_drawn_comparison_has_no_estimate_anywhere():
    forest = analyse_forest(reconstructed(60), select(by=(By("sex"),)), factors=("prior_antiangiogenic",))
    assert forest.overall.drawn and forest.overall.ratio is None
    assert all(row.drawn for row in forest.factors[0].rows)


def test_the_default_cohorts_table_is_ranges_but_for_what_the_paper_prints():
    cohort = load(DEFAULT)
    table = analyse_cox(cohort, Selection(cohort.digest, "pfs", conventions=PRESETS["spss"]))
    found = {v.id: v for v in table.variables}
    assert list(found) == ["age", "sex", "ecog", "g12c", "prior_antiangiogenic", "prior_ici"]
    for id in ("age", "sex", "ecog", "prior_ici"):
        assert found[id].drawn and found[id].test is None
        for term in found[id].terms:
            assert term.ratio is None
            low, high = term.ratio_range  # type: ignore[misc]
            assert low < 1 < high
    (prior,) = found["prior_antiangiogenic"].terms
    assert prior.ratio is not None and round(prior.ratio.estimate, 2) == 0.29


def test_a_range_with_infinite_redraws_is_not_given():
    """Histology of one patient among 27: in most redraws no finite ratio exists."""
    cohort = load(DEFAULT)
    selection = Selection(cohort.digest, "pfs", (By("prior_antiangiogenic"),), conventions=PRESETS["spss"])
    forest = analyse_forest(cohort, selection, factors=("histology",))
    row = next(r for r in forest.factors[0].rows if r.label.startswith("squamous"))
    assert row.drawn and np.isnan(row.ratio_range).all() and "of 500 redraws" in row.note
