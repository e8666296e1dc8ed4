"""Quantities: what kinds of figures a claim can be, how each is read, and how it is recomputed from a cohort.

A registry: a new kind of figure is one row. `compute` takes a View (cohort, claim, conventions) and gives the figure's
numbers, in months where it is a time: one for a number, two for an interval, count and denominator for a share.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from kras_core.analyse.results import SafetyAnalysis, Stratum, SurvivalAnalysis
from kras_core.analyse.safety import analyse_safety
from kras_core.analyse.scope import selected
from kras_core.analyse.survival import analyse
from kras_core.audit import printed
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import stratifiers
from kras_core.conventions import Conventions
from kras_core.selection import Filter, Selection
from kras_core.stats.proportions import clopper_pearson, wilson

if TYPE_CHECKING:
    from kras_core.audit.claims import Claim

Form = Literal["number", "time", "interval", "share", "date", "text"]
Numbers = tuple[float, ...]

UNADJUSTED = ("", "unadjusted", "univariable", "univariate", "crude")

INTERVAL_SETTINGS = ("median_interval", "interval", "median_rule", "zero_interval", "confidence")


class NotRecomputable(Exception):
    """Why a figure cannot be had from these rows, in words that name what is missing."""


@dataclass(frozen=True)
class View:
    """A claim, seen through a cohort under some conventions. Raises NotRecomputable, SelectionError."""

    cohort: Cohort
    claim: "Claim"
    conventions: Conventions
    seen: dict[Selection, SurvivalAnalysis] = field(default_factory=dict)  # analyses that several claims share

    @cached_property
    def analysis(self) -> SurvivalAnalysis:
        if not self.claim.endpoint:
            raise NotRecomputable("the claim names no endpoint")
        if self.claim.model not in UNADJUSTED:
            raise NotRecomputable(f"its model ({self.claim.model}) is not among those computed here")
        if self.selection not in self.seen:
            self.seen[self.selection] = analyse(self.cohort, self.selection)
        found = self.seen[self.selection]
        if found.redraws is not None:
            raise NotRecomputable(found.redraws.sentence)
        return found

    @property
    def selection(self) -> Selection:
        at = (self.claim.at,) if self.claim.at is not None else ()
        return Selection(
            cohort=self.cohort.digest,
            endpoint=self.claim.endpoint,
            by=self.claim.by,
            where=self.claim.where,
            conventions=self.conventions,
            milestones=at,
        )

    @property
    def stratum(self) -> Stratum:
        """The group that the claim names, everybody where it names none."""
        if not self.claim.level:
            return self.analysis.overall
        return self.analysis.strata[self.place_of(self.claim.level)]

    def place_of(self, level: str) -> int:
        """Where a group stands among the strata; "low" and "high" name the sides of a cut-off."""
        labels = [s.label for s in self.analysis.strata]
        lowered = [label.lower() for label in labels]
        if level.lower() in lowered:
            return lowered.index(level.lower())
        if level.lower() in ("low", "high") and self.analysis.cutoffs and len(labels) == 2:
            return ("low", "high").index(level.lower())
        raise NotRecomputable(f"these rows have no group {level!r}; they have {', '.join(labels) or 'none'}")

    @cached_property
    def safety(self) -> SafetyAnalysis:
        if self.cohort.adverse_events is None:
            raise NotRecomputable("these rows record no adverse events")
        endpoint = self.cohort.default_endpoint
        selection = Selection(self.cohort.digest, endpoint, where=self.claim.where)
        return self.cohort.memo(("audited safety", selection), lambda: analyse_safety(self.cohort, selection))

    def counted(self, *filters: Filter) -> Numbers:
        """How many patients the filters keep, of all."""
        if not filters:
            return float(self.cohort.n), float(self.cohort.n)
        missing = [f.column for f in filters if f.column not in self.known]
        if missing:
            raise NotRecomputable(f"these rows have no column {missing[0]}")
        mask = selected(self.cohort, filters)
        return float(self.cohort.n if mask is None else mask.sum()), float(self.cohort.n)

    @property
    def known(self) -> set[str]:
        return {*map(str, self.cohort.patients.columns), *stratifiers(self.cohort)}

    def column(self, name: str) -> np.ndarray:
        """A numeric column, known values of the selected patients."""
        if name not in self.cohort.patients:
            raise NotRecomputable(f"these rows have no column {name}")
        mask = selected(self.cohort, self.claim.where)
        values = self.cohort.numbers(name)
        return (values if mask is None else values[mask])[~np.isnan(values if mask is None else values[mask])]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A kind of figure. form: how its text is read. settings: fields of Conventions on which its value depends;
    "months" where the divisor between days and months counts, "cut-off" where the side of the cut-off's own value does.
    missing: what is said of figures that cannot be recomputed from any rows."""

    id: str
    label: str
    form: Form
    compute: Callable[[View], Numbers] | None = None
    settings: tuple[str, ...] = ()
    missing: str = ""

    @property
    def timed(self) -> bool:
        """Whether its numbers are times, in the claim's unit."""
        return "months" in self.settings

    def read(self, text: str) -> object:
        """The printed text by its form; PrintedError where it is not legible as this."""
        return _READ[self.form](text)


