"""Files to tables with a mapping: what every command and the page do with a file whose columns are its own."""

from collections.abc import Sequence
from pathlib import Path

from kras_core.cohort import files
from kras_core.cohort.mapping.apply import apply
from kras_core.cohort.mapping.model import Mapping
from kras_core.cohort.mapping.saved import LARGEST, from_toml
from kras_core.cohort.readers import RawTables, tables_of


def open_paths(paths: Sequence[Path], sheet: str = "") -> RawTables:
    """These files as tables in their own names. Raises CohortError, OSError."""
    names = [path.name for path in paths]
    return tables_of(files.open_paths(paths, dict.fromkeys(names, sheet) if sheet else {}), names)


def open_mapped(paths: Sequence[Path], mapping: Mapping) -> RawTables:
    """These files as the mapping has them. Raises CohortError, MappingError, OSError."""
    return apply(mapping, open_paths(paths, mapping.sheet))


def read_mapping(path: Path) -> Mapping:
    """A mapping from its file. Raises MappingError, OSError."""
    with path.open("rb") as file:
        return from_toml(file.read(LARGEST + 1).decode("utf-8", errors="replace"))
