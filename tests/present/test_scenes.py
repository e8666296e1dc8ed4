"""Scenes: their file there and back, wrong files, and every scene of every bundled cohort on the stage."""

import json

import pytest

from kras_core.address import default_selection, encode
from kras_core.analyse.survival import analyse
from kras_core.cohort.bundled import BUNDLED, load
from kras_core.cohort.model import Cohort
from kras_core.present.scenes import FIGURES, LARGEST, Scene, SceneFileError, from_json, to_json
from kras_core.present.stage import MAGNIFIED, SCREEN, stage, stage_foot, stage_head, stylesheet
from kras_core.report.format import Clock, provenance
from kras_core.selection import SelectionError
from tests.simulated import simulated_cohort

UPLOADED = simulated_cohort(50, origin="uploaded")


def address_of(cohort: Cohort, **options: str) -> dict[str, list[str]]:
    address = encode(cohort, default_selection(cohort)) | options
    return {k: [v] if isinstance(v, str) else list(v) for k, v in address.items()}


def scenes_of(cohort: Cohort) -> tuple[Scene, ...]:
    address = address_of(cohort)
    return tuple(Scene(page, f"{page} {f}", address, f) for page, figures in FIGURES.items() for f in figures)


def test_a_file_of_scenes_comes_back_whole():
    scenes = (*scenes_of(load("ncctg-lung")), Scene("safety", "Ärger <b>", address_of(UPLOADED), sentence="In words."))
    assert from_json(to_json(scenes).encode(), "scenes.json") == tuple(
        Scene(s.page, s.title, s.address, s.shows, s.sentence) for s in scenes
    )


def test_a_file_holds_no_value_of_an_upload():
    text = to_json(scenes_of(UPLOADED))
    assert UPLOADED.digest[:16] in text
    for word in (*map(str, UPLOADED.patients["patient_id"]), "ward", "north", "ldh"):
        assert word not in text, word


GOOD = json.loads(to_json(scenes_of(load("ncctg-lung"))[:2]))


def changed(**changes: object) -> bytes:
    return json.dumps(GOOD | changes).encode()


def with_scene(**changes: object) -> bytes:
    return changed(scenes=[GOOD["scenes"][0], GOOD["scenes"][1] | changes])


@pytest.mark.parametrize(
    "content, says",
    [
        (b"\xff\xfe", "expected JSON"),
        (b'{"a": 1,\n', "line 2"),
        (b"[]", "no file of scenes"),
        (changed(format="other"), "no file of scenes"),
        (changed(version=2, krascope="9.0"), "version 2"),
        (changed(scenes={}), "a list"),
        (changed(scenes=["x"]), 'scene 1: found "x"'),
        (with_scene(page="models"), 'scene 2, page: found "models", expected one of survival'),
        (with_scene(figure="pie"), "expected one of swimmer, bars, waterfall"),
        (with_scene(title=7), "scene 2, title: found 7"),
        (with_scene(title="x" * 500), "at most 400"),
        (with_scene(address={}), "a cohort among them"),
        (with_scene(address={"cohort": "x", "by": 3}), "address, by: found 3"),
        (b" " * (LARGEST + 1), "at most"),
    ],
)
def test_a_wrong_file_says_where_and_what(content: bytes, says: str):
    with pytest.raises(SceneFileError) as refusal:
        from_json(content, "mine.json")
    assert str(refusal.value).startswith("mine.json")
    assert says in str(refusal.value)


@pytest.mark.parametrize("cohort_id", list(BUNDLED))
def test_every_scene_stands_on_the_stage_with_its_badge_and_sentence(cohort_id: str):
    cohort = load(cohort_id)
    shown = 0
    for scene in scenes_of(cohort):
        if scene.page == "response" and (scene.shows == "waterfall" or "best_response" not in cohort.patients):
            with pytest.raises(SelectionError, match=r"best_response|waterfall"):
                stage(scene, cohort)
            continue
        found = stage(scene, cohort)
        shown += 1
        html = stage_head(found) + stage_foot(found, "1 / 1")
        assert found.title == scene.title and found.sentence and found.mismatches == ()
        assert provenance(analyse(cohort, default_selection(cohort)).cohort).split(" ·")[0] in html
        assert found.figure is not None or "<table" in found.below or "kras-flow" in found.below
        if found.figure is not None:  # it fits: title and sentence keep their room
            assert found.figure["layout"]["height"] + 100 <= found.size[1]
            assert found.figure["layout"]["width"] <= found.size[0]
    assert shown >= 5


def test_type_is_thirty_pixels_on_a_screen_of_1080_lines():
    """13 pixels of a figure's type, magnified; a table's are set to 14 where it is magnified less."""
    found = stage(scenes_of(load("ncctg-lung"))[0], load("ncctg-lung"))
    assert found.figure is not None
    assert found.figure["layout"]["font"]["size"] * SCREEN[1] / found.size[1] >= 29
    forest = stage(next(s for s in scenes_of(load("ncctg-lung")) if s.page == "subgroups"), load("ncctg-lung"))
    assert 14 * SCREEN[1] / forest.size[1] >= 28 and "font-size: 14px" in stylesheet(forest.size)
    assert pytest.approx(2.3) == MAGNIFIED
    assert "<" not in stylesheet(forest.size)  # Streamlit would drop it


def test_the_options_of_a_scene_are_those_of_its_page():
    cohort = load("ncctg-lung")
    two = stage(Scene("subgroups", "", address_of(cohort, subgroups="age"), ""), cohort)
    assert two.below.count('scope="rowgroup"') == 1 and ">Age<" in two.below
    paper = load("sintilimab-anlotinib")
    plain = stage(Scene("overview", "", address_of(paper, spread="sd"), ""), paper)
    assert "mean (SD)" in plain.below.replace("Mean", "mean")


def test_a_scene_of_other_data_says_so():
    cohort = load("ncctg-lung")
    scene = Scene("survival", "Old", address_of(cohort) | {"data": ["0123456789"]})
    found = stage(scene, cohort)
    assert [m.kind for m in found.mismatches] == ["data"]
    assert "0123456789" in stage_foot(found, "1 / 1")


def test_the_sentence_is_that_of_the_numbers_unless_there_are_own_words():
    cohort = load("sintilimab-anlotinib")
    address = address_of(cohort) | {"by": ["none"]}
    said = stage(Scene("response", "", address), cohort).sentence
    overall = analyse(cohort, default_selection(cohort).but(endpoint="os", by=())).overall
    median = Clock("months", cohort.days_per_month).spoken(overall.median.estimate)
    assert said.startswith("9 of 27 reconstructed patients responded")
    assert said.endswith(f"half were alive at {median}.")
    assert stage(Scene("response", "", address, sentence="Mine."), cohort).sentence == "Mine."
