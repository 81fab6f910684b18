"""Ages, heads and legs, tickets, and numbers told by their sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pairjudge_lab.word_problems.family import Draft, Draws

if TYPE_CHECKING:
    from sympy import Expr


def age_ratio(draw: Draws, level: int) -> Draft:
    """One is some times as old as the other, now or later."""
    one, two = draw.names(2)
    times, young, years = draw.whole(2, 4), draw.whole(4, 15), draw.whole(2, 9)
    if level == 1:
        old, years = times * young, 0
        question = (
            f"{one} is {times} times as old as {two}. Together they are {old + young} years old. "
            f"How old is {one}?"
        )
        answer = old
    else:
        old = times * (young + years) - years
        if level == 2:
            question = (
                f"{one} is {old - young} years older than {two}. In {years} years {one} will be "
                f"{times} times as old as {two}. How old is {two} now?"
            )
            answer = young
        else:
            question = (
                f"In {years} years {one} will be {times} times as old as {two}. Today they are "
                f"{old + young} years old together. How old will {one} be in {2 * years} years?"
            )
            answer = old + 2 * years

    def check() -> Expr:
        from sympy import solve, symbols

        x, y = symbols("x y")
        second = x - y - (old - young) if level == 2 else x + y - (old + young)
        found = solve([x + years - times * (y + years), second], [x, y])
        return (found[x], found[y], found[x] + 2 * years)[level - 1]

    return Draft(question, answer, check)


def age_sum(draw: Draws, level: int) -> Draft:
    """The ages of several people from their sum and differences."""
    one, two, three, four = draw.names(4)
    a = draw.whole(5, 30)
    up, down = draw.whole(5, 9), draw.whole(2, 4)
    ages = [a, a + up, a + up - down]
    if level == 1:
        question = (
            f"{two} is {up} years older than {one}. Together they are {2 * a + up} years old. How "
            f"old is {one}?"
        )
        return Draft(question, a, lambda: _first_age([0, up], [1, 1], 2 * a + up))
    if level == 2:
        question = (
            f"{two} is {up} years older than {one}, and {three} is {down} years younger than "
            f"{two}. The three are {sum(ages)} years old together. How old is {one}?"
        )
        return Draft(question, a, lambda: _first_age([0, up, up - down], [1, 1, 1], sum(ages)))
    question = (
        f"{two} is {up} years older than {one}, {three} is {down} years younger than {two}, and "
        f"{four} is twice as old as {three}. The four are {sum(ages) + 2 * ages[2]} years old "
        f"together. How old is {four}?"
    )

    def check() -> Expr:
        first = _first_age([0, up, up - down], [1, 1, 3], sum(ages) + 2 * ages[2])
        return 2 * (first + up - down)

    return Draft(question, 2 * ages[2], check)


def _first_age(gaps: list[int], shares: list[int], total: int) -> Expr:
    from sympy import solve, symbols

    x = symbols("x")
    return solve(sum(s * (x + g) for g, s in zip(gaps, shares, strict=True)) - total, x)[0]


def heads_and_legs(draw: Draws, level: int) -> Draft:
    """Two or three kinds of things with different numbers of parts."""
    pairs = (("hens", 2, "cows"), ("ducks", 2, "goats"), ("geese", 2, "sheep"))
    birds, two, beasts = draw.one(pairs)
    a, b = draw.whole(3, 25), draw.whole(3, 25)
    if level == 1:
        question = f"A farm has {a} {birds} and {b} {beasts}. How many legs do they have in all?"
        return Draft(question, two * a + 4 * b, lambda: _legs(a, b, 0))
    if level == 2:
        question = (
            f"A farm has {birds} and {beasts}: {a + b} heads and {2 * a + 4 * b} legs. How many "
            f"{beasts} are there?"
        )
        return Draft(question, b, lambda: _heads(a + b, 2 * a + 4 * b, 0, 0))
    c = draw.whole(2, 8)
    question = (
        f"In a barn there are {birds}, {beasts} and spiders with 8 legs each: {a + b + c} heads "
        f"and {2 * a + 4 * b + 8 * c} legs. There are {c} spiders. How many {birds} are there?"
    )
    heads, legs = a + b + c, 2 * a + 4 * b + 8 * c
    return Draft(question, a, lambda: heads - c - _heads(heads, legs, c, 8))


def _legs(a: int, b: int, c: int) -> Expr:
    from sympy import Matrix

    return (Matrix([[2, 4, 8]]) * Matrix([a, b, c]))[0]


def _heads(heads: int, legs: int, others: int, each: int) -> Expr:
    from sympy import solve, symbols

    x, y = symbols("x y")
    return solve([x + y + others - heads, 2 * x + 4 * y + each * others - legs], [x, y])[y]


def tickets(draw: Draws, level: int) -> Draft:
    """Tickets at two prices."""
    place = draw.one(("museum", "zoo", "cinema", "fair", "theatre"))
    child = draw.whole(3, 9)
    adult = child + draw.whole(2, 9)
    x, y = draw.whole(5, 40), draw.whole(5, 40)
    money = adult * x + child * y
    prices = f"At a {place}, adults pay {adult} dollars and children {child} dollars."
    if level == 1:
        question = f"{prices} How many dollars do {x} adults and {y} children pay?"
        return Draft(question, money, lambda: _paid(adult, child, x, y))
    if level == 2:
        question = (
            f"{prices} {x + y} people paid {money} dollars in all. How many of them were adults?"
        )
        return Draft(question, x, lambda: _guests(adult, child, x + y, money, 1))
    times = draw.whole(2, 4)
    y = times * x
    money = adult * x + child * y
    question = (
        f"{prices} One day {times} times as many children as adults came, and they paid {money} "
        "dollars in all. How many people came?"
    )
    return Draft(question, x + y, lambda: _guests(adult, child, 0, money, times))


def _paid(adult: int, child: int, x: int, y: int) -> Expr:
    from sympy import Matrix

    return Matrix([adult, child]).dot(Matrix([x, y]))


def _guests(adult: int, child: int, people: int, money: int, times: int) -> Expr:
    from sympy import solve, symbols

    x, y = symbols("x y")
    other = x + y - people if people else y - times * x
    found = solve([adult * x + child * y - money, other], [x, y])
    return found[x] + found[y] if not people else found[x]


def three_numbers(draw: Draws, level: int) -> Draft:
    """Numbers known by sums or products of them."""
    a, b, c = (draw.whole(3, 40) for _ in range(3))
    if level == 1:
        gap = abs(a - b) + 1
        question = (
            f"Two numbers add up to {2 * b + gap} and differ by {gap}. What is the larger number?"
        )
        return Draft(question, b + gap, lambda: _system([[1, 1], [1, -1]], [2 * b + gap, gap], 0))
    if level == 2:
        question = (
            f"Of three numbers, the first and second add up to {a + b}, the second and third to "
            f"{b + c}, and the first and third to {a + c}. What is the first number?"
        )
        rows = [[1, 1, 0], [0, 1, 1], [1, 0, 1]]
        return Draft(question, a, lambda: _system(rows, [a + b, b + c, a + c], 0))
    question = (
        f"Three numbers add up to {a + b + c}. Twice the first plus the second is {2 * a + b}. The "
        f"second plus three times the third is {b + 3 * c}. What is the second number?"
    )
    # The three equations always have one solution: their determinant is 4.
    rows = [[1, 1, 1], [2, 1, 0], [0, 1, 3]]
    return Draft(question, b, lambda: _system(rows, [a + b + c, 2 * a + b, b + 3 * c], 1))


def _system(rows: list[list[int]], right: list[int], which: int) -> Expr:
    from sympy import Matrix

    return Matrix(rows).LUsolve(Matrix(right))[which]
