"""The audit as a Document, so that it can be written as Word: the same content as the page to attach to a review."""

from collections.abc import Iterator
from datetime import date

from kras_core import __version__
from kras_core.audit.audit import AuditReport, Entry
from kras_core.audit.checks import CHECKS
from kras_core.audit.findings import Finding
from kras_core.report.audit.document import INTRODUCTION, all_figures, meanings, to_look_at
from kras_core.report.audit.html import RECOMPUTED, built_in, counts_sentence, picture_words, subject, ways_lead
from kras_core.report.audit.tables import checks_table
from kras_core.report.document.blocks import Block, Captioned, Document, Heading, Listed, Paragraph, Section
from kras_core.report.format import plain, provenance


def audit_blocks(report: AuditReport, on: date) -> Document:
    """Summary, what to look at in full, every figure in a table, the checks used."""
    rows = provenance(report.cohort) if report.cohort is not None else "No patient rows"
    summary: list[Block] = [Paragraph(f"{counts_sentence(report)}."), Paragraph(INTRODUCTION)]
    summary += [Paragraph(said, "lead")] if (said := built_in(report)) else []
    summary.append(Captioned("Verdicts", meanings(), "verdicts"))
    look = tuple(b for entries in to_look_at(report) for b in _in_full(entries)) or (Paragraph("Nothing."),)
    return Document(
        title="Reported figures",
        subtitle=plain(report.title),
        provenance=f"Held against: {rows}",
        loud=False,
        foot=f"Reported figures: {plain(report.title)} · KRAScope {__version__}",
        on=on,
        sections=(
            Section("summary", "Summary", tuple(summary)),
            Section("look", "To look at", look),
            Section("figures", "All figures", (Captioned("All figures", all_figures(report), "figures"),)),
            Section("checks", "Checks", (Captioned("Checks", checks_table(), "checks"),)),
        ),
    )


def _in_full(entries: list[Entry]) -> Iterator[Block]:
    """One figure, once, with every place where it is printed."""
    entry = entries[0]
    change = ", changes the conclusion" if entry.changes_conclusion else ""
    yield Heading(f"{entry.claim.printed}: {subject(entry.claim)} ({entry.verdict}{change})")
    if places := "; ".join(e.claim.place for e in entries if e.claim.place):
        yield Paragraph(places, "quiet")
    for finding in entry.findings:
        yield from _check(finding)


def _check(f: Finding) -> Iterator[Block]:
    title = CHECKS[f.check].title if f.check in CHECKS else RECOMPUTED
    yield Paragraph(f"{title} ({f.verdict}): {f.statement}")
    if f.steps:
        yield Listed(f.steps)
    if f.picture is not None:
        yield Paragraph(f"{picture_words(f.picture)}.", "quiet")
    if f.assumption:
        yield Paragraph(f"Rests on: {f.assumption}")
    if f.ways_out:
        yield Paragraph(ways_lead(f))
        yield Listed(f.ways_out)
