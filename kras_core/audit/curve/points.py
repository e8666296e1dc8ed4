"""Digitised points, numbers at risk and totals -> the printed curves that `reconstruct` takes, or every reason why not.

A published figure is nobody's patient data, but its files are uploads like others: problems name file, line, column,
the value found and the remedy, and only `Problem.sentence` shows the value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from kras_core.audit.curve.grid import Series, series_of
from kras_core.audit.curve.guyot import RISE, PrintedCurve, in_order
from kras_core.cohort.model import DAYS_PER_MONTH
from kras_core.cohort.problems import CohortError, Problem, has_errors
from kras_core.stats.results import Floats, Ints

Scale = Literal["percent", "proportion"]
File = tuple[str, bytes]

MONTHS_PER = {"months": 1.0, "weeks": 7 / DAYS_PER_MONTH, "days": 1 / DAYS_PER_MONTH, "years": 12.0}

PERCENT_ABOVE = 1.2  # the largest survival of a figure in proportions, with room for a careless click at the top
OUTSIDE = 0.05  # how far beyond 0 and 1, and of the time axis before 0, a click may go
BELOW_TABLE = 0.03  # how far a curve may lie below the share that the printed numbers at risk prove alive
MOST_POINTS = 5_000
MOST_PATIENTS = 100_000
MOST_ARMS = 8
TIMES_EQUAL = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """One arm as digitised: time (m,) in the figure's unit, survival (m,) as proportions, and how it was written.

    label: the arm's name from now on. written: what the file calls it, by which other files may call it too.
    """

    label: str
    written: str
    time: Floats
    survival: Floats
    scale: Scale
    series: Series


@dataclass(frozen=True, slots=True)
class Figure:
    """What was read: curves in months, the scale their survival was written in, and what there is to say of it."""

    curves: tuple[PrintedCurve, ...]
    scales: tuple[Scale, ...]
    problems: tuple[Problem, ...]


def read_figure(
    points: Sequence[File],
    at_risk: Sequence[File] = (),
    ticks: Sequence[File] = (),
    *,
    labels: Sequence[str] = (),
    n: Mapping[str, int] | None = None,
    events: Mapping[str, int] | None = None,
    unit: str = "months",
    scale: Scale | None = None,
) -> Figure:
    """The figure that these files describe; one arm each, or several in one.

    labels: names of the arms in the order of the files. n, events: printed totals by arm; n is needed where there are
    no numbers at risk. unit: of the time axis. scale: found out from the values unless given.
    Raises CohortError with what is wrong.
    """
    read = read_points(points, labels, scale)
    names = [p.label for p in read]
    tables, noted = _matched(read, read_series(at_risk), "numbers at risk")
    marks, more = _matched(read, read_series(ticks, pairs=False), "censor ticks")
    problems = [*noted, *more, *_unknown(names, n or {}, "n"), *_unknown(names, events or {}, "events")]
    curves = []
    for p in read:
        per = MONTHS_PER[unit]
        risk_time, risk_n, found = _numbers_at_risk(p, tables.get(p.label), (n or {}).get(p.label))
        problems += [*_noteworthy(p), *found]
        if not has_errors(problems):
            total = (events or {}).get(p.label)
            tick_times = marks[p.label].x * per if p.label in marks else np.empty(0)
            problems += _against_table(p, risk_time, risk_n, tables.get(p.label)) + _total(p, total, int(risk_n[0]))
            curves.append(PrintedCurve(p.label, p.time * per, p.survival, risk_time * per, risk_n, total, tick_times))
    if has_errors(problems):
        raise CohortError(sorted(problems, key=lambda problem: problem.severity != "error"))
    return Figure(tuple(curves), tuple(p.scale for p in read), tuple(problems))


def read_points(files: Sequence[File], labels: Sequence[str] = (), scale: Scale | None = None) -> tuple[Points, ...]:
    """Points of every arm, in the order of the files. Raises CohortError."""
    if not files:
        raise CohortError([Problem("error", "no-file", "points", remedy="Give the digitised points.")])
    found = read_series(files)
    written, names = _named(found, ()), _named(found, labels)
    by_file: dict[str, Scale] = {}
    for file in {s.file for s in found}:
        by_file[file] = scale or _scale_of([s for s in found if s.file == file])
    read = tuple(
        Points(name, own, s.x, s.y / (100 if by_file[s.file] == "percent" else 1), by_file[s.file], s)
        for name, own, s in zip(names, written, found, strict=True)
    )
    problems = [problem for p in read for problem in _impossible(p)]
    if problems:
        raise CohortError(problems)
    return read


def read_series(files: Sequence[File], pairs: bool = True) -> list[Series]:
    """Every series of the files; a file's only one is named after the file. Raises CohortError."""
    found: list[Series] = []
    for name, content in files:
        found += series_of(name, content, pairs)
    return found


