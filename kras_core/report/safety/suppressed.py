"""The Safety view without its small counts, and without those that would give them away: what tables, bars and JSON
are made of, so that none of them tells what another hides."""

import math
from collections.abc import Sequence
from dataclasses import replace

from kras_core.analyse.results import SafetyAnalysis, SafetyRow
from kras_core.report.small_cells import HIDDEN, HiddenCount, Key, Sum, is_small, masked, threshold
from kras_core.stats.results import Proportion


def suppressed_safety(analysis: SafetyAnalysis) -> SafetyAnalysis:
    """The same result with a `HiddenCount` and no estimate in place of every hidden cell, and without the comparisons
    of groups that have one; as it is while all counts are shown.

    Rows whose patients are hidden stand last, by name: their place among the others would tell.
    """
    if not threshold():
        return analysis
    counts = masked(*counted(analysis.rows))
    rows = [_row(row, i, counts) for i, row in enumerate(analysis.rows)]
    rows.sort(key=lambda row: row.term.casefold() if is_hidden(row.overall["any"]) else "")
    return replace(analysis, rows=tuple(rows))


def is_hidden(found: Proportion) -> bool:
    """Whether a cell of a suppressed view is hidden."""
    return isinstance(found.k, HiddenCount)


def hides_any(analysis: SafetyAnalysis) -> bool:
    """Whether a suppressed view has a hidden cell, or a range with a hidden end."""
    ends = (k for row in analysis.rows for of in row.ranges.values() for ends in of for k in ends)
    return any(is_hidden(p) for row in analysis.rows for p in _cells(row)) or any(map(is_small, ends))


def cell_of(row: SafetyRow, group: int | None, band: str) -> Proportion:
    """Patients of a group (None: everybody) in a grade band."""
    return row.overall[band] if group is None else row.cells[band][group]


def counted(rows: Sequence[SafetyRow]) -> tuple[dict[Key, int], tuple[Sum, ...]]:
    """Patients by row and cell, and what a reader may add: any grade is grades 1–2 and ≥ 3, which is 3–4 and 5;
    everybody is the groups together."""
    counts: dict[Key, int] = {}
    sums: list[Sum] = []
    for i, row in enumerate(rows):
        bands, groups = list(row.overall), range(len(row.cells["any"]))
        for group in (None, *groups):
            if not (row.overall_range if group is None else row.ranges):
                counts |= {_key(i, row, group, band): cell_of(row, group, band).k for band in bands}
        for group in (None, *groups):
            for whole, parts in (("any", ("1-2", ">=3")), (">=3", ("3-4", "5"))):
                keys = [_key(i, row, group, band) for band in parts]
                sums += Sum.if_true(counts, _key(i, row, group, whole), keys)
        for band in bands if groups else ():
            sums += Sum.if_true(counts, _key(i, row, None, band), [_key(i, row, g, band) for g in groups])
    return counts, tuple(sums)


def _key(i: int, row: SafetyRow, group: int | None, band: str) -> Key:
    bands = list(row.overall)
    return i, bands.index(band) + len(bands) * (0 if group is None else 1 + group)


def _row(row: SafetyRow, i: int, counts: dict[Key, int]) -> SafetyRow:
    def cell(group: int | None, band: str) -> Proportion:
        found = cell_of(row, group, band)
        k = counts.get(_key(i, row, group, band))
        if not isinstance(k, HiddenCount):
            return found
        return replace(found, k=k, estimate=math.nan, low=math.nan, high=math.nan, reason=HIDDEN)

    cells = {band: tuple(cell(g, band) for g in range(len(of))) for band, of in row.cells.items()}
    overall = {band: cell(None, band) for band in row.overall}
    told = any(is_hidden(p) for band in row.comparisons for p in cells[band])
    return replace(row, cells=cells, overall=overall, comparisons={} if told else row.comparisons)


def _cells(row: SafetyRow) -> list[Proportion]:
    return [*row.overall.values(), *(p for of in row.cells.values() for p in of)]
