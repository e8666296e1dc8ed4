"""Codes that stand for a missing value: found and counted, so that nobody reads -99 as a number unknowingly."""

from collections import Counter

import numpy as np
import pandas as pd

from kras_core.cohort import coerce
from kras_core.cohort.files.table import RawTable
from kras_core.cohort.problems import Problem

_CODES = ("-1", "-7", "-8", "-9", "-77", "-88", "-99", "-777", "-888", "-999", "-9999")
_LARGE = ("99", "777", "888", "999", "7777", "8888", "9999", "99999")
_APART = 2  # a large code lies beyond the others by this factor


def missing_words(column: np.ndarray) -> dict[str, int]:
    """Texts of a column that are read as missing wherever they stand ("NA", "."), with their counts."""
    counts = _counts(column)
    return {t: n for t, n in counts.items() if t and t.lower() in coerce.MISSING}


def missing_codes(column: np.ndarray) -> dict[str, int]:
    """Numbers of a column that most likely stand for a missing value, with their counts.

    Never certain: a negative code counts where nothing else in the column is negative, a large one (99,
    999, …) where it occurs twice or more and the others stay below half of it.
    """
    counts = _counts(column)
    values = {text: coerce.number(text) for text in counts}
    numbers = {t: v for t, v in values.items() if np.isfinite(v)}
    plain = {t: t.removesuffix(".0") for t in numbers}
    codes = [t for t in numbers if plain[t] in _CODES]
    if not codes and not any(plain[t] in _LARGE for t in numbers):
        return {}
    if len(numbers) - len(codes) < 2 or any(v < 0 for t, v in numbers.items() if t not in codes):
        codes = []
    rest = [v for t, v in numbers.items() if plain[t] not in (*_CODES, *_LARGE)]
    large = [t for t in numbers if plain[t] in _LARGE and counts[t] > 1 and rest and numbers[t] > _APART * max(rest)]
    return {t: counts[t] for t in (*codes, *large)}


def _counts(column: np.ndarray) -> Counter[str]:
    codes, distinct = pd.factorize(column)
    return Counter(dict(zip(distinct.tolist(), np.bincount(codes, minlength=len(distinct)).tolist(), strict=True)))


def notes(table: RawTable) -> list[Problem]:
    """A note for every column in which words or codes stand for missing values."""
    found: list[Problem] = []
    for name, column in zip(table.header, table.columns, strict=True):
        words = missing_words(column)
        if words:
            remedy = f"{_listed(words)}: read as missing."
            found.append(table.problem("note", "missing-word", name, remedy=remedy))
        codes = {} if table.value_labels.get(name, {}).keys() & missing_codes(column) else missing_codes(column)
        if codes:
            remedy = f"{_listed(codes)}: likely a code for missing, but read as the number that it is."
            found.append(table.problem("warning", "missing-code", name, remedy=remedy))
    return found


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"“{text}” in {n:,} {'row' if n == 1 else 'rows'}" for text, n in counts.items())
