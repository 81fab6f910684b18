"""Datasets known by name: found, listed, opened.

One record a dataset, in ``catalog/problems.py``, ``catalog/pools.py`` and ``catalog/verdicts.py``.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pairjudge_lab.datasets.fetching import Remote, data_home, fetch, files_here
from pairjudge_lab.datasets.rows import Row, read_rows
from pairjudge_lab.embedded import is_shipped
from pairjudge_lab.records import Pool, Problem, UserError

KINDS = ("problems", "pools", "verdicts")


@dataclass(frozen=True, slots=True)
class Entry:
    """A dataset that is known by name.

    ``source`` says where its columns and its licence were read, or what was not verified. ``read``
    turns its rows into the lab's records: problems, pools, or rows of a verdict table. Each row's
    ``where`` begins with the path of its file.
    """

    name: str
    kind: str
    licence: str
    size: str
    purpose: str
    source: str
    remote: Remote
    read: Callable[[Iterable[Row]], Iterable[Any]]

    @property
    def folder(self) -> Path:
        """Where its files are, or are put."""
        return data_home() / self.kind / self.name

    @property
    def here(self) -> bool:
        """Whether its files are on this machine."""
        return bool(files_here(self.remote, self.folder))

    def rows(self) -> Iterator[Row]:
        """Its rows, fetched where they are not here.

        Raises
        ------
        UserError
            See ``fetching.fetch``.
        """
        for path in fetch(self.remote, self.folder, self.name):
            yield from read_rows(path)

    def records(self) -> Iterator[Any]:
        """Its problems, pools or rows of a verdict table.

        A problem whose id was already used gets another: the id, ``#`` and a number, so that
        whatever is stored by id stays apart.

        Raises
        ------
        UserError
            See ``rows``, or a file of another layout.
        """
        used: Counter[str] = Counter()
        for one in self.read(self.rows()):
            problem = one.problem if isinstance(one, Pool) else one
            if not isinstance(problem, Problem):
                yield one
                continue
            used[problem.id] += 1
            if used[problem.id] > 1:
                problem = replace(problem, id=f"{problem.id}#{used[problem.id]}")
                one = replace(one, problem=problem) if isinstance(one, Pool) else problem
            yield one


def entries(kind: str | None = None) -> list[Entry]:
    """The datasets that are known by name, of one kind or of all.

    Raises
    ------
    UserError
        A kind that there is none of.
    """
    from pairjudge_lab.datasets.catalog.pools import POOLS
    from pairjudge_lab.datasets.catalog.problems import PROBLEMS
    from pairjudge_lab.datasets.catalog.verdicts import VERDICTS

    if kind is not None and kind not in KINDS:
        raise UserError(f"no kind {kind!r} of dataset; there are: {', '.join(KINDS)}")
    everything: tuple[Entry, ...] = (*PROBLEMS, *POOLS, *VERDICTS)
    return [entry for entry in everything if kind in (None, entry.kind)]


def is_name(source: object) -> bool:
    """Whether a source can only be a dataset's name: a word that is neither a file nor a hub id."""
    return (
        isinstance(source, str)
        and not is_shipped(source)
        and "/" not in source
        and not Path(source).suffix
        and not Path(source).exists()
    )


def find(name: str, kind: str | None = None) -> Entry:
    """The dataset of that name, and of that kind where one is given.

    Raises
    ------
    UserError
        An unknown name; the message lists near ones, and kinds in which the name is known.
    """
    known = {entry.name: entry for entry in entries(kind)}
    if name in known:
        return known[name]
    elsewhere = [e.kind for e in entries() if e.name == name]
    if elsewhere:
        raise UserError(
            f"{name!r} names {' and '.join(elsewhere)}, no {kind}: open it with "
            f"{' or '.join(f'load_{k}' for k in elsewhere)}"
        )
    near = _near(name, known)
    if not near and kind is not None:
        others = {entry.name: f"{entry.name} ({entry.kind})" for entry in entries()}
        near = [others[one] for one in _near(name, others)]
    raise UserError(
        (f"no {kind} are known as {name!r}" if kind else f"no dataset is known as {name!r}")
        + (f"; near: {', '.join(near)}" if near else "")
        + f"; known: {', '.join(known)}; or give the path of a file, or a hub id (owner/name)"
    )


def _near(name: str, known: Iterable[str]) -> list[str]:
    plain = name.lower().replace("_", "-")
    return difflib.get_close_matches(plain, list(known), n=3, cutoff=0.5)


def listing(kind: str | None = None) -> list[dict[str, Any]]:
    """One row a dataset: name, kind, licence, size, purpose, page, source, folder, here."""
    return [
        {
            "name": entry.name,
            "kind": entry.kind,
            "licence": entry.licence,
            "size": entry.size,
            "purpose": entry.purpose,
            "page": entry.remote.page,
            "source": entry.source,
            "folder": str(entry.folder),
            "here": entry.here,
        }
        for entry in entries(kind)
    ]
