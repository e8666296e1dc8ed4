"""The page's own style: what the theme in .streamlit/config.toml cannot say."""

import base64
from pathlib import Path

import streamlit as st

from kras_core.report.style import stylesheet
from pages.shared.session import theme

HERE = Path(__file__).parent
CSS = (HERE / "style.css").read_text(encoding="utf-8")


def _address(file: str, kind: str) -> str:
    """A picture as a data address: Streamlit would read and hash a file in every run."""
    return f"data:image/{kind};base64,{base64.b64encode((HERE / file).read_bytes()).decode()}"


ICON = _address("icon.png", "png")
LOGOS = {"light": _address("logo.svg", "svg+xml"), "dark": _address("logo_dark.svg", "svg+xml")}


def apply() -> None:
    """Put the name, and tables' and layout's style on the page, once per run."""
    st.logo(LOGOS[theme()], size="large", icon_image=ICON)
    st.html(f"<style>{stylesheet(theme())}{CSS}</style>")
