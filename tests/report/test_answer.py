"""The answer: the view's own numbers in two lines, in text and HTML alike."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kras_core.analyse.results import Warning
from kras_core.report.format import hazard_ratio
from kras_core.report.survival.answer import answer, safety_answer
from kras_core.selection import Filter
from tests.report import views
from tests.report.test_format import Seen
from tests.report.test_km_figure import delayed, redrawn, six, twelve


def prior(**more: Any) -> Any:
    """27 patients by prior therapy, whose reference is the second stratum."""
    cohort = views.cohort(27, seed=5)
    flag = (cohort.patients["arm"] == "Group B").astype(float)
    return views.with_events(
        replace(cohort, patients=cohort.patients.assign(prior_antiangiogenic=flag), days_per_month=365 / 12, **more)
    )


def test_two_strata_read_aloud() -> None:
    analysis = views.view(prior(), ("prior_antiangiogenic",), preset="spss")
    said = answer(analysis, comparison="comparison 3 this session")
    no, yes = (s.median for s in analysis.strata)
    (hr,) = analysis.hazard_ratios
    assert said.title == "Progression-free survival by prior anti-angiogenic therapy"
    assert said.line1.text == (
        f"Median: No prior {no.estimate:.1f} months ({no.low:.1f}–{no.high:.1f}) · "
        f"Prior {yes.estimate:.1f} ({yes.low:.1f}–{yes.high:.1f}) · HR, no prior v prior, {hazard_ratio(hr).text}"
    )
    assert analysis.logrank is not None
    events = sum(s.events for s in analysis.strata)
    assert said.line2.text == (
        f"log-rank p = {analysis.logrank.p:.3f} · {events} events in 27 patients · comparison 3 this session"
    )


def test_html_says_what_the_text_says_with_numbers_set_apart() -> None:
    analysis = views.view(prior(), ("prior_antiangiogenic",))
    said = answer(analysis)
    for line in (said.line1, said.line2):
        assert Seen(line.html).words.replace("\xa0", " ") == line.text
    assert '<span class="kras-name kras-s0">No prior</span> <span class="kras-value">' in said.line1.html
    assert said.html.startswith('<section class="kras-answer"><h1 class="kras-title">')


def test_three_strata_have_medians_and_no_single_ratio() -> None:
    analysis = views.view(views.cohort(90, 3, seed=2))
    said = answer(analysis).line1.text
    assert said.count("·") == 2 and "HR" not in said
    assert all(f"{s.label} {s.median.estimate:.1f}" in said for s in analysis.strata)


def test_more_strata_have_the_range_of_their_medians() -> None:
    analysis = six()
    medians = [s.median.estimate for s in analysis.strata]
    said = answer(analysis)
    assert said.line1.text.startswith(f"6 strata · medians {min(medians):.1f}–{max(medians):.1f} months")
    assert said.line2.text.startswith("log-rank p < 0.001 · ")
    assert answer(twelve()).line1.text.startswith("12 strata")


def test_everybody_has_median_milestones_and_follow_up() -> None:
    analysis = views.view(views.cohort(200, seed=1, censoring=20), ())
    said = answer(analysis, comparison="comparison 1 this session")
    rate = analysis.overall.rates[0]
    assert said.title == "Progression-free survival"
    assert said.line1.text.startswith(f"Median {analysis.overall.median.estimate:.1f} months (")
    assert f"{100 * rate.estimate:.0f} % (" in said.line1.text and f") at {rate.time:g} months" in said.line1.text
    followed = f"median follow-up {analysis.follow_up.estimate:.1f} months, reverse Kaplan–Meier"
    assert said.line2.text == f"{analysis.overall.events} events in 200 patients · {followed}"


def test_no_events_is_said_in_words() -> None:
    said = answer(views.view(views.from_rows([5.0, 7, 9, 6, 8, 10], np.zeros(6), list("AAABBB"))))
    assert said.line1.text == "Median: A not reached · B not reached · HR, B v A, not estimable (no event)"
    assert said.line2.text == "log-rank p not estimable · 0 events in 6 patients"
    assert "nan" not in said.html.lower()


def test_redraws_give_ranges_and_the_reason_first() -> None:
    analysis = redrawn()
    assert analysis.redraws is not None
    said = answer(analysis, comparison="comparison 2 this session")
    low, high = analysis.redraws.strata[0].median
    assert said.line1.text.startswith(f"Median: Female {low:.1f}–{high:.1f} months · Male ")
    assert f"range over {analysis.redraws.count} redraws, no estimate" in said.line2.text
    assert said.line2.text.endswith("comparison 2 this session")
    assert said.notes[0] == analysis.redraws.sentence


def test_notes_are_the_warnings_but_for_the_badge() -> None:
    analysis = delayed()
    analysis = replace(
        analysis, warnings=(Warning("simulated", "Simulated."), Warning("a", "First <b>."), Warning("b", "Second."))
    )
    said = answer(analysis)
    assert said.notes == ("First <b>.", "Second.")
    seen = Seen(said.html)
    assert "First <b>. and 1 more note" in seen.words and "b" not in seen.tags and "details" in seen.tags
    assert "kras-notes" in answer(replace(analysis, warnings=())).html  # the line stays reserved


def test_filters_are_named_and_escaped() -> None:
    cohort = views.cohort(60, columns={"ward": pd.Categorical(np.where(np.arange(60) % 2, "<i>north</i>", "south"))})
    said = answer(views.view(cohort, where=(Filter("ward", "=", ("<i>north</i>",)),)))
    assert said.where == "only ward = <i>north</i>"
    assert "i" not in Seen(said.html).tags and "only ward = <i>north</i>" in Seen(said.html).words


def test_a_stratum_named_by_a_user_is_escaped() -> None:
    name = '<img src="https://example.org">'
    said = answer(views.view(views.from_rows(np.arange(1, 13.0), np.ones(12), [name] * 6 + ["b"] * 6)))
    assert "img" not in Seen(said.html).tags and name in Seen(said.html).words


def test_safety_by_two_strata() -> None:
    analysis = views.safety(prior(), ("prior_antiangiogenic",))
    said = safety_answer(analysis)
    row = analysis.rows[0]
    any_, severe = row.overall["any"], row.overall[">=3"]
    assert said.title == "Adverse events by prior anti-angiogenic therapy"
    assert said.line1.text.startswith(
        f"Any adverse event in {any_.k} ({100 * any_.estimate:.1f} %) of 27 patients · "
        f"grade ≥ 3 in {severe.k} ({100 * severe.estimate:.1f} %)"
    )
    first = row.cells[">=3"][0]
    assert said.line2.text.startswith(
        f"Grade ≥ 3: No prior {first.k} ({100 * first.estimate:.1f} %) of {first.n} · Prior"
    )
    assert said.line2.text.endswith(f"Fisher's p = {row.comparisons['>=3'].fisher_p:.3f}")


def test_safety_of_drawn_events_gives_ranges() -> None:
    analysis = views.safety(prior(drawn=frozenset({"adverse_events"})), ("prior_antiangiogenic",))
    said = safety_answer(analysis)
    low, high = analysis.rows[0].ranges[">=3"][0]
    assert low < high and f"No prior {low}–{high} of {analysis.denominators[0]}" in said.line2.text
    assert "Fisher" not in said.text and said.notes[0] == analysis.drawn


def test_no_adverse_events_recorded_is_said() -> None:
    analysis = views.safety(views.cohort(27))
    assert safety_answer(analysis).line1.text == "No adverse event to list"
    assert "records no adverse events" in safety_answer(analysis).notes[0]


@pytest.mark.parametrize("unit", ["weeks", "days"])
def test_units(unit: str) -> None:
    analysis = views.view(prior(), ("prior_antiangiogenic",), unit=unit)
    days = analysis.strata[0].median.estimate * 365 / 12
    expected = f"{days:.0f} days" if unit == "days" else f"{days / 7:.1f} weeks"
    assert f"No prior {expected} (" in answer(analysis).line1.text
