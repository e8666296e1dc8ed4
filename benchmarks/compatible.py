"""How often the search from a summary finds rows with every figure, over simulated trials: the table in
docs/compatible.md.

    python benchmarks/compatible.py [TRIALS]

The figures of each trial can all be met: they were printed of its own simulated patients. Seconds are of processor
time, the median over trials.
"""

import statistics
import sys
import time

from kras_core.audit.compatible import Compatible, find
from tests.audit.trials import trial

TRIALS = 6
KINDS = {
    "6 + 21, PFS and OS, SPSS": {"sizes": (6, 21), "ratio": 0.45, "median": 10.0, "progression": True},
    "40 + 40, OS, SPSS": {"sizes": (40, 40), "ratio": 0.6, "median": 10.0},
    "40 + 40, OS, R": {"sizes": (40, 40), "ratio": 0.6, "median": 10.0, "preset": "r"},
    "100 + 100, OS, SAS": {"sizes": (100, 100), "ratio": 0.7, "median": 12.0, "preset": "sas"},
}


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS
    print("| Trials | Figures | All met | Missed, of those that were not | Seconds |\n|---|---|---|---|---|")
    for name, kind in KINDS.items():
        whole, missed, seconds = 0, [], []
        for seed in range(101, 101 + count):
            began = time.process_time()
            *_, found = find(trial(seed, **kind))
            assert isinstance(found, Compatible)
            seconds.append(time.process_time() - began)
            whole += not found.missed
            missed += [len(found.missed)] if found.missed else []
        worst = f"{min(missed)} to {max(missed)}" if missed else "–"
        print(
            f"| {name} | {len(found.figures)} | {whole} of {count} | {worst} | {statistics.median(seconds):.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
