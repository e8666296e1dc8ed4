"""A mapping as TOML: readable, and enough to do the same to the next extract. It holds headers and codes, no rows."""

import tomllib
from dataclasses import asdict, fields
from typing import Any, get_args

import tomli_w

from kras_core.cohort.mapping.codes import MEANINGS
from kras_core.cohort.mapping.model import (
    LEFT_OUT,
    OWN,
    CensorPfs,
    Column,
    Confidence,
    DateRules,
    Mapping,
    MappingError,
    Therapy,
)
from kras_core.cohort.mapping.targets import adverse_events_target, patients_target
from kras_core.cohort.mapping.units import UNITS
from kras_core.cohort.mapping.written_dates import WAYS

FORMAT = 1
LARGEST = 2 * 1024**2  # bytes

_HEAD = """\
# KRAScope mapping: what the columns of a file become. For the next extract: --mapping, or the Cohort page.
# becomes: a variable or endpoint of KRAScope, "own column" (kept under its name) or "left out".
# Event codes count only with confirmed = true: look at what each code means before you write it.
"""

_TABLES = (("patients", patients_target), ("adverse_events", adverse_events_target))


def to_toml(mapping: Mapping) -> str:
    """The mapping as TOML, what is empty left out."""
    whole: dict[str, Any] = {"krascope_mapping": FORMAT, "columns": mapping.fingerprint}
    if mapping.sheet:
        whole["sheet"] = mapping.sheet
    whole["dates"] = asdict(mapping.dates)
    for table, _ in _TABLES:
        columns = getattr(mapping, table)
        if columns:
            whole[table] = [_written(column) for column in columns]
    return _HEAD + tomli_w.dumps(whole)


def _written(column: Column) -> dict[str, Any]:
    said: dict[str, Any] = {name: value for name, value in asdict(column).items() if value not in ("", (), False)}
    if column.missing:
        said["missing"] = list(column.missing)
    if column.codes:
        said["codes"] = dict(column.codes)
    if column.is_event:
        said["confirmed"] = column.confirmed
    return said


def from_toml(text: str) -> Mapping:
    """Read what `to_toml` wrote, or what somebody wrote like it. Raises MappingError saying what is wrong."""
    if len(text) > LARGEST:
        raise MappingError("a mapping is a small file; this is none")
    try:
        whole = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise MappingError(f"this mapping is no TOML: {str(error)[:200]}") from None
    if whole.get("krascope_mapping") != FORMAT:
        raise MappingError(f"this is no mapping of KRAScope: krascope_mapping = {FORMAT} is missing at its top")
    unknown = sorted(set(whole) - {"krascope_mapping", "columns", "sheet", "dates", *(t for t, _ in _TABLES)})
    if unknown:
        raise MappingError(f"the mapping has an unknown part: {', '.join(unknown)}")
    read = {table: _columns(whole.get(table, []), table, allowed) for table, allowed in _TABLES}
    if not read["patients"]:
        raise MappingError("the mapping has no [[patients]]: one for every column of the file")
    sheet = whole.get("sheet", "")
    if not isinstance(sheet, str):
        raise MappingError("sheet: write the sheet's name in quotation marks")
    return Mapping(**read, dates=_rules(whole.get("dates", {})), sheet=sheet)


def _columns(said: Any, table: str, allowed: Any) -> tuple[Column, ...]:
    if not isinstance(said, list) or not all(isinstance(s, dict) for s in said):
        raise MappingError(f"{table}: write one [[{table}]] for every column")
    columns = tuple(_column(s, f"{table}, column {i + 1}", allowed) for i, s in enumerate(said))
    if len({c.source for c in columns}) < len(columns):
        raise MappingError(f"{table}: a column is listed twice")
    return columns


def _column(said: dict[str, Any], where: str, allowed: Any) -> Column:
    where = f"{where} ({str(said.get('source', ''))[:60]!r})"
    unknown = sorted(set(said) - {f.name for f in fields(Column)})
    if unknown:
        raise MappingError(f"{where}: unknown {', '.join(unknown)}")
    texts = [said.get(name, "") for name in ("source", "becomes", "unit", "written", "reason")]
    missing, codes, confirmed = said.get("missing", []), said.get("codes", {}), said.get("confirmed", False)
    typed = all(isinstance(t, str) for t in [*texts, *missing]) and isinstance(codes, dict)
    if not typed or not isinstance(confirmed, bool) or not all(isinstance(v, str) for v in codes.values()):
        raise MappingError(f"{where}: write texts in quotation marks, confirmed = true or false")
    column = Column(**said | {"missing": tuple(missing), "codes": tuple(codes.items())})
    _check(column, where, allowed)
    return column


def _check(column: Column, where: str, allowed: Any) -> None:
    if not column.source:
        raise MappingError(f"{where}: source is the column's header in the file")
    if column.becomes not in (OWN, LEFT_OUT) and allowed(column.becomes) is None:
        raise MappingError(
            f"{where}: becomes {column.becomes[:60]!r} is no variable of KRAScope, {OWN!r} or {LEFT_OUT!r}"
        )
    units = UNITS["time"] if column.becomes.endswith("_time") else UNITS.get(column.becomes, ())
    if units and column.unit not in units:
        raise MappingError(f"{where}: unit is one of {', '.join(units)}")
    if column.written not in ("", *WAYS):
        raise MappingError(f"{where}: written is one of {', '.join(WAYS)}")
    if column.is_event and not {meaning for _, meaning in column.codes} <= set(MEANINGS):
        raise MappingError(f"{where}: each code is one of {', '.join(MEANINGS)}")
    if column.confidence not in get_args(Confidence):
        raise MappingError(f"{where}: confidence is one of {', '.join(get_args(Confidence))}")


def _rules(said: Any) -> DateRules:
    if not isinstance(said, dict) or set(said) - {f.name for f in fields(DateRules)}:
        raise MappingError(f"dates: known are {', '.join(f.name for f in fields(DateRules))}")
    rules = DateRules(**said)
    choices = (("censor_pfs", CensorPfs), ("new_therapy", Therapy), ("missed", Therapy))
    for name, known in choices:
        if getattr(rules, name) not in get_args(known):
            raise MappingError(f"dates: {name} is one of {', '.join(get_args(known))}")
    if not isinstance(rules.interval, int) or not 1 <= rules.interval <= 3650 or not isinstance(rules.keep, bool):
        raise MappingError("dates: interval is a whole number of days from 1 to 3650, keep is true or false")
    return rules