def _named(found: Sequence[Series], labels: Sequence[str]) -> list[str]:
    """One name an arm: as given (unless empty), as the table says, after the file (pasted text is none), or numbered.

    Raises CohortError where two have the same.
    """
    if len(found) > MOST_ARMS:
        remedy = f"There are {len(found)} arms. Give at most {MOST_ARMS}."
        raise CohortError([Problem("error", "too-many-arms", found[0].file, remedy=remedy)])
    if labels and len(labels) != len(found):
        remedy = f"There are {len(found)} arms and {len(labels)} names. Give one name an arm."
        raise CohortError([Problem("error", "arm-names", found[0].file, remedy=remedy)])
    alone = {s.file for s in found if sum(o.file == s.file for o in found) == 1}
    names = []
    for i, s in enumerate(found):
        file = Path(s.file)
        own = s.label or (file.stem if s.file in alone and file.suffix else f"Arm {i + 1}")
        names.append(" ".join((labels[i] if labels else "").split()) or " ".join(own.split()) or f"Arm {i + 1}")
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        expected, remedy = "every arm once", "Give each arm a name of its own."
        raise CohortError([Problem("error", "arm-twice", found[0].file, "", None, "", twice, expected, remedy)])
    return names


def _scale_of(series: Sequence[Series]) -> Scale:
    """Percent where a percent sign says so or a value is too large for a proportion."""
    largest = max((float(s.y.max()) for s in series if s.y.size), default=0.0)
    return "percent" if largest > PERCENT_ABOVE or any(s.percent for s in series) else "proportion"


def _impossible(p: Points) -> list[Problem]:
    """Why these points are no survival curve; the first reason of each kind."""
    s = p.series
    if not p.time.size or not (p.time > 0).any():
        return [s.problem(None, 0, "a point after time 0", "Give the points of the curve.")]
    if p.time.size > MOST_POINTS:
        remedy = "Thin the points out: one at every step is enough."
        return [s.problem(None, 0, f"at most {MOST_POINTS:,} points, found {p.time.size:,}", remedy)]
    found = []
    outside = np.flatnonzero((p.survival < -OUTSIDE) | (p.survival > 1 + OUTSIDE))
    if outside.size:
        expected = "survival from 0 to 100 %" if p.scale == "percent" else "survival from 0 to 1"
        remedy = f"Check this point. The values were read as {p.scale}s, since the largest is {s.y.max():g}."
        found.append(s.problem(int(outside[0]), 1, expected, remedy.replace("percents", "percentages")))
    early = np.flatnonzero(p.time < -OUTSIDE * p.time.max())
    if early.size:
        remedy = "Check the calibration of the time axis; a point just left of 0 is let pass."
        found.append(s.problem(int(early[0]), 0, "a time of 0 or more", remedy))
    order = np.lexsort((-p.survival, p.time))
    first, last = order[0], order[-1]
    if p.survival[last] > p.survival[first] + 2 * RISE:
        expected = "a curve that falls"
        remedy = "This one ends higher than it begins. Of a cumulative incidence give 1 minus its values."
        found.append(s.problem(int(last), 1, expected, remedy))
    return found


def _noteworthy(p: Points) -> list[Problem]:
    """What a careful reader would ask about these points."""
    s, found = p.series, []
    inside = p.time >= 0
    left_out = int(inside.sum()) - in_order(p.time, p.survival).size
    if left_out:
        verb = "point rises" if left_out == 1 else "points rise"
        remedy = f"{left_out} {verb} by more than {100 * RISE:g} percentage points and are left out as out of order."
        found.append(s.problem(None, 1, "", f"{p.label}: {remedy}", "warning"))
    if (~inside).any():
        many = f"{(~inside).sum()} point{'s' if (~inside).sum() > 1 else ''}"
        found.append(s.problem(None, 0, "", f"{p.label}: {many} before time 0 left out.", "note"))
    if inside.sum() < 3:
        found.append(s.problem(None, 0, "", f"{p.label}: one or two points are no curve. Click every step.", "warning"))
    if p.survival[inside].max() < 0.5:
        remedy = f"{p.label}: no point lies above 50 %. Check the calibration of the survival axis."
        found.append(s.problem(None, 1, "", remedy, "warning"))
    return found


def _matched(points: Sequence[Points], found: Sequence[Series], what: str) -> tuple[dict[str, Series], list[Problem]]:
    """Which series belongs to which arm: by name, else in order where there are as many. Raises CohortError."""
    if not found:
        return {}, []
    called = [s.label or Path(s.file).stem for s in found]
    for names in ([p.label for p in points], [p.written for p in points]):
        keys = {name.casefold(): p.label for name, p in zip(names, points, strict=True)}
        arms = [keys.get(c.casefold()) for c in called]
        if None not in arms and len(set(arms)) == len(arms):
            return {str(arm): s for arm, s in zip(arms, found, strict=True)}, []
    labels = [p.label for p in points]
    if len(found) != len(labels):
        expected = f"{what} of {', '.join(labels)}"
        remedy = f"Found {', '.join(s.label or s.file for s in found)}. Name them as the arms of the points."
        raise CohortError([Problem("error", "arms-differ", found[0].file, expected=expected, remedy=remedy)])
    notes = []
    if len(labels) > 1 and any(s.label for s in found):
        matched = "; ".join(f"{c} to {label}" for c, label in zip(called, labels, strict=True))
        remedy = f"The {what} name other arms than the points and were matched in order: {matched}."
        notes.append(Problem("warning", "matched-in-order", found[0].file, remedy=remedy))
    return dict(zip(labels, found, strict=True)), notes


