"""The Models view's analysis: complete cases, guards, separation, what says nothing, and what redraws leave open."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from kras_core.address import default_selection
from kras_core.analyse.ledger import ledger, model_looks
from kras_core.analyse.models import (
    analyse_model,
    correct_optimism,
    default_covariates,
    diagnose,
    optimism_refused,
    penalise,
    penalised_refused,
)
from kras_core.analyse.subgroups import analyse_forest
from kras_core.analyse.survival import analyse
from kras_core.analyse.univariable import analyse_cox
from kras_core.cohort.bundled import BUNDLED, load
from kras_core.cohort.model import Cohort
from kras_core.conventions import PRESETS
from kras_core.selection import By, Filter, Selection, SelectionError
from tests.simulated import simulated_cohort, with_patients

EFRON = PRESETS["r"]


def view(cohort: Cohort, **more) -> Selection:
    return replace(default_selection(cohort), by=(), conventions=EFRON, **more)


def codes(found) -> set[str]:
    return {w.code for w in found.warnings}


def message(found, code: str) -> str:
    return " ".join(w.message for w in found.warnings if w.code == code)


@pytest.mark.parametrize("cohort_id", list(BUNDLED))
def test_every_bundled_cohort_opens_with_a_model(cohort_id: str) -> None:
    cohort = load(cohort_id)
    selection = default_selection(cohort)
    ids = default_covariates(cohort, selection)
    found = analyse_model(cohort, selection, ids)
    assert len(ids) >= 4 and not found.reason and found.columns <= found.events / 5
    for term in (t for c in found.covariates for t in c.terms):
        if cohort.provenance == "reconstructed":
            low, high = term.ratio_range  # type: ignore[misc]
            assert term.ratio is None and term.firth is None and low < high
        else:
            assert term.ratio is not None and term.ratio.low < term.ratio.estimate < term.ratio.high


def test_one_covariate_alone_is_the_univariable_model() -> None:
    cohort = simulated_cohort(150)
    for preset in ("r", "spss"):
        selection = replace(view(cohort), conventions=PRESETS[preset])
        table = {v.id: v for v in analyse_cox(cohort, selection, ("sex", "age", "kras_variant")).variables}
        for id in table:
            model = analyse_model(cohort, selection, (id,), "unit")
            for term, alone in zip(model.covariates[0].terms, table[id].terms, strict=False):
                assert term.label == alone.label and term.ratio is not None and alone.ratio is not None
                assert term.ratio.estimate == pytest.approx(alone.ratio.estimate, rel=1e-8)
                assert term.ratio.high == pytest.approx(alone.ratio.high, rel=1e-7)
            assert model.covariates[0].test is not None and table[id].test is not None
            assert model.covariates[0].test.p == pytest.approx(table[id].test.p, rel=1e-6)  # type: ignore[union-attr]


def test_per_sd_is_the_unit_raised_to_the_sd() -> None:
    cohort = simulated_cohort(120)
    unit, sd = (analyse_model(cohort, view(cohort), ("age", "sex"), per) for per in ("unit", "sd"))
    age = cohort.numbers("age")
    first, second = (m.covariates[0].terms[0].ratio for m in (unit, sd))
    assert first is not None and second is not None
    assert second.estimate == pytest.approx(first.estimate ** age.std(ddof=1), rel=1e-8)
    assert unit.covariates[1].terms == sd.covariates[1].terms or (
        unit.covariates[1].terms[0].ratio.estimate == pytest.approx(sd.covariates[1].terms[0].ratio.estimate, rel=1e-9)  # type: ignore[union-attr]
    )


def test_complete_cases_are_counted_with_what_drops_them() -> None:
    cohort = simulated_cohort(100)
    age, ldh = cohort.numbers("age").copy(), cohort.numbers("ldh").copy()
    age[:10], ldh[5:25] = np.nan, np.nan
    cohort = with_patients(cohort, age=age, ldh=ldh)
    found = analyse_model(cohort, view(cohort), ("age", "ldh", "sex"))
    assert (found.selected, found.n, found.dropped) == (100, 75, 25)
    assert [(c.label, c.missing, c.alone) for c in found.covariates][:2] == [("Age", 10, 5), ("ldh", 20, 15)]
    assert "25 of 100 patients (25%) dropped" in message(found, "complete_case")
    assert "20 without ldh (15 for that alone), 10 without Age (5 for that alone)" in message(found, "complete_case")


def test_covariates_that_say_nothing_are_left_out_by_name() -> None:
    cohort = simulated_cohort(90)
    n = cohort.n
    cohort = with_patients(
        cohort,
        same=np.full(n, 4.0),
        one=pd.Categorical(["a"] * n, categories=["a", "b"]),
        twice=2 * cohort.numbers("age") + 1,
        unknown=np.where(np.arange(n) < 3, 1.0 * np.arange(n), np.nan),
        nothing=np.full(n, np.nan),
    )
    found = analyse_model(cohort, view(cohort), ("age", "twice", "same", "one", "sex"))
    left = dict(found.left_out)
    assert left["same"] == left["one"] == "every patient has the same value"
    assert left["twice"].startswith("determined by Age") and not found.reason
    assert [c.id for c in found.covariates] == ["age", "sex"]
    variants = analyse_model(cohort, view(cohort), ("g12c", "kras_variant", "sex"))
    assert dict(variants.left_out)["KRAS variant"].startswith("determined by KRAS G12C")
    with pytest.raises(SelectionError, match="no stratifier 'nothing'"):
        analyse_model(cohort, view(cohort), ("nothing", "sex"))
    few = view(cohort, where=(Filter.parse("unknown>=1"),))
    late = with_patients(cohort, ldh=np.where(cohort.numbers("unknown") >= 1, np.nan, cohort.numbers("ldh")))
    none_known = analyse_model(late, few, ("ldh", "sex", "age"))
    assert dict(none_known.left_out)["ldh"] == "no value known among these patients"
    best = analyse_model(cohort, view(cohort), ("best_response", "sex"))
    assert dict(best.left_out)["Best response"].startswith("known only after the start")


def test_more_terms_than_events_and_forty_levels_are_refused_in_words() -> None:
    cohort = simulated_cohort(80)
    levels = [f"w{i:02d}" for i in range(40)]
    many = with_patients(cohort, ward=pd.Categorical([levels[i % 40] for i in range(80)], categories=levels))
    few = with_patients(many, pfs_event=(np.arange(80) < 30).astype(float))
    found = analyse_model(few, view(few), ("ward", "age"))
    assert found.columns == 40 and found.reason.startswith("40 terms and 30 events")
    assert all(t.ratio is None for c in found.covariates for t in c.terms) and "no_estimate" in codes(found)
    with_enough = analyse_model(many, view(many), ("ward", "age"))
    assert "far too few" in message(with_enough, "events_per_variable") or with_enough.separated
    assert "ward" not in default_covariates(many, view(many))
    nobody = with_patients(cohort, pfs_event=np.zeros(80))
    assert analyse_model(nobody, view(nobody), ("age",)).reason == "no event"


def test_firths_model_is_capped_by_events_and_not_offered_under_delayed_entry() -> None:
    cohort = simulated_cohort(60)
    few = with_patients(cohort, pfs_event=(np.arange(60) < 14).astype(float))
    found = analyse_model(few, view(few), ("age", "sex", "ldh"))
    assert found.firth_reason.startswith("3 terms for 14 events") and not found.reason
    two = analyse_model(few, view(few), ("age", "sex"))
    assert two.firth_reason == "" and all(t.firth is not None for c in two.covariates for t in c.terms)
    large = simulated_cohort(900)
    assert "too many" in analyse_model(large, view(large), ("age", "sex")).firth_reason
    late = analyse_model(cohort, view(cohort, analysis="delayed-entry"), ("age", "sex"))
    assert "delayed entry" in late.firth_reason and late.concordance is None and not late.reason
    assert "delayed entry" in penalised_refused(late) and "delayed entry" in optimism_refused(late)


def test_separation_is_named_and_never_a_number() -> None:
    cohort = simulated_cohort(80)
    ward = cohort.patients["ward"] == "south"
    event = cohort.numbers("pfs_event") * ~ward.to_numpy()
    cohort = with_patients(cohort, pfs_event=event)
    found = analyse_model(cohort, view(cohort), ("age", "ward", "sex"))
    assert found.separated == ("ward",) and "monotone" in found.reason and not found.firth_reason
    term = found.covariates[1].terms[0]
    assert term.infinite == -1 and term.ratio is not None and math.isnan(term.ratio.estimate)
    assert term.firth is not None and 0 < term.firth.estimate < 1
    assert all(t.firth.estimate < 1e3 for c in found.covariates for t in c.terms if t.firth)
    assert message(found, "separation").startswith("Separation by ward")
    assert diagnose(cohort, view(cohort), ("age", "ward", "sex")) == ()
    assert "monotone" in optimism_refused(found)


def test_landmark_and_filters_are_the_selections() -> None:
    cohort = simulated_cohort(120)
    late = analyse_model(cohort, view(cohort, analysis="landmark", landmark=3.0), ("age", "sex"))
    some = analyse_model(cohort, view(cohort, where=(Filter.parse("ldh>300.0"),)), ("age", "sex"))
    everyone = analyse_model(cohort, view(cohort), ("age", "sex"))
    assert late.n < everyone.n and "landmark" in late.excluded[0].reason
    assert some.n == int((cohort.numbers("ldh") > 300).sum()) < everyone.n
    with pytest.raises(SelectionError, match="loosen the filters"):
        analyse_model(cohort, view(cohort, where=(Filter.parse("ldh>1e9"),)), ("age",))
    with pytest.raises(SelectionError, match="choose the covariates"):
        analyse_model(cohort, view(cohort), ())


def test_what_the_publication_never_prints_together_is_refused_on_every_way_there() -> None:
    cohort = load("sintilimab-anlotinib")
    selection = default_selection(cohort)
    words = "one at a time, never together"
    with pytest.raises(SelectionError, match=words):
        analyse_model(cohort, selection, ("prior_antiangiogenic", "g12c"))
    with pytest.raises(SelectionError, match=words):
        analyse(cohort, selection.but(by=(By("prior_antiangiogenic"), By("g12c"))))
    only = selection.but(by=(By("prior_antiangiogenic"),), where=(Filter.parse("g12c=G12C"),))
    for answer in (analyse, analyse_forest):
        with pytest.raises(SelectionError, match=words):
            answer(cohort, only)
    notes = {v.id: v.note for v in analyse_cox(cohort, only, ("prior_antiangiogenic", "sex")).variables}
    assert words in notes["prior_antiangiogenic"] and words not in notes["sex"]
    assert analyse(cohort, selection.but(by=(By("g12c"),))).strata  # printed by itself
    assert analyse(cohort, selection.but(by=(), where=(Filter.parse("g12c=G12C"),))).overall.n
    both = analyse(cohort, selection.but(by=(By("g12c"), By("sex"))))
    assert both.redraws is not None and not both.strata  # a drawn column beside one that is printed: a range
    same = analyse(cohort, selection.but(by=(By("g12c"),), where=(Filter.parse("kras_variant=G12C"),)))
    assert same.overall.n == 13


def test_nlr_is_fixed_for_pfs_alone() -> None:
    cohort = load("sintilimab-anlotinib")
    selection = default_selection(cohort).but(by=(By("prior_antiangiogenic"), By("nlr")))
    with pytest.raises(SelectionError, match="never together"):
        analyse(cohort, selection)
    assert analyse(cohort, selection.but(endpoint="os")).redraws is not None


def test_a_drawn_covariate_makes_ranges_of_all_and_a_drawn_filter_is_refused() -> None:
    cohort = load("sintilimab-anlotinib")
    selection = default_selection(cohort)
    found = analyse_model(cohort, selection, ("prior_antiangiogenic", "sex", "age"))
    assert found.drawn and found.concordance is None and found.test is None and found.proportional is None
    for term in (t for c in found.covariates for t in c.terms):
        low, high = term.ratio_range  # type: ignore[misc]
        assert term.ratio is None and low < high and len(term.p_range) == 2
    assert penalised_refused(found) and optimism_refused(found)
    assert diagnose(cohort, selection, ("prior_antiangiogenic", "sex", "age")) == ()
    alone = analyse_model(cohort, selection, ("prior_antiangiogenic",))
    assert not alone.drawn and alone.covariates[0].terms[0].ratio is not None
    unknown = selection.but(where=(Filter.parse("moon=full"),))
    for refused in (lambda: analyse_model(cohort, unknown, ("sex",)), lambda: default_covariates(cohort, unknown)):
        with pytest.raises(SelectionError, match="no column 'moon'"):
            refused()
    with pytest.raises(SelectionError, match="itself a draw"):
        analyse_model(cohort, selection.but(where=(Filter.parse("sex=M"),)), ("prior_antiangiogenic",))


def test_the_work_on_demand_yields_progress_and_a_result() -> None:
    cohort = simulated_cohort(90)
    selection, ids = view(cohort), ("age", "sex", "ldh")
    for steps in (penalise(cohort, selection, ids, "ridge"), correct_optimism(cohort, selection, ids, 12)):
        done = [fraction for fraction, _ in steps]
        assert done[-1] == 1.0 and all(a < b for a, b in pairwise(done)) and len(done) >= 10
    (first, *_) = diagnose(cohort, selection, ids)
    assert first.at.size == 101 and first.values.size == analyse_model(cohort, selection, ids).events
    assert (first.low <= first.fit).all() and (first.fit <= first.high).all()


def test_a_models_tests_go_to_the_ledger_once_whatever_their_order() -> None:
    cohort = simulated_cohort(90)
    one, two = (analyse_model(cohort, view(cohort), ids) for ids in (("age", "sex"), ("sex", "age")))
    looks = ledger([*model_looks(one), *model_looks(two)])
    assert len(looks) == 2 and {x.look.family for x in looks} == {"models"}
    assert {round(x.look.p, 9) for x in looks} == {round(c.test.p, 9) for c in one.covariates if c.test}
    drawn = load("sintilimab-anlotinib")
    ranges = model_looks(analyse_model(drawn, default_selection(drawn), ("prior_antiangiogenic", "sex")))
    assert all(math.isnan(x.p) and "no estimate" in x.reason for x in ranges)
