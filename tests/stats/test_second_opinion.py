"""Second and third opinion: lifelines and scikit-survival on the data sets of `tests/reference`.

First where they agree with the kernel, then every known disagreement, asserted as one: should a library change
its mind, the test says so and the documentation follows.
"""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from lifelines.utils import median_survival_times, restricted_mean_survival_time
from numpy.testing import assert_allclose
from sksurv.compare import compare_survival
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.nonparametric import kaplan_meier_estimator

from kras_core.conventions import PRESETS, Ties
from kras_core.stats.cox import cox, fit
from kras_core.stats.event_table import event_table
from kras_core.stats.follow_up import reverse_kaplan_meier
from kras_core.stats.kaplan_meier import curves, quantile
from kras_core.stats.logrank import Weights, logrank
from kras_core.stats.rmst import rmst
from tests.stats.sets import DataSet, load

R, LIFELINES = PRESETS["r"], PRESETS["lifelines"]
SETS = [
    "lung",
    "veteran",
    "sim_cohort_of_27",
    "sim_heavy_ties",
    "sim_five_groups",
    "sim_registry_days",
    "sim_all_events",
]
DELAYED = ["sim_delayed_entry", "sim_delayed_entry_ties", "stanford_heart", "made_delayed_entry_empties"]
WITH_STRATA = ["lung", "sim_stratified", "sim_registry_days"]


def outcome(data: DataSet) -> np.ndarray:
    """scikit-survival's structured outcome."""
    return np.array(list(zip(data.event == 1, data.time, strict=True)), dtype=[("event", bool), ("time", float)])


def third_curve(data: DataSet, **options: Any) -> Any:
    """scikit-survival's times and survival, and with `conf_type` the limits."""
    return kaplan_meier_estimator(data.event == 1, data.time, time_enter=data.entry, **options)


def second_median(second: KaplanMeierFitter) -> list[float]:
    """lifelines' median with the ends of its interval; infinite is not reached."""
    limits: Any = median_survival_times(second.confidence_interval_)
    return [second.median_survival_time_, *limits.to_numpy()[0]]


def second_test(data: DataSet, weightings: str | None = None, **options: Any) -> Any:
    return multivariate_logrank_test(data.time, data.group, data.event, weightings=weightings, **options)


def dummies(data: DataSet) -> pd.DataFrame:
    return pd.DataFrame({f"group {g}": (data.group == g).astype(float) for g in data.levels[1:]})


def lifelines_cox(data: DataSet, *, strata: bool = False, **options: Any) -> CoxPHFitter:
    frame = dummies(data).assign(time=data.time, event=data.event)
    columns: dict[str, Any] = {}
    if data.entry is not None:
        frame["entry"], columns["entry_col"] = data.entry, "entry"
    if strata:
        frame["stratum"], columns["strata"] = data.stratum, ["stratum"]
    return CoxPHFitter().fit(frame, "time", "event", fit_options=options, **columns)


def lifelines_curve(data: DataSet, event: np.ndarray | None = None) -> KaplanMeierFitter:
    return KaplanMeierFitter().fit(data.time, data.event if event is None else event, entry=data.entry)


# Where they agree -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SETS + DELAYED)
def test_curve_with_loglog_interval(name: str) -> None:
    data = load(name)
    (curve,) = curves(data.table.pooled(), LIFELINES)
    second = lifelines_curve(data)
    assert_allclose(curve.survival, second.survival_function_at_times(curve.time), rtol=1e-9, atol=1e-14)
    limits = second.confidence_interval_.loc[curve.time.tolist()].to_numpy().T
    time, survival, third_limits = third_curve(data, conf_type="log-log")
    at = np.searchsorted(time, curve.time)
    assert_allclose(curve.survival, survival[at], rtol=1e-9, atol=1e-14)
    inside = (curve.survival > 0) & (curve.survival < 1)
    for mine, lifelines_limit, sksurv_limit in zip((curve.low, curve.high), limits, third_limits, strict=True):
        assert_allclose(mine[inside], lifelines_limit[inside], rtol=1e-8)
        assert_allclose(mine[inside], sksurv_limit[at][inside], rtol=1e-8)


