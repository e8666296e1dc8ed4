"""Slide and figure from the pages: a dialog, a click, the file of the view on the screen."""

import io
from pathlib import Path
from typing import Any

import pytest
from lxml.etree import fromstring
from pptx import Presentation

from tests.app.tab import Tab
from tests.app.view import answer_text, choose, fold
from tests.report.exported import folded, texts

WAIT = 60_000  # ms; the first export imports what it draws with


def open_dialog(page: Tab, button: str) -> Any:
    with page.rerun():
        page.page.get_by_role("button", name=button).click()
    return page.page.get_by_role("dialog")


def download(page: Tab, dialog: Any, button: str) -> tuple[str, bytes]:
    with page.page.expect_download(timeout=WAIT) as found:
        dialog.get_by_role("button", name=button, exact=True).click()
    return found.value.suggested_filename, Path(found.value.path()).read_bytes()


def open_export(page: Tab) -> None:
    with page.rerun():
        page.page.get_by_role("radio", name="Export", exact=True).click()


def test_the_slide_is_the_view_on_the_screen(page: Tab) -> None:
    page.open()
    choose(page, "by", "Sex")
    seen = answer_text(page)
    open_export(page)
    name, content = download(page, open_dialog(page, "Slide …"), "PowerPoint")
    assert name == "sintilimab-anlotinib.pptx"
    slide: Any
    (slide,) = Presentation(io.BytesIO(content)).slides
    assert folded(slide.shapes.title.text_frame.text) in seen
    assert "comparison 2 of 2 this session" in texts(slide) and "not patient data" in texts(slide)


def test_a_figure_in_the_format_that_was_chosen(page: Tab) -> None:
    page.open()
    seen = fold(page.page.locator(".kras-answer h1").inner_text())
    open_export(page)
    dialog = open_dialog(page, "Figure …")
    with page.rerun():
        dialog.get_by_role("radio", name="SVG").click()
    name, content = download(page, dialog, "SVG")
    assert name == "sintilimab-anlotinib-km.svg"
    assert fromstring(content).findtext(".//{*}title") == seen


def test_a_file_that_is_no_template_says_so_and_one_that_is_stays(page: Tab, tmp_path: Path) -> None:
    wrong, right = tmp_path / "wrong.pptx", tmp_path / "right.pptx"
    wrong.write_bytes(b"no zip")
    template = Presentation()
    template.save(str(right))
    page.open()
    open_export(page)
    dialog = open_dialog(page, "Slide …")
    files = dialog.locator("[data-testid=stFileUploader] input[type=file]")
    files.set_input_files(str(wrong))
    dialog.get_by_text("no PowerPoint template").wait_for(timeout=WAIT)
    files.set_input_files(str(right))
    dialog.get_by_text("right.pptx").first.wait_for(timeout=WAIT)
    dialog.get_by_text("no PowerPoint template").wait_for(state="detached", timeout=WAIT)
    _, content = download(page, dialog, "PowerPoint")
    assert Presentation(io.BytesIO(content)).slide_width == template.slide_width


@pytest.mark.parametrize(
    ("path", "tab", "buttons"),
    [
        ("/safety", "", ("Slide …", "Figure …")),
        ("/overview", "Export", ("Slide …",)),
        ("/response", "Export", ("Slide …", "Figure …")),
        ("/subgroups", "Export", ("Figure …",)),
    ],
)
def test_every_page_offers_what_it_can_make(page: Tab, path: str, tab: str, buttons: tuple[str, ...]) -> None:
    page.open(path)
    if tab:
        open_export(page)
    page.page.get_by_role("button", name=buttons[-1]).wait_for()
    for button in ("Slide …", "Figure …"):
        assert page.page.get_by_role("button", name=button).count() == (button in buttons)
    dialog = open_dialog(page, buttons[-1])
    name, content = download(page, dialog, "PDF" if buttons[-1] == "Figure …" else "PowerPoint")
    assert name.startswith("sintilimab-anlotinib") and len(content) > 5_000
