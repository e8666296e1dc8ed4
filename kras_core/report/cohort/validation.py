"""The validation report, the remedies on offer and the changes made, as rows for files and for JSON."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from kras_core.cohort.problems import Problem
from kras_core.cohort.remedies import Remedy, key_of

Offered = Mapping[tuple[str, str, str, str], Remedy]


def groups(problems: Iterable[Problem]) -> list[list[Problem]]:
    """The problems in their order, those of one rule in one column together."""
    return [list(group) for _, group in groupby(problems, key=lambda p: (p.severity, key_of(p)))]


def report_rows(problems: Iterable[Problem], offers: Offered) -> list[dict[str, str]]:
    """One row a problem, every column of the report as text."""
    return [
        {
            "severity": p.severity,
            "rule": p.code,
            "file": p.file,
            "sheet": p.sheet,
            "row": "" if p.row is None else str(p.row),
            "column": p.column,
            "found": p.value or "",
            "expected": p.expected,
            "message": p.sentence,
            "remedy": offers[key_of(p)].label if key_of(p) in offers else "",
        }
        for p in problems
    ]


def problems_json(problems: Sequence[Problem], offers: Offered) -> list[dict[str, Any]]:
    """The same for programs: row a number or None, remedy its kind and words or None."""
    return [
        {
            "severity": p.severity,
            "rule": p.code,
            "sheet": p.sheet,
            "row": p.row,
            "column": p.column,
            "value": p.value,
            "more": p.more,
            "expected": p.expected,
            "message": p.sentence,
            "remedy": _remedy_json(offers.get(key_of(p))),
        }
        for p in problems
    ]


def _remedy_json(remedy: Remedy | None) -> dict[str, Any] | None:
    if remedy is None:
        return None
    return {"kind": remedy.kind, "does": remedy.label, "rows": list(remedy.rows), "why": remedy.why}
