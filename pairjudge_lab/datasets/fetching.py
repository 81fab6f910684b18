"""Fetching other people's data, once, into a folder of its own; nothing of it is part of the lab.

A dataset lies in ``<home>/<kind>/<name>/``, where home is the environment variable
``PAIRJUDGE_LAB_DATA`` or the user's cache folder. Files placed there by hand are used as they are,
so a machine without network needs nothing else.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pairjudge_lab.extras import missing_extra, naming_extras
from pairjudge_lab.records import UserError

HOME = "PAIRJUDGE_LAB_DATA"
"""The environment variable that names the folder of fetched data."""


@dataclass(frozen=True, slots=True)
class Remote:
    """Where the files of a dataset are fetched from.

    Either ``repository``, an id of the Hugging Face hub, or ``urls``. ``files`` are the names of
    the files below the dataset's folder, or patterns of them (``*`` stands for anything). A
    checksum is a SHA-256, by file name. ``archive`` says that the one URL is a ``.tar.gz`` whose
    members are the files.
    """

    files: tuple[str, ...]
    repository: str = ""
    repository_type: str = "dataset"
    revision: str = "main"
    urls: tuple[str, ...] = ()
    checksums: Mapping[str, str] = field(default_factory=dict)
    archive: bool = False

    @property
    def page(self) -> str:
        """Where a person would look: the repository's page, or the common part of the URLs."""
        if self.repository:
            kinds = {"dataset": "datasets/", "space": "spaces/"}
            return f"https://huggingface.co/{kinds[self.repository_type]}{self.repository}"
        if len(self.urls) == 1:
            return self.urls[0]
        return os.path.commonpath(self.urls).replace(":/", "://", 1) + "/"


def data_home() -> Path:
    """The folder of fetched data: ``PAIRJUDGE_LAB_DATA``, or the user's cache folder."""
    given = os.environ.get(HOME)
    if given:
        return Path(given)
    import pooch

    return Path(pooch.os_cache("pairjudge-lab")) / "datasets"


