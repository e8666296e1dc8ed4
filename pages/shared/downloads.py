"""Downloads: what is on the page as CSV, and the whole analysis as JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import streamlit as st

from kras_core.analyse.results import CohortRef
from kras_core.report.csv_out import csv_bytes
from kras_core.report.imprint import withheld
from kras_core.report.small_cells import threshold
from pages.shared import export, session


class OfCohort(Protocol):
    """An analysis: it says of which cohort."""

    @property
    def cohort(self) -> CohortRef: ...


def tables(
    found: Mapping[str, Sequence[Mapping[str, str]]],
    analysis: OfCohort,
    whole: Mapping[str, Any],
    notes: Sequence[str] = (),
    key: str = "",
    *,
    slide: bool = False,
    figures: tuple[str, ...] = (),
) -> None:
    """A button for every table (CSV, formulas neutralised) and one for the whole analysis (JSON).

    notes: what every file says at its foot, beside where its data are from. key: tells the buttons apart where a
    page has several such rows. slide, figures: whether the analysis makes a slide, and which kinds of figure for a
    journal (kras_core.report.journal.figure.KINDS).
    """
    cohort = analysis.cohort
    name = cohort.id if cohort.origin == "bundled" else "uploaded" if cohort.provenance == "real" else cohort.provenance
    with st.container(horizontal=True):
        for title, rows in found.items():
            st.download_button(
                f"{title.replace('-', ' ').capitalize()}, CSV",
                csv_bytes(rows, footer=[*notes, *provenance_lines(analysis)]),
                file_name=f"{name}-{title}.csv",
                mime="text/csv",
                on_click="ignore",
                icon=":material/download:",
                key=f"csv:{key}{title}",
            )
        st.download_button(
            "Analysis, JSON",
            json.dumps(whole, ensure_ascii=False, indent=1),
            file_name=f"{name}-analysis.json",
            mime="application/json",
            on_click="ignore",
            icon=":material/download:",
            key=f"json{key}",
        )
        if slide:
            export.slide(analysis, name, key)  # type: ignore[arg-type]
        offered = [kind for kind in figures if not withheld(analysis, kind)]  # type: ignore[arg-type]
        if offered:
            export.figure(analysis, offered, name, key)  # type: ignore[arg-type]
    if threshold():
        said = ["Hidden counts are hidden in these files too, null in the JSON."]
        said += ["Figures that cannot hide them are not offered."] if len(offered) < len(figures) else []
        said += ["The steps of a curve still tell when events happened."] if "km" in offered else []
        st.caption(" ".join(said))


def provenance_lines(analysis: OfCohort) -> list[str]:
    """What every file says of its data."""
    cohort = analysis.cohort
    kind = "Reconstructed from a publication, not patient data" if cohort.provenance == "reconstructed" else ""
    lines = (f"Cohort: {cohort.title}, n = {cohort.n}", kind, f"SHA-256 {cohort.digest}", session.noted())
    return [line for line in lines if line]
