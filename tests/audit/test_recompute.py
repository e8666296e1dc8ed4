"""Claims against rows: which software prints them, and the smallest change of convention that would."""

import pytest

from kras_core.audit.audit import audit
from kras_core.audit.claims import bundled_claims
from kras_core.audit.recompute import prints_as
from kras_core.cohort.bundled import load
from kras_core.conventions import PRESETS
from tests.audit.claiming import claims, entries, finding

LUNG = load("ncctg-lung")
PAPER = load("sintilimab-anlotinib")


def lung(**row: str):
    return finding(entries({"endpoint": "os", **row}, cohort=LUNG)["c0"], "recomputed")


def test_the_worked_example_is_reproduced_in_full() -> None:
    example = bundled_claims("ncctg-lung")
    assert example is not None
    report = audit(example, LUNG)
    assert report.counts["reproduced"] == len(report.entries) >= 14


@pytest.mark.parametrize(("printed", "preset"), [("285–363", "r"), ("284–361", "sas"), ("267–353", "spss")])
def test_the_preset_is_named(printed: str, preset: str) -> None:
    found = lung(quantity="median_ci", printed=printed, unit="days")
    assert (found.verdict, found.preset) == ("reproduced", preset)
    assert PRESETS[preset].label in found.statement
    assert found.picture is not None and found.picture.bars[0].printed and len(found.picture.bars) >= 3


def test_every_software_is_shown_beside_the_figure() -> None:
    steps = lung(quantity="hazard_ratio", by="sex", level="Female", printed="0.588").steps
    assert [s.partition(":")[0] for s in steps] == [p.label for p in PRESETS.values()]
    assert sum("as printed" in s for s in steps) == 4  # Prism's log-rank ratio is 0.590


def test_the_direction_of_a_ratio_is_the_claims() -> None:
    assert lung(quantity="hazard_ratio", by="sex", level="Male", printed="1.70").verdict == "reproduced"
    assert lung(quantity="hazard_ratio_ci", by="sex", level="Male", printed="1.226–2.360").verdict == "reproduced"


def test_the_smallest_change_where_no_preset_gives_it() -> None:
    """285–353 is R's interval at 90 %; a claim that says 90 % needs no change."""
    found = lung(quantity="median_ci", printed="285–353", unit="days")
    assert (found.verdict, found.preset) == ("reproduced", "custom")
    assert "with a 90 % interval it is as printed" in found.statement
    assert lung(quantity="median_ci", printed="285–353", unit="days", confidence="90").preset == "r"


def test_the_cut_offs_own_side_is_a_convention() -> None:
    """Age split at 63: p is 0.170 where high is above it, 0.391 where it is at or above."""
    above = lung(quantity="logrank_p", by="age@63", printed="0.17")
    assert (above.verdict, above.preset) == ("reproduced", "r")
    at = lung(quantity="logrank_p", by="age@63", printed="0.391")
    assert (at.verdict, at.preset) == ("reproduced", "custom")
    assert "high is at or above the cut-off" in at.statement


def test_the_papers_own_split() -> None:
    row = {"quantity": "logrank_p", "endpoint": "pfs", "by": "plr@176.33", "printed": "0.28"}
    assert finding(entries(row, cohort=PAPER)["c0"], "recomputed").verdict == "reachable"


def test_divisors_of_a_month() -> None:
    found = lung(quantity="median", printed="10.33")  # 310 days / 30
    assert found.preset == "custom" and "months of 30 days" in found.statement
    assert lung(quantity="median", printed="44.3", unit="weeks").verdict == "reproduced"


def test_real_rows_that_do_not_give_it() -> None:
    found = lung(quantity="median", printed="350", unit="days")
    assert found.verdict == "inconsistent" and found.computed == "310" and found.ways_out


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"quantity": "median", "endpoint": "pfs", "printed": "5"}, "endpoint"),
        ({"quantity": "median", "printed": "5"}, "names no endpoint"),
        ({"quantity": "median", "endpoint": "os", "by": "plr", "level": "high", "printed": "5"}, "no stratifier"),
        ({"quantity": "median", "endpoint": "os", "by": "sex", "level": "X", "printed": "5"}, "no group"),
        ({"quantity": "hazard_ratio", "endpoint": "os", "printed": "0.5"}, "two groups"),
        ({"quantity": "share", "where": "smoker=1", "printed": "5"}, "smoker"),
        ({"quantity": "orr", "printed": "50%"}, "best_response"),
        ({"quantity": "ae_any", "level": "Rash", "printed": "5"}, "adverse events"),
        ({"quantity": "date_first", "printed": "2020-01-01"}, "start_date"),
        ({"quantity": "value_median", "by": "nlr", "printed": "5"}, "nlr"),
    ],
)
def test_what_is_missing_is_said(row: dict[str, str], words: str) -> None:
    found = finding(entries(row, cohort=LUNG)["c0"], "recomputed")
    assert found.verdict == "not recomputable" and words in found.statement


def test_a_drawn_column_gives_no_figure() -> None:
    found = finding(
        entries(
            {"quantity": "median", "endpoint": "pfs", "by": "sex", "level": "Male", "printed": "8.0"}, cohort=PAPER
        )["c0"],
        "recomputed",
    )
    assert found.verdict == "not recomputable" and "does not determine" in found.statement


@pytest.mark.parametrize(
    ("row", "numbers", "same"),
    [
        ({"quantity": "median", "printed": "NR"}, (float("nan"),), True),
        ({"quantity": "median", "printed": "NR"}, (12.0,), False),
        ({"quantity": "median_ci", "printed": "5.6–NR"}, (5.61, float("nan")), True),
        ({"quantity": "median_ci", "printed": "5.6–NR"}, (5.61, 30.0), False),
        ({"quantity": "share", "printed": "16 (59.2)"}, (16.0, 27.0), True),
        ({"quantity": "share", "printed": "16/27"}, (16.0, 26.0), False),
        ({"quantity": "share", "printed": "59.3%"}, (16.0, 27.0), True),
        ({"quantity": "logrank_p", "printed": "<0.001"}, (0.0009,), True),
        ({"quantity": "logrank_p", "printed": "<0.001"}, (0.0011,), False),
    ],
)
def test_printing_the_same(row: dict[str, str], numbers: tuple[float, ...], same: bool) -> None:
    assert prints_as(claims(row).rows[0], numbers) is same
