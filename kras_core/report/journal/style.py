"""Type, lines and colours of a printed figure: neutral, so that it fits any journal; sizes in points."""

import logging
from dataclasses import dataclass
from functools import cache

import matplotlib
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font

from kras_core.report.palette import DASHES, colour, dash, text_colour

# Widths of a column in millimetres, within what most journals ask for (84–89, 114–140, 174–180).
WIDTHS = {"single": 85.0, "one-and-half": 120.0, "double": 178.0}
NARROWEST, WIDEST = 60.0, 250.0  # mm
SMALLEST_DPI, LARGEST_DPI = 150, 1200
POINTS_PER_MM = 72 / 25.4
SMALL = 110.0  # mm; narrower figures have smaller type, and names above what they name

# matplotlib ships the first; the others have the characters that it lacks, where one of them is installed.
FONT = "DejaVu Sans"
WIDER = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei",
    "Droid Sans Fallback", "Microsoft YaHei", "SimHei", "PingFang SC", "Hiragino Sans", "Arial Unicode MS",
)  # fmt: skip
BOX = "□"

# One of the wider fonts may have no bold: matplotlib draws it as it is, and need not say so on standard error.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)

INK, QUIET, HAIRLINE = "#000000", "#4d4d4d", "#d9d9d9"


@dataclass(frozen=True, slots=True)
class Style:
    """width in millimetres; dpi of pictures made of pixels; grey: no colour, line styles alone differ."""

    width: float = WIDTHS["single"]
    dpi: int = 600
    grey: bool = False

    def __post_init__(self) -> None:
        if not NARROWEST <= self.width <= WIDEST:
            raise ValueError(f"a width of {self.width:g} mm: choose {NARROWEST:g} to {WIDEST:g} mm")
        if not SMALLEST_DPI <= self.dpi <= LARGEST_DPI:
            raise ValueError(f"{self.dpi} dpi: choose {SMALLEST_DPI} to {LARGEST_DPI}")

    @property
    def points(self) -> float:
        """The width in points."""
        return self.width * POINTS_PER_MM

    @property
    def narrow(self) -> bool:
        return self.width < SMALL

    @property
    def size(self) -> float:
        """Type of axes and names."""
        return 7.0 if self.narrow else 8.0

    @property
    def note(self) -> float:
        """Type of footnotes and counts."""
        return self.size - 1.0

    def line(self, slot: int) -> str:
        return self.shade(colour(slot, "light"))

    def ink(self, slot: int) -> str:
        """The stratum's colour for text."""
        return INK if self.grey else text_colour(slot, "light")

    def shade(self, of: str) -> str:
        """The colour, or the grey as light as it."""
        if not self.grey:
            return of
        red, green, blue = (int(of[i : i + 2], 16) for i in (1, 3, 5))
        level = round(0.299 * red + 0.587 * green + 0.114 * blue)
        return f"#{level:02x}{level:02x}{level:02x}"


def dashes(slot: int) -> str | tuple[float, tuple[float, ...]]:
    """The stratum's line style in matplotlib's notation, in units of the line's width."""
    lengths = dash(slot)
    if lengths == DASHES[0]:
        return "solid"
    return (0.0, tuple(float(length.removesuffix("px")) / 2 for length in lengths.split(",")))


@cache
def families() -> list[str]:
    """Fonts in order of preference: matplotlib's own, then an installed one with Chinese, Japanese and Korean."""
    installed = {entry.name for entry in fontManager.ttflist}
    return [FONT, *(name for name in WIDER if name in installed)]


def settings() -> dict[str, object]:
    """matplotlib's settings for a file that is the same every time: text as outlines in SVG, as TrueType in PDF."""
    return {
        "font.family": families(),
        "text.parse_math": False,  # "$" in a name is a dollar sign
        "text.hinting": "none",  # in pixels as wide as in outlines, which is how lines are broken
        "svg.fonttype": "path",
        "svg.hashsalt": "krascope",
        "pdf.fonttype": 42,
        "axes.unicode_minus": True,
        "lines.solid_capstyle": "butt",
        "lines.dash_capstyle": "butt",
        "axes.linewidth": 0.6,
    }


@cache
def _characters() -> frozenset[int]:
    paths = [findfont(FontProperties(family=name)) for name in families()]
    return frozenset(code for path in paths for code in get_font(path).get_charmap())


def printable(text: str) -> str:
    """The text with a box for every character that no installed font has."""
    known = _characters()
    return "".join(c if ord(c) in known or c.isspace() else BOX for c in text)


def missing_note(texts: list[str]) -> str:
    """What the figure says where boxes stand for characters."""
    if all(printable(text) == text for text in texts):
        return ""
    return f"{BOX}: a character that no installed font has (Noto Sans CJK would have Chinese)."


def version() -> str:
    return f"matplotlib {matplotlib.__version__}"
