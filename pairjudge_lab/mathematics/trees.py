"""LaTeX as a tree of MathML elements from a list, or nothing."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pairjudge_lab.mathematics.finding import LONGEST

DEEPEST = 40
"""Levels of a tree; a formula that is deeper is shown as it was written."""

ELEMENTS = frozenset(
    ("math", "mfrac", "mi", "mn", "mo", "mover", "mroot", "mrow", "mspace", "msqrt", "mstyle",
     "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover")
)  # fmt: skip
"""Elements that a tree may hold: of MathML Core, without those that hide, link or overlap."""

_TRUTH, _LENGTH = re.compile("true|false"), re.compile(r"[0-9]{0,2}\.?[0-9]{1,4}(?:em|pt)")
ATTRIBUTES = {
    "accent": _TRUTH,
    "class": re.compile("boxed"),
    "columnalign": re.compile("left|center|right"),
    "display": re.compile("block|inline"),
    "displaystyle": _TRUTH,
    "fence": _TRUTH,
    "form": re.compile("prefix|infix|postfix"),
    "largeop": _TRUTH,
    "linethickness": re.compile("0"),
    "lspace": _LENGTH,
    "mathvariant": re.compile("normal|bold|italic|bold-italic|monospace|sans-serif"),
    "maxsize": _LENGTH,
    "minsize": _LENGTH,
    "movablelimits": _TRUTH,
    "rspace": _LENGTH,
    "scriptlevel": re.compile("[0-2]"),
    "separator": _TRUTH,
    "stretchy": _TRUTH,
    "width": _LENGTH,
}
"""Attributes that a tree may hold, and the whole of what each may say."""

# How many elements some of them hold, no more and no fewer.
_HOLDS = {"mfrac": 2, "mover": 2, "mroot": 2, "msub": 2, "msubsup": 3, "msup": 2, "munder": 2,
          "munderover": 3}  # fmt: skip

# What MathML Core leaves to style sheets, and spaces by name: without them a formula says the same.
_LEFT_OUT = frozenset(("columnlines", "columnspacing", "rowlines", "rowspacing", "xmlns"))
_NAMED_SPACE = re.compile("(?:negative)?(?:thin|medium|thick)mathspace")

# Commands beside symbols: none that defines, colours, hides, links, strikes through or moves.
_COMMANDS = frozenset(
    re.findall(
        r"\w+",
        """
        frac dfrac tfrac cfrac binom dbinom tbinom sqrt overset underset stackrel bar hat vec dot
        ddot tilde widehat widetilde overline underline overbrace underbrace overrightarrow
        overleftarrow left middle right big Big bigg Bigg bigl Bigl biggl Biggl bigr Bigr biggr
        Biggr bigm Bigm biggm Biggm text textbf textit textrm textnormal mbox mathrm mathbf mathit
        mathbb mathcal mathfrak mathscr mathsf mathtt boldsymbol bold bm operatorname boxed limits
        nolimits displaystyle textstyle quad qquad thinspace thickspace enspace space pmod bmod mod
        begin end lim sup inf max min gcd det argmax argmin limsup liminf Pr int sum prod substack
        nonumber notag hline prime choose over arccos arcsin arctan cos cosh cot coth csc deg dim
        exp ker ln lg log sec sin sinh tan tanh
        """,
    )
)
_ENVIRONMENTS = frozenset(
    ("align*", "array", "bmatrix", "cases", "matrix", "pmatrix", "smallmatrix", "split", "vmatrix",
     "Bmatrix", "Vmatrix")
)  # fmt: skip
_ALIKE = re.compile(r"\\(begin|end)\{(?:align|aligned|alignat\*?|eqnarray\*?|gather\*?|gathered)\}")
_PLAIN = re.compile(r"\\(?:begin|end)\{equation\*?\}")
_COMMAND = re.compile(r"\\(?:[a-zA-Z]+|.)", re.DOTALL)
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\s*\{([a-zA-Z]*\*?)\}(?:(?<=\{array\})\{[lcr|\s]*\})?")
_ROOT = re.compile(r"\\sqrt\s*\[([^\[\]]*)\]")
_ENTITY = re.compile(r"&#x[0-9A-Fa-f]{1,6};")
_ALIKE_SIGNS = str.maketrans({"\u2212": "-", "\u2215": "/", "\u2217": "*", "\u2016": "|"})


@dataclass(frozen=True, slots=True)
class Tree:
    """An element of MathML: one of ``ELEMENTS`` with ``ATTRIBUTES``, and what it holds.

    Attributes
    ----------
    name : str
    attributes : tuple of (str, str)
    children : tuple of Tree or str
        A string is text, to be escaped wherever it is shown.
    """

    name: str
    attributes: tuple[tuple[str, str], ...]
    children: tuple[Tree | str, ...]


class _NotShownError(Exception):
    """Something in a formula that is not on the lists."""


@lru_cache(maxsize=4096)
def formula_tree(latex: str, display: bool) -> Tree | None:
    """LaTeX as a tree of MathML.

    Parameters
    ----------
    latex : str
        Without delimiters; from anybody.
    display : bool
        Whether it stands on a line of its own.

    Returns
    -------
    Tree or None
        None where the formula is to be shown as it was written: it is too long or too deep, does
        not parse, uses a command, environment, element or attribute that is not on the lists, or
        would lose a letter, a digit or a sign on its way; and where latex2mathml is not installed.
        Never raises.
    """
    try:
        from latex2mathml.converter import convert_to_element
    except ModuleNotFoundError:
        return None
    ready = _PLAIN.sub("", _ALIKE.sub(r"\\\1{align*}", latex.strip()))
    try:
        if len(ready) > LONGEST + 100 or not _is_admitted(ready):
            return None
        found = convert_to_element(ready, display="block" if display else "inline")
        tree = _cleaned(found, 0)
        return None if _lost(ready, tree) else tree
    # A parser that is given anything may raise anything, a RecursionError among others.
    except Exception:  # noqa: BLE001
        return None


def _is_admitted(latex: str) -> bool:
    """Whether every command and environment is one that says what it shows."""
    from latex2mathml.symbols_parser import convert_symbol

    bare = _COMMAND.sub(" ", latex)
    # A comment would be left out, a parameter is of a definition.
    if any(letter in "%#$\\" for letter in bare):
        return False
    depth = 0
    for letter in bare:
        depth += (letter == "{") - (letter == "}")
        if not 0 <= depth <= DEEPEST:
            return False
    if depth:
        return False
    if any(name not in _ENVIRONMENTS for name in _ENVIRONMENT.findall(latex)):
        return False
    names = re.findall(r"\\([a-zA-Z]+)", latex.replace("\\\\", " "))
    return all(name in _COMMANDS or convert_symbol(f"\\{name}") for name in names)


def _cleaned(element: Any, depth: int) -> Tree:
    """An element of the converter as ours, with all that it holds."""
    if depth > DEEPEST:
        raise _NotShownError("too deep")
    name, given = element.tag, dict(element.attrib)
    if name == "menclose" and given == {"notation": "box"}:
        # No part of MathML Core; the style sheet draws the frame.
        name, given = "mrow", {"class": "boxed"}
    if name not in ELEMENTS or len(element) != _HOLDS.get(name, len(element)):
        raise _NotShownError(name)
    attributes = []
    for key, value in given.items():
        if key in _LEFT_OUT or (name == "mspace" and _NAMED_SPACE.fullmatch(value)):
            continue
        if key not in ATTRIBUTES or not ATTRIBUTES[key].fullmatch(value):
            raise _NotShownError(key)
        attributes.append((key, value))
    children: list[Tree | str] = [_text(element.text)] if element.text else []
    for child in element:
        children.append(_cleaned(child, depth + 1))
        if child.tail and child.tail.strip():
            raise _NotShownError("text between elements")
    return Tree(name, tuple(attributes), tuple(children))


def _text(text: str) -> str:
    """The converter writes symbols as numbered entities; nothing else in a text is one."""
    plain = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co") for letter in plain):
        raise _NotShownError("a character that is not seen")
    return plain


def _lost(latex: str, tree: Tree) -> Counter[str]:
    """Letters, digits and signs of the source that the tree does not show, and how often."""
    bare = _ROOT.sub(r" \1 ", _ENVIRONMENT.sub(" ", latex))
    # An escaped sign shows itself; a command's letters and the marks of spaces do not.
    source = _COMMAND.sub(lambda m: m[0][1] if m[0][1] in "{}%$#&_|" else " ", bare)
    return _told(source) - _told(_whole_text(tree))


def _told(text: str) -> Counter[str]:
    plain = unicodedata.normalize("NFKC", text).translate(_ALIKE_SIGNS)
    return Counter(letter for letter in plain if letter.isalnum() or letter in "+-*/=<>()[]|!")


def _whole_text(tree: Tree) -> str:
    return "".join(c if isinstance(c, str) else _whole_text(c) for c in tree.children)
