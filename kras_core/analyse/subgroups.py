"""The forest of the Subgroups view: one comparison within every level of other stratifiers."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from kras_core.analyse.followed import Followed, follow
from kras_core.analyse.redraw import (
    COUNT,
    drawn_columns,
    drawn_extents,
    extent,
    never_together,
    ratio_extent,
    redrawn_groups,
)
from kras_core.analyse.results import Exclusion
from kras_core.analyse.scope import Scope, chosen, exclusion, reference_to, resolve
from kras_core.analyse.subgroup_guards import forest_warnings
from kras_core.analyse.subgroup_results import Arm, ForestAnalysis, SubgroupFactor, SubgroupRow
from kras_core.cohort.endpoints import endpoint as named_endpoint
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import STRATIFIERS, Stratifier, column_label, split, stratifiers
from kras_core.conventions import Ties
from kras_core.selection import By, Selection, SelectionError
from kras_core.stats.cox import counts_at_events, cox, fit, wald
from kras_core.stats.event_table import EventTable, tabulate
from kras_core.stats.interaction import interaction, interaction_tests, interactions
from kras_core.stats.kaplan_meier import curves, quantile
from kras_core.stats.results import NAN, HazardRatio, Quantile, TestResult

FEW = 5
MOST_FACTORS = 12
MOST_LEVELS = 8
NEVER_TOGETHER = "the publication prints outcomes by this and by the comparison one at a time, never together"
UNDETERMINED = Quantile(NAN, NAN, NAN, "", reason="not determined by the publication")


@dataclass(frozen=True, slots=True)
class Contrast:
    """The compared group and its reference: codes among the k groups of the first stratifier."""

    by: By
    groups: tuple[str, ...]
    one: int
    zero: int

    @property
    def labels(self) -> tuple[str, str]:
        return self.groups[self.one], self.groups[self.zero]


@dataclass(frozen=True, slots=True)
class Cells:
    """A factor's event table: the compared group's levels, then the reference's; (2 · levels, T)."""

    id: str
    label: str
    names: tuple[str, ...]
    table: EventTable
    cutoff: tuple[float, str] | None


def offered_factors(cohort: Cohort, selection: Selection) -> tuple[str, ...]:
    """Stratifiers that may divide the patients: known before the start, and not of the compared column."""
    offered = stratifiers(cohort)
    compared = offered[selection.by[0].id].column if selection.by and selection.by[0].id in offered else ""
    return tuple(s.id for s in offered.values() if not s.post_baseline and s.column != compared)


def default_factors(cohort: Cohort, selection: Selection) -> tuple[str, ...]:
    """The first dozen with two to eight levels, those of the registry first; one of each column."""
    ids = offered_factors(cohort, selection)
    ordered = [i for i in ids if i in STRATIFIERS] + [i for i in ids if i not in STRATIFIERS]
    found: list[str] = []
    columns: set[str] = set()
    for id in ordered:
        stratifier = stratifiers(cohort)[id]
        if stratifier.column not in columns and 2 <= levels_of(cohort, id) <= MOST_LEVELS:
            found.append(id)
            columns.add(stratifier.column)
        if len(found) == MOST_FACTORS:
            break
    return tuple(found)


def levels_of(cohort: Cohort, id: str) -> int:
    """How many levels of a stratifier have a patient."""
    codes = split(cohort, stratifiers(cohort)[id]).codes
    return int(np.unique(codes[codes >= 0]).size)


