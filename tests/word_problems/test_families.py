"""Every family and level: the answer holds, the text is short and new, a seed is a problem."""

from fractions import Fraction

import pytest
import sympy

from pairjudge_lab.answers import final_answer, same_answer
from pairjudge_lab.records import UserError
from pairjudge_lab.word_problems import (
    FAMILIES,
    HELD_OUT,
    LEVELS,
    draw_problem,
    draw_problems,
)

EVERY = [(family, level) for family in FAMILIES for level in LEVELS]
SEEDS = range(12)


@pytest.mark.parametrize(("family", "level"), EVERY)
def test_the_answer_is_what_the_second_route_finds(family, level):
    for seed in SEEDS:
        problem = draw_problem(family, level, seed)
        value = Fraction(problem.answer)
        found = problem.checked()
        assert sympy.simplify(found - sympy.Rational(value.numerator, value.denominator)) == 0, (
            f"{problem.question} {problem.answer}, by the second route {found}"
        )


@pytest.mark.parametrize(("family", "level"), EVERY)
def test_questions_are_short_plain_and_new(family, level):
    problems = [draw_problem(family, level, seed) for seed in range(40)]
    for problem in problems:
        assert 5 <= len(problem.question.split()) <= 60
        assert problem.question.isascii()
        assert "  " not in problem.question
        assert problem.question.count("?") == 1
        value = Fraction(problem.answer)
        # What is no whole number is asked for as a fraction, or is a sum of money in whole cents.
        if value.denominator > 1 and "fraction" not in problem.question:
            assert "dollars" in problem.question, problem.question
            assert 100 % value.denominator == 0, problem.question
    assert len({p.question for p in problems}) >= 10, "too few different questions"
    assert len({p.answer for p in problems}) >= 4, "the answer could be guessed"


@pytest.mark.parametrize(("family", "level"), EVERY)
def test_a_seed_is_one_problem(family, level):
    first, again = draw_problem(family, level, 7), draw_problem(family, level, 7)
    assert (first.question, first.answer, first.id) == (again.question, again.answer, again.id)
    assert any(draw_problem(family, level, s).question != first.question for s in range(8, 12))


def test_a_known_problem_stays_the_same():
    """Recordings name problems by family, level and seed: a change here orphans them."""
    assert draw_problem("coins", 1, 0).answer == "195"
    assert draw_problem("dice", 3, 0).answer == "37/216"


def test_drawn_sets_are_different_problems_of_all_families():
    problems = draw_problems(len(EVERY), seed=3)
    assert len({p.question for p in problems}) == len(EVERY)
    assert {(p.family, p.level) for p in problems} == set(EVERY)
    assert [p.id for p in problems] == [p.id for p in draw_problems(len(EVERY), seed=3)]
    assert [p.id for p in problems] != [p.id for p in draw_problems(len(EVERY), seed=4)]


def test_there_are_enough_families_and_some_are_held_out():
    assert len(FAMILIES) >= 30
    assert set(HELD_OUT) <= FAMILIES.keys()
    assert 5 <= len(HELD_OUT) < len(FAMILIES) / 2
    assert draw_problem("dice", 1, 0).held_out
    assert not draw_problem("coins", 1, 0).held_out


def test_answers_are_what_the_answer_reader_reads():
    for problem in draw_problems(60, seed=5):
        text = f"So it is \\boxed{{{problem.answer}}}."
        assert same_answer(final_answer(text), problem.problem().answer)


@pytest.mark.parametrize(
    ("family", "level", "said"), [("nonsense", 1, "no family"), ("coins", 4, "a level is one of")]
)
def test_what_is_not_there_is_refused(family, level, said):
    with pytest.raises(UserError, match=said):
        draw_problem(family, level, 0)


def test_more_problems_than_there_are_is_refused():
    with pytest.raises(UserError, match="no 500 different problems"):
        draw_problems(500, families=["clock_angle"], levels=[1])
