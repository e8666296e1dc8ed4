"""Reading back what a figure draws: arrays, annotations, and the text a person sees."""

import html
import json
import re
from typing import Any

import numpy as np

Json = dict[str, Any]


def array(values: Any) -> np.ndarray:
    """A trace's numbers."""
    return np.array(values, dtype=float)


def seen(text: str) -> str:
    """Plotly's text without its tags."""
    return html.unescape(re.sub(r"<[^>]*>", " ", text)).strip()


def words(figure: Json) -> list[str]:
    """Every annotation as read."""
    return [re.sub(r"\s+", " ", seen(a["text"])) for a in figure["layout"]["annotations"]]


def lines(figure: Json) -> list[Json]:
    """The curves, fainter parts too: traces with a line that is seen and no fill."""
    return [t for t in figure["data"] if t.get("mode") == "lines" and t["line"]["width"] >= 1 and "fill" not in t]


def bands(figure: Json) -> list[Json]:
    return [t for t in figure["data"] if t.get("fill") == "tonexty"]


def cards(figure: Json) -> list[Json]:
    return [t for t in figure["data"] if t.get("mode") == "none"]


def card_texts(trace: Json) -> list[str]:
    """What the pointer reads at each point, as Plotly fills the template in."""
    found = []
    for x, y, custom in zip(array(trace["x"]), array(trace["y"]), trace["customdata"], strict=True):
        text = trace["hovertemplate"].replace("%{y:.0f}", f"{y:.0f}").replace("<extra></extra>", "")
        text = re.sub(r"%\{x:\.(\d)f\}", lambda m, x=x: f"{x:.{m[1]}f}", text)
        found.append(re.sub(r"%\{customdata\[(\d)\]\}", lambda m, c=custom: str(c[int(m[1])]), text))
    return found


def risk_cells(figure: Json) -> dict[float, list[str]]:
    """Row of the risk table -> its counts from left to right."""
    trace = next(t for t in figure["data"] if t.get("mode") == "text")
    rows: dict[float, list[str]] = {}
    for y, text in zip(trace["y"], trace["text"], strict=True):
        rows.setdefault(y, []).append(re.sub(r"\s+", " ", seen(text)))
    return rows


def size(figure: Json) -> int:
    """Bytes of the message that carries the figure."""
    return len(json.dumps(figure, separators=(",", ":"), allow_nan=False).encode())