@pytest.mark.parametrize("name", SETS)
def test_median_by_the_first_time(name: str) -> None:
    data = load(name)
    for group in data.levels:
        mine = data.rows(data.group == group)
        (curve,) = curves(data.group_table(str(group)), LIFELINES)
        if np.isclose(curve.survival, 0.5, rtol=0, atol=1e-9).any():
            continue  # the plateau has its own tests below
        found, second = quantile(curve, LIFELINES), lifelines_curve(mine)
        theirs = np.array(second_median(second))
        assert_allclose([found.estimate, found.low, found.high], np.where(np.isinf(theirs), np.nan, theirs), rtol=1e-12)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize(
    ("weights", "theirs", "options"),
    [
        ("logrank", None, {}),
        ("gehan", "wilcoxon", {}),
        ("tarone-ware", "tarone-ware", {}),
        ("peto", "peto", {}),
        ("fleming-harrington", "fleming-harrington", {"p": 1, "q": 0.5}),
    ],
)
def test_logrank_family(name: str, weights: Weights, theirs: str | None, options: dict[str, float]) -> None:
    data = load(name)
    data = data.rows(data.time > 0)  # at time 0 lifelines fails, see below
    found = logrank(data.table, weights, rho=options.get("p", 0), gamma=options.get("q", 0))
    second = second_test(data, theirs, **options)
    assert_allclose([found.statistic, found.p], [second.test_statistic, second.p_value], rtol=1e-8)
    if weights == "logrank":
        assert_allclose([found.statistic, found.p], compare_survival(outcome(data), data.group), rtol=1e-8)


@pytest.mark.parametrize("name", [*SETS, "sim_delayed_entry", "sim_delayed_entry_ties", "stanford_heart"])
def test_cox_with_efron_ties(name: str) -> None:
    data = load(name)
    model = fit(data.table.rows(data.levels), 0, "efron")
    second = lifelines_cox(data, precision=1e-12)
    assert_allclose(model.beta[1:], second.params_, rtol=1e-6)
    assert_allclose(np.sqrt(np.diagonal(model.covariance))[1:], second.standard_errors_, rtol=1e-6)
    assert_allclose(model.loglik, second.log_likelihood_, rtol=1e-9)


@pytest.mark.parametrize("name", WITH_STRATA)
def test_stratified_cox_with_efron_ties(name: str) -> None:
    data = load(name)
    model = fit(data.strata, 0, "efron")
    second = lifelines_cox(data, strata=True, precision=1e-12)
    assert_allclose(model.beta[1:], second.params_, rtol=1e-6)
    assert_allclose(np.sqrt(np.diagonal(model.covariance))[1:], second.standard_errors_, rtol=1e-6)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_by_scikit_survival(name: str, ties: Ties) -> None:
    data = load(name)
    model = fit(data.table.rows(data.levels), 0, ties)
    third = CoxPHSurvivalAnalysis(ties=ties, tol=1e-13).fit(dummies(data).to_numpy(), outcome(data))
    assert_allclose(model.beta[1:], third.coef_, rtol=1e-6)


@pytest.mark.parametrize("name", SETS)
def test_restricted_mean(name: str) -> None:
    data = load(name)
    (curve,) = curves(data.table.pooled(), LIFELINES)
    tau = 0.6 * float(data.time.max())
    assert_allclose(rmst(curve, tau).estimate, restricted_mean_survival_time(lifelines_curve(data), tau), rtol=1e-9)


# Where they disagree: one test, one sentence each -------------------------------------------------------------------


def test_median_on_a_plateau_is_the_middle_in_r_and_the_first_time_in_lifelines() -> None:
    data = load("made_half_then_drop")
    (curve,) = curves(data.group_table("1"), R)
    second = lifelines_curve(data.rows(data.group == 1)).median_survival_time_
    assert (quantile(curve, R).estimate, second) == (5.5, 4.0)
    assert quantile(curve, LIFELINES).estimate == second


