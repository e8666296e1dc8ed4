"""One-click corrections: each safe, named, and recorded cell by cell, so that nothing is silently changed.

A remedy is offered only where its meaning is not in doubt: an impossible value is emptied, exact copies of a row are
dropped, two columns change places, a header says days. Table of two contradicting dates is right, or whether 2 means
died, only the user knows: there the report says what to mend and offers nothing.

    corrected, audit = apply(tables, remedies)      # the tables as they were are not touched: leave one out to undo it
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from kras_core.cohort import coerce
from kras_core.cohort.derive import endpoint_columns
from kras_core.cohort.files import RawTable
from kras_core.cohort.problems import Problem
from kras_core.cohort.readers import RawTables
from kras_core.cohort.variables import ENDPOINT_COLUMN, TABLES, Table, Variable, column_key, variable


@dataclass(frozen=True, slots=True)
class Remedy:
    """A correction on offer: its kind (a key of KINDS), the table, the column as written, the rows of the sheet.

    rows: () for the whole column or table. label: the words on the button. why: the reason in the audit list.
    """

    kind: str
    table: Table
    column: str
    rows: tuple[int, ...]
    label: str
    why: str


@dataclass(frozen=True, slots=True)
class Change:
    """One cell that a remedy changed: row of the sheet (1 is the header), column, text before and after, and why.

    after is None where the whole row was dropped; then before lists what stood in it.
    """

    table: Table
    row: int
    column: str
    before: str
    after: str | None
    why: str

    def as_row(self) -> dict[str, str]:
        """The entry for a table of text."""
        after = "(row dropped)" if self.after is None else self.after
        return {
            "table": self.table,
            "row": str(self.row),
            "column": self.column,
            "from": self.before,
            "to": after,
            "why": self.why,
        }


def offered(tables: RawTables, problems: Iterable[Problem]) -> dict[tuple[str, str, str, str], Remedy]:
    """The remedy of each group of problems that has one, by `key_of` the problem."""
    found: dict[tuple[str, str, str, str], Remedy] = {}
    for problem in problems:
        offer = OFFERS.get(problem.code)
        if offer is None or key_of(problem) in found:
            continue
        for name in TABLES:
            table: RawTable | None = getattr(tables, name)
            if table is not None and (table.file, table.sheet) == (problem.file, problem.sheet):
                remedy = offer(table, name, problem)
                if remedy:
                    found[key_of(problem)] = remedy
    return found


def key_of(problem: Problem) -> tuple[str, str, str, str]:
    """What the problems of one rule in one column have in common."""
    return problem.file, problem.sheet, problem.code, problem.column


def apply(tables: RawTables, remedies: Sequence[Remedy]) -> tuple[RawTables, tuple[Change, ...]]:
    """The corrected tables and every cell changed, in order. A remedy whose column is not there changes nothing."""
    audit: list[Change] = []
    for remedy in remedies:
        table: RawTable | None = getattr(tables, remedy.table)
        if table is None or (remedy.column and remedy.column not in table.header):
            continue
        corrected, changes = KINDS[remedy.kind](table, remedy)
        tables = replace(tables, **{remedy.table: corrected})
        audit += changes
    return tables, tuple(audit)


# ------------------------------------------------------------------------------------- what a remedy does


def _empty(table: RawTable, remedy: Remedy) -> tuple[RawTable, list[Change]]:
    """Empty the cells; those of an endpoint's time take its event with them, as one is nothing without the other."""
    at = np.isin(table.rows, remedy.rows)
    match = ENDPOINT_COLUMN.match(column_key(remedy.column))
    whole = set(endpoint_columns(match[1])) if match and match[2] != "event" else {column_key(remedy.column)}
    changes: list[Change] = []
    for i, key in enumerate(table.keys):
        if key in whole or table.header[i] == remedy.column:
            table, more = _written(table, i, at, np.full(int(at.sum()), "", dtype=object), remedy)
            changes += more
    return table, changes


def _read(table: RawTable, remedy: Remedy) -> tuple[RawTable, list[Change]]:
    """Write numbers and dates as they are meant, in those cells where only one reading is possible."""
    i, known = table.header.index(remedy.column), _known(remedy.table, remedy.column)
    at = np.isin(table.rows, remedy.rows)
    plain = plain_texts(table.columns[i][at], known) if known else None
    if plain is None:
        return table, []
    readable = np.array([text is not None for text in plain], dtype=bool)
    at[np.flatnonzero(at)[~readable]] = False
    return _written(table, i, at, np.array([t for t in plain if t is not None], dtype=object), remedy)


def _drop_copies(table: RawTable, remedy: Remedy) -> tuple[RawTable, list[Change]]:
    """Drop every row that is in all cells like an earlier one."""
    copies = _copies(table)
    kept = replace(table, columns=tuple(c[~copies] for c in table.columns), rows=table.rows[~copies])
    lines = zip(table.rows[copies], *(c[copies] for c in table.columns), strict=True)
    return kept, [
        Change(remedy.table, int(row), "", " | ".join(map(str, cells)), None, remedy.why) for row, *cells in lines
    ]


