"""What follows from other columns: inflammatory indices, times from dates, response, months from days.

A value that was given is never overwritten, except that months give way to days, which are exact.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kras_core.cohort.endpoints import endpoint
from kras_core.cohort.problems import Finding
from kras_core.cohort.variables import ENDPOINT_COLUMN


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """The completed frame, the endpoints whose months are whole days divided, and what was doubtful."""

    frame: pd.DataFrame
    time_in_days: frozenset[str]
    findings: tuple[Finding, ...]


def derive(frame: pd.DataFrame, days_per_month: float) -> Derived:
    """Everything that can be derived from these typed columns; each step only where its columns are there."""
    frame, undated = times_from_dates(indices(frame))
    frame = response_times(frame, days_per_month)
    frame, time_in_days, differing = months_from_days(frame, days_per_month)
    return Derived(frame, time_in_days, (*undated, *differing))


def endpoint_ids(columns: Iterable[str]) -> tuple[str, ...]:
    """Endpoints with an event and a time in months or days, in the order of the columns."""
    names = list(columns)
    ids = [m[1] for m in map(ENDPOINT_COLUMN.match, names) if m and m[2] != "event"]
    return tuple(id for id in dict.fromkeys(ids) if f"{id}_event" in names)


def endpoint_columns(id: str) -> tuple[str, str, str]:
    """An endpoint's times in months and in days, and its event."""
    return f"{id}_months", f"{id}_days", f"{id}_event"


def indices(frame: pd.DataFrame) -> pd.DataFrame:
    """NLR, PLR and PNI from blood counts, in the rows where they are not given.

    NLR = neutrophils / lymphocytes, PLR = platelets / lymphocytes (all 10⁹/L, so that the units cancel).
    PNI = 10 × albumin [g/dL] + 0.005 × lymphocytes [per mm³] (Onodera et al. 1984). Albumin comes in g/L,
    a tenth of which is g/dL, and lymphocytes in 10⁹/L, a thousand of which are one per mm³: in these
    units PNI = albumin [g/L] + 5 × lymphocytes [10⁹/L]. Undefined (NaN) without lymphocytes.
    """
    if "lymphocytes_10e9_per_l" not in frame:
        return frame
    lymphocytes = frame["lymphocytes_10e9_per_l"].where(frame["lymphocytes_10e9_per_l"] > 0)
    per_mm3 = lymphocytes * 1000
    new = {}
    if "neutrophils_10e9_per_l" in frame:
        new["nlr"] = frame["neutrophils_10e9_per_l"] / lymphocytes
    if "platelets_10e9_per_l" in frame:
        new["plr"] = frame["platelets_10e9_per_l"] / lymphocytes
    if "albumin_g_per_l" in frame:
        new["pni"] = 10 * (frame["albumin_g_per_l"] / 10) + 0.005 * per_mm3
    return frame.assign(**{name: frame[name].fillna(v) if name in frame else v for name, v in new.items()})


def times_from_dates(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """PFS and OS in days from dates, for an endpoint that has no time and no event of its own.

    PFS runs from start_date to progression_date or death_date, whichever is first, else to
    last_assessment_date, else last_contact_date (censored). OS runs to death_date, else to
    last_contact_date, else data_cutoff_date (censored). A row without the dates it needs, or with an
    end before its start, has no time.
    """
    if "start_date" not in frame:
        return frame, ()
    findings: list[Finding] = []
    for id, events, ends in (
        ("pfs", ("progression_date", "death_date"), ("last_assessment_date", "last_contact_date")),
        ("os", ("death_date",), ("last_contact_date", "data_cutoff_date")),
    ):
        if events[0] not in frame or any(f"{id}_{part}" in frame for part in ("months", "days", "event")):
            continue
        happened = _dates(frame, events).min(axis=1)
        until = happened
        for column in ends:
            until = until.fillna(_dates(frame, (column,))[column])
        days = (until - frame["start_date"]).dt.days.astype(np.float64)
        timed = days.notna() & (days >= 0)
        event = happened.notna().astype(np.float64)
        frame = frame.assign(**{f"{id}_days": days.where(timed), f"{id}_event": event.where(timed)})
        findings += _undated(frame, id, until, (*events, *ends))
    return frame, tuple(findings)


def response_times(frame: pd.DataFrame, days_per_month: float) -> pd.DataFrame:
    """Time to response and its duration (`dor_days`, `dor_event`) from response_date, for those with one.

    The duration runs to progression_date or death_date, whichever is first, else to last_assessment_date, else
    last_contact_date (censored). Durations that were given are left alone.
    """
    if "response_date" not in frame:
        return frame
    responded = _dates(frame, ("response_date",))["response_date"]
    if "start_date" in frame:
        waited = (responded - frame["start_date"]).dt.days / days_per_month
        given = pd.Series(frame.get("response_months", waited))
        frame = frame.assign(response_months=given.fillna(waited).astype(np.float64))
    if any(f"dor_{part}" in frame for part in ("months", "days", "event")):
        return frame
    happened = _dates(frame, ("progression_date", "death_date")).min(axis=1)
    until = happened
    for column in ("last_assessment_date", "last_contact_date"):
        until = until.fillna(_dates(frame, (column,))[column])
    days = (until - responded).dt.days.astype(np.float64)
    timed = days.notna() & (days >= 0)
    return frame.assign(dor_days=days.where(timed), dor_event=happened.notna().astype(np.float64).where(timed))


def _dates(frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """These date columns, those that are missing as empty ones."""
    return frame.reindex(columns=list(columns)).astype("datetime64[ns]")


def _undated(frame: pd.DataFrame, id: str, until: pd.Series, columns: tuple[str, ...]) -> list[Finding]:
    name = endpoint(id).short
    no_start = (frame["start_date"].isna() & until.notna()).to_numpy()
    no_end = (frame["start_date"].notna() & until.isna()).to_numpy()
    either = " or ".join(columns)
    remedy = f"Without it the patient is left out of {name}."
    found = [
        Finding("warning", "missing-start-date", "start_date", no_start, "the date on which treatment started", remedy),
        Finding("warning", "missing-end-date", columns[0], no_end, f"a date in {either}", remedy),
    ]
    return [f for f in found if f.rows is not None and f.rows.any()]


def months_from_days(
    frame: pd.DataFrame, days_per_month: float
) -> tuple[pd.DataFrame, frozenset[str], tuple[Finding, ...]]:
    """`<id>_months` = `<id>_days` / days_per_month for every endpoint and for delayed entry.

    Returns the frame, the endpoints all of whose times are whole days, and rows where months that were
    given as well differ by more than 0.06 (printed months are rounded to a tenth): there the days count.
    """
    in_days: set[str] = set()
    findings: list[Finding] = []
    for id in (*endpoint_ids(frame.columns), "entry"):
        if f"{id}_days" not in frame:
            continue
        computed = frame[f"{id}_days"] / days_per_month
        given = frame.get(f"{id}_months", computed)
        differs = ((given - computed).abs() > 0.06).to_numpy()
        if differs.any():
            expected = f"{id}_days / {days_per_month:.6g}"
            remedy = "The days are used. Another number of days per month would explain a constant ratio."
            findings.append(Finding("warning", "months-differ", f"{id}_months", differs, expected, remedy))
        filled = computed.fillna(given)
        frame = frame.assign(**{f"{id}_months": filled})
        days = frame[f"{id}_days"].dropna()
        if len(days) == filled.notna().sum() and (days == np.floor(days)).all():
            in_days.add(id)
    return frame, frozenset(in_days - {"entry"}), tuple(findings)
