"""Published medians beside a Survival view: which lines are drawn, their table, and rows of the user's own."""

from collections.abc import Sequence

import streamlit as st

from kras_core.analyse.results import SurvivalAnalysis
from kras_core.cohort.historical import Historical, HistoricalError, own_row, published
from kras_core.report.csv_out import csv_bytes
from kras_core.report.format import md_escape
from kras_core.report.survival.historical import MOST_LINES, historical_rows, historical_table, shown_rows
from pages.shared import options

OWN = "own_medians"


def rows(analysis: SurvivalAnalysis) -> list[Historical]:
    """What is published for the endpoint in view, and what this session added."""
    return shown_rows((*published(), *st.session_state.get(OWN, ())), analysis.endpoint.id)


def drawn(analysis: SurvivalAnalysis, found: Sequence[Historical]) -> list[str]:
    """Ids of the rows on the figure; none by default, and none where the time axis does not start at treatment."""
    wanted = options.choices("published", (row.id for row in found))
    return wanted if analysis.selection.analysis != "landmark" else []


def show(analysis: SurvivalAnalysis, found: Sequence[Historical], on_figure: Sequence[str]) -> None:
    """The choice of lines, the table with its sources, and a form for a row of one's own."""
    if analysis.selection.analysis == "landmark":
        st.caption("From a landmark the axis does not start with treatment: published medians are not drawn on it.")
    if found:
        names = {row.id: row.name for row in found}
        st.multiselect(
            "On the figure",
            list(names),
            key="published",
            format_func=names.__getitem__,
            max_selections=MOST_LINES,
            placeholder="None",
            select_all=False,
            persist_state="session",
        )
        st.html(historical_table(analysis, found, on_figure).html())
        st.download_button(
            "Published medians, CSV",
            csv_bytes(historical_rows(found, analysis.endpoint.id)),
            "published-medians.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
            key="csv:published",
        )
    else:
        st.caption("No published median is on file for this endpoint.")
    _form(analysis.endpoint.id)


def _form(endpoint: str) -> None:
    with st.expander("Add a row for this session"), st.form("own_median", border=False, clear_on_submit=True):
        treatment = st.text_input("Treatment and trial")
        source = st.text_input("Source", placeholder="Author, journal, year, pages")
        with st.container(horizontal=True):
            n = st.number_input("Patients", min_value=0, step=1, value=0)
            median = st.text_input("Median, months")
            low, high = st.text_input("Lower limit"), st.text_input("Upper limit")
        if st.form_submit_button("Add"):
            own = st.session_state.get(OWN, ())
            try:
                row = own_row(f"own-{len(own) + 1}", endpoint, treatment, source, int(n), median, low, high)
            except HistoricalError as refusal:
                st.warning(md_escape(refusal), icon=":material/info:")
                return
            st.session_state[OWN] = (*own, row)
            st.rerun()
