"""Hazard ratios, their intervals and p values: with each other, and with the sizes of the groups."""

import math
from collections.abc import Iterator

from scipy.special import ndtri

from kras_core.audit.bounds import patients_needed, se_floor, se_floor_any_split, tightest, two_sided_p, z_of
from kras_core.audit.checks.row import Check
from kras_core.audit.claims import Claim, Claims
from kras_core.audit.findings import Bar, Finding, Picture
from kras_core.audit.printed import Interval, number, pair, tidy

# How far a log-rank z may lie from the Wald z of the same comparison (they agree near a ratio of 1 only), and above
# what the floor allows a Wald z: a little wider than the extremes of 12,000 simulated trials of 20 to 150 patients
# (docs/audit.md), so that sound figures raise no alarm.
LOGRANK_BELOW, LOGRANK_ABOVE, LOGRANK_GROWTH = 0.25, 0.2, 0.035
OVER_THE_FLOOR = {"patients": 1.15, "events": 1.35}


def _ends(claim: Claim) -> tuple[Interval, Interval] | None:
    low, high = pair(claim.printed)
    return None if high is None or low.low <= 0 else (low, high)


def _range(box: Interval, digits: int = 3) -> str:
    return f"{tidy(box.low, digits)} to {tidy(box.high, digits)}"


def _standard_error(low: Interval, high: Interval, confidence: float) -> Interval:
    return (high.log() - low.log()).scaled(1 / (2 * z_of(confidence)))


def largest_error(claim: Claim) -> float:
    """The largest standard error with which this interval of a ratio can be printed; NaN where it has no upper end."""
    ends = _ends(claim)
    return math.nan if ends is None else _standard_error(*ends, claim.confidence).high


def centre(claim: Claim, claims: Claims) -> Iterator[Finding]:
    """The ratio is the geometric middle of its Wald interval."""
    other = claims.related(claim, "hazard_ratio_ci" if claim.quantity == "hazard_ratio" else "hazard_ratio")
    if other is None:
        return
    ratio_claim, ends_claim = (claim, other) if claim.quantity == "hazard_ratio" else (other, claim)
    ends, ratio = _ends(ends_claim), number(ratio_claim.printed)
    if ends is None or ratio.high <= 0:
        return
    low, high = ends
    middle = (low.log() + high.log()).scaled(0.5).map(math.exp)
    steps = (
        f"√({tidy(low.middle)} · {tidy(high.middle)}) = {tidy(math.sqrt(low.middle * high.middle))}",
        f"over everything that prints so: {_range(middle)}; printed {ratio_claim.printed}",
    )
    common = {"steps": steps, "computed": _range(middle), "interval": (middle.low, middle.high)}
    if low.low > high.high:
        yield Finding("impossible", "The interval's lower end is above its upper end.", **common)
    elif ratio.high < low.low or ratio.low > high.high:
        ways = ("A digit is misprinted", "Ratio and interval are of opposite directions", "Of different models")
        yield Finding("impossible", "The ratio lies outside its own interval.", ways_out=ways, **common)
    elif middle.meets(ratio):
        yield Finding("consistent", "The ratio is the geometric middle of its interval, as Wald's is.", **common)
    else:
        yield Finding(
            "inconsistent",
            f"The geometric middle of the interval is {_range(middle)}, not {ratio_claim.printed}.",
            ways_out=(
                "A profile-likelihood, exact, bootstrap or Bayesian interval",
                "Ratio and interval come from different models",
                "One of the three numbers is misprinted",
            ),
            **common,
        )


