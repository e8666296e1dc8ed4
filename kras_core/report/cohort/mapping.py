"""A mapping for people: what was recognised in a sentence, and what a choice of date rules changes as a table."""

from collections.abc import Sequence

from kras_core.cohort.mapping.dates import RuleEffect
from kras_core.cohort.mapping.model import LEFT_OUT, OWN, Mapping
from kras_core.report.format import NOT_REACHED, plural
from kras_core.report.html_table import Column, Row, Table

MOST_MEANINGS = 24


def recognised_words(mapping: Mapping) -> str:
    """ "18 columns: 12 recognised, 4 kept as they are, 2 left out"."""
    kinds = [c.becomes for c in mapping.patients]
    own, out = kinds.count(OWN), kinds.count(LEFT_OUT)
    parts = [f"{len(kinds) - own - out} recognised"]
    parts += [f"{own} kept as they are"] if own else []
    parts += [f"{out} left out"] if out else []
    return f"{plural(len(kinds), 'column')}: {', '.join(parts)}"


def meanings_words(mapping: Mapping) -> str:
    """ "subject → patient_id · OS_STATUS → os_event": what was recognised, at a glance."""
    found = [f"{c.source} → {c.becomes}" for c in mapping.patients if c.is_target and c.source != c.becomes]
    more = len(found) - MOST_MEANINGS
    return " · ".join(found[:MOST_MEANINGS] + ([f"and {more} more"] if more > 0 else []))


def left_out_words(mapping: Mapping) -> str:
    """ "Left out: a, b (dates that …); c (its header says …)": columns with one reason together, no empty ones."""
    by_reason: dict[str, list[str]] = {}
    for column in mapping.patients:
        if column.becomes == LEFT_OUT and column.reason not in ("", "empty"):
            by_reason.setdefault(column.reason.rstrip("."), []).append(f"“{column.source}”")
    parts = [f"{', '.join(names)} ({reason[0].lower()}{reason[1:]})" for reason, names in by_reason.items()]
    return f"Left out: {'; '.join(parts)}." if parts else ""


def effects_table(effects: Sequence[RuleEffect]) -> Table:
    """Events and median PFS under each choice, the others as chosen."""
    rows = [Row(effect.words, (f"{effect.n:,}", f"{effect.events:,}", _median(effect.median))) for effect in effects]
    columns = (Column("PFS under", numeric=False), Column("n"), Column("Events"), Column("Median, months"))
    return Table("Each choice with the others as they are; Kaplan–Meier median.", columns, tuple(rows))


def _median(months: float | None) -> str:
    return NOT_REACHED if months is None or months != months or months == float("inf") else f"{months:.1f}"
