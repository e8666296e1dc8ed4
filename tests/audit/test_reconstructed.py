"""The two reconstructed cohorts as frozen: every figure of the paper from the rows by the kernel, SPSS conventions."""

import math
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.statistics import logrank_test

from kras_core.audit.printed import printed_interval
from kras_core.audit.sintilimab_anlotinib import outcomes, with_figures
from kras_core.conventions import PRESETS
from kras_core.stats.cox import cox
from kras_core.stats.event_table import EventTable, event_table
from kras_core.stats.follow_up import reverse_kaplan_meier
from kras_core.stats.kaplan_meier import curves, quantile
from kras_core.stats.logrank import logrank
from kras_core.stats.results import HazardRatio, Quantile

DATA = Path(__file__).parents[2] / "data"
HR_FAITHFUL, P_FAITHFUL = "sintilimab_anlotinib", "sintilimab_anlotinib_p"
FOLDERS = (HR_FAITHFUL, P_FAITHFUL)
DAYS_PER_MONTH = 365 / 12
SPSS = PRESETS["spss"]
FLOOR = math.sqrt(1 / 6 + 1 / 21)  # least standard error of a Cox log hazard ratio for 6 against 21


def prints_as(value: float, text: str) -> bool:
    low, high = printed_interval(text)
    return low <= value <= high


