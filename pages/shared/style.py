"""The page's own style: what the theme in .streamlit/config.toml cannot say."""

from pathlib import Path

import streamlit as st

from kras_core.report.tables import stylesheet
from pages.shared.session import theme

CSS = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")


def apply() -> None:
    """Put tables' and layout's style on the page, once per run."""
    st.html(f"<style>{stylesheet(theme())}{CSS}</style>")
