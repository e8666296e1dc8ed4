"""Verify for the Biomarkers and Subgroups views: the same numbers by lifelines and scikit-survival."""

from collections.abc import Callable
from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import NDArray

from kras_core.analyse.biomarkers import analyse_biomarker, discriminate
from kras_core.analyse.followed import follow
from kras_core.analyse.marker_rows import MarkerRows, marker, marker_rows
from kras_core.analyse.results import SurvivalAnalysis
from kras_core.analyse.scope import resolve
from kras_core.analyse.subgroup_results import ForestAnalysis, SubgroupFactor, SubgroupRow
from kras_core.analyse.subgroups import analyse_forest
from kras_core.analyse.survival import analyse
from kras_core.cohort.model import Cohort
from kras_core.selection import By, Selection
from kras_core.stats.results import Floats
from kras_core.verify.survival import (
    Check,
    Lifelines,
    NotOffered,
    Opinion,
    Rows,
    ScikitSurvival,
    patient_rows,
    relative_difference,
    verify,
)

Answer = Callable[[], float]


def verify_biomarker(cohort: Cohort, selection: Selection, by: By) -> tuple[Check, ...]:
    """The groups in force as `verify` does, the cut-off with the smallest p, the marker per unit, and concordance.

    What redraws replace by a range is not asked. Raises SelectionError as `analyse_biomarker`.
    """
    analysis = analyse_biomarker(cohort, selection, by)
    split = selection.but(by=(analysis.by,))
    checks = list(verify(cohort, split, analysis.split)) if analysis.split.strata else []
    chosen = analysis.chosen
    if chosen is not None:
        at = selection.but(by=(By(by.id, chosen.cutoff, on_outcome=True),))
        kept = ("Log-rank χ²", "Log-rank p", "Hazard ratio")
        checks += [_named(c, f"at {chosen.cutoff:g} †") for c in verify(cohort, at) if c.quantity in kept]
    if analysis.model is not None and not analysis.model.per_unit.reason:
        found = marker_rows(cohort, selection, marker(cohort, by.id).column)
        with catch_warnings():
            simplefilter("ignore")
            checks += _continuous(cohort, selection, found, analysis.model.per_unit.estimate)
            checks += _concordance(cohort, selection, by.id, found)
    return tuple(checks)


def _named(check: Check, stratum: str) -> Check:
    return Check(
        check.quantity, stratum, check.ours, check.lifelines, check.scikit_survival, check.difference, check.note
    )


def _continuous(cohort: Cohort, selection: Selection, found: MarkerRows, ours: float) -> list[Check]:
    rows = Rows(found.months, found.event, _entry(found), np.zeros(found.values.size, dtype=np.intp))
    everyone = analyse(cohort, selection.but(by=()))
    scale = found.values.std()  # both libraries want covariates of about unit size

    def ask(opinion: Opinion) -> Answer:
        return lambda: float(np.exp(opinion.fit_cox(rows, found.values[:, None] / scale)[0][0] / scale))

    first, second = ask(Lifelines(rows, everyone)), ask(ScikitSurvival(rows, everyone))
    return [_check("Hazard ratio per unit", "", ours, first, second)]


def _entry(found: MarkerRows) -> Floats | None:
    return None if found.grid.entry is None else found.grid.times[found.grid.entry]


def _concordance(cohort: Cohort, selection: Selection, id: str, found: MarkerRows) -> list[Check]:
    ours = discriminate(cohort, selection, id)
    if ours is None or ours.concordance.reason:
        return []

    def by_lifelines() -> float:
        from lifelines.utils import concordance_index

        return float(concordance_index(found.months, -found.values, found.event))

    def by_scikit_survival() -> float:
        raise NotOffered("the estimate itself comes from there")

    return [_check("Concordance", "", ours.concordance.estimate, by_lifelines, by_scikit_survival)]


def _check(quantity: str, stratum: str, ours: float, first: Answer, second: Answer) -> Check:
    values: list[float | None] = []
    missing: dict[str, list[str]] = {}
    for name, answer in ((Lifelines.name, first), (ScikitSurvival.name, second)):
        try:
            values.append(answer())
        except NotOffered as reason:
            values.append(None)
            missing.setdefault(str(reason), []).append(name)
    offered = [relative_difference(ours, value) for value in values if value is not None]
    note = "; ".join(f"not offered by {' or '.join(names)}: {reason}" for reason, names in missing.items())
    return Check(quantity, stratum, ours, values[0], values[1], max(offered, default=None), note)


