"""Where everything in a knockout's bracket stands, for every way of drawing one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pairjudge_lab.plots.style import GREY, GROUPS
from pairjudge_lab.records import MatchResult, Pool, Selection


@dataclass(frozen=True, slots=True)
class Meeting:
    """A match result in the picture: round from 1, heights of its sides and of who went on."""

    round: int
    result: MatchResult
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
    for number, results in enumerate(selection.history, 1):
        later: dict[int, float] = {}
        for result in results:
            sides = {c: heights[c] for c in (result.a, result.b) if c is not None}
            middle = sum(sides.values()) / len(sides)
            # Both go on when nothing was decided; each then stays at its own height.
            alone = len(result.advanced) == 1
            winners = {c: middle if alone else heights[c] for c in result.advanced}
            meetings.append(
                Meeting(number, result, sides, winners, _lost_the_right_one(pool, result))
            )
            later |= winners
            if selection.candidate in winners:
                end = (number, winners[selection.candidate])
        heights = later
    return BracketLayout(entrants, tuple(meetings), end)


def group_colours(pool: Pool) -> dict[int, str]:
    """A colour a group, the largest first; the small ones share grey when colours run out."""
    sizes: dict[int, int] = {}
    for candidate in range(len(pool)):
        group = pool.group_of(candidate)
        sizes[group] = sizes.get(group, 0) + 1
    order = sorted(sizes, key=lambda group: (-sizes[group], group))
    return {group: GROUPS[i] if i < len(GROUPS) else GREY for i, group in enumerate(order)}


def _entrants(pool: Pool, selection: Selection) -> list[int]:
    """The candidates from top to bottom so that no two lines cross."""
    if not selection.history:
        return list(range(len(pool)))
    order: list[int] = []
    for results in reversed(selection.history):
        # Those who went on keep their order and bring their opponents; those who met below follow.
        home = {winner: result for result in results for winner in result.advanced}
        ordered = dict.fromkeys([*(home[c] for c in order), *results])
        order = [side for result in ordered for side in (result.a, result.b) if side is not None]
    return order


def _lost_the_right_one(pool: Pool, result: MatchResult) -> bool:
    """Whether a match put a right answer out and let no right answer go on."""
    if result.how != "match" or result.b is None:
        return False
    right = [c for c in (result.a, result.b) if pool.candidates[c].correct]
    return bool(right) and not any(c in result.advanced for c in right)
