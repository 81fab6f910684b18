"""Speeds, work done together, and tanks that fill."""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING

from pairjudge_lab.word_problems.family import Draft, Draws

if TYPE_CHECKING:
    from sympy import Expr


def work_together(draw: Draws, level: int) -> Draft:
    """Several people, each with a time of their own, do one job together."""
    one, two, three = draw.names(3)
    pairs = [(3, 6), (4, 12), (6, 12), (10, 15), (12, 24), (15, 30), (20, 30), (30, 60), (24, 48)]
    a, b = draw.one(pairs)
    job = draw.one(("paint a fence", "pack the boxes", "clean the hall", "sort the letters"))
    start = f"Alone, {one} needs {a} minutes to {job} and {two} needs {b} minutes."
    if level == 1:
        question = f"{start} How many minutes do they need together?"
        rates = [Fraction(1, a), Fraction(1, b)]
        done = Fraction(0)
    elif level == 2:
        c = a * b // (a + b) * draw.whole(2, 4)
        question = (
            f"{start} {three} needs {c} minutes alone. How many minutes do all three need "
            "together? Give a whole number or a fraction."
        )
        rates = [Fraction(1, a), Fraction(1, b), Fraction(1, c)]
        done = Fraction(0)
    else:
        alone = draw.whole(1, a - 1)
        question = (
            f"{start} {one} works alone for {alone} minutes, then {two} joins. How many minutes "
            "does the whole job take from the start? Give a whole number or a fraction."
        )
        rates = [Fraction(1, a), Fraction(1, b)]
        done = Fraction(alone, a)
    head = done / rates[0]
    answer = head + (1 - done) / sum(rates, Fraction(0))

    def check() -> Expr:
        from sympy import Rational, solve, symbols

        t = symbols("t", positive=True)
        speeds = [Rational(rate.numerator, rate.denominator) for rate in rates]
        late = Rational(head.numerator, head.denominator)
        total = speeds[0] * t + sum(speed * (t - late) for speed in speeds[1:])
        return solve(total - 1, t)[0]

    return Draft(question, answer, check)


def meeting(draw: Draws, level: int) -> Draft:
    """Two travellers start from two places towards each other."""
    one, two = draw.names(2)
    u, v = draw.whole(8, 20), draw.whole(9, 24)
    hours = draw.whole(2, 6)
    late = 0 if level == 1 else draw.whole(2, 3)
    distance = (u + v) * hours + u * late
    start = f"{one} and {two} live {distance} km apart and cycle towards each other"
    speeds = f"at {u} km/h and {v} km/h"
    if level == 1:
        question = f"{start}, starting together, {speeds}. After how many hours do they meet?"
        answer = hours
    elif level == 2:
        question = (
            f"{start} {speeds}. {two} starts {late} hours after {one}. How many hours after "
            f"{one}'s start do they meet?"
        )
        answer = hours + late
    else:
        question = (
            f"{start} {speeds}. {two} starts {late} hours after {one}. How many kilometres has "
            f"{one} cycled when they are still {u} km apart for the first time? Give a whole "
            "number or a fraction."
        )
        # The gap closes by u + v an hour once both ride.
        return Draft(
            question,
            Fraction(u) * (late + hours - Fraction(u, u + v)),
            lambda: _ridden(u, v, late, distance, u),
        )
    return Draft(question, answer, lambda: _ridden(u, v, late, distance, 0) / u)


def _ridden(u: int, v: int, late: int, distance: int, gap: int) -> Expr:
    from sympy import solve, symbols

    t = symbols("t")
    return u * solve(u * t + v * (t - late) + gap - distance, t)[0]


def catching_up(draw: Draws, level: int) -> Draft:
    """A faster one follows a slower one."""
    one, two = draw.names(2)
    slow = draw.whole(50, 70, step=5)
    fast = slow + draw.one((10, 15, 20, 25, 30))
    head = draw.whole(2, 12) * (fast - slow)
    start = f"{one} walks {slow} metres a minute and is {head} metres ahead of {two}, who walks"
    if level == 1:
        question = f"{start} {fast} metres a minute. After how many minutes does {two} catch up?"
        answer = Fraction(head, fast - slow)
        wait, again = 0, 1
    elif level == 2:
        wait = draw.whole(1, 4)
        again = 1
        question = (
            f"{start} {fast} metres a minute but rests for the first {wait} minutes. After how "
            f"many minutes, counted from now, does {two} catch up? Give a whole number or a "
            "fraction."
        )
        answer = Fraction(head + fast * wait, fast - slow)
    else:
        wait, again = 0, 2
        question = (
            f"{start} {fast} metres a minute. How many metres has {two} walked when {two} is "
            f"{head} metres ahead of {one}?"
        )
        answer = Fraction(2 * head * fast, fast - slow)

    def check() -> Expr:
        from sympy import solve, symbols

        t = symbols("t")
        lead = 0 if again == 1 else head
        when = solve(fast * (t - wait) - (head + slow * t) - lead, t)[0]
        return when if again == 1 else when * fast

    return Draft(question, answer, check)


