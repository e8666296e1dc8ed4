"""Reported figures: what a paper prints, held against what can be true."""

from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256

import streamlit as st

from kras_core.audit.audit import ATTENTION, AuditReport, audit
from kras_core.audit.checks import CHECKS
from kras_core.audit.claims import Claims, bundled_claims, claims_of, read_claims
from kras_core.audit.quantities import QUANTITIES
from kras_core.audit.searches import Search, searches
from kras_core.cohort.model import Cohort
from kras_core.cohort.problems import CohortError
from kras_core.report.audit.blocks import audit_blocks
from kras_core.report.audit.document import audit_document
from kras_core.report.audit.html import (
    RECOMPUTED,
    RULES,
    audit_head,
    built_in,
    claim_lines,
    counts_sentence,
    drawer,
    own_head,
    searched_lines,
    strip,
)
from kras_core.report.audit.tables import (
    audit_rows,
    blank_rows,
    checks_table,
    claim_rows,
    columns_table,
    quantities_table,
)
from kras_core.report.cohort.card import problems_html
from kras_core.report.csv_out import csv_bytes
from kras_core.report.document.word import docx_bytes
from pages.shared import details, options, session
from pages.shared.proofs import unfolding

PUBLISHED, OWN = "published", "My own claims"
SOURCES = {PUBLISHED: "The cohort's publication", "own": OWN}
EXAMPLE = "ncctg-lung"
BLANK = 8
ALL = ""


def page() -> None:
    st.html(f"<style>{RULES}</style>")
    cohort, _ = session.view()
    published = None if cohort.origin == "uploaded" else bundled_claims(cohort.id)
    if published is not None and st.session_state.get("claims_source", PUBLISHED) == PUBLISHED:
        report = _audited(published, cohort)
        st.html(audit_head(report))
        _source()
        _show(report, published)
        return
    st.html(own_head())
    if published is not None:
        _source()
    claims, rows = _own_claims(cohort)
    if claims is not None:
        report = _audited(claims, rows)
        st.html(strip(report))
        _show(report, claims)


def _source() -> None:
    """Whose figures: those that come with the cohort, or the user's, which stay when the cohort changes."""
    st.segmented_control(
        "Figures",
        list(SOURCES),
        key="claims_source",
        default=PUBLISHED,
        format_func=SOURCES.__getitem__,
        label_visibility="collapsed",
        required=True,
        persist_state="session",
    )


def _audited(claims: Claims, cohort: Cohort | None) -> AuditReport:
    digest = cohort.digest if cohort is not None else ""
    return session.kept(("audit", claims, digest), lambda: audit(claims, cohort))


def _show(report: AuditReport, claims: Claims) -> None:
    details.show(
        "audit",
        {
            "Figures": lambda: _figures(report),
            "Searches": lambda: _searches(claims),
            "Checks": lambda: st.html(checks_table().html()),
            "Report": lambda: _downloads(report),
        },
    )


def _figures(report: AuditReport) -> None:
    verdicts = {v: f"{v.capitalize()}: {report.counts[v]}" for v in ATTENTION if report.counts[v]}
    sections = list(dict.fromkeys(e.claim.section for e in report.entries if e.claim.section))
    if st.session_state.get("place", ALL) not in (ALL, *sections):
        del st.session_state["place"]  # a user's own words: not in the address
    with st.container(horizontal=True, key="audit_filters"):
        verdict = _filter("verdict", {ALL: "All verdicts"} | verdicts, 200)
        place = _choose("place", {ALL: "The whole paper"} | {s: s for s in sections}, 200)
        check = _filter("check", {ALL: "All checks"} | _checks(report), 280)
    shown = [
        e
        for e in report.by_attention
        if verdict in (ALL, e.verdict)
        and place in (ALL, e.claim.section)
        and (check == ALL or any(f.check == check for f in e.findings))
    ]
    lines = session.kept(("audit lines", tuple(e.claim for e in shown), report.cohort), lambda: claim_lines(shown))
    by_id = {e.claim.id: e for e in report.entries}
    unfolding("proofs", _token(report), lines, lambda id: drawer(by_id[id]) if id in by_id else "")
    if note := built_in(report):
        st.caption(note)


def _token(report: AuditReport) -> str:
    """Names the claims and the rows that they were held against."""
    rows = report.cohort.digest if report.cohort is not None else ""
    return sha256(repr((rows, [e.claim for e in report.entries])).encode()).hexdigest()[:16]


def _filter(name: str, offered: Mapping[str, str], width: int) -> str:
    """A filter of the list by ids, which the address holds too."""
    options.choice(name, offered)
    return _choose(name, offered, width)


def _choose(name: str, offered: Mapping[str, str], width: int) -> str:
    return st.selectbox(
        name.capitalize(),
        list(offered),
        key=name,
        format_func=offered.__getitem__,
        label_visibility="collapsed",
        width=width,
        persist_state="session",
    )


