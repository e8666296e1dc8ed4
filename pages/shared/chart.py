"""Charts."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from kras_core.report.ready import Ready

# Ranges are widgets; a zoom would not survive the next toggle, so there is none.
CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False, "showAxisDragHandles": False}


def show(key: str, figure: dict[str, Any], alt: str) -> None:
    """Show a figure that fits every window."""
    with st.container(key=key):
        st.plotly_chart(Ready(figure), theme=None, config=CONFIG, key=f"plot_{key}", alt=alt)


def show_fitting(key: str, draw: Callable[[bool], dict[str, Any]], alt: str) -> None:
    """Show what `draw(compact)` gives. The server does not know the window's width, so both figures are sent
    and the style sheet shows the one that fits. The hidden one costs the browser a second drawing."""
    for name, compact in (("wide", False), ("narrow", True)):
        show(f"{key}_{name}", draw(compact), alt)
