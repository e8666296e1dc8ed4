"""The log-rank family on event tables: k groups, weights, stratified, trend.

Mantel 1966; Peto and Peto 1972 (J R Stat Soc A 135:185–207); Gehan 1965; Tarone and Ware 1977;
Fleming and Harrington 1991, chapter 7; Klein and Moeschberger 2003, chapter 7 for all of them.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy.special import chdtrc

from kras_core.stats.event_table import EventTable, Table
from kras_core.stats.results import NAN, Floats, TestResult

Weights = Literal["logrank", "gehan", "tarone-ware", "peto", "fleming-harrington"]

ROUNDING = 1e-12  # what is left, relatively, of a variance that is nil

NAMES: dict[str, str] = {
    "logrank": "log-rank",
    "gehan": "Gehan–Breslow",
    "tarone-ware": "Tarone–Ware",
    "peto": "Peto–Peto",
    "fleming-harrington": "Fleming–Harrington",
}


def logrank(
    table: Table | Sequence[Table],
    weights: Weights = "logrank",
    *,
    rho: float = 0.0,
    gamma: float = 0.0,
) -> TestResult:
    """Compare the groups of a table (k, T); several tables make the test stratified.

    χ² = (O - E)' V⁻ (O - E) with the hypergeometric V. Groups that are never at risk at an event time
    (E = V = 0) do not count; with fewer than two others the test is undefined (NaN with the reason).
    """
    observed, expected, variance = observed_expected(table, weights, rho=rho, gamma=gamma)
    name = method_name(table, weights, rho, gamma)
    chi2, df = _quadratic_form(observed - expected, variance)
    counts = tuple(observed.tolist()), tuple(expected.tolist())
    if df == 0:
        reason = "no event time at which the event could have fallen in either of two groups"
        return TestResult(NAN, 0, NAN, name, *counts, reason=reason)
    spread = float(variance[0, 0]) if observed.size == 2 else NAN
    return TestResult(chi2, df, float(chdtrc(df, chi2)), name, *counts, variance=spread)


def method_name(table: Table | Sequence[Table], weights: Weights, rho: float, gamma: float) -> str:
    """What the test is called, with its parameters."""
    name = NAMES[weights] + (f" (ρ = {rho:g}, γ = {gamma:g})" if weights == "fleming-harrington" else "")
    return f"{name}, stratified" if isinstance(table, Sequence) else name


def observed_expected(
    table: Table | Sequence[Table], weights: Weights = "logrank", *, rho: float = 0.0, gamma: float = 0.0
) -> tuple[Floats, Floats, Floats]:
    """Weighted observed and expected events (..., k) and their covariance (..., k, k), summed over tables.

    Per event time with d events among n at risk and n_k in group k: E_k = d·n_k/n and
    V_km = d·(n - d)/(n - 1)·(n_k/n)·(δ_km - n_m/n).
    """
    if isinstance(table, Sequence):
        parts = [observed_expected(t, weights, rho=rho, gamma=gamma) for t in table]
        return tuple(np.sum(x, axis=0) for x in zip(*parts, strict=True))  # type: ignore[return-value]
    at = table.at_events()
    d, n = at.d, np.maximum(at.n, 1.0)
    c = d * (n - d) / np.maximum(n - 1.0, 1.0)
    observed = at.events
    if weights != "logrank":
        w = _weights(d, n, weights, rho, gamma)
        observed, d, c = observed * w[..., None, :], w * d, w * w * c
    observed, expected = observed.sum(axis=-1), (at.at_risk @ (d / n)[..., None])[..., 0]
    root = np.sqrt(c)
    half = at.at_risk * (root / n)[..., None, :]
    variance = -half @ np.swapaxes(half, -1, -2)
    k, binomial = np.arange(half.shape[-2]), (half @ root[..., None])[..., 0]
    variance[..., k, k] += binomial
    nil = variance[..., k, k] <= ROUNDING * binomial
    return observed, expected, np.where(nil[..., :, None] | nil[..., None, :], 0.0, variance)


def _weights(d: Floats, n: Floats, weights: Weights, rho: float, gamma: float) -> Floats:
    if weights == "gehan":
        return n
    if weights == "tarone-ware":
        return np.sqrt(n)
    if weights == "peto":  # Peto and Peto's own estimate of S, which stays above 0
        return np.cumprod(1.0 - d / (n + 1.0), axis=-1)
    survival = np.cumprod(1.0 - d / n, axis=-1)
    before = np.concatenate((np.ones_like(survival[..., :1]), survival[..., :-1]), axis=-1)
    return before**rho * (1.0 - before) ** gamma


def _quadratic_form(difference: Floats, variance: Floats) -> tuple[float, int]:
    """χ² and its degrees of freedom: one less than the groups compared, fewer if the table falls apart
    into sets of groups that are never at risk together."""
    own = np.diagonal(variance)
    compared = own > 0.0
    if compared.sum() < 2:
        return NAN, 0
    if compared.size == 2:
        return float(difference[0] ** 2 / variance[0, 0]), 1
    difference, variance = difference[compared], variance[np.ix_(compared, compared)]
    df = int(np.linalg.matrix_rank(variance, tol=1e-9 * np.diagonal(variance).max(), hermitian=True))
    chi2 = difference @ np.linalg.pinv(variance, rcond=1e-10, hermitian=True) @ difference
    return float(chi2), df


def trend(
    table: Table | Sequence[Table],
    scores: Sequence[float],
    weights: Weights = "logrank",
    *,
    rho: float = 0.0,
    gamma: float = 0.0,
) -> TestResult:
    """Test for trend over ordered groups with scores (k,): (Σ a(O - E))² / a'Va, one degree of freedom
    (Klein and Moeschberger 2003, section 7.4). Undefined where the variance is 0."""
    observed, expected, variance = observed_expected(table, weights, rho=rho, gamma=gamma)
    a = np.asarray(scores, dtype=np.float64)
    spread = float(a @ variance @ a)
    name = f"{method_name(table, weights, rho, gamma)}, trend"
    counts = tuple(observed.tolist()), tuple(expected.tolist())
    if spread <= ROUNDING * float(np.abs(a) @ np.abs(variance) @ np.abs(a)):
        return TestResult(NAN, 0, NAN, name, *counts, reason="no event time that tells the scores apart")
    chi2 = float((a @ (observed - expected)) ** 2 / spread)
    return TestResult(chi2, 1, float(chdtrc(1, chi2)), name, *counts, variance=spread)


def logrank_many(table: EventTable) -> tuple[Floats, Floats]:
    """χ² and p of the log-rank test for each of b groupings at once, table (b, k, T); NaN where undefined.

    Degrees of freedom as in `logrank`: groupings that leave a group empty have fewer.
    """
    observed, expected, variance = observed_expected(table)
    difference = observed - expected
    if difference.shape[-1] == 2:
        v = variance[..., 0, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            chi2 = np.where(v > 0.0, difference[..., 0] ** 2 / v, NAN)
        return chi2, chdtrc(1, chi2)
    largest = np.diagonal(variance, axis1=-2, axis2=-1).max(axis=-1)
    df = np.linalg.matrix_rank(variance, tol=1e-9 * largest, hermitian=True)
    inverse = np.linalg.pinv(variance, rcond=1e-10, hermitian=True)
    chi2 = np.where(df > 0, np.einsum("bi,bij,bj->b", difference, inverse, difference), NAN)
    return chi2, chdtrc(np.maximum(df, 1), chi2)
