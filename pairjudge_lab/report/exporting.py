"""Reports from notebooks: run with the user's data, and exported as one page that stands alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from pairjudge_lab.embedded import is_shipped
from pairjudge_lab.extras import naming_extras
from pairjudge_lab.files.writing import write_whole
from pairjudge_lab.isolation import safe_children
from pairjudge_lab.records import UserError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True, slots=True)
class Book:
    """A report: the notebook behind it, what it answers, and whether it needs pools, verdicts."""

    file: str
    question: str
    needs: tuple[str, ...]


BOOKS = {
    "position-bias": Book(
        "position_bias.ipynb", "does the judge look at the solutions, or at the order?",
        ("verdicts",),
    ),
    "tournaments": Book(
        "tournaments.ipynb", "which tournament, at how many calls?", ("pools", "verdicts")
    ),
    "scaling": Book("scaling.ipynb", "how does accuracy grow with N?", ("pools",)),
}  # fmt: skip


@naming_extras()
def write_report(
    name: str,
    out: Path,
    parameters: Mapping[str, Any],
    *,
    notebook: Path | None = None,
    progress: bool = False,
) -> None:
    """Run a report's notebook with parameters, and write it as one HTML file.

    Parameters
    ----------
    name : str
        One of ``BOOKS``.
    out : Path
        The page. It holds its pictures, styles and scripts, and fetches nothing.
    parameters : mapping
        Of the notebook: ``pools``, ``verdicts`` and whatever else its first code cell names. Those
        that are None keep the notebook's own value.
    notebook : Path or None
        Where to keep the notebook that was run, to go on from.
    progress : bool
        Show how many of its cells have run.

    Raises
    ------
    UserError
        An unknown report or parameter, data that is missing or unsound, or a file that cannot be
        written.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    from pairjudge_lab.report.engine import NAME

    if name not in BOOKS:
        raise UserError(f"no report named {name!r}; there are: {', '.join(BOOKS)}")
    book = BOOKS[name]
    given = {key: value for key, value in parameters.items() if value is not None}
    absent = [f"--{need}" for need in book.needs if need not in given]
    if absent:
        raise UserError(f"the report {name!r} needs {' and '.join(absent)}")
    if not out.parent.is_dir():
        raise UserError(f"no such folder: {out.parent}")
    source = str(files("pairjudge_lab.report").joinpath("books", book.file))
    known = set(papermill.inspect_notebook(_literal(source)))
    unknown = sorted(given.keys() - known)
    if unknown:
        raise UserError(
            f"the report {name!r} knows no {', '.join(unknown)}; "
            f"it takes {', '.join(sorted(known))}"
        )
    for key in ("pools", "verdicts"):
        if not is_shipped(given.get(key, "embedded")):
            given[key] = str(Path(given[key]).absolute())
    # The kernel works in an empty folder: a module or a configuration file that lies beside the
    # data is not the report's.
    with tempfile.TemporaryDirectory() as folder, safe_children():
        ran = Path(folder) / "report.ipynb"
        try:
            papermill.execute_notebook(
                _literal(source),
                _literal(ran),
                given,
                kernel_name="python3",
                engine_name=NAME,
                progress_bar=False,
                shown=progress,
                cwd=folder,
                extra_arguments=["--log-level=ERROR"],
            )
        except PapermillExecutionError as problem:
            if problem.ename == "UserError":
                raise UserError(problem.evalue) from None
            raise
        write_whole(out, as_page(ran))
        if notebook is not None:
            write_whole(notebook, ran.read_text(encoding="utf-8"))


def _literal(path: str | Path) -> str:
    """A path as papermill takes it, which fills in what stands between braces."""
    return str(path).replace("{", "{{").replace("}", "}}")


def as_page(notebook: Path) -> str:
    """A notebook that was run, without its code, as one HTML page that fetches nothing."""
    from nbconvert import HTMLExporter

    # Every address that a page of this version would fetch a script from, whatever their names.
    traits = HTMLExporter.class_trait_names()
    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        embed_images=True,
        # By default templates are also looked for in the working directory, and are programs.
        extra_template_basedirs=[],
        **{name: "" for name in traits if name.endswith("_url")},
    )
    page, _ = exporter.from_filename(str(notebook))
    return _with_dark_theme(str(page))


def _with_dark_theme(page: str) -> str:
    """The page in dark colours too, for readers who ask for them; pictures keep a light ground."""
    style = files("pairjudge_lab.report").joinpath("dark.css").read_text("utf-8")
    page = page.replace('data-jp-theme-light="true"', 'data-jp-theme-light="auto"', 1)
    return page.replace("</head>", f"<style>\n{style}</style>\n</head>", 1)


def browser() -> str | None:
    """A browser of this machine that can print a page as PDF."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def write_pdf(page: Path, out: Path) -> None:
    """Print an HTML page as PDF.

    Raises
    ------
    UserError
        When this machine has no Chromium or Chrome, or it fails.
    """
    program = browser()
    if program is None:
        raise UserError(
            f"a PDF needs a browser that prints ({' or '.join(BROWSERS[::2])}), and this machine "
            f"has none; print {page} from any browser"
        )
    with tempfile.TemporaryDirectory() as profile:
        command = [
            program, "--headless", "--disable-gpu", "--no-pdf-header-footer",
            f"--user-data-dir={profile}", f"--print-to-pdf={out.resolve()}",
            page.resolve().as_uri(),
        ]  # fmt: skip
        # Chromium refuses to run its sandbox as root.
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=120)  # noqa: S603
        except (subprocess.SubprocessError, OSError) as problem:
            raise UserError(f"{program} could not print {page} as PDF: {problem}") from None
    if not out.is_file():
        raise UserError(f"{program} printed nothing to {out}")
