"""A text with its formulas as HTML: escaped, and MathML of our own making."""

from __future__ import annotations

from importlib.resources import files

from markupsafe import Markup, escape

from pairjudge_lab.mathematics.pieces import mathematics_pieces
from pairjudge_lab.mathematics.trees import Tree, formula_tree

STYLE = files("pairjudge_lab.mathematics").joinpath("mathematics.css").read_text("utf-8")
"""Shows the formula and hides its source; without it, it is the other way round."""


def mathematics_markup(text: str) -> Markup:
    """Escaped text with formulas as MathML.

    Every formula comes twice: as MathML, hidden until ``STYLE`` shows it, and as it was written,
    which ``STYLE`` hides. Where a page takes styles and MathML away (a notebook that is not
    trusted), what was written is read, and not the letters of a formula in a row.

    Parameters
    ----------
    text : str
        From anybody.

    Returns
    -------
    Markup

    Examples
    --------
    >>> print(mathematics_markup("<b> & no formula"))
    &lt;b&gt; &amp; no formula
    """
    pieces = mathematics_pieces(text)
    return Markup("").join(
        escape(written) if tree is None else _formula(written, tree) for written, tree in pieces
    )


def answer_markup(answer: str) -> Markup:
    """An answer as it is kept, LaTeX without delimiters, as HTML; see ``mathematics_markup``.

    Parameters
    ----------
    answer : str
        From anybody. One without a command is shown as it was written.

    Returns
    -------
    Markup

    Examples
    --------
    >>> print(answer_markup("1 < 2"))
    1 &lt; 2
    """
    tree = formula_tree(answer, False) if "\\" in answer else None
    return mathematics_markup(answer) if tree is None else _formula(answer, tree)


def _formula(written: str, tree: Tree) -> Markup:
    # JupyterLab's sanitizer takes the attribute away where it has no value.
    return Markup(
        '<span class="pjl-math" hidden="hidden" title="{}">{}</span><span class="pjl-tex">{}</span>'
    ).format(written.strip(), _element(tree), written)


def _element(tree: Tree) -> Markup:
    # Names and attributes are those of the lists in trees.py; they are escaped all the same.
    attributes = Markup("").join(
        Markup(' {}="{}"').format(key, value) for key, value in tree.attributes
    )
    held = Markup("").join(
        escape(child) if isinstance(child, str) else _element(child) for child in tree.children
    )
    return Markup("<{0}{1}>{2}</{0}>").format(escape(tree.name), attributes, held)
