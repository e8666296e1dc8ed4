"""A picture that takes clicks: an inline component (picture.html, .css, .js), without anything from another host."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components import v2

HERE = Path(__file__).parent
HTML, CSS, JS = ((HERE / f"picture.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))

_component = v2.component("clickable_picture", html=HTML, css=CSS, js=JS)


def clickable(key: str, content: bytes, kind: str, clicks: dict[str, Any] | None) -> dict[str, Any] | None:
    """Show a picture (its bytes and media type) and return what was clicked on it: {"token", "axes", "arms"}, in its
    pixels (kras_core.audit.curve.calibrate), None before the first click.

    clicks: what was clicked on it before the page was left, from which it begins again. The picture goes to this
    session's own browser and nowhere else.
    """
    token = hashlib.sha256(content).hexdigest()[:16]
    begin = f"{key}:begin"
    if key not in st.session_state:  # shown anew; while it is shown the browser knows better, and need not be told
        st.session_state[begin] = clicks if clicks and clicks.get("token") == token else None
    address = f"data:{kind};base64,{base64.b64encode(content).decode()}"
    begun = st.session_state.get(begin)
    if begun is not None and begun.get("token") != token:
        begun = None
    data = {"token": token, "picture": address, "clicks": begun}
    found = _component(key=key, data=data, on_clicks_change=lambda: None).clicks
    return found if found and found.get("token") == token else begun
