"""A Selection as the query parameters of an address, and back.

Bundled cohorts are addressed by the same ids as on the command line. Addresses land in logs, so that for an
uploaded cohort only its digest and positions appear: endpoint e0, stratifier s3, column c4, level l1, and a
number as the rank r12 of the data value it stands for. Never a name, never a value.

Every address is stamped with the digest of the data and the version that made it, so that a link that is opened on
other data, or by another version, can say so (`mismatches`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from kras_core import __version__
from kras_core.cohort.bundled import BUNDLED
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import stratifiers
from kras_core.controls import distinct_values
from kras_core.conventions import PRESETS
from kras_core.selection import By, Filter, Selection, TimeUnit

Parameters = dict[str, str | list[str]]

VIEW_KEYS = ("cohort", "endpoint", "by", "where", "landmark", "entry", "methods", "unit", "axis", "at")
STAMP_KEYS = ("data", "version")
KEYS = (*VIEW_KEYS, *STAMP_KEYS)
SCHEME = 1  # of these parameters: one more when any of them changes its meaning
UNITS: tuple[TimeUnit, ...] = ("months", "weeks", "days")
UPLOAD = "upload-"
DIGITS = 16
STAMP_DIGITS = 10
ON_OUTCOME = "!"  # behind a cut-off that was chosen on the outcome


def token(cohort: Cohort) -> str:
    """What stands for a cohort in an address: its id, or for an upload the head of its digest."""
    return f"{UPLOAD}{cohort.digest[:DIGITS]}" if cohort.origin == "uploaded" else cohort.id


def stamp(cohort: Cohort) -> Parameters:
    """What an address says of where it was made: the head of the data's digest (an upload's token is that already),
    and version and scheme."""
    version: Parameters = {"version": f"{__version__}-{SCHEME}"}
    return version if cohort.origin == "uploaded" else {"data": cohort.digest[:STAMP_DIGITS]} | version


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What of an address does not hold here, and what to do, in plain sentences; words of the address are in it."""

    kind: Literal["cohort", "data", "version", "parts"]
    message: str


def unknown_cohort(name: str, instead: Cohort) -> Mismatch:
    """An address of a cohort that is not bundled here."""
    return Mismatch(
        "cohort",
        f"This link shows a cohort “{name[:40]}”, which is not here: bundled are {', '.join(BUNDLED)}. "
        f"What you see is {instead.title}, in its own view, and not what was shared. Ask for the file and upload it, "
        "or open the link with the version it was made by.",
    )


def other_upload(wanted: str, found: Cohort) -> Mismatch:
    """A file that was uploaded for an address, and is not the one it was made from."""
    return Mismatch(
        "data",
        f"This file is not the one that the link was made from: its digest begins {found.digest[:DIGITS]}, the link "
        f"asks for {wanted.removeprefix(UPLOAD)[:DIGITS]}. A single changed cell changes it. What you see is the "
        "file's own view, and not what was shared.",
    )


def mismatches(cohort: Cohort, parameters: Mapping[str, str | Iterable[str]]) -> tuple[Mismatch, ...]:
    """Where an address was made from other data or by another version, and which of its parts mean nothing here.

    An address without a stamp (one written by hand) claims neither."""
    first, own, found = _first(parameters), _first(stamp(cohort)), []
    if first.get("data", own.get("data")) != own.get("data"):
        found.append(
            Mismatch(
                "data",
                f"This link was made from other data of {cohort.title}: their digest begins {first['data'][:DIGITS]}, "
                f"of those here {own.get('data', '')}. What you see is computed from the data here, and its figures "
                f"may differ from those that were shared. To see those, open the link with {_maker(first)}.",
            )
        )
    if first.get("version", own["version"]) != own["version"]:
        found.append(
            Mismatch(
                "version",
                f"This link was made by {_maker(first)}; this is KRAScope {__version__}. What you see is computed by "
                "this version: where a method changed in between, figures differ. Compare them before you cite.",
            )
        )
    parts = meaningless(cohort, parameters)
    return (*found, left_out(parts)) if parts else tuple(found)


def left_out(parts: Iterable[str]) -> Mismatch:
    """Parts of an address, such as "by=ward", that mean nothing here."""
    listed = ", ".join(part[:60] for part in parts)
    return Mismatch(
        "parts", f"The link asks for {listed}, which means nothing for this cohort: the view leaves it out."
    )


def _maker(first: Mapping[str, str]) -> str:
    version = first.get("version", "").rpartition("-")[0]
    return f"KRAScope {version[:20]}" if version else "the version it was made by"


