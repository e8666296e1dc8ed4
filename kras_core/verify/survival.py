"""Verify: the numbers of the Survival view recomputed by lifelines and scikit-survival from the patient rows.

Curves, tests and models are the libraries'; a median, a milestone or an area is then read off their
curve. Where a library lacks the convention in force it is not asked, and the note says so. Times that
differ by rounding only are one time here as well (neither library sees to that by itself).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import inf, isfinite, isnan, nan
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import NDArray

from kras_core.analyse.followed import follow
from kras_core.analyse.results import Stratum, SurvivalAnalysis
from kras_core.analyse.scope import resolve
from kras_core.analyse.survival import analyse
from kras_core.cohort.model import Cohort
from kras_core.conventions import Conventions
from kras_core.selection import Selection
from kras_core.stats.event_table import TIME_TOLERANCE
from kras_core.stats.results import Floats, HazardRatio

HALF = 0.5
TOLERANCE = 1e-9  # S(t) against 50 %: the libraries' own rounding falls to either side
FLOOR = 1e-9  # smaller numbers count as 0 in a relative difference
EVERYBODY = -1


@dataclass(frozen=True, slots=True)
class Check:
    """One number by three engines. inf: not reached; None: not offered, and `note` says why.

    difference: the largest relative difference of an offered number from ours; None where none was offered.
    """

    quantity: str
    stratum: str
    ours: float
    lifelines: float | None
    scikit_survival: float | None
    difference: float | None
    note: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a library is asked: a method of `Opinion`, the words for it, and what that method needs to know.

    slot: the stratum's code (EVERYBODY for all). at: a time. line: which line of the curve, "survival",
    "low" or "high". ratio: position among the hazard ratios.
    """

    kind: str
    quantity: str
    stratum: str = ""
    slot: int = EVERYBODY
    at: float = 0.0
    line: str = "survival"
    ratio: int = 0


@dataclass(frozen=True, slots=True)
class Rows:
    """Patient rows: time, event, entry (None without delayed entry), code of the stratum; each (n,)."""

    time: Floats
    event: NDArray[np.bool_]
    entry: Floats | None
    slot: NDArray[np.intp]

    def where(self, kept: NDArray[np.bool_]) -> "Rows":
        entry = None if self.entry is None else self.entry[kept]
        return Rows(self.time[kept], self.event[kept], entry, self.slot[kept])

    def flipped(self) -> "Rows":
        """Censoring as the event."""
        return Rows(self.time, ~self.event, self.entry, self.slot)


@dataclass(frozen=True, slots=True)
class StepCurve:
    """A library's curve at its own times, with its log-log interval."""

    time: Floats
    survival: Floats
    low: Floats
    high: Floats


class NotOffered(Exception):
    """A library lacks what is in force; the text says what."""


def verify(cohort: Cohort, selection: Selection, analysis: SurvivalAnalysis | None = None) -> tuple[Check, ...]:
    """Compare every number of the analysis (the selection's own unless one is given) with both libraries.

    What redraws replace by a range is not asked. Raises SelectionError as `analyse` does.
    """
    shown = analysis or analyse(cohort, selection)
    rows = patient_rows(cohort, selection)
    opinions = (Lifelines(rows, shown), ScikitSurvival(rows, shown))
    with catch_warnings():
        simplefilter("ignore")
        return tuple(_check(question, ours, *opinions) for question, ours in _questions(shown) if not isnan(ours))


def patient_rows(cohort: Cohort, selection: Selection) -> Rows:
    """The rows behind an analysis; slot k where selected but without a value of the stratifier."""
    scope, followed = resolve(cohort, selection), follow(cohort, selection)
    grid = followed.grid
    slot = scope.groups if followed.rows is None else scope.groups[followed.rows]
    entry = None if grid.entry is None else grid.times[grid.entry]
    return Rows(grid.times[grid.exit], followed.event, entry, slot).where(slot >= 0)


def _check(question: Question, ours: float, first: "Opinion", second: "Opinion") -> Check:
    values: list[float | None] = []
    missing: dict[str, list[str]] = {}
    for opinion in (first, second):
        try:
            values.append(float(getattr(opinion, question.kind)(question)))
        except NotOffered as reason:
            values.append(None)
            missing.setdefault(str(reason), []).append(opinion.name)
    offered = [relative_difference(ours, value) for value in values if value is not None]
    note = "; ".join(f"not offered by {' or '.join(names)}: {reason}" for reason, names in missing.items())
    return Check(question.quantity, question.stratum, ours, values[0], values[1], max(offered, default=None), note)


