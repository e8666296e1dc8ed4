"""What exports are tested with: every bundled cohort's views, hostile names, and reading files back."""

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pandas as pd
from pptx import Presentation

from kras_core.address import default_selection
from kras_core.analyse.overview import analyse_overview
from kras_core.analyse.response import analyse_response
from kras_core.analyse.results import SurvivalAnalysis
from kras_core.analyse.safety import analyse_safety
from kras_core.analyse.survival import analyse
from kras_core.cohort.bundled import BUNDLED, load
from kras_core.selection import By
from tests.report import views

HOSTILE = ("=cmd|' /C calc'!A0", "+1+1", "-2-2", "@SUM(A1)", "<b>x</b> & $\\frac{1}{$ \x07 {0} 100 %", "肿瘤")


def by_default(cohort_id: str) -> SurvivalAnalysis:
    """The view that a bundled cohort opens with."""
    cohort = load(cohort_id)
    return analyse(cohort, default_selection(cohort))


def redrawn() -> SurvivalAnalysis:
    """A view that the publication does not determine."""
    cohort = load("sintilimab-anlotinib")
    return analyse(cohort, default_selection(cohort).but(by=(By("nlr"),), endpoint="os"))


SURVIVAL: dict[str, Callable[[], SurvivalAnalysis]] = {
    **{cohort_id: (lambda cohort_id=cohort_id: by_default(cohort_id)) for cohort_id in BUNDLED},
    "everybody": lambda: analyse(load("ncctg-lung"), default_selection(load("ncctg-lung")).but(by=())),
    "redrawn": redrawn,
    "six strata": lambda: views.view(views.cohort(300, 6, seed=4, censoring=30)),
    "days": lambda: views.view(views.cohort(60), unit="days"),
    "one patient": views.single,
    "no events": views.flat,
}


def hostile() -> SurvivalAnalysis:
    """Strata whose names are formulas, markup, mathematics, control characters and Chinese."""
    n = len(HOSTILE) * 12
    cohort = views.cohort(n, 6, seed=2)
    names = pd.Categorical([HOSTILE[i % len(HOSTILE)] for i in range(n)])
    patients = cohort.patients.assign(arm=names)
    return views.view(views.from_rows(patients["pfs_months"], patients["pfs_event"], names))


def other_views(cohort_id: str) -> dict[str, Any]:
    """Safety, Table 1 and response of a bundled cohort, where it records them."""
    cohort = load(cohort_id)
    selection = default_selection(cohort)
    found: dict[str, Any] = {"table1": analyse_overview(cohort, selection)}
    if cohort.adverse_events is not None:
        found["safety"] = analyse_safety(cohort, selection)
        found["safety of all"] = analyse_safety(cohort, selection.but(by=()))
    if "best_response" in cohort.patients:
        found["response"] = analyse_response(cohort, selection)
        found["response of all"] = analyse_response(cohort, selection.but(by=()))
    return found


def folded(text: str) -> str:
    """White space of any kind as one space."""
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ")).strip()


def slides(content: bytes) -> list[Any]:
    return list(Presentation(io.BytesIO(content)).slides)


def texts(slide: Any) -> str:
    """All words of a slide outside its charts and tables."""
    return folded("\n".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame))


def tables(slide: Any) -> list[list[list[str]]]:
    """Its tables' rows of cells; merged cells once."""
    return [
        [[cell.text for cell in row.cells if not cell.is_spanned] for row in shape.table.rows]
        for shape in slide.shapes
        if shape.has_table
    ]


def charts(slide: Any) -> list[Any]:
    return [shape.chart for shape in slide.shapes if shape.has_chart]


def points(series: Any) -> list[tuple[float, float]]:
    """The points of an XY series as the chart's own XML has them."""
    found = []
    for axis in ("xVal", "yVal"):
        found.append([float(v.text) for v in series._element.findall(f".//{{*}}{axis}//{{*}}pt/{{*}}v")])
    return list(zip(*found, strict=True))


def workbook(chart: Any) -> dict[str, str]:
    """The sheets' and strings' XML of the workbook inside the chart."""
    blob = chart.part.chart_workbook.xlsx_part.blob
    with zipfile.ZipFile(io.BytesIO(blob)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")}
