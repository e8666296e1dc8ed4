"""An Account as a Document: which sections there are, and what each says. Adding a section touches SECTIONS alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from kras_core import __version__
from kras_core.analyse.account_results import Account
from kras_core.analyse.results import SurvivalAnalysis, Warning
from kras_core.report import format as fmt
from kras_core.report.document.blocks import Block, Captioned, Document, Heading, Listed, Paragraph, Section
from kras_core.report.document.checklists import CHECKLISTS, checklist_table
from kras_core.report.document.picture import response_picture, safety_picture, survival_picture
from kras_core.report.html_table import Column, Row, Table
from kras_core.report.imprint import group_sizes, withheld
from kras_core.report.ledger_tables import NOTES, ledger_tables
from kras_core.report.models.tables import model_table, proportional_table
from kras_core.report.models.words import model_answer
from kras_core.report.overview.tables import completeness_table, follow_up_tables, table_one
from kras_core.report.overview.words import flow_rows, overview_answer
from kras_core.report.response.tables import response_tables
from kras_core.report.response.words import response_answer
from kras_core.report.safety.tables import safety_table_of
from kras_core.report.small_cells import below, refuse, words
from kras_core.report.survival.answer import Answer, answer, safety_answer
from kras_core.report.survival.methods_paragraph import methods_paragraph, software
from kras_core.report.survival.number_tables import number_tables
from kras_core.report.tables import at_risk_table

Part = Block | Table  # a table is numbered and captioned when its section is complete
Written = Callable[[Account], Iterator[Part]]
NOT_PATIENTS = {
    "reconstructed": "These rows were reconstructed from the printed figures of a publication. They are not patient "
    "data: nothing here describes a patient, and nothing beyond what the publication prints can be learned from it.",
    "simulated": "These rows are simulated. They are not patient data, and nothing here describes a patient.",
}

MODEL = (
    "Patients with a value of every covariate. Levels against the reference, numbers by the step that stands beside "
    "them. Ordinary: maximum partial likelihood with Wald intervals; Firth: penalised likelihood with profile "
    "intervals (Heinze and Schemper 2001). "
    "Covariates were chosen by the reader, which no interval or p value allows for."
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A section that a report may have."""

    title: str
    write: Written


def report_document(account: Account, on: date, sections: Sequence[str] = ()) -> Document:
    """The report of that account. sections: ids of SECTIONS, in their order (none: all of them).

    The same account, date and versions give the same document. Raises LookupError for a section that is not known,
    SelectionError for groups that hidden small counts (`small_cells`) do not let be shown.
    """
    unknown = [id for id in sections if id not in SECTIONS]
    if unknown:
        raise LookupError(f"no section {unknown[0]!r}; there are {', '.join(SECTIONS)}")
    views = (account.overview, *account.survival, account.response, account.safety)
    refuse(n for view in views if view is not None for n in group_sizes(view))
    there = [id for id in SECTIONS if not sections or id in sections]
    written = [(id, SECTIONS[id].title, tuple(SECTIONS[id].write(account))) for id in there if id != CHECKLIST]
    if CHECKLIST in there:
        written.append((CHECKLIST, SECTIONS[CHECKLIST].title, tuple(_checklists(_answered(account, there)))))
    cohort = account.cohort
    return Document(
        title=fmt.plain(cohort.title),
        subtitle=_subtitle(account),
        provenance=fmt.provenance(cohort),
        loud=cohort.provenance != "real",
        foot=" · ".join(
            (
                fmt.provenance(cohort),
                f"n = {fmt.whole(cohort.n)}",
                f"SHA-256 {cohort.digest[:12]}…",
                f"KRAScope {__version__}",
            )
        ),
        on=on,
        sections=tuple(Section(id, title, _numbered(id, title, blocks)) for id, title, blocks in written),
    )