def files_here(remote: Remote, folder: Path) -> list[Path]:
    """The dataset's files, sorted; none of them unless every name and pattern is there."""
    if not folder.is_dir():
        return []
    names = {p: p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    there = sorted(p for p in names if not names[p].startswith("."))
    found: list[Path] = []
    for pattern in remote.files:
        matching = [p for p in there if fnmatch.fnmatchcase(names[p], pattern)]
        if not matching:
            return []
        found += [p for p in matching if p not in found]
    return found


def fetch(remote: Remote, folder: Path, name: str) -> list[Path]:
    """The dataset's files, fetched where they are not here.

    Parameters
    ----------
    remote : Remote
    folder : Path
        Where the files are, or are put.
    name : str
        What to call the dataset in messages.

    Returns
    -------
    list of Path

    Raises
    ------
    UserError
        In one line: there is no network (with what would have been fetched, and where to put it by
        hand), the dataset is gated, or a file does not have the checksum it should.
    """
    here = files_here(remote, folder)
    if here:
        return here
    folder.mkdir(parents=True, exist_ok=True)
    with _explained(remote, folder, name):
        if remote.repository:
            _from_hub(remote, folder)
        else:
            _from_urls(remote, folder)
    here = files_here(remote, folder)
    if not here:
        raise UserError(
            f"{name}: {remote.page} was fetched, but holds no {' and '.join(remote.files)}; its "
            f"layout may have changed: {by_hand(remote, folder)}"
        )
    return here


def by_hand(remote: Remote, folder: Path) -> str:
    """What to fetch and where to put it, for a machine that cannot."""
    names = ", ".join(remote.files[:3])
    if len(remote.files) > 3:
        names += f" and {len(remote.files) - 3} more ('pairjudge-lab datasets NAME' lists them)"
    return f"place {names} from {remote.page} in {folder}"


def hub_dataset(repository: str, *, config: str | None = None, split: str | None = None) -> Any:
    """One split of a dataset of the Hugging Face hub, through ``datasets``.

    Raises
    ------
    UserError
        No network, no such dataset, a gated one, or no such configuration or split: those that are
        there are listed.
    """
    with naming_extras():
        import datasets

    remote = Remote(files=(), repository=repository)
    with _explained(remote, None, repository):
        _ask_hub(remote)

        try:
            found = datasets.load_dataset(repository, config, split=split)
        except ValueError as problem:
            raise UserError(f"{repository}: {str(problem).splitlines()[0]}") from None
    if isinstance(found, Mapping):
        if len(found) > 1:
            raise UserError(
                f"{repository} has the splits {', '.join(map(str, found))}; name one, as in "
                "split='test' or --split test"
            )
        found = next(iter(found.values()))
    return found


class _NeverRaisedError(Exception):
    """Stands for the hub's errors where huggingface_hub is not installed."""


@contextmanager
def _explained(remote: Remote, folder: Path | None, name: str) -> Iterator[None]:
    """Turns what goes wrong on the way into one line."""
    try:
        from huggingface_hub.errors import GatedRepoError, HTTPError, RepositoryNotFoundError
    except ModuleNotFoundError:
        GatedRepoError = HTTPError = RepositoryNotFoundError = _NeverRaisedError  # noqa: N806

    try:
        yield
    except GatedRepoError:
        raise UserError(
            f"{name} is gated: ask for access at {remote.page}, then log in with 'hf auth login' "
            "(or set HF_TOKEN) and try again"
        ) from None
    except RepositoryNotFoundError:
        raise UserError(
            f"{name}: there is no dataset at {remote.page}, or it is private; check the id, or log "
            "in with 'hf auth login'"
            + ("" if folder is not None else f" (if a file was meant: there is none at {name})")
        ) from None
    except (OSError, HTTPError) as problem:
        reason = (str(problem).splitlines() or [type(problem).__name__])[0][:120]
        if "Connect" in type(problem).__name__:
            reason = "no connection"
        elif reason.startswith(("401", "403")):
            reason += "; it may be gated: install huggingface_hub and log in with 'hf auth login'"
        instead = (
            f"by hand, {by_hand(remote, folder)}"
            if folder is not None
            else "download it where there is network and give the path of the file, or set "
            "HF_HUB_OFFLINE=1 to use what the Hugging Face cache holds "
            f"(if a file was meant: there is none at {name})"
        )
        raise UserError(
            f"{name} is not here and could not be fetched from {remote.page} ({reason}); {instead}"
        ) from None


def _ask_hub(remote: Remote) -> None:
    """Asks the hub one short question: what it does not answer, a download would try again for
    half a minute."""
    from huggingface_hub import HfApi, constants

    if not constants.HF_HUB_OFFLINE:
        HfApi().repo_info(
            remote.repository,
            repo_type=remote.repository_type,
            revision=remote.revision,
            timeout=10,
        )


def _from_hub(remote: Remote, folder: Path) -> None:
    try:
        from huggingface_hub import snapshot_download
    except ModuleNotFoundError as problem:
        if any("*" in file for file in remote.files):
            raise missing_extra(problem) or problem from None
        _from_urls(replace(remote, urls=_resolved(remote)), folder)
        return
    _ask_hub(remote)
    snapshot_download(
        remote.repository,
        repo_type=remote.repository_type,
        revision=remote.revision,
        allow_patterns=list(remote.files),
        local_dir=folder,
    )
    for file, expected in remote.checksums.items():
        path = folder / file
        if path.is_file() and sha256(path) != expected:
            path.unlink()
            raise UserError(
                f"{file} of {remote.repository} does not have the checksum {expected[:12]}...; it "
                "was deleted: try again, or report it"
            )


def _resolved(remote: Remote) -> tuple[str, ...]:
    """Where the hub keeps a dataset's files, for a download without huggingface_hub."""
    hub = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    base = remote.page.replace("https://huggingface.co", hub, 1)
    revision = quote(remote.revision, safe="")
    return tuple(f"{base}/resolve/{revision}/{quote(file)}" for file in remote.files)


def _from_urls(remote: Remote, folder: Path) -> None:
    import pooch

    pooch.get_logger().setLevel("WARNING")
    names = ("archive.tar.gz",) if remote.archive else remote.files
    for file, url in zip(names, remote.urls, strict=True):
        expected = remote.checksums.get(file)
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            pooch.retrieve(
                url,
                known_hash=None if expected is None else f"sha256:{expected}",
                fname=path.name,
                path=path.parent,
                progressbar=sys.stderr.isatty() and find_spec("tqdm") is not None,
            )
        except ValueError:  # pooch's answer to a wrong checksum
            raise UserError(
                f"{url} does not have the checksum {str(expected)[:12]}...; nothing was kept: try "
                "again, or report it"
            ) from None
        if remote.archive:
            _unpack(path, folder)
            path.unlink()
        elif expected is None:
            _note(folder / "SHA256SUMS", f"{sha256(path)}  {file}\n")


def _note(sums: Path, line: str) -> None:
    """A line for a file that nobody gave a checksum of; once, however often it was tried."""
    known = sums.read_text(encoding="utf-8") if sums.exists() else ""
    if line not in known:
        sums.write_text(known + line, encoding="utf-8")


def _unpack(archive: Path, folder: Path) -> None:
    """The regular files of an archive; the ``data`` filter keeps them inside the folder."""
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    except tarfile.TarError as problem:
        archive.unlink()
        raise UserError(f"the archive from {archive.name} cannot be unpacked: {problem}") from None


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
