"""Curve to patients: points of a published figure in, patient rows that redraw it out."""

import json
from hashlib import sha256
from typing import Any, NamedTuple

import streamlit as st

from kras_core.address import default_selection
from kras_core.analyse.results import SurvivalAnalysis
from kras_core.analyse.survival import analyse
from kras_core.audit.curve import example
from kras_core.audit.curve.calibrate import CalibrationError, points_csv
from kras_core.audit.curve.patients import patient_rows, reconstructed_cohort
from kras_core.audit.curve.picture import MOST_BYTES, PictureError, kind_of
from kras_core.audit.curve.points import MONTHS_PER, Figure, File, Points, Scale, read_figure, read_points
from kras_core.audit.curve.reconstruct import reconstruct
from kras_core.audit.curve.results import Reconstruction
from kras_core.cohort.endpoints import ENDPOINTS
from kras_core.cohort.model import Cohort, Provenance
from kras_core.cohort.problems import CohortError, Problem
from kras_core.report.cohort.card import problems_html
from kras_core.report.csv_out import csv_bytes
from kras_core.report.figures import curve_alt_text, curve_figure, under_figure
from kras_core.report.format import md_escape
from kras_core.report.reconstruction.curve_json import curve_json
from kras_core.report.reconstruction.curve_tables import curve_answer, curve_card, held_against
from pages.shared import chart, made, options, session
from pages.shared.picture import clickable

SOURCES = {"files": "Files", "text": "Text", "picture": "Picture"}
HEIGHT = 172
TABLES = ["csv", "tsv", "txt", "xlsx"]
MOST_MB = MOST_BYTES // 1024**2
SCALES = {"auto": "Found out", "percent": "Percent", "proportion": "0 to 1"}
NOISES = {"0.003": "0.3 %: large figure", "0.005": "0.5 %: usual", "0.01": "1 %: small figure"}
CHOICES = (
    ("curve_source", SOURCES, "files"),
    ("curve_endpoint", ENDPOINTS, "os"),
    ("curve_unit", MONTHS_PER, "months"),
    ("curve_scale", SCALES, "auto"),
    ("curve_sd", NOISES, "0.005"),
)
INTRODUCTION = (
    "Digitised points of a Kaplan–Meier figure and the numbers at risk beneath it become patient rows that redraw the "
    "curve (Guyot 2012). They are a reconstruction, marked so on every page, and no patients."
)
Given = dict[str, Any]  # labels, n, events: of the arms
Settings = dict[str, Any]


class Files(NamedTuple):
    """What `read_figure` reads."""

    points: list[File]
    at_risk: list[File]
    ticks: list[File]


FORMATS = """
**Points**: time and survival, one arm a file, or an `arm` column, or pairs of columns as WebPlotDigitizer writes them,
or one column of times and one an arm. Percent or proportion, any separator, decimal comma, with or without a header.

**Numbers at risk**: time and number, laid out in the same ways; the first at time 0. Without them, the number of
patients. A printed total of events makes the tail more exact.
"""


def page() -> None:
    for key, allowed, default in CHOICES:
        options.choice(key, allowed, default, lasting=True)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title("Curve to patients", width="content")
        source = st.segmented_control(
            "Points from",
            list(SOURCES),
            key="curve_source",
            required=True,
            format_func=SOURCES.__getitem__,
            label_visibility="collapsed",
            persist_state="session",
        )
    files, given, settings, wrong = _inputs(source)
    if wrong:
        st.html(problems_html(wrong))
    elif files.points:
        _results(files, given, settings)
    else:
        _nothing_yet()


# Inputs


def _inputs(source: str | None) -> tuple[Files, Given, Settings, tuple[Problem, ...]]:
    """The files, what is given of arms and axes beside them, and what is wrong with the points."""
    if source == "picture":
        points, (second, third) = _clicked(), st.columns(2, gap="medium")
    else:
        first, second, third = st.columns(3, gap="medium")
        with first:
            points = _files("points") if source == "files" else _text("points")
    with second:
        at_risk = _files("at_risk") if source == "files" else _text("at_risk")
    if not points:
        return Files([], at_risk, []), {}, {}, ()
    arms, wrong = _read(points)
    with third:
        given = _arms(arms, f"{source}", not at_risk)
    settings = _settings(given["labels"])
    with st.expander("More: axes, censor ticks, noise", key="curve_more"):
        more, ticks = _more(source)
    return Files(points, at_risk, ticks), given, settings | more, wrong


