"""Where the rows of the bundled cohorts come from, in Python and in R. A row a cohort; uploads are a file."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Source:
    """A CSV (its path in KRAScope's folder), or a package's own copy: how to get it, and a column's expression in it.

    An empty path and no package: a file that the user names.
    """

    path: str = ""
    python: str = ""
    r: str = ""
    of_python: dict[str, str] = field(default_factory=dict)
    of_r: dict[str, str] = field(default_factory=dict)

    @property
    def packaged(self) -> bool:
        return bool(self.python)


WHOLE = 'raw["{}"].map("{{:.0f}}".format, na_action="ignore")'  # a level written as text

NCCTG = {
    "age": ('raw["age"]', "raw$age"),
    "sex": ('raw["sex"].map({1: "M", 2: "F"})', 'c("M", "F")[raw$sex]'),
    "ecog": (WHOLE.format("ph.ecog"), "as.character(raw$ph.ecog)"),
    "centre": (WHOLE.format("inst"), "as.character(raw$inst)"),
    "ph_karno": ('raw["ph.karno"]', "raw$ph.karno"),
    "pat_karno": ('raw["pat.karno"]', "raw$pat.karno"),
    "meal_cal": ('raw["meal.cal"]', "raw$meal.cal"),
    "wt_loss": ('raw["wt.loss"]', "raw$wt.loss"),
    "os_days": ('raw["time"]', "raw$time"),
    "os_event": ('raw["status"]', "as.numeric(raw$status == 2)"),
}
CELLS = {"adeno": "adenocarcinoma", "large": "large cell", "smallcell": "small cell", "squamous": "squamous cell"}
VETERANS = {
    "treatment": ('raw["Treatment"].astype(str)', 'c("standard", "test")[raw$trt]'),
    "cell_type": (
        f'raw["Celltype"].astype(str).map({CELLS})'.replace("'", '"'),
        "c(" + ", ".join(f'{k} = "{v}"' for k, v in CELLS.items()) + ")[as.character(raw$celltype)]",
    ),
    "karnofsky": ('raw["Karnofsky_score"]', "raw$karno"),
    "months_from_diagnosis": ('raw["Months_from_Diagnosis"]', "raw$diagtime"),
    "age": ('raw["Age_in_years"]', "raw$age"),
    "prior_therapy": ('raw["Prior_therapy"].astype(str)', 'ifelse(raw$prior == 10, "yes", "no")'),
    "os_days": ('outcome["Survival_in_days"]', "raw$time"),
    "os_event": ('outcome["Status"].astype(int)', "raw$status"),
}


def _package(python: str, r: str, columns: dict[str, tuple[str, str]]) -> Source:
    one, other = ({name: both[i] for name, both in columns.items()} for i in (0, 1))
    return Source("", python, r, one, other)


SOURCES: dict[str, Source] = {
    "sintilimab-anlotinib": Source("data/sintilimab_anlotinib/patients.csv"),
    "sintilimab-anlotinib-p": Source("data/sintilimab_anlotinib_p/patients.csv"),
    "ncctg-lung": _package(
        "from lifelines.datasets import load_lung\n\nraw = load_lung()", "raw <- survival::lung", NCCTG
    ),
    "veterans-lung": _package(
        "from sksurv.datasets import load_veterans_lung_cancer\n\nraw, outcome = load_veterans_lung_cancer()",
        "raw <- survival::veteran",
        VETERANS,
    ),
}