def interval_and_p(claim: Claim, claims: Claims) -> Iterator[Finding]:
    """The Wald p that ratio and interval imply, against the printed one."""
    p_claim = claim if claim.quantity in ("logrank_p", "wald_p") else claims.related(claim, "wald_p", "logrank_p")
    if p_claim is None:
        return
    ratio_claim, ends_claim = claims.related(claim, "hazard_ratio"), claim
    if claim.quantity != "hazard_ratio_ci":
        ends_claim = claims.related(claim, "hazard_ratio_ci")
    if ratio_claim is None:  # an interval or a p that finds the ratio through the other
        ratio_claim = claims.related(ends_claim, "hazard_ratio") if ends_claim else None
    if ratio_claim is None or ends_claim is None:
        return
    ends, ratio, p = _ends(ends_claim), number(ratio_claim.printed), number(p_claim.printed)
    if ends is None or ratio.low <= 0 or ends[1].high < ends[0].low:
        return
    spread = _standard_error(*ends, ends_claim.confidence)
    size = ratio.log().magnitude()
    if spread.low <= 0:
        return
    z = size / spread
    implied = z.falling(two_sided_p)
    middle_se = math.log(ends[1].middle / ends[0].middle) / (2 * z_of(ends_claim.confidence))
    middle_z = abs(math.log(ratio.middle)) / middle_se
    steps = (
        f"SE = ln({tidy(ends[1].middle)}/{tidy(ends[0].middle)}) / (2 · {z_of(ends_claim.confidence):.3f})"
        f" = {tidy(middle_se)}, over everything that prints so {_range(spread)}",
        f"z = |ln {tidy(ratio.middle)}| / SE = {tidy(middle_z)} ({_range(z)})",
        f"p = 2·Φ(−z) = {tidy(two_sided_p(middle_z), 2)} ({_range(implied, 2)}); printed {p_claim.printed}",
    )
    allowed = z if p_claim.quantity == "wald_p" else _logrank_z(z, size.high)
    yield _judged(p_claim, p, implied, allowed, steps)


def _logrank_z(z: Interval, log_ratio: float) -> Interval:
    """The log-rank z beside which a Wald z may stand."""
    stretch = 1.02 * math.exp(LOGRANK_GROWTH * log_ratio**2)
    return Interval(max(z.low - LOGRANK_BELOW, 0.0), z.high * stretch + LOGRANK_ABOVE)


def _judged(claim: Claim, p: Interval, implied: Interval, allowed: Interval, steps: tuple[str, ...]) -> Finding:
    common = {"steps": steps, "computed": f"p {_range(implied, 2)}", "interval": (implied.low, implied.high)}
    if implied.meets(p):
        return Finding("consistent", f"Ratio and interval imply p {_range(implied, 2)}.", **common)
    if claim.quantity != "wald_p" and allowed.meets(p.falling(_z_of_p)):
        statement = f"As a Wald test it would be p {_range(implied, 2)}; a log-rank test may well differ by as much."
        return Finding("consistent", statement, assumption="The p is a log-rank test's.", **common)
    return Finding(
        "inconsistent",
        f"Ratio and interval imply p {_range(implied, 2)}, printed is {claim.printed}.",
        assumption="The p tests the same comparison as the interval"
        + (", by Wald's test." if claim.quantity == "wald_p" else "."),
        ways_out=(
            "Another test (likelihood ratio, a weighted or stratified log-rank test)",
            "p and interval come from different models",
            "One of the numbers is misprinted",
        ),
        **common,
    )


def _z_of_p(p: float) -> float:
    return math.inf if p <= 0 else 0.0 if p >= 1 else float(-ndtri(p / 2))


def floor(claim: Claim, claims: Claims) -> Iterator[Finding]:
    """The interval's width against the floor under the standard error."""
    ends, (groups, events) = _ends(claim), claims.groups_of(claim)
    if ends is None or len(groups) != 2 or not all(size for _, size in groups) or ends[1].high < ends[0].low:
        return
    sizes = [size for _, size in groups]
    least, spread = se_floor(sizes), _standard_error(*ends, claim.confidence)
    what = "events" if events else "patients"
    letter = "d" if events else "n"
    steps = (
        f"{letter}₁ = {sizes[1]}, {letter}₀ = {sizes[0]} {what}: SE ≥ √(1/{sizes[1]} + 1/{sizes[0]}) = {tidy(least)}",
        f"printed: SE = ln({tidy(ends[1].middle)}/{tidy(ends[0].middle)}) / (2 · {z_of(claim.confidence):.3f}),"
        f" at most {tidy(spread.high)} over everything that prints so",
    )
    computed = f"SE ≥ {tidy(least)}; printed ≤ {tidy(spread.high)}"
    if spread.high >= least:
        yield Finding("consistent", f"SE up to {tidy(spread.high)}, floor {tidy(least)}.", steps, computed=computed)
        return
    yield _below_the_floor(claim, claims, ends, sizes, least, spread.high, steps, computed, what)


