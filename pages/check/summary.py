"""Summary to patients: a publication's printed figures in, patient rows that have them out."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from kras_core.address import default_selection
from kras_core.analyse.survival import analyse
from kras_core.audit.compatible import ATTEMPTS, Compatible, find
from kras_core.audit.printed import PrintedError, ends
from kras_core.audit.search import Progress
from kras_core.audit.summary import CONVENTIONS, Summary, SummaryError
from kras_core.audit.summary_example import EXAMPLE
from kras_core.audit.summary_grid import COLUMNS, GridError, blank, padded, problem_of, rows_of, summary_of
from kras_core.audit.summary_toml import read_summary, write_summary
from kras_core.cohort.endpoints import ENDPOINTS, endpoint
from kras_core.cohort.problems import Problem
from kras_core.conventions import PRESETS
from kras_core.report.cohort.card import problems_html
from kras_core.report.figures import alt_text, km_figure, under_figure
from kras_core.report.format import plural
from kras_core.report.reconstruction.compatible_json import compatible_json
from kras_core.report.reconstruction.compatible_tables import compatible_answer, compatible_card, printed_beside_reached
from pages.shared import chart, made, options, session, work

ROWS, SPARE = 6, 2
WIDTHS = (90, 110, 86, 78, 84, 84, 84, 60, 106, 58, 100, 100)
MOST_SEED = 100_000
INTRODUCTION = (
    "The figures that a publication prints become patient rows that have them, found by a search, where there are such "
    "rows. They show what the figures imply together. They are a reconstruction, marked so on every page, and no "
    "patients; others would have the same figures."
)
WHAT_TO_WRITE = """
A row is a group of patients at one endpoint; a row without a group is all of them. Copy figures as printed, with their
decimals; write `NR` for a median that is not reached. Times are in months.

| Column | What |
|---|---|
| Endpoint | `pfs`, `os` …; empty: as in the row above. List them in the order in which they happen |
| Group, Patients | its name and size; the size once is enough |
| 95 % CI | of the median, `5.6–10.3`, `8.2–NR` |
| Rates | percent without event by months, `12: 54.3; 24: 31` |
| HR, HR 95 % CI | Cox, of this row's group over the other of two |
| p | log-rank, of two groups, in either row |
| Follow-up | median by reverse Kaplan–Meier, of all patients |
| Grouping | what the groups are: `arm` if empty. Several may be given |
"""
Rows = list[dict[str, str]]


def page() -> None:
    tools = _head()
    settings = _settings()
    rows = _grid()
    if not any(any(row.values()) for row in rows):
        st.markdown(INTRODUCTION)
        return
    try:
        summary = summary_of(rows, **settings)
    except GridError as error:
        st.html(problems_html([problem_of(error)]))
        return
    written = write_summary(summary)
    with tools:
        made.download("summary", "Save", written, "summary.toml")
    _search(summary, written)


# Inputs


def _head() -> DeltaGenerator:
    """Title, and beside it what opens, explains and (once there is one) saves a summary."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title("Summary to patients", width="content")
        tools = st.container(horizontal=True, width="content")
        with tools:
            st.button(
                "Worked example", icon=":material/edit_note:", key="summary_example", on_click=_fill, args=(EXAMPLE,)
            )
            with st.popover("Open a file", icon=":material/upload:", help="A summary that was saved as TOML"):
                st.file_uploader("A summary, TOML", ["toml"], key="summary_file", on_change=_open)
            with st.popover("What to write", icon=":material/help:"):
                st.markdown(WHAT_TO_WRITE)
    refused: Problem | None = st.session_state.get("summary_refused")
    if refused is not None:
        st.html(problems_html([refused]))
    return tools


def _open() -> None:
    """Take over an uploaded summary, or say what is wrong with it and leave everything as it is."""
    file = st.session_state["summary_file"]
    st.session_state["summary_refused"] = None
    if file is None:
        return
    try:
        _fill(read_summary(file.getvalue().decode("utf-8")))
    except SummaryError as error:
        remedy = str(error).removeprefix(f"{error.key}: ")
        st.session_state["summary_refused"] = Problem("error", "summary", file.name, column=error.key, remedy=remedy)
    except UnicodeDecodeError:
        remedy = "This is no text. Save the summary as TOML in UTF-8."
        st.session_state["summary_refused"] = Problem("error", "summary", file.name, remedy=remedy)


def _fill(summary: Summary) -> None:
    state, span = st.session_state, summary.follow_up_months
    state["summary_rows"] = rows_of(summary)
    state.pop("summary_grid", None)
    state["summary_title"], state["printed_by"], state["summary_seed"] = summary.title, summary.conventions, 1
    state["summary_span"] = "" if span is None else f"{span[0]:g}–{span[1]:g}"
    state["summary_days"] = "" if summary.days_per_month is None else f"{summary.days_per_month:.10g}"
    state["summary_refused"] = None


