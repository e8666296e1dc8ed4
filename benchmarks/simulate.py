"""Simulated patients for the benchmarks, under the names of the variable dictionary. Nobody is behind them."""

import numpy as np
import pandas as pd

DAYS_PER_MONTH = 30.4375


def patients(n: int, seed: int = 1, continuous: bool = False) -> pd.DataFrame:
    """n patients with PFS and OS, whole days unless `continuous` (then months with all digits).

    Prior anti-angiogenic therapy doubles the hazard, a high NLR raises it; a quarter are censored.
    """
    rng = np.random.default_rng(seed)
    prior = rng.random(n) < 0.3
    nlr = np.round(rng.lognormal(1.1, 0.5, n), 3)
    rate = 0.09 * np.where(prior, 2.0, 1.0) * np.where(nlr > 3, 1.3, 1.0)
    pfs = rng.weibull(1.2, n) / rate
    survival = pfs + rng.exponential(6.0, n)
    censored = rng.uniform(3.0, 60.0, n)
    frame = pd.DataFrame(
        {
            "patient_id": np.char.add("S", np.arange(1, n + 1).astype(str)),
            "sex": np.where(rng.random(n) < 0.6, "M", "F"),
            "kras_variant": rng.choice(["G12C", "G12D", "G12V", "other"], n),
            "prior_antiangiogenic": prior.astype(int),
            "nlr": nlr,
        }
    )
    for endpoint, time in (("pfs", pfs), ("os", survival)):
        months = np.minimum(time, censored)
        days = np.maximum(np.ceil(months * DAYS_PER_MONTH), 1).astype(int)
        frame[f"{endpoint}_months" if continuous else f"{endpoint}_days"] = months if continuous else days
        frame[f"{endpoint}_event"] = (time <= censored).astype(int)
    return frame
