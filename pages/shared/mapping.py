"""The mapping screen: what was recognised, what has to be said by a person, and the curve that would come of it."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from kras_core.analyse.first_look import (
    FirstLook,
    first_look,
    rule_choices,
    rule_effects,
)
from kras_core.cohort.endpoints import endpoint as named_endpoint
from kras_core.cohort.mapping import Mapping, to_toml
from kras_core.cohort.mapping.dates import rules_in_words
from kras_core.cohort.mapping.editing import (
    ALL_UNITS,
    Coding,
    choices,
    date_questions,
    edited,
    event_codings,
    missing_choices,
    needs_look,
    open_codings,
    rows,
    turned,
    with_codes,
    with_missing,
)
from kras_core.report.cohort.card import problems_html
from kras_core.report.cohort.mapping import effects_table, left_out_words, meanings_words, recognised_words
from kras_core.report.csv_out import csv_bytes
from kras_core.report.figures import alt_text, km_figure
from kras_core.report.format import md_escape, plural
from kras_core.report.survival.answer import answer
from pages.shared import chart, session, validation
from pages.shared.draft import Draft

CURVE_HEIGHT = 270
MOST_REASONS = 12


def show(draft: Draft) -> tuple[Mapping, FirstLook]:
    """Draw the screen; the mapping as the user has it now, and what comes of it."""
    mapping = _columns(draft)
    questions, picture = st.columns([3, 2], gap="large")
    with questions:
        mapping = _dates_written(draft, mapping)
        mapping = _codes(draft, mapping)
        mapping = _rules(draft, mapping)
    draft.mapping = mapping
    look = look_of(draft)
    with picture:
        _curve(draft, look)
    return mapping, look


def look_of(draft: Draft) -> FirstLook:
    """What comes of the draft as it is now."""
    mapping = draft.mapping
    endpoint = st.session_state.get(f"first_endpoint:{draft.key}", "")
    bare = replace(mapping, patients=tuple(replace(c, confirmed=False) for c in mapping.patients))
    fields = {"id": "uploaded", "title": draft.title, "provenance": "real", "origin": "uploaded"}
    remedies = validation.remedies_of(draft.key)
    return session.kept(
        ("first look", draft.key, bare, endpoint, remedies),
        lambda: first_look(mapping, draft.tables, endpoint, remedies, **fields),
    )


def _columns(draft: Draft) -> Mapping:
    """The two tables: what needs a look in sight, the rest folded."""
    if not _widget_lives(draft):
        draft.base = draft.mapping
    base = draft.base
    doubtful = frozenset(c.source for c in base.patients if needs_look(c))
    others = frozenset(c.source for c in base.patients) - doubtful
    changed: list[dict[str, str]] = []
    if doubtful:
        st.markdown(f"**Please look at {plural(len(doubtful), 'column')}**")
        changed += _editor(draft, "look", rows(base, draft.tables, doubtful))
        why = [f"“{md_escape(c.source)}”: {md_escape(c.reason)}." for c in base.patients if needs_look(c)]
        st.caption("  \n".join(why[:MOST_REASONS]))
    with st.expander(recognised_words(base), key=f"others:{draft.key}", expanded=not doubtful and len(others) <= 8):
        changed += _editor(draft, "rest", rows(base, draft.tables, others))
        mapping = edited(base, draft.tables, changed)
        mapping = _missing(draft, mapping)
    st.caption(md_escape(meanings_words(mapping)))
    st.caption(md_escape(left_out_words(mapping)))
    return mapping


def _widget_lives(draft: Draft) -> bool:
    return any(f"{name}:{draft.key}" in st.session_state for name in ("look", "rest"))


def _editor(draft: Draft, name: str, shown: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    config, offered = st.column_config, choices(draft.base)
    return st.data_editor(
        list(shown),
        key=f"{name}:{draft.key}",
        hide_index=True,
        disabled=["column", "first", "sure", "why"],
        placeholder="",
        column_order=[*("column", "first", "becomes", "unit"), *(("why",) if name == "rest" else ())],
        column_config={
            "column": config.TextColumn("Column of the file", width=150),
            "first": config.TextColumn("First values", width=170),
            "becomes": config.SelectboxColumn(
                "Becomes", options=list(offered), format_func=lambda id: offered[str(id)], required=True, width=210
            ),
            "unit": config.SelectboxColumn("Unit", options=["", *ALL_UNITS], width=75),
            "why": config.TextColumn("Why", width=290),
        },
    )


def _missing(draft: Draft, mapping: Mapping) -> Mapping:
    """Codes that mean no value: shown with their counts, and chosen."""
    found = session.kept(("missing", draft.key), lambda: missing_choices(draft.base, draft.tables))
    if not found:
        return mapping
    chosen = st.multiselect(
        "Read as missing, beside empty cells, NA and “.”",
        list(found),
        default=[(c.source, code) for c in mapping.patients for code in c.missing if (c.source, code) in found],
        format_func=lambda pair: f"{md_escape(pair[0])}: {md_escape(pair[1])} ({found[pair]:,})",
        key=f"missing:{draft.key}",
        persist_state="session",
    )
    return with_missing(mapping, chosen)


def _dates_written(draft: Draft, mapping: Mapping) -> Mapping:
    """Which part of 03/04/2021 is the month, where no value tells."""
    for i, question in enumerate(date_questions(mapping, draft.tables)):
        way = st.radio(
            f"In “{md_escape(question.source)}”, {md_escape(question.example)} is",
            list(question.readings),
            index=None,
            format_func=question.readings.__getitem__,
            horizontal=True,
            key=f"written:{i}:{draft.key}",
            persist_state="session",
        )
        mapping = mapping.but(question.source, written=way) if way else mapping
    return mapping


def _codes(draft: Draft, mapping: Mapping) -> Mapping:
    """Codes of categories that somebody chose by hand, and the coding of every event, confirmed in words."""
    for i, coding in enumerate(open_codings(mapping, draft.tables)):
        st.markdown(f"**{md_escape(coding.title)}**: what do the codes of “{md_escape(coding.column.source)}” mean?")
        st.caption(md_escape(" · ".join(coding.words)))
        mapping = with_codes(mapping, coding.column.source, _code_boxes(draft, f"level{i}", coding))
    for i, coding in enumerate(event_codings(mapping, draft.tables)):
        with st.container(key=f"event{i}_{draft.key}"):
            mapping = _event(draft, mapping, coding, i)
    return mapping


def _event(draft: Draft, mapping: Mapping, coding: Coding, i: int) -> Mapping:
    source = coding.column.source
    st.markdown(f"**{md_escape(coding.title)}**, from “{md_escape(source)}”. What the codes mean:")
    place = st.container()
    with st.container(horizontal=True, vertical_alignment="center"):
        box = st.container(width="content")
        around = st.session_state.get(f"turned:{i}:{draft.key}", False)
        with st.popover("Change", type="tertiary"):
            st.toggle("The other way round", key=f"turned:{i}:{draft.key}", persist_state="session")
            codes = _code_boxes(draft, f"event{i}", coding)
    codes = turned(codes) if around else codes
    mapping = with_codes(mapping, source, codes)
    (said,) = [c for c in event_codings(mapping, draft.tables) if c.column.source == source]
    with place:
        st.markdown("\n".join(f"- {md_escape(line)}" for line in said.words))
    with box:
        # Another coding is another question: its key changes with the codes.
        state = "-".join(meaning[0] for meaning in codes.values())
        known = {c.source: c for c in draft.base.patients}[source]
        right = st.checkbox(
            "That is right",
            value=known.confirmed and dict(known.codes) == codes,
            key=f"confirm:{i}:{state}:{draft.key}",
            persist_state="session",
        )
    return mapping.but(source, confirmed=right)


def _code_boxes(draft: Draft, name: str, coding: Coding) -> dict[str, str]:
    """A select box for every code."""
    return {
        code: st.selectbox(
            f"{md_escape(code)} means",
            list(coding.options),
            index=list(coding.options).index(meaning),
            format_func=coding.options.__getitem__,
            key=f"{name}:{j}:{draft.key}",
            persist_state="session",
        )
        for j, (code, meaning) in enumerate(coding.codes.items())
    }


def _rules(draft: Draft, mapping: Mapping) -> Mapping:
    """How dates become PFS and OS: the rules in words, and what each choice changes beside it."""
    there = frozenset(c.becomes for c in mapping.patients if c.becomes.endswith("_date"))
    if "start_date" not in there:
        return mapping
    choices = rule_choices(mapping)
    rules = mapping.dates
    with st.expander("How dates become PFS and OS", key=f"rules:{draft.key}", on_change="rerun") as fold:
        for field, words in choices.items():
            chosen = st.radio(
                {"censor_pfs": "PFS without progression or death", "new_therapy": "New anticancer therapy"}.get(
                    field, "Progression or death after two or more missed assessments"
                ),
                list(words),
                index=list(words).index(getattr(rules, field)),
                format_func=words.__getitem__,
                horizontal=True,
                key=f"rule:{field}:{draft.key}",
                persist_state="session",
            )
            rules = replace(rules, **{field: chosen})
        if "missed" in choices:
            interval = st.number_input(
                "Days between tumour assessments",
                1,
                3650,
                rules.interval,
                key=f"interval:{draft.key}",
                persist_state="session",
                help="The paper assessed every two cycles of three weeks: 42 days.",
            )
            rules = replace(rules, interval=int(interval))
        keep = st.checkbox(
            "Keep the dates in the cohort",
            rules.keep,
            key=f"keep:{draft.key}",
            persist_state="session",
            help="Left out by default, as intervals are all that the analyses need.",
        )
        mapping = replace(mapping, dates=replace(rules, keep=keep))
        st.caption(" ".join(rules_in_words(there, mapping.dates)))
        if fold.open and choices:
            bare = replace(mapping, patients=tuple(replace(c, confirmed=False) for c in mapping.patients))
            fields = {"id": "uploaded", "title": draft.title, "provenance": "real"}
            effects = session.kept(("rules", draft.key, bare), lambda: rule_effects(mapping, draft.tables, **fields))
            st.html(effects_table(effects).html())
    return mapping


def _curve(draft: Draft, look: FirstLook) -> None:
    """The first curve, small, with its numbers in words; the place is kept where there is none."""
    with st.container(key="first_curve"):
        if look.curve is None:
            st.caption(md_escape(look.refusal))
            return
        offered = look.cohort.endpoints if look.cohort else ()
        if len(offered) > 1:
            st.segmented_control(
                "Endpoint",
                list(offered),
                default=look.curve.selection.endpoint,
                format_func=lambda id: md_escape(named_endpoint(id).short),
                key=f"first_endpoint:{draft.key}",
                label_visibility="collapsed",
            )
        found = answer(look.curve)
        st.markdown(f"**{md_escape(found.title)}**")
        st.caption(md_escape(f"{found.line1.text} · {found.line2.text}".strip(" ·")))
        chart.show("first", km_figure(look.curve, theme=session.theme(), height=CURVE_HEIGHT), alt_text(look.curve))


def findings(draft: Draft, look: FirstLook) -> None:
    """Errors and warnings in sight with their remedies; what was done, value for value, folded."""
    notes = [p for p in look.problems if p.severity == "note"]
    others = [p for p in look.problems if p.severity != "note"]
    remedies = validation.remedies_of(draft.key)
    if look.tables is None:
        st.html(problems_html(others))
    elif look.problems or remedies:
        checked = validation.Corrected(look.tables, remedies, look.changes, draft.key)
        validation.report(checked, look.problems, others)
    if notes:
        with st.expander(
            f"What is done to the file: {plural(len(notes), 'note')}", key="notes", on_change="rerun"
        ) as fold:
            if fold.open:
                st.html(problems_html(notes))


def first_rows(look: FirstLook) -> None:
    """The first rows as they would be, and the downloads of copy and mapping."""
    if look.tables is None:
        return
    with st.expander("First rows as they will be", key="first_rows", on_change="rerun") as fold:
        if fold.open:
            st.dataframe(look.tables.patients.preview(10), hide_index=True)


def downloads(mapping: Mapping, look: FirstLook) -> None:
    """The mapping for the next extract, and the table as mapped."""
    st.download_button(
        "Mapping, TOML",
        to_toml(mapping),
        "krascope-mapping.toml",
        "application/toml",
        on_click="ignore",
        icon=":material/download:",
        key="mapping_toml",
        help="Does the same to the next extract: give it together with the file, or as --mapping on the command line.",
    )
    if look.tables is not None:
        tables = look.tables
        st.download_button(
            "Mapped copy, CSV",
            lambda: csv_bytes(tables.patients.preview(tables.patients.n)),
            "krascope-mapped.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
            key="mapped_csv",
        )
