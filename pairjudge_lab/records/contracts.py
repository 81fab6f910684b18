"""What a judge and a tournament have to offer."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from pairjudge_lab.records.pools import Pool
from pairjudge_lab.records.selections import Selection
from pairjudge_lab.records.verdicts import Match, Verdict

if TYPE_CHECKING:
    import numpy as np


class Judge(Protocol):
    """Turns matches into verdicts.

    ``identity`` holds everything that could change a verdict (weights, template, decoding) and is
    part of every stored verdict's key. ``capacity`` is how many matches fill one batch.
    """

    @property
    def identity(self) -> Mapping[str, Any]: ...

    @property
    def capacity(self) -> int: ...

    def judge(self, matches: Sequence[Match]) -> list[Verdict]: ...


class Session(Protocol):
    """Matches in flight at a judge that answers them one by one, as they are ready.

    ``collect`` waits until at least one answer is there and gives all that are, each with the
    ticket under which its match was submitted.
    """

    def submit(self, ticket: str, match: Match) -> None: ...

    def collect(self) -> list[tuple[str, Verdict]]: ...

    def close(self) -> None: ...


@runtime_checkable
class StreamingJudge(Protocol):
    """A judge that keeps ``capacity`` matches in flight and answers them one by one.

    No tournament waits for another's matches: each goes on as its own answers arrive. ``session``
    may be given a place where text is kept under what produced it (``engines.cached``).
    """

    @property
    def identity(self) -> Mapping[str, Any]: ...

    @property
    def capacity(self) -> int: ...

    def session(self, completions: Any = None) -> Session: ...

    def judge(self, matches: Sequence[Match]) -> list[Verdict]: ...


Play = Generator[list[Match], list[Verdict], Selection]
"""A tournament in play: yields the matches of a round, is sent their verdicts in that order."""


class Tournament(Protocol):
    """Rules that ask for matches, hear the verdicts, and select one candidate.

    ``calls(n)`` is the most calls that n candidates can take.
    """

    @property
    def name(self) -> str: ...

    def calls(self, n: int) -> int: ...

    def play(self, pool: Pool, rng: np.random.Generator) -> Play: ...
