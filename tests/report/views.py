"""Analyses to draw in tests: simulated cohorts through the real kernel, one function a situation."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from kras_core.analyse.results import SafetyAnalysis, SurvivalAnalysis
from kras_core.analyse.safety import analyse_safety
from kras_core.analyse.survival import analyse
from kras_core.cohort.model import Cohort
from kras_core.conventions import PRESETS
from kras_core.selection import By, Selection


def cohort(
    n: int = 27, groups: int = 2, seed: int = 1, scale: float = 9.0, censoring: float = 40.0, **more: Any
) -> Cohort:
    """Simulated patients: exponential times with a hazard that rises with the group, uniform censoring."""
    rng = np.random.default_rng(seed)
    group = np.where(rng.random(n) < 0.75, 0, rng.integers(0, groups, n)) if groups <= 2 else np.arange(n) % groups
    time = rng.exponential(scale * 0.75**group) + 0.05
    limit = rng.uniform(0.2, 1.0, n) * censoring
    return from_rows(np.minimum(time, limit), time <= limit, [f"Group {chr(65 + g)}" for g in group], **more)


def from_rows(time: Any, event: Any, group: Any, **more: Any) -> Cohort:
    """A cohort from its rows."""
    patients = pd.DataFrame(
        {
            "patient_id": [f"P{i:07d}" for i in range(len(time))],
            "pfs_months": np.asarray(time, dtype=np.float64),
            "pfs_event": np.asarray(event, dtype=np.float64),
            "arm": pd.Categorical(group),
            **more.pop("columns", {}),
        }
    )
    return Cohort(
        **{"id": "sim", "title": "Simulated", "adverse_events": None, "provenance": "simulated", **more},
        patients=patients,
    )


def view(of: Cohort, by: tuple[str, ...] = ("arm",), preset: str = "r", **more: Any) -> SurvivalAnalysis:
    """The Survival view of that cohort."""
    return analyse(of, Selection(of.digest, "pfs", tuple(By(b) for b in by), conventions=PRESETS[preset], **more))


def single(event: bool = True) -> SurvivalAnalysis:
    """One patient."""
    return view(from_rows([4.0], [event], ["A"]))


def flat() -> SurvivalAnalysis:
    """Nobody has the event in either arm."""
    return view(from_rows([5.0, 7.0, 9.0, 6.0, 8.0, 10.0], np.zeros(6), list("AAABBB")))


def at_once() -> SurvivalAnalysis:
    """Everybody has the event at the same time."""
    return view(from_rows(np.full(8, 3.0), np.ones(8), list("AAAABBBB")))


TERMS = (
    "Hypertension",
    "Fatigue",
    "Hand–foot syndrome",
    "Proteinuria",
    "Hypothyroidism",
    "Aspartate aminotransferase increased",
    "Immune-mediated pneumonitis with a long descriptive name",
    "Diarrhoea",
)


def with_events(of: Cohort, seed: int = 3) -> Cohort:
    """The cohort with simulated adverse events, the first terms the commonest."""
    rng = np.random.default_rng(seed)
    rows = [
        (patient, term, float(grade))
        for patient in of.patients["patient_id"]
        for i, term in enumerate(TERMS)
        for grade in rng.choice([1, 2, 3, 4, 5], size=1, p=[0.4, 0.3, 0.2, 0.08, 0.02])
        if rng.random() < 0.6 / (i + 1)
    ]
    return replace(of, adverse_events=pd.DataFrame(rows, columns=["patient_id", "term", "grade"]))


def safety(of: Cohort, by: tuple[str, ...] = ("arm",), **more: Any) -> SafetyAnalysis:
    """The Safety view of that cohort."""
    return analyse_safety(of, Selection(of.digest, "pfs", tuple(By(b) for b in by), **more))
