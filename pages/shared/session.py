"""What one session holds: its uploaded cohorts, the view, and the comparisons it has seen.

Widgets keep the view while the session lives; the address repeats it, by ids for bundled cohorts and by
positions for uploads (kras_core.address). Streamlit's own binding would write the options' texts there,
which for an upload are column names.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import streamlit as st

from kras_core.address import (
    KEYS,
    STAMP_KEYS,
    UPLOAD,
    Mismatch,
    decode,
    default_selection,
    encode,
    left_out,
    mismatches,
    other_upload,
    token,
    unknown_cohort,
)
from kras_core.analyse.results import Look, SurvivalAnalysis
from kras_core.analyse.survival import analyse
from kras_core.cohort.bundled import BUNDLED, DEFAULT, load
from kras_core.cohort.model import Cohort
from kras_core.report.palette import Theme
from kras_core.selection import Selection

KEPT_ANALYSES = 24
FEWEST_KEPT = 3  # a page may need that many at once
KEPT_PATIENTS = 3_000_000  # of large cohorts fewer are kept: a curve may have as many points as there are patients

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


def keep_upload(cohort: Cohort, *, at_once: bool = False, instead_of: str = "") -> None:
    """Make an uploaded cohort the cohort of this session's view, at the address that asked for it if one did.

    at_once: it came of its file without a question, so that a correction replaces it (`drop_read`); one that
    somebody chose to use stays until the next is used. instead_of: the token of the cohort that it replaces.
    """
    name = token(cohort)
    if instead_of != name:
        uploads().pop(instead_of, None)
    uploads()[name] = cohort
    st.session_state["read"] = name if at_once else ""
    wanted = st.session_state.pop("wanted", None) or {}
    if wanted.get("cohort") == name:
        go(name, decode(cohort, wanted), _options(wanted), mismatches(cohort, wanted))
    else:
        go(name, mismatched=(other_upload(str(wanted["cohort"]), cohort),) if wanted else ())


def forget_upload(name: str) -> None:
    """Drop an uploaded cohort and everything computed from it: rows, files, corrections, analyses, looks.

    The uploader is drawn anew, without its files: in the next run it would bring the cohort back. What was computed
    of other cohorts goes too.
    """
    uploads().pop(name, None)
    state = st.session_state
    for key in ("analyses", "looks", "wanted", "remedies", "read", "entries"):
        state.pop(key, None)
    state["uploader"] = state.get("uploader", 0) + 1
    set_view(load(DEFAULT), default_selection(load(DEFAULT)))
    go(DEFAULT)


def drop_read() -> None:
    """Drop the cohort that was read at once and last: its file is read again, corrected otherwise."""
    uploads().pop(st.session_state.pop("read", ""), None)
    forget("examined")


def go(
    name: str,
    selection: Selection | None = None,
    options: dict[str, str] | None = None,
    mismatched: tuple[Mismatch, ...] = (),
) -> None:
    """Show that cohort from the next run on: the selection (None: the cohort's own) and the page's own choices.

    mismatched: what of a link does not hold there."""
    st.session_state["next_view"] = (name, selection, options or {}, mismatched)


def _options(parameters: Mapping[str, str | list[str]]) -> dict[str, str]:
    """The parameters that are not the sidebar's."""
    return {k: v if isinstance(v, str) else v[0] for k, v in parameters.items() if k not in KEYS}


def is_new() -> bool:
    """Whether this is the session's first run."""
    return "address" not in st.session_state


def arrive() -> tuple[Cohort, Selection] | None:
    """The view that something other than a widget asks for in this run: the address when the session opens or
    the browser goes back, a new or forgotten upload, Reset. None in every other run."""
    state = st.session_state
    state["held_options"], state["arrived_options"] = {}, None
    if "next_view" in state:
        name, selection, state["arrived_options"], mismatched = state.pop("next_view")
        cohort = cohort_of(name) or load(DEFAULT)
        _arrived_with(mismatched)
        return cohort, selection or default_selection(cohort)
    # A page change empties the query: then the session's own view stays.
    parameters = _query()
    if "address" in state and (not parameters or parameters == state["address"]):
        return _when_lost()
    name = parameters.get("cohort", [DEFAULT])[0]
    cohort = cohort_of(name)
    if cohort is None and name.startswith(UPLOAD):
        state["wanted"] = parameters | {"cohort": name}
    if cohort is None:
        cohort, parameters = load(DEFAULT), {}
        _arrived_with(() if waits_for_file() else (unknown_cohort(name, cohort),))
    else:
        _arrived_with(mismatches(cohort, parameters), parameters)
    state["arrived_options"] = _options(parameters)
    return cohort, decode(cohort, parameters)


def _when_lost() -> tuple[Cohort, Selection] | None:
    """The last view, where the widgets no longer hold it: a page change that the app asks for (st.switch_page) forgets
    what they held. None while they do."""
    if "cohort" in st.session_state or "view" not in st.session_state:
        return None
    cohort, selection = view()
    return (cohort, selection) if cohort_of(token(cohort)) is cohort else None


def _arrived_with(mismatched: tuple[Mismatch, ...], parameters: Mapping[str, list[str]] | None = None) -> None:
    """Remember what of the address does not hold here. Until somebody has read it the address keeps its stamp, so
    that a reload says it again."""
    kept = {k: v for k, v in (parameters or {}).items() if k in STAMP_KEYS} if mismatched else {}
    st.session_state["mismatched"], st.session_state["stamp"] = mismatched, kept


def mismatched() -> tuple[Mismatch, ...]:
    """What of the link that brought this view does not hold here; nothing once it was read."""
    return st.session_state.get("mismatched", ())


def accept_mismatch() -> None:
    """It was read: from now on the address is stamped with what is here."""
    _arrived_with(())


def refuse_option(key: str, text: str) -> None:
    """A page's own choice in the arriving address that means nothing here."""
    st.session_state["mismatched"] = (*mismatched(), left_out([f"{key}={text}"]))
    st.session_state["refused"] = True


def _query() -> dict[str, list[str]]:
    return {key: st.query_params.get_all(key) for key in st.query_params}


def arrived_options() -> dict[str, str] | None:
    """The page's own choices as the arriving address has them; None where nothing arrives in this run."""
    return st.session_state["arrived_options"]


def hold_option(key: str, text: str) -> None:
    """Have the address of this run hold a choice of the page's own."""
    st.session_state["held_options"][key] = text


def waits_for_file() -> bool:
    """Whether the address shows an upload that this session does not have."""
    return "wanted" in st.session_state


def leave() -> None:
    """Write the view and the page's own choices into the address, unless it waits for a file to be uploaded."""
    st.session_state["arrived_options"] = None
    if waits_for_file():
        st.session_state["address"] = _query()
        return
    address = present_address() | st.session_state.get("stamp", {})
    if _query() != address:
        st.query_params.from_dict(address)
    st.session_state["address"] = address
    if st.session_state.pop("refused", False):
        st.rerun()  # what a page could not read is said above it


def present_address() -> dict[str, list[str]]:
    """The address of what this run shows: the view, and the page's own choices as far as they are declared."""
    address = encode(*view()) | st.session_state["held_options"]
    return {key: [value] if isinstance(value, str) else list(value) for key, value in address.items()}


def set_view(cohort: Cohort, selection: Selection) -> None:
    """The view that pages show in this run."""
    st.session_state["view"], st.session_state["noted"] = (cohort, selection), ""


def view() -> tuple[Cohort, Selection]:
    """The cohort and selection that the sidebar holds in this run."""
    return st.session_state["view"]


def kept(key: object, make: Callable[[], T]) -> T:
    """A result of this session by its key (digest and selection are in it): computed once, the oldest dropped, the
    sooner the larger the cohort in view."""
    results: OrderedDict[object, T] = st.session_state.setdefault("analyses", OrderedDict())
    if key not in results:
        results[key] = make()
        most = max(FEWEST_KEPT, KEPT_PATIENTS // max(view()[0].n, 1))
        while len(results) > min(most, KEPT_ANALYSES):
            results.popitem(last=False)
    results.move_to_end(key)
    return results[key]


def forget(*kinds: str) -> None:
    """Drop this session's results of these kinds (the first part of their keys), so that they are computed anew."""
    results = st.session_state.get("analyses", {})
    for key in [k for k in results if isinstance(k, tuple) and k[0] in kinds]:
        del results[key]


def survival() -> SurvivalAnalysis:
    """The Survival analysis of the view. Raises SelectionError where the cohort cannot answer."""
    cohort, selection = view()
    return kept(("survival", selection), lambda: analyse(cohort, selection))


def note(looks: Iterable[Look]) -> str:
    """Enter what this run shows in the session's ledger; "comparison 7 of 12 this session", "" without any."""
    seen: dict[object, Look] = st.session_state.setdefault("looks", {})
    shown = [seen.setdefault(look.key, look) for look in looks]
    first = list(seen).index(shown[0].key) + 1 if shown else 0
    words = f"comparison {first} of {len(seen)} this session"
    if len(shown) > 1:
        words = f"comparisons {first}–{first + len(shown) - 1} of {len(seen)} this session"
    st.session_state["noted"] = words if shown else ""
    return st.session_state["noted"]


def noted() -> str:
    """What `note` said in this run, for exports."""
    return st.session_state.get("noted", "")


def looks() -> tuple[Look, ...]:
    """Every comparison that this session has shown, in order."""
    return tuple(st.session_state.get("looks", {}).values())


def theme() -> Theme:
    """The browser's theme."""
    return "dark" if st.context.theme.type == "dark" else "light"
