"""The lab as a new user meets it: JupyterLab in a real browser, and reports opened in one."""

import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest

from pairjudge_lab.cli import main
from pairjudge_lab.report.exporting import browser
from tests.browsing import PICTURES, browser_page, jupyterlab, run_all_cells

ROOT = Path(__file__).parent.parent


@pytest.fixture
def jupyter(tmp_path):
    """JupyterLab on a copy of the first notebook without its outputs; gives its address."""
    book = nbformat.read(next((ROOT / "notebooks").glob("01*.ipynb")), as_version=4)
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    home = tmp_path / "home"
    home.mkdir()
    nbformat.write(book, home / "01.ipynb")
    with jupyterlab(home, tmp_path) as address:
        yield address


@pytest.mark.slow
def test_the_first_notebook_runs_in_jupyterlab_and_its_bracket_opens(jupyter):
    PICTURES.mkdir(parents=True, exist_ok=True)
    with browser_page(1400, 1000) as page:
        page.goto(f"{jupyter}/lab/tree/01.ipynb")
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=60_000)
        page.get_by_text("Python 3 (ipykernel)").first.wait_for(timeout=60_000)
        run_all_cells(page)
        bracket = page.locator(".jp-OutputArea-output .pjl-bracket")
        bracket.wait_for(state="visible", timeout=120_000)
        assert page.locator(".jp-OutputArea-output[data-mime-type*=stderr]").count() == 0
        mark = bracket.locator("g.opens[role=button]").nth(1)
        mark.scroll_into_view_if_needed()
        mark.click()
        opened = bracket.locator("details.pjl-match[open]")
        assert opened.count() == 1
        assert opened.get_attribute("data-number") == mark.get_attribute("data-opens")
        assert opened.get_by_text("Response A").first.is_visible()
        assert opened.get_by_text("Swapped (").is_visible()
        bracket.locator("svg").scroll_into_view_if_needed()
        page.screenshot(path=PICTURES / "jupyterlab.png")
    assert (PICTURES / "jupyterlab.png").stat().st_size > 20_000


REPORTS = {
    "position-bias": ["--pools", "embedded", "--verdicts", "VERDICTS"],
    "tournaments": [
        "--pools", "embedded", "--verdicts", "VERDICTS", "--n", "4,8", "--selectors",
        "knockout,swiss", "--subsets", "2",
    ],
    "scaling": ["--pools", "embedded", "--verdicts", "VERDICTS", "--n", "1,2,4", "--subsets", "20"],
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_stands_alone(name, tmp_path, capsys):
    verdicts = tmp_path / "verdicts.parquet"
    shutil.copy(ROOT / "data" / "verdicts.parquet", verdicts)
    words = [str(verdicts) if word == "VERDICTS" else word for word in REPORTS[name]]
    out, kept = tmp_path / f"{name}.html", tmp_path / "kept.ipynb"
    assert main(["report", name, *words, "--out", str(out), "--notebook", str(kept)]) == 0
    assert "report:" in capsys.readouterr().out
    ran = nbformat.read(kept, as_version=4)
    assert any(str(verdicts) in cell.source for cell in ran.cells)
    page_text = out.read_text()
    assert "In&nbsp;[" not in page_text
    assert "load_verdicts(" not in page_text, "the code stays in the notebook"
    asked = []
    PICTURES.mkdir(parents=True, exist_ok=True)
    with browser_page(1000, 1400, requests=asked) as page:
        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(out.as_uri())
        assert page.locator("h1").count() == 1
        assert page.locator("svg, img").count() >= 1
        table = page.locator(".pjl-table").first
        table.locator("th").nth(1).click()
        assert table.locator("th[aria-sort=ascending]").count() == 1
        if name == "position-bias":
            swap = page.locator("summary", has_text="Swapped").first
            swap.click()
            assert page.locator("details[open]", has_text="Swapped").count() >= 1
        page.screenshot(path=PICTURES / f"report-{name}.png", full_page=True)
        assert problems == []
    fetched = [address for address in asked if not address.startswith(("file:", "data:", "blob:"))]
    assert fetched == []


@pytest.mark.slow
def test_a_report_is_printed_where_there_is_a_browser(tmp_path, shared):
    if browser() is None:
        pytest.skip("this machine has no Chromium")
    out, pdf = tmp_path / "bias.html", tmp_path / "bias.pdf"
    words = ["--verdicts", str(shared / "devbench_verdicts.csv"), "--out", str(out)]
    assert main(["report", "position-bias", *words, "--pdf", str(pdf)]) == 0
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert "Not at hand" in out.read_text()


def test_a_report_is_refused_with_one_line(tmp_path, capsys, monkeypatch):
    out = str(tmp_path / "x.html")
    cases = [
        (["nonsense", "--out", out], "no report named 'nonsense'"),
        (["tournaments", "--pools", "embedded", "--out", out], "needs --verdicts"),
        (["scaling", "--pools", "embedded", "--by", "judge", "--out", out], "knows no by"),
        (["scaling", "--pools", "embedded", "--out", str(tmp_path / "no" / "x.html")], "no such"),
        (["scaling", "--pools", "embedded", "--n", "0,2", "--out", out], "0"),
    ]
    for words, message in cases:
        assert main(["report", *words]) == 2
        said = capsys.readouterr().err
        # A slow machine is told how far the report is before it is refused.
        *before, last = said.strip().splitlines()
        assert last.startswith("pairjudge-lab: "), said
        assert message in last, said
        assert all(" cells (" in line for line in before), said
    monkeypatch.setattr("shutil.which", lambda name: None)
    from pairjudge_lab.records import UserError
    from pairjudge_lab.report.exporting import write_pdf

    with pytest.raises(UserError, match="needs a browser"):
        write_pdf(tmp_path / "x.html", tmp_path / "x.pdf")


@pytest.mark.slow
def test_bad_data_in_a_report_is_one_line_too(tmp_path, capsys):
    bad = tmp_path / "verdicts.csv"
    bad.write_text("problem_id,response_a,response_b\np,0,1\n")
    out = tmp_path / "x.html"
    assert main(["report", "position-bias", "--verdicts", str(bad), "--out", str(out)]) == 2
    said = capsys.readouterr().err.strip()
    assert "column verdict missing" in said
    assert len(said.splitlines()) == 1
    assert not out.exists()


def test_the_committed_notebooks_name_nothing_that_is_not_there():
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text())["cells"]
        words = "".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", words):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"
