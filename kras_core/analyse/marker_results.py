"""The frozen result of the Biomarkers view."""

from dataclasses import dataclass

import numpy as np

from kras_core.analyse.results import CohortRef, SurvivalAnalysis, Warning
from kras_core.cohort.endpoints import Endpoint
from kras_core.selection import By, Selection
from kras_core.stats.results import Concordance, CutoffScan, DynamicAuc, HazardRatio, MaxSelected, TestResult


@dataclass(frozen=True, slots=True)
class Distribution:
    """A marker among the selected patients with a known outcome. counts (b,) lie between edges (b + 1,)."""

    n: int
    missing: int
    distinct: int
    low: float
    lower_quartile: float
    median: float
    upper_quartile: float
    high: float
    mean: float
    sd: float
    edges: np.ndarray
    counts: np.ndarray


@dataclass(frozen=True, slots=True)
class ChosenCutoff:
    """The cut-off with the smallest log-rank p: what it shows, and the p that allows for the choice.

    A second cut-off may share that p; the lower one stands here. `ratio` is optimistic by construction.
    """

    cutoff: float
    sizes: tuple[int, int]
    test: TestResult
    ratio: HazardRatio
    selected: MaxSelected


@dataclass(frozen=True, slots=True)
class MarkerModel:
    """The marker as a number in a Cox model: hazard ratios per unit and per SD, and the likelihood ratio test."""

    n: int
    events: int
    sd: float
    per_unit: HazardRatio
    per_sd: HazardRatio
    test: TestResult


@dataclass(frozen=True, slots=True)
class SplineCurve:
    """Log hazard ratio against `reference` at x (m,) with its pointwise interval; NaN where undefined (reason).

    overall tests the whole curve, nonlinear what it adds to a straight line.
    """

    knots: tuple[float, ...]
    reference: float
    x: np.ndarray
    log_ratio: np.ndarray
    low: np.ndarray
    high: np.ndarray
    overall: TestResult
    nonlinear: TestResult
    method: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MarkerRedraws:
    """A marker whose values were drawn: ranges over `count` compatible redraws (2.5th to 97.5th percentile).

    At cutoffs (m,), the last of which reaches to the value `end`, the hazard ratio and p; `determined` where every
    redraw has the same groups. per_unit and per_sd are ranges of hazard ratios, p that of the likelihood ratio
    test; spline_low and spline_high (x,) envelop the log hazard ratio.
    """

    count: int
    columns: tuple[str, ...]
    sentence: str
    cutoffs: np.ndarray
    end: float
    ratio_low: np.ndarray
    ratio_high: np.ndarray
    p_low: np.ndarray
    p_high: np.ndarray
    determined: np.ndarray
    per_unit: tuple[float, float]
    per_sd: tuple[float, float]
    p: tuple[float, float]
    x: np.ndarray
    spline_low: np.ndarray
    spline_high: np.ndarray


@dataclass(frozen=True, slots=True)
class BiomarkerAnalysis:
    """The Biomarkers view of one numeric column.

    by: the cut-off or cut-offs in force, whose groups `split` compares as the Survival view does. scan holds every
    possible cut-off, chosen the one with the smallest p. With `redraws`, scan, chosen, model and spline are None:
    the publication does not determine them. nothing: why there is no cut-off at all, else empty.
    """

    cohort: CohortRef
    selection: Selection
    endpoint: Endpoint
    by: By
    label: str
    unit: str
    distribution: Distribution
    split: SurvivalAnalysis
    scan: CutoffScan | None
    chosen: ChosenCutoff | None
    model: MarkerModel | None
    spline: SplineCurve | None
    redraws: MarkerRedraws | None
    nothing: str
    warnings: tuple[Warning, ...]


@dataclass(frozen=True, slots=True)
class CutoffSpread:
    """Where the smallest p fell in `samples` resamples: its quantiles at 2.5, 25, 50, 75, 97.5 %, how many resamples
    had no defined test, and the share that chose the same cut-off as the data."""

    samples: int
    undefined: int
    quantiles: tuple[float, ...]
    same: float


@dataclass(frozen=True, slots=True)
class Discrimination:
    """How a marker sorts patients: concordance, and AUC at some times. few: too few events to lean on (below 50)."""

    concordance: Concordance
    auc: tuple[DynamicAuc, ...]
    events: int
    few: bool
