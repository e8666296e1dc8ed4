"""From the click on a stratifier to the redrawn curve, in Chromium, beside the same page written the usual way.

    make bench-app        (or: python benchmarks/toggle.py [--toggles 40])

Both applications are served in the one run, each as it is meant to be (KRAScope by asgi.py, the usual page by
plain `streamlit run`), get the same upload, and take turns at every toggle of the select box "Compare". The
clock is the browser's: it starts with the click on the option and stops at the frame in which the curve's path
is another one. Script times and message sizes come from a session over a websocket, without a browser.
"""

import argparse
import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import median

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright
from serving import APPLICATIONS, STRATIFIERS, Application, Server, Session, serving
from simulate import patients

from tools.chromium import FLAGS, MISSING, find_chromium

SIZES = (27, 2_000)
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"
PATHS = ".scatterlayer path.js-line"

# Watches for the first frame in which the chart's paths are neither empty nor those from before the click.
WATCH = """([chart, paths]) => {
    const drawn = () => [...document.querySelectorAll(`${chart} ${paths}`)].map(p => p.getAttribute("d")).join();
    const before = drawn();
    window.redrawn = new Promise(done => {
        document.addEventListener("click", () => {
            const start = performance.now();
            const look = () => {
                const now = drawn();
                now && now !== before ? requestAnimationFrame(() => done(performance.now() - start))
                                      : requestAnimationFrame(look);
            };
            look();
        }, { capture: true, once: true });
    });
}"""


@dataclass
class Measured:
    """Milliseconds and bytes of one application at one size."""

    redraw: list[float] = field(default_factory=list)
    script: list[float] = field(default_factory=list)
    chart_bytes: int = 0
    first_chart: float = 0.0


def first_chart(browser: Browser, server: Server, csv: bytes) -> tuple[Page, float]:
    """Open, upload, and wait for the curve. Milliseconds are from opening the default view to its first chart;
    the usual page has none, so that its clock runs from the upload."""
    application = server.application
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    start = time.perf_counter()
    page.goto(server.url)
    if application.upload_page:
        page.wait_for_selector(f"{application.chart} {PATHS}", state="attached", timeout=90_000)
        elapsed = time.perf_counter() - start
        page.wait_for_selector(SETTLED)
        page.get_by_role("link", name=application.upload_page.capitalize(), exact=True).click()
    page.wait_for_selector("input[type=file]", state="attached", timeout=60_000)
    start = time.perf_counter() if not application.upload_page else start
    page.set_input_files("input[type=file]", {"name": "patients.csv", "mimeType": "text/csv", "buffer": csv})
    if application.upload_page:
        page.get_by_text("Uploaded").first.wait_for(timeout=60_000)
        page.wait_for_selector(SETTLED)
        page.get_by_role("link", name="Survival", exact=True).click()
    page.wait_for_selector(f"{application.chart} {PATHS}", state="attached", timeout=90_000)
    page.wait_for_selector(SETTLED)
    return page, 1000 * (elapsed if application.upload_page else time.perf_counter() - start)


def toggle(page: Page, application: Application, option: str) -> float:
    """Choose the option with the mouse; milliseconds to the redrawn curve."""
    page.locator(
        f".st-key-{application.compare} [data-baseweb=select], .st-key-{application.compare} input"
    ).first.click()
    choice = page.get_by_role("option", name=option, exact=True)
    choice.wait_for()
    page.evaluate(WATCH, [application.chart, PATHS])
    choice.click()
    elapsed = page.evaluate("window.redrawn")
    page.wait_for_selector(SETTLED)
    page.wait_for_timeout(300)
    return elapsed


async def script_times(server: Server, csv: bytes, toggles: int) -> tuple[list[float], int]:
    """Milliseconds from a toggle to the end of its script run, and the largest chart message in bytes."""
    session, application = Session(server), server.application
    await session.open()
    if application.upload_page:
        await session.go(application.upload_page)
    await session.upload(application.files, "patients.csv", csv)
    if application.upload_page:
        await session.go(application.chart_page)
    runs = []
    for i in range(toggles + 2):
        runs.append(await session.choose(application.compare, STRATIFIERS[i % 2]))
        await asyncio.sleep(0.05)
    await session.close()
    return [run.seconds * 1000 for run in runs[2:]], max(run.chart_bytes for run in runs)


def measure(browser: Browser, n: int, toggles: int) -> dict[str, Measured]:
    csv = patients(n).to_csv(index=False).encode()
    found = {application.name: Measured() for application in APPLICATIONS}
    with serving(APPLICATIONS[0]) as ours, serving(APPLICATIONS[1]) as usual:
        pages = {}
        for server in (ours, usual):
            name = server.application.name
            pages[name], found[name].first_chart = first_chart(browser, server, csv)
        for i in range(-2, toggles):  # the first two warm up
            for server in (ours, usual):
                application = server.application
                elapsed = toggle(pages[application.name], application, STRATIFIERS[i % 2])
                if i >= 0:
                    found[application.name].redraw.append(elapsed)
        for page in pages.values():
            page.context.close()
        for server in (ours, usual):
            one = found[server.application.name]
            with ThreadPoolExecutor(1) as elsewhere:  # Playwright keeps an event loop in this thread
                job = elsewhere.submit(asyncio.run, script_times(server, csv, toggles))
                one.script, one.chart_bytes = job.result()
    return found


def row(n: int, name: str, one: Measured, usual: Measured) -> str:
    def both(times: list[float]) -> str:
        return f"{median(times):.0f} / {np.percentile(times, 95):.0f}"

    ratio = median(usual.redraw) / median(one.redraw)
    cells = (f"{n:,}", name, both(one.redraw), f"{ratio:.1f}", both(one.script), f"{one.chart_bytes / 1000:.0f}")
    return "| " + " | ".join((*cells, f"{one.first_chart:,.0f}")) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description="click to redrawn curve, beside the usual page")
    parser.add_argument("--toggles", type=int, default=40)
    toggles = parser.parse_args().toggles
    path = find_chromium()
    if path is None:
        raise SystemExit(MISSING)
    print("| n | page | click to curve, ms (median / 95th) | × usual | script, ms | chart, kB | first chart, ms |")
    print("|---" * 7 + "|", flush=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for n in SIZES:
            found = measure(browser, n, toggles)
            for name, one in found.items():
                print(row(n, name, one, found[APPLICATIONS[1].name]), flush=True)
    print(
        "\nBars: × usual at least 1.5 at n = 27 and 3 at n = 2,000; script's 95th percentile at most 50 ms on an idle"
        "\nmachine; chart at most 150 kB. First chart: KRAScope's default view in a fresh server and a fresh browser"
        "\ncontext; the usual page's from the upload on."
    )


if __name__ == "__main__":
    main()
