"""The patient on the table in words: who matched by which rules, and what happened to them. No number here is an
estimate for the patient who was entered."""

from kras_core.analyse.matching_results import Matching
from kras_core.analyse.response_results import RESPONSES
from kras_core.report import format as fmt
from kras_core.report.format import Printed, plural, provenance
from kras_core.report.html_table import Column, Row, Table
from kras_core.report.survival.answer import Answer, Line, Word

NOT_A_PREDICTION = (
    "Descriptive, not a prediction: this is what happened to these patients. They were not treated by lot, were chosen "
    "by a few columns only, and differ from the patient on the table in all that was not recorded."
)
FEW = 10


def matching_answer(matching: Matching) -> Answer:
    """How many match after how much loosening; what happened, in counts."""
    loosened = len(matching.steps) - 1
    how = "by all rules as entered" if not loosened else f"after {plural(loosened, 'step')} of loosening"
    who: list[tuple[Word, ...]] = [(Printed(fmt.whole(matching.n)), f"of {plural(matching.searched, 'patient')} {how}")]
    if not matching.enough:
        who.append((f"fewer than the {matching.wanted} wanted: there are no more",))
    notes = [NOT_A_PREDICTION]
    if 0 < matching.n < FEW:
        notes.append(f"{plural(matching.n, 'patient')}: one more or less would change every share below by a lot.")
    return Answer("Patients like this one", "", Line(tuple(who)), Line(tuple(_happened(matching))), tuple(notes))


def _happened(matching: Matching) -> list[tuple[Word, ...]]:
    parts: list[tuple[Word, ...]] = []
    if matching.survival is not None:
        s = matching.survival.overall
        parts.append((f"{matching.survival.endpoint.label}: {plural(s.events, 'event')} in {s.n}",))
    if matching.response is not None:
        group = matching.response.overall
        parts.append((f"response in {sum(group.counts[:2])} of {group.n}",))
    severe = _severe(matching)
    if severe:
        parts.append((f"grade ≥ 3 in {severe}",))
    return parts


def _severe(matching: Matching) -> str:
    """ "4 of 12", empty where adverse events are not recorded."""
    if matching.safety is None:
        return ""
    row = next((r for r in matching.safety.rows if r.any_row), None)
    return f"{row.overall['>=3'].k if row else 0} of {matching.safety.n}"


def steps_table(matching: Matching) -> Table:
    """The rules at every step, and how many patients met them."""
    first = matching.steps[0]
    columns = (
        Column("Rules", numeric=False),
        Column("Patients"),
        *(Column(rule.label, numeric=False) for rule in first.rules),
    )
    rows = []
    for i, step in enumerate(matching.steps):
        head = f"Loosened: {step.loosened}" if i else "As entered"
        cells = (Printed(fmt.whole(step.n)), *(rule.words for rule in step.rules))
        rows.append(Row(head, cells, strong=i == len(matching.steps) - 1))
    return Table("Rules, loosened until enough patients match", columns, tuple(rows), kind="matching")


def happened_table(matching: Matching) -> Table:
    """Response and adverse events of those who matched, in counts of patients."""
    rows = [*_response_rows(matching), *_safety_rows(matching)]
    of = f"of {plural(matching.n, 'patient')} who match"
    columns = (Column("What happened", numeric=False), Column(f"Patients {of}", padded=True))
    reasons = (matching.survival_reason, matching.response_reason, matching.safety_reason)
    notes = tuple(f"{reason[:1].upper()}{reason[1:]}." for reason in reasons if reason and matching.n)
    return Table(f"{provenance(matching.cohort)} · {matching.cohort.title}", columns, tuple(rows), notes)


def _response_rows(matching: Matching) -> list[Row]:
    if matching.response is None:
        return []
    group = matching.response.overall
    rows = [
        Row(f"Best response {name}", (fmt.count(k, group.n),))
        for name, k in zip(RESPONSES, group.counts, strict=True)
        if k
    ]
    return [*rows, Row("Best response not recorded", (fmt.count(group.missing, group.n),))] if group.missing else rows


def _safety_rows(matching: Matching) -> list[Row]:
    if matching.safety is None:
        return []
    n = matching.safety.n
    summary = next((r for r in matching.safety.rows if r.any_row), None)
    rows = [
        Row("Any adverse event of grade ≥ 3", (fmt.count(summary.overall[">=3"].k if summary else 0, n),), ruled=True)
    ]
    terms = [r for r in matching.safety.rows if not r.any_row and r.overall[">=3"].k > 0]
    terms.sort(key=lambda r: -r.overall[">=3"].k)
    return rows + [Row(f"{r.term}, grade ≥ 3", (fmt.count(r.overall[">=3"].k, n),), indented=True) for r in terms]


def curve_alt_text(matching: Matching) -> str:
    """The curve in words, without a time that could be read as a forecast."""
    if matching.survival is None:
        return ""
    s = matching.survival.overall
    return (
        f"Kaplan–Meier curve with interval of {plural(s.n, 'patient')} who match, {plural(s.events, 'event')}. "
        f"{provenance(matching.cohort)}. Descriptive, not a prediction."
    )


def lanes_alt_text(matching: Matching) -> str:
    """The swimmer plot in words."""
    c = matching.courses
    died, progressed = int((c.death == c.death).sum()), int((c.progression == c.progression).sum())
    return f"Swimmer plot of {plural(c.n, 'patient')} who match: {progressed} progressed, {died} died."
