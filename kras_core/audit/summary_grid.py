"""A Summary as rows of a table, one a group of patients and endpoint, as a results table prints them.

A row without a group is of all patients. What is left empty goes on: the endpoint of the row above, the size of a group
that another row has given. Hazard ratio and its interval stand in the row of the group whose hazard is above the line,
the p value in either. `problem_of` says in which cell a mistake is.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kras_core.audit.printed import PrintedError, ends
from kras_core.audit.summary import Comparison, EndpointSummary, Ends, Summary, SummaryError
from kras_core.cohort.problems import Problem

COLUMNS = {
    "endpoint": "Endpoint",
    "group": "Group",
    "patients": "Patients",
    "events": "Events",
    "median": "Median",
    "median_interval": "95 % CI",
    "rates": "Rates",
    "hazard_ratio": "HR",
    "hazard_ratio_interval": "HR 95 % CI",
    "logrank_p": "p",
    "follow_up": "Follow-up",
    "grouping": "Grouping",
}
GROUPING = "arm"  # where none is named
SOURCE = "Figures"
_RATE = re.compile(r"(?:at\s*)?(\d+(?:\.\d+)?)\s*(?:months?|mo)?\s*[:=]\s*([<>≤≥]?\s*\d+(?:\.\d+)?)\s*%?")
_OF_COMPARISON = ("hazard_ratio", "hazard_ratio_interval", "logrank_p")

Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Cell:
    """Where something stands: row (the first is 1) and column of the table."""

    row: int
    column: str


class GridError(SummaryError):
    """A SummaryError at a cell of the table; None where it is of no cell, such as a span given beside it."""

    def __init__(self, key: str, remedy: str, cell: Cell | None, value: str = ""):
        super().__init__(key, remedy)
        self.cell, self.value, self.remedy = cell, value, remedy


def problem_of(error: GridError) -> Problem:
    """The error as one that names row, column and what was found there."""
    remedy = error.remedy[:1].upper() + error.remedy[1:] + "."
    if error.cell is None:
        return Problem("error", "summary", "Settings" if error.key else SOURCE, remedy=remedy)
    value = error.value or None
    return Problem("error", "summary", SOURCE, "", error.cell.row, COLUMNS[error.cell.column], value, "", remedy)


def summary_of(rows: Sequence[Cells], **settings: Any) -> Summary:
    """The summary that the table writes down; settings are the further fields of a Summary. Raises GridError."""
    grid = _Grid()
    for number, cells in enumerate(rows, 1):
        clean = {column: " ".join(str(cells.get(column) or "").split()) for column in COLUMNS}
        if any(clean.values()):
            grid.take(number, clean)
    try:
        return grid.summary(settings)
    except GridError:
        raise
    except SummaryError as error:
        remedy = str(error).removeprefix(f"{error.key}: ")
        cell = grid.cell(error.key)
        value = "" if cell is None else str(rows[cell.row - 1].get(cell.column) or "")
        raise GridError(error.key, remedy, cell, value) from None


@dataclass(slots=True)
class _Grid:
    """Rows on their way to a summary: what is printed of each endpoint, and at which cell each key stands."""

    n: int | None = None
    groups: dict[str, dict[str, int]] = field(default_factory=dict)
    overall: dict[str, dict[str, Any]] = field(default_factory=dict)
    by: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    cells: dict[str, Cell] = field(default_factory=dict)
    endpoint: str = ""

    def take(self, row: int, cells: Cells) -> None:
        self.endpoint = cells["endpoint"].lower() or self.endpoint
        if not self.endpoint:
            raise GridError("endpoints", "name the endpoint, such as os or pfs", Cell(row, "endpoint"))
        self.overall.setdefault(self.endpoint, {})
        self.by.setdefault(self.endpoint, {})
        self.cells.setdefault(f"endpoints.{self.endpoint}", Cell(row, "endpoint"))
        if cells["group"]:
            self._take_group(row, cells)
        else:
            self._take_everybody(row, cells)

    def _take_everybody(self, row: int, cells: Cells) -> None:
        key, found = f"endpoints.{self.endpoint}", self.overall[self.endpoint]
        if cells["grouping"]:
            raise GridError(key, "name the group as well, or leave both empty for all patients", Cell(row, "group"))
        for column in _OF_COMPARISON:
            if cells[column]:
                remedy = "this compares two groups: write it in the row of the group whose hazard is above"
                raise GridError(key, remedy, Cell(row, column), cells[column])
        if cells["patients"]:
            size = self._whole(row, "patients", cells, "n")
            if self.n not in (None, size):
                raise GridError("n", f"another row has {self.n} for all patients", Cell(row, "patients"), str(size))
            self.n = size
        for column in ("events", "median", "median_interval", "rates", "follow_up"):
            value = self._read(row, column, cells, f"{key}.{column}")
            if value and column in found:
                raise GridError(key, "another row has this already", Cell(row, column), cells[column])
            found |= {column: value} if value not in (None, "", {}) else {}

    def _take_group(self, row: int, cells: Cells) -> None:
        label, by = cells["group"], (cells["grouping"] or GROUPING).lower()
        self._size(row, by, label, cells)
        if cells["follow_up"]:
            remedy = "follow-up is that of all patients: write it in a row without a group"
            raise GridError("follow_up", remedy, Cell(row, "follow_up"), cells["follow_up"])
        found, key = self.by[self.endpoint].setdefault(by, {}), f"endpoints.{self.endpoint}.by.{by}"
        self.cells.setdefault(key, Cell(row, "group"))
        for column in ("median", "median_interval", "events", "rates"):
            value = self._read(row, column, cells, f"{key}.{column}.{label}")
            if value not in (None, "", {}):
                found.setdefault(column, {})[label] = value
        for column in _OF_COMPARISON:
            value = self._read(row, column, cells, f"{key}.{column}")
            if value and column in found:
                raise GridError(key, "the other group's row has one already", Cell(row, column), cells[column])
            found |= {column: value} if value else {}
        if cells["hazard_ratio"] or cells["hazard_ratio_interval"]:
            found["of"] = label

    def _size(self, row: int, by: str, label: str, cells: Cells) -> None:
        sizes, key = self.groups.setdefault(by, {}), f"groups.{by}"
        self.cells.setdefault(key, Cell(row, "patients" if cells["patients"] else "group"))
        if cells["patients"]:
            size = self._whole(row, "patients", cells, key)
            if sizes.get(label, size) != size:
                remedy = f"another row has {sizes[label]} for this group"
                raise GridError(key, remedy, Cell(row, "patients"), cells["patients"])
            sizes[label] = size
        elif label not in sizes:
            raise GridError(key, f"give the number of patients in {label}", Cell(row, "patients"))

    def _read(self, row: int, column: str, cells: Cells, key: str) -> Any:
        """A cell's value: text as printed, two ends, rates by month, a whole number; empty as it is."""
        text = cells[column]
        if text:
            self.cells[key] = Cell(row, column)
        if not text:
            return None
        if column == "events":
            return self._whole(row, column, cells, key)
        if column == "rates":
            return self._rates(row, text, key)
        return self._ends(row, column, text, key) if column.endswith("interval") else text

    def _ends(self, row: int, column: str, text: str, key: str) -> Ends:
        try:
            return ends(text)
        except PrintedError as error:
            raise GridError(key, f"give {error}", Cell(row, column), text) from None

    def _rates(self, row: int, text: str, key: str) -> dict[str, str]:
        parts = [_RATE.fullmatch(part.strip()) for part in text.split(";") if part.strip()]
        if not all(parts):
            raise GridError(key, "give months: percent, such as 12: 54.3; 24: 31", Cell(row, "rates"), text)
        return {part[1]: part[2].replace(" ", "") for part in parts if part}

    def _whole(self, row: int, column: str, cells: Cells, key: str) -> int:
        self.cells.setdefault(key, Cell(row, column))
        if not cells[column].isdecimal():
            raise GridError(key, "give a whole number", Cell(row, column), cells[column])
        return int(cells[column])

    def summary(self, settings: Mapping[str, Any]) -> Summary:
        n = self.n if self.n is not None else max((sum(sizes.values()) for sizes in self.groups.values()), default=0)
        endpoints = {
            id: EndpointSummary(**found, by={by: Comparison(**one) for by, one in self.by[id].items() if one})
            for id, found in self.overall.items()
        }
        if not n:
            first = next(iter(self.cells.values()), None)
            raise GridError("n", "give the number of patients", first and Cell(first.row, "patients"))
        return Summary(n=n, endpoints=endpoints, groups=self.groups, **settings)

    def cell(self, key: str) -> Cell | None:
        """Where the key of a SummaryError stands, or the longest beginning of it that stands somewhere."""
        while key not in self.cells and "." in key:
            key = key.rpartition(".")[0]
        return self.cells.get(key)