_READ: dict[Form, Callable[[str], object]] = {
    "number": printed.number,
    "time": lambda text: printed.number(text) if printed.reached(text) else None,
    "interval": printed.pair,
    "share": printed.share,
    "date": printed.day,
    "text": str,
}


def _median(view: View) -> Numbers:
    return (view.stratum.median.estimate,)


def _median_ci(view: View) -> Numbers:
    median = view.stratum.median
    if np.isnan(median.low) and np.isnan(median.high):
        raise NotRecomputable(f"no interval: {median.reason or median.method}")
    return median.low, median.high


def _ratio(view: View) -> Numbers:
    """Hazard in the claim's level over hazard in the other, with its interval and its Wald p."""
    ratios = view.analysis.hazard_ratios
    if len(view.analysis.strata) != 2 or len(ratios) != 1:
        raise NotRecomputable("a hazard ratio needs a stratifier with two groups")
    ratio = ratios[0]
    if ratio.reason:
        raise NotRecomputable(ratio.reason)
    upright = not view.claim.level or view.analysis.strata[view.place_of(view.claim.level)].label == ratio.label
    found = ratio.estimate, ratio.low, ratio.high, ratio.p
    return found if upright else (1 / ratio.estimate, 1 / ratio.high, 1 / ratio.low, ratio.p)


def _logrank_p(view: View) -> Numbers:
    test = view.analysis.logrank
    if test is None or test.reason:
        raise NotRecomputable(test.reason if test else "a comparison needs two groups")
    return (test.p,)


def _rate(view: View) -> Numbers:
    if view.claim.at is None:
        raise NotRecomputable("the claim does not say at which time")
    rate = view.stratum.rates[0]
    if rate.reason:
        raise NotRecomputable(rate.reason)
    return (100 * rate.estimate,)


def _follow_up(view: View) -> Numbers:
    found = view.stratum.follow_up
    if found.reason:
        raise NotRecomputable(f"reverse Kaplan–Meier median {found.reason}")
    return (found.estimate,)


def _events(view: View) -> Numbers:
    return float(view.stratum.events), float(view.stratum.n)


def _responders(*best: str) -> Callable[[View], Numbers]:
    def compute(view: View) -> Numbers:
        if view.claim.where:
            raise NotRecomputable("responses are counted among all patients only")
        if "best_response" not in view.cohort.patients:
            raise NotRecomputable("these rows have no column best_response")
        levels = view.cohort.patients["best_response"].unique().tolist()
        return view.counted(Filter("best_response", "=", tuple(b for b in best if b in levels)))

    return compute


def _share(view: View) -> Numbers:
    if not view.claim.where:
        raise NotRecomputable("the claim names no filter (where) that says which patients are counted")
    return view.counted(*view.claim.where)


def _interval_of_share(view: View) -> Numbers:
    k, n = _share(view)
    found = wilson(int(k), int(n)) if view.claim.level.lower() == "wilson" else clopper_pearson(int(k), int(n))
    return 100 * found.low, 100 * found.high


def _values(view: View) -> np.ndarray:
    if len(view.claim.by) != 1:
        raise NotRecomputable("the claim does not say of which column (by)")
    return view.column(view.claim.by[0].id)


