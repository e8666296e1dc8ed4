"""What a presentation starts from: the house's own slide, or a template that somebody brings."""

import io
import re
import zipfile
from typing import Any

from lxml.etree import LxmlError
from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.exc import PythonPptxError
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.oxml import parse_xml
from pptx.util import Emu, Inches, Pt

from kras_core.report.palette import TOKENS, Theme

WIDE = (Inches(13.333), Inches(7.5))
MOST_BYTES, MOST_UNPACKED, MOST_MEMBERS = 50 * 1024**2, 400 * 1024**2, 10_000
FONT = "Arial"  # on every machine that shows slides

_TEMPLATE_TYPE = b"application/vnd.openxmlformats-officedocument.presentationml.template.main+xml"
_SLIDES_TYPE = b"application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"
_TITLES = {PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE}
_AT_THE_FOOT = {PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER}
_NOT_READ = "This is no PowerPoint template (.pptx or .potx) that can be read. Save it again from PowerPoint."


class TemplateError(ValueError):
    """Why this template is not used, in one sentence."""


def opened(template: bytes | None) -> Any:
    """The presentation to fill: the template's masters, layouts and theme without its slides, or the house's own.

    Raises TemplateError for a file that is no template, or too large a one.
    """
    if template is None:
        return _house()
    _measure(template)
    try:
        found = Presentation(io.BytesIO(_as_slides(template)))
        _without_slides(found)
        if not len(found.slide_layouts):
            raise TemplateError("This template has no slide layout.")
        theme_of(found, layout_of(found))
    except (PythonPptxError, LxmlError, KeyError, ValueError, AttributeError, IndexError, zipfile.BadZipFile) as error:
        if isinstance(error, TemplateError):
            raise
        raise TemplateError(_NOT_READ) from None
    return found


def _measure(template: bytes) -> None:
    """A small archive can unfold into gigabytes: what is written in its directory must fit (zipfile stops there)."""
    if len(template) > MOST_BYTES:
        raise TemplateError(f"This template exceeds {MOST_BYTES // 1024**2} MB: remove its pictures and save it again.")
    try:
        with zipfile.ZipFile(io.BytesIO(template)) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile:
        raise TemplateError(_NOT_READ) from None
    if len(members) > MOST_MEMBERS or sum(m.file_size for m in members) > MOST_UNPACKED:
        raise TemplateError(f"Unpacked, this template exceeds {MOST_UNPACKED // 1024**2} MB.")


def _as_slides(template: bytes) -> bytes:
    """A .potx as the .pptx that python-pptx opens: one word of its table of contents differs."""
    with zipfile.ZipFile(io.BytesIO(template)) as archive:
        if _TEMPLATE_TYPE not in archive.read("[Content_Types].xml"):
            return template
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy:
            for member in archive.infolist():
                content = archive.read(member)
                if member.filename == "[Content_Types].xml":
                    content = content.replace(_TEMPLATE_TYPE, _SLIDES_TYPE)
                copy.writestr(member, content)
    return out.getvalue()


def _without_slides(found: Any) -> None:
    """Drop the slides, and the list of sections that would miss them."""
    listed = found.slides._sldIdLst
    for slide in list(listed):
        found.part.drop_rel(slide.rId)
        listed.remove(slide)
    for element in list(found.element.iter()):
        if isinstance(element.tag, str) and element.tag.endswith(("}sectionLst", "}custShowLst")):
            parent = element.getparent()
            gone = parent if parent.tag.endswith("}ext") else element
            gone.getparent().remove(gone)


def layout_of(found: Any) -> Any:
    """The layout for a slide of our own: a title and nothing else to fill; else the fewest to fill under a title."""

    def to_fill(layout: Any) -> int:
        kinds = [p.placeholder_format.type for p in layout.placeholders]
        titled = any(kind in _TITLES for kind in kinds)
        return sum(kind not in _TITLES | _AT_THE_FOOT for kind in kinds) + (0 if titled else 100)

    return min(found.slide_layouts, key=to_fill)


