"""The kernel against a naive second implementation on random rows: ties, delayed entry, several groups and strata."""

from dataclasses import replace
from fractions import Fraction
from math import inf

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar

from kras_core.conventions import PRESETS, IntervalType, MedianRule, Ties
from kras_core.stats.cox import cox, fit
from kras_core.stats.event_table import EventTable, event_table, risk_table
from kras_core.stats.kaplan_meier import curves, quantile, rates
from kras_core.stats.logrank import Weights, logrank, observed_expected
from kras_core.stats.rmst import rmst
from tests.stats import naive
from tests.stats.naive import Row

R = PRESETS["r"]
SEEDS = range(12)
WEIGHTS: list[tuple[Weights, float, float]] = [
    ("logrank", 0, 0),
    ("gehan", 0, 0),
    ("tarone-ware", 0, 0),
    ("peto", 0, 0),
    ("fleming-harrington", 1, 0.5),
]


def random_rows(seed: int, k: int = 3) -> list[Row]:
    """Some 50 rows; odd seeds have delayed entry, seeds not divisible by 3 whole months with many ties."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(40, 60))
    group = np.concatenate((np.arange(k), rng.integers(0, k, n - k)))
    time = rng.exponential(np.array([12.0, 8.0, 5.0, 9.0])[group]) + 0.5
    time = np.ceil(time) if seed % 3 else time
    event = rng.random(n) < 0.7
    entry = np.where(rng.random(n) < 0.5, np.floor(rng.uniform(0, time)), -inf) if seed % 2 else np.full(n, -inf)
    entry = np.where(entry < time, entry, -inf)
    return [Row(float(t), int(e), int(g), float(a)) for t, e, g, a in zip(time, event, group, entry, strict=True)]


def tabulated(rows: list[Row], k: int = 1) -> EventTable:
    """The kernel's table of the rows; who is there from the start enters before every time."""
    delayed = any(row.entry > -inf for row in rows)
    entry = [max(row.entry, -1.0) for row in rows] if delayed else None
    return event_table([r.time for r in rows], [r.event for r in rows], [r.group for r in rows], entry, k)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ["plain", "log", "log-log"])
def test_survival_and_intervals(seed: int, kind: IntervalType) -> None:
    rows = random_rows(seed, 3)
    for group, curve in enumerate(curves(tabulated(rows, 3), R.but(interval=kind))):
        mine = naive.of_group(rows, group)
        assert curve.time.tolist() == sorted({row.time for row in mine})
        for i, t in enumerate(curve.time):
            s = naive.survival(mine, t)
            assert_allclose(curve.survival[i], float(s), rtol=1e-12, atol=1e-14)
            assert curve.at_risk[i] == len(naive.at_risk(mine, t))
            assert curve.events[i] == len(naive.events_at(mine, t))
            if 0 < s < 1:
                assert_allclose([curve.low[i], curve.high[i]], naive.interval(mine, t, kind), rtol=1e-10)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rule", ["first", "middle", "middle-to-end"])
def test_quantiles(seed: int, rule: MedianRule) -> None:
    rows = random_rows(seed, 3)
    for group, curve in enumerate(curves(tabulated(rows, 3), R)):
        for p in (Fraction(1, 10), Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)):
            found = quantile(curve, R.but(median_rule=rule), float(p)).estimate
            expected = naive.quantile(naive.of_group(rows, group), p, rule)
            assert np.isnan(found) if expected is None else found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_counts_and_rates_at_milestones(seed: int) -> None:
    rows = random_rows(seed, 1)
    table = tabulated(rows)
    (curve,) = curves(table, R)
    ticks = [0.0, 2.0, 3.5, 5.0, 8.0]
    counts = risk_table(table, ticks)
    found = rates(curve, ticks, R, counts.at_risk[0])
    for i, t in enumerate(ticks):
        assert counts.at_risk[0, i] == found[i].at_risk == len(naive.at_risk(rows, t))
        assert counts.events[0, i] == sum(row.event and row.time < t for row in rows)
        assert counts.censored[0, i] == sum(not row.event and row.time < t for row in rows)
        assert_allclose(found[i].estimate, float(naive.survival(rows, t)), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("tau", [3.0, 4.25, 7.0])
def test_restricted_mean(seed: int, tau: float) -> None:
    rows = random_rows(seed, 2)
    for group, curve in enumerate(curves(tabulated(rows, 2), R)):
        found = rmst(curve, tau)
        assert_allclose(
            [found.estimate, found.std_error], naive.restricted_mean(naive.of_group(rows, group), tau), rtol=1e-11
        )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("weights", "rho", "gamma"), WEIGHTS)
