"""What one session holds: its uploaded cohorts, the view, and the comparisons it has seen.

Widgets keep the view while the session lives; the address repeats it, by ids for bundled cohorts and by
positions for uploads (kras_core.address). Streamlit's own binding would write the options' texts there,
which for an upload are column names.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from kras_core.address import KEYS, UPLOAD, decode, default_selection, encode, token
from kras_core.analyse.results import SurvivalAnalysis
from kras_core.analyse.survival import analyse
from kras_core.cohort.bundled import BUNDLED, DEFAULT, load
from kras_core.cohort.model import Cohort
from kras_core.report.palette import Theme
from kras_core.selection import Selection

KEPT_ANALYSES = 24

T = TypeVar("T")


def uploads() -> dict[str, Cohort]:
    """This session's uploaded cohorts by their token; gone with the session."""
    return st.session_state.setdefault("uploads", {})


def cohort_of(name: str) -> Cohort | None:
    """The bundled or uploaded cohort of that token, None if this session has none."""
    if name in BUNDLED:
        return load(name)
    return uploads().get(name)


def tokens() -> list[str]:
    """The cohorts to choose from: uploads first."""
    return [*reversed(uploads()), *BUNDLED]


def keep_upload(cohort: Cohort) -> None:
    """Make an uploaded cohort the cohort of this session's view, at the address that asked for it if one did."""
    name = token(cohort)
    uploads()[name] = cohort
    wanted = st.session_state.get("wanted") or {}
    st.session_state["next_view"] = (name, decode(cohort, wanted) if wanted.get("cohort") == name else None)
    st.session_state.pop("wanted", None)


def forget_upload(name: str) -> None:
    """Drop an uploaded cohort and everything computed from it."""
    uploads().pop(name, None)
    for key in ("analyses", "comparisons", "wanted"):
        st.session_state.pop(key, None)
    st.session_state["next_view"] = (DEFAULT, None)


def arrive() -> tuple[Cohort, Selection] | None:
    """The view that something other than a widget asks for in this run: the address when the session opens or
    the browser goes back, a new or forgotten upload, Reset. None in every other run."""
    if "next_view" in st.session_state:
        name, selection = st.session_state.pop("next_view")
        cohort = cohort_of(name) or load(DEFAULT)
        return cohort, selection or default_selection(cohort)
    # A page change empties the query: then the session's own view stays.
    parameters = {key: st.query_params.get_all(key) for key in KEYS if key in st.query_params}
    if "address" in st.session_state and (not parameters or parameters == st.session_state["address"]):
        return None
    name = parameters.get("cohort", [DEFAULT])[0]
    cohort = cohort_of(name)
    if cohort is None and name.startswith(UPLOAD):
        st.session_state["wanted"] = parameters | {"cohort": name}
    if cohort is None:
        cohort, parameters = load(DEFAULT), {}
    return cohort, decode(cohort, parameters)


def waits_for_file() -> bool:
    """Whether the address shows an upload that this session does not have."""
    return "wanted" in st.session_state


def leave(cohort: Cohort, selection: Selection) -> None:
    """Write the view into the address, unless the address waits for a file to be uploaded."""
    if waits_for_file():
        st.session_state["address"] = {key: st.query_params.get_all(key) for key in KEYS if key in st.query_params}
        return
    address = encode(cohort, selection)
    listed = {key: [value] if isinstance(value, str) else list(value) for key, value in address.items()}
    if {key: st.query_params.get_all(key) for key in st.query_params} != listed:
        st.query_params.from_dict(address)
    st.session_state["address"] = listed


def set_view(cohort: Cohort, selection: Selection) -> None:
    """The view that pages show in this run."""
    st.session_state["view"] = (cohort, selection)


def view() -> tuple[Cohort, Selection]:
    """The cohort and selection that the sidebar holds in this run."""
    return st.session_state["view"]


def kept(key: object, make: Callable[[], T]) -> T:
    """A result of this session by its key (digest and selection are in it): computed once, the oldest dropped."""
    results: OrderedDict[object, T] = st.session_state.setdefault("analyses", OrderedDict())
    if key not in results:
        results[key] = make()
        while len(results) > KEPT_ANALYSES:
            results.popitem(last=False)
    results.move_to_end(key)
    return results[key]


def survival() -> SurvivalAnalysis:
    """The Survival analysis of the view. Raises SelectionError where the cohort cannot answer."""
    cohort, selection = view()
    return kept(("survival", selection), lambda: analyse(cohort, selection))


def count_comparison(selection: Selection) -> int:
    """Note that this comparison was shown; its number among the distinct ones of this session."""
    seen: dict[object, int] = st.session_state.setdefault("comparisons", {})
    return seen.setdefault(selection.comparison, len(seen) + 1)


def comparison_number() -> int | None:
    """The number of the comparison in view, None without a stratifier."""
    return st.session_state.get("comparisons", {}).get(view()[1].comparison)


def comparisons() -> int:
    """How many distinct comparisons this session has shown."""
    return len(st.session_state.get("comparisons", {}))


def theme() -> Theme:
    """The browser's theme."""
    return "dark" if st.context.theme.type == "dark" else "light"
