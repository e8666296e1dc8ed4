"""Small counts hidden: while `hiding(5)` holds, 1 to 4 patients are written "<5", in tables, words and hover alike.

Off by default, for exploring; switched on for presenting and for files. A count that the others and a total would
give away is hidden with it (complementary suppression, Willenborg and de Waal, Elements of Statistical Disclosure
Control, 2001, chapter 5). 0 is shown.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from kras_core.selection import SelectionError

DEFAULT_THRESHOLD = 5
HIDDEN = "hidden"

_threshold: ContextVar[int] = ContextVar("threshold", default=0)

Key = tuple[int, int]  # a cell: row, column


@contextmanager
def hiding(below: int) -> Iterator[None]:
    """Hide counts from 1 to below - 1 in everything that is written in the block; 0 hides nothing."""
    token = _threshold.set(below)
    try:
        yield
    finally:
        _threshold.reset(token)


def threshold() -> int:
    """The smallest count that is shown; 0 where all are."""
    return _threshold.get()


def is_small(count: float) -> bool:
    """Whether a count is to be hidden here and now."""
    return 0 < count < threshold()


def refuse(sizes: Iterable[int]) -> None:
    """Raises SelectionError where a group is too small to be shown at all: its size would follow from the others'."""
    if any(map(is_small, sizes)):
        raise SelectionError(
            f"A group has fewer than {threshold()} patients, and small counts are hidden: beside the others it would "
            "give single patients away. Compare larger groups, or switch the hiding off at the foot of the sidebar."
        )


def below() -> str:
    """What stands in a hidden count's place."""
    return f"<{threshold()}"


_COUNTED = re.compile(r"(?<![\d.,–-])(\d+)(?= (?:patients?|events?|deaths?|of \d|responders?|out\b|without|in the))")


def words(sentence: str) -> str:
    """A finished sentence with its small counts of patients and events hidden."""
    return _COUNTED.sub(lambda m: below() if is_small(int(m[1])) else m[1], sentence)


@dataclass(frozen=True, slots=True)
class Sum:
    """A reader may add: the parts make the total, which is a cell itself or a number known from elsewhere."""

    total: Key | None
    parts: tuple[Key, ...]
    known: int | None = None

    @property
    def cells(self) -> tuple[Key, ...]:
        """The cells that it holds, its total too where that is one."""
        return self.parts if self.total is None else (*self.parts, self.total)

    @classmethod
    def if_true(
        cls, counts: Mapping[Key, int], total: Key | None, parts: Iterable[Key], known: int | None = None
    ) -> "tuple[Sum, ...]":
        """The sum where it holds in these counts; where somebody is in none of the parts, nothing can be derived."""
        keys = tuple(key for key in parts if key in counts)
        whole = known if total is None else counts.get(total)
        return (cls(total, keys, known),) if whole is not None and sum(counts[k] for k in keys) == whole else ()


def concealed(counts: Mapping[Key, int], sums: Iterable[Sum], least: int) -> frozenset[Key]:
    """The cells to hide: those from 1 to least - 1, and as many others as it takes that no sum gives one of them away.

    A cell is given away where a reader who knows the sums and the rule (hidden small cells lie between 1 and
    least - 1, other hidden ones are `least` or more) can find no second value for it. Then the smallest shown count
    of a sum that holds it, else of one that holds any hidden cell, is hidden too, until none is given away or
    nothing is left to hide.
    """
    listed = list(sums)
    unsafe = {key for key, k in counts.items() if 0 < k < least}
    hidden = set(unsafe)
    while True:
        given = _given_away(counts, listed, unsafe, sorted(hidden), least)
        if given is None:
            return frozenset(hidden)
        around = _shown(counts, hidden, (s for s in listed if given in s.cells)) or _shown(
            counts, hidden, (s for s in listed if not hidden.isdisjoint(s.cells))
        )
        if around:
            hidden.add(min(around, key=lambda key: (counts[key], key)))
        else:
            unsafe.discard(given)


def _shown(counts: Mapping[Key, int], hidden: set[Key], sums: Iterable[Sum]) -> set[Key]:
    """The cells of these sums that are shown and could be hidden; nobody is no count to hide."""
    return {key for s in sums for key in s.cells if key not in hidden and counts[key] > 0}


def _given_away(
    counts: Mapping[Key, int], sums: Sequence[Sum], unsafe: set[Key], hidden: Sequence[Key], least: int
) -> Key | None:
    """The first unsafe cell that has one possible value only: its least and its largest by integer programming.

    Every solution found is a table that a reader must think possible, and clears all cells that differ in it.
    """
    place = {key: j for j, key in enumerate(hidden)}
    matrix, rest = np.zeros((len(sums), len(hidden))), np.zeros(len(sums))
    for i, s in enumerate(sums):
        rest[i] = s.known or 0
        for key in s.cells:
            sign = -1 if key == s.total else 1
            if key in place:
                matrix[i, place[key]] += sign
            else:
                rest[i] -= sign * counts[key]
    few = np.array([0 < counts[key] < least for key in hidden], dtype=bool)
    top = sum(counts.values()) + sum(s.known or 0 for s in sums) + least
    limits = Bounds(np.where(few, 1, least), np.where(few, least - 1, top))
    equations = [LinearConstraint(matrix, rest, rest)] if sums else []
    unclear = set(unsafe)
    for key in sorted(unsafe):
        for direction in (1.0, -1.0) if key in unclear else ():
            aim = np.zeros(len(hidden))
            aim[place[key]] = direction
            solved = milp(aim, constraints=equations, bounds=limits, integrality=np.ones(len(hidden), dtype=np.int64))
            if solved.x is not None:
                unclear -= {k for k in unclear if round(solved.x[place[k]]) != counts[k]}
        if key in unclear:
            return key
    return None
