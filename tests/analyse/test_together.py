"""Two views on one axis."""

import numpy as np
import pytest

from kras_core.address import default_selection
from kras_core.analyse.survival import analyse
from kras_core.analyse.together import on_one_axis
from kras_core.cohort.bundled import load
from kras_core.report.survival.km_figure import km_figure
from kras_core.selection import By, SelectionError

PAPER, NCCTG = load("sintilimab-anlotinib"), load("ncctg-lung")
OWN = default_selection(PAPER)

RIGHT = [
    (PAPER, OWN.but(endpoint="os")),
    (PAPER, OWN.but(analysis="landmark", landmark=3.0)),
    (PAPER, OWN.but(by=(By("prior_ici"),))),
    (PAPER, OWN.but(by=())),
    (NCCTG, default_selection(NCCTG)),
]


@pytest.mark.parametrize("right", RIGHT)
@pytest.mark.parametrize("axis", [None, 12.0])
def test_both_have_the_same_ranges_and_ticks(right, axis):
    found = on_one_axis((PAPER, OWN.but(axis_max=axis)), right)
    axes = [km_figure(analysis)["layout"] for analysis in found]
    for name in ("xaxis", "yaxis"):
        for what in ("range", "tickvals", "ticktext"):
            assert axes[0][name][what] == axes[1][name][what], (name, what)
    assert np.array_equal(found[0].risk_table.ticks, found[1].risk_table.ticks)


def test_the_numbers_are_those_of_each_view_alone():
    for analysis, (cohort, selection) in zip(
        on_one_axis((PAPER, OWN), RIGHT[0]), ((PAPER, OWN), RIGHT[0]), strict=True
    ):
        alone = analyse(cohort, selection)
        assert [s.median.estimate for s in analysis.strata] == [s.median.estimate for s in alone.strata]
        assert analysis.logrank is not None and alone.logrank is not None and analysis.logrank.p == alone.logrank.p


def test_what_one_side_cannot_answer_is_said():
    with pytest.raises(SelectionError, match="no endpoint"):
        on_one_axis((PAPER, OWN), (NCCTG, default_selection(NCCTG).but(endpoint="pfs")))
