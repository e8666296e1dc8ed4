"""Find a Chromium for browser tests and benchmarks, or install one.

    python tools/chromium.py [--install]

Taken in this order: the file that CHROMIUM names, one on PATH, the one that Playwright has installed.
With --install, where there is none: Debian's package (as root), else Playwright's own download.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
MISSING = "no Chromium found: put one on PATH, name it in CHROMIUM, or let `make test` install it"


def find_chromium() -> str | None:
    """Path of a Chromium that starts, or None."""
    named = os.environ.get("CHROMIUM")
    candidates = [named] if named else [*map(shutil.which, NAMES), _playwrights()]
    return next((path for path in candidates if path and _starts(path)), None)


def _playwrights() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _starts(path: str) -> bool:
    """A package that only points to a store (Ubuntu's) is on PATH too, and doesn't start."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except OSError:
        return False


def install() -> None:
    """Debian's package as root, else Playwright's; leaves it to find_chromium to say whether that went well."""
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Chromium with apt-get ...", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "--quiet", *command], env=environment, stdout=subprocess.DEVNULL)
    if find_chromium() is None:
        print("Installing Chromium with Playwright ...", flush=True)
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], stdout=subprocess.DEVNULL)


def main() -> int:
    found = find_chromium()
    if found is None and "--install" in sys.argv[1:] and "CHROMIUM" not in os.environ:
        install()
        found = find_chromium()
    print(f"Browser: {found}" if found else f"Browser tests cannot run: {MISSING}", flush=True)
    return 1 if found is None and os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
