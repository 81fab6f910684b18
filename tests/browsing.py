"""A real browser for tests: Chromium, driven through Playwright; JupyterLab; and axe-core."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "out" / "screenshots"
AXE = ROOT / "build" / "axe" / "package" / "axe.min.js"

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextmanager
def browser_page(width=1200, height=1000, requests=None):
    """A page to drive; ``requests`` collects the address of everything it asked for."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("this machine has no Chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_page(viewport={"width": width, "height": height})
        if requests is not None:
            page.on("request", lambda request: requests.append(request.url))
        try:
            yield page
        finally:
            browser.close()


@contextmanager
def jupyterlab(home, tmp_path):
    """JupyterLab on the folder ``home``; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    command = [
        sys.executable, "-m", "jupyter", "lab", "--no-browser", "--ip=127.0.0.1", "--allow-root",
        f"--port={port}", "--IdentityProvider.token=", f"--notebook-dir={home}",
        "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    with (tmp_path / "jupyter.log").open("w") as log:
        server = subprocess.Popen(
            command, env={**os.environ, **places}, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(address + "/api", tmp_path / "jupyter.log")
            yield address
        finally:
            server.terminate()
            server.wait(timeout=20)


def run_all_cells(page):
    """Run the open notebook by JupyterLab's menu, once its kernel answers.

    What is run before that can be lost.
    """
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for(
        state="attached", timeout=120_000
    )
    page.locator(".lm-MenuBar-itemLabel", has_text="Run").click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()


def _wait_for(address, log):
    for _ in range(1200):
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    pytest.fail(f"JupyterLab did not answer:\n{log.read_text()[-2000:]}")


def findings(page, within="html"):
    """What axe-core finds in a part of a page: (how many rules by impact, the findings)."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("async (within) => (await axe.run(within)).violations", within)
    told = [
        (one["impact"], one["id"], [node["html"][:300] for node in one["nodes"]]) for one in found
    ]
    return Counter(impact for impact, _, _ in told), told


def need_axe():
    """Skip where axe-core was not fetched."""
    if not AXE.is_file():
        pytest.skip("axe-core is not here: 'make axe' fetches it")
