"""A knockout of groups of k: the candidate that is named goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np

from pairjudge_lab.listwise.judge import Chooser
from pairjudge_lab.listwise.records import Choice, ListMatch, ListSelection
from pairjudge_lab.records import Pool, Status, UserError
from pairjudge_lab.tournaments.lots import draw, shuffled

ListPlay = Generator[list[ListMatch], list[Choice], ListSelection]


@dataclass(frozen=True, slots=True)
class KWayKnockout:
    """Groups of k meet, one of each goes on, until one candidate or one answer group is left.

    Each round is drawn anew, so that as few candidates of a group as possible share their final
    answer; those that are left over have a bye. Candidates of a group that share an answer are
    shown once; a group of one answer costs no call, and one of it goes on at random. Where nothing
    could be read, and where the judge names nobody, one of those shown goes on at random.

    With k = 2 this is ``Knockout`` for a judge of preferences: the same draws, matches, and
    selection.

    Attributes
    ----------
    k : int
        Candidates of a match.

    Raises
    ------
    UserError
        For k below 2.
    """

    k: int = 4

    def __post_init__(self) -> None:
        if self.k < 2:
            raise UserError(f"a match has at least 2 candidates, got k = {self.k}")

    @property
    def name(self) -> str:
        return f"{self.k}-way-knockout"

    @property
    def needs_lists(self) -> bool:
        """Verdicts of pairs do not say what a judge would choose among k."""
        return True

    def play(self, pool: Pool, rng: np.random.Generator) -> ListPlay:
        """Play one pool: yields the matches of a round, is sent their choices."""
        alive = list(range(len(pool)))
        history: list[tuple[tuple[tuple[int, ...], int], ...]] = []
        statuses: Counter[str] = Counter()
        calls = saved = 0
        while len({pool.group_of(c) for c in alive}) > 1:
            groups, byes = draw_groups(pool, alive, self.k, rng)
            different = [_distinct(pool, group) for group in groups]
            # Shown in an order drawn at random, so that no position is anybody's.
            asked = [
                ListMatch(pool, tuple(shuffled(some, rng))) for some in different if len(some) > 1
            ]
            answers = iter(zip(asked, (yield asked), strict=True) if asked else ())
            calls += len(asked)
            saved += len(groups) - len(asked)
            results = []
            for group, some in zip(groups, different, strict=True):
                if len(some) == 1:
                    results.append((tuple(group), group[draw(len(group), rng)]))
                    continue
                match, choice = next(answers)
                statuses[choice.status.value] += 1
                if choice.position is None:
                    advanced = some[draw(len(some), rng)]
                else:
                    advanced = match.candidates[choice.position]
                results.append((tuple(group), advanced))
            history.append((*results, *(((c,), c) for c in byes)))
            alive = [advanced for _, advanced in history[-1]]
        # Between candidates with the same answer there is nothing to judge.
        saved += -(-(len(alive) - 1) // (self.k - 1))
        return ListSelection(
            alive[draw(len(alive), rng)],
            len(history),
            calls,
            saved,
            {
                "tournament": self.name,
                "k": self.k,
                "order": "drawn at random for each match",
                "unread": "one of those shown is drawn",
            },
            tuple(history),
            dict(statuses),
        )


def draw_groups(
    pool: Pool, alive: Sequence[int], k: int, rng: np.random.Generator
) -> tuple[list[list[int]], list[int]]:
    """Groups of k with as few shared answers in a group as can be; and those left over.

    With the answer groups side by side in a row of m k candidates, place i meets the places i + m,
    i + 2 m and so on. Fewer than k candidates are one group.
    """
    order = shuffled(alive, rng)
    k = min(k, len(order))
    over = len(order) % k
    byes = [order.pop() for _ in range(over)]
    places = {group: i for i, group in enumerate(dict.fromkeys(map(pool.group_of, order)))}
    order.sort(key=lambda c: places[pool.group_of(c)])
    step = len(order) // k
    return [order[i::step] for i in range(step)], byes


def play_lists(
    pools: Sequence[Pool], chooser: Chooser, tournament: KWayKnockout, *, seed: int = 0
) -> list[ListSelection]:
    """Play a tournament for each pool, all rounds of all pools together.

    Parameters
    ----------
    pools : sequence of Pool
    chooser : Chooser
    tournament : KWayKnockout
    seed : int
        A pool's random choices depend on it and the problem's id alone.

    Returns
    -------
    list of ListSelection
        In the order of the pools.
    """
    from pairjudge_lab.arena import problem_rng

    selections: list[ListSelection | None] = [None] * len(pools)
    waiting: list[tuple[int, ListPlay, list[ListMatch]]] = []

    def advance(place: int, play: ListPlay, sent: list[Choice] | None) -> None:
        try:
            matches = next(play) if sent is None else play.send(sent)
        except StopIteration as end:
            selections[place] = end.value
        else:
            waiting.append((place, play, matches))

    for place, pool in enumerate(pools):
        advance(place, tournament.play(pool, problem_rng(seed, pool.problem.id)), None)
    while waiting:
        now, waiting = waiting, []
        choices = iter(chooser.choose([match for _, _, matches in now for match in matches]))
        for place, play, matches in now:
            advance(place, play, [next(choices) for _ in matches])
    return [s for s in selections if s is not None]


def _distinct(pool: Pool, group: Sequence[int]) -> list[int]:
    """The first candidate of each answer group among these."""
    first: dict[int, int] = {}
    for candidate in group:
        first.setdefault(pool.group_of(candidate), candidate)
    return list(first.values())


def unread(selection: ListSelection) -> int:
    """How many of a tournament's choices could not be read."""
    return sum(n for status, n in selection.statuses.items() if status != Status.PARSED.value)
