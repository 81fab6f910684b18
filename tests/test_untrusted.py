"""Views in a notebook that is not trusted: what JupyterLab leaves of them, in a real browser.

JupyterLab passes the HTML of such outputs through sanitize-html with the settings of
``@jupyterlab/apputils`` (``Sanitizer``, JupyterLab 4.6): style and script go, SVG and MathML
go and leave their text; ``class``, ``details``, ``hidden`` with a value, and images with ``data:``
addresses are kept.
"""

import re

import nbformat
import pandas as pd
import pytest

from pairjudge_lab import Arena, Knockout, judge_pairs, load_judge
from pairjudge_lab.records import Candidate, Match, Pool, Problem, Status, Verdict
from pairjudge_lab.views import (
    matches_played,
    view_bracket,
    view_table,
    view_verdict,
    view_verdicts,
)
from tests.browsing import PICTURES, browser_page, jupyterlab

EVIL = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>\x01"


def views():
    texts = [f"text {i} with $x^{i}$ {EVIL}" for i in range(8)]
    candidates = [
        Candidate(text, answer=f"{i % 3}\x02<b>", correct=i % 3 == 0)
        for i, text in enumerate(texts)
    ]
    pool = Pool(Problem("p", f"What is \\(\\frac{{1}}{{2}}\\)? {EVIL}", "0"), tuple(candidates))
    arena = Arena(load_judge("simulated:accuracy=0.8"))
    (selection,) = arena.play([pool], Knockout(), seed=0)
    swaps = arena.judge([m.swapped for m in matches_played(pool, selection)])
    verdict = Verdict(Status.PARSED, True, False, f"A. {EVIL}", reasoning="let me see")
    table = judge_pairs(load_judge("simulated"), [pool]).to_pandas()
    yield view_bracket(pool, selection, swaps=swaps)
    yield view_verdict(Match(pool, 0, 1), verdict)
    yield view_table(pd.DataFrame({"who": ["x", EVIL], "n": [1, 2]}))
    yield view_verdicts(table, [pool], library=False)


def notebook(path):
    """A notebook with the views as outputs that nobody signed."""
    book = nbformat.v4.new_notebook()
    for view in views():
        data = {"text/html": view.html, "text/plain": view.text}
        output = nbformat.v4.new_output("execute_result", data, execution_count=1)
        book.cells.append(nbformat.v4.new_code_cell("view", outputs=[output], execution_count=1))
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    nbformat.write(book, path)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_views_are_read_in_a_notebook_that_is_not_trusted(tmp_path):
    pytest.importorskip("itables", reason="itables is not installed (the extra lab)")
    home = tmp_path / "home"
    home.mkdir()
    notebook(home / "views.ipynb")
    PICTURES.mkdir(parents=True, exist_ok=True)
    asked = []
    with jupyterlab(home, tmp_path) as address, browser_page(1300, 2600, requests=asked) as page:
        page.set_default_timeout(120_000)
        page.goto(f"{address}/lab/tree/views.ipynb")
        outputs = page.locator(".jp-OutputArea-output")
        outputs.nth(3).wait_for()
        for taken in ("style", "script", "svg", "math"):
            assert outputs.locator(taken).count() == 0, taken
        assert page.evaluate("window.hacked") is None

        bracket = outputs.nth(0)
        picture = bracket.locator("img")
        assert picture.is_visible()
        assert picture.evaluate("image => image.complete && image.naturalWidth") > 400
        assert "What is \\(\\frac{1}{2}\\)?" in bracket.inner_text()
        assert bracket.locator("[hidden]").first.is_hidden()
        # Of the drawing no letters are left beside the picture: answers are in the table alone.
        assert bracket.locator("table").is_visible()
        match = bracket.locator("details").first
        assert not match.get_by_text("Response A").first.is_visible()
        match.locator("summary").first.click()
        assert match.get_by_text("Response A").first.is_visible()
        assert re.search(r"text \d with \$x\^\d\$ <script>", match.inner_text())

        assert "text 0 with $x^0$ <script>" in outputs.nth(1).inner_text()
        assert outputs.nth(2).get_by_role("row").count() == 3
        assert "no script runs here: the first 20 of 56 verdicts" in outputs.nth(3).inner_text()
        assert outputs.nth(3).get_by_role("row").count() == 21
        page.screenshot(path=PICTURES / "untrusted-light.png")
        page.locator(".lm-MenuBar-itemLabel", has_text="Settings").click()
        page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Theme$")).hover()
        page.locator(".lm-Menu-itemLabel", has_text=re.compile("^JupyterLab Dark$")).click()
        page.locator("body[data-jp-theme-light=false]").wait_for(state="attached")
        page.locator("#jupyterlab-splash").wait_for(state="detached")
        page.screenshot(path=PICTURES / "untrusted-dark.png")
    assert [one for one in asked if not one.startswith((address, "data:", "blob:"))] == []
