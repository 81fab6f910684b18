"""The documents name only files, commands and headings that are there, and their code runs."""

import re
from pathlib import Path

import pytest

from pairjudge_lab.cli.shared.main import command_names

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda d: str(d.relative_to(ROOT))
)


def anchors(document):
    """The headings of a document as addresses."""
    heads = re.findall(r"^#+ (.+)$", document.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@each_document
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)#][^)]*)\)", document.read_text("utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        file = document.parent / name
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file), target


@each_document
def test_files_that_are_named_are_there(document):
    named = re.findall(
        r"`(?:python )?((?:pairjudge_lab|tests|benchmarks|notebooks|docs|data)/[\w./-]*)`",
        document.read_text("utf-8"),
    )
    missing = [name for name in named if not (ROOT / name).exists()]
    assert not missing


@each_document
def test_commands_that_are_named_are_there(document):
    offered = {name.replace("_", "-") for name in command_names()}
    named = re.findall(r"pairjudge-lab ([a-z][a-z-]+)", document.read_text("utf-8"))
    assert not set(named) - offered
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert not set(re.findall(r"`make ([a-z-]+)`", document.read_text("utf-8"))) - set(targets)


def test_the_map_names_every_part_of_the_package():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    parts = {p.name for p in (ROOT / "pairjudge_lab").iterdir() if (p / "__init__.py").exists()}
    unnamed = {part for part in parts if f"`pairjudge_lab/{part}/" not in text}
    # Small things that a part of the map leans on.
    assert unnamed <= {"files", "word_problems"}


def test_a_change_takes_three_files_at_most():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    rows = text.partition("## Ten changes")[2].partition("\n## ")[0].strip().splitlines()[4:]
    assert len(rows) == 10
    for row in rows:
        assert 1 <= len(re.findall(r"`[a-zA-Z_]+[/.][\w/.]*`", row.split("|")[2])) <= 3


def test_the_first_page_is_short_and_its_code_runs(capsys):
    page = (ROOT / "README.md").read_text("utf-8")
    assert len(page.splitlines()) < 120
    (code,) = re.findall(r"```python\n(.*?)```", page, re.S)
    exec(compile(code, "README.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) == 5


def test_the_version_is_the_same_everywhere():
    (version,) = re.findall(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.M)
    assert f"version: {version}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"\n## {version} - " in (ROOT / "CHANGELOG.md").read_text("utf-8")
