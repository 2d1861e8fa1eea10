"""The page under axe-core, in a real browser: what a reader with a screen reader or a keyboard would stumble over."""

import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from govmedia_kit.run.bulletin import make_bulletin

# The axe of the whole page and the redrawing of every chart take most of a minute.
pytestmark = [pytest.mark.browser, pytest.mark.slow]

OFFLINE = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]


@pytest.fixture(scope="module", params=["light", "dark"])
def violations(request, gansu_bulletin):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=OFFLINE)
        # The page's own policy lets no script in; axe is the tester's, not the page's.
        context = browser.new_context(bypass_csp=True, color_scheme=request.param)
        page = context.new_page()
        page.goto((gansu_bulletin / "bulletin.html").as_uri())
        found = Axe().run(page).response["violations"]
        browser.close()
    return found


def test_axe_finds_no_violation(violations):
    assert [(v["id"], v["nodes"][0]["target"]) for v in violations] == []


def test_charts_answer_to_the_mouse_under_the_pages_own_policy(gansu, kernel, tmp_path):
    folder = make_bulletin(gansu, tmp_path / "out", kernel=kernel, formats=["html"], charts="interactive")
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=OFFLINE)
        page = browser.new_page()
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("requestfailed", lambda request: wrong.append(request.url))
        page.goto((folder / "bulletin.html").as_uri())
        page.wait_for_function("document.querySelectorAll('.vega-embed svg').length >= 8", timeout=90_000)
        charts = page.locator(".vega-embed svg").count()
        browser.close()
    assert wrong == []
    assert charts == 8
