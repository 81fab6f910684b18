"""The words Correct and Incorrect: how they are read, and where their probability is looked up."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pairjudge_lab.renamed import renamed_names

LONGEST_LABEL = 100
"""Characters of a label with all that may stand around it."""

_WRAPPED = re.compile(r"^\\(?:boxed|text|textbf|mathrm)\{(.*)\}$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class LabelPosition:
    """A place where the judge's next word is its label.

    Attributes
    ----------
    lead : str
        What is written before the label when an answer is begun for the judge (fast mode); its last
        line is what stands right before a label in any answer.
    words : tuple of str
        The labels that can follow, the one that favours response A first.
    """

    lead: str
    words: tuple[str, ...]

    @property
    def after(self) -> str:
        """The text after which a label is expected."""
        return self.lead.rpartition("\n")[2]

    def places(self, pieces: Sequence[str]) -> list[list[int]]:
        """For each word, the tokens that begin it or begin with it; disjoint for distinct labels.

        Parameters
        ----------
        pieces : sequence of str
            The text of every token.
        """
        found: list[list[int]] = [[] for _ in self.words]
        for token, piece in enumerate(pieces):
            begun = [i for i, word in enumerate(self.words) if _begins(piece, word)]
            if len(begun) == 1:
                found[begun[0]].append(token)
        return found

    def shares(self, weights: Mapping[str, float]) -> tuple[float, ...] | None:
        """The words' probabilities, given those of some tokens; None where no word is among them.

        What the judge would have put on other words is left out: the shares add up to one.
        """
        sums = [0.0] * len(self.words)
        for piece, weight in weights.items():
            begun = [i for i, word in enumerate(self.words) if _begins(piece, word)]
            if len(begun) == 1:
                sums[begun[0]] += weight
        total = sum(sums)
        return tuple(share / total for share in sums) if total > 0 else None


def _begins(piece: str, word: str) -> bool:
    return bool(piece) and (piece.startswith(word) or word.startswith(piece))


def soft_labels(found: Sequence[tuple[float, ...] | None]) -> tuple[float | None, float | None]:
    """What the shares at a match's label positions say of A and of B.

    Two label positions hold a label of each response, and the first word of each is the one for
    Correct; one alone holds a preference, and its first two words are A and B. A protocol whose
    answers fit neither has no soft verdict. Shares that are no numbers, of a model whose logits are
    none, say nothing.
    """
    found = [one if one and all(map(math.isfinite, one)) else None for one in found]
    if len(found) == 1:
        only = found[0]
        return (None, None) if only is None else (only[0], only[1])
    if len(found) != 2:
        return None, None
    a, b = found
    return (None if a is None else a[0]), (None if b is None else b[0])


def is_last(text: str, after: str) -> bool:
    """Whether what stands before a label was last written exactly so, in no other case or spacing.

    Engines look up a label's probability where ``after`` stands to the letter; protocols read a
    label behind other spellings as well. Where the last is such a one, the probability is that of
    an earlier label, as of a quoted form.
    """
    place = text.rfind(after)
    spelt = _spelt(after)
    return not spelt or (place >= 0 and len(_spelt(text[:place])) == _spelt(text).rfind(spelt))


def _spelt(text: str) -> str:
    return "".join(text.split()).casefold()


def read_label(text: str) -> bool | None:
    """True for Correct, False for Incorrect, None for everything else.

    Any case, with emphasis, ``\\boxed{}`` or a full stop around it; nothing is guessed from prose.
    """
    word = text.strip()
    if len(word) > LONGEST_LABEL:
        return None
    while True:
        bare = word.strip().strip("*_`\"'$.").strip()
        wrapped = _WRAPPED.match(bare)
        bare = wrapped.group(1) if wrapped else bare
        if bare == word:
            break
        word = bare
    return {"correct": True, "incorrect": False}.get(word.lower())


if not TYPE_CHECKING:
    __getattr__ = renamed_names(__name__, Cue="LabelPosition")
