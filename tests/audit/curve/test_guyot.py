"""Guyot's reconstruction: exact where the figure determines the rows, safe where it is nonsense."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kras_core.audit.curve.guyot import RISE, PrintedCurve, in_order, reconstruct_rows
from tests.audit.curve.figures import at_risk, clicked, curve, printed, simulate


def deaths(rows):
    return rows.time[rows.event].tolist()


def losses(rows):
    return rows.time[~rows.event].tolist()


def survival_at(rows, times):
    """Kaplan–Meier of the rows just after each of these times, recounted."""
    found = []
    for t in times:
        steps = np.unique(rows.time[rows.event & (rows.time <= t)])
        found.append(np.prod([1 - (rows.event & (rows.time == s)).sum() / (rows.time >= s).sum() for s in steps]))
    return np.array(found)


def test_a_curve_without_censoring_gives_its_events_exactly():
    rows = reconstruct_rows(curve([(2, 0.8), (4, 0.5), (7, 0.4), (9, 0.4)]))
    assert deaths(rows) == [2, 2, 4, 4, 4, 7]
    assert losses(rows) == [9, 9, 9, 9]


def test_numbers_at_risk_say_who_was_censored_before_them():
    """Ten patients, one dies at 2; six are at risk at 6, so that three left without an event in between. As many a
    month are supposed to leave after it: two in four months."""
    rows = reconstruct_rows(curve([(2, 0.9), (8, 0.75), (10, 0.75)], [(0, 10), (6, 6)]))
    assert deaths(rows) == [2, 8]
    assert losses(rows) == [1.5, 3.0, 4.5, 7.3333, 8.6667, 10, 10, 10]
    assert (rows.time >= 6).sum() == 6


def test_a_total_of_events_says_how_many_were_censored_in_the_last_interval():
    """A fall to a half at the end: five of ten, or one of two after eight censorings."""
    points = [(9, 0.5), (10, 0.5)]
    assert len(deaths(reconstruct_rows(curve(points)))) == 5
    assert len(deaths(reconstruct_rows(curve(points, events=1)))) == 1
    assert len(deaths(reconstruct_rows(curve(points, events=3)))) == 3


def test_censor_ticks_say_when():
    rows = reconstruct_rows(curve([(4, 0.75), (8, 0.75)], [(0, 10)], ticks=(1, 3)))
    assert deaths(rows) == [4, 4]
    assert losses(rows)[:2] == [1, 3]
    rows = reconstruct_rows(curve([(4, 0.75), (8, 0.75)], [(0, 10), (5, 4)], ticks=(1, 3)))
    # one of the six who are left dies, so that five were censored at two ticks
    assert losses(rows)[:5] == [1, 1, 1, 3, 3]


def test_the_rest_are_censored_where_the_curve_or_the_numbers_at_risk_end():
    rows = reconstruct_rows(curve([(2, 0.8), (4, 0.8)], [(0, 10), (6, 5), (12, 2), (18, 0)]))
    assert (rows.time >= 12).sum() == 2
    assert rows.time.max() == 12
    assert deaths(rows) == [2, 2]


def test_a_curve_that_reaches_zero_leaves_nobody():
    rows = reconstruct_rows(curve([(1, 0.5), (2, 0.0), (3, 0.0)]))
    assert deaths(rows) == [1] * 5 + [2] * 5


def test_a_flat_tail_has_no_deaths_whatever_the_totals_ask_for():
    points = [(1, 0.9), *((t, 0.9) for t in range(2, 40))]
    for events in (None, 0, 1, 5, 10):
        rows = reconstruct_rows(curve(points, [(0, 10), (12, 5), (24, 4)], events=events))
        assert set(deaths(rows)) <= {1.0}


def test_a_misplaced_click_changes_nothing():
    good = [(1, 0.9), (2, 0.8), (3, 0.7), (4, 0.6), (6, 0.6)]
    expected = deaths(reconstruct_rows(curve(good)))
    assert deaths(reconstruct_rows(curve([*good, (2.5, 0.05)]))) == expected  # far too low
    assert deaths(reconstruct_rows(curve([*good, (3.5, 0.95)]))) == expected  # far too high
    assert deaths(reconstruct_rows(curve(good[::-1]))) == expected
    # a step's upper corner clicked just behind its lower one
    assert deaths(reconstruct_rows(curve([*good, (2.01, 0.9)]))) == expected


def test_points_in_order_are_those_that_contradict_no_other():
    time, survival = np.array([1.0, 2, 3, 4]), np.array([0.9, 0.2, 0.8, 0.7])
    assert in_order(time, survival).tolist() == [0, 2, 3]
    assert in_order(time, np.array([0.9, 0.8, 0.8 + RISE / 2, 0.7])).tolist() == [0, 1, 2, 3]


def test_noise_on_a_plateau_is_averaged_not_followed_downwards():
    """A running minimum would end 2.5 standard deviations low and let a patient of 200 die."""
    rng = np.random.default_rng(3)
    time = np.linspace(0.1, 30, 300)
    flat = PrintedCurve("arm", time, 0.8 + rng.normal(0, 0.004, 300), np.zeros(1), np.array([200]))
    assert 39 <= len(deaths(reconstruct_rows(flat))) <= 41


@pytest.mark.parametrize("wrong", ["shape", "nan", "no start", "order", "nobody", "negative"])
def test_what_is_no_figure_is_refused(wrong):
    parts = {
        "shape": (np.ones(2), np.ones(3), np.zeros(1), np.array([5])),
        "nan": (np.ones(1), np.array([np.nan]), np.zeros(1), np.array([5])),
        "no start": (np.ones(1), np.ones(1), np.array([2.0]), np.array([5])),
        "order": (np.ones(1), np.ones(1), np.array([0.0, 4, 4]), np.array([5, 4, 3])),
        "nobody": (np.ones(1), np.ones(1), np.zeros(1), np.array([0])),
        "negative": (np.ones(1), np.ones(1), np.array([0.0, 4]), np.array([5, -1])),
    }
    with pytest.raises(ValueError, match="B:"):
        PrintedCurve("B", *parts[wrong])


# Properties

heights = st.one_of(st.sampled_from([0.0, 1.0, 0.5]), st.floats(-0.2, 1.2))
times = st.one_of(st.sampled_from([0.0, 1.0, 12.0]), st.floats(-3, 60))
any_points = st.lists(st.tuples(times, heights), min_size=1, max_size=40)
later_numbers = st.lists(st.tuples(st.floats(0.01, 90), st.integers(0, 80)), max_size=6, unique_by=lambda p: p[0])
any_table = st.tuples(st.integers(1, 60), later_numbers)
totals = st.one_of(st.none(), st.integers(0, 70))


def any_curve(points, table, events, ticks=()):
    n, later = table
    return curve(points, [(0.0, n), *sorted(later)], events, ticks)


@settings(deadline=None, max_examples=300)
@given(any_points, any_table, totals, st.lists(st.floats(-1, 70), max_size=8))
def test_any_input_gives_n_rows_and_ends(points, table, events, ticks):
    """Rising numbers at risk, times past the curve, impossible totals: nothing loops, divides by zero or adds rows."""
    with np.errstate(all="raise"):
        rows = reconstruct_rows(any_curve(points, table, events, ticks))
    assert rows.time.size == table[0]
    assert np.isfinite(rows.time).all() and (rows.time >= 0).all()
    assert (np.diff(rows.time) >= 0).all()


@settings(deadline=None, max_examples=300)
@given(any_points, any_table, totals)
def test_deaths_stand_at_points(points, table, events):
    given_curve = any_curve(points, table, events)
    used = in_order(given_curve.time, given_curve.survival)
    times = np.round(given_curve.time[used], 4)
    assert set(deaths(reconstruct_rows(given_curve))) <= set(times[times > 0].tolist())


@settings(deadline=None, max_examples=200)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(1, 300), totals, st.floats(0.0, 5.0))
def test_a_tail_appended_to_any_curve_brings_no_death(levels, n, events, tail):
    falling = sorted(levels, reverse=True)
    points = [(float(i + 1), s) for i, s in enumerate(falling)]
    end = points[-1][0]
    flat = [(end + tail + k, falling[-1]) for k in range(1, 6)]
    rows = reconstruct_rows(curve(points + flat, [(0, n)], events))
    assert all(t <= end for t in deaths(rows))


@settings(deadline=None, max_examples=200)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=25), st.integers(1, 300))
def test_the_rows_redraw_the_curve_within_half_a_patient(levels, n):
    falling = np.array(sorted(levels, reverse=True))
    times = np.arange(1.0, falling.size + 1)
    rows = reconstruct_rows(PrintedCurve("arm", times, falling, np.zeros(1), np.array([n])))
    assert np.abs(survival_at(rows, times) - falling).max() <= 0.5 / n + 1e-6


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.integers(2, 120), st.sampled_from([2.0, 6.0, 12.0]))
def test_what_was_printed_of_real_rows_is_met(seed, n, every):
    """Without noise the numbers at risk are met, and the curve is redrawn within half a patient at each point."""
    arm = simulate(np.random.default_rng(seed), n, 8.0)
    figure = printed(np.random.default_rng(0), arm, sd=0.0, every=every)
    rows = reconstruct_rows(figure)
    risk_time, counts = at_risk(arm, every)
    assert [(rows.time >= t).sum() for t in np.round(risk_time, 4)] == counts.tolist()
    x, y = clicked(arm)
    left = np.array([(rows.time >= round(t, 4)).sum() for t in x[2::2]])
    miss = np.abs(survival_at(rows, np.round(x[2::2], 4)) - y[2::2])
    assert (miss <= 0.5 / np.maximum(left, 1) + 1e-6).all()
