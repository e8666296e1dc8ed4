"""Over a real server: an upload reaches no named file, log, address or other session, and hostile text runs nothing."""

import json
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, WebSocket

from tests.app.conftest import ROOT, Server
from tests.app.tab import Tab
from tests.app.view import choose, cohort_in_view, upload

CANARY = "Canary7f3a"  # stands in a column's name and in its values


def many(n: int = 9_000) -> str:
    """Simulated patients, more than the megabyte from which uploads are spooled to a file."""
    filler = "x" * 110
    lines = [f"patient_id,{CANARY} ward,filler,os_months,os_event"]
    lines += [f"SIM-{i:05d},{CANARY} {'AB'[i % 2]},{filler},{1 + i % 37},{i % 3 > 0:d}" for i in range(n)]
    return "\n".join(lines)


class Watcher:
    """Names of all files that appear under some folders, looked for every few milliseconds."""

    def __init__(self, *folders: Path) -> None:
        self.folders, self.seen, self.over = folders, set[str](), threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Watcher":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()

    def _watch(self) -> None:
        while not self.over.is_set():
            for folder in self.folders:
                for place, _, files in os.walk(folder):
                    self.seen |= {str(Path(place) / name) for name in files}
            time.sleep(0.003)


def test_the_watcher_sees_a_file_that_is_there_for_a_moment(tmp_path: Path) -> None:
    with Watcher(tmp_path) as watched:
        (tmp_path / "spooled").write_text(CANARY)
        time.sleep(0.1)
        (tmp_path / "spooled").unlink()
    assert watched.seen == {str(tmp_path / "spooled")}


def written_since(moment: float) -> list[str]:
    """Files of the repository that were written since, but for what tools keep beside the sources."""
    own = {".git", "__pycache__", ".pytest_cache", ".ruff_cache", ".import_linter_cache"}
    return [
        str(path)
        for path in ROOT.rglob("*")
        if path.is_file() and own.isdisjoint(path.parts) and path.stat().st_mtime > moment and holds_canary(path)
    ]


def holds_canary(path: Path) -> bool:
    return path != Path(__file__) and CANARY.encode() in path.read_bytes()


def open_files(server: Server) -> list[str]:
    """What the server process holds open."""
    folder = Path(f"/proc/{server.process.pid}/fd")
    return [os.readlink(link) for link in folder.iterdir() if link.exists() or link.is_symlink()]


@pytest.fixture
def other(server: Server, chromium: Browser) -> Iterator[tuple[Tab, list[bytes]]]:
    """A second visitor in a browser context of its own, and every frame that the server sends to it."""
    context = chromium.new_context()
    frames: list[bytes] = []

    def keep(frame: bytes | str) -> None:
        frames.append(frame if isinstance(frame, bytes) else frame.encode())

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", keep)

    opened = context.new_page()
    opened.on("websocket", listen)
    yield Tab(opened, server.url), frames
    context.close()


def test_an_upload_stays_in_its_session(
    page: Tab, other: tuple[Tab, list[bytes]], server: Server, tmp_path: Path
) -> None:
    """Neither a named file, nor the log, an address, or another visitor's connection ever holds the canary."""
    path, started, spool = tmp_path / f"{CANARY}.csv", time.time(), server.log.parent
    content = many()
    assert len(content) > 1_000_000
    path.write_text(content)
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(f"patient_id,os_months,os_event\n{CANARY},{CANARY},{CANARY}\n")
    page.open("/cohort")
    with Watcher(spool) as watched:
        upload(page, wrong)
        assert "This file cannot be used yet" in page.page.locator("[data-testid=stMain]").inner_text()
        page.open("/cohort")
        upload(page, path)
        page.page.wait_for_selector("text=Uploaded in this session")
        held = [name for name in open_files(server) if name.startswith(str(spool)) and name != str(server.log)]
        with page.rerun():
            page.page.get_by_role("link", name="Survival").click()
        page.settle()
        choose(page, "by", f"{CANARY} ward")
    assert watched.seen == {str(server.log)}
    assert all(name.endswith("(deleted)") for name in held), held  # unnamed: gone with the process
    assert CANARY not in server.log.read_text(errors="replace")
    assert CANARY.lower() not in page.page.url.lower()
    assert written_since(started) == []

    stranger, frames = other
    stranger.open(page.page.url.removeprefix(page.url))
    stranger.page.wait_for_selector("text=This address shows an uploaded cohort")
    stranger.open("/survival")
    assert len(frames) > 5
    assert not any(CANARY.encode() in frame for frame in frames)

    # Forgetting drops the rows, the file in the uploader, and what was seen of them, at once.
    with page.rerun():
        page.page.get_by_role("link", name="Cohort").click()
    page.settle()
    with page.rerun():
        page.page.get_by_role("button", name="Forget this cohort").click()
    page.settle()
    page.page.wait_for_timeout(500)
    assert cohort_in_view(page) != path.name
    assert CANARY not in page.page.locator("body").inner_text()
    assert "No comparison yet" in page.page.locator("[data-testid=stSidebar]").inner_text()
    page.page.locator(".st-key-cohort input").first.click()
    assert not page.page.get_by_role("option").filter(has_text=CANARY).count()


