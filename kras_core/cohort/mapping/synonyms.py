"""The names by which columns are known, in English and Chinese. The table itself is synonyms.toml."""

import functools
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kras_core.cohort.endpoints import ENDPOINTS

TABLE = Path(__file__).with_name("synonyms.toml")

_EVENT_WORDS = (
    "status",
    "event",
    "cens",
    "censor",
    "censored",
    "cnsr",
    "indicator",
    "evt",
    "state",
    "状态",
    "事件",
    "删失",
)
_TIME_WORDS = ("", " time", "时间", "期")

_WORDS_APART = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_BRACKETS = re.compile(r"[(\[{](.*?)[)\]}]")
_UNIT_WORDS = (
    "days",
    "day",
    "months",
    "month",
    "mo",
    "mos",
    "weeks",
    "week",
    "wks",
    "years",
    "year",
    "yrs",
    "yr",
    "天",
    "个月",
    "月",
    "周",
    "g l",
    "g dl",
    "10e9 per l",
    "10 9 l",
    "percent",
    "pct",
)


def plain(text: str) -> str:
    """A header as names are compared: "PatientID (pseudonym)" is "patient id", "总生存期（月）" is "总生存期"."""
    text = _BRACKETS.sub(" ", unicodedata.normalize("NFKC", text))
    text = _WORDS_APART.sub(" ", text).lower()
    return " ".join(re.sub(r"[^\w%+]|_", " ", text).split())


def without_unit(name: str) -> str:
    """A plain name without the unit at its end: "os months" is "os", "总生存期月" is "总生存期"."""
    for unit in _UNIT_WORDS:
        if name.endswith(unit) and len(name) > len(unit) and (name[-len(unit) - 1] == " " or not unit.isascii()):
            return name[: -len(unit)].rstrip()
    return name


def _endpoint_names() -> dict[str, str]:
    """ "os", "os time", "os status", "os event" and the like, for every endpoint."""
    found: dict[str, str] = {}
    for id in ENDPOINTS:
        found |= {f"{id}{word}": f"{id}_time" for word in _TIME_WORDS}
        for word in _EVENT_WORDS:
            joined = f"{id}{word}" if not word.isascii() else f"{id} {word}"
            found |= {joined: f"{id}_event", f"{id}{word}": f"{id}_event", f"{word} {id}": f"{id}_event"}
    return found


def _named(rows: Mapping[str, list[str]]) -> dict[str, str]:
    """Plain name -> target; a target's own id is a name of it too."""
    found = {plain(target): target for target in rows}
    for target, written in rows.items():
        found |= {plain(name): target for name in written}
    return found


@functools.cache
def _table() -> dict[str, Any]:
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


@functools.cache
def names(adverse_events: bool = False) -> Mapping[str, str]:
    """Plain name -> target, for the table of patients or of adverse events."""
    if adverse_events:
        return _named({"patient_id": _table()["patients"]["patient_id"]} | _table()["adverse_events"])
    return _endpoint_names() | _named(_table()["patients"])


@functools.cache
def generic_names() -> Mapping[str, str]:
    """Plain names that say time or event, but not of what -> the target that is assumed."""
    return _named(_table()["generic"])


@functools.cache
def level_spellings(target: str) -> Mapping[str, str]:
    """Spelling -> level of a category, beside those that the dictionary of variables knows."""
    levels = _table()["levels"].get(target, {})
    return {spelling: level for level, spellings in levels.items() for spelling in spellings}
