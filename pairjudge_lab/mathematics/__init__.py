"""Mathematics of problems and solutions, shown as MathML that holds nothing but mathematics.

A text comes from a model and is not trusted. LaTeX in it is converted by latex2mathml (the extra
``lab``); of what comes out only elements and attributes on a list are kept, text stays text, and a
formula in which anything else stands, or of which a letter or digit would be lost, is shown as it
was written. No script has a part in it, and nothing is fetched.
"""

from pairjudge_lab.mathematics.finding import Formula, find_formulas
from pairjudge_lab.mathematics.markup import STYLE, answer_markup, mathematics_markup
from pairjudge_lab.mathematics.pieces import mathematics_pieces
from pairjudge_lab.mathematics.trees import Tree, formula_tree

__all__ = [
    "Formula",
    "STYLE",
    "Tree",
    "answer_markup",
    "find_formulas",
    "formula_tree",
    "mathematics_markup",
    "mathematics_pieces",
]
