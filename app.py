"""KRAScope's entry: page config, navigation, sidebar. `python asgi.py` serves it; `streamlit run app.py` works too."""

from pathlib import Path

import streamlit as st

from pages.shared import sidebar, style

PAGES = Path(__file__).parent / "pages"

# An icon of our own: Streamlit would fetch a named one from an outside host.
st.set_page_config(page_title="KRAScope", page_icon=PAGES / "shared" / "icon.png", layout="wide")

# Pages stand in subfolders and are named here: files directly in pages/ would be served without app.py.
page = st.navigation(
    {
        "Explore": [
            st.Page(PAGES / "explore" / "survival.py", title="Survival", url_path="survival", default=True),
            st.Page(PAGES / "explore" / "safety.py", title="Safety", url_path="safety"),
        ],
        "Data": [st.Page(PAGES / "data" / "cohort.py", title="Cohort", url_path="cohort")],
    }
)
style.apply()
sidebar.render()
page.run()
