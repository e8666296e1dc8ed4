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
from pages.shared import details, downloads, options, session, share, small

SPREADS = {"range": "Median (range)", "iqr": "Median (quartiles)", "sd": "Mean (SD)"}


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
    details.show(
        "overview",
        {
            "Follow-up": lambda: st.html("".join(table.html() for table in follow_up_tables(analysis))),
            "Completeness": lambda: st.html(completeness_table(analysis).html()),
            "Data card": _card,
            "Methods": lambda: st.markdown("\n".join(f"- {line}" for line in overview_methods(analysis))),
            "Verify": _verify,
            "Export": lambda: _export(analysis, spread),
        },
    )


def _card() -> None:
    cohort, _ = session.view()
    st.html(card_html(cohort))
    st.markdown(cohort.card)


def _verify() -> None:
    if small.withheld("The counts of another library are"):
        return
    cohort, selection = session.view()
    with st.spinner("Recomputing with tableone …"):
        opinions = session.kept(("verify overview", selection), lambda: verify_overview(cohort, selection))
    st.html(second_opinion_table(opinions).html())


def _export(analysis: OverviewAnalysis, spread: str) -> None:
    downloads.tables(
        {
            "table-1": table_one(analysis, spread, whole=True).text_rows(),
            "flow": flow_rows(analysis),
            "follow-up": [row for t in follow_up_tables(analysis) for row in t.text_rows()],
            "completeness": completeness_rows(analysis),
        },
        analysis,
        overview_json(analysis),
        slide=True,
    )


page()
