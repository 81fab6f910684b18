"""What the codes in ``Selection.rules`` mean, for printing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pairjudge_lab.tournaments.rules import BOTH_CORRECT, NEITHER, ORDERS, UNREAD
from pairjudge_lab.tournaments.standings import SCORES

_RANKED_BY = {
    **SCORES,
    "group-strength": "Bradley-Terry strength of the answer group, then the share of verdicts that "
    "called it correct",
    "weighted-wins": "win rate, each match weighted by the difference of the two ratings",
    "weighted-wins-then-parts": "win rate weighted by the difference of the two ratings: on whole "
    "solutions for those who were close, then on parts",
    "rank-centrality": "rank centrality of the group, then the share of verdicts that called the "
    "candidate correct",
    "posterior-mean": "posterior mean of the group's chance to be called correct, then the share "
    "of verdicts that called the candidate correct",
    "votes-and-labels": "votes for the answer plus labels that call it correct less those that "
    "call it wrong, then the share of verdicts that called the candidate correct",
}
_TIE_BREAKS = {"buchholz": "Buchholz, Sonneborn-Berger, lot"}
_WORDS: dict[str, tuple[str, Mapping[str, str]]] = {
    "order": ("order", ORDERS),
    "both_correct": ("both correct", BOTH_CORRECT),
    "neither": ("neither correct", NEITHER),
    "unread": ("unread", UNREAD),
    "score": ("score", _RANKED_BY),
    "tie_breaks": ("ties between equal scores", _TIE_BREAKS),
}


def rules_in_words(rules: Mapping[str, Any]) -> dict[str, Any]:
    """The rules of a selection in words.

    Parameters
    ----------
    rules : mapping of str to object
        ``Selection.rules``: codes, by the names that ``Rules`` and the tournaments have for them.

    Returns
    -------
    dict of str to object
        What has no words, such as a number or a code of somebody else's tournament, as it is.

    Examples
    --------
    >>> rules_in_words({"tournament": "swiss", "order": "both", "votes": 3})["order"]
    'both orders; orders that disagree are a tie'
    """
    told = {}
    for name, code in rules.items():
        title, words = _WORDS.get(name, (name.replace("_", " "), {}))
        told[title] = words.get(code, code) if isinstance(code, str) else code
    return told
