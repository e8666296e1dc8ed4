"""Rules between columns: what cannot be true of a patient, and what most likely means something else."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from kras_core.cohort.derive import endpoint_ids
from kras_core.cohort.endpoints import endpoint
from kras_core.cohort.problems import Finding
from kras_core.cohort.variables import ENDPOINT_COLUMN, variable

LONGEST_MONTHS = 360.0

Rule = Callable[[pd.DataFrame, float], list[Finding]]


def broken_rules(frame: pd.DataFrame, days_per_month: float) -> list[Finding]:
    """Every rule that the completed frame of patients breaks. Flags and times are float64, dates datetime64."""
    found = [finding for rule in RULES for finding in rule(frame, days_per_month)]
    return [f for f in found if f.rows is None or f.rows.any()]


def date_order(frame: pd.DataFrame, _: float) -> list[Finding]:
    """Nothing that is dated from the start of treatment on happens before it; nobody progresses after death."""
    found = []
    for earlier, later in (
        *(("start_date", c) for c in frame.columns if c.endswith("_date") and c != "start_date"),
        ("progression_date", "death_date"),
    ):
        known = {earlier, later} <= set(frame.columns) and variable(later) is not None
        if known and _is_date(frame[earlier]) and _is_date(frame[later]):
            rows = (frame[later] < frame[earlier]).to_numpy()
            expected = f"a date on or after {earlier}"
            found.append(Finding("error", "date-order", later, rows, expected, "Correct one of the two dates."))
    return found


def _is_date(values: pd.Series) -> bool:
    return values.dtype.kind == "M"


def times_and_events(frame: pd.DataFrame, _: float) -> list[Finding]:
    """Every endpoint has its time where it has its event, and the other way round."""
    found = []
    for id in endpoint_ids(frame.columns):
        time, event, name = frame[f"{id}_months"], frame[f"{id}_event"], endpoint(id).short
        column = f"{id}_days" if f"{id}_days" in frame else f"{id}_months"
        untimed, timed = time.isna().to_numpy(), time.notna().to_numpy()
        known = event.notna().to_numpy()
        found += [
            Finding(
                "error",
                "event-without-time",
                column,
                untimed & (event == 1).to_numpy(),
                f"a time, as {id}_event is 1",
                "Add the time of the event, or leave the event empty.",
            ),
            Finding(
                "warning",
                "time-without-event",
                f"{id}_event",
                timed & ~known,
                "0 or 1, as there is a time",
                f"Without it the patient is left out of {name}.",
            ),
            Finding(
                "warning",
                "zero-time",
                column,
                (time == 0).to_numpy(),
                "a time above 0",
                "Kept as it is: check that the patient was followed at all.",
            ),
        ]
    return found


def coding(frame: pd.DataFrame, _: float) -> list[Finding]:
    """Whole columns that are possible but most likely mean something else."""
    found = []
    for id in endpoint_ids(frame.columns):
        time, event, name = frame[f"{id}_months"], frame[f"{id}_event"], endpoint(id).short
        known = time.notna() & event.notna()
        if known.sum() < 2:
            continue
        if (time > LONGEST_MONTHS).any():
            remedy = f"The longest is {time.max():,.0f} months. If these are days, call the column {id}_days."
            found.append(Finding("warning", "days-in-months", f"{id}_months", None, remedy=remedy))
        if (event[known] == 1).all() and not known.all() and id != "dor":  # which responders alone have
            remedy = (
                f"{name} is given only where the event happened. If the others are still without it, add their times "
                "with event 0: leaving them out shortens survival."
            )
            found.append(Finding("warning", "only-events", f"{id}_event", None, remedy=remedy))
        if (event[known] == 0).all():
            remedy = f"Nobody has an event of {name}. Check the coding: 1 means that it happened."
            found.append(Finding("warning", "no-events", f"{id}_event", None, remedy=remedy))
    return found


def progression_before_death(frame: pd.DataFrame, days_per_month: float) -> list[Finding]:
    """PFS ends with death at the latest, so that it is never longer than OS; a day's rounding is let pass."""
    if not {"pfs", "os"} <= set(endpoint_ids(frame.columns)):
        return []
    longer = (frame["pfs_months"] > frame["os_months"] + 1 / days_per_month + 1e-9).to_numpy()
    longer &= (frame["os_months"] >= 0).to_numpy()
    died = (frame["os_event"] == 1).to_numpy()
    column = "pfs_days" if "pfs_days" in frame else "pfs_months"
    return [
        Finding(
            "error",
            "pfs-after-death",
            column,
            longer & died,
            "at most the time to death",
            "Correct one of the two times.",
        ),
        Finding(
            "warning",
            "pfs-longer-than-os",
            column,
            longer & ~died,
            "at most overall survival",
            "Whoever is known to be without progression is known to be alive: update the last contact.",
        ),
    ]


def death_known(frame: pd.DataFrame, _: float) -> list[Finding]:
    """A patient with a date of death has died."""
    if not {"death_date", "os_event"} <= set(frame.columns) or not _is_date(frame["death_date"]):
        return []
    rows = (frame["death_date"].notna() & (frame["os_event"] == 0)).to_numpy()
    remedy = "There is a date of death: check it, unless it lies after the data cut-off."
    return [Finding("warning", "death-without-event", "os_event", rows, "1", remedy)]


def delayed_entry(frame: pd.DataFrame, _: float) -> list[Finding]:
    """A patient who enters after the end of the own follow-up was never under observation."""
    if "entry_months" not in frame:
        return []
    column = "entry_days" if "entry_days" in frame else "entry_months"
    late = np.zeros(len(frame), dtype=bool)
    for id in endpoint_ids(frame.columns):
        late |= (frame["entry_months"] >= frame[f"{id}_months"]).to_numpy()
    remedy = "Under delayed entry the patient is left out where entry is not before the end of follow-up."
    return [Finding("warning", "late-entry", column, late, "an entry before the end of follow-up", remedy)]


def unpaired(frame: pd.DataFrame, _: float) -> list[Finding]:
    """A time without its event column, or an event without its time, is no endpoint."""
    found = []
    for column in frame.columns:
        match = ENDPOINT_COLUMN.match(column)
        if match and match[1] in ("pfs", "os") and match[1] not in endpoint_ids(frame.columns):
            partner = f"{match[1]}_months or {match[1]}_days" if match[2] == "event" else f"{match[1]}_event"
            remedy = f"Without it {endpoint(match[1]).short} is not offered."
            found.append(Finding("warning", "unpaired", column, None, f"a column {partner} beside it", remedy))
    return found


def constant(frame: pd.DataFrame, _: float) -> list[Finding]:
    """A measured column with one value throughout was most likely filled down."""
    found = []
    for column in frame.columns:
        known = variable(column)
        if frame[column].dtype.kind != "f" or (known and (known.kind == "flag" or known.role == "outcome")):
            continue
        values = frame[column].dropna()
        if len(values) > 2 and values.min() == values.max() and not values.isin((0.0, 1.0)).all():
            remedy = "Every patient has the same value. Check that it was not filled down by mistake."
            found.append(Finding("note", "constant", column, None, remedy=remedy))
    return found


RULES: tuple[Rule, ...] = (
    date_order,
    times_and_events,
    coding,
    progression_before_death,
    death_known,
    delayed_entry,
    unpaired,
    constant,
)
