"""Each check on made-up claims: what it lets pass, what it catches, and what it says."""

import math

import pytest

from kras_core.audit.checks import CHECKS
from kras_core.audit.quantities import QUANTITIES
from tests.audit.claiming import entries, finding, verdicts

N = {"id": "n", "quantity": "n", "printed": "27"}


def test_every_check_says_what_it_rests_on() -> None:
    for check in CHECKS.values():
        assert all((check.title, check.formula, check.assumption, check.false_alarms, check.reference)), check.id
        assert check.quantities and set(check.quantities) <= set(QUANTITIES), check.id


# Counts


@pytest.mark.parametrize(
    ("printed", "n", "verdict"),
    [
        ("16 (59.3)", "27", "consistent"),
        ("16 (59.2)", "27", "rounding only"),
        ("16 (59)", "27", "consistent"),
        ("16 (59.4)", "27", "impossible"),
        ("16 (61.5)", "27", "inconsistent"),  # 16 of 26: one value missing
        ("61.5% (16/27)", "27", "impossible"),  # both counts are printed
        ("30", "27", "impossible"),
        ("1 (12.5)", "8", "consistent"),
        ("1 (6.2)", "16", "consistent"),  # 6.25, half to even
        ("33.3%", "27", "consistent"),
        ("33.4%", "27", "inconsistent"),
        ("120%", "27", "impossible"),
        ("33.4%", "", "not recomputable"),
    ],
)
def test_percentages(printed: str, n: str, verdict: str) -> None:
    entry = entries({"quantity": "share", "printed": printed, "n": n})["c0"]
    assert entry.verdict == verdict


def test_a_percentage_alone_lists_its_counts() -> None:
    entry = entries(N, {"quantity": "share", "printed": "14.8%"})["c1"]
    assert "4" in finding(entry, "percentage").steps[0] and finding(entry, "percentage").verdict == "consistent"
    many = entries({"quantity": "share", "printed": "50%", "n": "400"})["c0"]
    assert "198, 199, 200, 201, 202" in finding(many, "percentage").steps[0]


@pytest.mark.parametrize(("last", "verdict"), [("2", "consistent"), ("1", "inconsistent"), ("3", "inconsistent")])
def test_partitions(last: str, verdict: str) -> None:
    rows = [{"quantity": "share", "printed": k, "partition": "variant", "n": "27"} for k in ("13", "7", "5", last)]
    found = entries(*rows)
    assert {finding(e, "partition").verdict for e in found.values()} == {verdict}


@pytest.mark.parametrize(
    ("any_row", "verdict", "words"),
    [
        ("2", "impossible", "3 had the commonest"),
        ("5", "consistent", "between"),
        ("7", "consistent", "only if nobody had two"),
        ("9", "consistent", "others are not listed"),
    ],
)
def test_any_rows(any_row: str, verdict: str, words: str) -> None:
    terms = zip("abcd", ("3", "2", "1", "1"), strict=True)
    listed = [{"quantity": "ae_3_4", "level": t, "printed": k, "n": "27"} for t, k in terms]
    entry = entries(*listed, {"quantity": "ae_3_4", "level": "Any", "printed": any_row, "n": "27"})["c4"]
    assert finding(entry, "any-row").verdict == verdict
    assert words in finding(entry, "any-row").statement


def test_severe_events_are_events() -> None:
    rows = (
        {"quantity": "ae_any", "level": "Rash", "printed": "2", "n": "27"},
        {"quantity": "ae_3_4", "level": "Rash", "printed": "3", "n": "27"},
    )
    assert finding(entries(*rows)["c0"], "any-row").verdict == "impossible"


def test_response_rates_get_the_interval_they_lack() -> None:
    found = entries(N, {"quantity": "orr", "printed": "33.3%"}, {"quantity": "dcr", "printed": "92.6% (25/27)"})
    assert "16.5–54.0" in finding(found["c1"], "missing-interval").statement
    assert "75.7–99.1" in finding(found["c2"], "missing-interval").statement
    assert "18.6–52.2" in finding(found["c1"], "missing-interval").statement


