"""Simulated cohorts for tests: small, deterministic, and marked simulated."""

import numpy as np
import pandas as pd

from kras_core.cohort.model import Cohort, Cutoff, PartlyDrawn

DAYS_PER_MONTH = 365 / 12


def simulated_cohort(n: int = 60, *, seed: int = 1, origin: str = "bundled", **fields) -> Cohort:
    """Patients with PFS and OS in days, the usual stratifiers, a free category and a free number."""
    rng = np.random.default_rng(seed)
    days = np.ceil(rng.exponential(240, n)) + 5
    later = days + np.ceil(rng.exponential(150, n))
    flag = rng.integers(0, 2, n).astype(float)
    patients = pd.DataFrame(
        {
            "patient_id": [f"SIM-{i + 1:04d}" for i in range(n)],
            "age": rng.integers(36, 81, n).astype(float),
            "sex": pd.Categorical(rng.choice(["F", "M"], n), categories=["F", "M"]),
            "kras_variant": pd.Categorical(
                rng.choice(["G12C", "G12V", "G12D"], n, p=[0.5, 0.3, 0.2]), categories=["G12C", "G12V", "G12D"]
            ),
            "prior_antiangiogenic": flag,
            "nlr": np.round(rng.lognormal(1.1, 0.6, n), 2),
            "best_response": pd.Categorical(rng.choice(["PR", "SD", "PD"], n), categories=["PR", "SD", "PD"]),
            "ward": pd.Categorical(rng.choice(["north", "south"], n), categories=["north", "south"]),
            "ldh": rng.integers(120, 700, n).astype(float),
            "entry_months": np.round(rng.uniform(0, 1, n), 2) * 0.1,
            "pfs_months": days / DAYS_PER_MONTH,
            "pfs_event": (rng.random(n) < 0.8).astype(float),
            "os_months": later / DAYS_PER_MONTH,
            "os_event": (rng.random(n) < 0.6).astype(float),
        }
    )
    settings = {
        "id": "simulated",
        "title": "Simulated cohort",
        "provenance": "simulated",
        "days_per_month": DAYS_PER_MONTH,
        "time_in_days": frozenset({"pfs", "os"}),
        "default_endpoint": "pfs",
        "default_by": "prior_antiangiogenic",
    }
    return Cohort(patients=patients, adverse_events=None, origin=origin, **(settings | fields))  # type: ignore[arg-type]


def with_patients(cohort: Cohort, **columns) -> Cohort:
    """The same cohort with some columns replaced."""
    kept = {
        name: getattr(cohort, name)
        for name in ("id", "title", "provenance", "origin", "days_per_month", "time_in_days", "drawn", "partly_drawn")
    }
    return Cohort(patients=cohort.patients.assign(**columns), adverse_events=cohort.adverse_events, **kept)


def reconstructed(n: int = 40, **fields) -> Cohort:
    """A simulated cohort that plays a reconstruction: sex drawn, variants and NLR drawn within strata."""
    return simulated_cohort(
        n,
        provenance="reconstructed",
        drawn=frozenset({"sex"}),
        partly_drawn=(
            PartlyDrawn("kras_variant", "g12c", ("pfs", "os")),
            PartlyDrawn("nlr", "nlr", ("pfs",)),
        ),
        cutoffs={"nlr": Cutoff(3.0, "published: median of these data, blind to outcome")},
        **fields,
    )


def simulated_scans(patients: pd.DataFrame, *, seed: int = 3) -> pd.DataFrame:
    """Target lesions of every patient but each tenth: a baseline up to four weeks before, then every six weeks."""
    rng = np.random.default_rng(seed)
    rows = []
    for i, (name, months) in enumerate(zip(patients["patient_id"], patients["pfs_months"], strict=True)):
        if i % 10 == 9:
            continue
        size = float(rng.integers(30, 140))
        trend = rng.choice([-0.25, -0.08, 0.06, 0.2])
        rows.append((name, -float(rng.integers(0, 28)) / DAYS_PER_MONTH, size))
        for scan in range(1, min(int(months * DAYS_PER_MONTH / 42), 9) + 1):
            size = round(max(size * (1 + trend + rng.normal(0, 0.06)), 0.0), 1)
            trend += 0.03
            rows.append((name, 42 * scan / DAYS_PER_MONTH, size))
            if size > 1.6 * rows[-scan - 1][2]:
                break
    return pd.DataFrame(rows, columns=["patient_id", "months", "sum_mm"]).sort_values(
        ["patient_id", "months"], ignore_index=True
    )
