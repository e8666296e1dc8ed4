"""What every column most likely is: by its name, its label, its content; each guess with its reason and confidence.

A name is believed only where the content fits it. What stays doubtful becomes a column of its own, which can be
compared by like any other, and says why it was doubted.
"""

import re
import unicodedata
from collections.abc import Mapping as Table
from dataclasses import dataclass, replace

import numpy as np

from kras_core.cohort import coerce
from kras_core.cohort.files.missing import missing_codes
from kras_core.cohort.files.table import RawTable
from kras_core.cohort.mapping import codes, synonyms
from kras_core.cohort.mapping.model import LEFT_OUT, OWN, Column, Confidence, DateRules, Mapping
from kras_core.cohort.mapping.targets import ADVERSE_EVENTS, PATIENTS, Target, patients_target
from kras_core.cohort.mapping.units import FACTORS, guess_unit, written_unit
from kras_core.cohort.mapping.written_dates import how_written
from kras_core.cohort.readers import RawTables
from kras_core.cohort.variables import ENDPOINT_COLUMN

LOOKED_AT = 50_000  # rows
_RANK: Table[Confidence, int] = {"sure": 0, "likely": 1, "unsure": 2}

_NOT_SAID = re.compile(
    r"unknown|unk|not (known|available|recorded|done|assessed)|missing|未知|不详|未查|缺失|未测|未做|不明|无数据"
)


@dataclass(frozen=True, slots=True)
class _Looked:
    """One column as the guesses see it: what it is called, what it holds, which codes mean no value."""

    header: str
    label: str
    text: np.ndarray
    value_labels: Table[str, str]
    missing: tuple[str, ...]
    endpoint: str = ""  # the target, where the header is KRAScope's own for the time or event of any endpoint

    @property
    def said(self) -> str:
        """Header and label, for units and for what 1 means."""
        return unicodedata.normalize("NFKC", f"{self.header} {self.label}").lower().replace("_", " ")

    @property
    def distinct(self) -> list[str]:
        return list(codes.counts(self.text))

    @property
    def numbers(self) -> tuple[np.ndarray, bool]:
        """Values, and whether (nearly) all that is there is a number."""
        values, unread, _ = coerce.numbers(_without_percent(self.text))
        known = int((~coerce.missing(self.text)).sum())
        return values, known > 0 and unread.sum() <= 0.1 * known


def propose(tables: RawTables, left_out: Table[str, str] | None = None, sheet: str = "") -> Mapping:
    """What every column of these tables most likely is.

    left_out: columns of patients to leave out, with the reason. sheet: where the patients were found.
    """
    patients = _columns(tables.patients, PATIENTS, False, left_out or {})
    events: tuple[Column, ...] = ()
    if tables.adverse_events is not None:
        events = _columns(tables.adverse_events, ADVERSE_EVENTS, True, {})
    has_scan = any(c.becomes == "last_assessment_date" for c in patients)
    rules = DateRules(censor_pfs="last assessment" if has_scan else "last contact")
    return Mapping(patients, events, rules, sheet)


def _columns(
    table: RawTable, targets: Table[str, Target], adverse_events: bool, left_out: Table[str, str]
) -> tuple[Column, ...]:
    found = []
    endpoints = {} if adverse_events else _endpoints(table)
    for header, text in zip(table.header, table.columns, strict=True):
        if header in left_out:
            found.append(Column(header, LEFT_OUT, reason=left_out[header]))
            continue
        looked = _look(header, table.labels.get(header, ""), text[:LOOKED_AT], table.value_labels.get(header, {}))
        looked = replace(looked, endpoint=endpoints.get(header, ""))
        found.append(_guess(looked, targets, adverse_events))
    found = _one_each(_all_codes(table, found))
    return _agreed_dates(found if adverse_events else _paired(table, found))


def _endpoints(table: RawTable) -> dict[str, str]:
    """Header -> target for endpoints in KRAScope's own names, whatever their id: `<id>_event` beside `<id>_days`."""
    matches = {h: m for h, key in zip(table.header, table.keys, strict=True) if (m := ENDPOINT_COLUMN.match(key))}
    ids = {m[1] for m in matches.values() if m[2] == "event"} & {m[1] for m in matches.values() if m[2] != "event"}
    return {h: f"{m[1]}_{'event' if m[2] == 'event' else 'time'}" for h, m in matches.items() if m[1] in ids}


