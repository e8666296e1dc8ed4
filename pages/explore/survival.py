"""Survival: Kaplan–Meier curves by stratum, with the answer above them and every number below."""

import streamlit as st

from kras_core.analyse.ledger import survival_looks
from kras_core.analyse.results import SurvivalAnalysis
from kras_core.analyse.ticks import axis_ends, months_per
from kras_core.report.answer import answer
from kras_core.report.figures import alt_text, km_figure, under_figure
from kras_core.report.methods import methods_lines
from kras_core.report.survival_json import survival_json
from kras_core.report.tables import numbers_rows, numbers_table, risk_rows, verify_table
from kras_core.selection import SelectionError
from kras_core.verify import verify
from pages.shared import chart, downloads, session

UNITS = ("months", "weeks", "days")
WHOLE = 0.0  # the axis ends where the follow-up does


def page() -> None:
    try:
        analysis = session.survival()
    except SelectionError as refusal:
        st.title("Survival")
        st.warning(str(refusal), icon=":material/info:")
        return
    with st.container(key="answer"):
        st.html(answer(analysis, session.note(survival_looks(session.view()[0], analysis))).html)
    chart.show("km", km_figure(analysis, theme=session.theme()), alt_text(analysis))
    st.html(under_figure(analysis, theme=session.theme()))
    _view_controls(analysis)
    numbers, methods, check, export = st.tabs(
        ["Numbers", "Methods", "Verify", "Export"], on_change="rerun", key="details"
    )
    if numbers.open:
        with numbers:
            st.html(numbers_table(analysis))
    if methods.open:
        with methods:
            st.markdown("\n".join(f"- {line}" for line in methods_lines(analysis)))
    if check.open:
        with check:
            _verify()
    if export.open:
        with export:
            downloads.tables(
                {"numbers": numbers_rows(analysis), "at-risk": risk_rows(analysis)}, analysis, survival_json(analysis)
            )


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


def _verify() -> None:
    cohort, selection = session.view()
    with st.spinner("Recomputing with lifelines and scikit-survival …"):
        checks = session.kept(("verify", selection), lambda: verify(cohort, selection))
    st.html(verify_table(checks))


page()
