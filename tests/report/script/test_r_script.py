"""The R script of a view prints the view's numbers. Skipped where there is no R with survival."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from kras_core.conventions import PRESETS
from kras_core.report.script import script
from tests.report.script.printed import differing
from tests.report.script.situations import SIMULATED, SITUATIONS, simulated_view

ROOT = Path(__file__).parents[3]
RSCRIPT = shutil.which("Rscript")
MARK = "#### next script"


def has_survival() -> bool:
    if RSCRIPT is None:
        return False
    found = subprocess.run([RSCRIPT, "-e", "library(survival)"], capture_output=True, timeout=60)
    return found.returncode == 0


pytestmark = pytest.mark.skipif(not has_survival(), reason="no R with the package survival")


def run_together(texts: list[str], folder: Path, *arguments: str) -> list[str]:
    """What each script prints: one R process sources them one after the other, each in an environment of its own."""
    paths = [folder / f"{i}.R" for i in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    sourced = "\n".join(f'source("{p}", local = new.env(), encoding = "UTF-8"); cat("{MARK}\\n")' for p in paths)
    (folder / "all.R").write_text(sourced, encoding="utf-8")
    done = subprocess.run(
        [str(RSCRIPT), str(folder / "all.R"), *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split(MARK + "\n")[:-1]


@pytest.mark.parametrize("preset", list(PRESETS))
def test_every_bundled_view(preset: str, tmp_path: Path) -> None:
    views = {str(s): s.analysis(preset) for s in SITUATIONS}
    printed = run_together([script(*v, "r") for v in views.values()], tmp_path)
    wrong = {
        name: found
        for (name, (_, analysis)), text in zip(views.items(), printed, strict=True)
        if (found := differing(text, analysis, 2e-5))
    }
    assert wrong == {}


@pytest.mark.parametrize("kind", SIMULATED)
def test_what_the_bundled_cohorts_lack(kind: str, tmp_path: Path) -> None:
    views = {preset: simulated_view(kind, preset) for preset in PRESETS}
    data = tmp_path / "data.csv"
    next(iter(views.values()))[0].patients.to_csv(data, index=False)
    printed = run_together([script(*v, "r") for v in views.values()], tmp_path, str(data))
    wrong = {
        preset: found
        for (preset, (_, analysis)), text in zip(views.items(), printed, strict=True)
        if (found := differing(text, analysis, 2e-5))
    }
    assert wrong == {}
