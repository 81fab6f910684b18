"""Probabilities of draws, dice and coins."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import combinations, pairwise, product
from math import comb
from typing import TYPE_CHECKING

from pairjudge_lab.word_problems.family import Draft, Draws

if TYPE_CHECKING:
    from sympy import Expr

_FRACTION = "Give a fraction in lowest terms."


def _share(cases: Iterable[bool]) -> Expr:
    """The share of equally likely cases that hold."""
    from sympy import Rational

    held = list(cases)
    return Rational(sum(held), len(held))


def two_draws(draw: Draws, level: int) -> Draft:
    """Balls from a bag without putting back."""
    red, blue = draw.whole(3, 7), draw.whole(3, 7)
    bag = f"A bag holds {red} red and {blue} blue balls."
    n = red + blue
    if level == 1:
        question = (
            f"{bag} Two are drawn without putting back. What is the probability that both are red? "
            f"{_FRACTION}"
        )
        answer = Fraction(comb(red, 2), comb(n, 2))
        wanted, count = [2], 2
    elif level == 2:
        question = (
            f"{bag} Two are drawn without putting back. What is the probability that they have "
            f"different colours? {_FRACTION}"
        )
        answer = Fraction(red * blue, comb(n, 2))
        wanted, count = [1], 2
    else:
        question = (
            f"{bag} Three are drawn without putting back. What is the probability that at least "
            f"two are red? {_FRACTION}"
        )
        answer = Fraction(comb(red, 2) * blue + comb(red, 3), comb(n, 3))
        wanted, count = [2, 3], 3
    return Draft(
        question,
        answer,
        lambda: _share(
            sum(ball < red for ball in drawn) in wanted for drawn in combinations(range(n), count)
        ),
    )


def dice(draw: Draws, level: int) -> Draft:
    """Two or three dice."""
    sides = draw.one((4, 6, 8, 10))
    total = draw.whole(3, 2 * sides - 1)
    die = f"with sides numbered 1 to {sides}"
    if level == 1:
        question = (
            f"Two fair dice {die} are rolled. What is the probability that the sum is {total}? "
            f"{_FRACTION}"
        )
        answer = Fraction(sides - abs(total - sides - 1), sides**2)
        return Draft(
            question,
            answer,
            lambda: _share(a + b == total for a, b in product(range(1, sides + 1), repeat=2)),
        )
    top = draw.whole(2, sides - 1)
    count = 2 if level == 2 else 3
    number = "Two" if count == 2 else "Three"
    question = (
        f"{number} fair dice {die} are rolled. What is the probability that the largest number "
        f"shown is {top}? {_FRACTION}"
    )
    answer = Fraction(top**count - (top - 1) ** count, sides**count)
    return Draft(
        question,
        answer,
        lambda: _share(max(r) == top for r in product(range(1, sides + 1), repeat=count)),
    )


def coin_tosses(draw: Draws, level: int) -> Draft:
    """A fair coin thrown several times."""
    (name,) = draw.names(1)
    n = draw.whole(3, 6) if level == 1 else draw.whole(4, 7)
    k = draw.whole(1, n - 1)
    start = f"{name} tosses a fair coin {n} times. What is the probability of"
    if level == 1:
        question = f"{start} exactly {k} heads? {_FRACTION}"
        answer = Fraction(comb(n, k), 2**n)
    elif level == 2:
        question = f"{start} at least {k} heads? {_FRACTION}"
        answer = Fraction(sum(comb(n, i) for i in range(k, n + 1)), 2**n)
    else:
        question = f"{start} two heads in a row somewhere? {_FRACTION}"
        # Sequences without two heads in a row are counted by Fibonacci's numbers.
        one, two = 1, 2
        for _ in range(n - 1):
            one, two = two, one + two
        answer = 1 - Fraction(two, 2**n)

    def holds(tosses: tuple[int, ...]) -> bool:
        if level == 3:
            return any(a and b for a, b in pairwise(tosses))
        return sum(tosses) == k if level == 1 else sum(tosses) >= k

    return Draft(question, answer, lambda: _share(map(holds, product((0, 1), repeat=n))))
