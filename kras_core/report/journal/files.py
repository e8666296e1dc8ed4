"""A page as SVG, PDF, TIFF or PNG: what it is about inside, no clock time, so that bytes repeat."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from kras_core.report.imprint import PROGRAM
from kras_core.report.journal.page import Page

FORMATS = {"svg": "image/svg+xml", "pdf": "application/pdf", "tiff": "image/tiff", "png": "image/png"}

_DESCRIPTION, _SOFTWARE = 270, 305  # TIFF tags
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]")  # no XML holds these


@dataclass(frozen=True, slots=True)
class About:
    """title; description: n, method, provenance; digest: of the cohort's rows."""

    title: str
    description: str
    digest: str

    @property
    def words(self) -> str:
        return _UNFIT.sub(" ", f"{self.title}. {self.description}. {PROGRAM}. Data: SHA-256 {self.digest}")


def _svg(page: Page, about: About) -> bytes:
    out = io.BytesIO()
    metadata = {"Title": _UNFIT.sub(" ", about.title), "Description": about.words, "Creator": PROGRAM, "Date": None}
    page.figure.savefig(out, format="svg", metadata=metadata)
    return out.getvalue()


def _pdf(page: Page, about: About) -> bytes:
    out = io.BytesIO()
    metadata = {"Title": about.title, "Subject": about.words, "Creator": PROGRAM, "CreationDate": None}
    page.figure.savefig(out, format="pdf", metadata=metadata)
    return out.getvalue()


def _pixels(page: Page) -> Image.Image:
    """The page in the style's resolution: RGB, or grey levels alone."""
    page.figure.canvas.draw()
    image = Image.fromarray(np.asarray(page.figure.canvas.buffer_rgba())[..., :3])  # type: ignore[attr-defined]
    return image.convert("L") if page.style.grey else image


def _png(page: Page, about: About) -> bytes:
    out, said = io.BytesIO(), PngInfo()
    for key, value in (("Title", about.title), ("Description", about.words), ("Software", PROGRAM)):
        said.add_text(key, value)
    _pixels(page).save(out, "png", dpi=(page.style.dpi, page.style.dpi), pnginfo=said, optimize=False)
    return out.getvalue()


def _tiff(page: Page, about: About) -> bytes:
    out = io.BytesIO()
    said = {_DESCRIPTION: about.words.encode(), _SOFTWARE: PROGRAM.encode()}
    dpi = (page.style.dpi, page.style.dpi)
    _pixels(page).save(out, "tiff", dpi=dpi, compression="tiff_lzw", tiffinfo=said)
    return out.getvalue()


WRITERS: dict[str, Callable[[Page, About], bytes]] = {"svg": _svg, "pdf": _pdf, "tiff": _tiff, "png": _png}
