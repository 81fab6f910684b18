"""CAPS: parts of the solutions first, the whole only where it is close."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pairjudge_lab.records import Play, Pool, UserError
from pairjudge_lab.tournaments.groups import check_ceiling, most_matches
from pairjudge_lab.tournaments.referee import Referee
from pairjudge_lab.tournaments.rules import BALANCED, Rules
from pairjudge_lab.tournaments.standings import Standings
from pairjudge_lab.tournaments.uncertainty_swiss import Quality, coverage_pairs, swiss_pairs

CUT = "[...]"


@dataclass(frozen=True, slots=True)
class Caps:
    """Cascaded adaptive pairwise selection (Lin et al. 2026, arXiv 2605.15513), by its abstract.

    The paper spends a judge's tokens unevenly in two ways: how much of each solution is shown, and
    which pairs are compared. It does so in four stages with an optional rescue of candidates, of
    which its abstract gives no details; those below are ours, and there is no rescue.

    1. The closing ``part`` of each solution: everyone meets ``coverage`` opponents.
    2. The same parts: one round in which those of nearest score meet.
    3. The whole solutions of those within ``close`` of the best score, and of no others: everyone
       of them meets an opponent.
    4. The whole solutions, round by round, of those nearest in score among them, until only one
       answer is within ``close`` of the best.

    Stages 3 and 4 fall away where the parts leave one answer. The scores are the weighted win rates
    of ``UncertaintySwiss``, apart for parts and wholes; those shown whole are ranked by the latter.

    It stops there, when its calls are spent, the budget or ``per_candidate`` matches for each
    candidate, or when nothing new can be asked. Played live the judge is shown the parts. Verdicts
    that were recorded are of whole solutions, so a replay has the order of the matches, with the
    accuracy and the tokens of whole ones. A match counts as one call whatever is shown.

    Raises
    ------
    UserError
        For a part or a closeness outside 0 to 1, a coverage or window below 1, a floor outside 0 to
        1, or a ceiling of 0 or less.
    """

    part: float = 0.5
    close: float = 0.25
    coverage: int = 1
    window: int = 8
    floor: float = 0.1
    per_candidate: float | None = 2.0
    rules: Rules = BALANCED

    def __post_init__(self) -> None:
        if not 0 < self.part <= 1 or not 0 <= self.close <= 1 or not 0 < self.floor <= 1:
            raise UserError(
                "part, close and floor lie between 0 and 1, part and floor above 0; got "
                f"{self.part}, {self.close}, {self.floor}"
            )
        if self.coverage < 1 or self.window < 1:
            raise UserError(
                f"coverage and window are at least 1; got {self.coverage}, {self.window}"
            )
        check_ceiling(self.per_candidate)

    @property
    def name(self) -> str:
        return "caps"

    def calls(self, n: int) -> int:
        return most_matches(self.per_candidate, n, self.rules) * self.rules.most_calls_a_match

    def play(self, pool: Pool, rng: np.random.Generator) -> Play:
        everyone = list(range(len(pool)))
        referee = Referee(pool, self.rules, rng, self.calls(len(pool)))
        standings = Standings(len(pool))
        parts, wholes = (Quality(pool, self.rules, self.floor) for _ in range(2))
        shown_in_part = 0
        referee.pool = cut(pool, self.part)
        for stage in (1, 2):
            while not referee.spent:
                if stage == 1:
                    pairs = coverage_pairs(parts, everyone, self.coverage, rng)
                else:
                    pairs = swiss_pairs(parts, everyone, self.window, rng)
                if not pairs:
                    break
                outcomes = yield from referee.settle(pairs)
                standings.add(referee, outcomes)
                parts.hear(referee, outcomes)
                if stage == 2:
                    break
        shown_in_part, referee.pool = referee.calls, pool
        finalists = self._close(parts.score, everyone)
        while not referee.spent and len({pool.group_of(c) for c in finalists}) > 1:
            pairs = coverage_pairs(wholes, finalists, 1, rng)
            if not pairs:
                still = self._close(wholes.score, finalists)
                if len({pool.group_of(c) for c in still}) == 1:
                    break
                pairs = swiss_pairs(wholes, still, self.window, rng)
            if not pairs:
                break
            outcomes = yield from referee.settle(pairs)
            standings.add(referee, outcomes)
            wholes.hear(referee, outcomes)
        lot = rng.random(len(pool))
        in_final, whole, part = set(finalists), wholes.score, parts.score
        ranking = sorted(
            everyone,
            key=lambda c: (
                c not in in_final,
                -round(float(whole[c]), 9) if c in in_final else 0.0,
                -round(float(part[c]), 9),
                lot[c],
            ),
        )
        return referee.conclude(
            self.name,
            ranking[0],
            standings.history,
            ranking=tuple(ranking),
            score="weighted-wins-then-parts",
            part=self.part,
            calls_on_parts=shown_in_part,
        )

    def _close(self, score: np.ndarray, among: list[int]) -> list[int]:
        """Those within ``close`` of the best."""
        best = max(score[c] for c in among)
        return [c for c in among if score[c] >= best - self.close]


def cut(pool: Pool, part: float) -> Pool:
    """The pool with the closing part of every solution, by characters, from a word's start on.

    What was left out is marked by ``CUT``. A solution that is not longer than the mark stays whole.
    """
    if part >= 1:
        return pool

    def closing(text: str) -> str:
        end = text[len(text) - round(part * len(text)) :]
        _, space, rest = end.partition(" ")
        shown = f"{CUT} {rest if space and rest else end}"
        return shown if len(shown) < len(text) else text

    candidates = (replace(c, text=closing(c.text)) for c in pool.candidates)
    return replace(pool, candidates=tuple(candidates))
