"""CDISC ADaM data sets -> patients and adverse events in KRAScope's own names.

ADSL gives the patients, ADTTE the endpoints (one a PARAMCD, long to wide), ADAE the adverse events, ADRS
the best response. Data sets are told apart by their columns, never by their file's name. Standards: CDISC
ADaM Implementation Guide 1.3; ADaM Basic Data Structure for Time-to-Event Analyses 1.0 (CNSR 0 = event).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kras_core.cohort import coerce
from kras_core.cohort.endpoints import endpoint
from kras_core.cohort.files.table import RawTable
from kras_core.cohort.forms.columns import Building, converted, first_row, named, spread, texts
from kras_core.cohort.problems import Problem

ID = "usubjid"

# ADaM's names that the variable dictionary has others for.
_OWN_NAMES = {
    "usubjid": "patient_id",
    "age": "age",
    "sex": "sex",
    "trtsdt": "start_date",
    "trtedt": "treatment_end_date",
    "dthdt": "death_date",
    "lstalvdt": "last_contact_date",
}
# The planned arm, where ADSL or ADTTE has it, then the actual one.
_ARMS = ("trt01p", "trtp", "arm", "trt01a", "trta")
_ALL_EVENTS = "adverse event, whether it emerged under treatment not stated"

# Columns that say the same for every patient, and records of one visit or parameter where ADSL is missing.
_LEFT_OUT = ("studyid", "domain", "subjid")
_PER_RECORD = re.compile(r"(param|aval|base|chg|cnsr|evnt|cnsdt|src|adt|ady|start|a?visit|anl|asq|a?seq).*")

# AVALU -> unit of the column, and how many of it one AVALU is.
_UNITS = {
    **dict.fromkeys(("DAY", "DAYS", "D"), ("days", 1)),
    **dict.fromkeys(("WEEK", "WEEKS", "WK", "WKS"), ("days", 7)),
    **dict.fromkeys(("MONTH", "MONTHS", "MO", "MOS", "MTH"), ("months", 1)),
    **dict.fromkeys(("YEAR", "YEARS", "Y", "YR", "YRS"), ("months", 12)),
}
_IN_WORDS = re.compile(r"\b(days?|weeks?|months?|years?)\b", re.IGNORECASE)

_GRADES = {"MILD": "1", "MODERATE": "2", "SEVERE": "3", "LIFE THREATENING": "4", "LIFE-THREATENING": "4", "FATAL": "5"}
_RELATED = {
    **dict.fromkeys(("Y", "YES", "RELATED", "POSSIBLE", "POSSIBLY RELATED", "PROBABLE", "PROBABLY RELATED"), "1"),
    **dict.fromkeys(("DEFINITE", "DEFINITELY RELATED", "CERTAIN"), "1"),
    **dict.fromkeys(("N", "NO", "NONE", "NOT RELATED", "UNRELATED", "UNLIKELY", "UNLIKELY RELATED", "REMOTE"), "0"),
}
_RESPONSES = {
    **dict.fromkeys(("COMPLETE RESPONSE",), "CR"),
    **dict.fromkeys(("PARTIAL RESPONSE",), "PR"),
    **dict.fromkeys(("STABLE DISEASE", "NON-CR/NON-PD", "NN"), "SD"),
    **dict.fromkeys(("PROGRESSIVE DISEASE",), "PD"),
    **dict.fromkeys(("NOT EVALUABLE", "INEVALUABLE", "UNEVALUABLE", "NOT DONE", "MISSING", "NA", "ND"), "NE"),
}
_BEST_FIRST = ("CR", "PR", "SD", "PD", "NE")
_BEST = re.compile(r"(C?BOR|C?BRS|BESR|BSTR|BESTR|CBEST).*")


@dataclass(frozen=True, slots=True)
class _Sets:
    """The data sets by what they hold; None or nothing where there is none."""

    subjects: RawTable | None
    times: tuple[RawTable, ...]
    events: RawTable | None
    responses: RawTable | None
    others: tuple[RawTable, ...]


def holds(tables: Sequence[RawTable]) -> bool:
    """Whether these are data sets of ADaM: subjects or times to events, or nothing but what belongs to them.

    Adverse events in ADaM's columns beside anybody's table of patients are none: see `events_beside`.
    """
    sets = _sorted(tables)
    alone = not sets.others and bool(sets.events or sets.responses)
    return bool(sets.times) or sets.subjects is not None or alone


def events_beside(tables: Sequence[RawTable]) -> tuple[tuple[RawTable, ...], list[Problem]]:
    """The same tables, with adverse events in ADaM's columns (USUBJID, AETERM) in KRAScope's names."""
    sets = _sorted(tables)
    if sets.events is None or len(tables) == 1:
        return tuple(tables), []
    events, problems = _adverse_events(sets.events)
    return tuple(events if table is sets.events else table for table in tables), problems


def said(tables: Sequence[RawTable]) -> dict[str, str]:
    """What ADaM says of the cohort as a whole, by the field of Cohort: the planned arm, which adverse events count."""
    sets = _sorted(tables)
    found = {}
    base = sets.subjects or (sets.times[0] if sets.times else None)
    for key in _ARMS:
        column = None if base is None else base.column(key)
        if base is not None and column is not None and len(set(column) - {""}) > 1:
            found["default_by"] = base.header[base.keys.index(key)]
            break
    if sets.events is not None:
        emergent = bool((_cells(sets.events, "trtemfl") == "Y").any())
        found["ae_definition"] = "treatment-emergent adverse event (TRTEMFL = Y)" if emergent else _ALL_EVENTS
    return found


def join(tables: Sequence[RawTable]) -> tuple[tuple[RawTable, ...], list[Problem]]:
    """Patients, and adverse events where there is ADAE, with what was done to come to them."""
    sets = _sorted(tables)
    base = sets.subjects or (sets.times[0] if sets.times else None)
    if base is None:
        remedy = "Neither subjects (ADSL) nor times to events (ADTTE) are among the files. Add them."
        return (), [tables[0].problem("error", "no-patients", remedy=remedy)]
    remedy = "Left out: no ADSL, ADTTE, ADAE or ADRS, or a second one of its kind."
    problems = [table.problem("warning", "left-out", remedy=remedy) for table in sets.others]
    made = _patients(base, sets.subjects is not None)
    ids = made.columns["patient_id"]
    problems.append(_said_of_patients(base, made, sets.subjects is not None))
    for times in sets.times:
        problems += _add_times(made, times, ids)
    if sets.responses is not None:
        problems += _add_responses(made, sets.responses, ids)
    joined = [made.table()]
    if sets.events is not None:
        events, noticed = _adverse_events(sets.events)
        joined.append(events)
        problems += noticed
    return tuple(joined), problems


def _sorted(tables: Sequence[RawTable]) -> _Sets:
    subjects = events = responses = None
    times, others = [], []
    for table in tables:
        keys = set(table.keys)
        if ID not in keys:
            others.append(table)
        elif {"paramcd", "cnsr", "aval"} <= keys:
            times.append(table)
        elif "aedecod" in keys or "aeterm" in keys:
            events, others = events or table, others + ([table] if events else [])
        elif {"paramcd", "avalc"} <= keys and any(_BEST.fullmatch(p) or p == "OVRLRESP" for p in _codes(table)):
            responses, others = responses or table, others + ([table] if responses else [])
        elif "paramcd" not in keys and subjects is None:
            subjects = table
        else:
            others.append(table)
    return _Sets(subjects, tuple(times), events, responses, tuple(others))


def _codes(table: RawTable) -> list[str]:
    """The parameters of a data set, in the order of their appearance."""
    return [code for code in dict.fromkeys(_cells(table, "paramcd")) if code]


def _cells(table: RawTable, *names: str) -> np.ndarray:
    column = named(table, *names)
    return np.full(table.n, "", dtype=object) if column is None else column


# ADSL


def _patients(base: RawTable, has_subjects: bool) -> Building:
    """One row per subject. Without ADSL the columns of ADTTE that describe subjects serve, as far as they go."""
    rows = np.array(sorted(first_row(_cells(base, ID)).values()), dtype=np.int64)
    made = Building(base.file, base.rows[rows])
    keys = set(base.keys)
    for name, key, column in zip(base.header, base.keys, base.columns, strict=True):
        coded = key.endswith("n") and key[:-1] in keys  # TRT01PN beside TRT01P: the same as a number
        if (
            key in _LEFT_OUT
            or coded
            or (not has_subjects and _PER_RECORD.fullmatch(key) and key not in ("trtp", "trta"))
        ):
            continue
        own = _OWN_NAMES.get(key, name)
        if own not in made.columns:
            made.add(own, column[rows], "" if key in _OWN_NAMES else base.labels.get(name, ""))
    return made


def _said_of_patients(base: RawTable, made: Building, has_subjects: bool) -> Problem:
    kept = set(made.columns) | {name for name in base.header if name.lower() in _OWN_NAMES}
    left = [name for name in base.header if name not in kept]
    source = "Subjects" if has_subjects else "There is no ADSL: the subjects of ADTTE"
    remedy = f"{source}: {len(made.rows):,} patients. Left out: {', '.join(left) or 'nothing'}."
    return base.problem("note", "joined", remedy=remedy)


# ADTTE


def _add_times(made: Building, table: RawTable, ids: np.ndarray) -> list[Problem]:
    problems: list[Problem] = []
    subjects, parameters = _cells(table, ID), _cells(table, "paramcd")
    stray = set(subjects) - set(ids) - {""}
    if stray:
        remedy = f"{len(stray):,} subjects are not in ADSL: left out."
        problems.append(table.problem("warning", "unknown-patient", ID.upper(), remedy=remedy))
    for code in _codes(table):
        chosen = np.flatnonzero(parameters == code)
        analysed = _cells(table, "anl01fl")[chosen] == "Y"
        chosen = chosen[analysed] if analysed.any() else chosen
        problems += _add_endpoint(made, table, code, chosen, ids)
    return problems


def _add_endpoint(made: Building, table: RawTable, code: str, chosen: np.ndarray, ids: np.ndarray) -> list[Problem]:
    """`<paramcd>_days` or `_months` and `<paramcd>_event` of one parameter's records."""
    id = re.sub(r"[^a-z0-9_]", "_", code.lower()).lstrip("_0123456789") or "endpoint"
    rows = first_row(_cells(table, ID)[chosen])
    label = next((text for text in _cells(table, "param")[chosen] if text), "")
    known = _unit(table, chosen, label)
    if known is None:
        expected = "days, weeks, months or years in AVALU"
        return [table.problem("error", "unit", code, expected, "Correct AVALU: KRAScope cannot tell the unit.")]
    unit, factor, source = known
    values = _cells(table, "aval")[chosen]
    times = values if factor == 1 else texts(_times(value, factor) for value in values)
    made.add(f"{id}_{unit}", spread(times, rows, ids), label)
    censored, unread, _ = coerce.numbers(_cells(table, "cnsr")[chosen])
    event = texts("" if np.isnan(c) or u else "1" if c == 0 else "0" for c, u in zip(censored, unread, strict=True))
    made.add(f"{id}_event", spread(event, rows, ids), f"{label}: event")
    events = int((made.columns[f"{id}_event"] == "1").sum())
    remedy = f"{endpoint(id).short} ({label or code}): CNSR 0 = event, {events:,} events; AVAL in {source}."
    problems = [table.problem("note", "derived", code, remedy=remedy)]
    again = len(chosen) - len(rows)
    if again:
        remedy = f"{again:,} further records of the same subjects: the first of each was taken."
        problems.append(table.problem("warning", "duplicate-record", code, remedy=remedy))
    return problems


