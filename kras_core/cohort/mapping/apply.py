"""Applying a mapping: the same tables in KRAScope's names and units, and a note of everything that was done, counted.

Rows keep the number they have in the file, so that every problem found later still points there. A value that
cannot be read as what its column becomes is left as it is written: validation says where it stands.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from kras_core.cohort import coerce
from kras_core.cohort.files.table import RawTable
from kras_core.cohort.mapping import dates
from kras_core.cohort.mapping.codes import CENSORED, EVENT, NOT_KNOWN
from kras_core.cohort.mapping.model import LEFT_OUT, Column, Mapping, MappingError, fingerprint
from kras_core.cohort.mapping.recognise import _without_percent
from kras_core.cohort.mapping.targets import PATIENTS, Target, adverse_events_target, patients_target
from kras_core.cohort.mapping.units import FACTORS
from kras_core.cohort.mapping.written_dates import WAYS, read_dates
from kras_core.cohort.problems import Problem, per_row
from kras_core.cohort.readers import RawTables
from kras_core.cohort.variables import ENDPOINT_COLUMN, column_key, variable

_EVENT_CODES = {EVENT: "1", CENSORED: "0", NOT_KNOWN: ""}
NUMBERED = "row "


def apply(mapping: Mapping, tables: RawTables) -> RawTables:
    """These tables as the mapping has them; what was done stands in `problems` as notes, what could not, as errors.

    Raises MappingError where the columns are not those that the mapping is for, an event coding is not confirmed, or
    it is not said how dates are written.
    """
    _insist(mapping, tables)
    patients, problems = _mapped(tables.patients, mapping.patients, patients_target)
    said = dict(tables.said)
    if "default_by" in said:
        by = {c.source: c for c in mapping.patients if c.becomes != LEFT_OUT}.get(said.pop("default_by"))
        said |= {"default_by": _name(by, patients_target(by.becomes))} if by else {}
    patients, timed = dates.times(patients, mapping.dates)
    patients, numbered = _identified(patients)
    events, more = tables.adverse_events, ()
    if events is not None and mapping.adverse_events:
        events, more = _mapped(events, mapping.adverse_events, adverse_events_target)
    return replace(
        tables,
        patients=patients,
        adverse_events=events,
        problems=(*tables.problems, *problems, *timed, *numbered, *more),
        said=said,
    )


def preview(mapping: Mapping, tables: RawTables) -> RawTables:
    """As `apply`, with event codings taken as they are although nobody has confirmed them: for looking at only."""
    confirmed = tuple(replace(c, confirmed=True) if c.is_event else c for c in mapping.patients)
    return apply(replace(mapping, patients=confirmed), tables)


def _insist(mapping: Mapping, tables: RawTables) -> None:
    events = tables.adverse_events
    there = fingerprint(tables.patients.header, events.header if events is not None and mapping.adverse_events else ())
    if there != mapping.fingerprint:
        missing = [c.source for c in mapping.patients if c.source not in tables.patients.header]
        added = [h for h in tables.patients.header if h not in {c.source for c in mapping.patients}]
        said = [f"{what} {', '.join(names[:5])}" for what, names in (("without", missing), ("with", added)) if names]
        raise MappingError(f"the mapping is for other columns; this file is {' and '.join(said) or 'another table'}")
    for column in mapping.unconfirmed:
        raise MappingError(
            f"column {column.source}: its event coding is not confirmed. Look at what each code means, then write "
            "confirmed = true"
        )
    for column in mapping.patients:
        if column.becomes in PATIENTS and PATIENTS[column.becomes].kind == "date" and not column.written:
            raise MappingError(f'column {column.source}: write how its dates are written: written = "dmy" or "mdy"')
    taken = [c.becomes for c in mapping.patients if c.is_target]
    twice = next((t for t in taken if taken.count(t) > 1), None)
    if twice:
        names = ", ".join(c.source for c in mapping.patients if c.becomes == twice)
        raise MappingError(f"{names}: only one column can become {twice}")


@dataclass
class _Done:
    """What was done to one column, in words, and what could not be done."""

    table: RawTable
    column: Column
    words: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def count(self, n: int, what: str) -> None:
        if n:
            self.words.append(f"{n:,} {'value' if n == 1 else 'values'} {what}")


def _mapped(
    table: RawTable, columns: Sequence[Column], find: Callable[[str], Target | None]
) -> tuple[RawTable, tuple[Problem, ...]]:
    by_source = {c.source: c for c in columns}
    names: list[str] = []
    made: list[np.ndarray] = []
    problems: list[Problem] = []
    labels: dict[str, str] = {}
    renamed: list[str] = []
    for header, text in zip(table.header, table.columns, strict=True):
        done = _Done(table, by_source[header])
        if done.column.becomes == LEFT_OUT:
            remedy = f"Left out: {done.column.reason.rstrip('.')}." if done.column.reason else "Left out."
            problems.append(table.problem("note", "left-out", header, remedy=remedy))
            continue
        target = find(done.column.becomes)
        names.append(_name(done.column, target))
        made.append(_values(done, target, text))
        if done.words:
            remedy = f"Becomes {names[-1]}: {'; '.join(done.words)}."
            problems.append(table.problem("note", "mapped", header, remedy=remedy))
        elif names[-1] != header:
            renamed.append(f"{header} is {names[-1]}")
        problems += done.problems
        if header in table.labels:
            labels[names[-1]] = table.labels[header]
    if renamed:
        remedy = f"Renamed, values as they are: {'; '.join(renamed)}."
        problems.insert(0, table.problem("note", "renamed", remedy=remedy))
    mapped = replace(table, header=tuple(names), columns=tuple(made), labels=labels, value_labels={})
    return mapped, tuple(problems)


def _name(column: Column, target: Target | None) -> str:
    """KRAScope's name; an own column keeps its own, unless the dictionary would take it for something else."""
    if target is None:
        key = column_key(column.source)
        known = variable(key) is not None or ENDPOINT_COLUMN.match(key) or key == "new_therapy_date"
        return f"{column.source} (own)" if known else column.source
    if target.kind == "time":
        return target.id.removesuffix("time") + FACTORS[column.unit][0]
    return target.id


