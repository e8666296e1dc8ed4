"""A browser tab on the app: opens addresses, waits for script runs, and remembers complaints and what happened."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import ConsoleMessage, Page, WebSocket
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

SETTLED = "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"
# A part of the interface that a page uses for the first time is loaded then.
LOADING = "[data-testid=stSkeleton], [data-testid=stPlotlyChart]:not(:has(.main-svg))"
LONGEST_RUN = 60.0
# React draws what the last message brought in the frame after it.
NEXT_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@dataclass
class Tab:
    """page is Playwright's; console_errors and outside_requests fill from the start; runs counts finished runs.

    journal: connections, documents, and runs asked for, begun and ended, as a failing test shows them.
    """

    page: Page
    url: str
    console_errors: list[str] = field(default_factory=list)
    outside_requests: list[str] = field(default_factory=list)
    runs: int = 0
    journal: list[str] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self.console_errors.append(str(error)))
        self.page.on("request", lambda request: self._note(request.url))
        self.page.on("websocket", self._listen)
        self.page.on("domcontentloaded", lambda page: self.journal.append(f"document {page.url}"))

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
        self.journal.append("connected")
        socket.on("close", lambda _: self.journal.append("disconnected"))
        socket.on("framesent", self._note_request)
        socket.on("framereceived", self._count)

    def _note_request(self, frame: bytes | str) -> None:
        message = BackMsg.FromString(frame) if isinstance(frame, bytes) else BackMsg()
        if message.HasField("rerun_script"):
            asked = message.rerun_script
            self.journal.append(f"asked {asked.page_name or asked.page_script_hash} ?{asked.query_string}")

    def _count(self, frame: bytes | str) -> None:
        """Count runs that ended for good: a run cut short is followed by another."""
        message = ForwardMsg.FromString(frame) if isinstance(frame, bytes) else ForwardMsg()
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.journal.append(f"began {message.new_session.page_script_hash}")
        if kind == "script_finished":
            self.journal.append(f"ended {ForwardMsg.ScriptFinishedStatus.Name(message.script_finished)}")
            self.runs += message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN

    def open(self, path: str = "/") -> None:
        """Go to a path of the app, with its query, and wait until its script has run."""
        before = self.runs
        self.page.goto(self.url + path)
        self._wait_for_run(before)

    def settle(self) -> None:
        """Wait until no script runs and all is drawn. After a click use `rerun`, which waits for the run to begin."""
        self.page.wait_for_selector(SETTLED, timeout=LONGEST_RUN * 1000)
        self.page.wait_for_selector(LOADING, state="hidden")

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
