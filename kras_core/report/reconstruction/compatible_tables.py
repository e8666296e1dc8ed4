"""A cohort compatible with a summary, in words and tables: how many figures are met, which, and its data card."""

import math

from kras_core.audit.compatible import Compatible
from kras_core.audit.summary import Summary
from kras_core.audit.targets import COMPARISONS, Quantity, Target
from kras_core.cohort.endpoints import endpoint as named_endpoint
from kras_core.conventions import PRESETS
from kras_core.report import format as fmt
from kras_core.report.format import Printed, md_escape, plural
from kras_core.report.html_table import Column, Row, Table
from kras_core.report.survival.answer import Answer, Line, Word

MET, MISSED = "met", "not met"
PROVES = (
    "Rows that have a figure prove that it can be. One that is not met may still be possible where it does not say so."
)
NAMES: dict[Quantity, str] = {
    "events": "events",
    "median": "median",
    "median_low": "95 % interval, lower end",
    "median_high": "95 % interval, upper end",
    "follow_up": "median follow-up, reverse Kaplan–Meier",
    "rate": "without event at {at} months, %",
    "logrank_p": "log-rank p",
    "hazard_ratio": "Cox HR",
    "hazard_ratio_low": "HR, 95 % interval, lower end",
    "hazard_ratio_high": "HR, 95 % interval, upper end",
}


def compatible_answer(found: Compatible) -> Answer:
    """How many of the printed figures the rows have, and what they are."""
    n, met = len(found.figures), len(found.figures) - len(found.missed)
    events = [plural(_events(found, id), "event") + f" ({named_endpoint(id).short})" for id in found.cohort.endpoints]
    how_many: Word = Printed(f"All {n}" if met == n else f"{met} of {n}")
    first = (how_many, "printed figures are met", f"by {plural(found.cohort.n, 'reconstructed patient')}")
    preset = PRESETS[found.cohort.conventions].label
    second: tuple[tuple[Word, ...], ...] = (
        (", ".join(events),),
        (f"conventions of {preset}",),
        (f"seed {found.seed}",),
    )
    notes = tuple(f"A hazard ratio's interval is {why}." for why in found.impossible.values())
    return Answer("A cohort with these figures", "", Line((first,)), Line(second), notes)


def _events(found: Compatible, endpoint: str) -> int:
    return int(found.cohort.numbers(f"{endpoint}_event").sum())


def printed_beside_reached(summary: Summary, found: Compatible) -> Table:
    """Every printed figure and what the rows have, what is not met in strong type."""
    rows: list[Row] = []
    last = next(iter(summary.endpoints))
    for (key, target), outcome in zip(summary.figures, found.figures, strict=True):
        verdict = MET if outcome.met else f"{MISSED}: {found.impossible[key]}" if key in found.impossible else MISSED
        cells = (_who(target), target.text, _reached(outcome.value, target), verdict)
        head = f"{named_endpoint(target.endpoint).short}, {_what(target)}"
        rows.append(Row(head, cells, ruled=target.endpoint != last, strong=not outcome.met))
        last = target.endpoint
    columns = (
        Column("Figure", numeric=False),
        Column("Of", numeric=False),
        Column("Printed"),
        Column("In these rows"),
        Column("", numeric=False),
    )
    notes = (
        f"Times in months, by the conventions of {PRESETS[summary.conventions].label}; "
        f"a month is {found.cohort.days_per_month:.4f} days. Met: the figure prints as in the publication.",
        PROVES,
    )
    return Table("Printed figures and those of the rows", columns, tuple(rows), notes)


def _what(target: Target) -> str:
    return NAMES[target.quantity].format(at=f"{target.at:g}")


def _who(target: Target) -> str:
    if not target.by:
        return "all patients"
    if target.quantity == "logrank_p":
        return f"by {target.by}"
    return f"{target.level} v the other" if target.quantity in COMPARISONS else target.level


def _reached(value: float, target: Target) -> str:
    """The rows' figure with one decimal more than is printed, so that a near miss is seen as one."""
    if math.isnan(value):
        return fmt.NOT_ESTIMABLE
    if math.isinf(value):
        return fmt.NOT_REACHED
    if target.quantity == "events":
        return fmt.whole(int(value))
    decimals = len(target.text.rstrip("% ").partition(".")[2])
    return fmt.decimal(value, min(decimals + 1, 6))


def compatible_rows(summary: Summary, found: Compatible) -> list[dict[str, str]]:
    """The same table for a file, one row a figure."""
    return printed_beside_reached(summary, found).text_rows()


def compatible_card(summary: Summary, found: Compatible) -> str:
    """The data card of such a cohort, Markdown: what it is, how it was made, what it is not."""
    met = len(found.figures) - len(found.missed)
    lines = [
        "**Reconstructed from printed figures, not patient data.** Source: "
        f"{md_escape(summary.title) or 'not stated'}.",
        "",
        f"The rows were searched for (population annealing, seed {found.seed}) until they had the figures that are "
        f"printed: {met} of {len(found.figures)} are met. Many other cohorts have them as well; no row stands for a "
        "person, and nothing that is not printed can be read from them.",
    ]
    if found.missed:
        missed = (
            f"{named_endpoint(o.target.endpoint).short} {_what(o.target)} ({o.target.text})" for o in found.missed
        )
        lines += ["", f"Not met: {md_escape('; '.join(missed))}."]
    if found.cohort.drawn:
        drawn = ", ".join(sorted(found.cohort.drawn))
        lines += ["", f"Drawn at random, for nothing but sizes is printed: {md_escape(drawn)}."]
    return "\n".join(lines)
