"""Several files at once -> tables and what was noticed, whatever the formats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kras_core.cohort.files import missing
from kras_core.cohort.files.apart import read_apart
from kras_core.cohort.files.kinds import NAMED, TEXT_SUFFIXES, WORKBOOK_SUFFIXES, ZIP, refusal, suffix_of
from kras_core.cohort.files.packed import unpack
from kras_core.cohort.files.table import RawTable
from kras_core.cohort.files.text import read_text
from kras_core.cohort.files.workbook import read_workbook
from kras_core.cohort.forms import Form, joined
from kras_core.cohort.forms.cbioportal import case_list
from kras_core.cohort.problems import Problem
from kras_core.cohort.variables import ENDPOINT_COLUMN


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """What files hold.

    tables: patients first. problems: what was noticed while reading; a file that could not be read is an
    error here and has no table. offered_sheets: the sheets of every workbook, by file, to choose from.
    form: "own" where the columns have KRAScope's names; "cbioportal" and "adam" where study files were
    joined to such tables; "wide" for any other, whose columns are to be mapped.
    """

    tables: tuple[RawTable, ...]
    problems: tuple[Problem, ...]
    offered_sheets: Mapping[str, tuple[str, ...]]
    form: Form


def open_tables(files: Sequence[tuple[str, bytes]], sheets: Mapping[str, str] | None = None) -> Opened:
    """Open files (name, content) of any format; never raises for what they hold.

    sheets: the sheet with one row per patient, by file, where it is not the one named patients.
    """
    problems: list[Problem] = []
    tables: list[RawTable] = []
    offered: dict[str, tuple[str, ...]] = {}
    sequenced: frozenset[str] = frozenset()
    for name, content in _unpacked(files, problems):
        listed = case_list(content) if suffix_of(name) in TEXT_SUFFIXES else None
        if listed is not None:
            sequenced |= listed
            continue
        found, noticed, names = _read_one(name, content, (sheets or {}).get(name, ""))
        tables += found
        problems += noticed
        if names:
            offered[name] = names
    form, joined_tables, done = _form(tables, sequenced)
    problems += done
    for table in joined_tables:
        problems += missing.notes(table)
    return Opened(joined_tables, tuple(problems), offered, form)


def _form(tables: list[RawTable], sequenced: frozenset[str]) -> tuple[Form, tuple[RawTable, ...], list[Problem]]:
    """The form of the tables, what they are joined to, and what was done for it."""
    is_study = any("hugo_symbol" in table.keys for table in tables)
    if any(map(is_own, tables)) and not is_study:
        return "own", tuple(tables), []
    return joined(tables, sequenced) or ("wide", tuple(tables), [])


def _unpacked(files: Sequence[tuple[str, bytes]], problems: list[Problem]) -> list[tuple[str, bytes]]:
    """The files, archives replaced by what they hold."""
    unpacked: list[tuple[str, bytes]] = []
    for name, content in files:
        refused = refusal(name, content)
        if refused:
            problems.append(refused)
        elif NAMED.get(suffix_of(name)) == ZIP:
            found, noticed = unpack(name, content)
            unpacked += found
            problems += noticed
        else:
            unpacked.append((name, content))
    return unpacked


def _read_one(name: str, content: bytes, sheet: str) -> tuple[list[RawTable], list[Problem], tuple[str, ...]]:
    refused = refusal(name, content)
    if refused:
        return [], [refused], ()
    if suffix_of(name) in WORKBOOK_SUFFIXES:
        return read_workbook(name, content, sheet)
    table, problems = read_apart(name, content) if suffix_of(name) in NAMED else read_text(name, content)
    return [table] if table else [], problems, ()


def is_own(table: RawTable) -> bool:
    """Whether these are patients in KRAScope's own names: an id, and an endpoint or the dates to one."""
    keys = set(table.keys)
    timed = {m[1] for m in map(ENDPOINT_COLUMN.match, keys) if m and m[2] != "event"}
    return "patient_id" in keys and ("start_date" in keys or any(f"{id}_event" in keys for id in timed))