def _times(value: str, factor: int) -> str:
    number = coerce.number(value)
    return value if np.isnan(number) else f"{number * factor:.12g}"


def _unit(table: RawTable, chosen: np.ndarray, label: str) -> tuple[str, int, str] | None:
    """Unit of the column, the factor to it, and how it is known: AVALU, PARAM's words, or the dates."""
    written = {text.upper() for text in _cells(table, "avalu")[chosen] if text}
    if len(written) > 1 or (written and not written & _UNITS.keys()):
        return None
    if written:
        return *_UNITS[(only := written.pop())], f"{only.lower()} (AVALU)"
    word = _IN_WORDS.search(label)
    if word:
        return *_UNITS[word[1].upper()], f"{word[1].lower()} (PARAM)"
    values, _, _ = coerce.numbers(_cells(table, "aval")[chosen])
    start, _ = coerce.dates(_cells(table, "startdt", "trtsdt")[chosen])
    end, _ = coerce.dates(_cells(table, "adt")[chosen])
    days = (end - start).astype("timedelta64[D]").astype(np.float64)
    days[np.isnat(end) | np.isnat(start)] = np.nan
    off = np.abs(values - days)
    if np.isfinite(off).any() and np.nanmax(off) <= 1:
        return "days", 1, "days (as the dates say; AVALU is missing)"
    return None


