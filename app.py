"""KRAScope's entry: page config, navigation, sidebar. `python asgi.py` serves it; `streamlit run app.py` works too."""

from pathlib import Path

import streamlit as st

from kras_core.report.small_cells import hiding
from pages.shared import session, share, sidebar, small, style

PAGES = Path(__file__).parent / "pages"

# An icon of our own: Streamlit would fetch a named one from an outside host.
st.set_page_config(page_title="KRAScope", page_icon=style.ICON, layout="wide")

# Pages stand in subfolders and are named here: files directly in pages/ would be served without app.py.
cohort_page = st.Page(PAGES / "data" / "cohort.py", title="Cohort", url_path="cohort")
survival_page = st.Page(PAGES / "explore" / "survival.py", title="Survival", url_path="survival", default=True)
page = st.navigation(
    {
        "Explore": [
            st.Page(PAGES / "explore" / "overview.py", title="Overview", url_path="overview"),
            survival_page,
            st.Page(PAGES / "explore" / "response.py", title="Response", url_path="response"),
            st.Page(PAGES / "explore" / "safety.py", title="Safety", url_path="safety"),
            st.Page(PAGES / "explore" / "biomarkers.py", title="Biomarkers", url_path="biomarkers"),
            st.Page(PAGES / "explore" / "subgroups.py", title="Subgroups", url_path="subgroups"),
            st.Page(PAGES / "explore" / "models.py", title="Models", url_path="models"),
            st.Page(PAGES / "explore" / "ledger.py", title="Look ledger", url_path="ledger"),
        ],
        "Check": [
            st.Page(PAGES / "check" / "reported.py", title="Reported figures", url_path="reported"),
            st.Page(PAGES / "check" / "curve.py", title="Curve to patients", url_path="curve"),
            st.Page(PAGES / "check" / "summary.py", title="Summary to patients", url_path="summary"),
        ],
        "Present": [
            st.Page(PAGES / "present" / "board.py", title="Tumor board", url_path="board"),
            st.Page(PAGES / "present" / "patient.py", title="Patient on the table", url_path="patient"),
            st.Page(PAGES / "present" / "compare.py", title="Two views", url_path="compare"),
            st.Page(PAGES / "present" / "report.py", title="Report", url_path="report"),
        ],
        "Data": [
            cohort_page,
            st.Page(PAGES / "data" / "double_entry.py", title="Double entry", url_path="double-entry"),
        ],
    },
    expanded=True,
)
# A toggle redraws the curve before the widgets and the style, which stay as they are. A new session needs them first.
curve_first = page is survival_page and not session.is_new()
if not curve_first:
    style.apply()
sidebar.take()
with sidebar.beside(page_first=curve_first):
    share.banner()
    if session.waits_for_file():
        st.info(
            "This address shows an uploaded cohort, and uploads stay with the session that made them. "
            "Upload the same file on the Cohort page and the view opens as it was.",
            icon=":material/link:",
        )
    if session.waits_for_file() and page is not cohort_page:
        st.page_link(cohort_page, label="Go to the Cohort page", icon=":material/upload:")
    elif small.below() and page.url_path in small.WITHHELD:
        st.title(page.title)
        st.info("This page is not shown while small counts are hidden.", icon=":material/visibility_off:")
    else:
        with hiding(small.below()):
            page.run()
if curve_first:
    style.apply()
session.leave()  # last: the browser draws first, and the page has declared its own choices
