"""One Chromium for every test that needs a browser: Playwright starts once a process."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tools.chromium import FLAGS, MISSING, find_chromium


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    if path is None and os.environ.get("CI") == "true":
        pytest.fail(MISSING)
    elif path is None:
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