def verify_forest(
    cohort: Cohort, selection: Selection, factors: tuple[str, ...] | None = None, group: str | None = None
) -> tuple[Check, ...]:
    """Every hazard ratio of a forest that is an estimate, and every interaction's χ²."""
    forest = analyse_forest(cohort, selection, factors, group)
    first = selection.but(by=selection.by[:1])
    everyone = analyse(cohort, first.but(by=()))
    checks: list[Check] = []
    with catch_warnings():
        simplefilter("ignore")
        if not forest.overall.drawn:
            rows, arm = _compared(patient_rows(cohort, first), forest, 1)
            checks += _ratio(rows, arm, forest.overall.label, forest.overall, everyone)
        for factor in forest.factors:
            if not factor.drawn:
                checks += _factor(cohort, first, forest, factor, everyone)
    return tuple(checks)


def _compared(rows: Rows, forest: ForestAnalysis, levels: int) -> tuple[Rows, NDArray[np.bool_]]:
    """Rows of the two groups compared, and who is in the first; slots are group · levels + level."""
    one, zero = forest.groups.index(forest.label), forest.groups.index(forest.reference)
    known = rows.where(rows.slot < len(forest.groups) * levels)
    group = known.slot // levels
    kept = known.where((group == one) | (group == zero))
    return kept, kept.slot // levels == one


def _factor(
    cohort: Cohort, first: Selection, forest: ForestAnalysis, factor: SubgroupFactor, everyone: SurvivalAnalysis
) -> list[Check]:
    crossed = first.but(by=(*first.by, By(factor.id)))
    scope, followed = resolve(cohort, crossed), follow(cohort, crossed)
    grid = followed.grid
    slot = scope.groups if followed.rows is None else scope.groups[followed.rows]
    entry = None if grid.entry is None else grid.times[grid.entry]
    levels = scope.k // len(forest.groups)
    names = [label.removeprefix(f"{forest.groups[0]} · ") for label in scope.labels[:levels]]
    rows, arm = _compared(Rows(grid.times[grid.exit], followed.event, entry, slot).where(slot >= 0), forest, levels)
    level = rows.slot % levels
    checks: list[Check] = []
    for row in factor.rows:
        mine = level == names.index(row.label)
        checks += _ratio(rows.where(mine), arm[mine], f"{factor.label}: {row.label}", row, everyone)
    test = factor.interaction
    if test is not None and not test.reason:
        checks.append(_interaction(rows, arm, level, factor.label, test.statistic, everyone))
    return checks


def _ratio(rows: Rows, arm: NDArray[np.bool_], name: str, row: SubgroupRow, everyone: SurvivalAnalysis) -> list[Check]:
    ratio = row.ratio
    if ratio is None or np.isnan(ratio.estimate):
        return []

    def ask(opinion: Opinion) -> Answer:
        def answer() -> float:
            if ratio.caution:
                raise NotOffered("Firth's penalised estimate")
            return float(np.exp(opinion.fit_cox(rows, arm[:, None].astype(np.float64))[0][0]))

        return answer

    first, second = ask(Lifelines(rows, everyone)), ask(ScikitSurvival(rows, everyone))
    return [_check("Hazard ratio", name, ratio.estimate, first, second)]


def _interaction(
    rows: Rows, arm: NDArray[np.bool_], level: NDArray[np.intp], name: str, ours: float, everyone: SurvivalAnalysis
) -> Check:
    dummies = (level[:, None] == np.unique(level)[1:]).astype(np.float64)
    one = arm[:, None].astype(np.float64)
    lifelines = Lifelines(rows, everyone)

    def by_lifelines() -> float:
        without = np.hstack((one, dummies))
        larger = lifelines.log_likelihood(rows, np.hstack((without, one * dummies)))
        return 2 * (larger - lifelines.log_likelihood(rows, without))

    def by_scikit_survival() -> float:
        raise NotOffered("log likelihood of a Cox model")

    return _check("Interaction χ²", name, ours, by_lifelines, by_scikit_survival)
