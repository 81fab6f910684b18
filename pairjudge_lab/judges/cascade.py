"""A cascade: a cheap judge decides what it is sure of, and a strong one the rest.

After Trust or Escalate (Jung, Brahman and Choi, ICLR 2025, arXiv 2407.18370), with two judges, of
which the second answers whatever the first leaves. ``statistics.selective`` chooses the threshold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pairjudge_lab.engines.cached import CompletionCache
from pairjudge_lab.judges.pooling import pool_verdicts, repeated
from pairjudge_lab.judges.sessions import judge_all
from pairjudge_lab.records import (
    Judge,
    Match,
    Status,
    StreamingJudge,
    UserError,
    Verdict,
    VerdictKind,
)
from pairjudge_lab.records.sessions import open_session
from pairjudge_lab.verdicts.kinds import judge_kind

_PATIENCE = 8
"""Read verdicts of the first judge without a probability, from the beginning on, until it is taken
for a judge that tells none."""


@dataclass(frozen=True, slots=True)
class CascadeRule:
    """When the first judge's verdict stands.

    Attributes
    ----------
    threshold : float
        The first judge decides where it is at least so sure; above 1 it decides nothing.
    votes : int
        Verdicts of the first judge on each match. With one, it is as sure as the probability says
        that it gave to its verdict; with several, as the share of them that the majority is.

    Raises
    ------
    UserError
        For a threshold below 0, or no votes.
    """

    threshold: float
    votes: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.threshold < float("inf"):
            raise UserError(f"a cascade's threshold is 0 or more, got {self.threshold}")
        if not 1 <= self.votes <= 1000:
            raise UserError(f"a cascade's votes are 1 to 1000, got {self.votes}")

    def stands(self, first: Sequence[Verdict]) -> bool:
        """Whether the first judge's verdicts on a match decide it."""
        sure = sureness(first)
        return sure is not None and sure >= self.threshold


def sureness(first: Sequence[Verdict]) -> float | None:
    """How sure a judge is of what it says of one match.

    Of one verdict, the probability that it gave to it: of labels, of both of them, taken as
    independent; of a preference, of the response that it named, or of a tie. Of several verdicts,
    the share of them that says what most say; those that were not read count among all of them.

    Returns
    -------
    float or None
        None where nothing was read, no probability is known, or two outcomes have equally many
        votes.
    """
    if len(first) > 1:
        most = pool_verdicts(first, "majority")
        if most.status is not Status.PARSED:
            return None
        said = (most.a_correct, most.b_correct, most.preference)
        return sum((v.a_correct, v.b_correct, v.preference) == said for v in first) / len(first)
    (verdict,) = first
    a, b = verdict.a_probability, verdict.b_probability
    if verdict.status is not Status.PARSED or a is None or b is None:
        return None
    if verdict.preference is not None:
        return {"A": a, "B": b, "tie": max(0.0, 1 - a - b)}[verdict.preference]
    return (a if verdict.a_correct else 1 - a) * (b if verdict.b_correct else 1 - b)


def settle(first: Sequence[Verdict], second: Verdict | None, names: tuple[str, str]) -> Verdict:
    """The cascade's verdict of what its judges said of a match.

    Costs are those of both. The text's first line is the account, as JSON (``cascade_account``
    reads it); what the judges wrote follows.

    Parameters
    ----------
    first : sequence of Verdict
        Of the first judge.
    second : Verdict or None
        Of the second; None where it was not asked.
    names : tuple of str
        Of both judges.
    """
    own = first[0] if len(first) == 1 else pool_verdicts(first, "majority")
    said = own if second is None else second
    everything = [*first, *([] if second is None else [second])]
    stages = [_stage(names[0], first, sureness(first))]
    if second is not None:
        stages.append(_stage(names[1], [second], None))
    account = json.dumps({"cascade": stages}, ensure_ascii=True)
    texts = [f"First judge, {names[0]}\n{own.text}"]
    if second is not None:
        texts.append(f"Second judge, {names[1]}\n{second.text}")
    return replace(
        said,
        text="\n\n".join([account, *texts]),
        prompt_tokens=sum(v.prompt_tokens for v in everything),
        completion_tokens=sum(v.completion_tokens for v in everything),
        seconds=sum(v.seconds for v in everything),
        reasoning="\n\n".join(v.reasoning for v in everything if v.reasoning),
        reasoning_tokens=sum(v.reasoning_tokens for v in everything),
        cached_tokens=sum(v.cached_tokens for v in everything),
    )


def failed(first: Sequence[Verdict]) -> bool:
    """Whether the first judge gave no answer at all, as when its server is away. Then the match has
    failed, and is judged again another time: which judge decides never depends on a fault."""
    return any(v.status is Status.FAILED for v in first)


def settle_failed(first: Sequence[Verdict], names: tuple[str, str]) -> Verdict:
    """The cascade's verdict where the first judge has failed."""
    lost = next(v for v in first if v.status is Status.FAILED)
    known = settle(first, None, names)
    return replace(
        known,
        status=Status.FAILED,
        reason=lost.reason,
        a_correct=None,
        b_correct=None,
        preference=None,
        a_probability=None,
        b_probability=None,
    )


def _stage(name: str, verdicts: Sequence[Verdict], sure: float | None) -> dict[str, Any]:
    return {
        "judge": name,
        "calls": len(verdicts),
        "prompt_tokens": sum(v.prompt_tokens for v in verdicts),
        "completion_tokens": sum(v.completion_tokens for v in verdicts),
        "seconds": sum(v.seconds for v in verdicts),
        "sure": sure,
    }


