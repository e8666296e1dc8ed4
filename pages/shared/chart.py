"""Charts."""

import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from kras_core.report.ready import Ready

# Ranges are widgets; a zoom would not survive the next toggle, so there is none.
CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False, "showAxisDragHandles": False}
MANY_POINTS, HEAD_START = 1_000, 0.012  # from so many on; seconds


def show(key: str, figure: dict[str, Any], alt: str) -> None:
    """Show a figure that fits every window; one that names its own width keeps it."""
    width = "content" if "width" in figure["layout"] else "stretch"
    st.plotly_chart(Ready(figure), theme=None, config=CONFIG, key=key, alt=alt, width=width)


def show_first(key: str, figure: dict[str, Any], alt: str) -> None:
    """Show the figure that the page is about, and let the browser draw a large one before the rest arrives.

    The browser gathers what arrives while it is busy closing a menu, and draws all of it at once: curves of 2,000
    patients came up to 35 ms later with the page's tables and widgets than alone, at other times as soon. Small ones
    gain nothing by it. Twice the pause gains no more than 2 ms.
    """
    show(key, figure, alt)
    if sum(len(trace["x"]) for trace in figure["data"]) > MANY_POINTS:
        time.sleep(HEAD_START)


def show_fitting(key: str, draw: Callable[[bool], dict[str, Any]], alt: str) -> None:
    """Show what `draw(compact)` gives. The server does not know the window's width, so both figures are sent
    and the style sheet shows the one that fits. The hidden one costs the browser a second drawing."""
    for name, compact in (("wide", False), ("narrow", True)):
        show(f"{key}_{name}", draw(compact), alt)
