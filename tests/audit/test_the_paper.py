"""What the bundled paper must show, line by line, on the cohort that keeps its hazard ratios."""

import pytest

from kras_core.audit.audit import AuditReport, Entry, audit
from kras_core.audit.claims import bundled_claims
from kras_core.audit.findings import Finding
from kras_core.audit.printed import share
from kras_core.cohort.bundled import load
from tests.audit.claiming import finding

COHORT = "sintilimab-anlotinib"


@pytest.fixture(scope="module")
def report() -> AuditReport:
    claims = bundled_claims(COHORT)
    assert claims is not None
    return audit(claims, load(COHORT))


@pytest.fixture(scope="module")
def entries(report: AuditReport) -> dict[str, Entry]:
    return {e.claim.id: e for e in report.entries}


def found(entries: dict[str, Entry], claim: str, check: str, number: int = 0) -> Finding:
    return [f for f in entries[claim].findings if f.check == check][number]


def of_quantity(report: AuditReport, *quantities: str) -> list[Entry]:
    chosen = [e for e in report.entries if e.claim.quantity in quantities]
    assert chosen
    return chosen


@pytest.mark.parametrize(
    ("claim", "printed", "tightest", "changes"),
    [("pfs-hr-ci", "0.15–0.56", (0.117, 0.719), False), ("os-hr-ci", "0.20–0.89", (0.170, 1.041), True)],
)
def test_both_intervals_of_the_hazard_ratios_are_impossible(entries, claim, printed, tightest, changes) -> None:
    entry = entries[claim]
    floor = finding(entry, "se-floor")
    assert (entry.claim.printed, entry.verdict, floor.verdict) == (printed, "impossible", "impossible")
    assert "as a 95 % Wald interval of a Cox model" in floor.statement and "0.463" in floor.statement
    assert floor.tightest == pytest.approx(tightest, abs=6e-4)
    assert entry.changes_conclusion is floor.changes_conclusion is changes


def test_every_way_out_is_named(entries: dict[str, Entry]) -> None:
    ways = {claim: " ".join(finding(entries[claim], "se-floor").ways_out) for claim in ("pfs-hr-ci", "os-hr-ci")}
    for text in ways.values():
        for way in (
            "Another kind of hazard ratio",
            "Prism",
            "Several events per patient",
            "groups that change with time",
            "robust, weighted, penalised, Bayesian or bootstrap",
            "did not converge",
            "Another n",
        ):
            assert way in text
    assert "90 % interval: read so it just fits" in ways["os-hr-ci"] and "39 patients" in ways["os-hr-ci"]
    assert "90 % is not enough" in ways["pfs-hr-ci"] and "49 patients" in ways["pfs-hr-ci"]
    assert "no other split of 27" in ways["pfs-hr-ci"] and "or another split of 27" in ways["os-hr-ci"]


def test_one_percentage_is_rounded_otherwise_and_every_other_is_consistent(report: AuditReport) -> None:
    shares = [e for e in report.entries if e.claim.kind.form == "share" and share(e.claim.printed).percent]
    assert len(shares) >= 40
    verdicts = {e.claim.id: finding(e, "percentage").verdict for e in shares}
    assert {id for id, v in verdicts.items() if v != "consistent"} == {"t2-hypertension"}
    assert verdicts["t2-hypertension"] == "rounding only"


def test_both_intervals_of_the_medians_are_spss(report: AuditReport) -> None:
    """Reachable under SPSS, and consistent with its symmetry."""
    for entry in of_quantity(report, "median_ci"):
        recomputed = finding(entry, "recomputed")
        assert (recomputed.verdict, recomputed.preset) == ("reachable", "spss")
        assert "under SPSS" in recomputed.statement and "R survival" not in recomputed.statement
        symmetric = finding(entry, "median-interval")
        assert (symmetric.verdict, symmetric.preset) == ("consistent", "spss")


def test_the_smallest_change_that_gives_median_and_interval(entries: dict[str, Entry]) -> None:
    """7.96 with 5.6–10.3, from R's defaults: SPSS's interval, and months of 365/12 days (30.4 does as well)."""
    (way,) = found(entries, "abstract-pfs-ci", "recomputed").ways_out
    assert "interval of the median as in SPSS" in way
    assert "365/12" in way and "30.4 days" in way


def test_the_overall_median_lies_outside_its_groups(report: AuditReport) -> None:
    overall = [e for e in of_quantity(report, "median") if e.claim.endpoint == "os" and not e.claim.by]
    assert len(overall) == 5
    for entry in overall:
        assert entry.verdict == "inconsistent"
        outside = next(f for f in entry.findings if f.check == "overall-median")
        assert outside.verdict == "inconsistent" and "One early loss to follow-up suffices" in outside.statement
        assert "G12C 10.6" in outside.statement and "non-G12C 9.0" in outside.statement
        assert outside.ways_out[0].startswith("Witness: 1 of G12C lost")