@pytest.mark.parametrize(
    ("printed", "verdict", "word"),
    [
        ("16.5–54.0", "consistent", "Clopper–Pearson"),
        ("18.6–52.2", "consistent", "Wilson"),
        ("15.6–51.1", "consistent", "Wald"),
        ("16.5–58.0", "inconsistent", "None"),
    ],
)
def test_printed_intervals_of_a_percentage(printed: str, verdict: str, word: str) -> None:
    found = entries(N, {"quantity": "orr", "printed": "33.3%"}, {"quantity": "share_ci", "printed": printed})["c2"]
    assert finding(found, "share-interval").verdict == verdict
    assert word in finding(found, "share-interval").statement


# Ratios


def comparison(hr: str, ci: str, p: str, groups: str = "", kind: str = "wald_p", events: str = "", level: str = ""):
    base = {"endpoint": "os", "by": "arm", "groups": groups, "events": events}
    return entries(
        {"id": "hr", "quantity": "hazard_ratio", "printed": hr, **base},
        {"id": "ci", "quantity": "hazard_ratio_ci", "printed": ci, "confidence": level, **base},
        {"id": "p", "quantity": kind, "printed": p, **base},
    )


def test_a_sound_comparison_passes() -> None:
    found = comparison("0.588", "0.4237–0.816", "0.00149", "a=138; b=90", events="a=112; b=53")
    assert {e.verdict for e in found.values()} == {"consistent"}
    assert {"ratio-centre", "interval-and-p", "se-floor"} <= set(verdicts(found["ci"]))


@pytest.mark.parametrize(
    ("ci", "verdict"),
    [
        ("0.4237–0.816", "consistent"),
        ("0.4237–0.916", "inconsistent"),
        ("0.62–0.816", "impossible"),
        ("0.9–0.4", "impossible"),
    ],
)
def test_the_ratio_is_the_middle_of_its_interval(ci: str, verdict: str) -> None:
    assert finding(comparison("0.588", ci, "0.001")["ci"], "ratio-centre").verdict == verdict
    assert finding(comparison("0.588", ci, "0.001")["hr"], "ratio-centre").verdict == verdict


@pytest.mark.parametrize(
    ("p", "kind", "verdict"),
    [
        ("0.00149", "wald_p", "consistent"),
        ("<0.01", "wald_p", "consistent"),
        ("0.0031", "wald_p", "inconsistent"),
        ("0.0031", "logrank_p", "consistent"),  # a log-rank p may differ by so much
        ("0.2", "logrank_p", "inconsistent"),
    ],
)
def test_interval_and_p(p: str, kind: str, verdict: str) -> None:
    assert finding(comparison("0.588", "0.4237–0.816", p, kind=kind)["p"], "interval-and-p").verdict == verdict


def test_the_floor_gives_the_tightest_possible_interval() -> None:
    found = finding(comparison("0.42", "0.20–0.89", "0.025", "a=21; b=6")["ci"], "se-floor")
    assert found.verdict == "impossible" and found.changes_conclusion
    assert found.tightest == pytest.approx((0.1695, 1.0406), abs=5e-4)
    assert "95 % Wald interval of a Cox model" in found.statement
    assert any("90 %" in way and "just fits" in way for way in found.ways_out)
    above = finding(comparison("2.38", "1.12–5.0", "0.025", "a=21; b=6")["ci"], "se-floor")
    assert above.verdict == "impossible" and above.changes_conclusion


def test_the_floor_is_not_applied_where_it_does_not_hold() -> None:
    assert "se-floor" not in verdicts(comparison("0.42", "0.20–0.89", "0.025")["ci"])  # no sizes
    assert "se-floor" not in verdicts(comparison("0.42", "0.20–0.89", "0.025", "a=9; b=9; c=9")["ci"])  # three groups
    ninety = comparison("0.42", "0.20–0.89", "0.025", "a=21; b=6", level="90")
    assert finding(ninety["ci"], "se-floor").verdict == "consistent"


def test_events_make_the_floor_higher() -> None:
    """Patients alone allow the interval, their events do not."""
    patients = comparison("0.5", "0.27–0.93", "0.03", "a=50; b=50")
    events = comparison("0.5", "0.27–0.93", "0.03", "a=50; b=50", events="a=12; b=20")
    assert finding(patients["ci"], "se-floor").verdict == "consistent"
    assert finding(events["ci"], "se-floor").verdict == "impossible"


