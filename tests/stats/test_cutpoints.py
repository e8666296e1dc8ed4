"""Every cut-off at once: against one at a time, and where nothing can be said."""

from itertools import permutations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from kras_core.stats import cutpoints
from kras_core.stats.cox import cox
from kras_core.stats.cutpoints import bootstrap, possible_cutoffs, scan
from kras_core.stats.event_table import code_times, tabulate
from kras_core.stats.logrank import logrank
from kras_core.stats.maxstat import maximally_selected, permute
from kras_core.stats.permutation import logrank_scores


def rows(n: int, seed: int, ties: bool = True):
    rng = np.random.default_rng(seed)
    marker, time = rng.lognormal(1, 0.5, n), rng.exponential(10, n)
    if ties:
        marker, time = np.round(marker, 1), np.ceil(time)
    return time, rng.random(n) < 0.7, marker


@pytest.mark.parametrize("n", [2, 3, 9, 31, 64, 65])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_one_cutoff_at_a_time_gives_the_same(n, ties):
    for seed in range(5):
        time, event, marker = rows(n, seed)
        grid = code_times(time)
        found = scan(grid, event, marker, ties)
        for i, cut in enumerate(found.cutoffs):
            table = tabulate(grid, event, (marker > cut).astype(int), 2)
            assert found.below[i] == (marker <= cut).sum()
            test, (ratio,) = logrank(table), cox(table, ("low", "high"), 0, ties)
            assert_allclose(found.chi2[i], test.statistic, rtol=1e-8, atol=1e-12)
            if np.isnan(found.log_ratio[i]):  # infinite, or never at risk together
                assert "Firth" in ratio.method or ratio.reason
            else:
                assert found.log_ratio[i] == pytest.approx(np.log(ratio.estimate), rel=1e-7, abs=1e-10)
                assert found.std_error[i] == pytest.approx(ratio.std_error, rel=1e-6)


def test_in_blocks_and_thinned_out_it_is_the_same(monkeypatch):
    time, event, marker = rows(400, 3, ties=False)
    grid = code_times(time)
    whole = scan(grid, event, marker)
    monkeypatch.setattr(cutpoints, "BLOCK_CELLS", 1000)
    blocks = scan(grid, event, marker)
    assert_allclose(blocks.log_ratio, whole.log_ratio, rtol=1e-9)
    monkeypatch.setattr(cutpoints, "MOST_CELLS", 1)
    thin = scan(grid, event, marker)
    assert thin.fitted.sum() == 200 < whole.cutoffs.size
    assert_allclose(thin.log_ratio[thin.fitted], whole.log_ratio[thin.fitted], rtol=1e-9)
    assert np.isnan(thin.log_ratio[~thin.fitted]).all() and not np.isnan(thin.chi2).any()


def test_the_inner_80_percent():
    assert possible_cutoffs(np.arange(27.0)).below.tolist() == list(range(2, 25))
    tied = possible_cutoffs([1, 1, 1, 2, 2, 3, 3, 3, 3, 4])
    assert (tied.values.tolist(), tied.below.tolist()) == ([1, 2, 3], [3, 5, 9])


@pytest.mark.parametrize("marker", [np.full(20, 3.0), np.r_[np.zeros(19), 1.0], np.r_[0.0, np.ones(29)]])
def test_a_constant_or_nearly_constant_marker_has_no_cutoff(marker):
    grid, event = code_times(np.arange(1.0, marker.size + 1)), np.ones(marker.size, dtype=bool)
    found = scan(grid, event, marker)
    assert found.cutoffs.size == 0 and found.smallest is None
    selected = maximally_selected(logrank_scores(grid.times, event), marker)
    assert np.isnan(selected.statistic) and "a tenth" in selected.reason


def test_without_events_nothing_is_defined():
    marker = np.arange(20.0)
    for time in (np.arange(1.0, 21.0), np.full(20, 3.0)):
        found = scan(code_times(time), np.zeros(20, dtype=bool), marker)
        assert found.cutoffs.size == 17 and found.smallest is None
        assert np.isnan(found.log_ratio).all() and found.fitted.all()
    assert "same score" in maximally_selected(np.zeros(20), marker).reason


def test_all_events_at_one_time_say_nothing():
    found = scan(code_times(np.full(20, 3.0)), np.ones(20, dtype=bool), np.arange(20.0))
    assert found.smallest is None
    assert np.allclose(found.log_ratio, 0.0) or np.isnan(found.log_ratio).all()


def test_a_marker_that_orders_all_events_has_no_finite_ratio():
    time = np.arange(1.0, 31.0)
    found = scan(code_times(time), np.ones(30, dtype=bool), -time)
    assert np.isnan(found.log_ratio).all() and np.isnan(found.std_error).all()
    assert found.smallest is not None


def test_the_bootstrap_searches_every_resample_as_the_data_were():
    time, event, marker = rows(60, 5)
    grid = code_times(time)
    chosen = np.concatenate(list(bootstrap(grid, event, marker, samples=40, seed=9, chunk=7)))
    assert chosen.size == 40
    rng = np.random.default_rng(9)
    for cut in chosen:
        drawn = rng.integers(0, 60, 60)
        found = scan(code_times(time[drawn]), event[drawn], marker[drawn])
        best = found.smallest
        assert best is not None and cut == found.cutoffs[best]
    again = np.concatenate(list(bootstrap(grid, event, marker, samples=40, seed=9, chunk=40)))
    assert chosen.tolist() == again.tolist()


def test_the_bootstrap_is_refused_under_delayed_entry():
    with pytest.raises(ValueError, match="delayed entry"):
        next(bootstrap(code_times([3.0, 4.0], [1.0, 1.0]), np.ones(2, dtype=bool), [1.0, 2.0]))


def test_monte_carlo_p_is_that_of_all_permutations():
    """Six patients: all 720 orders give the exact p."""
    scores, marker = logrank_scores([1.0, 2, 3, 4, 5, 6], [1, 1, 0, 1, 1, 0]), np.array([6.0, 5, 4, 1, 3, 2])
    observed = maximally_selected(scores, marker, samples=20_000, seed=1)
    every = [maximally_selected(scores[list(order)], marker, samples=0).statistic for order in permutations(range(6))]
    exact = np.mean(np.array(every) >= observed.statistic * (1 - 1e-9))
    assert abs(observed.p - exact) < 4 * observed.std_error


def test_in_chunks_the_fraction_ends_at_one_and_the_seed_fixes_p():
    time, event, marker = rows(50, 1)
    steps = list(permute(logrank_scores(time, event), marker, samples=3000, seed=4))
    done = [fraction for fraction, _ in steps]
    assert done == sorted(done) and done[0] == 0 and done[-1] == 1.0 and len(done) > 5
    assert np.isnan(steps[0][1].p) and steps[0][1].samples == 0
    assert maximally_selected(logrank_scores(time, event), marker, samples=3000, seed=4) == steps[-1][1]
