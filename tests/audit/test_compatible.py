"""From a printed summary to a compatible cohort: simulated truths are met, what is impossible is named."""

import io
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
import pandas as pd
import pytest

from kras_core.analyse.survival import analyse
from kras_core.audit.compatible import Compatible, find, problem_of
from kras_core.audit.search import Progress
from kras_core.audit.summary import Comparison, EndpointSummary, Summary, SummaryError
from kras_core.audit.summary_toml import read_summary
from kras_core.audit.targets import measure
from kras_core.conventions import PRESETS
from kras_core.selection import By, Selection
from tests.audit.trials import printed, trial

GOOD = """
title = "A trial"
n = 60
conventions = "spss"
follow_up_months = [6, 40]

[groups.arm]
new = 30
old = 30

[endpoints.os]
events = 44
median = 11.50

[endpoints.os.by.arm]
median = { new = "14.0", old = 9.1 }
events = { new = 20, old = 24 }
hazard_ratio = 0.64
hazard_ratio_interval = [0.35, 1.16]
of = "new"
logrank_p = 0.14
"""


def result(run: Iterator[Progress | Compatible]) -> Compatible:
    *_, last = run
    assert isinstance(last, Compatible)
    return last


@pytest.mark.parametrize(
    "summary",
    [
        trial(1, (40, 40), 0.6, 10),
        trial(3, (6, 21), 0.45, 10, progression=True),
        trial(4, (30, 30), 0.4, 16),
        trial(5, (40, 40), 0.6, 10, preset="r"),
        trial(7, (60, 30), 0.7, 12, preset="sas"),
    ],
    ids=["1:1", "small, PFS and OS", "a median not reached", "R", "SAS"],
)
def test_a_simulated_trial_is_found_again(summary: Summary) -> None:
    """Every figure of the found rows, recomputed from their CSV by the kernel, prints as the trial's did."""
    found = result(find(summary, seed=1))
    assert found.missed == ()
    rows = pd.read_csv(io.StringIO(found.csv))
    assert rows["arm"].value_counts().to_dict() == summary.groups["arm"]
    for (_, target), outcome in zip(summary.figures, found.figures, strict=True):
        assert outcome.target == target
        days, event = rows[f"{target.endpoint}_days"], rows[f"{target.endpoint}_event"] == 1
        level = rows["arm"].to_numpy(dtype=str) if target.by else None
        months = days.to_numpy() / found.cohort.days_per_month
        value = measure(target, months, event.to_numpy(), level, PRESETS[summary.conventions])
        assert value == outcome.value
        decimals = len(target.text.partition(".")[2])
        assert printed(value, decimals) == target.text


def test_a_median_that_is_not_reached_is_printed_so() -> None:
    assert any(target.text == "NR" for target in trial(4, (30, 30), 0.4, 16).targets)


def test_the_rows_are_a_cohort_that_says_what_it_is() -> None:
    """Reconstructed, in the conventions that its figures are in, and with those figures on the Survival view."""
    found = result(find(read_summary(GOOD)))
    cohort = found.cohort
    assert (cohort.provenance, cohort.conventions, cohort.n, cohort.endpoints) == ("reconstructed", "spss", 60, ("os",))
    assert cohort.title == "A trial"
    assert cohort.patients["patient_id"].str.startswith("RECONSTRUCTED-").all()
    assert (cohort.drawn, cohort.partly_drawn) == (frozenset(), ())
    assert cohort.time_in_days == {"os"}
    view = analyse(cohort, Selection(cohort=cohort.digest, endpoint="os", by=(By("arm"),)))
    assert view.redraws is None
    censored = cohort.numbers("os_months")[cohort.numbers("os_event") == 0]
    assert censored.min() >= 5.9 and censored.max() <= 40


def test_a_grouping_without_a_figure_is_drawn() -> None:
    """Sizes alone say nothing of an outcome: the view shows a range over redraws, for that endpoint or for all."""
    summary = Summary(
        n=40,
        groups={"arm": {"new": 20, "old": 20}, "site": {"here": 10, "there": 30}},
        endpoints={
            "pfs": EndpointSummary(events=35, by={"arm": Comparison(median={"new": "8.0", "old": "5.0"})}),
            "os": EndpointSummary(events=30, median="11"),
        },
    )
    cohort = result(find(summary)).cohort
    assert cohort.drawn == {"site"}
    (partly,) = cohort.partly_drawn
    assert (partly.column, partly.keeps, partly.endpoints) == ("arm", "arm", ("pfs",))

    def drawn(endpoint: str, by: str) -> bool:
        return analyse(cohort, Selection(cohort=cohort.digest, endpoint=endpoint, by=(By(by),))).redraws is not None

    assert [drawn("pfs", "arm"), drawn("os", "arm"), drawn("pfs", "site")] == [False, True, True]


