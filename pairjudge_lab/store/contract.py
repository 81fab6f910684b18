"""What a place for verdicts and completions must do; a back end is one file that does it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from pairjudge_lab.records import Match, Status, Verdict

if TYPE_CHECKING:
    import pandas as pd

    from pairjudge_lab.engines.contract import Completion, Request


class Storage(Protocol):
    """Keeps verdicts by key, and completions under what produced them.

    Every ``put`` and ``keep_completions`` is all or nothing, and what they were given survives a
    process that is killed right after. The first value kept for a key stays. ``damaged`` counts
    rows that could not be read back as they were written; such a row is set aside, and its key is
    not known any more.
    """

    damaged: int

    def get(self, keys: Sequence[str]) -> dict[str, Verdict]:
        """The verdicts that are known, by key."""
        ...

    def put(self, identity: Mapping[str, Any], rows: Iterable[tuple[str, Match, Verdict]]) -> None:
        """Keep a judge's verdicts; those that ``failed`` are no answers and are not kept."""
        ...

    def forget(self, *statuses: Status) -> int:
        """Drop verdicts with these statuses, and what they were read from; returns how many."""
        ...

    def remove(self, keys: Sequence[str]) -> int:
        """Drop the verdicts with these keys, and what they were read from; returns how many."""
        ...

    def completions(self, keys: Sequence[str]) -> dict[str, Completion]:
        """The completions that are known, by key."""
        ...

    def keep_completions(
        self, producer: Mapping[str, Any], rows: Sequence[tuple[str, Request, Completion]]
    ) -> None:
        """Keep what an engine generated; what ended in an error is not kept."""
        ...

    def link(self, ticket: str, keys: Sequence[str]) -> None:
        """Note that the verdict with this key is read from these completions, in this order."""
        ...

    def table(self) -> pd.DataFrame:
        """Every verdict as a verdict table."""
        ...

    def close(self) -> None:
        """Give back the file."""
        ...
