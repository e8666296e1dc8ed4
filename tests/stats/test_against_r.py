"""Every statistic of the kernel against R's survival, over all data sets of `tests/reference`.

R's own values where the package has the statistic, explicit loops in R (`definitions.R`) where it has not.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

from kras_core.conventions import PRESETS, Conventions, IntervalType, Ties
from kras_core.stats import penalised
from kras_core.stats.cox import counts_at_events, cox, fit, profile_intervals
from kras_core.stats.event_table import EventTable, risk_table
from kras_core.stats.follow_up import reverse_kaplan_meier
from kras_core.stats.hazard_ratio import logrank_hazard_ratio, mantel_haenszel_hazard_ratio
from kras_core.stats.kaplan_meier import curves, quantile, rates
from kras_core.stats.logrank import Weights, logrank, trend
from kras_core.stats.results import HazardRatio, Quantile
from kras_core.stats.rmst import rmst
from tests.stats.sets import COX, NAMES, TIGHT, assert_same, load, numbers

INTERVALS: tuple[IntervalType, ...] = ("plain", "log", "log-log")
TIES: tuple[Ties, ...] = ("efron", "breslow")
PROBABILITIES = (0.25, 0.5, 0.75)
R = PRESETS["r"]
TO_END = R.but(median_rule="middle-to-end")  # quantile.survfit's rule; print.survfit's is R's preset
WEIGHTS: dict[str, tuple[Weights, float, float]] = {
    "logrank": ("logrank", 0, 0),
    "gehan": ("gehan", 0, 0),
    "tarone-ware": ("tarone-ware", 0, 0),
    "peto": ("peto", 0, 0),
    "fh_1_0": ("fleming-harrington", 1, 0),
    "fh_0_1": ("fleming-harrington", 0, 1),
    "fh_0.5_2": ("fleming-harrington", 0.5, 2),
}

SETS = [pytest.param(name, id=name) for name in NAMES]
SEVERAL = [name for name in NAMES if len(load(name).levels) > 1]
WITH_EVENTS = [name for name in SEVERAL if load(name).event.any()]
STRATIFIED = [name for name in SEVERAL if load(name).r["stratified"]]
EVERY_MODEL = [(name, "cox") for name in WITH_EVENTS] + [(name, "stratified_cox") for name in STRATIFIED]
WITHOUT_MILLION = [(name, part) for name, part in EVERY_MODEL if name != "million"]
WITH_FIRTH = [(name, part) for name, part in WITHOUT_MILLION if load(name).r[part].get("firth")]
EVERY_TEST = [(name, "tests") for name in SEVERAL] + [(name, "stratified_tests") for name in STRATIFIED]


def groups(name: str) -> Iterator[tuple[EventTable, dict[str, Any]]]:
    """Each group's counts with R's results: everybody as one group first."""
    data = load(name)
    for group, expected in data.r["groups"].items():
        yield data.group_table(group), expected


def tables(name: str, part: str, levels: list[int] | None = None) -> EventTable | list[EventTable]:
    """The table, or one per stratum, of all levels or of those named."""
    data = load(name)
    which = list(range(data.k)) if levels is None else levels
    return [t.rows(which) for t in data.strata] if part.startswith("stratified") else data.table.rows(which)


# Curves ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("interval", INTERVALS)
def test_curve_with_interval(name: str, interval: IntervalType) -> None:
    for table, expected in groups(name):
        (curve,) = curves(table, R.but(interval=interval))
        r, kept = expected["curve"], numbers(expected["curve"]["kept"]).astype(int)
        assert curve.time.size == r["rows"]
        for field, column in (("time", "time"), ("survival", "surv"), ("std_error", "std_err")):
            assert_same(getattr(curve, field)[kept], r[column], TIGHT)
        for field, column in (("at_risk", "n_risk"), ("events", "n_event"), ("censored", "n_censor")):
            assert getattr(curve, field)[kept].tolist() == numbers(r[column]).tolist()
        assert_same(curve.low[kept], r[interval]["lower"], TIGHT)
        assert_same(curve.high[kept], r[interval]["upper"], TIGHT)


def assert_quantiles(found: list[Quantile], r: dict[str, Any], *, limits: tuple[str, ...] = ("lower", "upper")) -> None:
    for i, quantile_found in enumerate(found):
        assert_same(quantile_found.estimate, r["estimate"][i], TIGHT)
        assert (quantile_found.reason == "not reached") == (r["estimate"][i] is None)
        for limit, value in (("lower", quantile_found.low), ("upper", quantile_found.high)):
            if limit in limits:
                assert_same(value, r[limit][i], TIGHT)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("interval", INTERVALS)
def test_quantiles(name: str, interval: IntervalType) -> None:
    """print.survfit's rule, and quantile.survfit's, which goes to the end of a plateau that never drops again.

    Under delayed entry a limit of S(t) may rise again; quantile.survfit then sorts it by value, and its limits
    are no crossings: they are compared where the limit only falls.
    """
    for table, expected in groups(name):
        (curve,) = curves(table, R.but(interval=interval))
        r = expected["quantiles"][interval]
        assert_quantiles([quantile(curve, R.but(interval=interval), p) for p in PROBABILITIES], r["crossing"])
        falling = tuple(limit for limit in ("lower", "upper") if r["falling"][limit])
        assert_quantiles([quantile(curve, TO_END.but(interval=interval), p) for p in PROBABILITIES], r, limits=falling)


@pytest.mark.parametrize("name", SETS)
def test_spss_quantiles(name: str) -> None:
    spss = PRESETS["spss"]
    for table, expected in groups(name):
        (curve,) = curves(table, spss)
        for p, r in zip(PROBABILITIES, expected["spss"], strict=True):
            found = quantile(curve, spss, p)
            values = [found.estimate, found.std_error, found.low, found.high]
            assert_same(values, [r["estimate"], r["se"], r["lower"], r["upper"]], TIGHT)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("interval", INTERVALS)
def test_milestone_rates(name: str, interval: IntervalType) -> None:
    for table, expected in groups(name):
        conventions = R.but(interval=interval)
        (curve,) = curves(table, conventions)
        r = expected["rates"]
        times = numbers(r["time"])
        found = rates(curve, times, conventions, risk_table(table, times).at_risk[0])
        assert [rate.at_risk for rate in found] == numbers(r["n_risk"]).tolist()
        assert_same([rate.estimate for rate in found], r["surv"], TIGHT)
        assert_same([rate.std_error for rate in found], r["std_err"], TIGHT)
        low, high = numbers(r[interval]["lower"]), numbers(r[interval]["upper"])
        if interval == "log-log":
            # While S = 1, R gives 1 before the first time and NA after a censoring; here both are undefined.
            low, high = (np.where(numbers(r["surv"]) == 1.0, np.nan, limit) for limit in (low, high))
        assert_same([rate.low for rate in found], low, TIGHT)
        assert_same([rate.high for rate in found], high, TIGHT)


@pytest.mark.parametrize("name", SETS)
def test_restricted_mean(name: str) -> None:
    for table, expected in groups(name):
        (curve,) = curves(table, R)
        r = expected["rmst"]
        found = [rmst(curve, tau) for tau in numbers(r["tau"])]
        assert_same([mean.estimate for mean in found], r["rmean"], TIGHT)
        assert_same([mean.std_error for mean in found], r["se"], TIGHT)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize(("rule", "ties"), [("flipped", "flipped"), ("deaths_first", "deaths-first")])
def test_reverse_kaplan_meier(name: str, interval: IntervalType, rule: str, ties: str) -> None:
    for table, expected in groups(name):
        (found,) = reverse_kaplan_meier(table, R.but(interval=interval, reverse_ties=ties))
        crossing = expected["follow_up"][rule][interval]["crossing"]
        assert_quantiles([found], {key: values[1:2] for key, values in crossing.items()})


# Tests ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "part"), EVERY_TEST)
@pytest.mark.parametrize("test", WEIGHTS)
def test_logrank_family(name: str, part: str, test: str) -> None:
    weights, rho, gamma = WEIGHTS[test]
    found = logrank(tables(name, part), weights, rho=rho, gamma=gamma)
    r = load(name).r[part].get(test)
    if r is None:
        assert np.isnan([found.statistic, found.p]).all() and found.reason
        return
    assert found.df == r["df"]
    assert_same(found.statistic, r["chisq"], TIGHT)
    assert_same(found.p, r["p"], TIGHT)
    assert_same(found.observed, r["observed"], TIGHT)
    assert_same(found.expected, r["expected"], TIGHT)
    if load(name).k == 2:
        assert_same(found.variance, r["variance"][0][0], TIGHT)


@pytest.mark.parametrize(("name", "part"), EVERY_TEST)
@pytest.mark.parametrize(("test", "weights"), [("trend", "logrank"), ("trend_gehan", "gehan")])
def test_trend(name: str, part: str, test: str, weights: Weights) -> None:
    found = trend(tables(name, part), list(range(load(name).k)), weights)
    r = load(name).r[part].get(test)
    if r is None:
        assert np.isnan([found.statistic, found.p]).all() and found.reason
    else:
        assert_same([found.statistic, found.p], [r["chisq"], r["p"]], TIGHT)


@pytest.mark.parametrize("name", [name for name in SEVERAL if load(name).k == 2])
@pytest.mark.parametrize("method", ["logrank", "mantel_haenszel"])
def test_hazard_ratios_of_the_logrank_test(name: str, method: str) -> None:
    ratio = {"logrank": logrank_hazard_ratio, "mantel_haenszel": mantel_haenszel_hazard_ratio}[method]
    found = ratio(load(name).table, ["0", "1"], 0)
    r = (load(name).r["tests"].get("ratios") or {}).get(method)
    if r is None or r["log_hr"] is None:
        assert np.isnan(found.estimate) and found.reason
    else:
        assert_ratio(found, r["log_hr"], r["se"], TIGHT)


@pytest.mark.parametrize("name", ["sim_delayed_entry", "sim_all_events"])
def test_without_ties_the_score_test_of_cox_is_the_logrank_test(name: str) -> None:
    assert_same(logrank(load(name).table).statistic, load(name).r["cox"]["breslow"]["score"], TIGHT)


# Cox ------------------------------------------------------------------------------------------------------------


def assert_ratio(found: HazardRatio, coef: float, se: float, rtol: float) -> None:
    """Estimate, standard error, Wald interval and p from a log hazard ratio and its standard error."""
    z = 1.959963984540054
    assert_same([np.log(found.estimate), found.std_error], [coef, se], rtol)
    assert_same(np.log([found.low, found.high]), [coef - z * se, coef + z * se], 10 * rtol)
    assert_same(found.p, 2 * ndtr(-abs(coef / se)), 100 * rtol)


@pytest.mark.parametrize(("name", "part"), EVERY_MODEL)
@pytest.mark.parametrize("ties", TIES)
def test_cox(name: str, part: str, ties: Ties) -> None:
    data, r = load(name), load(name).r[part][ties]
    labels = [str(code) for code in range(data.k)]
    found = {ratio.label: ratio for ratio in cox(tables(name, part), labels, data.levels[0], ties)}
    if r["infinite"]:
        assert all("Firth" in ratio.method and ratio.caution for ratio in found.values())
        return
    for code, coef, se in zip(*(numbers(r[x]) for x in ("groups", "coef", "se")), strict=True):
        ratio = found[str(int(code))]
        assert ratio.reference == str(data.levels[0]) and "Firth" not in ratio.method
        assert_ratio(ratio, coef, se, COX)


@pytest.mark.parametrize(("name", "part"), EVERY_MODEL)
@pytest.mark.parametrize("ties", TIES)
def test_cox_likelihood_and_tests(name: str, part: str, ties: Ties) -> None:
    data, r = load(name), load(name).r[part][ties]
    present = tables(name, part, data.levels)
    model = fit(present, 0, ties)
    assert bool(model.finite) != r["infinite"]
    assert_same(model.loglik_null, r["loglik_null"], TIGHT)
    assert_same(model.score_test, r["score"], TIGHT)
    if r["infinite"]:
        return
    beta, covariance = model.beta[1:], model.covariance[1:, 1:]
    assert_same(model.loglik, r["loglik"], TIGHT)
    assert_same(covariance, np.reshape(numbers(r["covariance"]), covariance.shape), COX)
    assert_same(beta @ np.linalg.solve(covariance, beta), r["wald"], COX)


@pytest.mark.parametrize(("name", "part"), WITHOUT_MILLION)
@pytest.mark.parametrize("ties", TIES)
def test_profile_likelihood_intervals(name: str, part: str, ties: Ties) -> None:
    data, r = load(name), load(name).r[part][ties]
    present = tables(name, part, data.levels)
    labels = [str(code) for code in data.levels]
    if r["infinite"]:
        with pytest.raises(ValueError, match="no finite maximum"):
            profile_intervals(present, labels, 0, ties)
        return
    ratios = profile_intervals(present, labels, 0, ties)
    assert_same(np.log([ratio.estimate for ratio in ratios]), r["coef"], COX)
    for limits, r_limits in zip(([x.low for x in ratios], [x.high for x in ratios]), r["profile"], strict=True):
        assert_same(np.log(limits), r_limits, COX)
    if len(ratios) == 1:
        assert_same(ratios[0].p, r["lr_p"], COX)


@pytest.mark.parametrize(("name", "part"), WITH_FIRTH)
@pytest.mark.parametrize("ties", TIES)
def test_firth(name: str, part: str, ties: Ties) -> None:
    """Firth's estimate on every two-group set, monotone or not, though the kernel shows it only where it must."""
    data, r = load(name), load(name).r[part]["firth"][ties]
    present = tables(name, part, data.levels)
    counts = counts_at_events(present)
    assert counts is not None
    (ratio,) = penalised.firth(counts.at_risk, counts.events, ["0", "1"], 0, ties, 0.95)
    assert_same([np.log(ratio.estimate), ratio.std_error], [r["coef"], r["se"]], COX)
    assert_same(np.log([ratio.low, ratio.high]), [r["lower"], r["upper"]], COX)
    assert_same(ratio.p, r["p"], COX)


def test_presets_differ_only_where_they_say() -> None:
    """The tests above vary R's preset; what they rest on must be R's own defaults."""
    expected = Conventions(
        "r", "R survival", "log", "missing", "middle", "brookmeyer-crowley", "efron", "cox", R.source
    )
    assert expected == R
