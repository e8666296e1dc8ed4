"""The audit as one self-contained page to attach to a review: neutral, with the innocent explanations."""

from kras_core.audit.audit import ATTENTION, AuditReport, Entry
from kras_core.audit.findings import MEANING
from kras_core.report.audit.html import CLASSES, RULES, audit_head, built_in, drawer, subject
from kras_core.report.audit.tables import checks_table
from kras_core.report.format import html_escape
from kras_core.report.html_table import Column, Row, Table
from kras_core.report.style import stylesheet

LOOK = ("impossible", "inconsistent", "rounding only")
INTRODUCTION = (
    "Each printed figure was held against the others, and against what any data could give. A figure that does not fit "
    "is no reproach: printing, rounding, software and definitions explain most differences, and every explanation that "
    "is known is listed with it. “Impossible” is used only where it is proved under the assumption named. The authors "
    "are best placed to say which explanation applies."
)
PAGE = """
body { margin: 32px auto; max-width: 1000px; padding: 0 24px; background: var(--kras-paper); color: var(--kras-ink);
  font: 14px/1.45 "Source Sans", "Source Sans 3", "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
h2 { font-size: 17px; margin: 32px 0 8px; } h3 { font-size: 15px; margin: 24px 0 4px; font-weight: 600; }
.kras-drawer { margin-left: 0; } .kras-table td { min-width: 0 !important; }
@media print { body { margin: 0; max-width: none; } .kras-check, tr { break-inside: avoid; } }
"""


def audit_document(report: AuditReport) -> str:
    """HTML, complete in itself: summary, what to look at in full, every figure in a table, the checks used."""
    parts = [
        audit_head(report),
        f"<p>{html_escape(INTRODUCTION)}</p>",
        _paragraph(built_in(report)),
        meanings().html(),
        "<h2>To look at</h2>",
        "".join(map(_in_full, to_look_at(report))) or "<p>Nothing.</p>",
        "<h2>All figures</h2>",
        all_figures(report).html(),
        "<h2>Checks</h2>",
        checks_table().html(),
    ]
    style = f"{stylesheet('light')}{RULES}{PAGE}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Reported figures: {html_escape(report.title)}</title><style>{style}</style></head>"
        f"<body>{''.join(parts)}</body></html>"
    )


def to_look_at(report: AuditReport) -> list[list[Entry]]:
    """The figures that do not fit, what matters first; one that is printed in several places once."""
    look: dict[tuple[str, str, str], list[Entry]] = {}
    for e in report.by_attention:
        if e.verdict in LOOK:
            look.setdefault((e.verdict, e.claim.printed, subject(e.claim)), []).append(e)
    return list(look.values())


def _paragraph(text: str) -> str:
    return f"<p>{html_escape(text)}</p>" if text else ""


def meanings() -> Table:
    """What each verdict means."""
    rows = tuple(Row(v, (MEANING[v],)) for v in ATTENTION)
    return Table("Verdicts", (Column("Verdict", numeric=False), Column("Meaning", numeric=False)), rows)


def _in_full(entries: list[Entry]) -> str:
    """One figure, once, with every place where it is printed."""
    entry, claim = entries[0], entries[0].claim
    places = "; ".join(e.claim.place for e in entries if e.claim.place)
    change = " · changes the conclusion" if entry.changes_conclusion else ""
    return (
        f'<section class="kras-proofs"><h3><span class="kras-printed">{html_escape(claim.printed)}</span> '
        f"{html_escape(subject(claim))} "
        f'<span class="{CLASSES[entry.verdict]}">{entry.verdict}{change}</span></h3>'
        f'<p class="kras-place">{html_escape(places)}</p>{drawer(entry, in_list=False)}</section>'
    )


def all_figures(report: AuditReport) -> Table:
    """Every figure with its verdict and the sentence that decided it."""
    columns = tuple(Column(c, numeric=False) for c in ("Figure", "Printed", "Place", "Verdict", "Why"))
    rows = tuple(
        Row(subject(e.claim), (e.claim.printed, e.claim.place, e.verdict, e.lead.statement)) for e in report.entries
    )
    return Table("In the paper's order", columns, rows)
