"""A served app and a real browser for the tests in this folder.

`server` (one for all) serves the repository through asgi.py; `page` is a fresh tab of Chromium, not opened yet.
At the end of the test it insists that the console holds no error and that nothing was asked of another host.
Tests that use them are marked `browser` by themselves.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.app.tab import Tab
from tools.chromium import MISSING

ROOT = Path(__file__).parent.parent.parent
START_SECONDS = 90


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if {"server", "chromium"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    tab = getattr(item, "funcargs", {}).get("page")
    if report.failed and isinstance(tab, Tab):
        report.sections.append(("what the tab saw", "\n".join(tab.journal)))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [report for report in terminalreporter.getreports("skipped") if MISSING in str(report.longrepr)]
    if skipped:
        terminalreporter.write_line(f"Browser tests skipped ({len(skipped)}): {MISSING}", yellow=True)


@dataclass(frozen=True)
class Server:
    """A running server: its address, its process, and the file it logs to."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path


@contextmanager
def serving(folder: Path, **environment: str) -> Iterator[Server]:
    """Serve the app on a free port with a temporary folder of its own until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "server.log"
    variables = {**os.environ, "HOST": "127.0.0.1", "PORT": str(port), "TMPDIR": str(folder), **environment}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "asgi.py"], cwd=ROOT, env=variables, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(url, process, log)
        yield Server(url, process, log)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the server did not start:\n{log.read_text(errors='replace')}")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def page(server: Server, chromium: Browser) -> Iterator[Tab]:
    """A fresh tab at 1440 x 900; the test says what it opens."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    tab = Tab(context.new_page(), server.url)
    yield tab
    context.close()
    assert tab.console_errors == []
    assert tab.outside_requests == []
