"""Cohort: from a file to its first curve, and what is known of the cohort in view.

A file in KRAScope's own names that validates is the cohort at once. Any other is mapped first: what its columns are,
what their codes mean, what that gives. The cohort in view stays until "Use this cohort".
"""

import streamlit as st

from kras_core.analyse.first_look import FirstLook
from kras_core.cohort.files.kinds import MAX_UPLOAD_BYTES
from kras_core.cohort.mapping import Mapping, MappingError
from kras_core.cohort.problems import CohortError, Problem, has_errors
from kras_core.cohort.readers import RawTables
from kras_core.cohort.template import template_csv, template_workbook
from kras_core.cohort.validate import examine
from kras_core.cohort.variables import TABLES
from kras_core.report.cohort.card import card_html, problems_html
from kras_core.report.format import md_escape
from pages.shared import draft as drafts
from pages.shared import mapping as screen
from pages.shared import session, validation
from pages.shared.draft import Draft

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
            on_click=_forget,
            args=(session.token(cohort),),
            key="forget",
            help="Drops the rows and everything computed from them now. Closing the session does the same.",
        )


def _forget(token: str) -> None:
    _discard()  # the uploader too: in the next run it would bring the cohort back
    session.forget_upload(token)


def _upload() -> None:
    files = st.file_uploader(
        f"Your file, up to {LIMIT} MB: Excel, CSV, SPSS, SAS, Stata, Parquet, or the files of a study together",
        accept_multiple_files=True,
        key=f"files:{st.session_state.get('uploader', 0)}",
        max_upload_size=LIMIT,
        on_change=_emptied,
        help="Add the mapping (.toml) of an earlier extract, and this one is mapped the same way.",
    )
    given = {f.name: f.getvalue() for f in files} if files else {}
    draft = drafts.current()
    if given or draft is not None:
        _bring_in(given or draft.files if draft else given)
    else:
        _help()


def _emptied() -> None:
    """The last file was taken out of the uploader: so is its draft."""
    if not st.session_state.get(f"files:{st.session_state.get('uploader', 0)}"):
        drafts.discard()


def _help() -> None:
    st.caption(
        "Columns are recognised by name and content; you confirm what the codes mean and see the first curve before "
        "anything is used. The rows stay in this session's memory and are gone with it."
    )
    with st.expander("Templates, with KRAScope's own column names", key="templates", on_change="rerun") as fold:
        if fold.open:
            _templates()


def _templates() -> None:
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
        for table in TABLES:
            st.download_button(
                f"Template, {table}.csv",
                template_csv(table),
                f"{table}.csv",
                "text/csv",
                on_click="ignore",
                icon=":material/download:",
                key=f"template_{table}",
            )


def _bring_in(files: dict[str, bytes]) -> None:
    """Open, and where KRAScope knows the columns by their own names make it the cohort; else map them."""
    draft = drafts.current()
    sheets = {name: s for name in files if (s := st.session_state.get(f"sheet:{name}"))}
    try:
        with st.spinner("Reading …"):
            draft = drafts.start(files, sheets)
    except CohortError as refusal:
        _summary(refusal.problems)
        st.html(problems_html(refusal.problems))
        return
    except MappingError as refusal:
        st.error(md_escape(str(refusal)), icon=":material/error:")
        return
    _sheets(draft)
    if draft.used:
        _used(draft)
    elif draft.opened.form == "own" and not st.session_state.get(f"map_it:{draft.key}"):
        _own_names(draft)
    else:
        _mapped(draft)


def _sheets(draft: Draft) -> None:
    """The choice of a sheet, where a workbook has several."""
    for name, sheets in draft.opened.offered_sheets.items():
        if len(sheets) > 1 and draft.opened.form != "own":
            shown = draft.tables.patients.sheet
            st.selectbox(
                f"Sheet of patients in {md_escape(name)}",
                sheets,
                index=sheets.index(shown) if shown in sheets else 0,
                format_func=md_escape,
                key=f"sheet:{name}",
                persist_state="session",
            )


def _own_names(draft: Draft) -> None:
    """A file in KRAScope's own names: the cohort at once, or everything that is wrong with it."""
    checked = validation.corrected(draft.tables, draft.key)
    cohort, problems = session.kept(
        ("examined", draft.key, checked.remedies),
        lambda: examine(checked.tables, id="uploaded", title=draft.title, provenance="real", origin="uploaded"),
    )
    _summary(problems)
    validation.report(checked, problems)
    _preview(checked.tables)
    if cohort is None:
        st.toggle("Its columns mean something else: map them", key=f"map_it:{draft.key}", persist_state="session")
    elif session.token(cohort) not in session.uploads():
        session.keep_upload(cohort, at_once=True)
        st.rerun()


def _mapped(draft: Draft) -> None:
    """The mapping screen, what was found in its result, and the button that uses it."""
    current, _ = session.view()
    origin = f" {draft.origin}" if draft.origin else ""
    st.markdown(
        f"**{md_escape(draft.title)}**, {draft.tables.patients.n:,} rows.{origin} This file cannot be used yet: "
        f"confirm what its columns and codes mean. The cohort in view is still {md_escape(current.title)}."
    )
    mapping, look = screen.show(draft)
    _use(draft, mapping, look)
    screen.findings(draft, look)
    screen.first_rows(look)


def _use(draft: Draft, mapping: Mapping, look: FirstLook) -> None:
    waiting = [c.source for c in mapping.unconfirmed]
    with st.container(horizontal=True, vertical_alignment="center", key="use"):
        used = st.button(
            "Use this cohort",
            type="primary",
            icon=":material/check:",
            disabled=look.cohort is None or bool(waiting),
            key="use_cohort",
        )
        st.button("Discard", type="tertiary", on_click=_discard, key="discard")
        screen.downloads(mapping, look)
    if waiting:
        st.caption(f"Waits for your word on the codes of {md_escape(', '.join(waiting))}.")
    elif look.cohort is None:
        st.caption("Waits for the errors below to be mended." if has_errors(look.problems) else md_escape(look.refusal))
    if used and look.cohort is not None:
        drafts.kept_mappings()[mapping.fingerprint] = mapping
        draft.used = session.token(look.cohort)
        session.keep_upload(look.cohort, instead_of=draft.before)
        st.rerun()


def _discard() -> None:
    drafts.discard()
    st.session_state["uploader"] = st.session_state.get("uploader", 0) + 1


def _used(draft: Draft) -> None:
    """What was made a cohort: where to look at it, and how to do the same again."""
    st.success("It is the cohort in view.", icon=":material/check:")
    with st.container(horizontal=True, vertical_alignment="center", key="use"):
        st.page_link("pages/explore/survival.py", label="Its curves", icon=":material/monitoring:")
        st.button("Change what its columns become", type="tertiary", on_click=_reopen, args=(draft,), key="reopen")
        st.button("Another file", type="tertiary", on_click=_discard, key="discard")
        screen.downloads(draft.mapping, screen.look_of(draft))


def _reopen(draft: Draft) -> None:
    draft.before, draft.used = draft.used, ""


def _summary(problems: tuple[Problem, ...]) -> None:
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


def _preview(raw: RawTables) -> None:
    for name, table in (
        ("patients", raw.patients),
        ("adverse events", raw.adverse_events),
        ("target lesions", raw.target_lesions),
    ):
        if table is not None:
            with st.expander(f"First rows of {name}, as written", on_change="rerun", key=f"preview:{name}") as shown:
                if shown.open:
                    st.dataframe(table.preview(20), hide_index=True)


page()
