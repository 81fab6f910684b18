"""What a command writes is none of what it reads, and no two of its outputs are one file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pairjudge_lab.records import UserError

Given = str | Path | Iterable[str] | None


def different_files(writes: Mapping[str, Path | None], reads: Mapping[str, Given]) -> None:
    """See that what is written replaces nothing that is read, before anything is opened.

    Parameters
    ----------
    writes : mapping of str to Path or None
        Files, by what the user calls them; None is not written.
    reads : mapping of str to str, Path, iterable of str, or None
        What was given to be read: a file, the name of a dataset, or a judge with files in its name,
        such as ``recorded:FILE``.

    Raises
    ------
    UserError
        When two of them are the same file.
    """
    places = [(name, path) for name, path in writes.items() if path is not None]
    for number, (name, path) in enumerate(places):
        for other, read in reads.items():
            if any(_same(path, file) for file in _files_in(read)):
                raise UserError(f"{name} would replace {other}, {path}; write to another place")
        for other, second in places[number + 1 :]:
            if _same(path, second):
                raise UserError(f"{name} and {other} are the same file, {path}; name two")


def in_folder(folder: Path | None, *names: str) -> dict[str, Path | None]:
    """Files that a command writes into the folder ``--out``, as ``different_files`` takes them."""
    return {} if folder is None else {f"{name} in --out": folder / name for name in names}


def _files_in(given: Given) -> Iterator[Path]:
    """The files and folders that a word of the command line may name."""
    if given is None:
        return
    if isinstance(given, Path):
        yield given
        return
    if not isinstance(given, str):
        for one in given:
            yield from _files_in(one)
        return
    yield Path(given)
    # recorded:FILE#JUDGE, cascade:threshold=T:FIRST++SECOND, NAME=FILE.
    for part in given.split("++"):
        part = part.partition("#")[0]
        yield from (Path(part[mark.end() :]) for mark in re.finditer("^|[:=]", part))


def _same(written: Path, read: Path) -> bool:
    try:
        if os.path.realpath(written) == os.path.realpath(read):
            return True
        if (read / "config.json").is_file():
            # A model is its whole folder: a file that is put there makes it another.
            return Path(os.path.realpath(written)).is_relative_to(os.path.realpath(read))
        return written.exists() and read.exists() and written.samefile(read)
    except (OSError, ValueError):
        # A name that no file can have.
        return False