def rows_of(summary: Summary) -> list[dict[str, str]]:
    """The table that `summary_of` reads as this summary: by endpoint a row for all patients and one a group."""
    rows: list[dict[str, str]] = []
    for i, (id, one) in enumerate(summary.endpoints.items()):
        everybody = _cells(endpoint=id, patients="" if i else str(summary.n), **_printed(one))
        rows.append(everybody)
        for by, sizes in summary.groups.items():
            if i and by not in one.by:
                continue
            printed = one.by.get(by, Comparison())
            first = printed.of or next(iter(sizes))  # the row in which the comparison stands
            for label, size in sizes.items():
                row = _cells(group=label, patients="" if i else str(size), grouping="" if by == GROUPING else by)
                rows.append(row | _of_group(printed, label, compared=label == first))
    return rows


def _of_group(c: Comparison, label: str, *, compared: bool) -> dict[str, str]:
    names = [name for name in ("median", "median_interval", "events", "rates") if label in getattr(c, name)]
    own = {name: getattr(c, name)[label] for name in names}
    own |= {name: getattr(c, name) for name in _OF_COMPARISON} if compared else {}
    return {name: _text(value) for name, value in own.items()}


def _printed(one: EndpointSummary) -> dict[str, str]:
    return {name: _text(getattr(one, name)) for name in ("events", "median", "median_interval", "rates", "follow_up")}


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{months}: {percent}" for months, percent in value.items())
    return "–".join(value) if isinstance(value, tuple) else "" if value is None else str(value)


def _cells(**given: str) -> dict[str, str]:
    return dict.fromkeys(COLUMNS, "") | given


def blank(rows: int) -> list[dict[str, str]]:
    """Empty rows of the table."""
    return [_cells() for _ in range(rows)]


def padded(rows: Iterable[Cells], spare: int = 2) -> list[dict[str, str]]:
    """The rows with some empty ones beneath."""
    return [*(_cells(**row) for row in rows), *blank(spare)]
