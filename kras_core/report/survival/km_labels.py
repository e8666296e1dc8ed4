"""Where the names at the curves' ends go: never on each other, on a median's value, or out of the figure.

Everything here is in pixels, y downwards. The figure's true width is not known on the server, so
places are judged at a narrow and a usual width.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

LINE = 17.0  # height of a line of label text
GAP = 7.0  # from a curve's end to its name
ON_A_LABEL, ON_A_CURVE, OUTSIDE = 1000.0, 60.0, 1000.0

_WIDTHS = {c: w for chars, w in (("ijl|!'.,:;· ", 0.25), ("()[]{}frt-I", 0.33), ("mwMW%@", 0.8)) for c in chars}


def text_width(text: str, size: float) -> float:
    """Width of a line of the interface's sans in pixels, a little generous, since other fonts are wider."""
    return 1.04 * size * sum(_WIDTHS.get(c, 0.61 if c.isupper() else 0.51) for c in text)


@dataclass(frozen=True, slots=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


@dataclass(frozen=True, slots=True)
class End:
    """A curve as a label sees it: where it ends, as fractions of the axes (height downwards), how wide its
    name is in pixels, and the curve itself: fraction across -> fraction down, not decreasing."""

    across: float
    down: float
    width: float
    path: Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Foot:
    """Words at the foot of a drop that stands so far across; `words` is seen from that foot, y upwards negative."""

    across: float
    words: Box

    def box(self, width: float, height: float) -> Box:
        x, w = self.across * width, self.words
        return Box(x + w.left - 3, height + w.top, x + w.right + 3, height + w.bottom)


class Feet:
    """Room for values beside the feet of drops, on a plot so wide, in lines so high: right of a foot, or left where
    the plot ends, and a line higher where two would meet. measure: width of a text."""

    def __init__(self, width: float, line: float, measure: Callable[[str], float]) -> None:
        self.width, self.line, self.measure = width, line, measure
        self._placed: list[tuple[float, float, float, int]] = []  # foot, from, to, level

    def beside(self, across: float, text: str) -> tuple[float, float, str]:
        """How far right of and above its foot the value stands, and the side on which it is anchored."""
        foot, wide = across * self.width, self.measure(text) + 3
        right = foot + 2 + wide <= self.width
        low, high = (foot + 2, foot + 2 + wide) if right else (foot - 2 - wide, foot - 2)
        level = next(
            i
            for i in range(len(self._placed) + 1)
            if not any(at == i and low < b and a < high for _, a, b, at in self._placed)
        )
        self._placed.append((foot, low, high, level))
        return (2.5 if right else -2.5), (level + 0.62) * self.line, "left" if right else "right"

    def taken(self, scale: float = 1.0) -> list[Foot]:
        """What the values take, for `place`; scale: of its pixels to this unit."""
        found = []
        for foot, low, high, level in self._placed:
            sides = (low - foot, -(level + 1) * self.line, high - foot, -level * self.line)
            found.append(Foot(foot / self.width, Box(*(scale * side for side in sides))))
        return found


@dataclass(frozen=True, slots=True)
class Place:
    """A label's place: anchored "left" or "right", so many pixels right of and below its curve's end."""

    anchor: str
    dx: float
    dy: float

    @property
    def cost(self) -> float:
        """How far from where a reader looks first, which is right beside the end; far away counts more and more."""
        return abs(self.dy) * (1 + abs(self.dy) / 60) + (12.0 if self.anchor == "right" else 0.0)


def _candidates() -> list[Place]:
    beside = [Place("left", GAP, sign * d) for d in range(0, 181, 9) for sign in (-1, 1)]
    over = [Place("right", 0.0, sign * d) for d in range(13, 181, 9) for sign in (-1, 1)]
    return sorted(beside + over, key=lambda place: place.cost)


CANDIDATES = _candidates()


def place(
    ends: Sequence[End],
    widths: Sequence[float],
    height: float,
    margin: float,
    taken: Sequence[Foot] = (),
) -> tuple[Place, ...]:
    """A place for every end's label.

    widths: plot widths to judge at; height: of the plot; margin: free pixels right of it; taken: words
    at the foot of the plot. The rightmost ends choose first, of those the lowest.
    """
    boxes = {width: [foot.box(width, height) for foot in taken] for width in widths}
    chosen: dict[int, Place] = {}
    for i in sorted(range(len(ends)), key=lambda i: (-ends[i].across, -ends[i].down)):
        chosen[i] = _cheapest(lambda at, i=i: sum(_cost(ends, i, at, w, height, margin, boxes[w]) for w in widths))
        for width in widths:
            boxes[width].append(_box(ends[i], chosen[i], width, height))
    return tuple(chosen[i] for i in range(len(ends)))


def _cheapest(penalty: Callable[[Place], float]) -> Place:
    """Candidates come in order of their own cost, so the search ends where that alone exceeds the best."""
    best, least = CANDIDATES[0], float("inf")
    for at in CANDIDATES:
        if at.cost >= least:
            break
        total = at.cost + penalty(at)
        if total < least:
            best, least = at, total
    return best


def _box(end: End, at: Place, width: float, height: float) -> Box:
    x, middle = end.across * width + at.dx, end.down * height + at.dy
    left = x if at.anchor == "left" else x - end.width
    return Box(left, middle - LINE / 2, left + end.width, middle + LINE / 2)


def _cost(
    ends: Sequence[End], i: int, at: Place, width: float, height: float, margin: float, placed: list[Box]
) -> float:
    box = _box(ends[i], at, width, height)
    outside = box.left < 0 or box.top < -LINE / 2 or box.bottom > height + 1 or box.right > width + margin
    if outside:
        return OUTSIDE
    if any(box.meets(other) for other in placed):
        return ON_A_LABEL
    return ON_A_CURVE * sum(_crosses(end, box, width, height) for end in ends)


def _crosses(end: End, box: Box, width: float, height: float) -> bool:
    """A step curve covers every height between those at the two sides of the box."""
    left, right = max(box.left / width, 0.0), min(box.right / width, end.across)
    if left >= right:
        return False
    return end.path(left) * height - 2 < box.bottom and end.path(right) * height + 2 > box.top
