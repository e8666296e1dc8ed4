"""How the figures of a view were computed, line by line, from its Selection."""

from kras_core.analyse.results import SurvivalAnalysis
from kras_core.conventions import Conventions

INTERVALS = {
    "plain": "symmetric on the scale of S(t) itself",
    "log": "symmetric on the scale of log S(t)",
    "log-log": "symmetric on the scale of log(−log S(t))",
}
MEDIANS = {
    "first": "the first time at which S(t) is 50 % or below",
    "middle": "the first time at which S(t) is below 50 %; where S(t) is exactly 50 %, the middle of that plateau",
    "middle-to-end": "the first time at which S(t) is below 50 %; where S(t) is exactly 50 %, the middle of that "
    "plateau, up to the curve's end if it never drops again",
}
MEDIAN_INTERVALS = {
    "brookmeyer-crowley": "by Brookmeyer and Crowley, from the interval of S(t)",
    "spss": "as SPSS prints it: median ± z · SE",
    "none": "not printed under this convention",
}
RATIOS = {
    "cox": "Cox model with the strata as categories, {ties} ties, Wald interval and p",
    "logrank": "(O/E) / (O/E) of the log-rank test",
    "mantel-haenszel": "exp((O − E)/V) of the log-rank test",
}
ORIGINS = {
    "naive": "Time runs from the start of treatment.",
    "landmark": "Landmark analysis: patients followed beyond the landmark without the event, the clock starting there.",
    "delayed-entry": "Delayed entry: a patient counts as at risk from his or her time of entry on.",
}


def methods_lines(analysis: SurvivalAnalysis) -> list[str]:
    """The view's methods in plain sentences."""
    selection, c = analysis.selection, analysis.selection.conventions
    event = f"{analysis.endpoint.label}: an event is {analysis.endpoint.event}."
    lines = [event, ORIGINS[selection.analysis], *_curves(c)]
    if analysis.strata:
        lines.append("Log-rank test of all strata together, two-sided, no weights.")
        lines.append(f"Hazard ratio: {RATIOS[c.hazard_ratio].format(ties=c.ties.capitalize())}.")
    tau = analysis.overall.rmst.tau
    lines.append(f"Restricted mean survival up to {tau:.1f} months, the smallest of the strata's largest times.")
    lines.append("Follow-up: reverse Kaplan–Meier (censoring taken as the event).")
    divisor = f"{analysis.cohort.days_per_month:.4f}".rstrip("0").rstrip(".")
    lines.append(f"A month is {divisor} days. Events come before censorings at the same time.")
    lines.append(f"Conventions: {c.label}. Source: {c.source}.")
    return lines


def _curves(c: Conventions) -> list[str]:
    level = f"{100 * c.confidence:g} %"
    return [
        f"Kaplan–Meier curves; {level} intervals {INTERVALS[c.interval]}, Greenwood's variance.",
        f"Median: {MEDIANS[c.median_rule]}; its interval {MEDIAN_INTERVALS[c.median_interval]}.",
    ]
