"""The Kaplan–Meier figure's frame: pixels, axes, and text around the curves, in Plotly's JSON schema.

Top to bottom: the plot, its time axis, the risk table on the same axis, the footnote. Heights depend
on the number of rows reserved (2, 4, 6 or 8 strata) and on nothing else, so that nothing on the page
moves when a toggle adds a stratum.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kras_core.report.format import Clock, whole
from kras_core.report.km_labels import GAP, text_width
from kras_core.report.palette import FONT, TOKENS, Theme, Tokens
from kras_core.stats.results import RiskTable

Json = dict[str, Any]

MOST_CURVES = 8
MOST_BANDS = 4  # more bands than these make mud of each other
FIXED: Json = {"fixedrange": True, "zeroline": False, "showgrid": False}
WIDEST_MARGIN = 130  # pixels right of the plot
LONGEST_NAME = 26  # characters beside the risk table and at a curve's end


@dataclass(frozen=True, slots=True)
class Frame:
    """Sizes in pixels, the time axis' end in months, and which of the risk table's ticks are shown."""

    theme: Theme
    clock: Clock
    compact: bool
    scale: float
    end: float
    ticks: np.ndarray
    left: float
    right: float
    top: float
    plot: float
    row: float
    rows: int
    foot: float

    @property
    def tokens(self) -> Tokens:
        return TOKENS[self.theme]

    @property
    def axis(self) -> float:
        """Room for the time axis' numbers."""
        return 38 * self.scale

    @property
    def size(self) -> float:
        return (12 if self.compact else 13) * self.scale

    @property
    def table(self) -> float:
        return self.row * self.rows

    @property
    def inner(self) -> float:
        """Between Plotly's margins."""
        return self.plot + self.axis + self.table

    @property
    def height(self) -> int:
        return round(self.top + self.inner + self.foot)

    @property
    def widths(self) -> tuple[float, float]:
        """Plot widths to judge places at: a narrow window, and the usual one."""
        totals = (328, 390) if self.compact else (760 * self.scale, 1100 * self.scale)
        return (totals[0] - self.left - self.right, totals[1] - self.left - self.right)

    def line(self, stratum: int) -> float:
        """Where a stratum's counts stand in the table, in rows from its top; the first row is the heading."""
        return 2.5 + 2 * stratum if self.compact else 1.5 + stratum


@dataclass(frozen=True, slots=True)
class Wish:
    """How the caller wants the figure: height of the whole in pixels (None: the usual), axis_max in months."""

    theme: Theme
    clock: Clock
    height: int | None
    axis_max: float | None
    compact: bool
    scale: float


@dataclass(frozen=True, slots=True)
class Tail:
    """What stands at a curve's end: the stratum's name, its size in words, and the curve's last time in months."""

    name: str
    size: str
    last: float


def frame_of(tails: list[Tail], table: RiskTable, wish: Wish) -> Frame:
    """The frame for these strata."""
    scale, compact = wish.scale, wish.compact
    end = wish.axis_max or 1.01 * max(float(table.ticks[-1]), *(tail.last for tail in tails))
    size = (12 if compact else 13) * scale
    widest_cell = max(text_width(c, size) for i in range(len(table.at_risk)) for c in cells(table, i))
    beside = max(text_width(tail.name, size) for tail in tails)
    left = 44 * scale if compact else max(52 * scale, 30 * scale + beside + widest_cell / 2 + 10)
    right = max((30 if compact else 60) * scale, widest_cell / 2 + 4)
    if not compact:
        right = max(right, *(_overhang(tail, end, size, scale) for tail in tails))
    reserved = next(r for r in (2, 4, 6, MOST_CURVES) if len(tails) <= r)
    frame = Frame(
        theme=wish.theme,
        clock=wish.clock,
        compact=compact,
        scale=scale,
        end=end,
        ticks=np.empty(0, dtype=np.intp),
        left=left,
        right=right,
        top=12 * scale,
        plot=(240 if compact else 350) * scale,
        row=(17 if compact else 20) * scale,
        rows=1 + (2 * reserved if compact else reserved),
        foot=(78 if compact else 44) * scale,
    )
    plot = frame.plot
    if wish.height is not None:
        plot = max(120.0, plot + wish.height - frame.height)
    return replace(frame, plot=plot, ticks=_fitting(table, end, widest_cell + 10 * scale, frame.widths[0]))


