"""Scans of target lesions: when they were, and what must hold of them (RECIST 1.1, Eisenhauer et al. 2009)."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from kras_core.cohort.problems import Finding

TIMES = ("days", "months", "assessment_date")
_TIME = "days, months or assessment_date"


def months_of(scans: pd.DataFrame, patients: pd.DataFrame, days_per_month: float) -> pd.Series:
    """Months from the start to each scan: by its days, else as given, else by its date and the patient's start_date;
    NaN where none of them is known."""
    months = pd.Series(np.nan, scans.index)
    if "days" in scans:
        months = scans["days"] / days_per_month
    if "months" in scans:
        months = months.fillna(scans["months"])
    if {"assessment_date", "patient_id"} <= set(scans.columns) and {"patient_id", "start_date"} <= set(
        patients.columns
    ):
        known = patients.dropna(subset=["patient_id"]).drop_duplicates("patient_id").set_index("patient_id")
        start = scans["patient_id"].map(known["start_date"])
        months = months.fillna((scans["assessment_date"] - start).dt.days / days_per_month)
    return months.astype(np.float64)


def broken_rules(scans: pd.DataFrame, months: pd.Series) -> Iterator[Finding]:
    """What is wrong with these scans: no time, two at one time, no baseline or one of 0 mm."""
    column = next((name for name in TIMES if name in scans), "")
    if not column:
        remedy = "Add the time of every scan."
        yield Finding("error", "missing-column", "", None, f"a column {_TIME}", remedy)
    if not column or not {"patient_id", "sum_mm"} <= set(scans.columns):
        return
    scans = scans.assign(months=months)
    untimed = months.isna()
    remedy = "Give the days from the start, or the date here and start_date in the table of patients."
    yield Finding("error", "scan-without-time", column, untimed.to_numpy(), f"the time of the scan: {_TIME}", remedy)
    again = scans.duplicated(["patient_id", "months"]) & ~untimed
    yield Finding("error", "scan-twice", column, again.to_numpy(), "one scan of a patient at a time", "Keep one row.")
    baselines = scans[months <= 0].sort_values("months").drop_duplicates("patient_id", keep="last")
    first = ~scans.duplicated("patient_id") & scans["patient_id"].notna()
    lacking = first & ~scans["patient_id"].isin(baselines["patient_id"])
    remedy = "Add the patient's scan before the first dose, or remove the patient's rows."
    yield Finding("error", "no-baseline", column, lacking.to_numpy(), "a scan at or before the start (0)", remedy)
    none = scans.index.isin(baselines.index[baselines["sum_mm"] == 0])
    remedy = "Changes are in per cent of the baseline: correct it, or remove the patient's rows."
    yield Finding("error", "baseline-zero", "sum_mm", none, "a sum above 0 mm at baseline", remedy)


def finished(scans: pd.DataFrame, months: pd.Series) -> pd.DataFrame:
    """patient_id, months and sum_mm, by patient and time."""
    kept = scans[["patient_id", "sum_mm"]].assign(months=months)
    return kept[["patient_id", "months", "sum_mm"]].sort_values(["patient_id", "months"], ignore_index=True)
