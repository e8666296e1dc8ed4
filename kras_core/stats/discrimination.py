"""How well a marker sorts patients by outcome: Harrell's concordance and the time-dependent AUC.

Both estimates are scikit-survival's. The standard error of C is added here; it offers none.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from kras_core.stats.results import NAN, Concordance, DynamicAuc, Floats

METHOD = "Harrell's C (scikit-survival), infinitesimal jackknife interval"
BLOCK_CELLS = 2_000_000


def concordance(time: Floats, event: NDArray[np.bool_], marker: Floats, confidence: float = 0.95) -> Concordance:
    """C of a marker (n,) whose high values go with early events; 0.5 is chance, below it the other way round.

    Of pairs whose order is known (the earlier time an event; of equal times, the event before the censoring),
    the share in which the earlier has the higher marker, ties of the marker counting half (Harrell et al. 1982,
    JAMA 247:2543–2546). Interval: C ± z·SE with the infinitesimal jackknife SE, as R's survival::concordance,
    cut at 0 and 1. Undefined (NaN and a reason) without any such pair.
    """
    from sksurv.metrics import concordance_index_censored  # slow to import

    sums, pairs = _pairs(time, event, marker)
    total = float(pairs.sum()) / 2
    if total == 0:
        return Concordance(NAN, NAN, NAN, NAN, 0, METHOD, "no pair of patients whose order of events is known")
    c = float(concordance_index_censored(event, time, marker)[0])
    std_error = float(np.sqrt(((sums - c * pairs) ** 2).sum())) / total
    z = float(ndtri(0.5 + confidence / 2))
    low, high = max(0.0, c - z * std_error), min(1.0, c + z * std_error)
    return Concordance(c, low, high, std_error, int(total), METHOD)


def _pairs(time: Floats, event: NDArray[np.bool_], marker: Floats) -> tuple[Floats, Floats]:
    """Per patient: concordant pairs (ties of the marker half), and pairs whose order is known; shape (n,) each."""
    n = time.size
    sums, pairs = np.zeros(n), np.zeros(n)
    rows = max(1, BLOCK_CELLS // n)
    cases = np.flatnonzero(event)
    for i in range(0, cases.size, rows):
        first = cases[i : i + rows, None]
        known = (time[first] < time) | ((time[first] == time) & ~event)
        score = known * (0.5 + 0.5 * np.sign(marker[first] - marker))
        sums[first[:, 0]] += score.sum(axis=1)
        pairs[first[:, 0]] += known.sum(axis=1)
        sums += score.sum(axis=0)
        pairs += known.sum(axis=0)
    return sums, pairs


def dynamic_auc(
    time: Floats, event: NDArray[np.bool_], marker: Floats, at: tuple[float, ...]
) -> tuple[DynamicAuc, ...]:
    """Cumulative/dynamic AUC at each of these times, censoring weighted by Kaplan–Meier (Uno et al. 2007, J Am Stat
    Assoc 102:527–537). NaN with the reason before the first event or at and beyond the end of follow-up.
    """
    from sksurv.metrics import cumulative_dynamic_auc
    from sksurv.util import Surv

    outcome = Surv.from_arrays(event, time)
    found = []
    for t in at:
        cases, controls = int((event & (time <= t)).sum()), int((time > t).sum())
        if not cases or not controls:
            reason = "no patient with the event by then" if not cases else "nobody followed beyond that time"
            found.append(DynamicAuc(t, NAN, cases, controls, reason))
            continue
        # What comes after t doesn't enter the estimate, but a weight that doesn't exist there would stop it.
        seen = Surv.from_arrays(event & (time <= t), np.minimum(time, time[time > t].min()))
        auc = cumulative_dynamic_auc(outcome, seen, marker, [t])[0]
        found.append(DynamicAuc(t, float(auc[0]), cases, controls))
    return tuple(found)
