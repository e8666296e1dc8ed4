"""What toggle.py and sessions.py share: the two applications, their servers, and a session over a real websocket."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))  # tools/ and kras_core/, for the scripts that import this


@dataclass(frozen=True)
class Application:
    """One of the two pages: how it is served, and where its widgets and its curve are.

    Everything that knows the pages' inside stands here: `compare` and `files` begin the keys of the select box
    and of the uploader, `chart` holds the curve, `upload_page` and `chart_page` are their paths.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    upload_page: str
    chart_page: str = ""
    compare: str = "by"
    files: str = "files"
    chart: str = ".st-key-km"


KRASCOPE = Application("KRAScope", ("asgi.py",), ROOT, "cohort", chart=".st-key-km")
USUAL = Application(
    "usual page",
    ("-m", "streamlit", "run", "app.py", "--server.headless=true", "--browser.gatherUsageStats=false"),
    HERE / "usual_page",
    "",
    files="file",
)
APPLICATIONS = (KRASCOPE, USUAL)
STRATIFIERS = ("Sex", "Prior anti-angiogenic therapy")


@dataclass(frozen=True)
class Server:
    application: Application
    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def serving(application: Application) -> Iterator[Server]:
    """Serve on a free port until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "HOST": "127.0.0.1", "PORT": str(port)}
    environment |= {"STREAMLIT_SERVER_PORT": str(port), "STREAMLIT_SERVER_ADDRESS": "127.0.0.1"}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, *application.command], cwd=application.folder, env=environment, stdout=log, stderr=log
        )
        try:
            _wait(f"http://127.0.0.1:{port}/_stcore/health", process)
            yield Server(application, f"http://127.0.0.1:{port}", process)
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read().decode(errors="replace")[-4000:])
            raise
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{url} does not answer")


@dataclass
class Run:
    """What one script run sent: its texts, the largest chart message, and how long it took."""

    seconds: float
    texts: list[str] = field(default_factory=list)
    chart_bytes: int = 0


class Session:
    """One visitor over Streamlit's own websocket protocol, without a browser."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.socket: ClientConnection
        self.id = ""
        self.pages: dict[str, str] = {}  # path -> script hash
        self.widgets: dict[str, str] = {}  # user key -> widget id
        self.options: dict[str, list[str]] = {}  # widget id -> options
        self.page, self.query = "", ""

    async def open(self) -> Run:
        """Connect and run the first page."""
        address = self.server.url.replace("http", "ws", 1) + "/_stcore/stream"
        self.socket = await connect(address, subprotocols=["streamlit"], max_size=None)  # type: ignore[list-item]
        return await self.run()

    async def close(self) -> None:
        await self.socket.close()

    async def go(self, path: str) -> Run:
        """Change to the page at this path."""
        self.page = self.pages[path]
        return await self.run()

    async def choose(self, key: str, text: str) -> Run:
        """Choose an option of the select box whose key this is."""
        id = self.widgets[key]
        option = next(option for option in self.options[id] if option == text)
        return await self.run(WidgetState(id=id, string_value=option))

    async def pick(self, key: str, *texts: str) -> Run:
        """Choose these options, and no others, of the multiselect or segmented control whose key this is."""
        state = WidgetState(id=self.widgets[key])
        state.string_array_value.data.extend(texts)
        return await self.run(state)

    async def slide(self, key: str, *values: float) -> Run:
        """Move the slider whose key this is to a value, or to both ends of a range."""
        state = WidgetState(id=self.widgets[key])
        state.double_array_value.data.extend(values)
        return await self.run(state)

    async def upload(self, key: str, name: str, content: bytes) -> Run:
        """Put a file into the uploader whose key begins so."""
        request = BackMsg()
        request.file_urls_request.request_id = "1"
        request.file_urls_request.file_names.append(name)
        request.file_urls_request.session_id = self.id
        await self.socket.send(request.SerializeToString())
        while (message := await self._receive()).WhichOneof("type") != "file_urls_response":
            pass
        urls = message.file_urls_response.file_urls[0]
        await asyncio.to_thread(self._put, urls.upload_url, name, content)
        state = WidgetState(id=next(id for found, id in self.widgets.items() if found.startswith(key)))
        file = state.file_uploader_state_value.uploaded_file_info.add(
            name=name, size=len(content), file_id=urls.file_id
        )
        file.file_urls.CopyFrom(urls)
        return await self.run(state)

    def _put(self, path: str, name: str, content: bytes) -> None:
        with urllib.request.urlopen(f"{self.server.url}/_stcore/health") as answer:
            cookie = answer.headers["Set-Cookie"].split(";")[0]
        token = cookie.partition("=")[2].strip('"')
        boundary = "krascope-benchmark"
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n'.encode()
        request = urllib.request.Request(self.server.url + path, head + content + f"\r\n--{boundary}--\r\n".encode())
        request.method = "PUT"
        request.add_header("Content-Type", f"multipart/form-data; boundary={boundary}")
        request.add_header("Cookie", cookie)
        request.add_header("X-Xsrftoken", token)
        urllib.request.urlopen(request).close()

    async def run(self, *changed: WidgetState) -> Run:
        """Ask for a script run with these widgets changed; returns when the script has ended for good."""
        message = BackMsg()
        message.rerun_script.page_script_hash = self.page
        message.rerun_script.query_string = self.query
        message.rerun_script.widget_states.widgets.extend(changed)
        start = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        run = Run(0.0)
        while True:
            received = await self._receive()
            kind = received.WhichOneof("type")
            if kind == "delta":
                self._note(received, run)
            elif kind == "script_finished" and received.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                run.seconds = time.perf_counter() - start
                return run

    async def _receive(self) -> ForwardMsg:
        content = await self.socket.recv()
        assert isinstance(content, bytes)
        message = ForwardMsg.FromString(content)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.id = message.new_session.initialize.session_id
            self.page = message.new_session.page_script_hash
        elif kind == "navigation":
            for page in message.navigation.app_pages:
                self.pages["" if page.is_default else page.url_pathname] = page.page_script_hash
            self.page = message.navigation.page_script_hash or self.page
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        return message

    def _note(self, message: ForwardMsg, run: Run) -> None:
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind in ("selectbox", "file_uploader", "slider", "multiselect", "button_group"):
            widget = getattr(element, kind)
            self.widgets[widget.id.split("-", 2)[-1]] = widget.id
            self.options[widget.id] = list(getattr(widget, "options", ()))
        elif kind == "plotly_chart":
            run.chart_bytes = max(run.chart_bytes, message.ByteSize())
        elif kind == "html":
            run.texts.append(element.html.body)
        elif kind == "markdown":
            run.texts.append(element.markdown.body)
        elif kind in ("exception", "alert"):
            run.texts.append(str(element))
