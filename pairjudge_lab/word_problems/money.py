"""Prices, percentages, interest and coins."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from pairjudge_lab.word_problems.family import Draft, Draws

if TYPE_CHECKING:
    from sympy import Expr


def discount(draw: Draws, level: int) -> Draft:
    """A price after one or several percentage changes."""
    thing = draw.one(("coat", "lamp", "bicycle", "chair", "camera"))
    price = draw.whole(40, 400, step=20) if level < 3 else draw.whole(400, 4000, step=400)
    off = draw.whole(10, 40, step=5)
    changes = [-off]
    if level == 1:
        question = f"A {thing} costs {price} dollars. What does it cost after {off}% off?"
    elif level == 2:
        tax = draw.one((5, 10, 20))
        changes.append(tax)
        question = (
            f"A {thing} costs {price} dollars. It is reduced by {off}%, and then {tax}% tax is "
            "added to the reduced price. What does it cost in dollars?"
        )
    else:
        more, tax = draw.one((10, 20, 25)), draw.one((5, 10, 20))
        changes += [-more, tax]
        question = (
            f"A {thing} costs {price} dollars. It is reduced by {off}%, then by another {more}% of "
            f"the new price, and then {tax}% tax is added. What does it cost in dollars?"
        )
    answer = Fraction(price)
    for change in changes:
        answer *= Fraction(100 + change, 100)

    def check() -> Expr:
        from sympy import Rational

        cost = Rational(price)
        for change in changes:
            cost += cost * change / 100
        return cost

    return Draft(question, answer, check)


def original_price(draw: Draws, level: int) -> Draft:
    """The price before percentage changes, from the price after them."""
    thing = draw.one(("jacket", "table", "phone", "guitar", "tent"))
    price = draw.whole(40, 400, step=20)
    changes = [-draw.one((10, 20, 25, 30, 40))]
    if level >= 2:
        changes.append(draw.one((10, 20, 50)))
    if level == 3:
        changes.append(-draw.one((10, 20, 50)))
    paid = Fraction(price)
    for change in changes:
        paid *= Fraction(100 + change, 100)
    steps = " and then ".join(
        f"{'reduced' if change < 0 else 'raised'} by {abs(change)}%" for change in changes
    )
    question = (
        f"The price of a {thing} was {steps}, each time of the price at that moment. Now it costs "
        f"{_decimal(paid)} dollars. What did it cost at first, in dollars?"
    )

    def check() -> Expr:
        from sympy import Rational, solve, symbols

        x = symbols("x")
        now = x
        for change in changes:
            now = now * Rational(100 + change, 100)
        return solve(now - Rational(paid.numerator, paid.denominator), x)[0]

    return Draft(question, price, check)


def _decimal(value: Fraction) -> str:
    return f"{float(value):.4f}".rstrip("0").rstrip(".")


def sharing(draw: Draws, level: int) -> Draft:
    """A sum shared in a given ratio."""
    people = draw.names(3 if level > 1 else 2)
    parts = [draw.whole(2, 9) for _ in people]
    if len(set(parts)) == 1:
        parts[-1] += 1
    unit = draw.whole(3, 25)
    total = unit * sum(parts)
    ratio = " to ".join(map(str, parts))
    named = ", ".join(people[:-1]) + f" and {people[-1]}"
    if level < 3:
        question = (
            f"{named} share {total} dollars in the ratio {ratio}. How many dollars does "
            f"{people[0]} get?"
        )
        return Draft(question, unit * parts[0], lambda: _share(parts, total, 0))
    most, least = parts.index(max(parts)), parts.index(min(parts))
    gap = unit * (parts[most] - parts[least])
    question = (
        f"{named} share some money in the ratio {ratio}. {people[most]} gets {gap} dollars more "
        f"than {people[least]}. How many dollars do they share in all?"
    )

    def check() -> Expr:
        from sympy import solve, symbols

        x = symbols("x")
        scale = solve(x * parts[most] - x * parts[least] - gap, x)[0]
        return sum(scale * part for part in parts)

    return Draft(question, total, check)


def _share(parts: list[int], total: int, who: int) -> Expr:
    from sympy import solve, symbols

    x = symbols("x")
    return solve(sum(part * x for part in parts) - total, x)[0] * parts[who]


def interest(draw: Draws, level: int) -> Draft:
    """Simple and compound interest."""
    (name,) = draw.names(1)
    rate = draw.one((5, 10, 20) if level < 3 else (10, 20))
    years = draw.whole(2, 6) if level == 1 else 2 if level == 2 else 3
    sum_in = draw.whole(2, 20) * (400 if level < 3 else 1000)
    if level == 1:
        question = (
            f"{name} puts {sum_in} dollars in a bank at {rate}% simple interest a year. How many "
            f"dollars of interest are paid in {years} years?"
        )
        answer = Fraction(sum_in * rate * years, 100)
    else:
        question = (
            f"{name} puts {sum_in} dollars in a bank at {rate}% compound interest a year. How many "
            f"dollars are in the account after {years} years?"
        )
        answer = sum_in * Fraction(100 + rate, 100) ** years

    def check() -> Expr:
        from sympy import Rational

        held, paid = Rational(sum_in), Rational(0)
        for _ in range(years):
            gain = (held if level > 1 else sum_in) * Rational(rate, 100)
            held, paid = held + gain, paid + gain
        return paid if level == 1 else held

    return Draft(question, answer, check)


def coins(draw: Draws, level: int) -> Draft:
    """Two kinds of coins, their number and their worth."""
    (name,) = draw.names(1)
    small, large = draw.one(((5, 10), (5, 20), (10, 50), (10, 25), (20, 50)))
    a, b = draw.whole(4, 20), draw.whole(4, 20)
    worth = small * a + large * b
    if level == 1:
        question = (
            f"{name} has {a} coins of {small} cents and {b} coins of {large} cents. How many cents "
            "is that?"
        )
        return Draft(question, worth, lambda: _add([small] * a + [large] * b))
    if level == 2:
        question = (
            f"{name} has {a + b} coins, some of {small} cents and the others of {large} cents, "
            f"worth {worth} cents together. How many coins of {large} cents are there?"
        )
        return Draft(question, b, lambda: _coins(small, large, worth, a + b, None))
    question = (
        f"{name} has coins of {small} cents and {abs(a - b)} "
        f"{'more' if b >= a else 'fewer'} coins of {large} cents, worth {worth} cents together. "
        "How many coins are there in all?"
    )
    return Draft(question, a + b, lambda: _coins(small, large, worth, None, b - a))


def _coins(small: int, large: int, worth: int, count: int | None, gap: int | None) -> Expr:
    from sympy import solve, symbols

    x, y = symbols("x y")
    other = x + y - count if count is not None else y - x - gap
    found = solve([small * x + large * y - worth, other], [x, y])
    return found[y] if count is not None else found[x] + found[y]


def _add(values: list[int]) -> Expr:
    from sympy import Integer

    total = Integer(0)
    for value in values:
        total += value
    return total
