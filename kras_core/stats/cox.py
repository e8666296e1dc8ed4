"""Cox's proportional hazards model for a categorical covariate, on event tables.

With groups as the only covariate the partial likelihood (Cox 1972, J R Stat Soc B 34:187–220) depends
on the data through the event table alone: at a time with n_k at risk and d_k events in group k, the
next of the d events falls in group k with probability w_k·e^β_k / Σ w_m·e^β_m, where w_k = n_k under
Breslow's treatment of ties and w_k = n_k - (l/d)·d_k for the l-th of d (l = 0..d-1) under Efron's. The
sum over l has a closed form, so a Newton step costs the number of distinct event times, not of events;
with two groups and few ties it is written out, which is shorter still.

Where the maximum lies at infinity (`_finite`), Firth's penalised estimate stands in (`penalised`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln, zeta

from kras_core.conventions import Ties
from kras_core.stats import penalised
from kras_core.stats.event_table import Table
from kras_core.stats.normal import two_sided_p, z_value
from kras_core.stats.results import NAN, Floats, HazardRatio

MAX_STEPS = 100
STEP_TOLERANCE = 1e-10
WRITTEN_OUT = 50  # up to that many events per time a step over events is as fast as one over times
BLOCK = 16_384  # times that are summed at once: what they need stays in the processor's cache
FIRST_TIMES = 1_000  # that are looked at first where groups are to be linked: mostly they suffice
SUMMED_DIRECTLY = 32  # up to that many tied events a loop is as fast as the closed form, and more exact
TIES_NAME = {"efron": "Efron ties", "breslow": "Breslow ties"}
NEVER_TOGETHER = "never at risk at the same event time as the reference group"


@dataclass(frozen=True, slots=True)
class CoxFit:
    """Maximum of the partial likelihood over log hazards (..., k), the reference group's fixed at 0.

    covariance (..., k, k) is the inverse information, with zeros for the reference. score_test (...) is
    Rao's χ² at β = 0. `finite` (...) tells whether the maximum is; where it is not, beta means nothing.
    """

    beta: Floats
    covariance: Floats
    loglik: Floats
    loglik_null: Floats
    score_test: Floats
    finite: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Counts:
    """At risk and events as floats (..., k, T), at times with an event; strata follow each other along T."""

    at_risk: Floats
    events: Floats


def cox(
    table: Table | Sequence[Table],
    labels: Sequence[str],
    reference: int,
    ties: Ties = "efron",
    confidence: float = 0.95,
) -> tuple[HazardRatio, ...]:
    """Hazard ratio of every other group against `reference`, with Wald interval and p.

    table: (k, T), or several for a model stratified on them. A group that never meets the reference at
    an event time (directly or through others) is NaN with the reason. Where the likelihood is
    monotone every ratio is Firth's, labelled so.
    """
    counts = counts_at_events(table)
    others = [i for i in range(len(labels)) if i != reference]
    if counts is None:
        return tuple(_undefined(labels[reference], labels[i], "no event") for i in others)
    linked = _linked(counts, reference).tolist()
    keep = [i for i in range(len(labels)) if linked[i]]
    found: dict[str, HazardRatio] = {}
    if len(keep) > 1:
        inner, named = keep.index(reference), [labels[i] for i in keep]
        if len(keep) < len(labels):
            counts = _of_groups(counts, keep)
        ratios = (
            wald(*_maximum(counts, inner, ties), named, inner, ties, confidence)
            if _finite(counts)
            else penalised.firth(counts.at_risk, counts.events, named, inner, ties, confidence)
        )
        found = {ratio.label: ratio for ratio in ratios}
    return tuple(
        found[labels[i]] if linked[i] else _undefined(labels[reference], labels[i], NEVER_TOGETHER) for i in others
    )


def profile_intervals(
    table: Table | Sequence[Table],
    labels: Sequence[str],
    reference: int,
    ties: Ties = "efron",
    confidence: float = 0.95,
) -> tuple[HazardRatio, ...]:
    """Maximum likelihood hazard ratios with profile-likelihood intervals and likelihood ratio p.

    Slower than Wald's; on demand. Under a monotone likelihood a limit is infinite and the ratio
    undefined: `cox` gives Firth's there. Raises ValueError in that case and where groups never meet.
    """
    counts = counts_at_events(table)
    if counts is None or not _linked(counts, reference).all() or not _finite(counts):
        raise ValueError("the partial likelihood has no finite maximum; use cox(), which falls back to Firth's")
    return penalised.profile(counts.at_risk, counts.events, labels, reference, ties, confidence)


def fit(table: Table | Sequence[Table], reference: int = 0, ties: Ties = "efron") -> CoxFit:
    """Maximise the partial likelihood for one grouping (k, T) or many at once (b, k, T).

    Raises ValueError without any event.
    """
    counts = counts_at_events(table)
    if counts is None:
        raise ValueError("no event: the partial likelihood is constant")
    beta, covariance, score_test = _newton(counts, reference, ties)
    null = log_likelihood(counts, np.zeros_like(beta), ties)
    return CoxFit(beta, covariance, log_likelihood(counts, beta, ties), null, score_test, _finite(counts))


def counts_at_events(table: Table | Sequence[Table]) -> Counts | None:
    """What the partial likelihood needs of one or several tables; None without any event."""
    parts = [t.at_events() for t in (table if isinstance(table, Sequence) else (table,))]
    if len(parts) == 1:
        at_risk, events = parts[0].at_risk, parts[0].events
    else:
        at_risk, events = (np.concatenate(x, axis=-1) for x in ([p.at_risk for p in parts], [p.events for p in parts]))
    return Counts(at_risk, events) if events.shape[-1] else None


def _of_groups(counts: Counts, groups: list[int]) -> Counts:
    """The counts of some groups, at the times of their own events."""
    events = counts.events[groups]
    at = np.flatnonzero(events.any(axis=0))
    return Counts(counts.at_risk[groups].take(at, axis=1), events.take(at, axis=1))


def _undefined(reference: str, label: str, reason: str) -> HazardRatio:
    return HazardRatio(reference, label, NAN, NAN, NAN, NAN, NAN, "Cox", reason=reason)


def wald(
    beta: Sequence[float],
    std_error: Sequence[float],
    labels: Sequence[str],
    reference: int,
    ties: Ties,
    confidence: float,
) -> list[HazardRatio]:
    """Hazard ratios from log hazards (k,) and their standard errors (k,), the reference's 0."""
    z = z_value(confidence)
    method = f"Cox, {TIES_NAME[ties]}, Wald interval"
    found = []
    for i, label in enumerate(labels):
        if i != reference:
            b, se = beta[i], std_error[i]
            estimate, low, high = np.exp([b, b - z * se, b + z * se]).tolist()
            found.append(HazardRatio(labels[reference], label, estimate, low, high, two_sided_p(b / se), se, method))
    return found


