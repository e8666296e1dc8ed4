"""How the figures of the Biomarkers and Subgroups views were computed, line by line."""

from kras_core.analyse.marker_results import BiomarkerAnalysis
from kras_core.analyse.subgroup_results import ForestAnalysis
from kras_core.report.survival.methods import ORIGINS

SEARCH = (
    "Every cut-off that leaves a tenth of the patients on either side (R's maxstat looks at the same): log-rank test "
    "and Cox hazard ratio of those above against those not above.",
    "Selection-adjusted p: the maximally selected log-rank statistic (Lausen and Schumacher 1992) against the same "
    "scores dealt to the patients at random 10,000 times, and the approximations of 1992 and 1994. Assumes censoring "
    "that does not depend on the marker.",
    "Where times are tied R's maxstat uses slightly different scores, so that its statistic differs in the second "
    "decimal.",
)


def marker_methods(analysis: BiomarkerAnalysis) -> list[str]:
    """The Biomarkers view in plain sentences."""
    c = analysis.selection.conventions
    ties = f"{c.ties.capitalize()} ties"
    lines = [
        f"{analysis.endpoint.label}: an event is {analysis.endpoint.event}.",
        ORIGINS[analysis.selection.analysis],
        "High is strictly above the cut-off; cut-offs are not rounded.",
    ]
    if analysis.redraws is None:
        lines += SEARCH
    else:
        lines.append(analysis.redraws.sentence)
    lines.append(f"As a number: Cox model per unit and per standard deviation, {ties}, Wald intervals.")
    if analysis.spline is not None and analysis.spline.knots:
        lines.append(f"Shape: {analysis.spline.method} (Harrell 2015); likelihood ratio tests.")
    lines.append(
        "Concordance (Harrell's C, with the infinitesimal jackknife interval of R's survival) and cumulative/dynamic "
        "AUC by scikit-survival: of two patients, how often the one with the higher value has the event first."
    )
    lines.append(f"Conventions: {c.label}. Source: {c.source}.")
    return lines


def forest_methods(analysis: ForestAnalysis) -> list[str]:
    """The Subgroups view in plain sentences."""
    c = analysis.selection.conventions
    return [
        f"{analysis.endpoint.label}: an event is {analysis.endpoint.event}.",
        ORIGINS[analysis.selection.analysis],
        f"Hazard ratios: Cox model within each subgroup, {c.ties.capitalize()} ties, Wald intervals; where a group had "
        "all the events or none, Firth's penalised estimate.",
        "Interaction: likelihood ratio test of Cox models with and without the product of comparison and subgroup, the "
        "subgroup's own effect in both.",
        "A hazard ratio needs five events in the subgroup; rows with fewer than five patients or events in a group are "
        "fainter.",
        "Boxes: area in proportion to 1/SE² of the log hazard ratio.",
        "Intervals are not adjusted for the number of subgroups. Numbers are split at their published cut-off, else at "
        "the median.",
        "Univariable table: one Cox model a variable, numbers per unit and per standard deviation, unadjusted for each "
        "other.",
        f"Conventions: {c.label}. Source: {c.source}.",
    ]
