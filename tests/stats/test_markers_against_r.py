"""Cut-offs, maximally selected statistics, continuous markers, concordance and interactions against R."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from kras_core.conventions import Ties
from kras_core.stats.cox import cox
from kras_core.stats.cutpoints import scan
from kras_core.stats.discrimination import concordance
from kras_core.stats.event_table import tabulate
from kras_core.stats.interaction import interaction
from kras_core.stats.maxstat import maximally_selected, p_lausen_1992, p_lausen_1994
from kras_core.stats.numeric_cox import numeric_cox
from kras_core.stats.permutation import logrank_scores
from kras_core.stats.spline import spline_basis, spline_knots
from tests.stats.marker_sets import AT_ONCE, NAMES, load

TIES: tuple[Ties, ...] = ("efron", "breslow")
TIGHT, COX = 1e-8, 1e-6


@pytest.mark.parametrize("name", AT_ONCE)
def test_every_cutoff_has_survdiffs_chi_square(name: str) -> None:
    data = load(name)
    found = scan(data.grid, data.event, data.marker)
    assert found.cutoffs.tolist() == np.atleast_1d(data.r["cuts"]).tolist()
    assert_allclose(found.chi2, np.atleast_1d(data.r["chisq"]), rtol=TIGHT)


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("name", NAMES)
def test_every_cutoff_has_coxphs_hazard_ratio(name: str, ties: Ties) -> None:
    data = load(name)
    found = scan(data.grid, data.event, data.marker, ties)
    assert found.fitted.all()
    assert_allclose(found.log_ratio, np.atleast_1d(data.r[ties]["coef"]), rtol=COX, atol=1e-9)
    assert_allclose(found.std_error, np.atleast_1d(data.r[ties]["se"]), rtol=COX)


@pytest.mark.parametrize("name", AT_ONCE)
def test_maximally_selected_statistic_is_maxstats(name: str) -> None:
    """On the same scores the statistic and both approximations are maxstat's; Monte Carlo p within both errors."""
    data, r = load(name), load(name).r["selected"]
    scores = logrank_scores(data.time, data.event)
    found = maximally_selected(scores, data.marker, samples=40_000, seed=3)
    assert found.statistic == pytest.approx(r["statistic"], rel=TIGHT)
    assert found.cutoff == r["estimate"]
    assert found.p_lausen_1992 == pytest.approx(min(r["p_1992"], 1.0), rel=TIGHT)
    assert found.p_lausen_1994 == pytest.approx(min(r["p_1994"], 1.0), rel=TIGHT)
    error = np.hypot(found.std_error, np.sqrt(r["p"] * (1 - r["p"]) / r["permutations"]))
    assert abs(found.p - r["p"]) < 4 * error


def test_without_ties_maxstats_own_scores_are_the_same() -> None:
    data, r = load("small"), load("small").r["selected"]
    assert np.unique(data.time).size == data.time.size
    found = maximally_selected(logrank_scores(data.time, data.event), data.marker, samples=0)
    assert (found.statistic, found.cutoff) == (pytest.approx(r["own_statistic"], rel=TIGHT), r["own_estimate"])


def test_with_ties_maxstats_scores_differ_and_by_how_much() -> None:
    """The documented difference: a tie's denominator. Where times are heavily tied M moves in the second decimal."""
    data, r = load("tied"), load("tied").r["selected"]
    found = maximally_selected(logrank_scores(data.time, data.event), data.marker, samples=0)
    assert 1e-4 < abs(found.statistic - r["own_statistic"]) < 0.2


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("name", NAMES)
def test_a_marker_per_unit_is_coxphs(name: str, ties: Ties) -> None:
    data, r = load(name), load(name).r[ties]["marker"]
    found = numeric_cox(data.grid, data.event, data.marker[:, None], ties)
    assert found.beta[0] == pytest.approx(r["coef"], rel=COX)
    assert found.covariance[0, 0] ** 0.5 == pytest.approx(r["se"], rel=COX)
    assert [found.loglik_null, found.loglik] == pytest.approx(r["loglik"], rel=1e-10)


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("name", [name for name in NAMES if load(name).r["efron"]["marker"]["spline"]])
def test_a_spline_is_coxphs_on_a_natural_spline_with_these_knots(name: str, ties: Ties) -> None:
    data, r = load(name), load(name).r[ties]["marker"]["spline"]
    knots = spline_knots(data.marker, 4)
    assert_allclose(knots, r["knots"], rtol=1e-12)
    found = numeric_cox(data.grid, data.event, spline_basis(data.marker, knots), ties)
    assert found.loglik == pytest.approx(r["loglik"], rel=1e-10)
    basis = spline_basis(r["at"], knots)
    away = basis - basis[2]
    assert_allclose(away @ found.beta, r["curve"], rtol=COX, atol=1e-8)
    assert_allclose(np.sqrt(np.einsum("ip,pq,iq->i", away, found.covariance, away)), r["se"], rtol=COX, atol=1e-8)


def test_at_least_three_sets_carry_a_spline() -> None:
    assert sum(bool(load(name).r["efron"]["marker"]["spline"]) for name in NAMES) >= 3


@pytest.mark.parametrize("name", AT_ONCE)
def test_concordance_and_its_error_are_rs(name: str) -> None:
    data, r = load(name), load(name).r["concordance"]
    found = concordance(data.time, data.event, data.marker)
    assert found.estimate == pytest.approx(r["c"], rel=1e-10)
    assert found.std_error == pytest.approx(r["se"], rel=1e-8)


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("name", NAMES)
def test_an_interaction_is_the_likelihood_ratio_test_of_two_coxph_models(name: str, ties: Ties) -> None:
    data, r = load(name), load(name).r[ties]["interaction"]
    table = tabulate(data.grid, data.event, data.group * 3 + data.level, 6)
    found = interaction(table, 3, ties)
    assert (found.df, found.reason) == (r["df"], "")
    assert found.statistic == pytest.approx(r["chi2"], rel=1e-6, abs=1e-7)
    assert found.p == pytest.approx(r["p"], rel=1e-6)
    for level in range(3):
        (ratio,) = cox(table.rows([level, 3 + level]), ("0", "1"), 0, ties)
        assert np.log(ratio.estimate) == pytest.approx(r["coef"][level], rel=COX)
        assert ratio.std_error == pytest.approx(r["se"][level], rel=COX)


def test_the_approximations_at_given_values() -> None:
    """maxstat's pLausen92(2.5) and pLausen94(2.5, 20, m = 2:18)."""
    assert p_lausen_1992(2.5) == pytest.approx(0.1898024539, rel=1e-9)
    assert p_lausen_1994(2.5, 20, np.arange(2, 19)) == pytest.approx(0.1181617386, rel=1e-9)
    assert p_lausen_1992(0.9) == 1.0