def _copies(table: RawTable) -> np.ndarray:
    """Mask (n,) of the rows that are in all cells like an earlier one."""
    return pd.DataFrame(dict(enumerate(table.columns))).duplicated().to_numpy()


def _rename(table: RawTable, remedy: Remedy) -> tuple[RawTable, list[Change]]:
    """Let the header say the other unit."""
    to = _other_unit(remedy.column)
    return _headed(table, {remedy.column: to}, remedy)


def _exchange(table: RawTable, remedy: Remedy) -> tuple[RawTable, list[Change]]:
    """Exchange the headers of an endpoint's time and event."""
    time = _time_of(table, remedy.column)
    return _headed(table, {remedy.column: time, time: remedy.column}, remedy) if time else (table, [])


def _invert(table: RawTable, remedy: Remedy) -> tuple[RawTable, list[Change]]:
    """Write 0 for 1 and 1 for 0."""
    i = table.header.index(remedy.column)
    values, _ = coerce.flags(table.columns[i])
    at = np.isin(values, (0.0, 1.0))
    texts = np.where(values[at] == 1.0, "0", "1").astype(object)
    return _written(table, i, at, texts, remedy)


KINDS: Mapping[str, Callable[[RawTable, Remedy], tuple[RawTable, list[Change]]]] = {
    "empty": _empty,
    "read": _read,
    "drop-copies": _drop_copies,
    "rename": _rename,
    "exchange": _exchange,
    "invert": _invert,
}


def _written(
    table: RawTable, i: int, at: np.ndarray, texts: np.ndarray, remedy: Remedy
) -> tuple[RawTable, list[Change]]:
    """The table with these texts in column i where `at`; cells that had them already are no change."""
    column = table.columns[i].copy()
    before = column[at]
    column[at] = texts
    changes = [
        Change(remedy.table, int(row), table.header[i], str(old), str(new), remedy.why)
        for row, old, new in zip(table.rows[at], before, texts, strict=True)
        if old != new
    ]
    return replace(table, columns=(*table.columns[:i], column, *table.columns[i + 1 :])), changes


def _headed(table: RawTable, names: Mapping[str, str], remedy: Remedy) -> tuple[RawTable, list[Change]]:
    header = tuple(names.get(h, h) for h in table.header)
    changes = [Change(remedy.table, 1, old, old, new, remedy.why) for old, new in names.items() if old in table.header]
    return replace(table, header=header), changes


# --------------------------------------------------------------------------------- one reading, or none

_UNITS: Mapping[str, str] = {
    "years": r"y(?:ea)?rs?|y|y\.?o\.?|a|岁|jahre?|ans|años?",
    "months": r"mo(?:nth)?s?|m|个?月|monate?|mois|meses",
    "days": r"d(?:ays?)?|天|日|tage?|jours?|días?",
    "%": r"%|％|percent|per cent",
    "mg": r"mg",
    "g/L": r"g\s*/\s*l",
    "10⁹/L": r"(?:[x×*]\s*)?10\s*(?:\^|\*\*|e)?\s*[9⁹]\s*/\s*l|g/l|/nl",
}
_NUMBER = r"[+-]?\d+(?:[.,]\d{1,2}|\.\d+)?"
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5"}
_DATE = re.compile(r"(\d{1,4})([-/.年])(\d{1,2})(?:[-/.月])(\d{1,4})日?")


def plain_texts(texts: np.ndarray, known: Variable) -> list[str | None] | None:
    """Each text as KRAScope writes it, None where more than one reading is possible; None for other kinds of column.

    Numbers: the variable's own unit is taken off, a comma before one or two digits is a decimal comma. "<1" is read
    for PD-L1 alone, where the dictionary says that below 1 % is 0; any other limit is no value. Dates: year first, or
    day first where a point separates or some day of the column is above 12.
    """
    if known.kind in ("number", "integer"):
        return [_plain_number(str(text), known) for text in texts]
    return _plain_dates([str(text) for text in texts]) if known.kind == "date" else None


def _plain_number(text: str, known: Variable) -> str | None:
    text = text.strip()
    if known.name == "pdl1_tps" and re.fullmatch(r"[<＜]\s*1\s*[%％]?", text):
        return "0"
    if known.name == "grade":
        match = re.fullmatch(r"(?:ctcae\s*)?(?:grade|gr?\.?|g)?\s*([1-5]|i{1,3}|iv|v)\s*级?", text, re.IGNORECASE)
        return _ROMAN.get(match[1].lower(), match[1]) if match else None
    match = re.fullmatch(rf"({_NUMBER})\s*(?:{_UNITS.get(known.unit, '(?!)')})?", text, re.IGNORECASE)
    return match[1].replace(",", ".") if match else None


