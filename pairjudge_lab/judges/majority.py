"""Majority voting as a judge: no call, and a margin that says how sure it is."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pairjudge_lab.records import Match, Pool, Status, UserError, Verdict, VerdictKind


class MajorityJudge:
    """Judges a response by the share of the problem's candidates that have its final answer.

    As a judge of labels it calls a response correct where that share is above a half, and the share
    is the probability. As a judge of preference it names the response whose answer more candidates
    have; of m and k candidates it gives m / (m + k) to the first and k / (m + k) to the second, and
    of the same answer it is sure of a tie. A candidate without a final answer has no vote. Made to
    be the first judge of a cascade.

    The candidates are those given here, whatever pool a match is of, so that a verdict depends on
    its texts alone.

    Parameters
    ----------
    pools : sequence of Pool
        With their answer groups (``answers.prepare``).
    kind : VerdictKind
        Labels, or preferences.
    name : str
        What the judge is called.

    Raises
    ------
    UserError
        When no candidate of any pool has a final answer.
    """

    capacity = 4096

    def __init__(
        self,
        pools: Sequence[Pool],
        kind: VerdictKind = VerdictKind.LABELS,
        name: str = "majority",
    ) -> None:
        self.kind = VerdictKind(kind)
        # By question and text: the answer group, its size, and the candidates of the problem.
        self._known: dict[tuple[str, str], tuple[int | None, int, int]] = {}
        for pool in pools:
            groups = [
                None if candidate.answer is None else pool.group_of(i)
                for i, candidate in enumerate(pool.candidates)
            ]
            counts = Counter(group for group in groups if group is not None)
            for candidate, group in zip(pool.candidates, groups, strict=True):
                size = 0 if group is None else counts[group]
                place = (pool.problem.question, candidate.text)
                self._known[place] = (group, size, len(pool))
        if not any(size for _, size, _ in self._known.values()):
            raise UserError(
                "majority voting needs final answers, and no candidate of these pools has one"
            )
        votes = json.dumps(sorted([*k, *map(str, v)] for k, v in self._known.items()))
        digest = hashlib.sha256(votes.encode("utf-8", "surrogatepass")).hexdigest()
        self.identity: Mapping[str, Any] = {"name": name, "kind": self.kind.value, "votes": digest}

    @classmethod
    def from_file(cls, spec: str) -> MajorityJudge:
        """From pools by file or name, with ``#preference`` behind for a judge of preference."""
        from pairjudge_lab.answers import prepare
        from pairjudge_lab.datasets.pools import load_pools

        source, _, kind = spec.partition("#")
        if kind not in ("", "labels", "preference"):
            raise UserError(f"majority voting gives labels or preference, not {kind!r}")
        pools = [prepare(pool) for pool in load_pools(source)]
        return cls(pools, VerdictKind(kind or "labels"), f"majority:{Path(source).name}")

    def judge(self, matches: Sequence[Match]) -> list[Verdict]:
        """Verdicts in the order of the matches.

        Raises
        ------
        UserError
            For a candidate that is not among those of the pools.
        """
        return [self._verdict(match) for match in matches]

    def _verdict(self, match: Match) -> Verdict:
        (group, size, count), (other, rival, _) = (
            self._votes(match, text) for text in (match.response_a, match.response_b)
        )
        text = f"Of {count} candidates, {size} have the answer of A and {rival} that of B."
        if self.kind is VerdictKind.LABELS:
            a, b = size / count, rival / count
            return Verdict(
                Status.PARSED, a > 0.5, b > 0.5, text=text, a_probability=a, b_probability=b
            )
        if size + rival == 0 or (group == other and group is not None):
            a = b = 0.0
        else:
            a, b = size / (size + rival), rival / (size + rival)
        said = "A" if a > b else "B" if b > a else "tie"
        return Verdict(Status.PARSED, text=text, preference=said, a_probability=a, b_probability=b)

    def _votes(self, match: Match, text: str) -> tuple[int | None, int, int]:
        found = self._known.get((match.question, text))
        if found is None:
            raise UserError(
                f"majority voting does not know a candidate of problem {match.pool.problem.id!r}; "
                "give it the pools that are judged"
            )
        return found
