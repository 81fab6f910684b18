"""Where the data that ships with the lab lies: in the wheel, or in a checkout's ``data/``."""

from __future__ import annotations

from pathlib import Path

from pairjudge_lab.records import UserError

SHIPPED = {"embedded": "", "study": "study"}
"""Data that comes with the lab, by the word that names it, and its folder: the small world, and
the recorded study of real language models."""


def data_folder() -> Path:
    """The folder of embedded data.

    Raises
    ------
    UserError
        When this installation carries none.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "_data", package.parent / "data"):
        if (folder / "README.md").exists():
            return folder
    raise UserError(
        "this installation carries no embedded data; install the wheel, or work in a full checkout"
    )


def is_shipped(source: object) -> bool:
    """Whether a source is the name of data that comes with the lab."""
    return isinstance(source, str) and source in SHIPPED


def shipped_path(source: str, file: str) -> Path:
    """The path of a file of shipped data.

    Parameters
    ----------
    source : str
        A key of ``SHIPPED``.

    Raises
    ------
    UserError
        When it is not there.
    """
    return data_path(str(Path(SHIPPED[source]) / file))


def data_path(name: str) -> Path:
    """The path of one embedded file or folder.

    Raises
    ------
    UserError
        When it is not there; the message lists what is.
    """
    path = data_folder() / name
    if not path.exists():
        here = ", ".join(sorted(p.name for p in data_folder().iterdir()))
        raise UserError(f"no embedded data named {name!r}; there are: {here}")
    return path
