"""Rectangles, right triangles, boxes and angles."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from pairjudge_lab.word_problems.family import Draft, Draws

if TYPE_CHECKING:
    from sympy import Expr


def rectangle(draw: Draws, level: int) -> Draft:
    """A rectangle from its perimeter, or with a path around it."""
    a, b = draw.whole(4, 30), draw.whole(3, 20)
    what = draw.one(("garden", "field", "pool", "carpet"))
    if level == 1:
        question = f"A rectangular {what} is {a} m by {b} m. What is its perimeter in metres?"
        return Draft(question, 2 * (a + b), lambda: _around([(0, 0), (a, 0), (a, b), (0, b)]))
    if level == 2:
        longer = draw.whole(2, 12)
        perimeter = 2 * (b + b + longer)
        question = (
            f"A rectangular {what} is {longer} m longer than wide and has a perimeter of "
            f"{perimeter} m. What is its area in square metres?"
        )

        def check() -> Expr:
            from sympy import solve, symbols

            x = symbols("x")
            wide = solve(2 * x + 2 * (x + longer) - perimeter, x)[0]
            return wide * (wide + longer)

        return Draft(question, b * (b + longer), check)
    path = draw.whole(1, 4)
    question = (
        f"A rectangular {what} is {a} m by {b} m. Around it runs a path {path} m wide. What is the "
        "area of the path in square metres?"
    )
    area = (a + 2 * path) * (b + 2 * path) - a * b
    return Draft(question, area, lambda: _strips(a, b, path))


def _around(corners: list[tuple[int, int]]) -> Expr:
    from sympy import Polygon

    return Polygon(*corners).perimeter


def _strips(a: int, b: int, path: int) -> Expr:
    from sympy import Polygon

    strip, side, corner = ((a, path), (path, b), (path, path))
    areas = [abs(Polygon((0, 0), (x, 0), (x, y), (0, y)).area) for x, y in (strip, side, corner)]
    return 2 * areas[0] + 2 * areas[1] + 4 * areas[2]


def right_triangle(draw: Draws, level: int) -> Draft:
    """Pythagoras: a ladder, a walk, a height."""
    a, b, c = draw.one(((3, 4, 5), (5, 12, 13), (8, 15, 17), (7, 24, 25), (20, 21, 29)))
    k = draw.whole(1, 6)
    a, b, c = a * k, b * k, c * k
    (name,) = draw.names(1)
    if level == 1:
        question = (
            f"A ladder of {c} dm leans against a wall. Its foot is {a} dm from the wall. How high "
            "does it reach, in dm?"
        )
        return Draft(question, b, lambda: _side(c**2 - a**2))
    if level == 2:
        east, north, back = a + draw.whole(1, 9) * k, b, 0
        back = east - a
        question = (
            f"{name} walks {east} m east, {north} m north and {back} m west. How many metres from "
            "the start is that, in a straight line?"
        )
        return Draft(question, c, lambda: _apart((0, 0), (east - back, north)))
    question = (
        f"A right triangle has a hypotenuse of {c} cm and one leg of {a} cm. How long is the "
        "height on the hypotenuse in cm? Give a whole number or a fraction."
    )

    def check() -> Expr:
        from sympy import Line, Point

        return Line(Point(a, 0), Point(0, _side(c**2 - a**2))).distance(Point(0, 0))

    return Draft(question, Fraction(a * b, c), check)


def _side(square: int) -> Expr:
    from sympy import sqrt

    return sqrt(square)


def _apart(one: tuple[int, int], two: tuple[int, int]) -> Expr:
    from sympy import Point

    return Point(*one).distance(Point(*two))


def boxes(draw: Draws, level: int) -> Draft:
    """A box of small cubes: volume, surface, painted sides."""
    a, b, c = (draw.whole(3, 8) for _ in range(3))
    if level == 1:
        question = (
            f"How many cubes with sides of 1 cm fit into a box of {a} cm by {b} cm by {c} cm?"
        )
        return Draft(question, a * b * c, lambda: _cubes(a, b, c, None))
    sides = 0 if level == 2 else 1
    question = (
        f"A block of {a} by {b} by {c} small cubes is painted on all its outer faces and taken "
        f"apart. How many small cubes have {'no' if sides == 0 else 'exactly one'} painted face?"
    )
    x, y, z = a - 2, b - 2, c - 2
    answer = x * y * z if sides == 0 else 2 * (x * y + y * z + x * z)
    return Draft(question, answer, lambda: _cubes(a, b, c, sides))


def _cubes(a: int, b: int, c: int, painted: int | None) -> Expr:
    from itertools import product

    from sympy import Integer

    count = 0
    for x, y, z in product(range(a), range(b), range(c)):
        faces = (x == 0) + (x == a - 1) + (y == 0) + (y == b - 1) + (z == 0) + (z == c - 1)
        count += painted is None or faces == painted
    return Integer(count)


def angles(draw: Draws, level: int) -> Draft:
    """Angles of triangles and polygons."""
    if level == 1:
        a, b = draw.whole(25, 85), draw.whole(25, 85)
        question = (
            f"Two angles of a triangle measure {a} and {b} degrees. How many degrees has the third?"
        )
        return Draft(question, 180 - a - b, lambda: _rest(3, [a, b]))
    if level == 2:
        n = draw.whole(5, 8)
        known = [draw.whole(95, 130) for _ in range(n - 1)]
        known[-1] += 180 * (n - 2) - sum(known) - draw.whole(40, 170)
        question = (
            f"A polygon has {n} angles. All but one of them measure {', '.join(map(str, known))} "
            "degrees. How many degrees has the last one?"
        )
        return Draft(question, 180 * (n - 2) - sum(known), lambda: _rest(n, known))
    ratio = draw.some(range(1, 9), 3)
    question = (
        f"The angles of a triangle are in the ratio {ratio[0]} to {ratio[1]} to {ratio[2]}. By how "
        "many degrees do the largest and the smallest differ? Give a whole number or a fraction."
    )

    def check() -> Expr:
        from sympy import solve, symbols

        x = symbols("x")
        unit = solve(sum(part * x for part in ratio) - 180, x)[0]
        return max(ratio) * unit - min(ratio) * unit

    return Draft(question, Fraction(180 * (max(ratio) - min(ratio)), sum(ratio)), check)


def _rest(corners: int, known: list[int]) -> Expr:
    from sympy import pi, solve, symbols

    # Outer angles of any polygon add up to a full turn.
    x = symbols("x")
    turns = [pi - angle * pi / 180 for angle in known]
    return solve(sum(turns) + pi - x * pi / 180 - 2 * pi, x)[0] + 0 * corners
