"""Claims: printed figures with what is needed to check each of them, and their reading from a table.

One row a figure. A claim says what kind of figure it is (`quantity`), of whom (`endpoint`, `by`, `level`, `where`:
enough for a Selection), what is printed and where. Claims about the same patients and endpoint belong together by
themselves: a hazard ratio finds its interval and its p; `links` names others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from kras_core.audit import printed
from kras_core.audit.printed import PrintedError
from kras_core.audit.quantities import QUANTITIES, Quantity
from kras_core.cohort.bundled import BUNDLED
from kras_core.cohort.problems import CohortError, Problem, has_errors
from kras_core.cohort.readers import read_table
from kras_core.selection import By, Filter, SelectionError

UNITS = ("months", "weeks", "days", "years")

COLUMNS: dict[str, str] = {
    "id": "a name of your choice, one per row",
    "quantity": "what kind of figure: one of the ids in the list of quantities",
    "endpoint": "pfs, os or another; empty where the figure has none",
    "by": "the stratifier's id, with its cut-off where it has one: prior_antiangiogenic, nlr@2.99",
    "level": "the group; for a hazard ratio the one above the line; for adverse events the term",
    "where": "filters, separated by semicolons: sex=M; age>=65",
    "at": "for survival at a milestone: the time, in the unit",
    "model": "which analysis, where one comparison has several: unadjusted, adjusted",
    "printed": "the text as printed: 12.4, 5.6–10.3, <0.001, 16 (59.2)",
    "n": "patients whom the figure is about, where printed",
    "groups": "group sizes: No prior=21; Prior=6",
    "events": "events per group, where printed: No prior=19; Prior=6",
    "unit": "months (if empty), weeks, days or years",
    "confidence": "of the interval, in percent; 95 if empty",
    "partition": "the same word in all rows that should sum to n",
    "links": "ids of claims that belong to this one, separated by semicolons",
    "place": "where it stands: Table 2, Abstract, Results",
    "wording": "a few words that lead to the line",
}
REQUIRED = ("id", "quantity", "printed")
GENERIC = ("share", "share_ci", "events", "value_median", "value_range", "cutoff")
COMPARING = ("hazard_ratio", "hazard_ratio_ci", "logrank_p", "wald_p")


class ClaimsError(CohortError):
    """A table of claims that cannot be read. `problems` names row, column, value, expectation and remedy of each."""

    command = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A printed figure. groups, events: (label, count) pairs. row: of the file, the header being row 1."""

    id: str
    quantity: str
    printed: str
    endpoint: str = ""
    by: tuple[By, ...] = ()
    level: str = ""
    where: tuple[Filter, ...] = ()
    at: float | None = None
    model: str = ""
    n: int | None = None
    groups: tuple[tuple[str, int], ...] = ()
    events: tuple[tuple[str, int], ...] = ()
    unit: str = "months"
    confidence: float = 0.95
    partition: str = ""
    links: tuple[str, ...] = ()
    place: str = ""
    wording: str = ""
    row: int = 0

    @property
    def kind(self) -> Quantity:
        return QUANTITIES[self.quantity]

    @property
    def subject(self) -> tuple[object, ...]:
        """Of whom the figure is: claims with the same subject belong together. A comparison is of all its groups."""
        level = "" if self.quantity in COMPARING else self.level
        return (self.endpoint, self.by, level, self.where, self.at, self.model)

    @property
    def section(self) -> str:
        """The part of the paper: the place up to its first comma."""
        return self.place.partition(",")[0].strip()


