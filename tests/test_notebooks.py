"""Every notebook runs from its first cell to its last, away from the checkout and the network."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("[0-9]*.ipynb"))


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
@pytest.mark.filterwarnings("ignore")
def test_it_runs(path, tmp_path):
    (tmp_path / "notebooks").mkdir()
    here = shutil.copy(path, tmp_path / "notebooks")
    book = nbformat.read(here, as_version=4)
    client = NotebookClient(
        book, timeout=240, resources={"metadata": {"path": str(tmp_path / "notebooks")}}
    )
    client.execute()
    assert any(cell.get("outputs") for cell in book.cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_it_tells_a_story(path):
    book = nbformat.read(path, as_version=4)
    assert book.cells[0].cell_type == "markdown"
    assert book.cells[0].source.startswith("# ")
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    for cell in code:
        assert len(cell.source.splitlines()) <= 16, "what is longer belongs in the package"
        assert not [o for o in cell.outputs if o.output_type == "error"]
    assert sum(bool(cell.outputs) for cell in code) > len(code) / 2, "committed with its outputs"
    assert "/work" not in path.read_text()


def test_nothing_that_a_user_runs_reads_a_folder_beside_the_checkout():
    root = Path(__file__).parent.parent
    files = [
        *root.glob("*.md"),
        *(
            file
            for folder in ("notebooks", "docs", "pairjudge_lab", "data")
            for file in (root / folder).rglob("*")
            if file.suffix in {".py", ".ipynb", ".md", ".sh", ".j2"}
        ),
    ]
    assert len(files) > 100
    readers = [str(f.relative_to(root)) for f in files if "../shared" in f.read_text("utf-8")]
    assert not readers
