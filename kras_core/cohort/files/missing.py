"""Codes that stand for a missing value: found and counted, so that nobody reads -99 as a number unknowingly."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from kras_core.cohort import coerce
from kras_core.cohort.files.table import RawTable
from kras_core.cohort.problems import Problem

_CODES = ("-1", "-7", "-8", "-9", "-77", "-88", "-99", "-777", "-888", "-999", "-9999")
_LARGE = ("99", "777", "888", "999", "7777", "8888", "9999", "99999", "99.0", "999.0", "9999.0")
_LONGEST = max(map(len, coerce.MISSING))
_APART = 2  # a large code lies beyond the others by this factor


def missing_words(column: np.ndarray) -> dict[str, int]:
    """Texts of a column that are read as missing wherever they stand ("NA", "."), with their counts."""
    return _words(_counts(column))


def missing_codes(column: np.ndarray) -> dict[str, int]:
    """Numbers of a column that most likely stand for a missing value, with their counts.

    Never certain: a negative code counts where nothing else in the column is negative, a large one (99,
    999, …) where it occurs twice or more and the others stay below half of it.
    """
    return _codes(_counts(column))


def _counts(column: np.ndarray) -> dict[str, int]:
    codes, distinct = pd.factorize(column)
    return dict(zip(distinct.tolist(), np.bincount(codes, minlength=len(distinct)).tolist(), strict=True))


def _words(counts: Mapping[str, int]) -> dict[str, int]:
    return {t: n for t, n in counts.items() if 0 < len(t) <= _LONGEST and t.lower() in coerce.MISSING}


def _codes(counts: Mapping[str, int]) -> dict[str, int]:
    negative, large = ([t for t in codes if t in counts] for codes in (_CODES, _LARGE))
    if not negative and not large:
        return {}
    values = {text: coerce.number(text) for text in counts if text not in negative and text not in large}
    rest = [value for value in values.values() if np.isfinite(value)]
    if len(rest) < 2 or min(rest) < 0:
        negative = []
    large = [t for t in large if counts[t] > 1 and rest and float(t) > _APART * max(rest)]
    return {t: counts[t] for t in (*negative, *large)}


def notes(table: RawTable) -> list[Problem]:
    """What stands for missing values, column by column: a note for words, a warning for codes."""
    found: list[Problem] = []
    for name, column in zip(table.header, table.columns, strict=True):
        counts = _counts(column)
        words, codes = _words(counts), _codes(counts)
        if words:
            remedy = f"{_listed(words)}: read as missing."
            found.append(table.problem("note", "missing-word", name, remedy=remedy))
        if codes and not table.value_labels.get(name, {}).keys() & codes.keys():
            remedy = f"{_listed(codes)}: likely a code for missing, but read as the number that it is."
            found.append(table.problem("warning", "missing-code", name, remedy=remedy))
    return found


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"“{text}” in {n:,} {'row' if n == 1 else 'rows'}" for text, n in counts.items())
