"""The look ledger: every distinct comparison that was shown, in order, by family.

A preset, a unit or an axis is the same look at the data; another endpoint, stratifier, cut-off, filter or kind of
analysis is a new one. Holm's and Benjamini and Hochberg's p values describe how much was looked at. They control
no error: nobody knows what else would have been looked at, and the looks are not independent.
"""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from kras_core.analyse.bias_results import BiasAnalysis
from kras_core.analyse.marker_results import BiomarkerAnalysis
from kras_core.analyse.model_results import ModelAnalysis
from kras_core.analyse.overview_results import OverviewAnalysis
from kras_core.analyse.response_results import ResponseAnalysis
from kras_core.analyse.results import CohortRef, Look, Looked, SafetyAnalysis, SurvivalAnalysis
from kras_core.analyse.subgroup_results import ForestAnalysis
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import cutoff_of, stratifiers
from kras_core.selection import Selection
from kras_core.stats.multiplicity import benjamini_hochberg, holm


def survival_looks(cohort: Cohort, analysis: SurvivalAnalysis) -> tuple[Look, ...]:
    """The log-rank test of a Survival view; none where nothing is compared."""
    if analysis.redraws is None and analysis.logrank is None:
        return ()
    selection = analysis.selection
    drawn = analysis.redraws is not None
    return (
        Look(
            key=("log-rank", *selection.comparison),
            cohort=analysis.cohort.title,
            family="cut-offs" if _own_cutoff(cohort, selection) else "strata",
            quantity=analysis.endpoint.label,
            by=_by_words(analysis),
            scope=_scope_words(analysis.cohort, selection),
            test="log-rank",
            p=float("nan") if analysis.logrank is None else analysis.logrank.p,
            reason="a range over redraws, no estimate" if drawn else "",
            declared=_declared(cohort, selection),
        ),
    )


def safety_looks(analysis: SafetyAnalysis) -> tuple[Look, ...]:
    """Fisher's exact test of every term at any grade, where two groups are compared."""
    selection = analysis.selection
    return tuple(
        Look(
            key=("Fisher", row.term, selection.cohort, selection.by, selection.where),
            cohort=analysis.cohort.title,
            family="adverse events",
            quantity=f"{row.term}, any grade,",
            by=analysis.by_label,
            scope=_scope_words(analysis.cohort, selection),
            test="Fisher's exact",
            p=row.fisher_p,
            reason="a range over redraws, no estimate" if np.isnan(row.fisher_p) else "",
        )
        for row in analysis.rows
        if row.comparisons or (row.ranges and len(analysis.groups) == 2)
    )


def response_looks(analysis: ResponseAnalysis) -> tuple[Look, ...]:
    """Fisher's exact test of both rates over both denominators, each group against the reference."""
    selection = analysis.selection
    return tuple(
        Look(
            key=("Fisher", c.measure, c.denominator, c.label, analysis.confirmed, *_who(selection)),
            cohort=analysis.cohort.title,
            family="response",
            quantity=f"{c.measure.upper()} over {c.denominator} patients, {c.label},",
            by=analysis.by_label,
            scope=_scope_words(analysis.cohort, selection.but(analysis="naive")),
            test="Fisher's exact",
            p=c.fisher_p,
        )
        for c in analysis.comparisons
    )


def overview_looks(analysis: OverviewAnalysis) -> tuple[Look, ...]:
    """The tests of Table 1, where they were asked for."""
    selection = analysis.selection
    return tuple(
        Look(
            key=("table 1", c.column, *_who(selection)),
            cohort=analysis.cohort.title,
            family="characteristics",
            quantity=c.label,
            by=analysis.by_label,
            scope=_scope_words(analysis.cohort, selection.but(analysis="naive")),
            test=c.p_method,
            p=c.p,
            reason="one value in all groups" if np.isnan(c.p) else "",
        )
        for c in analysis.characteristics
        if c.p_method
    )


def marker_looks(cohort: Cohort, analysis: BiomarkerAnalysis) -> tuple[Look, ...]:
    """The split in force, as on Survival, and the whole ribbon as one look with the p that allows for the choice."""
    split = survival_looks(cohort, analysis.split)
    if analysis.scan is None and analysis.redraws is None:
        return split
    chosen = analysis.chosen
    ribbon = Look(
        key=("ribbon", analysis.by.id, *analysis.selection.but(by=()).comparison),
        cohort=analysis.cohort.title,
        family="cut-offs",
        quantity=analysis.endpoint.label,
        by=f"{analysis.label} at every cut-off",
        scope=_scope_words(analysis.cohort, analysis.selection),
        test="maximally selected log-rank",
        p=float("nan") if chosen is None else chosen.selected.best_p,
        reason="a range over redraws, no estimate" if analysis.redraws else "",
    )
    return (*split, ribbon)