def _plain_dates(texts: Sequence[str]) -> list[str | None]:
    parts = [_DATE.fullmatch(text.strip()) for text in texts]
    spread = [(int(m[1]), int(m[3])) for m in parts if m and len(m[4]) == 4]
    day_first = any(first > 12 for first, _ in spread) and not any(second > 12 for _, second in spread)
    return [_plain_date(m, day_first) if m else None for m in parts]


def _plain_date(match: re.Match[str], day_first: bool) -> str | None:
    first, separator, month, last = match.groups()
    if len(first) == 4 and len(last) <= 2:
        year, day = first, last
    elif len(last) == 4 and len(first) <= 2 and (separator == "." or day_first):
        year, day = last, first
    else:
        return None
    written = f"{year}-{int(month):02d}-{int(day):02d}"
    return None if coerce.dates(np.array([written], dtype=object))[1][0] else written


# ------------------------------------------------------------------------------- which problem offers what


def _known(table: Table, column: str) -> Variable | None:
    key = column_key(column)
    return variable(key) if table == "patients" else TABLES[table].get(key)


def _time_of(table: RawTable, event: str) -> str:
    """The header of the time that belongs to this event column, "" without one."""
    months, days, _ = endpoint_columns(column_key(event).removesuffix("_event"))
    return next((h for key in (days, months) for h in table.header if column_key(h) == key), "")


def _other_unit(header: str) -> str:
    key = column_key(header)
    return key.removesuffix("_months") + "_days" if key.endswith("_months") else key.removesuffix("_days") + "_months"


def _offer_empty(table: RawTable, name: Table, problem: Problem) -> Remedy | None:
    known = _known(name, problem.column)
    if problem.every is None or known is None or known.required or problem.column not in table.header:
        return None
    rows = tuple(int(row) for row in problem.every)
    cells = "the cell" if len(rows) == 1 else f"the {len(rows):,} cells"
    timed = known.role == "outcome" and not known.name.endswith("_event")
    label = f"Empty {cells}" + (", time and event" if timed else "")
    return Remedy("empty", name, problem.column, rows, label, f"Emptied: expected {problem.expected}.")


def _offer_read(table: RawTable, name: Table, problem: Problem) -> Remedy | None:
    """Reading is offered where every such cell has one meaning, else emptying."""
    known = _known(name, problem.column)
    if problem.every is None or known is None or problem.column not in table.header:
        return None
    texts = table.columns[table.header.index(problem.column)][np.isin(table.rows, problem.every)]
    plain = plain_texts(texts, known) or []
    readable = sum(text is not None for text in plain)
    if not readable:
        return _offer_empty(table, name, problem)
    what = "dates" if known.kind == "date" else "numbers"
    rows = tuple(int(row) for row in problem.every)
    some = "" if readable == len(plain) else f", {readable:,} of {len(plain):,} cells"
    return Remedy("read", name, problem.column, rows, f"Read as {what}{some}", f"Read as one of {what}: {known.label}.")


def _offer_range(table: RawTable, name: Table, problem: Problem) -> Remedy | None:
    """A survival time of more than a century in months is one in days; any other impossible value is emptied."""
    match = ENDPOINT_COLUMN.match(column_key(problem.column))
    renamed = _offer_rename(table, name, problem) if match and match[2] == "months" else None
    return renamed or _offer_empty(table, name, problem)


def _offer_drop(table: RawTable, name: Table, problem: Problem) -> Remedy | None:
    n = int(_copies(table).sum())
    rows = "1 row that is an exact copy" if n == 1 else f"{n:,} rows that are exact copies"
    return Remedy("drop-copies", name, "", (), f"Drop {rows}", "An exact copy of an earlier row.") if n else None


def _offer_rename(table: RawTable, name: Table, problem: Problem) -> Remedy | None:
    to = _other_unit(problem.column)
    if to in table.keys or problem.column not in table.header:
        return None
    return Remedy("rename", name, problem.column, (), f"Call the column {to}", "The numbers are in the other unit.")


def _offer_exchange(table: RawTable, name: Table, problem: Problem) -> Remedy | None:
    time = _time_of(table, problem.column)
    if not time:
        return None
    return Remedy("exchange", name, problem.column, (), f"Exchange {time} and {problem.column}", "Columns exchanged.")


def _offer_invert(table: RawTable, name: Table, problem: Problem) -> Remedy | None:
    if problem.column not in table.header:
        return None
    return Remedy("invert", name, problem.column, (), f"Exchange 0 and 1 in {problem.column}", "1 stood for no event.")


OFFERS: Mapping[str, Callable[[RawTable, Table, Problem], Remedy | None]] = {
    "unreadable": _offer_read,
    "range": _offer_range,
    "negative-time": _offer_empty,
    "level": _offer_empty,
    "future-date": _offer_empty,
    "whole-number": _offer_empty,
    "duplicate-patient": _offer_drop,
    "repeated-event": _offer_drop,
    "days-in-months": _offer_rename,
    "months-in-days": _offer_rename,
    "swapped": _offer_exchange,
    "inverted-event": _offer_invert,
}
