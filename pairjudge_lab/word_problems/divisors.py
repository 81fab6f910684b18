"""Divisors, multiples, remainders and last digits."""

from __future__ import annotations

from math import gcd, lcm
from typing import TYPE_CHECKING

from pairjudge_lab.word_problems.family import Draft, Draws

if TYPE_CHECKING:
    from sympy import Expr


def tiles(draw: Draws, level: int) -> Draft:
    """The largest square tile, ribbon piece or group size that fits."""
    unit = draw.whole(4, 15)
    a, b, c = draw.some((4, 5, 6, 7, 9, 11), 3)
    sizes = [unit * a, unit * b] + ([unit * c] if level == 2 else [])
    unit = gcd(*sizes)
    if level == 1:
        question = (
            f"A floor of {sizes[0]} cm by {sizes[1]} cm is covered with equal square tiles, as "
            "large as possible, none of them cut. How long is the side of a tile in cm?"
        )
        answer = unit
    elif level == 2:
        question = (
            f"Three ribbons of {sizes[0]}, {sizes[1]} and {sizes[2]} cm are cut into equal pieces, "
            "as long as possible, with nothing left over. How many pieces are there in all?"
        )
        answer = sum(sizes) // unit
    else:
        question = (
            f"A floor of {sizes[0]} cm by {sizes[1]} cm is covered with equal square tiles, as "
            "large as possible, none of them cut. How many tiles touch the edge of the floor?"
        )
        x, y = sizes[0] // unit, sizes[1] // unit
        answer = 2 * (x + y) - 4

    def check() -> Expr:
        from sympy import Integer, divisors

        side = max(set.intersection(*(set(divisors(size)) for size in sizes)))
        if level == 1:
            return Integer(side)
        if level == 2:
            return Integer(sum(size // side for size in sizes))
        x, y = sizes[0] // side, sizes[1] // side
        return Integer(sum(i in (0, x - 1) or j in (0, y - 1) for i in range(x) for j in range(y)))

    return Draft(question, answer, check)


def bells(draw: Draws, level: int) -> Draft:
    """Events that repeat and fall together."""
    kinds, verb = draw.one((("bells", "ring"), ("lamps", "flash"), ("buses", "leave")))
    periods = draw.some((4, 6, 8, 9, 10, 12, 14, 15, 18, 20), 2 if level == 1 else 3)
    every = ", ".join(map(str, periods[:-1])) + f" and {periods[-1]}"
    number = "Two" if level == 1 else "Three"
    start = f"{number} {kinds} {verb} every {every} minutes, and all of them {verb} together now."
    together = lcm(*periods)
    if level < 3:
        question = f"{start} After how many minutes do they next {verb} together?"
        answer, hours = together, 0
    else:
        hours = draw.whole(2, 6) * together // 60 + 1
        question = f"{start} How many more times do all {verb} together in the next {hours} hours?"
        answer = hours * 60 // together

    def check() -> Expr:
        from sympy import Integer, ilcm

        if level < 3:
            return ilcm(*periods)
        hits = [t for t in range(1, hours * 60 + 1) if all(t % p == 0 for p in periods)]
        return Integer(len(hits))

    return Draft(question, answer, check)


def divisor_count(draw: Draws, level: int) -> Draft:
    """How many divisors a number has, with or without a condition."""
    twos, threes, other = draw.whole(1, 4), draw.whole(1, 2), draw.one((5, 7, 11))
    number = 2**twos * 3**threes * other
    count = (twos + 1) * (threes + 1) * 2
    if level == 1:
        question = f"How many positive divisors does {number} have, 1 and itself included?"
        answer = count
    elif level == 2:
        question = f"How many of the positive divisors of {number} are even?"
        answer = count - count // (twos + 1)
    else:
        question = f"How many positive divisors of {number} are not divisible by 6?"
        answer = count - twos * threes * 2

    def check() -> Expr:
        from sympy import Integer, divisors

        found = divisors(number)
        keep = {1: lambda d: True, 2: lambda d: d % 2 == 0, 3: lambda d: d % 6 != 0}[level]
        return Integer(sum(map(keep, found)))

    return Draft(question, answer, check)


def remainders(draw: Draws, level: int) -> Draft:
    """The smallest number of things with given remainders."""
    (name,) = draw.names(1)
    moduli = draw.some((3, 4, 5, 7), 2 if level < 3 else 3)
    rest = [draw.whole(1, m - 1) for m in moduli]
    whole = lcm(*moduli)
    fits = next(
        n for n in range(1, whole + 1) if all(n % m == r for m, r in zip(moduli, rest, strict=True))
    )
    rows = zip(moduli, rest, strict=True)
    said = ", ".join(f"in rows of {m}, {r} {'is' if r == 1 else 'are'} left over" for m, r in rows)
    thing = draw.one(("shells", "stamps", "marbles", "coins"))
    above = 0
    if level == 1:
        question = f"{name} lays out {thing}: {said}. What is the smallest number of {thing}?"
    else:
        above = draw.whole(1, 3) * whole + draw.whole(0, whole - 1)
        question = (
            f"{name} lays out {thing}: {said}. There are more than {above} of them. What is the "
            f"smallest number of {thing}?"
        )
    answer = fits
    while answer <= above:
        answer += whole

    def check() -> Expr:
        from sympy import Integer
        from sympy.ntheory.modular import crt

        least = int(crt(moduli, rest)[0])
        return Integer(least + whole * max(0, (above - least) // whole + 1))

    return Draft(question, answer, check)


def last_digit(draw: Draws, level: int) -> Draft:
    """The last digit of powers."""
    base, other = draw.some((2, 3, 4, 7, 8, 9, 12, 13, 17, 18), 2)
    n, m = draw.whole(15, 90), draw.whole(15, 90)
    if level == 1:
        n = draw.whole(5, 20)
        question = f"What is the last digit of {base} to the power {n}?"
        answer = pow(base, n, 10)
    elif level == 2:
        question = (
            f"What is the last digit of {base} to the power {n} plus {other} to the power {m}?"
        )
        answer = (pow(base, n, 10) + pow(other, m, 10)) % 10
    else:
        question = (
            f"What is the remainder when {base} to the power {n} times {other} to the power {m} "
            "is divided by 7?"
        )
        answer = pow(base, n, 7) * pow(other, m, 7) % 7

    def check() -> Expr:
        from sympy import Integer

        one, two = Integer(base) ** n, Integer(other) ** m
        return (one % 10, (one + two) % 10, one * two % 7)[level - 1]

    return Draft(question, answer, check)
