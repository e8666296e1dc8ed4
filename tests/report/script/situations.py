"""Views that a script must redo: every bundled cohort, and simulated ones for what those lack."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from kras_core.analyse.results import SurvivalAnalysis
from kras_core.analyse.survival import analyse
from kras_core.cohort.bundled import load
from kras_core.cohort.model import Cohort
from kras_core.conventions import PRESETS
from kras_core.selection import By, Filter, Selection


@dataclass(frozen=True)
class Situation:
    """A bundled cohort's view, but for its preset."""

    cohort: str
    endpoint: str
    by: tuple[By, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return "-".join([self.cohort, self.endpoint, *(b.id for b in self.by), *self.more])

    def analysis(self, preset: str) -> tuple[Cohort, SurvivalAnalysis]:
        cohort = load(self.cohort)
        selection = Selection(cohort.digest, self.endpoint, self.by, conventions=PRESETS[preset], **self.more)
        return cohort, analyse(cohort, selection)


def _only(*filters: str) -> dict[str, Any]:
    return {"where": tuple(map(Filter.parse, filters))}


PAPER = [
    Situation("sintilimab-anlotinib", endpoint, by)
    for endpoint in ("pfs", "os")
    for by in ((), (By("prior_antiangiogenic"),), (By("g12c"),))
]
SITUATIONS = [
    *PAPER,
    Situation("sintilimab-anlotinib-p", "pfs", (By("prior_antiangiogenic"),)),
    Situation("sintilimab-anlotinib-p", "os"),
    Situation("sintilimab-anlotinib", "pfs", (By("nlr"),)),
    Situation("sintilimab-anlotinib", "pfs", (By("plr", 150.0),)),
    Situation("sintilimab-anlotinib", "pfs", (By("sex"),)),  # drawn: everybody alone
    Situation("sintilimab-anlotinib", "pfs", (By("prior_antiangiogenic"),), {"analysis": "landmark", "landmark": 3.0}),
    Situation("sintilimab-anlotinib", "pfs", (), _only("prior_antiangiogenic=0")),
    Situation("ncctg-lung", "os"),
    Situation("ncctg-lung", "os", (By("sex"),), {"milestones": (3.0, 18.0, 40.0)}),
    Situation("ncctg-lung", "os", (By("ecog"),)),  # three and more groups, a patient without a value
    Situation("ncctg-lung", "os", (By("sex"), By("age", 65.0)), _only("ecog=0|1", "age>=50")),
    Situation("ncctg-lung", "os", (By("age", 60.0, 70.0),), _only("sex!=F")),
    Situation("ncctg-lung", "os", (By("centre"),)),  # small groups, some of them never compared
    Situation("ncctg-lung", "os", (By("wt_loss", 5.0, on_outcome=True),), {"analysis": "landmark", "landmark": 6.0}),
    Situation("veterans-lung", "os", (By("treatment"),)),
    Situation("veterans-lung", "os", (By("cell_type"),), _only("prior_therapy=no")),
    Situation("veterans-lung", "os", (By("karnofsky"),), {"analysis": "landmark", "landmark": 1.0}),
]  # fmt: skip


def simulated(kind: str) -> Cohort:
    """delayed: late entry. monotone, monotone-3: a group has no event while at risk with the others. plateau: S is
    exactly one half for a while. tied: few distinct times. odd: column and level names that need quoting."""
    rng = np.random.default_rng(7)
    n = 60
    arm = np.where(np.arange(n) % 3 == 0, "B", "A")
    time = np.round(rng.exponential(10, n) + 0.1, 3)
    event = rng.random(n) < 0.7
    more: dict[str, Any] = {}
    if kind == "delayed":
        more["entry_months"] = np.round(np.maximum(time - rng.exponential(6, n) - 0.05, 0.0), 3)
    if kind in ("monotone", "monotone-3"):
        event = (arm == "A") & event
        arm = np.where((np.arange(n) % 4 == 1) & (arm == "A"), "C", arm) if kind == "monotone-3" else arm
    if kind == "plateau":
        arm, time, event = (
            np.array(list("AAAABBBB")),
            np.array([1.0, 2, 5, 9, 2, 3, 4, 8]),
            np.array([1, 1, 0, 0, 1, 1, 0, 1]),
        )
    if kind == "tied":
        time = np.ceil(time / 4)
    names = (
        {"A": 'the "old" \\ way', "B": "new, 'better' #1 {x}", "C": "C"}
        if kind == "odd"
        else dict(zip("ABC", "ABC", strict=True))
    )
    column = 'arm "of\\ {study}"' if kind == "odd" else "arm"
    patients = pd.DataFrame(
        {
            "patient_id": [f"SIM-{i}" for i in range(len(time))],
            column: pd.Categorical([names[a] for a in arm]),
            "os_months": time.astype(float),
            "os_event": event.astype(float),
            **more,
        }
    )
    return Cohort("sim", "Simulated\ncohort", patients, None, "simulated", origin="uploaded")


SIMULATED = ("delayed", "monotone", "monotone-3", "plateau", "tied", "odd")


def simulated_view(kind: str, preset: str) -> tuple[Cohort, SurvivalAnalysis]:
    cohort = simulated(kind)
    by = next(c for c in map(str, cohort.patients.columns) if c.startswith("arm"))
    analysis = "delayed-entry" if kind == "delayed" else "naive"
    selection = Selection(cohort.digest, "os", (By(by),), analysis=analysis, conventions=PRESETS[preset])
    return cohort, analyse(cohort, selection)
