"""The theme in .streamlit/config.toml: the palette's tokens, legible, and known to this Streamlit."""

import tomllib
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from streamlit import config

from kras_core.report.palette import TOKENS

ROOT = Path(__file__).parent.parent.parent
CONFIG: dict[str, Any] = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))
MODES = ("light", "dark")
HUES = ("red", "orange", "yellow", "blue", "green", "violet", "gray")


def luminance(colour: str) -> float:
    """Relative luminance of #RRGGBB (WCAG 2.1)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.1)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_black_on_white_is_21() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.478, abs=1e-3)


@pytest.mark.parametrize("mode", MODES)
def test_text_is_legible_on_every_surface(mode: str) -> None:
    theme = CONFIG["theme"][mode]
    surfaces = [
        part[name] for part in (theme, theme["sidebar"]) for name in ("backgroundColor", "secondaryBackgroundColor")
    ]
    texts = ["textColor", "primaryColor", "linkColor", "dataframeHeaderTextColor", *(f"{hue}TextColor" for hue in HUES)]
    for name, surface in product(texts, surfaces):
        assert contrast(theme[name], surface) >= 4.5, (name, surface)
    for hue in HUES:
        assert contrast(theme[f"{hue}TextColor"], theme[f"{hue}BackgroundColor"]) >= 4.5, hue
        assert contrast(theme["textColor"], theme[f"{hue}BackgroundColor"]) >= 4.5, hue


@pytest.mark.parametrize("mode", MODES)
def test_paper_is_legible_on_the_accent(mode: str) -> None:
    """The style sheet writes so on chips and primary buttons."""
    tokens = TOKENS[mode]  # type: ignore[index]
    assert contrast(tokens.paper, tokens.accent) >= 4.5


@pytest.mark.parametrize("mode", MODES)
def test_colours_are_the_palette_s(mode: str) -> None:
    theme, tokens = CONFIG["theme"][mode], TOKENS[mode]  # type: ignore[index]
    expected = {
        "primaryColor": tokens.accent,
        "backgroundColor": tokens.paper,
        "secondaryBackgroundColor": tokens.panel,
        "textColor": tokens.ink,
        "borderColor": tokens.hairline,
        "yellowColor": tokens.warning,
        "redColor": tokens.error,
        "grayColor": tokens.quiet,
    }
    assert {name: theme[name] for name in expected} == expected
    assert theme["sidebar"]["backgroundColor"] == tokens.panel


def options(table: dict[str, Any], prefix: str = "") -> list[str]:
    """Dotted names of all options in a table of the configuration."""
    names = []
    for key, value in table.items():
        names += options(value, f"{prefix}{key}.") if isinstance(value, dict) else [prefix + key]
    return names


def test_streamlit_knows_every_option() -> None:
    known = set(config._config_options_template)
    assert set(options(CONFIG)) <= known


def test_nothing_leaves_the_machine() -> None:
    assert CONFIG["browser"] == {"gatherUsageStats": False, "serverAddress": "localhost"}
    assert "http" not in (ROOT / ".streamlit/config.toml").read_text(encoding="utf-8")
    assert CONFIG["client"]["showErrorDetails"] == "none"
    assert CONFIG["client"]["showErrorLinks"] is False
    assert CONFIG["server"]["enableXsrfProtection"] is True
