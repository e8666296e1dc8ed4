"""The Kaplan–Meier figure's frame: pixels and axes, in Plotly's JSON schema.

Sizes do not depend on what is shown, so that nothing on the page moves when a toggle moves. Under the
figure, on the same axis, stands the table of patients at risk (see `km_under`).
"""

from dataclasses import dataclass
from typing import Any

from kras_core.report.format import Clock
from kras_core.report.palette import FONT, TOKENS, Theme, Tokens
from kras_core.stats.results import RiskTable

Json = dict[str, Any]

MOST_CURVES = 8
MOST_BANDS = 4  # more bands than these make mud of each other
FIXED: Json = {"fixedrange": True, "zeroline": False, "showgrid": False}
LEFT, RIGHT = 52, 44  # pixels beside the plot; the table under it knows them too
WIDTHS = (560, 940)  # pixels of the whole figure to judge places at: beside an open sidebar, and the usual
NARROWEST = 260.0  # pixels of the plot on a telephone
LONGEST_NAME = 26  # characters at a curve's end


@dataclass(frozen=True, slots=True)
class Frame:
    """The time axis' end in months, sizes in pixels; scale enlarges type and lines."""

    theme: Theme
    clock: Clock
    scale: float
    end: float
    height: int

    @property
    def tokens(self) -> Tokens:
        return TOKENS[self.theme]

    @property
    def size(self) -> float:
        return 13 * self.scale

    @property
    def left(self) -> float:
        return LEFT * self.scale

    @property
    def right(self) -> float:
        return RIGHT * self.scale

    @property
    def top(self) -> float:
        return 12 * self.scale

    @property
    def axis(self) -> float:
        """Room for the time axis' numbers and unit."""
        return 46 * self.scale

    @property
    def plot(self) -> float:
        return self.height - self.top - self.axis

    @property
    def widths(self) -> tuple[float, float]:
        """Widths of the plot to judge places at."""
        narrow, wide = (width * self.scale - self.left - self.right for width in WIDTHS)
        return (narrow, wide)

    def across(self, months: float) -> float:
        """Where a time stands, as a fraction of the plot's width."""
        return months * self.clock.per_month / axis_range(self)[1]


@dataclass(frozen=True, slots=True)
class Tail:
    """What stands at a curve's end: the stratum's name, its size in words, and the curve's last time in months."""

    name: str
    size: str
    last: float


def axis_end(tails: list[Tail], table: RiskTable) -> float:
    """Where the axis ends that shows the whole follow-up, in months."""
    return 1.01 * max(float(table.ticks[-1]), *(tail.last for tail in tails))


def axis_range(frame: Frame) -> list[float]:
    """The time axis, in its unit. A thousandth more than the end, so that what is anchored there is inside."""
    return [0, round(frame.end * frame.clock.per_month + 0.001, 3)]


def ticks(frame: Frame, table: RiskTable) -> list[float]:
    """The risk table's times that are on the axis, in months."""
    return [t for t in table.ticks.tolist() if t <= frame.end * (1 + 1e-9)]


def layout(frame: Frame, table: RiskTable, annotations: list[Json]) -> Json:
    """Type, colours and axes. Nothing zooms: a new selection would lose it, and a thumb must scroll the page."""
    return {
        **canvas(frame.theme, frame.size),
        "height": frame.height,
        "margin": {"l": round(frame.left), "r": round(frame.right), "t": round(frame.top), "b": round(frame.axis)},
        "hovermode": "x",
        "hoverdistance": -1,
        "xaxis": _time_axis(frame, table),
        "yaxis": _survival_axis(frame),
        "annotations": annotations,
    }


def canvas(theme: Theme, size: float) -> Json:
    """What every figure shares. Paper shows through.

    datarevision: Streamlit hands Plotly a copy of every figure right after the figure. With a revision, equal
    again, and all numbers written out, Plotly compares the two and need not draw a second time. A template or
    a meta would count as a change.
    """
    tokens = TOKENS[theme]
    return {
        "datarevision": 1,
        "showlegend": False,
        "font": {"family": FONT, "size": size, "color": tokens.ink},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "dragmode": False,
        "hoverlabel": {
            "bgcolor": tokens.panel,
            "font": {"family": FONT, "size": 13, "color": tokens.ink},
            "align": "left",
        },
    }


def _time_axis(frame: Frame, table: RiskTable) -> Json:
    at = ticks(frame, table)
    text = [frame.clock.tick(t) for t in at]
    if text:
        text[-1] += f"<br>{frame.clock.unit}"  # beneath, since beside it the narrowest window has no room
    return {
        **FIXED,
        "range": axis_range(frame),
        "anchor": "y",
        "tickvals": [round(t * frame.clock.per_month, 6) for t in at],
        "ticktext": text,
        "ticks": "outside",
        "ticklen": 4 * frame.scale,
        "tickcolor": frame.tokens.quiet,
        "showline": True,
        "linecolor": frame.tokens.quiet,
        "linewidth": 1,
        "tickangle": 0,
    }


def _survival_axis(frame: Frame) -> Json:
    percents = [0, 25, 50, 75, 100]
    return {
        **FIXED,
        "range": [0, 101],
        "tickvals": percents,
        "ticktext": [f"{p} %" if p == 100 else str(p) for p in percents],
        "showgrid": True,
        "gridcolor": frame.tokens.hairline,
        "gridwidth": 1,
        "ticklabelstandoff": 6,
    }


def short(label: str) -> str:
    """A name that fits at a curve's end."""
    return label if len(label) <= LONGEST_NAME else label[: LONGEST_NAME - 1].rstrip() + "…"


def annotation(text: str, x: float, y: float, **more: Any) -> Json:
    return {"text": text, "x": x, "y": y, "showarrow": False, "borderpad": 0} | more
