"""Findings: what a check says of a claim. One fixed shape, so that page, report and command line show the same."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Verdict = Literal[
    "impossible", "inconsistent", "rounding only", "reproduced", "reachable", "consistent", "not recomputable"
]

# What several checks of one claim come to together: the first of these that any of them found.
ORDER: tuple[Verdict, ...] = (
    "impossible",
    "inconsistent",
    "rounding only",
    "reproduced",
    "reachable",
    "consistent",
    "not recomputable",
)

MEANING: dict[Verdict, str] = {
    "impossible": "proved: no data give it under the assumption named",
    "inconsistent": "needs an assumption that the paper does not state",
    "rounding only": "the same figure, rounded otherwise",
    "reproduced": "recomputed from patient rows, prints the same",
    "reachable": "a cohort with this figure exists",
    "consistent": "nothing printed contradicts it",
    "not recomputable": "something is missing to check it",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a picture: an interval, or a point (low = high). printed: in the paper; otherwise computed. text: how
    it is written beside the bar, where its ends are not."""

    label: str
    low: float
    high: float
    printed: bool = True
    point: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """Bars on one axis. mark: a value to draw a line at (1 for a ratio). unit: of the axis."""

    bars: tuple[Bar, ...]
    mark: float | None = None
    log: bool = False
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says of one claim.

    statement: one sentence or two. steps: the arithmetic, one line each. assumption: what the verdict rests on.
    ways_out: witnesses and other readings under which the printed figure would be right. computed: the figure or range
    that came out, as text; interval: the same as numbers where there are two. tightest: the narrowest interval that is
    possible beside an impossible one. preset: the software convention that gives the printed figure.
    flag: a remark about bias or completeness, no verdict on the figure.
    """

    verdict: Verdict
    statement: str
    steps: tuple[str, ...] = ()
    assumption: str = ""
    ways_out: tuple[str, ...] = ()
    computed: str = ""
    interval: tuple[float, float] | None = None
    tightest: tuple[float, float] | None = None
    changes_conclusion: bool = False
    preset: str = ""
    picture: Picture | None = None
    flag: bool = False
    claim: str = ""
    check: str = ""


def strongest(findings: Iterable[Finding]) -> Verdict:
    """The combined verdict; "not recomputable" where nothing was found."""
    found = {f.verdict for f in findings}
    for verdict in ORDER:
        if verdict in found:
            return verdict
    return "not recomputable"
