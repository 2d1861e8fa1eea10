"""A browser without a network, and JupyterLab on this machine alone."""

import shutil
from collections.abc import Iterator

import pytest

# Every name but this machine's is not found: what a page asks for elsewhere fails, and is seen.
ALONE = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]


@pytest.fixture(scope="module")
def browser(gansu_bulletin) -> Iterator:
    """Debian's Chromium; the bulletin is made before it starts, because the browser's driver takes the event loop."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=shutil.which("chromium"), args=ALONE)
        yield chromium
        chromium.close()


class Watched:
    """A page with everything that it asked for and complained about."""

    def __init__(self, page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.failed: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda r: self.asked.append(r.url))
        page.on("requestfailed", lambda r: self.failed.append(r.url))
        page.on("response", lambda r: self.failed.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        page.on("pageerror", lambda e: self.complaints.append(str(e)))
        page.on("dialog", lambda d: (self.complaints.append(d.message), d.dismiss()))
        page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)


@pytest.fixture
def watched(browser) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    yield Watched(context.new_page())
    context.close()
