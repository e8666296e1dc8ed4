"""A file on its way to becoming a cohort: what was opened, the guesses, and what the user has changed so far.

The draft stays in the session until it is used or discarded, so that neither an error nor a look at another page
loses anything. Nothing of it is ever bound to the address.
"""

import hashlib
from collections.abc import Mapping as Table
from dataclasses import dataclass, field, replace

import streamlit as st

from kras_core.cohort.files import Opened, open_tables
from kras_core.cohort.mapping import Mapping, MappingError, from_toml, propose
from kras_core.cohort.privacy import identifying
from kras_core.cohort.readers import RawTables, tables_of
from pages.shared import session

MAPPING_SUFFIX = ".toml"
MOST_NAMES = 5


@dataclass(slots=True)
class Draft:
    """files: name -> content. base: the mapping that the widgets start from. mapping: as it is now. origin: where base
    comes from, in words. used: token of the cohort that was made of it, "" before. before: that of the one made
    of it earlier, which the next replaces. sheets: the sheets chosen."""

    key: str
    files: dict[str, bytes]
    opened: Opened
    tables: RawTables
    base: Mapping
    mapping: Mapping
    origin: str = ""
    used: str = ""
    before: str = ""
    sheets: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return " + ".join(self.files)


def current() -> Draft | None:
    """The draft of this session, None where there is none."""
    return st.session_state.get("draft")


def discard() -> None:
    """Forget the draft and everything computed from it; the cohort in view stays."""
    st.session_state.pop("draft", None)
    session.forget("first look", "rules", "examined")


def key_of(files: Table[str, bytes], sheets: Table[str, str]) -> str:
    """Names these files and sheets."""
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{sheets.get(name, '')}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def start(files: Table[str, bytes], sheets: Table[str, str] | None = None) -> Draft:
    """Open the files and propose a mapping: the one among them, the session's own for these columns, else the guesses.

    Raises CohortError where they are no tables, MappingError where a mapping among them is none.
    """
    data = {name: content for name, content in files.items() if not name.lower().endswith(MAPPING_SUFFIX)}
    key = key_of(files, sheets or {})
    draft = current()
    if draft is not None and draft.key == key:
        return draft
    given = _given(files)
    opened = open_tables(list(data.items()), sheets)
    if given and given.sheet and not sheets:
        found = {name: given.sheet for name, offered in opened.offered_sheets.items() if given.sheet in offered}
        opened = open_tables(list(data.items()), found) if found else opened
    tables = tables_of(opened, list(data))
    base, origin = _mapping(given, tables, _sheet(opened, tables))
    draft = Draft(key, dict(files), opened, tables, base, base, origin, sheets=dict(sheets or {}))
    session.forget("examined")
    st.session_state["draft"] = draft
    return draft


def _given(files: Table[str, bytes]) -> Mapping | None:
    """The mapping among the files."""
    content = next((content for name, content in files.items() if name.lower().endswith(MAPPING_SUFFIX)), None)
    return None if content is None else from_toml(content.decode("utf-8", errors="replace"))


def _sheet(opened: Opened, tables: RawTables) -> str:
    """The sheet of patients, where there was one to choose: the mapping names it for the next extract."""
    several = any(len(offered) > 1 for offered in opened.offered_sheets.values())
    return tables.patients.sheet if several else ""


def _mapping(given: Mapping | None, tables: RawTables, sheet: str) -> tuple[Mapping, str]:
    found = {column.column: column.reason for column in identifying(tables.patients) if not column.stays}
    guessed = propose(tables, found, sheet)
    if given:
        if given.fingerprint != guessed.fingerprint:
            raise MappingError(_differing(given, tables))
        return replace(given, sheet=sheet), "Mapped as in the mapping that came with it."
    kept = kept_mappings().get(guessed.fingerprint)
    same = "These columns were mapped in this session: mapped the same way."
    return (replace(kept, sheet=sheet), same) if kept else (guessed, "")


def _differing(given: Mapping, tables: RawTables) -> str:
    """Why a mapping is not for these columns, by their names."""
    there = {c.source for c in given.patients}
    lacking = [c.source for c in given.patients if c.source not in tables.patients.header]
    added = [header for header in tables.patients.header if header not in there]
    said = [
        f"{what} {', '.join(names[:MOST_NAMES])}"
        for what, names in (("the file lacks", lacking), ("the mapping does not know", added))
        if names
    ]
    differs = "; ".join(said) or "the tables of adverse events differ"
    return f"This mapping is for other columns than those of the file: {differs}."


def kept_mappings() -> dict[str, Mapping]:
    """This session's mappings by the fingerprint of their columns."""
    return st.session_state.setdefault("mappings", {})
