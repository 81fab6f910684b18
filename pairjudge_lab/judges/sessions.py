"""A plain list of matches through a session at a judge."""

from __future__ import annotations

from collections.abc import Sequence

from pairjudge_lab.records import Match, StreamingJudge, Verdict


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