def _look(header: str, label: str, text: np.ndarray, value_labels: Table[str, str]) -> _Looked:
    missing = no_values(text, value_labels)
    text = np.where(np.isin(text.astype(str), missing), "", text) if missing else text
    return _Looked(header, label, text, value_labels, missing)


def as_target(table: RawTable, source: str, becomes: str) -> Column:
    """This column as somebody has said that it is, with unit, codes and way of writing as far as its content tells."""
    i = table.header.index(source)
    looked = _look(source, table.labels.get(source, ""), table.columns[i], table.value_labels.get(source, {}))
    if becomes == OWN:
        return _own(looked, "")
    if becomes == LEFT_OUT:
        return Column(source, LEFT_OUT)
    target = patients_target(becomes)
    assert target is not None
    fitted = _fitted(looked, target)
    return replace(fitted or Column(source, becomes, target.units[0] if target.units else ""), missing=looked.missing)


def no_values(text: np.ndarray, value_labels: Table[str, str]) -> tuple[str, ...]:
    """Codes of this column that most likely mean no value, beside those that always do: by their words ("unknown",
    "未知"), or as numbers of nines far from every other value."""
    by_words = [c for c in codes.counts(text) if len(c) < 20 and _NOT_SAID.search((value_labels.get(c) or c).lower())]
    return tuple(dict.fromkeys([*by_words, *(c for c in missing_codes(text) if c not in value_labels)]))


def _guess(looked: _Looked, targets: Table[str, Target], adverse_events: bool) -> Column:
    for id, how, confidence in _candidates(looked, targets, adverse_events):
        target = targets.get(id) or patients_target(id)
        assert target is not None  # candidates are names of targets
        fitted = _fitted(looked, target)
        if fitted is not None:
            weaker = max(confidence, fitted.confidence, key=_RANK.__getitem__)
            reason = "; ".join(part for part in (how, fitted.reason) if part)
            return replace(fitted, reason=reason, confidence=weaker, missing=looked.missing)
        return _own(looked, f"looks like {target.label} {how}, but its values are not {_expected(target)}")
    by_content = None if adverse_events else _by_content(looked)
    if by_content:
        return by_content
    if how_written(looked.text).ways in (("ymd",), ("dmy",), ("mdy",), ("dmy", "mdy"), ("named",)):
        reason = "a date that nothing is computed from: dates are turned into intervals"
        return Column(looked.header, LEFT_OUT, reason=reason)
    return _own(looked, "")


def _candidates(
    looked: _Looked, targets: Table[str, Target], adverse_events: bool
) -> list[tuple[str, str, Confidence]]:
    """(target, how it was recognised, confidence), the best first: by name, by label, by a part of the name."""
    if looked.endpoint:
        return [(looked.endpoint, "by its name", "sure")]
    known = synonyms.names(adverse_events)
    generic = {} if adverse_events else synonyms.generic_names()
    found: list[tuple[str, str, Confidence]] = []
    for what, text in (("name", looked.header), ("label", looked.label)):
        name = synonyms.plain(text)
        target = known.get(name) or known.get(synonyms.without_unit(name))
        if target:
            found.append((target, f"by its {what}", "sure"))
        elif name in generic or synonyms.without_unit(name) in generic:
            target = generic.get(name) or generic[synonyms.without_unit(name)]
            found.append((target, f"its {what} does not say of what: overall survival assumed", "unsure"))
        elif part := _part(name, known):
            found.append((known[part], f"its {what} contains “{part}”", "likely"))
    return [f for f in sorted(found, key=lambda f: _RANK[f[2]]) if f[0] in targets]


def _part(name: str, known: Table[str, str]) -> str:
    """The longest known name of two words, or of three Chinese characters, that stands in this one; "" for none."""
    inside = [k for k in known if _long_enough(k) and (f" {k} " in f" {name} " if k.isascii() else k in name)]
    return max(inside, key=len, default="")


def _long_enough(name: str) -> bool:
    return " " in name if name.isascii() else len(name) >= 3


