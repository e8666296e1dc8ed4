"""`slides` and `figure` on the command line: the view of the flags in a file, or one clear line."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pptx import Presentation

from kras_core.analyse.survival import analyse
from kras_core.cohort.bundled import load
from kras_core.report.survival.answer import answer as answer_of
from kras_core.selection import By, Filter, Selection
from tests.report.exported import folded, texts
from tests.test_command_line import answer, run


def test_slides_of_everything_that_a_cohort_records(tmp_path: Path) -> None:
    out = tmp_path / "deck.pptx"
    view = ("sintilimab-anlotinib", "--by", "prior_antiangiogenic", "--endpoint", "os", "--conventions", "r")
    found = answer("slides", *view, "--out", str(out), "--date", "2026-11-22")
    assert found["content"] == ["survival", "safety", "table1", "response"] and found["skipped"] == {}
    cohort = load("sintilimab-anlotinib")
    from kras_core.conventions import PRESETS

    selection = Selection(cohort.digest, "os", (By("prior_antiangiogenic"),), conventions=PRESETS["r"])
    first: Any = next(iter(Presentation(io.BytesIO(out.read_bytes())).slides))
    assert folded(first.shapes.title.text_frame.text) == folded(answer_of(analyse(cohort, selection)).line1.text)
    assert "22 November 2026" in texts(first)
    again = tmp_path / "again.pptx"
    answer("slides", *view, "--out", str(again), "--date", "2026-11-22")
    assert again.read_bytes() == out.read_bytes()


def test_what_a_cohort_lacks_is_said_and_refused_where_it_was_asked_for(tmp_path: Path) -> None:
    out = str(tmp_path / "deck.pptx")
    found = answer("slides", "ncctg-lung", "--out", out)
    assert found["content"] == ["survival", "table1"]
    assert "no adverse events" in found["skipped"]["safety"]
    done = run("slides", "ncctg-lung", "--out", out, "--content", "safety")
    assert done.returncode == 2 and "no adverse events" in done.stderr


def test_the_same_filters_reach_the_figure(tmp_path: Path) -> None:
    out = tmp_path / "km.png"
    found = answer(
        "figure", "ncctg-lung", "--where", "sex=F", "--out", str(out), "--width", "double", "--dpi", "300", "--grey"
    )
    assert (found["kind"], found["width_mm"]) == ("km", 178.0)
    picture = Image.open(out)
    assert picture.mode == "L" and picture.size[0] == pytest.approx(178 / 25.4 * 300, abs=1)
    cohort = load("ncctg-lung")
    where = (Filter("sex", "=", ("F",)),)
    from kras_core.address import default_selection

    n = analyse(cohort, default_selection(cohort).but(by=(), where=where)).overall.n
    assert f"n = {n};" in picture.info["Description"]


@pytest.mark.parametrize("kind", ["km", "butterfly", "forest", "response"])
@pytest.mark.parametrize("ending", ["svg", "pdf", "tif"])
def test_every_kind_in_a_file(kind: str, ending: str, tmp_path: Path) -> None:
    out = tmp_path / f"figure.{ending}"
    found = answer("figure", "sintilimab-anlotinib", "--kind", kind, "--out", str(out))
    assert found["bytes"] == out.stat().st_size > 5_000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("figure", "ncctg-lung", "--out", "x.jpg"), "end it in .svg, .pdf, .tiff, .png"),
        (("figure", "ncctg-lung", "--out", "x.png", "--width", "huge"), "or millimetres"),
        (("figure", "ncctg-lung", "--out", "x.png", "--width", "20"), "choose 60 to 250 mm"),
        (("figure", "ncctg-lung", "--out", "x.png", "--dpi", "20"), "choose 150 to 1200"),
        (("figure", "sintilimab-anlotinib", "--out", "x.png", "--kind", "waterfall"), "no waterfall plot"),
        (("slides", "ncctg-lung", "--out", "x.pptx", "--content", "km"), "choose of survival"),
        (("slides", "ncctg-lung", "--out", "x.pptx", "--template", "nowhere.pptx"), "nowhere.pptx"),
        (("slides", "ncctg-lung", "--out", "x.pptx", "--date", "soon"), "no day such as"),
    ],
)
def test_refusals_are_one_clear_line(
    arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_template_is_named(tmp_path: Path) -> None:
    wrong = tmp_path / "house.pptx"
    wrong.write_text("not a template")
    done = run("slides", "ncctg-lung", "--out", str(tmp_path / "x.pptx"), "--template", str(wrong))
    assert done.returncode == 2 and "house.pptx" in done.stderr and "Save it again from PowerPoint" in done.stderr
