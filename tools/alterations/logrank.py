"""How far a log-rank z strays from the Wald z of the same trial, and above what the floor allows: simulated trials.

python -m tools.alterations.logrank prints the extremes on which the allowances in audit/checks/ratios.py rest.
"""

from itertools import pairwise

import numpy as np
from scipy.special import ndtri

from kras_core.audit.bounds import se_floor
from kras_core.stats.cox import cox
from kras_core.stats.event_table import event_table
from kras_core.stats.logrank import logrank

TRIALS = 12_000
EDGES = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 6.0)


def trial(rng: np.random.Generator) -> tuple[float, float, float, float, float] | None:
    """log-rank z, Wald z, largest z over the floor by patients and by events, |ln HR|; None without a sound ratio."""
    n = int(rng.choice([20, 27, 40, 80, 150]))
    k = int(rng.integers(max(3, n // 6), n // 2 + 1))
    group = rng.permutation(np.arange(n) < k).astype(int)
    ratio = np.exp(rng.normal(0, 0.8))
    time = rng.weibull(rng.uniform(0.7, 1.6), n) * 10 / np.where(group == 1, ratio, 1.0)
    censoring = rng.uniform(2, 60, n)
    event = time <= censoring
    time = np.minimum(time, censoring)
    if rng.random() < 0.3:
        time = np.ceil(time)
    events = [int(event[group == g].sum()) for g in (0, 1)]
    if min(events) < 3:
        return None
    table = event_table(time, event, group, k=2)
    found = cox(table, ("a", "b"), 0, "efron")[0]
    if found.caution or found.reason:
        return None
    size = abs(float(np.log(found.estimate)))
    z = float(-ndtri(logrank(table).p / 2))
    return z, size / found.std_error, size / se_floor((n - k, k)), size / se_floor(events), size


def main() -> None:
    rng = np.random.default_rng(5)
    found = np.array([t for t in (trial(rng) for _ in range(TRIALS)) if t])
    z, wald, patients, events, size = found.T
    clear = z > 1
    print(f"{len(found):,} trials; where z > 1, log-rank z over the largest that the floor allows:")
    print(f"  patients {np.max(z[clear] / patients[clear]):.2f}, events {np.max(z[clear] / events[clear]):.2f} at most")
    print("|ln HR|      trials  log-rank z − Wald z      (log-rank z − 0.2)/Wald z at most")
    for low, high in pairwise(EDGES):
        inside = (size >= low) & (size < high)
        gap = z[inside] - wald[inside]
        stretch = np.max((z[inside] - 0.2) / np.maximum(wald[inside], 1e-9))
        print(f"{low:.1f} to {high:.1f} {inside.sum():8,}  {gap.min():.2f} to {gap.max():.2f} {stretch:20.2f}")


if __name__ == "__main__":
    main()
