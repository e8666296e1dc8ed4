"""What is wrong with a file, said so that whoever made it can mend it.

A problem names file, row, column, value and expectation on the screen. None of the values may reach a
log: they are left out of every `str` and `repr`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

Severity = Literal["error", "warning", "note"]

MAX_PER_COLUMN = 5
MAX_VALUE_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong (error), doubtful (warning) or worth knowing (note).

    code: stable name of the rule, for programs. row: row of the sheet, the header being row 1; None for
    a whole column or file. expected completes "expected …"; remedy is a sentence. more: how many
    further rows have this problem, where they are not listed one by one. every: all rows concerned,
    listed or not, for a remedy to act on; None for a whole column or file.
    """

    severity: Severity
    code: str
    file: str
    sheet: str = ""
    row: int | None = None
    column: str = ""
    value: str | None = field(default=None, repr=False)
    expected: str = field(default="", repr=False)
    remedy: str = field(default="", repr=False)
    more: int = 0
    every: np.ndarray | None = field(default=None, repr=False, compare=False)

    @property
    def place(self) -> str:
        """Where: file, sheet, row, column."""
        parts = [self.file]
        if self.sheet:
            parts.append(f"sheet {self.sheet}")
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column:
            parts.append(f"column {self.column}")
        return ", ".join(parts)

    @property
    def sentence(self) -> str:
        """The problem in plain words, value included: for the screen, never for a log."""
        if self.more:
            rows = "row has" if self.more == 1 else "rows have"
            return f"{self.place}: {self.more:,} more {rows} the same problem."
        found = "" if self.value is None else f'found "{_shown(self.value)}"'
        expected = self.expected and f"expected {self.expected}"
        what = ", ".join(part for part in (found, expected) if part)
        return f"{self.place}: {' '.join(part for part in (what and f'{what}.', self.remedy) if part)}"


def _shown(value: str) -> str:
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value)
    return clean if len(clean) <= MAX_VALUE_LENGTH else clean[: MAX_VALUE_LENGTH - 1] + "…"


class CohortError(ValueError):
    """A file that cannot become a cohort. `problems` has it all; the message counts and places, no values.

    command: what lists them all at the command line.
    """

    command = "python -m kras_core validate FILE"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(_summary(self.problems))


def _summary(problems: tuple[Problem, ...]) -> str:
    errors = [p for p in problems if p.severity == "error"]
    count = sum(p.more or 1 for p in errors)
    places = list(dict.fromkeys(p.place for p in errors))
    shown = "; ".join(places[:5]) + ("; …" if len(places) > 5 else "")
    return f"{count:,} {'error' if count == 1 else 'errors'} in the file ({shown})"


def has_errors(problems: Iterable[Problem]) -> bool:
    return any(p.severity == "error" for p in problems)


def per_row(
    template: Problem, rows: Sequence[int] | np.ndarray, values: Sequence[str | None] | np.ndarray
) -> list[Problem]:
    """The template's problem for each row, the first few one by one and the others as a count.

    rows: every row concerned. values: what was found there, needed for the first MAX_PER_COLUMN only.
    """
    template = replace(template, every=np.asarray(rows))
    listed = [
        replace(template, row=int(row), value=value)
        for row, value in zip(rows[:MAX_PER_COLUMN], values[:MAX_PER_COLUMN], strict=True)
    ]
    rest = len(rows) - len(listed)
    return [*listed, replace(template, more=rest)] if rest else listed


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """A rule that some rows of a table break, before it is said where they stand.

    column: the dictionary's name of it. rows: mask (n,) of the rows concerned; None for the whole column.
    """

    severity: Severity
    code: str
    column: str
    rows: np.ndarray | None
    expected: str = ""
    remedy: str = ""
