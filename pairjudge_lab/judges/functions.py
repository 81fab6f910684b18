"""Any function as a judge here, and our judges where others expect theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pairjudge_lab.records import (
    Candidate,
    Match,
    Pool,
    Problem,
    Status,
    UserError,
    Verdict,
    VerdictKind,
)

Answer = str | tuple[bool, bool] | None
"""``A``, ``B`` or ``tie``; whether A and B are correct; or None where nothing can be said."""


class FunctionJudge:
    """A judge made of a function of a question and two responses.

    Parameters
    ----------
    function : callable
        Called with the question, the response shown first, and the one shown second. What it raises
        makes a ``failed`` verdict, None an ``unparsed`` one; neither is ever counted.
    name : str
        Part of every verdict's identity: give a changed function another name.
    kind : VerdictKind or str or None
        ``labels`` where the function returns booleans, ``preference`` where it names one; said
        beforehand, what cannot use it refuses it before anything is judged.
    capacity : int
        Matches a batch; it changes nothing but how often progress is shown.

    Examples
    --------
    >>> from pairjudge_lab import FunctionJudge, Match, Pool
    >>> judge = FunctionJudge(lambda q, a, b: "A" if len(a) < len(b) else "B", "shorter")
    >>> match = Match(Pool.from_texts("What is 2 + 3?", ["It is five.", "5"]), 0, 1)
    >>> judge.judge([match])[0].outcome
    'B'
    """

    def __init__(
        self,
        function: Callable[[str, str, str], Answer],
        name: str,
        *,
        kind: VerdictKind | str | None = None,
        capacity: int = 64,
    ) -> None:
        self._function = function
        self.kind = None if kind is None else VerdictKind(kind)
        self.identity: Mapping[str, Any] = {"name": name, "function": True}
        self.capacity = capacity

    def judge(self, matches: Sequence[Match]) -> list[Verdict]:
        return [self._verdict(match) for match in matches]

    def _verdict(self, match: Match) -> Verdict:
        try:
            said = self._function(match.question, match.response_a, match.response_b)
        except Exception as problem:  # noqa: BLE001 - another's function may raise anything
            return Verdict(Status.FAILED, reason=f"{type(problem).__name__}: {problem}")
        if said is None:
            return Verdict(Status.UNPARSED, reason="the function said nothing")
        verdict = self._read(said)
        if self.kind not in (None, verdict.kind):
            raise UserError(
                f"{self.identity['name']!r} gives {self.kind}, and its function returned {said!r}"
            )
        return verdict

    def _read(self, said: Answer) -> Verdict:
        if isinstance(said, tuple) and len(said) == 2 and all(isinstance(s, bool) for s in said):
            return Verdict(Status.PARSED, *said)
        if said in ("A", "B", "tie"):
            return Verdict(Status.PARSED, preference=str(said))
        raise UserError(
            "a judging function returns 'A', 'B', 'tie', a pair of booleans, or None; "
            f"{self.identity['name']!r} returned {said!r}"
        )


class PairwiseRanks:
    """Our judges in the shape of TRL's pairwise judges: ``judge(prompts, completions)``.

    Parameters
    ----------
    judge
        Any judge of whole batches.
    """

    def __init__(self, judge: Any) -> None:
        self._judge = judge

    def judge(
        self,
        prompts: Sequence[str],
        completions: Sequence[Sequence[str]],
        shuffle_order: bool = True,
    ) -> list[int]:
        """For each prompt 0 or 1, the better of its two completions, or -1 where neither is.

        Parameters
        ----------
        shuffle_order : bool
            Ask in both orders, and say -1 where they disagree: what a shuffle hides, this takes
            out. False asks as given.

        Raises
        ------
        ValueError
            When a prompt does not have two completions.
        """
        if any(len(pair) != 2 for pair in completions) or len(prompts) != len(completions):
            raise ValueError("every prompt needs exactly two completions")
        pools = [
            Pool(Problem(str(i), prompt), tuple(map(Candidate, pair)))
            for i, (prompt, pair) in enumerate(zip(prompts, completions, strict=True))
        ]
        matches = [Match(pool, 0, 1) for pool in pools]
        found = [self._rank(v, 0) for v in self._judge.judge(matches)]
        if shuffle_order:
            turned = [self._rank(v, 1) for v in self._judge.judge([m.swapped for m in matches])]
            found = [a if a == b else -1 for a, b in zip(found, turned, strict=True)]
        return found

    @staticmethod
    def _rank(verdict: Verdict, first: int) -> int:
        return {"A": first, "B": 1 - first}.get(verdict.outcome, -1)
