"""Sessions at judges of either sort, and a plain list of matches through one."""

from __future__ import annotations

from collections.abc import Sequence

from pairjudge_lab.engines.cached import CompletionCache
from pairjudge_lab.records import Judge, Match, Session, StreamingJudge, Verdict


def judge_all(judge: StreamingJudge, matches: Sequence[Match]) -> list[Verdict]:
    """Judge matches, keeping as many in flight as the judge takes; verdicts in their order.

    Nothing is stored: an ``Arena`` does that.
    """
    found: dict[str, Verdict] = {}
    session = judge.session()
    try:
        # The longest first, so that the last ones to end are short.
        order = sorted(range(len(matches)), key=lambda i: -matches[i].size)
        begun = 0
        while len(found) < len(matches):
            while begun < len(order) and begun - len(found) < judge.capacity:
                session.submit(str(order[begun]), matches[order[begun]])
                begun += 1
            found.update(session.collect())
    finally:
        session.close()
    return [found[str(place)] for place in range(len(matches))]


def open_session(
    judge: Judge | StreamingJudge, completions: CompletionCache | None = None
) -> Session:
    """A session at any judge: its own, or one that judges whole batches on collection."""
    if isinstance(judge, StreamingJudge):
        return judge.session(completions)
    return BatchSession(judge)


class BatchSession:
    """A session at a judge that takes whole batches."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._submitted: dict[str, Match] = {}

    def submit(self, ticket: str, match: Match) -> None:
        self._submitted[ticket] = match

    def collect(self) -> list[tuple[str, Verdict]]:
        batch, self._submitted = self._submitted, {}
        return list(zip(batch, self._judge.judge(list(batch.values())), strict=True))

    def close(self) -> None:
        self._submitted.clear()
