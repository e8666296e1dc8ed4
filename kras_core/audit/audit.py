"""Audit: every claim of a publication through every check, and against patient rows where there are any."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from kras_core.analyse.results import CohortRef
from kras_core.analyse.scope import reference_to
from kras_core.audit.checks import CHECKS
from kras_core.audit.claims import Claim, Claims
from kras_core.audit.findings import ORDER, Finding, Verdict, strongest
from kras_core.audit.recompute import CHECK, Recomputation
from kras_core.cohort.model import Cohort


@dataclass(frozen=True)
class Entry:
    """A claim and what became of it: the combined verdict, and the findings, the one that decides first."""

    claim: Claim
    verdict: Verdict
    findings: tuple[Finding, ...]

    @property
    def lead(self) -> Finding:
        return self.findings[0]

    @property
    def changes_conclusion(self) -> bool:
        return any(f.changes_conclusion for f in self.findings)


@dataclass(frozen=True)
class AuditReport:
    """Every claim in the paper's order. cohort: the rows that the claims were held against, None without any."""

    title: str
    entries: tuple[Entry, ...]
    cohort: CohortRef | None

    @cached_property
    def counts(self) -> Mapping[Verdict, int]:
        """How many claims have each verdict."""
        verdicts = [e.verdict for e in self.entries]
        return {v: verdicts.count(v) for v in ORDER}

    @cached_property
    def by_attention(self) -> tuple[Entry, ...]:
        """What matters first; within a verdict what changes a conclusion, words last, else in the paper's order."""

        def place(e: Entry) -> tuple[int, bool, bool]:
            return ATTENTION.index(e.verdict), not e.changes_conclusion, e.claim.kind.form == "text"

        return tuple(sorted(self.entries, key=place))

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(f for e in self.entries for f in e.findings)


# What a reader should look at first.
ATTENTION: tuple[Verdict, ...] = (
    "impossible",
    "inconsistent",
    "rounding only",
    "consistent",
    "reachable",
    "reproduced",
    "not recomputable",
)


def audit(claims: Claims, cohort: Cohort | None = None) -> AuditReport:
    """Hold every claim against the others and, where a cohort is given, against its rows. No claim stays blank."""
    recomputation = Recomputation(cohort, claims) if cohort is not None else None
    entries = tuple(_entry(claim, claims, recomputation) for claim in claims.rows)
    return AuditReport(claims.title, entries, reference_to(cohort) if cohort is not None else None)


def _entry(claim: Claim, claims: Claims, recomputation: Recomputation | None) -> Entry:
    found = [f for check in CHECKS.values() for f in check.findings(claim, claims)]
    if recomputation is not None:
        found += recomputation.findings(claim)
    if not found:
        found = [_nothing(claim)]
    found.sort(key=lambda f: ORDER.index(f.verdict))
    return Entry(claim, strongest(found), tuple(found))


def _nothing(claim: Claim) -> Finding:
    """What is missing."""
    missing = claim.kind.missing or (
        "patient rows would be needed, and nothing else is printed that bears on it"
        if claim.kind.compute is not None
        else "nothing else is printed that bears on it"
    )
    return Finding("not recomputable", f"{missing[0].upper()}{missing[1:]}.", claim=claim.id, check=CHECK)
