"""An audit as tables: rows for CSV, the registry of checks, the kinds of claims, and the blank table to fill in."""

from kras_core.audit.audit import AuditReport
from kras_core.audit.checks import CHECKS
from kras_core.audit.claims import COLUMNS, Claims, record
from kras_core.audit.quantities import QUANTITIES
from kras_core.report.audit.html import RECOMPUTED, subject
from kras_core.report.html_table import Column, Row, Table


def audit_rows(report: AuditReport) -> list[dict[str, str]]:
    """One row a finding, the deciding one of each claim first."""
    return [
        {
            "id": e.claim.id,
            "figure": subject(e.claim),
            "printed": e.claim.printed,
            "place": e.claim.place,
            "verdict": e.verdict,
            "check": CHECKS[f.check].title if f.check in CHECKS else RECOMPUTED,
            "verdict of the check": f.verdict,
            "statement": f.statement,
            "arithmetic": " | ".join(f.steps),
            "computed": f.computed,
            "assumption": f.assumption,
            "would be right with": " | ".join(f.ways_out),
            "changes the conclusion": "yes" if f.changes_conclusion else "",
        }
        for e in report.entries
        for f in e.findings
    ]


def claim_rows(claims: Claims) -> list[dict[str, str]]:
    """The claims as they are read, for a file or the page's grid."""
    return [{column: record(c).get(column, "") for column in COLUMNS} for c in claims.rows]


def blank_rows(n: int) -> list[dict[str, str]]:
    """A table of claims to fill in."""
    return [dict.fromkeys(COLUMNS, "") for _ in range(n)]


def checks_table() -> Table:
    """Every check: what it computes, what it rests on, when it is wrong, where it is from."""
    columns = ("Check", "Formula", "Rests on", "Known false alarms", "Reference")
    rows = tuple(Row(c.title, (c.formula, c.assumption, c.false_alarms, c.reference)) for c in CHECKS.values())
    return Table("Checks", tuple(Column(c, numeric=False) for c in columns), rows, kind="checks")


def quantities_table() -> Table:
    """Every kind of figure that a claim can be, by the id that a table of claims uses."""
    rows = tuple(Row(q.id, (q.label, _form(q.form))) for q in QUANTITIES.values())
    columns = tuple(Column(c, numeric=False) for c in ("quantity", "Figure", "Printed as"))
    return Table("Kinds of figures", columns, rows, kind="checks")


def columns_table() -> Table:
    """What each column of a table of claims holds."""
    rows = tuple(Row(name, (meaning,)) for name, meaning in COLUMNS.items())
    columns = tuple(Column(c, numeric=False) for c in ("Column", "What it holds"))
    return Table("Columns", columns, rows, kind="checks")


def _form(form: str) -> str:
    return {
        "number": "12.4, <0.001",
        "time": "12.4, not reached",
        "interval": "5.6–10.3, 5.6–NR",
        "share": "16 (59.3), 23/27, 33.3%",
        "date": "4 March 2024, April 2019",
        "text": "words",
    }[form]
