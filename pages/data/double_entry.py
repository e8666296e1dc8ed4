"""Double entry: two extracts of one case report form, what they disagree on, and the record of who was right."""

from typing import Any

import streamlit as st

from kras_core.cohort.double_entry import Comparison, Resolution, audit_rows, compare, example, resolved
from kras_core.cohort.files.kinds import MAX_UPLOAD_BYTES, SUFFIXES
from kras_core.cohort.problems import CohortError
from kras_core.cohort.readers import RawTables, read_table
from kras_core.cohort.validate import examine
from kras_core.report.cohort.card import problems_html
from kras_core.report.cohort.double_entry import agreement_table, summary_words
from kras_core.report.csv_out import csv_bytes
from kras_core.report.format import md_escape
from kras_core.report.raw_out import table_csv
from pages.shared import session

LIMIT = MAX_UPLOAD_BYTES // 1024**2
KINDS = sorted(suffix.removeprefix(".") for suffix in SUFFIXES)
SIDES = {"A": "A is right", "B": "B is right"}


def page() -> None:
    st.title("Double entry")
    st.markdown(
        "Two people entered the same case report forms. Give both extracts: every patient and field is compared by "
        "meaning (5.50 is 5.5, *male* is M), and each disagreement is settled by choosing a side with a reason. The "
        "Methods of the bundled paper describe it so: all entries reviewed by two independent investigators, "
        "discrepancies resolved by consensus or by the principal investigator."
    )
    _extracts()
    held = st.session_state.get("entries")
    if held is None:
        return
    if held["simulated"]:
        st.html('<p class="kras-badge kras-simulated">Simulated · not patient data · worked example</p>')
    try:
        comparison = compare(held["a"], held["b"])
    except CohortError as refusal:
        st.error("These extracts cannot be compared yet.", icon=":material/error:")
        st.html(problems_html(refusal.problems))
        return
    st.markdown(md_escape(summary_words(comparison)))
    _grid(comparison, held["resolutions"])
    _outcome(comparison, held["resolutions"], held["simulated"])
    st.subheader("Agreement by field")
    st.html(agreement_table(comparison).html())


def _extracts() -> None:
    """The two uploaders, the worked example, and the way to drop both."""
    number = st.session_state.get("entry_uploader", 0)
    for side, column in zip("ab", st.columns(2), strict=True):
        label = f"Extract {side.upper()}, up to {LIMIT} MB"
        with column:
            st.file_uploader(label, type=KINDS, key=f"entry_{side}:{number}", max_upload_size=LIMIT)
    given = [st.session_state.get(f"entry_{side}:{number}") for side in "ab"]
    files = [f for f in given if f is not None]
    if len(files) == 2 and st.session_state.get("entry_files") != [f.file_id for f in files]:
        _read(files)
    with st.container(horizontal=True):
        st.button("Worked example (simulated)", icon=":material/school:", on_click=_example, key="entry_example")
        if "entries" in st.session_state:
            st.button("Forget both extracts", icon=":material/delete:", on_click=_forget, key="entry_forget")


def _read(given: list[Any]) -> None:
    st.session_state["entry_files"] = [f.file_id for f in given]
    try:
        a, b = (read_table(f.name, f.getvalue()) for f in given)
    except CohortError as refusal:
        st.error("This extract cannot be read.", icon=":material/error:")
        st.html(problems_html(refusal.problems))
        return
    _hold(a, b, simulated=False)


def _hold(a: Any, b: Any, simulated: bool) -> None:
    st.session_state["entries"] = {"a": a, "b": b, "simulated": simulated, "resolutions": {}}
    st.session_state["entry_round"] = st.session_state.get("entry_round", 0) + 1


def _example() -> None:
    _hold(*example(), simulated=True)


def _forget() -> None:
    for key in ("entries", "entry_files"):
        st.session_state.pop(key, None)
    st.session_state["entry_uploader"] = st.session_state.get("entry_uploader", 0) + 1


def _grid(comparison: Comparison, resolutions: dict[tuple[str, str], Resolution]) -> None:
    """Every disagreement as a row; a side counts once it has a reason."""
    if not comparison.disagreements:
        st.success("The extracts agree in every cell that both have.", icon=":material/check:")
        return
    key = f"grid:{st.session_state.get('entry_round', 0)}"
    drafts = st.session_state["entries"].setdefault("drafts", {})
    rows = [
        {
            "patient": d.patient,
            "field": d.field,
            "a": d.a or "(empty)",
            "b": d.b or "(empty)",
            "side": drafts.get((d.patient, d.field), ("", ""))[0] or None,
            "reason": drafts.get((d.patient, d.field), ("", ""))[1],
        }
        for d in comparison.disagreements
    ]
    start = st.session_state.setdefault(f"{key}:rows", rows)  # the editor keeps edits as long as its rows stay the same
    edited = st.data_editor(
        start,
        key=key,
        hide_index=True,
        num_rows="fixed",
        disabled=["patient", "field", "a", "b"],
        column_config={
            "patient": st.column_config.TextColumn("Patient", width="small"),
            "field": st.column_config.TextColumn("Field", width="small"),
            "a": st.column_config.TextColumn("A"),
            "b": st.column_config.TextColumn("B"),
            "side": st.column_config.SelectboxColumn(
                "Right", options=list(SIDES), format_func=lambda side: SIDES[str(side)]
            ),
            "reason": st.column_config.TextColumn("Reason", max_chars=200, help="Such as: source document, page 3."),
        },
    )
    resolutions.clear()
    for d, row in zip(comparison.disagreements, edited, strict=True):
        side, reason = row["side"] or "", (row["reason"] or "").strip()
        drafts[d.patient, d.field] = (side, reason)
        if side in SIDES and reason:
            resolutions[d.patient, d.field] = Resolution("A" if side == "A" else "B", reason)


def _outcome(comparison: Comparison, resolutions: dict[tuple[str, str], Resolution], simulated: bool) -> None:
    """Progress, the audit trail, and once all is settled the resolved copy."""
    settled, all_of = len(resolutions), len(comparison.disagreements)
    if all_of:
        st.progress(settled / all_of, f"{settled} of {all_of} disagreements resolved, each with its reason")
    with st.container(horizontal=True):
        _download("Audit trail, CSV", csv_bytes(audit_rows(comparison, resolutions)), "double-entry-audit.csv")
        if settled < all_of:
            return
        made = resolved(comparison, resolutions)
        _download("Resolved copy, CSV", table_csv(made), "double-entry-resolved.csv")
        used = st.button("Use as the cohort", icon=":material/check:", key="entry_use")
    if used:
        tables = RawTables(made, None, (made.file,), ())
        kind = "simulated" if simulated else "real"
        cohort, problems = examine(tables, id="uploaded", title="Double entry", provenance=kind, origin="uploaded")
        if cohort is None:
            st.error("The resolved copy is no cohort yet: mend these on the Cohort page.", icon=":material/error:")
            st.html(problems_html(problems))
        else:
            session.keep_upload(cohort)
            st.rerun()


def _download(label: str, content: bytes, file: str) -> None:
    icon = ":material/download:"
    st.download_button(label, content, file, "text/csv", on_click="ignore", icon=icon, key=f"entry:{file}")


page()
