"""The palette's promises, recomputed: contrast, colour blindness, greyscale, colour and dash as a pair."""

from itertools import combinations

import numpy as np
import pytest

from kras_core.report.palette import DASHES, TOKENS, Theme, colour, dash

# Machado, Oliveira and Fernandes 2009 (IEEE Trans Vis Comput Graph 15:1291–1298), severity 1, on linear RGB.
SIGHT = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = np.array([0.95047, 1.0, 1.08883])
THEMES: tuple[Theme, ...] = ("light", "dark")


def linear(hex_colour: str) -> np.ndarray:
    c = np.array([int(hex_colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear RGB."""
    t = XYZ @ rgb.clip(0, 1) / WHITE
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one: str, other: str) -> float:
    """WCAG 2.1 contrast ratio."""
    low, high = sorted(float(XYZ[1] @ linear(c)) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def nearest(colours: tuple[str, ...], sight: str) -> float:
    """The smallest CIE76 distance between any two, as seen by such eyes."""
    points = [lab(SIGHT[sight] @ linear(c)) for c in colours]
    return min(float(np.linalg.norm(a - b)) for a, b in combinations(points, 2))


def test_the_measures_themselves() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21, rel=1e-6)
    assert lab(linear("#FFFFFF")) == pytest.approx([100, 0, 0], abs=1e-3)
    # A red and a green that a deuteranope confuses and others do not.
    pair = ("#A95C00", "#6E7A00")
    assert nearest(pair, "usual") > 30 > 12 > nearest(pair, "deuteranopia")


@pytest.mark.parametrize("theme", THEMES)
def test_text_has_contrast_on_paper_and_panel(theme: Theme) -> None:
    tokens = TOKENS[theme]
    words = (tokens.ink, tokens.quiet, tokens.accent, tokens.warning, tokens.error, *tokens.strata_ink)
    assert min(contrast(word, surface) for word in words for surface in (tokens.paper, tokens.panel)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_lines_have_contrast_on_paper(theme: Theme) -> None:
    assert min(contrast(line, TOKENS[theme].paper) for line in TOKENS[theme].strata) >= 3


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight, all_six, first_three", [("usual", 30, 45), *((s, 14, 17) for s in list(SIGHT)[1:])])
def test_strata_stay_apart_for_every_eye(theme: Theme, sight: str, all_six: float, first_three: float) -> None:
    strata = TOKENS[theme].strata
    assert nearest(strata, sight) >= all_six
    assert nearest(strata[:3], sight) >= first_three


@pytest.mark.parametrize("theme", THEMES)
def test_strata_stay_apart_in_greyscale(theme: Theme) -> None:
    lightness = [lab(linear(c))[0] for c in TOKENS[theme].strata]
    assert np.diff(np.sort(lightness)).min() >= 5
    assert abs(lightness[0] - lightness[1]) >= 15  # two strata are the usual case


@pytest.mark.parametrize("theme", THEMES)
def test_twelve_strata_differ_in_colour_or_dash_and_six_in_both(theme: Theme) -> None:
    assert len({(colour(i, theme), dash(i)) for i in range(12)}) == 12
    assert len({colour(i, theme) for i in range(6)}) == len({dash(i) for i in range(6)}) == len(DASHES) == 6
