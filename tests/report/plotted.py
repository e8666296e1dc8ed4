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
    """Every word on the figure as read: annotations and text traces."""
    texts = [a["text"] for a in figure["layout"]["annotations"]]
    texts += [text for t in figure["data"] if t.get("mode") == "text" for text in t["text"]]
    return [re.sub(r"\s+", " ", seen(text)).strip() for text in texts]


def under_words(under: str) -> list[str]:
    """Every piece of text under the figure as read."""
    return [text for part in re.findall(r">([^<]+)", under) if (text := html.unescape(part).strip())]


def lines(figure: Json) -> list[Json]:
    """The curves, fainter parts too: no band and no dotted drop."""
    return [t for t in figure["data"] if t.get("mode") == "lines" and t["line"]["width"] > 1 and "fill" not in t]


def bands(figure: Json) -> list[Json]:
    return [t for t in figure["data"] if t.get("fill") == "toself"]


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


def risk_cells(under: str) -> list[list[str]]:
    """The risk table's rows, each the counts from left to right."""
    rows = re.findall(r'<div role="row">(.*?)</div>', under)[1:]
    return [[re.sub(r"\s+", " ", seen(c)) for c in re.findall(r'role="cell"[^>]*>(.*?)</span>', row)] for row in rows]


def risk_places(under: str) -> list[list[float]]:
    """Where those counts stand, as fractions of the plot's width."""
    rows = re.findall(r'<div role="row">(.*?)</div>', under)[1:]
    return [[float(at) for at in re.findall(r"--at:([\d.]+)", row)] for row in rows]


def size(figure: Json) -> int:
    """Bytes of the message that carries the figure."""
    return len(json.dumps(figure, separators=(",", ":"), allow_nan=False).encode())