def _edges(counts: Counts) -> NDArray[np.bool_]:
    """edges[a, b]: an event in a while b was at risk, which keeps β_b - β_a from growing without end."""
    if counts.events.shape[-1] > FIRST_TIMES:
        found = _edges(Counts(counts.at_risk[..., :FIRST_TIMES], counts.events[..., :FIRST_TIMES]))
        if found.all():  # later times could only add to it
            return found
    present = (counts.at_risk > 0).astype(np.float64)
    return ((counts.events > 0).astype(np.float64) @ np.swapaxes(present, -1, -2)) > 0


def _reach(edges: NDArray[np.bool_]) -> NDArray[np.bool_]:
    reach = edges | np.eye(edges.shape[-1], dtype=bool)
    for _ in range(int(np.ceil(np.log2(edges.shape[-1]))) + 1):
        reach = (reach.astype(np.float64) @ reach.astype(np.float64)) > 0
    return reach


def _linked(counts: Counts, reference: int) -> NDArray[np.bool_]:
    """Groups that meet the reference at an event time, directly or through others."""
    if counts.events.shape[-2] == 2:
        together = bool((counts.at_risk > 0).all(axis=-2).any())
        return np.array([together or reference == 0, together or reference == 1])
    edges = _edges(counts)
    return _reach(edges | edges.T)[reference]


def _finite(counts: Counts) -> NDArray[np.bool_]:
    """Whether the maximum is finite: every group can be reached from every other along `_edges`.

    Ford 1957 (Am Math Mon 64:28–33), for paired comparisons; the argument holds for any likelihood of
    choices. For two groups: not all events at times with both at risk fall in one group.
    """
    if counts.events.shape[-2] > 2:
        return np.asarray(_reach(_edges(counts)).all(axis=(-2, -1)))
    both = (counts.at_risk > 0).all(axis=-2, keepdims=True)
    return np.asarray(((counts.events > 0) & both).any(axis=-1).all(axis=-1))


def _maximum(counts: Counts, reference: int, ties: Ties) -> tuple[list[float], list[float]]:
    """Log hazards and their standard errors (k,) for one grouping whose maximum is finite."""
    d = counts.events.sum(axis=0)
    heavily_tied = ties == "efron" and d.sum() > WRITTEN_OUT * d.size
    if len(counts.events) > 2 or heavily_tied:
        beta, covariance, _ = _newton(counts, reference, ties)
        return beta.tolist(), np.sqrt(np.diagonal(covariance)).tolist()
    w, m = penalised.each_event(counts.at_risk, counts.events) if ties == "efron" else (counts.at_risk, d)
    estimate, std_error = [0.0, 0.0], [0.0, 0.0]
    other = 1 - reference
    estimate[other], std_error[other] = _two_groups(w[reference], w[other], m, float(counts.events[other].sum()))
    return estimate, std_error