def foot_of(layout: Any, height: int) -> int:
    """Where the layout's own date, footer and number begin, or the strip where ours goes, from above."""
    tops = [p.top for p in layout.placeholders if p.placeholder_format.type in _AT_THE_FOOT and p.top is not None]
    lowest = [top for top in tops if top > 0.8 * height]
    return min([*lowest, height - Inches(0.5)])


def theme_of(found: Any, layout: Any) -> Theme:
    """Whether the strata's colours are those for light or for dark, by the slide's background: the layout's, else the
    master's; a picture or a pattern counts as the colour named first in it, none as the theme's."""
    master = layout.slide_master
    grounds = [element.find(".//{*}cSld/{*}bg") for element in (layout._element, master._element)]
    ground = next((g for g in grounds if g is not None), None)
    named = [] if ground is None else [c for c in ground.iter() if str(c.tag).endswith(("}schemeClr", "}srgbClr"))]
    value = named[0].get("val") if named else "bg1"
    if not re.fullmatch("[0-9A-Fa-f]{6}", value):
        slots = master._element.find(".//{*}clrMap")
        value = _scheme(master).get(slots.get(value, value), "FFFFFF")
    red, green, blue = (int(value[i : i + 2], 16) for i in (0, 2, 4))
    return "dark" if 0.299 * red + 0.587 * green + 0.114 * blue < 128 else "light"


def _scheme(master: Any) -> dict[str, str]:
    """The theme's colours by their place (dk1, lt1, accent1 …)."""
    theme = parse_xml(master.part.part_related_by(RELATIONSHIP_TYPE.THEME).blob)
    found = {}
    for slot in theme.find(".//{*}clrScheme"):
        colour = slot[0]
        found[slot.tag.split("}")[1]] = colour.get("lastClr") or colour.get("val")
    return found


def _house() -> Any:
    """16:9, ink on white, Arial, a title of two lines."""
    found = Presentation()
    was = (found.slide_width or WIDE[0], found.slide_height or WIDE[1])
    master = found.slide_master
    for shape in [*master.placeholders, *(s for layout in found.slide_layouts for s in layout.placeholders)]:
        if shape._element.spPr.xfrm is not None:
            shape.left, shape.width = (Emu(round(v * WIDE[0] / was[0])) for v in (shape.left, shape.width))
            shape.top, shape.height = (Emu(round(v * WIDE[1] / was[1])) for v in (shape.top, shape.height))
    found.slide_width, found.slide_height = WIDE
    theme = master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    theme._blob = _in_our_colours(theme.blob)
    layout = layout_of(found)
    title = next(p for p in layout.placeholders if p.placeholder_format.type in _TITLES)
    title.left, title.top, title.width, title.height = Inches(0.5), Inches(0.3), Inches(12.333), Inches(0.85)
    style = master.element.find(".//{*}titleStyle/{*}lvl1pPr")
    style.set("algn", "l")
    style.find("{*}defRPr").set("sz", str(Pt(26).centipoints))
    style.find("{*}defRPr").set("b", "1")
    for shape in [p for p in layout.placeholders if p.placeholder_format.type in _AT_THE_FOOT]:
        shape._element.getparent().remove(shape._element)
    return found


def _in_our_colours(theme: bytes) -> bytes:
    tokens = TOKENS["light"]
    colours = dict(zip((f"accent{i}" for i in range(1, 7)), tokens.strata, strict=True)) | {"hlink": tokens.accent}
    for name, value in colours.items():
        theme = re.sub(rb'(<a:%s><a:srgbClr val=")\w+' % name.encode(), rb"\g<1>" + value[1:].encode(), theme)
    ink = tokens.ink[1:].encode()
    theme = re.sub(rb"<a:dk1>.*?</a:dk1>", b'<a:dk1><a:srgbClr val="' + ink + b'"/></a:dk1>', theme)
    return re.sub(rb'<a:latin typeface="[^"]*"', f'<a:latin typeface="{FONT}"'.encode(), theme)
