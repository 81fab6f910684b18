"""Short mathematics word problems of our own: families, three levels, answers checked twice."""

from pairjudge_lab.word_problems.drawing import (
    FAMILIES,
    HELD_OUT,
    WordProblem,
    draw_problem,
    draw_problems,
)
from pairjudge_lab.word_problems.family import LEVELS

__all__ = ["FAMILIES", "HELD_OUT", "LEVELS", "WordProblem", "draw_problem", "draw_problems"]
