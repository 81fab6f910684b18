"""Which batches have been submitted: a small file, so that a run that was killed goes on.

A batch is noted before it is submitted and its id after. A note without an id is looked up at the
service before anything is submitted again.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pairjudge_lab.files.reading import parse_json, read_text
from pairjudge_lab.records import UserError

KEPT = 28 * 24 * 3600
"""Seconds for which a batch is remembered; the services drop results a day later."""


@dataclass(slots=True)
class Batch:
    """One batch.

    Attributes
    ----------
    token : str
        Its name here, sent along where the service takes one.
    created : float
        Seconds since 1970 at which it was noted.
    names : list of str
        Of its requests; those that were answered for good once it has ended.
    id : str
        Its name at the service; empty until that is known.
    others : list of str
        Batches that were mistaken for this one.
    """

    token: str
    created: float
    names: list[str]
    id: str = ""
    others: list[str] = field(default_factory=list)


class BatchState:
    """The batches that were submitted to one service.

    Parameters
    ----------
    path : Path
        The file; made when the first batch is submitted.
    service : str
        Address and model: batches of others in the same file are left alone.

    Raises
    ------
    UserError
        For a file that is no such state.
    """

    def __init__(self, path: Path, service: str) -> None:
        self._path, self._service = path, service

    @contextlib.contextmanager
    def changing(self) -> Iterator[dict[str, Batch]]:
        """All batches by token, to be changed; other processes wait.

        What was changed is kept also where the block ends in an error.
        """
        from filelock import FileLock

        with FileLock(f"{self._path}.lock"):
            batches = self.read()
            try:
                yield batches
            finally:
                self._write(batches)

    def note(self, batches: dict[str, Batch]) -> None:
        """Write the batches down now; called within ``changing``."""
        self._write(batches)

    def read(self) -> dict[str, Batch]:
        oldest = time.time() - KEPT
        try:
            listed = self._everything().get(self._service, [])
            batches = [Batch(**told) for told in listed]
        except (TypeError, AttributeError):
            raise self._broken() from None
        if not all(map(_is_sound, batches)):
            raise self._broken()
        return {batch.token: batch for batch in batches if batch.created > oldest}

    def _everything(self) -> dict[str, list[dict[str, Any]]]:
        try:
            if not self._path.exists():
                return {}
            told = parse_json(read_text(self._path), str(self._path))
        except (OSError, UserError):
            raise self._broken() from None
        if not isinstance(told, dict):
            raise self._broken()
        return told

    def _write(self, batches: dict[str, Batch]) -> None:
        told = self._everything()
        told[self._service] = [asdict(batch) for batch in batches.values()]
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
        new.unlink(missing_ok=True)
        # A new file: a link that stands there is not written through.
        with new.open("x", encoding="utf-8") as file:
            json.dump(told, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)

    def _broken(self) -> UserError:
        return UserError(
            f"{self._path} is no list of batches that the lab wrote; move it away, and batches "
            "that were submitted before are not found again"
        )


def _is_sound(batch: Batch) -> bool:
    names = (batch.names, batch.others)
    return (
        all(isinstance(name, str) for name in (batch.token, batch.id))
        and isinstance(batch.created, int | float)
        and all(isinstance(some, list) and all(isinstance(n, str) for n in some) for some in names)
    )
