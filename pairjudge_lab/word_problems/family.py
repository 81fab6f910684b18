"""What a family of word problems is, and how one of its problems is drawn.

A family is a function that writes one question with random numbers and computes its answer. It
gives the answer twice: by plain arithmetic, and as a function that works it out by another route
with sympy (solving the equations, or counting the cases one by one). The tests hold one against the
other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from sympy import Expr

LEVELS = (1, 2, 3)
"""Easy, medium and hard: more steps or larger numbers, in the same setting."""

NAMES = (
    "Ada", "Ben", "Chloe", "Dario", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jonas",
    "Kira", "Leo", "Mina", "Noah", "Olga", "Priya", "Quinn", "Rosa", "Samir", "Tess",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    """One problem as its family wrote it.

    Attributes
    ----------
    question : str
        The text.
    answer : int or Fraction
        The answer, by the family's own arithmetic.
    check : callable
        Works the answer out by another route, as a sympy number.
    """

    question: str
    answer: int | Fraction
    check: Callable[[], Expr]


Writer = Callable[["Draws", int], Draft]


class Draws:
    """Random numbers and words for one problem.

    Parameters
    ----------
    rng : Generator
        Where they come from.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def whole(self, low: int, high: int, *, step: int = 1) -> int:
        """A whole number from low to high, both included, in steps from low."""
        return low + step * int(self._rng.integers((high - low) // step + 1))

    def one(self, choices: Any) -> Any:
        """One of several."""
        return choices[int(self._rng.integers(len(choices)))]

    def some(self, choices: Any, count: int) -> list[Any]:
        """Several different ones, in random order."""
        return [choices[int(i)] for i in self._rng.permutation(len(choices))[:count]]

    def names(self, count: int) -> list[str]:
        """Different first names."""
        return [str(name) for name in self.some(NAMES, count)]
