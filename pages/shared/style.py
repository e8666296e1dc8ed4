"""The page's own style: what the theme in .streamlit/config.toml cannot say."""

from pathlib import Path

import streamlit as st

from kras_core.report.style import stylesheet
from pages.shared.session import theme

HERE = Path(__file__).parent
CSS = (HERE / "style.css").read_text(encoding="utf-8")
LOGOS = {"light": HERE / "logo.svg", "dark": HERE / "logo_dark.svg"}


def apply() -> None:
    """Put the name, and tables' and layout's style on the page, once per run."""
    st.logo(LOGOS[theme()], size="large", icon_image=HERE / "icon.png")
    st.html(f"<style>{stylesheet(theme())}{CSS}</style>")
