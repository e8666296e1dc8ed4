"""The Models view without its small counts: what its forest, tables and JSON are made of."""

from dataclasses import replace

from kras_core.analyse.model_results import Covariate, ModelAnalysis, ModelTerm
from kras_core.report.markers.suppressed import Group, masked_groups, tells, unsaid
from kras_core.report.small_cells import HIDDEN, HiddenCount, below, is_small, threshold


def suppressed_model(analysis: ModelAnalysis) -> ModelAnalysis:
    """The same model with a `HiddenCount` in place of every hidden count, and no hazard ratio of or against a group
    with one; as it is while all counts are shown.

    Where few patients lack a value, how many are complete is hidden too: a reader knows who was selected.
    """
    if not threshold():
        return analysis
    covariates = tuple(_covariate(c, analysis) for c in analysis.covariates)
    complete = HiddenCount(HIDDEN) if is_small(analysis.dropped) else analysis.n
    return replace(analysis, n=complete, covariates=covariates)


def model_hides(analysis: ModelAnalysis) -> bool:
    """Whether a suppressed model has a hidden count."""
    groups = (g for c in analysis.covariates for g in ((c.reference_n, c.reference_events), *_groups(c)))
    return any(isinstance(k, HiddenCount) for k in (analysis.n, *(k for group in groups for k in group)))


def dropped(analysis: ModelAnalysis) -> int | None:
    """How many selected patients a suppressed model lacks; None where that is hidden."""
    return None if isinstance(analysis.n, HiddenCount) else analysis.dropped


def _groups(c: Covariate) -> list[Group]:
    return [(t.n, t.events) for t in c.terms]


def _covariate(c: Covariate, analysis: ModelAnalysis) -> Covariate:
    groups = [(c.reference_n, c.reference_events), *_groups(c)] if c.reference else [(analysis.n, analysis.events)]
    found, _ = masked_groups(groups, analysis.dropped, analysis.selected)
    reference, *others = found if c.reference else [(c.reference_n, c.reference_events), *found * len(c.terms)]
    terms = tuple(
        _term(t, group, bool(c.reference) and tells(reference, group)) for t, group in zip(c.terms, others, strict=True)
    )
    few = is_small(c.missing) or is_small(c.alone)
    return replace(
        c,
        reference_n=reference[0],
        reference_events=reference[1],
        terms=terms,
        missing=HiddenCount(below()) if is_small(c.missing) else c.missing,
        alone=HiddenCount(below()) if few else c.alone,
    )


def _term(t: ModelTerm, group: Group, hidden: bool) -> ModelTerm:
    found = replace(t, n=group[0], events=group[1])
    return replace(found, ratio=unsaid(t.ratio), firth=unsaid(t.firth), infinite=0) if hidden else found
