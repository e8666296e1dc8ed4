"""What a script prints, as numbers, and what the view's Analysis says they are."""

import csv
import io
from collections.abc import Iterator

import numpy as np

from kras_core.analyse.results import Stratum, SurvivalAnalysis
from kras_core.stats.results import Quantile

NAN = float("nan")
Numbers = tuple[float, float, float, float]  # estimate, low, high, p
Printed = dict[tuple[str, str], Numbers]


def parsed(text: str) -> Printed:
    """The CSV on standard output; an empty cell (R: NA) is NaN."""
    rows = csv.DictReader(io.StringIO(text))
    cells = ("estimate", "low", "high", "p")
    return {
        (r["stratum"], r["quantity"]): tuple(NAN if r[c] in ("", "NA") else float(r[c]) for c in cells)  # type: ignore[misc]
        for r in rows
    }


def expected(analysis: SurvivalAnalysis) -> Printed:
    """The same numbers from the Analysis."""
    return dict(_numbers(analysis))


def _numbers(analysis: SurvivalAnalysis) -> Iterator[tuple[tuple[str, str], Numbers]]:
    for s in (*analysis.strata, analysis.overall):
        yield from _stratum(s)
    for i, s in enumerate(analysis.strata):
        for t, n in zip(analysis.risk_table.ticks, analysis.risk_table.at_risk[i], strict=True):
            yield (s.label, f"at risk at {t:.6g}"), (float(n), NAN, NAN, NAN)
    if analysis.logrank is not None and analysis.logrank.df:
        yield ("", "log-rank chi2"), (analysis.logrank.statistic, NAN, NAN, analysis.logrank.p)
    for h in analysis.hazard_ratios:
        if not np.isnan(h.estimate):
            yield (f"{h.label} v {h.reference}", "hazard ratio"), (h.estimate, h.low, h.high, h.p)
    d = analysis.rmst_difference
    if d is not None and not d.reason:
        h = analysis.hazard_ratios[0]
        who = f"{h.label} v {h.reference}"
        yield (who, "difference of restricted means"), (d.estimate, d.low, d.high, d.p)


def _stratum(s: Stratum) -> Iterator[tuple[tuple[str, str], Numbers]]:
    yield (s.label, "patients"), (s.n, NAN, NAN, NAN)
    yield (s.label, "events"), (s.events, NAN, NAN, NAN)
    yield (s.label, "median"), _quantile(s.median)
    for r in s.rates:
        yield (s.label, f"survival at {r.time:g}"), (r.estimate, r.low, r.high, NAN)
        yield (s.label, f"at risk at {r.time:.6g}"), (float(r.at_risk), NAN, NAN, NAN)
    yield (s.label, f"restricted mean to {s.rmst.tau:.6g}"), (s.rmst.estimate, s.rmst.low, s.rmst.high, NAN)
    yield (s.label, "follow-up"), _quantile(s.follow_up)


def _quantile(q: Quantile) -> Numbers:
    return q.estimate, q.low, q.high, NAN


def differing(text: str, analysis: SurvivalAnalysis, relative: float = 1e-6) -> dict[tuple[str, str], object]:
    """What the script prints otherwise, or not at all."""
    found, wanted = parsed(text), expected(analysis)
    assert len(wanted) > 10
    return {
        key: (found.get(key), numbers)
        for key, numbers in wanted.items()
        if key not in found or not np.allclose(found[key], numbers, rtol=relative, atol=1e-7, equal_nan=True)
    }
