"""Progression-free and overall survival from dates, by the definitions of the paper's Methods.

PFS runs from the start of treatment to progression or death from any cause, OS to death from any cause. The paper
does not say where patients without the event are censored: OS is censored at the last contact; PFS at the last
evaluable tumour assessment, since nobody knows of progression after it (last contact where no such column is
there, with a warning: it makes PFS look longer). Nothing counts after the data cut-off.
"""

from dataclasses import dataclass, replace

import numpy as np

from kras_core.cohort.coerce import dates as read_iso
from kras_core.cohort.files.table import RawTable
from kras_core.cohort.mapping.model import DateRules
from kras_core.cohort.problems import Problem, per_row

DATES = (
    "start_date",
    "progression_date",
    "death_date",
    "last_contact_date",
    "last_assessment_date",
    "treatment_end_date",
    "new_therapy_date",
    "data_cutoff_date",
    "response_date",
)
MISSED = 2  # assessments
_NAT = np.datetime64("NaT", "D")


@dataclass(frozen=True, slots=True, eq=False)
class Timed:
    """One endpoint: days from the start (n,), NaN without; event 1 or 0 (n,), NaN without a time."""

    days: np.ndarray
    event: np.ndarray


@dataclass(frozen=True, slots=True)
class RuleEffect:
    """Events of n patients and the median PFS in months (None: not reached) under one set of date rules."""

    rules: DateRules
    words: str
    n: int
    events: int
    median: float | None


class Dated:
    """The dates of a table, datetime64[D] (n,) each, NaT where missing or where there is no such column."""

    def __init__(self, table: RawTable) -> None:
        self.n = table.n
        self.there = frozenset(DATES) & frozenset(table.header)
        self._columns = {name: _read(table, name) for name in self.there}

    def __getitem__(self, name: str) -> np.ndarray:
        return self._columns.get(name, np.full(self.n, _NAT))


def _read(table: RawTable, name: str) -> np.ndarray:
    return read_iso(table.columns[table.header.index(name)])[0].astype("datetime64[D]")


def times(table: RawTable, rules: DateRules) -> tuple[RawTable, tuple[Problem, ...]]:
    """The table with pfs_days, pfs_event, os_days, os_event where its dates give them and it has no times of its own.

    Dates leave the table unless the rules keep them; what depends on them only (time to response, its duration) is
    computed first. Every rule that was used is said in a note, with how many patients it concerned.
    """
    dated = Dated(table)
    if not dated.there:
        return table, ()
    made: dict[str, np.ndarray] = {}
    problems: list[Problem] = []
    if "start_date" in dated.there:
        status = _status(table)
        ended = "death_date" in dated.there or (status is not None and "last_contact_date" in dated.there)
        if ended and not _has_time(table, "os"):
            made |= _columns("os", overall(dated, status))
            problems += _said_of_os(table, dated, status)
        if not _has_time(table, "pfs") and "progression_date" in dated.there:
            timed, words = progression_free(dated, rules, status)
            made |= _columns("pfs", timed)
            problems += _said_of_pfs(table, dated, rules, words)
        made |= _response(table, dated, rules)
    replaced = set(made) | (set() if rules.keep else set(dated.there))
    kept = [(h, c) for h, c in zip(table.header, table.columns, strict=True) if h not in replaced]
    if not rules.keep:
        gone = ", ".join(sorted(dated.there))
        problems.append(table.problem("note", "dates", remedy=f"Turned into intervals and left out: {gone}."))
    columns = [*kept, *made.items()]
    header, values = tuple(h for h, _ in columns), tuple(c for _, c in columns)
    return replace(table, header=header, columns=values), tuple(problems)


def _has_time(table: RawTable, id: str) -> bool:
    return any(f"{id}_{unit}" in table.header for unit in ("days", "months"))


def _status(table: RawTable) -> np.ndarray | None:
    """Died 1, alive 0, NaN, where the file says so in a column beside its dates."""
    if "os_event" not in table.header:
        return None
    text = table.columns[table.header.index("os_event")]
    return np.array([{"1": 1.0, "0": 0.0}.get(t, np.nan) for t in text.tolist()])


