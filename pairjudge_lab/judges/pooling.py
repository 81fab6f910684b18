"""Several samples of one match, pooled into one verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pairjudge_lab.engines.cached import CompletionCache
from pairjudge_lab.judges.sessions import judge_all
from pairjudge_lab.records import (
    Judge,
    Match,
    Session,
    Status,
    StreamingJudge,
    Verdict,
    VerdictKind,
)
from pairjudge_lab.verdicts.kinds import judge_kind


class PooledJudge:
    """Asks a judge of whole batches several times about each match, and pools what it says.

    Parameters
    ----------
    judge : Judge
        The judge, at a temperature above 0.
    samples : int
        Verdicts a match.
    pooling : str
        ``majority`` of the outcomes, equal counts unread; or the ``mean`` of the labels'
        probabilities, which the judge must tell.
    """

    def __init__(self, judge: Judge, samples: int, pooling: str) -> None:
        self._judge, self._samples, self._pooling = judge, samples, pooling

    @property
    def kind(self) -> VerdictKind | None:
        return judge_kind(self._judge)

    @property
    def identity(self) -> Mapping[str, Any]:
        return {**self._judge.identity, "samples": self._samples, "pooling": self._pooling}

    @property
    def capacity(self) -> int:
        return max(1, self._judge.capacity // self._samples)

    def judge(self, matches: Sequence[Match]) -> list[Verdict]:
        many = [one for match in matches for one in repeated(match, self._samples)]
        verdicts = self._judge.judge(many)
        step = self._samples
        return [
            pool_verdicts(verdicts[i : i + step], self._pooling)
            for i in range(0, len(verdicts), step)
        ]


class PooledStream:
    """The same for a judge that answers one by one, such as a server."""

    def __init__(self, judge: StreamingJudge, samples: int, pooling: str) -> None:
        self._judge, self._samples, self._pooling = judge, samples, pooling

    @property
    def kind(self) -> VerdictKind | None:
        return judge_kind(self._judge)

    @property
    def identity(self) -> Mapping[str, Any]:
        return {**self._judge.identity, "samples": self._samples, "pooling": self._pooling}

    @property
    def capacity(self) -> int:
        return max(1, self._judge.capacity // self._samples)

    def session(self, completions: CompletionCache | None = None) -> _Session:
        return _Session(self._judge.session(completions), self._samples, self._pooling)

    def judge(self, matches: Sequence[Match]) -> list[Verdict]:
        return judge_all(self, matches)


class _Session:
    def __init__(self, session: Session, samples: int, pooling: str) -> None:
        self._session, self._samples, self._pooling = session, samples, pooling
        self._open: dict[str, dict[int, Verdict]] = {}

    def submit(self, ticket: str, match: Match) -> None:
        self._open[ticket] = {}
        for number, one in enumerate(repeated(match, self._samples)):
            self._session.submit(f"{number} {ticket}", one)

    def collect(self) -> list[tuple[str, Verdict]]:
        whole: list[tuple[str, Verdict]] = []
        while not whole:
            for numbered, verdict in self._session.collect():
                number, _, ticket = numbered.partition(" ")
                found = self._open[ticket]
                found[int(number)] = verdict
                if len(found) == self._samples:
                    del self._open[ticket]
                    in_order = [found[i] for i in range(self._samples)]
                    whole.append((ticket, pool_verdicts(in_order, self._pooling)))
        return whole

    def close(self) -> None:
        self._session.close()


def repeated(match: Match, samples: int) -> list[Match]:
    """The match as often as it is sampled, no repetition shared with another repetition of it."""
    first = match.repetition * samples
    return [replace(match, repetition=first + i) for i in range(samples)]


def pool_verdicts(verdicts: Sequence[Verdict], pooling: str) -> Verdict:
    """One verdict of several on the same match.

    ``majority``: the outcome that most of those that were read name; where two lead, nothing can be
    read. ``mean``: a label is Correct where the mean probability is above a half, and of a
    preference the larger mean wins. Verdicts that were not read have no say, and all of them
    together are not read. Where one has failed, as when a server is away, all together have: what
    is pooled never depends on a fault, and the match is judged again another time. Costs are
    summed, all texts are kept.
    """
    text = "\n\n".join(f"Sample {i}\n{v.text}" for i, v in enumerate(verdicts, 1))
    base = Verdict(
        Status.UNPARSED,
        text=text,
        prompt_tokens=sum(v.prompt_tokens for v in verdicts),
        completion_tokens=sum(v.completion_tokens for v in verdicts),
        seconds=sum(v.seconds for v in verdicts),
        reasoning_tokens=sum(v.reasoning_tokens for v in verdicts),
        cached_tokens=sum(v.cached_tokens for v in verdicts),
    )
    lost = next((v for v in verdicts if v.status is Status.FAILED), None)
    if lost is not None:
        return replace(base, status=Status.FAILED, reason=lost.reason)
    read = [v for v in verdicts if v.status is Status.PARSED]
    if not read:
        commonest = Counter(v.status for v in verdicts).most_common(1)[0][0]
        return replace(base, status=commonest, reason=f"none of {len(verdicts)} samples was read")
    soft = [
        (v.a_probability, v.b_probability)
        for v in read
        if v.a_probability is not None and v.b_probability is not None
    ]
    a = b = None
    if soft:
        a, b = (sum(side) / len(soft) for side in zip(*soft, strict=True))
    if pooling == "mean":
        if a is None or b is None:
            return replace(base, reason="the judge tells no probabilities to take the mean of")
        if read[0].preference is None:
            labels = {"a_correct": a > 0.5, "b_correct": b > 0.5}
        else:
            rest = 1 - a - b
            said = "A" if a > max(b, rest) else "B" if b > max(a, rest) else "tie"
            labels = {"preference": said}
    else:
        counts = Counter((v.a_correct, v.b_correct, v.preference) for v in read).most_common(2)
        if len(counts) == 2 and counts[0][1] == counts[1][1]:
            return replace(base, reason=f"{counts[0][1]} samples each say two things")
        (a_said, b_said, named), _ = counts[0]
        labels = {"a_correct": a_said, "b_correct": b_said, "preference": named}
    return replace(base, status=Status.PARSED, a_probability=a, b_probability=b, **labels)