def test_lifelines_median_is_the_next_drop_or_infinite_where_rounding_leaves_s_above_one_half() -> None:
    """It takes the exponential of a sum of logarithms, here 0.5000000000000001."""
    drops, ends = load("made_half_then_drop"), load("made_half_by_rounding")
    second = [lifelines_curve(data.rows(data.group == 0)) for data in (drops, ends)]
    assert second[1].survival_function_.iloc[-1, 0] == 0.5000000000000001
    assert [k.median_survival_time_ for k in second] == [7.0, np.inf]
    found = [quantile(curves(data.group_table("0"), LIFELINES)[0], LIFELINES).estimate for data in (drops, ends)]
    assert found == [4.0, 3.0]


def test_interval_once_survival_is_zero_is_missing_in_r_and_zero_elsewhere() -> None:
    data = load("sim_all_events")
    (missing,), (zero,) = curves(data.table.pooled(), R.but(interval="log-log")), curves(data.table.pooled(), LIFELINES)
    _, _, third = third_curve(data, conf_type="log-log")
    assert lifelines_curve(data).confidence_interval_.iloc[-1].tolist() == third[:, -1].tolist() == [0.0, 0.0]
    assert [zero.low[-1], zero.high[-1]] == [0.0, 0.0] and np.isnan([missing.low[-1], missing.high[-1]]).all()


def test_upper_end_of_a_median_interval_is_finite_in_lifelines_and_missing_in_r_when_the_curve_ends_at_zero() -> None:
    time, event = np.arange(1.0, 6.0), np.ones(5, dtype=int)
    table = event_table(time, event)
    (missing,), (zero,) = curves(table, R.but(interval="log-log")), curves(table, LIFELINES)
    second = second_median(KaplanMeierFitter().fit(time, event))
    assert quantile(zero, LIFELINES).high == second[2] == 5.0
    assert np.isnan(quantile(missing, R).high)


def test_times_that_differ_by_rounding_only_are_tied_in_r_and_not_elsewhere() -> None:
    """Log-rank χ² is 2.10 with R's rule and 6.93 without: its rule is applied here."""
    data = load("sim_rounding_error")
    found = logrank(data.table).statistic
    second = second_test(data).test_statistic
    third = compare_survival(outcome(data), data.group)[0]
    assert_allclose(second, third, rtol=1e-9)
    assert second > 3 * found
    rounded = second_test(replace(data, time=data.time.round(6))).test_statistic
    assert_allclose(found, rounded, rtol=1e-9)


def test_lifelines_cox_stops_early_unless_told_not_to() -> None:
    """At n = 27 its log hazard ratio is off from the sixth decimal on; `precision=1e-12` mends it."""
    data = load("sim_cohort_of_27")
    exact = fit(data.table).beta[1]
    assert abs(float(lifelines_cox(data).params_.iloc[0]) - exact) > 1e-6
    assert abs(float(lifelines_cox(data, precision=1e-12).params_.iloc[0]) - exact) < 1e-9


def test_lifelines_variance_of_the_restricted_mean_is_that_of_one_patient() -> None:
    """It is Var(min(T, τ)), not the estimate's variance: with nobody censored, n times too large."""
    time = np.array([1.0, 2.0, 4.0, 7.0, 8.0])
    second = KaplanMeierFitter().fit(time, np.ones(5))
    both: Any = restricted_mean_survival_time(second, 6.0, return_variance=True)
    theirs = both[1]
    one_patient = np.var(np.minimum(time, 6.0))
    assert_allclose(theirs, one_patient, rtol=1e-3)  # it integrates numerically
    (curve,) = curves(event_table(time, np.ones(5)), R)
    assert_allclose(rmst(curve, 6.0).std_error ** 2, one_patient / 5, rtol=1e-9)


