"""Several files at once -> tables and what was noticed, whatever the formats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kras_core.cohort.files import missing
from kras_core.cohort.files.apart import read_apart
from kras_core.cohort.files.kinds import MAX_UPLOAD_BYTES, NAMED, WORKBOOK_SUFFIXES, ZIP, refusal, suffix_of
from kras_core.cohort.files.large import read_large
from kras_core.cohort.files.packed import unpack
from kras_core.cohort.files.table import RawTable
from kras_core.cohort.files.text import read_text
from kras_core.cohort.files.workbook import read_workbook
from kras_core.cohort.forms import Form, Joined, adam, joined
from kras_core.cohort.forms.cbioportal import case_list
from kras_core.cohort.problems import Problem
from kras_core.cohort.variables import ENDPOINT_COLUMN


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """What files hold.

    tables: patients first. problems: what was noticed while reading; a file that could not be read is an
    error here and has no table. offered_sheets: the sheets of every workbook, by file, to choose from.
    form: "own" where the columns have KRAScope's names; "cbioportal" and "adam" where study files were
    joined to such tables; "wide" for any other, whose columns are to be mapped. said: what the form says
    of the cohort as a whole, by the field of Cohort.
    """

    tables: tuple[RawTable, ...]
    problems: tuple[Problem, ...]
    offered_sheets: Mapping[str, tuple[str, ...]]
    form: Form
    said: Mapping[str, str] = field(default_factory=dict)


def open_tables(files: Sequence[tuple[str, bytes]], sheets: Mapping[str, str] | None = None) -> Opened:
    """Open files (name, content) of any format; never raises for what they hold.

    sheets: the sheet with one row per patient, by file, where it is not the one named patients.
    """
    pile = _Pile(sheets or {})
    for name, content in files:
        pile.add(name, content)
    return pile.opened()


def open_paths(paths: Sequence[Path], sheets: Mapping[str, str] | None = None) -> Opened:
    """The same from paths; what is too large for an upload is read in parts (see `large`). Raises OSError."""
    pile = _Pile(sheets or {})
    for path in paths:
        if path.stat().st_size <= MAX_UPLOAD_BYTES:
            pile.add(path.name, path.read_bytes())
        else:
            pile.put(*read_large(path))
    return pile.opened()


class _Pile:
    """Tables and remarks, file by file."""

    def __init__(self, sheets: Mapping[str, str]) -> None:
        self.sheets = sheets
        self.tables: list[RawTable] = []
        self.problems: list[Problem] = []
        self.offered: dict[str, tuple[str, ...]] = {}
        self.sequenced: frozenset[str] = frozenset()

    def add(self, name: str, content: bytes) -> None:
        """A file; of an archive, every one in it."""
        refused = refusal(name, content)
        if refused:
            self.problems.append(refused)
        elif NAMED.get(suffix_of(name)) == ZIP:
            members, noticed = unpack(name, content)
            self.problems += noticed
            for member, unpacked in members:
                self.add(member, unpacked)
        elif suffix_of(name) in WORKBOOK_SUFFIXES:
            found, noticed, self.offered[name] = read_workbook(name, content, self.sheets.get(name, ""))
            self.tables += found
            self.problems += noticed
        elif suffix_of(name) in NAMED:
            self.put(*read_apart(name, content))
        elif (listed := case_list(content)) is not None:
            self.sequenced |= listed
        else:
            self.put(*read_text(name, content))

    def put(self, table: RawTable | None, problems: list[Problem]) -> None:
        self.tables += [table] if table else []
        self.problems += problems

    def opened(self) -> Opened:
        found = _form(self.tables, self.sequenced)
        noted = [note for table in found.tables for note in missing.notes(table)]
        offered = {name: sheets for name, sheets in self.offered.items() if sheets}
        return Opened(found.tables, (*self.problems, *found.problems, *noted), offered, found.form, found.said)


def _form(tables: list[RawTable], sequenced: frozenset[str]) -> Joined:
    """The tables by their form; no study form is either KRAScope's own or any other ("wide")."""
    is_study = any({"hugo_symbol", "event_type"} & set(table.keys) for table in tables)
    if any(map(is_own, tables)) and not is_study:
        return Joined("own", *adam.events_beside(tables))
    return joined(tables, sequenced) or Joined("wide", *adam.events_beside(tables))


def is_own(table: RawTable) -> bool:
    """Whether these are patients in KRAScope's own names: an id, and an endpoint or the dates to one."""
    keys = set(table.keys)
    timed = {m[1] for m in map(ENDPOINT_COLUMN.match, keys) if m and m[2] != "event"}
    return "patient_id" in keys and ("start_date" in keys or any(f"{id}_event" in keys for id in timed))
