"""SPSS, SAS, Stata and Parquet -> a table, read in a process of its own.

Their readers are C and C++ programs: a made-up file of a few hundred bytes can ask for all memory or
end the process that opens it. So a child (child.py) opens it, with a limit on memory and time;
whatever the file does there, it does it to the child. Content goes to the child through a pipe, never
through a named file.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

from kras_core.cohort.files.archive import MAX_CELLS
from kras_core.cohort.files.gathered import Gathered, TooManyTexts, check_distinct
from kras_core.cohort.files.kinds import NAMED, suffix_of
from kras_core.cohort.files.table import (
    MAX_COLUMNS,
    RawTable,
    column_letters,
    control_characters,
    tidy,
    too_many_columns,
    without_examples,
)
from kras_core.cohort.problems import Problem

APART_BYTES = 4 * 1024**3
APART_SECONDS = 120  # of processor time: what else the machine does is not the file's fault
APART_WAIT = 600  # seconds by the clock: for a child that neither works nor ends

# How a child ends that used up its processor time, or was waited for too long (Windows: terminated).
_TIME_IS_UP = tuple(-getattr(signal, name) for name in ("SIGXCPU", "SIGTERM") if hasattr(signal, name))

_CHILD = Path(__file__).with_name("child.py")


def read_apart(
    name: str, content: bytes, path: Path | None = None, cells: int = MAX_CELLS
) -> tuple[RawTable | None, list[Problem]]:
    """The table of a file of SPSS, SAS, Stata or Parquet, None with the reason where there is none.

    path: read from there instead of `content` (the command line, for what is too large to hold twice).
    """
    request = {
        "kind": NAMED[suffix_of(name)],
        "path": str(path) if path else "",
        "columns": MAX_COLUMNS,
        "cells": cells,
        "bytes": APART_BYTES,
        "seconds": APART_SECONDS,
    }
    try:
        with _child(json.dumps(request).encode() + b"\n", content) as child:
            said, columns = _answer(child)
    except TooManyTexts:
        return None, [_refused(name, {"refused": "too-large"}, cells)]
    return (None, [_refused(name, said, cells)]) if columns is None else _table(name, said, columns)


def _answer(child: "subprocess.Popen[bytes]") -> tuple[dict[str, Any], list[Gathered] | None]:
    """What the child says of the file and its columns, None with the reason where it has none."""
    assert child.stdout is not None
    try:
        said = json.loads(child.stdout.readline() or b"{}")
        if said:
            return said, _columns(child.stdout) if "labels" in said else None
    except (pa.ArrowException, OSError, ValueError):
        pass
    return {"refused": "too-slow"} if _out_of_time(child) else {}, None


def _out_of_time(child: "subprocess.Popen[bytes]") -> bool:
    """Whether a child that stopped answering was ended by a limit of time, and by nothing that the file did."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(timeout=5)
    return child.returncode in _TIME_IS_UP


@contextlib.contextmanager
def _child(request: bytes, content: bytes) -> Iterator["subprocess.Popen[bytes]"]:
    """The child, fed. Ended with the block, or after APART_WAIT."""
    child = subprocess.Popen(
        [sys.executable, "-P", str(_CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"},
    )
    assert child.stdin is not None and child.stdout is not None
    overdue = threading.Timer(APART_WAIT, child.terminate)
    feeding = threading.Thread(target=_feed, args=(child.stdin, request, content), daemon=True)
    overdue.start()
    feeding.start()
    try:
        yield child
    finally:
        overdue.cancel()
        child.kill()
        child.stdout.close()
        child.wait()
        feeding.join()


def _feed(pipe: IO[bytes], request: bytes, content: bytes) -> None:
    with contextlib.suppress(OSError), pipe:  # a child that has ended reads no further
        pipe.write(request)
        pipe.write(content)


def _columns(output: IO[bytes]) -> list[Gathered]:
    with pa.ipc.open_stream(output) as stream:
        columns = [Gathered(name) for name in stream.schema.names]
        for batch in stream:
            for column, values in zip(columns, batch.columns, strict=True):
                column.add(values.indices.to_numpy(zero_copy_only=False), values.dictionary.to_pylist())
            check_distinct(columns)
    return columns


def _table(name: str, said: dict[str, Any], columns: list[Gathered]) -> tuple[RawTable | None, list[Problem]]:
    values = [column.values for column in columns]
    header = tuple(c.name for c in columns)
    rows = np.arange(len(values[0]) if values else 0) + 1
    if not header or not len(rows):
        remedy = "There is nothing in it. Check that the table was saved."
        return None, [Problem("error", "empty-table", name, remedy=remedy)]
    labels = {tidy(c): tidy(label) for c, label in said["labels"].items()}
    codes = {tidy(c): {tidy(k): tidy(v) for k, v in found.items()} for c, found in said["value_labels"].items()}
    table = RawTable(name, "", header, tuple(values), rows, labels, codes)
    problems = [
        Problem("error", "nameless-column", name, column=column_letters(i), remedy="Name the column.")
        for i, column in enumerate(header)
        if not column
    ]
    if said["encoding"]:
        remedy = f"Texts are not in the encoding that the file names: read as {said['encoding']}. Check them."
        problems.append(Problem("warning", "encoding", name, remedy=remedy))
    problems += [_declared(table, tidy(c), counts, codes.get(tidy(c), {})) for c, counts in said["declared"].items()]
    if any(column.has_control for column in columns):
        problems += control_characters(table)
    return without_examples(table), problems


def _declared(table: RawTable, column: str, counts: dict[str, int], labels: dict[str, str]) -> Problem:
    """A note of the codes that the file itself declares missing: they are read as missing."""
    codes = (f"{code} ({labels[code]})" if code in labels else code for code in counts)
    listed = ", ".join(f"{code} in {n:,}" for code, n in zip(codes, counts.values(), strict=True))
    return table.problem("note", "declared-missing", column, remedy=f"Declared missing by the file: {listed}.")


def _refused(name: str, said: dict[str, Any], cells: int) -> Problem:
    """The child's refusal as a problem; a child that ended without a word met a damaged file."""
    code, found = said.get("refused", "damaged"), said.get("found", "")
    if code == "too-many-columns":
        return too_many_columns(name, "", found)
    if code == "too-large":
        remedy = "Keep the columns that are needed, or split the file."
        return Problem("error", code, name, expected=f"at most {cells:,} cells", remedy=remedy)
    if code == "too-slow":
        expected = f"to be read in {APART_SECONDS} s of processor time"
        remedy = "Try again when the machine has less to do; else keep the columns that are needed, or split the file."
        return Problem("error", code, name, expected=expected, remedy=remedy)
    if code == "nested":
        remedy = "Its values are lists, structures or bytes. Leave the column out."
        return Problem("error", code, name, column=tidy(str(found)), expected="one plain value a row", remedy=remedy)
    if code == "encoding":
        return Problem("error", code, name, remedy="Its texts are in no known encoding. Export it again as UTF-8.")
    remedy = f"This file of {NAMED[suffix_of(name)]} is damaged or asks for more than it holds. Export it again."
    return Problem("error", "damaged", name, remedy=remedy)