def _own(looked: _Looked, reason: str) -> Column:
    """A column of the file's own: levels by its value labels where it has any."""
    labelled = tuple((c, looked.value_labels[c]) for c in looked.distinct if c in looked.value_labels)
    if coerce.missing(looked.text).all():
        return Column(looked.header, LEFT_OUT, reason="empty", missing=looked.missing)
    return Column(
        looked.header,
        OWN,
        codes=labelled if len(labelled) <= codes.MOST_CODES else (),
        missing=looked.missing,
        reason=reason or "not known to KRAScope: kept under its own name",
        confidence="unsure" if reason else "sure",
    )


def _expected(target: Target) -> str:
    if target.kind == "event":
        return "two codes for event and censored"
    if target.kind == "time":
        return "times of at least 0"
    if target.kind == "id":
        return "another one for every patient"
    return target.variable.allowed if target.variable else target.label


def _fitted(looked: _Looked, target: Target) -> Column | None:
    """The column as this target, with unit, codes and way of writing; None where its content is not of that kind."""
    column = Column(looked.header, target.id)
    if coerce.missing(looked.text).all():
        return None
    if target.kind in ("number", "time"):
        return _fitted_number(looked, target, column)
    if target.kind == "date":
        written = how_written(looked.text)
        if not written.ways:
            return None
        one = len(written.ways) == 1
        years = "; two-digit years below 69 are 20xx" if written.two_digit_years else ""
        reason = f"dates as {written.reason}{years}"
        return replace(
            column, written=written.ways[0] if one else "", reason=reason, confidence=_sure(one and not years)
        )
    if target.kind == "id":
        distinct, n = len(looked.distinct), int((~coerce.missing(looked.text)).sum())
        several = target is ADVERSE_EVENTS["patient_id"]  # whose rows are events
        return column if several or distinct >= 0.9 * n else None
    coding = _coding(looked, target)
    if coding is None:
        return None
    return replace(column, codes=coding.codes, reason=coding.reason, confidence=_sure(not coding.doubtful))


def _sure(yes: bool) -> Confidence:
    return "sure" if yes else "unsure"


def _coding(looked: _Looked, target: Target) -> codes.Coding | None:
    if target.kind == "event":
        return codes.event_coding(looked.distinct, looked.value_labels, looked.said)
    if target.kind == "flag":
        return codes.flag_coding(looked.distinct, looked.value_labels)
    return codes.level_coding(looked.distinct, looked.value_labels, target)


def _fitted_number(looked: _Looked, target: Target, column: Column) -> Column | None:
    values, numeric = looked.numbers
    if not numeric:
        return None
    unit = guess_unit(target.id, looked.said, values)
    known = values[np.isfinite(values)] * FACTORS.get(unit.unit, ("", 1.0))[1]
    low = 0.0 if target.kind == "time" else (target.variable.low if target.variable else None)
    high = target.variable.high if target.variable else None
    fits = np.ones(len(known), dtype=bool) if low is None else known >= low
    fits &= np.ones(len(known), dtype=bool) if high is None else known <= high
    if fits.mean() < 0.8:
        return None
    return replace(column, unit=unit.unit, reason=unit.reason, confidence=_sure(not unit.doubtful))


def _by_content(looked: _Looked) -> Column | None:
    """Values that are of one kind only: sexes, KRAS variants, responses."""
    if not 1 < len(looked.distinct) <= codes.MOST_CODES:
        return None
    words = {d.lower() for d in looked.distinct}
    labelled = {looked.value_labels.get(d, d).lower() for d in looked.distinct}
    if any("censor" in word or "删失" in word for word in labelled):
        coding = codes.event_coding(looked.distinct, looked.value_labels, looked.said)
        if coding is not None and not coding.doubtful:
            reason = f"its codes speak of censoring, not of which event: overall survival assumed; {coding.reason}"
            return Column(
                looked.header,
                "os_event",
                codes=coding.codes,
                missing=looked.missing,
                reason=reason,
                confidence="unsure",
            )
    for id, needed in (
        ("sex", {"m", "male", "男", "男性"}),
        ("best_response", {"pd", "sd"}),
        ("kras_variant", {"g12c"}),
    ):
        coding = codes.level_coding(looked.distinct, looked.value_labels, PATIENTS[id])
        enough = needed <= words if id == "best_response" else bool(needed & words)
        if coding is not None and not coding.doubtful and enough:
            reason = "by its values: " + ", ".join(looked.distinct[:4])
            return Column(
                looked.header, id, codes=coding.codes, missing=looked.missing, reason=reason, confidence="likely"
            )
    return None


