"""Counting: handshakes, orders, committees, paths, and numbers made of digits."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations, permutations, product
from math import comb, factorial, lcm, perm
from typing import TYPE_CHECKING

from pairjudge_lab.word_problems.family import Draft, Draws

if TYPE_CHECKING:
    from sympy import Expr


def _length(cases: Iterable[object]) -> Expr:
    from sympy import Integer

    return Integer(sum(1 for _ in cases))


def handshakes(draw: Draws, level: int) -> Draft:
    """Everybody with everybody, with exceptions."""
    n = draw.whole(6, 25)
    if level == 1:
        question = (
            f"{n} people meet and each shakes hands once with every other. How many handshakes is "
            "that?"
        )
        return Draft(question, comb(n, 2), lambda: _length(combinations(range(n), 2)))
    couples = draw.whole(3, 15)
    if level == 2:
        question = (
            f"{couples} couples meet. Everybody shakes hands once with everybody except their own "
            "partner. How many handshakes is that?"
        )
        return Draft(
            question,
            comb(2 * couples, 2) - couples,
            lambda: _length(1 for a, b in combinations(range(2 * couples), 2) if a // 2 != b // 2),
        )
    a, b = draw.whole(4, 12), draw.whole(4, 12)
    question = (
        f"Two teams of {a} and {b} players meet. All shake hands once with everybody of the other "
        "team, and players of one team hug each other once. How many more handshakes than hugs are "
        "there? Give a negative number if there are fewer."
    )

    def check() -> Expr:
        from sympy import Integer

        players = [0] * a + [1] * b
        signs = [1 if x != y else -1 for x, y in combinations(players, 2)]
        return Integer(sum(signs))

    return Draft(question, a * b - comb(a, 2) - comb(b, 2), check)


def arrangements(draw: Draws, level: int) -> Draft:
    """In how many orders things can stand."""
    n = draw.whole(4, 7)
    what = draw.one(("books", "flags", "plants", "cups"))
    if level == 1:
        k = draw.whole(2, 4)
        n = draw.whole(5, 9)
        question = f"In how many ways can {k} of {n} different {what} be put in a row, in order?"
        return Draft(question, perm(n, k), lambda: _length(permutations(range(n), k)))
    one, two = draw.names(2)
    if level == 2:
        question = (
            f"{n} people, {one} and {two} among them, stand in a row. In how many orders do {one} "
            f"and {two} stand next to each other?"
        )
        return Draft(
            question,
            2 * factorial(n - 1),
            lambda: _length(1 for p in permutations(range(n)) if abs(p.index(0) - p.index(1)) == 1),
        )
    question = (
        f"{n} people stand in a row. In how many orders does {one} stand at neither end and {two} "
        "somewhere to the right of "
        f"{one}?"
    )
    # One place i of 1..n-2 for the first, and each place to its right for the second.
    places = sum(n - 1 - i for i in range(1, n - 1))
    return Draft(
        question,
        places * factorial(n - 2),
        lambda: _length(
            1
            for p in permutations(range(n))
            if p.index(0) not in (0, n - 1) and p.index(1) > p.index(0)
        ),
    )


def committees(draw: Draws, level: int) -> Draft:
    """Choosing people for a committee."""
    women, men = draw.whole(4, 7), draw.whole(4, 7)
    size = 3 if level == 1 else draw.whole(3, 4)
    people = f"From {women} women and {men} men"
    if level == 1:
        question = f"{people}, in how many ways can a committee of {size} people be chosen?"
        answer = comb(women + men, size)
        allowed = range(size + 1)
    elif level == 2:
        share = draw.whole(1, size - 1)
        question = (
            f"{people}, a committee of {size} is chosen with exactly {share} "
            f"{'woman' if share == 1 else 'women'}. In how many ways is that possible?"
        )
        answer = comb(women, share) * comb(men, size - share)
        allowed = range(share, share + 1)
    else:
        question = (
            f"{people}, a committee of {size} is chosen with at least one woman and at least one "
            "man. In how many ways is that possible?"
        )
        answer = comb(women + men, size) - comb(women, size) - comb(men, size)
        allowed = range(1, size)
    return Draft(
        question,
        answer,
        lambda: _length(
            1
            for chosen in combinations(range(women + men), size)
            if sum(who < women for who in chosen) in allowed
        ),
    )


def grid_paths(draw: Draws, level: int) -> Draft:
    """Shortest ways through a grid of streets."""
    x, y = draw.whole(2, 5), draw.whole(2, 5)
    start = f"A town has a square grid of streets. The school lies {x} blocks east and {y} blocks"
    if level == 1:
        question = (
            f"{start} north of the bank. How many shortest ways are there from bank to school?"
        )
        return Draft(question, comb(x + y, x), lambda: _ways(x, y, None, None))
    u, v = draw.whole(1, x - 1), draw.whole(1, y)
    through = comb(u + v, u) * comb(x - u + y - v, x - u)
    place = f"the corner that is {u} east and {v} north of the bank, in blocks"
    if level == 2:
        question = (
            f"{start} north of the bank. How many shortest ways from bank to school pass {place}?"
        )
        return Draft(question, through, lambda: _ways(x, y, (u, v), None))
    question = (
        f"{start} north of the bank. How many shortest ways from bank to school avoid {place}?"
    )
    return Draft(question, comb(x + y, x) - through, lambda: _ways(x, y, None, (u, v)))


def _ways(x: int, y: int, by: tuple[int, int] | None, shun: tuple[int, int] | None) -> Expr:
    """Count step by step, corner by corner; ``by`` splits the way in two."""
    from sympy import zeros

    if by is not None:
        return _ways(*by, None, None) * _ways(x - by[0], y - by[1], None, None)
    ways = zeros(x + 1, y + 1)
    for i, j in product(range(x + 1), range(y + 1)):
        if (i, j) == shun:
            continue
        if i == j == 0:
            ways[i, j] = 1
            continue
        ways[i, j] = (ways[i - 1, j] if i else 0) + (ways[i, j - 1] if j else 0)
    return ways[x, y]


def digit_numbers(draw: Draws, level: int) -> Draft:
    """Numbers with a property of their digits."""
    if level == 1:
        digits = sorted(draw.some(range(1, 10), draw.whole(4, 7)))
        shown = ", ".join(map(str, digits))
        question = (
            f"How many three-digit numbers can be made of the digits {shown} if no digit is used "
            "twice?"
        )
        return Draft(question, perm(len(digits), 3), lambda: _length(permutations(digits, 3)))
    total = draw.whole(3, 16)
    if level == 2:
        question = f"How many two-digit numbers have digits that add up to {total}?"
        answer = sum(1 for tens in range(1, 10) if 0 <= total - tens <= 9)
        return Draft(
            question,
            answer,
            lambda: _length(n for n in range(10, 100) if n // 10 + n % 10 == total),
        )
    limit = draw.whole(2, 9) * 100
    divisor = draw.one((3, 4, 6, 7, 9))
    other = draw.one((5, 8, 11))
    question = (
        f"How many whole numbers from 1 to {limit} are divisible by {divisor} but not by {other}?"
    )
    answer = limit // divisor - limit // lcm(divisor, other)
    return Draft(
        question,
        answer,
        lambda: _length(n for n in range(1, limit + 1) if n % divisor == 0 and n % other),
    )
