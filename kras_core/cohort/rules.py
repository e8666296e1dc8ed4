"""Rules between columns: what cannot be true of a patient, and what most likely means something else."""

import datetime as dt
from collections.abc import Callable

import numpy as np
import pandas as pd

from kras_core.cohort import coding, response_rules
from kras_core.cohort.derive import endpoint_columns, endpoint_ids
from kras_core.cohort.endpoints import endpoint
from kras_core.cohort.problems import Finding
from kras_core.cohort.variables import ENDPOINT_COLUMN, variable

FEWEST_EQUAL = 5  # values that two rows must share before they are thought to be one patient

Rule = Callable[[pd.DataFrame, float], list[Finding]]


def broken_rules(frame: pd.DataFrame, days_per_month: float) -> list[Finding]:
    """Every rule that the completed frame of patients breaks. Flags and times are float64, dates datetime64.

    An endpoint whose columns have changed places breaks many others as well; only that is said of it.
    """
    found = coding.swapped_findings(frame)
    apart = frame.drop(columns=[c for id in coding.swapped(frame) for c in frame if c in endpoint_columns(id)])
    found += [finding for rule in RULES for finding in rule(apart, days_per_month)]
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


def one_sided(frame: pd.DataFrame, _: float) -> list[Finding]:
    """An endpoint that everybody has reached who has a time, or nobody."""
    found = []
    for id in endpoint_ids(frame.columns):
        time, event, name = frame[f"{id}_months"], frame[f"{id}_event"], endpoint(id).short
        known = time.notna() & event.notna()
        if known.sum() < 2:
            continue
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


def future_dates(frame: pd.DataFrame, _: float) -> list[Finding]:
    """Nothing that happened is dated after today; what is dated after the cut-off is not part of the data."""
    today, found = pd.Timestamp(dt.date.today()), []
    for column in frame.columns:
        known = variable(column)
        if known is None or known.kind != "date" or not _is_date(frame[column]):
            continue
        future = (frame[column] > today).to_numpy()
        remedy = "Correct the date; a year of two digits may have been read as another century."
        found.append(Finding("error", "future-date", column, future, "a date up to today", remedy))
        if column != "data_cutoff_date" and "data_cutoff_date" in frame and _is_date(frame["data_cutoff_date"]):
            later = (frame[column] > frame["data_cutoff_date"]).to_numpy() & ~future
            remedy = "Dated after the data cut-off: check it, or leave it out."
            found.append(Finding("warning", "after-cutoff", column, later, "a date up to data_cutoff_date", remedy))
    return found


def unusual_age(frame: pd.DataFrame, _: float) -> list[Finding]:
    """Possible ages that are rare in lung cancer and often a slip: a year typed short, months for years."""
    if "age" not in frame:
        return []
    rows = ((frame["age"] < 18) | (frame["age"] > 100)).to_numpy()
    return [Finding("warning", "unusual-age", "age", rows, "an age from 18 to 100", "Check it.")]


def same_person(frame: pd.DataFrame, _: float) -> list[Finding]:
    """Rows that are equal in everything but patient_id, with five values or more: entered twice, most likely."""
    if "patient_id" not in frame:
        return []
    others = frame.drop(columns="patient_id")
    rows = (others.duplicated() & (others.notna().sum(axis=1) >= FEWEST_EQUAL)).to_numpy()
    remedy = "Everything else is as in an earlier row: the same patient under two ids? Then remove one."
    return [Finding("warning", "same-person", "patient_id", rows, "", remedy)]


RULES: tuple[Rule, ...] = (
    date_order,
    times_and_events,
    one_sided,
    progression_before_death,
    death_known,
    delayed_entry,
    unpaired,
    future_dates,
    unusual_age,
    same_person,
    response_rules.progression_as_best,
    response_rules.progression_dated,
    response_rules.response_after_progression,
    response_rules.response_undated,
    response_rules.change_of_lesions,
    coding.units,
    coding.times_against_dates,
    coding.inverted,
    coding.status_words,
    coding.constant,
)