def _deaths(dated: Dated, status: np.ndarray | None) -> np.ndarray:
    """Dates of death; whoever is said to have died without one died at the last contact."""
    death = dated["death_date"].copy()
    if status is not None:
        undated = (status == 1) & np.isnat(death)
        death[undated] = dated["last_contact_date"][undated]
    return death


def overall(dated: Dated, status: np.ndarray | None = None) -> Timed:
    """Start to death, else to last contact, else the data cut-off; a later death has not happened yet."""
    cutoff = dated["data_cutoff_date"]
    death = _deaths(dated, status)
    late = death > cutoff
    death[late] = _NAT
    last = np.where(np.isnat(dated["last_contact_date"]), cutoff, dated["last_contact_date"])
    last[late] = cutoff[late]
    return _timed(dated["start_date"], death, _earliest(last, cutoff))


def progression_free(
    dated: Dated, rules: DateRules, status: np.ndarray | None = None
) -> tuple[Timed, dict[str, np.ndarray]]:
    """Start to progression or death; and whom each rule concerned, a mask (n,) by its name.

    Censored: at the last assessment (or contact), at a new therapy before the event, at the last assessment before an
    event that comes more than two intervals after it, at the data cut-off. The last assessment known is all that a
    row has, so that missed assessments before an earlier one cannot be seen.
    """
    start, cutoff = dated["start_date"], dated["data_cutoff_date"]
    happened = _earliest(dated["progression_date"], _deaths(dated, status))
    scan, contact, therapy = dated["last_assessment_date"], dated["last_contact_date"], dated["new_therapy_date"]
    by_scan = rules.censor_pfs == "last assessment"
    last = np.where(np.isnat(scan), contact, scan) if by_scan else np.where(np.isnat(contact), scan, contact)
    seen = np.where(np.isnat(scan), start, scan)  # nobody assessed counts from the start
    gap = (happened - seen).astype("timedelta64[D]").astype(float)
    words = {
        "unassessed": np.isnat(happened) & np.isnat(scan) & ~np.isnat(contact) if by_scan else np.zeros(dated.n, bool),
        "cutoff": happened > cutoff,
        "therapy": ~np.isnat(therapy) & ~(happened <= therapy) & ~(last <= therapy) | (happened > therapy),
        "missed": (gap > MISSED * rules.interval) & ~np.isnat(happened),
    }
    ends = [(words["cutoff"], cutoff)]
    if rules.missed == "censor":
        ends.append((words["missed"], seen))
    if rules.new_therapy == "censor":
        ends.append((words["therapy"], therapy))
    for concerned, end in ends:
        last = np.where(concerned, _earliest(np.where(np.isnat(happened), last, end), end), last)
        happened = np.where(concerned, _NAT, happened)
    return _timed(start, happened, _earliest(last, cutoff)), words


def _timed(start: np.ndarray, happened: np.ndarray, last: np.ndarray) -> Timed:
    until = np.where(np.isnat(happened), last, happened)
    days = (until - start).astype("timedelta64[D]").astype(float)
    days[np.isnat(until) | np.isnat(start)] = np.nan
    event = np.where(np.isnan(days), np.nan, (~np.isnat(happened)).astype(float))
    return Timed(days, event)


def _earliest(*dates: np.ndarray) -> np.ndarray:
    """The earliest known date of each row, NaT where none is known."""
    return np.fmin.reduce(dates)


def _response(table: RawTable, dated: Dated, rules: DateRules) -> dict[str, np.ndarray]:
    """The duration of response, where the dates it needs leave the table."""
    if rules.keep or "response_date" not in dated.there:
        return {}
    made: dict[str, np.ndarray] = {}
    if not _has_time(table, "dor"):
        happened = _earliest(dated["progression_date"], dated["death_date"])
        scan = dated["last_assessment_date"]
        last = np.where(np.isnat(scan), dated["last_contact_date"], scan)
        made |= _columns("dor", _timed(dated["response_date"], happened, last))
    return made


