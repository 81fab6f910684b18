"""Clocks, weekdays and timetables."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from pairjudge_lab.word_problems.family import Draft, Draws

if TYPE_CHECKING:
    from sympy import Expr

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def weekdays(draw: Draws, level: int) -> Draft:
    """How often a weekday occurs; the answer is a number."""
    today, other = draw.whole(0, 6), draw.whole(0, 6)
    days = draw.whole(40, 200)
    start = f"Day 1 of a plan is a {_DAYS[today]}."
    if level == 1:
        nth = draw.whole(3, 12)
        question = (
            f"{start} What is the number of the day on which the {nth}th {_DAYS[other]} falls?"
        )
        question = question.replace("3th", "3rd")
        first = (other - today) % 7 + 1
        return Draft(question, first + 7 * (nth - 1), lambda: _found(today, other, nth))
    if level == 2:
        question = f"{start} The plan has {days} days. How many {_DAYS[other]}s are among them?"
        first = (other - today) % 7 + 1
        return Draft(question, (days - first) // 7 + 1, lambda: _hits(today, days, {other}, 1))
    step = draw.whole(2, 5)
    question = (
        f"{start} It has {days} days, and {draw.names(1)[0]} trains on day 1 and every {step} days "
        f"after that. How many trainings fall on a {_DAYS[other]}?"
    )
    # Trainings move through all seven weekdays, since 7 is prime.
    first = next(k for k in range(7) if (today + k * step) % 7 == other)
    trainings = (days - 1) // step + 1
    answer = 0 if first >= trainings else (trainings - 1 - first) // 7 + 1
    return Draft(question, answer, lambda: _hits(today, days, {other}, step))


def _found(today: int, other: int, nth: int) -> Expr:
    from sympy import Integer

    days = [d for d in range(1, 7 * nth + 8) if (today + d - 1) % 7 == other]
    return Integer(days[nth - 1])


def _hits(today: int, days: int, wanted: set[int], step: int) -> Expr:
    from sympy import Integer

    return Integer(sum((today + d) % 7 in wanted for d in range(0, days, step)))


def clock_angle(draw: Draws, level: int) -> Draft:
    """The angle between the hands of a clock."""
    hour = draw.whole(1, 11)
    minute = 0 if level == 1 else draw.whole(10, 50, step=10) if level == 2 else draw.whole(1, 59)
    question = (
        f"How many degrees is the smaller angle between the hands of a clock at "
        f"{hour}:{minute:02d}?"
    )
    if level > 1:
        question += " Give a whole number or a fraction."
    apart = abs(Fraction(60 * hour - 11 * minute, 2)) % 360

    def check() -> Expr:
        from sympy import Rational

        small = Rational(360 * (60 * hour + minute), 720) % 360
        large = Rational(360 * minute, 60)
        turn = (small - large) % 360
        return turn if turn <= 180 else 360 - turn

    return Draft(question, min(apart, 360 - apart), check)


def timetable(draw: Draws, level: int) -> Draft:
    """How long a trip with stops takes."""
    hour, minute = draw.whole(6, 11), draw.whole(0, 55, step=5)
    first, wait, second = draw.whole(25, 95), draw.whole(5, 40), draw.whole(25, 95)
    start = f"A train leaves at {hour}:{minute:02d}"
    if level == 1:
        end = 60 * hour + minute + first
        question = (
            f"{start} and arrives at {end // 60}:{end % 60:02d}. How many minutes does the trip "
            "take?"
        )
        return Draft(question, first, lambda: _between((hour, minute), divmod(end, 60)))
    end = 60 * hour + minute + first + wait + second
    if level == 2:
        question = (
            f"{start}, travels {first} minutes, waits, and travels another {second} minutes. It "
            f"arrives at {end // 60}:{end % 60:02d}. How many minutes did it wait?"
        )

        def rest() -> Expr:
            return _between((hour, minute), divmod(end, 60)) - first - second

        return Draft(question, wait, rest)
    late = draw.whole(1, 9)
    stops = draw.whole(3, 8)
    end += late * stops
    question = (
        f"{start} for a trip that takes {first + wait + second} minutes without delay. At each of "
        f"{stops} stops it loses the same time, and it arrives at {end // 60}:{end % 60:02d}. How "
        "many minutes does it lose at each stop?"
    )

    def check() -> Expr:
        from sympy import solve, symbols

        x = symbols("x")
        taken = _between((hour, minute), divmod(end, 60))
        return solve(first + wait + second + stops * x - taken, x)[0]

    return Draft(question, late, check)


def _between(start: tuple[int, int], end: tuple[int, int]) -> Expr:
    from sympy import Rational

    hours = Rational(end[0] - start[0]) + Rational(end[1] - start[1], 60)
    return hours * 60
