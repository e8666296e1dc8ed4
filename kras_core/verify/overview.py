"""Verify for the Overview: Table 1 recomputed from the rows by tableone (Pollard et al. 2018, JAMIA Open 1:26–31).

tableone takes some 0.2 s for ten characteristics, which is why it gives the second opinion and not the table of a page
that answers within 50 ms. It sees the rows and the groups, none of our counts.
"""

from collections.abc import Iterator
from math import isnan
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
import pandas as pd

from kras_core.analyse.overview import analyse_overview
from kras_core.analyse.overview_results import Characteristic, LevelCounts, OverviewAnalysis
from kras_core.analyse.scope import resolve
from kras_core.cohort.model import Cohort
from kras_core.selection import Selection
from kras_core.stats.results import NumberSummary
from kras_core.verify.second_opinion import SecondOpinion, second_opinion

LIBRARY = "tableone"
GROUP = "\0group"  # no column of a file can be called so
NOT_DETERMINED = "the publication does not determine it"
STATISTICS = (
    ("median", "Median", "median"),
    ("q25", "Lower quartile", "q1"),
    ("q75", "Upper quartile", "q3"),
    ("min", "Smallest", "low"),
    ("max", "Largest", "high"),
    ("mean", "Mean", "mean"),
    ("std", "Standard deviation", "sd"),
)


def verify_overview(
    cohort: Cohort, selection: Selection, analysis: OverviewAnalysis | None = None
) -> tuple[SecondOpinion, ...]:
    """Every number of Table 1 beside tableone's. What is a range over redraws is not asked.

    Raises SelectionError as `analyse_overview` does.
    """
    shown = analysis or analyse_overview(cohort, selection)
    frame = _frame(cohort, selection, shown)
    asked = [c for c in shown.characteristics if not c.overall_range and _known(c.overall)]
    compared = [c for c in asked if not (c.ranges or c.defines_groups) and all(map(_known, c.cells))]
    found: list[SecondOpinion] = []
    with catch_warnings():
        simplefilter("ignore")  # tableone groups as pandas will no longer do by default
        if asked:
            table = _table(frame, asked, None)
            found += [o for c in asked for o in _of_cells(c, ((c.overall, "All patients", "Overall"),), table)]
        if compared and len(shown.groups) > 1:
            inside = frame[frame[GROUP].notna()]
            table = _table(inside, compared, GROUP)
            for c in compared:
                cells = tuple((cell, g, g) for cell, g in zip(c.cells, shown.groups, strict=True))
                found += [*_of_cells(c, cells, table), _of_difference(c, table)]
    return tuple(found)


def _known(cell: NumberSummary | LevelCounts) -> bool:
    return cell.n > 0


def _frame(cohort: Cohort, selection: Selection, analysis: OverviewAnalysis) -> pd.DataFrame:
    """The selected rows, flags as text, and each row's group."""
    scope = resolve(cohort, selection)
    groups = pd.Series(np.array([*scope.labels, None], dtype=object)[scope.groups], dtype=object)
    frame = cohort.patients[[c.column for c in analysis.characteristics]].reset_index(drop=True)
    for c in analysis.characteristics:
        if c.kind != "number":
            values = frame[c.column]
            text = values.astype(object) if c.kind == "levels" else values.map({0.0: "0", 1.0: "1"})
            frame[c.column] = [t if known else None for t, known in zip(text, values.notna(), strict=True)]
    return frame.assign(**{GROUP: groups})[scope.selected]


def _table(frame: pd.DataFrame, rows: list[Characteristic], by: str | None) -> Any:
    from tableone import TableOne  # slow to import

    numbers = [c.column for c in rows if c.kind == "number"]
    levels = [c.column for c in rows if c.kind != "number"]
    columns = [c.column for c in rows]
    return TableOne(
        frame[columns + ([by] if by else [])],
        columns=columns,
        categorical=levels,
        continuous=numbers,
        groupby=by,
        nonnormal=numbers,
        smd=by is not None,
        include_null=False,
        overall=by is None,
    )


def _of_cells(
    c: Characteristic, cells: tuple[tuple[NumberSummary | LevelCounts, str, str], ...], table: Any
) -> Iterator[SecondOpinion]:
    for cell, name, key in cells:
        if isinstance(cell, NumberSummary):
            for theirs, words, ours in STATISTICS:
                value = getattr(cell, ours)
                if not isnan(value):
                    found = float(table.cont_describe[(theirs, key)][c.column])
                    yield second_opinion(f"{c.label}: {words.lower()}", name, value, found, LIBRARY)
            continue
        counted = table.cat_describe[("freq", key)][c.column]
        for level, k in zip(c.levels, cell.counts, strict=True):
            # a level that nobody selected has is no row there
            found = float(str(counted[level])) if level in counted.index else 0.0
            yield second_opinion(f"{c.label}: {level}", name, float(k), found, LIBRARY)


def _of_difference(c: Characteristic, table: Any) -> SecondOpinion:
    """The largest of the pairwise differences, by absolute value."""
    name = f"{c.label}: standardised difference"
    if isnan(c.difference.estimate):
        return second_opinion(name, "", c.difference.estimate, None, LIBRARY, c.difference.reason)
    pairs = pd.to_numeric(table.smd_table.loc[c.column], errors="coerce").abs()
    if pairs.isna().any():
        reason = "it inverts the covariance of the levels, which is singular here"
        return second_opinion(name, "", c.difference.estimate, None, LIBRARY, f"not offered by {LIBRARY}: {reason}")
    return second_opinion(name, "", c.difference.estimate, float(pairs.max()), LIBRARY)