def _columns(id: str, timed: Timed) -> dict[str, np.ndarray]:
    """Times and events as text, as every raw table has them."""
    return {f"{id}_days": _text(timed.days), f"{id}_event": _text(timed.event)}


def _text(values: np.ndarray) -> np.ndarray:
    return np.array(["" if np.isnan(v) else f"{v:.0f}" for v in values.tolist()], dtype=object)


def rules_in_words(dated_columns: frozenset[str], rules: DateRules) -> tuple[str, ...]:
    """The rules as sentences, for page, note and methods."""
    lines = [
        "OS: from start of treatment to death from any cause; without it censored at the last contact.",
        "PFS: from start of treatment to progression or death from any cause, whichever is first.",
    ]
    at = "tumour assessment" if rules.censor_pfs == "last assessment" else "contact"
    lines.append(f"Without either, PFS is censored at the last {'evaluable ' if at != 'contact' else ''}{at}.")
    if "new_therapy_date" in dated_columns:
        done = "is censored at its start" if rules.new_therapy == "censor" else "is followed on"
        lines.append(f"PFS of whoever begins a new anticancer therapy before the event {done}.")
    if "last_assessment_date" in dated_columns:
        done = "is censored at the last assessment before" if rules.missed == "censor" else "counts when it happened"
        lines.append(
            f"Progression or death after two or more missed assessments (more than {MISSED} × {rules.interval} days "
            f"after the last) {done}."
        )
    if "data_cutoff_date" in dated_columns:
        lines.append("Nothing after the data cut-off counts.")
    return tuple(lines)


def _said_of_os(table: RawTable, dated: Dated, status: np.ndarray | None) -> list[Problem]:
    found = [
        table.problem("note", "os-from-dates", remedy="OS from dates: start to death, else last contact (censored).")
    ]
    death, contact = dated["death_date"], dated["last_contact_date"]
    if status is not None:
        undated = (status == 1) & np.isnat(death) & ~np.isnat(contact)
        if undated.any():
            remedy = f"{undated.sum()} said to have died without a date of death: the last contact is taken for it."
            found.append(table.problem("warning", "death-undated", "death_date", remedy=remedy))
        contradicted = (status == 0) & ~np.isnat(death)
        template = table.problem(
            "warning", "death-and-alive", "death_date", "none, as the patient is said to be alive", "The date counts."
        )
        found += per_row(template, table.rows[contradicted], [None] * int(contradicted.sum()))
    without = np.isnat(death) & np.isnat(contact) & ~np.isnat(dated["data_cutoff_date"])
    if without.any():
        remedy = (
            f"{without.sum()} without last contact are censored at the data cut-off: are they known to be alive then?"
        )
        found.append(table.problem("warning", "no-last-contact", "last_contact_date", remedy=remedy))
    return found


def _said_of_pfs(table: RawTable, dated: Dated, rules: DateRules, words: dict[str, np.ndarray]) -> list[Problem]:
    lines = rules_in_words(dated.there, rules)[1:]
    found = [table.problem("note", "pfs-from-dates", remedy=" ".join(lines))]
    if rules.censor_pfs == "last contact":
        remedy = (
            "PFS is censored at the last contact, as no last tumour assessment was given: progression between the two "
            "would not be known, so that PFS may look longer than it is."
        )
        found.append(table.problem("warning", "pfs-last-contact", "last_contact_date", remedy=remedy))
    elif words["unassessed"].any():
        remedy = f"{words['unassessed'].sum()} without a last tumour assessment are censored at the last contact."
        found.append(table.problem("warning", "unassessed", "last_assessment_date", remedy=remedy))
    for name, text in (
        ("cutoff", "with an event after the data cut-off: censored there"),
        ("therapy", "began a new anticancer therapy before the event"),
        ("missed", "had the event after two or more missed assessments"),
    ):
        concerned = int(words[name].sum())
        if concerned and (name != "missed" or "last_assessment_date" in dated.there):
            found.append(table.problem("note", f"pfs-{name}", remedy=f"{concerned} {text}."))
    return found
