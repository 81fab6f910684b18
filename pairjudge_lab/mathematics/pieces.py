"""A text in pieces: what is written as it is, and formulas."""

from __future__ import annotations

from collections.abc import Iterator

from pairjudge_lab.mathematics.finding import find_formulas
from pairjudge_lab.mathematics.trees import Tree, formula_tree

MOST = 40_000
"""Characters of formulas in one text that are converted; those after it are shown as written."""


def mathematics_pieces(text: str) -> Iterator[tuple[str, Tree | None]]:
    """The text in pieces, each with its formula if it is one that can be shown.

    Parameters
    ----------
    text : str

    Yields
    ------
    (str, Tree or None)
        A piece as it was written, delimiters included; all of them joined are the text.
    """
    written, spent = 0, 0
    for formula in find_formulas(text):
        # Short ones cost as well.
        spent += len(formula.latex) + 20
        if spent > MOST:
            break
        tree = formula_tree(formula.latex, formula.display)
        if tree is None:
            continue
        start, end = formula.start, formula.end
        if formula.display:
            # What stands on a line of its own needs no line breaks around it.
            while start > written and text[start - 1] in " \n":
                start -= 1
            while text[end : end + 1] in (" ", "\n"):
                end += 1
        if start > written:
            yield text[written:start], None
        yield text[start:end], tree
        written = end
    if written < len(text):
        yield text[written:], None
