"""STROBE, REMARK and CONSORT Harms: which item a report answers, and where. Wording of the items is our own."""

from collections.abc import Collection
from dataclasses import dataclass

from kras_core.report.html_table import Column, Row, Table

FOR_THE_AUTHORS = "for the authors to write"


@dataclass(frozen=True, slots=True)
class Item:
    """number, what it asks for, and the sections that answer it (none: the authors alone can). partly: what they
    leave open."""

    number: str
    asks: str
    sections: tuple[str, ...] = ()
    partly: str = ""


@dataclass(frozen=True, slots=True)
class Checklist:
    id: str
    title: str
    source: str
    items: tuple[Item, ...]


STROBE = Checklist(
    "strobe",
    "STROBE, observational studies",
    "von Elm E, Altman DG, Egger M, et al. Lancet 2007;370:1453–1457",
    (
        Item("1", "Design named in title or abstract; balanced abstract"),
        Item("2", "Background and rationale"),
        Item("3", "Objectives and hypotheses"),
        Item("4", "Key elements of the design"),
        Item("5", "Setting, places, dates of enrolment and follow-up", ("table1",), "places and reasons"),
        Item("6", "Who was eligible, how selected and followed", ("flow",), "eligibility and selection"),
        Item("7", "Outcomes, exposures, confounders, effect modifiers defined", ("methods",), "confounders"),
        Item("8", "Sources and methods of measurement of each variable"),
        Item("9", "What was done about bias", ("methods", "limitations"), "what was done when collecting the data"),
        Item("10", "How the study size came about"),
        Item("11", "Numeric variables: groupings chosen, and why", ("methods",), "why"),
        Item("12", "Statistical methods, subgroups, missing data, losses", ("methods",)),
        Item("13", "Numbers at each stage, reasons, flow diagram", ("flow",)),
        Item("14", "Characteristics, missing values, follow-up time", ("table1",)),
        Item("15", "Outcome events over time", ("survival",)),
        Item("16", "Estimates with intervals; adjusted ones; category bounds", ("survival", "models"), "confounders"),
        Item("17", "Other analyses: subgroups, interactions, sensitivity", ("ledger",), "what was done elsewhere"),
        Item("18", "Key results against the objectives"),
        Item("19", "Limitations, direction and size of possible bias", ("limitations",), "direction and size"),
        Item("20", "Cautious overall interpretation"),
        Item("21", "Generalisability"),
        Item("22", "Funding and the funders' role"),
    ),
)
REMARK = Checklist(
    "remark",
    "REMARK, tumour marker prognostic studies",
    "McShane LM, Altman DG, Sauerbrei W, et al. J Natl Cancer Inst 2005;97:1180–1184",
    (
        Item("1", "Marker, objectives, hypotheses fixed beforehand"),
        Item("2", "Patients: source, stage, inclusion and exclusion", ("table1", "flow"), "source and eligibility"),
        Item("3", "Treatments and how they were chosen"),
        Item("4", "Specimens and their handling"),
        Item("5", "Assay, reagents, scoring, blinding"),
        Item("6", "Case selection, period, end and median of follow-up", ("table1", "survival"), "case selection"),
        Item("7", "Endpoints defined precisely", ("methods",)),
        Item("8", "All candidate variables listed", ("ledger",), "variables looked at elsewhere"),
        Item("9", "Rationale of the sample size"),
        Item("10", "Statistical methods, model building, assumptions, missing data", ("methods",)),
        Item("11", "How marker values were handled; how cut-offs were found", ("methods",)),
        Item("12", "Flow of patients, with reasons; events per analysis", ("flow", "survival")),
        Item("13", "Distributions of basic variables and marker; missing values", ("table1",)),
        Item("14", "Relation of the marker to standard variables", ("table1",), "if the groups are the marker's"),
        Item("15", "Univariable relation to outcome, with interval; curves", ("survival",)),
        Item("16", "Multivariable estimates with interval", ("models",)),
        Item("17", "Estimates with marker and standard variables together", ("models",), "if these are its covariates"),
        Item("18", "Further investigations, checks of assumptions", ("limitations", "models"), "sensitivity analyses"),
        Item("19", "Interpretation in context, with limitations", ("limitations",), "context"),
        Item("20", "Implications for research and care"),
    ),
)  # fmt: skip
HARMS = Checklist(
    "consort-harms",
    "CONSORT Harms",
    "Ioannidis JPA, Evans SJW, Gøtzsche PC, et al. Ann Intern Med 2004;141:781–788 (updated and merged into CONSORT's "
    "own items by Junqueira DR, Zorzela L, Golder S, et al. BMJ 2023;381:e073725)",
    (
        Item("1", "Harms named in title or abstract"),
        Item("2", "Introduction says that harms are studied"),
        Item("3", "Events listed and defined, with grading and its version", ("safety",), "expected or unexpected"),
        Item("4", "How and when harms were collected and attributed"),
        Item("5", "Plan for presenting and analysing harms", ("safety",), "plans made beforehand"),
        Item("6", "Withdrawals and deaths due to harms, by group", ("safety",), "withdrawals"),
        Item("7", "Denominators of each analysis", ("safety",)),
        Item("8", "Absolute risk by group, type, grade and seriousness", ("safety",), "seriousness"),
        Item("9", "Subgroup analyses of harms", ("safety",), "where groups are compared"),
        Item("10", "Balanced discussion of benefits and harms"),
    ),
)
CHECKLISTS = (STROBE, REMARK, HARMS)


def checklist_table(checklist: Checklist, titles: dict[str, str], there: Collection[str]) -> Table:
    """Every item and where it is answered. titles: of the sections; there: those in this document."""
    columns = tuple(Column(name, numeric=False) for name in ("Item", "What it asks for", "Where"))
    rows = tuple(Row(i.number, (i.asks, _where(i, titles, there)), ruled=True) for i in checklist.items)
    return Table(checklist.title, columns, rows, (f"After: {checklist.source}. Items in our own words.",), "checks")


def _where(item: Item, titles: dict[str, str], there: Collection[str]) -> str:
    found = [titles[s] for s in item.sections if s in there]
    if not found:
        return FOR_THE_AUTHORS
    where = f"{' and '.join(found)}"
    return f"{where}; {item.partly}: {FOR_THE_AUTHORS}" if item.partly else where
