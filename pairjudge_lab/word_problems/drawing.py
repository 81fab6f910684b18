"""Problems of the families, drawn by seed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.records import Problem, UserError
from pairjudge_lab.word_problems import (
    chance,
    clocks,
    counting,
    divisors,
    geometry,
    mixtures,
    money,
    rates,
    sequences,
    unknowns,
)
from pairjudge_lab.word_problems.family import LEVELS, Draft, Draws, Writer

if TYPE_CHECKING:
    from sympy import Expr

FAMILIES: dict[str, Writer] = {
    writer.__name__: writer
    for writer in (
        rates.work_together, rates.meeting, rates.catching_up, rates.average_speed, rates.filling,
        money.discount, money.original_price, money.sharing, money.interest, money.coins,
        unknowns.age_ratio, unknowns.age_sum, unknowns.heads_and_legs, unknowns.tickets,
        unknowns.three_numbers,
        mixtures.concentration, mixtures.blend, mixtures.missing_score, mixtures.group_means,
        divisors.tiles, divisors.bells, divisors.divisor_count, divisors.remainders,
        divisors.last_digit,
        counting.handshakes, counting.arrangements, counting.committees, counting.grid_paths,
        counting.digit_numbers,
        chance.two_draws, chance.dice, chance.coin_tosses,
        geometry.rectangle, geometry.right_triangle, geometry.boxes, geometry.angles,
        sequences.equal_steps, sequences.equal_factors, sequences.rules, sequences.patterns,
        clocks.weekdays, clocks.clock_angle, clocks.timetable,
    )
}  # fmt: skip
"""All families by name."""

HELD_OUT = (
    "catching_up", "original_price", "age_sum", "blend", "remainders", "committees", "dice",
    "right_triangle", "rules", "timetable",
)  # fmt: skip
"""Families that nothing is ever trained on."""


@dataclass(frozen=True, slots=True)
class WordProblem:
    """One word problem.

    Attributes
    ----------
    family : str
        The name of its family.
    level : int
        1, 2 or 3.
    seed : int
        What it was drawn with.
    question : str
        The text.
    answer : str
        The answer: a whole number, or a fraction in lowest terms such as ``7/12``.
    draft : Draft
        What the family wrote; its ``check`` works the answer out by another route.
    """

    family: str
    level: int
    seed: int
    question: str
    answer: str
    draft: Draft

    @property
    def id(self) -> str:
        """Names the problem: family, level and seed."""
        return f"{self.family}-{self.level}-{self.seed}"

    @property
    def held_out(self) -> bool:
        """Whether the family is one that nothing is trained on."""
        return self.family in HELD_OUT

    def checked(self) -> Expr:
        """The answer by the second route, as a sympy number."""
        return self.draft.check()

    def problem(self) -> Problem:
        """The problem as pools hold it."""
        return Problem(self.id, self.question, self.answer)


def draw_problem(family: str, level: int, seed: int) -> WordProblem:
    """The problem of a family and level that belongs to a seed: always the same one.

    Raises
    ------
    UserError
        For a family or level that is not there.
    """
    if family not in FAMILIES:
        raise UserError(f"no family {family!r} of word problems; there are: {', '.join(FAMILIES)}")
    if level not in LEVELS:
        raise UserError(f"a level is one of {', '.join(map(str, LEVELS))}; got {level!r}")
    digest = hashlib.sha256(f"{family} {level} {seed}".encode()).digest()
    draft = FAMILIES[family](Draws(np.random.default_rng(list(digest[:16]))), level)
    return WordProblem(family, level, seed, draft.question, str(draft.answer), draft)


def draw_problems(
    count: int,
    *,
    seed: int = 0,
    families: Sequence[str] | None = None,
    levels: Sequence[int] = LEVELS,
) -> list[WordProblem]:
    """Different problems, families and levels in turn.

    Parameters
    ----------
    count : int
        How many.
    seed : int
        The order of the families and the numbers in the problems.
    families : sequence of str or None
        Names of families; by default all.
    levels : sequence of int
        The levels to draw from.

    Raises
    ------
    UserError
        For a family or level that is not there, or when the families cannot give so many different
        questions.
    """
    names = list(FAMILIES) if families is None else list(families)
    if not names or not levels:
        raise UserError("name at least one family and one level")
    rng = np.random.default_rng(seed)
    plan: list[tuple[str, int]] = []
    found: list[WordProblem] = []
    seen: set[str] = set()
    misses = 0
    while len(found) < count:
        if not plan:
            pairs = [(name, level) for level in levels for name in names]
            plan = [pairs[int(i)] for i in rng.permutation(len(pairs))]
        family, level = plan.pop()
        problem = draw_problem(family, level, int(rng.integers(1_000_000)))
        if problem.question in seen:
            misses += 1
            if misses > 1000 + 10 * count:
                raise UserError(
                    f"these families give no {count} different problems; name more of them, or "
                    "ask for fewer problems"
                )
            continue
        seen.add(problem.question)
        found.append(problem)
    return found
