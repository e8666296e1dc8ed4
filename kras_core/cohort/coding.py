"""Rules about whole columns that are possible but most likely mean something else: days for months, time for event,
alive for dead, a value filled down."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from kras_core.cohort.derive import endpoint_ids
from kras_core.cohort.endpoints import endpoint
from kras_core.cohort.problems import Finding
from kras_core.cohort.variables import variable

LONGEST_MONTHS = 360.0
LONGEST_WHOLE_MONTHS = 120.0  # a column of whole numbers with a longer one than this most likely counts days
FEWEST = 10  # patients with and without the event, below which their times are not compared
LATER = 0.8  # share of pairs in which the event comes after the censoring, from which the coding is doubted
FEWEST_WITNESSES = 5  # patients whose dates or words contradict the coding
MOST_WORDS = 100  # different texts of a column beyond which they say more than dead or alive

_ALIVE = frozenset({"alive", "living", "censored", "survived", "存活", "生存", "lebend", "vivant", "vivo"})
_DEAD = frozenset({"dead", "deceased", "died", "death", "expired", "死亡", "tot", "verstorben", "décédé", "muerto"})


def units(frame: pd.DataFrame, days_per_month: float) -> list[Finding]:
    """Months that look like days, and days that look like months."""
    found = []
    for id in endpoint_ids(frame.columns):
        months, ratio = frame[f"{id}_months"].dropna(), _against_dates(frame, id, days_per_month)
        if f"{id}_days" in frame:
            if len(months) and abs(ratio * days_per_month - 1) < 0.1:
                remedy = f"By the dates these are months. If they are, call the column {id}_months."
                found.append(Finding("warning", "months-in-days", f"{id}_days", None, remedy=remedy))
            continue
        whole = len(months) >= FEWEST and (months == np.floor(months)).all()
        if len(months) and abs(ratio / days_per_month - 1) < 0.1:
            why = "By the dates these are days."
        elif (months > LONGEST_MONTHS).any():
            why = f"The longest is {months.max():,.0f} months."
        elif whole and months.max() > LONGEST_WHOLE_MONTHS:
            why = f"All are whole numbers and the longest is {months.max():,.0f} months."
        else:
            continue
        remedy = f"{why} If these are days, call the column {id}_days."
        found.append(Finding("warning", "days-in-months", f"{id}_months", None, remedy=remedy))
    return found


def dated_times(frame: pd.DataFrame, id: str, days_per_month: float) -> pd.Series | None:
    """Months from start_date to the dated event of those who have it, NaN for others; None without the dates.

    The rows are those in which the event is coded as having happened.
    """
    ends = {"os": ("death_date",), "pfs": ("progression_date", "death_date")}.get(id, ())
    dated = [c for c in ("start_date", *ends) if c in frame and frame[c].dtype.kind == "M"]
    if len(dated) < 2 or dated[0] != "start_date":
        return None
    days = (frame[dated[1:]].min(axis=1) - frame["start_date"]).dt.days
    return (days / days_per_month).where((frame[f"{id}_event"] == 1) & (days > 0))


def _against_dates(frame: pd.DataFrame, id: str, days_per_month: float) -> float:
    """Median of time given over time by the dates; NaN where fewer than three patients have both."""
    dated = dated_times(frame, id, days_per_month)
    if dated is None:
        return np.nan
    ratios = (frame[f"{id}_months"] / dated).dropna()
    return float(ratios.median()) if len(ratios) >= 3 else np.nan


def times_against_dates(frame: pd.DataFrame, days_per_month: float) -> list[Finding]:
    """A time to death or progression that is more than a month off the dates given beside it."""
    found = []
    for id in endpoint_ids(frame.columns):
        dated = dated_times(frame, id, days_per_month)
        if dated is None or not abs(_against_dates(frame, id, days_per_month) - 1) < 0.1:
            continue
        column = f"{id}_days" if f"{id}_days" in frame else f"{id}_months"
        rows = ((frame[f"{id}_months"] - dated).abs() > 1).to_numpy()
        remedy = "It is used as it is. Correct the time or the dates."
        found.append(Finding("warning", "time-against-dates", column, rows, "the time between the dates", remedy))
    return found


def swapped(frame: pd.DataFrame) -> tuple[str, ...]:
    """Endpoints whose time holds only 0 and 1 while the event holds other numbers: the columns change places."""
    return tuple(id for id in endpoint_ids(frame.columns) if _is_swapped(frame, id))


def _is_swapped(frame: pd.DataFrame, id: str) -> bool:
    time = frame.get(f"{id}_days", frame[f"{id}_months"]).dropna()
    event = frame[f"{id}_event"].dropna()
    return len(time) > 1 and bool(time.isin((0.0, 1.0)).all() and (~event.isin((0.0, 1.0))).mean() > 0.5)


def swapped_findings(frame: pd.DataFrame) -> list[Finding]:
    """One error for each endpoint of `swapped`."""
    return [
        Finding(
            "error",
            "swapped",
            f"{id}_event",
            None,
            "0 or 1",
            f"The times of {endpoint(id).short} hold only 0 and 1, and the events hold times: exchange them.",
        )
        for id in swapped(frame)
    ]


def inverted(frame: pd.DataFrame, _: float) -> list[Finding]:
    """1 that stands for alive: said by a column of words, by dates of death, or, weaker, by the times themselves."""
    found = []
    for id in endpoint_ids(frame.columns):
        event, column = frame[f"{id}_event"], f"{id}_event"
        witness = _against_words(frame, event) or _against_deaths(frame, event) if id == "os" else ""
        if witness:
            remedy = f"{witness} 1 must mean that {endpoint(id).event} happened: exchange 0 and 1."
            found.append(Finding("warning", "inverted-event", column, None, "1 for the event", remedy))
            continue
        share = _later(frame[f"{id}_months"], event)
        if share >= LATER:
            remedy = (
                f"In {100 * share:.0f} of 100 pairs the event comes after the censoring; usually it is the other way "
                f"round. Check that 1 means {endpoint(id).event}."
            )
            found.append(Finding("warning", "late-events", column, None, remedy=remedy))
    return found


def _later(time: pd.Series, event: pd.Series) -> float:
    """Share of pairs (event, censored) in which the event's time is the longer, ties as half; 0 with too few."""
    events, censored = time[event == 1].dropna().to_numpy(), np.sort(time[event == 0].dropna().to_numpy())
    if min(len(events), len(censored)) < FEWEST:
        return 0.0
    below = np.searchsorted(censored, events, "left") + np.searchsorted(censored, events, "right")
    return float(below.mean() / 2 / len(censored))


