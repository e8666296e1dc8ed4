"""A presentation on its way: slides with title, lines and footer; text that is measured; a file that repeats."""

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pptx.dml.color import RGBColor
from pptx.enum.dml import MSO_THEME_COLOR
from pptx.enum.text import MSO_ANCHOR
from pptx.util import Emu, Inches, Pt

from kras_core.report.format import plain
from kras_core.report.imprint import PROGRAM, Imprint
from kras_core.report.palette import TOKENS, Theme
from kras_core.report.slides.template import foot_of, layout_of, opened, theme_of
from kras_core.report.small_cells import words
from kras_core.report.survival.km_labels import text_width

MARGIN = Inches(0.5)
TITLE_SIZES = (26, 24, 22, 20, 18, 16)  # the first at which a title fits
LINE = 1.3  # of type
QUIET = 0.35  # how much lighter than the template's text
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the zip archive's members: no clock time in the file
EMU_PER_POINT = 12700

_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]")  # no XML holds these


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a slide, in EMU."""

    left: int
    top: int
    width: int
    height: int

    def below(self, top: int) -> "Box":
        """What is left of it from `top` on."""
        return Box(self.left, top, self.width, self.top + self.height - top)


@dataclass(frozen=True, slots=True)
class Heading:
    """title: the answer; lines under it, most important first; notes for the speaker."""

    title: str
    lines: tuple[str, ...]
    notes: tuple[str, ...] = ()


def clean(text: str) -> str:
    """One line that XML can hold."""
    return _UNFIT.sub(" ", plain(text))


def together(text: str) -> str:
    """The text with every per cent sign on the line of its number."""
    return clean(text).replace(" %", "\u00a0%")


def width_of(text: str, points: float) -> int:
    """Width of a line of text in EMU, a little generous: nobody knows the fonts of the machine that shows it."""
    return round(1.06 * text_width(text, points) * EMU_PER_POINT)


def lines_of(text: str, points: float, width: int) -> int:
    """How many lines the text takes in that width."""
    lines, used = 1, 0
    space = width_of(" ", points)
    for word in text.split(" "):
        needs = width_of(word, points)
        if used and used + space + needs > width:
            lines, used = lines + 1, 0
        used += needs + (space if used else 0)
        lines, used = lines + int(used // (width + 1)), used % (width + 1)
    return lines


class Deck:
    """Slides from a template; `on` is the day that the footers name."""

    def __init__(self, template: bytes | None, on: date, imprint_title: str) -> None:
        self.file = opened(template)
        self.layout, self.on, self.title = layout_of(self.file), on, imprint_title
        self.theme: Theme = theme_of(self.file, self.layout)
        self.width, self.height = self.file.slide_width, self.file.slide_height
        self.scale = min(self.width / Inches(13.333), self.height / Inches(7.5))

    def points(self, size: float) -> float:
        """A size of type that suits the slide, as on one of 13.3 by 7.5 inches."""
        return round(size * self.scale, 1)

    def slide(self, heading: Heading, imprint: Imprint) -> tuple[Any, Box]:
        """A slide with its title, lines and footer; the room between them."""
        heading = Heading(words(heading.title), tuple(map(words, heading.lines)), tuple(map(words, heading.notes)))
        slide = self.file.slides.add_slide(self.layout)
        for shape in [p for p in slide.placeholders if p != slide.shapes.title]:
            shape._element.getparent().remove(shape._element)  # an empty one would ask to be filled
        bottom = self._title(slide, heading.title)
        for i, text in enumerate(heading.lines):
            size = self.points(16 if i == 0 else 12)
            box = Box(MARGIN, bottom, self.width - 2 * MARGIN, round(Pt(size) * LINE))
            self.text(slide, box, [(together(text), size, QUIET)], name=f"Line {i + 1}")
            bottom += box.height * lines_of(together(text), size, box.width - Inches(0.2))
        foot = foot_of(self.layout, self.height)
        said = [*imprint.parts, f"{self.on.day} {self.on:%B %Y}", PROGRAM]
        room = Box(MARGIN, foot, self.width - 2 * MARGIN, self.height - foot)
        warns = TOKENS[self.theme].warning if imprint.loud else ""
        self.text(slide, room, [(" · ".join(said), self.points(11), QUIET)], name="Footer", rgb=warns)
        slide.notes_slide.notes_text_frame.text = "\n".join(map(clean, [heading.title, *heading.lines, *heading.notes]))
        return slide, Box(MARGIN, bottom + Inches(0.08), self.width - 2 * MARGIN, foot - bottom - Inches(0.14))

    def _title(self, slide: Any, title: str) -> int:
        """Write the title as large as it fits; where its room ends."""
        shape = slide.shapes.title
        if shape is None:
            box = Box(MARGIN, Inches(0.3), self.width - 2 * MARGIN, Inches(0.85))
            shape = slide.shapes.add_textbox(box.left, box.top, box.width, box.height)
        shape.name = "Title"
        frame = shape.text_frame
        title = together(title)
        frame.text, frame.word_wrap = title, True
        room = shape.width - Inches(0.2)
        most = max(1, int((shape.height - Inches(0.1)) // Pt(self.points(TITLE_SIZES[0]) * 1.2)))
        size = next((s for s in TITLE_SIZES if lines_of(title, self.points(s), room) <= max(most, 2)), TITLE_SIZES[-1])
        for run in frame.paragraphs[0].runs:
            run.font.size = Pt(self.points(size))
        needed = lines_of(title, self.points(size), room) * Pt(self.points(size) * 1.2) + Inches(0.1)
        return max(shape.top + shape.height, shape.top + round(needed))

    def text(self, slide: Any, box: Box, lines: Sequence[tuple[str, float, float]], name: str, **more: Any) -> Any:
        """A text box of lines (text, points, how much lighter than the template's text)."""
        shape = slide.shapes.add_textbox(box.left, box.top, box.width, box.height)
        shape.name = name
        frame = shape.text_frame
        frame.word_wrap = True
        frame.margin_left = frame.margin_right = Inches(0.1)
        frame.margin_top = frame.margin_bottom = 0
        frame.vertical_anchor = MSO_ANCHOR.TOP
        for i, (text, size, lighter) in enumerate(lines):
            paragraph = frame.paragraphs[0] if i == 0 else frame.add_paragraph()
            write(paragraph, text, size, lighter, **more)
        return shape

    def save(self) -> bytes:
        """The file's bytes: the same for the same slides, day and versions."""
        properties = self.file.core_properties
        properties.author = properties.last_modified_by = PROGRAM
        properties.title, properties.subject, properties.comments = clean(self.title), "", ""
        properties.created = properties.modified = datetime(self.on.year, self.on.month, self.on.day)
        out = io.BytesIO()
        self.file.save(out)
        return _repacked(out.getvalue())


def write(paragraph: Any, text: str, size: float, lighter: float = 0.0, *, bold: bool = False, rgb: str = "") -> None:
    """A run of text in the template's font and colour, or in a colour of its own (#RRGGBB)."""
    run = paragraph.add_run()
    run.text = clean(text)
    run.font.size, run.font.bold = Pt(size), bold or None
    if rgb:
        run.font.color.rgb = RGBColor.from_string(rgb[1:])
        return
    run.font.color.theme_color = MSO_THEME_COLOR.TEXT_1
    if lighter:
        run.font.color.brightness = lighter


def describe(shape: Any, name: str, alt: str) -> None:
    """A name for the selection pane and a text for who does not see the shape."""
    shape.name = name
    shape._element.xpath("./*/p:cNvPr")[0].set("descr", clean(alt))


def emu(value: float) -> Emu:
    return Emu(round(value))


def _repacked(content: bytes) -> bytes:
    """The archive with the same members and no clock time."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy:
        for member in archive.infolist():
            same = zipfile.ZipInfo(member.filename, LONG_AGO)
            same.compress_type = zipfile.ZIP_DEFLATED
            copy.writestr(same, archive.read(member))
    return out.getvalue()