def _below_the_floor(
    claim: Claim,
    claims: Claims,
    ends: tuple[Interval, Interval],
    sizes: list[int],
    least: float,
    widest: float,
    steps: tuple[str, ...],
    computed: str,
    what: str,
) -> Finding:
    ratio_claim = claims.related(claim, "hazard_ratio")
    ratio = number(ratio_claim.printed) if ratio_claim else None
    middle = math.sqrt(ends[0].middle * ends[1].middle) if ratio is None else ratio.middle
    low, high = tightest(middle, least, claim.confidence)
    crosses = _must_cross(ratio or Interval(middle, middle), ends, least, claim.confidence)
    needed = patients_needed(widest, sizes)
    level = f"{100 * claim.confidence:g} %"
    text = f"{low:.3f}–{high:.3f}"
    change = "It must include 1, the printed one does not." if crosses else "It does not include 1 either."
    bars = (
        Bar("Printed", ends[0].middle, ends[1].middle, True, middle, claim.printed),
        Bar("Tightest possible", low, high, False, middle, text),
    )
    return Finding(
        "impossible",
        f"Impossible as a {level} Wald interval of a Cox model: its standard error would be below the floor of "
        f"{tidy(least)}. The tightest possible interval is {text}. {change}",
        (*steps, f"tightest possible: {tidy(middle)} · exp(± {z_of(claim.confidence):.3f} · {tidy(least)}) = {text}"),
        f"A {level} Wald interval of a Cox log hazard ratio between groups of {sizes[0]} and {sizes[1]} {what}, one "
        "event a patient at most; for any censoring, any treatment of ties, stratified or adjusted.",
        (_other_level(ends, least, claim.confidence), _other_split(sizes, widest, needed), *WAYS_OUT),
        computed,
        (low, high),
        (low, high),
        crosses,
        picture=Picture(bars, 1.0, True, "hazard ratio"),
    )


WAYS_OUT = (
    "Another kind of hazard ratio: for Prism's (log-rank, Mantel–Haenszel) only SE ≥ 2/√d holds in general",
    "Several events per patient, or groups that change with time",
    "A robust, weighted, penalised, Bayesian or bootstrap interval",
    "A fit that did not converge",
)


def _must_cross(ratio: Interval, ends: tuple[Interval, Interval], least: float, confidence: float) -> bool:
    """Whether every possible interval holds 1 where the printed one does not."""
    if ends[1].high < 1:
        return tightest(ratio.low, least, confidence)[1] >= 1
    return ends[0].low > 1 and tightest(ratio.high, least, confidence)[0] <= 1


def _other_level(ends: tuple[Interval, Interval], least: float, confidence: float) -> str:
    """What the interval would be at 90 %: SE = width / (2·1.645)."""
    widest = _standard_error(*ends, 0.90).high
    if confidence <= 0.90:
        return "Another confidence level"
    if widest >= least:
        return f"A 90 % interval: read so it just fits (SE up to {tidy(widest, 4)}, floor {tidy(least, 4)})"
    return f"Another confidence level, but 90 % is not enough (SE at most {tidy(widest)})"


def _other_split(sizes: list[int], widest: float, needed: int) -> str:
    n = sum(sizes)
    any_split = se_floor_any_split(n)
    more = f"Another n: at {sizes[0]}:{sizes[1]} at least {needed} patients, all with events"
    if any_split > widest:
        return f"{more}; no other split of {n} is enough (2/√{n} = {tidy(any_split)})"
    return f"{more}; or another split of {n} (evenly split, 2/√{n} = {tidy(any_split)})"


