"""Survival: Kaplan–Meier curves by stratum, with the answer above them and every number below."""

import streamlit as st

from kras_core.analyse.bias import MOST_EARLY, analyse_bias
from kras_core.analyse.ledger import centre_looks, survival_looks
from kras_core.analyse.results import SurvivalAnalysis
from kras_core.analyse.ticks import axis_ends, months_per
from kras_core.report.bias.as_json import bias_json
from kras_core.report.bias.tables import bias_rows, centres_table, early_table, entry_table, leave_one_out_table
from kras_core.report.figures import (
    alt_text,
    km_figure,
    leave_one_out_alt_text,
    leave_one_out_figure,
    under_figure,
)
from kras_core.report.format import md_escape
from kras_core.report.survival.answer import answer
from kras_core.report.survival.as_json import survival_json
from kras_core.report.survival.historical import published_key, with_published
from kras_core.report.survival.methods import methods_lines
from kras_core.report.tables import numbers_rows, numbers_table, risk_rows, verify_table
from kras_core.selection import SelectionError
from kras_core.verify.survival import verify
from pages.shared import chart, details, downloads, historical, options, session, share, small

UNITS = ("months", "weeks", "days")
WHOLE = 0.0  # the axis ends where the follow-up does


def page() -> None:
    try:
        analysis = session.survival()
    except SelectionError as refusal:
        st.title("Survival")
        st.warning(str(refusal), icon=":material/info:")
        return
    if small.refuses([s.n for s in analysis.shown if not isinstance(s.n, tuple)]):
        return
    noted = session.note(survival_looks(session.view()[0], analysis))
    published = historical.rows(analysis)
    drawn = historical.drawn(analysis, published)
    figure = with_published(km_figure(analysis, theme=session.theme()), published, drawn, analysis, session.theme())
    said = answer(analysis, noted)
    share.shown("survival", said, analysis)
    st.html(said.html)
    chart.show_first("km", figure, alt_text(analysis))
    st.html(under_figure(analysis, theme=session.theme()) + published_key(analysis, published, drawn))
    _view_controls(analysis)
    early = int(options.number("early", 0, 0, MOST_EARLY))
    details.show(
        "survival",
        {
            "Numbers": lambda: st.html(numbers_table(analysis)),
            "Bias": lambda: _bias(analysis, early),
            "Published medians": lambda: historical.show(analysis, published, drawn),
            "Methods": lambda: st.markdown("\n".join(f"- {line}" for line in methods_lines(analysis))),
            "Verify": _verify,
            "Export": lambda: _export(analysis),
        },
    )


def _export(analysis: SurvivalAnalysis) -> None:
    tables = {"numbers": numbers_rows(analysis), "at-risk": risk_rows(analysis)}
    downloads.tables(tables, analysis, survival_json(analysis), slide=True, figures=("km",))


def _view_controls(analysis: SurvivalAnalysis) -> None:
    """Unit and range of the axis: widgets, since nothing may rest on a zoom that a toggle would undo."""
    cohort, selection = session.view()
    unit = months_per(selection.unit, cohort.days_per_month)
    ends = [WHOLE, *axis_ends(float(analysis.overall.curve.time[-1]), selection.unit, cohort.days_per_month)]
    st.session_state.setdefault("unit", selection.unit)
    if st.session_state.setdefault("axis_max", WHOLE) not in ends:
        ends.append(st.session_state["axis_max"])
    with st.container(horizontal=True, vertical_alignment="center", key="view_controls"):
        st.segmented_control(
            "Time in",
            UNITS,
            key="unit",
            required=True,
            format_func=str.capitalize,
            label_visibility="collapsed",
            persist_state="session",
        )
        st.selectbox(
            "Time axis to",
            ends,
            key="axis_max",
            format_func=lambda end: f"Axis to {end / unit:,.0f} {selection.unit}" if end else "Axis: whole follow-up",
            label_visibility="collapsed",
            width=230,
            persist_state="session",
        )


def _bias(analysis: SurvivalAnalysis, early: int) -> None:
    """Who is not in the rows, since when and from where the others are, and what a single one of them moves."""
    if small.withheld("Single patients and centres are"):
        return
    cohort, selection = session.view()
    found = session.kept(("bias", selection), lambda: analyse_bias(cohort, selection, analysis))
    session.note(centre_looks(found))
    if found.conditional_on:
        st.markdown(f"All of it is **conditional on {md_escape(found.conditional_on)}**.")
    if found.early.reason:
        st.caption(f"Early failures: {md_escape(found.early.reason)}.")
    else:
        st.slider(
            "Early failures never included", 0, MOST_EARLY, step=1, key="early", persist_state="session", width=320
        )
        st.html(early_table(found, early).html())
    for title, reason, table in (
        ("Delayed entry", found.entry.reason, entry_table),
        ("Centres", found.centres.reason, centres_table),
        ("Each patient left out", found.leave_one_out.reason, leave_one_out_table),
    ):
        if reason:
            st.caption(f"{title}: {md_escape(reason)}.")
        else:
            st.html(table(found).html())
    if not found.leave_one_out.reason:
        chart.show("strip", leave_one_out_figure(found, theme=session.theme()), leave_one_out_alt_text(found))
    if found.response:
        st.caption(found.response)
    downloads.tables(bias_rows(found, early), found, bias_json(found), key="bias")


def _verify() -> None:
    cohort, selection = session.view()
    with st.spinner("Recomputing with lifelines and scikit-survival …"):
        checks = session.kept(("verify", selection), lambda: verify(cohort, selection))
    st.html(verify_table(checks))


page()
