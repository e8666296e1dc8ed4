"""Response: best overall response by stratum, and every patient's course."""

from collections.abc import Callable

import streamlit as st

from kras_core.analyse.ledger import response_looks
from kras_core.analyse.response import analyse_response
from kras_core.analyse.response_results import ResponseAnalysis
from kras_core.report.figures import response_figure, spider_figure, swimmer_figure, swimmer_orders, waterfall_figure
from kras_core.report.format import md_escape
from kras_core.report.response.as_json import response_json
from kras_core.report.response.tables import gives_away, lesion_rows, response_tables
from kras_core.report.response.words import (
    response_alt_text,
    response_answer,
    response_methods,
    spider_alt_text,
    swimmer_alt_text,
    waterfall_alt_text,
)
from kras_core.report.second_opinion_table import second_opinion_table
from kras_core.selection import SelectionError
from kras_core.verify.response import verify_response
from pages.shared import chart, details, downloads, options, session, share, small


def page() -> None:
    cohort, selection = session.view()
    recorded = "response_confirmed" in cohort.patients
    confirmed = options.flag("confirmed") and recorded
    try:
        analysis = session.kept(
            ("response", selection, confirmed), lambda: analyse_response(cohort, selection, confirmed_only=confirmed)
        )
    except SelectionError as refusal:
        st.title("Response")
        st.warning(md_escape(refusal), icon=":material/info:")
        return
    if small.refuses([g.n for g in analysis.groups]):
        return
    session.note(response_looks(analysis))
    said = response_answer(analysis)
    share.shown("response", said, analysis)
    st.html(said.html)
    if recorded:
        st.toggle(
            "Confirmed responses only",
            key="confirmed",
            persist_state="session",
            help="An unconfirmed CR or PR then counts as stable disease (RECIST 1.1).",
        )
    if not (gives_away(analysis) and small.withheld("Bars of best responses are")):
        chart.show_fitting(
            "response",
            lambda compact: response_figure(analysis, theme=session.theme(), compact=compact),
            response_alt_text(analysis),
        )
    _details(analysis, confirmed)


def _details(analysis: ResponseAnalysis, confirmed: bool) -> None:
    order = options.choice("swimmer", swimmer_orders(analysis.courses))
    details.show(
        "response",
        {
            "Numbers": lambda: st.html("".join(table.html() for table in response_tables(analysis))),
            "Swimmer": lambda: _single(lambda: _swimmer(analysis, order)),
            "Waterfall": lambda: _single(lambda: _waterfall(analysis)),
            "Spider": lambda: _single(lambda: _spider(analysis)),
            "Methods": lambda: st.markdown("\n".join(f"- {line}" for line in response_methods(analysis))),
            "Verify": lambda: _verify(analysis, confirmed),
            "Export": lambda: _export(analysis),
        },
    )


def _single(draw: Callable[[], None]) -> None:
    """What shows single patients."""
    if not small.withheld("Single patients are"):
        draw()


def _export(analysis: ResponseAnalysis) -> None:
    names = ("best-response", "response-rates", "differences", "response-times", "target-lesions")
    found = {t.kind: t.text_rows() for t in response_tables(analysis)}
    if (scans := lesion_rows(analysis)) and not small.below():
        found["target-lesions"] = scans
    downloads.tables(
        {name: found[name] for name in names if name in found},
        analysis,
        response_json(analysis),
        slide=True,
        figures=("response",) if analysis.change_reason else ("response", "waterfall"),
    )


def _swimmer(analysis: ResponseAnalysis, order: str) -> None:
    orders = swimmer_orders(analysis.courses)
    st.segmented_control(
        "Order",
        list(orders),
        key="swimmer",
        required=True,
        format_func=orders.__getitem__,
        label_visibility="collapsed",
        persist_state="session",
    )
    chart.show_fitting(
        "swimmer",
        lambda compact: swimmer_figure(analysis, order=order, theme=session.theme(), compact=compact),
        swimmer_alt_text(analysis),
    )


def _waterfall(analysis: ResponseAnalysis) -> None:
    if analysis.change_reason:
        st.caption(f"No waterfall plot: this cohort {analysis.change_reason}.")
    else:
        chart.show_fitting(
            "waterfall",
            lambda compact: waterfall_figure(analysis, theme=session.theme(), compact=compact),
            waterfall_alt_text(analysis),
        )


def _spider(analysis: ResponseAnalysis) -> None:
    if analysis.lesions is None:
        st.caption(f"No spider plot: this cohort {analysis.lesions_reason} (docs/files.md says how it looks).")
    elif not analysis.lesions.followed:
        st.caption("No spider plot: no patient has a scan of target lesions after the baseline.")
    else:
        chart.show_fitting(
            "spider",
            lambda compact: spider_figure(analysis, theme=session.theme(), compact=compact),
            spider_alt_text(analysis),
        )


def _verify(analysis: ResponseAnalysis, confirmed: bool) -> None:
    if small.withheld("The counts of another library are"):
        return
    cohort, selection = session.view()
    with st.spinner("Recomputing with statsmodels and SciPy …"):
        opinions = session.kept(
            ("verify response", selection, confirmed), lambda: verify_response(cohort, selection, analysis)
        )
    st.html(second_opinion_table(opinions).html())


page()
