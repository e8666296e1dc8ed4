"""Charts: a figure for a wide and one for a narrow window."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from kras_core.report.ready import Ready

# Ranges are widgets; a zoom would not survive the next toggle, so there is none.
CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False, "showAxisDragHandles": False}


def show(key: str, draw: Callable[[bool], dict[str, Any]], alt: str) -> None:
    """Show what `draw(compact)` gives. The server does not know the window's width, so both figures are sent
    and the style sheet shows the one that fits. The hidden one costs the browser a second drawing."""
    for name, compact in (("wide", False), ("narrow", True)):
        with st.container(key=f"{key}_{name}"):
            st.plotly_chart(Ready(draw(compact)), theme=None, config=CONFIG, key=f"plot_{key}_{name}", alt=alt)
