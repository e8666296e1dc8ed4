"""Counts: percentages, partitions, "any" rows, and the intervals that proportions lack."""

from collections.abc import Iterator

from kras_core.audit.checks.row import Check
from kras_core.audit.claims import Claim, Claims
from kras_core.audit.findings import Bar, Finding, Picture
from kras_core.audit.printed import Interval, Share, pair, share, tidy
from kras_core.stats.proportions import clopper_pearson_limits, wilson_limits

SHARES = ("share", "n", "orr", "dcr", "events", "ae_any", "ae_3_4", "ae_3", "ae_5")
ADVERSE_EVENTS = ("ae_any", "ae_3_4", "ae_3", "ae_5")
LARGEST_N = 100_000


def _printed(claim: Claim, claims: Claims) -> tuple[Share, int | None]:
    """The share as printed, and its denominator: printed with it, in the claim, or all patients."""
    found = share(claim.printed)
    return found, found.n if found.n is not None else claims.n_of(claim)


def percentage(claim: Claim, claims: Claims) -> Iterator[Finding]:
    """k of n against the printed percentage; without a count, the counts that print as it."""
    found, n = _printed(claim, claims)
    if not n or n > LARGEST_N:
        return
    if found.k is not None and found.k > n:
        yield Finding(
            "impossible",
            f"{found.k} of {n} patients: more than there are.",
            (f"{found.k} > {n}",),
            "The count is of patients and the denominator is theirs.",
            ("The count is of events, not of patients", "Another denominator belongs to it"),
        )
    elif found.percent and float(found.percent) > 100:
        yield Finding(
            "impossible", f"{found.percent} % is more than all.", ways_out=("A percentage of something else",)
        )
    elif found.percent and found.k is not None:
        yield _count_and_percentage(found, n)
    elif found.percent:
        yield _percentage_alone(found, n)
    elif found.k is not None:
        yield Finding("consistent", f"{found.k} of {n} patients is possible.", computed=f"{tidy(100 * found.k / n)} %")


def _count_and_percentage(found: Share, n: int) -> Finding:
    assert found.k is not None
    ways, exact = found.ways(found.k, n), 100 * found.k / n
    steps = (f"100 · {found.k}/{n} = {tidy(exact, 6)}",)
    computed = f"{tidy(exact, 5)} %"
    if "half up" in ways or "half even" in ways:
        return Finding("consistent", f"{found.k} of {n} prints as {found.percent} %.", steps, computed=computed)
    if ways:
        return Finding(
            "rounding only",
            f"{found.k} of {n} is {tidy(exact, 5)} %, which rounds up; {found.percent} % is what truncating it gives.",
            steps,
            "The count is right.",
            ("Truncated instead of rounded, or typed by hand",),
            computed,
        )
    others = [m for m in range(found.k, n) if m and found.ways(found.k, m)] if found.n is None else []
    if others:
        return Finding(
            "inconsistent",
            f"{found.k} of {n} is {tidy(exact, 4)} %; {found.percent} % needs another denominator.",
            steps,
            f"The denominator is {n}.",
            tuple(f"{found.k} of {m} prints as {found.percent} %: {n - m} without a value" for m in others[:3]),
            computed,
        )
    return Finding(
        "impossible",
        f"{found.k} of {n} is {tidy(exact, 4)} %, and no rounding makes {found.percent} % of it.",
        (*steps, f"no denominator up to {n} gives {found.percent} %" if found.n is None else "both counts are printed"),
        ways_out=("One digit of the count or of the percentage is misprinted", "The percentage is of something else"),
        computed=computed,
    )


def _percentage_alone(found: Share, n: int) -> Finding:
    counts = [k for k in range(n + 1) if found.ways(k, n)]
    rounded = [k for k in counts if set(found.ways(k, n)) & {"half up", "half even"}]
    step = (f"counts k with 100·k/{n} printing as {found.percent}: {_listed(rounded or counts)}",)
    if rounded:
        return Finding("consistent", f"{found.percent} % of {n} patients: {_listed(rounded)}.", step)
    if counts:
        return Finding(
            "rounding only",
            f"{found.percent} % of {n} is {_listed(counts)}, truncated.",
            step,
            computed=_listed(counts),
        )
    smaller = [m for m in range(n - 1, 0, -1) if any(found.ways(k, m) for k in range(m + 1))]
    return Finding(
        "inconsistent",
        f"No count out of {n} prints as {found.percent} %.",
        step,
        f"The denominator is {n}.",
        tuple(f"A denominator of {m} allows it: {n - m} without a value" for m in smaller[:2])
        or ("The percentage is of something else",),
    )


