"""The look ledger as a table, as text rows for CSV, and as JSON."""

from collections.abc import Sequence
from typing import Any

from kras_core.analyse.results import Look, Looked
from kras_core.report.format import NOTHING, mid_sentence, p_value
from kras_core.report.html_table import Column, Row, Table
from kras_core.report.survival.as_json import number

COLUMNS = (
    Column("Comparison", numeric=False),
    Column("No."),
    Column("Test", numeric=False),
    Column("p"),
    Column("Holm"),
    Column("Benjamini–Hochberg"),
)
NOTES = (
    "Every distinct comparison this session showed, in the order of showing. Another preset, unit or axis is the same "
    "look; another endpoint, stratifier, cut-off, filter or kind of analysis is a new one.",
    "Holm's and Benjamini and Hochberg's p values describe how much was looked at, within each cohort's family of "
    "undeclared looks. They control no error: the looks are not independent, and nobody knows which others would "
    "have been taken.",
)


def ledger_table(looked: Sequence[Looked]) -> str:
    """The ledger as HTML: declared comparisons first, then one table a family."""
    notes = "".join(f"<p>{note}</p>" for note in NOTES)
    return "".join(t.html() for t in ledger_tables(looked)) + f'<div class="kras-table-notes">{notes}</div>'


def ledger_tables(looked: Sequence[Looked]) -> list[Table]:
    """One table a family of each cohort, declared comparisons first."""
    return [
        Table(f"{cohort}: {family}, {len(members)}", COLUMNS, tuple(map(_row, members)), kind="ledger")
        for (cohort, family), members in _families(looked).items()
    ]


def ledger_rows(looked: Sequence[Looked]) -> list[dict[str, str]]:
    return [
        {
            "number": str(one.number),
            "cohort": one.look.cohort,
            "family": one.look.family,
            "comparison": words(one.look),
            "test": one.look.test,
            "p": _exact(one.look.p),
            "p_holm": _exact(one.holm),
            "p_benjamini_hochberg": _exact(one.benjamini_hochberg),
            "declared": one.look.declared,
            "remark": one.look.reason,
        }
        for one in looked
    ]


def ledger_json(looked: Sequence[Looked]) -> dict[str, Any]:
    return {
        "comparisons": [
            {
                "number": one.number,
                "cohort": one.look.cohort,
                "family": one.look.family,
                "comparison": words(one.look),
                "test": one.look.test,
                "p": number(one.look.p),
                "holm": number(one.holm),
                "benjamini_hochberg": number(one.benjamini_hochberg),
                "declared": one.look.declared or None,
                "reason": one.look.reason or None,
            }
            for one in looked
        ]
    }


def words(look: Look) -> str:
    """ "Overall survival by sex, only ecog = 1"."""
    return f"{look.quantity} by {mid_sentence(look.by)}{f', {look.scope}' if look.scope else ''}"


def _families(looked: Sequence[Looked]) -> dict[tuple[str, str], list[Looked]]:
    found: dict[tuple[str, str], list[Looked]] = {}
    for one in sorted(looked, key=lambda one: (not one.look.declared, one.look.family != "strata")):
        family = "declared beforehand" if one.look.declared else one.look.family
        found.setdefault((one.look.cohort, family), []).append(one)
    return found


def _row(one: Looked) -> Row:
    look = one.look
    p = "range" if look.reason else _p(look.p)
    what = f"{words(look)} (protocol of {look.declared})" if look.declared else words(look)
    return Row(what, (str(one.number), look.test, p, _p(one.holm), _p(one.benjamini_hochberg)))


def _p(p: float) -> str:
    return NOTHING if p != p else p_value(p)


def _exact(p: float) -> str:
    return "" if p != p else f"{p:.6g}"