def average_speed(draw: Draws, level: int) -> Draft:
    """A trip in parts at different speeds."""
    (name,) = draw.names(1)
    u, v = draw.some((20, 30, 40, 60, 80, 120), 2)
    legs: list[tuple[Fraction, Fraction]]
    if level == 1:
        a, b = draw.whole(1, 4), draw.whole(1, 4)
        question = (
            f"{name} drives {a} hours at {u} km/h and then {b} hours at {v} km/h. What is the "
            "average speed of the whole trip in km/h? Give a whole number or a fraction."
        )
        legs = [(Fraction(u * a), Fraction(a)), (Fraction(v * b), Fraction(b))]
    elif level == 2:
        way = u * v // gcd(u, v) * draw.whole(1, 2)
        question = (
            f"{name} drives {way} km at {u} km/h and the same way back at {v} km/h. What is the "
            "average speed of the whole trip in km/h? Give a whole number or a fraction."
        )
        legs = [(Fraction(way), Fraction(way, u)), (Fraction(way), Fraction(way, v))]
    else:
        way = u * v // gcd(u, v)
        rest = draw.whole(1, 3)
        question = (
            f"{name} drives {way} km at {u} km/h, rests for {rest} hours, and drives {2 * way} km "
            f"at {v} km/h. What is the average speed in km/h with the rest counted? Give a whole "
            "number or a fraction."
        )
        legs = [
            (Fraction(way), Fraction(way, u)),
            (Fraction(0), Fraction(rest)),
            (Fraction(2 * way), Fraction(2 * way, v)),
        ]
    answer = sum((d for d, _ in legs), Fraction(0)) / sum((t for _, t in legs), Fraction(0))

    def check() -> Expr:
        from sympy import Eq, Rational, solve, symbols

        x = symbols("x")
        times = [Rational(t.numerator, t.denominator) for _, t in legs]
        ways = [Rational(d.numerator, d.denominator) for d, _ in legs]
        return solve(Eq(sum(x * t for t in times), sum(ways)), x)[0]

    return Draft(question, answer, check)


def filling(draw: Draws, level: int) -> Draft:
    """A tank with taps and a drain."""
    thing = draw.one(("tank", "pool", "barrel", "pond"))
    tap = draw.whole(6, 15)
    drain = draw.whole(2, tap - 2)
    minutes = draw.whole(10, 40)
    if level == 1:
        held = tap * minutes
        question = (
            f"A tap pours {tap} litres a minute into an empty {thing} that holds {held} litres. "
            "How many minutes until it is full?"
        )
        return Draft(question, minutes, lambda: _full([(tap, 0)], held, 0))
    held = (tap - drain) * minutes
    if level == 2:
        question = (
            f"A tap pours {tap} litres a minute into an empty {thing} that holds {held} litres, "
            f"while a leak lets out {drain} litres a minute. How many minutes until it is full?"
        )
        return Draft(question, minutes, lambda: _full([(tap, 0), (-drain, 0)], held, 0))
    late = draw.whole(2, 8)
    held += drain * late
    begun = draw.whole(1, 3) * 5
    question = (
        f"A {thing} holds {held + begun} litres and has {begun} litres in it. A tap pours in {tap} "
        f"litres a minute. After {late} minutes a leak starts that lets out {drain} litres a "
        "minute. How many minutes after the tap is opened is it full?"
    )
    return Draft(question, minutes, lambda: _full([(tap, 0), (-drain, late)], held + begun, begun))


def _full(flows: list[tuple[int, int]], held: int, begun: int) -> Expr:
    from sympy import solve, symbols

    t = symbols("t")
    return solve(begun + sum(rate * (t - since) for rate, since in flows) - held, t)[0]
