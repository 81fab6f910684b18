"""Pages of the documentation site that stand elsewhere: mkdocs.yml names this file as its hook.

The first page is README.md; CONTRIBUTING.md, CHANGELOG.md and the notebooks are taken from where
they are, with their links turned; the page of commands is every ``--help`` of the package.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from pairjudge_lab.cli.shared.main import build_parser

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "docs"))  # mkdocs loads this file alone
from notebook_pages import NotebookPage  # noqa: E402

ELSEWHERE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
_books: dict[str, NotebookPage] = {}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that stand outside the folder of documents."""

    def add(name: str, content: str | bytes) -> None:
        files.append(File.generated(config, name, content=content))

    for name, page in ELSEWHERE.items():
        add(page, turned((ROOT / name).read_text(encoding="utf-8")))
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        book = NotebookPage(path)
        _books[f"notebooks/{path.stem}.md"] = book
        add(f"notebooks/{path.stem}.md", book.markdown)
        for picture, data in book.pictures.items():
            add(f"notebooks/{picture}", data)
    add("reference/commands.md", commands())
    return files


def turned(text: str) -> str:
    """A page of the repository's root with its links as the site has them."""
    text = text.replace("](docs/", "](").replace(".ipynb)", ".md)")
    for name, page in ELSEWHERE.items():
        text = text.replace(f"]({name}", f"]({page}")
    return text


def commands() -> str:
    """Every command with its options, as ``--help`` prints them."""
    os.environ["COLUMNS"] = "96"
    os.environ["NO_COLOR"] = "1"
    parser = build_parser()
    (group,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    about = {choice.dest: choice.help for choice in group._choices_actions}
    page = ["# Commands", "What `pairjudge-lab COMMAND --help` prints."]
    for name, its_parser in group.choices.items():
        text = its_parser.format_help().rstrip()
        page += [f"## {name}", f"{about[name]}.", f"```text\n{text}\n```"]
    return "\n\n".join(page) + "\n"


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links out of the folder of documents lead to the notebooks' pages."""
    up = "../" * page.file.src_uri.count("/")
    out = f"](../{up}notebooks/"
    if out in markdown:
        markdown = markdown.replace(out, f"]({up}notebooks/").replace(".ipynb)", ".md)")
    return markdown


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The outputs of a notebook in their places."""
    book = _books.get(page.file.src_uri)
    return book.filled(html) if book else html
