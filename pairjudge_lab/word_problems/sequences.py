"""Sequences: equal steps, equal factors, rules, and growing patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pairjudge_lab.word_problems.family import Draft, Draws

if TYPE_CHECKING:
    from sympy import Expr


def equal_steps(draw: Draws, level: int) -> Draft:
    """Rows of seats, savings that grow by the same amount."""
    first, step, count = draw.whole(3, 20), draw.whole(2, 9), draw.whole(8, 25)
    start = f"The first row of a hall has {first} seats, and each row has {step} more than the one"
    total = count * first + step * count * (count - 1) // 2
    if level == 1:
        question = f"{start} before. How many seats has row {count}?"
        return Draft(question, first + step * (count - 1), lambda: _row(first, step, count))
    if level == 2:
        question = f"{start} before. How many seats have the first {count} rows in all?"
        return Draft(question, total, lambda: _rows(first, step, count))
    question = f"{start} before. In all there are {total} seats. How many rows are there?"

    def check() -> Expr:
        from sympy import solve, symbols

        n = symbols("n", positive=True)
        return solve(n * (2 * first + (n - 1) * step) / 2 - total, n)[0]

    return Draft(question, count, check)


def _row(first: int, step: int, count: int) -> Expr:
    from sympy import Integer

    seats = Integer(first)
    for _ in range(count - 1):
        seats += step
    return seats


def _rows(first: int, step: int, count: int) -> Expr:
    from sympy import summation, symbols

    i = symbols("i")
    return summation(first + step * i, (i, 0, count - 1))


def equal_factors(draw: Draws, level: int) -> Draft:
    """Bacteria that double, and balls that bounce."""
    begun, factor = draw.whole(2, 9), draw.one((2, 3))
    count = draw.whole(4, 8)
    word = {2: "doubles", 3: "triples"}[factor]
    every = draw.whole(2, 9)
    if level == 1:
        question = (
            f"A colony of {begun} bacteria {word} every {every} hours. How many bacteria are there "
            f"after {count * every} hours?"
        )
        return Draft(question, begun * factor**count, lambda: _grown(begun, factor, count))
    if level == 2:
        question = (
            f"On day 1 a site has {begun} visitors, and the number {word} each day. How many "
            f"visitors come on days 1 to {count} in all?"
        )
        total = begun * (factor**count - 1) // (factor - 1)
        return Draft(question, total, lambda: _visitors(begun, factor, count))
    goal = begun * factor**count
    loss = draw.whole(1, begun - 1) if begun > 2 else 1
    question = (
        f"A colony of {begun} bacteria {word} every hour, and right after each doubling or "
        f"tripling {loss} die. How many are alive after {count} hours?"
    ).replace("doubling or tripling", {2: "doubling", 3: "tripling"}[factor])
    alive = goal - loss * (factor**count - 1) // (factor - 1)

    def check() -> Expr:
        from sympy import Integer

        number = Integer(begun)
        for _ in range(count):
            number = number * factor - loss
        return number

    return Draft(question, alive, check)


def _grown(begun: int, factor: int, count: int) -> Expr:
    from sympy import Integer

    number = Integer(begun)
    for _ in range(count):
        number += number * (factor - 1)
    return number


def _visitors(begun: int, factor: int, count: int) -> Expr:
    from sympy import summation, symbols

    i = symbols("i", integer=True)
    return summation(begun * factor**i, (i, 0, count - 1))


def rules(draw: Draws, level: int) -> Draft:
    """A sequence made by a rule from the terms before."""
    a, b = draw.whole(1, 6), draw.whole(1, 6)
    p, q = draw.whole(2, 3), draw.whole(1, 5)
    wanted = draw.whole(5, 6) if level < 3 else draw.whole(6, 8)
    if level == 1:
        question = (
            f"A sequence starts with {a}. Each next term is {p} times the term before plus {q}. "
            f"What is term number {wanted}?"
        )
        terms = [a]
        while len(terms) < wanted:
            terms.append(p * terms[-1] + q)
        return Draft(question, terms[-1], lambda: _closed(a, p, q, wanted))
    second = 1 if level == 2 else p
    question = (
        f"A sequence starts with {a} and {b}. Each next term is "
        f"{'' if second == 1 else f'{second} times '}the term before plus the one before that. "
        f"What is term number {wanted}?"
    )
    terms = [a, b]
    while len(terms) < wanted:
        terms.append(second * terms[-1] + terms[-2])

    def check() -> Expr:
        from sympy import Matrix

        step = Matrix([[second, 1], [1, 0]])
        return (step ** (wanted - 1) * Matrix([b, a]))[1]

    return Draft(question, terms[-1], check)


def _closed(a: int, p: int, q: int, n: int) -> Expr:
    from sympy import Rational

    fixed = Rational(-q, p - 1)
    return fixed + (a - fixed) * p ** (n - 1)


def patterns(draw: Draws, level: int) -> Draft:
    """Growing figures of matches and dots."""
    n = draw.whole(6, 30)
    if level == 1:
        sides = draw.one((("squares", 4), ("triangles", 3), ("hexagons", 6)))
        kind, edge = sides
        question = (
            f"A row of {n} {kind} is laid with matches, one match a side, neighbours sharing a "
            "side. How many matches are needed?"
        )
        return Draft(question, (edge - 1) * n + 1, lambda: _sides(n, edge))
    if level == 2:
        m = draw.whole(2, 9)
        question = (
            f"A grid of {n} by {m} small squares is laid with matches, one match for each side of "
            "a small square, shared sides once. How many matches are needed?"
        )
        return Draft(question, n * (m + 1) + m * (n + 1), lambda: _grid(n, m))
    n = draw.whole(3, 18)
    question = (
        f"A large square is cut into {n} by {n} small squares. How many squares of any size can be "
        "seen in it?"
    )

    def check() -> Expr:
        from sympy import summation, symbols

        k = symbols("k")
        return summation((n - k + 1) ** 2, (k, 1, n))

    return Draft(question, n * (n + 1) * (2 * n + 1) // 6, check)


def _sides(n: int, edge: int) -> Expr:
    from sympy import Integer

    return Integer(n * edge - (n - 1))


def _grid(n: int, m: int) -> Expr:
    from sympy import Integer

    edges = set()
    for x in range(n):
        for y in range(m):
            edges |= {(x, y, "h"), (x, y + 1, "h"), (x, y, "v"), (x + 1, y, "v")}
    return Integer(len(edges))