def relative_difference(a: float, b: float) -> float:
    """Infinite where one of them is and the other is not."""
    if a == b:
        return 0.0
    return abs(a - b) / max(abs(a), abs(b), FLOOR) if isfinite(a) and isfinite(b) else inf


def _questions(analysis: SurvivalAnalysis) -> Iterator[tuple[Question, float]]:
    """Every number of the analysis with what to ask for it; NaN where it is undefined."""
    conventions = analysis.selection.conventions
    for stratum in analysis.strata:
        yield from _of_stratum(stratum, stratum.slot, conventions)
    if analysis.redraws is None or analysis.redraws.overall is None:
        yield from _of_stratum(analysis.overall, EVERYBODY, conventions)
    if analysis.logrank is not None:
        yield Question("logrank_chi2", "Log-rank χ²"), analysis.logrank.statistic
        yield Question("logrank_p", "Log-rank p"), analysis.logrank.p
    for i, ratio in enumerate(_finite(analysis.hazard_ratios)):
        contrast = f"{ratio.label} v {ratio.reference}"
        yield Question("hazard_ratio", "Hazard ratio", contrast, ratio=i), ratio.estimate
        yield Question("log_ratio_error", "Standard error of log hazard ratio", contrast, ratio=i), ratio.std_error


def _of_stratum(s: Stratum, slot: int, conventions: Conventions) -> Iterator[tuple[Question, float]]:
    yield Question("median", "Median", s.label, slot), _or_not_reached(s.median.estimate)
    if conventions.median_interval != "none":
        limits = (("low", "lower", s.median.low), ("high", "upper", s.median.high))
        spss = conventions.median_interval == "spss"  # there NaN is undefined, not "not reached"
        for line, side, value in limits:
            question = Question("median_limit", f"Median, {side} limit", s.label, slot, line=line)
            yield question, value if spss else _or_not_reached(value)
    for rate in s.rates:
        name = f"Survival at {rate.time:g} months"
        yield Question("survival", name, s.label, slot, rate.time), rate.estimate
        yield Question("survival_limit", f"{name}, lower limit", s.label, slot, rate.time, "low"), rate.low
        yield Question("survival_limit", f"{name}, upper limit", s.label, slot, rate.time, "high"), rate.high
    name = f"Restricted mean to {s.rmst.tau:.3g} months"
    yield Question("rmst", name, s.label, slot, s.rmst.tau), s.rmst.estimate
    yield Question("rmst_error", f"{name}, standard error", s.label, slot), s.rmst.std_error
    yield Question("follow_up", "Median follow-up", s.label, slot), _or_not_reached(s.follow_up.estimate)


def _or_not_reached(value: float) -> float:
    return inf if isnan(value) else value


def _finite(ratios: tuple[HazardRatio, ...]) -> list[HazardRatio]:
    return [ratio for ratio in ratios if not isnan(ratio.estimate)]