def analyse_forest(
    cohort: Cohort, selection: Selection, factors: tuple[str, ...] | None = None, group: str | None = None
) -> ForestAnalysis:
    """The selection's first comparison in everybody and within every level of these stratifiers.

    group: the group compared with the reference, where there are more than two (None: the first other one). factors:
    None for `default_factors`. Raises SelectionError where there is nothing to compare.
    """
    if not selection.by:
        raise SelectionError("subgroups need a comparison: choose what to compare")
    first = selection.by[0]
    selection = selection.but(by=(first,))
    scope, followed = resolve(cohort, selection), follow(cohort, selection)
    if scope.post_baseline and selection.analysis != "landmark":
        raise SelectionError(f"{scope.by_label} is known only after the start: compare it from a landmark")
    unknown = never_together(cohort, selection)
    if unknown:
        raise SelectionError(unknown[:1].upper() + unknown[1:])
    table = tabulate(followed.grid, followed.event, _of(followed, scope.groups), scope.k + 1).rows(slice(0, scope.k))
    contrast = _contrast(first, scope, table, group)
    ids = default_factors(cohort, selection) if factors is None else factors
    made = [_factor(cohort, selection, followed, contrast, id) for id in ids]
    described = iter(_describe([f for f in made if isinstance(f, Cells)], contrast, selection))
    found = [next(described) if isinstance(f, Cells) else f for f in made if not isinstance(f, str)]
    left_out = [(chosen(cohort, By(id)).label, f) for id, f in zip(ids, made, strict=True) if isinstance(f, str)]
    result = ForestAnalysis(
        cohort=reference_to(cohort),
        selection=selection,
        endpoint=named_endpoint(selection.endpoint),
        by_label=scope.by_label,
        label=contrast.labels[0],
        reference=contrast.labels[1],
        groups=scope.labels,
        cutoffs=scope.cutoffs,
        overall=_overall(cohort, selection, followed, contrast, table),
        factors=_weighted(found),
        left_out=tuple(left_out),
        excluded=_excluded(cohort, scope, followed),
        warnings=(),
    )
    return replace(result, warnings=forest_warnings(cohort, scope, result))


def _of(followed: Followed, groups: NDArray[np.intp]) -> NDArray[np.intp]:
    return groups if followed.rows is None else groups[..., followed.rows]


def _excluded(cohort: Cohort, scope: Scope, followed: Followed) -> tuple[Exclusion, ...]:
    found = [e for reason, rows in followed.left_out for e in exclusion(cohort, reason, rows & scope.selected)]
    return tuple(found) + exclusion(cohort, f"{scope.by_label} not known", scope.groups == scope.k)


def _contrast(by: By, scope: Scope, table: EventTable, group: str | None) -> Contrast:
    """Which two groups are compared. Raises SelectionError naming the groups there are."""
    present = [i for i in range(scope.k) if table.n[i]]
    zero = scope.reference if scope.reference in present else (present or [0])[0]
    others = [scope.labels[i] for i in present if i != zero]
    if not others:
        raise SelectionError(f"{scope.by_label}: all patients here are in one group, so there is nothing to compare")
    if group is not None and group not in others:
        raise SelectionError(f"no group {group!r} to compare with {scope.labels[zero]}; there are {', '.join(others)}")
    return Contrast(by, scope.labels, scope.labels.index(group or others[0]), zero)


def _overall(
    cohort: Cohort, selection: Selection, followed: Followed, contrast: Contrast, table: EventTable
) -> SubgroupRow:
    groups = redrawn_groups(cohort, selection, selection.endpoint)
    if groups is not None:
        drawn = _of(followed, groups)
        if not (drawn == drawn[:1]).all():
            whole = tabulate(followed.grid, followed.event, drawn, len(contrast.groups) + 1)
            return _range_row("All patients", whole.rows([contrast.one, contrast.zero]), selection)
    table = table.rows([contrast.one, contrast.zero])
    (ratio,) = _ratios(_pairs(table, 1), contrast, selection)
    return _row("All patients", table, ratio, contrast, _medians(table, selection))


def _factor(
    cohort: Cohort, selection: Selection, followed: Followed, contrast: Contrast, id: str
) -> SubgroupFactor | Cells | str:
    """Subgroups by one stratifier, or why it makes none."""
    stratifier = chosen(cohort, By(id))
    if stratifier.post_baseline and selection.analysis != "landmark":
        return "known only after the start"
    crossed = selection.but(by=(contrast.by, By(id)))
    scope = resolve(cohort, crossed)
    levels = scope.k // len(contrast.groups)
    table = tabulate(followed.grid, followed.event, _of(followed, scope.groups), scope.k + 1).rows(slice(0, scope.k))
    names = [label.removeprefix(f"{contrast.groups[0]} · ") for label in scope.labels[:levels]]
    present = [m for m in range(levels) if table.n[[_at(contrast, levels, m, g) for g in (0, 1)]].any()]
    if len(present) < 2:
        return "one level only among these patients"
    cells = [_at(contrast, levels, m, arm) for arm in (0, 1) for m in present]
    cutoff = next(((value, origin) for key, value, origin in scope.cutoffs if key == id), None)
    drawn = _redrawn(cohort, crossed, followed, scope)
    if drawn is None and (cohort.drawn or cohort.partly_drawn):
        return NEVER_TOGETHER
    if drawn is not None:
        return _drawn_factor(cohort, crossed, stratifier, drawn.rows(cells), [names[m] for m in present], cutoff)
    return Cells(id, stratifier.label, tuple(names[m] for m in present), table.rows(cells), cutoff)


