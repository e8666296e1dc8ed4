"""Units: which a file may use, how many of them make KRAScope's, and how they are told from header and content."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

_COUNTS = ("10⁹/L", "/mm³")

# KRAScope's own unit first. "time" stands for the time of any endpoint.
UNITS: Mapping[str, tuple[str, ...]] = {
    "time": ("months", "days", "weeks", "years"),
    "neutrophils_10e9_per_l": _COUNTS,
    "lymphocytes_10e9_per_l": _COUNTS,
    "platelets_10e9_per_l": _COUNTS,
    "albumin_g_per_l": ("g/L", "g/dL"),
    "pdl1_tps": ("%", "proportion"),
}

# Unit -> (KRAScope's unit, how many of it one makes). 1 per mm³ is 10⁶ per litre.
FACTORS: Mapping[str, tuple[str, float]] = {
    "days": ("days", 1.0),
    "weeks": ("days", 7.0),
    "months": ("months", 1.0),
    "years": ("months", 12.0),
    "10⁹/L": ("10⁹/L", 1.0),
    "/mm³": ("10⁹/L", 0.001),
    "g/L": ("g/L", 1.0),
    "g/dL": ("g/L", 10.0),
    "%": ("%", 1.0),
    "proportion": ("%", 100.0),
}

# As written in headers and labels, after `synonyms.plain`: whole words, or Chinese characters.
_WRITTEN: tuple[tuple[str, str], ...] = (
    ("days", r"\b(days?|d)\b|天|日(?!期)"),
    ("weeks", r"\b(weeks?|wks?|w)\b|周|星期"),
    ("months", r"\b(months?|mos?|mths?|mnths?|m)\b|月"),
    ("years", r"\b(years?|yrs?|y)\b|年(?!龄)"),
    (
        "10⁹/L",
        r"10\s*[\^*e]?\s*0?9\s*/?\s*l\b|10⁹\s*/?\s*l|\bg\s*pt\s*/\s*l|\bk\s*/\s*(u|µ|μ)l|10\s*\^?\s*3\s*/\s*(u|µ|μ)l",
    ),
    ("/mm³", r"(?:/|\bper )\s*(mm\^?3|mm³|(u|µ|μ)l|cmm)\b"),
    ("g/dL", r"\bg\s*/\s*dl\b|\bg dl\b"),
    ("g/L", r"\bg\s*/\s*l\b|\bg l\b"),
    ("proportion", r"\b(proportion|fraction)\b"),
    ("%", r"%|\bpercent\b|％"),
)


@dataclass(frozen=True, slots=True)
class UnitGuess:
    """The unit, why, and whether it should be looked at."""

    unit: str
    reason: str
    doubtful: bool = False


def written_unit(text: str, allowed: tuple[str, ...]) -> str:
    """The unit that a header or label names, "" for none; text in lower case."""
    return next((unit for unit, pattern in _WRITTEN if unit in allowed and re.search(pattern, text)), "")


def guess_unit(target: str, text: str, values: np.ndarray) -> UnitGuess:
    """The unit of a column from what its header and label say, else from its numbers (NaN where missing).

    A header is believed unless its numbers cannot be in that unit: a median of 240 "months" or more are days.
    """
    kind = "time" if target.endswith("_time") else target
    allowed = UNITS.get(kind, ())
    if not allowed:
        return UnitGuess("", "")
    known = values[np.isfinite(values)]
    said = written_unit(text, allowed)
    if kind == "time":
        return _time(said, known)
    if said:
        return UnitGuess(said, f"{said}, as its header says")
    return _by_size(kind, known)


_IMPOSSIBLE_MONTHS = 240.0
_FEWEST_DAYS = 60.0


def _time(said: str, known: np.ndarray) -> UnitGuess:
    if not len(known):
        return UnitGuess(said or "months", "no times to tell the unit from", doubtful=not said)
    median, whole = float(np.median(known)), bool((known == np.floor(known)).all())
    shown = f"median {median:,.4g}"
    if said == "months" and median >= _IMPOSSIBLE_MONTHS:
        return UnitGuess("days", f"its name says months, but with a {shown} they look like days", doubtful=True)
    if said == "years" and median >= _FEWEST_DAYS:
        return UnitGuess("days", f"its name says years, but with a {shown} they look like days", doubtful=True)
    if said:
        return UnitGuess(said, f"{said}, as its header says")
    if whole and median >= _FEWEST_DAYS:
        return UnitGuess("days", f"whole numbers, {shown}: days")
    if median >= _IMPOSSIBLE_MONTHS:
        return UnitGuess("days", f"{shown}: days")
    doubtful = whole or float(known.max()) < 15
    words = f"unit not said; {shown}" + (", longest below 15: months or years" if not whole and doubtful else "")
    return UnitGuess("months", f"{words}: months assumed", doubtful=doubtful)


# Where the two units part: no median of patients lies on the other side.
_BORDERS: Mapping[str, float] = {
    "neutrophils_10e9_per_l": 100.0,
    "lymphocytes_10e9_per_l": 50.0,
    "platelets_10e9_per_l": 2_000.0,
    "albumin_g_per_l": 10.0,
    "pdl1_tps": 1.0,
}


def _by_size(kind: str, known: np.ndarray) -> UnitGuess:
    own, other = UNITS[kind]
    if not len(known):
        return UnitGuess(own, "")
    if kind == "pdl1_tps":
        unit = other if known.max() <= 1 and ((known > 0) & (known < 1)).any() else own
        return UnitGuess(unit, f"largest {known.max():,.4g}: {unit}", doubtful=unit == other)
    median = float(np.median(known))
    small, large = (other, own) if kind == "albumin_g_per_l" else (own, other)
    unit = small if median < _BORDERS[kind] else large
    return UnitGuess(unit, f"median {median:,.4g}: {unit}")