@dataclass(frozen=True)
class Claims:
    """The claims of one publication, in order. warnings: what was noticed while reading, and no error."""

    rows: tuple[Claim, ...]
    title: str = ""
    warnings: tuple[Problem, ...] = field(default=(), compare=False)

    @cached_property
    def by_id(self) -> Mapping[str, Claim]:
        return {c.id: c for c in self.rows}

    @cached_property
    def _of_quantity(self) -> Mapping[str, tuple[Claim, ...]]:
        return {q: tuple(c for c in self.rows if c.quantity == q) for q in QUANTITIES}

    @cached_property
    def _linked(self) -> frozenset[tuple[str, str]]:
        pairs = {(c.id, other) for c in self.rows for other in c.links}
        return frozenset(pairs | {(b, a) for a, b in pairs})

    def of(self, *quantities: str) -> tuple[Claim, ...]:
        """All claims of these quantities."""
        return tuple(c for q in quantities for c in self._of_quantity[q])

    def related(self, claim: Claim, *quantities: str) -> Claim | None:
        """The claim of one of these quantities that belongs to this one: linked, else about the same patients and
        endpoint; from the same place, else the same part of the paper, where there are several. None where that leaves
        several that print differently."""
        others = [c for c in self.of(*quantities) if c.id != claim.id]
        linked = [c for c in others if (claim.id, c.id) in self._linked]
        found = linked or [c for c in others if c.subject == claim.subject]

        def nearness(c: Claim) -> tuple[bool, bool]:
            return c.place == claim.place, c.section == claim.section

        nearest = [c for c in found if nearness(c) == max(map(nearness, found))]
        for quantity in quantities:
            alike = [c for c in nearest if c.quantity == quantity]
            if alike:
                return alike[0] if len({c.printed for c in alike}) == 1 else None
        return None

    def same(self, claim: Claim) -> tuple[Claim, ...]:
        """Every other claim that prints the same figure somewhere else. A share of nobody in particular has none."""
        if claim.quantity in GENERIC and not (claim.endpoint or claim.by or claim.level or claim.where):
            return ()

        def figure(c: Claim) -> tuple[object, ...]:
            return (c.subject, c.level, c.unit, c.confidence)

        return tuple(c for c in self._of_quantity[claim.quantity] if c.id != claim.id and figure(c) == figure(claim))

    @cached_property
    def n(self) -> int | None:
        """The number of patients that the publication prints, None where it prints none."""
        sizes = [printed.share(c.printed).k for c in self._of_quantity["n"] if not c.where and not c.level]
        return sizes[0] if sizes else None

    def n_of(self, claim: Claim) -> int | None:
        """The denominator: as printed with the figure, else all patients."""
        return claim.n if claim.n is not None else None if claim.by or claim.endpoint else self.n

    def groups_of(self, claim: Claim) -> tuple[tuple[tuple[str, int], ...], bool]:
        """Two or more group sizes, or the events in each, printed with this claim or with one that belongs to it, and
        whether they are events."""
        near = [claim, *filter(None, (self.related(claim, q) for q in COMPARING))]
        for which, events in (("events", True), ("groups", False)):
            found = next((getattr(c, which) for c in near if len(getattr(c, which)) > 1), None)
            if found:
                return found, events
        return (), False


def bundled_claims(cohort_id: str) -> Claims | None:
    """The claims of a bundled cohort's publication, None where it has none."""
    bundled = BUNDLED.get(cohort_id)
    if bundled is None or bundled.claims is None:
        return None
    title = bundled.settings.get("citation", bundled.title).removeprefix("Reconstructed from the printed figures of: ")
    return Claims(read_claims(bundled.claims.name, bundled.claims.read_bytes()).rows, title)


def read_claims_path(path: str | Path) -> Claims:
    """Claims of a CSV or Excel file. Raises ClaimsError, CohortError, OSError."""
    return read_claims(Path(path).name, Path(path).read_bytes())


def read_claims(name: str, content: bytes) -> Claims:
    """Claims of an uploaded file. Raises CohortError where it is no table, ClaimsError with every problem."""
    table = read_table(name, content)
    records = [
        dict(zip(table.keys, values, strict=True)) | {"": str(row)}
        for row, *values in zip(table.rows, *table.columns, strict=True)
    ]
    missing = [c for c in REQUIRED if c not in table.keys]
    if missing:
        remedy = f"The columns are {', '.join(COLUMNS)}; {', '.join(REQUIRED)} must be there. Use the template."
        raise ClaimsError([table.problem("error", "missing-column", c, "this column", remedy) for c in missing])
    unknown = [
        table.problem("warning", "unknown-column", column, remedy="This column is not read.")
        for column, key in zip(table.header, table.keys, strict=True)
        if key not in COLUMNS
    ]
    return claims_of(records, name, unknown)


def claims_of(records: Sequence[Mapping[str, object]], source: str, noticed: Iterable[Problem] = ()) -> Claims:
    """Claims of records (column -> text), as a file or the page's grid gives them; empty records are passed over.

    The record's "" entry, where it has one, is its row. Raises ClaimsError with every problem.
    """
    problems, rows = list(noticed), []
    for i, record in enumerate(records):
        cells = {c: _text(record.get(c)) for c in COLUMNS}
        if not any(cells.values()):
            continue
        reader = _Row(cells, source, int(str(record.get("") or i + 2)))
        claim = reader.claim()
        problems += reader.problems
        if claim:
            rows.append(claim)
    problems += _between(rows, source)
    if not rows and not has_errors(problems):
        problems.append(
            Problem("error", "no-claims", source, remedy="There is no claim in it. Write one row a figure.")
        )
    if has_errors(problems):
        raise ClaimsError(problems)
    return Claims(tuple(rows), source, tuple(problems))


def _text(value: object) -> str:
    return "" if value is None or value != value else str(value).strip()


def _between(rows: Sequence[Claim], source: str) -> Iterable[Problem]:
    """What only all rows together show: ids that come twice, links that lead nowhere."""
    seen: set[str] = set()
    for c in rows:
        if c.id in seen:
            remedy = "Give every claim an id of its own."
            yield Problem("error", "repeated-id", source, "", c.row, "id", c.id, "an id that no other row has", remedy)
        seen.add(c.id)
    for c in rows:
        for link in c.links:
            if link not in seen:
                remedy = "Name the id of a row of this table, or leave it empty."
                yield Problem("error", "unknown-link", source, "", c.row, "links", link, "the id of a claim", remedy)


