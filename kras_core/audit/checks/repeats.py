"""The same figure in several places, and what words say beside it."""

from collections.abc import Iterator

from kras_core.audit.checks.row import Check
from kras_core.audit.claims import Claim, Claims
from kras_core.audit.findings import Finding
from kras_core.audit.printed import Interval, PrintedError, number, pair, reached, share
from kras_core.audit.quantities import QUANTITIES

APART = ("wording", "announced", "stated", "quoted", "guarantee")
OPPOSED = ({"significantly", "significant"}, {"numerically", "not significant", "no significant difference"})


def repeated(claim: Claim, claims: Claims) -> Iterator[Finding]:
    """All places where this figure is printed, against this one."""
    others = claims.same(claim)
    if not others:
        return
    elsewhere = [c for c in others if not _agree(claim, c)]
    listed = tuple(f"{c.printed}: {c.place or c.id}" for c in (claim, *others))
    if not elsewhere:
        times = len(others) + 1
        yield Finding("consistent", f"Printed {times} times, the same each time.", listed)
        return
    other = elsewhere[0]
    if all(_rounds_to(claim, c) for c in elsewhere):
        yield Finding(
            "rounding only",
            f"Printed {claim.printed} here, {other.printed} in {other.place or other.id}: one rounds to the other.",
            listed,
            ways_out=(f"Rounded to fewer decimals in one place, and “{_longer(claim, other)}” is the fuller figure",),
        )
        return
    differing = next(c for c in elsewhere if not _rounds_to(claim, c))
    yield Finding(
        "inconsistent",
        f"Printed {claim.printed} here and {differing.printed} in {differing.place or differing.id}.",
        listed,
        "Both are the same figure of the same patients.",
        ("Other patients or another date of analysis, not said", "A digit is misprinted in one of the places"),
    )


def _longer(a: Claim, b: Claim) -> str:
    return max((a.printed, b.printed), key=len)


def _boxes(claim: Claim) -> tuple[Interval, ...]:
    if claim.kind.form == "interval":
        low, high = pair(claim.printed)
        return (low, high) if high else (low,)
    return (number(claim.printed),) if reached(claim.printed) else ()


def _agree(a: Claim, b: Claim) -> bool:
    """Whether both print the same: the same number, or counts and percentages that do not contradict each other."""
    if a.kind.form == "share":
        one, two = share(a.printed), share(b.printed)
        same_count = one.k is None or two.k is None or one.k == two.k
        return same_count and (not one.percent or not two.percent or float(one.percent) == float(two.percent))
    if a.kind.form in ("number", "time", "interval"):
        try:
            return _boxes(a) == _boxes(b)
        except PrintedError:
            return a.printed == b.printed
    return a.printed.lower() == b.printed.lower()


def _rounds_to(a: Claim, b: Claim) -> bool:
    """Whether one number prints as both, with different decimals."""
    if a.kind.form == "share":
        one, two = share(a.printed), share(b.printed)
        if one.k is not None and two.k is not None and one.k != two.k:
            return False
        return len(one.percent) != len(two.percent) and number(one.percent).meets(number(two.percent))
    if a.kind.form not in ("number", "time", "interval"):
        return False
    mine, theirs = _boxes(a), _boxes(b)
    return len(mine) == len(theirs) and all(
        x.meets(y) and abs((x.high - x.low) - (y.high - y.low)) > 1e-12
        for x, y in zip(mine, theirs, strict=True)
        if x != y
    )


def wording(claim: Claim, claims: Claims) -> Iterator[Finding]:
    """One result called significant in one place and numerical in another."""
    others = [c for c in claims.of("wording") if c.subject[:2] == claim.subject[:2] and c.id != claim.id]
    side = _side(claim)
    against = [c for c in others if side is not None and _side(c) == 1 - side]
    if not against:
        if others:
            yield Finding("consistent", "The same word wherever this result is described.", _places(claim, others))
        return
    yield Finding(
        "inconsistent",
        f"“{claim.printed}” here, “{against[0].printed}” in {against[0].place or against[0].id}: the two words "
        "contradict each other.",
        _places(claim, others),
        "Both describe the same result.",
        ("One of the two was revised and the other overlooked",),
    )


def _side(claim: Claim) -> int | None:
    text = claim.printed.lower()
    return next((i for i, words in enumerate(OPPOSED) if text in words), None)


def _places(claim: Claim, others: list[Claim]) -> tuple[str, ...]:
    return tuple(f"{c.printed}: {c.place or c.id}" for c in (claim, *others))


def announced(claim: Claim, claims: Claims) -> Iterator[Finding]:
    """Something is announced and not printed: a gap, no error."""
    yield Finding(
        "not recomputable",
        f"Announced ({claim.place or 'in the methods'}) and not printed: {claim.printed}.",
        ways_out=("In a supplement that was not looked at", "Left out for want of space"),
        flag=True,
    )


REPEAT_CHECKS = (
    Check(
        "repeated",
        "The same figure in several places",
        "all printings round from one number",
        "The same figure of the same patients.",
        "Figures of different populations or data cut-offs under one name.",
        "arithmetic",
        tuple(q for q in QUANTITIES if q not in APART),
        repeated,
    ),
    Check(
        "wording",
        "Words about one result",
        "“significantly” and “numerically” exclude each other",
        "Both describe the same result.",
        "Different endpoints behind one sentence.",
        "reading",
        ("wording",),
        wording,
    ),
    Check(
        "announced",
        "Announced and not printed",
        "a method or result that is named without a figure",
        "The supplement, if any, was looked at.",
        "Supplements.",
        "reading",
        ("announced",),
        announced,
    ),
)
