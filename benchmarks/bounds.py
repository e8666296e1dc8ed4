"""How long the searches of Reported figures take, on the paper's claims and on pairs of groups of up to 60 patients.

    python benchmarks/bounds.py

The bar is two seconds each, which on an idle machine is their processor time.
"""

import time
from functools import partial

from kras_core.audit.claims import bundled_claims
from kras_core.audit.extremes import smallest
from kras_core.audit.printed import number
from kras_core.audit.searches import ASKED, Search, searches

BAR = 2.0
SIZES = ((6, 21), (10, 50), (20, 40), (30, 30))


def cases() -> list[Search]:
    claims = bundled_claims("sintilimab-anlotinib")
    assert claims is not None
    found = list(searches(claims))
    for sizes in SIZES:
        for wanted, method in ASKED:
            title = f"HR 0.50, {sizes[1]} against {sizes[0]} patients: smallest {wanted}, {method}"
            found.append(Search(title, title, partial(smallest, wanted, method, number("0.50"), sizes), str))
    return found


def main() -> None:
    slowest = 0.0
    print(f"{'seconds':>8} {'processor':>9} {'steps':>6}  search")
    for case in cases():
        wall, processor = time.perf_counter(), time.process_time()
        steps = sum(1 for _ in case.run())
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        slowest = max(slowest, processor)
        print(f"{wall:8.2f} {processor:9.2f} {steps:6d}  {case.title}")
    print(f"slowest {slowest:.2f} s of processor time; the bar is {BAR:.0f} s")


if __name__ == "__main__":
    main()
