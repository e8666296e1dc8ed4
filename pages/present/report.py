"""Report: the view as one document, its methods as a paragraph, its numbers as a script."""

from collections.abc import Callable
from datetime import date

import streamlit as st

from kras_core.analyse.account import analyse_account
from kras_core.analyse.account_results import Account
from kras_core.analyse.models import default_covariates
from kras_core.analyse.univariable import offered_variables
from kras_core.cohort.model import Cohort
from kras_core.report.document.blocks import Document
from kras_core.report.document.content import SECTIONS, report_document
from kras_core.report.document.page import page_html, preview_html
from kras_core.report.document.pdf import NONE, converter, pdf_bytes
from kras_core.report.document.tables import workbook, zipped
from kras_core.report.document.word import docx_bytes
from kras_core.report.format import md_escape
from kras_core.report.script import LANGUAGES, SUFFIX, script
from kras_core.report.script.data import data_csv
from kras_core.report.small_cells import threshold
from kras_core.report.survival.answer import answer
from kras_core.report.survival.methods_paragraph import methods_paragraph
from kras_core.selection import Selection, SelectionError
from pages.shared import details, options, session, share

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def page() -> None:
    st.title("Report")
    cohort, selection = session.view()
    every, sections = options.flag("every_endpoint", True), tuple(options.choices("report_sections", SECTIONS))
    endpoints = tuple(id for id in cohort.endpoints if id != "dor") if every else ()
    looks, covariates = session.looks(), _covariates(cohort, selection)
    try:
        account = session.kept(
            ("account", selection, endpoints, looks, covariates),
            lambda: analyse_account(cohort, selection, endpoints, looks, covariates),
        )
    except SelectionError as refusal:
        st.warning(md_escape(refusal), icon=":material/info:")
        return
    session.note(one.look for one in account.looked)
    share.shown("report", answer(account.survival[0]), account.survival[0])
    details.show(
        "report",
        {
            "Document": lambda: _document(account, sections, len(cohort.endpoints) > 1),
            "Methods paragraph": lambda: _methods(account),
            "Script": lambda: _script(cohort, account),
        },
    )


def _covariates(cohort: Cohort, selection: Selection) -> tuple[str, ...]:
    """Those of the Models page, where its model is wanted."""
    ids = options.strata("covariates", offered_variables(cohort), default_covariates(cohort, selection))
    return tuple(ids) if options.flag("report_model") else ()


def _document(account: Account, sections: tuple[str, ...], several: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="report_controls"):
        st.multiselect(
            "Sections",
            list(SECTIONS),
            key="report_sections",
            format_func=lambda id: SECTIONS[id].title,
            placeholder="All sections",
            label_visibility="collapsed",
            width=440,
            persist_state="session",
        )
        if several:
            st.toggle("Every endpoint", key="every_endpoint", persist_state="session")
        st.toggle(
            "Model", key="report_model", persist_state="session", help="The Cox model as chosen on the Models page."
        )
    today = date.today()
    model = tuple(c.id for c in account.model.covariates) if account.model else account.model_reason
    key = ("report", account.selection, account.endpoints, model, account.looked, sections, today, threshold())
    try:
        with st.spinner("Writing the report …"):
            made = session.kept(key, lambda: report_document(account, today, sections))
    except SelectionError as refusal:
        st.info(md_escape(refusal), icon=":material/visibility_off:")
        return
    _files(made, _name(account))
    with st.container(border=True, height=900, key="report_preview"):
        st.html(preview_html(made))


def _name(account: Account) -> str:
    cohort = account.cohort
    return cohort.id if cohort.origin == "bundled" else "uploaded" if cohort.provenance == "real" else cohort.provenance


def _files(made: Document, name: str) -> None:
    """Every file is written when it is asked for; the button shows that it is being written."""
    with st.container(horizontal=True):
        _file("Word", lambda: docx_bytes(made), f"{name}-report.docx", WORD)
        _file("HTML", lambda: page_html(made).encode(), f"{name}-report.html", "text/html")
        if converter():
            _file("PDF", lambda: pdf_bytes(docx_bytes(made), page_html(made)), f"{name}-report.pdf", "application/pdf")
        _file("Tables, Excel", lambda: workbook(made), f"{name}-tables.xlsx", EXCEL)
        _file("Tables, CSV", lambda: zipped(made), f"{name}-tables.zip", "application/zip")
    if not converter():
        st.caption(f"{NONE}.")


def _file(label: str, make: Callable[[], bytes], file_name: str, mime: str) -> None:
    st.download_button(
        label, make, file_name=file_name, mime=mime, on_click="ignore", icon=":material/download:", key=f"file:{label}"
    )


def _methods(account: Account) -> None:
    paragraph = methods_paragraph(*account.survival)
    st.caption("For the manuscript; numbers in brackets are the references beneath.")
    st.code(paragraph.text, language=None, wrap_lines=True)
    with st.container(horizontal=True):
        _file("Plain text", lambda: paragraph.text.encode(), "methods.txt", "text/plain")
        _file("Markdown", lambda: paragraph.markdown.encode(), "methods.md", "text/markdown")


def _script(cohort: Cohort, account: Account) -> None:
    language = options.choice("language", LANGUAGES)
    st.segmented_control(
        "Language",
        list(LANGUAGES),
        key="language",
        required=True,
        format_func=LANGUAGES.__getitem__,
        label_visibility="collapsed",
        persist_state="session",
    )
    view = account.survival[0]
    try:
        text = session.kept(("script", view.selection, language, threshold()), lambda: script(cohort, view, language))
    except SelectionError as refusal:
        st.info(md_escape(refusal), icon=":material/info:")
        return
    with st.container(horizontal=True):
        _file(f"Script, {LANGUAGES[language]}", text.encode, f"{_name(account)}.{SUFFIX[language]}", "text/plain")
        if cohort.origin == "uploaded" and not threshold():
            _file("Data as read, CSV", lambda: data_csv(cohort), "data.csv", "text/csv")
    if threshold():
        st.caption(
            "The script holds no patients and no counts. Run beside the rows it prints every count; the rows are not "
            "offered while small ones are hidden."
        )
    elif cohort.origin == "uploaded":
        st.caption(
            "The script reads the rows as KRAScope read them: patients' data, to be kept where the file is kept."
        )
    st.code(text, language=language, line_numbers=False, height=720)


page()
