"""Double entry: agreement by field as a table, and the comparison in a sentence."""

from kras_core.cohort.double_entry import Comparison
from kras_core.report import format as fmt
from kras_core.report.html_table import Cell, Column, Row, Table

NOTE = (
    "Cohen's κ (1960) of the values as entered, missing being a value too: 1 is full agreement, 0 what chance "
    "would give. "
    "It takes numbers and dates as names, so that two values nearly the same disagree, and it is low where nearly all "
    "patients have one value."
)


def agreement_table(comparison: Comparison) -> Table:
    """One row a field that both extracts have, the least agreed first."""
    columns = (
        Column("Field", numeric=False),
        Column("Agree, n (%)", padded=True),
        Column("Differ"),
        Column("Cohen's κ"),
    )
    rows = []
    for g in sorted(comparison.agreements, key=lambda g: g.agreed):
        kappa: Cell = fmt.undefined(f"{fmt.NOT_ESTIMABLE}: {g.reason}") if g.reason else fmt.decimal(g.kappa, 2)
        rows.append(Row(g.field, (fmt.count(g.agreed, g.n), fmt.whole(g.n - g.agreed), kappa)))
    caption = f"Agreement by field; {fmt.plural(len(comparison.patients), 'patient')} in both extracts"
    return Table(caption, columns, tuple(rows), (NOTE,))


def summary_words(comparison: Comparison) -> str:
    """How much was compared, what differs, and what only one extract has."""
    cells = sum(g.n for g in comparison.agreements)
    said = [
        f"{fmt.plural(len(comparison.patients), 'patient')} and {fmt.plural(len(comparison.agreements), 'field')} in "
        f"both extracts: {fmt.plural(len(comparison.disagreements), 'disagreement')} in {fmt.plural(cells, 'cell')}."
    ]
    for side, patients, fields in (
        ("A", comparison.only_a, comparison.fields_a),
        ("B", comparison.only_b, comparison.fields_b),
    ):
        if patients:
            said.append(
                f"Only in {side}: {fmt.plural(len(patients), 'patient')} ({', '.join(patients[:5])}"
                f"{', …' if len(patients) > 5 else ''})."
            )
        if fields:
            said.append(f"Fields only in {side}: {', '.join(fields)}.")
    return " ".join(said)
