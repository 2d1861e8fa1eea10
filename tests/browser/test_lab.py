"""The executed bulletin in JupyterLab without a network: the same charts as on the page, interactive."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

# A server, a kernel and a browser: ten seconds before the first look.
pytestmark = [pytest.mark.browser, pytest.mark.slow]

TOKEN = "only-for-this-test"


@pytest.fixture(scope="module")
def lab(gansu_bulletin, tmp_path_factory) -> Iterator[str]:
    """The address of a JupyterLab with settings of its own, on a copy of the bulletin's notebook."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copy(gansu_bulletin / "bulletin.ipynb", folder)
    home = folder / ".jupyter"
    # All cells are drawn at once, not only those in sight.
    settings = home / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}', encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = {
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "JUPYTER_PLATFORM_DIRS": "1",
    }
    arguments = ["--no-browser", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0", "--allow-root"]
    arguments += [f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={TOKEN}", "--LabApp.news_url=''"]
    with (folder / "lab.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "lab", *arguments],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, **{k: str(v) for k, v in places.items()}, "PYTHONWARNINGS": "ignore"},
        )
    try:
        _wait(f"http://127.0.0.1:{port}/api?token={TOKEN}", server, folder / "lab.log")
        yield f"http://127.0.0.1:{port}/lab/tree/bulletin.ipynb?token={TOKEN}"
    finally:
        server.send_signal(signal.SIGINT)
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


def _wait(address: str, server: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text(encoding="utf-8", errors="replace")
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    raise AssertionError(log.read_text(encoding="utf-8", errors="replace"))


def test_every_chart_is_interactive_and_nothing_leaves_the_machine(lab, watched, gansu_bulletin):
    notebook = json.loads((gansu_bulletin / "bulletin.ipynb").read_text(encoding="utf-8"))
    shown = [o.get("data", {}) for c in notebook["cells"] for o in c.get("outputs", [])]
    charts = sum("application/vnd.vegalite.v5+json" in data for data in shown)
    page = watched.page
    page.goto(lab)
    page.locator(".jp-NotebookPanel .vega-embed").nth(charts - 1).wait_for(timeout=120_000)
    drawn = page.locator(".jp-NotebookPanel .vega-embed")
    assert drawn.count() == charts >= 4
    for i in range(charts):
        # The menu of actions belongs to a living chart; a picture has none.
        assert drawn.nth(i).locator("details summary").count() == 1
        assert drawn.nth(i).locator("canvas, svg.marks").count() == 1
    assert page.locator(".jp-OutputArea-output:has-text('Error loading')").count() == 0
    # The bulletin's own blocks are shown beside the charts.
    assert "检查情况的通报" in " ".join(page.locator(".jp-NotebookPanel h1").all_inner_texts())
    elsewhere = [url for url in watched.asked if not url.startswith(("http://127.0.0.1:", "data:", "blob:"))]
    assert elsewhere == []
    assert [f for f in watched.failed if "127.0.0.1" not in f] == []
