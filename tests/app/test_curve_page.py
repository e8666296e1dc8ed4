"""Curve to patients in a browser: text, files or clicks in; an overlay and a cohort marked reconstructed out."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from kras_core.audit.curve import example
from kras_core.audit.curve.points import read_figure
from kras_core.audit.curve.reconstruct import reconstruct
from tests.app.tab import Tab
from tests.app.view import answer_text, cohort_in_view, fold, upload

# The example's figure as if it were published: arms that are not named simulated.
POINTS, AT_RISK = (text.replace(example.SIMULATED, "Its ") for text in (example.POINTS, example.AT_RISK))


def choose_source(tab: Tab, name: str) -> None:
    with tab.rerun():
        tab.page.locator(".st-key-curve_source").get_by_text(name, exact=True).click()
    tab.settle()


def put(tab: Tab, file: Path, label: str) -> None:
    """Give a file to one of the page's uploaders."""
    with tab.rerun():
        tab.page.locator(f".st-key-curve_upload-{label} input[type=file]").set_input_files(str(file))
    tab.page.wait_for_timeout(300)
    tab.settle()


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    points, at_risk = tmp_path / "points.tsv", tmp_path / "at_risk.tsv"
    points.write_text(POINTS)
    at_risk.write_text(AT_RISK)
    return points, at_risk


def expected():
    """The same reconstruction from the core."""
    figure = read_figure([("p", POINTS.encode())], [("r", AT_RISK.encode())])
    return reconstruct(figure.curves, count=0)


def rings(tab: Tab) -> int:
    """Points drawn on the figure."""
    tab.page.wait_for_selector(".main-svg:visible")
    return tab.page.locator(".main-svg .scatterlayer .trace .points path").count()


def test_files_become_an_overlay_and_a_cohort_that_is_never_taken_for_patients(page: Tab, files) -> None:
    points, at_risk = files
    page.open("/curve")
    put(page, points, "points")
    assert "at least how many patients" in page.page.locator("[data-testid=stMain]").inner_text()
    put(page, at_risk, "at_risk")
    found = expected()
    said = answer_text(page)
    for arm in found.arms:
        assert f"{arm.label} {arm.median.estimate:.1f}" in said
    assert f"{found.hazard_ratios[0].estimate:.2f}" in said
    assert rings(page) >= sum(arm.printed.time.size for arm in found.arms)
    tables = page.page.locator("table").all_inner_texts()
    assert any("reconstructed (difference)" in text for text in tables)
    with page.rerun():
        page.page.get_by_role("button", name="Use as cohort").click()
    page.settle()
    assert cohort_in_view(page) == "Reconstructed curve"
    assert "Simulated" not in page.page.url and "arm" not in page.page.url.split("?")[1]
    with page.rerun():
        page.page.get_by_role("link", name="See it on Survival").click()
    page.settle()
    shown = answer_text(page)
    assert shown.startswith("Overall survival by arm")
    assert all(f"{arm.median.estimate:.1f}" in shown for arm in found.arms)
    assert "Reconstructed from a publication · not patient data" in page.page.locator(".kras-badge").inner_text()
    assert "Reconstructed from a publication" in page.page.locator("[data-testid=stMain]").inner_text()
    with page.rerun():
        page.page.get_by_role("link", name="Cohort").click()
    page.settle()
    assert "not patient data" in page.page.locator(".kras-card").inner_text()


def test_its_download_uploaded_as_a_cohort_is_still_no_patients(page: Tab, files, tmp_path: Path) -> None:
    page.open("/curve")
    for file, label in zip(files, ("points", "at_risk"), strict=True):
        put(page, file, label)
    with page.page.expect_download() as download:
        page.page.get_by_role("button", name="Patient rows, CSV").click()
    path = tmp_path / "patients.csv"
    download.value.save_as(path)
    page.open("/cohort")
    upload(page, path)
    assert cohort_in_view(page) == "patients.csv"
    assert "not patient data" in page.page.locator(".kras-badge").inner_text()
    assert "not patient data" in page.page.locator(".kras-card").inner_text()


def test_a_wrong_cell_is_named_and_nothing_is_lost(page: Tab) -> None:
    page.open("/curve")
    with page.rerun():
        page.page.get_by_role("button", name="Try a simulated example").click()
    page.settle()
    good = answer_text(page)
    assert good.startswith("Overall survival, from a simulated curve")
    assert "Simulated · not patient data" in page.page.locator("[data-testid=stMain]").inner_text()
    assert "curve_source=text" in page.page.url
    box = page.page.locator(".st-key-curve_text-points textarea")
    wrong = example.POINTS.replace("8.8\t31.9", "8.8\tthirty")
    box.fill(wrong)
    with page.rerun():
        box.press("Control+Enter")
    page.settle()
    shown = fold(page.page.locator(".kras-problems").inner_text())
    assert 'pasted points of the curve, row 12, column survival: found "thirty", expected a number' in shown
    assert box.input_value() == wrong
    assert page.page.locator(".st-key-curve_text-at_risk textarea").input_value() == example.AT_RISK
    box.fill(example.POINTS)
    with page.rerun():
        box.press("Control+Enter")
    page.settle()
    assert answer_text(page) == good


def test_leaving_the_page_loses_nothing(page: Tab, files) -> None:
    page.open("/curve")
    for file, label in zip(files, ("points", "at_risk"), strict=True):
        put(page, file, label)
    said = answer_text(page)
    for name in ("Safety", "Curve to patients"):
        with page.rerun():
            page.page.get_by_role("link", name=name).click()
        page.settle()
    page.page.wait_for_selector("text=Still here")
    assert answer_text(page) == said


