"""The Biomarkers view: what is estimated, what is only a range, and what is said of a chosen cut-off."""

from dataclasses import astuple, replace

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from lifelines.statistics import logrank_test

from kras_core.analyse import marker_rows
from kras_core.analyse.biomarkers import analyse_biomarker, bootstrap_cutoff, discriminate, markers, permute_cutoff
from kras_core.analyse.survival import analyse
from kras_core.cohort.bundled import DEFAULT, load
from kras_core.cohort.stratifiers import MARK, split, stratifiers, tertiles
from kras_core.conventions import PRESETS
from kras_core.selection import By, Filter, Selection, SelectionError
from tests.simulated import reconstructed, simulated_cohort, with_patients

COHORT = simulated_cohort(150, seed=3)
ROWS = COHORT.patients


def select(**changes) -> Selection:
    return Selection(COHORT.digest, "pfs", conventions=PRESETS["r"]).but(**changes)


def codes(analysis) -> list[str]:
    return [w.code for w in analysis.warnings]


def test_markers_are_the_numbers_known_before_the_start():
    assert {s.id for s in markers(COHORT)} == {"age", "nlr", "ldh"}


def test_the_smallest_p_is_found_marked_and_never_in_force_by_itself():
    analysis = analyse_biomarker(COHORT, select(), By("nlr"))
    values = np.unique(ROWS.nlr)
    p = {}
    for cut in values[:-1]:
        high = ROWS.nlr > cut
        if 15 <= (~high).sum() <= 135:
            p[cut] = logrank_test(
                ROWS.pfs_months[high], ROWS.pfs_months[~high], ROWS.pfs_event[high], ROWS.pfs_event[~high]
            ).p_value
    chosen, scan = analysis.chosen, analysis.scan
    assert chosen is not None and scan is not None
    assert scan.cutoffs.tolist() == sorted(p)
    assert scan.p == pytest.approx([p[c] for c in sorted(p)], rel=1e-8)
    assert chosen.cutoff == min(p, key=p.__getitem__) and chosen.test.p == pytest.approx(min(p.values()))
    assert chosen.selected.p > chosen.test.p and chosen.selected.samples == 10_000
    assert "searched" in codes(analysis)
    searched = next(w.message for w in analysis.warnings if w.code == "searched")
    assert MARK in searched and "optimistic" in searched and f"{chosen.selected.p:.3f}" in searched
    # what is in force is the median, blind to outcome
    assert analysis.split.cutoffs == (("nlr", ROWS.nlr.median(), "median of these data, blind to outcome"),)
    # As tuples: fields that are not a number make results unequal to themselves from Python 3.13 on.
    here, there = analysis.split.logrank, analyse(COHORT, select(by=(By("nlr"),))).logrank
    assert here is not None and there is not None and astuple(here) == astuple(there)


def test_a_chosen_cutoff_carries_its_mark_to_the_survival_view():
    chosen = analyse_biomarker(COHORT, select(), By("nlr")).chosen
    assert chosen is not None
    view = analyse(COHORT, select(by=(By("nlr", chosen.cutoff, on_outcome=True),)))
    assert all(s.label.endswith(MARK) for s in view.strata)
    assert [s.p for s in view.selected] == [chosen.selected.p]
    said = next(w.message for w in view.warnings if w.code == "cutoff_on_outcome")
    assert "optimistic" in said and f"{chosen.selected.p:.3f}" in said
    plain = analyse(COHORT, select(by=(By("nlr", chosen.cutoff),)))
    assert plain.selected == () and plain.hazard_ratios[0].estimate == view.hazard_ratios[0].estimate


def test_the_same_split_set_by_hand_is_chosen_on_the_outcome_too():
    chosen = analyse_biomarker(COHORT, select(), By("nlr")).chosen
    assert chosen is not None
    between = chosen.cutoff + 1e-6  # no patient lies between
    analysis = analyse_biomarker(COHORT, select(), By("nlr", between))
    assert analysis.by.on_outcome and analysis.split.strata[0].label.endswith(MARK)
    other = analyse_biomarker(COHORT, select(), By("nlr", float(np.quantile(ROWS.nlr, 0.2))))
    assert not other.by.on_outcome and "cutoff_by_hand" in codes(other)