def _values(done: _Done, target: Target | None, text: np.ndarray) -> np.ndarray:
    column = done.column
    if column.missing:
        absent = np.isin(text.astype(str), column.missing)
        done.count(int(absent.sum()), f"read as missing ({', '.join(column.missing)})")
        text = np.where(absent, "", text)
    if target is None:
        return _recoded(done, text, dict(column.codes)) if column.codes else text
    if target.kind in ("number", "time"):
        return _numbers(done, text)
    if target.kind == "event":
        return _events(done, text)
    if target.kind == "date":
        return _dates(done, text)
    return _recoded(done, text, dict(column.codes)) if column.codes else text


def _recoded(done: _Done, text: np.ndarray, codes: dict[str, str]) -> np.ndarray:
    changes = {code: meaning for code, meaning in codes.items() if code != meaning}
    for code, meaning in changes.items():
        done.count(int((text == code).sum()), f"“{code}” to “{meaning}”")
    return np.array([changes.get(t, t) for t in text.tolist()], dtype=object)


def _numbers(done: _Done, text: np.ndarray) -> np.ndarray:
    bare = _without_percent(text)
    done.count(int((bare != text).sum()), "without their %")
    values, _, commas = coerce.numbers(bare)
    unit, factor = FACTORS.get(done.column.unit, ("", 1.0))
    known = np.isfinite(values)
    if commas:
        done.count(int(sum("," in t for t in bare[known].tolist())), "with decimal commas")
    if factor == 1.0 and not commas:
        return bare
    if factor != 1.0:
        done.count(int(known.sum()), f"× {factor:g} ({done.column.unit} to {unit})")
    made = bare.copy()
    made[known] = [_plain_number(v) for v in (values[known] * factor).tolist()]
    return made


def _plain_number(value: float) -> str:
    """The number as text, a factor's last binary digit rounded off: 4.1 × 10 is 41."""
    return repr(round(value, 10)).removesuffix(".0")


def _events(done: _Done, text: np.ndarray) -> np.ndarray:
    codes = dict(done.column.codes)
    for meaning in (EVENT, CENSORED, NOT_KNOWN):
        for code in (c for c, m in codes.items() if m == meaning):
            n = int((text == code).sum())
            done.words.append(f"{code} = {meaning}: {n:,}")
    known = np.isin(text.astype(str), list(codes)) | coerce.missing(text)
    if not known.all():
        template = done.table.problem(
            "error",
            "unknown-code",
            done.column.source,
            f"one of {', '.join(codes)}" if codes else "codes whose meaning is said",
            "The mapping does not say what this code means: say it, then apply it again.",
        )
        done.problems += per_row(template, done.table.rows[~known], text[~known])
    meant = {code: _EVENT_CODES[meaning] for code, meaning in codes.items()}
    return np.array([meant.get(t, "") for t in text.tolist()], dtype=object)


def _dates(done: _Done, text: np.ndarray) -> np.ndarray:
    days, _ = read_dates(text, done.column.written)
    known = ~np.isnat(days)
    iso = np.datetime_as_string(days[known])
    made = np.where(coerce.missing(text), "", text).astype(object)
    changed = int((made[known] != iso).sum())
    made[known] = iso
    done.count(changed, f"read as {WAYS[done.column.written]}")
    return made


def _identified(table: RawTable) -> tuple[RawTable, tuple[Problem, ...]]:
    """Patients numbered by their row where no column names them."""
    if "patient_id" in table.keys:
        return table, ()
    ids = np.array([f"{NUMBERED}{row}" for row in table.rows.tolist()], dtype=object)
    note = table.problem("note", "numbered", remedy="No column names the patients: they are called by their row.")
    return replace(table, header=("patient_id", *table.header), columns=(ids, *table.columns)), (note,)
