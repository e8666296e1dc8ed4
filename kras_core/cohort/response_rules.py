"""Rules between response, target lesions and progression (RECIST 1.1), and between adverse events and outcome."""

import numpy as np
import pandas as pd

from kras_core.cohort.ctcae import VERSION, grades_of
from kras_core.cohort.derive import endpoint_ids
from kras_core.cohort.problems import Finding

RESPONSES = ("CR", "PR")


def progression_as_best(frame: pd.DataFrame, _: float) -> list[Finding]:
    """Whoever progressed at the first assessment has an event of PFS."""
    if "best_response" not in frame or "pfs" not in endpoint_ids(frame.columns):
        return []
    rows = ((frame["best_response"] == "PD") & (frame["pfs_event"] == 0)).to_numpy()
    remedy = "The best response is PD: correct it, or give the time of progression."
    return [Finding("warning", "pd-without-event", "pfs_event", rows, "1, as the best response is PD", remedy)]


def progression_dated(frame: pd.DataFrame, _: float) -> list[Finding]:
    """A patient with a date of progression has an event of PFS."""
    if "pfs_event" not in frame or not _dated(frame, "progression_date"):
        return []
    rows = (frame["progression_date"].notna() & (frame["pfs_event"] == 0)).to_numpy()
    remedy = "There is a date of progression: check it, unless it lies after the data cut-off."
    return [Finding("warning", "progression-without-event", "pfs_event", rows, "1", remedy)]


def response_after_progression(frame: pd.DataFrame, days_per_month: float) -> list[Finding]:
    """A first response comes before progression, by date or by time; a day's rounding is let pass."""
    late = np.zeros(len(frame), dtype=bool)
    column = "response_date" if "response_date" in frame else "response_months"
    if _dated(frame, "response_date") and _dated(frame, "progression_date"):
        late |= (frame["response_date"] > frame["progression_date"]).to_numpy()
    if "response_months" in frame and "pfs" in endpoint_ids(frame.columns):
        limit = frame["pfs_months"] + 1 / days_per_month + 1e-9
        late |= ((frame["response_months"] > limit) & (frame["pfs_event"] == 1)).to_numpy()
    remedy = "Correct one of the two: a response after progression is none of this treatment."
    return [Finding("warning", "response-after-progression", column, late, "a response before progression", remedy)]


def response_undated(frame: pd.DataFrame, _: float) -> list[Finding]:
    """Only a responder has a date of response."""
    if "best_response" not in frame or not _dated(frame, "response_date"):
        return []
    known = frame["best_response"].notna() & ~frame["best_response"].isin(RESPONSES)
    rows = (frame["response_date"].notna() & known).to_numpy()
    remedy = "There is a date of response: correct it, or the best response."
    return [Finding("warning", "response-date-without-response", "best_response", rows, "CR or PR", remedy)]


def change_of_lesions(frame: pd.DataFrame, _: float) -> list[Finding]:
    """By RECIST 1.1 a response needs target lesions smaller by 30 % or more; at best progression they were not."""
    if not {"best_response", "best_change_percent"} <= set(frame.columns):
        return []
    response, change = frame["best_response"], frame["best_change_percent"]
    grown = (response.isin(RESPONSES) & (change > -30)).to_numpy()
    shrunk = ((response == "PD") & (change <= -30)).to_numpy()
    return [
        Finding(
            "warning",
            "response-without-shrinkage",
            "best_change_percent",
            grown,
            "-30 or less, as the best response is CR or PR",
            "Check both. A CR of non-measurable disease has no change to give: leave it empty.",
        ),
        Finding(
            "warning",
            "progression-with-shrinkage",
            "best_change_percent",
            shrunk,
            "more than -30, as the best response is PD",
            "Check both. New lesions explain it.",
        ),
    ]


def adverse_events(events: pd.DataFrame, patients: pd.DataFrame) -> list[Finding]:
    """What cannot be true of adverse events: a grade that CTCAE has not for the term, a fatal one of the living."""
    if not {"patient_id", "term", "grade"} <= set(events.columns):
        return []
    ranges = {term: grades_of(str(term)) for term in events["term"].dropna().unique()}
    low = events["term"].map({t: r[0] for t, r in ranges.items() if r}).astype(float)
    high = events["term"].map({t: r[1] for t, r in ranges.items() if r}).astype(float)
    outside = ((events["grade"] < low) | (events["grade"] > high)).to_numpy()
    found = []
    for lowest, highest in sorted({r for r in ranges.values() if r}):
        rows = outside & (low == lowest).to_numpy() & (high == highest).to_numpy()
        expected = f"a grade from {lowest} to {highest}, as {VERSION} has for this term"
        found.append(Finding("warning", "ctcae-grade", "grade", rows, expected, "Check the term and the grade."))
    copies = events.astype(object).duplicated().to_numpy()
    remedy = "The same event of the same patient twice: it counts once, at its worst grade."
    found.append(Finding("note", "repeated-event", "term", copies, "", remedy))
    return [*found, *_fatal(events, patients)]


def _fatal(events: pd.DataFrame, patients: pd.DataFrame) -> list[Finding]:
    if not {"patient_id", "os_event"} <= set(patients.columns):
        return []
    alive = set(patients.loc[patients["os_event"] == 0, "patient_id"])
    rows = ((events["grade"] == 5) & events["patient_id"].isin(alive)).to_numpy()
    remedy = "Grade 5 is death, and the patient's os_event is 0: correct one of the two."
    return [Finding("warning", "fatal-event-alive", "grade", rows, "at most 4, as the patient is alive", remedy)]


def _dated(frame: pd.DataFrame, column: str) -> bool:
    return column in frame and frame[column].dtype.kind == "M"