class Opinion(ABC):
    """What one library says. Subclasses fit; reading a number off a curve is done here, alike for both."""

    name: str

    def __init__(self, rows: Rows, analysis: SurvivalAnalysis) -> None:
        self.rows = rows
        self.analysis = analysis
        self.conventions = analysis.selection.conventions
        self._curves: dict[tuple[int, bool], StepCurve] = {}

    @abstractmethod
    def fit_curve(self, rows: Rows) -> StepCurve:
        """Kaplan–Meier with the log-log interval."""

    @abstractmethod
    def fit_reverse(self, rows: Rows) -> StepCurve:
        """Kaplan–Meier of the time to censoring, under the conventions' rule for ties."""

    @abstractmethod
    def fit_logrank(self, rows: Rows) -> tuple[float, float]:
        """χ² and p."""

    @abstractmethod
    def fit_cox(self, rows: Rows, dummies: Floats) -> tuple[Floats, Floats | None]:
        """Log hazard ratios and their standard errors, None where not offered. dummies (n, ratios)."""

    def median(self, question: Question) -> float:
        curve = self._curve(question)
        return self._half(curve.time, curve.survival)

    def median_limit(self, question: Question) -> float:
        if self.conventions.median_interval == "spss":
            raise NotOffered("SPSS's interval of a median")
        self._needs_log_log()
        curve = self._curve(question)
        limit = getattr(curve, question.line)
        if self.conventions.zero_interval == "missing":
            limit = np.where(curve.survival > 0, limit, nan)
        return self._half(curve.time, limit)

    def survival(self, question: Question) -> float:
        curve = self._curve(question)
        before = int(np.searchsorted(curve.time, question.at + TIME_TOLERANCE, side="right"))
        return float(getattr(curve, question.line)[before - 1]) if before else 1.0

    def survival_limit(self, question: Question) -> float:
        self._needs_log_log()
        return self.survival(question)

    def rmst(self, question: Question) -> float:
        curve = self._curve(question)
        inside = (curve.time > 0) & (curve.time < question.at)
        edges = np.concatenate(([0.0], curve.time[inside], [question.at]))
        return float(np.diff(edges) @ np.concatenate(([1.0], curve.survival[inside])))

    def rmst_error(self, question: Question) -> float:
        raise NotOffered("standard error of a restricted mean")

    def follow_up(self, question: Question) -> float:
        curve = self._curve(question, reverse=True)
        return self._half(curve.time, curve.survival)

    def logrank_chi2(self, question: Question) -> float:
        return self._logrank[0]

    def logrank_p(self, question: Question) -> float:
        return self._logrank[1]

    def hazard_ratio(self, question: Question) -> float:
        return float(np.exp(self._cox[0][question.ratio]))

    def log_ratio_error(self, question: Question) -> float:
        errors = self._cox[1]
        if errors is None:
            raise NotOffered("standard error of a Cox model")
        return float(errors[question.ratio])

    def _curve(self, question: Question, reverse: bool = False) -> StepCurve:
        key = (question.slot, reverse)
        if key not in self._curves:
            rows = self.rows if question.slot == EVERYBODY else self.rows.where(self.rows.slot == question.slot)
            self._curves[key] = self.fit_reverse(rows) if reverse else self.fit_curve(rows)
        return self._curves[key]

    def _half(self, time: Floats, y: Floats) -> float:
        """First time with y at or below 50 %: the only rule that either library has for a plateau there."""
        below = y <= HALF + TOLERANCE
        if not below.any():
            return inf
        first = int(below.argmax())
        if self.conventions.median_rule != "first" and y[first] >= HALF - TOLERANCE:
            raise NotOffered("middle of a plateau at exactly 50 %")
        return float(time[first])

    def _needs_log_log(self) -> None:
        if self.conventions.interval != "log-log":
            raise NotOffered(f"{self.conventions.interval} interval of S(t)")

    @cached_property
    def _logrank(self) -> tuple[float, float]:
        if self.rows.entry is not None:
            raise NotOffered("log-rank test under delayed entry")
        rows = self.rows.where(np.isin(self.rows.slot, [s.slot for s in self.analysis.strata]))
        # A stratum that is never at risk at an event time says nothing; neither library takes it out by itself.
        first = rows.time[rows.event].min()
        return self.fit_logrank(rows.where(np.isin(rows.slot, rows.slot[rows.time >= first])))

    @cached_property
    def _cox(self) -> tuple[Floats, Floats | None]:
        ratios = _finite(self.analysis.hazard_ratios)
        if not ratios[0].method.startswith("Cox"):
            raise NotOffered("hazard ratio from the log-rank test's counts")
        if ratios[0].caution:
            raise NotOffered("Firth's penalised estimate")
        slots = {s.label: s.slot for s in self.analysis.strata}
        others = [slots[ratio.label] for ratio in ratios]
        rows = self.rows.where(np.isin(self.rows.slot, [slots[ratios[0].reference], *others]))
        return self.fit_cox(rows, (rows.slot[:, None] == np.array(others)).astype(np.float64))


