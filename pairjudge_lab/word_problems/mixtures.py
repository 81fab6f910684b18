"""Solutions, blends, and averages."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from pairjudge_lab.word_problems.family import Draft, Draws

if TYPE_CHECKING:
    from sympy import Expr


def concentration(draw: Draws, level: int) -> Draft:
    """Salt or juice in water."""
    what = draw.one(("salt", "sugar", "acid"))
    a, b = draw.whole(2, 12), draw.whole(2, 12)
    p, q = draw.some((10, 15, 20, 25, 30, 40, 50, 60), 2)
    if level == 1:
        question = (
            f"{a} litres of a {p}% {what} solution are mixed with {b} litres of a {q}% {what} "
            f"solution. What per cent of the mixture is {what}? Give a whole number or a fraction."
        )
        answer = Fraction(a * p + b * q, a + b)
        parts = [(a, p), (b, q)]
    elif level == 2:
        water = draw.whole(1, 9)
        question = (
            f"{a} litres of a {p}% {what} solution and {b} litres of a {q}% {what} solution are "
            f"mixed, and {water} litres of water are added. What per cent of the mixture is "
            f"{what}? Give a whole number or a fraction."
        )
        answer = Fraction(a * p + b * q, a + b + water)
        parts = [(a, p), (b, q), (water, 0)]
    else:
        p, q = max(p, q), min(p, q)
        question = (
            f"How many litres of water must be added to {a} litres of a {p}% {what} solution to "
            f"make it a {q}% solution? Give a whole number or a fraction."
        )
        answer = Fraction(a * p, q) - a
        parts = [(a, p)]

    def check() -> Expr:
        from sympy import solve, symbols

        x = symbols("x")
        amount, dissolved = sum(n for n, _ in parts), sum(n * c for n, c in parts)
        if level == 3:
            return solve(q * (amount + x) - dissolved, x)[0]
        return solve(x * amount - dissolved, x)[0]

    return Draft(question, answer, check)


def blend(draw: Draws, level: int) -> Draft:
    """Two goods of different price mixed to one."""
    what = draw.one(("tea", "coffee", "rice", "flour"))
    low = draw.whole(2, 8)
    high = low + draw.whole(2, 9)
    a, b = draw.whole(2, 12), draw.whole(2, 12)
    prices = f"One kind of {what} costs {low} dollars a kilo, another {high} dollars a kilo."
    if level == 1:
        question = (
            f"{prices} {a} kilos of the first are mixed with {b} kilos of the second. What does "
            "one kilo of the mixture cost in dollars? Give a whole number or a fraction."
        )
        answer, price, known = Fraction(low * a + high * b, a + b), None, b
    elif level == 2:
        middle = draw.whole(low + 1, high - 1)
        b = a * (high - middle)
        question = (
            f"{prices} How many kilos of the second must be mixed with {b} kilos of the first so "
            f"that a kilo of the mixture costs {middle} dollars?"
        )
        answer, price, known = Fraction(a * (middle - low)), middle, b
    else:
        middle = draw.whole(low + 1, high - 1)
        total = (high - low) * draw.whole(2, 6)
        question = (
            f"{prices} {total} kilos of a mixture are to cost {middle} dollars a kilo. How many "
            "kilos of the first are needed?"
        )
        answer, price, known = Fraction(total * (high - middle), high - low), middle, total

    def check() -> Expr:
        from sympy import solve, symbols

        x = symbols("x")
        if price is None:
            return solve(x * (a + b) - low * a - high * b, x)[0]
        if level == 2:
            return solve(low * known + high * x - price * (known + x), x)[0]
        return solve(low * x + high * (known - x) - price * known, x)[0]

    return Draft(question, answer, check)


def missing_score(draw: Draws, level: int) -> Draft:
    """A score that gives a wanted mean."""
    (name,) = draw.names(1)
    count = draw.whole(3, 5)
    scores = [draw.whole(55, 95) for _ in range(count)]
    if level == 1:
        scores[-1] += -sum(scores) % count
        question = (
            f"{name}'s test scores are {', '.join(map(str, scores))}. What is their mean score?"
        )
        return Draft(question, sum(scores) // count, lambda: _mean(scores))
    wanted = draw.whole(70, 85)
    if level == 2:
        last = wanted * (count + 1) - sum(scores)
        question = (
            f"{name}'s scores so far are {', '.join(map(str, scores))}. What must the next score "
            f"be for a mean of {wanted}?"
        )
        return Draft(question, last, lambda: _needed(sum(scores), 1, count + 1, wanted))
    mean = draw.whole(60, 80)
    more = draw.whole(2, 4)
    answer = Fraction(wanted * (count + more) - mean * count, more)
    question = (
        f"{name} has a mean of {mean} over {count} tests. What mean must the next {more} tests "
        f"have for a mean of {wanted} over all of them? Give a whole number or a fraction."
    )
    return Draft(question, answer, lambda: _needed(mean * count, more, count + more, wanted))


def _mean(scores: list[int]) -> Expr:
    from sympy import Rational

    return sum((Rational(score, len(scores)) for score in scores), Rational(0))


def _needed(so_far: int, more: int, count: int, wanted: int) -> Expr:
    from sympy import Rational, solve, symbols

    x = symbols("x")
    return solve((so_far + more * x) / Rational(count) - wanted, x)[0]


def group_means(draw: Draws, level: int) -> Draft:
    """Means of groups of different size, put together or taken apart."""
    a, b, c = draw.whole(4, 20), draw.whole(4, 20), draw.whole(4, 20)
    p, q, r = draw.some(range(40, 80), 3)
    if level == 1:
        question = (
            f"{a} boxes weigh {p} kg on average and {b} other boxes {q} kg on average. What is the "
            "mean weight of all these boxes in kg? Give a whole number or a fraction."
        )
        answer = Fraction(a * p + b * q, a + b)
        groups = [(a, p), (b, q)]
    elif level == 2:
        question = (
            f"The mean weight of three groups of {a}, {b} and {c} boxes is {p}, {q} and {r} kg. "
            "What is the mean weight of all the boxes in kg? Give a whole number or a fraction."
        )
        answer = Fraction(a * p + b * q + c * r, a + b + c)
        groups = [(a, p), (b, q), (c, r)]
    else:
        question = (
            f"{a + b} boxes weigh {p} kg on average. {a} of them weigh {q} kg on average. What is "
            "the mean weight of the others in kg? Give a whole number or a fraction."
        )
        answer = Fraction((a + b) * p - a * q, b)
        groups = [(a + b, p), (-a, q)]

    def check() -> Expr:
        from sympy import solve, symbols

        x = symbols("x")
        return solve(sum(n * (x - mean) for n, mean in groups), x)[0]

    return Draft(question, answer, check)