def forest_looks(analysis: ForestAnalysis) -> tuple[Look, ...]:
    """The interaction test of every factor of a forest."""
    selection = analysis.selection
    return tuple(
        Look(
            key=("interaction", factor.id, analysis.label, *selection.comparison),
            cohort=analysis.cohort.title,
            family="interactions",
            quantity=analysis.endpoint.label,
            by=f"{analysis.by_label}, {analysis.label} v {analysis.reference}, within {factor.label}",
            scope=_scope_words(analysis.cohort, selection),
            test="interaction, likelihood ratio",
            p=factor.interaction.p if factor.interaction else float("nan"),
            reason="a range over redraws, no estimate" if factor.drawn else "",
        )
        for factor in analysis.factors
        if factor.interaction is not None or factor.drawn
    )


def model_looks(analysis: ModelAnalysis) -> tuple[Look, ...]:
    """The test of every covariate of a model; the same covariates in another order are the same look."""
    selection = analysis.selection
    together = tuple(sorted(c.id for c in analysis.covariates))
    drawn = "a range over redraws, no estimate" if analysis.drawn else ""
    return tuple(
        Look(
            key=("model", covariate.id, together, *selection.comparison),
            cohort=analysis.cohort.title,
            family="models",
            quantity=analysis.endpoint.label,
            by=f"{covariate.label} in a model of {len(together)}",
            scope=_scope_words(analysis.cohort, selection),
            test="likelihood ratio, Cox",
            p=float("nan") if covariate.test is None else covariate.test.p,
            reason=drawn or analysis.reason,
        )
        for covariate in analysis.covariates
    )


def centre_looks(analysis: BiasAnalysis) -> tuple[Look, ...]:
    """The log-rank test stratified on centre, beside the pooled one."""
    test, selection = analysis.centres.logrank_stratified, analysis.selection
    if test is None:
        return ()
    return (
        Look(
            key=("log-rank by centre", *selection.comparison),
            cohort=analysis.cohort.title,
            family="strata",
            quantity=analysis.endpoint.label,
            by=analysis.by_label,
            scope=_scope_words(analysis.cohort, selection),
            test="log-rank, stratified on centre",
            p=test.p,
            reason=test.reason,
        ),
    )


def _who(selection: Selection) -> tuple[object, ...]:
    """What tells comparisons apart that no endpoint and no landmark is part of."""
    return selection.cohort, selection.by, selection.where


def ledger(looks: Iterable[Look]) -> tuple[Looked, ...]:
    """The looks in order, numbered, with the adjusted p values of each cohort's families."""
    seen = list({look.key: look for look in looks}.values())
    families: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for i, look in enumerate(seen):
        if not look.declared:
            families[look.cohort, look.family].append(i)
    by_holm, by_bh = (np.full(len(seen), np.nan) for _ in range(2))
    for members in families.values():
        p = [seen[i].p for i in members]
        by_holm[members], by_bh[members] = holm(p), benjamini_hochberg(p)
    return tuple(Looked(i + 1, look, float(by_holm[i]), float(by_bh[i])) for i, look in enumerate(seen))


def _own_cutoff(cohort: Cohort, selection: Selection) -> bool:
    """Whether a cut-off was moved away from the cohort's own: then the split is one of many."""
    offered = stratifiers(cohort)
    own = [(by, cutoff_of(cohort, offered[by.id], None)[0]) for by in selection.by if by.cutoff is not None]
    return any(by.cutoff != value for by, value in own)


def _by_words(analysis: SurvivalAnalysis) -> str:
    cutoffs = ", ".join(f"{value:g}" for _, value, _ in analysis.cutoffs)
    return f"{analysis.by_label}{f' above {cutoffs}' if cutoffs else ''}"


def _scope_words(cohort: CohortRef, selection: Selection) -> str:
    words = [f"only {f.words(cohort.named(f.column))}" for f in selection.where]
    if selection.analysis == "landmark":
        words.append(f"from {selection.landmark:g} months")
    elif selection.analysis == "delayed-entry":
        words.append("with delayed entry")
    return ", ".join(words)


def _declared(cohort: Cohort, selection: Selection) -> str:
    """The date of the protocol that declares this comparison: endpoint, stratifiers, everybody, from the start."""
    if selection.where or selection.analysis != "naive" or _own_cutoff(cohort, selection):
        return ""
    ids = tuple(by.id for by in selection.by)
    return next((d.date for d in cohort.declared if d.endpoint == selection.endpoint and d.by == ids), "")