def _listed(counts: list[int]) -> str:
    shown = ", ".join(map(str, counts[:6])) + (" …" if len(counts) > 6 else "")
    return shown or "none"


def partition(claim: Claim, claims: Claims) -> Iterator[Finding]:
    """The parts of a whole sum to n."""
    if not claim.partition:
        return
    parts = [c for c in claims.of("share") if c.partition == claim.partition and c.section == claim.section]
    if len(parts) < 2:
        return
    counts = [share(c.printed).k for c in parts]
    n = _printed(claim, claims)[1]
    if n is None or None in counts:
        return
    total = sum(k for k in counts if k is not None)
    steps = (" + ".join(map(str, counts)) + f" = {total}; n = {n}",)
    if total == n:
        yield Finding("consistent", f"The parts of “{claim.partition}” sum to {n}.", steps, computed=str(total))
        return
    way = (f"{n - total} patients without a value",) if total < n else ("Patients may count in several parts",)
    yield Finding(
        "inconsistent", f"The parts of “{claim.partition}” sum to {total}, not {n}.", steps, "", way, str(total)
    )


def any_row(claim: Claim, claims: Claims) -> Iterator[Finding]:
    """Patients with any event: at least the commonest one's, at most the sum of all; severe at most all grades."""
    k, n = share(claim.printed).k, claims.n_of(claim)
    if k is None:
        return
    if claim.quantity == "ae_any":
        yield from _severe_within(claim, k, claims)
    if claim.level.lower() not in ("", "any") or n is None:
        return
    rows = [c for c in claims.of(claim.quantity) if c.level.lower() not in ("", "any")]
    rows = [c for c in rows if c.section == claim.section] or rows
    listed = {c.level: count for c in rows if (count := share(c.printed).k) is not None}
    if not listed:
        return
    most, total = max(listed.values()), sum(listed.values())
    steps = (f"commonest listed: {most}; listed together: {' + '.join(map(str, listed.values()))} = {total}; any: {k}",)
    yield _any_of(k, n, most, total, steps)


def _any_of(k: int, n: int, most: int, total: int, steps: tuple[str, ...]) -> Finding:
    low, high = most, min(n, total)
    picture = Picture(
        (Bar("Any, printed", k, k, text=str(k)), Bar("Possible, listed events alone", low, high, False)),
        unit="patients",
    )
    computed = f"{low}–{high} patients"
    if k < most:
        return Finding(
            "impossible",
            f"{k} patients had any event, but {most} had the commonest one.",
            steps,
            ways_out=("The rows count events, not patients", "The “any” row has another definition or grade"),
            computed=computed,
            interval=(low, high),
            picture=picture,
        )
    if k > total:
        return Finding(
            "consistent",
            f"{k} with any event is more than the {total} of the listed ones together: others are not listed.",
            steps,
            "Events that are not listed may exist.",
            computed=computed,
            interval=(low, high),
            picture=picture,
        )
    exact = k == total and total > most
    statement = (
        f"{k} is the sum of the listed events: possible only if nobody had two of them and nothing is unlisted."
        if exact
        else f"{k} lies between the commonest event and the sum of all ({low}–{high})."
    )
    return Finding("consistent", statement, steps, computed=computed, interval=(low, high), picture=picture)


def _severe_within(claim: Claim, k: int, claims: Claims) -> Iterator[Finding]:
    severe = [c for c in claims.of("ae_3_4", "ae_3", "ae_5") if c.level == claim.level and c.section == claim.section]
    counts = [count for c in severe if (count := share(c.printed).k) is not None]
    if counts and max(counts) > k:
        yield Finding(
            "impossible",
            f"{max(counts)} patients had it severely, {k} at any grade.",
            (f"{max(counts)} > {k}",),
            ways_out=("The two columns stand in the wrong order",),
        )