def ratio_and_p(claim: Claim, claims: Claims) -> Iterator[Finding]:
    """With this ratio and these groups, p cannot be below what the floor allows a Wald test."""
    ratio_claim = claims.related(claim, "hazard_ratio")
    if ratio_claim is None:
        return
    groups, events = claims.groups_of(claim)
    ratio, p = number(ratio_claim.printed), number(claim.printed)
    if len(groups) != 2 or not all(size for _, size in groups) or ratio.low <= 0:
        return
    sizes = [size for _, size in groups]
    least = se_floor(sizes)
    largest = ratio.log().magnitude().high
    smallest_p = two_sided_p(largest / least)
    largest_z = largest / least
    if claim.quantity != "wald_p":
        largest_z = max(OVER_THE_FLOOR["events" if events else "patients"] * largest_z, largest_z + LOGRANK_ABOVE)
    steps = (
        f"SE ≥ √(1/{sizes[1]} + 1/{sizes[0]}) = {tidy(least)} ({'events' if events else 'patients'})",
        f"|ln HR| ≤ {tidy(largest)}, so z ≤ {tidy(largest / least)} and p ≥ 2·Φ(−z) = {tidy(smallest_p, 2)};"
        f" printed {claim.printed}",
    )
    common = {"steps": steps, "computed": f"p ≥ {tidy(smallest_p, 2)}", "interval": (smallest_p, 1.0)}
    if p.high >= two_sided_p(largest_z):
        less = " or a little less" if p.high < smallest_p else ""
        yield Finding("consistent", f"p can be as small as {tidy(smallest_p, 2)}{less}.", **common)
    elif claim.quantity == "wald_p":
        ways = ("The ratio or the p is misprinted, or they are of different models", *WAYS_OUT)
        yield Finding(
            "impossible", f"A Wald p of this ratio is at least {tidy(smallest_p, 2)}.", ways_out=ways, **common
        )
    else:
        yield Finding(
            "inconsistent",
            f"With HR {ratio_claim.printed} and groups of {sizes[0]} and {sizes[1]} a Wald p is at least "
            f"{tidy(smallest_p, 2)}; printed is {claim.printed}.",
            assumption="The p is close to the Wald test's; a log-rank p follows no such bound, so nothing is proved.",
            ways_out=(
                "A log-rank, weighted or likelihood ratio test that differs more than usual from Wald's",
                "Ratio and p come from different analyses",
                "A ratio other than Cox's, such as Prism's",
            ),
            **common,
        )


def p_range(claim: Claim, claims: Claims) -> Iterator[Finding]:
    """A p is a probability; "below 1 or more" says nothing."""
    p = number(claim.printed)
    if p.low > 1:
        yield Finding("impossible", "A p above 1.", (f"{claim.printed} > 1",), ways_out=("A digit is misprinted",))
    elif p.low == 0 and 1 <= p.high < math.inf and "<" in claim.printed:
        ways = ("A digit is misprinted",)
        yield Finding("inconsistent", "A p below a bound of 1 or more says nothing.", (claim.printed,), ways_out=ways)


RATIO_CHECKS = (
    Check(
        "p-range",
        "p is a probability",
        "0 ≤ p ≤ 1",
        "It is a p value.",
        "none",
        "definition",
        ("logrank_p", "wald_p"),
        p_range,
    ),
    Check(
        "ratio-centre",
        "Ratio and interval",
        "√(lower · upper) = HR",
        "A Wald interval, symmetric on the logarithmic scale.",
        "Profile-likelihood, exact, bootstrap and Bayesian intervals.",
        "Altman and Bland 2011, BMJ 343:d2090",
        ("hazard_ratio", "hazard_ratio_ci"),
        centre,
    ),
    Check(
        "interval-and-p",
        "Interval and p",
        "SE = ln(upper/lower)/(2·z), z = |ln HR|/SE, p = 2·Φ(−z)",
        "p and interval are of the same comparison.",
        "A log-rank p differs from Wald's far from 1 and in small groups: allowed for, as far as simulation shows.",
        "Altman and Bland 2011, BMJ 343:d2304",
        ("hazard_ratio_ci", "logrank_p", "wald_p"),
        interval_and_p,
    ),
    Check(
        "se-floor",
        "Floor under the standard error",
        "SE(ln HR) ≥ √(1/d₁ + 1/d₀) ≥ √(1/n₁ + 1/n₀)",
        "A Wald interval of a Cox log hazard ratio between two groups, one event a patient at most.",
        "none for that model; the ways out name the others",
        "docs/audit.md, with the proof (Cauchy–Schwarz at the maximum of the partial likelihood, Cox 1972)",
        ("hazard_ratio_ci",),
        floor,
    ),
    Check(
        "ratio-and-p",
        "Ratio, group sizes and p",
        "p ≥ 2·Φ(−|ln HR|/√(1/d₁ + 1/d₀))",
        "The p is a Wald test's of the ratio beside it.",
        "A log-rank p may be smaller (its z by 15 % in simulation, allowed for): never called impossible.",
        "docs/audit.md, from the floor under the standard error",
        ("logrank_p", "wald_p"),
        ratio_and_p,
    ),
)
