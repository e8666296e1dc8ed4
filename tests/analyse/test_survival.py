"""The Survival view against recounts on the patient rows."""

import numpy as np
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import logrank_test

from kras_core.analyse.survival import analyse
from kras_core.conventions import PRESETS
from kras_core.selection import By, Filter, Selection, SelectionError
from tests.simulated import DAYS_PER_MONTH, simulated_cohort, with_patients

COHORT = simulated_cohort(80)
ROWS = COHORT.patients


def select(**changes) -> Selection:
    return Selection(COHORT.digest, "pfs", (By("prior_antiangiogenic"),), conventions=PRESETS["lifelines"]).but(
        **changes
    )


def test_strata_are_recounted_from_the_rows():
    analysis = analyse(COHORT, select())
    for stratum, flag in zip(analysis.strata, (0, 1), strict=True):
        rows = ROWS[ROWS.prior_antiangiogenic == flag]
        assert stratum.n == len(rows)
        assert stratum.events == rows.pfs_event.sum()
        fitted = KaplanMeierFitter().fit(rows.pfs_months, rows.pfs_event)
        assert stratum.median.estimate == pytest.approx(fitted.median_survival_time_, rel=1e-12)
    assert analysis.overall.n == 80


def test_logrank_and_hazard_ratio_agree_with_lifelines_and_name_their_direction():
    analysis = analyse(COHORT, select())
    prior = ROWS.prior_antiangiogenic == 1
    test = logrank_test(ROWS.pfs_months[prior], ROWS.pfs_months[~prior], ROWS.pfs_event[prior], ROWS.pfs_event[~prior])
    assert analysis.logrank is not None
    assert analysis.logrank.p == pytest.approx(test.p_value, rel=1e-9)
    (ratio,) = analysis.hazard_ratios
    assert (ratio.label, ratio.reference) == ("No prior", "Prior")
    frame = ROWS[["pfs_months", "pfs_event"]].assign(no_prior=(~prior).astype(int))
    fitted = CoxPHFitter().fit(frame, "pfs_months", "pfs_event", fit_options={"precision": 1e-12})
    assert ratio.estimate == pytest.approx(float(np.exp(fitted.params_["no_prior"])), rel=1e-7)


def test_risk_table_rows_sum_to_the_strata():
    analysis = analyse(COHORT, select())
    table = analysis.risk_table
    total = table.at_risk + table.events + table.censored
    assert (total == np.array([[s.n] for s in analysis.strata])).all()
    for j, tick in enumerate(table.ticks):
        assert table.at_risk[1, j] == ((ROWS.prior_antiangiogenic == 1) & (ROWS.pfs_months >= tick)).sum()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("sex=M", ROWS.sex == "M"),
        ("sex!=M", ROWS.sex != "M"),
        ("age>=65", ROWS.age >= 65),
        ("age<65", ROWS.age < 65),
        ("kras_variant=G12C|G12V", ROWS.kras_variant.isin(["G12C", "G12V"])),
        ("prior_antiangiogenic=yes", ROWS.prior_antiangiogenic == 1),
        ("g12c=non-G12C", ROWS.kras_variant != "G12C"),
    ],
)
def test_filters_keep_whom_they_say(text, kept):
    assert analyse(COHORT, select(by=(), where=(Filter.parse(text),))).overall.n == kept.sum()


def test_a_missing_value_is_never_kept_by_a_filter():
    age = ROWS.age.copy()
    age[:10] = np.nan
    cohort = with_patients(COHORT, age=age)
    below, above = (analyse(cohort, select(by=(), where=(Filter.parse(f),))).overall.n for f in ("age<65", "age>=65"))
    assert below + above == 70


def test_cut_off_high_is_strictly_above():
    value = float(ROWS.nlr.iloc[3])
    analysis = analyse(COHORT, select(by=(By("nlr", value),)))
    assert [s.n for s in analysis.strata] == [(ROWS.nlr <= value).sum(), (ROWS.nlr > value).sum()]
    assert "cutoff_by_hand" in {w.code for w in analysis.warnings}


def test_default_cut_off_is_the_median_and_says_so():
    analysis = analyse(COHORT, select(by=(By("ldh"),)))
    ((_, value, origin),) = analysis.cutoffs
    assert value == ROWS.ldh.median()
    assert origin == "median of these data, blind to outcome"


def test_crossing_gives_every_pair_and_keeps_the_reference_pair():
    analysis = analyse(COHORT, select(by=(By("prior_antiangiogenic"), By("sex"))))
    assert [s.label for s in analysis.strata] == [
        "No prior · Female",
        "No prior · Male",
        "Prior · Female",
        "Prior · Male",
    ]
    assert {h.reference for h in analysis.hazard_ratios} == {"Prior · Female"}
    assert sum(s.n for s in analysis.strata) == 80