def _adverse_events(band: str) -> Callable[[View], Numbers]:
    def compute(view: View) -> Numbers:
        wanted = view.claim.level.strip().lower()
        for row in view.safety.rows:
            if row.term.lower() == wanted or (wanted in ("", "any") and row.any_row and not row.immune):
                return float(row.overall[band].k), float(row.overall[band].n)
        if view.safety.rows:
            return 0.0, float(view.safety.n)
        raise NotRecomputable("these rows record no adverse events")

    return compute


def _date(column: str, which: Callable[[np.ndarray], float]) -> Callable[[View], Numbers]:
    def compute(view: View) -> Numbers:
        if column not in view.cohort.patients:
            raise NotRecomputable(f"these rows have no column {column}")
        days = view.cohort.patients[column].dropna()
        return (float(which(np.array([d.date().toordinal() for d in days]))),)

    return compute


QUANTITIES: dict[str, Quantity] = {
    q.id: q
    for q in (
        Quantity("n", "Number of patients", "share", lambda v: v.counted(*v.claim.where)),
        Quantity("share", "Patients with a characteristic (count, percentage)", "share", _share),
        Quantity("share_ci", "Interval of a percentage", "interval", _interval_of_share),
        Quantity("orr", "Objective response rate", "share", _responders("CR", "PR")),
        Quantity("dcr", "Disease control rate", "share", _responders("CR", "PR", "SD")),
        Quantity("events", "Events", "share", _events),
        Quantity("value_median", "Median of a characteristic", "number", lambda v: (float(np.median(_values(v))),)),
        Quantity(
            "value_range",
            "Range of a characteristic",
            "interval",
            lambda v: (float(_values(v).min()), float(_values(v).max())),
        ),
        Quantity("cutoff", "Cut-off at the median", "number", lambda v: (float(np.median(_values(v))),)),
        Quantity("median", "Median survival", "time", _median, ("median_rule", "months")),
        Quantity("median_ci", "Interval of a median survival", "interval", _median_ci, (*INTERVAL_SETTINGS, "months")),
        Quantity("rate", "Survival at a milestone, per cent", "number", _rate),
        Quantity("hazard_ratio", "Hazard ratio", "number", lambda v: _ratio(v)[:1], ("hazard_ratio", "ties")),
        Quantity(
            "hazard_ratio_ci",
            "Interval of a hazard ratio",
            "interval",
            lambda v: _ratio(v)[1:3],
            ("hazard_ratio", "ties", "confidence"),
        ),
        Quantity("logrank_p", "p of a comparison (log-rank, or not said)", "number", _logrank_p, ("cut-off",)),
        Quantity("wald_p", "p of a hazard ratio (Wald)", "number", lambda v: _ratio(v)[3:], ("hazard_ratio", "ties")),
        Quantity("follow_up", "Median follow-up", "time", _follow_up, ("reverse_ties", "median_rule", "months")),
        Quantity("ae_any", "Patients with an adverse event, any grade", "share", _adverse_events("any")),
        Quantity("ae_3_4", "Patients with an adverse event, grade 3–4", "share", _adverse_events("3-4")),
        Quantity("ae_3", "Patients with an adverse event, grade 3 or more", "share", _adverse_events(">=3")),
        Quantity("ae_5", "Patients who died of an adverse event", "share", _adverse_events("5")),
        Quantity("date_first", "First start of treatment", "date", _date("start_date", lambda d: d.min())),
        Quantity("date_last", "Last start of treatment", "date", _date("start_date", lambda d: d.max())),
        Quantity("date_cutoff", "Data cut-off", "date", _date("data_cutoff_date", lambda d: d.max())),
        Quantity(
            "guarantee",
            "What patients had to live through to be included",
            "number",
            missing="an inclusion criterion is no result; what it does to the results is shown beside",
        ),
        Quantity(
            "wording",
            "A result in words",
            "text",
            missing="words have no value to recompute; they are compared with each other",
        ),
        Quantity(
            "announced",
            "A result that is announced and not printed",
            "text",
            missing="the methods announce it and no figure is printed",
        ),
        Quantity("stated", "A fact of the protocol", "text", missing="a fact of the protocol, not a result"),
        Quantity(
            "quoted",
            "A figure quoted from another publication",
            "text",
            missing="it belongs to another publication, whose data are not here",
        ),
    )
}
