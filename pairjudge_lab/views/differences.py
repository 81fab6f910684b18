"""Where two solutions differ, word by word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from pairjudge_lab.views.view import View, rendered

LONGEST = 3_000
"""Words of each text that are compared: the comparison takes time with their product."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words, and whether the other text has it at this place."""

    text: str
    shared: bool


def word_differences(first: str, second: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts in pieces that the other has or has not (difflib's matching blocks of words).

    Parameters
    ----------
    first, second : str

    Returns
    -------
    tuple of two tuples of Piece
        Their texts joined are the texts that came. What comes after the first ``LONGEST`` words of
        a text is not compared and counts as not shared.

    Examples
    --------
    >>> [[piece.text for piece in side] for side in word_differences("x = 4 and", "x = 5 and")]
    [['x = ', '4', ' and'], ['x = ', '5', ' and']]
    """
    words = [re.findall(r"\s+|\w+|[^\w\s]", text) for text in (first, second)]
    # Between any two words there is what separates them: twice as many pieces.
    one, other = (side[: 2 * LONGEST] for side in words)
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    sides = []
    for side, side_words in enumerate(words):
        pieces, place = [], 0
        for block in blocks:
            start = block[side]
            pieces.append(Piece("".join(side_words[place:start]), False))
            pieces.append(Piece("".join(side_words[start : start + block.size]), True))
            place = start + block.size
        pieces.append(Piece("".join(side_words[place:]), False))
        sides.append(tuple(piece for piece in pieces if piece.text))
    return sides[0], sides[1]


def view_differences(
    first: str, second: str, *, names: tuple[str, str] = ("Response A", "Response B")
) -> View:
    """Two texts side by side, with what only one of them says marked.

    Parameters
    ----------
    first, second : str
    names : tuple of two str
        What to call them.

    Returns
    -------
    View
    """
    sides = word_differences(first, second)
    words = f"{names[0]} and {names[1]}: {_shared(sides[0])} and {_shared(sides[1])} shared"
    return rendered(
        "differences.html.j2",
        words,
        sides=[{"name": name, "pieces": side} for name, side in zip(names, sides, strict=True)],
    )


def _shared(pieces: tuple[Piece, ...]) -> str:
    whole = sum(len(piece.text) for piece in pieces)
    same = sum(len(piece.text) for piece in pieces if piece.shared)
    return f"{100 * same / whole if whole else 100:.0f} %"
