"""A report as PDF: Word's version through LibreOffice, or the HTML through Chromium, whichever is present."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

OFFICE, BROWSERS = ("soffice", "libreoffice"), ("chromium", "chromium-browser", "google-chrome", "chrome")
SECONDS = 120
NONE = (
    "PDF needs LibreOffice (soffice) or Chromium on this machine, and there is neither: open the HTML in a browser "
    "and print it, or the Word document in an office program"
)


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
    office = _first(OFFICE)
    browser = _first(tuple(filter(None, (os.environ.get("CHROMIUM", ""), *BROWSERS))))
    if not office and not browser:
        raise NoConverter(NONE)
    with tempfile.TemporaryDirectory(prefix="krascope-pdf-") as name:
        folder = Path(name)
        if office:
            (folder / "report.docx").write_bytes(docx)
            profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
            command = [
                office,
                profile,
                "--headless",
                "--convert-to",
                "pdf",
                "--outdir",
                name,
                str(folder / "report.docx"),
            ]
        else:
            (folder / "report.html").write_text(html, encoding="utf-8")
            command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
            command += ["--no-pdf-header-footer", f"--print-to-pdf={folder / 'report.pdf'}"]
            command += [f"--user-data-dir={folder / 'profile'}", (folder / "report.html").as_uri()]
        return _converted(command, folder / "report.pdf")


def _converted(command: list[str], made: Path) -> bytes:
    try:
        subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise NoConverter(f"{Path(command[0]).name} took longer than {SECONDS} seconds to make a PDF") from None
    if not made.exists():
        raise NoConverter(f"{Path(command[0]).name} made no PDF of this report")
    return made.read_bytes()