def interval_of_share(claim: Claim, claims: Claims) -> Iterator[Finding]:
    """The interval that a response rate should carry: checked where printed, supplied where missing."""
    found, n = _printed(claim, claims)
    k = found.k
    if k is None and n and found.percent:
        fitting = [k for k in range(n + 1) if found.ways(k, n)]
        k = fitting[0] if len(fitting) == 1 else None
    if k is None or not n or k > n:
        return
    exact, score = clopper_pearson_limits(k, n), wilson_limits(k, n)
    texts = [f"{100 * float(low):.1f}–{100 * float(high):.1f}" for low, high in (exact, score)]
    bars = tuple(
        Bar(name, 100 * float(low), 100 * float(high), False, 100 * k / n)
        for name, (low, high) in (("Clopper–Pearson", exact), ("Wilson", score))
    )
    steps = (f"{k} of {n}: Clopper–Pearson {texts[0]} %, Wilson {texts[1]} %",)
    printed_interval = claims.related(claim, "share_ci")
    if printed_interval is None:
        yield Finding(
            "consistent",
            f"No interval is printed; {k} of {n} has {texts[0]} % (Clopper–Pearson), {texts[1]} % (Wilson).",
            steps,
            computed=f"{texts[0]} %",
            interval=(bars[0].low, bars[0].high),
            picture=Picture(bars, unit="%"),
        )


def share_interval(claim: Claim, claims: Claims) -> Iterator[Finding]:
    """A printed interval of a percentage against the usual ones."""
    whole = claims.related(claim, "orr", "dcr", "share", "ae_any", "ae_3_4", "ae_3")
    if whole is None:
        return
    found, n = _printed(whole, claims)
    low, high = pair(claim.printed)
    k = found.k
    if k is None and n and found.percent:
        k = next((k for k in range(n + 1) if found.ways(k, n)), None)
    if k is None or not n or high is None or k > n:
        return
    p, z = k / n, 1.959964
    half = z * (p * (1 - p) / n) ** 0.5
    methods = {
        "Clopper–Pearson": clopper_pearson_limits(k, n, claim.confidence),
        "Wilson": wilson_limits(k, n, claim.confidence),
        "Wald": (max(p - half, 0.0), min(p + half, 1.0)),
    }
    ends = {name: (100 * float(a), 100 * float(b)) for name, (a, b) in methods.items()}
    steps = tuple(f"{name}: {tidy(a, 4)}–{tidy(b, 4)} %" for name, (a, b) in ends.items())
    fitting = [name for name, (a, b) in ends.items() if _prints(a, low) and _prints(b, high)]
    bars = (
        Bar("Printed", low.middle, high.middle, text=claim.printed),
        *(Bar(name, a, b, False) for name, (a, b) in ends.items()),
    )
    if fitting:
        yield Finding(
            "consistent", f"It is {fitting[0]}'s interval of {k} of {n}.", steps, picture=Picture(bars, unit="%")
        )
        return
    yield Finding(
        "inconsistent",
        f"None of the usual intervals of {k} of {n} prints like this.",
        steps,
        "The interval is Clopper–Pearson's, Wilson's or Wald's.",
        ("Another method (Agresti–Coull, Jeffreys, bootstrap)", "Another confidence level", "Another denominator"),
        picture=Picture(bars, unit="%"),
    )


def _prints(x: float, box: Interval) -> bool:
    return box.low - 1e-9 <= x <= box.high + 1e-9


COUNT_CHECKS = (
    Check(
        "percentage",
        "Count and percentage",
        "100·k/n, rounded half up, half to even, or truncated; without a count, every k that fits",
        "The denominator is the one named.",
        "Percentages of patients with a known value when some are missing.",
        "Brown and Heathers 2017, Soc Psychol Personal Sci 8:363–369 (GRIM)",
        SHARES,
        percentage,
    ),
    Check(
        "partition",
        "Parts sum to the whole",
        "Σ kᵢ = n",
        "Every patient is in exactly one part.",
        "Missing values without a row of their own; categories that overlap.",
        "arithmetic",
        ("share",),
        partition,
    ),
    Check(
        "any-row",
        "“Any” row of adverse events",
        "max kᵢ ≤ any ≤ min(n, Σ kᵢ), the upper limit lifted where unlisted events may exist",
        "Rows count patients, once each.",
        "Tables that count events.",
        "inclusion and exclusion (Boole's inequality)",
        ADVERSE_EVENTS,
        any_row,
    ),
    Check(
        "missing-interval",
        "Interval of a response rate",
        "Clopper–Pearson and Wilson from k of n",
        "The counts are as printed.",
        "none: it supplies what is missing",
        "Clopper and Pearson 1934, Biometrika 26:404–413; Wilson 1927, JASA 22:209–212",
        ("orr", "dcr"),
        interval_of_share,
    ),
    Check(
        "share-interval",
        "Printed interval of a percentage",
        "Clopper–Pearson, Wilson, Wald from k of n",
        "One of the three usual methods.",
        "Rarer methods; another confidence level.",
        "Brown, Cai and DasGupta 2001, Stat Sci 16:101–133",
        ("share_ci",),
        share_interval,
    ),
)