def _overhang(tail: Tail, end: float, size: float, scale: float) -> float:
    """Room right of the plot that a name beside its curve's end needs in a narrow window, within reason."""
    wide = text_width(f"{tail.name} {tail.size}", size) + GAP + 4
    free = (1 - min(tail.last / end, 1.0)) * 500 * scale
    return min(wide - free, WIDEST_MARGIN * scale)


def cells(table: RiskTable, stratum: int) -> list[str]:
    """ "21 (0) [0]" under every tick: at risk (censored) [events], under delayed entry also +entered."""
    columns = [table.at_risk[stratum], table.censored[stratum], table.events[stratum]]
    written = [[whole(v) for v in column.tolist()] for column in columns]
    entered = [""] * len(table.ticks)
    if table.entered.size:
        entered = [f" +{whole(v)}" for v in table.entered[stratum].tolist()]
    return [f"{n} ({c}) [{e}]{more}" for n, c, e, more in zip(*written, entered, strict=True)]


def _fitting(table: RiskTable, end: float, cell: float, width: float) -> np.ndarray:
    """Indices of every tick, every second, third …, so that the counts under them do not touch."""
    inside = np.flatnonzero(table.ticks <= end * (1 + 1e-9))
    most = max(2.0, width / cell)
    stride = next(s for s in range(1, inside.size + 2) if (inside.size - 1) // s + 1 <= most)
    return inside[::stride]


def layout(frame: Frame, table: RiskTable, shapes: list[Json], annotations: list[Json]) -> Json:
    """Type, colours and axes. Nothing zooms: a new selection would lose it, and a thumb must scroll the page."""
    return {
        **canvas(frame.theme, frame.size),
        "height": frame.height,
        "margin": {"l": round(frame.left), "r": round(frame.right), "t": round(frame.top), "b": round(frame.foot)},
        "hovermode": "x",
        "hoverdistance": -1,
        "xaxis": _time_axis(frame, table),
        "yaxis": _survival_axis(frame),
        "yaxis2": {
            **FIXED,
            "range": [frame.rows, 0],
            "domain": [0, round(frame.table / frame.inner, 5)],
            "anchor": "x",
            "showticklabels": False,
        },
        "shapes": shapes,
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
    clock, at = frame.clock, table.ticks[frame.ticks].tolist()
    text = [clock.tick(t) for t in at]
    if frame.compact and text:
        text[-1] += f" {clock.abbreviation}"
    return {
        **FIXED,
        # A thousandth more than the end, so that what is anchored there is inside after rounding.
        "range": [0, round(frame.end * clock.per_month + 0.001, 3)],
        "anchor": "y",
        "tickvals": [round(t * clock.per_month, 6) for t in at],
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
        "domain": [round(1 - frame.plot / frame.inner, 5), 1],
        "tickvals": percents,
        "ticktext": [f"{p} %" if p == 100 else str(p) for p in percents],
        "showgrid": True,
        "gridcolor": frame.tokens.hairline,
        "gridwidth": 1,
        "ticklabelstandoff": 6,
    }


def short(label: str) -> str:
    """A name that fits beside the risk table."""
    return label if len(label) <= LONGEST_NAME else label[: LONGEST_NAME - 1].rstrip() + "…"


def annotation(text: str, x: float, y: float, **more: Any) -> Json:
    return {"text": text, "x": x, "y": y, "showarrow": False, "borderpad": 0, **more}
