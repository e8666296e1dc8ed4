"""Colours, dashes and type: the one source for figures, tables and the app's theme.

One accent, one warning, one error; everything else ink on paper, and the same turned for dark.
Text keeps a contrast of 4.5:1 against paper and panel, lines 3:1 (WCAG 2.1, success criteria 1.4.3
and 1.4.11). The six strata colours have six different lightnesses, so that they survive greyscale
printing, and stay apart under protanopia, deuteranopia and tritanopia; tests recompute all of it.
"""

from dataclasses import dataclass
from typing import Literal

Theme = Literal["light", "dark"]

# The sans that Streamlit ships, then what a browser without it has.
FONT = '"Source Sans", "Source Sans 3", "Source Sans Pro", "Segoe UI", "Helvetica Neue", Arial, sans-serif'

# Four sizes, in pixels: notes, body, answer, title.
SIZES = {"note": 12, "body": 14, "answer": 16, "title": 22}


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one theme, as #RRGGBB.

    paper: the page; panel: sidebar and raised surfaces; ink: text; quiet: lighter text; hairline:
    rules and gridlines. strata are for lines and marks; strata_ink the same hues, dark (or light)
    enough to be read as text.
    """

    paper: str
    panel: str
    ink: str
    quiet: str
    hairline: str
    accent: str
    warning: str
    error: str
    strata: tuple[str, str, str, str, str, str]
    strata_ink: tuple[str, str, str, str, str, str]


TOKENS: dict[Theme, Tokens] = {
    "light": Tokens(
        paper="#FCFBF8",
        panel="#F4F2EC",
        ink="#1C1E20",
        quiet="#5C6064",
        hairline="#E3E0D8",
        accent="#0B5A6B",
        warning="#8A5A00",
        error="#9A3324",
        strata=("#005C89", "#D0702A", "#721D57", "#41876C", "#B5373A", "#1E2832"),
        strata_ink=("#005C89", "#A9540F", "#721D57", "#2F735A", "#B5373A", "#1E2832"),
    ),
    "dark": Tokens(
        paper="#171614",
        panel="#211F1C",
        ink="#ECE9E2",
        quiet="#A8A49B",
        hairline="#35322D",
        accent="#72BFD0",
        warning="#E3B04B",
        error="#EE9383",
        strata=("#5BA9E5", "#FFC86A", "#B87C97", "#9ECBA2", "#CC5850", "#E4E7F1"),
        strata_ink=("#5BA9E5", "#FFC86A", "#C88FA9", "#9ECBA2", "#E07B72", "#E4E7F1"),
    ),
}

# In Plotly's notation: a name, or lengths of stroke and gap in pixels.
DASHES = ("solid", "10px,3px", "4px,2px", "11px,3px,2px,3px", "2px,2px", "8px,2px,2px,2px,2px,2px")


def colour(slot: int, theme: Theme) -> str:
    """Line colour of a stratum by its fixed place; beyond six the colours come round again."""
    return TOKENS[theme].strata[slot % 6]


def text_colour(slot: int, theme: Theme) -> str:
    """The stratum's colour for text."""
    return TOKENS[theme].strata_ink[slot % 6]


def dash(slot: int) -> str:
    """Line style of a stratum. From the seventh on it moves by one, so that colour and dash differ as a pair."""
    return DASHES[(slot + slot // 6) % 6]


def fade(hex_colour: str, opacity: float) -> str:
    """The colour as rgba(…) with this opacity."""
    red, green, blue = (int(hex_colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"
