"""The switch that hides small counts, and what is not shown at all while it is on."""

from collections.abc import Iterable

import streamlit as st

from kras_core.report.small_cells import DEFAULT_THRESHOLD, refuse, threshold
from kras_core.selection import SelectionError

# Pages that show single patients, every cut-off between two of them, or views that can be subtracted from each other.
WITHHELD = ("biomarkers", "patient", "compare")


def below() -> int:
    """Counts from 1 to one less are hidden in this run; 0: none."""
    if not st.session_state.get("hide_small", False):
        return 0
    return int(st.session_state.get("hide_below", DEFAULT_THRESHOLD))


def switch() -> None:
    """Off for exploring, on for presenting and files; the threshold beside it once it is on."""
    st.toggle(
        "Hide small counts",
        key="hide_small",
        persist_state="session",
        help="For slides and files that leave the hospital: 1 to 4 patients become <5, and so does what would give "
        "them away. Views of single patients are not shown meanwhile.",
    )
    if st.session_state.get("hide_small"):
        st.session_state.setdefault("hide_below", DEFAULT_THRESHOLD)
        st.number_input("Smallest count shown", 2, 20, step=1, key="hide_below", persist_state="session")


def withheld(what: str) -> bool:
    """Say that a view is not shown while small counts are hidden; whether that is so."""
    if threshold():
        st.caption(f"{what} not shown while small counts are hidden: the switch is at the foot of the sidebar.")
    return bool(threshold())


def refuses(sizes: Iterable[int]) -> bool:
    """Say that a group is too small to be shown at all; whether that is so."""
    try:
        refuse(sizes)
    except SelectionError as small:
        st.info(str(small), icon=":material/visibility_off:")
        return True
    return False
