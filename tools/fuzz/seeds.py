"""Good files of every format to start from, made up, and the real ones where KRASCOPE_REAL_DATA names a folder."""

import io
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import xlsxwriter

N = 24
LARGEST_REAL = 200 * 1024
LARGEST_TEXT = 20 * 1024  # of real ones: more of the same lines would only take longer


def simulated() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    days = rng.integers(20, 900, N)
    return pd.DataFrame(
        {
            "patient_id": [f"SIM-{i:02d}" for i in range(N)],
            "age": rng.integers(40, 85, N).astype(float),
            "sex": rng.choice(["M", "F"], N),
            "nlr": rng.lognormal(1, 0.5, N).round(3),
            "centre": rng.choice(["Köln", "北京", "Lyon"], N),
            "start_date": pd.Timestamp("2021-03-15") + pd.to_timedelta(rng.integers(0, 300, N), unit="D"),
            "os_days": days.astype(float),
            "os_event": rng.integers(0, 2, N).astype(float),
        }
    )


def made_up() -> dict[str, bytes]:
    """Name and content of a good file of every format that can be written here."""
    frame = simulated()
    text = frame.to_csv(index=False)
    files = {
        "comma.csv": text.encode(),
        "semicolon.csv": frame.to_csv(index=False, sep=";", decimal=",").encode("utf-8-sig"),
        "tab.tsv": frame.to_csv(index=False, sep="\t").encode("utf-16"),
        "bar.txt": frame.to_csv(index=False, sep="|").replace("Köln", "Koln").encode("gb18030"),
        "study.zip": study(),
        "adam.zip": adam(),
        "book.xlsx": workbook(frame),
    }
    files["table.parquet"] = parquet(frame)
    return files | statistical(frame)


def parquet(frame: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.to_parquet(out, index=False)
    return out.getvalue()


def workbook(frame: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet("patients")
        sheet.write_row(0, 0, list(frame.columns))
        for i, record in enumerate(frame.itertuples(index=False), 1):
            for j, value in enumerate(record):
                sheet.write(i, j, value.to_pydatetime() if isinstance(value, pd.Timestamp) else value)
        events = book.add_worksheet("adverse_events")
        events.write_row(0, 0, ["patient_id", "term", "grade"])
        events.write_row(1, 0, ["SIM-01", "Rash", 2])
    return out.getvalue()


def statistical(frame: pd.DataFrame) -> dict[str, bytes]:
    """SPSS, Stata and SAS transport; nothing here writes sas7bdat."""
    labels = {"os_event": {0.0: "alive", 1.0: "died"}}
    plain: Any = frame.assign(start_date=frame["start_date"].dt.date, centre="A")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        pyreadstat.write_sav(plain, path / "a.sav", variable_value_labels=labels, missing_ranges={"age": [99.0]})
        pyreadstat.write_sav(plain, path / "b.zsav", compress=True)
        pyreadstat.write_dta(plain, path / "c.dta", variable_value_labels={"os_event": {0: "alive", 1: "died"}})
        pyreadstat.write_dta(plain, path / "old.dta", version=10)
        pyreadstat.write_xport(plain, path / "d.xpt", file_format_version=8)
        pyreadstat.write_xport(plain.rename(columns=lambda c: c[:8].upper()), path / "old.xpt", file_format_version=5)
        return {file.name: file.read_bytes() for file in sorted(path.iterdir())}


def packed(files: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


def study() -> bytes:
    """A study of cBioPortal: patients, samples, mutations, a case list, a timeline."""
    ids = range(N)
    patients = ["#Patient\tStatus\tMonths\n#Patient\tVital status\tMonths\n#STRING\tSTRING\tNUMBER\n#1\t1\t1"]
    patients += ["PATIENT_ID\tOS_STATUS\tOS_MONTHS"]
    patients += [f"SIM-{i:02d}\t{'1:DECEASED' if i % 2 else '0:LIVING'}\t{3.5 + i}" for i in ids]
    samples = ["PATIENT_ID\tSAMPLE_ID\tTMB_NONSYNONYMOUS", *(f"SIM-{i:02d}\tS-{i:02d}\t{i}" for i in ids)]
    mutations = ["Hugo_Symbol\tHGVSp_Short\tTumor_Sample_Barcode\tVariant_Classification"]
    mutations += [f"KRAS\tp.G12{'CDV'[i % 3]}\tS-{i:02d}\tMissense_Mutation" for i in ids if i % 4]
    timeline = ["PATIENT_ID\tSTART_DATE\tSTOP_DATE\tEVENT_TYPE\tAGENT", "SIM-01\t5\t30\tTREATMENT\tSotorasib"]
    cases = ["cancer_study_identifier: sim", "stable_id: sim_sequenced", "case_list_ids: S-00\tS-01"]
    parts = {"patient": patients, "sample": samples, "mutations": mutations, "timeline": timeline}
    files = {f"data_{name}.txt": "\n".join(lines) + "\n" for name, lines in parts.items()}
    return packed(files | {"case_lists/cases_sequenced.txt": "\n".join(cases)})


def adam() -> bytes:
    """ADSL, ADTTE, ADAE and ADRS as CSV."""
    subjects = ["USUBJID,AGE,SEX,TRT01P,TRT01PN", *(f"SIM-{i:02d},{50 + i},M,{'AB'[i % 2]},{i % 2}" for i in range(N))]
    times = ["USUBJID,PARAMCD,PARAM,AVAL,AVALU,CNSR"]
    times += [f"SIM-{i:02d},{code},{code},{20 + i},DAYS,{i % 2}" for code in ("OS", "PFS") for i in range(N)]
    events = ["USUBJID,AEDECOD,AETOXGR,AEREL,TRTEMFL", "SIM-01,RASH,2,POSSIBLE,Y", "SIM-02,NAUSEA,1,NONE,Y"]
    responses = ["USUBJID,PARAMCD,AVALC", *(f"SIM-{i:02d},BOR,{('PR', 'SD', 'PD')[i % 3]}" for i in range(N))]
    sets = {"adsl": subjects, "adtte": times, "adae": events, "adrs": responses}
    return packed({f"{name}.csv": "\n".join(lines) + "\n" for name, lines in sets.items()})


def real() -> dict[str, bytes]:
    """Real files of moderate size, for those who have them."""
    folder = os.environ.get("KRASCOPE_REAL_DATA")
    paths = sorted(Path(folder).rglob("*")) if folder else []
    return {
        f"{path.parent.name}-{path.name}": path.read_bytes()
        for path in paths
        if path.is_file() and path.stat().st_size <= (LARGEST_TEXT if path.suffix == ".txt" else LARGEST_REAL)
    }