def _two_groups(zero: Floats, one: Floats, m: Floats, observed: float) -> tuple[float, float]:
    """`_newton` for the commonest case, in plain numbers: the log hazard ratio of group one and its standard error.

    zero, one (R,): weights of the groups in every choice, which counts m (R,) times; observed: how often it fell on
    one.
    """
    b = 0.0
    for _ in range(MAX_STEPS):
        share = one / (zero * math.exp(-b) + one)
        expected = share * m
        information = float((expected * (1.0 - share)).sum())
        step = (observed - float(expected.sum())) / information
        b += math.copysign(math.log1p(abs(step)), step)
        if abs(step) < STEP_TOLERANCE:
            break
    return b, information**-0.5


def _newton(counts: Counts, reference: int, ties: Ties) -> tuple[Floats, Floats, Floats]:
    """Newton–Raphson from β = 0, for one grouping or many at once: estimate, covariance, score test at 0.

    A step δ is shortened by log(1 + r)/r, with r the range of δ over the groups: that raises the
    likelihood at every step, since |ℓ'''| <= r·|ℓ''| along δ (Bach 2010, Electron J Stat 4:384–414),
    and stays quadratic near the maximum. Neither halving nor the likelihood's value is needed. Groupings
    whose maximum is not finite stay at 0.
    """
    k, batch = counts.events.shape[-2], counts.events.shape[:-2]
    free = np.array([i for i in range(k) if i != reference])
    block = (..., free[:, None], free)
    finite = _finite(counts)[..., None]
    parts = _by_ties(counts, ties)
    beta = np.zeros((*batch, k))
    score, information = _summed(parts, beta)
    step = _solve(information[block], score[..., free])
    score_test = np.asarray((score[..., free] * step).sum(axis=-1))
    for _ in range(MAX_STEPS):
        step = np.where(finite, step, 0.0)
        r = np.maximum(step.max(axis=-1), 0.0) - np.minimum(step.min(axis=-1), 0.0)
        beta[..., free] += step * (np.log1p(r) / np.maximum(r, 1e-300))[..., None]
        if r.max(initial=0.0) < STEP_TOLERANCE:
            break
        score, information = _summed(parts, beta)
        step = _solve(information[block], score[..., free])
    covariance = np.zeros((*batch, k, k))
    covariance[block] = _inverse(information[block])
    return beta, covariance, score_test


def _by_ties(counts: Counts, ties: Ties) -> list[tuple[Counts, Floats, Ties]]:
    """Counts, their totals (..., T) and how to treat ties: all times at once, or, of very many, in blocks.

    In those the times with a single event stand apart: there all treatments agree, and Breslow's is the quickest.
    """
    total = counts.events.sum(axis=-2)
    if total.shape[-1] <= BLOCK:
        return [(counts, total, ties)]
    tied = (total > 1).reshape(-1, total.shape[-1]).any(axis=0)
    apart: tuple[tuple[NDArray[np.intp], Ties], ...] = (
        (np.flatnonzero(tied), ties),
        (np.flatnonzero(~tied), "breslow"),
    )
    return [
        (Counts(counts.at_risk.take(at, axis=-1), counts.events.take(at, axis=-1)), total.take(at, axis=-1), how)
        for times, how in apart
        if times.size
        for at in np.split(times, range(BLOCK, times.size, BLOCK))
    ]


def _summed(parts: list[tuple[Counts, Floats, Ties]], beta: Floats) -> tuple[Floats, Floats]:
    """`derivatives` over all parts."""
    found = [derivatives(counts, total, beta, ties) for counts, total, ties in parts]
    return sum(score for score, _ in found), sum(information for _, information in found)  # type: ignore[return-value]


def derivatives(counts: Counts, total: Floats, beta: Floats, ties: Ties) -> tuple[Floats, Floats]:
    """Score (..., k) and information (..., k, k) at log hazards beta (..., k); total (..., T): events at each time."""
    return (_efron if ties == "efron" and total.max() > 1 else _breslow)(counts, total, beta)


def _solve(information: Floats, score: Floats) -> Floats:
    if score.shape[-1] == 1:
        pivot = information[..., 0]
        return score / np.where(pivot > 0, pivot, np.inf)
    if information.ndim == 2 and np.linalg.det(information) > 0:
        return np.linalg.solve(information, score)
    return (np.linalg.pinv(information, hermitian=True) @ score[..., None])[..., 0]