# Clicks on a picture

SIZE = (900, 620)
CORNER, END = (90, 540), (850, 40)  # time 0 and survival 0; time 24 and survival 100
STEPS = [(2.0, 80.0), (4.5, 60.0), (7.25, 41.0), (12.0, 41.0)]


def pixel(time: float, survival: float) -> tuple[float, float]:
    (x0, y0), (x1, y1) = CORNER, END
    return x0 + (x1 - x0) * time / 24, y0 + (y1 - y0) * survival / 100


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    image = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(image)
    draw.line([pixel(24, 0), pixel(0, 0), pixel(0, 100)], fill="black", width=2)
    corners = [pixel(0, 100)]
    for time, survival in STEPS:
        corners += [(pixel(time, 0)[0], corners[-1][1]), pixel(time, survival)]
    draw.line(corners, fill="navy", width=3)
    path = tmp_path / "figure.png"
    image.save(path)
    return path


def on_screen(tab: Tab, time: float, survival: float) -> tuple[float, float]:
    """Where the browser shows these values of the figure."""
    tab.page.locator(".stage").evaluate("stage => stage.scrollIntoView({block: 'center'})")
    box = tab.page.locator(".sheet").bounding_box()
    assert box is not None
    x, y = pixel(time, survival)
    return box["x"] + x * box["width"] / SIZE[0], box["y"] + y * box["height"] / SIZE[1]


def click(tab: Tab, time: float, survival: float) -> None:
    tab.page.mouse.click(*on_screen(tab, time, survival))
    tab.page.wait_for_timeout(60)


def calibrate(tab: Tab) -> None:
    click(tab, 0, 0)
    click(tab, 24, 0)
    tab.page.locator("[data-value=x2]").fill("24")
    tab.page.locator("[data-value=x2]").press("Tab")
    click(tab, 0, 0)  # the same corner for both axes
    click(tab, 0, 100)


def points_after(tab: Tab, path: Path, *deeds: Callable[[], None]) -> list[tuple[float, float]]:
    """The points as the page gives them out once these deeds have come through, which the browser gathers at first."""
    if deeds:
        with tab.rerun():
            for deed in deeds:
                deed()
    with tab.page.expect_download() as download:
        tab.page.get_by_role("button", name="Points, TSV").click()
    download.value.save_as(path)
    rows = [line.split("\t") for line in path.read_text().splitlines()[1:]]
    return [(float(time), float(survival)) for _, time, survival in rows]


def with_numbers(tab: Tab) -> None:
    box = tab.page.locator(".st-key-curve_text-at_risk textarea")
    box.fill("0 10\n6 6\n12 4")
    with tab.rerun():
        box.press("Control+Enter")
    tab.settle()


def test_clicks_give_coordinates_within_a_pixel(page: Tab, picture: Path, tmp_path: Path) -> None:
    page.open("/curve")
    choose_source(page, "Picture")
    put(page, picture, "picture")
    page.page.wait_for_selector(".sheet img")
    calibrate(page)
    for step in STEPS:
        click(page, *step)
    with_numbers(page)
    found = points_after(page, tmp_path / "points.tsv")
    width, height = 24 / (END[0] - CORNER[0]), 100 / (CORNER[1] - END[1])  # a pixel's worth
    assert len(found) == len(STEPS)
    for (time, survival), step in zip(found, STEPS, strict=True):
        assert abs(time - step[0]) <= width and abs(survival - step[1]) <= height
    assert "10 reconstructed patients" in answer_text(page)

    # undo takes the last point away, Delete the chosen one, arrow keys nudge it, zoom changes nothing
    stage = page.page.locator(".stage")
    path = tmp_path / "points.tsv"
    assert len(points_after(page, path, page.page.locator("[data-do=undo]").click)) == 3
    page.page.locator("[data-do=in]").click()
    page.page.locator("[data-do=fit]").click()
    click(page, *STEPS[2])
    moved = points_after(page, path, lambda: stage.press("ArrowRight"), lambda: stage.press("ArrowDown"))
    assert 0 < moved[2][0] - found[2][0] < 3 * width and 0 < found[2][1] - moved[2][1] < 3 * height
    assert points_after(page, path, lambda: stage.press("Delete")) == found[:2]

    # a drag moves a point
    page.page.mouse.move(*on_screen(page, *STEPS[1]))
    page.page.mouse.down()
    page.page.mouse.move(*on_screen(page, 6, 30), steps=5)
    dragged = points_after(page, path, page.page.mouse.up)
    assert dragged[1] == pytest.approx((6, 30), abs=max(width, height))

    # and what was clicked is there again when the page is
    for name in ("Safety", "Curve to patients"):
        with page.rerun():
            page.page.get_by_role("link", name=name).click()
        page.settle()
    page.page.wait_for_selector(".sheet img")
    assert "(2)" in page.page.locator(".tabs").inner_text()
    assert points_after(page, path) == dragged


def test_what_is_no_picture_is_refused(page: Tab, tmp_path: Path) -> None:
    path = tmp_path / "figure.png"
    path.write_text("<svg onload='window.foreign=1'></svg>")
    page.open("/curve")
    choose_source(page, "Picture")
    put(page, path, "picture")
    assert "no PNG, JPEG or WebP picture" in page.page.locator("[data-testid=stMain]").inner_text()
    assert page.page.locator(".sheet").count() == 0
