"""The overlay, the tables and the words of a reconstruction say what it found, in every situation."""

import numpy as np
import plotly.graph_objects as go
import pytest

from kras_core.address import default_selection
from kras_core.analyse.survival import analyse
from kras_core.audit.curve import example
from kras_core.audit.curve.patients import reconstructed_cohort
from kras_core.audit.curve.points import read_figure
from kras_core.audit.curve.reconstruct import reconstruct
from kras_core.report.figures import curve_alt_text, curve_figure
from kras_core.report.format import md_escape
from kras_core.report.reconstruction.curve_json import curve_json
from kras_core.report.reconstruction.curve_tables import curve_answer, curve_card, held_against
from tests.report.plotted import array

FILES = [("points.txt", example.POINTS.encode())], [("risk.txt", example.AT_RISK.encode())]


def situation(points: str, at_risk: str = "", **more):
    """A reconstruction and the analysis of its cohort."""
    figure = read_figure([("points.txt", points.encode())], [("risk.txt", at_risk.encode())] if at_risk else (), **more)
    found = reconstruct(figure.curves, count=20, problems=figure.problems)
    cohort = reconstructed_cohort(found, "pfs", title="Figure 2")
    return found, analyse(cohort, default_selection(cohort))


@pytest.fixture(scope="module")
def both():
    return situation(example.POINTS, example.AT_RISK, events={"Simulated control": 14})


def rings(figure):
    return [t for t in figure["data"] if t.get("marker", {}).get("symbol") == "circle-open"]


def test_every_point_is_on_the_figure_in_its_arms_colour(both):
    found, analysis = both
    figure = curve_figure(found, analysis)
    go.Figure(figure)  # valid in Plotly's schema
    assert len(rings(figure)) == 2
    for trace, arm in zip(rings(figure), found.arms, strict=True):
        assert array(trace["x"]) == pytest.approx(arm.printed.time, abs=1e-3)
        assert array(trace["y"]) == pytest.approx(100 * arm.printed.survival, abs=1e-3)
    assert len({t["marker"]["color"] for t in rings(figure)}) == 2
    dark = curve_figure(found, analysis, theme="dark")
    assert rings(dark)[0]["marker"]["color"] != rings(figure)[0]["marker"]["color"]


def test_points_left_out_are_crosses():
    found, analysis = situation("0,1\n1,0.9\n2,0.2\n3,0.8\n4,0.7\n9,0.7\n", n={"points": 10})
    crosses = [t for t in curve_figure(found, analysis)["data"] if t.get("marker", {}).get("symbol") == "x-thin-open"]
    assert [(t["x"], t["y"]) for t in crosses] == [([2.0], [20.0])]


def test_the_answer_says_medians_ratio_and_what_they_rest_on(both):
    found, analysis = both
    said = curve_answer(found, analysis)
    assert said.title == "Progression-free survival, from a published curve"
    for arm in found.arms:
        assert f"{arm.label} {arm.median.estimate:.1f}" in said.line1.text
    assert f"{found.hazard_ratios[0].estimate:.2f} (" in said.line1.text and "on re-digitising" in said.line1.text
    events = sum(arm.events for arm in found.arms)
    assert said.line2.text.startswith(f"{events} events in 41 reconstructed patients")
    assert "numbers at risk" in said.line2.text


def test_the_tables_hold_reconstructed_against_printed(both):
    found, _ = both
    arms, at_risk, ratios = (table.text_rows() for table in held_against(found))
    assert [row["Arm"] for row in arms] == [arm.label for arm in found.arms]
    assert arms[0]["Events"] == "15 (+1)"
    assert (found.arms[0].events, found.arms[0].events_difference) == (15, 1)
    assert arms[1]["Events"] == str(found.arms[1].events)
    printed, rebuilt = at_risk[0], at_risk[1]
    for time, n, counted in zip(
        found.arms[0].printed.risk_time, found.arms[0].printed.at_risk, found.arms[0].counted, strict=True
    ):
        assert printed[f"{time:g}"] == str(n)
        assert rebuilt[f"{time:g}"].startswith(f"{counted} (")
    assert len(ratios) == 1


def test_differences_carry_their_sign():
    found, _ = situation("0,1\n2,0.5\n9,0.5\n", "0 10\n5 8\n", scale=None)
    (_, at_risk) = held_against(found)
    assert at_risk.text_rows()[1]["5"] == "5 (−3)"


def test_one_arm_without_numbers_at_risk_has_no_such_table():
    found, analysis = situation("0,1\n2,0.5\n9,0.5\n", n={"points": 10})
    assert len(held_against(found)) == 1
    said = curve_answer(found, analysis)
    assert "no numbers at risk to hold them against" in said.line2.text
    assert "HR" not in said.line1.text
    assert "1 digitised" not in curve_alt_text(found, analysis) and "3 digitised points" in curve_alt_text(
        found, analysis
    )


def test_nothing_reached_and_nobody_dead_are_said_in_words():
    found, analysis = situation("0,1\n9,1\n", n={"points": 5})
    assert "not reached" in curve_answer(found, analysis).line1.text
    text = " ".join(table.html() for table in held_against(found)) + curve_card(found, "os", "")
    assert "nan" not in text and "not reached" in text and "not stated" in text
    assert curve_json(found, "os", ("proportion",))["arms"][0]["median"] is None


HOSTILE = "<img src=x onerror=alert(1)>![x](http://127.0.0.1:9/y.png)"


def test_names_from_users_are_plain_text():
    found, analysis = situation(
        f"arm\ttime\ts\n{HOSTILE}\t0\t1\n{HOSTILE}\t5\t0.4\nB\t0\t1\nB\t5\t0.6\n", n={HOSTILE: 9, "B": 9}
    )
    html = curve_answer(found, analysis).html + "".join(table.html() for table in held_against(found))
    assert "<img" not in html
    card = curve_card(found, "os", HOSTILE)
    assert HOSTILE not in card and md_escape(HOSTILE) in card
    assert np.isfinite(found.hazard_ratios[0].estimate)
