"""Models of several covariates against R (coxph, cox.zph) and coxphf: tests/reference/models."""

import csv

import numpy as np
import pytest
from scipy.special import chdtrc

from kras_core.conventions import Ties
from kras_core.stats.cox import cox
from kras_core.stats.event_table import code_times, tabulate
from kras_core.stats.firth_several import firth_cox
from kras_core.stats.numeric_cox import fit_numeric
from kras_core.stats.schoenfeld import changing_effects, schoenfeld
from kras_core.stats.several_cox import several_cox
from tests.stats.model_sets import FOLDER, SETS, model_set

TIES: tuple[Ties, ...] = ("efron", "breslow")


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("name", SETS)
def test_coefficients_errors_and_likelihoods_are_coxphs(name: str, ties: Ties) -> None:
    data = model_set(name)
    r = data.reference[ties]
    assert list(data.columns) == r["names"]
    found = several_cox(data.grid, data.event, data.x, ties)
    assert ("lifelines" in found.method) == (ties == "efron")
    np.testing.assert_allclose(found.beta, r["coef"], rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(np.sqrt(np.diagonal(found.covariance)), r["se"], rtol=1e-9)
    np.testing.assert_allclose([found.loglik_null, found.loglik], r["loglik"], rtol=1e-11)


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("name", SETS)
def test_proportional_hazards_are_tested_as_cox_zph_does(name: str, ties: Ties) -> None:
    data = model_set(name)
    r, p = data.reference[ties], data.x.shape[1]
    fitted = fit_numeric(data.grid, data.event, data.x, ties)
    everything = tuple(range(p))
    of_terms = changing_effects(data.grid, data.event, data.x, fitted.beta, ties, (*data.groups, everything))
    of_columns = changing_effects(data.grid, data.event, data.x, fitted.beta, ties, [[j] for j in range(p)])
    for test, expected in zip(of_terms, r["zph_terms"], strict=True):
        assert test.df == expected["df"]
        assert [test.statistic, test.p] == pytest.approx([expected["chi2"], expected["p"]], rel=1e-7)
    assert [t.statistic for t in of_columns] == pytest.approx([e["chi2"] for e in r["zph"][:-1]], rel=1e-7)
    residuals = schoenfeld(data.grid, data.event, data.x, fitted.beta, fitted.covariance, ties)
    order = np.lexsort((np.round(r["residuals"], 9)[:, 0], r["time"]))
    ours = np.lexsort((np.round(residuals.scaled[:, 0], 9), residuals.time))
    np.testing.assert_allclose(residuals.time[ours], np.array(r["time"])[order])
    np.testing.assert_allclose(residuals.g[ours], np.array(r["g"])[order], atol=1e-12)
    np.testing.assert_allclose(residuals.scaled[ours], np.array(r["residuals"])[order], rtol=1e-7, atol=1e-8)


def test_firths_fit_is_coxphfs_under_monotone_likelihood() -> None:
    """coxphf's output for these simulated rows as firthmodels' own tests print it: the first covariate separates."""
    with (FOLDER / "monotone.csv").open(encoding="utf-8") as file:
        rows = np.array([[float(v) for v in row.values()] for row in csv.DictReader(file)])
    time, event, x = rows[:, 0], rows[:, 1] == 1, rows[:, 2:]
    found = firth_cox(time, event, x)
    np.testing.assert_allclose(found.beta, [3.8815800583, 0.6042066427, -0.4202139201, 1.0415063080], rtol=1e-6)
    np.testing.assert_allclose(found.std_error, [1.4430190269, 0.1599607483, 0.2541800107, 0.3128784410], rtol=1e-6)
    np.testing.assert_allclose(found.low, [1.9343469272, 0.2921186188, -0.9217200647, 0.4348431279], rtol=1e-6)
    np.testing.assert_allclose(found.high, [8.7215676015, 0.9164270978, 0.0699415336, 1.6550461482], rtol=1e-6)
    np.testing.assert_allclose(found.p, [7.318984974e-09, 1.686334002e-04, 9.295083722e-02, 8.463066114e-04], rtol=1e-5)
    assert "monotone" in several_cox(code_times(time), event, x, "efron").reason


@pytest.mark.parametrize("without_events", [True, False])
def test_firths_fit_of_one_group_is_the_kernels_own(without_events: bool) -> None:
    """Two implementations, without ties: under monotone likelihood, which the kernel mends by itself, and two rows."""
    rng = np.random.default_rng(4)
    time, group = rng.exponential(size=30), np.arange(30) % 3 == 0
    event = ~group if without_events else np.ones(30, dtype=bool)
    found = firth_cox(time, event, group[:, None].astype(float))
    if without_events:
        (own,) = cox(tabulate(code_times(time), event, group.astype(np.intp), 2), ("no", "yes"), 0, "breslow", 0.95)
        assert "Firth" in own.caution
        ours = np.log([own.estimate, own.high])
        np.testing.assert_allclose([found.beta[0], found.high[0]], ours, rtol=1e-7)
        assert found.p[0] == pytest.approx(own.p, rel=1e-7)
        assert np.isnan(own.low) == np.isnan(found.low[0]) or found.low[0] == pytest.approx(np.log(own.low), rel=1e-6)
    else:
        plain = several_cox(code_times(time), event, group[:, None].astype(float), "breslow")
        assert abs(found.beta[0] - plain.beta[0]) < 0.1 and found.beta[0] != plain.beta[0]


def test_leaving_one_covariate_out_gives_rs_likelihood_ratio_test() -> None:
    data = model_set("veteran")
    for ties in TIES:
        whole = several_cox(data.grid, data.event, data.x, ties)
        for group, expected in zip(data.groups, data.reference[ties]["without"], strict=True):
            rest = [j for j in range(data.x.shape[1]) if j not in group]
            chi2 = 2 * (whole.loglik - several_cox(data.grid, data.event, data.x[:, rest], ties).loglik)
            assert [chi2, chdtrc(len(group), chi2)] == pytest.approx([expected["chi2"], expected["p"]], rel=1e-8)