def test_every_other_overall_median_lies_between(report: AuditReport) -> None:
    verdicts = [f.verdict for e in report.entries for f in e.findings if f.check == "overall-median"]
    assert verdicts.count("inconsistent") == 5 and set(verdicts) == {"consistent", "inconsistent"}


def test_follow_up(report: AuditReport) -> None:
    for entry in of_quantity(report, "follow_up"):
        said = finding(entry, "follow-up")
        assert said.verdict == "consistent" and said.interval == pytest.approx((20.1, 59.1), abs=0.06)
        assert (
            "only as reverse Kaplan–Meier, time from start to cut-off or the median among survivors" in said.statement
        )
        assert entry.verdict == "reachable"


def test_response_rates_get_their_intervals(report: AuditReport) -> None:
    for entry in of_quantity(report, "orr", "dcr"):
        said = finding(entry, "missing-interval")
        text = "16.5–54.0" if entry.claim.quantity == "orr" else "75.7–99.1"
        assert said.verdict == "consistent" and text in said.statement and "Wilson" in said.statement


def test_the_median_in_two_roundings(report: AuditReport) -> None:
    overall = [e for e in of_quantity(report, "median") if e.claim.endpoint == "pfs" and not e.claim.by]
    assert {e.claim.printed for e in overall} == {"7.96", "8.0"}
    assert {finding(e, "repeated").verdict for e in overall} == {"rounding only"}
    assert {e.verdict for e in overall} == {"rounding only"}


def test_no_claim_is_blank(report: AuditReport) -> None:
    assert len(report.entries) == sum(report.counts.values()) > 85
    assert all(e.findings and all(f.statement for f in e.findings) for e in report.entries)


def test_nothing_else_is_impossible_or_inconsistent(report: AuditReport) -> None:
    """Apart from the two intervals: the OS median, the p values that the floor rules out, and the two words."""
    assert {e.claim.id for e in report.entries if e.verdict == "impossible"} == {"pfs-hr-ci", "os-hr-ci"}
    inconsistent = {e.claim.id for e in report.entries if e.verdict == "inconsistent" and e.claim.quantity != "wording"}
    assert inconsistent == {
        "pfs-p",
        "os-p",
        *(f"{place}-os" for place in ("summary", "abstract", "results", "caption1", "discussion")),
    }


@pytest.mark.parametrize(("claim", "least"), [("pfs-p", "0.0067"), ("os-p", "0.057")])
def test_the_p_values_are_below_what_the_groups_allow(entries: dict[str, Entry], claim: str, least: str) -> None:
    said = finding(entries[claim], "ratio-and-p")
    assert said.verdict == "inconsistent" and least in said.statement


def test_which_day_the_median_is(entries: dict[str, Entry]) -> None:
    assert found(entries, "abstract-pfs", "whole-days").computed == "30.4: 242 days; 365/12 (30.417): 242 days"


def test_words_gaps_and_guarantee(entries: dict[str, Entry]) -> None:
    assert finding(entries["results-significantly"], "wording").verdict == "inconsistent"
    assert finding(entries["methods-cox"], "announced").flag
    guarantee = entries["methods-two-cycles"]
    assert guarantee.verdict == "not recomputable" and all(f.flag for f in guarantee.findings)
    steps = finding(guarantee, "recomputed").steps
    assert "k = 6: ORR 9/33 = 27.3 %" in steps and "k = 6: DCR 25/33 = 75.8 %" in steps
    assert "k = 6: median PFS 6.0 months" in steps


def test_adverse_events_of_grade_3_and_4_leave_no_room(entries: dict[str, Entry]) -> None:
    assert "only if nobody had two of them" in finding(entries["t2-any-34"], "any-row").statement


def test_reconstructed_rows_never_reproduce(report: AuditReport) -> None:
    assert report.counts["reproduced"] == 0 and report.counts["reachable"] > 90
    for f in report.findings:
        if f.check == "recomputed" and f.verdict == "reachable":
            assert "built to" in f.statement and "nothing about patients" in f.assumption


def test_the_other_reconstruction_reaches_the_p_values_and_misses_the_ratios() -> None:
    claims = bundled_claims("sintilimab-anlotinib-p")
    assert claims is not None
    entries = {e.claim.id: e for e in audit(claims, load("sintilimab-anlotinib-p")).entries}
    for claim, verdict in (("pfs-p", "reachable"), ("os-p", "reachable"), ("pfs-hr", "not recomputable")):
        assert finding(entries[claim], "recomputed").verdict == verdict
    assert entries["pfs-hr-ci"].verdict == "impossible"  # whatever the rows


def test_without_rows_the_paper_alone_shows_the_same() -> None:
    claims = bundled_claims(COHORT)
    assert claims is not None
    bare = audit(claims)
    assert bare.counts["impossible"] == 2 and bare.counts["reachable"] == 0
    assert {e.claim.id for e in bare.entries if e.verdict == "impossible"} == {"pfs-hr-ci", "os-hr-ci"}
    assert all(e.findings for e in bare.entries)
