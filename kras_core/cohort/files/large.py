"""What is too large for the browser -> a table, read from its path in parts (the command line).

Bounds: MAX_BYTES of file, MAX_CELLS cells (8 bytes each), MAX_DISTINCT texts that differ (about 70 bytes
each): 2.6 GB at the most, whatever the file, before the cohort is made of it.
"""

import csv
from pathlib import Path

import numpy as np
import pandas as pd

from kras_core.cohort.files.apart import read_apart
from kras_core.cohort.files.gathered import MAX_DISTINCT, Gathered, TooManyTexts, check_distinct
from kras_core.cohort.files.kinds import NAMED, TEXT_SUFFIXES, ZIP, refusal, suffix_of, too_large
from kras_core.cohort.files.table import (
    MAX_COLUMNS,
    RawTable,
    control_characters,
    tidy,
    too_many_columns,
    without_examples,
)
from kras_core.cohort.files.text import encoding_of, layout, said_of, unreadable_line
from kras_core.cohort.problems import Problem

MAX_BYTES = 2 * 1024**3
MAX_CELLS = 100_000_000
PART_ROWS = 100_000

_SAMPLE_BYTES = 4 * 1024**2


def read_large(path: Path) -> tuple[RawTable | None, list[Problem]]:
    """The table at this path, None with the reason where there is none. Raises OSError."""
    size = path.stat().st_size
    suffix = suffix_of(path.name)
    in_parts = suffix in TEXT_SUFFIXES or (suffix in NAMED and NAMED[suffix] != ZIP)
    if size > MAX_BYTES or not in_parts:
        return None, [too_large(path.name, size, MAX_BYTES if in_parts else None)]
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    refused = refusal(path.name, sample)
    if refused:
        return None, [refused]
    if suffix in NAMED:
        return read_apart(path.name, b"", path, MAX_CELLS)
    return _read_text(path, sample[: sample.rfind(b"\n") + 1] or sample)


def _read_text(path: Path, sample: bytes) -> tuple[RawTable | None, list[Problem]]:
    encoding = encoding_of(sample)
    problems = [] if encoding.startswith("utf") else [said_of(path.name, encoding)]
    found = layout(sample.decode(encoding, "ignore"))
    width = found.header.count(found.separator) + 1
    if width > MAX_COLUMNS:
        return None, [too_many_columns(path.name, "", width)]
    try:
        header = [tidy(cell) for cell in next(csv.reader([found.header], delimiter=found.separator), [])]
    except csv.Error:
        return None, [unreadable_line(path.name, "")]
    columns = [Gathered(name) for name in header]
    try:
        _gather(path, found.separator, found.above + found.blank, columns, encoding)
    except UnicodeDecodeError:
        remedy = "Its texts are not in one encoding throughout. Save it as “CSV UTF-8”."
        return None, [*problems, Problem("error", "encoding", path.name, remedy=remedy)]
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        return None, [*problems, unreadable_line(path.name, str(error), found.above + found.blank)]
    except TooManyTexts:
        expected = f"at most {MAX_CELLS:,} cells and {MAX_DISTINCT:,} texts that differ"
        remedy = "Keep the columns that are needed, or split the file."
        return None, [*problems, Problem("error", "too-large", path.name, expected=expected, remedy=remedy)]
    return _table(path.name, columns, found.above + found.blank + 2, problems)


def _gather(path: Path, separator: str, skip: int, columns: list[Gathered], encoding: str) -> None:
    """Every part's cells, by column. Raises TooManyTexts, UnicodeDecodeError, pandas' errors."""
    parts = pd.read_csv(
        path,
        sep=separator,
        header=None,
        names=list(range(len(columns))),
        index_col=False,
        skiprows=skip + 1,
        dtype=str,
        keep_default_na=False,
        na_filter=False,
        skip_blank_lines=False,
        chunksize=PART_ROWS,
        encoding=encoding,
    )
    rows = 0
    with parts:
        for part in parts:
            rows += len(part)
            if rows * len(columns) > MAX_CELLS:
                raise TooManyTexts
            for i, column in enumerate(columns):
                codes, words = pd.factorize(part[i].to_numpy())
                column.add(codes, words.tolist())
            check_distinct(columns)


def _table(
    name: str, columns: list[Gathered], first_row: int, problems: list[Problem]
) -> tuple[RawTable | None, list[Problem]]:
    values = [column.values for column in columns]
    filled = np.zeros(len(values[0]) if values else 0, dtype=bool)
    for column in values:
        filled |= column != ""
    if not filled.any():
        remedy = "There is nothing in it. Check that the table was saved."
        return None, [*problems, Problem("error", "empty-table", name, remedy=remedy)]
    rows = np.flatnonzero(filled) + first_row
    kept = values if filled.all() else [column[filled] for column in values]
    table = RawTable(name, "", tuple(column.name for column in columns), tuple(kept), rows)
    if any(column.has_control for column in columns):
        problems = problems + control_characters(table)
    return without_examples(table), problems
