"""Medians: against their groups' medians, their intervals, milestones, and the days that they stand for."""

import math
from collections.abc import Iterator
from functools import lru_cache

from kras_core.audit.checks.row import Check
from kras_core.audit.claims import Claim, Claims
from kras_core.audit.findings import Bar, Finding, Picture
from kras_core.audit.losses import Losses, fewest_losses
from kras_core.audit.printed import Interval, number, pair, reached, tidy

DIVISORS: dict[str, float] = {
    "30": 30.0,
    "30.4": 30.4,
    "365/12 (30.417)": 365 / 12,
    "365.25/12 (30.4375)": 365.25 / 12,
    "30.44": 30.44,
    "30.5": 30.5,
}
COUNTED_UP_TO = 150  # patients for whom the fewest losses are found at once
TIMES = ("median", "follow_up")


def _value(claim: Claim) -> Interval | None:
    return number(claim.printed) if reached(claim.printed) else None


def overall_median(claim: Claim, claims: Claims) -> Iterator[Finding]:
    """Everybody's median lies between those of the groups."""
    overall = _value(claim)
    if claim.by or claim.level or overall is None:
        return
    for by in dict.fromkeys(c.by for c in claims.of("median") if c.by):
        levels: dict[str, Claim] = {}
        for c in claims.of("median"):
            if (c.endpoint, c.by, c.where, c.unit) == (claim.endpoint, by, claim.where, claim.unit) and c.level:
                levels.setdefault(c.level, c)
        if len(levels) < 2 or not _everybody(levels, claim, claims):
            continue
        values = {level: _value(c) for level, c in levels.items()}
        known = {level: v for level, v in values.items() if v is not None}
        if len(known) == len(values):
            yield _between(claim, overall, known, levels)


def _everybody(levels: dict[str, Claim], claim: Claim, claims: Claims) -> bool:
    """Whether the groups make up all patients, as far as sizes are printed."""
    sizes, n = [c.n for c in levels.values()], claim.n if claim.n is not None else claims.n
    return n is None or None in sizes or sum(s for s in sizes if s is not None) == n


def _between(claim: Claim, overall: Interval, groups: dict[str, Interval], levels: dict[str, Claim]) -> Finding:
    low = min(v.low for v in groups.values())
    high = max(v.high for v in groups.values())
    ordered = sorted(groups, key=lambda g: groups[g].middle)
    text = " and ".join(f"{g} {levels[g].printed}" for g in ordered)
    bars = (
        Bar("Overall", overall.low, overall.high, point=overall.middle, text=claim.printed),
        *(Bar(g, groups[g].low, groups[g].high, point=groups[g].middle, text=levels[g].printed) for g in ordered),
        Bar("Possible without early losses", low, high, False),
    )
    steps = (f"{text}; overall between {tidy(low, 4)} and {tidy(high, 4)}, printed {claim.printed}",)
    common = {"picture": Picture(bars, unit=claim.unit), "interval": (low, high)}
    common["computed"] = f"{tidy(low, 4)}–{tidy(high, 4)} {claim.unit}"
    if overall.high >= low and overall.low <= high:
        return Finding("consistent", f"It lies between its groups' medians ({text}).", steps, **common)
    above = overall.low > high
    losses = _losses((levels[ordered[0]].n, levels[ordered[-1]].n), above) if len(ordered) == 2 else None
    said, witness = _in_words(losses, ordered, above)
    return Finding(
        "inconsistent",
        f"{claim.printed} lies {'above' if above else 'below'} the medians of its groups ({text}). {said}",
        (*steps, "with nobody censored before the larger group median, the pooled curve is the groups' mixture"),
        "Nobody is censored before the larger of the group medians.",
        (witness, "Groups that do not make up all patients", "A median read off another curve or endpoint"),
        **common,
    )


def _losses(sizes: tuple[int | None, int | None], above: bool) -> Losses | None:
    first, second = sizes
    if first is None or second is None or first + second > COUNTED_UP_TO:
        return None
    return _fewest(first, second, above)


@lru_cache(maxsize=64)
def _fewest(first: int, second: int, above: bool) -> Losses:
    return list(fewest_losses((first, second), above))[-1].result  # type: ignore[return-value]