def _describe(factors: list[Cells], contrast: Contrast, selection: Selection) -> list[SubgroupFactor]:
    """All factors' rows and interactions: the models are fitted together, which costs little more than one of them."""
    if not factors:
        return []
    ratios = iter(_ratios(_stacked([_pairs(f.table, len(f.names)) for f in factors]), contrast, selection))
    found = []
    for factor, test in zip(factors, _interactions(factors, selection.conventions.ties), strict=True):
        levels, described = len(factor.names), _medians(factor.table, selection)
        rows = tuple(
            _row(name, factor.table.rows([i, i + levels]), next(ratios), contrast, described[i::levels])
            for i, name in enumerate(factor.names)
        )
        found.append(SubgroupFactor(factor.id, factor.label, rows, test, cutoff=factor.cutoff))
    return found


def _stacked(tables: list[EventTable]) -> EventTable:
    """Tables of the same times, one batch after the other."""
    parts = ((t.at_risk, t.events, t.censored) for t in tables)
    return EventTable(tables[0].times, *(np.concatenate(counts) for counts in zip(*parts, strict=True)))


def _interactions(factors: list[Cells], ties: Ties) -> list[TestResult]:
    """Each factor's test; those with as many levels and events in every cell are fitted together."""
    found: dict[str, TestResult] = {}
    alike: dict[int, list[Cells]] = {}
    for factor in factors:
        if factor.table.events.any(axis=-1).all():
            alike.setdefault(len(factor.names), []).append(factor)
        else:
            found[factor.id] = interaction(factor.table, len(factor.names), ties)
    for levels, some in alike.items():
        shape = (len(some), 2 * levels, -1)
        stacked = _stacked([f.table for f in some])
        batch = EventTable(
            stacked.times, *(c.reshape(shape) for c in (stacked.at_risk, stacked.events, stacked.censored))
        )
        found |= dict(zip((f.id for f in some), interaction_tests(batch, levels, ties), strict=True))
    return [found[factor.id] for factor in factors]


def _at(contrast: Contrast, levels: int, level: int, arm: int) -> int:
    """Code of a level within the compared group (arm 0) or the reference (arm 1)."""
    return (contrast.one, contrast.zero)[arm] * levels + level


def _medians(table: EventTable, selection: Selection) -> list[Quantile]:
    return [quantile(curve, selection.conventions) for curve in curves(table, selection.conventions)]


def _pairs(table: EventTable, levels: int) -> EventTable:
    """The two arms of every level, (levels, 2, T), from the cells (2 · levels, T), those of the first arm first."""
    shape = (2, levels, table.times.size)
    counts = (np.swapaxes(c.reshape(shape), 0, 1) for c in (table.at_risk, table.events, table.censored))
    return EventTable(table.times, *counts)


def _ratios(pairs: EventTable, contrast: Contrast, selection: Selection) -> list[HazardRatio]:
    """The hazard ratio of every level: all at once, and one by one where the likelihood has no finite maximum."""
    c = selection.conventions
    alone = [
        EventTable(pairs.times, *counts) for counts in zip(pairs.at_risk, pairs.events, pairs.censored, strict=True)
    ]
    fitted = fit(pairs, 1, c.ties) if len(alone) > 1 and pairs.events.any() else None
    found: list[HazardRatio] = []
    for i, table in enumerate(alone):
        if fitted is not None and fitted.finite[i]:
            std_error = np.sqrt(np.diagonal(fitted.covariance[i])).tolist()
            found += wald(fitted.beta[i].tolist(), std_error, contrast.labels, 1, c.ties, c.confidence)
        else:
            found += cox(table, contrast.labels, 1, c.ties, c.confidence)
    return found


