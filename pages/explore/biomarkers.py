"""Biomarkers: a numeric column against the outcome, by cut-off, at every cut-off, and as a number."""

import streamlit as st

from kras_core.address import encode
from kras_core.analyse.biomarkers import analyse_biomarker, bootstrap_cutoff, discriminate, markers, permute_cutoff
from kras_core.analyse.ledger import marker_looks
from kras_core.analyse.marker_results import BiomarkerAnalysis
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import MARK, Stratifier, cutoff_of
from kras_core.controls import SplitChoice, cutoff_control, distinct_labels, split_choices
from kras_core.report.figures import (
    ribbon_alt_text,
    ribbon_figure,
    ribbon_foot,
    spline_alt_text,
    spline_figure,
    spline_foot,
)
from kras_core.report.format import md_escape
from kras_core.report.markers.answer import marker_answer
from kras_core.report.markers.as_json import marker_json
from kras_core.report.markers.methods import marker_methods
from kras_core.report.tables import (
    cutoffs_rows,
    marker_rows,
    marker_table,
    search_table,
    spread_table,
    verify_table,
)
from kras_core.selection import By, Selection, SelectionError
from kras_core.verify.markers import verify_biomarker
from pages.shared import chart, details, downloads, options, session, share, work

SURVIVAL = "pages/explore/survival.py"
KNOTS = {"auto": "By events", "3": "3", "4": "4", "5": "5"}


def page() -> None:
    cohort, selection = session.view()
    selection = selection.but(by=())
    offered = {s.column: s for s in markers(cohort)}
    if not offered:
        st.title("Biomarkers")
        st.info("This cohort has no numeric column known before the start.", icon=":material/info:")
        return
    chosen, by = _choices(cohort, offered)
    knots = options.choice("knots", KNOTS)
    try:
        analysis = session.kept(
            ("biomarker", selection, by, knots),
            lambda: analyse_biomarker(cohort, selection, by, None if knots == "auto" else int(knots)),
        )
    except SelectionError as refusal:
        st.title("Biomarkers")
        st.warning(str(refusal), icon=":material/info:")
        _controls(cohort, offered, chosen)
        return
    session.note(marker_looks(cohort, analysis))
    said = marker_answer(analysis)
    share.shown("biomarkers", said, analysis)
    with st.container(key="answer"):
        st.html(said.html)
    _controls(cohort, offered, chosen)
    figure = ribbon_figure(analysis, theme=session.theme())
    if figure is not None:
        chart.show("ribbon", figure, ribbon_alt_text(analysis))
        st.html(ribbon_foot(analysis))
    _details(cohort, selection, analysis)


def _choices(cohort: Cohort, offered: dict[str, Stratifier]) -> tuple[Stratifier, By]:
    """The marker, and the cut-off or cut-offs in force."""
    state = st.session_state
    compared = [b.id for b in session.view()[1].by]
    first = next((c for c, s in offered.items() if s.id in (*compared, "nlr")), next(iter(offered)))
    chosen = offered[options.column("marker", offered, first)]
    if state.get("split_of") not in (None, chosen.column):
        state.pop("split_at", None)  # another marker's cut-off means nothing here
    state["split_of"] = chosen.column
    splits, control = split_choices(cohort, chosen), cutoff_control(cohort, chosen)
    if control is None:
        return chosen, By(chosen.id)
    own = splits[options.choice("split", splits)].by
    at = options.value("split_at", chosen.column, cutoff_of(cohort, chosen, None)[0])
    inside = min(max(at, control.low), control.high)
    if inside != at:
        state["split_at"] = inside
    return chosen, own or By(chosen.id, control.settle(inside))


def _controls(cohort: Cohort, offered: dict[str, Stratifier], chosen: Stratifier) -> None:
    """Marker, way to split it, and a slider where that is by hand."""
    splits: dict[str, SplitChoice] = split_choices(cohort, chosen)
    control = cutoff_control(cohort, chosen)
    labels = distinct_labels({column: s.label for column, s in offered.items()})
    with st.container(horizontal=True, vertical_alignment="bottom", key="marker_controls"):
        st.selectbox(
            "Marker", list(offered), key="marker", format_func=labels.__getitem__, persist_state="session", width=250
        )
        if control is None:
            return
        split = st.segmented_control(
            "Cut-off",
            list(splits),
            key="split",
            required=True,
            format_func=lambda id: splits[id].label,
            persist_state="session",
        )
        if split == "free":
            st.slider(
                f"{md_escape(chosen.label)} above",
                control.low,
                control.high,
                step=control.step,
                format=control.format,
                key="split_at",
                persist_state="session",
                width=260,
            )


