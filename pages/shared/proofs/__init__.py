"""Lines that unfold, whose drawers are sent when they are opened: an inline component (proofs.js), so that a list of
hundreds of figures stays a small message."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit.components import v2

JS = (Path(__file__).parent / "proofs.js").read_text(encoding="utf-8")
MOST_OPEN = 60

# Not isolated: the lines are written in the app's own styles.
_component = v2.component("unfolding_lines", html='<div class="kras-unfolding"></div>', js=JS, isolate_styles=False)


@st.fragment
def unfolding(key: str, token: str, lines: str, drawer: Callable[[str], str]) -> None:
    """Show lines (HTML, each a <details data-line="id">), beneath those that are open what `drawer` makes of the id.

    token: names the list that the ids are of; another one closes all. Ids come back from the browser: `drawer` makes
    nothing of one that it does not know.
    """
    wanted = st.session_state.get(key, {}).get("wanted") or {}
    asked = [str(id) for id in wanted.get("open", ())][-MOST_OPEN:] if wanted.get("token") == token else []
    drawers = {id: drawer(id) for id in asked}
    _component(key=key, data={"token": token, "lines": lines, "drawers": drawers}, on_wanted_change=lambda: None)
