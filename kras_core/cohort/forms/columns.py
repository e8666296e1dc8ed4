"""What the forms share: looking a table up by patient, and building the one that they are joined to."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kras_core.cohort.files.table import RawTable


def texts(values: Iterable[str]) -> np.ndarray:
    """Texts as a column (n,)."""
    return np.array([*values], dtype=object)


def named(table: RawTable, *names: str) -> np.ndarray | None:
    """The first of these columns that the table has."""
    return next((c for name in names if (c := table.column(name)) is not None), None)


def first_row(ids: np.ndarray) -> dict[str, int]:
    """Where each id stands first; rows without an id are left out."""
    rows: dict[str, int] = {}
    for i, id in enumerate(ids):
        if id:
            rows.setdefault(id, i)
    return rows


def spread(values: np.ndarray, rows: Mapping[str, int], ids: Iterable[str]) -> np.ndarray:
    """Each id's value, empty where the id has no row."""
    return texts(values[rows[id]] if id in rows else "" for id in ids)


def converted(values: Iterable[str], words: Mapping[str, str]) -> np.ndarray:
    """Each text by the words' table, whatever its case; one that is not in it stays as it is."""
    return texts(words.get(value.upper(), value) for value in values)


@dataclass(slots=True)
class Building:
    """A table in the making: columns by name in their order, each with its label."""

    file: str
    rows: np.ndarray
    columns: dict[str, np.ndarray] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    value_labels: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def add(self, name: str, values: np.ndarray, label: str = "") -> None:
        self.columns[name] = values
        if label:
            self.labels[name] = label

    def take(self, table: RawTable, skip: Sequence[str], values: Callable[[np.ndarray], np.ndarray]) -> None:
        """The table's columns but those to skip (by key); a name that is taken gets the table's file behind it."""
        for name, key, column in zip(table.header, table.keys, table.columns, strict=True):
            if key in skip:
                continue
            free = name if name not in self.columns else f"{name} ({table.file})"
            self.add(free, values(column), table.labels.get(name, ""))
            if name in table.value_labels:
                self.value_labels[free] = table.value_labels[name]

    def table(self) -> RawTable:
        header, columns = tuple(self.columns), tuple(self.columns.values())
        return RawTable(self.file, "", header, columns, self.rows, self.labels, self.value_labels)
