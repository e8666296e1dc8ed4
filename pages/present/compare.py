"""Two views side by side on the same axes: the view in the sidebar, and the same with one thing changed."""

from dataclasses import replace

import streamlit as st

from kras_core.address import decode, default_selection
from kras_core.analyse.ledger import survival_looks
from kras_core.analyse.results import SurvivalAnalysis
from kras_core.analyse.together import on_one_axis
from kras_core.cohort.endpoints import endpoint as named_endpoint
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import stratifiers
from kras_core.controls import distinct_labels
from kras_core.conventions import PRESETS
from kras_core.present.scenes import Scene
from kras_core.report.figures import alt_text, km_figure, under_figure
from kras_core.report.format import md_escape
from kras_core.report.survival.answer import Answer, answer
from kras_core.selection import AnalysisKind, By, Selection, SelectionError
from pages.shared import chart, options, session, share

View = tuple[Cohort, Selection]
HEIGHT = 340
ANALYSES: dict[AnalysisKind, str] = {
    "naive": "As treated, from the start",
    "landmark": "From a landmark",
    "delayed-entry": "With delayed entry",
}


def page() -> None:
    left = session.view()
    if not left[0].endpoints:
        st.title("Two views")
        st.info("This cohort has no endpoint with time and event.", icon=":material/info:")
        return
    right = _right(*left)
    if right is None:
        return
    try:
        key = ("two views", left[1], right[1])
        analyses = session.kept(key, lambda: on_one_axis(left, right))
    except SelectionError as reason:
        st.warning(md_escape(reason), icon=":material/info:")
        return
    looks = [survival_looks(cohort, found) for (cohort, _), found in zip((left, right), analyses, strict=True)]
    session.note([look for both in looks for look in both])
    answers = [answer(analysis) for analysis in analyses]
    share.shown("compare", _both(*answers), analyses[0])
    with st.container(key="two"):
        for column, side, analysis, said in zip(st.columns(2), ("left", "right"), analyses, answers, strict=True):
            with column:
                _show(side, analysis, said)
    if session.noted():
        st.caption(f"Both count as looks at the data: {session.noted()}.")


def _both(left: Answer, right: Answer) -> Answer:
    """One caption for what is shared."""
    return replace(
        left, title=f"{left.title}, beside {right.title}", where=left.where or right.where, line2=right.line1
    )


def _show(side: str, analysis: SurvivalAnalysis, said: Answer) -> None:
    cohort, preset = analysis.cohort, analysis.selection.conventions.label
    with st.container(key=f"answer_{side}"):
        st.html(said.html)
    st.caption(f"{md_escape(cohort.title)} · {ANALYSES[analysis.selection.analysis].lower()} · as {md_escape(preset)}")
    chart.show(f"km_{side}", km_figure(analysis, theme=session.theme(), height=HEIGHT), alt_text(analysis))
    st.html(under_figure(analysis, theme=session.theme()))


def _right(cohort: Cohort, selection: Selection) -> View | None:
    """What the right side shows; None where there is nothing to choose."""
    kinds = _kinds(cohort, selection)
    kind = options.choice("against", kinds)
    with st.container(horizontal=True, vertical_alignment="bottom", key="two_controls"):
        st.selectbox(
            "Beside it the same, but",
            list(kinds),
            key="against",
            format_func=kinds.__getitem__,
            persist_state="session",
            width=260,
        )
        return _CHANGES[kind](cohort, selection)


def _kinds(cohort: Cohort, selection: Selection) -> dict[str, str]:
    """The changes on offer."""
    found = {
        "endpoint": "another endpoint" if len(cohort.endpoints) > 1 else "",
        "analysis": "another analysis",
        "cohort": "another cohort",
        "methods": "other methods",
        "by": "compared by something else",
        "everyone": "all patients, no filter" if selection.where else "",
        "scene": "a scene of the tumor board" if _scenes() else "",
    }
    return {kind: words for kind, words in found.items() if words}


def _pick(label: str, key: str, names: list[str]) -> int:
    """A choice by position, which is all that the address holds: names may be an upload's."""
    shown = distinct_labels(dict(enumerate(names)))  # type: ignore[arg-type]
    position = int(options.choice(key, map(str, range(len(names)))))
    st.selectbox(
        label,
        [str(i) for i in range(len(names))],
        key=key,
        format_func=lambda i: shown[int(i)],  # type: ignore[index]
        persist_state="session",
        width=300,
    )
    return position


def _endpoint(cohort: Cohort, selection: Selection) -> View:
    others = [id for id in cohort.endpoints if id != selection.endpoint]
    chosen = others[_pick("Endpoint", "to_endpoint", [named_endpoint(id).label for id in others])]
    return cohort, selection.but(endpoint=chosen)


def _analysis(cohort: Cohort, selection: Selection) -> View:
    kinds: list[AnalysisKind] = [k for k in ANALYSES if k != selection.analysis or k == "landmark"]
    kinds = [k for k in kinds if k != "delayed-entry" or "entry_months" in cohort.patients]
    kind = kinds[_pick("Analysis", "to_analysis", [ANALYSES[k] for k in kinds])]
    if kind != "landmark":
        return cohort, selection.but(analysis=kind, landmark=None)
    landmark = options.number("to_landmark", 3.0, 0.03, 240.0)
    st.number_input(
        "Landmark, months", 0.03, 240.0, step=0.5, format="%.2f", key="to_landmark", persist_state="session", width=150
    )
    return cohort, selection.but(analysis="landmark", landmark=landmark)


def _cohort(cohort: Cohort, selection: Selection) -> View | None:
    names = [name for name in session.tokens() if name != session.token(cohort)]
    others = [found for name in names if (found := session.cohort_of(name)) is not None and found.endpoints]
    other = others[_pick("Cohort", "to_cohort", [c.title for c in others])]
    own = default_selection(other)
    endpoint = selection.endpoint if selection.endpoint in other.endpoints else own.endpoint
    by = selection.by if all(b.id in stratifiers(other) for b in selection.by) else own.by
    return other, own.but(endpoint=endpoint, by=by, conventions=selection.conventions)


def _methods(cohort: Cohort, selection: Selection) -> View:
    others = [name for name in PRESETS if name != selection.conventions.name]
    chosen = others[_pick("Methods", "to_methods", [f"As {PRESETS[name].label}" for name in others])]
    return cohort, selection.but(conventions=PRESETS[chosen])


def _by(cohort: Cohort, selection: Selection) -> View:
    known = stratifiers(cohort)
    others = ["", *(id for id in known if (id,) != tuple(b.id for b in selection.by))]
    names = [known[id].label if id else "Nobody: one curve" for id in others]
    chosen = others[_pick("Compare", "to_by", names)]
    return cohort, selection.but(by=(By(chosen),) if chosen else ())


def _everyone(cohort: Cohort, selection: Selection) -> View:
    return cohort, selection.but(where=())


def _scenes() -> list[Scene]:
    return [s for s in share.scenes() if s.page == "survival" and session.cohort_of(s.cohort) is not None]


def _scene(cohort: Cohort, selection: Selection) -> View | None:
    scenes = _scenes()
    scene = scenes[_pick("Scene", "to_scene", [s.title for s in scenes])]
    other = session.cohort_of(scene.cohort)
    return None if other is None else (other, decode(other, scene.address))


_CHANGES = {
    "endpoint": _endpoint,
    "analysis": _analysis,
    "cohort": _cohort,
    "methods": _methods,
    "by": _by,
    "everyone": _everyone,
    "scene": _scene,
}

page()
