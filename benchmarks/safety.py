"""The Safety view beside the same table by pandas and SciPy: patients, not events, by term, grade band and group.

    python benchmarks/safety.py

40 terms, 300 patients in three groups and in two, simulated. Both sides give, for every term and for any event:
patients by worst grade (any, 1–2, 3–4, ≥ 3, 5) with exact intervals, overall and by group; with two groups Fisher's
exact p and the risk difference at any grade and at ≥ 3. The two take turns; medians and their ratio are printed.
"""

import time
from collections.abc import Callable
from functools import partial
from statistics import median

import numpy as np
import pandas as pd
from scipy.stats import binomtest, fisher_exact

from kras_core.analyse.safety import analyse_safety
from kras_core.cohort.model import Cohort
from kras_core.selection import By, Selection

BANDS = {"any": (0, 5), "1-2": (1, 2), "3-4": (3, 4), ">=3": (3, 5), "5": (5, 5)}


def simulated(groups: int) -> Cohort:
    rng = np.random.default_rng(11)
    n = 300
    ids = [f"SIM-{i:03d}" for i in range(n)]
    patients = pd.DataFrame({"patient_id": ids, "arm": pd.Categorical([f"Arm {i % groups}" for i in range(n)])})
    events = pd.DataFrame(
        {
            "patient_id": rng.choice(ids, 1500),
            "term": [f"Term {i:02d}" for i in rng.integers(0, 40, 1500)],
            "grade": rng.integers(1, 6, 1500).astype(float),
            "related": 1.0,
        }
    )
    return Cohort("simulated", "Simulated", patients, events, "simulated")


def usual(cohort: Cohort) -> list[tuple]:
    patients, events = cohort.patients, cohort.adverse_events
    assert events is not None
    groups = {"all": patients.index, **dict(patients.groupby("arm", observed=True).groups)}
    found = []
    for term, rows in [("any", events), *events.groupby("term")]:
        worst = rows.groupby("patient_id")["grade"].max().reindex(patients["patient_id"]).to_numpy()
        for band, (low, high) in BANDS.items():
            inside = (worst >= low) & (worst <= high)
            counts = {name: int(inside[index].sum()) for name, index in groups.items()}
            for name, k in counts.items():
                interval = binomtest(k, len(groups[name])).proportion_ci(method="exact")
                found.append((term, band, name, k, interval.low, interval.high))
            if len(groups) == 3 and band in ("any", ">=3"):
                (a, n), (b, m) = ((counts[name], len(groups[name])) for name in list(groups)[1:])
                found.append((term, band, fisher_exact(np.array([[a, n - a], [b, m - b]]))[1], a / n - b / m))
    return found


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    print("| groups | KRAScope, ms | pandas and SciPy, ms | ratio |\n|---|---|---|---|")
    for groups in (2, 3):
        cohort = simulated(groups)
        selection = Selection(cohort.digest, "", (By("arm"),))
        ours, theirs = [], []
        for _ in range(9):
            ours.append(seconds(partial(analyse_safety, cohort, selection)))
            theirs.append(seconds(partial(usual, cohort)))
        a, b = 1000 * median(ours), 1000 * median(theirs)
        print(f"| {groups} | {a:.1f} | {b:,.0f} | {b / a:.0f} |")


if __name__ == "__main__":
    main()