def test_fractional_weights_break_lifelines_greenwood_variance() -> None:
    """It cuts the weighted number at risk to a whole number: 7.5 become 7."""
    time, event = np.arange(1.0, 9.0), np.array([1, 1, 0, 1, 1, 0, 1, 0])
    weights = np.array([0.5, 1, 1, 1, 1, 1, 1, 1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of non-integer weights, and goes on
        second = KaplanMeierFitter().fit(time, event, weights=weights)
    assert_allclose(second.survival_function_.loc[1.0].item(), 7 / 7.5, rtol=1e-12)

    def limits(n: float) -> list[float]:
        s, spread = 7 / 7.5, np.sqrt(0.5 / (n * (n - 0.5)))
        return [s ** np.exp(z * spread / -np.log(s)) for z in (1.959963984540054, -1.959963984540054)]

    theirs = second.confidence_interval_.loc[1.0].tolist()
    assert_allclose(theirs, limits(7), rtol=1e-6)
    assert abs(theirs[0] - limits(7.5)[0]) > 0.01


def test_lifelines_has_no_fleming_harrington_weights_when_a_time_is_zero() -> None:
    data = load("made_time_zero")
    with pytest.raises(ValueError, match="length"):
        second_test(data, "fleming-harrington", p=1, q=0)
    assert logrank(data.table, "fleming-harrington", rho=1).reason == ""


def test_scikit_survival_defaults_to_breslow_ties() -> None:
    data = load("sim_heavy_ties")
    third = CoxPHSurvivalAnalysis(tol=1e-13).fit(dummies(data).to_numpy(), outcome(data)).coef_[0]
    assert_allclose(third, fit(data.table, ties="breslow").beta[1], rtol=1e-7)
    assert abs(third - fit(data.table, ties="efron").beta[1]) > 0.01


def test_reverse_kaplan_meier_lets_deaths_leave_first_in_scikit_survival_and_not_in_r() -> None:
    """Flipped status as it is (survfit, lifelines) keeps the dead at risk for the censorings of the same time."""
    data = load("sim_heavy_ties")
    time, third = third_curve(data, reverse=True)
    second = lifelines_curve(data, 1 - data.event).survival_function_at_times(time).to_numpy()
    (flipped,) = curves(data.table.pooled().flipped(), R)
    (first_out,) = curves(data.table.pooled().flipped(deaths_first=True), R)
    assert_allclose(flipped.survival, second, rtol=1e-9)
    assert_allclose(first_out.survival, third, rtol=1e-9)
    assert np.abs(flipped.survival - first_out.survival).max() > 0.1


def test_reverse_ties_move_the_median_follow_up() -> None:
    rows = event_table([2, 3, 4, 4, 4, 5, 5], [1, 1, 1, 0, 0, 0, 0])
    (flipped,) = reverse_kaplan_meier(rows, R)
    (first_out,) = reverse_kaplan_meier(rows, R.but(reverse_ties="deaths-first"))
    assert (flipped.estimate, first_out.estimate) == (5.0, 4.5)


def test_without_events_in_a_group_every_engine_prints_another_meaningless_standard_error() -> None:
    data = load("made_group_without_events")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lifelines warns of complete separation
        second = lifelines_cox(data)
    third = CoxPHSurvivalAnalysis(tol=1e-13).fit(dummies(data).to_numpy(), outcome(data))
    r = data.r["cox"]["efron"]["printed"]
    log_ratios = [float(second.params_.iloc[0]), float(third.coef_[0]), r["coef"]]
    errors = [float(second.standard_errors_.iloc[0]), r["se"]]
    assert max(log_ratios) < -10 and min(errors) > 100
    assert min(abs(a - b) for i, a in enumerate(log_ratios) for b in log_ratios[:i]) > 0.05
    assert abs(np.log(errors[0] / errors[1])) > 0.5
    (ratio,) = cox(data.table, ["0", "1"], 0)
    assert "Firth" in ratio.method and 0.001 < ratio.estimate < 1 and ratio.std_error < 3
