"""Searches that take a moment: how extreme a p or a standard error can be, and how few early losses it takes.

What was looked for in every order is told as such; what a search found is the *most extreme found*, never a proof.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from kras_core.audit.checks.ratios import largest_error
from kras_core.audit.claims import Claim, Claims
from kras_core.audit.extremes import Extreme, Method, Wanted, smallest
from kras_core.audit.losses import Losses, Progress, fewest_losses, how_often
from kras_core.audit.printed import number, reached, tidy

MOST_PATIENTS = 400
ASKED: tuple[tuple[Wanted, Method], ...] = (("logrank-p", "cox"), ("se", "mantel-haenszel"), ("se", "logrank"))
NAMES: dict[Method, str] = {
    "cox": "Cox hazard ratio",
    "logrank": "Prism's log-rank hazard ratio",
    "mantel-haenszel": "Prism's Mantel–Haenszel hazard ratio",
}


@dataclass(frozen=True, slots=True)
class Search:
    """id; title; run: its progress, the last of which has the result; told: the result in a sentence."""

    id: str
    title: str
    run: Callable[[], Iterator[Progress]]
    told: Callable[[object], str]


def searches(claims: Claims) -> tuple[Search, ...]:
    """The searches that these claims ask for: one set a hazard ratio with group sizes, one a stray overall median."""
    found: list[Search] = []
    for claim in claims.of("hazard_ratio"):
        found += _of_ratio(claim, claims)
    seen: set[tuple[object, ...]] = set()
    for claim in claims.of("median"):
        if claim.by or claim.level or (claim.endpoint, claim.where) in seen:
            continue
        seen.add((claim.endpoint, claim.where))
        found += _of_median(claim, claims)
    return tuple(found)


def _of_ratio(claim: Claim, claims: Claims) -> Iterator[Search]:
    groups, _ = claims.groups_of(claim)
    ratio = number(claim.printed)
    if len(groups) != 2 or ratio.low <= 0 or not 2 < sum(n for _, n in groups) <= MOST_PATIENTS:
        return
    above = next((i for i, (label, _) in enumerate(groups) if label.lower() == claim.level.lower()), 0)
    sizes = (groups[1 - above][1], groups[above][1])
    p, interval = claims.related(claim, "logrank_p", "wald_p"), claims.related(claim, "hazard_ratio_ci")
    name = f"{claim.endpoint.upper()} hazard ratio {claim.printed}, {sizes[1]} against {sizes[0]} patients".strip()
    for wanted, method in ASKED:
        title = "smallest log-rank p" if wanted == "logrank-p" else f"smallest standard error of {NAMES[method]}"
        beside = p.printed if wanted == "logrank-p" and p else ""
        if wanted == "se" and interval is not None:
            beside = tidy(largest_error(interval))
        yield Search(
            f"{claim.id}:{wanted}:{method}",
            f"{name}: {title}",
            partial(smallest, wanted, method, ratio, sizes),
            partial(_extreme, claim.printed, beside),
        )


def _extreme(ratio: str, beside: str, found: object) -> str:
    assert isinstance(found, Extreme)
    name = NAMES[found.method]
    if math.isnan(found.value):
        return f"No order with {name} {ratio} was found in {found.tried:,} tried."
    what = "log-rank p" if found.wanted == "logrank-p" else "standard error"
    value = f"{what} {tidy(found.value)}, with {name} {tidy(found.ratio)}"
    printed = f" Printed: {beside}." if beside and found.wanted == "logrank-p" else ""
    if beside and found.wanted == "se":
        printed = f" The printed interval needs {beside} at most."
    if found.every:
        return f"Smallest over all {found.tried:,} orders without censoring or ties: {value}.{printed}"
    return (
        f"Most extreme found in {found.tried:,} orders with and without censoring: {value}.{printed} "
        "A search is no proof: a more extreme one may exist."
    )


def _of_median(claim: Claim, claims: Claims) -> Iterator[Search]:
    if not reached(claim.printed):
        return
    overall = number(claim.printed)
    for by in dict.fromkeys(c.by for c in claims.of("median") if c.by):
        groups = {
            c.level: c
            for c in claims.of("median")
            if (c.endpoint, c.by, c.where) == (claim.endpoint, by, claim.where) and c.n and reached(c.printed)
        }
        if len(groups) != 2:
            continue
        first, second = sorted(groups.values(), key=lambda c: number(c.printed).middle)
        above = overall.low > number(second.printed).high
        if not above and overall.high >= number(first.printed).low:
            continue
        n = (first.n or 0, second.n or 0)
        medians = (number(first.printed).middle, number(second.printed).middle)
        name = f"{claim.endpoint.upper()} median {claim.printed}, groups {first.printed} and {second.printed}"
        yield Search(
            f"{claim.id}:losses:{'-'.join(b.id for b in by)}",
            f"{name}: fewest early losses, and how rare it is",
            partial(_losses_then_rarity, n, medians, above),
            partial(_losses_told, above),
        )


def _losses_then_rarity(n: tuple[int, int], medians: tuple[float, float], above: bool) -> Iterator[Progress]:
    """First the fewest losses, then how often so many lead to it; the result is both."""
    found: Losses | None = None
    for step in fewest_losses(n, above):
        yield Progress(step.done, 2 * step.total)
        found = step.result if isinstance(step.result, Losses) else found
    assert found is not None
    if found.count is None:
        yield Progress(1, 1, (found, None))
        return
    for step in how_often(medians, n, found.count, above):
        result = (found, step.result) if step.done == step.total else None
        yield Progress(step.total + step.done, 2 * step.total, result)


def _losses_told(above: bool, found: object) -> str:
    losses, share = found  # type: ignore[misc]
    side = "above" if above else "below"
    if losses.count is None:
        return f"More than {losses.tried} early losses would be needed, for untied times."
    count = "One early loss is" if losses.count == 1 else f"{losses.count} early losses are"
    return (
        f"{count} the fewest that allow an overall median {side} both groups' (exact, for untied times). With so many "
        f"at random, in simulated trials with these medians, it happens in {100 * share:.1f} %."
    )
