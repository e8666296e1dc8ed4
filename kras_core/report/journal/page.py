"""A figure as a page measured in points from its upper left corner: text, rules and plots stand where they are put."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import LoadFlags
from matplotlib.lines import Line2D
from matplotlib.transforms import Affine2D, Transform

from kras_core.report.journal.style import HAIRLINE, INK, QUIET, Style, families, printable

LEADING = 1.35  # a line of text, in its size
EDGE = 2.0  # points of white around everything


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Width of a line in points."""
    return size * sum(_advance(c, bold) for c in printable(text))


@cache
def _advance(character: str, bold: bool) -> float:
    """Width of a character in its size."""
    for family in families():
        font = get_font(findfont(FontProperties(family=family, weight="bold" if bold else "normal")))
        if ord(character) in font.get_charmap():
            font.set_size(100, 72)
            return font.load_char(ord(character), LoadFlags.NO_HINTING).linearHoriAdvance / 65536 / 100
    return 1.0


def wrapped(text: str, size: float, width: float, bold: bool = False) -> list[str]:
    """The text in lines no wider than this; a word that is wider is broken."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        trial = f"{line} {word}" if line else word
        if text_width(trial, size, bold) <= width:
            line = trial
            continue
        if line:
            lines.append(line)
        while text_width(word, size, bold) > width and len(word) > 1:
            fits = next(n for n in range(len(word) - 1, 0, -1) if n == 1 or text_width(word[:n], size, bold) <= width)
            lines.append(word[:fits])
            word = word[fits:]
        line = word
    return [*lines, line] if line or not lines else lines


class Page:
    """A white figure of the style's width and this height in points."""

    def __init__(self, style: Style, height: float) -> None:
        self.style, self.height, self.width = style, height, style.points
        self.figure = Figure(figsize=(self.width / 72, height / 72), dpi=style.dpi, facecolor="white")
        FigureCanvasAgg(self.figure)

    @property
    def _points(self) -> Transform:
        return Affine2D().scale(1, -1).translate(0, self.height).scale(1 / 72) + self.figure.dpi_scale_trans

    def plot(self, left: float, top: float, width: float, height: float) -> Axes:
        """Axes with nothing but a line at the foot."""
        w, h = self.width, self.height
        axes = self.figure.add_axes((left / w, 1 - (top + height) / h, width / w, height / h))
        axes.set_facecolor("none")
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set_color(QUIET)
        axes.tick_params(length=2.5, width=0.6, color=QUIET, labelsize=self.style.size, labelcolor=INK, pad=2)
        return axes

    def text(self, x: float, y: float, text: str, *, size: float = 0.0, color: str = INK, **more: Any) -> None:
        """A line of text with its vertical middle at y."""
        self.figure.text(
            x,
            y,
            printable(text),
            transform=self._points,
            fontsize=size or self.style.size,
            color=color,
            **{"va": "center_baseline", "ha": "left", **more},
        )

    def rule(self, x0: float, x1: float, y: float, *, color: str = HAIRLINE, width: float = 0.5, **more: Any) -> None:
        """A horizontal line; `linestyle` and `gid` may be given."""
        line = Line2D((x0, x1), (y, y), transform=self._points, color=color, linewidth=width, **more)
        self.figure.add_artist(line)

    def lines(self, x: float, y: float, found: Sequence[tuple[str, str]]) -> None:
        """Lines of notes, (text, colour) each, from y downwards."""
        for i, (line, color) in enumerate(found):
            self.text(x, y + (i + 0.5) * leading(self.style.note), line, size=self.style.note, color=color)


def leading(size: float) -> float:
    return LEADING * size


def foot_lines(texts: Sequence[tuple[str, str]], style: Style) -> list[tuple[str, str]]:
    """Paragraphs (text, colour) as lines of the figure's width."""
    width = style.points - 2 * EDGE
    return [(line, color) for text, color in texts if text for line in wrapped(text, style.note, width)]


def foot_height(lines: Sequence[tuple[str, str]], style: Style) -> float:
    return len(lines) * leading(style.note) + EDGE
