"""The methods paragraph says what was done, and nothing that was not."""

import pytest

from kras_core import __version__
from kras_core.analyse.survival import analyse
from kras_core.cohort.bundled import load
from kras_core.conventions import PRESETS
from kras_core.report.survival.methods_paragraph import methods_paragraph
from kras_core.selection import By, Filter, Selection
from tests.report.script.situations import simulated_view


def paragraph(id: str, endpoint: str, by: tuple[By, ...], preset: str, **more):
    cohort = load(id)
    return methods_paragraph(
        analyse(cohort, Selection(cohort.digest, endpoint, by, conventions=PRESETS[preset], **more))
    )


@pytest.mark.parametrize(
    ("preset", "words", "not_words"),
    [
        ("r", ["on the log scale", "Brookmeyer and Crowley", "Efron's method"], ["Breslow's"]),
        ("spss", ["on the survival scale itself", "± z times", "Breslow's method"], ["Brookmeyer"]),
        ("sas", ["on the log(−log) scale", "Breslow's method"], ["Efron"]),
        ("prism", ["given without an interval", "(O/E)/(O/E)"], ["Cox", "Efron"]),
    ],
)
def test_it_follows_the_conventions(preset: str, words: list[str], not_words: list[str]) -> None:
    found = paragraph("ncctg-lung", "os", (By("sex"),), preset).body
    assert all(w in found for w in words) and not any(w in found for w in not_words)
    assert f"KRAScope {__version__} with the conventions of {PRESETS[preset].label}" in found


def test_it_names_the_view() -> None:
    found = paragraph(
        "ncctg-lung", "os", (By("age", 70.0),), "r", where=(Filter.parse("sex=M"),), analysis="landmark", landmark=3.0
    )
    assert "restricted to sex = M" in found.body
    assert "the clock started at 3 months" in found.body and "left out" in found.body
    assert "High was defined as above 70 (cut-off chosen by hand)" in found.body
    assert "months of 30.4375 days" in found.body


def test_references_are_numbered_in_the_order_of_citing() -> None:
    found = paragraph("ncctg-lung", "os", (By("sex"),), "r")
    cited = [int(n) for part in found.body.split("[")[1:] for n in part.split("]")[0].split(",")]
    assert list(dict.fromkeys(cited)) == list(range(1, len(found.references) + 1))
    assert found.text.endswith(f"{found.references[-1]}.\n") and "\n1. Kaplan EL" in found.text


def test_what_two_endpoints_share_is_said_once() -> None:
    cohort = load("sintilimab-anlotinib")
    selection = Selection(cohort.digest, "pfs", (By("prior_antiangiogenic"),), conventions=PRESETS["spss"])
    found = methods_paragraph(*(analyse(cohort, selection.but(endpoint=id)) for id in ("pfs", "os"))).body
    assert "(PFS) was the time to progression or death" in found and "(OS) was the time to death" in found
    assert found.count("log-rank test") == found.count("Cox model") == 1
    assert "(PFS) was the area" in found and "(OS) was the area" in found


def test_comparisons_that_are_not_estimates_are_not_described_as_such() -> None:
    drawn = paragraph("sintilimab-anlotinib", "pfs", (By("sex"),), "spss").body
    assert "not determine the comparison" in drawn and "Cox" not in drawn and "log-rank" not in drawn
    assert "Cox" not in paragraph("ncctg-lung", "os", (), "r").body
    monotone = methods_paragraph(simulated_view("monotone", "r")[1]).body
    assert "Firth's penalised estimates" in monotone and "profile penalised-likelihood intervals" in monotone
    late = methods_paragraph(simulated_view("delayed", "r")[1]).body
    assert "left truncation" in late and "start of treatment" not in late


def test_markdown_keeps_a_user_s_names_from_being_read() -> None:
    _, view = simulated_view("odd", "r")
    assert "#1" not in methods_paragraph(view).markdown.replace("\\#", "")
