"""Names at the curves' ends: apart from each other and inside the figure, whatever the curves do."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from kras_core.report.survival.km_labels import LINE, Box, End, Foot, Place, place, text_width

HEIGHT, MARGIN = 350.0, 60.0
WIDTHS = (560.0, 900.0)


def end(across: float, down: float, width: float = 90.0) -> End:
    """A curve that falls straight to its end."""
    return End(across, down, width, lambda x: down * min(x / across, 1.0))


def box(of: End, at: Place, width: float) -> Box:
    x, y = of.across * width + at.dx, of.down * HEIGHT + at.dy
    left = x if at.anchor == "left" else x - of.width
    return Box(left, y - LINE / 2, left + of.width, y + LINE / 2)


ends = st.lists(
    st.builds(end, st.floats(0.15, 1.0), st.floats(0.0, 1.0), st.floats(40.0, 150.0)), min_size=1, max_size=8
)


@given(ends)
def test_names_never_cover_each_other_nor_leave_the_figure(curves: list[End]) -> None:
    places = place(curves, WIDTHS, HEIGHT, MARGIN)
    for width in WIDTHS:
        boxes = [box(c, p, width) for c, p in zip(curves, places, strict=True)]
        assert not any(a.meets(b) for a, b in combinations(boxes, 2))
        for b in boxes:
            assert b.left >= 0 and b.right <= width + MARGIN
            assert b.top >= -LINE / 2 and b.bottom <= HEIGHT + 1


def test_eight_curves_that_end_in_one_point_still_have_their_names_apart() -> None:
    curves = [end(1.0, 1.0) for _ in range(8)]
    boxes = [box(c, p, 900) for c, p in zip(curves, place(curves, WIDTHS, HEIGHT, MARGIN), strict=True)]
    assert not any(a.meets(b) for a, b in combinations(boxes, 2))


def test_a_free_end_has_its_name_right_beside_it() -> None:
    (at,) = place([end(0.5, 0.6)], WIDTHS, HEIGHT, MARGIN)
    assert (at.anchor, at.dy) == ("left", 0)


def test_an_end_at_the_edge_has_its_name_above_its_tail() -> None:
    (at,) = place([End(1.0, 0.8, 120.0, lambda x: 0.8)], WIDTHS, HEIGHT, MARGIN)
    assert at.anchor == "right" and at.dy < 0


def test_a_name_keeps_off_another_curve_and_off_the_words_at_the_axis() -> None:
    through = End(1.0, 0.6, 60.0, lambda x: 0.6)
    short, _ = place([end(0.4, 0.6), through], WIDTHS, HEIGHT, MARGIN)
    assert abs(short.dy) >= LINE / 2
    low = end(0.4, 1.0)
    free, kept_off = (
        place([low], WIDTHS, HEIGHT, MARGIN, taken)[0] for taken in ((), (Foot(0.4, Box(5, -14, 35, 0)),))
    )
    assert abs(kept_off.dy) > abs(free.dy)


def test_names_of_one_end_keep_the_order_of_their_curves() -> None:
    tails = [End(1.0, 0.92, 90.0, lambda x: 0.92), End(1.0, 0.95, 90.0, lambda x: 0.95)]
    upper, lower = place(tails, WIDTHS, HEIGHT, MARGIN)
    assert 0.92 * HEIGHT + upper.dy < 0.95 * HEIGHT + lower.dy


def test_widths_are_a_little_generous() -> None:
    # Measured in Source Sans at 100 px: digits 50, "n" 55, "m" 83, "i" 25, "M" 73, "N" 65, space 20.
    assert 100 < text_width("0123456789", 20) < 115
    assert text_width("Minimum", 100) >= 73 + 25 + 55 + 25 + 83 + 55 + 83
