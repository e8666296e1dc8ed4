"""The sidebar, the same on every page: cohort, endpoint, strata, filters, analysis, methods. Widgets -> Selection.

Every part of it first says what its widgets hold, from the session's state (`take`), and is drawn when the
page's turn allows it (`beside`): a curve need not wait for widgets that stay as they were.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import streamlit as st

from kras_core.cohort.endpoints import endpoint as named_endpoint
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import MARK, ON_OUTCOME, Stratifier, cutoff_of, stratifiers
from kras_core.controls import CutoffControl, FilterControl, cutoff_control, distinct_labels, filter_controls
from kras_core.conventions import PRESETS
from kras_core.report.format import md_escape
from kras_core.selection import AnalysisKind, By, Filter, Selection
from pages.shared import session, share, small

NONE = "none"
NOTHING = {"by": "Nobody: one curve", "second": "Nothing"}
FIRST_LANDMARK = 3.0
ANALYSES: dict[AnalysisKind, str] = {
    "naive": "As treated, from the start",
    "landmark": "From a landmark",
    "delayed-entry": "With delayed entry",
}
BADGES = {
    "reconstructed": "Reconstructed from a publication · not patient data",
    "simulated": "Simulated · not patient data",
    "real": "Published data",
    "uploaded": "Uploaded · in this session only",
}


def take() -> None:
    """Take the selection from what the widgets hold. Nothing is drawn yet."""
    st.session_state["sidebar"] = []
    arrived = session.arrive()
    if arrived is not None:
        _put(*arrived)
    cohort = _cohort()
    if not cohort.endpoints:
        _later(st.caption, "This cohort has no endpoint with time and event.")
    endpoint, by, where = _endpoint(cohort), _by(cohort), _where(cohort)
    analysis, landmark = _analysis(cohort)
    selection = Selection(
        cohort=cohort.digest,
        endpoint=endpoint,
        by=by,
        where=where,
        analysis=analysis,
        landmark=landmark,
        conventions=PRESETS[_methods(cohort)],
        unit=st.session_state.get("unit") or "months",
        milestones=st.session_state.get("milestones", ()),
        axis_max=st.session_state.get("axis_max") or None,
    )
    session.set_view(cohort, selection)


@contextmanager
def beside(page_first: bool) -> Iterator[None]:
    """Draw the sidebar before or after the page that runs inside; its foot comes last in any case."""
    if not page_first:
        _draw()
    try:
        yield
    finally:  # a widget that is not drawn in a run loses what it holds, so also beside a page that failed
        if page_first:
            _draw()
    _foot()


def _draw() -> None:
    with st.sidebar:
        for draw, args, named in st.session_state.pop("sidebar"):
            draw(*args, **named)


def _later(draw: Callable[..., object], *args: Any, **named: Any) -> None:
    st.session_state["sidebar"].append((draw, args, named))


def _widget(draw: Callable[..., object], label: str, *args: Any, key: str, **named: Any) -> Any:
    """Have the widget drawn later; what it holds now. Its state must be set (browsers may lose it) and allowed."""
    _later(draw, label, *args, key=key, **named)
    return st.session_state[key]


def _put(cohort: Cohort, selection: Selection) -> None:
    """Set every widget to this view, before any of them is drawn."""
    state = st.session_state
    for key in [k for k in state if isinstance(k, str) and k.startswith(("only:", "cut:", "upper:", "chosen:"))]:
        del state[key]
    state["cohort"] = session.token(cohort)
    state["shown_cohort"] = cohort.digest
    state["endpoint"] = selection.endpoint
    for key, i in (("by", 0), ("second", 1)):
        by = selection.by[i] if len(selection.by) > i else None
        state[key] = by.id if by else NONE
        if by and by.cutoff is not None:
            state[f"cut:{by.id}"] = by.cutoff
            if by.upper is not None:
                state[f"upper:{by.id}"] = by.upper
            if by.on_outcome:
                state[f"chosen:{by.id}"] = by.cutoff
    state["only"] = list(dict.fromkeys(f.column for f in selection.where))
    for control in filter_controls(cohort):
        if control.column in state["only"]:
            state[f"only:{control.column}"] = control.value_of(selection.where)
    state["analysis"] = selection.analysis
    state["landmark"] = selection.landmark or FIRST_LANDMARK
    state["methods"] = selection.conventions.name
    state["unit"], state["milestones"] = selection.unit, selection.milestones
    state["axis_max"] = selection.axis_max or 0.0


def _cohort() -> Cohort:
    names = session.tokens()
    if st.session_state.get("cohort") not in names:
        st.session_state["cohort"] = session.DEFAULT
    titles = distinct_labels({name: _title(name) for name in names})
    name = _widget(st.selectbox, "Cohort", names, key="cohort", format_func=titles.__getitem__)
    cohort = session.cohort_of(name)
    assert cohort is not None  # every token names a cohort
    if st.session_state.get("shown_cohort") != cohort.digest:
        session.go(name)
        st.rerun()
    kind = "uploaded" if (cohort.origin, cohort.provenance) == ("uploaded", "real") else cohort.provenance
    _later(st.html, f'<p class="kras-badge kras-{kind}">{BADGES[kind]} · n = {cohort.n:,}</p>')
    return cohort


def _title(name: str) -> str:
    cohort = session.cohort_of(name)
    return cohort.title if cohort else name


def _endpoint(cohort: Cohort) -> str:
    if not cohort.endpoints:
        return ""
    if st.session_state.get("endpoint") not in cohort.endpoints:
        st.session_state["endpoint"] = cohort.endpoints[0]
    if len(cohort.endpoints) <= 3:
        chosen = _widget(
            st.segmented_control,
            "Endpoint",
            cohort.endpoints,
            key="endpoint",
            format_func=lambda id: md_escape(named_endpoint(id).short),
            required=True,
            width="stretch",
        )
    else:
        chosen = _widget(
            st.selectbox,
            "Endpoint",
            cohort.endpoints,
            key="endpoint",
            format_func=lambda id: named_endpoint(id).label,
        )
    return str(chosen)


def _by(cohort: Cohort) -> tuple[By, ...]:
    offered = stratifiers(cohort)
    first = _stratifier("Compare", "by", [NONE, *offered], offered)
    if first is None:
        return ()
    chosen = [_split(cohort, first)]
    second = _stratifier("Crossed with", "second", [NONE, *(id for id in offered if id != first.id)], offered)
    if second is not None:
        chosen.append(_split(cohort, second))
    return tuple(chosen)


def _stratifier(label: str, key: str, options: list[str], offered: Mapping[str, Stratifier]) -> Stratifier | None:
    if st.session_state.get(key) not in options:
        st.session_state[key] = NONE
    labels = distinct_labels({NONE: NOTHING[key]} | {id: s.label for id, s in offered.items()})
    name = _widget(
        st.selectbox,
        label,
        options,
        key=key,
        format_func=labels.__getitem__,
        persist_state="session",
    )
    return None if name in (None, NONE) else offered[name]


def _split(cohort: Cohort, stratifier: Stratifier) -> By:
    """How the stratifier splits: by its levels, at the cut-off of its slider, or at two cut-offs sent here."""
    state, id = st.session_state, stratifier.id
    control = cutoff_control(cohort, stratifier) if stratifier.kind == "cut" else None
    if stratifier.kind == "cut" and control is None:
        _later(st.caption, f"{md_escape(stratifier.label)} has a single value: nothing to split.")
    if control is None:
        return By(id)
    if f"upper:{id}" in state:
        low, high = control.settle(state[f"cut:{id}"]), control.settle(state[f"upper:{id}"])
        _later(st.caption, f"Three groups: up to {control.text(low)}, up to {control.text(high)}, and above.")
        button = {"key": f"one:{id}", "type": "tertiary", "on_click": _one_cutoff, "args": (id,)}
        _later(st.button, "One cut-off instead", **button)
        return By(id, low, high, on_outcome=f"chosen:{id}" in state)
    value, own = _cutoff(cohort, stratifier, control), cutoff_of(cohort, stratifier, None)[0]
    if state.get(f"chosen:{id}") == value:
        _later(st.caption, f"{MARK} This cut-off was {ON_OUTCOME}.")
        return By(id, control.settle(value), on_outcome=True)
    return By(id) if value == own else By(id, control.settle(value))


def _one_cutoff(id: str) -> None:
    for key in (f"upper:{id}", f"cut:{id}", f"chosen:{id}"):
        st.session_state.pop(key, None)


def _cutoff(cohort: Cohort, stratifier: Stratifier, control: CutoffControl) -> float:
    """Slider and the two honest shortcuts."""
    key, (own, origin) = f"cut:{stratifier.id}", cutoff_of(cohort, stratifier, None)
    if key not in st.session_state:
        st.session_state[key] = own
    inside = min(max(st.session_state[key], control.low), control.high)
    if inside != st.session_state[key]:  # an assignment in every run would snatch the handle from a moving hand
        st.session_state[key] = inside
    value = _widget(
        st.slider,
        f"{md_escape(stratifier.label)} above",
        control.low,
        control.high,
        step=control.step,
        format=control.format,
        key=key,
        help=f"High is strictly above the cut-off. {control.text(own)}: {md_escape(origin)}.",
        persist_state="session",
    )
    _later(_shortcuts, control, key, value)
    return value


def _shortcuts(control: CutoffControl, key: str, value: float) -> None:
    with st.container(horizontal=True, gap="small"):
        for label, target in control.shortcuts:
            st.button(
                label,
                key=f"{key}:{label}",
                type="tertiary",
                disabled=abs(value - target) < 1e-12,
                on_click=lambda target=target: st.session_state.update({key: target}),
            )


def _where(cohort: Cohort) -> tuple[Filter, ...]:
    controls = {c.column: c for c in filter_controls(cohort)}
    if not set(st.session_state.setdefault("only", [])) <= set(controls):
        st.session_state["only"] = []
    labels = distinct_labels({c: control.label for c, control in controls.items()})
    columns = _widget(
        st.multiselect,
        "Only",
        list(controls),
        key="only",
        format_func=labels.__getitem__,
        placeholder="All patients",
        select_all=False,
    )
    return tuple(f for column in columns for f in _filter(controls[column]))


def _filter(control: FilterControl) -> tuple[Filter, ...]:
    key = f"only:{control.column}"
    if key not in st.session_state:
        st.session_state[key] = control.everything
    if control.levels:
        chosen = _widget(
            st.multiselect,
            control.label,
            list(control.levels),
            key=key,
            format_func=control.level_label,
            persist_state="session",
            select_all=False,
            placeholder="Choose at least one",
        )
        return control.filters(chosen)
    return control.filters(
        _widget(
            st.slider,
            md_escape(control.label),
            control.low,
            control.high,
            step=control.step,
            format=control.format,
            key=key,
            persist_state="session",
        )
    )


def _analysis(cohort: Cohort) -> tuple[AnalysisKind, float | None]:
    offered: list[AnalysisKind] = [k for k in ANALYSES if k != "delayed-entry" or "entry_months" in cohort.patients]
    if st.session_state.get("analysis") not in offered:
        st.session_state["analysis"] = "naive"
    kind: AnalysisKind = _widget(st.selectbox, "Analysis", offered, key="analysis", format_func=ANALYSES.__getitem__)
    if kind != "landmark":
        return kind, None
    st.session_state.setdefault("landmark", FIRST_LANDMARK)
    landmark = _widget(
        st.number_input,
        "Landmark, months",
        min_value=0.03,
        max_value=240.0,
        step=0.5,
        format="%.2f",
        key="landmark",
        help="Keeps patients followed beyond this time without the event, and starts the clock there. "
        "Whole days where the cohort's times are days.",
        persist_state="session",
    )
    return kind, landmark


def _methods(cohort: Cohort) -> str:
    if st.session_state.get("methods") not in PRESETS:
        st.session_state["methods"] = cohort.conventions
    return _widget(
        st.selectbox,
        "Methods",
        list(PRESETS),
        key="methods",
        format_func=lambda name: f"As {PRESETS[name].label}",
        help="How intervals, medians and ties are computed. Each software's defaults, named on the page.",
    )


def _foot() -> None:
    """What leaves the page, the switch for small counts, the counter and Reset, drawn when the page has entered what
    it shows."""
    share.foot()
    cohort, _ = session.view()
    with st.sidebar:
        small.switch()
    with (
        st.sidebar,
        st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="foot"),
    ):
        st.caption(_looks_text())
        st.button("Reset", type="tertiary", icon=":material/restart_alt:", on_click=_reset, args=(cohort,), key="reset")


def _looks_text() -> str:
    seen = len(session.looks())
    return "No comparison yet" if not seen else f"{seen} comparison{'s' if seen > 1 else ''} this session"


def _reset(cohort: Cohort) -> None:
    session.go(session.token(cohort))