def _inverse(information: Floats) -> Floats:
    if information.shape[-1] == 1:
        return 1.0 / np.where(information > 0, information, np.inf)
    return np.linalg.pinv(information, hermitian=True)


def _breslow(counts: Counts, d: Floats, beta: Floats) -> tuple[Floats, Floats]:
    """Score (..., k) and information (..., k, k) under Breslow's ties (Breslow 1974, Biometrics 30:89–99)."""
    hazard = np.exp(beta)
    total = np.maximum((hazard[..., None, :] @ counts.at_risk)[..., 0, :], 1e-300)
    root = np.sqrt(d)
    half = counts.at_risk * (root / total)[..., None, :]  # half·e^β times its own transpose is Σ dpp'
    expected = hazard * (half @ root[..., None])[..., 0]
    cross = hazard[..., None] * hazard[..., None, :] * (half @ np.swapaxes(half, -1, -2))
    return counts.events.sum(axis=-1) - expected, _diagonal(expected) - cross


def _efron(counts: Counts, d: Floats, beta: Floats) -> tuple[Floats, Floats]:
    """The same under Efron's ties (Efron 1977, J Am Stat Assoc 72:557–565), with the sum over l done.

    With S = Σ n_k e^β_k, D = Σ d_k e^β_k, a = S·d/D, the l-th denominator is (D/d)·(a - l), so that all
    sums come down to H1 = Σ 1/(a - l) and H2 = Σ 1/(a - l)².
    """
    hazard = np.exp(beta)[..., None]
    s, delta = counts.at_risk * hazard, counts.events * hazard
    count = np.maximum(d, 1.0)
    c = delta.sum(axis=-2) / count
    c = np.where(d > 0, c, 1.0)
    a = np.where(d > 0, s.sum(axis=-2) / c, 1.0)
    h1, h2 = _tie_sums(a, d)
    # p_kl = (slope/(a - l) + level)/c for the l-th event
    level = delta / count[..., None, :]
    slope = s - a[..., None, :] * level
    expected = ((slope * h1[..., None, :] + delta) / c[..., None, :]).sum(axis=-1)
    level, slope = level / c[..., None, :], slope / c[..., None, :]
    cross = (slope * h1[..., None, :]) @ np.swapaxes(level, -1, -2)
    squares = (slope * h2[..., None, :]) @ np.swapaxes(slope, -1, -2)
    squares = squares + (level * d[..., None, :]) @ np.swapaxes(level, -1, -2)
    information = _diagonal(expected) - squares - cross - np.swapaxes(cross, -1, -2)
    return counts.events.sum(axis=-1) - expected, information


def _tie_sums(a: Floats, d: Floats) -> tuple[Floats, Floats]:
    """Σ 1/(a - l) and Σ 1/(a - l)² for l = 0..d-1, with a >= d: by digamma and trigamma differences."""
    most = int(d.max(initial=0))
    if most > SUMMED_DIRECTLY:
        top, bottom = a + 1.0, a + 1.0 - d
        return digamma(top) - digamma(bottom), zeta(2.0, bottom) - zeta(2.0, top)
    h1 = np.divide(1.0, a, out=np.zeros(a.shape), where=d > 0)
    h2 = h1 * h1
    flat_a, flat_d, flat_1, flat_2 = a.ravel(), d.ravel(), h1.ravel(), h2.ravel()
    tied = np.flatnonzero(flat_d > 1)
    for i in range(1, most):
        term = 1.0 / (flat_a[tied] - i)
        flat_1[tied] += term
        flat_2[tied] += term * term
        tied = tied[flat_d[tied] > i + 1]
    return h1, h2


def log_likelihood(counts: Counts, beta: Floats, ties: Ties) -> Floats:
    """Log partial likelihood (...) at log hazards beta (..., k)."""
    d = counts.events.sum(axis=-2)
    hazard = np.exp(beta)[..., None]
    total = np.maximum((counts.at_risk * hazard).sum(axis=-2), 1e-300)
    numerator = (counts.events.sum(axis=-1) * beta).sum(axis=-1)
    if ties == "breslow" or d.max() <= 1:
        return np.asarray(numerator - (d * np.log(total)).sum(axis=-1))
    c = np.where(d > 0, (counts.events * hazard).sum(axis=-2) / np.maximum(d, 1.0), 1.0)
    a = np.where(d > 0, total / c, 1.0)
    return np.asarray(numerator - (d * np.log(c) + gammaln(a + 1.0) - gammaln(a + 1.0 - d)).sum(axis=-1))


def _diagonal(values: Floats) -> Floats:
    return values[..., None] * np.eye(values.shape[-1])