def _subtitle(account: Account) -> str:
    first = account.survival[0]
    names = [v.endpoint.label for v in account.survival]
    labels = [name if i == 0 or name.isupper() else name[:1].lower() + name[1:] for i, name in enumerate(names)]
    by = f" by {fmt.mid_sentence(first.by_label)}" if first.by_label else ""
    return ", ".join(filter(None, (f"{' and '.join(labels)}{by}", fmt.restriction(account))))


def _numbered(id: str, title: str, blocks: tuple[Part, ...]) -> tuple[Block, ...]:
    """Tables with a title: the section's name and, where it has several, which of them."""
    found: list[Block] = []
    count = 0
    for block in blocks:
        if isinstance(block, Table):
            count += 1
            found.append(Captioned(block.caption, block.shown(), f"{id}-{count}" if count > 1 else id))
        else:
            found.append(block)
    return tuple(found)


def _spoken(found: Answer) -> Iterator[Block]:
    """The answer's two lines, as on the page."""
    for line in (found.line1.text, found.line2.text):
        if line.strip():
            yield Paragraph(words(f"{line[:1].upper()}{line[1:]}."))


def _provenance(account: Account) -> Iterator[Part]:
    cohort = account.cohort
    if cohort.provenance in NOT_PATIENTS:
        yield Paragraph(NOT_PATIENTS[cohort.provenance], "loud")
    rows = [("Cohort", cohort.title), ("Rows", fmt.provenance(cohort)), ("Patients", fmt.whole(cohort.n))]
    rows += [("Source", cohort.citation)] if cohort.citation else []
    rows += [("Licence", account.licence)] if account.licence else []
    rows += [("Conditional on", cohort.conditional_on)] if cohort.conditional_on else []
    rows += [("Digest (SHA-256)", cohort.digest)]
    yield _pairs("What the rows are", rows)


def _pairs(caption: str, rows: Sequence[tuple[str, str]], columns: tuple[str, str] = ("Item", "Detail")) -> Table:
    named = (Column(columns[0], numeric=False), Column(columns[1], numeric=False))
    return Table(caption, named, tuple(Row(head, (fmt.plain(text),), ruled=True) for head, text in rows), kind="checks")


def _methods(account: Account) -> Iterator[Part]:
    paragraph = methods_paragraph(*account.survival)
    yield Paragraph(paragraph.body)
    yield Listed(paragraph.references, numbered=True)


def _flow(account: Account) -> Iterator[Part]:
    if account.overview.flow.before:
        yield Paragraph(f"Conditional on {account.overview.flow.before}.")
    listed = flow_rows(account.overview)
    if not listed:
        yield Paragraph(f"Not shown: {below()} patients would be given away.")
        return
    names = ("Step", "Left out", "Reason", "Remaining")
    columns = tuple(Column(name, numeric=name in ("Left out", "Remaining")) for name in names)
    rows = tuple(Row(r["Step"], (r["Left out"], r["Reason"], r["Remaining"])) for r in listed)
    yield Table(f"Flow of patients, {account.survival[0].endpoint.label}", columns, rows)


def _table_one(account: Account) -> Iterator[Part]:
    yield from _spoken(overview_answer(account.overview))
    yield table_one(account.overview, whole=True)
    yield from follow_up_tables(account.overview)
    yield completeness_table(account.overview)


def _survival(account: Account) -> Iterator[Part]:
    for view in account.survival:
        yield Heading(answer(view).title)
        yield from _spoken(answer(view))
        if view.redraws is not None:
            yield Paragraph(view.redraws.sentence, "lead")
        yield survival_picture(view)
        if view.redraws is None:
            yield at_risk_table(view)
        yield from number_tables(view)
        yield from _left_out(view)


def _left_out(view: SurvivalAnalysis) -> Iterator[Block]:
    if view.excluded:
        said = "; ".join(f"{fmt.plain(e.reason)}: {fmt.whole(e.n)}" for e in view.excluded)
        yield Paragraph(f"Left out: {said}.", "quiet")


def _response(account: Account) -> Iterator[Part]:
    if account.response is None:
        yield Paragraph(f"Not reported: {account.response_reason}.")
        return
    yield from _spoken(response_answer(account.response))
    if not withheld(account.response, "response"):
        yield response_picture(account.response)
    yield from response_tables(account.response)