def meaningless(cohort: Cohort, parameters: Mapping[str, str | Iterable[str]]) -> list[str]:
    """Parts of an address that `decode` has to leave out, as "by=ward"."""
    first, names = _first(parameters), _Names(cohort)
    raw = parameters.get("where", ())
    tokens = [t for t in first.get("by", "").split(",") if t and t != "none"]
    wrong = [("by", t) for i, t in enumerate(tokens) if i > 1 or not names.whole_by(t)]
    wrong += [("where", t) for t in ([raw] if isinstance(raw, str) else raw) if names.filter(t) is None]
    known = {
        "endpoint": lambda t: names.endpoint(t) is not None or not t,
        "methods": PRESETS.__contains__,
        "unit": UNITS.__contains__,
        "landmark": _positive,
        "axis": _positive,
        "at": lambda t: all(map(_positive, t.split(","))),
        "entry": lambda t: t == "delayed" and "entry_months" in cohort.patients,
    }
    wrong += [(key, first[key]) for key, means in known.items() if key in first and not means(first[key])]
    return [f"{key}={text}" for key, text in wrong]


def _positive(text: str) -> bool:
    value = _number(text)
    return value is not None and value > 0


def _first(parameters: Mapping[str, str | Iterable[str]]) -> dict[str, str]:
    return {k: v if isinstance(v, str) else next(iter(v), "") for k, v in parameters.items()}


def default_selection(cohort: Cohort) -> Selection:
    """The view a cohort opens in. A cohort without an endpoint opens with an empty one."""
    endpoint = cohort.default_endpoint or next(iter(cohort.endpoints), "")
    by = (By(cohort.default_by),) if cohort.default_by in stratifiers(cohort) else ()
    return Selection(cohort.digest, endpoint, by, conventions=PRESETS[cohort.conventions])


def encode(cohort: Cohort, selection: Selection) -> Parameters:
    """The address of a view. What equals the cohort's default is written too, but for methods, unit and axis."""
    names = _Names(cohort)
    found: Parameters = {"cohort": token(cohort), "endpoint": names.of_endpoint(selection.endpoint)}
    found["by"] = ",".join(names.of_by(by) for by in selection.by) or "none"
    if selection.where:
        found["where"] = [names.of_filter(f) for f in selection.where]
    if selection.analysis == "landmark" and selection.landmark is not None:
        found["landmark"] = f"{selection.landmark:g}"
    elif selection.analysis == "delayed-entry":
        found["entry"] = "delayed"
    if selection.conventions.name != cohort.conventions and selection.conventions.name in PRESETS:
        found["methods"] = selection.conventions.name
    if selection.unit != "months":
        found["unit"] = selection.unit
    if selection.axis_max is not None:
        found["axis"] = f"{selection.axis_max:g}"
    if selection.milestones:
        found["at"] = ",".join(f"{m:g}" for m in selection.milestones)
    return found | stamp(cohort)


def decode(cohort: Cohort, parameters: Mapping[str, str | Iterable[str]]) -> Selection:
    """The view at an address, for this cohort. Parts that mean nothing here fall back to the default."""
    first, names, selection = _first(parameters), _Names(cohort), default_selection(cohort)
    endpoint = names.endpoint(first.get("endpoint", ""))
    if endpoint:
        selection = selection.but(endpoint=endpoint)
    if "by" in first:
        found = [names.by(text) for text in first["by"].split(",")]
        selection = selection.but(by=tuple(b for b in found if b)[:2])
    raw = parameters.get("where", ())
    where = [names.filter(text) for text in ([raw] if isinstance(raw, str) else raw)]
    selection = selection.but(where=tuple(f for f in where if f))
    landmark = _number(first.get("landmark", ""))
    if landmark is not None and landmark > 0:
        selection = selection.but(analysis="landmark", landmark=landmark)
    elif first.get("entry") == "delayed" and "entry_months" in cohort.patients:
        selection = selection.but(analysis="delayed-entry")
    if first.get("methods") in PRESETS:
        selection = selection.but(conventions=PRESETS[first["methods"]])
    if first.get("unit") in UNITS:
        selection = selection.but(unit=first["unit"])
    axis = _number(first.get("axis", ""))
    milestones = [_number(t) for t in first.get("at", "").split(",")]
    return selection.but(
        axis_max=axis if axis is not None and axis > 0 else None,
        milestones=tuple(m for m in milestones if m is not None and m > 0),
    )


def encode_column(cohort: Cohort, column: str) -> str:
    """A column in an address: its name, of an upload its position."""
    names = _Names(cohort)
    return names.position("c", names.columns, column)


def decode_column(cohort: Cohort, text: str) -> str | None:
    """The column that the text stands for, None where this cohort has none such."""
    names = _Names(cohort)
    return names.at("c", names.columns, text)


def encode_value(cohort: Cohort, column: str, value: float) -> str:
    """A number on a column's scale in an address; of an upload the rank of the data value at or below it."""
    return _Names(cohort).of_number(column, value)


def decode_value(cohort: Cohort, column: str, text: str) -> float | None:
    """The number that the text stands for, None where it means nothing here."""
    return _Names(cohort).number(column, text)


