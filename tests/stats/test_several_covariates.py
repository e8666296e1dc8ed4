"""What the kernel says of covariates that cannot be estimated, and the parts of a model that have no reference in R."""

import numpy as np
import pytest

from kras_core.stats.collinear import determined
from kras_core.stats.event_table import code_times
from kras_core.stats.firth_several import firth_cox
from kras_core.stats.numeric_cox import fit_numeric, log_likelihood
from kras_core.stats.optimism import optimism
from kras_core.stats.penalty_path import penalty_path
from kras_core.stats.schoenfeld import changing_effects
from kras_core.stats.separation import infinite
from kras_core.stats.several_cox import several_cox


def rows(n: int = 60, p: int = 3, seed: int = 2):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p))
    time = np.ceil(rng.exponential(np.exp(-x[:, 0])) * 40) / 10
    return time, rng.random(n) < 0.7, x


def test_determined_columns_are_named_with_those_that_determine_them() -> None:
    _, _, x = rows()
    columns = np.column_stack((x[:, 0], x[:, 1], np.full(60, 7.0), x[:, 0] * 1e6 + 3, x[:, 2], 2 * x[:, 1] - x[:, 2]))
    assert determined(columns) == {2: (), 3: (0,), 5: (1, 4)}
    assert determined(columns[:1]) == dict.fromkeys(range(6), ())
    assert determined(x + 1e9) == {}


@pytest.mark.parametrize("delayed", [False, True])
def test_separation_is_found_and_named_with_its_direction(delayed: bool) -> None:
    time, event, x = rows(80)
    group = np.arange(80) % 4 == 0
    x = np.column_stack((x, group))
    grid = code_times(time, np.zeros(80) if delayed else None)
    assert infinite(grid, event, x).tolist() == [0, 0, 0, 0]  # type: ignore[union-attr]
    assert infinite(grid, event & ~group, x).tolist() == [0, 0, 0, -1]  # type: ignore[union-attr]
    assert infinite(grid, event & ~group, -x).tolist() == [0, 0, 0, 1]  # type: ignore[union-attr]
    for ties in ("efron", "breslow"):
        assert "monotone" in several_cox(grid, event & ~group, x, ties).reason
        assert not several_cox(grid, event, x, ties).reason


def test_a_combination_may_separate_where_no_single_covariate_does() -> None:
    """Two overlapping scores whose difference orders the events."""
    rng = np.random.default_rng(5)
    a = rng.normal(size=20)
    order = np.sort(rng.normal(size=20))[::-1] * 0.2
    x = np.column_stack((a, a - order))
    grid, event = code_times(np.arange(1.0, 21)), np.ones(20, dtype=bool)
    assert infinite(grid, event, x).tolist() == [1, -1]  # type: ignore[union-attr]
    assert infinite(grid, event, x[:, :1]).tolist() == [0]  # type: ignore[union-attr]
    assert fit_numeric(grid, event, x).monotone
    assert np.isfinite(firth_cox(np.arange(1.0, 21), event, x).beta).all()


def test_no_event_and_one_value_are_said() -> None:
    time, event, x = rows()
    grid = code_times(time)
    nobody = np.zeros(60, dtype=bool)
    assert several_cox(grid, nobody, x, "efron").reason == "no event"
    assert firth_cox(time, nobody, x).reason == "no event"
    same = np.column_stack((x, np.ones(60)))
    assert "single value" in several_cox(grid, event, same, "efron").reason
    assert "single value" in firth_cox(time, event, same).reason
    one = np.arange(60) == 5
    assert "fewer than two times" in changing_effects(grid, one, x, np.zeros(3), "efron", [(0,)])[0].reason


def test_the_log_likelihood_is_the_fits_own() -> None:
    time, event, x = rows()
    grid = code_times(time)
    for ties in ("efron", "breslow"):
        fitted = fit_numeric(grid, event, x, ties)
        both = log_likelihood(grid, event, np.stack((x @ fitted.beta, np.zeros(60))), ties)
        np.testing.assert_allclose(both, [fitted.loglik, fitted.loglik_null], rtol=1e-12)


@pytest.mark.parametrize("kind", ["elastic net", "ridge"])
def test_the_penalty_path_ends_near_the_cox_model_and_starts_at_nothing(kind: str) -> None:
    time, event, x = rows(300, 5)
    steps = list(penalty_path(time, event, x, kind, seed=1))
    path = steps[-1][1]
    assert [round(done, 3) for done, _ in steps] == [round((k + 1) / 10, 3) for k in range(10)]
    full = several_cox(code_times(time), event, x / x.std(axis=0), "breslow").beta
    assert np.abs(path.beta[0]).max() < (1e-9 if kind == "elastic net" else 0.12 * np.abs(full).max())
    np.testing.assert_allclose(path.beta[-1], full, atol=0.03)
    assert path.simplest <= path.best < path.penalties.size and np.isfinite(path.deviance).all()
    again = list(penalty_path(time, event, x, kind, seed=1))[-1][1]
    np.testing.assert_array_equal(path.deviance, again.deviance)
    assert (list(penalty_path(time, event, x, kind, seed=2))[-1][1].deviance != path.deviance).any()


def test_ridge_is_the_ridge_of_scikit_survivals_other_model() -> None:
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    time, event, x = rows(200, 4)
    path = list(penalty_path(time, event, x, "ridge", seed=1, folds=2))[-1][1]
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    for i in (5, 25, 45):
        alpha = float(path.penalties[i]) * 200
        model = CoxPHSurvivalAnalysis(alpha=np.full(4, alpha), tol=1e-12)  # type: ignore[arg-type]
        other = model.fit(z, Surv.from_arrays(event, time)).coef_
        np.testing.assert_allclose(path.beta[i], other, atol=1e-4)


def test_fewer_than_ten_events_are_not_validated_on() -> None:
    time, event, x = rows(40)
    few = event & (np.cumsum(event) <= 9)
    (done, path), *more = penalty_path(time, few, x, "ridge", seed=1)
    assert done == 1.0 and not more and path.reason.startswith("9 events") and not path.penalties.size


def test_optimism_is_large_for_noise_and_counts_what_failed() -> None:
    rng = np.random.default_rng(9)
    time, event, noise = rng.exponential(size=40), np.ones(40, dtype=bool), rng.normal(size=(40, 6))
    steps = list(optimism(code_times(time), event, noise, "efron", samples=60, seed=3))
    found = steps[-1][1]
    assert len(steps) == 60 and found.samples == 60 and found.failed == 0
    assert found.apparent > 0.55 and found.optimism > 0.05
    assert found.corrected == pytest.approx(found.apparent - found.optimism) and found.corrected < 0.6
    assert found == list(optimism(code_times(time), event, noise, "efron", samples=60, seed=3))[-1][1]
    rare = np.column_stack((noise[:, 0], (np.arange(40) < 4).astype(float)))
    few = event & ~((np.arange(40) < 4) & (np.arange(40) > 0))
    lost = list(optimism(code_times(time), few, rare, "efron", samples=60, seed=3))[-1][1]
    assert 0 < lost.failed < 60
