"""The most extreme figures with a given hazard ratio: over all orders where they can be counted, else as found."""

import math
import time

import numpy as np
import pytest

from kras_core.audit.extremes import Extreme, smallest
from kras_core.audit.printed import Interval, number
from kras_core.stats.cox import cox
from kras_core.stats.event_table import event_table
from kras_core.stats.logrank import logrank


def last(*arguments) -> Extreme:
    return list(smallest(*arguments))[-1].result  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("method", "ratio", "least"),
    [
        ("mantel-haenszel", "0.29", 0.63),
        ("mantel-haenszel", "0.42", 0.58),
        ("logrank", "0.29", 0.72),
        ("logrank", "0.42", 0.62),
    ],
)
def test_prisms_ratios_at_the_printed_values(method, ratio: str, least: float) -> None:
    """Over all 296,010 orders of 6 and 21 without censoring: far above the 0.347 and 0.389 that are printed."""
    found = last("se", method, number(ratio), (6, 21))
    assert found.every and found.tried == math.comb(27, 6)
    assert found.value == pytest.approx(least, abs=0.005)
    assert found.ratio in number(ratio)


def test_all_orders_are_all_orders() -> None:
    """Against trying every order of a few patients with the kernel."""
    from itertools import combinations

    from kras_core.stats.hazard_ratio import mantel_haenszel_hazard_ratio

    box, best = Interval(0.4, 0.6), math.inf
    for places in combinations(range(9), 3):
        group = np.isin(np.arange(9), places).astype(int)
        ratio = mantel_haenszel_hazard_ratio(event_table(np.arange(9.0), np.ones(9), group, k=2), ("0", "1"), 0)
        best = min(best, ratio.std_error) if ratio.estimate in box else best
    assert last("se", "mantel-haenszel", box, (6, 3)).value == pytest.approx(best)


@pytest.mark.parametrize(("ratio", "printed", "floor"), [("0.29", 0.001, 0.0067), ("0.42", 0.025, 0.057)])
def test_log_rank_p_given_ratio_and_sizes(ratio: str, printed: float, floor: float) -> None:
    """Nothing found comes near the printed p; what was found is what the kernel makes of its order."""
    found = last("logrank-p", "cox", number(ratio), (6, 21))
    assert not found.every
    assert printed < found.value < 2 * floor
    group, event = (np.array([pair[i] for pair in found.order]).astype(int) for i in (0, 1))
    table = event_table(np.arange(1.0, 28.0), event, group, k=2)
    assert group.sum() == 21
    assert logrank(table).p == pytest.approx(found.value)
    assert cox(table, ("0", "1"), 0, "breslow")[0].estimate == pytest.approx(found.ratio)
    assert found.ratio in number(ratio)


def test_up_to_sixty_patients_within_two_seconds_of_work() -> None:
    started = time.process_time()
    steps = list(smallest("logrank-p", "cox", number("0.42"), (30, 30)))
    assert time.process_time() - started < 2.0
    assert len(steps) >= 10 and steps[-1].done == steps[-1].total
    values = [s.result.value for s in steps if not math.isnan(s.result.value)]  # type: ignore[attr-defined]
    assert values == sorted(values, reverse=True)


def test_a_ratio_that_nothing_has_is_said_so() -> None:
    found = last("se", "logrank", Interval(1e-6, 2e-6), (6, 6))
    assert math.isnan(found.value) and found.order == ()
