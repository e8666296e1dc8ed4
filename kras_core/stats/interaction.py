"""Does a comparison differ between subgroups? Likelihood ratio test of the interaction in a Cox model.

With two categorical factors the model with their interaction has one log hazard for each pair of levels, the
model without is linear in the levels. Both see the data through one event table of all pairs.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from kras_core.conventions import Ties
from kras_core.stats.cox import Counts, counts_at_events, derivatives, log_likelihood
from kras_core.stats.event_table import EventTable
from kras_core.stats.results import NAN, Floats, TestResult

MAX_STEPS = 80
RISE = 1e-8  # of score · step; the step that is then taken leaves less than its square
FLAT = 1e-13
METHOD = "interaction, likelihood ratio"
NOWHERE_BOTH = "both groups are not at risk in two of the subgroups"
ON_THE_EDGE = "a group has no event in a subgroup: the χ² approximation is doubtful"


def interaction(table: EventTable, levels: int, ties: Ties = "efron") -> TestResult:
    """Likelihood ratio test of group × subgroup. table: (groups · levels, T), the levels of the first group first.

    Pairs that are never at risk at an event time don't count; df is the number of coefficients that the
    interaction adds. Undefined where it adds none. `reason` with a p: what makes the approximation doubtful.
    """
    counts = counts_at_events(table)
    if counts is None:
        return TestResult(NAN, 0, NAN, METHOD, reason="no event")
    statistic, df = interactions(counts, levels, ties)
    if df == 0:
        return TestResult(NAN, 0, NAN, METHOD, reason=NOWHERE_BOTH)
    empty = (counts.events.sum(axis=-1) == 0) & (counts.at_risk > 0).any(axis=-1)
    doubt = ON_THE_EDGE if empty.any() else ""
    return TestResult(float(statistic), df, float(chdtrc(df, statistic)), METHOD, reason=doubt)


def interaction_tests(table: EventTable, levels: int, ties: Ties = "efron") -> list[TestResult]:
    """The tests of several factors with as many levels, (factors, groups · levels, T), with events in every cell."""
    counts = counts_at_events(table)
    if counts is None:
        raise ValueError("no event")
    statistics, df = interactions(counts, levels, ties)
    p = chdtrc(df, statistics)
    return [TestResult(float(s), df, float(q), METHOD) for s, q in zip(statistics, p, strict=True)]


def interactions(counts: Counts, levels: int, ties: Ties = "efron") -> tuple[Floats, int]:
    """χ² (...) for counts (..., groups · levels, T) and the degrees of freedom (those of all taken together)."""
    cells = counts.at_risk.shape[-2]
    present = (counts.at_risk > 0).any(axis=(*range(counts.at_risk.ndim - 2), -1))
    group, level = np.divmod(np.arange(cells), levels)
    additive = np.column_stack(
        [group == g for g in range(1, cells // levels)] + [level == m for m in range(1, levels)]
    ).astype(np.float64)[present]
    ones = np.ones((int(present.sum()), 1))
    rank = int(np.linalg.matrix_rank(np.hstack((ones, additive))))
    df = int(present.sum()) - rank
    if df < 1:
        return np.full(counts.events.shape[:-2], NAN), 0
    kept = Counts(counts.at_risk[..., present, :], counts.events[..., present, :])
    saturated, one = np.eye(int(present.sum()))[:, 1:], np.eye(int(present.sum()))
    same_group = (group[present][:, None] == group[present]).astype(np.float64)
    same_level = (level[present][:, None] == level[present]).astype(np.float64)
    without, beta = _top(_without_hazard(kept, same_group, same_level), additive, ties)
    full, _ = _top(_without_hazard(kept, one), saturated, ties, beta - beta[..., :1])
    return np.maximum(2.0 * (full - without), 0.0), df


def _without_hazard(counts: Counts, *alike: NDArray[np.float64]) -> Counts:
    """Without the pairs whose hazard tends to 0: no event in any pair alike (pairs, pairs: which share a term)."""
    events = counts.events.sum(axis=-1)
    some = np.logical_and.reduce([(events @ shared) > 0 for shared in alike])
    return Counts(counts.at_risk * some[..., None], counts.events)


def _top(counts: Counts, design: NDArray[np.float64], ties: Ties, start: Floats | None = None) -> tuple[Floats, Floats]:
    """The highest log likelihood over log hazards design @ γ, also where it is only approached (monotone), and where.

    Newton steps shortened as in `cox._newton`; with every step the likelihood rises, and half of score · step is
    what the next one can add. Of many groupings those go on that still rise.
    """
    batch = counts.events.shape[:-1]
    flat = Counts(*(x.reshape(-1, *x.shape[-2:]) for x in (counts.at_risk, counts.events)))
    beta = np.zeros(flat.events.shape[:-1]) if start is None else start.reshape(flat.events.shape[:-1]).copy()
    rising = np.arange(len(beta))
    for _ in range(MAX_STEPS):
        part = flat if rising.size == len(beta) else Counts(flat.at_risk[rising], flat.events[rising])
        score, information = derivatives(part, part.events.sum(axis=-2), beta[rising], ties)
        move = _step(score, information, design)
        r = move.max(axis=-1) - move.min(axis=-1)
        beta[rising] += move * (np.log1p(r) / np.maximum(r, 1e-300))[..., None]
        rising = rising[(score * move).sum(axis=-1) > RISE]
        if not rising.size:
            break
    return log_likelihood(flat, beta, ties).reshape(batch[:-1]), beta.reshape(batch)


def _step(score: Floats, information: Floats, design: NDArray[np.float64]) -> Floats:
    """Newton's step in the log hazards. A trace of ridge stands in where the likelihood is flat."""
    inner = design.T @ information @ design
    trace = np.trace(inner, axis1=-2, axis2=-1)[..., None, None]
    inner = inner + (FLAT * np.maximum(trace, 1e-300)) * np.eye(design.shape[1])
    return (design @ np.linalg.solve(inner, (score @ design)[..., None]))[..., 0]