class Lifelines(Opinion):
    """lifelines: log-log intervals and Efron's ties only."""

    name = "lifelines"

    def fit_curve(self, rows: Rows) -> StepCurve:
        from lifelines import KaplanMeierFitter
        from lifelines.exceptions import StatError

        if rows.entry is not None and np.isin(rows.entry, rows.time[rows.event]).any():
            raise NotOffered("nobody at risk at the very time of entry")
        try:
            fitted = KaplanMeierFitter(alpha=1 - self.conventions.confidence).fit(
                rows.time, rows.event, entry=rows.entry
            )
        except StatError as empty:
            raise NotOffered("curve through a time with nobody at risk") from empty
        survival, limits = fitted.survival_function_, fitted.confidence_interval_.to_numpy()
        return StepCurve(survival.index.to_numpy(), survival.to_numpy()[:, 0], limits[:, 0], limits[:, 1])

    def fit_reverse(self, rows: Rows) -> StepCurve:
        shared = np.isin(rows.time[rows.event], rows.time[~rows.event]).any()
        if shared and self.conventions.reverse_ties == "deaths-first":
            raise NotOffered("reverse curve with deaths before censorings")
        return self.fit_curve(rows.flipped())

    def rmst_error(self, question: Question) -> float:
        raise NotOffered("standard error of a restricted mean (its variance is that of min(T, τ))")

    def fit_logrank(self, rows: Rows) -> tuple[float, float]:
        from lifelines.statistics import multivariate_logrank_test

        test = multivariate_logrank_test(rows.time, rows.slot, rows.event)
        return float(test.test_statistic), float(test.p_value)

    def fit_cox(self, rows: Rows, dummies: Floats) -> tuple[Floats, Floats | None]:
        fitted = self._fitted(rows, dummies)
        return fitted.params_.to_numpy(), fitted.standard_errors_.to_numpy()

    def log_likelihood(self, rows: Rows, covariates: Floats) -> float:
        """Of a Cox model at its maximum."""
        return float(self._fitted(rows, covariates).log_likelihood_)

    def _fitted(self, rows: Rows, dummies: Floats) -> Any:
        from lifelines import CoxPHFitter
        from pandas import DataFrame

        tied = np.unique(rows.time[rows.event]).size < rows.event.sum()
        if tied and self.conventions.ties == "breslow":
            raise NotOffered("Breslow's ties")
        frame = DataFrame(dummies, columns=[f"x{i}" for i in range(dummies.shape[1])])
        frame = frame.assign(time=rows.time, event=rows.event)
        if rows.entry is not None:
            frame = frame.assign(entry=rows.entry)
        # By default it stops early: the ratio is then off in the fourth decimal at n = 27.
        options = {"precision": 1e-12, "r_precision": 1e-15}
        entry = None if rows.entry is None else "entry"
        return CoxPHFitter().fit(frame, "time", "event", entry_col=entry, fit_options=options)  # type: ignore[arg-type]


class ScikitSurvival(Opinion):
    """scikit-survival: log-log intervals only, no standard errors, delayed entry for curves only."""

    name = "scikit-survival"

    def fit_curve(self, rows: Rows) -> StepCurve:
        from sksurv.nonparametric import kaplan_meier_estimator

        confidence = self.conventions.confidence
        fitted = kaplan_meier_estimator(rows.event, rows.time, rows.entry, conf_level=confidence, conf_type="log-log")
        time, survival, limits = (np.asarray(part, dtype=np.float64) for part in fitted)
        return StepCurve(time, survival, limits[0], limits[1])

    def fit_reverse(self, rows: Rows) -> StepCurve:
        from sksurv.nonparametric import kaplan_meier_estimator

        if self.conventions.reverse_ties == "flipped":
            return self.fit_curve(rows.flipped())
        if rows.entry is not None:
            raise NotOffered("reverse curve under delayed entry")
        fitted = kaplan_meier_estimator(rows.event, rows.time, reverse=True)
        time, survival = np.asarray(fitted[0], dtype=np.float64), np.asarray(fitted[1], dtype=np.float64)
        return StepCurve(time, survival, survival, survival)

    def fit_logrank(self, rows: Rows) -> tuple[float, float]:
        from sksurv.compare import compare_survival
        from sksurv.util import Surv

        chi2, p = compare_survival(Surv.from_arrays(rows.event, rows.time), rows.slot)[:2]
        return float(chi2), float(p)

    def fit_cox(self, rows: Rows, dummies: Floats) -> tuple[Floats, Floats | None]:
        from sksurv.linear_model import CoxPHSurvivalAnalysis
        from sksurv.util import Surv

        if rows.entry is not None:
            raise NotOffered("Cox model under delayed entry")
        model = CoxPHSurvivalAnalysis(ties=self.conventions.ties, tol=1e-15)
        return model.fit(dummies, Surv.from_arrays(rows.event, rows.time)).coef_, None
