"""A session at a judge of either sort: one that answers match by match, or by whole batches."""

from __future__ import annotations

from typing import Any

from pairjudge_lab.records.contracts import Judge, Session, StreamingJudge
from pairjudge_lab.records.verdicts import Match, Verdict


def open_session(judge: Judge | StreamingJudge, completions: Any = None) -> Session:
    """A session at any judge: its own, or one that judges whole batches on collection."""
    if isinstance(judge, StreamingJudge):
        return judge.session(completions)
    return BatchSession(judge)


class BatchSession:
    """A session at a judge that takes whole batches: what was submitted is judged on collection.

    Raises
    ------
    RuntimeError
        On collection, when the judge gives back fewer or more verdicts than matches.
    """

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._submitted: dict[str, Match] = {}

    def submit(self, ticket: str, match: Match) -> None:
        self._submitted[ticket] = match

    def collect(self) -> list[tuple[str, Verdict]]:
        batch, self._submitted = self._submitted, {}
        verdicts = self._judge.judge(list(batch.values()))
        if len(verdicts) != len(batch):
            raise RuntimeError(
                f"the judge returned {len(verdicts)} verdicts for {len(batch)} matches"
            )
        return list(zip(batch, verdicts, strict=True))

    def close(self) -> None:
        self._submitted.clear()
