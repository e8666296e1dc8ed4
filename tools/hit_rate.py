"""How often columns of real files are recognised: python tools/hit_rate.py FOLDER (that of KRASCOPE_REAL_DATA).

TRUTH says by hand what each column is: the names alone, no data. A column that is not named there is one of the
file's own, to be kept or left out. Right: recognised as what it is. Missed: left as a column of its own. Wrong:
recognised as something that it is not.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kras_core.cohort.files import open_tables
from kras_core.cohort.files.apart import read_apart
from kras_core.cohort.mapping import propose
from kras_core.cohort.readers import RawTables, tables_of

_WHAS = {"id": "patient_id", "age": "age", "gender": "sex", "lenfol": "os_time", "fstat": "os_event"}

# A time or event of the dermatologic events of CDISC's pilot is no endpoint of KRAScope's: none is named for ADTTE.
TRUTH: Mapping[str, Mapping[str, str]] = {
    "hellmann_2018/data_clinical_patient.txt": {
        "PATIENT_ID": "patient_id",
        "AGE_YRS": "age",
        "SEX": "sex",
        "SMOKING_STATUS": "smoking",
        "PDL1_EXP": "pdl1_tps",
        "PFS_MONTHS": "pfs_time",
        "PFS_STATUS": "pfs_event",
        "BEST_OVERALL_RESPONSE": "best_response",
        "ECOG_PERFORMANCE_STATUS": "ecog",
        "HISTOLOGY": "histology",
    },
    "hellmann_2018/data_clinical_sample.txt": {"PATIENT_ID": "patient_id", "CANCER_TYPE_DETAILED": "histology"},
    "luad_mskcc_2020/data_clinical_patient.txt": {
        "PATIENT_ID": "patient_id",
        "SEX": "sex",
        "AGE_AT_SURGERY": "age",
        "SMOKING_HISTORY": "smoking",
        "RFS_STATUS": "rfs_event",
        "RFS_MONTHS": "rfs_time",
        "OS_MONTHS": "os_time",
        "OS_STATUS": "os_event",
    },
    "luad_mskcc_2020/data_clinical_sample.txt": {
        "PATIENT_ID": "patient_id",
        "PATHOLOGIC_STAGE": "stage",
        "CANCER_TYPE_DETAILED": "histology",
    },
    "cdisc_pilot_adam/adsl.xpt": {
        "USUBJID": "patient_id",
        "SITEID": "centre",
        "AGE": "age",
        "SEX": "sex",
        "TRTSDT": "start_date",
        "TRTEDT": "treatment_end_date",
        "DTHFL": "os_event",
        "DCREASCD": "off_treatment_reason",
    },
    "cdisc_pilot_adam/adtte.xpt": {
        "USUBJID": "patient_id",
        "SITEID": "centre",
        "AGE": "age",
        "SEX": "sex",
        "TRTSDT": "start_date",
        "TRTEDT": "treatment_end_date",
    },
    "stat_formats/survival_spssmanual.sav": {
        "ID": "patient_id",
        "N_year": "os_time",
        "status_numeric": "os_event",
        "Age": "age",
        "Sex": "sex",
        "Albumin": "albumin_g_per_l",
    },
    "stat_formats/pmean_whas500.sav": _WHAS,
    "stat_formats/pmean_whas500.dta": _WHAS,
    "stat_formats/pmean_whas500.sas7bdat": _WHAS,
    "lifelines/load_lung": {
        "inst": "centre",
        "time": "os_time",
        "status": "os_event",
        "age": "age",
        "sex": "sex",
        "ph.ecog": "ecog",
    },
}


@dataclass(frozen=True, slots=True)
class Score:
    """Columns by what came of them: (column, what was guessed)."""

    right: list[str]
    wrong: list[tuple[str, str]]
    missed: list[str]
    columns: int


def score(file: str, folder: Path) -> Score:
    """The proposal for one file against the truth."""
    truth = TRUTH[file]
    guesses = {c.source: c.becomes if c.is_target else "" for c in propose(_tables(file, folder)).patients}
    known = {source: target for source, target in truth.items() if source in guesses}
    assert known.keys() == truth.keys(), f"{file} lacks {sorted(truth.keys() - known.keys())}"
    return Score(
        right=[s for s, target in truth.items() if guesses[s] == target],
        wrong=[(s, guess) for s, guess in guesses.items() if guess and guess != truth.get(s)],
        missed=[s for s in truth if not guesses[s]],
        columns=len(guesses),
    )


def _tables(file: str, folder: Path) -> RawTables:
    if file == "lifelines/load_lung":
        from lifelines.datasets import load_lung

        return _open("lung.csv", load_lung().to_csv(index=False).encode())
    return _open(Path(file).name, (folder / file).read_bytes())


def _open(name: str, content: bytes) -> RawTables:
    if name.endswith(".xpt"):  # as it is written, before the forms of ADaM are joined
        table, _ = read_apart(name, content)
        assert table is not None
        return RawTables(table, None, (name,), ())
    return tables_of(open_tables([(name, content)]), [name])


def main() -> None:
    folder = Path(sys.argv[1])
    print("| File | Columns | To be known | Right | Wrong | Missed |\n|---|---|---|---|---|---|")
    totals = [0, 0, 0, 0, 0]
    for file, truth in TRUTH.items():
        found = score(file, folder)
        counts = [found.columns, len(truth), len(found.right), len(found.wrong), len(found.missed)]
        totals = [a + b for a, b in zip(totals, counts, strict=True)]
        wrong = ", ".join(f"{source} as {guess}" for source, guess in found.wrong)
        missed = ", ".join(found.missed)
        last = [f"{counts[3]}{wrong and f' ({wrong})'}", f"{counts[4]}{missed and f' ({missed})'}"]
        print(f"| {file} | {counts[0]} | {counts[1]} | {counts[2]} | {' | '.join(last)} |")
    print(f"| All | {' | '.join(map(str, totals))} |")


if __name__ == "__main__":
    main()
