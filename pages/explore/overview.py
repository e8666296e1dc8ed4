"""Overview: who the patients are, how they came to be analysed, how long they were followed, what is missing."""

import streamlit as st

from kras_core.analyse.ledger import overview_looks
from kras_core.analyse.overview import analyse_overview
from kras_core.analyse.overview_results import OverviewAnalysis
from kras_core.report.cohort.card import card_html
from kras_core.report.overview.as_json import overview_json
from kras_core.report.overview.tables import completeness_rows, completeness_table, follow_up_tables, table_one
from kras_core.report.overview.words import flow_html, flow_rows, overview_answer, overview_methods
from kras_core.report.second_opinion_table import second_opinion_table
from kras_core.selection import SelectionError
from kras_core.verify.overview import verify_overview
from pages.shared import downloads, options, session, share, small

SPREADS = {"range": "Median (range)", "iqr": "Median (quartiles)", "sd": "Mean (SD)"}
DETAILS = ["Follow-up", "Completeness", "Data card", "Methods", "Verify", "Export"]


def page() -> None:
    cohort, selection = session.view()
    spread, tested = options.choice("spread", SPREADS), options.flag("tested")
    try:
        analysis = session.kept(
            ("overview", selection, tested), lambda: analyse_overview(cohort, selection, p_values=tested)
        )
    except SelectionError as refusal:
        st.title("Overview")
        st.warning(str(refusal), icon=":material/info:")
        return
    if small.refuses(analysis.sizes):
        return
    session.note(overview_looks(analysis))
    said = overview_answer(analysis)
    share.shown("overview", said, analysis)
    with st.container(key="answer"):
        st.html(said.html)
    table, flow = st.columns([5, 2], gap="medium")
    with table:
        _controls(bool(analysis.groups))
        st.html(table_one(analysis, spread).html())
    with flow:
        st.html(flow_html(analysis))
    _details(analysis, spread)


def _controls(compared: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="view_controls"):
        st.segmented_control(
            "Numbers as",
            list(SPREADS),
            key="spread",
            required=True,
            format_func=SPREADS.__getitem__,
            label_visibility="collapsed",
            persist_state="session",
        )
        if compared:
            st.toggle(
                "p values too",
                key="tested",
                persist_state="session",
                help="Kruskal–Wallis, Fisher's exact or Pearson's χ² test between the groups. A standardised "
                "difference says how far they lie apart whatever their size; a p value mostly says how many patients "
                "there are.",
            )


def _details(analysis: OverviewAnalysis, spread: str) -> None:
    cohort, selection = session.view()
    follow_up, complete, card, methods, check, export = st.tabs(DETAILS, on_change="rerun", key="overview_details")
    if follow_up.open:
        with follow_up:
            st.html("".join(table.html() for table in follow_up_tables(analysis)))
    if complete.open:
        with complete:
            st.html(completeness_table(analysis).html())
    if card.open:
        with card:
            st.html(card_html(cohort))
            st.markdown(cohort.card)
    if methods.open:
        with methods:
            st.markdown("\n".join(f"- {line}" for line in overview_methods(analysis)))
    if check.open:
        with check:
            if not small.withheld("The counts of another library are"):
                with st.spinner("Recomputing with tableone …"):
                    opinions = session.kept(("verify overview", selection), lambda: verify_overview(cohort, selection))
                st.html(second_opinion_table(opinions).html())
    if export.open:
        with export:
            whole = table_one(analysis, spread, whole=True)
            downloads.tables(
                {
                    "table-1": whole.text_rows(),
                    "flow": flow_rows(analysis),
                    "follow-up": [row for t in follow_up_tables(analysis) for row in t.text_rows()],
                    "completeness": completeness_rows(analysis),
                },
                analysis,
                overview_json(analysis),
                slide=True,
            )


page()
