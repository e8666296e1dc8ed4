"""A browser tab on the app: opens addresses, waits for script runs, and remembers complaints."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import ConsoleMessage, Page, WebSocket
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

SETTLED = "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"
LONGEST_RUN = 60.0
# React draws what the last message brought in the frame after it.
NEXT_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@dataclass
class Tab:
    """page is Playwright's; console_errors and outside_requests fill from the start; runs counts finished runs."""

    page: Page
    url: str
    console_errors: list[str] = field(default_factory=list)
    outside_requests: list[str] = field(default_factory=list)
    runs: int = 0

    def __post_init__(self) -> None:
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self.console_errors.append(str(error)))
        self.page.on("request", lambda request: self._note(request.url))
        self.page.on("websocket", self._listen)

    def _note_message(self, message: ConsoleMessage) -> None:
        """Errors, but for Streamlit's search for its own base path: opened at /safety it asks /safety/_stcore first."""
        probing = message.location.get("url", "").endswith(("/_stcore/health", "/_stcore/host-config"))
        if message.type == "error" and not (probing and "404" in message.text):
            self.console_errors.append(message.text)

    def _note(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:")):
            self.outside_requests.append(url)

    def _listen(self, socket: WebSocket) -> None:
        if not socket.url.startswith(self.url.replace("http", "ws", 1)):
            self.outside_requests.append(socket.url)
        socket.on("framereceived", self._count)

    def _count(self, frame: bytes | str) -> None:
        """Count runs that ended for good: a run cut short is followed by another."""
        message = ForwardMsg.FromString(frame) if isinstance(frame, bytes) else ForwardMsg()
        if message.WhichOneof("type") == "script_finished":
            self.runs += message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN

    def open(self, path: str = "/") -> None:
        """Go to a path of the app, with its query, and wait until its script has run."""
        before = self.runs
        self.page.goto(self.url + path)
        self._wait_for_run(before)

    def settle(self) -> None:
        """Wait until no script runs. After a click use `rerun`, which also waits for the run to begin."""
        self.page.wait_for_selector(SETTLED, timeout=LONGEST_RUN * 1000)

    @contextmanager
    def rerun(self) -> Iterator[None]:
        """`with tab.rerun(): click` waits for the run that the click starts, and for what it draws.

        The app's own state is no sign of it: a short run begins and ends between two frames.
        """
        before = self.runs
        yield
        self._wait_for_run(before)

    def _wait_for_run(self, before: int) -> None:
        deadline = time.monotonic() + LONGEST_RUN
        while self.runs == before and time.monotonic() < deadline:
            self.page.wait_for_timeout(10)  # Playwright hears of frames while it waits
        assert self.runs > before, "no script run came of it"
        self.page.evaluate(NEXT_FRAMES)
        self.settle()