def test_per_unit_and_per_sd_are_lifelines():
    analysis = analyse_biomarker(COHORT, select(), By("ldh"))
    assert analysis.model is not None
    frame = ROWS[["pfs_months", "pfs_event", "ldh"]]
    fitted = CoxPHFitter().fit(frame, "pfs_months", "pfs_event", fit_options={"precision": 1e-12})
    assert np.log(analysis.model.per_unit.estimate) == pytest.approx(fitted.params_["ldh"], rel=1e-6)
    sd = ROWS.ldh.std()
    assert np.log(analysis.model.per_sd.estimate) == pytest.approx(fitted.params_["ldh"] * sd, rel=1e-6)
    assert analysis.model.sd == pytest.approx(sd)
    assert analysis.model.test.p == pytest.approx(fitted.log_likelihood_ratio_test().p_value, rel=1e-6)


def test_the_spline_is_one_at_its_reference_and_says_its_knots():
    analysis = analyse_biomarker(COHORT, select(), By("nlr"), knots=5)
    spline = analysis.spline
    assert spline is not None and len(spline.knots) == 5
    assert spline.reference == ROWS.nlr.median()
    at = np.interp(spline.reference, spline.x, spline.log_ratio)
    assert at == pytest.approx(0, abs=0.01)
    assert (spline.low <= spline.log_ratio).all() and (spline.log_ratio <= spline.high).all()
    assert (spline.overall.df, spline.nonlinear.df) == (4, 3)
    assert len(analyse_biomarker(COHORT, select(), By("nlr")).spline.knots) == 4  # type: ignore[union-attr]


def test_tertiles_are_three_groups_of_about_a_third():
    low, high = tertiles(ROWS.nlr.to_numpy())
    assert low in ROWS.nlr.to_numpy() and high in ROWS.nlr.to_numpy()
    analysis = analyse_biomarker(COHORT, select(), By("nlr", low, high))
    assert [abs(s.n - 50) <= 3 for s in analysis.split.strata] == [True] * 3
    assert all(origin == "tertiles of these data, blind to outcome" for _, _, origin in analysis.split.cutoffs)
    assert split(COHORT, stratifiers(COHORT)["nlr"], low, high).labels[1] == f"NLR > {low:g} to {high:g}"
    with pytest.raises(SelectionError, match="above the first"):
        analyse(COHORT, select(by=(By("nlr", 3.0, 2.0),)))


def test_ties_at_the_cutoff_are_said_and_count_as_low():
    values = ROWS.nlr.copy()
    values[:20] = 3.0
    analysis = analyse_biomarker(with_patients(COHORT, nlr=values), select(), By("nlr", 3.0))
    assert analysis.split.strata[0].n == (values <= 3.0).sum()
    assert any(w.code == "tied" and w.message.startswith("20 patients have exactly 3") for w in analysis.warnings)


def test_a_filter_and_a_landmark_reach_everything():
    where = (Filter.parse("sex=M"),)
    analysis = analyse_biomarker(COHORT, select(where=where), By("nlr"))
    men = ROWS[ROWS.sex == "M"]
    assert analysis.distribution.n == len(men)
    assert analysis.scan is not None and analysis.scan.n == len(men)
    assert analysis.model is not None and analysis.model.events == men.pfs_event.sum()
    later = analyse_biomarker(COHORT, select(analysis="landmark", landmark=2.0), By("nlr"))
    assert later.distribution.n < 150 and later.split.overall.n == later.distribution.n


