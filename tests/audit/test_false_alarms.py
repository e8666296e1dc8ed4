"""No false alarm: published results whose data are at hand, and simulated trials printed as a paper prints them."""

from collections import Counter

import numpy as np
import pytest

from kras_core.audit.audit import audit
from kras_core.audit.claims import Claims, claims_of
from kras_core.conventions import PRESETS
from kras_core.stats.cox import cox
from kras_core.stats.event_table import event_table
from kras_core.stats.kaplan_meier import curves, quantile
from kras_core.stats.logrank import logrank
from tools.alterations.__main__ import alarms, altered, study
from tools.alterations.sets import REAL_DATA, SETS


@pytest.mark.parametrize("id", SETS)
def test_sound_figures_raise_no_alarm(id: str) -> None:
    published = SETS[id]
    if id == "hellmann" and not REAL_DATA:
        pytest.skip("KRASCOPE_REAL_DATA names no folder with the real files")
    cohort = published.cohort()
    report = audit(published.claims, cohort)
    assert [(f.claim, f.check, f.verdict) for f in report.findings if f.verdict in ("impossible", "inconsistent")] == []
    assert report.counts["rounding only"] == 0
    if cohort is not None:
        assert cohort.n == published.n
        unproved = {e.claim.id for e in report.entries if e.verdict != "reproduced"}
        assert unproved == ({"orr-high", "orr-low"} if id == "hellmann" else set())


def test_the_sets_are_enough() -> None:
    assert len(SETS) >= 6
    assert sum(len(s.claims.rows) for s in SETS.values()) > 100


def test_a_digit_at_a_time_is_altered() -> None:
    (claim,) = claims_of([{"id": "a", "quantity": "median", "printed": "12.4"}], "x").rows
    texts = [c.printed for c in altered(claim)]
    assert len(texts) == 27 and len(set(texts)) == 27
    assert all(sum(a != b for a, b in zip(t, "12.4", strict=True)) == 1 for t in texts)


def test_most_altered_digits_are_caught() -> None:
    """Half and more by the figures alone, nearly all with the rows (docs/audit.md has the whole table)."""
    published = SETS["ncctg-lung"]
    claims = published.claims
    few = Claims(tuple(c for c in claims.rows if c.id in ("hr", "hr-ci", "wald", "median", "median-ci", "events")))
    alone, together = study(few, published.cohort())
    assert alone.tried == together.tried > 200
    assert sum(alone.caught.values()) / alone.tried > 0.35
    assert sum(together.caught.values()) / together.tried > 0.97
    assert alarms(few, few.rows) == set()


def printed_trial(rng: np.random.Generator) -> list[dict[str, str]] | None:
    """A simulated trial of two arms, its figures rounded and by some software's conventions; None without a ratio."""
    n = int(rng.choice([20, 27, 40, 80, 150, 400]))
    k = int(rng.integers(max(3, n // 6), n // 2 + 1))
    group = rng.permutation(np.arange(n) < k).astype(int)
    time = rng.weibull(rng.uniform(0.7, 1.6), n) * 10 / np.where(group == 1, np.exp(rng.normal(0, 0.7)), 1.0)
    censoring = rng.uniform(2, 60, n)
    event = time <= censoring
    time = np.ceil(np.minimum(time, censoring) * 30.4375) / 30.4375
    if min(event[group == 0].sum(), event[group == 1].sum()) < 3:
        return None
    software = PRESETS[str(rng.choice(["r", "spss", "sas"]))]
    table = event_table(time, event, group, k=2)
    ratio = cox(table, ("a", "b"), 0, software.ties)[0]
    if ratio.caution or ratio.reason:
        return None
    overall, *medians = (quantile(c, software) for t in (table.pooled(), table) for c in curves(t, software))
    places = int(rng.choice([2, 3]))
    events = f"a={event[group == 0].sum()}; b={event[group == 1].sum()}" if rng.random() < 0.5 else ""
    both = {"endpoint": "os", "by": "arm", "groups": f"a={n - k}; b={k}", "events": events}
    rows = [
        {"quantity": "hazard_ratio", "printed": f"{ratio.estimate:.{places}f}", **both},
        {"quantity": "hazard_ratio_ci", "printed": f"{ratio.low:.{places}f}–{ratio.high:.{places}f}", **both},
        {"quantity": "logrank_p", "printed": p_text(logrank(table).p), **both},
        {"quantity": "wald_p", "printed": p_text(ratio.p), **both},
        {"quantity": "median", "endpoint": "os", "printed": time_text(overall.estimate), "n": str(n)},
    ]
    if not np.isnan(overall.low):
        ends = f"{overall.low:.1f}–{time_text(overall.high)}"
        rows.append({"quantity": "median_ci", "endpoint": "os", "printed": ends})
    for level, size, median in zip("ab", (n - k, k), medians, strict=True):
        row = {"quantity": "median", "endpoint": "os", "by": "arm", "level": level, "n": str(size)}
        rows.append({**row, "printed": time_text(median.estimate)})
    return [{"id": f"c{i}", **row} for i, row in enumerate(rows)]


def p_text(p: float) -> str:
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def time_text(x: float) -> str:
    return "NR" if np.isnan(x) else f"{x:.1f}"


def test_simulated_trials_raise_no_alarm() -> None:
    """Only an overall median may stray from its groups', where somebody was lost early: that is true, and said."""
    rng = np.random.default_rng(11)
    trials = [rows for rows in (printed_trial(rng) for _ in range(700)) if rows]
    assert len(trials) > 600
    found = Counter(
        (f.check, f.verdict)
        for rows in trials
        for f in audit(claims_of(rows, "trial")).findings
        if f.verdict in ("impossible", "inconsistent", "rounding only")
    )
    assert set(found) <= {("overall-median", "inconsistent")}
    assert found["overall-median", "inconsistent"] <= 5
