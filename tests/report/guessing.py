"""A reader who guesses: all tables that agree with what is shown, the sums and the rule, by search."""

from collections.abc import Iterator, Mapping, Sequence

from kras_core.report.small_cells import Key, Sum

Counts = dict[Key, int]


def has_a_second_value(
    counts: Counts, sums: Sequence[Sum], hidden: Mapping[Key, str], key: Key, least: int, top: int
) -> bool:
    """Whether a reader must think another value possible for a hidden cell. hidden: what stands in each; where "<5"
    stands nowhere, "hidden" may be any count but 0."""
    few = {k for k, text in hidden.items() if text.startswith("<")}
    order = sorted(hidden, key=lambda k: (k != key, sum(k not in s.cells for s in sums), k))
    domain = {k: range(1, least) if k in few else range(least if few else 1, top + 1) for k in hidden}
    shown = {k: v for k, v in counts.items() if k not in hidden}
    return any(found[key] != counts[key] for found in _guesses(shown, order, domain, sums, counts, key))


def _guesses(
    known: Counts, order: Sequence[Key], domain: dict[Key, range], sums: Sequence[Sum], true: Counts, key: Key
) -> Iterator[Counts]:
    if not order:
        yield known
        return
    first, *rest = order
    for value in domain[first]:
        if first == key and value == true[key]:
            continue  # it is the second value that counts
        guess = known | {first: value}
        if all(_may_hold(s, guess, domain) for s in sums if first in s.cells):
            yield from _guesses(guess, rest, domain, sums, true, key)


def _may_hold(s: Sum, known: Counts, domain: dict[Key, range]) -> bool:
    low = high = 0
    for k in s.parts:
        ends = (known[k], known[k]) if k in known else (domain[k][0], domain[k][-1])
        low, high = low + ends[0], high + ends[1]
    total = s.known if s.total is None else known.get(s.total)
    least, most = (domain[s.total][0], domain[s.total][-1]) if total is None else (total, total)  # type: ignore[index]
    return low <= most and (s.most or high >= least)