IMAGE = "![x](http://127.0.0.1:9/leak.png)<img src=http://127.0.0.1:9/leak2.png onerror=window.foreign=1>"
LINK = "[x](http://127.0.0.1:9/leak3) $\\href{http://127.0.0.1:9/leak4}{x}$ :red[x]"
FORMULA = '=HYPERLINK(""http://127.0.0.1:9/leak5"")'


def hostile() -> str:
    """Simulated patients under hostile names: columns, levels, terms, ids."""
    lines = [f'patient_id,"{IMAGE}","{LINK}","{FORMULA}",age,best_response,os_months,os_event']
    lines += [
        f'"SIM-{i} {IMAGE}","{IMAGE}{"ab"[i % 2]}","{LINK}{"ab"[i % 2]}",{i * 1.5},{50 + i},'
        f"{'PR' if i % 3 else 'SD'},{1 + i * 0.7:.1f},{i % 4 > 0:d}"
        for i in range(40)
    ]
    return "\n".join(lines)


def test_hostile_text_asks_for_nothing_and_runs_nothing_on_any_page(page: Tab, tmp_path: Path) -> None:
    """The fixture insists on a clean console: what the policy stops would complain there."""
    asked: list[str] = []
    page.page.on("request", lambda request: asked.append(request.url))
    patients, events = tmp_path / "patients.csv", tmp_path / "adverse_events.csv"
    broken = tmp_path / "broken.csv"
    broken.write_text(hostile().replace(",50,", f',"{IMAGE}",').replace(",51,", f',"{FORMULA}",'))
    patients.write_text(hostile())
    events.write_text(
        "patient_id,term,grade\n" + "".join(f'"SIM-{i} {IMAGE}","{LINK}{IMAGE}",{1 + i % 3}\n' for i in range(20))
    )
    page.open("/cohort")
    upload(page, broken)
    with page.page.expect_download() as got:
        page.page.get_by_role("button", name="Full report, CSV").click()
    cells = Path(got.value.path()).read_text(encoding="utf-8-sig")
    assert '=HYPERLINK(""' in cells and ",=HYPERLINK" not in cells and ',"=HYPERLINK' not in cells
    page.open("/cohort")
    upload(page, patients, events)
    for name in ("Overview", "Survival", "Response", "Safety", "Subgroups"):
        with page.rerun():
            page.page.get_by_role("link", name=name, exact=True).click()
        page.settle()
        if name == "Survival":
            box = page.page.locator(".st-key-by input").first
            box.click()
            with page.rerun():
                page.page.get_by_role("option").filter(has_text="leak.png").first.click()
            page.settle()
            page.page.locator(".st-key-km").hover()
    page.page.wait_for_timeout(500)
    assert page.page.evaluate("window.foreign === undefined")
    assert [url for url in asked if "leak" in url.lower()] == []
    assert page.outside_requests == []


def test_hidden_counts_are_hidden_in_bars_forest_and_files(page: Tab) -> None:
    """The switch at the foot of the sidebar: the page shows its figure without them, and the JSON says so."""
    page.open("/safety")
    with page.rerun():
        page.page.get_by_text("Hide small counts").click()
    page.settle()
    assert "Hidden counts have no bar" in (page.page.locator(".st-key-butterfly_wide").text_content() or "")
    found = json.loads(saved(page, "Analysis, JSON"))
    assert found["hidden_below"] == 5
    assert not [row["n"] for row in found["rows"] if row["n"] and row["n"] < 5]
    with page.rerun():
        page.page.get_by_role("link", name="Subgroups", exact=True).click()
    page.settle()
    cells = page.page.locator(".kras-forest td.kras-arm").all_inner_texts()
    assert cells and not [cell for cell in cells if re.search(r"\b[1-4]/|/[1-4]\b", cell)]
    assert "Export" in page.page.locator("[data-testid=stMain]").inner_text()


def saved(page: Tab, button: str) -> str:
    with page.page.expect_download() as got:
        page.page.get_by_role("button", name=button).click()
    return Path(got.value.path()).read_text(encoding="utf-8")
