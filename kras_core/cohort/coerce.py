"""Text -> numbers, flags, dates, levels. Each function says which cells it could not read.

All work on the distinct texts of a column and spread the answer, so that a hundred thousand rows cost
little more than their distinct values.
"""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from kras_core.cohort.variables import Variable

MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", ".", "-", "–"})
_LONGEST = max(map(len, MISSING))
TRUE = frozenset({"1", "1.0", "yes", "y", "true", "t"})
FALSE = frozenset({"0", "0.0", "no", "n", "false", "f"})

_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")

# Limits of a plausible date: a birth, a misread two-digit year or Excel's day zero lies outside.
_DATES = (np.datetime64("1950-01-01"), np.datetime64("2100-01-01"))


def missing(text: np.ndarray) -> np.ndarray:
    """Which cells say that there is no value, shape (n,)."""
    return _spread(text, _missing)


def _missing(distinct: np.ndarray) -> np.ndarray:
    return np.array([len(t) <= _LONGEST and t.lower() in MISSING for t in distinct], dtype=bool)


def numbers(text: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
    """Values (n,), NaN where missing or unreadable; which cells are unreadable (n,); whether decimal commas were read.

    A comma counts as the decimal sign only when no number of the column is written with a point.
    """
    codes, distinct = pd.factorize(text)
    values = np.array([number(t) for t in distinct], dtype=np.float64)
    values[~np.isfinite(values)] = np.nan
    unread = np.isnan(values) & ~_missing(distinct)
    commas = np.zeros(len(distinct), dtype=bool)
    commas[unread] = [bool(_DECIMAL_COMMA.fullmatch(t)) for t in distinct[unread]]
    reads_commas = bool(commas.any()) and not any("." in t for t in distinct[~np.isnan(values)])
    if reads_commas:
        values[commas] = [float(t.replace(",", ".")) for t in distinct[commas]]
        unread &= ~commas
    return values[codes], unread[codes], reads_commas


def number(text: str) -> float:
    """The value of a text, NaN where it is none."""
    # Not pandas.to_numeric: an exponent beyond 32 bits ("1E2147483648") brings the whole process down there.
    try:
        return float(text) if "_" not in text else np.nan
    except ValueError:
        return np.nan


def flags(text: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """1, 0 or NaN (n,), any other number as it is, and which cells are neither a number nor yes or no."""
    values, unread, _ = numbers(text)
    words = _spread(text, lambda distinct: np.array([_truth(t.lower()) for t in distinct], dtype=np.float64))
    known = ~np.isnan(words)
    return np.where(known, words, values), unread & ~known


def _truth(word: str) -> float:
    return 1.0 if word in TRUE else 0.0 if word in FALSE else np.nan


def dates(text: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """datetime64[ns] at midnight (n,), NaT where missing or unreadable, and which cells are unreadable (n,)."""

    def read(distinct: np.ndarray) -> np.ndarray:
        written = [t if _DATE.fullmatch(t) else None for t in distinct]
        parsed = pd.to_datetime(pd.Series(written, dtype=object), errors="coerce", format="ISO8601")
        days = parsed.to_numpy(dtype="datetime64[D]")
        days[~((days >= _DATES[0]) & (days < _DATES[1]))] = np.datetime64("NaT")
        return days.astype("datetime64[ns]")

    values = _spread(text, read)
    return values, np.isnat(values) & ~missing(text)


def levels(text: np.ndarray, variable: Variable) -> np.ndarray:
    """The dictionary's spelling of each level (n,), None where missing; what it does not know stays as it is."""
    spelling = {_plain(level): level for level in variable.levels}
    spelling |= {_plain(written): level for written, level in variable.aliases}

    def read(distinct: np.ndarray) -> np.ndarray:
        found = [None if t.lower() in MISSING else spelling.get(_plain(t), t) for t in distinct]
        return np.array(found, dtype=object)

    return _spread(text, read)


def _plain(text: str) -> str:
    """Lower case, a plain hyphen for every dash, and no ".0" that a spreadsheet put behind a whole number."""
    return re.sub(r"^(\d+)\.0+$", r"\1", re.sub(r"[‐-―−]", "-", text.lower()))


def texts(text: np.ndarray) -> np.ndarray:
    """The text itself (n,), None where missing."""
    return np.where(missing(text), None, text)  # type: ignore[call-overload]


def one_spelling(values: np.ndarray) -> tuple[np.ndarray, bool]:
    """Texts that differ in capitals only, written as the most frequent of them; and whether there were any."""
    counts = pd.Series(values).value_counts()
    preferred: dict[str, str] = {}
    for text in sorted(counts.index, key=lambda t: (-counts[t], t)):
        preferred.setdefault(text.casefold(), text)
    merged = len(preferred) < len(counts)
    return (np.array([v and preferred[v.casefold()] for v in values], dtype=object) if merged else values), merged


def categorical(values: np.ndarray, order: tuple[str, ...] = ()) -> pd.Categorical:
    """Levels that occur, in the given order, else sorted: the order of appearance would change with the rows' order."""
    codes, found = pd.factorize(values)
    wanted = [v for v in order if v in set(found)] if order else sorted(found, key=_natural)
    place = {v: i for i, v in enumerate(wanted)}
    recode = np.array([*(place.get(v, -1) for v in found), -1], dtype=np.int64)
    return pd.Categorical.from_codes(recode[codes], categories=pd.Index(wanted, dtype=object))  # type: ignore[arg-type]


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Sorting key by which "9" comes before "10"; the text at the end keeps "9" and "09" apart."""
    parts = [(part, part.lstrip("0")) for part in re.split(r"(\d+)", text) if part]
    return [*((0, len(n), n) if part.isdecimal() else (1, 0, part) for part, n in parts), (2, 0, text)]


def anything(text: np.ndarray) -> tuple[np.ndarray | pd.Categorical, bool]:
    """A column the dictionary does not know: numbers or dates when every value is one, else a category.

    The second value says whether decimal commas were read.
    """
    values, unread, commas = numbers(text)
    if not unread.any():
        return values, commas
    days, unread = dates(text)
    return (days if not unread.any() else categorical(texts(text))), False


def _spread(text: np.ndarray, read: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    codes, distinct = pd.factorize(text)
    return read(np.asarray(distinct, dtype=object))[codes]
