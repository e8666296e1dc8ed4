"""A cohort that a page has made: the one in view by a click, its rows and its making as files."""

from collections.abc import Sequence

import streamlit as st

from kras_core.cohort.model import Cohort
from pages.shared import session

KINDS = {
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "json": "application/json",
    "toml": "application/toml",
}
File = tuple[str, str | bytes, str]  # label, content, name


def offer(name: str, cohort: Cohort, files: Sequence[File]) -> None:
    """name: of the page, for its widgets' keys."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Use as cohort",
            icon=":material/group:",
            type="primary",
            key=f"{name}_use",
            on_click=session.keep_upload,
            args=(cohort,),
            help="Shows these rows on every page, marked as reconstructed, until the session ends.",
        )
        for file in files:
            download(name, *file)
    if session.view()[0].digest == cohort.digest:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(":material/check: These rows are the cohort in view.", width="content")
            st.page_link("pages/explore/survival.py", label="See it on Survival", icon=":material/arrow_forward:")


def download(page: str, label: str, content: str | bytes, name: str) -> None:
    kind = KINDS[name.rpartition(".")[2]]
    st.download_button(
        label, content, name, kind, on_click="ignore", icon=":material/download:", key=f"{page}_download:{name}"
    )
