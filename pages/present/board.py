"""Tumor board: the scenes kept from other pages, their order and file, and each of them on the whole screen."""

import streamlit as st

from kras_core.present.scenes import FIGURES, LONGEST, Scene, SceneFileError, from_json, to_json
from kras_core.present.stage import Staged, stage, stage_foot, stage_head, stylesheet
from kras_core.report.format import md_escape
from kras_core.report.palette import Theme
from kras_core.report.style import stylesheet as colours
from kras_core.selection import SelectionError
from pages.shared import chart, session, share

PAGES = {"overview": "Overview", "survival": "Survival", "response": "Response", "safety": "Safety"}
PAGES |= {"subgroups": "Subgroups"}
LOOKS = {"browser": "As the browser", "light": "Light", "dark": "Dark"}
ON_STAGE = "on_stage"
# Arrow keys, what a presenter's remote control sends, and the way out.
KEYS = (("Previous", -1, "Left"), ("Next", 1, "Right"), ("Back", -1, "PageUp"), ("On", 1, "PageDown"))


def page() -> None:
    scenes = share.scenes()
    at = st.session_state.get(ON_STAGE)
    if at is not None and scenes:
        _present(scenes, min(at, len(scenes) - 1))
        return
    st.title("Tumor board")
    _above(scenes)
    if not scenes:
        st.markdown(
            "No scene yet. Make a view on Survival, Response, Safety, Subgroups or Overview, and choose *Add to tumor "
            "board* at the foot of the sidebar; or load a file of scenes."
        )
    for i, scene in enumerate(scenes):
        _row(scenes, i, scene)
    if scenes:
        st.caption(
            "Scenes last as long as this session: a reload of the browser ends it. Save them in a file before the "
            "meeting. The file holds views, no figures and no patient's value; of an uploaded cohort its digest alone."
        )


# The list


def _above(scenes: tuple[Scene, ...]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="board_controls"):
        st.button(
            "Present",
            type="primary",
            icon=":material/slideshow:",
            key="present",
            disabled=not scenes,
            on_click=_go_on_stage,
            args=(0,),
            help="Fills the window. Arrow keys change the scene, Escape ends it; F11 makes the window the screen.",
        )
        st.segmented_control(
            "Stage",
            list(LOOKS),
            key="stage_theme",
            default="browser",
            required=True,
            format_func=LOOKS.__getitem__,
            label_visibility="collapsed",
            persist_state="session",
        )
        if scenes:
            st.download_button(
                "Save scenes",
                to_json(scenes),
                "krascope-scenes.json",
                "application/json",
                on_click="ignore",
                icon=":material/download:",
                key="save_scenes",
            )
        with st.popover("Load scenes", icon=":material/upload:", key="load_scenes"):
            _load()
    if "scenes_error" in st.session_state:
        st.error(md_escape(st.session_state.pop("scenes_error")), icon=":material/error:")


def _load() -> None:
    turn = st.session_state.get("scenes_turn", 0)
    key = f"scenes_file:{turn}"
    st.file_uploader("A file that Save scenes made", type=["json"], key=key, on_change=_take, args=(key,))


def _take(key: str) -> None:
    """Add a file's scenes behind those there are; of a wrong file nothing, and nothing is lost."""
    file = st.session_state.get(key)
    if file is None:
        return
    try:
        found = from_json(file.getvalue(), file.name)
    except SceneFileError as refusal:
        st.session_state["scenes_error"] = str(refusal)
    else:
        _keep((*share.scenes(), *found))
    st.session_state["scenes_turn"] = st.session_state.get("scenes_turn", 0) + 1


def _keep(scenes: tuple[Scene, ...]) -> None:
    """The list anew; its widgets begin anew with it, since they are named by position."""
    st.session_state[share.SCENES] = scenes
    st.session_state["scenes_edition"] = st.session_state.get("scenes_edition", 0) + 1


def _row(scenes: tuple[Scene, ...], i: int, scene: Scene) -> None:
    key = f"{st.session_state.get('scenes_edition', 0)}:{i}"
    cohort = session.cohort_of(scene.cohort)
    of = cohort.title if cohort else "not in this session"
    figure = FIGURES[scene.page][scene.shows]
    with st.container(horizontal=True, vertical_alignment="center", key=f"scene:{i}"):
        st.markdown(f"**{i + 1}\\. {md_escape(scene.title)}**  \n{PAGES[scene.page]}, {figure} · {md_escape(of)}")
        with st.popover("Edit", icon=":material/edit:", type="tertiary", key=f"edit:{key}"):
            _edit(scene, i, key)
        _icon("arrow_upward", f"Move scene {i + 1} up", f"up:{key}", _move, i, -1, disabled=i == 0)
        last = i == len(scenes) - 1
        _icon("arrow_downward", f"Move scene {i + 1} down", f"down:{key}", _move, i, 1, disabled=last)
        _icon("delete", f"Remove scene {i + 1}", f"remove:{key}", _remove, i)
        _icon("slideshow", f"Present from scene {i + 1}", f"from:{key}", _go_on_stage, i)
        _icon("open_in_new", "Open this view on its page", f"open:{key}", _open, i, disabled=cohort is None)
    if st.session_state.pop("open_scene", None) == i and cohort is not None:
        st.switch_page(f"pages/explore/{scene.page}.py", query_params=scene.address)


