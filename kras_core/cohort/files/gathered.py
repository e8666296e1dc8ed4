"""Columns of text that come in by parts: equal texts become one object, so that a cell costs a pointer."""

from collections.abc import Sequence

import numpy as np

from kras_core.cohort.files.table import CONTROL, tidy, tidy_all

MAX_DISTINCT = 25_000_000

_DISTINCT = 0.9  # of a part's cells: a column beyond it is one of names or fine measurements, whose texts recur nowhere


class TooManyTexts(ValueError):
    """More distinct texts than memory is meant to hold."""


class Gathered:
    """One column while its parts come in. distinct: texts held so far; has_control: whether one disguises text."""

    def __init__(self, name: str) -> None:
        self.name = tidy(name)
        self.distinct = 0
        self.has_control = CONTROL.search(self.name) is not None
        self._parts: list[np.ndarray] = []
        self._known: dict[str, str] = {}

    def add(self, codes: np.ndarray, words: Sequence[str]) -> None:
        """A part: each cell's code (n,) and the text of each code."""
        tidied = tidy_all(words)
        joined = "".join(tidied)
        self.has_control |= not joined.isprintable() and CONTROL.search(joined) is not None
        if len(tidied) <= _DISTINCT * len(codes):
            before = len(self._known)
            tidied = [self._known.setdefault(word, word) for word in tidied]
            self.distinct += len(self._known) - before
        else:
            self.distinct += len(tidied)
        texts = np.empty(len(tidied), dtype=object)
        texts[:] = tidied
        self._parts.append(texts[codes])

    @property
    def values(self) -> np.ndarray:
        """The whole column (n,)."""
        return np.concatenate(self._parts) if self._parts else np.empty(0, dtype=object)


def check_distinct(columns: Sequence[Gathered]) -> None:
    """Raises TooManyTexts."""
    if sum(column.distinct for column in columns) > MAX_DISTINCT:
        raise TooManyTexts