def test_missing_stratum_stays_in_the_overall_curve_and_is_named():
    flag = ROWS.prior_antiangiogenic.copy()
    flag[:7] = np.nan
    analysis = analyse(with_patients(COHORT, prior_antiangiogenic=flag), select())
    assert sum(s.n for s in analysis.strata) == 73
    assert analysis.overall.n == 80
    (left_out,) = analysis.excluded
    assert left_out.patients == tuple(ROWS.patient_id[:7])


def test_landmark_in_months_is_a_whole_day_and_keeps_those_beyond_it():
    days = np.round(ROWS.pfs_months * DAYS_PER_MONTH)
    days[:3] = [42, 42, 43]
    event = ROWS.pfs_event.copy()
    event[:3] = [1, 0, 1]
    cohort = with_patients(COHORT, pfs_months=days / DAYS_PER_MONTH, pfs_event=event)
    analysis = analyse(cohort, select(by=(), analysis="landmark", landmark=1.38))  # 41.98 days: day 42
    left_out = {e.reason.split(" on ")[0]: e.patients for e in analysis.excluded}
    assert "SIM-0001" in left_out["event"]
    assert "SIM-0002" in left_out["censored"]
    assert analysis.overall.n == (days > 42).sum()
    assert analysis.overall.curve.time[0] == pytest.approx(days[days > 42].min() / DAYS_PER_MONTH - 42 / DAYS_PER_MONTH)


def test_delayed_entry_counts_at_risk_from_entry_on():
    entry = np.where(np.arange(80) % 2, 0.0, 3.0)
    cohort = with_patients(COHORT, entry_months=entry)
    analysis = analyse(cohort, select(by=(), analysis="delayed-entry"))
    kept = ROWS.pfs_months > entry
    assert analysis.overall.n == kept.sum()
    first = analysis.overall.curve
    for t, n in zip(first.time, first.at_risk, strict=True):
        assert n == (kept & (entry < t) & (ROWS.pfs_months >= t)).sum()


def test_post_baseline_strata_need_a_landmark():
    with pytest.raises(SelectionError, match="landmark"):
        analyse(COHORT, select(by=(By("best_response"),)))
    analysis = analyse(COHORT, select(by=(By("best_response"),), analysis="landmark", landmark=3.0))
    assert len(analysis.strata) == 3


def test_no_event_in_a_stratum_is_firth_and_never_a_huge_ratio():
    event = np.where(ROWS.sex == "F", 0.0, 1.0)
    analysis = analyse(with_patients(COHORT, pfs_event=event), select(by=(By("sex"),)))
    (ratio,) = analysis.hazard_ratios
    assert "Firth" in ratio.method
    assert 1 < ratio.estimate < 1e4
    assert np.isnan(analysis.strata[0].median.estimate)
    assert {"few_events", "median_not_reached", "hazard_ratio"} <= {w.code for w in analysis.warnings}


def test_a_stratum_of_one_patient_is_shown_and_named():
    variant = ROWS.kras_variant.copy()
    variant[:] = "G12V"
    variant.iloc[5] = "G12C"
    analysis = analyse(with_patients(COHORT, kras_variant=variant), select(by=(By("g12c"),)))
    assert [s.n for s in analysis.strata] == [1, 79]
    assert any(w.code == "few_patients" and "G12C: 1 patient only" in w.message for w in analysis.warnings)


def test_a_single_stratum_gives_no_test():
    analysis = analyse(COHORT, select(where=(Filter.parse("prior_antiangiogenic=1"),)))
    assert [s.label for s in analysis.strata] == ["Prior"]
    assert analysis.logrank is None
    assert analysis.hazard_ratios == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"endpoint": "ttp"}, "it offers pfs, os"),
        ({"by": (By("brca"),)}, "it offers prior_antiangiogenic"),
        ({"by": (By("sex", 1.0),)}, "takes no cut-off"),
        ({"where": (Filter.parse("sex=X"),)}, "it has F, M"),
        ({"where": (Filter.parse("age=old"),)}, "holds numbers"),
        ({"where": (Filter.parse("sex<M"),)}, "use = or !="),
        ({"where": (Filter.parse("age>200"),)}, "no patient is left"),
        ({"where": (Filter.parse("shoe=1"),)}, "no column 'shoe'"),
        ({"analysis": "landmark"}, "needs a landmark above 0"),
        ({"analysis": "landmark", "landmark": 5000.0}, "no patient is left"),
    ],
)
def test_refusals_say_what_would_work(changes, words):
    with pytest.raises(SelectionError, match=words):
        analyse(COHORT, select(**changes))


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_answers_and_is_named(name):
    analysis = analyse(COHORT, select(conventions=PRESETS[name]))
    assert analysis.selection.conventions.name == name
    assert np.isfinite(analysis.strata[0].median.estimate)


def test_selection_survives_json():
    selection = select(where=(Filter.parse("sex=M"),), by=(By("nlr", 2.99), By("sex")), milestones=(6.0, 12.0))
    assert Selection.from_json(selection.to_json()) == selection