@pytest.mark.parametrize(("kind", "verdict"), [("wald_p", "impossible"), ("logrank_p", "inconsistent")])
def test_a_log_rank_p_is_never_called_impossible(kind: str, verdict: str) -> None:
    found = finding(comparison("0.29", "0.11–0.76", "<0.001", "a=21; b=6", kind)["p"], "ratio-and-p")
    assert found.verdict == verdict
    assert (
        finding(comparison("0.29", "0.11–0.76", "0.01", "a=21; b=6", kind)["p"], "ratio-and-p").verdict == "consistent"
    )


@pytest.mark.parametrize(("p", "verdict"), [("1.2", "impossible"), ("<1.001", "inconsistent")])
def test_a_p_is_a_probability(p: str, verdict: str) -> None:
    row = {"quantity": "logrank_p", "endpoint": "os", "by": "arm"}
    assert finding(entries({**row, "printed": p})["c0"], "p-range").verdict == verdict
    for sound in ("1.00", "0.999", "<0.001", ">0.05", "0"):
        assert "p-range" not in verdicts(entries({**row, "printed": sound})["c0"])


# Medians


def medians(overall: str, first: str, second: str, n: tuple[str, str] = ("14", "13")):
    return entries(
        {"id": "all", "quantity": "median", "endpoint": "os", "printed": overall, "n": "27"},
        {"quantity": "median", "endpoint": "os", "by": "g12c", "level": "non-G12C", "printed": first, "n": n[0]},
        {"quantity": "median", "endpoint": "os", "by": "g12c", "level": "G12C", "printed": second, "n": n[1]},
    )["all"]


@pytest.mark.parametrize(
    ("overall", "verdict"),
    [
        ("9.8", "consistent"),
        ("10.6", "consistent"),
        ("10.7", "consistent"),
        ("10.8", "inconsistent"),
        ("12.4", "inconsistent"),
        ("8.8", "inconsistent"),
    ],
)
def test_an_overall_median_between_its_groups(overall: str, verdict: str) -> None:
    assert finding(medians(overall, "9.0", "10.6"), "overall-median").verdict == verdict


def test_one_early_loss_suffices() -> None:
    found = finding(medians("12.4", "9.0", "10.6"), "overall-median")
    assert "One early loss" in found.statement
    assert "1 of G12C" in found.ways_out[0]
    assert found.interval == pytest.approx((8.95, 10.65))


def test_groups_that_leave_patients_out_are_not_compared() -> None:
    assert "overall-median" not in verdicts(medians("12.4", "9.0", "10.6", ("10", "13")))


@pytest.mark.parametrize(
    ("median", "ci", "verdict", "preset"),
    [
        ("7.96", "5.6–10.3", "consistent", "spss"),
        ("310", "285–363", "consistent", ""),
        ("4.0", "5.6–10.3", "inconsistent", ""),
        ("7.96", "5.6–NR", "consistent", ""),
    ],
)
def test_intervals_of_a_median(median: str, ci: str, verdict: str, preset: str) -> None:
    found = entries(
        {"quantity": "median", "endpoint": "os", "printed": median},
        {"quantity": "median_ci", "endpoint": "os", "printed": ci},
    )["c1"]
    if ci.endswith("NR"):
        assert "median-interval" not in verdicts(found)
        return
    assert (finding(found, "median-interval").verdict, finding(found, "median-interval").preset) == (verdict, preset)


def test_which_day() -> None:
    """7.96 months are 242 days at 365/12 or 30.4, and unreachable with the other usual divisors."""
    found = finding(entries({"quantity": "median", "endpoint": "pfs", "printed": "7.96"})["c0"], "whole-days")
    assert found.computed == "30.4: 242 days; 365/12 (30.417): 242 days"
    assert "Not with 30, 365.25/12 (30.4375), 30.44, 30.5" in found.statement


def test_no_day_at_all() -> None:
    found = finding(entries({"quantity": "median", "endpoint": "pfs", "printed": "0.505"})["c0"], "whole-days")
    assert found.verdict == "inconsistent" and "calendar" in found.ways_out[0]


