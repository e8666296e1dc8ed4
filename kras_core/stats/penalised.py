"""Firth's penalised and profile likelihoods for the Cox model of a categorical covariate.

Slower than `cox` and used where a Wald interval will not do: one row per event (Efron) or per event
time (Breslow), likelihoods maximised with a coefficient held fixed.

Firth 1993 (Biometrika 80:27–38); Heinze and Schemper 2001 (Biometrics 57:114–119): the penalised
log likelihood is ℓ(β) + ½·log det I(β); its maximum is finite under monotone likelihood.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtrc, chdtri

from kras_core.conventions import Ties
from kras_core.stats.results import NAN, Floats, HazardRatio

MAX_STEPS = 500
STEP_TOLERANCE = 1e-10
WIDEST = 40.0  # log hazard ratio beyond which a profile limit is called infinite

FIRTH_CAUTION = (
    "Firth's penalised estimate: a group had all the events, or none, among the groups it was at risk with, "
    "so the ordinary estimate is infinite"
)


@dataclass(frozen=True, slots=True)
class _Choices:
    """Rows r of choices among k groups: weights w (k, r), repeated m (r,) times, chosen `totals` (k,) in all."""

    w: Floats
    m: Floats
    totals: Floats
    free: np.ndarray  # groups other than the reference
    penalty: bool

    def value(self, beta: Floats) -> float:
        """The (penalised) log likelihood."""
        total = np.exp(beta) @ self.w
        value = float(self.totals @ beta - self.m @ np.log(total))
        if not self.penalty:
            return value
        return value + 0.5 * float(np.linalg.slogdet(self._information(self._shares(beta)))[1])

    def score(self, beta: Floats) -> tuple[Floats, Floats]:
        """(Modified) score and information over the free groups.

        Firth's addition ½·tr(I⁻¹ ∂I/∂β_r) sums third cumulants of the choices, which for one of k are
        products of the shares p.
        """
        p = self._shares(beta)
        information = self._information(p)
        score = self.totals[self.free] - p @ self.m
        if self.penalty:
            inverse = np.linalg.inv(information)
            ap = inverse @ p
            own = np.diagonal(inverse)
            inner = np.diagonal(inverse)[:, None] - (own @ p)[None, :] - 2 * ap + 2 * (p * ap).sum(axis=0)[None, :]
            score = score + 0.5 * (p * inner) @ self.m
        return score, information

    def _shares(self, beta: Floats) -> Floats:
        weight = self.w * np.exp(beta)[:, None]
        return (weight / weight.sum(axis=0))[self.free]

    def _information(self, p: Floats) -> Floats:
        mp = p * self.m
        return np.diag(mp.sum(axis=1)) - mp @ p.T


def firth(
    at_risk: Floats, events: Floats, labels: Sequence[str], reference: int, ties: Ties, confidence: float
) -> tuple[HazardRatio, ...]:
    """Firth's hazard ratios with profile penalised likelihood intervals and penalised likelihood ratio p.

    at_risk, events: (k, T) at event times, every group linked to the reference.
    """
    name = f"Cox, Firth's penalised likelihood ({ties.capitalize()} ties), profile interval"
    choices = _choices(at_risk, events, reference, ties, penalty=True)
    return _ratios(choices, labels, reference, confidence, name, FIRTH_CAUTION)


def profile(
    at_risk: Floats, events: Floats, labels: Sequence[str], reference: int, ties: Ties, confidence: float
) -> tuple[HazardRatio, ...]:
    """Maximum likelihood hazard ratios with profile-likelihood intervals; the maximum must be finite."""
    name = f"Cox, {ties.capitalize()} ties, profile-likelihood interval"
    choices = _choices(at_risk, events, reference, ties, penalty=False)
    return _ratios(choices, labels, reference, confidence, name, "")


def _choices(at_risk: Floats, events: Floats, reference: int, ties: Ties, penalty: bool) -> _Choices:
    d = events.sum(axis=0)
    free = np.array([i for i in range(events.shape[0]) if i != reference])
    if ties == "breslow":
        return _Choices(at_risk, d, events.sum(axis=1), free, penalty)
    return _Choices(*each_event(at_risk, events), events.sum(axis=1), free, penalty)


def each_event(at_risk: Floats, events: Floats) -> tuple[Floats, Floats]:
    """Efron's ties written out: n_k - (l/d)·d_k for the l-th of d events at a time, in any order (k, Σd), each
    counting once (Σd,)."""
    d = events.sum(axis=0)
    tied = np.flatnonzero(d > 1.0)
    if not tied.size:
        return at_risk, d  # every event has its time to itself
    times = d[tied].astype(int)
    column = np.repeat(tied, times)
    nth = np.arange(column.size) - np.repeat(np.cumsum(times) - times, times)
    written = at_risk.take(column, axis=1) - nth / d[column] * events.take(column, axis=1)
    w = np.concatenate((at_risk.take(np.flatnonzero(d == 1.0), axis=1), written), axis=1)
    return w, np.ones(w.shape[1])


def _ratios(
    choices: _Choices, labels: Sequence[str], reference: int, confidence: float, method: str, caution: str
) -> tuple[HazardRatio, ...]:
    best = _maximise(choices, np.zeros(len(labels)), choices.free)
    top = choices.value(best)
    covariance = np.linalg.inv(choices.score(best)[1])
    margin = float(chdtri(1, 1 - confidence)) / 2
    found = []
    free: list[int] = choices.free.tolist()
    for position, i in enumerate(free):
        drop = _drop(choices, best, top, i)
        se = float(np.sqrt(covariance[position, position]))
        low, high = (_limit(drop, float(best[i]), side * se, margin) for side in (-1.0, 1.0))
        p = float(chdtrc(1, 2 * max(drop(0.0), 0.0)))
        estimate, low, high = (float(np.exp(x)) for x in (best[i], low, high))
        found.append(HazardRatio(labels[reference], labels[i], estimate, low, high, p, se, method, caution))
    return tuple(found)


def _drop(choices: _Choices, best: Floats, top: float, i: int) -> Callable[[float], float]:
    """How far the profile (penalised) log likelihood of β_i lies below its maximum."""
    others = choices.free[choices.free != i]

    def drop(value: float) -> float:
        start = best.copy()
        start[i] = value
        return top - choices.value(_maximise(choices, start, others))

    return drop


def _limit(drop: Callable[[float], float], centre: float, step: float, margin: float) -> float:
    """Where the profile has dropped by `margin` on one side; NaN where it never does."""
    inside, outside = centre, centre + step
    while drop(outside) < margin:
        inside, step = outside, step * 1.6
        outside = outside + step
        if abs(outside - centre) > WIDEST:
            return NAN
    return float(brentq(lambda b: drop(b) - margin, inside, outside, xtol=1e-11, rtol=1e-12))


def _maximise(choices: _Choices, start: Floats, over: np.ndarray) -> Floats:
    """Newton steps over the coordinates `over`, at most 2 long, halved until the value rises."""
    beta = start.copy()
    if not over.size:
        return beta
    value = choices.value(beta)
    for _ in range(MAX_STEPS):
        step = _newton_step(choices, beta, over)
        step *= min(1.0, 2.0 / max(np.abs(step).max(), 1e-300))
        while True:
            moved = beta.copy()
            moved[over] += step
            new = choices.value(moved)
            if new >= value - 1e-12 * (1.0 + abs(value)) or np.abs(step).max() < STEP_TOLERANCE:
                break
            step = step / 2
        beta, value = moved, new
        if np.abs(step).max() < STEP_TOLERANCE:
            break
    return beta


def _newton_step(choices: _Choices, beta: Floats, over: np.ndarray) -> Floats:
    """Score over curvature. The penalty's curvature (it may double the likelihood's) is differenced."""
    where = np.searchsorted(choices.free, over)
    score, information = choices.score(beta)
    curvature = information[np.ix_(where, where)]
    if choices.penalty:
        h = 1e-5
        shift = np.zeros_like(beta)
        columns = []
        for i in over:
            shift[i] = h
            columns.append((choices.score(beta - shift)[0] - choices.score(beta + shift)[0])[where] / (2 * h))
            shift[i] = 0.0
        penalised = np.column_stack(columns)
        penalised = (penalised + penalised.T) / 2
        if (np.linalg.eigvalsh(penalised) > 0).all():
            curvature = penalised
    return np.linalg.solve(curvature, score[where])