NAMES = {
    "points": "Points of the curve",
    "at_risk": "Numbers at risk",
    "ticks": "Censor ticks, if the figure has them",
    "picture": "Picture of the figure",
}
HINTS = {
    "points": "arm; time; survival",
    "at_risk": "time; n  (one line a time, one column an arm)",
    "ticks": "times, one a line",
}


def _kept(name: str) -> list[File]:
    """Files that stay when the page is left, until they are removed."""
    return st.session_state.setdefault("curve_files", {}).setdefault(name, [])


def _files(name: str, types: list[str] = TABLES) -> list[File]:
    key = f"curve_upload:{name}"
    several = name != "picture"

    def keep() -> None:
        given = st.session_state[key]
        found = given if isinstance(given, list) else [given] if given else []
        st.session_state["curve_files"][name] = [(f.name, f.getvalue()) for f in found]

    kept = _kept(name)
    st.file_uploader(
        NAMES[name], types, accept_multiple_files=several, key=key, on_change=keep, max_upload_size=MOST_MB
    )
    if kept and not st.session_state.get(key):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Still here: " + ", ".join(f"`{file.replace('`', ' ')}`" for file, _ in kept))
            st.button("Remove", key=f"{key}:remove", type="tertiary", on_click=lambda: kept.clear())
    return kept


def _text(name: str) -> list[File]:
    written = st.text_area(
        NAMES[name], key=f"curve_text:{name}", height=HEIGHT, placeholder=HINTS[name], persist_state="session"
    )
    said = NAMES[name].partition(",")[0].lower()
    return [(f"pasted {said}", written.encode())] if written.strip() else []


def _clicked() -> list[File]:
    """The picture, and the points that were clicked on it as a table; none until the axes are calibrated."""
    kept = _files("picture", ["png", "jpg", "jpeg", "webp"])
    if not kept:
        return []
    try:
        kind = kind_of(kept[0][1])
    except PictureError as refusal:
        st.error(str(refusal), icon=":material/error:")
        return []
    clicks = clickable("curve_picture", kept[0][1], kind, st.session_state.get("curve_clicks"))
    st.session_state["curve_clicks"] = clicks
    try:
        table = points_csv(clicks or {})
    except CalibrationError as missing:
        if clicks and any(arm["points"] for arm in clicks["arms"]):
            st.warning(str(missing), icon=":material/info:")
        return []
    return [("clicked points", table)]


def _read(points: list[File]) -> tuple[tuple[Points, ...], tuple[Problem, ...]]:
    """The arms of the points, or what is wrong with them."""
    if not points:
        return (), ()
    try:
        return read_points(points, scale=_scale()), ()
    except CohortError as refusal:
        return (), refusal.problems


def _scale() -> Scale | None:
    """How survival is written, None where that is to be found out."""
    chosen = st.session_state.get("curve_scale")
    return chosen if chosen in ("percent", "proportion") else None


def _arms(arms: tuple[Points, ...], source: str, with_size: bool) -> Given:
    """Name and total of events of every arm, and its size where there are no numbers at risk.

    Arms that were clicked on a picture have their names there.
    """
    labels: list[str] = []
    n: dict[str, int] = {}
    events: dict[str, int] = {}
    for i, arm in enumerate(arms):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            label, key = arm.label, f"{source}:{i}"
            if source != "picture":
                name = st.text_input(
                    f"Arm {i + 1}",
                    key=f"curve_arm:{key}",
                    placeholder=arm.label,
                    max_chars=60,
                    persist_state="session",
                )
                label = " ".join(name.split()) or label
            of = f", {md_escape(label)}" if source == "picture" else ""
            total = _count(f"Events{of}", f"curve_events:{key}", "Printed total of events, if there is one.", 0, of)
            size = (
                _count(f"Patients{of}", f"curve_n:{key}", "How many there are in the arm.", 1, of)
                if with_size
                else None
            )
        labels.append(label)
        events |= {} if total is None else {label: total}
        n |= {} if size is None else {label: size}
    return {"labels": labels, "n": n, "events": events}


def _count(label: str, key: str, help: str, low: int, wide: str) -> int | None:
    width = "stretch" if wide else 110
    return st.number_input(
        label, low, 100_000, None, 1, key=key, placeholder="–", help=help, width=width, persist_state="session"
    )


