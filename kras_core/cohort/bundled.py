"""The cohorts that come with KRAScope: one registry, one folder each under `data/`.

A folder holds `README.md` (the data card), `cohort.toml`, `patients.csv` and, where they were recorded,
`adverse_events.csv` and `target_lesions.csv`, all under the names of the variable dictionary. A cohort whose rows are
those of an installed package has no CSV; its registry row names the function that reads them.

cohort.toml:

    id, title, provenance            # provenance: "real", "simulated" or "reconstructed"
    days_per_month                   # divisor between days and months (default 30.4375)
    time_in_days = ["pfs"]           # endpoints whose months are whole days divided by it; found by itself
                                     # where the CSV has <id>_days
    conventions = "spss"             # preset that the cohort opens in
    default_endpoint, default_by     # the view it opens with
    conditional_on                   # what patients had to live through to be in the rows
    ae_definition, ctcae_version, citation, licence
    [drawn]                          # columns drawn at random to match a printed total
    columns = ["age", "adverse_events"]
    [[partly_drawn]]                 # drawn within strata that the publication does determine
    column = "nlr"
    keeps = "nlr"
    endpoints = ["pfs"]
    [cutoffs.nlr]                    # by stratifier
    value = 2.99
    origin = "published: median of the cohort"
    [[declared]]                     # comparisons that a dated protocol declared beforehand
    date = "2024-03-04"
    endpoint = "pfs"
    by = ["prior_antiangiogenic"]
    claims = "claims.csv"            # the publication's printed figures, beside this file or relative to it
    [labels]                         # names of columns that the dictionary does not know
    ph_karno = "Karnofsky status by physician"
"""

import functools
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from kras_core.cohort.mapping.files import open_mapped, read_mapping
from kras_core.cohort.model import Cohort, Cutoff, Declared, PartlyDrawn, Provenance
from kras_core.cohort.problems import CohortError, Problem
from kras_core.cohort.readers import RawTables, paths_given, read, read_path
from kras_core.cohort.validate import build_cohort, check
from kras_core.cohort.variables import BESIDE

DATA = Path(__file__).resolve().parents[2] / "data"
DEFAULT = "sintilimab-anlotinib"

_PLAIN_FIELDS = (
    "days_per_month",
    "conventions",
    "default_endpoint",
    "default_by",
    "conditional_on",
    "ae_definition",
    "ctcae_version",
    "citation",
    "licence",
)


@dataclass(frozen=True)
class BundledCohort:
    """A registry row: id, folder under `data/`, and who reads the rows where the folder holds none."""

    id: str
    folder: str
    rows: Callable[[], pd.DataFrame] | None = None

    @property
    def path(self) -> Path:
        return DATA / self.folder

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What cohort.toml says."""
        return tomllib.loads((self.path / "cohort.toml").read_text(encoding="utf-8"))

    @property
    def title(self) -> str:
        return self.settings["title"]

    @property
    def provenance(self) -> Provenance:
        return self.settings["provenance"]

    @property
    def claims(self) -> Path | None:
        """The file of printed figures of the cohort's publication; cohorts of the same one share it."""
        name = self.settings.get("claims")
        return (self.path / name).resolve() if name else None

    @property
    def default(self) -> bool:
        return self.id == DEFAULT

    def tables(self) -> RawTables:
        """The rows as text, as from an upload: bundled cohorts pass the same validation."""
        if self.rows is not None:
            return read(("patients.csv", self.rows().to_csv(index=False).encode()))
        beside = (self.path / f"{table}.csv" for table in BESIDE)
        return read_path([self.path / "patients.csv", *(path for path in beside if path.exists())])

    def load(self) -> Cohort:
        """Read and validate. Raises CohortError, OSError, and ValueError for a setting that is not known."""
        card = (self.path / "README.md").read_text(encoding="utf-8")
        fields = cohort_fields(self.settings)
        return build_cohort(
            self.tables(), id=self.id, title=self.title, provenance=self.provenance, card=card, **fields
        )


def cohort_fields(settings: dict[str, Any]) -> dict[str, Any]:
    """Fields of `Cohort` from a cohort.toml. Raises ValueError for a key that it does not know."""
    known = {
        "id",
        "title",
        "provenance",
        "time_in_days",
        "drawn",
        "partly_drawn",
        "cutoffs",
        "labels",
        "claims",
        "declared",
        *_PLAIN_FIELDS,
    }
    unknown = sorted(set(settings) - known)
    if unknown:
        raise ValueError(f"cohort.toml: unknown {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    return {key: settings[key] for key in _PLAIN_FIELDS if key in settings} | {
        "time_in_days": frozenset(settings.get("time_in_days", ())),
        "drawn": frozenset(settings.get("drawn", {}).get("columns", ())),
        "partly_drawn": tuple(
            PartlyDrawn(p["column"], p["keeps"], tuple(p["endpoints"])) for p in settings.get("partly_drawn", ())
        ),
        "cutoffs": {id: Cutoff(float(c["value"]), c["origin"]) for id, c in settings.get("cutoffs", {}).items()},
        "labels": dict(settings.get("labels", {})),
        "declared": tuple(
            Declared(str(d["date"]), d["endpoint"], tuple(d["by"])) for d in settings.get("declared", ())
        ),
    }


