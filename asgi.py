"""Serving: `python asgi.py` (what `make run` does) serves app.py from one process that starts warm.

- Heavy imports and the bundled cohorts are loaded before the first visitor comes, and the collector is told to
  leave them, and later what open sessions hold, alone.
- What a large cohort leaves goes back to the system within a minute.
- Uploads are spooled to memory where the platform has a file system there, so that no row reaches a disk.
- Every answer carries the security headers below.

HOST and PORT say where to listen (127.0.0.1 and 8501, unless set). `streamlit run app.py` serves the
same app without all this, for development.
"""

import asyncio
import base64
import ctypes
import gc
import hashlib
import os
import re
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from importlib import import_module
from itertools import count
from pathlib import Path
from pkgutil import walk_packages
from urllib.parse import urlsplit

import streamlit as st
import uvicorn
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose
from streamlit.runtime.pages_manager import PagesManager

ROOT = Path(__file__).parent
MEMORY = Path("/dev/shm")  # where Linux keeps a file system in memory
ON_EXPORT = ("kras_core.report.journal.", "kras_core.report.slides.")  # what they draw with is imported on export
MAX_MESSAGE_BYTES = 50 * 1024**2  # of a message from a browser; uploads come another way


@contextmanager
def spooling_to_memory() -> Iterator[None]:
    """Temporary files in a private folder in memory, removed at the end: uploads over 1 MB are spooled there.

    A TMPDIR that is set stays; a platform without such a place keeps the system's default.
    """
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="krascope-", dir=MEMORY) as folder:  # readable by this user alone
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        try:
            yield
        finally:
            del os.environ["TMPDIR"]
            tempfile.tempdir = None


def give_memory_back() -> None:
    """What dropped arrays leave free goes back to the system. glibc would keep it, apart for each thread, and every
    script run is a thread: with a million patients half a gigabyte that nobody uses."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # another library than glibc
            ctypes.CDLL(None).malloc_trim(0)


def warm_up() -> None:
    """Import the whole core and what it draws with, read the bundled cohorts, and analyse the default one."""
    import kras_core
    from kras_core.address import default_selection
    from kras_core.analyse.survival import analyse
    from kras_core.cohort.bundled import BUNDLED, DEFAULT, load

    import_module("plotly.io")
    for module in walk_packages(kras_core.__path__, "kras_core."):
        if not module.name.endswith("__main__") and not module.name.startswith(ON_EXPORT):
            import_module(module.name)
    for cohort in BUNDLED:
        load(cohort)
    analyse(load(DEFAULT), default_selection(load(DEFAULT)))
    # What st.navigation says in a session's first run. Until then Streamlit would take the files in pages/ for the
    # pages, and tell the first visitor of any other address than the front page that there is no such page.
    PagesManager.uses_pages_directory = False


@asynccontextmanager
async def warm_start(_: st.App) -> AsyncIterator[None]:
    """Before the first visitor: import, load, and set aside what every session shares."""
    warm_up()
    gc.collect()
    gc.freeze()
    collecting = asyncio.create_task(keep_collections_short())
    with spooling_to_memory():
        yield
    collecting.cancel()


async def keep_collections_short() -> None:
    """Set aside, every second, what lives by then; look through all of it once a minute.

    Streamlit runs a full collection after every script run, over whatever is not frozen. With two dozen sessions
    open that was a quarter of the server's time, although next to nothing of it is garbage. What is set aside while it
    dies is found within the minute.
    """
    for second in count(1):
        await asyncio.sleep(1)
        if second % 60 == 0:
            gc.unfreeze()
            gc.collect()
            give_memory_back()
        gc.freeze()


def inline_script_hashes() -> str:
    """Policy sources for the inline scripts of Streamlit's own page, by hash, so that no other may run."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)


# The tightest policy under which charts, tables, uploads, downloads and formulas work without a complaint in
# the browser's console. An uploaded column named like a picture or a script can load or run nothing.
POLICY = {
    "default-src": "'none'",  # whatever is not named below: frames, workers, plug-ins, media, manifests
    # No eval, no inline handler. Streamlit hands a component's script (pages/shared/picture) to the browser as a blob,
    # which only a script that already runs here can make: what an upload says cannot.
    "script-src": f"'self' {inline_script_hashes()} blob:",
    "style-src": "'self' 'unsafe-inline'",  # Streamlit (emotion) and Plotly write style elements at run time
    "img-src": "'self' data: blob:",  # icons and Plotly's picture export
    "font-src": "'self' data:",  # Streamlit's own fonts
    "connect-src": "'self'",  # the websocket and uploads, same origin
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",  # not to be framed, against clickjacking
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {sources}" for name, sources in POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # frame-ancestors, for old browsers
    "Referrer-Policy": "no-referrer",  # the address holds the view: other sites need not learn it
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class SameOrigin:
    """Middleware that refuses what pages of other sites send.

    Streamlit refuses it too, but to be sure it asks an outside host for this machine's address first.
    A proxy in front must pass the Host that the browser asked for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] in ("http", "websocket") else Headers()
        origin = headers.get("origin")
        if origin is None or urlsplit(origin).netloc == headers.get("host"):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(code=1008)(scope, receive, send)
        else:
            await PlainTextResponse("Requests from other sites are refused.", status_code=403)(scope, receive, send)


class SecurityHeaders:
    """Middleware that adds HEADERS to every HTTP answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class FrontPage:
    """Middleware that leads from /survival, which people type, to /, where Streamlit has its first page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].rstrip("/") == "/survival":
            query = scope["query_string"].decode("latin-1")
            await RedirectResponse(f"/?{query}" if query else "/")(scope, receive, send)
        else:
            await self.app(scope, receive, send)


app = st.App(
    ROOT / "app.py",
    lifespan=warm_start,
    middleware=[Middleware(SecurityHeaders), Middleware(SameOrigin), Middleware(FrontPage)],
)


class Announced(uvicorn.Server):
    """Says where it listens, once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        host = "localhost" if self.config.host in ("127.0.0.1", "0.0.0.0") else self.config.host
        print(f"KRAScope is at http://{host}:{self.config.port} (Ctrl+C stops it)", flush=True)


def serve(host: str, port: int) -> None:
    """Serve until stopped; exits with one clear line where the port is taken.

    uvicorn opens the port itself: the sockets that Streamlit's own runner hands it lack TCP_NODELAY, which
    costs every script run some 40 ms of waiting for acknowledgements.
    """
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1" if host == "0.0.0.0" else host, port)) == 0:
            sys.exit(f"Port {port} is taken. Choose another one: make run PORT={port + 1}")
    print("KRAScope is starting ...", flush=True)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        ws="websockets-sansio",  # as Streamlit's own runner has it, and the next four
        ws_ping_interval=30,
        ws_ping_timeout=30,
        ws_per_message_deflate=False,  # compressing a chart takes longer than sending it
        ws_max_size=MAX_MESSAGE_BYTES,
        access_log=False,  # addresses hold views
        log_config=None,  # Streamlit sets the loggers up
    )
    with suppress(KeyboardInterrupt):
        Announced(config).run()


if __name__ == "__main__":
    serve(os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8501")))
