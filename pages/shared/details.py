"""The row of details under a page's figure: one is open at a time, and only that one is computed and sent."""

from collections.abc import Callable, Mapping

import streamlit as st


def show(page: str, details: Mapping[str, Callable[[], object]]) -> None:
    """Draw the row, and beneath it the detail that is open; the first to begin with.

    Streamlit's own tabs look through every element of the open one whenever they are drawn, which a toggle waits for:
    12 of 240 ms with 2,000 patients.
    """
    key, names = f"details_{page}", list(details)
    if st.session_state.setdefault(key, names[0]) not in details:
        st.session_state[key] = names[0]
    st.segmented_control(
        "Details", names, key=key, required=True, label_visibility="collapsed", persist_state="session"
    )
    with st.container(key="detail"):
        details[st.session_state[key]]()
