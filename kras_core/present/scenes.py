"""Scenes of a tumor board, and the small file that keeps them.

A scene is a page and an address (kras_core.address), with a title and, where the presenter wrote one, a sentence. It
holds no figure and no number: both are computed from the data when it is shown, so that they cannot go stale. Of an
uploaded cohort the address holds the digest and positions: the file has no patient's value and opens with the data.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kras_core import __version__

FORMAT, VERSION = "krascope-scenes", 1
MOST_SCENES = 60
LARGEST = 200_000  # bytes of a file
LONGEST = 400  # characters of a title or sentence
LONGEST_PARAMETER = 2_000

# What of a page can be put on the board, by its id in the address; the first is shown unless another is chosen.
FIGURES: dict[str, dict[str, str]] = {
    "survival": {"curves": "Curves"},
    "response": {"swimmer": "Swimmer", "bars": "Bars", "waterfall": "Waterfall"},
    "safety": {"butterfly": "Butterfly"},
    "subgroups": {"forest": "Forest"},
    "overview": {"table": "Table 1", "flow": "Flow"},
}


@dataclass(frozen=True, slots=True)
class Scene:
    """page: a key of FIGURES. address: parameter -> its values. figure: "" is the page's first. sentence: the
    presenter's own words, "" for those that the numbers make."""

    page: str
    title: str
    address: Mapping[str, list[str]] = field(hash=False)
    figure: str = ""
    sentence: str = ""

    @property
    def shows(self) -> str:
        """The figure's id."""
        return self.figure or next(iter(FIGURES[self.page]))

    @property
    def cohort(self) -> str:
        """The token of the cohort."""
        return next(iter(self.address.get("cohort", ())), "")


class SceneFileError(ValueError):
    """A file that holds no scenes; the message says where, what was found, what was expected, and how to mend it."""


def to_json(scenes: tuple[Scene, ...]) -> str:
    """The file's text."""
    listed = [
        {"page": s.page, "title": s.title, "figure": s.shows, "sentence": s.sentence, "address": dict(s.address)}
        for s in scenes
    ]
    whole = {"format": FORMAT, "version": VERSION, "krascope": __version__, "scenes": listed}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def from_json(content: bytes, name: str) -> tuple[Scene, ...]:
    """The scenes in a file of this name. Raises SceneFileError; nothing is taken from a file that is wrong in part."""
    if len(content) > LARGEST:
        raise SceneFileError(
            f"{name}: {len(content):,} bytes; a file of scenes has at most {LARGEST:,}. Choose the file that “Save "
            "scenes” made."
        )
    try:
        whole = json.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, ValueError) as error:
        where = f" line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise SceneFileError(
            f"{name}{where}: expected JSON text as “Save scenes” writes it. Choose another file, or save it anew."
        ) from None
    _header(whole, name)
    found = whole["scenes"]
    if not isinstance(found, list) or len(found) > MOST_SCENES:
        raise SceneFileError(f"{name}, scenes: expected a list of at most {MOST_SCENES} scenes.")
    return tuple(_scene(raw, f"{name}, scene {i}") for i, raw in enumerate(found, 1))


def _header(whole: Any, name: str) -> None:
    if not isinstance(whole, dict) or whole.get("format") != FORMAT or "scenes" not in whole:
        raise SceneFileError(f"{name}: this is no file of scenes (its “format” should be “{FORMAT}”).")
    version = whole.get("version")
    if version != VERSION:
        raise SceneFileError(
            f"{name}: version {_said(version)} of the format, expected {VERSION}. It was saved by KRAScope "
            f"{_said(whole.get('krascope', 'unknown'))}; this is {__version__}. Open it with that one."
        )


def _scene(raw: Any, place: str) -> Scene:
    if not isinstance(raw, dict):
        raise SceneFileError(f"{place}: found {_said(raw)}, expected page, title and address.")
    page = raw.get("page")
    if page not in FIGURES:
        raise SceneFileError(f"{place}, page: found {_said(page)}, expected one of {', '.join(FIGURES)}.")
    figure = raw.get("figure", "")
    if figure and figure not in FIGURES[page]:
        raise SceneFileError(f"{place}, figure: found {_said(figure)}, expected one of {', '.join(FIGURES[page])}.")
    title, sentence = (_text(raw.get(key, ""), f"{place}, {key}") for key in ("title", "sentence"))
    return Scene(page, title, _address(raw.get("address"), f"{place}, address"), figure, sentence)


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str) or len(value) > LONGEST:
        raise SceneFileError(f"{place}: found {_said(value)}, expected a text of at most {LONGEST} characters.")
    return value


def _address(raw: Any, place: str) -> dict[str, list[str]]:
    if not isinstance(raw, dict) or not raw.get("cohort"):
        raise SceneFileError(f"{place}: found {_said(raw)}, expected parameters with a cohort among them.")
    found: dict[str, list[str]] = {}
    for key, values in raw.items():
        listed = [values] if isinstance(values, str) else values
        if not isinstance(listed, list) or not all(isinstance(v, str) and len(v) <= LONGEST_PARAMETER for v in listed):
            raise SceneFileError(f"{place}, {key[:40]}: found {_said(values)}, expected a text or a list of texts.")
        found[key] = listed
    return found


def _said(value: Any) -> str:
    """What was found, short."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"
