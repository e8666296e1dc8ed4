"""A mapping: for every column of a file what it becomes, frozen, and the rules by which dates become times."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

OWN = "own column"
LEFT_OUT = "left out"

Confidence = Literal["sure", "likely", "unsure"]
CensorPfs = Literal["last assessment", "last contact"]
Therapy = Literal["ignore", "censor"]

ASSESSMENT_INTERVAL = 42  # days: every two cycles of three weeks, as in the paper's Methods


class MappingError(ValueError):
    """A mapping that cannot be read or applied; the message says what to mend, without any patient's value."""


@dataclass(frozen=True, slots=True)
class Column:
    """What becomes of one column of the file.

    source: its header as written. becomes: a target's id, OWN or LEFT_OUT. unit: the file's. codes: (as written,
    meaning): event, censored or not known for an event, 0 or 1 for a flag, a level for a category. written: how its
    dates are (a key of WAYS), "" where that is still to be said. missing: codes that mean no value, beside the usual
    ones. confirmed: somebody has said that the event coding is right. reason, confidence: why it was guessed.
    """

    source: str
    becomes: str = OWN
    unit: str = ""
    codes: tuple[tuple[str, str], ...] = ()
    written: str = ""
    missing: tuple[str, ...] = ()
    confirmed: bool = False
    reason: str = ""
    confidence: Confidence = "sure"

    @property
    def is_event(self) -> bool:
        return self.becomes.endswith("_event")

    @property
    def is_target(self) -> bool:
        return self.becomes not in (OWN, LEFT_OUT)


@dataclass(frozen=True, slots=True)
class DateRules:
    """How dates become progression-free and overall survival.

    censor_pfs: where patients without progression or death are censored. new_therapy: whether PFS is censored when a
    new anticancer therapy starts before the event. missed: whether an event after two or more missed assessments (more
    than two intervals after the last one) is censored at that assessment. keep: leave the dates in the cohort.
    """

    censor_pfs: CensorPfs = "last assessment"
    new_therapy: Therapy = "ignore"
    missed: Therapy = "ignore"
    interval: int = ASSESSMENT_INTERVAL
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Mapping:
    """Every column of the table of patients, and of adverse events where there is one, in the file's order.

    sheet: the sheet of patients, where the file is a workbook with several.
    """

    patients: tuple[Column, ...]
    adverse_events: tuple[Column, ...] = ()
    dates: DateRules = DateRules()
    sheet: str = ""

    @property
    def fingerprint(self) -> str:
        """Names the columns that it is for, whatever their order: the same columns, the same fingerprint."""
        return fingerprint([c.source for c in self.patients], [c.source for c in self.adverse_events])

    def sources(self, target: str) -> tuple[Column, ...]:
        """The columns of patients that become this."""
        return tuple(c for c in self.patients if c.becomes == target)

    @property
    def unconfirmed(self) -> tuple[Column, ...]:
        """Event columns whose coding nobody has confirmed yet."""
        return tuple(c for c in self.patients if c.is_event and not c.confirmed)

    def but(self, source: str, **changes: Any) -> "Mapping":
        """The same with one column of patients changed."""
        return replace(self, patients=tuple(replace(c, **changes) if c.source == source else c for c in self.patients))


def fingerprint(patients: Iterable[str], adverse_events: Sequence[str] = ()) -> str:
    """SHA-256 over the sorted headers of both tables, its first 16 digits."""
    said = json.dumps([sorted(patients), sorted(adverse_events)], ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()[:16]