def life_words(values: pd.Series) -> pd.Series | None:
    """1 for dead, 0 for alive, NaN for neither, where a column of words says both and little else; else None."""
    if values.dtype.kind in "fM":
        return None
    codes, distinct = pd.factorize(values)
    if len(distinct) > MOST_WORDS:
        return None
    words = pd.Series(np.array([*(_life(str(v)) for v in distinct), np.nan])[codes], index=values.index)
    said = (codes >= 0).sum()
    is_status = said >= FEWEST_WITNESSES and words.notna().sum() > 0.9 * said and words.nunique() == 2
    return words if is_status else None


def _life(text: str) -> float:
    word = text.partition(":")[2] or text  # "1:DECEASED"
    word = word.strip().casefold()
    return 1.0 if word in _DEAD else 0.0 if word in _ALIVE else np.nan


def _against_words(frame: pd.DataFrame, event: pd.Series) -> str:
    for name in frame.columns:
        words = life_words(frame[name])
        both = None if words is None else words.notna() & event.isin((0.0, 1.0))
        if words is not None and both is not None and both.sum() >= FEWEST_WITNESSES:
            against = (words[both] != event[both]).mean()
            if against > 0.8:
                return f"The column {name} says alive where the event is 1 and dead where it is 0."
    return ""


def _against_deaths(frame: pd.DataFrame, event: pd.Series) -> str:
    if "death_date" not in frame or frame["death_date"].dtype.kind != "M":
        return ""
    dated, known = frame["death_date"].notna(), event.isin((0.0, 1.0))
    if (dated & known).sum() < FEWEST_WITNESSES or (dated[known] == (event[known] == 1)).mean() >= 0.2:
        return ""
    return "Those with a date of death have event 0 and the others 1."


def status_words(frame: pd.DataFrame, _: float) -> list[Finding]:
    """A patient whom a column of words calls dead or alive against os_event; all of them is `inverted`."""
    if "os_event" not in endpoint_ids(frame.columns) and "os_event" not in frame:
        return []
    event = frame["os_event"]
    if _against_words(frame, event):
        return []
    found = []
    for name in frame.columns:
        words = life_words(frame[name])
        if words is not None:
            rows = (words.notna() & event.isin((0.0, 1.0)) & (words != event)).to_numpy()
            remedy = f"The column {name} says otherwise. Correct one of the two."
            found.append(Finding("warning", "status-differs", "os_event", rows, f"what {name} says", remedy))
    return found


def labelled_codes(labels: Mapping[str, Mapping[str, str]], names: Mapping[str, str]) -> list[Finding]:
    """Event columns whose own value labels call 1 alive or 0 dead. names: header -> the dictionary's name."""
    found = []
    for header, codes in labels.items():
        name = names.get(header, header)
        said = {code.removesuffix(".0"): _life(text) for code, text in codes.items()}
        if name.endswith("_event") and (said.get("1") == 0 or said.get("0") == 1):
            remedy = "The file's own labels say that 1 is alive: exchange 0 and 1."
            found.append(Finding("warning", "inverted-event", name, None, "1 for the event", remedy))
    return found


def constant(frame: pd.DataFrame, _: float) -> list[Finding]:
    """A measured column with one value throughout was most likely filled down, a laboratory value above all."""
    found = []
    for column in frame.columns:
        known = variable(column)
        if frame[column].dtype.kind != "f" or (known and (known.kind == "flag" or known.role == "outcome")):
            continue
        values = frame[column].dropna()
        if len(values) > 2 and values.min() == values.max() and not values.isin((0.0, 1.0)).all():
            remedy = "Every patient has the same value. Check that it was not filled down by mistake."
            laboratory = known is not None and known.role == "laboratory"
            found.append(Finding("warning" if laboratory else "note", "constant", column, None, remedy=remedy))
    return found
