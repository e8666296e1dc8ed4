"""The Python script of a view prints the view's numbers, computed from the data file without KRAScope."""

import contextlib
import io
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from kras_core.cohort.model import Cohort
from kras_core.conventions import PRESETS
from kras_core.report.script import script
from kras_core.selection import By, Filter, SelectionError
from tests.report.script.printed import differing, parsed
from tests.report.script.situations import SIMULATED, SITUATIONS, Situation, simulated_view

ROOT = Path(__file__).parents[3]
PROFILE = 2e-5  # Firth's likelihood is flat at its maximum, and the script searches without derivatives


def run(text: str, *arguments: str) -> str:
    """In this process, from KRAScope's folder; `test_as_a_user_runs_it` starts a real one."""
    out, before, argv = io.StringIO(), os.getcwd(), sys.argv
    os.chdir(ROOT)
    sys.argv = ["script.py", *arguments]
    try:
        with contextlib.redirect_stdout(out), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # lifelines says that small groups vary little
            exec(compile(text, "script.py", "exec"), {"__name__": "__main__"})
    finally:
        os.chdir(before)
        sys.argv = argv
    return out.getvalue()


@pytest.mark.parametrize("preset", list(PRESETS))
@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
def test_every_bundled_view_in_every_preset(situation: Situation, preset: str) -> None:
    cohort, analysis = situation.analysis(preset)
    text = script(cohort, analysis)
    assert "kras_core" not in text.replace("data/", "")
    relative = PROFILE if "Firth" in text else 1e-6
    assert differing(run(text), analysis, relative) == {}


@pytest.mark.parametrize("preset", list(PRESETS))
@pytest.mark.parametrize("kind", SIMULATED)
def test_what_the_bundled_cohorts_lack(kind: str, preset: str, tmp_path: Path) -> None:
    cohort, analysis = simulated_view(kind, preset)
    text = script(cohort, analysis)
    assert ("Firth" in text) == (
        kind.startswith("monotone") and PRESETS[preset].hazard_ratio == "cox"
    ) or kind == "monotone-3"
    assert differing(run(text, data(cohort, tmp_path)), analysis, PROFILE) == {}


def data(cohort: Cohort, folder: Path) -> str:
    path = folder / "data.csv"
    cohort.patients.to_csv(path, index=False)
    return str(path)


def test_as_a_user_runs_it(tmp_path: Path) -> None:
    cohort, analysis = SITUATIONS[1].analysis("spss")
    path = tmp_path / "script.py"
    path.write_text(script(cohort, analysis), encoding="utf-8")
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0 and done.stderr == ""
    assert parsed(done.stdout)["All patients", "median"][0] == pytest.approx(7.956, abs=1e-3)


def test_a_script_for_an_upload_asks_for_the_file() -> None:
    with pytest.raises(SystemExit, match="Name the data file"):
        run(script(*simulated_view("tied", "r")))


def test_a_script_says_what_the_data_are_and_what_is_left_open() -> None:
    text = script(*Situation("sintilimab-anlotinib", "pfs", (By("sex"),)).analysis("spss"))
    assert "# RECONSTRUCTED FROM A PUBLICATION" in text
    assert "does not determine this" in text and "STRATA" not in text


def test_a_view_without_estimates_has_no_script() -> None:
    filtered = Situation("sintilimab-anlotinib", "pfs", (), {"where": (Filter.parse("sex=M"),)})
    with pytest.raises(SelectionError, match="no script for this view"):
        script(*filtered.analysis("spss"))


def test_the_comparison_sees_a_difference() -> None:
    """Else none of the above could fail."""
    _, analysis = SITUATIONS[1].analysis("r")
    cohort, _ = SITUATIONS[1].analysis("r")
    wrong = script(cohort, analysis).replace("norm.ppf(1 - (1 - CONFIDENCE) / 2)", "1.96")
    found = differing(run(wrong), analysis)
    assert ("All patients", "survival at 6") in found and ("All patients", "patients") not in found