def test_the_order_of_endpoints_holds() -> None:
    found = result(find(trial(3, (6, 21), 0.45, 10, progression=True)))
    rows = pd.read_csv(io.StringIO(found.csv))
    assert (rows["pfs_days"] <= rows["os_days"]).all()
    assert (rows["pfs_event"] >= rows["os_event"]).all()
    assert (rows["pfs_days"] == rows["os_days"])[rows["pfs_event"] == 0].all()


def test_events_that_are_not_printed_are_searched() -> None:
    full = trial(1, (40, 40), 0.6, 10)
    one = full.endpoints["os"]
    silent = replace(one, events=None, by={"arm": replace(one.by["arm"], events={})})
    found = result(find(replace(full, endpoints={"os": silent})))
    assert found.missed == ()
    assert not problem_of(replace(full, endpoints={"os": silent})).per_patient("known").any()


def test_impossible_figures_are_named() -> None:
    """A hazard ratio's interval below the floor of its standard error, √(1/30 + 1/30) = 0.258: here 0.11."""
    good = read_summary(GOOD)
    by = replace(good.endpoints["os"].by["arm"], hazard_ratio_interval=("0.52", "0.79"))
    narrow = replace(good, endpoints={"os": replace(good.endpoints["os"], by={"arm": by})})
    found = result(find(narrow, steps=300, attempts=2))
    missed = {o.target.quantity for o in found.missed}
    assert missed & {"hazard_ratio_low", "hazard_ratio_high"}
    low, high = (
        next(o.value for o in found.figures if o.target.quantity == f"hazard_ratio_{e}") for e in ("low", "high")
    )
    assert np.log(high / low) / (2 * 1.959964) >= np.sqrt(1 / 30 + 1 / 30) - 1e-9
    assert len(found.figures) - len(found.missed) >= 5


def test_it_can_be_left_midway_and_says_how_far_it_is() -> None:
    good = read_summary(GOOD)
    hard = replace(good, endpoints={"os": replace(good.endpoints["os"], median="2.0")})
    run = find(hard, steps=200, attempts=2)
    seen = list(islice(run, 3))
    run.close()
    assert all(isinstance(s, Progress) for s in seen)
    steps = [s.step for s in seen if isinstance(s, Progress)]
    assert steps == sorted(set(steps))
    everything = [s for s in find(hard, steps=200, attempts=2) if isinstance(s, Progress)]
    assert everything[:3] == seen
    assert [everything[-1].step, everything[-1].steps] == [440, 440]
    assert all(s.missed for s in everything)


def test_the_same_seed_gives_the_same_cohort() -> None:
    good = read_summary(GOOD)
    assert result(find(good, seed=3)).csv == result(find(good, seed=3)).csv
    assert result(find(good, seed=3)).csv != result(find(good, seed=4)).csv


def test_months_are_divided_so_that_the_printed_times_are_whole_days() -> None:
    """7.96 is 242 days at 365/12 and no whole number of days at 30.4375; a divisor that is given stays."""
    summary = Summary(n=27, endpoints={"pfs": EndpointSummary(events=25, median="7.96")})
    assert problem_of(summary).days_per_month == 365 / 12
    assert problem_of(replace(summary, days_per_month=30.4375)).days_per_month == 30.4375
    assert result(find(summary)).missed == ()
    assert len(result(find(replace(summary, days_per_month=30.4375), steps=50, attempts=1)).missed) == 1


