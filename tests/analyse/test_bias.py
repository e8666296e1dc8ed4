"""The bias panel: against R, the paper's conditional inclusion, delayed entry, and where a part is not offered."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kras_core.address import default_selection
from kras_core.analyse.bias import MOST_LEFT_OUT, analyse_bias
from kras_core.analyse.survival import analyse
from kras_core.cohort.bundled import DEFAULT, load
from kras_core.cohort.model import Cohort
from kras_core.report.bias.as_json import bias_json
from kras_core.report.bias.tables import (
    bias_rows,
    centres_table,
    early_table,
    entry_table,
    leave_one_out_figure,
    leave_one_out_table,
)
from kras_core.selection import By, Filter, Selection, SelectionError
from tests.simulated import reconstructed, simulated_cohort

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "bias.json").read_text(encoding="utf-8"))


def view(cohort: Cohort, *by: str, where: tuple[str, ...] = (), **more) -> Selection:
    endpoint = cohort.default_endpoint or "pfs"
    return Selection(cohort.digest, endpoint, tuple(map(By, by)), tuple(map(Filter.parse, where)), **more)


@pytest.fixture(scope="module")
def lung():
    cohort = load("ncctg-lung")
    return analyse_bias(cohort, view(cohort, "sex"))


def test_each_patient_left_out_is_rs_coxph_without_that_patient(lung):
    one = lung.leave_one_out
    assert (one.whole.label, one.whole.reference) == ("Male", "Female")
    rows = np.array([int(name.removeprefix("NCCTG-")) - 1 for name in one.names])
    assert sorted(rows) == list(range(228))
    expected = np.array(REFERENCE["left_out"])[rows]
    np.testing.assert_allclose(np.column_stack((one.estimate, one.low, one.high)), expected, rtol=1e-8)
    assert (np.diff(one.estimate) >= 0).all()


def test_centres_are_rs_strata(lung):
    c = lung.centres
    for found, name in ((c.pooled, "pooled"), (c.stratified, "stratified")):
        (h,) = found
        assert [h.estimate, h.low, h.high] == pytest.approx(REFERENCE[name], rel=1e-8)
    assert c.logrank_pooled.statistic == pytest.approx(REFERENCE["logrank_pooled"], rel=1e-9)
    assert c.logrank_stratified.statistic == pytest.approx(REFERENCE["logrank_stratified"], rel=1e-9)
    assert sum(n for _, n in c.sizes) == 227 and c.unknown == 1 and len(c.sizes) == 18


def test_early_failures_move_the_median_as_rs_survfit_says(lung):
    found = [(q.estimate, q.low, q.high) for q in lung.early.medians[:11]]
    np.testing.assert_allclose(found, REFERENCE["early"], rtol=1e-9)
    assert lung.early.orr == () and lung.conditional_on == ""


def test_six_early_failures_in_the_papers_cohort():
    """What the audit of the paper says of k = 6: median PFS about 6.1 months, DCR 75.8 %, ORR 27.3 %."""
    cohort = load(DEFAULT)
    found = analyse_bias(cohort, default_selection(cohort))
    assert found.conditional_on.startswith("completing two cycles") and found.early.day == 21
    medians = [q.estimate for q in found.early.medians]
    assert medians[0] == analyse(cohort, default_selection(cohort)).overall.median.estimate
    assert medians[6] == pytest.approx(6.1, abs=0.15) and medians[6] < 7.0 < medians[0]
    assert (np.diff(medians) <= 0).all()
    assert [f"{100 * p[6].estimate:.1f}" for p in (found.early.orr, found.early.dcr)] == ["27.3", "75.8"]
    assert [(p[6].k, p[6].n) for p in (found.early.orr, found.early.dcr)] == [(9, 33), (25, 33)]
    table = {r["Quantity"]: r["With 6 more, failed early"] for r in early_table(found, 6).text_rows()}
    assert table["Disease control rate"].startswith("75.8 %")


def test_delayed_entry_stands_beside_the_naive_estimate_where_entries_differ():
    cohort = simulated_cohort(80)
    entry = np.minimum(cohort.numbers("pfs_months") * 0.5, np.linspace(0, 5, 80))
    late = replace(cohort, patients=cohort.patients.assign(entry_months=entry))
    found = analyse_bias(late, view(late, "ward")).entry
    assert found.labels == ("north", "south", "All patients")
    naive, delayed = (analyse(late, view(late, "ward", analysis=kind)) for kind in ("naive", "delayed-entry"))
    assert found.naive[-1].estimate == naive.overall.median.estimate
    assert found.delayed[-1].estimate == delayed.overall.median.estimate != naive.overall.median.estimate
    ((first, second),) = found.hazard_ratios
    assert (first, second) == (naive.hazard_ratios[0], delayed.hazard_ratios[0])
    same = replace(cohort, patients=cohort.patients.assign(entry_months=0.0))
    assert "same time of entry" in analyse_bias(same, view(same)).entry.reason
    assert "delayed" in entry_table(replace(analyse_bias(late, view(late, "ward")))).caption.lower()


def test_a_patient_without_whom_the_likelihood_is_monotone_has_no_ratio():
    """Group B has a single event that a member of A outlives: without that patient all events fall in A."""
    cohort = simulated_cohort(8)
    columns = {
        "ward": pd.Categorical(["A"] * 4 + ["B"] * 4),
        "pfs_months": [2.0, 4.0, 6.0, 9.0, 5.0, 10.0, 11.0, 12.0],
        "pfs_event": [1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0],
    }
    small = replace(cohort, patients=cohort.patients.assign(**columns))
    found = analyse_bias(small, view(small, "ward"))
    one = found.leave_one_out
    assert one.names[-1] == "SIM-0005" and np.isnan(one.estimate[-1]) and not np.isnan(one.estimate[:-1]).any()
    assert any("monotone" in note for note in leave_one_out_table(found).notes)
    assert len(leave_one_out_figure(found)["data"][1]["y"]) == 7
    json.dumps(bias_json(found), allow_nan=False)


@pytest.mark.parametrize("events", [0.0, 1.0])
def test_no_event_and_all_events_are_no_error(events):
    cohort = simulated_cohort(12)
    same = replace(cohort, patients=cohort.patients.assign(pfs_event=events))
    found = analyse_bias(same, view(same, "ward"))
    assert found.leave_one_out.reason == ("no event" if events == 0 else "")
    assert np.isnan(found.early.medians[0].estimate) == (events == 0)
    # twelve early failures beside twelve patients without an event: half have failed
    assert found.early.medians[13].estimate == pytest.approx(21 / cohort.days_per_month)
    json.dumps(bias_json(found), allow_nan=False)
    bias_rows(found, 3)


def test_the_only_event_left_out_leaves_nothing_to_estimate():
    cohort = simulated_cohort(10)
    event = np.zeros(10)
    event[np.argmin(cohort.numbers("pfs_months"))] = 1
    single = replace(cohort, patients=cohort.patients.assign(pfs_event=event))
    one = analyse_bias(single, view(single, "ward")).leave_one_out
    assert one.reason or np.isnan(one.estimate).any()


def test_parts_that_are_not_offered_say_why():
    cohort = simulated_cohort(30)
    three = analyse_bias(cohort, view(cohort, "kras_variant"))
    assert three.leave_one_out.reason == "needs two groups" and "not recorded" in three.centres.reason
    nobody = analyse_bias(cohort, view(cohort))
    assert nobody.leave_one_out.reason == "needs two groups"
    one_centre = replace(cohort, patients=cohort.patients.assign(centre=pd.Categorical(["X"] * 30)))
    assert analyse_bias(one_centre, view(one_centre, "ward")).centres.reason == "one centre only"
    many = simulated_cohort(MOST_LEFT_OUT + 1)
    assert "not shown above 2,000" in analyse_bias(many, view(many, "ward")).leave_one_out.reason
    with pytest.raises(SelectionError, match="landmark"):
        analyse_bias(cohort, view(cohort, "best_response"))
    landmark = view(cohort, "best_response", analysis="landmark", landmark=3.0)
    assert "landmark" in analyse_bias(cohort, landmark).response


def test_drawn_views_have_no_single_estimate_here_either():
    cohort = reconstructed()
    cohort = replace(cohort, patients=cohort.patients.assign(centre=pd.Categorical(["X", "Y"] * 20)))
    found = analyse_bias(cohort, view(cohort, "sex"))
    assert found.leave_one_out.reason == found.centres.reason == found.entry.reason
    assert "does not determine" in found.centres.reason and not found.early.reason
    filtered = analyse_bias(cohort, view(cohort, where=("sex=M",)))
    assert "does not determine" in filtered.early.reason and filtered.early.medians == ()


def test_centres_with_several_groups_and_missing_centres():
    cohort = simulated_cohort(90)
    centre = pd.Categorical([None if i % 9 == 0 else "XYZ"[i % 3] for i in range(90)])
    three = replace(cohort, patients=cohort.patients.assign(centre=centre))
    found = analyse_bias(three, view(three, "kras_variant"))
    assert len(found.centres.pooled) == len(found.centres.stratified) == 2 and found.centres.unknown == 10
    assert "10 patients without a centre" in centres_table(found).notes[0]