def _icon(icon: str, says: str, key: str, do, *args: int, disabled: bool = False) -> None:
    st.button(
        "", icon=f":material/{icon}:", help=says, key=key, type="tertiary", on_click=do, args=args, disabled=disabled
    )


def _edit(scene: Scene, i: int, key: str) -> None:
    st.text_input("Title", scene.title, max_chars=LONGEST, key=f"title:{key}", on_change=_change, args=(i, key))
    st.text_input(
        "Sentence",
        scene.sentence,
        max_chars=LONGEST,
        placeholder="In plain words, from the numbers",
        key=f"sentence:{key}",
        on_change=_change,
        args=(i, key),
        help="Empty: the sentence is made from the numbers whenever the scene is shown.",
    )
    figures = FIGURES[scene.page]
    if len(figures) > 1:
        st.segmented_control(
            "Figure",
            list(figures),
            key=f"figure:{key}",
            default=scene.shows,
            required=True,
            format_func=figures.__getitem__,
            on_change=_change,
            args=(i, key),
        )


def _change(i: int, key: str) -> None:
    state, scenes = st.session_state, list(share.scenes())
    old = scenes[i]
    title, sentence = (state[f"{name}:{key}"].strip() for name in ("title", "sentence"))
    scenes[i] = Scene(old.page, title or old.title, old.address, state.get(f"figure:{key}", old.figure), sentence)
    state[share.SCENES] = tuple(scenes)


def _move(i: int, by: int) -> None:
    scenes = list(share.scenes())
    scenes.insert(i + by, scenes.pop(i))
    _keep(tuple(scenes))


def _remove(i: int) -> None:
    _keep(tuple(s for j, s in enumerate(share.scenes()) if j != i))


def _open(i: int) -> None:
    st.session_state["open_scene"] = i


# The stage


def _go_on_stage(i: int) -> None:
    st.session_state[ON_STAGE] = i


def _step(by: int) -> None:
    at = st.session_state.get(ON_STAGE) or 0
    st.session_state[ON_STAGE] = min(max(at + by, 0), len(share.scenes()) - 1)


def _leave() -> None:
    st.session_state.pop(ON_STAGE, None)


def _present(scenes: tuple[Scene, ...], at: int) -> None:
    """One scene over the whole window. The keys' buttons come first, so that they keep their place."""
    wanted = st.session_state.get("stage_theme") or "browser"
    theme: Theme = "dark" if wanted == "dark" else "light" if wanted == "light" else session.theme()
    scene = scenes[at]
    with st.container(key="stage"):
        with st.container(horizontal=True, key="stage_keys"):
            for label, by, key in KEYS:
                st.button(label, key=f"stage:{label}", shortcut=key, on_click=_step, args=(by,), type="tertiary")
            st.button("End", key="stage:end", shortcut="Escape", on_click=_leave, type="tertiary")
        staged = _staged(scene, theme)
        if isinstance(staged, str):
            st.html(f"<style>{colours(theme)}{stylesheet((960, 540))}</style>")
            st.header(md_escape(scene.title), anchor=False)
            st.markdown(md_escape(staged))
            return
        session.note(staged.looks)
        st.html(f"<style>{colours(theme)}{stylesheet(staged.size)}</style>")
        st.html(stage_head(staged))
        with st.container(key="stage_figure"):
            if staged.figure is not None:
                chart.show("stage_km" if scene.page == "survival" else "stage_plot", staged.figure, staged.alt)
            if staged.below:
                st.html(staged.below)
        st.html(stage_foot(staged, f"{at + 1} / {len(scenes)}"))


def _staged(scene: Scene, theme: Theme) -> Staged | str:
    """The scene, or why it cannot be shown."""
    cohort = session.cohort_of(scene.cohort)
    if cohort is None:
        return (
            "The cohort of this scene is not in this session. If it was uploaded, upload the same file on the Cohort "
            "page; the scene then shows what it showed."
        )
    try:
        return stage(scene, cohort, theme=theme, keep=session.kept)
    except SelectionError as refusal:
        return str(refusal)


page()
