"""Claims written in a test, and what the checks say of them."""

from kras_core.audit.audit import Entry, audit
from kras_core.audit.claims import Claims, claims_of
from kras_core.audit.findings import Finding
from kras_core.cohort.model import Cohort


def claims(*rows: dict[str, str]) -> Claims:
    """Claims from records; ids c0, c1 … where none is given."""
    return claims_of([{"id": f"c{i}", **row} for i, row in enumerate(rows)], "test")


def entries(*rows: dict[str, str], cohort: Cohort | None = None) -> dict[str, Entry]:
    """Every claim with its findings, by id."""
    return {e.claim.id: e for e in audit(claims(*rows), cohort).entries}


def finding(entry: Entry, check: str) -> Finding:
    """The one finding of this check."""
    (found,) = [f for f in entry.findings if f.check == check]
    return found


def verdicts(entry: Entry) -> dict[str, str]:
    """Verdict by check (the strongest where a check speaks twice)."""
    return {f.check: f.verdict for f in reversed(entry.findings)}