def _safety(account: Account) -> Iterator[Part]:
    if account.safety is None:
        yield Paragraph(f"Not reported: {account.safety_reason}.")
        return
    yield from _spoken(safety_answer(account.safety))
    if account.safety.rows:
        yield safety_picture(account.safety)
    yield safety_table_of(account.safety)


def _models(account: Account) -> Iterator[Part]:
    if account.model is None:
        yield Paragraph(f"Not reported: {account.model_reason}.")
        return
    yield from _spoken(model_answer(account.model))
    yield model_table(account.model)
    if account.model.proportional is not None:
        yield proportional_table(account.model)
    yield Paragraph(MODEL, "quiet")


def _ledger(account: Account) -> Iterator[Part]:
    whose = "the session in which this report was written" if account.of_session else "this report"
    if not account.looked:
        yield Paragraph(f"Nothing was compared in {whose}.")
        return
    yield Paragraph(f"{fmt.plural(len(account.looked), 'comparison')} in {whose}.")
    yield from ledger_tables(account.looked)
    for note in NOTES:
        yield Paragraph(note, "quiet")


def _limitations(account: Account) -> Iterator[Block]:
    """What the guards found, in their words."""
    found = account.warnings
    if not found:
        yield Paragraph("No guard spoke. That says nothing of bias, confounding or measurement.")
        return
    yield Paragraph("Found by rule in these data; which of them matter, and what else does, is for the authors to say.")
    yield Listed(tuple(words(fmt.plain(message)) for message in _folded(found)))


def _folded(found: Sequence[Warning]) -> Iterator[str]:
    """The guards' messages. Views that say the same, some with words of their own after it, share one: "A.", "A: b."
    and "A: c." become "A. B; c."."""
    stems = sorted((w.message.removesuffix(".") for w in found), key=len)
    added: dict[str, list[str]] = {w.message.removesuffix("."): [] for w in found}
    for longer in list(added):
        stem = next((s for s in stems if longer.startswith(f"{s}: ")), None)
        if stem is not None:
            added[stem].append(longer.removeprefix(f"{stem}: "))
            del added[longer]
    for stem, own in added.items():
        more = "; ".join(own)
        yield f"{stem}. {more[0].upper()}{more[1:]}." if own else f"{stem}."


def _software(account: Account) -> Iterator[Part]:
    c = account.selection.conventions
    yield _pairs("Software", [*software().items()], ("Program", "Version"))
    yield Paragraph(f"Conventions: {c.label}. {c.source}.")
    yield Paragraph("The scripts for Python and R that go with this report redo its survival figures.", "quiet")


CHECKLIST = "checklist"
SECTIONS: dict[str, Kind] = {
    "provenance": Kind("Provenance", _provenance),
    "methods": Kind("Statistical methods", _methods),
    "flow": Kind("Flow of patients", _flow),
    "table1": Kind("Patients and follow-up", _table_one),
    "survival": Kind("Survival", _survival),
    "response": Kind("Response", _response),
    "safety": Kind("Safety", _safety),
    "models": Kind("Model of several covariates", _models),
    "ledger": Kind("Comparisons made", _ledger),
    "limitations": Kind("Limitations found by the guards", _limitations),
    "software": Kind("Software", _software),
    CHECKLIST: Kind("Reporting checklists", lambda account: iter(())),
}


def _answered(account: Account, there: Sequence[str]) -> list[str]:
    """The sections that report something."""
    parts = {"response": account.response, "safety": account.safety, "models": account.model}
    return [id for id in there if id not in parts or parts[id] is not None]


def _checklists(there: Sequence[str]) -> Iterator[Part]:
    yield Paragraph("Where this report answers an item; everything else is for the authors to write.")
    titles = {id: kind.title for id, kind in SECTIONS.items()}
    for checklist in CHECKLISTS:
        yield checklist_table(checklist, titles, there)
