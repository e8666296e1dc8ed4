"""What a check is."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from kras_core.audit.claims import Claim, Claims
from kras_core.audit.findings import Finding


@dataclass(frozen=True, slots=True)
class Check:
    """A registry row: formula, assumption, known false alarms and reference are shown wherever the check speaks.

    quantities: the kinds of claims it looks at. run: gives nothing where a figure that it needs is not printed.
    """

    id: str
    title: str
    formula: str
    assumption: str
    false_alarms: str
    reference: str
    quantities: tuple[str, ...]
    run: Callable[[Claim, Claims], Iterable[Finding]]

    def findings(self, claim: Claim, claims: Claims) -> Iterator[Finding]:
        """What it says of this claim, signed; the check's own assumption where the finding names none."""
        if claim.quantity in self.quantities:
            for finding in self.run(claim, claims):
                assumption = finding.assumption or self.assumption
                yield replace(finding, claim=claim.id, check=self.id, assumption=assumption)
