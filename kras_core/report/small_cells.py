"""Small counts hidden: while `hiding(5)` holds, 1 to 4 patients are written "<5", in tables, words and hover alike.

Off by default, for exploring; switched on for presenting and for files. A count that the others and a total would
give away is hidden with it (complementary suppression, Willenborg and de Waal, Elements of Statistical Disclosure
Control, 2001, chapter 5). 0 is shown.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

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


class HiddenCount(int):
    """Stands in a result for a count that may not be shown, so that whatever is made of it cannot show it either.

    It reads as text ("<5" or "hidden") and has no value: it counts as -1. few: hidden for itself, or one of several
    of which that may not be told.
    """

    text: str
    few: bool

    def __new__(cls, text: str, few: bool = False) -> "HiddenCount":
        made = super().__new__(cls, -1)
        made.text, made.few = text, few
        return made

    def __str__(self) -> str:
        return self.text


def shown(count: float) -> float | None:
    """A count for a program: None where it is hidden."""
    return None if isinstance(count, HiddenCount) or is_small(count) else count


def explained() -> str:
    """What the marks in a table mean."""
    return f"{below()}: fewer than {threshold()} patients, but not 0; {HIDDEN}: would give such a count away."


_COUNTED = re.compile(
    r"(?<![\d.,–-])(\d+)(?= (?:patients?|events?|deaths?|of \d|responders?|out\b|without|in the|for that))"
)
_SHARE = re.compile(r"(<\d+ of [\d,]+(?: \w+)?) \(\d+(?:\.\d+)? ?%\)")


def words(sentence: str) -> str:
    """A finished sentence with its small counts of patients and events hidden, and their percentages gone."""
    return _SHARE.sub(r"\1", _COUNTED.sub(lambda m: below() if is_small(int(m[1])) else m[1], sentence))


def told(found: dict[str, Any]) -> dict[str, Any]:
    """A view for programs as it may leave here and now: first that counts are hidden, its sentences without them."""
    return {"hidden_below": threshold()} | _worded(found) if threshold() else found


def _worded(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: _worded(value) for key, value in found.items()}
    if isinstance(found, list | tuple):
        return [_worded(value) for value in found]
    return words(found) if isinstance(found, str) else found


@dataclass(frozen=True, slots=True)
class Sum:
    """A reader may add: the parts make the total, which is a cell itself or a number known from elsewhere.

    most: they make no more than the total, as events do of patients.
    """

    total: Key | None
    parts: tuple[Key, ...]
    known: int | None = None
    most: bool = False

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
    of a sum that holds it, else of one that holds any hidden cell beside it, is hidden too, until none is given away
    or nothing is left to hide.
    """
    return frozenset(marks(counts, sums, least))


def marks(counts: Mapping[Key, int], sums: Iterable[Sum], least: int) -> dict[Key, str]:
    """The cells that are `concealed`, and what stands in place of each: "<5" or "hidden".

    Where all that can be hidden is, and one is still given away, none says any more whether it is small: 1 of 6 beside
    5 would follow from "<5" beside "hidden".
    """
    few = {key for key, k in counts.items() if 0 < k < least}
    found = dict.fromkeys(few, f"<{least}")
    for linked in _linked(sums):
        cells = {key for s in linked for key in s.cells}
        if not few.isdisjoint(cells):
            hidden, vague = _concealed_among({key: counts[key] for key in cells}, linked, few & cells, least)
            found |= {key: HIDDEN if vague or key not in few else f"<{least}" for key in hidden}
    return found


def _linked(sums: Iterable[Sum]) -> list[list[Sum]]:
    """The sums in groups that share no cell: nothing follows from one group for another."""
    groups: list[tuple[set[Key], list[Sum]]] = []
    for s in sums:
        touched = [group for group in groups if not group[0].isdisjoint(s.cells)]
        groups = [group for group in groups if group[0].isdisjoint(s.cells)]
        cells = set(s.cells).union(*(cells for cells, _ in touched))
        groups.append((cells, [*(one for _, several in touched for one in several), s]))
    return [several for _, several in groups]


def _concealed_among(
    counts: Mapping[Key, int], sums: Sequence[Sum], few: set[Key], least: int
) -> tuple[set[Key], bool]:
    """As `concealed`, of cells that are all linked by the sums; and whether none may say that it is small."""
    unsafe, hidden, vague = set(few), set(few), False
    while True:
        given = _given_away(counts, sums, unsafe, sorted(hidden), 1 if vague else least)
        if given is None:
            return hidden, vague
        around = _shown(counts, hidden, (s for s in sums if given in s.cells and not s.most)) or _shown(
            counts, hidden, (s for s in sums if not hidden.isdisjoint(s.cells))
        )
        if around:
            hidden.add(min(around, key=lambda key: (counts[key], key)))
        elif not vague:
            vague = True
        else:
            unsafe.discard(given)


def masked(counts: Mapping[Key, int], sums: Iterable[Sum]) -> dict[Key, int]:
    """The counts as they may be shown here and now: `HiddenCount`s in place of those that are hidden."""
    found = marks(counts, sums, threshold()) if threshold() else {}
    vague = any(text == HIDDEN and is_small(counts[key]) for key, text in found.items())
    return {key: HiddenCount(found[key], vague or is_small(k)) if key in found else k for key, k in counts.items()}


def _shown(counts: Mapping[Key, int], hidden: set[Key], sums: Iterable[Sum]) -> set[Key]:
    """The cells of these sums that are shown and could be hidden; nobody is no count to hide."""
    return {key for s in sums for key in s.cells if key not in hidden and counts[key] > 0}


def _given_away(
    counts: Mapping[Key, int], sums: Sequence[Sum], unsafe: set[Key], hidden: Sequence[Key], least: int
) -> Key | None:
    """The first unsafe cell that has one possible value only: its least and its largest by integer programming.

    Every solution found is a table that a reader must think possible, and clears all cells that differ in it: they are
    unsafe no more, whatever is hidden besides.
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
    at_least = np.where([s.most for s in sums], -math.inf, rest)
    equations = [LinearConstraint(matrix, at_least, rest)] if sums else []
    for key in sorted(unsafe):
        for direction in (1.0, -1.0) if key in unsafe else ():
            aim = np.zeros(len(hidden))
            aim[place[key]] = direction
            solved = milp(aim, constraints=equations, bounds=limits, integrality=np.ones(len(hidden), dtype=np.int64))
            if solved.x is not None:
                unsafe.difference_update([k for k in unsafe if round(solved.x[place[k]]) != counts[k]])
        if key in unsafe:
            return key
    return None
