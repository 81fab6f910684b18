"""Where formulas stand in a text: between dollars, \\(...\\), \\[...\\], \\boxed{...}, alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 2_000
"""Characters of a formula; a longer one is shown as it was written."""

ALONE = frozenset(
    ("align", "align*", "alignat", "alignat*", "equation", "equation*", "gather", "gather*",
     "eqnarray", "eqnarray*")
)  # fmt: skip
"""Environments that stand in a text without other delimiters."""

# In this order: code and escaped characters first, so that nothing in them opens a formula.
_TOKEN = re.compile(
    r"(?P<code>```.*?```|`[^`\n]*`)"
    r"|(?P<escaped>\\\\|\\\$)"
    r"|(?P<open>\\[(\[])|(?P<close>\\[)\]])"
    r"|\\begin\{(?P<begin>[a-z]{1,9}\*?)\}|\\end\{(?P<end>[a-z]{1,9}\*?)\}"
    r"|(?P<boxed>\\boxed(?=\{))"
    r"|(?P<dollars>\$\$?)"
    r"|(?P<gap>\n[ \t]*\n)",
    re.DOTALL,
)
_CLOSED_BY = {"\\(": "\\)", "\\[": "\\]", "$": "$", "$$": "$$"}
_WORDS = re.compile(r"\\(?:begin|end|text|mathrm|operatorname|mbox)[a-z]*\s*\{[^{}]*\}|\\[a-zA-Z]+")
_PROSE = re.compile(r"[a-z]{4}|[a-z]{2}[ ,;]+[a-z]{2}")


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula of a text.

    Attributes
    ----------
    start, end : int
        Where it stands, delimiters included.
    latex : str
        What is between the delimiters; of an environment, and of ``\\boxed``, all of it.
    display : bool
        Whether it stands on a line of its own.
    """

    start: int
    end: int
    latex: str
    display: bool


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    start: int
    end: int


def find_formulas(text: str) -> Iterator[Formula]:
    """Formulas of a text, in order, none within another.

    What stands in backticks is code and no formula. A single dollar opens a formula by the rules of
    Pandoc (no space after it, none before the one that closes it, and no digit after that; spaces
    are allowed around a command), and what is between must not read like prose: amounts of money
    are no formulas.

    Takes time in proportion to the length of the text, whatever it holds.

    Parameters
    ----------
    text : str

    Yields
    ------
    Formula

    References
    ----------
    Pandoc User's Guide, extension ``tex_math_dollars``.

    Examples
    --------
    >>> [f.latex for f in find_formulas(r"It costs $5 and \\(x\\) more: $x^2$, or \\boxed{9}.")]
    ['x', 'x^2', '\\\\boxed{9}']
    """
    tokens = [
        _Token(m.lastgroup, m.start(), m.end())
        for m in _TOKEN.finditer(text)
        if m.lastgroup is not None and m.lastgroup not in ("code", "escaped")
    ]
    kinds = [_kind(text, token) for token in tokens]
    partners = _partners(kinds)
    place = 0
    while place < len(tokens):
        found, place = _formula(text, tokens, kinds, partners, place)
        if found is not None:
            yield found


def _kind(text: str, token: _Token) -> str:
    """What opens or closes: the delimiter itself, or the name of an environment."""
    if token.kind in ("open", "close", "dollars", "begin", "end"):
        return text[token.start : token.end].replace("\\begin", "begin").replace("\\end", "end")
    return token.kind


def _partners(kinds: list[str]) -> list[tuple[int | None, int | None]]:
    """For each token the next one that may close it, and the next gap between paragraphs."""
    nearest: dict[str, int] = {}
    found: list[tuple[int | None, int | None]] = []
    for place in range(len(kinds) - 1, -1, -1):
        kind = kinds[place]
        closing = _CLOSED_BY.get(kind, kind.replace("begin", "end", 1))
        found.append((nearest.get(closing), nearest.get("gap")))
        nearest[kind] = place
    return found[::-1]


def _formula(
    text: str,
    tokens: list[_Token],
    kinds: list[str],
    partners: list[tuple[int | None, int | None]],
    place: int,
) -> tuple[Formula | None, int]:
    """The formula that a token opens, if it opens one, and the token to go on from."""
    kind, token = kinds[place], tokens[place]
    if kind == "boxed":
        end = _brace_end(text, token.end)
        if end is None:
            return None, place + 1
        after = place + 1
        while after < len(tokens) and tokens[after].start < end:
            after += 1
        return Formula(token.start, end, text[token.start : end], False), after
    partner, gap = partners[place]
    alone = kind.startswith("begin{") and kind[6:-1] in ALONE
    if partner is None or not (kind in _CLOSED_BY or alone):
        return None, place + 1
    closing = tokens[partner]
    latex = text[token.start : closing.end] if alone else text[token.end : closing.start]
    within = kind in ("$", "\\(")
    if len(latex) > LONGEST or not latex.strip() or (within and gap is not None and gap < partner):
        return None, place + 1
    if kind == "$" and not _is_formula_in_dollars(latex, text[closing.end : closing.end + 1]):
        return None, place + 1
    return Formula(token.start, closing.end, latex, not within), partner + 1


def _is_formula_in_dollars(latex: str, after: str) -> bool:
    if after.isdigit():
        return False
    # Models put spaces where Pandoc has none; then a command tells a formula from money.
    if (latex[0].isspace() or latex[-1].isspace()) and not re.search(r"\\[a-zA-Z]", latex):
        return False
    return _PROSE.search(_WORDS.sub(" ", latex)) is None


def _brace_end(text: str, start: int) -> int | None:
    """The place after the brace that closes the one at ``start``, if it is near."""
    depth, place = 0, start
    stop = min(len(text), start + 300)
    while place < stop:
        letter = text[place]
        if letter == "\\":
            place += 1
        elif letter == "{":
            depth += 1
        elif letter == "}":
            depth -= 1
            if depth == 0:
                return place + 1
        elif letter == "\n":
            return None
        place += 1
    return None
