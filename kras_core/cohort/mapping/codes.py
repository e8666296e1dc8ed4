"""What codes mean: events and censorings, yes and no, levels of the dictionary's categories."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kras_core.cohort import coerce
from kras_core.cohort.mapping.synonyms import level_spellings
from kras_core.cohort.mapping.targets import Target

EVENT, CENSORED, NOT_KNOWN = "event", "censored", "not known"
MEANINGS = (EVENT, CENSORED, NOT_KNOWN)
MOST_CODES = 12

# Read in this order: "no recurrence" says recurrence, "未死亡" says death, and neither means an event.
_CENSORED = re.compile(
    r"\b(alive|living|censor\w*|no|none|not|without|free|never|negative|lost|lfu|neg|false|disease ?free)\b"
    r"|存活|生存|删失|失访|未|否|无|健在|活着"
)
_EVENT = re.compile(
    r"\b(dead|died|death|deceased|event|yes|true|progress\w*|recur\w*|relapse\w*|pd|positive|failed|failure|expired)\b"
    r"|死亡|进展|复发|去世|病逝|事件|是|有|已故"
)

_TURNED = re.compile(r"cens|cnsr|alive|存活|删失")  # a header by which yes, or 1, means no event

_YES_OR_NO = {"yes": EVENT, "true": EVENT, "是": EVENT, "no": CENSORED, "false": CENSORED, "否": CENSORED}

_YES = re.compile(
    r"\b(yes|y|true|positive|pos|mut|mutated|mutant|mutation|present|ever)\b|^(是|有|阳性|突变|突变型|\+)$"
)
_NO = re.compile(
    r"\b(no|n|false|negative|neg|wt|wild ?type|absent|never|none|not)\b|^(否|无|阴性|野生|野生型|未|没有|未突变|-)$"
)

_ROMAN = {"1": "I", "2": "II", "3": "III", "4": "IV"}


@dataclass(frozen=True, slots=True)
class Coding:
    """Code as written -> meaning, why, and whether somebody should look. Empty codes: nothing is to be translated."""

    codes: tuple[tuple[str, str], ...]
    reason: str
    doubtful: bool = False


def _words(text: str) -> str:
    return " ".join(re.sub(r"[_\-–/:;,()]+", " ", unicodedata.normalize("NFKC", text).lower()).split())


def counts(text: np.ndarray) -> dict[str, int]:
    """How often each distinct value occurs, missing ones left out; in natural order."""
    codes, distinct = pd.factorize(text)
    n = np.bincount(codes, minlength=len(distinct))
    kept = ~coerce.missing(np.asarray(distinct, dtype=object))
    found = dict(zip(distinct[kept].tolist(), n[kept].tolist(), strict=True))
    return dict(sorted(found.items(), key=lambda item: coerce._natural(item[0])))


def event_coding(distinct: Sequence[str], labels: Mapping[str, str], header: str) -> Coding | None:
    """Which codes of an event column mean that it happened; None where it holds too many different values.

    Value labels and words come before numbers; of bare numbers 1 is taken for the event of 0/1 and 2 for that of
    1/2, turned round where the header speaks of censoring (CNSR: 0 = event) or of being alive. It is a guess:
    whoever has the file confirms it.
    """
    if not distinct or len(distinct) > MOST_CODES:
        return None
    said = {code: _words(labels.get(code) or _after_colon(code)) for code in distinct}
    turned = bool(_TURNED.search(_words(header)))
    meant = {code: meaning for code, words in said.items() if (meaning := _meaning(words, turned))}
    if len(meant) == len(distinct):
        source = "its value labels" if any(code in labels for code in distinct) else "its words"
        return Coding(tuple(meant.items()), f"coding by {source}")
    numbers = {code: _whole(code) for code in distinct}
    if None in numbers.values():
        found = tuple((code, meant.get(code, NOT_KNOWN)) for code in distinct)
        return Coding(found, "not every code says what it means", doubtful=True) if meant else None
    found = {n for n in numbers.values() if n is not None}
    if not found <= {0, 1} and not found <= {1, 2}:
        return None
    happened = 2 if 2 in found else 1
    reason = f"{happened} taken for the event, as is usual where codes are {'1 and 2' if 2 in found else '0 and 1'}"
    if turned:
        happened = (0 if found <= {0, 1} else 1) if happened == max(found | {1}) else happened
        reason = f"{happened} taken for the event: its name speaks of censoring or being alive"
    codes = tuple((code, EVENT if n == happened else CENSORED) for code, n in numbers.items())
    return Coding(codes, reason, doubtful=2 in found or len(found) < 2)


def _after_colon(code: str) -> str:
    """cBioPortal's "1:DECEASED" says DECEASED."""
    number, colon, words = code.partition(":")
    return words if colon and number.strip().isdigit() else code