def _details(cohort: Cohort, selection: Selection, analysis: BiomarkerAnalysis) -> None:
    details.show(
        "biomarkers",
        {
            "Numbers": lambda: _numbers(cohort, selection, analysis),
            "As a number": lambda: _shape(analysis),
            "Chosen cut-off": lambda: _search(cohort, selection, analysis),
            "Methods": lambda: st.markdown("\n".join(f"- {line}" for line in marker_methods(analysis))),
            "Verify": lambda: _verify(cohort, selection, analysis),
            "Export": lambda: _export(cohort, selection, analysis),
        },
    )


def _numbers(cohort: Cohort, selection: Selection, analysis: BiomarkerAnalysis) -> None:
    st.html(marker_table(analysis, _discrimination(cohort, selection, analysis)))
    _send("Compare these groups on Survival", cohort, selection.but(by=(analysis.by,)), "groups")


def _verify(cohort: Cohort, selection: Selection, analysis: BiomarkerAnalysis) -> None:
    with st.spinner("Recomputing with lifelines and scikit-survival …"):
        key = ("verify marker", selection, analysis.by)
        found = session.kept(key, lambda: verify_biomarker(cohort, selection, analysis.by))
    st.html(verify_table(found))


def _export(cohort: Cohort, selection: Selection, analysis: BiomarkerAnalysis) -> None:
    found = _discrimination(cohort, selection, analysis)
    rows = {"marker": marker_rows(analysis, found)}
    rows |= {"every-cut-off": cutoffs_rows(analysis)} if analysis.scan is not None else {}
    downloads.tables(rows, analysis, marker_json(analysis, found), [w.message for w in analysis.warnings])


def _discrimination(cohort: Cohort, selection: Selection, analysis: BiomarkerAnalysis):
    key = ("discrimination", selection, analysis.by.id)
    return session.kept(key, lambda: discriminate(cohort, selection, analysis.by.id))


def _shape(analysis: BiomarkerAnalysis) -> None:
    figure = spline_figure(analysis, theme=session.theme())
    if figure is not None:
        chart.show("spline", figure, spline_alt_text(analysis))
    st.html(spline_foot(analysis))
    st.segmented_control(
        "Knots", list(KNOTS), key="knots", required=True, format_func=KNOTS.__getitem__, persist_state="session"
    )


def _search(cohort: Cohort, selection: Selection, analysis: BiomarkerAnalysis) -> None:
    """What the smallest p is worth: the adjusted p, and where it falls in resamples."""
    chosen, id = analysis.chosen, analysis.by.id
    if chosen is None:
        st.html(search_table(analysis))
        return
    st.html(search_table(analysis))
    key = (selection, id)
    if not chosen.selected.samples and not chosen.selected.reason:
        work.on_demand(
            "permutations",
            key,
            "Draw 10,000 permutations",
            lambda: permute_cutoff(cohort, selection, id),
            lambda found: _drawn(),
        )
    if selection.analysis != "delayed-entry":
        work.on_demand(
            "bootstrap",
            key,
            "Resample the patients 1,000 times: how far does the chosen cut-off move?",
            lambda: bootstrap_cutoff(cohort, selection, id),
            lambda spread: st.html(spread_table(spread, analysis)),
        )
    marked = By(id, chosen.cutoff, on_outcome=True)
    _send(f"Show it on Survival, with its mark {MARK}", cohort, selection.but(by=(marked,)), "chosen")


def _drawn() -> None:
    """The permutations are known now: what was shown without them is computed anew."""
    session.forget("biomarker", "survival")
    st.rerun()


def _send(label: str, cohort: Cohort, selection: Selection, name: str) -> None:
    """A button to the Survival page with these groups compared."""
    if st.button(label, key=f"send:{name}", icon=":material/show_chart:", type="tertiary"):
        st.switch_page(SURVIVAL, query_params=encode(cohort, selection))


page()
