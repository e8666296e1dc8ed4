"""The validation report on the page: what was found, remedies to press and to take back, copies to download.

checked = validation.corrected(raw)              # with what was pressed in this session for these files
cohort, problems = examine(checked.tables, ...)
validation.report(checked, problems)
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import streamlit as st

from kras_core.cohort.problems import Problem
from kras_core.cohort.readers import RawTables
from kras_core.cohort.remedies import Change, Remedy, apply, key_of, offered
from kras_core.cohort.variables import TABLES
from kras_core.report.cohort.card import problems_html
from kras_core.report.cohort.validation import groups, report_rows
from kras_core.report.csv_out import csv_bytes
from kras_core.report.format import md_escape
from kras_core.report.raw_out import table_csv, tables_workbook
from pages.shared import session

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Corrected:
    """Tables with the remedies that were pressed for them, those remedies, and every cell they changed."""

    tables: RawTables
    remedies: tuple[Remedy, ...]
    changes: tuple[Change, ...]
    name: str


def corrected(tables: RawTables, name: str) -> Corrected:
    """The tables with the remedies that this session chose for those of this name, none at first."""
    chosen = remedies_of(name)
    mended, changes = apply(tables, chosen)
    return Corrected(mended, chosen, changes, name)


def remedies_of(name: str) -> tuple[Remedy, ...]:
    """What was pressed for the tables of this name."""
    return tuple(_chosen().get(name, ()))


def _chosen() -> dict[str, list[Remedy]]:
    return st.session_state.setdefault("remedies", {})


def report(checked: Corrected, problems: Sequence[Problem], shown: Sequence[Problem] | None = None) -> None:
    """The whole report: problems with their remedies, what was done, and the downloads.

    shown: the problems listed here, where the page shows others elsewhere; the files have them all.
    """
    offers = offered(checked.tables, problems)
    if len(offers) > 1:
        st.button(
            f"Do all {len(offers)} remedies",
            icon=":material/auto_fix_high:",
            on_click=_add,
            args=(checked.name, list(offers.values())),
            key="remedy:all",
        )
    for i, found in enumerate(groups(problems if shown is None else shown)):
        remedy = offers.get(key_of(found[0]))
        if remedy is None:
            st.html(problems_html(found))
            continue
        said, cure = st.columns([7, 3], vertical_alignment="center")
        with said:
            st.html(problems_html(found))
        with cure:
            st.button(
                md_escape(remedy.label),
                icon=":material/healing:",
                on_click=_add,
                args=(checked.name, [remedy]),
                key=f"remedy:{i}",
                help="Changes a copy and writes down every cell; you can take it back.",
                width="stretch",
            )
    _done(checked)
    _downloads(checked, problems, offers)


def _done(checked: Corrected) -> None:
    """What was pressed, each with its way back."""
    if not checked.remedies:
        return
    changed = len(checked.changes)
    st.markdown(f"**Corrected in this session**: {changed:,} {'entry' if changed == 1 else 'entries'} changed.")
    for i, remedy in enumerate(checked.remedies):
        with st.container(horizontal=True, vertical_alignment="center"):
            where = f" · {remedy.column}" if remedy.column and remedy.column not in remedy.label else ""
            st.markdown(md_escape(f"{remedy.label}{where}"))
            st.button(
                "Take back",
                type="tertiary",
                icon=":material/undo:",
                on_click=_remove,
                args=(checked.name, i),
                key=f"undo:{i}",
            )


def _add(name: str, remedies: Iterable[Remedy]) -> None:
    _chosen().setdefault(name, []).extend(remedies)
    session.drop_read()


def _remove(name: str, at: int) -> None:
    del _chosen()[name][at]
    session.drop_read()


def _downloads(
    checked: Corrected, problems: Sequence[Problem], offers: dict[tuple[str, str, str, str], Remedy]
) -> None:
    with st.container(horizontal=True):
        if problems:
            _download("Full report, CSV", csv_bytes(report_rows(problems, offers)), "krascope-report.csv", "text/csv")
        if not checked.remedies:
            return
        audit = [change.as_row() for change in checked.changes]
        _download("Changes, CSV", csv_bytes(audit), "krascope-changes.csv", "text/csv")
        book = tables_workbook(checked.tables, audit)
        _download("Corrected copy, Excel", book, "krascope-corrected.xlsx", WORKBOOK)
        for name in TABLES:
            table = getattr(checked.tables, name)
            if table is not None:
                _download(f"Corrected {name}, CSV", table_csv(table), f"krascope-{name}.csv", "text/csv")


def _download(label: str, content: bytes, file: str, kind: str) -> None:
    icon = ":material/download:"
    st.download_button(label, content, file, kind, on_click="ignore", icon=icon, key=f"report:{file}")