def _settings(labels: list[str]) -> Settings:
    """Which endpoint it is, from which publication, and which arm the others are held against."""
    reference = 0
    with st.container(horizontal=True, gap="medium"):
        endpoint = st.selectbox(
            "Endpoint",
            list(ENDPOINTS),
            key="curve_endpoint",
            format_func=lambda id: ENDPOINTS[id].label,
            persist_state="session",
        )
        title = st.text_input(
            "Publication and figure",
            key="curve_title",
            placeholder="Author year, figure 2",
            max_chars=120,
            persist_state="session",
        )
        if len(labels) > 1:
            options.number("curve_reference", 0, 0, len(labels) - 1, lasting=True)
            reference = st.selectbox(
                "Hazard ratio against",
                range(len(labels)),
                key="curve_reference",
                format_func=labels.__getitem__,
                persist_state="session",
            )
    return {"endpoint": endpoint, "title": title, "reference": reference}


def _more(source: str | None) -> tuple[Settings, list[File]]:
    """What rarely needs saying: units of the axes, how careful the clicks were; and the censor ticks."""
    first, second = st.columns(2, gap="medium")
    with first, st.container(horizontal=True, gap="small"):
        unit = st.selectbox("Time axis in", list(MONTHS_PER), key="curve_unit", persist_state="session")
        st.selectbox(
            "Survival axis in", list(SCALES), key="curve_scale", format_func=SCALES.__getitem__, persist_state="session"
        )
        sd = st.selectbox(
            "Noise of digitising",
            list(NOISES),
            key="curve_sd",
            format_func=NOISES.__getitem__,
            help="Standard deviation of a click, in percentage points of survival. Ranges on re-digitising come from "
            "200 reconstructions with points moved by so much.",
            persist_state="session",
        )
    with second:
        ticks = _files("ticks") if source == "files" else _text("ticks")
    return {"unit": unit, "sd": float(sd)}, ticks


def _nothing_yet() -> None:
    st.markdown(INTRODUCTION)
    st.markdown(FORMATS)
    st.button("Try a simulated example", icon=":material/show_chart:", key="curve_example", on_click=_example)


def _example() -> None:
    for key in [k for k in st.session_state if isinstance(k, str) and ":text:" in k]:
        del st.session_state[key]
    st.session_state["curve_source"] = "text"
    st.session_state["curve_text:points"] = example.POINTS
    st.session_state["curve_text:at_risk"] = example.AT_RISK
    st.session_state["curve_title"] = "Simulated example"


# Results


def _results(files: Files, given: Given, settings: Settings) -> None:
    try:
        figure = read_figure(*files, **given, unit=settings["unit"], scale=_scale())
    except CohortError as refusal:
        st.html(problems_html(refusal.problems))
        return
    truth = example.truth_of(arm.label for arm in read_points(files.points, scale=_scale()))
    key = ("curve", sha256(repr((files, given, settings, _scale())).encode()).digest())
    with st.spinner("Reconstructing …"):
        found, cohort, analysis = session.kept(key, lambda: _reconstruct(figure, settings, truth))
    st.html(curve_answer(found, analysis).html)
    drawn = curve_figure(found, analysis, theme=session.theme())
    chart.show("curve", drawn, curve_alt_text(found, analysis))
    st.html(under_figure(analysis, theme=session.theme()))
    endpoint = settings["endpoint"]
    made_of = [
        (
            "Patient rows, CSV",
            csv_bytes(patient_rows(found, endpoint, cohort.provenance)),
            "reconstructed-patients.csv",
        ),
        ("Result, JSON", json.dumps(curve_json(found, endpoint, figure.scales), indent=1), "reconstructed.json"),
    ]
    clicked = [("Points, TSV", files.points[0][1], "points.tsv")] if files.points[0][0] == "clicked points" else []
    made.offer("curve", cohort, [*made_of, *clicked])
    for table in held_against(found):
        st.html(table.html())


def _reconstruct(
    figure: Figure, settings: Settings, truth: Provenance
) -> tuple[Reconstruction, Cohort, SurvivalAnalysis]:
    found = reconstruct(figure.curves, settings["reference"], settings["sd"], problems=figure.problems)
    endpoint, source = settings["endpoint"], " ".join(settings["title"].split())
    cohort = reconstructed_cohort(
        found,
        endpoint,
        truth=truth,
        title=source or "Reconstructed curve",
        card=curve_card(found, endpoint, source, truth),
        citation=source,
    )
    return found, cohort, analyse(cohort, default_selection(cohort))


page()
