"""Our numbers beside those of the libraries that recomputed them."""

import math
from collections.abc import Iterable
from typing import Protocol

from kras_core.report import format as fmt
from kras_core.report.html_table import Column, Row, Table

ALIKE = 1e-9  # relative: the arithmetic of two programs


class Opinion(Protocol):
    """One number by KRAScope and by a library; theirs None: not offered, and note says why."""

    @property
    def quantity(self) -> str: ...
    @property
    def stratum(self) -> str: ...
    @property
    def ours(self) -> float: ...
    @property
    def theirs(self) -> float | None: ...
    @property
    def library(self) -> str: ...
    @property
    def difference(self) -> float | None: ...
    @property
    def note(self) -> str: ...


def second_opinion_table(opinions: Iterable[Opinion]) -> Table:
    """Every number, those that differ first."""
    found = sorted(opinions, key=lambda o: (o.difference is None, -(o.difference or 0.0) if _apart(o) else 0.0))
    columns = (
        Column("Quantity", numeric=False),
        Column("KRAScope"),
        Column("Library"),
        Column("Difference"),
        Column("By", numeric=False),
    )
    asked = [o for o in found if o.difference is not None]
    apart = sum(map(_apart, asked))
    rows = tuple(Row(_head(o), (_figure(o.ours), _figure(o.theirs), _relative(o), o.note or o.library)) for o in found)
    agree = "all agree" if not apart else f"{apart} differ"
    caption = f"{fmt.plural(len(asked), 'number')} recomputed from the patient rows: {agree} (to within 1e−9, relative)"
    return Table(caption, columns, rows)


def _apart(o: Opinion) -> bool:
    return o.difference is not None and o.difference > ALIKE


def _head(o: Opinion) -> str:
    return f"{o.quantity}, {o.stratum}" if o.stratum else o.quantity


def _figure(value: float | None) -> str:
    """Six significant digits."""
    if value is None or math.isnan(value):
        return fmt.NOTHING
    return fmt.NOT_REACHED if math.isinf(value) else f"{value:.6g}".replace("-", fmt.MINUS)


def _relative(o: Opinion) -> str:
    if o.difference is None:
        return fmt.NOTHING
    if math.isinf(o.difference):
        return "one is undefined"
    return "0" if o.difference == 0 else f"{o.difference:.1e}".replace("-", fmt.MINUS) if _apart(o) else "<1e−9"