def _in_words(losses: Losses | None, ordered: list[str], above: bool) -> tuple[str, str]:
    side = "above" if above else "below"
    if losses is None:
        return "", "Early losses to follow-up (how many it takes was not counted here)"
    if losses.count is None:
        many = f"more than {losses.tried} patients lost early"
        return f"It takes {many}.", f"{many.capitalize()}, for untied times"
    count = "One early loss" if losses.count == 1 else f"{losses.count} early losses"
    verb = "suffices" if losses.count == 1 else "suffice"
    who = [_lost(order, g) for g, order in zip(ordered, losses.witness, strict=True) if "c" in order]
    return (
        f"{count} to follow-up {verb} to make it possible.",
        f"Witness: {' and '.join(who)}; then the pooled curve still stands at {tidy(losses.survival)} when both groups "
        f"have passed their medians, and the overall median can lie {side}",
    )


def _lost(order: str, group: str) -> str:
    """ "1 of G12C lost before any event of the group"."""
    events = order.partition("c")[0].count("e")
    when = f"after {events} of the group's events" if events else "before any event of the group"
    return f"{order.count('c')} of {group} lost {when}"


def median_interval(claim: Claim, claims: Claims) -> Iterator[Finding]:
    """A symmetric interval of a median is SPSS's; the median lies inside any."""
    median_claim = claims.related(claim, "median")
    if median_claim is None or median_claim.unit != claim.unit:
        return
    median, (low, high) = _value(median_claim), pair(claim.printed)
    if median is None:
        return
    if high is not None and (low.low > high.high or median.high < low.low or median.low > high.high):
        yield Finding(
            "inconsistent",
            f"The median {median_claim.printed} lies outside its interval {claim.printed}.",
            (f"{tidy(low.middle)} ≤ {tidy(median.middle)} ≤ {tidy(high.middle)} does not hold",),
            "An interval that holds its own estimate, as every usual one does.",
            ("A digit is misprinted", "The interval is of another group or endpoint"),
        )
        return
    if high is None:
        if median.high < low.low:
            yield Finding("inconsistent", "The median lies below its interval.", ways_out=("A digit is misprinted",))
        return
    middle = (low + high).scaled(0.5)
    se = (high - low).scaled(1 / (2 * 1.959964))
    steps = (
        f"({tidy(low.middle)} + {tidy(high.middle)})/2 = {tidy(middle.middle, 4)}, over everything that prints so "
        f"{tidy(middle.low, 4)} to {tidy(middle.high, 4)}; median {median_claim.printed}",
        f"SE = width/(2 · 1.960) = {tidy(se.low)} to {tidy(se.high)}",
    )
    symmetric = middle.meets(median)
    statement = (
        "Symmetric about the median, as SPSS's interval (median ± 1.96·SE) is; Brookmeyer–Crowley intervals rarely are."
        if symmetric
        else "Not symmetric about the median, so not SPSS's; Brookmeyer–Crowley intervals (R, SAS, Stata) need not be."
    )
    bars = (Bar("Printed", low.middle, high.middle, point=median.middle, text=claim.printed),)
    yield Finding(
        "consistent",
        statement,
        steps,
        computed=f"middle {tidy(middle.middle, 4)}",
        interval=(middle.low, middle.high),
        preset="spss" if symmetric and claim.confidence == 0.95 else "",
        picture=Picture(bars, median.middle, unit=claim.unit),
    )


