"""What leaves a page: its share text with the link, and the page as a scene for the tumor board.

A page says what it shows (`shown`); the sidebar's foot offers both, the same on every page. `banner` says above the
page what of a link does not hold here.
"""

import streamlit as st

from kras_core.present.scenes import FIGURES, Scene
from kras_core.report.format import md_escape
from kras_core.report.plain_words import size
from kras_core.report.share import link_to, share_text
from kras_core.report.small_cells import hiding, words
from kras_core.report.survival.answer import Answer
from pages.shared import session, small
from pages.shared.downloads import OfCohort

SCENES = "scenes"


def banner() -> None:
    """What of the link that brought this view does not hold here, until somebody has read it."""
    found = session.mismatched()
    if not found:
        return
    with st.container(key="link_banner"):
        st.warning("\n\n".join(md_escape(mismatch.message) for mismatch in found), icon=":material/link_off:")
        st.button("Read: go on with what is here", key="accept_link", on_click=session.accept_mismatch)


def shown(page: str, answer: Answer, analysis: OfCohort) -> None:
    """Let the sidebar's foot offer this page: its id (its part of the address), its answer, and what it shows."""
    st.session_state["shown"] = (page, answer, analysis)


def foot() -> None:
    """In the sidebar: share text and tumor board, for what this run shows; nothing on a page that shows no view."""
    found = st.session_state.pop("shown", None)
    if found is None:
        return
    page, answer, analysis = found
    with st.sidebar, st.container(horizontal=True, horizontal_alignment="distribute", key="leave_page"):
        if page in FIGURES:
            st.button(
                "Add to tumor board",
                key="add_scene",
                icon=":material/add_to_queue:",
                type="tertiary",
                on_click=_keep,
                args=(page, answer.title),
            )
        asked = st.button("Share", icon=":material/link:", type="tertiary", key="share")
    if asked:
        _text(answer, analysis)


def _keep(page: str, title: str) -> None:
    """The address is that of the run in which the button was drawn."""
    state = st.session_state
    state[SCENES] = (*scenes(), Scene(page, title, dict(state["address"])))
    st.toast(f"Scene {len(scenes())} on the tumor board.", icon=":material/add_to_queue:")


def scenes() -> tuple[Scene, ...]:
    """The scenes on this session's tumor board, in order."""
    return st.session_state.get(SCENES, ())


@st.dialog("Share this view", width="medium")
def _text(answer: Answer, analysis: OfCohort) -> None:
    link = link_to(st.context.url or "", session.present_address())
    with hiding(small.below()):
        text = words(share_text(answer, analysis.cohort, size(analysis), link))
    st.code(text, language=None, wrap_lines=True)
    if analysis.cohort.origin == "uploaded":
        st.caption("The link holds no name and no value of your file. It opens for whoever has the same file.")
