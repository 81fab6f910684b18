"""The knockout of PairJudge RM (arXiv 2501.13007, Algorithm 1), and the rule its code follows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pairjudge_lab.records import Bout, Match, Play, Pool, Selection, Verdict

Rule = Literal["paper", "released"]

_SAID = {
    "paper": {
        "both correct": "one advances at random",
        "neither correct": "both are out",
        "unreadable": "one advances at random",
    },
    "released": {
        "both correct": "the one shown as A advances",
        "neither correct": "both are out",
        "unreadable": "both are out",
    },
}


@dataclass(frozen=True, slots=True)
class Knockout:
    """Pairs meet, those judged wrong go, until one candidate or one team is left.

    ``rule`` settles what the two sources of the method settle differently:

    ==================  ==============================  =============================
    verdict             ``paper`` (Algorithm 1)         ``released`` (the code)
    ==================  ==============================  =============================
    both correct        one advances at random          the one shown as A advances
    neither correct     both are out                    both are out
    not readable        one advances at random          both are out
    ==================  ==============================  =============================

    (The paper says nothing of unreadable verdicts; advancing one at random is our reading, since
    it is the rule that takes nothing from a text that says nothing.)

    Which of the two is shown as A is drawn at random. Candidates of one team never meet at the
    judge: one of the two advances at random, and a call is saved. Pairs are drawn so that as few
    as possible are of one team. An odd candidate, drawn at random, has a bye. If a round puts
    everybody out, a random candidate of that round is selected.

    At most n - 1 calls for n candidates.
    """

    rule: Rule = "paper"

    def __post_init__(self) -> None:
        if self.rule not in ("paper", "released"):
            raise ValueError(f"rule is 'paper' or 'released', got {self.rule!r}")

    @property
    def name(self) -> str:
        return "knockout" if self.rule == "paper" else "knockout-released"

    def play(self, pool: Pool, rng: np.random.Generator) -> Play:
        alive = list(range(len(pool)))
        history: list[tuple[Bout, ...]] = []
        statuses: Counter[str] = Counter()
        calls = saved = 0
        note = ""
        while len({pool.team_of(c) for c in alive}) > 1:
            pairs, bye = draw_round(pool, alive, rng)
            matches = [Match(pool, a, b) for a, b in pairs if pool.team_of(a) != pool.team_of(b)]
            verdicts = iter((yield matches))
            calls += len(matches)
            saved += len(pairs) - len(matches)
            bouts = []
            for a, b in pairs:
                if pool.team_of(a) == pool.team_of(b):
                    bouts.append(Bout(a, b, "team", ((a, b)[rng.integers(2)],)))
                else:
                    verdict = next(verdicts)
                    statuses[verdict.status.value] += 1
                    advanced = self._advance(a, b, verdict, rng)
                    bouts.append(Bout(a, b, "match", advanced, verdict))
            if bye is not None:
                bouts.append(Bout(bye, None, "bye", (bye,)))
            history.append(tuple(bouts))
            left = [c for bout in bouts for c in bout.advanced]
            if not left:
                note = "a round put everybody out; one of its candidates was drawn at random"
                break
            alive = left
        if not note:
            # Between candidates with the same answer there is nothing to judge.
            saved += len(alive) - 1
        chosen = int(alive[rng.integers(len(alive))])
        return Selection(
            candidate=chosen,
            rounds=len(history),
            calls=calls,
            calls_saved=saved,
            rules={"tournament": self.name, "order": "drawn at random", **_SAID[self.rule]},
            history=tuple(history),
            statuses=dict(statuses),
            note=note,
        )

    def _advance(
        self, a: int, b: int, verdict: Verdict, rng: np.random.Generator
    ) -> tuple[int, ...]:
        match verdict.outcome:
            case "A":
                return (a,)
            case "B":
                return (b,)
            case "neither":
                return ()
            case "tie":
                return (a,) if self.rule == "released" else ((a, b)[rng.integers(2)],)
            case _:
                return () if self.rule == "released" else ((a, b)[rng.integers(2)],)


def draw_round(
    pool: Pool, alive: list[int], rng: np.random.Generator
) -> tuple[list[tuple[int, int]], int | None]:
    """Pair candidates with as few pairs of one team as can be; (shown as A, shown as B).

    With teams standing side by side in a row of 2m, place i meets place i + m: a team of m or
    fewer then never meets itself, and a larger one only as often as it must. The order of the
    teams, of the candidates within each, and of each pair's slots is random, and so is the bye.
    """
    order = [int(c) for c in rng.permutation(alive)]
    bye = order.pop() if len(order) % 2 else None
    places = {team: i for i, team in enumerate(dict.fromkeys(map(pool.team_of, order)))}
    order.sort(key=lambda c: places[pool.team_of(c)])
    half = len(order) // 2
    flips = rng.integers(2, size=half)
    pairs = [
        (x, y) if flip else (y, x)
        for x, y, flip in zip(order[:half], order[half:], flips, strict=True)
    ]
    return pairs, bye