# ADRS


def _add_responses(made: Building, table: RawTable, ids: np.ndarray) -> list[Problem]:
    """`best_response` of the parameter for it, else the best overall response of the visits."""
    parameters = _cells(table, "paramcd")
    code = next((c for c in _codes(table) if _BEST.fullmatch(c)), "OVRLRESP")
    chosen = np.flatnonzero(parameters == code)
    subjects = _cells(table, ID)[chosen]
    written = converted(_cells(table, "avalc")[chosen], _RESPONSES)
    best: dict[str, str] = {}
    for subject, response in zip(subjects, written, strict=True):
        best[subject] = min((r for r in (best.get(subject), response) if r), key=_rank, default="")
    made.add("best_response", texts(best.get(id, "") for id in ids))
    how = "as recorded" if code != "OVRLRESP" else "the best of the visits, unconfirmed"
    remedy = f"Best response from {code}, {how}; NON-CR/NON-PD is read as SD, what was not evaluable as NE."
    return [table.problem("note", "derived", "best_response", remedy=remedy)]


def _rank(response: str) -> int:
    return _BEST_FIRST.index(response) if response in _BEST_FIRST else len(_BEST_FIRST)


# ADAE


def _adverse_events(table: RawTable) -> tuple[RawTable, list[Problem]]:
    """One row per event: those that emerged under treatment where TRTEMFL says which."""
    emergent = _cells(table, "trtemfl") == "Y"
    term = named(table, "aedecod")
    term = _cells(table, "aeterm") if term is None else np.where(term == "", _cells(table, "aeterm"), term)
    kept = (emergent if emergent.any() else np.ones(table.n, dtype=bool)) & (term != "")
    made = Building(table.file, table.rows[kept])
    made.add("patient_id", _cells(table, ID)[kept])
    made.add("term", texts(text.capitalize() if text.isupper() else text for text in term[kept]))
    toxicity = named(table, "aetoxgr", "atoxgr", "atoxgrn", "aetoxgrn")
    problems = _said_of_events(table, kept, emergent.any(), toxicity is None)
    if toxicity is None:
        made.add("grade", converted(_cells(table, "aesev", "asev")[kept], _GRADES))
    else:
        made.add("grade", texts(re.sub(r"(?i)^(ctcae )?grade ", "", text) for text in toxicity[kept]))
    relation = named(table, "arel", "aerel", "aereln")
    if relation is not None:
        made.add("related", converted(relation[kept], _RELATED))
    body = named(table, "aebodsys", "aesoc")
    if body is not None:
        made.add("system organ class", texts(text.capitalize() for text in body[kept]))
    return made.table(), problems


def _said_of_events(table: RawTable, kept: np.ndarray, by_flag: bool, by_severity: bool) -> list[Problem]:
    problems: list[Problem] = []
    left = int((~kept).sum())
    which = (
        "Treatment-emergent events only (TRTEMFL = Y)" if by_flag else "All events; TRTEMFL does not say which emerged"
    )
    remedy = f"{which}: {int(kept.sum()):,} kept, {left:,} left out. Related: possible, probable, definite or yes."
    problems.append(table.problem("note", "joined", "TRTEMFL" if by_flag else "", remedy=remedy))
    if by_severity:
        remedy = (
            "There is no AETOXGR: severity was read as grade (mild 1, moderate 2, severe 3). "
            "Severity is no CTCAE grade: say so wherever grades are shown."
        )
        problems.append(table.problem("warning", "severity", "AESEV", remedy=remedy))
    return problems
