"""Clicks on a picture: calibrated axes, upright or tilted, and what is said when they are not."""

from dataclasses import replace

import numpy as np
import pytest

from kras_core.audit.curve.calibrate import Axes, CalibrationError, axes_of, points_csv
from kras_core.audit.curve.picture import MOST_BYTES, PictureError, kind_of
from kras_core.audit.curve.points import read_points

UPRIGHT = Axes((100, 500), (700, 500), (100, 500), (100, 100), (0, 24), (0, 100))


def clicked(**axes):
    """Marks as the picture keeps them; the upright figure's, with these replaced."""
    marks = {
        "x1": {"at": [100, 500], "value": 0},
        "x2": {"at": [700, 500], "value": 24},
        "y1": {"at": [100, 500], "value": 0},
        "y2": {"at": [100, 100], "value": 100},
    }
    return marks | axes


def test_pixels_become_values_between_and_beyond_the_marks():
    time, survival = UPRIGHT.values([(100, 100), (400, 300), (700, 500), (850, 540)])
    assert time.tolist() == [0, 12, 24, 30]
    assert survival.tolist() == pytest.approx([100, 50, 0, -10])


def test_marks_may_stand_anywhere_on_a_line_along_their_axis():
    axes = Axes((250, 37), (550, 37), (650, 400), (650, 200), (6, 18), (0.25, 0.75))
    time, survival = axes.values([(400, 300), (100, 500)])
    assert time.tolist() == pytest.approx([12, 0]) and survival.tolist() == pytest.approx([0.5, 0])


@pytest.mark.parametrize("degrees", [-8, 3, 90])
def test_a_tilted_scan_gives_the_same_values(degrees):
    turn = np.deg2rad(degrees)
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])

    def turned(point):
        return tuple((spin @ np.array(point)).tolist())

    marks = {name: turned(getattr(UPRIGHT, name)) for name in ("x1", "x2", "y1", "y2")}
    tilted = replace(UPRIGHT, **marks)
    at = [(150, 120), (430, 333), (690, 470)]
    for found, expected in zip(tilted.values([turned(p) for p in at]), UPRIGHT.values(at), strict=True):
        assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("axes", "words"),
    [
        (clicked(x2={"at": None, "value": 24}), "Click the second time mark"),
        (clicked(y1={"at": [1], "value": 0}), "Click the first survival mark"),
        (clicked(x2={"at": [700, 500], "value": None}), "Give the value of the second time mark"),
        (clicked(y2={"at": [100, 100], "value": "top"}), "Give the value of the second survival mark"),
        (clicked(x2={"at": [102, 501], "value": 24}), "two clicks on the time axis are too close"),
        (clicked(y2={"at": [100, 100], "value": 0}), "survival axis have the same value"),
        (clicked(y2={"at": [700, 505], "value": 100}), "run the same way"),
        ({}, "first time, second time, first survival, second survival"),
    ],
)
def test_axes_that_cannot_be(axes, words):
    with pytest.raises(CalibrationError, match=words):
        axes_of({"axes": axes})


def test_clicks_become_a_table_of_points_by_arm():
    arms = [
        {"name": 'Drug "X"\t', "points": [[100, 100], [400, 300]]},
        {"name": "", "points": [[700, 400], "nonsense", [1, None]]},
    ]
    found = read_points([("clicked points", points_csv({"axes": clicked(), "arms": arms}))])
    assert [p.label for p in found] == ["Drug 'X'", "Arm 2"]
    assert found[0].time.tolist() == [0, 12] and found[0].survival.tolist() == [1, 0.5]
    assert found[1].time.tolist() == [24] and found[1].survival.tolist() == [0.25]
    assert found[0].scale == "percent"


def test_no_clicks_are_no_table():
    with pytest.raises(CalibrationError, match="Click the corners"):
        points_csv({"axes": clicked(), "arms": [{"name": "A", "points": []}]})


def test_pictures_are_known_by_their_first_bytes():
    assert kind_of(b"\x89PNG\r\n\x1a\n1234") == "image/png"
    assert kind_of(b"\xff\xd8\xff\xe01234") == "image/jpeg"
    assert kind_of(b"RIFF\x10\0\0\0WEBPVP8 ") == "image/webp"
    for other in (b"", b"GIF89a", b"<svg onload=alert(1)>", b"%PDF-1.7", b"RIFF\x10\0\0\0WAVEfmt "):
        with pytest.raises(PictureError, match="no PNG, JPEG or WebP"):
            kind_of(other)
    with pytest.raises(PictureError, match="At most 8 MB"):
        kind_of(b"\x89PNG\r\n\x1a\n" + bytes(MOST_BYTES))
