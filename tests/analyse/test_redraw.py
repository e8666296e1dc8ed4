"""What a reconstruction does not determine is shown as a range, and only that."""

import numpy as np
import pytest

from kras_core.analyse import redraw
from kras_core.analyse.scope import resolve
from kras_core.analyse.survival import analyse
from kras_core.conventions import PRESETS
from kras_core.selection import By, Filter, Selection
from kras_core.stats.cox import cox
from kras_core.stats.event_table import event_table
from kras_core.stats.logrank import logrank
from tests.simulated import reconstructed

COHORT = reconstructed()


def select(**changes) -> Selection:
    return Selection(COHORT.digest, "pfs", conventions=PRESETS["r"]).but(**changes)


@pytest.mark.parametrize("by", [By("prior_antiangiogenic"), By("g12c"), By("nlr"), By("nlr", 3.0)])
def test_what_the_publication_fixes_has_an_estimate(by):
    analysis = analyse(COHORT, select(by=(by,)))
    assert analysis.redraws is None
    assert len(analysis.strata) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"by": (By("sex"),)},
        {"by": (By("kras_variant"),)},
        {"by": (By("nlr", 4.2),)},
        {"by": (By("nlr"),), "endpoint": "os"},
        {"by": (By("prior_antiangiogenic"),), "where": (Filter.parse("sex=M"),)},
        {"where": (Filter.parse("sex=M"),)},
    ],
)
def test_what_it_does_not_fix_has_a_range_and_no_estimate(changes):
    analysis = analyse(COHORT, select(**changes))
    assert analysis.redraws is not None
    assert analysis.strata == ()
    assert analysis.hazard_ratios == ()
    assert analysis.logrank is None
    assert analysis.redraws.count == 500
    assert "drawn" in {w.code for w in analysis.warnings}
    assert (analysis.redraws.overall is not None) == bool(changes.get("where"))


def test_redraws_keep_the_printed_totals_and_fixed_strata():
    selection = select(by=(By("kras_variant"),))
    groups = redraw.redrawn_groups(COHORT, selection, "pfs")
    assert groups is not None
    own = resolve(COHORT, selection).groups
    for drawn in groups[:50]:
        assert (np.bincount(drawn) == np.bincount(own)).all()
        assert ((drawn == 0) == (own == 0)).all()  # who has G12C is printed, which other variant is not
    assert len({tuple(g) for g in groups}) > 400


def test_ranges_are_those_of_a_loop_over_the_same_redraws():
    selection = select(by=(By("sex"),))
    found = analyse(COHORT, selection).redraws
    assert found is not None
    groups = redraw.redrawn_groups(COHORT, selection, "pfs")
    assert groups is not None
    time, event = COHORT.numbers("pfs_months"), COHORT.numbers("pfs_event")
    p, ratio, events = [], [], []
    for codes in groups:
        table = event_table(time, event, codes, k=2)
        p.append(logrank(table).p)
        ratio.append(cox(table, ("Female", "Male"), 0)[0].estimate)
        events.append(table.events[1].sum())

    def span(values):
        return [np.quantile(values, 0.025, method="lower"), np.quantile(values, 0.975, method="higher")]

    assert found.p == pytest.approx(span(p), rel=1e-9)
    assert found.hazard_ratios[0][2:] == pytest.approx(span(ratio), rel=1e-7)
    assert found.strata[1].events == pytest.approx(span(events))


def test_the_same_view_gives_the_same_range():
    selection = select(by=(By("sex"),))
    first, second = analyse(reconstructed(), selection).redraws, analyse(COHORT, selection).redraws
    assert first is not None and second is not None
    assert first.p == second.p