def _row(label: str, table: EventTable, ratio: HazardRatio, contrast: Contrast, medians: list[Quantile]) -> SubgroupRow:
    """One subgroup from its event table (2, T), the compared group first."""
    n, events = table.n.tolist(), table.events.sum(axis=-1).tolist()
    arms = tuple(map(Arm, n, events, medians))
    note = _missing(n, events, contrast)
    if note:
        return SubgroupRow(label, arms, None, note=note)  # type: ignore[arg-type]
    small = min(*n, *events) < FEW
    return SubgroupRow(label, arms, ratio, small=small, note=ratio.reason)  # type: ignore[arg-type]


def _missing(n: list[int], events: list[int], contrast: Contrast) -> str:
    """Why a subgroup has no hazard ratio."""
    empty = [label for label, size in zip(contrast.labels, n, strict=True) if not size]
    if empty:
        return f"no patient in {' or '.join(empty)}"
    if sum(events) < FEW:
        return f"{sum(events)} event{'' if sum(events) == 1 else 's'} in all: too few for a hazard ratio"
    return ""


def _weighted(factors: list[SubgroupFactor]) -> tuple[SubgroupFactor, ...]:
    """Weights relative to the most precise subgroup's."""
    precision = [_precision(row.ratio) for factor in factors for row in factor.rows]
    most = max(precision, default=0.0) or 1.0
    return tuple(
        replace(f, rows=tuple(replace(row, weight=_precision(row.ratio) / most) for row in f.rows)) for f in factors
    )


def _precision(ratio: HazardRatio | None) -> float:
    return 0.0 if ratio is None or np.isnan(ratio.std_error) else ratio.std_error**-2


# Redraws


def _redrawn(cohort: Cohort, crossed: Selection, followed: Followed, scope: Scope) -> EventTable | None:
    """The table of every redraw, (COUNT, k, T), or None where the publication determines the subgroups."""
    groups = redrawn_groups(cohort, crossed, crossed.endpoint)
    if groups is None:
        return None
    groups = _of(followed, groups)
    if (groups == groups[:1]).all():
        return None
    return tabulate(followed.grid, followed.event, groups, scope.k + 1).rows(slice(0, scope.k))


def _drawn_factor(
    cohort: Cohort,
    crossed: Selection,
    stratifier: Stratifier,
    table: EventTable,
    names: list[str],
    cutoff: tuple[float, str] | None,
) -> SubgroupFactor:
    levels = len(names)
    rows = tuple(_range_row(name, table.rows([i, i + levels]), crossed) for i, name in enumerate(names))
    counts = counts_at_events(table)
    p = (NAN, NAN)
    if counts is not None:
        chi2, df = interactions(counts, levels, crossed.conventions.ties)
        p = extent(chdtrc(max(df, 1), chi2))
    names_drawn = ", ".join(column_label(cohort, c) for c in sorted(drawn_columns(cohort, crossed)))
    sentence = f"range over {COUNT} compatible redraws: {names_drawn} was drawn at random"
    return SubgroupFactor(stratifier.id, stratifier.label, rows, None, p, sentence, cutoff)


def _range_row(label: str, table: EventTable, selection: Selection) -> SubgroupRow:
    """Ranges over redraws (COUNT, 2, T)."""
    arms = [Arm(0, 0, UNDETERMINED, *drawn_extents(table, i)) for i in (0, 1)]
    ratio, note = (NAN, NAN), "no event"
    if table.events.any():
        fitted = fit(table, 1, selection.conventions.ties)
        ratio = ratio_extent(np.exp(np.where(fitted.finite, fitted.beta[:, 0], NAN)))
        infinite = int((~fitted.finite).sum())
        note = f"no finite hazard ratio in {infinite} of {COUNT} redraws" if np.isnan(ratio).any() else ""
    return SubgroupRow(label, (arms[0], arms[1]), None, note=note, ratio_range=ratio)
