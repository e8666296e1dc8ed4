"""A report as PDF: Word's version through LibreOffice, or the HTML through Chromium, whichever is present."""

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from threading import Lock

OFFICE, BROWSERS = ("soffice", "libreoffice"), ("chromium", "chromium-browser", "google-chrome", "chrome")
SECONDS = 120
NONE = (
    "PDF needs LibreOffice (soffice) or Chromium on this machine, and there is neither: open the HTML in a browser "
    "and print it, or the Word document in an office program"
)

_one_at_a_time = Lock()


class NoConverter(RuntimeError):
    """Nothing on this machine makes a PDF; the message says what would."""


def converter() -> str:
    """The program that would be used, "" without any."""
    names = (os.environ.get("CHROMIUM", ""), *BROWSERS)
    return _first(OFFICE) or _first(tuple(filter(None, names)))


def _first(names: tuple[str, ...]) -> str:
    return next((path for name in names if (path := shutil.which(name))), "")


def pdf_bytes(docx: bytes, html: str) -> bytes:
    """The report as PDF. Raises NoConverter where there is no program for it, or where it gives none."""
    program = converter()
    if not program:
        raise NoConverter(NONE)
    with tempfile.TemporaryDirectory(prefix="krascope-pdf-") as name:
        folder = Path(name)
        if program == _first(OFFICE):
            (folder / "report.docx").write_bytes(docx)
            return _by_office(program, folder)
        (folder / "report.html").write_text(html, encoding="utf-8")
        command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        command += ["--no-pdf-header-footer", f"--print-to-pdf={folder / 'report.pdf'}"]
        command += [f"--user-data-dir={folder / 'profile'}", (folder / "report.html").as_uri()]
        return _converted(command, folder / "report.pdf")


def _by_office(program: str, folder: Path) -> bytes:
    """One at a time: a second LibreOffice would hand its work to the first one of the same profile, and not wait."""
    with _one_at_a_time:
        profile = _profile(tempfile.gettempdir()).as_uri()
        command = [program, f"-env:UserInstallation={profile}", "--headless", "--norestore"]
        command += ["--convert-to", "pdf", "--outdir", str(folder), str(folder / "report.docx")]
        try:
            return _converted(command, folder / "report.pdf")
        except NoConverter:
            _profile.cache_clear()  # what went wrong may have spoiled it
            raise


@cache
def _profile(inside: str) -> Path:
    """LibreOffice's own settings, in a folder of this user alone that goes with the process: made once, since without
    them it starts later. No document is kept there."""
    folder = tempfile.mkdtemp(prefix="krascope-office-", dir=inside)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _converted(command: list[str], made: Path) -> bytes:
    try:
        subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise NoConverter(f"{Path(command[0]).name} took longer than {SECONDS} seconds to make a PDF") from None
    if not made.exists():
        raise NoConverter(f"{Path(command[0]).name} made no PDF of this report")
    return made.read_bytes()