def whole_days(claim: Claim, claims: Claims) -> Iterator[Finding]:
    """A time in months is a number of days over a divisor: which divisors fit this one, and which fit all."""
    box = _value(claim)
    if claim.unit != "months" or box is None:
        return
    fitting = {name: days for name, divisor in DIVISORS.items() if (days := _days(box, divisor))}
    others = [v for c in claims.of(*TIMES) if c.unit == "months" and (v := _value(c)) is not None]
    all_fit = [name for name, divisor in DIVISORS.items() if all(_days(v, divisor) for v in others)]
    listed = "; ".join(f"{name}: {_span(days)}" for name, days in fitting.items())
    missing = [name for name in DIVISORS if name not in fitting]
    if not fitting:
        half = [name for name, divisor in DIVISORS.items() if _days(box.scaled(2), divisor)]
        yield Finding(
            "inconsistent",
            "No whole number of days over a usual divisor prints like this.",
            (f"tried {', '.join(DIVISORS)}",),
            "Days divided by one of the usual numbers.",
            (
                "Months counted in the calendar, or times recorded in weeks",
                *(f"The middle of two days, over {name}" for name in half[:2]),
            ),
        )
        return
    rest = f" Not with {', '.join(missing)}." if missing else ""
    yield Finding(
        "consistent",
        f"Days behind it: {listed}.{rest}",
        (f"divisors that fit every printed time in months: {', '.join(all_fit) or 'none'}",),
        "Times were recorded in days, and the median is one of them.",
        computed=listed,
    )


def _days(months: Interval, divisor: float) -> tuple[int, int] | None:
    """First and last whole number of days that prints as these months, None where there is none."""
    first, last = math.ceil(months.low * divisor - 1e-9), math.floor(months.high * divisor + 1e-9)
    return (first, last) if first <= last else None


def _span(days: tuple[int, int]) -> str:
    return f"{days[0]} days" if days[0] == days[1] else f"{days[0]}–{days[1]} days"


def milestone(claim: Claim, claims: Claims) -> Iterator[Finding]:
    """Survival at a time before the median is above one half, after it at most one half."""
    rate = number(claim.printed)
    if rate.low > 100:
        yield Finding("impossible", "Survival above 100 %.", ways_out=("A digit is misprinted",))
        return
    subject = (claim.endpoint, claim.by, claim.level, claim.where)
    medians = [
        c for c in claims.of("median") if (c.endpoint, c.by, c.level, c.where) == subject and c.unit == claim.unit
    ]
    median = _value(medians[0]) if medians else None
    if median is None or claim.at is None:
        return
    steps = (f"median {medians[0].printed}, S({claim.at:g}) = {claim.printed}",)
    if claim.at < median.low and rate.high < 50:
        word, way = "before", "below"
    elif claim.at > median.high and rate.low > 50:
        word, way = "after", "above"
    else:
        yield Finding("consistent", "Median and milestone agree.", steps)
        return
    yield Finding(
        "impossible",
        f"Survival at {claim.at:g} {claim.unit}, {word} the median of {medians[0].printed}, is printed {way} 50 %.",
        steps,
        ways_out=("Median and milestone are of different curves", "A digit is misprinted"),
    )


MEDIAN_CHECKS = (
    Check(
        "overall-median",
        "Overall median and its groups'",
        "min(m₁, m₂) ≤ m ≤ max(m₁, m₂): S = w₁·S₁ + w₂·S₂ up to the first censoring",
        "Nobody is censored before the larger of the group medians.",
        "Early losses; groups that leave patients out.",
        "docs/audit.md; Efron 1967 (redistribution to the right)",
        ("median",),
        overall_median,
    ),
    Check(
        "median-interval",
        "Interval of a median",
        "t̂ ± 1.96·SE, SE = SE(S(t̂))·(l − u)/(S(u) − S(l)), u the last event time with S ≥ 0.55, l the first with "
        "S ≤ 0.45",
        "The interval is of this median.",
        "A Brookmeyer–Crowley interval may be symmetric by chance.",
        "IBM SPSS Statistics Algorithms, KM; Collett 2015, section 2.4; Brookmeyer and Crowley 1982",
        ("median_ci",),
        median_interval,
    ),
    Check(
        "whole-days",
        "Months as whole days",
        "days/divisor prints as the figure",
        "Times were recorded in days.",
        "Calendar months; the middle of two days under the “middle” rule.",
        "arithmetic",
        TIMES,
        whole_days,
    ),
    Check(
        "milestone",
        "Milestone and median",
        "S(t) > 0.5 before the median, ≤ 0.5 after it",
        "Both are read off the same Kaplan–Meier curve.",
        "A plateau at exactly one half under the “middle” rule.",
        "definition of the median",
        ("rate",),
        milestone,
    ),
)
