"""Pixels of a picture of a figure -> time and survival, from two clicks with known values on each axis."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kras_core.stats.results import Floats

AXES = ("x1", "x2", "y1", "y2")
MOST_CLICKS = 20_000
NEAREST = 5.0  # pixels that the two clicks on an axis must lie apart


class CalibrationError(ValueError):
    """Clicks that fix no axes; the message says which one is missing or wrong."""


@dataclass(frozen=True, slots=True)
class Axes:
    """Two clicks (pixel x, pixel y) on each axis, and the values there. Pixels count from the top left corner.

    The axes need be neither upright nor at right angles, as in a scan: lines of equal time run parallel to the line
    through the survival axis' two marks, and the other way round. Both are linear.
    """

    x1: tuple[float, float]
    x2: tuple[float, float]
    y1: tuple[float, float]
    y2: tuple[float, float]
    x_values: tuple[float, float]
    y_values: tuple[float, float]

    def __post_init__(self) -> None:
        """Raises CalibrationError where the clicks or values of an axis fall together or the axes are parallel."""
        for name, one, other, values in (
            ("time", self.x1, self.x2, self.x_values),
            ("survival", self.y1, self.y2, self.y_values),
        ):
            if np.hypot(*np.subtract(other, one)) < NEAREST:
                raise CalibrationError(f"The two clicks on the {name} axis are too close: choose marks far apart.")
            if values[0] == values[1]:
                raise CalibrationError(f"The two marks on the {name} axis have the same value: correct one of them.")
        along, up = self._directions()
        if abs(np.linalg.det([along, up])) < 0.1 * np.linalg.norm(along) * np.linalg.norm(up):
            raise CalibrationError("The two axes run the same way: click two marks on the time axis, two on the other.")

    def _directions(self) -> tuple[Floats, Floats]:
        return np.subtract(self.x2, self.x1), np.subtract(self.y2, self.y1)

    def values(self, pixels: Sequence[tuple[float, float]]) -> tuple[Floats, Floats]:
        """Time (m,) and survival (m,), in the units of the marks, at these pixels (m,)."""
        at = np.asarray(pixels, dtype=np.float64).reshape(-1, 2)
        along, up = self._directions()
        basis = np.linalg.inv(np.column_stack((along, up)))
        share_x = (basis @ (at - self.x1).T)[0]
        share_y = (basis @ (at - self.y1).T)[1]
        (x1, x2), (y1, y2) = self.x_values, self.y_values
        return x1 + share_x * (x2 - x1), y1 + share_y * (y2 - y1)


def axes_of(clicked: Mapping[str, Any]) -> Axes:
    """Axes from what the picture's clicks are kept as: {"axes": {"x1": {"at": [px, py], "value": number}, …}}.

    Raises CalibrationError naming the marks that are missing.
    """
    marks = clicked.get("axes") or {}
    named = {"x1": "first time", "x2": "second time", "y1": "first survival", "y2": "second survival"}
    missing = [named[a] for a in AXES if _pair((marks.get(a) or {}).get("at")) is None]
    if missing:
        raise CalibrationError(f"Click the {', '.join(missing)} mark on the picture.")
    valueless = [named[a] for a in AXES if _finite(marks[a].get("value")) is None]
    if valueless:
        raise CalibrationError(f"Give the value of the {', '.join(valueless)} mark.")
    at = {a: _pair(marks[a]["at"]) for a in AXES}
    value = {a: _finite(marks[a]["value"]) for a in AXES}
    return Axes(*(at[a] for a in AXES), (value["x1"], value["x2"]), (value["y1"], value["y2"]))  # type: ignore[arg-type]


def points_csv(clicked: Mapping[str, Any]) -> bytes:
    """Clicks on a picture as a table of points with an arm column, as `points` reads it.

    {"axes": …, "arms": [{"name": text, "points": [[px, py], …]}]}. Raises CalibrationError without axes or points.
    """
    axes = axes_of(clicked)
    lines = ["arm\ttime\tsurvival"]
    for i, arm in enumerate(clicked.get("arms") or (), 1):
        pixels = [pair for pair in map(_pair, arm.get("points") or ()) if pair is not None]
        name = " ".join(str(arm.get("name", "")).replace('"', "'").split()) or f"Arm {i}"
        time, survival = axes.values(pixels)
        lines += [f'"{name}"\t{t:.5f}\t{s:.5f}' for t, s in zip(time.tolist(), survival.tolist(), strict=True)]
    if len(lines) == 1:
        raise CalibrationError("Click the corners of the curve's steps.")
    if len(lines) > MOST_CLICKS:
        raise CalibrationError(f"More than {MOST_CLICKS:,} clicks.")
    return "\n".join(lines).encode()


def as_json(clicked: Mapping[str, Any]) -> bytes:
    """The clicks themselves, to keep beside the figure."""
    return json.dumps({"axes": clicked.get("axes"), "arms": clicked.get("arms")}, indent=1).encode()


def _pair(value: Any) -> tuple[float, float] | None:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        return None
    x, y = map(_finite, value)
    return None if x is None or y is None else (x, y)


def _finite(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(str(value).replace(",", "."))
    except ValueError:
        return None
    return number if np.isfinite(number) else None
