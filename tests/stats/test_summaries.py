"""Summaries and standardised differences: by hand, against R, and where they are undefined."""

import json
from pathlib import Path

import numpy as np
import pytest

from kras_core.stats.summaries import (
    NO_SPREAD,
    NOBODY,
    TOO_FEW,
    chi_square_p,
    difference_of_levels,
    difference_of_numbers,
    kruskal_wallis_p,
    largest_difference,
    row_medians,
    summarise,
)

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "overview.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def lung():
    from lifelines.datasets import load_lung

    return load_lung()


@pytest.mark.parametrize("column", list(REFERENCE["summaries"]))
def test_summaries_differences_and_tests_are_rs(lung, column):
    values, men = lung[column].to_numpy(dtype=float), (lung["sex"] == 1).to_numpy()
    groups = {"all": np.ones(men.size, dtype=bool), "men": men, "women": ~men}
    for name, inside in groups.items():
        s = summarise(values[inside])
        expected = REFERENCE["summaries"][column][name]
        assert [s.low, s.q1, s.median, s.q3, s.high, s.mean, s.sd] == pytest.approx(expected, rel=1e-12)
        assert s.n + s.missing == inside.sum()
    found = difference_of_numbers(summarise(values[men]), summarise(values[~men]))
    assert found.estimate == pytest.approx(REFERENCE["smd"][column], rel=1e-12)
    assert kruskal_wallis_p([values[men], values[~men]]) == pytest.approx(REFERENCE["kruskal"][column], rel=1e-9)


@pytest.mark.parametrize("column", ["ph.ecog", "inst"])
def test_differences_of_levels_are_rs(lung, column):
    known = lung[lung[column].notna()]
    counts = np.array(
        [[((known[column] == v) & (known["sex"] == s)).sum() for v in sorted(known[column].unique())] for s in (1, 2)]
    )
    assert difference_of_levels(*counts).estimate == pytest.approx(REFERENCE["smd"][column], rel=1e-10)
    assert difference_of_levels(*counts[::-1]).estimate == pytest.approx(REFERENCE["smd"][column], rel=1e-10)
    if column == "ph.ecog":
        assert chi_square_p(counts.T) == pytest.approx(REFERENCE["chisq_ecog"], rel=1e-9)


def test_two_levels_are_the_usual_formula():
    p, q = 17 / 20, 3 / 12
    expected = abs(p - q) / np.sqrt((p * (1 - p) + q * (1 - q)) / 2)
    assert difference_of_levels(np.array([3, 17]), np.array([9, 3])).estimate == pytest.approx(expected)
    # a level that nobody has changes nothing
    assert difference_of_levels(np.array([3, 0, 17]), np.array([9, 0, 3])).estimate == pytest.approx(expected)


def test_what_does_not_exist_says_why():
    one, none, five = summarise([4.0]), summarise([np.nan]), summarise(np.full(3, 5.0))
    assert np.isnan(one.sd) and one.median == 4 and none.n == 0 and none.missing == 1 and np.isnan(none.median)
    assert difference_of_numbers(one, five).reason == TOO_FEW
    assert difference_of_numbers(none, five).reason == NOBODY
    assert difference_of_numbers(summarise([4.0, 4.0]), five).reason == NO_SPREAD
    assert difference_of_numbers(five, five).estimate == 0
    apart = difference_of_levels(np.array([6, 0]), np.array([0, 4]))
    assert np.isnan(apart.estimate) and apart.reason == NO_SPREAD
    assert difference_of_levels(np.array([6, 0]), np.array([4, 0])).estimate == 0
    assert difference_of_levels(np.array([6, 1]), np.array([0, 0])).reason == NOBODY
    assert np.isnan(kruskal_wallis_p([np.full(3, 1.0), np.full(4, 1.0)]))
    assert np.isnan(kruskal_wallis_p([np.array([1.0, 2.0]), np.array([np.nan])]))
    assert np.isnan(chi_square_p(np.array([[3, 4], [0, 0]])))


def test_separated_levels_within_more_than_two_are_not_called_balanced():
    """Groups that share no level: the covariance is singular along their difference, and a pseudo-inverse says 0."""
    found = difference_of_levels(np.array([5, 5, 0, 0]), np.array([0, 0, 5, 5]))
    assert np.isnan(found.estimate) and found.reason == NO_SPREAD


def test_the_largest_of_all_pairs():
    groups = [summarise(x) for x in ([1.0, 2.0, 3.0], [2.0, 3.0, 4.0], [9.0, 10.0, 11.0])]
    assert largest_difference(groups).estimate == pytest.approx(8.0)
    assert largest_difference(groups[:1]).reason == "fewer than two groups"
    assert largest_difference([*groups, summarise([1.0])]).reason == TOO_FEW


def test_row_medians_are_numpys():
    rng = np.random.default_rng(5)
    values = rng.normal(size=(40, 11))
    values[rng.random(values.shape) < 0.4] = np.nan
    values[3] = np.nan
    found = row_medians(values)
    assert np.isnan(found[3])
    kept = np.arange(40) != 3
    np.testing.assert_allclose(found[kept], np.nanmedian(values[kept], axis=1), rtol=0, atol=0)
