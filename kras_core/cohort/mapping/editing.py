"""Changing a mapping by hand: rows of an editable table and back, and the questions that only a person can answer."""

from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kras_core.cohort import coerce
from kras_core.cohort.mapping.codes import CENSORED, EVENT, MEANINGS, MOST_CODES, NOT_KNOWN, counts
from kras_core.cohort.mapping.model import LEFT_OUT, OWN, Column, Confidence, Mapping
from kras_core.cohort.mapping.recognise import as_target, no_values
from kras_core.cohort.mapping.targets import PATIENTS, patients_target
from kras_core.cohort.mapping.units import FACTORS
from kras_core.cohort.mapping.words import coding_in_words
from kras_core.cohort.mapping.written_dates import WAYS, how_written, read_dates
from kras_core.cohort.readers import RawTables

SHOWN = 3  # first values of a column
LOOKED_AT = 2_000  # rows, for them
BY_HAND = "chosen by hand"

SURENESS: Table[Confidence, str] = {"sure": "sure", "likely": "likely", "unsure": "look"}
CHOICES: Table[str, str] = {
    OWN: "A column of its own",
    LEFT_OUT: "Left out",
    **{t.id: t.label for t in PATIENTS.values()},
}
ALL_UNITS = tuple(FACTORS)


def choices(mapping: Mapping) -> dict[str, str]:
    """What a column can become, with labels; endpoints that only this file has come last."""
    others = {c.becomes: patients_target(c.becomes) for c in mapping.patients if c.becomes not in CHOICES}
    return {**CHOICES, **{id: target.label for id, target in others.items() if target is not None}}


Row = dict[str, str]


def needs_look(column: Column) -> bool:
    """Whether somebody should look at this guess before it is used."""
    return column.confidence != "sure"


def rows(mapping: Mapping, tables: RawTables, only: frozenset[str]) -> list[Row]:
    """The columns named, each as a row of the editable table: column, first values, becomes, unit, sure, why."""
    return [_row(column, _text(tables, column.source)) for column in mapping.patients if column.source in only]


def _row(column: Column, text: np.ndarray) -> Row:
    start = text[:LOOKED_AT]
    known = list(dict.fromkeys(start[~coerce.missing(start)].tolist()))
    first = " · ".join(value if len(value) <= 24 else value[:23] + "…" for value in known[:SHOWN])
    return {
        "column": column.source,
        "first": first,
        "becomes": column.becomes,
        "unit": column.unit,
        "sure": SURENESS[column.confidence],
        "why": column.reason,
    }


def edited(mapping: Mapping, tables: RawTables, changed: Sequence[Row]) -> Mapping:
    """The mapping with what was changed in the rows: another meaning is fitted anew, a unit is taken where it fits."""
    by_source = {row["column"]: row for row in changed}
    return replace(
        mapping,
        patients=tuple(
            _changed(column, by_source[column.source], tables) if column.source in by_source else column
            for column in mapping.patients
        ),
    )


def _changed(column: Column, row: Row, tables: RawTables) -> Column:
    becomes, unit = row["becomes"] or OWN, row["unit"]
    if becomes != column.becomes:
        column = replace(as_target(tables.patients, column.source, becomes), reason=BY_HAND, confidence="sure")
    target = patients_target(becomes)
    if unit != column.unit and target is not None and unit in target.units:
        return replace(column, unit=unit, reason=f"unit {BY_HAND}", confidence="sure")
    return column


@dataclass(frozen=True, slots=True)
class Coding:
    """The codes of one column that somebody has to say or confirm.

    words: what each code means now and for how many patients. options: the meanings to choose from, with labels.
    """

    column: Column
    title: str
    codes: Table[str, str]
    words: tuple[str, ...]
    options: Table[str, str]


def event_codings(mapping: Mapping, tables: RawTables) -> tuple[Coding, ...]:
    """Every event column's codes, to be confirmed in words."""
    found = []
    for column in (c for c in mapping.patients if c.is_event):
        target, counted = patients_target(column.becomes), _counted(column, tables)
        words = coding_in_words(column.codes, counted, target)
        options = {EVENT: "the event", CENSORED: "no event (censored)", NOT_KNOWN: "not known"}
        meant = dict(column.codes)
        codes = {code: meant.get(code, NOT_KNOWN) for code in counted} if len(counted) <= MOST_CODES else {}
        found.append(Coding(column, target.label if target else column.becomes, codes, words, options))
    return tuple(found)


