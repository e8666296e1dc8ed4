"""A browser tab on the app: opens addresses, waits for script runs, and remembers complaints."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Page

SETTLED = "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"

# Counts script runs by watching the app's own state, so that a run too short to be seen by polling is not missed.
_COUNT_RUNS = """() => {
    const app = document.querySelector("[data-testid=stApp]");
    window.scriptRuns = 0;
    window.scriptRunWatch?.disconnect();
    window.scriptRunWatch = new MutationObserver(() => {
        if (app.dataset.testScriptState === "running") window.scriptRuns += 1;
    });
    window.scriptRunWatch.observe(app, { attributes: true, attributeFilter: ["data-test-script-state"] });
}"""
_HAS_RUN = """() => window.scriptRuns > 0
    && document.querySelector("[data-testid=stApp]").dataset.testScriptState === "notRunning" """


@dataclass
class Tab:
    """page is Playwright's; console_errors and outside_requests fill from the start."""

    page: Page
    url: str
    console_errors: list[str] = field(default_factory=list)
    outside_requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda m: self.console_errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.console_errors.append(str(error)))
        self.page.on("request", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:", self.url.replace("http", "ws", 1))):
            self.outside_requests.append(url)

    def open(self, path: str = "/") -> None:
        """Go to a path of the app, with its query, and wait until its script has run."""
        self.page.goto(self.url + path)
        self.settle()

    def settle(self) -> None:
        """Wait until no script runs. After a click use `rerun`, which also waits for the run to begin."""
        self.page.wait_for_selector(SETTLED, timeout=60_000)

    @contextmanager
    def rerun(self) -> Iterator[None]:
        """`with tab.rerun(): click` waits for the run that the click starts, and for its end."""
        self.page.evaluate(_COUNT_RUNS)
        yield
        self.page.wait_for_function(_HAS_RUN, timeout=60_000)
