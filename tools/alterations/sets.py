"""The sets: printed figures as claims/*.csv, and the rows that they were computed from, where a package has them."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from kras_core.audit.claims import Claims, read_claims_path
from kras_core.cohort.bundled import BUNDLED, load
from kras_core.cohort.model import Cohort
from kras_core.cohort.readers import read
from kras_core.cohort.validate import build_cohort

CLAIMS = Path(__file__).parent / "claims"
REAL_DATA = os.environ.get("KRASCOPE_REAL_DATA")


@dataclass(frozen=True)
class Published:
    """id: of claims/<id>.csv. source: who printed the figures. rows: None where there are none at hand."""

    id: str
    title: str
    source: str
    rows: Callable[[], pd.DataFrame] | None
    n: int
    path: Path | None = None

    @property
    def claims(self) -> Claims:
        return read_claims_path(self.path or CLAIMS / f"{self.id}.csv")

    def cohort(self) -> Cohort | None:
        """The rows as a cohort; None where there are none, or not on this machine."""
        if self.id in BUNDLED:
            return load(self.id)
        if self.rows is None or (self.id == "hellmann" and not REAL_DATA):
            return None
        frame = self.rows()
        frame.insert(0, "patient_id", [f"P{i + 1:04d}" for i in range(len(frame))])
        text = frame.to_csv(index=False).encode()
        return build_cohort(read(("patients.csv", text)), id=self.id, title=self.title, provenance="real")


def _leukaemia() -> pd.DataFrame:
    from lifelines.datasets import load_leukemia

    d = load_leukemia()
    return pd.DataFrame(
        {"arm": d["Rx"].map({0: "6-MP", 1: "placebo"}), "pfs_days": 7 * d["t"], "pfs_event": d["status"]}
    )


def _larynx() -> pd.DataFrame:
    from lifelines.datasets import load_larynx

    d = load_larynx()
    stage = 1 + d["Stage_II"] + 2 * d["Stage_III"] + 3 * d["Stage_IV"]
    names = stage.map({1: "I", 2: "II", 3: "III", 4: "IV"})
    return pd.DataFrame({"tumour_stage": names, "os_months": 12 * d["time"], "os_event": d["death"]})


def _recidivism() -> pd.DataFrame:
    from lifelines.datasets import load_rossi

    d = load_rossi()
    return pd.DataFrame(
        {"aid": d["fin"].map({0: "no aid", 1: "aid"}), "ttr_days": 7 * d["week"], "ttr_event": d["arrest"]}
    )


def _breast() -> pd.DataFrame:
    from lifelines.datasets import load_gbsg2

    d = load_gbsg2()
    return pd.DataFrame({"hormones": d["horTh"], "rfs_days": d["time"], "rfs_event": d["cens"]})


def _worcester() -> pd.DataFrame:
    from sksurv.datasets import load_whas500

    x, y = load_whas500()
    sex: Any = x["gender"].astype(str).map({"0": "M", "1": "F"})
    return pd.DataFrame({"sex": sex, "os_days": y["lenfol"], "os_event": y["fstat"].astype(int)})  # type: ignore[index]


def _hellmann() -> pd.DataFrame:
    folder = Path(REAL_DATA or "") / "hellmann_2018"
    d = pd.read_csv(folder / "data_clinical_patient.txt", sep="\t")
    return pd.DataFrame(
        {
            "best_response": d["BEST_OVERALL_RESPONSE"],
            "pfs_months": d["PFS_MONTHS"],
            "pfs_event": d["PFS_STATUS"].str.partition(":")[0].astype(int),
            "tmb": d["NONSYNONYMOUS_MUTATION_BURDEN"],
        }
    )


SETS: dict[str, Published] = {
    s.id: s
    for s in (
        Published(
            "ncctg-lung",
            "NCCTG lung cancer",
            "R's survival; Loprinzi 1994",
            None,
            228,
            BUNDLED["ncctg-lung"].claims,
        ),
        Published(
            "veterans-lung", "Veterans' lung cancer trial", "R's survival; Kalbfleisch and Prentice 1980", None, 137
        ),
        Published("leukaemia", "6-MP in leukaemia", "Freireich 1963; Kleinbaum and Klein 2012", _leukaemia, 42),
        Published("larynx", "Larynx cancer", "Kardaun 1983; Klein and Moeschberger 2003", _larynx, 90),
        Published("recidivism", "Financial aid and rearrest", "Rossi 1980; R's survival", _recidivism, 432),
        Published("gbsg2", "German breast cancer study", "Schumacher 1994; R's survival", _breast, 686),
        Published("whas500", "Worcester heart attack study", "Hosmer 2008; R's survival", _worcester, 500),
        Published("bonner", "Radiotherapy with cetuximab", "Bonner 2006", None, 424),
        Published("hellmann", "Nivolumab with ipilimumab", "Hellmann 2018", _hellmann, 75),
    )
}
