"""Take the README's picture of the lab: python docs/screenshot.py (Playwright, and a Chromium).

Runs notebook 02 in JupyterLab, opens the first match in which the right answer was put out, and
photographs it.
"""

import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    home = Path(tempfile.mkdtemp())
    book = next((ROOT / "notebooks").glob("02_*.ipynb"))
    shutil.copy(book, home)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    command = [
        sys.executable, "-m", "jupyter", "lab", "--no-browser", "--ip=127.0.0.1", "--allow-root",
        f"--port={address.rpartition(':')[2]}", "--IdentityProvider.token=",
        f"--notebook-dir={home}",
    ]  # fmt: skip
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, **quiet)  # noqa: S603
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{address}/api", timeout=2).close()  # noqa: S310
                break
            except OSError:
                time.sleep(0.5)
        photograph(f"{address}/lab/tree/{book.name}")
    finally:
        server.terminate()
        server.wait()


def photograph(address: str) -> None:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1180, "height": 1330})
        page.goto(address)
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=60_000)
        page.get_by_text("Python 3 (ipykernel)").first.wait_for(timeout=60_000)
        if (news := page.get_by_role("button", name="No", exact=True)).count():
            news.click()
        page.locator(".lm-MenuBar-itemLabel", has_text="Run").click()
        page.locator(".lm-Menu-itemLabel", has_text="Run All Cells").first.click()
        bracket = page.locator(".jp-OutputArea-output .pjl-bracket")
        bracket.wait_for(state="visible", timeout=280_000)
        page.wait_for_timeout(1000)
        match = bracket.locator("details.pjl-match:has(.lost)").first
        number = match.get_attribute("data-number")
        bracket.locator(f'g.opens[role=button][data-opens="{number}"]').click()
        page.keyboard.press("Control+b")
        bracket.evaluate("it => it.scrollIntoView({block: 'start'})")
        page.wait_for_timeout(800)
        page.screenshot(path=ROOT / "docs" / "lab.png")
        browser.close()


if __name__ == "__main__":
    main()
