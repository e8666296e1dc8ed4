"""asgi.py: security headers, warm start, temporary files in memory, and a clear word when the port is taken."""

import asyncio
import gc
import os
import subprocess
import sys
import urllib.error
import urllib.request
import weakref
from pathlib import Path

import pytest
from websockets import InvalidStatus, Origin
from websockets.sync.client import connect

import asgi
from tests.app.conftest import ROOT, Server
from tests.app.tab import Tab

DIRECTIVES = {
    "default-src": "'none'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/static/nothing.js", "/no/such/page"])
def test_every_answer_carries_the_headers(server: Server, path: str) -> None:
    try:
        headers = urllib.request.urlopen(server.url + path, timeout=10).headers
    except urllib.error.HTTPError as error:
        headers = error.headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    scripts = policy.pop("script-src")
    assert policy == DIRECTIVES
    assert scripts.startswith("'self' 'sha256-")
    assert scripts.endswith(" blob:") and "unsafe" not in scripts
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "geolocation=()" in headers["Permissions-Policy"]


def test_an_upload_without_the_token_is_refused(server: Server) -> None:
    request = urllib.request.Request(f"{server.url}/_stcore/upload_file/nobody/1", data=b"x", method="PUT")
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request, timeout=10)
    assert refusal.value.code == 403


INLINE_SCRIPT = """() => {
    const script = document.createElement("script");
    script.textContent = "window.foreign = true";
    document.body.append(script);
    return window.foreign === undefined;
}"""


def test_requests_of_other_sites_are_refused(server: Server) -> None:
    """Before Streamlit sees them: it would ask an outside host for this machine's address."""
    request = urllib.request.Request(server.url, headers={"Origin": "https://example.org"})
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request, timeout=10)
    assert refusal.value.code == 403
    stream = server.url.replace("http", "ws", 1) + "/_stcore/stream"
    with pytest.raises(InvalidStatus) as handshake, connect(stream, origin=Origin("https://example.org")):
        pass
    assert handshake.value.response.status_code == 403
    with connect(stream, origin=Origin(server.url)) as own:
        assert own.protocol.state.name == "OPEN"


def test_addresses_are_not_logged(server: Server) -> None:
    urllib.request.urlopen(f"{server.url}/?by=a-view-of-patients", timeout=10).close()
    log = server.log.read_text()
    assert "KRAScope is at http://localhost:" in log
    assert "a-view-of-patients" not in log


def test_the_first_page_opens_without_complaint(page: Tab) -> None:
    """The fixture insists on a clean console and on no request elsewhere; a script slipped in must not run."""
    page.open()
    assert page.console_errors == []
    assert page.page.evaluate(INLINE_SCRIPT)
    page.page.wait_for_timeout(100)
    assert len(page.console_errors) == 1 and "script-src" in page.console_errors[0]
    page.console_errors.clear()


def test_a_taken_port_is_said_in_one_line(server: Server) -> None:
    port = server.url.rpartition(":")[2]
    second = subprocess.run(
        [sys.executable, "asgi.py"],
        cwd=ROOT,
        env={**os.environ, "HOST": "127.0.0.1", "PORT": port},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert second.returncode == 1
    assert (
        second.stderr.strip().splitlines()[-1]
        == f"Port {port} is taken. Choose another one: make run PORT={int(port) + 1}"
    )


SPOOL = """
import os, tempfile
from pathlib import Path
from asgi import spooling_to_memory

before = tempfile.gettempdir()
with spooling_to_memory():
    folder = Path(tempfile.gettempdir())
    mode = folder.stat().st_mode & 0o777
    with tempfile.TemporaryFile() as spooled:
        print(os.readlink(f"/proc/self/fd/{spooled.fileno()}").split()[0], folder, oct(mode))
print(folder.exists(), tempfile.gettempdir() == before)
"""


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="no file system in memory on this platform")
def test_uploads_are_spooled_to_memory() -> None:
    variables = {name: value for name, value in os.environ.items() if name != "TMPDIR"}
    done = subprocess.run(
        [sys.executable, "-c", SPOOL], cwd=ROOT, env=variables, capture_output=True, text=True, check=True
    )
    (spooled, folder, mode), after = (line.split() for line in done.stdout.splitlines()[-2:])
    assert Path(folder).parent == Path("/dev/shm")
    assert spooled.startswith(folder)
    assert mode == "0o700"
    assert after == ["False", "True"]


def test_a_temporary_folder_that_is_set_stays(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SPOOL],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(tmp_path) in done.stdout.splitlines()[-2]


def test_the_front_page_answers_to_its_name(server: Server) -> None:
    answer = urllib.request.urlopen(f"{server.url}/survival?endpoint=os&by=g12c", timeout=10)
    assert answer.url == f"{server.url}/?endpoint=os&by=g12c"


def test_collections_stay_short_and_what_dies_is_found_within_the_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    class Held:
        pass

    dying, sizes = Held(), []
    dying.itself = dying  # type: ignore[attr-defined]
    gone = weakref.ref(dying)
    del dying

    async def second(_: float) -> None:
        sizes.append((gc.get_freeze_count(), gone() is not None))
        if len(sizes) > 60:
            raise asyncio.CancelledError

    monkeypatch.setattr(asyncio, "sleep", second)
    gc.disable()
    try:
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(asgi.keep_collections_short())
        assert sizes[1][0] > 100_000  # set aside after the first second, so that a full collection has little to see
        assert [alive for _, alive in sizes] == [True] * 60 + [False]
    finally:
        gc.enable()
        gc.unfreeze()
