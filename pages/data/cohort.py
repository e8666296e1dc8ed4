"""Cohort: bring in a file, see what was found in it, and know the cohort in view."""

import streamlit as st

from kras_core.cohort.files.kinds import MAX_UPLOAD_BYTES
from kras_core.cohort.problems import CohortError, Problem
from kras_core.cohort.readers import RawTables, read
from kras_core.cohort.template import template_csv, template_workbook
from kras_core.cohort.validate import examine
from kras_core.report.cohort_card import card_html, problems_html
from kras_core.report.csv_out import csv_bytes
from kras_core.report.format import md_escape
from pages.shared import session

LIMIT = MAX_UPLOAD_BYTES // 1024**2
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def page() -> None:
    st.title("Cohort")
    cohort, _ = session.view()
    _upload()
    st.html(card_html(cohort))
    if cohort.card:
        with st.expander("Data card", on_change="rerun", key="card") as card:
            if card.open:
                st.markdown(cohort.card)
    if cohort.origin == "uploaded":
        st.button(
            "Forget this cohort",
            icon=":material/delete:",
            on_click=session.forget_upload,
            args=(session.token(cohort),),
            key="forget",
            help="Drops the rows and everything computed from them now. Closing the session does the same.",
        )


def _upload() -> None:
    st.markdown(
        "Bring your own cohort: a workbook with a sheet *patients* and, if recorded, a sheet *adverse_events*; or one "
        "CSV file for each. Columns have KRAScope's names; columns of your own become strata (text) or markers "
        "(numbers). The rows stay in this session's memory and are gone with it."
    )
    with st.container(horizontal=True):
        st.download_button(
            "Template, Excel",
            template_workbook,
            "krascope-template.xlsx",
            WORKBOOK,
            on_click="ignore",
            icon=":material/download:",
            key="template_xlsx",
        )
        for table in ("patients", "adverse_events"):
            st.download_button(
                f"Template, {table}.csv",
                template_csv(table),
                f"{table}.csv",
                "text/csv",
                on_click="ignore",
                icon=":material/download:",
                key=f"template_{table}",
            )
    files = st.file_uploader(
        f"Excel or CSV, up to {LIMIT} MB",
        type=["xlsx", "xls", "csv", "tsv", "txt"],
        accept_multiple_files=True,
        key=f"files:{st.session_state.get('uploader', 0)}",
        max_upload_size=LIMIT,
    )
    if files:
        _examine({f.name: f.getvalue() for f in files})


def _examine(files: dict[str, bytes]) -> None:
    """Read, report, and where there is no error make it the cohort. The previous cohort stays otherwise."""
    try:
        with st.spinner("Reading …"):
            raw = read(*files.items())
            title = " + ".join(files)
            cohort, problems = examine(raw, id="uploaded", title=title, provenance="real", origin="uploaded")
    except CohortError as refusal:
        _report(refusal.problems)
        return
    _report(problems)
    _preview(raw)
    if cohort is not None and session.token(cohort) not in session.uploads():
        session.keep_upload(cohort)
        st.rerun()


def _report(problems: tuple[Problem, ...]) -> None:
    errors = [p for p in problems if p.severity == "error"]
    if errors:
        current, _ = session.view()
        st.error(
            f"This file cannot be used yet. The cohort in view is still {md_escape(current.title)}.",
            icon=":material/error:",
        )
    elif not problems:
        st.success("Read without a remark; it is the cohort in view.", icon=":material/check:")
    else:
        st.success("Read; it is the cohort in view. Please look at the remarks.", icon=":material/check:")
    if problems:
        st.html(problems_html(problems))
        rows = [
            {"severity": p.severity, "place": p.place, "found": p.value or "", "message": p.sentence} for p in problems
        ]
        st.download_button(
            "Report, CSV",
            csv_bytes(rows),
            "krascope-report.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
            key="report",
        )


def _preview(raw: RawTables) -> None:
    for name, table in (("patients", raw.patients), ("adverse events", raw.adverse_events)):
        if table is not None:
            with st.expander(f"First rows of {name}, as written", on_change="rerun", key=f"preview:{name}") as shown:
                if shown.open:
                    st.dataframe(table.preview(20), hide_index=True)


page()