def _meaning(words: str, turned: bool) -> str:
    if turned and (plainly := _YES_OR_NO.get(words)):
        return CENSORED if plainly == EVENT else EVENT
    if _CENSORED.search(words):
        return CENSORED
    return EVENT if _EVENT.search(words) else ""


def _whole(code: str) -> int | None:
    try:
        number = float(code)
    except ValueError:
        return None
    return int(number) if np.isfinite(number) and number == int(number) else None


def flag_coding(distinct: Sequence[str], labels: Mapping[str, str]) -> Coding | None:
    """Yes and no in other words than 0/1, yes/no; None where some value is neither."""
    _, unread = coerce.flags(np.array(distinct, dtype=object))
    if not labels and not unread.any():
        numeric = {_whole(d) for d in distinct} - {None}
        return Coding((), "yes and no") if numeric <= {0, 1} else None
    codes: dict[str, str] = {}
    for code in distinct:
        words = _words(labels.get(code, code))
        meant = "0" if _NO.search(words) else "1" if _YES.search(words) else ""
        if not meant:
            return None
        codes[code] = meant
    return Coding(tuple(codes.items()), "yes and no in its words")


def level_coding(distinct: Sequence[str], labels: Mapping[str, str], target: Target) -> Coding | None:
    """The dictionary's level of each value; None where more than one in five distinct values is none of them."""
    known = target.variable
    if known is None or not known.levels:
        return Coding(tuple((c, labels[c]) for c in distinct if c in labels), "")
    codes, unknown = {}, 0
    for code in distinct:
        level = _level(labels.get(code, code), target)
        if level is None:
            unknown += 1
        elif level != code:
            codes[code] = level
    if unknown > len(distinct) / 5:
        return None
    words = f"{unknown} of {len(distinct)} values are no level of it" if unknown else ""
    return Coding(tuple(codes.items()), words, doubtful=bool(unknown))


def _level(text: str, target: Target) -> str | None:
    assert target.variable is not None
    normal = unicodedata.normalize("NFKC", text).strip()
    (read,) = coerce.levels(np.array([normal], dtype=object), target.variable)
    if read in target.variable.levels:
        return read
    words = _words(normal)
    spelled = level_spellings(target.id).get(words)
    if spelled:
        return spelled
    if target.id == "stage":
        return _stage(words, target.variable.levels)
    if target.id == "ecog" and (match := re.fullmatch(r"(?:ecog |ps )?([0-4])(?: ?分)?", words)):
        return match[1]
    if target.id == "kras_variant" and (match := re.search(r"\b(?:kras )?(?:p\.? ?)?([gq]\d{2}[a-z])\b", words)):
        variant = match[1].upper()
        return variant if variant in target.variable.levels else "other"
    return None


def _stage(words: str, levels: Sequence[str]) -> str | None:
    bare = re.sub(r"^(stage|ajcc|pstage|cstage) ?|期$", "", words).replace(" ", "").upper()
    bare = re.sub(r"^[1-4]", lambda m: _ROMAN[m[0]], bare)
    return bare if bare in levels else None
