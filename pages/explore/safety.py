"""Safety: adverse events by term and grade, by stratum."""

import streamlit as st

from kras_core.analyse.ledger import safety_looks
from kras_core.analyse.safety import analyse_safety
from kras_core.report.figures import butterfly_figure, safety_alt_text
from kras_core.report.safety.as_json import safety_json
from kras_core.report.survival.answer import safety_answer
from kras_core.report.tables import safety_rows, safety_table
from kras_core.selection import SelectionError
from pages.shared import chart, downloads, options, session, share, small

SORTS = {"frequency": "Commonest first", "severe": "Grade ≥ 3 first", "term": "By name"}


def page() -> None:
    cohort, selection = session.view()
    minimum, order = options.number("minimum", 0, 0, 50), options.choice("order", SORTS)
    try:
        analysis = session.kept(
            ("safety", selection, minimum), lambda: analyse_safety(cohort, selection, minimum=float(minimum))
        )
    except SelectionError as refusal:
        st.title("Safety")
        st.warning(str(refusal), icon=":material/info:")
        return
    if small.refuses(analysis.denominators):
        return
    session.note(safety_looks(analysis))
    said = safety_answer(analysis)
    share.shown("safety", said, analysis)
    st.html(said.html)
    if not analysis.rows and cohort.adverse_events is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="view_controls"):
        st.slider(
            "At least this share of patients, %", 0, 50, step=1, key="minimum", persist_state="session", width=260
        )
        st.selectbox(
            "Order", list(SORTS), key="order", format_func=SORTS.__getitem__, persist_state="session", width=200
        )
    chart.show_fitting(
        "butterfly",
        lambda compact: butterfly_figure(analysis, theme=session.theme(), order=order, compact=compact),
        safety_alt_text(analysis),
    )
    st.html(safety_table(analysis, order=order))
    downloads.tables(
        {"adverse-events": safety_rows(analysis, order=order)},
        analysis,
        safety_json(analysis),
        slide=True,
        figures=("butterfly",) if analysis.rows else (),
    )


page()
