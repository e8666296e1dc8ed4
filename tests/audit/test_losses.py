"""How many early losses an overall median outside its groups takes: the exact search against trying everything."""

from itertools import combinations

import numpy as np
import pytest

from kras_core.audit.losses import HALF, fewest_losses, how_often, orders, pooled_survival
from kras_core.conventions import PRESETS
from kras_core.stats.event_table import event_table
from kras_core.stats.kaplan_meier import curves, quantile


def every_shuffle(first: str, second: str):
    """All ways of shuffling two orders together, as (group, what) pairs."""
    n = len(first) + len(second)
    for places in combinations(range(n), len(first)):
        a, b = iter(first), iter(second)
        yield [(0, next(a)) if i in places else (1, next(b)) for i in range(n)]


def survival(shuffle: list[tuple[int, str]], n: int) -> float:
    s = 1.0
    for i, (_, what) in enumerate(shuffle):
        s *= (n - i - 1) / (n - i) if what == "e" else 1.0
    return s


@pytest.mark.parametrize("n", [(4, 5), (5, 4), (6, 3), (3, 7)])
@pytest.mark.parametrize("losses", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_the_best_shuffle_is_the_best(n: tuple[int, int], losses: tuple[int, int]) -> None:
    for first in orders(n[0], losses[0]):
        for second in orders(n[1], losses[1]):
            shuffles = [s for s in every_shuffle(first, second) if s[-1][0] == 1]
            highest = max(survival(s, sum(n)) for s in shuffles)
            assert pooled_survival([(first, second)], n, True)[0] == pytest.approx(highest)
    for first in orders(n[0], losses[0], above=False):
        for second in orders(n[1], losses[1], above=False):
            lowest = min(survival(s, sum(n)) for s in every_shuffle(first, second))
            assert pooled_survival([(first, second)], n, False)[0] == pytest.approx(lowest)


@pytest.mark.parametrize("n", [(14, 13), (13, 14), (6, 21), (30, 30), (20, 7)])
def test_without_losses_it_never_happens(n: tuple[int, int]) -> None:
    """The mixture theorem, by search."""
    pairs = [(a, b) for a in orders(n[0], 0) for b in orders(n[1], 0)]
    assert (pooled_survival(pairs, n, True) <= HALF).all()


def test_one_loss_suffices_for_thirteen_and_fourteen_and_the_witness_is_one() -> None:
    """The witness as patients: the kernel finds the medians where they are printed, and the overall one above both."""
    found = list(fewest_losses((14, 13)))[-1].result
    assert found.count == 1  # type: ignore[attr-defined]
    places = [iter(w) for w in found.witness]  # type: ignore[attr-defined]
    steps = [(g, next(places[g])) for g in found.together]  # type: ignore[attr-defined]
    last_of_first = max(i for i, (g, _) in enumerate(steps) if g == 0)
    before, after = np.linspace(1, 9.0, last_of_first + 1), np.linspace(9.0, 10.6, len(steps) - last_of_first)
    time = np.concatenate([before, after[1:]])
    rest = [(g, 12.4 + i) for g in (0, 1) for i in range((14, 13)[g] - found.together.count(g))]  # type: ignore[attr-defined]
    group = np.array([g for g, _ in steps] + [g for g, _ in rest])
    event = np.array([what == "e" for _, what in steps] + [True] * len(rest))
    months = np.concatenate([time, [t for _, t in rest]])
    medians = [
        quantile(c, PRESETS["spss"]).estimate for c in curves(event_table(months, event, group), PRESETS["spss"])
    ]
    overall = quantile(curves(event_table(months, event), PRESETS["spss"])[0], PRESETS["spss"]).estimate
    assert medians == [9.0, 10.6]
    assert overall >= 12.4
    assert (group == 0).sum() == 14 and (group == 1).sum() == 13 and (~event).sum() == 1


def test_it_is_rare_in_simulation_and_never_happens_without_losses() -> None:
    assert list(how_often((9.0, 10.6), (14, 13), 0))[-1].result == 0.0
    share = list(how_often((9.0, 10.6), (14, 13), 1))[-1].result
    assert 0.0 < share < 0.03  # type: ignore[operator]


@pytest.mark.parametrize("n", [(1, 1), (1, 2), (2, 3), (3, 3), (4, 2)])
@pytest.mark.parametrize("above", [True, False])
def test_groups_of_a_few(n: tuple[int, int], above: bool) -> None:
    found = list(fewest_losses(n, above))[-1].result
    assert found.count is None or found.count > 0  # type: ignore[attr-defined]


def test_progress_ends_where_it_should() -> None:
    for steps in (list(fewest_losses((30, 30))), list(how_often((9, 10), (30, 30), 1))):
        assert steps[-1].done == steps[-1].total and steps[-1].result is not None
        assert [s.done for s in steps] == sorted(s.done for s in steps)