def open_codings(mapping: Mapping, tables: RawTables) -> tuple[Coding, ...]:
    """Columns that were made a category or a flag by hand and whose codes do not say which level they are."""
    found = []
    for column in mapping.patients:
        target = patients_target(column.becomes)
        if target is None or target.kind not in ("category", "flag") or target.variable is None:
            continue
        levels = ("0", "1") if target.kind == "flag" else target.variable.levels
        counted = _counted(column, tables)
        if not levels or len(counted) > MOST_CODES:
            continue
        meant = dict(column.codes)
        read = {code: _level(code, meant, column.becomes) for code in counted}
        if BY_HAND in column.reason and not set(read.values()) <= set(levels):
            options = {"": "not known"} | {level: {"0": "no", "1": "yes"}.get(level, level) for level in levels}
            if target.kind == "category":
                options = {"": "not known"} | {level: level for level in levels}
            codes = {code: level if level in levels else "" for code, level in read.items()}
            words = tuple(f"{code}: {n:,} {'patient' if n == 1 else 'patients'}" for code, n in counted.items())
            found.append(Coding(column, target.label, codes, words, options))
    return tuple(found)


def _level(code: str, meant: dict[str, str], becomes: str) -> str:
    variable = PATIENTS[becomes].variable
    if code in meant or variable is None:
        return meant.get(code, code)
    return str(coerce.levels(np.array([code], dtype=object), variable)[0])


def _counted(column: Column, tables: RawTables) -> dict[str, int]:
    return {c: n for c, n in counts(_text(tables, column.source)).items() if c not in column.missing}


def with_codes(mapping: Mapping, source: str, codes: Table[str, str]) -> Mapping:
    """The mapping with these codes of a column; a changed event coding has to be confirmed again."""
    column = next(c for c in mapping.patients if c.source == source)
    said = tuple(codes.items())
    return mapping if dict(column.codes) == dict(said) else mapping.but(source, codes=said, confirmed=False)


def turned(codes: Table[str, str]) -> dict[str, str]:
    """Event codes the other way round."""
    other = {EVENT: CENSORED, CENSORED: EVENT, NOT_KNOWN: NOT_KNOWN}
    assert set(codes.values()) <= set(MEANINGS)
    return {code: other[meaning] for code, meaning in codes.items()}


@dataclass(frozen=True, slots=True)
class DateQuestion:
    """A column whose dates can be read in two ways: an example as written, and as each way reads it."""

    source: str
    example: str
    readings: Table[str, str]


def date_questions(mapping: Mapping, tables: RawTables) -> tuple[DateQuestion, ...]:
    """Date columns of which nobody has said how they are written."""
    found = []
    for column in mapping.patients:
        target = patients_target(column.becomes)
        if target is None or target.kind != "date" or column.written:
            continue
        text = _text(tables, column.source)
        ways = how_written(text).ways or tuple(WAYS)
        known = text[~coerce.missing(text)]
        example = next((t for t in known.tolist() if _differs(t, ways)), str(known[0]) if len(known) else "")
        readings = {way: _reading(example, way) for way in ways}
        found.append(DateQuestion(column.source, example, readings))
    return tuple(found)


def _differs(text: str, ways: Sequence[str]) -> bool:
    return len({_reading(text, way) for way in ways}) > 1


def _reading(text: str, way: str) -> str:
    """The date in words, WAYS' own where this text is none of them."""
    day = read_dates(np.array([text], dtype=object), way)[0][0]
    return WAYS[way] if np.isnat(day) else day.item().strftime("%-d %B %Y")


def missing_choices(mapping: Mapping, tables: RawTables) -> dict[tuple[str, str], int]:
    """(column, code) -> how often, for every code that may mean no value beside the usual ones."""
    found = {}
    for column in mapping.patients:
        if column.becomes == LEFT_OUT:
            continue
        text = _text(tables, column.source)
        codes = dict.fromkeys((*column.missing, *no_values(text, tables.patients.value_labels.get(column.source, {}))))
        found |= {(column.source, code): int((text == code).sum()) for code in codes}
    return found


def with_missing(mapping: Mapping, chosen: Sequence[tuple[str, str]]) -> Mapping:
    """The mapping in which these codes, and no others beside the usual ones, mean no value."""
    patients = tuple(replace(c, missing=tuple(code for s, code in chosen if s == c.source)) for c in mapping.patients)
    return replace(mapping, patients=patients)


def _text(tables: RawTables, source: str) -> np.ndarray:
    return tables.patients.columns[tables.patients.header.index(source)]
