"""A page's own choices: widgets whose state the address holds too, beside the sidebar's Selection.

A page declares each choice before it draws the widget of the same key, and gets its present value:

    order = options.choice("order", SORTS)
    st.selectbox("Order", list(SORTS), key="order", format_func=SORTS.__getitem__, persist_state="session")

When the view arrives from somewhere else (an address, Reset, another cohort), the choice is set from there or
falls back to its default; a lasting one, which is of the page's own input and not of the cohort in view, stays as it is
where the address does not name it. What equals the default is not written. Of an upload the address holds positions and
ranks, never names or values (kras_core.address).
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

import streamlit as st

from kras_core.address import (
    decode_column,
    decode_stratifier,
    decode_value,
    encode_column,
    encode_stratifier,
    encode_value,
)
from pages.shared import session

T = TypeVar("T")


def choice(key: str, allowed: Iterable[str], default: str | None = None, *, lasting: bool = False) -> str:
    """One of a fixed set of ids; the first unless another default is named."""
    known = list(allowed)
    return _declare(
        key,
        known[0] if default is None else default,
        valid=lambda value: value in known,
        write=str,
        read=lambda text: text if text in known else None,
        lasting=lasting,
    )


def choices(key: str, allowed: Iterable[str]) -> list[str]:
    """Several of a fixed set of ids, none by default."""
    known = list(allowed)
    return _declare(
        key,
        [],
        valid=lambda ids: all(id in known for id in ids),
        write=",".join,
        read=lambda text: [id for id in text.split(",") if id in known],
    )


def flag(key: str, default: bool = False) -> bool:
    """Yes or no."""
    read = {"yes": True, "no": False}.get
    return _declare(key, default, valid=lambda v: isinstance(v, bool), write=lambda v: "yes" if v else "no", read=read)


def number(key: str, default: float, low: float, high: float, *, lasting: bool = False) -> float:
    """A number that says nothing about a patient, such as a share or a count; whole where the default is."""
    kind = type(default)

    def read(text: str) -> float | None:
        try:
            value = kind(text)
        except ValueError:
            return None
        return value if low <= value <= high else None

    return _declare(
        key, default, valid=lambda v: low <= v <= high, write=lambda v: f"{v:g}", read=read, lasting=lasting
    )


def column(key: str, allowed: Iterable[str], default: str) -> str:
    """One of the cohort's columns."""
    cohort, known = session.view()[0], list(allowed)

    def read(text: str) -> str | None:
        name = decode_column(cohort, text)
        return name if name in known else None

    return _declare(key, default, valid=lambda v: v in known, write=lambda name: encode_column(cohort, name), read=read)


def columns(key: str, allowed: Iterable[str], default: Iterable[str] = ()) -> list[str]:
    """Several of the cohort's columns, in order."""
    cohort, known = session.view()[0], list(allowed)

    def read(text: str) -> list[str] | None:
        names = [decode_column(cohort, part) for part in text.split(",") if part]
        return [name for name in names if name in known]

    return _declare(
        key,
        list(default),
        valid=lambda names: all(name in known for name in names),
        write=lambda names: ",".join(encode_column(cohort, name) for name in names),
        read=read,
    )


def strata(key: str, allowed: Iterable[str], default: Iterable[str] = ()) -> list[str]:
    """Several of the cohort's stratifiers, in order."""
    cohort, known = session.view()[0], list(allowed)

    def read(text: str) -> list[str] | None:
        ids = [decode_stratifier(cohort, part) for part in text.split(",") if part]
        return [id for id in ids if id in known]

    return _declare(
        key,
        list(default),
        valid=lambda ids: all(id in known for id in ids),
        write=lambda ids: ",".join(encode_stratifier(cohort, id) for id in ids),
        read=read,
    )


def value(key: str, of: str, default: float) -> float:
    """A number on the scale of the cohort's column `of`, such as a cut-off."""
    cohort = session.view()[0]
    return _declare(
        key,
        default,
        valid=lambda v: True,
        write=lambda v: encode_value(cohort, of, v),
        read=lambda text: decode_value(cohort, of, text),
    )


def _declare(
    key: str,
    default: T,
    *,
    valid: Callable[[T], bool],
    write: Callable[[T], str],
    read: Callable[[str], T | None],
    lasting: bool = False,
) -> T:
    state, arrived = st.session_state, session.arrived_options()
    if arrived is not None and (key in arrived or not lasting):
        found = read(arrived[key]) if key in arrived else None
        if key in arrived and found is None:
            session.refuse_option(key, arrived[key])
        state[key] = default if found is None else found
    elif key not in state or not valid(state[key]):
        state[key] = default
    if state[key] != default:
        session.hold_option(key, write(state[key]))
    return state[key]
