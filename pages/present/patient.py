"""The patient on the table: real patients like the one described, by rules that are loosened in sight, and what
happened to them. Nothing that is entered here is kept, put into the address, the look ledger or a log: the widgets are
not bound, and their values are gone when the page is left."""

import streamlit as st

from kras_core.analyse.matching import ORDER, WANTED, Entered, Offered, match, offered, refusal
from kras_core.analyse.matching_results import Matching
from kras_core.cohort.bundled import BUNDLED
from kras_core.cohort.model import Cohort
from kras_core.controls import distinct_labels
from kras_core.report.figures import km_figure, swimmer_figure, under_figure
from kras_core.report.format import md_escape
from kras_core.report.matching_words import (
    NOT_A_PREDICTION,
    curve_alt_text,
    happened_table,
    lanes_alt_text,
    matching_answer,
    steps_table,
)
from kras_core.selection import SelectionError
from pages.shared import chart, session

USUAL = ("kras_variant", "ecog", "age", "sex", "prior_lines", "pdl1_tps", "nlr")
FIRST_SHOWN = 4


def page() -> None:
    cohort, selection = session.view()
    if refusal(cohort):
        _refuse(cohort)
        return
    columns = offered(cohort)
    if not columns:
        st.title("Patients like this one")
        st.info("This cohort has no column known before the start.", icon=":material/info:")
        return
    above = st.container(key="answer")
    wanted = _wanted(cohort, columns)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="alike_values"):
        entered = [e for column in wanted if (e := _value(cohort, columns[column])) is not None]
    least = st.session_state[f"alike:{cohort.digest[:8]}:least"]
    if not entered:
        with above:
            st.title("Patients like this one")
            st.markdown(f"Enter what is known of the patient on the table. {NOT_A_PREDICTION}")
        st.caption("Nothing that you enter is kept: not in the address, not in the look ledger, not in a log.")
        return
    try:
        matching = match(cohort, selection, entered, least)
    except SelectionError as reason:
        with above:
            st.title("Patients like this one")
        st.warning(md_escape(reason), icon=":material/info:")
        return
    with above:
        st.html(matching_answer(matching).html)
    _show(matching)


def _refuse(cohort: Cohort) -> None:
    st.title("Patients like this one")
    st.info(md_escape(refusal(cohort)), icon=":material/info:")
    with st.container(horizontal=True):
        for id, bundled in BUNDLED.items():
            if bundled.provenance == "real":
                st.button(bundled.title, key=f"real:{id}", on_click=session.go, args=(id,))


def _wanted(cohort: Cohort, columns: dict[str, Offered]) -> list[str]:
    """Which columns are known, most important first, and how many patients should match."""
    labels = distinct_labels({column: o.label for column, o in columns.items()})
    usual = [*(c for c in USUAL if c in columns), *(c for c in columns if c not in (*USUAL, "centre"))][:FIRST_SHOWN]
    start = f"alike:{cohort.digest[:8]}"
    with st.container(horizontal=True, vertical_alignment="bottom", key="alike_which"):
        chosen = st.multiselect(
            "Known of the patient, most important first",
            list(columns),
            default=usual,
            key=f"{start}:columns",
            format_func=labels.__getitem__,
            select_all=False,
            help=ORDER,
        )
        st.number_input("At least so many", 3, 100, WANTED, step=1, key=f"{start}:least", width=140)
    return chosen


def _value(cohort: Cohort, column: Offered) -> Entered | None:
    """The widgets of one column; None until something is entered."""
    key = f"alike:{cohort.digest[:8]}:{column.column}"
    row = st.container(
        horizontal=True, wrap=False, vertical_alignment="bottom", width="content", key=f"alike_row_{column.column}"
    )
    with row:
        if column.kind == "level":
            level = st.selectbox(
                md_escape(column.label),
                column.levels,
                index=None,
                key=key,
                format_func=column.level_label,
                placeholder="Not entered",
                width=230,
            )
            return None if level is None else Entered(column.column, level)
        unit = f", {column.unit}" if column.unit else ""
        step = 10.0**-column.decimals
        value = st.number_input(
            md_escape(f"{column.label}{unit}"),
            value=None,
            step=step,
            format=f"%.{column.decimals}f",
            key=key,
            placeholder=f"{column.low:.6g} to {column.high:.6g} here",
            width=230,
        )
        within = st.number_input(
            "±", 0.0, None, column.within, step=step, format=f"%.{column.decimals}f", key=f"{key}:within", width=120
        )
    return None if value is None else Entered(column.column, value, within)


def _show(matching: Matching) -> None:
    st.html(steps_table(matching).html())
    st.caption(ORDER)
    if not matching.n:
        return
    theme = session.theme()
    if matching.survival is not None:
        # No drop at the median: one time would be read as this patient's.
        chart.show("km", km_figure(matching.survival, theme=theme, drops=False), curve_alt_text(matching))
        st.html(under_figure(matching.survival, theme=theme))
    else:
        st.caption(f"No curve: {md_escape(matching.survival_reason)}.")
    chart.show_fitting(
        "swimmer", lambda compact: swimmer_figure(matching, theme=theme, compact=compact), lanes_alt_text(matching)
    )
    st.html(happened_table(matching).html())


page()