def _checks(report: AuditReport) -> dict[str, str]:
    """The checks that said something, by id."""
    spoke = {f.check for f in report.findings}
    return {id: check.title for id, check in CHECKS.items() if id in spoke} | {
        id: RECOMPUTED for id in spoke if id not in CHECKS
    }


def _searches(claims: Claims) -> None:
    """What takes a moment is computed when asked for, with its progress."""
    offered = {s.id: s for s in searches(claims)}
    if not offered:
        st.caption("Searches need a hazard ratio with two group sizes, or an overall median outside its groups'.")
        return
    st.caption(
        "No theorem bounds these figures, so orders of events are searched: all of them where they can be counted, "
        "else as many as two seconds allow."
    )
    if st.button("Run all searches", icon=":material/manage_search:", key="search_all"):
        bar = st.progress(0.0)
        for i, search in enumerate(offered.values()):
            _run(search, bar, i, len(offered))
        bar.empty()
    results: dict[str, str] = st.session_state.get("searched", {})
    st.html(searched_lines((s.title, results.get(_key(s), "")) for s in offered.values()))


def _run(search: Search, bar, place: int, total: int) -> None:
    result: object = None
    for step in search.run():
        bar.progress((place + step.done / step.total) / total, text=search.title)
        result = step.result if step.result is not None else result
    st.session_state.setdefault("searched", {})[_key(search)] = search.told(result)


def _key(search: Search) -> str:
    """The same figures searched again give the same result, whatever their ids."""
    return f"{search.id} {search.title}"


def _downloads(report: AuditReport) -> None:
    st.caption(
        f"{counts_sentence(report)}. The document says what was held against what, with every step and every innocent "
        "explanation that is known."
    )
    with st.container(horizontal=True):
        st.download_button(
            "Report, document (HTML)",
            lambda: audit_document(report),
            file_name="reported-figures.html",
            mime="text/html",
            on_click="ignore",
            icon=":material/download:",
            key="audit_document",
        )
        st.download_button(
            "Report, document (Word)",
            lambda: docx_bytes(audit_blocks(report, date.today())),
            file_name="reported-figures.docx",
            mime="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            on_click="ignore",
            icon=":material/download:",
            key="audit_word",
        )
        st.download_button(
            "Findings, CSV",
            lambda: csv_bytes(audit_rows(report), footer=[report.title]),
            file_name="reported-figures.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/download:",
            key="audit_csv",
        )


def _own_claims(cohort: Cohort) -> tuple[Claims | None, Cohort | None]:
    """The user's claims, from the grid or a file, and the rows to hold them against; None where they have errors."""
    uploaded = st.file_uploader(
        "A table of claims (CSV or Excel)", type=["csv", "tsv", "txt", "xlsx", "xls"], key="claims_file"
    )
    _templates()
    noted = st.session_state.setdefault("claims_base", blank_rows(BLANK))
    if uploaded is not None and st.session_state.get("claims_read") != uploaded.file_id:
        try:
            noted = claim_rows(read_claims(uploaded.name, uploaded.getvalue()))
        except CohortError as refusal:
            st.html(problems_html(refusal.problems))
            return None, None
        st.session_state["claims_base"], st.session_state["claims_read"] = noted, uploaded.file_id
        st.session_state.pop("claims_grid", None)
    records = _grid(noted)
    against = st.checkbox(
        f"Recompute from the cohort in view, n = {cohort.n:,}",
        value=cohort.provenance == "real",
        key="claims_against",
        persist_state="session",
    )
    try:
        return claims_of(records, OWN), cohort if against else None
    except CohortError as refusal:
        if any(any(r.values()) for r in records):
            st.html(problems_html(refusal.problems))
        return None, None


def _grid(rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """The claims as an editable table."""
    edited = st.data_editor(
        list(rows),
        key="claims_grid",
        num_rows="dynamic",
        height=320,
        placeholder="",
        column_order=["id", "quantity", "printed", *(c for c in rows[0] if c not in ("id", "quantity", "printed"))],
        column_config={
            "quantity": st.column_config.SelectboxColumn("quantity", options=["", *QUANTITIES]),
        },
    )
    return [dict(row) for row in edited]


def _templates() -> None:
    example = bundled_claims(EXAMPLE)
    assert example is not None  # it comes with KRAScope
    with st.container(horizontal=True):
        for label, rows, name in (
            ("Template, CSV", blank_rows(1), "claims-template.csv"),
            ("Worked example, CSV", claim_rows(example), "claims-example.csv"),
        ):
            st.download_button(
                label,
                csv_bytes(rows),
                file_name=name,
                mime="text/csv",
                on_click="ignore",
                icon=":material/download:",
                key=f"claims:{name}",
            )
        if st.button("Fill in the worked example", icon=":material/edit_note:", key="claims_fill"):
            st.session_state["claims_base"] = claim_rows(example)
            st.session_state.pop("claims_grid", None)
        with st.popover("What to write", icon=":material/help:"):
            st.html(columns_table().html() + quantities_table().html())


page()
