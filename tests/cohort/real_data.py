"""Published studies with their columns renamed into the template, where the machine has the files."""

import csv
import os
from pathlib import Path

FOLDER = os.environ.get("KRASCOPE_REAL_DATA")
MISSING = "KRASCOPE_REAL_DATA names no folder with the real files"

HELLMANN = {
    "patient_id": "PATIENT_ID",
    "age": "AGE_YRS",
    "sex": "SEX",
    "smoking": "SMOKING_STATUS",
    "ecog": "ECOG_PERFORMANCE_STATUS",
    "best_response": "BEST_OVERALL_RESPONSE",
    "pfs_months": "PFS_MONTHS",
    "pfs_event": "PFS_STATUS",
    "tmb": "NONSYNONYMOUS_MUTATION_BURDEN",
}
RESECTED = {
    "patient_id": "PATIENT_ID",
    "age": "AGE_AT_SURGERY",
    "sex": "SEX",
    "suv": "SUV",
    "rfs_months": "RFS_MONTHS",
    "rfs_event": "RFS_STATUS",
}
STUDIES = {"hellmann_2018": HELLMANN, "luad_mskcc_2020": RESECTED}


def renamed(study: str) -> list[dict[str, str]]:
    """The patients of a study as rows of the template."""
    with (Path(FOLDER or "") / study / "data_clinical_patient.txt").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [{ours: _value(ours, row[theirs]) for ours, theirs in STUDIES[study].items()} for row in rows]


def _value(column: str, text: str) -> str:
    if column.endswith("_event"):
        return text.partition(":")[0]
    if column == "suv":
        return text if text.replace(".", "").isdigit() else ""
    return text


def as_csv(study: str, folder: Path) -> Path:
    """The same as a file to upload."""
    rows = renamed(study)
    path = folder / f"{study}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path
