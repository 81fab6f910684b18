"""Where everything in a knockout's bracket stands, for every way of drawing one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pairjudge_lab.plots.style import GREY, TEAMS
from pairjudge_lab.records import Bout, Pool, Selection


@dataclass(frozen=True, slots=True)
class Meeting:
    """A bout's place: its round from 1, its sides' heights, and those of who went on."""

    round: int
    bout: Bout
    sides: Mapping[int, float]
    winners: Mapping[int, float]
    lost_right: bool

    @property
    def middle(self) -> float:
        return sum(self.sides.values()) / len(self.sides)


@dataclass(frozen=True, slots=True)
class BracketLayout:
    """Heights count downwards from 0, one a candidate; columns are rounds, 0 the entrants.

    ``lost_right`` of a meeting: a right answer was put out, and no right answer went on. ``end``
    is the column and height of the candidate that was selected.
    """

    entrants: Mapping[int, float]
    meetings: tuple[Meeting, ...]
    end: tuple[int, float]


def bracket_layout(pool: Pool, selection: Selection) -> BracketLayout:
    """Lay a knockout out from left to right so that no two lines cross."""
    entrants = {c: float(i) for i, c in enumerate(_entrants(pool, selection))}
    heights, meetings = entrants, []
    end = (0, entrants.get(selection.candidate, 0.0))
    for number, bouts in enumerate(selection.history, 1):
        later: dict[int, float] = {}
        for bout in bouts:
            sides = {c: heights[c] for c in (bout.a, bout.b) if c is not None}
            middle = sum(sides.values()) / len(sides)
            # Both go on when nothing was decided; each then stays at its own height.
            alone = len(bout.advanced) == 1
            winners = {c: middle if alone else heights[c] for c in bout.advanced}
            meetings.append(Meeting(number, bout, sides, winners, _lost_the_right_one(pool, bout)))
            later |= winners
            if selection.candidate in winners:
                end = (number, winners[selection.candidate])
        heights = later
    return BracketLayout(entrants, tuple(meetings), end)


def team_colours(pool: Pool) -> dict[int, str]:
    """A colour a team, the largest first; the small ones share grey when colours run out."""
    sizes: dict[int, int] = {}
    for candidate in range(len(pool)):
        team = pool.team_of(candidate)
        sizes[team] = sizes.get(team, 0) + 1
    order = sorted(sizes, key=lambda team: (-sizes[team], team))
    return {team: TEAMS[i] if i < len(TEAMS) else GREY for i, team in enumerate(order)}


def _entrants(pool: Pool, selection: Selection) -> list[int]:
    """The candidates from top to bottom so that no two lines cross."""
    if not selection.history:
        return list(range(len(pool)))
    order: list[int] = []
    for bouts in reversed(selection.history):
        # Those who went on keep their order and bring their opponents; those who met below follow.
        home = {winner: bout for bout in bouts for winner in bout.advanced}
        ordered = dict.fromkeys([*(home[c] for c in order), *bouts])
        order = [side for bout in ordered for side in (bout.a, bout.b) if side is not None]
    return order


def _lost_the_right_one(pool: Pool, bout: Bout) -> bool:
    """Whether a match put a right answer out and let no right answer go on."""
    if bout.how != "match" or bout.b is None:
        return False
    right = [c for c in (bout.a, bout.b) if pool.candidates[c].correct]
    return bool(right) and not any(c in bout.advanced for c in right)