def _all_codes(table: RawTable, columns: list[Column]) -> list[Column]:
    """Codes that stand below the rows that were looked at, so that every one of them gets its meaning."""
    if table.n <= LOOKED_AT:
        return columns
    found = []
    for column, text in zip(columns, table.columns, strict=True):
        if column.is_event:
            looked = _look(
                column.source,
                table.labels.get(column.source, ""),
                np.unique(text.astype(str)).astype(object),
                table.value_labels.get(column.source, {}),
            )
            coding = codes.event_coding(looked.distinct, looked.value_labels, looked.said)
            column = (
                replace(column, codes=coding.codes) if coding else _own(looked, "it holds other codes further down")
            )
        found.append(column)
    return found


def _one_each(columns: list[Column]) -> list[Column]:
    """Every target once: where several columns claim it the surest has it, else the first; the others stay own."""
    best: dict[str, Column] = {}
    for column in sorted((c for c in columns if c.is_target), key=lambda c: _RANK[c.confidence]):
        best.setdefault(column.becomes, column)
    return [
        column if not column.is_target or best[column.becomes] is column else _second(column, best[column.becomes])
        for column in columns
    ]


def _second(column: Column, taken: Column) -> Column:
    """A column whose target another has: one of its own, unless it holds dates."""
    reason = f"might be {column.becomes} too ({column.reason}); “{taken.source}” was taken"
    target = patients_target(column.becomes)
    kept = LEFT_OUT if target is not None and target.kind == "date" else OWN
    return Column(column.source, kept, missing=column.missing, reason=reason, confidence="unsure")


def _paired(table: RawTable, columns: list[Column]) -> list[Column]:
    """An event without its time takes the only other column whose header names a unit of time and which holds times; a
    doubtful one that finds none is no endpoint."""
    there = {c.becomes for c in columns}
    alone = [c.becomes for c in columns if c.is_event and c.becomes.replace("_event", "_time") not in there]
    dated = "start_date" in there and there & {"death_date", "last_contact_date", "progression_date"}
    if len(alone) != 1 or dated:
        return columns
    target = patients_target(alone[0].replace("_event", "_time"))
    assert target is not None
    fitting = {}
    for column, text in zip(columns, table.columns, strict=True):
        looked = _look(column.source, table.labels.get(column.source, ""), text[:LOOKED_AT], {})
        if (
            column.becomes == OWN
            and written_unit(looked.said.removesuffix(looked.label.lower()), target.units)
            and len(looked.distinct) > codes.MOST_CODES
        ):
            fitted = _fitted_number(looked, target, Column(column.source, target.id))
            if fitted is not None:
                reason = f"the only column that names a unit of time, beside an event without one; {fitted.reason}"
                fitting[column.source] = replace(fitted, missing=column.missing, reason=reason, confidence="unsure")
    if len(fitting) != 1:
        return [_without_time(c) if c.becomes == alone[0] and c.confidence == "unsure" else c for c in columns]
    return [fitting.get(c.source, c) for c in columns]


def _without_time(column: Column) -> Column:
    reason = f"might be the event of an endpoint ({column.reason}), but no column holds its time"
    return Column(column.source, OWN, missing=column.missing, reason=reason, confidence="unsure")


def _agreed_dates(columns: list[Column]) -> tuple[Column, ...]:
    """A column whose dates do not tell day from month is written as the one column that does."""
    told = {c.written for c in columns if c.written in ("dmy", "mdy")}
    if len(told) != 1:
        return tuple(columns)
    (way,) = told
    sure = next(c.source for c in columns if c.written == way)
    return tuple(
        replace(c, written=way, reason=f"by its name; {'day' if way == 'dmy' else 'month'} first, as in “{sure}”")
        if c.becomes in PATIENTS and PATIENTS[c.becomes].kind == "date" and not c.written
        else c
        for c in columns
    )


def _without_percent(text: np.ndarray) -> np.ndarray:
    return np.array([t.rstrip("%％ ") if t.endswith(("%", "％")) else t for t in text.tolist()], dtype=object)
