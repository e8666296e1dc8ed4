"""Sentences to be said aloud, and the text that goes with a link."""

from dataclasses import replace

import pytest

from kras_core import __version__
from kras_core.address import default_selection
from kras_core.analyse.overview import analyse_overview
from kras_core.analyse.response import analyse_response
from kras_core.analyse.safety import analyse_safety
from kras_core.analyse.subgroups import analyse_forest, default_factors
from kras_core.analyse.survival import analyse
from kras_core.cohort.bundled import load
from kras_core.report.plain_words import plain_words, size
from kras_core.report.share import link_to, share_text
from kras_core.report.survival.answer import answer
from kras_core.selection import By
from tests.simulated import simulated_cohort

PAPER, NCCTG = load("sintilimab-anlotinib"), load("ncctg-lung")


def view(cohort, **changes):
    return default_selection(cohort).but(**changes)


def test_everybody():
    assert plain_words(analyse(NCCTG, view(NCCTG, by=()))) == "Of 228 patients half were alive at 10.2 months."


def test_groups_are_named_with_their_size_and_small_ones_are_said():
    said = plain_words(analyse(PAPER, view(PAPER)))
    assert "at 9.1 months with “No prior” (21 patients)" in said and "at 3.0 months with “Prior” (6 patients)" in said
    assert said.endswith("Reconstructed rows, not patients. Small groups: read with care.")
    assert "Small" not in plain_words(analyse(NCCTG, view(NCCTG)))


def test_more_groups_than_an_ear_holds_are_an_extent():
    said = plain_words(analyse(NCCTG, view(NCCTG, by=(By("ecog"), By("sex")))))
    assert "between" in said and "in 4 groups" in said


def test_not_reached_is_said():
    alive = simulated_cohort(40)
    patients = alive.patients.assign(os_event=0.0)
    none = plain_words(analyse(replace(alive, patients=patients), view(alive, endpoint="os", by=())))
    assert "more than half were alive as far as they were followed" in none


def test_an_open_comparison_gives_ranges_and_no_estimate():
    said = plain_words(analyse(PAPER, view(PAPER, by=(By("prior_ici"),))))
    assert said.startswith("The publication leaves it open") and "–" in said


def test_a_landmark_is_said():
    said = plain_words(analyse(NCCTG, view(NCCTG, analysis="landmark", landmark=3.0)))
    assert "counted from the landmark at 3.0 months" in said


def test_the_other_views():
    assert plain_words(analyse_response(PAPER, view(PAPER, by=()))).startswith(
        "9 of 27 reconstructed patients responded"
    )
    safety = plain_words(analyse_safety(PAPER, view(PAPER, by=())))
    assert "of 27 reconstructed patients had an adverse event" in safety and "grade 3 or worse" in safety
    forest = analyse_forest(NCCTG, view(NCCTG), tuple(default_factors(NCCTG, view(NCCTG))))
    assert "the hazard ratio of “Male” against “Female” is 1.70 (1.23–2.36)" in plain_words(forest)
    overview = analyse_overview(NCCTG, view(NCCTG))
    assert plain_words(overview) == "228 patients, median age 63 years: 90 with “Female”, 138 with “Male”."
    assert size(overview) == size(forest) == "228"


@pytest.mark.parametrize("cohort", [PAPER, NCCTG])
def test_share_text_has_caption_n_numbers_and_link(cohort):
    analysis = analyse(cohort, view(cohort))
    said = answer(analysis, "comparison 7 of 12 this session")
    text = share_text(said, analysis.cohort, size(analysis), "https://example.org/?by=sex")
    first, second, third, last = text.split("\n")
    assert first.startswith(said.title) and f"{cohort.n} " in first and cohort.title in first
    assert ("reconstructed patients" in first) == (cohort is PAPER)
    assert second == said.line1.text and third.endswith("comparison 7 of 12 this session")
    assert last == f"KRAScope {__version__}, data {cohort.digest[:10]}: https://example.org/?by=sex"


def test_an_uploads_name_is_not_shared():
    uploaded = simulated_cohort(50, origin="uploaded")
    analysis = analyse(uploaded, view(uploaded, by=()))
    text = share_text(answer(analysis), analysis.cohort, "50", "x")
    assert "uploaded cohort" in text and uploaded.title not in text


def test_a_link_keeps_every_value_of_a_parameter():
    assert link_to("http://h/p", {"cohort": "a", "where": ["sex=M", "age>=65"]}) == (
        "http://h/p?cohort=a&where=sex=M&where=age%3E=65"
    )
    assert link_to("http://h", {"by": "nlr@2.5,sex"}) == "http://h/?by=nlr@2.5,sex"