def _settings() -> dict[str, Any]:
    """Further fields of the summary."""
    options.choice("printed_by", CONVENTIONS, "r", lasting=True)
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        title = st.text_input(
            "Publication", key="summary_title", placeholder="Author year", max_chars=120, persist_state="session"
        )
        conventions = st.selectbox(
            "Computed as in",
            CONVENTIONS,
            key="printed_by",
            format_func=lambda id: PRESETS[id].label,
            help="Whose medians, intervals and ties the printed figures have; the methods section says which software.",
            persist_state="session",
            width=150,
        )
        span = st.text_input(
            "Followed for, months",
            key="summary_span",
            placeholder="such as 6–40",
            help="Shortest and longest time at which a patient without event was last seen, if that is printed.",
            persist_state="session",
            width=170,
        )
        days = st.text_input(
            "Days in a month",
            key="summary_days",
            placeholder="found out",
            help="Empty: the divisor under which most printed medians are whole days.",
            persist_state="session",
            width=130,
        )
    return {
        "title": " ".join(title.split()),
        "conventions": conventions,
        "follow_up_months": _span(span),
        "days_per_month": _number("Days in a month", days),
    }


def _span(text: str) -> tuple[float, float] | None:
    if not text.strip():
        return None
    try:
        low, high = ends(text)
        return float(low), float(high)
    except (PrintedError, ValueError):
        _refuse("Followed for, months", text, "two numbers of months, such as 6–40")
        return None


def _number(label: str, text: str) -> float | None:
    try:
        return float(text) if text.strip() else None
    except ValueError:
        _refuse(label, text, "a number, such as 30.4")
        return None


def _refuse(column: str, found: str, expected: str) -> None:
    remedy = "It is left out until then."
    st.html(problems_html([Problem("error", "summary", "Settings", "", None, column, found, expected, remedy)]))


def _grid() -> Rows:
    """The figures as an editable table, which stays when the page is left."""
    state = st.session_state
    if "summary_grid" not in state:
        state["summary_base"] = padded(state.get("summary_rows") or blank(ROWS - SPARE), SPARE)
    edited = st.data_editor(
        state["summary_base"],
        key="summary_grid",
        num_rows="dynamic",
        placeholder="",
        column_config={
            id: st.column_config.SelectboxColumn(label, options=["", *ENDPOINTS], width=width)
            if id == "endpoint"
            else st.column_config.TextColumn(label, width=width)
            for (id, label), width in zip(COLUMNS.items(), WIDTHS, strict=True)
        },
    )
    rows = [{name: "" if value is None else str(value) for name, value in dict(row).items()} for row in edited]
    while rows and not any(rows[-1].values()):
        rows.pop()
    state["summary_rows"] = rows
    return rows


# The search and what it finds


def _search(summary: Summary, written: str) -> None:
    seed = int(options.number("summary_seed", 1, 1, MOST_SEED, lasting=True))
    label = f"Look for rows that have these {plural(len(summary.figures), 'figure')}"
    work.on_demand("summary", (written, seed), label, lambda: _steps(summary, seed), lambda found: None, _so_far)
    found = work.result("summary")
    if found is not None:
        _results(summary, found)


def _steps(summary: Summary, seed: int) -> Iterator[tuple[float, Progress | Compatible]]:
    for said in find(summary, seed):
        yield (said.step / said.steps if isinstance(said, Progress) else 1.0), said


def _so_far(said: Progress | Compatible) -> str:
    return f"· {plural(len(said.missed), 'figure')} to go" if said.missed else "· all met, smoothing the curve"


def _results(summary: Summary, found: Compatible) -> None:
    cohort = replace(found.cohort, card=compatible_card(summary, found), citation=summary.title)
    st.html(compatible_answer(found).html)
    shown = options.choice("summary_shown", cohort.endpoints, lasting=True)
    analysis = session.kept(
        ("compatible", cohort.digest, shown), lambda: analyse(cohort, default_selection(cohort).but(endpoint=shown))
    )
    chart.show("compatible", km_figure(analysis, theme=session.theme()), alt_text(analysis))
    st.html(under_figure(analysis, theme=session.theme()))
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(cohort.endpoints) > 1:
            st.segmented_control(
                "Curve of",
                cohort.endpoints,
                key="summary_shown",
                required=True,
                format_func=lambda id: endpoint(id).short,
                label_visibility="collapsed",
                persist_state="session",
            )
        if found.missed:
            st.button("Look on from other seeds", icon=":material/refresh:", key="summary_again", on_click=_again)
    result = json.dumps(compatible_json(summary, found), indent=1)
    made.offer(
        "summary",
        cohort,
        [
            ("Patient rows, CSV", found.csv, "compatible-patients.csv"),
            ("Result, JSON", result, "compatible.json"),
        ],
    )
    st.html(printed_beside_reached(summary, found).html())


def _again() -> None:
    st.session_state["summary_seed"] += ATTEMPTS


page()