@pytest.fixture(scope="module", params=FOLDERS)
def folder(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def patients(folder: str) -> pd.DataFrame:
    return read(folder)


@pytest.fixture(scope="module")
def adverse_events(folder: str) -> pd.DataFrame:
    return pd.read_csv(DATA / folder / "adverse_events.csv")


def read(folder: str) -> pd.DataFrame:
    return pd.read_csv(DATA / folder / "patients.csv", dtype={"prior_lines": str, "ecog": str})


def split(patients: pd.DataFrame, by: str) -> np.ndarray:
    """Two groups, coded 0 and 1; high is above the cut-off."""
    codes = {
        "prior": patients["prior_antiangiogenic"],
        "g12c": patients["kras_variant"] == "G12C",
        "nlr": patients["nlr"] > 2.99,
        "plr": patients["plr"] > 176.33,
    }
    return codes[by].to_numpy().astype(int)


def table(patients: pd.DataFrame, endpoint: str, by: str | None = None) -> EventTable:
    months = patients[f"{endpoint}_days"] / DAYS_PER_MONTH
    groups = None if by is None else split(patients, by)
    return event_table(months, patients[f"{endpoint}_event"], groups)


def median(patients: pd.DataFrame, endpoint: str, by: str | None = None, group: int = 0) -> Quantile:
    return quantile(curves(table(patients, endpoint, by), SPSS)[group], SPSS)


def no_prior_over_prior(patients: pd.DataFrame, endpoint: str) -> HazardRatio:
    return cox(table(patients, endpoint, "prior"), ("no prior", "prior"), 1, SPSS.ties)[0]


@pytest.mark.parametrize(
    ("endpoint", "estimate", "low", "high"), [("pfs", "7.96", "5.6", "10.3"), ("os", "12.4", "8.2", "16.6")]
)
def test_overall_medians(patients: pd.DataFrame, endpoint: str, estimate: str, low: str, high: str) -> None:
    found = median(patients, endpoint)
    assert prints_as(found.estimate, estimate)
    assert prints_as(found.low, low)
    assert prints_as(found.high, high)


@pytest.mark.parametrize(
    ("endpoint", "by", "group", "printed"),
    [
        ("pfs", "prior", 0, "9.1"),
        ("pfs", "prior", 1, "3.0"),
        ("os", "prior", 0, "13.5"),
        ("os", "prior", 1, "5.7"),
        ("pfs", "g12c", 1, "9.0"),
        ("pfs", "g12c", 0, "6.0"),
        ("os", "g12c", 1, "10.6"),
        ("os", "g12c", 0, "9.0"),
        ("pfs", "nlr", 1, "6.0"),
        ("pfs", "nlr", 0, "9.0"),
        ("pfs", "plr", 1, "5.4"),
        ("pfs", "plr", 0, "9.7"),
    ],
)
def test_medians_by_stratum(patients: pd.DataFrame, endpoint: str, by: str, group: int, printed: str) -> None:
    assert prints_as(median(patients, endpoint, by, group).estimate, printed)


@pytest.mark.parametrize(
    ("endpoint", "by", "printed"),
    [("pfs", "g12c", "0.57"), ("os", "g12c", "0.75"), ("pfs", "nlr", "0.35"), ("pfs", "plr", "0.28")],
)
def test_log_rank_p(patients: pd.DataFrame, endpoint: str, by: str, printed: str) -> None:
    assert prints_as(logrank(table(patients, endpoint, by)).p, printed)


def test_median_follow_up(patients: pd.DataFrame) -> None:
    """The reverse Kaplan–Meier estimate under both rules for ties; the median of observed times is another figure."""
    for conventions in (SPSS, SPSS.but(reverse_ties="deaths-first")):
        assert prints_as(reverse_kaplan_meier(table(patients, "os"), conventions)[0].estimate, "30.3")
    assert not prints_as(float((patients["os_days"] / DAYS_PER_MONTH).median()), "30.3")


def test_prior_therapy_keeps_the_printed_hazard_ratios() -> None:
    """And with them the printed log-rank p values are out of reach."""
    patients = read(HR_FAITHFUL)
    assert prints_as(no_prior_over_prior(patients, "pfs").estimate, "0.29")
    assert prints_as(no_prior_over_prior(patients, "os").estimate, "0.42")
    assert logrank(table(patients, "pfs", "prior")).p > 0.001
    assert not prints_as(logrank(table(patients, "os", "prior")).p, "0.025")


def test_prior_therapy_keeps_the_printed_p_values() -> None:
    """And with them the printed hazard ratios are out of reach."""
    patients = read(P_FAITHFUL)
    assert logrank(table(patients, "pfs", "prior")).p < 0.001
    assert prints_as(logrank(table(patients, "os", "prior")).p, "0.025")
    assert not prints_as(no_prior_over_prior(patients, "pfs").estimate, "0.29")
    assert not prints_as(no_prior_over_prior(patients, "os").estimate, "0.42")


@pytest.mark.parametrize(("endpoint", "low", "high"), [("pfs", "0.15", "0.56"), ("os", "0.20", "0.89")])
def test_the_printed_intervals_of_the_hazard_ratio_are_impossible(
    patients: pd.DataFrame, endpoint: str, low: str, high: str
) -> None:
    """6 against 21 patients cannot give a standard error below the floor; the printed widths need one."""
    found = no_prior_over_prior(patients, endpoint)
    assert found.std_error >= FLOOR
    assert not (prints_as(found.low, low) and prints_as(found.high, high))
    widest = math.log(printed_interval(high)[1] / printed_interval(low)[0]) / (2 * 1.959964)
    assert widest < FLOOR


def test_the_interval_of_the_overall_survival_ratio_crosses_one() -> None:
    """With the printed ratio it has to: exp(ln 0.42 + 1.96 · floor) > 1."""
    assert no_prior_over_prior(read(HR_FAITHFUL), "os").high > 1


def test_lifelines_agrees(patients: pd.DataFrame) -> None:
    """Second opinion on every median and p value, with the rows themselves and no code of the kernel."""
    for endpoint, by in (
        ("pfs", "prior"),
        ("os", "prior"),
        ("pfs", "g12c"),
        ("os", "g12c"),
        ("pfs", "nlr"),
        ("pfs", "plr"),
    ):
        codes = split(patients, by)
        days, event = patients[f"{endpoint}_days"], patients[f"{endpoint}_event"]
        test = logrank_test(days[codes == 0], days[codes == 1], event[codes == 0], event[codes == 1])
        assert logrank(table(patients, endpoint, by)).p == pytest.approx(test.p_value, rel=1e-9)
        for group in (0, 1):
            survival = (
                KaplanMeierFitter().fit(days[codes == group], event[codes == group]).survival_function_.iloc[:, 0]
            )
            first = survival.index[(survival <= 0.5 + 1e-9).to_numpy()][0]
            assert median(patients, endpoint, by, group).estimate == pytest.approx(first / DAYS_PER_MONTH, rel=1e-12)


def test_events_and_censoring(patients: pd.DataFrame) -> None:
    assert len(patients) == 27
    assert patients["pfs_event"].sum() == 25
    assert patients["os_event"].sum() == 21
    assert (patients["pfs_days"] >= 42).all()
    assert (patients["pfs_days"] == 42).sum() == 1
    progressed = patients["pfs_event"] == 1
    assert (patients["os_days"] >= patients["pfs_days"] + 14)[progressed].all()
    assert (patients["os_days"] == patients["pfs_days"])[~progressed].all()


def test_dates(patients: pd.DataFrame) -> None:
    """Enrolment window; who is alive at the cut-off is censored there; one patient is lost before it."""
    start, cutoff = pd.to_datetime(patients["start_date"]), pd.Timestamp("2024-03-04")
    assert (pd.to_datetime(patients["data_cutoff_date"]) == cutoff).all()
    assert start.between("2019-04-01", "2022-06-30").all()
    end = start + pd.to_timedelta(patients["os_days"], unit="D")
    censored = patients["os_event"] == 0
    assert (end <= cutoff).all()
    assert (end[censored] == cutoff).sum() == 5
    assert (end[censored] < cutoff).sum() == 1


@pytest.mark.parametrize(
    ("column", "counts"),
    [
        ("sex", {"M": 23, "F": 4}),
        ("ecog", {"0-1": 23, "2": 4}),
        ("histology", {"adenocarcinoma": 26, "squamous cell carcinoma": 1}),
        ("kras_variant", {"G12C": 13, "G12V": 7, "G12D": 5, "other": 2}),
        ("brain_metastases", {1: 2, 0: 25}),
        ("liver_metastases", {1: 4, 0: 23}),
        ("bone_metastases", {1: 5, 0: 22}),
        ("prior_chemo", {1: 24, 0: 3}),
        ("prior_ici", {1: 18, 0: 9}),
        ("prior_antiangiogenic", {1: 6, 0: 21}),
        ("prior_lines", {"1": 8, "2": 12, ">=3": 7}),
        ("best_response", {"PR": 9, "SD": 16, "PD": 2}),
    ],
)
def test_counts_of_table_1_and_response(patients: pd.DataFrame, column: str, counts: dict) -> None:
    assert patients[column].value_counts().to_dict() == counts


def test_age_and_therapy(patients: pd.DataFrame) -> None:
    age = patients["age"]
    assert (age.median(), age.min(), age.max()) == (63, 36, 80)
    assert (patients[["prior_chemo", "prior_ici", "prior_antiangiogenic"]].sum(axis=1) >= 1).all()
    early = patients["pfs_days"] <= 56
    assert (patients["best_response"] == "PD").equals(early)


@pytest.mark.parametrize(
    ("ratio", "numerator", "cutoff"), [("nlr", "neutrophils_10e9_per_l", 2.99), ("plr", "platelets_10e9_per_l", 176.33)]
)
def test_blood_counts(patients: pd.DataFrame, ratio: str, numerator: str, cutoff: float) -> None:
    """The ratios follow from the counts; their median is the cut-off, whether printed or unrounded: 13 are above."""
    exact = patients[numerator] / patients["lymphocytes_10e9_per_l"]
    assert (exact.round(2) == patients[ratio]).all()
    assert patients[ratio].median() == cutoff
    assert (patients[ratio] > cutoff).sum() == 13
    assert ((exact > cutoff) == (patients[ratio] > cutoff)).all()


def test_counts_of_table_2(patients: pd.DataFrame, adverse_events: pd.DataFrame) -> None:
    severe = adverse_events[adverse_events["grade"] >= 3]
    any_grade = {"Hypertension": 16, "Hand-foot syndrome": 13, "ALT increased": 5, "Proteinuria": 7}
    assert adverse_events["term"].value_counts().to_dict() == any_grade
    grade_3_4 = {"Hypertension": 3, "Hand-foot syndrome": 2, "ALT increased": 1, "Proteinuria": 1}
    assert severe["term"].value_counts().to_dict() == grade_3_4
    assert adverse_events["patient_id"].nunique() == 27
    assert severe["patient_id"].nunique() == 7
    assert not adverse_events.duplicated(["patient_id", "term"]).any()
    assert set(adverse_events["patient_id"]) == set(patients["patient_id"])
    assert adverse_events["grade"].between(1, 4).all()
    assert (adverse_events["related"] == 1).all()


def test_the_data_card_says_what_the_rows_have(folder: str, patients: pd.DataFrame) -> None:
    """Every row of its table, digit by digit."""
    card = (DATA / folder / "README.md").read_text(encoding="utf-8")
    targets = runpy.run_path(str(DATA / folder / "build.py"))["ALL_TARGETS"]
    assert with_figures(card, outcomes(patients, targets)) == card
    assert card.count("| yes |") + card.count("| **no** |") == len(targets)


@pytest.mark.slow
def test_the_builder_rewrites_the_frozen_files(folder: str, tmp_path: Path) -> None:
    """From the seed in build.py, byte for byte, in a process of its own."""
    code = (
        "import runpy, sys; from pathlib import Path; from kras_core.audit.sintilimab_anlotinib import rebuild; "
        "b = runpy.run_path(sys.argv[1]); "
        "rebuild(Path(sys.argv[2]), b['ALL_TARGETS'], b['LOST'], b['SEED'])"
    )
    build = str(DATA / folder / "build.py")
    (tmp_path / "README.md").write_bytes((DATA / folder / "README.md").read_bytes())
    subprocess.run([sys.executable, "-c", code, build, str(tmp_path)], cwd=DATA.parent, check=True)
    for name in ("patients.csv", "adverse_events.csv", "README.md"):
        assert (tmp_path / name).read_bytes() == (DATA / folder / name).read_bytes()