class _Row:
    """One record on its way to a claim; collects what is wrong with its cells."""

    def __init__(self, cells: Mapping[str, str], source: str, row: int) -> None:
        self.cells, self.source, self.row = cells, source, row
        self.problems: list[Problem] = []

    def wrong(self, column: str, expected: str, remedy: str) -> None:
        value = self.cells[column]
        self.problems.append(
            Problem("error", f"claim-{column}", self.source, "", self.row, column, value, expected, remedy)
        )

    def claim(self) -> Claim | None:
        cells = self.cells
        for column in REQUIRED:
            if not cells[column]:
                self.wrong(column, "a value", f"Every claim needs {', '.join(REQUIRED)}.")
        quantity = QUANTITIES.get(cells["quantity"])
        if cells["quantity"] and quantity is None:
            self.wrong("quantity", f"one of {', '.join(QUANTITIES)}", "Write the id as in the list of quantities.")
        if quantity is not None and cells["printed"]:
            self._legible(quantity, cells["printed"])
        made = Claim(
            cells["id"],
            cells["quantity"],
            cells["printed"],
            cells["endpoint"].lower(),
            self._by(),
            cells["level"],
            self._where(),
            self._number("at"),
            cells["model"].lower(),
            self._whole("n"),
            self._counts("groups"),
            self._counts("events"),
            self._unit(),
            self._confidence(),
            cells["partition"],
            tuple(filter(None, (link.strip() for link in cells["links"].split(";")))),
            cells["place"],
            cells["wording"],
            self.row,
        )
        return None if self.problems else made

    def _legible(self, quantity: Quantity, text: str) -> None:
        try:
            quantity.read(text)
        except PrintedError as error:
            self.wrong("printed", str(error), f"{quantity.label}: copy the text as the paper prints it.")

    def _by(self) -> tuple[By, ...]:
        found = []
        for text in filter(None, (t.strip() for t in self.cells["by"].split(","))):
            id, _, cutoff = text.partition("@")
            try:
                found.append(By(id.strip(), float(cutoff) if cutoff else None))
            except ValueError:
                self.wrong("by", "a stratifier, with its cut-off after @", "Write nlr@2.99, for instance.")
        return tuple(found)

    def _where(self) -> tuple[Filter, ...]:
        try:
            return tuple(Filter.parse(text) for text in filter(None, map(str.strip, self.cells["where"].split(";"))))
        except SelectionError:
            self.wrong("where", "a filter: column, operator, value", "Write sex=M or age>=65, several with ; between.")
            return ()

    def _number(self, column: str) -> float | None:
        try:
            return float(self.cells[column]) if self.cells[column] else None
        except ValueError:
            self.wrong(column, "a number", "Write digits and a decimal point.")
            return None

    def _whole(self, column: str) -> int | None:
        number = self._number(column)
        if number is not None and (number != int(number) or number < 0):
            self.wrong(column, "a whole number of patients", "Write how many there are.")
            return None
        return None if number is None else int(number)

    def _counts(self, column: str) -> tuple[tuple[str, int], ...]:
        found = []
        for part in filter(None, (p.strip() for p in self.cells[column].split(";"))):
            label, _, size = part.rpartition("=")
            if not label or not size.strip().isdigit():
                self.wrong(column, "label=count, one a group", "Write No prior=21; Prior=6, for instance.")
                return ()
            found.append((label.strip(), int(size)))
        return tuple(found)

    def _unit(self) -> str:
        unit = self.cells["unit"].lower() or "months"
        quantity = QUANTITIES.get(self.cells["quantity"])
        if quantity is not None and quantity.timed and unit not in UNITS:
            self.wrong("unit", f"one of {', '.join(UNITS)}", "Leave it empty for months.")
        return unit

    def _confidence(self) -> float:
        percent = self._number("confidence")
        if percent is not None and not 50 <= percent < 100:
            self.wrong("confidence", "a percentage from 50 to below 100", "Write 95, or leave it empty.")
        return 0.95 if percent is None else percent / 100


def record(claim: Claim) -> dict[str, str]:
    """A claim as the row that it was read from."""
    counts = {name: "; ".join(f"{a}={b}" for a, b in getattr(claim, name)) for name in ("groups", "events")}
    plain = {
        c: str(getattr(claim, c)) for c in ("id", "quantity", "endpoint", "level", "model", "printed", "partition")
    }
    return plain | counts | {
        "by": ", ".join(by.id if by.cutoff is None else f"{by.id}@{by.cutoff:g}" for by in claim.by),
        "where": "; ".join(f"{f.column}{f.operator}{'|'.join(f.values)}" for f in claim.where),
        "at": "" if claim.at is None else f"{claim.at:g}",
        "n": "" if claim.n is None else str(claim.n),
        "unit": "" if claim.unit == "months" else claim.unit,
        "confidence": "" if claim.confidence == 0.95 else f"{100 * claim.confidence:g}",
        "links": "; ".join(claim.links),
        "place": claim.place,
        "wording": claim.wording,
    }  # fmt: skip