class CascadeJudge:
    """Asks a cheap judge about every match, and a strong one where the first is not sure.

    Parameters
    ----------
    first : Judge or StreamingJudge
        The cheap one. It must tell probabilities (a model of transformers does, others with
        ``soft`` or ``fast``), or be asked for several votes at a temperature.
    second : Judge or StreamingJudge
        The strong one.
    rule : CascadeRule

    Raises
    ------
    UserError
        When one gives labels and the other preferences, or several votes are asked of a judge that
        decodes greedily.
    """

    def __init__(
        self,
        first: Judge | StreamingJudge,
        second: Judge | StreamingJudge,
        rule: CascadeRule,
    ) -> None:
        kinds = judge_kind(first), judge_kind(second)
        if None not in kinds and kinds[0] is not kinds[1]:
            raise UserError(
                f"the first judge of a cascade gives {kinds[0]}, the second {kinds[1]}; both must "
                "give labels, or both preferences"
            )
        if rule.votes > 1 and getattr(getattr(first, "config", None), "temperature", 1) == 0:
            raise UserError(
                f"{rule.votes} votes of a judge that decodes greedily are all alike; set a "
                "temperature, or ask for one vote"
            )
        self.first, self.second, self.rule = first, second, rule
        self.kind: VerdictKind | None = kinds[0] or kinds[1]
        self.names = apart(_name(first), _name(second))

    @property
    def identity(self) -> Mapping[str, Any]:
        """Both judges', and the rule."""
        return {
            "name": f"cascade of {self.names[0]} and {self.names[1]}",
            "threshold": self.rule.threshold,
            "votes": self.rule.votes,
            "first": dict(self.first.identity),
            "second": dict(self.second.identity),
        }

    @property
    def capacity(self) -> int:
        return max(1, min(self.first.capacity // self.rule.votes, self.second.capacity))

    def session(self, completions: CompletionCache | None = None) -> CascadeSession:
        """Matches in flight at either judge.

        Parameters
        ----------
        completions : CompletionCache, optional
            Where both keep their completions: a cascade with another threshold asks no model
            again.
        """
        return CascadeSession(self, completions)

    def judge(self, matches: Sequence[Match]) -> list[Verdict]:
        """Judge a plain list of matches; verdicts in their order."""
        return judge_all(self, matches)


class CascadeSession:
    """Matches in flight at a cascade."""

    def __init__(self, judge: CascadeJudge, completions: CompletionCache | None) -> None:
        self._rule, self._names = judge.rule, judge.names
        self._first = open_session(judge.first, completions)
        self._second = open_session(judge.second, completions)
        self._matches: dict[str, Match] = {}
        self._heard: dict[str, dict[int, Verdict]] = {}
        self._escalated: dict[str, list[Verdict]] = {}
        self._told = _Told(judge.rule, judge.names[0])

    def submit(self, ticket: str, match: Match) -> None:
        self._matches[ticket], self._heard[ticket] = match, {}
        for number, one in enumerate(repeated(match, self._rule.votes)):
            self._first.submit(f"{number} {ticket}", one)

    def collect(self) -> list[tuple[str, Verdict]]:
        found: list[tuple[str, Verdict]] = []
        while not found:
            # The first judge's answers first: they decide what the second is given.
            found += self._hear_first() if self._heard else self._hear_second()
        return found

    def close(self) -> None:
        self._first.close()
        self._second.close()
        for open_matches in (self._matches, self._heard, self._escalated):
            open_matches.clear()

    def _hear_first(self) -> list[tuple[str, Verdict]]:
        done = []
        for numbered, verdict in self._first.collect():
            number, _, ticket = numbered.partition(" ")
            votes = self._heard[ticket]
            votes[int(number)] = verdict
            if len(votes) < self._rule.votes:
                continue
            del self._heard[ticket]
            first = [votes[i] for i in range(self._rule.votes)]
            self._told.hear(first)
            if failed(first):
                done.append((ticket, settle_failed(first, self._names)))
            elif self._rule.stands(first):
                done.append((ticket, settle(first, None, self._names)))
            else:
                self._escalated[ticket] = first
                self._second.submit(f"second {ticket}", self._matches[ticket])
                continue
            del self._matches[ticket]
        return done

    def _hear_second(self) -> list[tuple[str, Verdict]]:
        done = []
        for named, verdict in self._second.collect():
            ticket = named.removeprefix("second ")
            first = self._escalated.pop(ticket)
            del self._matches[ticket]
            done.append((ticket, settle(first, verdict, self._names)))
        return done


class _Told:
    """Sees to it that a first judge which tells no probabilities does not pass everything on."""

    def __init__(self, rule: CascadeRule, name: str) -> None:
        self._left = _PATIENCE if rule.votes == 1 else -1
        self._name = name

    def hear(self, first: Sequence[Verdict]) -> None:
        if self._left < 0 or first[0].status is not Status.PARSED:
            return
        if sureness(first) is not None:
            self._left = -1
            return
        self._left -= 1
        if self._left == 0:
            raise no_probabilities(self._name)


def no_probabilities(name: str) -> UserError:
    """The error for a first judge that never says how sure it is."""
    return UserError(
        f"the cascade's first judge ({name}) tells no probabilities, so it is never sure; ask for "
        "them (--soft or --fast), or for several votes at a temperature (votes=5)"
    )


def apart(first: str, second: str) -> tuple[str, str]:
    """The names of both judges, told apart where one model is asked in two ways."""
    return (f"{first} (first)", f"{second} (second)") if first == second else (first, second)


def _name(judge: Judge | StreamingJudge) -> str:
    return str(judge.identity.get("name", "judge"))
