"""Table 1 without its small counts: what the table, its files and the JSON are made of."""

import math
from collections.abc import Iterator
from dataclasses import replace

from kras_core.analyse.overview_results import Characteristic, LevelCounts, OverviewAnalysis
from kras_core.report.small_cells import HIDDEN, HiddenCount, Key, Sum, masked, threshold
from kras_core.stats.results import NumberSummary, StandardisedDifference

Cells = tuple[NumberSummary | LevelCounts, ...]


def suppressed_overview(analysis: OverviewAnalysis) -> OverviewAnalysis:
    """The same result with a `HiddenCount` in place of every hidden count of a characteristic, of levels that the table
    does not list too; without differences and p values of levels with one. As it is while all counts are shown."""
    if not threshold():
        return analysis
    sizes = (analysis.n, *analysis.sizes)
    found = tuple(_characteristic(c, sizes) for c in analysis.characteristics)
    return replace(analysis, characteristics=found)


def known(cell: LevelCounts, size: int) -> int:
    """Of so many patients those with a known level, over whom percentages are taken; 0 where that is hidden."""
    if isinstance(cell.missing, HiddenCount):
        return 0
    return size - cell.missing if any(isinstance(k, HiddenCount) for k in cell.counts) else cell.n


def hides_any(analysis: OverviewAnalysis) -> bool:
    """Whether a suppressed view has a hidden count."""
    return any(isinstance(k, HiddenCount) for c in analysis.characteristics for _, k in _counts(_cells(c)))


def _cells(c: Characteristic) -> Cells:
    """Everybody's cell, then a group each; none that redraws leave open."""
    return () if c.overall_range else (c.overall, *(() if c.ranges else c.cells))


def _counts(cells: Cells) -> Iterator[tuple[Key, int]]:
    """By (level, cell), missing last."""
    for j, cell in enumerate(cells):
        levels = cell.counts if isinstance(cell, LevelCounts) else ()
        yield from (((i, j), k) for i, k in enumerate((*levels, cell.missing)))


def _characteristic(c: Characteristic, sizes: tuple[int, ...]) -> Characteristic:
    cells = _cells(c)
    counts = dict(_counts(cells))
    rows = len(c.levels) + 1
    sums: list[Sum] = []
    for j, size in enumerate(sizes[: len(cells)]) if c.levels else ():
        sums += Sum.if_true(counts, None, [(i, j) for i in range(rows)], size)
    for i in range(rows) if len(cells) > 1 else ():
        sums += Sum.if_true(counts, (i, 0), [(i, j) for j in range(1, len(cells))])
    found = masked(counts, sums)
    if found == counts:
        return c
    shown = [_cell(cell, [found[i, j] for i in range(rows)]) for j, cell in enumerate(cells)]
    c = replace(c, overall=shown[0], cells=tuple(shown[1:]) or c.cells)
    if not c.levels or c.defines_groups:
        return c
    return replace(c, difference=StandardisedDifference(math.nan, HIDDEN), p=math.nan)


def _cell(cell: NumberSummary | LevelCounts, found: list[int]) -> NumberSummary | LevelCounts:
    *counts, missing = found
    if isinstance(cell, LevelCounts):
        return LevelCounts(tuple(counts), missing)
    n = HiddenCount(HIDDEN) if isinstance(missing, HiddenCount) else cell.n
    return replace(cell, n=n, missing=missing)
