"""How near reconstructions from published curves come to the truth, over simulated trials: the tables in
docs/curve-to-patients.md.

    python benchmarks/reconstruction.py [TRIALS]

Fold error of the hazard ratio: 1.02 is two per cent off, either way. Error of medians: relative, both arms together.
"""

import sys
from functools import partial

import numpy as np

from kras_core.audit.curve.guyot import Rows, reconstruct_rows
from kras_core.conventions import PRESETS
from kras_core.stats.cox import cox
from kras_core.stats.event_table import event_table
from kras_core.stats.kaplan_meier import curves, quantile
from tests.audit.curve.figures import Arm, clicked, printed, simulate, traced


def missed(arm: Arm) -> tuple[np.ndarray, np.ndarray]:
    """A hasty person's clicks: every second step is passed over."""
    x, y = clicked(arm)
    kept = np.isin((np.arange(x.size) - 1) // 2 % 2, (0,)) | (np.arange(x.size) >= x.size - 1)
    return x[kept], y[kept]


SEED = 20120201
SIZES = {(6, 21): (3.0, 9.0), (60, 60): (6.0, 9.0), (200, 200): (6.0, 9.0)}
INFORMATION = {
    "numbers at risk every 3 months, events": {"every": 3.0},
    "numbers at risk every 6 months, events": {"every": 6.0},
    "numbers at risk every 12 months, events": {"every": 12.0},
    "numbers at risk every 3 months": {"every": 3.0, "events": False},
    "events": {"every": np.inf},
    "number of patients": {"every": np.inf, "events": False},
}
READING = {
    "both corners of every step, noise 0.003": {"sd": 0.003},
    "both corners of every step, noise 0.01": {"sd": 0.01},
    "200 columns traced, noise 0.003": {"sd": 0.003, "read": traced},
    "100 columns traced, noise 0.003": {"sd": 0.003, "read": partial(traced, columns=100)},
    "every second step's corners missed, noise 0.003": {"sd": 0.003, "read": missed},
}


def hazard_ratio(arms: list[Arm] | list[Rows]) -> float:
    time, event = np.concatenate([a.time for a in arms]), np.concatenate([a.event for a in arms])
    groups = np.repeat([0, 1], [a.time.size for a in arms])
    return cox(event_table(time, event, groups), ("A", "B"), 0)[0].estimate


def median(arm: Arm | Rows) -> float:
    return quantile(curves(event_table(arm.time, arm.event), PRESETS["r"])[0], PRESETS["r"]).estimate


def errors(sizes: tuple[int, int], trials: int, **figure) -> tuple[np.ndarray, np.ndarray]:
    """Fold errors of the hazard ratio and relative errors of medians."""
    rng = np.random.default_rng(SEED)
    folds, misses = [], []
    for _ in range(trials):
        truth = [simulate(rng, n, m) for n, m in zip(sizes, SIZES[sizes], strict=True)]
        rows = [reconstruct_rows(printed(rng, arm, **figure)) for arm in truth]
        folds.append(np.exp(abs(np.log(hazard_ratio(rows) / hazard_ratio(truth)))))
        misses += [abs(median(r) / median(t) - 1) for r, t in zip(rows, truth, strict=True)]
    return np.array(folds), np.array(misses)


def table(title: str, rows: dict[str, dict], trials: int, **common) -> None:
    print(f"| {title} | " + " | ".join(f"{a} + {b}" for a, b in SIZES) + " |")
    print("|---|" + "---|" * len(SIZES))
    for name, figure in rows.items():
        cells = []
        for sizes in SIZES:
            folds, misses = errors(sizes, trials, **(common | figure))
            ratio = f"{np.nanmedian(folds):.3f}, {np.nanquantile(folds, 0.9):.3f}"
            cells.append(f"{ratio}; {100 * np.nanquantile(misses, 0.9):.1f} %")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    print()


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    print("Hazard ratio: median and 90th percentile of the fold error; medians: 90th percentile of the error\n")
    table("Known beside the points", INFORMATION, count, sd=0.003)
    table("How the points were read", READING, count, every=3.0)