def test_delayed_entry_has_a_ribbon_but_no_adjusted_p_and_says_so():
    selection = select(analysis="delayed-entry")
    analysis = analyse_biomarker(COHORT, selection, By("nlr"))
    assert analysis.scan is not None and np.isfinite(analysis.scan.log_ratio).all()
    assert analysis.chosen is not None and "delayed entry" in analysis.chosen.selected.reason
    assert "not available" in next(w.message for w in analysis.warnings if w.code == "searched")
    assert discriminate(COHORT, selection, "nlr") is None
    assert list(bootstrap_cutoff(COHORT, selection, "nlr")) == []


# Columns and outcomes that say little or nothing


def test_a_constant_column_says_so():
    analysis = analyse_biomarker(with_patients(COHORT, ldh=np.full(150, 300.0)), select(), By("ldh"))
    assert analysis.nothing == "every patient has the same value" and "no_cutoff" in codes(analysis)
    assert analysis.chosen is None and analysis.model is not None and analysis.spline is not None
    assert np.isnan(analysis.model.per_sd.estimate) and "single value" in analysis.model.per_sd.reason
    assert "distinct values" in analysis.spline.reason
    assert len(analysis.split.strata) == 1 and analysis.split.logrank is None


def test_a_column_with_most_patients_at_one_value_has_no_inner_cutoff():
    values = np.r_[np.full(140, 1.0), np.arange(2.0, 12.0)]
    analysis = analyse_biomarker(with_patients(COHORT, ldh=values), select(), By("ldh"))
    assert "a tenth" in analysis.nothing and analysis.chosen is None
    assert analysis.model is not None and np.isfinite(analysis.model.per_sd.estimate)


def test_missing_values_leave_the_marker_and_are_counted():
    values = ROWS.nlr.copy()
    values[:30] = np.nan
    analysis = analyse_biomarker(with_patients(COHORT, nlr=values), select(), By("nlr"))
    assert (analysis.distribution.n, analysis.distribution.missing) == (120, 30)
    with pytest.raises(SelectionError, match="no stratifier 'ldh'"):
        analyse_biomarker(with_patients(COHORT, ldh=np.full(150, np.nan)), select(), By("ldh"))


def test_no_event_and_one_event_time():
    for event, time in ((np.zeros(150), ROWS.pfs_months), (np.ones(150), np.full(150, 4.0))):
        cohort = with_patients(COHORT, pfs_event=event, pfs_months=time)
        analysis = analyse_biomarker(cohort, select(), By("nlr"))
        assert analysis.chosen is None and analysis.nothing
        assert analysis.model is not None
        p = analysis.model.test.p  # at one event time Efron's likelihood has its top at no effect
        assert p == pytest.approx(1.0) if event.any() else np.isnan(p)
        found = discriminate(cohort, select(), "nlr", (6.0,))
        assert found is not None and np.isnan(found.auc[0].estimate) and found.auc[0].reason


def test_levels_are_no_marker():
    with pytest.raises(SelectionError, match="levels, not numbers"):
        analyse_biomarker(COHORT, select(), By("sex"))


def test_two_hundred_columns_are_two_hundred_markers():
    rng = np.random.default_rng(1)
    extra = pd.DataFrame(rng.normal(0, 1, (150, 200)), columns=[f"lab{i}" for i in range(200)])
    cohort = replace(COHORT, patients=pd.concat([COHORT.patients, extra], axis=1))
    assert len(markers(cohort)) == 203
    assert analyse_biomarker(cohort, select(), By("lab199")).chosen is not None


# Long work


def test_large_cohorts_draw_permutations_on_demand_only(monkeypatch):
    monkeypatch.setattr(marker_rows, "AT_ONCE", 1000)
    cohort = replace(COHORT, id="other", labels={"x": "y"})  # its own memo
    analysis = analyse_biomarker(cohort, select(), By("nlr"))
    assert analysis.chosen is not None
    selected = analysis.chosen.selected
    assert selected.samples == 0 and np.isnan(selected.p) and selected.best_p == selected.p_lausen_1994
    steps = list(permute_cutoff(cohort, select(), "nlr"))
    done, drawn = steps[-1]
    assert drawn.samples == 10_000 and done == 1.0 and len(steps) > 10
    # and from then on the view has it
    again = analyse_biomarker(cohort, select(), By("nlr"))
    assert again.chosen is not None and again.chosen.selected.p == drawn.p


