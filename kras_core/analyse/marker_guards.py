"""Guards of the Biomarkers view: the split's own, and what is to be said of a search over cut-offs."""

from collections.abc import Iterator

import numpy as np

from kras_core.analyse.guards import EVENTS_PER_COEFFICIENT, p_words
from kras_core.analyse.marker_results import BiomarkerAnalysis
from kras_core.analyse.results import Warning
from kras_core.cohort.model import Cohort
from kras_core.cohort.stratifiers import MARK
from kras_core.stats.results import Floats


def marker_warnings(cohort: Cohort, analysis: BiomarkerAnalysis, values: Floats) -> tuple[Warning, ...]:
    """Everything to say beside this analysis, most important first."""
    guards = (_nothing, _drawn, _searched, _tied, _coefficients)
    own = [w for guard in guards for w in guard(analysis, values)]
    split = analysis.split.warnings
    first = [w for w in split if w.code in ("reconstructed", "simulated", "conditional")]
    codes = {w.code for w in own} | {w.code for w in first}
    return (*first, *own, *(w for w in split if w.code not in codes))


def _nothing(analysis: BiomarkerAnalysis, values: Floats) -> Iterator[Warning]:
    if analysis.nothing:
        yield Warning("no_cutoff", f"{analysis.label}: {analysis.nothing}.")


def _drawn(analysis: BiomarkerAnalysis, values: Floats) -> Iterator[Warning]:
    if analysis.redraws is not None:
        yield Warning("drawn", analysis.redraws.sentence)


def _searched(analysis: BiomarkerAnalysis, values: Floats) -> Iterator[Warning]:
    c = analysis.chosen
    if c is None:
        return
    selected = c.selected
    adjusted = f"the selection-adjusted p is {p_words(selected.best_p).removeprefix('= ')}"
    if selected.reason:
        adjusted = f"a selection-adjusted p is not available ({selected.reason})"
    yield Warning(
        "searched",
        f"{MARK} The smallest p lies at {analysis.label} {c.cutoff:g}, one of {analysis.scan.cutoffs.size} cut-offs "  # type: ignore[union-attr]
        f"looked at: its hazard ratio is optimistic, and {adjusted}.",
    )
    if not selected.reason and selected.cutoff != c.cutoff:
        yield Warning(
            "other_maximum",
            f"The statistic behind that p, standardised by permutation, is largest at {selected.cutoff:g}.",
        )


def _tied(analysis: BiomarkerAnalysis, values: Floats) -> Iterator[Warning]:
    for _, cutoff, _ in analysis.split.cutoffs:
        tied = int((values == cutoff).sum())
        if tied > 1:
            yield Warning("tied", f"{tied} patients have exactly {cutoff:g}: they count as not above it.")


def _coefficients(analysis: BiomarkerAnalysis, values: Floats) -> Iterator[Warning]:
    spline, model = analysis.spline, analysis.model
    if spline is None or model is None or not spline.knots:
        return
    coefficients = len(spline.knots) - 1
    if not np.isnan(spline.log_ratio).all() and model.events < EVENTS_PER_COEFFICIENT * coefficients:
        yield Warning(
            "spline_events",
            f"{model.events} events for the spline's {coefficients} coefficients: fewer than "
            f"{EVENTS_PER_COEFFICIENT} each, so its bends say little.",
        )
