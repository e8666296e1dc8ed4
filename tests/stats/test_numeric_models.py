"""Numeric covariates, splines, concordance, AUC and interactions: second opinions and what is undefined."""

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from lifelines.utils import concordance_index
from numpy.testing import assert_allclose

from kras_core.stats.cox import fit
from kras_core.stats.discrimination import concordance, dynamic_auc
from kras_core.stats.event_table import code_times, event_table, tabulate
from kras_core.stats.interaction import NOWHERE_BOTH, ON_THE_EDGE, interaction
from kras_core.stats.numeric_cox import MONOTONE, SINGLE_VALUE, fit_numeric, numeric_cox
from kras_core.stats.spline import QUANTILES, spline_basis, spline_knots

PRECISE = {"precision": 1e-14, "r_precision": 1e-15}


def rows(n: int = 120, seed: int = 1):
    rng = np.random.default_rng(seed)
    time = np.ceil(rng.exponential(10, n))
    return time, rng.random(n) < 0.7, rng.normal(5, 2, n), rng


@pytest.mark.parametrize("delayed", [False, True])
def test_several_covariates_agree_with_lifelines(delayed):
    time, event, x, rng = rows()
    covariates = np.column_stack((x, rng.normal(0, 100, x.size), rng.integers(0, 2, x.size).astype(float)))
    entry = np.minimum(rng.exponential(3, x.size), time - 0.5) if delayed else None
    found = numeric_cox(code_times(time, entry), event, covariates)
    frame = pd.DataFrame(covariates).assign(time=time, event=event)
    if entry is not None:
        frame = frame.assign(entry=entry)
    fitted = CoxPHFitter().fit(
        frame,
        "time",
        "event",
        entry_col="entry" if delayed else None,
        fit_options=PRECISE,  # type: ignore[arg-type]
    )
    assert_allclose(found.beta, fitted.params_, rtol=1e-7)
    assert_allclose(np.sqrt(np.diag(found.covariance)), fitted.standard_errors_, rtol=1e-7)
    assert found.loglik == pytest.approx(fitted.log_likelihood_, rel=1e-12)


def test_many_redraws_at_once_are_each_fitted_alone():
    time, event, x, rng = rows(27)
    grid, drawn = code_times(time), rng.permuted(np.broadcast_to(x, (40, 27)), axis=1)
    together = fit_numeric(grid, event, drawn[..., None], "breslow")
    for i in range(40):
        alone = numeric_cox(grid, event, drawn[i][:, None], "breslow")
        assert together.beta[i] == pytest.approx(alone.beta, rel=1e-9)
        assert together.loglik[i] == pytest.approx(alone.loglik, rel=1e-12)


def test_a_binary_covariate_gives_the_models_of_groups():
    time, event, x, _ = rows()
    group = (x > 5).astype(int)
    found = numeric_cox(code_times(time), event, group[:, None] * 1.0)
    other = fit(event_table(time, event, group))
    assert found.beta[0] == pytest.approx(other.beta[1], rel=1e-9)
    assert [found.loglik, found.loglik_null] == pytest.approx([float(other.loglik), float(other.loglik_null)])


def test_what_is_undefined_says_why():
    time, event, x, _ = rows(30)
    grid = code_times(time)
    assert numeric_cox(grid, event, np.full((30, 1), 4.0)).reason == SINGLE_VALUE
    assert numeric_cox(grid, event, np.column_stack((x, 2 * x + 1))).reason == SINGLE_VALUE
    assert numeric_cox(grid, np.zeros(30, dtype=bool), x[:, None]).reason == "no event"
    distinct = np.arange(1.0, 31.0)
    perfect = numeric_cox(code_times(distinct), np.ones(30, dtype=bool), -distinct[:, None])
    assert perfect.reason == MONOTONE and np.isnan(perfect.beta).all()


def test_very_large_and_very_small_units_change_nothing_but_the_unit():
    time, event, x, _ = rows()
    grid = code_times(time)
    plain, big, shifted = (numeric_cox(grid, event, c[:, None]) for c in (x, x * 1e9, x + 1e6))
    assert big.beta[0] * 1e9 == pytest.approx(plain.beta[0], rel=1e-9)
    assert shifted.beta[0] == pytest.approx(plain.beta[0], rel=1e-6)


def test_a_spline_is_linear_outside_its_knots_and_smooth_at_them():
    knots = np.array([1.0, 2.0, 4.0, 7.0])
    outside = spline_basis(np.array([7.0, 8.0, 9.0, 10.0]), knots)
    assert_allclose(np.diff(outside, 2, axis=0), 0, atol=1e-12)
    below = spline_basis(np.array([-2.0, 0.0, 1.0]), knots)
    assert_allclose(below[:, 1:], 0)
    h = 1e-4
    for knot in knots:
        at = spline_basis(knot + h * np.arange(-2, 3), knots)
        slopes = np.diff(at, axis=0) / h
        assert_allclose(np.diff(slopes, axis=0) / h, 0, atol=6 * np.abs(np.diff(slopes, axis=0) / h).max() + 1e-9)
        assert_allclose(slopes[0], slopes[-1], atol=1e-2)


