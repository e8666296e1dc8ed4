"""Files in KRAScope's own form -> the table of patients, and those of adverse events and of target lesions.

Any format will do (`files`); the columns have the names of the variable dictionary, or the files are
those of a study form that is turned into them. Columns of any other name: `mapping`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kras_core.cohort.files.opened import Opened, open_paths, open_tables
from kras_core.cohort.files.table import RawTable
from kras_core.cohort.problems import CohortError, Problem, has_errors
from kras_core.cohort.variables import BESIDE, column_key

_NOTED_ALREADY = frozenset({"missing-word", "missing-code"})  # what validation says of the same cells


@dataclass(frozen=True, slots=True, eq=False)
class RawTables:
    """What the files hold: patients, adverse events and target lesions or None, and what was noticed while reading.

    said: what a study form says of the cohort as a whole, by the field of Cohort (columns as in `patients`).
    """

    patients: RawTable
    adverse_events: RawTable | None
    files: tuple[str, ...]
    sheets: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    target_lesions: RawTable | None = None
    said: Mapping[str, str] = field(default_factory=dict)


def read(*files: tuple[str, bytes]) -> RawTables:
    """Read files (name, content): a workbook, or a table of patients and one of adverse events; or a study's.

    Raises CohortError when a file is no readable table; problems of single cells are left to `validate`.
    """
    return _raw(open_tables(files), [name for name, _ in files])


def read_path(path: str | Path | Sequence[str | Path], adverse_events: str | Path | None = None) -> RawTables:
    """Read a file or several, and one of adverse events where there is one. Raises CohortError, OSError."""
    paths = paths_given(path, adverse_events)
    return _raw(open_paths(paths), [p.name for p in paths])


def paths_given(path: str | Path | Sequence[str | Path], adverse_events: str | Path | None = None) -> list[Path]:
    """One path or several, and that of the adverse events where there is one, as a list."""
    several = [path] if isinstance(path, str | Path) else [*path]
    return [Path(p) for p in (*several, adverse_events) if p is not None]


def _raw(opened: Opened, files: Sequence[str]) -> RawTables:
    if not files:
        raise CohortError([Problem("error", "no-file", "upload", remedy="Choose a file.")])
    chosen = [_unchosen(p) if p.code == "sheet-chosen" else p for p in opened.problems]
    return tables_of(replace(opened, problems=tuple(chosen)), files)


def tables_of(opened: Opened, files: Sequence[str]) -> RawTables:
    """What was opened as patients and the tables beside them; files: the names as given. Raises CohortError."""
    problems = [p for p in opened.problems if p.code not in _NOTED_ALREADY]
    if has_errors(problems):
        raise CohortError(problems)
    patients, beside = _roles(opened.tables, problems)
    sheet_names = tuple(t.sheet for t in opened.tables if t.sheet)
    events, lesions = beside.get("adverse_events"), beside.get("target_lesions")
    return RawTables(patients, events, tuple(files), sheet_names, tuple(problems), lesions, opened.said)


def read_table(name: str, content: bytes) -> RawTable:
    """One table, whatever it holds: the same refusals, encodings and separators as for patients. Raises CohortError."""
    opened = open_tables([(name, content)])
    if has_errors(opened.problems) or not opened.tables:
        raise CohortError(opened.problems)
    return opened.tables[0]


def _unchosen(problem: Problem) -> Problem:
    """A program has nobody to choose a sheet."""
    remedy = "Name the sheet with one row per patient “patients”."
    return Problem("error", "no-patients-sheet", problem.file, expected="a sheet named patients", remedy=remedy)


def _roles(tables: Iterable[RawTable], problems: list[Problem]) -> tuple[RawTable, dict[str, RawTable]]:
    """Which table is which, by its name or its columns: patients, and those beside them by their names."""
    found: dict[str, list[RawTable]] = {"patients": []}
    for table in tables:
        found.setdefault(_role(table), []).append(table)
    for role, several in found.items():
        if len(several) > 1:
            remedy = f"Two tables of {role.replace('_', ' ')} were given. Choose one."
            problems.append(Problem("error", "two-tables", several[1].file, several[1].sheet, remedy=remedy))
    patients, *_ = found.pop("patients") or [None]
    if patients is None:
        only = " and ".join(role.replace("_", " ") for role in found)
        file = next((t.file for several in found.values() for t in several), "upload")
        remedy = f"This holds {only or 'nothing'} only. Add the table with one row per patient."
        problems.append(Problem("error", "no-patients", file, remedy=remedy))
    if patients is None or has_errors(problems):
        raise CohortError(problems)
    return patients, {role: several[0] for role, several in found.items()}


def _role(table: RawTable) -> str:
    name = column_key(table.sheet or Path(table.file).stem)
    if name in BESIDE:
        return name
    if any(key.endswith("_event") for key in table.keys):
        return "patients"
    return "adverse_events" if "term" in table.keys else "target_lesions" if "sum_mm" in table.keys else "patients"
