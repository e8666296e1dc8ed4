"""Follow-up, dates, and the time that inclusion guarantees."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from kras_core.audit.checks.row import Check
from kras_core.audit.claims import Claim, Claims
from kras_core.audit.findings import Bar, Finding, Picture
from kras_core.audit.printed import Interval, PrintedError, day, number, reached, tidy

DAYS: dict[str, float] = {"days": 1.0, "weeks": 7.0, "months": 30.4375, "years": 365.25}


def _date(claims: Claims, quantity: str) -> tuple[date, date] | None:
    found = claims.of(quantity)
    return day(found[0].printed) if found else None


def _allowed(claims: Claims, unit: str) -> Interval | None:
    """From the last start to the cut-off, and from the first: what time under observation the dates allow."""
    first, last, cutoff = (_date(claims, q) for q in ("date_first", "date_last", "date_cutoff"))
    if not (first and last and cutoff):
        return None
    return Interval((cutoff[0] - last[1]).days / DAYS[unit], (cutoff[1] - first[0]).days / DAYS[unit])


def follow_up(claim: Claim, claims: Claims) -> Iterator[Finding]:
    """Which follow-up a printed median can be: of all observed times, reverse Kaplan–Meier, or to the cut-off."""
    if not reached(claim.printed) or claim.by or claim.level:
        return
    box, allowed = number(claim.printed), _allowed(claims, claim.unit)
    survival = next((c for c in claims.of("median") if c.endpoint == "os" and not c.by and not c.where), None)
    steps, ways = [], ["reverse Kaplan–Meier"]
    bars = [Bar("Printed", box.middle, box.middle, text=claim.printed)]
    too_long = False
    if survival is not None and survival.unit == claim.unit and reached(survival.printed):
        median = number(survival.printed)
        too_long = box.low > median.high
        relation = ">" if too_long else "may be at most"
        steps.append(
            f"median of observed times ≤ Kaplan–Meier median OS = {survival.printed}; {claim.printed} {relation} it"
        )
        bars.append(Bar("Median of observed times, at most", 0, median.high, False))
    if allowed is not None:
        fits = allowed.low <= box.high and box.low <= allowed.high
        steps.append(f"start to cut-off: {tidy(allowed.low)} to {tidy(allowed.high)} {claim.unit} by the printed dates")
        bars.append(Bar("Start to cut-off", allowed.low, allowed.high, False))
        if box.low > allowed.high:
            yield Finding(
                "impossible",
                f"Nobody can have been followed for more than {tidy(allowed.high)} {claim.unit} by the printed dates.",
                tuple(steps),
                "The dates are right.",
                ("One of the dates, or the unit, is another",),
                picture=Picture(tuple(bars), unit=claim.unit),
            )
            return
        if fits:
            ways.append("time from start to cut-off")
    ways.append("the median among survivors")
    if not too_long:
        ways.insert(0, "the median of observed times")
    only = "only " if too_long else ""
    yield Finding(
        "consistent",
        f"Consistent {only}as {', '.join(ways[:-1])} or {ways[-1]}"
        + ("; it cannot be the plain median of observed times." if too_long else "."),
        tuple(steps) or ("nothing else is printed that bounds it",),
        "The paper does not say which follow-up it means.",
        computed=f"{tidy(allowed.low)}–{tidy(allowed.high)} {claim.unit}" if allowed else "",
        interval=(allowed.low, allowed.high) if allowed else None,
        picture=Picture(tuple(bars), unit=claim.unit) if len(bars) > 1 else None,
    )


def dates(claim: Claim, claims: Claims) -> Iterator[Finding]:
    """First start, last start and cut-off follow each other."""
    order = [(q, _date(claims, q)) for q in ("date_first", "date_last", "date_cutoff")]
    known = [(q, d) for q, d in order if d]
    if len(known) < 2:
        return
    shown = (" ≤ ".join(str(d[0]) for _, d in known),)
    wrong = any(a[0] > b[1] for (_, a), (_, b) in pairwise(known))
    if wrong:
        yield Finding("impossible", "The dates are not in order.", shown, ways_out=("A date is misprinted",))
    else:
        yield Finding("consistent", "First start, last start and cut-off follow each other.", shown)


def guarantee(claim: Claim, claims: Claims) -> Iterator[Finding]:
    """Who died or stopped within the guaranteed time is not in the rows, and no analysis brings them back."""
    try:
        days = guaranteed_days(claim)
    except PrintedError:
        return
    yield Finding(
        "not recomputable",
        f"A flag, no verdict on a figure: whoever died or stopped within the first {days:g} days "
        f"({tidy(days / DAYS['months'])} months) is not in the rows, so every estimate is conditional on that time. "
        "Neither a landmark nor delayed entry brings them back: everybody is under observation from the start.",
        (f"{claim.printed} {claim.unit} = {days:g} days = {tidy(days / DAYS['months'])} months",),
        "Patients were included because they got so far.",
        ("Nobody stopped earlier", "The paper says so itself, as a limitation"),
        computed=f"{days:g} days",
        flag=True,
    )


def guaranteed_days(claim: Claim) -> float:
    """The guaranteed time: "2" with the unit "cycles of 21 days" is 42 days. Raises PrintedError."""
    cycle = re.search(r"(\d+)\s*(day|week|month)", claim.unit)
    value = number(claim.printed).middle
    if cycle:
        return value * int(cycle[1]) * DAYS[f"{cycle[2]}s"]
    if claim.unit not in DAYS:
        raise PrintedError("a unit of time, or cycles of so many days")
    return value * DAYS[claim.unit]


FOLLOW_UP_CHECKS = (
    Check(
        "follow-up",
        "Median follow-up",
        "median of observed times ≤ Kaplan–Meier median; cut-off − last start ≤ time ≤ cut-off − first start",
        "The dates and the median overall survival are right.",
        "Follow-up counted to a later contact than the cut-off.",
        "Schemper and Smith 1996, Control Clin Trials 17:343–346",
        ("follow_up",),
        follow_up,
    ),
    Check(
        "dates",
        "Dates in order",
        "first start ≤ last start ≤ cut-off",
        "All are calendar dates of the same study.",
        "none",
        "arithmetic",
        ("date_first", "date_last", "date_cutoff"),
        dates,
    ),
    Check(
        "guarantee-time",
        "Guaranteed time",
        "results are conditional on T > guaranteed time",
        "Inclusion required patients to get so far.",
        "a flag about bias, no verdict on a figure",
        "Anderson, Cain and Gelber 1983, J Clin Oncol 1:710–719; Suissa 2008, Am J Epidemiol 167:492–499",
        ("guarantee",),
        guarantee,
    ),
)