def _ncctg_lung() -> pd.DataFrame:
    """lifelines' copy: status is 1 for dead already, sex is 1 for men."""
    from lifelines.datasets import load_lung  # slow to import

    rows = load_lung()
    return pd.DataFrame(
        {
            "patient_id": [f"NCCTG-{i + 1:03d}" for i in range(len(rows))],
            "centre": rows["inst"].astype("Int64"),
            "age": rows["age"],
            "sex": rows["sex"].map({1: "M", 2: "F"}),
            "ecog": rows["ph.ecog"].astype("Int64"),
            "ph_karno": rows["ph.karno"],
            "pat_karno": rows["pat.karno"],
            "meal_cal": rows["meal.cal"],
            "wt_loss": rows["wt.loss"],
            "os_days": rows["time"],
            "os_event": rows["status"],
        }
    )


def _veterans_lung() -> pd.DataFrame:
    """scikit-survival's copy, with its levels written out."""
    from sksurv.datasets import load_veterans_lung_cancer  # slow to import

    rows, outcome = load_veterans_lung_cancer()
    cells = {"adeno": "adenocarcinoma", "large": "large cell", "smallcell": "small cell", "squamous": "squamous cell"}
    return pd.DataFrame(
        {
            "patient_id": [f"VA-{i + 1:03d}" for i in range(len(rows))],
            "treatment": rows["Treatment"].astype(str),
            "cell_type": rows["Celltype"].astype(str).map(cells),
            "karnofsky": rows["Karnofsky_score"],
            "months_from_diagnosis": rows["Months_from_Diagnosis"],
            "age": rows["Age_in_years"],
            "prior_therapy": rows["Prior_therapy"].astype(str),
            "os_days": outcome["Survival_in_days"],  # type: ignore[index]
            "os_event": outcome["Status"].astype(int),  # type: ignore[index]
        }
    )


BUNDLED: dict[str, BundledCohort] = {
    c.id: c
    for c in (
        BundledCohort(DEFAULT, "sintilimab_anlotinib"),
        BundledCohort("sintilimab-anlotinib-p", "sintilimab_anlotinib_p"),
        BundledCohort("ncctg-lung", "ncctg_lung", _ncctg_lung),
        BundledCohort("veterans-lung", "veterans_lung", _veterans_lung),
    )
}


@functools.cache
def load(id: str) -> Cohort:
    """The bundled cohort of that id, read once per process. Raises LookupError naming the ids there are."""
    if id not in BUNDLED:
        raise LookupError(f"no bundled cohort {id!r}; there are {', '.join(BUNDLED)}")
    return BUNDLED[id].load()


def load_file(
    path: str | Path | Sequence[str | Path],
    adverse_events: str | Path | None = None,
    mapping: str | Path | None = None,
    **fields: Any,
) -> Cohort:
    """A file of any format, or several, as a cohort: named after it, real unless `fields` say otherwise, in R's
    conventions.

    mapping: file of a mapping, where the columns do not have KRAScope's names. Raises CohortError with every problem,
    MappingError, and OSError.
    """
    paths = [path] if isinstance(path, str | Path) else path
    name = " + ".join(Path(p).stem for p in paths)
    settings: dict[str, Any] = {"id": name, "title": name, "provenance": "real", "origin": "uploaded"} | fields
    return build_cohort(read_files(path, adverse_events, mapping), **settings)


def check_file(
    path: str | Path | Sequence[str | Path],
    adverse_events: str | Path | None = None,
    mapping: str | Path | None = None,
) -> tuple[Problem, ...]:
    """Everything wrong or doubtful in a file or several, errors first; also where it is no readable table.

    Raises MappingError and OSError.
    """
    try:
        return check(read_files(path, adverse_events, mapping))
    except CohortError as error:
        return error.problems


def read_files(
    path: str | Path | Sequence[str | Path], adverse_events: str | Path | None, mapping: str | Path | None
) -> RawTables:
    """A file or several as tables, mapped where a mapping is given. Raises CohortError, MappingError and OSError."""
    if mapping is None:
        return read_path(path, adverse_events)
    return open_mapped(paths_given(path, adverse_events), read_mapping(Path(mapping)))