def test_a_toml_file_is_read_as_printed() -> None:
    summary = read_summary(GOOD)
    assert (summary.n, summary.title, summary.follow_up_months) == (60, "A trial", (6.0, 40.0))
    assert summary.endpoints["os"].median == "11.50"
    assert summary.events("os") == 44
    assert [(key, t.text) for key, t in summary.figures] == [
        ("endpoints.os.events", "44"),
        ("endpoints.os.median", "11.50"),
        ("endpoints.os.by.arm.median.new", "14.0"),
        ("endpoints.os.by.arm.median.old", "9.1"),
        ("endpoints.os.by.arm.events.new", "20"),
        ("endpoints.os.by.arm.events.old", "24"),
        ("endpoints.os.by.arm.hazard_ratio", "0.64"),
        ("endpoints.os.by.arm.hazard_ratio_interval", "0.35"),
        ("endpoints.os.by.arm.hazard_ratio_interval", "1.16"),
        ("endpoints.os.by.arm.logrank_p", "0.14"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ("n = 60", "n = sixty", "", "no TOML"),
        ("n = 60", 'n = "60"', "n", "whole number"),
        ("n = 60\n", "", "n", "missing"),
        ("n = 60", "n = 1", "n", "from 2 to"),
        ("n = 60", "n = 61", "groups.arm", "add up to n = 61; found 30 + 30"),
        ('title = "A trial"', "title = 1", "title", "in quotes"),
        ("new = 30", "1 = 30", "groups.arm", "a label is a word"),
        ("new = 30", "OLD = 30", "groups.arm", "capitals"),
        ("[groups.arm]", "[groups.sex]", "groups.sex", "meaning of its own"),
        ("[groups.arm]", "[groups.pfs_days]", "groups.pfs_days", "meaning of its own"),
        ("[groups.arm]", "[groups.site]", "endpoints.os.by.arm", "[groups.arm]"),
        ("[endpoints.os]", "[endpoints.OS]", "endpoints.OS", "small letters"),
        ("events = 44", "events = 61", "endpoints.os.events", "one event at most"),
        ("events = 44", "events = 43", "endpoints.os.events", "do not add up to 43"),
        ("events = { new = 20", "events = { new = 31", "endpoints.os.by.arm.events.new", "31 events in 30"),
        ("median = 11.50", 'median = "soon"', "endpoints.os.median", "'soon' is not one number"),
        ("median = 11.50", "median = [11.5]", "endpoints.os.median", "as printed"),
        ("median = 11.50", "medain = 11.50", "endpoints.os.medain", "there are events, median"),
        ('new = "14.0"', 'newer = "14.0"', "endpoints.os.by.arm.median.newer", "new, old"),
        ("logrank_p = 0.14", 'logrank_p = "NR"', "endpoints.os.by.arm.logrank_p", "only a median"),
        ("[0.35, 1.16]", "[0.35]", "endpoints.os.by.arm.hazard_ratio_interval", "two figures"),
        ('of = "new"', 'of = "newest"', "endpoints.os.by.arm.of", "new or old"),
        ('of = "new"', "", "endpoints.os.by.arm.of", "new or old"),
        ("[6, 40]", "[40, 6]", "follow_up_months", "shortest"),
        ("[6, 40]", '["a", 6]', "follow_up_months", "no number"),
        ("n = 60", "n = 60\ndays_per_month = 7", "days_per_month", "28 to 31"),
        ("n = 60", "n = 60\nphase = 3", "phase", "no such key"),
    ],
)
def test_what_is_wrong_with_a_summary_is_said_by_its_key(old: str, new: str, key: str, words: str) -> None:
    assert old in GOOD
    with pytest.raises(SummaryError) as caught:
        read_summary(GOOD.replace(old, new, 1))
    assert caught.value.key == key
    assert str(caught.value).startswith(key)
    assert words in str(caught.value)


def test_more_is_refused_that_makes_no_sense() -> None:
    three = {"arm": {"a": 5, "b": 5, "c": 5}}
    with pytest.raises(SummaryError, match="those of two groups; here are 3"):
        Summary(n=15, groups=three, endpoints={"os": EndpointSummary(by={"arm": Comparison(logrank_p="0.3")})})
    with pytest.raises(SummaryError, match="at least one endpoint"):
        Summary(n=15, endpoints={})
    with pytest.raises(SummaryError, match="at least one figure"):
        Summary(n=15, endpoints={"os": EndpointSummary()})
    with pytest.raises(SummaryError, match="only 8 of pfs, which comes first"):
        Summary(n=15, endpoints={"pfs": EndpointSummary(events=8), "os": EndpointSummary(events=9)})


def test_three_groups_have_medians() -> None:
    medians = Comparison(median={"a": "6.0", "b": "9.0", "c": "NR"}, events={"a": 12, "b": 11, "c": 4})
    summary = Summary(
        n=45, groups={"arm": {"a": 15, "b": 15, "c": 15}}, endpoints={"os": EndpointSummary(by={"arm": medians})}
    )
    found = result(find(summary))
    assert found.missed == ()
    assert np.isinf(found.figures[2].value)
