"""Maximally selected log-rank statistic: the p value of a cut-off that was chosen for its p value.

M is the largest of the standardised |Σ scores of the high group| over all cut-offs that leave a tenth of the
patients on either side (Lausen and Schumacher 1992, Biometrics 48:73–85), the variance being that of dealing
the scores to the patients at random. Scores are event minus the Nelson–Aalen estimate at the patient's
time. R's maxstat takes a patient's own death alone as the denominator's tie (N - rank + 1), so that its
scores, and M in the second decimal, differ where times are tied; without ties they are the same.
"""

from collections.abc import Iterator
from math import exp, log, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from kras_core.stats.cutpoints import TRIM, Cutoffs, possible_cutoffs
from kras_core.stats.permutation import CHUNK_CELLS, TIE
from kras_core.stats.results import NAN, Floats, Ints, MaxSelected

METHOD = "maximally selected log-rank statistic over the inner 80 % of cut-offs"


def maximally_selected(
    scores: Floats, marker: ArrayLike, *, samples: int = 10_000, seed: int = 0, trim: float = TRIM
) -> MaxSelected:
    """M, its cut-off, and p three ways. scores, marker: (n,); scores from `permutation.logrank_scores`.

    p is conditional Monte Carlo: the scores dealt to the patients `samples` times at random, (1 + as large)/(1 +
    samples); samples = 0 leaves it out. It assumes censoring that does not depend on the marker. Undefined (NaN
    and a reason): no possible cut-off, all scores equal.
    """
    result = MaxSelected(NAN, NAN, NAN, NAN, 0, NAN, NAN, METHOD)
    for _, result in permute(scores, marker, samples=samples, seed=seed, trim=trim):  # noqa: B007
        pass
    return result


def permute(
    scores: Floats, marker: ArrayLike, *, samples: int, seed: int = 0, trim: float = TRIM
) -> Iterator[tuple[float, MaxSelected]]:
    """The same in chunks: yields the fraction drawn and the result so far, first of all without permutations."""
    found = possible_cutoffs(marker, trim)
    if not found.below.size:
        yield 1.0, _undefined("no cut-off leaves a tenth of the patients on either side")
        return
    if not np.any(np.abs(scores - scores.mean()) > TIE):
        yield 1.0, _undefined("all patients have the same score")
        return
    statistics = _standardised(scores[found.order], found.below, _spread(scores, found.below))
    best = int(np.argmax(statistics > statistics.max() * (1 - TIE)))
    observed, n = float(statistics[best]), scores.size
    approximations = p_lausen_1992(observed, trim), p_lausen_1994(observed, n, found.below)
    method = f"{METHOD}; no permutations drawn"
    cutoff = float(found.values[best])
    yield 0.0 if samples else 1.0, MaxSelected(observed, cutoff, NAN, NAN, 0, *approximations, method)
    for drawn, extreme in count_as_large(scores, found, observed, samples, seed):
        p = (1 + extreme) / (1 + drawn)
        method = f"{METHOD}; {drawn:,} random permutations, seed {seed}"
        error = sqrt(p * (1 - p) / drawn)
        yield drawn / samples, MaxSelected(observed, cutoff, p, error, drawn, *approximations, method)


def count_as_large(
    scores: Floats, found: Cutoffs, observed: float, samples: int, seed: int
) -> Iterator[tuple[int, int]]:
    """Permutations in chunks: yields (drawn so far, of them with a maximum of at least the observed one)."""
    rng = np.random.default_rng(seed)
    threshold, spread = observed * (1 - TIE), _spread(scores, found.below)
    chunk = max(1, min(CHUNK_CELLS // scores.size, 1 + samples // 20))
    drawn = extreme = 0
    while drawn < samples:
        rows = min(chunk, samples - drawn)
        shuffled = rng.permuted(np.broadcast_to(scores, (rows, scores.size)), axis=1)
        largest = _standardised(shuffled, found.below, spread).max(axis=1)
        drawn, extreme = drawn + rows, extreme + int(np.count_nonzero(largest >= threshold))
        yield drawn, extreme


def p_lausen_1992(b: float, trim: float = TRIM) -> float:
    """Approximation for many cut-offs: the maximum of a Brownian bridge (Miller and Siegmund 1982, Biometrics
    38:1011–1016; Lausen and Schumacher 1992, formula 2). 1 for b < 1, where it does not hold."""
    if b < 1:
        return 1.0
    density = exp(-b * b / 2) / sqrt(2 * pi)
    odds = ((1 - trim) / trim) ** 2
    return min(1.0, max(0.0, 4 * density / b + density * (b - 1 / b) * log(odds)))


def p_lausen_1994(b: float, n: int, below: Ints) -> float:
    """Improved Bonferroni bound for these cut-offs, given as numbers of patients at or below (Worsley 1982, Biometrika
    69:297–302; Lausen, Sauerbrei and Schumacher 1994, in Computational Statistics, 1483–1496)."""
    m = below.astype(np.float64)
    overlap = np.sqrt(1.0 - m[:-1] * (n - m[1:]) / ((n - m[:-1]) * m[1:]))
    steps = float((overlap - (b * b / 4 - 1) * overlap**3 / 6).sum()) * exp(-b * b / 2) / pi
    return min(1.0, max(0.0, 2 * float(ndtr(-b)) + steps))


def _spread(scores: Floats, below: Ints) -> Floats:
    """Standard deviation of the sum of m of the scores drawn without replacement."""
    n, m = scores.size, below.astype(np.float64)
    return np.sqrt(m * (n - m) / (n * (n - 1.0)) * ((scores - scores.mean()) ** 2).sum())


def _standardised(scores: Floats, below: Ints, spread: Floats) -> Floats:
    """|sum of the first m scores - expected| / SD, shape (..., cut-offs)."""
    mean = scores.mean(axis=-1, keepdims=True)
    return np.abs(np.cumsum(scores, axis=-1)[..., below - 1] - below * mean) / spread


def _undefined(reason: str) -> MaxSelected:
    return MaxSelected(NAN, NAN, NAN, NAN, 0, NAN, NAN, METHOD, reason)