def test_the_bootstrap_comes_in_chunks_from_the_datas_own_values():
    steps = list(bootstrap_cutoff(COHORT, select(), "nlr", samples=60))
    assert len(steps) > 1 and [done for done, _ in steps][-1] == 1.0
    spread = steps[-1][1]
    assert spread.samples == 60 and spread.undefined == 0 and 0 <= spread.same <= 1
    assert set(spread.quantiles) <= set(ROWS.nlr) and list(spread.quantiles) == sorted(spread.quantiles)


def test_an_auc_of_few_events_is_called_a_detail():
    found = discriminate(COHORT, select(where=(Filter.parse("age<50"),)), "nlr", (3.0, 6.0))
    assert found is not None and found.few and found.events < 50
    assert not discriminate(COHORT, select(), "nlr").few  # type: ignore[union-attr]


# Reconstructed cohorts


RECONSTRUCTED = reconstructed(60)


def test_a_drawn_marker_has_ranges_and_no_estimate():
    analysis = analyse_biomarker(RECONSTRUCTED, select(endpoint="os"), By("nlr"))
    assert (analysis.scan, analysis.chosen, analysis.model, analysis.spline) == (None,) * 4
    redraws = analysis.redraws
    assert redraws is not None and not redraws.determined.any()
    assert redraws.per_sd[0] < 1 < redraws.per_sd[1]
    assert (redraws.ratio_low < redraws.ratio_high).all()
    assert analysis.split.redraws is not None
    assert discriminate(RECONSTRUCTED, select(endpoint="os"), "nlr") is None
    assert list(bootstrap_cutoff(RECONSTRUCTED, select(endpoint="os"), "nlr")) == []


def test_a_partly_drawn_marker_is_determined_at_its_published_cutoff_alone():
    analysis = analyse_biomarker(RECONSTRUCTED, select(), By("nlr"))
    redraws = analysis.redraws
    assert redraws is not None and redraws.determined.sum() == 1
    at = int(redraws.determined.argmax())
    values = RECONSTRUCTED.numbers("nlr")
    assert (values <= redraws.cutoffs[at]).sum() == (values <= 3.0).sum()
    assert analysis.split.redraws is None  # the published cut-off is in force
    (ratio,) = analysis.split.hazard_ratios
    assert redraws.ratio_low[at] == pytest.approx(redraws.ratio_high[at]) == pytest.approx(ratio.estimate)
    assert "who is above the published cut-off" in redraws.sentence


def test_a_filter_on_a_drawn_column_leaves_only_words():
    analysis = analyse_biomarker(RECONSTRUCTED, select(where=(Filter.parse("sex=M"),)), By("nlr"))
    assert analysis.redraws is not None and analysis.redraws.cutoffs.size == 0
    assert "who is looked at" in analysis.redraws.sentence
    assert analysis.scan is None and analysis.model is None


def test_the_papers_median_splits_are_blind_and_say_so():
    """Su et al.: NLR 2.99 and PLR 176.33; medians 6.0 v 9.0 (p 0.35) and 5.4 v 9.7 (p 0.28)."""
    cohort = load(DEFAULT)
    selection = Selection(cohort.digest, "pfs", conventions=PRESETS["spss"])
    for id, cutoff, high, low, p in (("nlr", 2.99, 6.0, 9.0, 0.35), ("plr", 176.33, 5.4, 9.7, 0.28)):
        view = analyse_biomarker(cohort, selection, By(id)).split
        assert view.cutoffs == ((id, cutoff, "published: median of these data, blind to outcome"),)
        assert [round(s.median.estimate, 1) for s in view.strata] == [low, high]
        assert view.logrank is not None and round(view.logrank.p, 2) == p
