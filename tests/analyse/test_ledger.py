"""The look ledger: what is a new look, what is the same one, and how much they were."""

from dataclasses import replace

import pytest

from kras_core.analyse.bias import analyse_bias
from kras_core.analyse.biomarkers import analyse_biomarker
from kras_core.analyse.ledger import (
    centre_looks,
    forest_looks,
    ledger,
    marker_looks,
    overview_looks,
    response_looks,
    safety_looks,
    survival_looks,
)
from kras_core.analyse.overview import analyse_overview
from kras_core.analyse.response import analyse_response
from kras_core.analyse.safety import analyse_safety
from kras_core.analyse.subgroups import analyse_forest
from kras_core.analyse.survival import analyse
from kras_core.cohort.bundled import load
from kras_core.cohort.model import Declared
from kras_core.conventions import PRESETS
from kras_core.selection import By, Filter, Selection
from kras_core.stats.multiplicity import holm
from tests.simulated import simulated_cohort

NCCTG = load("ncctg-lung")
OURS = load("sintilimab-anlotinib")


def seen(*selections: Selection, cohort=NCCTG):
    return ledger(look for s in selections for look in survival_looks(cohort, analyse(cohort, s)))


def view(*by: str, **more) -> Selection:
    return Selection(NCCTG.digest, "os", tuple(By(id) for id in by), **more)


def test_a_preset_a_unit_and_an_axis_are_the_same_look_and_the_rest_is_not() -> None:
    sex = view("sex")
    same = [sex.but(conventions=PRESETS["spss"]), sex.but(unit="days"), sex.but(axis_max=12.0)]
    assert len(seen(sex, *same)) == 1
    other = [
        view("ecog"),
        view("sex", "ecog"),
        sex.but(where=(Filter("ecog", "=", ("0", "1")),)),
        sex.but(analysis="landmark", landmark=3.0),
        view().but(by=(By("age", 60.0),)),
        view().but(by=(By("age", 61.0),)),
    ]
    assert [one.number for one in seen(sex, *other, *same)] == [1, 2, 3, 4, 5, 6, 7]


def test_nothing_compared_is_no_look() -> None:
    assert seen(view()) == ()


def test_a_cut_off_moved_by_hand_is_a_family_of_its_own_and_p_is_adjusted_within() -> None:
    found = seen(view("sex"), view("ecog"), *(view().but(by=(By("age", c),)) for c in (55.0, 60.0, 62.0)))
    families = [one.look.family for one in found]
    assert families == ["strata", "strata", "cut-offs", "cut-offs", "cut-offs"]
    for family in set(families):
        members = [one for one in found if one.look.family == family]
        assert [m.holm for m in members] == pytest.approx(holm([m.look.p for m in members]))
    assert found[0].look.p == analyse(NCCTG, view("sex")).logrank.p  # type: ignore[union-attr]
    assert found[2].look.by.endswith("above 55")


def test_what_a_protocol_declared_stands_apart() -> None:
    declared = replace(NCCTG, declared=(Declared("1990-01-01", "os", ("sex",)),))
    assert declared.digest == NCCTG.digest
    found = seen(view("sex"), view("ecog"), view("sex", where=(Filter("ecog", "=", ("1",)),)), cohort=declared)
    assert [one.look.declared for one in found] == ["1990-01-01", "", ""]
    assert found[0].holm != found[0].holm  # no adjustment
    assert [found[i].holm for i in (1, 2)] == pytest.approx(holm([found[i].look.p for i in (1, 2)]))


def test_a_view_that_is_not_determined_counts_without_a_p() -> None:
    found = seen(Selection(OURS.digest, "pfs", (By("sex"),)), cohort=OURS)
    assert len(found) == 1 and found[0].look.p != found[0].look.p and "redraws" in found[0].look.reason


def test_every_term_of_an_adverse_event_table_is_a_look() -> None:
    analysis = analyse_safety(OURS, Selection(OURS.digest, "pfs", (By("prior_antiangiogenic"),)))
    looks = safety_looks(analysis)
    assert [look.family for look in looks] == ["adverse events"] * len(analysis.rows)
    assert safety_looks(analyse_safety(OURS, Selection(OURS.digest, "pfs"))) == ()


def test_response_table_1_and_stratified_tests_are_looks_too() -> None:
    cohort = simulated_cohort(60)
    by = Selection(cohort.digest, "pfs", (By("ward"),))
    response = analyse_response(cohort, by)
    found = ledger(response_looks(response))
    assert len(found) == len(response.comparisons) == 4 and {one.look.family for one in found} == {"response"}
    assert [one.look.p for one in found] == [c.fisher_p for c in response.comparisons]
    # the endpoint and a preset do not change a response
    again = analyse_response(cohort, by.but(endpoint="os", conventions=PRESETS["sas"]))
    assert len(ledger([*response_looks(response), *response_looks(again)])) == 4
    assert response_looks(analyse_response(OURS, Selection(OURS.digest, "pfs", (By("prior_antiangiogenic"),)))) == ()
    assert overview_looks(analyse_overview(cohort, by)) == ()
    tested = analyse_overview(cohort, by, p_values=True)
    assert len(overview_looks(tested)) == sum(bool(c.p_method) for c in tested.characteristics) > 3
    pooled = analyse(NCCTG, view("sex"))
    looks = [*survival_looks(NCCTG, pooled), *centre_looks(analyse_bias(NCCTG, view("sex"), pooled))]
    assert [one.look.test for one in ledger(looks)] == ["log-rank", "log-rank, stratified on centre"]
    assert centre_looks(analyse_bias(cohort, by)) == ()


def test_a_ribbon_counts_once_with_the_p_that_allows_for_the_choice() -> None:
    analysis = analyse_biomarker(NCCTG, view(), By("age"))
    split, ribbon = marker_looks(NCCTG, analysis)
    assert (split.test, ribbon.test) == ("log-rank", "maximally selected log-rank")
    assert analysis.chosen is not None and ribbon.p == analysis.chosen.selected.best_p
    again = marker_looks(NCCTG, analyse_biomarker(NCCTG, view(), By("age", 60.0)))
    assert [one.look.family for one in ledger([split, ribbon, *again])] == ["strata", "cut-offs", "cut-offs"]


def test_every_interaction_of_a_forest_is_a_look() -> None:
    forest = analyse_forest(NCCTG, view("sex"))
    looks = forest_looks(forest)
    tested = [f.interaction.p for f in forest.factors if f.interaction]
    assert [look.p for look in looks] == pytest.approx(tested, nan_ok=True) and len(tested) > 1
    assert {look.family for look in looks} == {"interactions"}
