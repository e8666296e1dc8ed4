"""Alter every single digit of every printed figure in the sets and count what the checks catch.

    python -m tools.alterations

An alteration is caught where it brings an alarm (impossible, inconsistent or rounding only) that the figures as printed
do not have, on the altered figure or on one beside it. First with the printed figures alone, then with the rows that
they were computed from. KRASCOPE_REAL_DATA names the folder with the data that cannot be shipped.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from kras_core.audit.checks import CHECKS
from kras_core.audit.claims import Claim, Claims
from kras_core.audit.findings import Finding
from kras_core.audit.printed import PrintedError
from kras_core.audit.recompute import Recomputation
from kras_core.cohort.model import Cohort
from tools.alterations.sets import SETS

ALARMS = ("impossible", "inconsistent", "rounding only")
ROWS = "recomputed from the rows"


@dataclass
class Tally:
    """tried: alterations. caught: by verdict of the strongest alarm. by_check: alterations each check catches."""

    tried: int = 0
    caught: Counter[str] = field(default_factory=Counter)
    by_check: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def note(self, alarms: set[tuple[str, str]]) -> None:
        """alarms: (check, verdict) pairs that are new."""
        self.tried += 1
        if alarms:
            self.caught[min((v for _, v in alarms), key=ALARMS.index)] += 1
        for check in {c for c, _ in alarms}:
            self.by_check[check][min((v for c, v in alarms if c == check), key=ALARMS.index)] += 1


def altered(claim: Claim) -> Iterator[Claim]:
    """The claim with one digit changed, where what results is still a legible figure."""
    for i, old in enumerate(claim.printed):
        for new in "0123456789" if old.isdigit() else "":
            if new == old:
                continue
            changed = replace(claim, printed=claim.printed[:i] + new + claim.printed[i + 1 :])
            try:
                claim.kind.read(changed.printed)
            except (PrintedError, ValueError):
                continue
            yield changed


def alarms(claims: Claims, which: tuple[Claim, ...]) -> set[tuple[str, str, str]]:
    """(claim, check, verdict) of every alarm on these claims."""
    found = (f for c in which for check in CHECKS.values() for f in check.findings(c, claims))
    return {(f.claim, f.check, f.verdict) for f in found if f.verdict in ALARMS}


def rows_alarm(recomputation: Recomputation, claim: Claim) -> set[tuple[str, str]]:
    """Whether the rows give the figure: any verdict but reproduced is an alarm here."""
    found: list[Finding] = list(recomputation.findings(claim))
    return {(ROWS, "inconsistent") for f in found if f.verdict == "inconsistent"}


def study(claims: Claims, cohort: Cohort | None) -> tuple[Tally, Tally]:
    """Alter every digit of one set: caught by the figures alone, and with the rows."""
    alone, together, seen = Tally(), Tally(), {}
    before = alarms(claims, claims.rows)
    for i, claim in enumerate(claims.rows):
        for changed in altered(claim):
            other = Claims((*claims.rows[:i], changed, *claims.rows[i + 1 :]), claims.title)
            new = {(check, verdict) for _, check, verdict in alarms(other, other.rows) - before}
            alone.note(new)
            if cohort is not None:
                together.note(new | rows_alarm(Recomputation(cohort, other, seen), changed))
    return alone, together


def share(part: int, whole: int) -> str:
    return f"{part:,} ({100 * part / whole:.0f} %)" if whole else "–"


def main() -> None:
    total, with_rows = Tally(), Tally()
    print("| Set | Figures | False alarms | Altered digits | Caught by the figures alone | With the rows |")
    print("|---|---|---|---|---|---|")
    for published in SETS.values():
        claims, cohort = published.claims, published.cohort()
        alone, together = study(claims, cohort)
        false = len(alarms(claims, claims.rows))
        caught = share(sum(alone.caught.values()), alone.tried)
        rows = share(sum(together.caught.values()), together.tried)
        print(f"| {published.title} | {len(claims.rows)} | {false} | {alone.tried:,} | {caught} | {rows} |", flush=True)
        for whole, part in ((total, alone), (with_rows, together)):
            whole.tried += part.tried
            whole.caught += part.caught
            for check, counts in part.by_check.items():
                whole.by_check[check] += counts
    print(f"\nAlterations caught, by check (of {total.tried:,}; one may be caught by several)\n")
    print("| Check | impossible | inconsistent | rounding only |")
    print("|---|---|---|---|")
    for id, counts in [*((c, total.by_check[c]) for c in CHECKS), (ROWS, with_rows.by_check[ROWS])]:
        if counts:
            name = CHECKS[id].title if id in CHECKS else f"Recomputed from the rows (of {with_rows.tried:,})"
            print(f"| {name} | {' | '.join(f'{counts[v]:,}' for v in ALARMS)} |")
    for name, tally in (("any, figures alone", total), ("any, with the rows", with_rows)):
        print(f"| {name} | {' | '.join(share(tally.caught[v], tally.tried) for v in ALARMS)} |")


if __name__ == "__main__":
    main()