@pytest.mark.parametrize("k", [2, 4])
def test_logrank_family(seed: int, weights: Weights, rho: float, gamma: float, k: int) -> None:
    rows = random_rows(seed, k)
    table = tabulated(rows, k)
    expected = naive.observed_expected(rows, k, weights, rho, gamma)
    for mine, theirs in zip(observed_expected(table, weights, rho=rho, gamma=gamma), expected, strict=True):
        assert_allclose(mine, theirs, rtol=1e-10, atol=1e-12)
    o, e, v = (np.array(x) for x in expected)
    chi2 = (o - e)[1:] @ np.linalg.solve(v[1:, 1:], (o - e)[1:])
    assert_allclose(logrank(table, weights, rho=rho, gamma=gamma).statistic, chi2, rtol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("strata", [1, 2])
def test_cox_on_individual_rows(seed: int, ties: Ties, strata: int) -> None:
    k = 2 + seed % 3
    parts = [random_rows(100 * part + seed, k) for part in range(strata)]
    model = fit([tabulated(part, k) for part in parts], 0, ties)
    assert model.finite
    beta, covariance, loglik = naive.cox(parts, k, ties)
    assert_allclose(model.beta, [0.0, *beta], rtol=1e-9, atol=1e-11)
    assert_allclose(model.covariance[1:, 1:], covariance, rtol=1e-8)
    assert_allclose(model.loglik, loglik, rtol=1e-11)


def penalised(rows: list[Row], beta: list[float], ties: str) -> float:
    """Firth's penalised log likelihood ℓ(β) + ½·log det I(β) at log hazard ratios of groups 1, 2, ... over 0."""
    loglik, _, information = naive.derivatives([rows], [0.0, *beta], ties)
    return loglik + 0.5 * float(np.linalg.slogdet(information)[1])


@pytest.mark.parametrize("seed", [0, 1, 2, 4])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_firth_for_three_groups(seed: int, ties: Ties) -> None:
    """Group 2 has no events: at the kernel's estimate the penalised likelihood is stationary, and where the
    interval of one ratio ends, its maximum over the other has dropped by half the χ² quantile."""
    rows = [replace(row, event=row.event * (row.group != 2)) for row in random_rows(seed)]
    found = cox(tabulated(rows, 3), ["0", "1", "2"], 0, ties)
    assert all("Firth" in ratio.method for ratio in found)
    beta = [float(np.log(ratio.estimate)) for ratio in found]
    top = penalised(rows, beta, ties)
    h = 1e-4
    for i in (0, 1):
        ahead, behind = ([b + sign * h * (j == i) for j, b in enumerate(beta)] for sign in (1, -1))
        assert abs(penalised(rows, ahead, ties) - penalised(rows, behind, ties)) / (2 * h) < 1e-6
    _, _, information = naive.derivatives([rows], [0.0, *beta], ties)
    assert_allclose([r.std_error for r in found], np.sqrt(np.diagonal(np.linalg.inv(information))), rtol=1e-7)
    for i, ratio in enumerate(found):
        for limit in (ratio.low, ratio.high):
            if np.isnan(limit):
                continue

            def fixed(other: float, at: float = float(np.log(limit)), i: int = i) -> float:
                return -penalised(rows, [at, other] if i == 0 else [other, at], ties)

            other = beta[1 - i]
            best = -minimize_scalar(fixed, bounds=(other - 4, other + 4), method="bounded", options={"xatol": 1e-7}).fun
            assert_allclose(top - best, 1.920729410347062, rtol=1e-6)
    assert not np.isnan([ratio.high for ratio in found]).any()


@pytest.mark.parametrize("d", [1, 2, 31, 32, 33, 100, 1000])
@pytest.mark.parametrize("later", [0, 7, 100_000])
def test_efron_closed_form_with_many_ties(d: int, later: int) -> None:
    """d tied events among d + `later` at risk: the closed form in digamma functions against the loop over events.

    Nobody else at risk (later = 0) is where a naive closed form would divide by zero.
    """
    ones = (2 * d + 2) // 3
    events = np.array([[d - ones, 2], [ones, 1]])
    at_risk = np.array([[d - ones + later // 2 + 4, 4], [ones + (later + 1) // 2 + 3, 3]])
    if later == 0:
        at_risk[:, 0] = events[:, 0]
    table = EventTable(np.array([1.0, 2.0]), at_risk, events, np.zeros_like(events))
    model = fit(table, 0, "efron")
    score, information, loglik = _efron_terms(table, float(model.beta[1]))
    assert abs(score) < 1e-8 * np.sqrt(information)
    assert_allclose(model.covariance[1, 1], 1 / information, rtol=1e-9)
    assert_allclose(model.loglik, loglik, rtol=1e-10)


def _efron_terms(table: EventTable, b: float) -> tuple[float, float, float]:
    """Score, information and log likelihood of group 1 over 0 at log hazard ratio b, a term for every event."""
    score = information = loglik = 0.0
    for n, d in zip(table.at_risk.T.tolist(), table.events.T.tolist(), strict=True):
        total = sum(d)
        for i in range(total):
            zero = n[0] - i / total * d[0]
            one = (n[1] - i / total * d[1]) * np.exp(b)
            p = one / (zero + one)
            score -= p
            information += p * (1 - p)
            loglik -= np.log(zero + one)
        score += d[1]
        loglik += d[1] * b
    return score, information, loglik
