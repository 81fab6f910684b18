"""The documentation site: its pages, what they tell to type, and the check of its links."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from docs.check_site import faults
from pairjudge_lab.cli.shared.main import main

ROOT = Path(__file__).parent.parent
COMING = sorted((ROOT / "docs" / "coming_from").glob("*.md"))
BLOCK = re.compile(r"^```(\w+)(?: title=\"([\w.]+)\")?\n(.*?)^```$", re.M | re.S)


@pytest.mark.parametrize("page", COMING, ids=lambda p: p.stem)
def test_what_a_page_for_newcomers_tells_to_type_works(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run = 0
    for language, title, text in BLOCK.findall(page.read_text("utf-8")):
        if title:
            Path(title).write_text(text, "utf-8")
        elif language == "sh":
            for line in text.splitlines():
                program, *words = shlex.split(line)
                assert program == "pairjudge-lab"
                assert main(words) == 0, capsys.readouterr().err
                run += 1
        else:
            assert language == "python"
            exec(compile(text, page.name, "exec"), {})
            run += 1
    assert run >= 2


def test_errors_of_mt_bench_are_counted_and_not_guessed_at(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    ((_, title, text),) = [b for b in BLOCK.findall(COMING[1].read_text("utf-8")) if b[1]]
    Path(title).write_text(text, "utf-8")
    assert main(["bias", title]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("gpt-4"))
    # Problems; pairs; same winner, the first position favoured, the second; one not read.
    assert row.split()[1:7] == ["3", "4", "1", "2", "0", "1"]


def test_every_page_has_its_place_and_every_reference_its_name():
    site = yaml.load((ROOT / "mkdocs.yml").read_text("utf-8"), yaml.CSafeLoader)
    placed = set(re.findall(r"[\w/.-]+\.md", str(site["nav"])))
    there = {str(p.relative_to(ROOT / "docs")) for p in (ROOT / "docs").rglob("*.md")}
    there |= {f"notebooks/{p.stem}.md" for p in (ROOT / "notebooks").glob("[0-9]*.ipynb")}
    assert placed == there | {
        "index.md",
        "contributing.md",
        "changelog.md",
        "reference/commands.md",
    }


def test_every_public_name_is_in_the_reference():
    import pairjudge_lab

    pages = [p.read_text("utf-8") for p in (ROOT / "docs" / "reference").glob("*.md")]
    documented = set(re.findall(r"^::: [\w.]+\.(\w+)$", "\n".join(pages), re.M))
    for members in re.findall(r"members: \[(.*)\]", "\n".join(pages)):
        documented |= set(re.findall(r"\w+", members))
    assert set(pairjudge_lab.__all__) <= documented


def test_a_broken_link_and_a_fetched_font_are_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<h1 id="top">A</h1><a href="b.html#here">b</a><a href="https://example.org">c</a>'
    )
    (tmp_path / "b.html").write_text('<h1 id="here">B</h1><a href="/a.html#top">a</a>')
    assert faults(tmp_path) == []
    (tmp_path / "c.html").write_text(
        '<script src="https://cdn.example/x.js"></script><a href="d.html">d</a>'
        '<a href="a.html#gone">a</a><style>@import "https://fonts.example/f.css";</style>'
        '<link rel="canonical" href="https://example.org/"><img src="data:image/png;base64,">'
    )
    (tmp_path / "x.css").write_text("a { background: url(//cdn.example/p.png) }")
    assert faults(tmp_path) == [
        "c.html fetches https://cdn.example/x.js",
        "c.html fetches https://fonts.example/f.css",
        "c.html: no page d.html",
        "c.html: no heading a.html#gone",
        "x.css fetches //cdn.example/p.png",
    ]