def _unknown(names: Sequence[str], given: Mapping[str, int], what: str) -> list[Problem]:
    return [
        Problem("error", "unknown-arm", what, value=label, expected=f"one of {', '.join(names)}")
        for label in given
        if label not in names
    ]


def _numbers_at_risk(p: Points, table: Series | None, n: int | None) -> tuple[Floats, Ints, list[Problem]]:
    """Times (j,), counts (j,) from time 0 on, and what is wrong with them."""
    nothing = np.zeros(1), np.ones(1, dtype=np.int64)
    if n is not None and not 0 < n <= MOST_PATIENTS:
        expected = f"a number of patients from 1 to {MOST_PATIENTS:,}"
        return *nothing, [Problem("error", "n", p.label, value=str(n), expected=expected)]
    if table is None:
        if n is None:
            remedy = "Give the numbers at risk, or at least how many patients there were at the start."
            return *nothing, [Problem("error", "no-n", p.label, expected="numbers at risk", remedy=remedy)]
        return np.zeros(1), np.array([n], dtype=np.int64), []
    order = np.argsort(table.x, kind="stable")
    time, count = table.x[order], table.y[order]
    time[np.abs(time) < TIMES_EQUAL] = 0.0
    wrong = _wrong_at_risk(table, order, time, count, n)
    if wrong:
        return *nothing, [wrong]
    if time[0] > 0:
        time, count = np.append(0.0, time), np.append(float(n or 0), count)
    return time, count.astype(np.int64), []


def _wrong_at_risk(table: Series, order: Ints, time: Floats, count: Floats, n: int | None) -> Problem | None:
    """The first thing that numbers at risk (in the order of their times) cannot be."""

    def first(mask: np.ndarray, column: int, expected: str, remedy: str) -> Problem | None:
        return table.problem(int(order[int(mask.argmax())]), column, expected, remedy) if mask.any() else None

    if not time.size:
        return table.problem(None, 0, "at least the number at risk at time 0", "Add it.")
    rising = np.diff(count, prepend=np.inf) > 0
    if n is not None and time[0] > 0:
        rising[0] = count[0] > n
    wrong = (
        first(time < 0, 0, "a time of 0 or more", "Correct it.")
        or first(np.diff(time, prepend=-1.0) <= TIMES_EQUAL, 0, "every time once", "Remove the line that repeats it.")
        or first((count < 0) | (count != np.floor(count)), 1, "a whole number of patients", "Correct it.")
        or first(count > MOST_PATIENTS, 1, f"at most {MOST_PATIENTS:,} patients", "Correct it.")
        or first(rising, 1, "no more than before: a number at risk can only fall", "Check the number and its arm.")
    )
    if wrong:
        return wrong
    if time[0] > 0 and n is None:
        return table.problem(int(order[0]), 0, "the number at risk at time 0 first", "Add it: it is the arm's size.")
    if time[0] == 0 and n is not None and count[0] != n:
        return table.problem(int(order[0]), 1, f"{n}, the number of patients given", "Correct one of the two.")
    if time[0] == 0 and count[0] < 1:
        return table.problem(int(order[0]), 1, "somebody at risk at time 0", "Correct it.")
    return None


def _against_table(p: Points, time: Floats, at_risk: Ints, table: Series | None) -> list[Problem]:
    """Whoever is at risk is alive, so a curve below that share of the arm belongs to other numbers or another axis."""
    used = in_order(p.time, p.survival)
    if table is None or not used.size:
        return []
    level = np.append(1.0, p.survival[used])[np.searchsorted(p.time[used], time, side="left")]
    share = at_risk / at_risk[0]
    below = np.flatnonzero((share > level + BELOW_TABLE) & (time <= p.time.max()))
    if not below.size:
        return []
    at = int(below[0])
    remedy = (
        f"{p.label}: at {time[at]:g}, {at_risk[at]} of {at_risk[0]} are at risk, so at least {100 * share[at]:.0f} % "
        f"live, but the curve is at {100 * level[at]:.0f} %. Arms swapped, or two units of time?"
    )
    return [table.problem(None, 1, "", remedy, "warning")]


def _total(p: Points, events: int | None, n: int) -> list[Problem]:
    if events is None or 0 <= events <= n:
        return []
    return [Problem("error", "events", p.label, value=str(events), expected=f"a total of events from 0 to {n}")]