@pytest.mark.parametrize("count", QUANTILES)
def test_knots_that_coincide_are_refused(count):
    assert spline_knots(np.arange(100.0), count).size == count
    with pytest.raises(ValueError, match="knots fall on"):
        spline_knots(np.r_[np.zeros(90), 1.0, 2.0], count)


def test_concordance_agrees_with_lifelines_and_counts_ties_half():
    time, event, x, _ = rows()
    for marker in (x, np.round(x)):
        assert concordance(time, event, marker).estimate == pytest.approx(1 - concordance_index(time, marker, event))
    constant = concordance(time, event, np.ones(time.size))
    assert constant.estimate == 0.5 and constant.std_error == 0.0
    assert "no pair" in concordance(time, np.zeros(time.size, dtype=bool), x).reason


def test_auc_without_censoring_is_the_share_of_pairs_put_right():
    rng = np.random.default_rng(2)
    time, marker = rng.exponential(10, 60), rng.normal(0, 1, 60)
    event = np.ones(60, dtype=bool)
    early, middle, late = dynamic_auc(time, event, marker, (float(time.min()) / 2, 6.0, 1e6))
    case, control = time <= 6, time > 6
    pairs = marker[case][:, None] - marker[control]
    assert middle.estimate == pytest.approx(np.mean((pairs > 0) + 0.5 * (pairs == 0)))
    assert (middle.cases, middle.controls) == (case.sum(), control.sum())
    assert np.isnan(early.estimate) and "no patient with the event" in early.reason
    assert np.isnan(late.estimate) and "nobody followed" in late.reason


def test_auc_weighs_by_censoring_up_to_that_time_only():
    """The last patient is censored at the same time as another dies: no weight exists there, and none is needed."""
    time, event = np.array([1.0, 2, 3, 4, 5, 6, 7, 7]), np.array([1, 0, 1, 1, 0, 1, 1, 0], dtype=bool)
    (found,) = dynamic_auc(time, event, np.array([5.0, 1, 4, 2, 3, 3, 1, 2]), (4.5,))
    weight = {1: 1.0, 3: 7 / 6, 4: 7 / 6}  # one of seven was censored at 2
    marker = {1: 5, 3: 4, 4: 2}
    controls = [3, 3, 1, 2]
    right = sum(w * sum((marker[t] > c) + 0.5 * (marker[t] == c) for c in controls) for t, w in weight.items())
    assert found.estimate == pytest.approx(right / (4 * sum(weight.values())))


# Interactions


def test_an_interaction_without_events_or_without_both_groups_is_undefined():
    time, group, level = np.arange(1.0, 13.0), np.tile([0, 1], 6), np.repeat([0, 1], 6)
    grid = code_times(time)
    nothing = interaction(tabulate(grid, np.zeros(12, dtype=bool), group * 2 + level, 4), 2)
    assert np.isnan(nothing.p) and nothing.reason == "no event"
    alone = interaction(tabulate(grid, np.ones(12, dtype=bool), level * 2 + level, 4), 2)
    assert np.isnan(alone.p) and alone.reason == NOWHERE_BOTH


def test_a_subgroup_without_events_in_a_group_still_has_a_p_marked_doubtful():
    """The likelihood only approaches its top: R's coxph warns, and stops at the same value."""
    time, event, _, rng = rows(80, 4)
    group, level = rng.integers(0, 2, 80), rng.integers(0, 2, 80)
    event = event & ~((group == 1) & (level == 1))
    table = tabulate(code_times(time), event, group * 2 + level, 4)
    found = interaction(table, 2)
    assert found.reason == ON_THE_EDGE and found.df == 1
    grid = code_times(time)
    covariates = np.column_stack((group, level, group * level)) * 1.0
    additive = numeric_cox(grid, event, covariates[:, :2])
    capped = np.column_stack((group, level)) * 1.0
    # The cell without events taken out of the risk sets is what an infinitely low hazard means.
    kept = ~((group == 1) & (level == 1))
    limit = numeric_cox(code_times(time[kept]), event[kept], capped[kept])
    assert found.statistic == pytest.approx(2 * (limit.loglik - additive.loglik), rel=1e-6)


def test_a_level_that_only_one_group_has_costs_its_degree_of_freedom():
    time, event, _, rng = rows(150, 6)
    group, level = rng.integers(0, 2, 150), rng.integers(0, 3, 150)
    level[(group == 1) & (level == 2)] = 0
    found = interaction(tabulate(code_times(time), event, group * 3 + level, 6), 3)
    assert found.df == 1 and found.reason == ""
    grid = code_times(time)
    dummies = np.column_stack((group, level == 1, level == 2)) * 1.0
    more = np.column_stack((dummies, group * (level == 1)))
    difference = numeric_cox(grid, event, more).loglik - numeric_cox(grid, event, dummies).loglik
    assert found.statistic == pytest.approx(2 * difference, rel=1e-8)
