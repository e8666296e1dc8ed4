"""Downloads: what is on the page as CSV, and the whole analysis as JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import streamlit as st

from kras_core.analyse.results import CohortRef, SafetyAnalysis, SurvivalAnalysis
from kras_core.report.csv_out import csv_bytes
from kras_core.report.safety_json import safety_json
from kras_core.report.survival_json import survival_json
from pages.shared import session


class OfCohort(Protocol):
    """An analysis: it says of which cohort."""

    @property
    def cohort(self) -> CohortRef: ...


def tables(
    found: Mapping[str, Sequence[Mapping[str, str]]],
    analysis: OfCohort,
    whole: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
) -> None:
    """A button for every table (CSV, formulas neutralised) and one for the analysis (JSON).

    whole: the analysis as JSON (None: Survival's or Safety's own). notes: what every file says at its foot, too.
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
                key=f"csv:{title}",
            )
        if isinstance(analysis, SurvivalAnalysis):
            whole = survival_json(analysis)
        elif isinstance(analysis, SafetyAnalysis):
            whole = safety_json(analysis)
        st.download_button(
            "Analysis, JSON",
            json.dumps(whole, ensure_ascii=False, indent=1),
            file_name=f"{name}-analysis.json",
            mime="application/json",
            on_click="ignore",
            icon=":material/download:",
            key="json",
        )


def provenance_lines(analysis: OfCohort) -> list[str]:
    """What every file says of its data."""
    cohort = analysis.cohort
    kind = "Reconstructed from a publication, not patient data" if cohort.provenance == "reconstructed" else ""
    lines = (f"Cohort: {cohort.title}, n = {cohort.n}", kind, f"SHA-256 {cohort.digest}", session.noted())
    return [line for line in lines if line]