@pytest.mark.parametrize(
    ("at", "rate", "verdict"),
    [("12", "52", "consistent"), ("12", "40", "impossible"), ("18", "60", "impossible"), ("18", "40", "consistent")],
)
def test_milestones(at: str, rate: str, verdict: str) -> None:
    rows = (
        {"quantity": "median", "endpoint": "os", "printed": "14.1"},
        {"quantity": "rate", "endpoint": "os", "printed": rate, "at": at},
    )
    assert finding(entries(*rows)["c1"], "milestone").verdict == verdict


# Follow-up, dates, guarantee

DATES = (
    {"quantity": "date_first", "printed": "April 2019"},
    {"quantity": "date_last", "printed": "June 2022"},
    {"quantity": "date_cutoff", "printed": "March 4, 2024"},
)
OS = {"quantity": "median", "endpoint": "os", "printed": "12.4"}


@pytest.mark.parametrize(("months", "verdict"), [("30.3", "consistent"), ("11.0", "consistent"), ("61", "impossible")])
def test_follow_up(months: str, verdict: str) -> None:
    found = finding(entries(*DATES, OS, {"quantity": "follow_up", "printed": months})["c4"], "follow-up")
    assert found.verdict == verdict
    if months == "30.3":
        assert (
            "only as reverse Kaplan–Meier, time from start to cut-off or the median among survivors" in found.statement
        )
        assert found.interval == pytest.approx((20.1, 59.1), abs=0.05)
    if months == "11.0":
        assert "the median of observed times" in found.statement and "only" not in found.statement


def test_dates_follow_each_other() -> None:
    assert {finding(e, "dates").verdict for e in entries(*DATES).values()} == {"consistent"}
    swapped = (*DATES[:2], {"quantity": "date_cutoff", "printed": "March 2022"})
    assert {finding(e, "dates").verdict for e in entries(*swapped).values()} == {"impossible"}


def test_a_guaranteed_time_is_a_flag() -> None:
    found = entries({"quantity": "guarantee", "printed": "2", "unit": "cycles of 21 days"})["c0"]
    assert found.verdict == "not recomputable" and found.lead.flag
    assert "42 days (1.38 months)" in found.lead.statement


# Repeats and words


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        ("7.96", "8.0", "rounding only"),
        ("7.96", "7.96", "consistent"),
        ("7.96", "8.1", "inconsistent"),
        ("7.9", "8.0", "inconsistent"),
    ],
)
def test_one_figure_in_two_places(first: str, second: str, verdict: str) -> None:
    rows = [
        {"quantity": "median", "endpoint": "pfs", "printed": p, "place": w}
        for p, w in ((first, "Abstract"), (second, "Results"))
    ]
    assert {finding(e, "repeated").verdict for e in entries(*rows).values()} == {verdict}


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        ("23 (85.2%)", "85.2% (23/27)", "consistent"),
        ("23", "85.2%", "consistent"),
        ("23 (85.2%)", "85% (23/27)", "rounding only"),
        ("23 (85.2%)", "22 (81.5%)", "inconsistent"),
    ],
)
def test_one_share_in_two_places(first: str, second: str, verdict: str) -> None:
    rows = [{"quantity": "share", "where": "sex=M", "printed": p} for p in (first, second)]
    assert {finding(e, "repeated").verdict for e in entries(*rows).values()} == {verdict}


def test_words_that_exclude_each_other() -> None:
    base = {"quantity": "wording", "endpoint": "pfs", "by": "arm"}
    found = entries(
        {"printed": "significantly", **base}, {"printed": "numerically", **base}, {"printed": "longer", **base}
    )
    assert [e.verdict for e in found.values()] == ["inconsistent", "inconsistent", "consistent"]


def test_what_is_announced_and_missing() -> None:
    found = entries({"quantity": "announced", "printed": "numbers of events"})["c0"]
    assert found.verdict == "not recomputable" and "not printed" in found.lead.statement


def test_no_claim_stays_blank() -> None:
    printed = {"interval": "1.0–2.0", "date": "2020-01-01", "share": "3", "text": "words"}
    rows = [{"quantity": q.id, "printed": printed.get(q.form, "1.5")} for q in QUANTITIES.values()]
    for entry in entries(*rows).values():
        assert entry.findings and all(f.statement and f.check and f.claim == entry.claim.id for f in entry.findings)
    assert not any(math.isnan(x) for e in entries(*rows).values() for f in e.findings for x in f.interval or ())