def encode_stratifier(cohort: Cohort, id: str) -> str:
    """A stratifier in an address."""
    return _Names(cohort).of_by(By(id))


def decode_stratifier(cohort: Cohort, text: str) -> str | None:
    """The stratifier that the text stands for, None where this cohort offers none such."""
    found = _Names(cohort).by(text)
    return found.id if found else None


class _Names:
    """Ids for bundled cohorts, positions for uploaded ones."""

    def __init__(self, cohort: Cohort) -> None:
        self.cohort = cohort
        self.hidden = cohort.origin == "uploaded"
        self.stratifiers = tuple(stratifiers(cohort))
        self.columns = tuple(map(str, cohort.patients.columns))

    def of_endpoint(self, id: str) -> str:
        return self.position("e", self.cohort.endpoints, id)

    def endpoint(self, text: str) -> str | None:
        return self.at("e", self.cohort.endpoints, text)

    def of_by(self, by: By) -> str:
        name = self.position("s", self.stratifiers, by.id)
        if by.cutoff is None:
            return name
        column = stratifiers(self.cohort)[by.id].column
        values = "-".join(self.of_number(column, value) for value in (by.cutoff, by.upper) if value is not None)
        return f"{name}@{values}{ON_OUTCOME if by.on_outcome else ''}"

    def by(self, text: str) -> By | None:
        name, _, cutoff = text.partition("@")
        id = self.at("s", self.stratifiers, name)
        if id is None:
            return None
        stratifier = stratifiers(self.cohort)[id]
        if not cutoff or stratifier.kind != "cut":
            return By(id)
        # A minus may stand before a number, never behind one.
        values = re.split(r"(?<=\d)-", cutoff.removesuffix(ON_OUTCOME), maxsplit=1)
        value, upper = (self.number(stratifier.column, text) for text in (*values, "")[:2])
        if value is None or (len(values) == 2 and (upper is None or upper <= value)):
            return By(id)
        return By(id, value, upper, cutoff.endswith(ON_OUTCOME))

    def whole_by(self, text: str) -> bool:
        """Whether all of it is understood: the stratifier, and its cut-off where one is written."""
        found = self.by(text)
        return found is not None and (found.cutoff is not None) == ("@" in text)

    def of_filter(self, one: Filter) -> str:
        names = (*self.columns, *self.stratifiers)
        values = "|".join(self._of_value(one.column, v) for v in one.values)
        return f"{self.position('c', names, one.column)}{one.operator}{values}"

    def filter(self, text: str) -> Filter | None:
        match = re.match(r"^([^!<>=]+)(!=|<=|>=|=|<|>)(.+)$", text)
        column = self.at("c", (*self.columns, *self.stratifiers), match[1]) if match else None
        if match is None or column is None:
            return None
        values = [self._value(column, v) for v in match[3].split("|")]
        known = tuple(v for v in values if v is not None)
        return Filter(column, match[2], known) if known else None

    def position(self, letter: str, names: tuple[str, ...], name: str) -> str:
        if not self.hidden:
            return name
        return f"{letter}{names.index(name)}" if name in names else ""

    def at(self, letter: str, names: tuple[str, ...], text: str) -> str | None:
        if not self.hidden:
            return text if text in names else None
        match = re.fullmatch(rf"{letter}(\d+)", text)
        return names[int(match[1])] if match and int(match[1]) < len(names) else None

    def _levels(self, column: str) -> tuple[str, ...] | None:
        values = self.cohort.patients[column]
        if isinstance(values.dtype, pd.CategoricalDtype):
            return tuple(map(str, values.cat.categories))
        return None if values.dtype.kind in "iufb" else tuple(sorted({str(v) for v in values.dropna()}))

    def _of_value(self, column: str, value: str) -> str:
        if not self.hidden or column not in self.columns:
            return value
        levels = self._levels(column)
        if levels is None:
            return self.of_number(column, float(value))
        return self.position("l", levels, value)

    def _value(self, column: str, text: str) -> str | None:
        if not self.hidden or column not in self.columns:
            return text
        levels = self._levels(column)
        if levels is None:
            number = self.number(column, text)
            return None if number is None else f"{number:g}" if number == float(f"{number:g}") else repr(number)
        return self.at("l", levels, text)

    def of_number(self, column: str, value: float) -> str:
        if not self.hidden:
            return f"{value:.10g}"
        return f"r{int(np.searchsorted(distinct_values(self.cohort, column), value, side='right'))}"

    def number(self, column: str, text: str) -> float | None:
        if not self.hidden:
            return _number(text)
        match = re.fullmatch(r"r(\d+)", text)
        distinct = distinct_values(self.cohort, column)
        if not match or not 1 <= int(match[1]) <= distinct.size:
            return None
        return float(distinct[int(match[1]) - 1])


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None
