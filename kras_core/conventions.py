"""Conventions: every choice on which survival software differs, named, in one frozen object.

A preset is one row of `PRESETS`: what a package prints when nobody changes its defaults.
Each row names its source, so that a reader can check it and a better source can mend it.
"""

from dataclasses import dataclass, replace
from typing import Literal

IntervalType = Literal["plain", "log", "log-log"]
MedianRule = Literal["first", "middle", "middle-to-end"]
MedianInterval = Literal["brookmeyer-crowley", "spss", "none"]
Ties = Literal["efron", "breslow"]
HazardRatioMethod = Literal["cox", "logrank", "mantel-haenszel"]
ReverseTies = Literal["flipped", "deaths-first"]


@dataclass(frozen=True, slots=True)
class Conventions:
    """How figures are computed. All fields are shown beside the figures that depend on them.

    interval: transformation on which the interval of S(t) is symmetric.
    zero_interval: whether the interval of S(t) once S = 0 is "missing" (R, SAS) or "zero" (lifelines).
    median_rule: where S(t) = 0.5 exactly, "first" such time, the "middle" of the plateau up to the
        next drop (the first time if the curve never drops again), or "middle-to-end", up to the
        curve's end.
    median_interval: "brookmeyer-crowley" inverts the interval of S(t); "spss" is t ± z·SE with SPSS's
        standard error; "none" prints none.
    ties: Cox approximation for tied event times.
    hazard_ratio: "cox", or Prism's two: "logrank" (O/E) and "mantel-haenszel" ((O - E)/V).
    reverse_ties: reverse Kaplan–Meier where a death and a censoring share a time: status "flipped"
        as is (survfit), or "deaths-first" (prodlim).
    """

    name: str
    label: str
    interval: IntervalType
    zero_interval: Literal["missing", "zero"]
    median_rule: MedianRule
    median_interval: MedianInterval
    ties: Ties
    hazard_ratio: HazardRatioMethod
    source: str
    reverse_ties: ReverseTies = "flipped"
    confidence: float = 0.95

    def but(self, **changes: object) -> "Conventions":
        """The same conventions with some fields changed, named as custom."""
        return replace(self, name="custom", label=f"{self.label}, changed", **changes)  # type: ignore[arg-type]


PRESETS: dict[str, Conventions] = {
    c.name: c
    for c in (
        Conventions(
            name="r",
            label="R survival",
            interval="log",
            zero_interval="missing",
            median_rule="middle",
            median_interval="brookmeyer-crowley",
            ties="efron",
            hazard_ratio="cox",
            source="survival 3.5 manual: survfit.formula (conf.type), print.survfit (medians), coxph (ties)",
        ),
        Conventions(
            name="spss",
            label="SPSS",
            interval="plain",
            zero_interval="zero",
            median_rule="first",
            median_interval="spss",
            ties="breslow",
            hazard_ratio="cox",
            source="IBM SPSS Statistics Algorithms: KM (estimation of percentiles and their standard errors), COXREG; "
            "SPSS prints the standard error of S(t) and no interval: the plain one is ours",
        ),
        Conventions(
            name="sas",
            label="SAS",
            interval="log-log",
            zero_interval="missing",
            median_rule="middle",
            median_interval="brookmeyer-crowley",
            ties="breslow",
            hazard_ratio="cox",
            source="SAS/STAT User's Guide: LIFETEST (CONFTYPE=LOGLOG), PHREG (TIES=BRESLOW)",
        ),
        Conventions(
            name="prism",
            label="Prism 9",
            interval="log-log",
            zero_interval="missing",
            median_rule="middle-to-end",
            median_interval="none",
            ties="efron",
            hazard_ratio="logrank",
            source="GraphPad Prism 9 Statistics Guide: survival analysis (log-log intervals; hazard ratio, log-rank)",
        ),
        Conventions(
            name="lifelines",
            label="lifelines",
            interval="log-log",
            zero_interval="zero",
            median_rule="first",
            median_interval="brookmeyer-crowley",
            ties="efron",
            hazard_ratio="cox",
            source="lifelines 0.30 documentation: KaplanMeierFitter, CoxPHFitter",
        ),
    )
}
