"""Tournaments: pure rules that ask for matches and select one. No model, no disk, no clock."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from pairjudge_lab.records import Tournament, UserError
from pairjudge_lab.tournaments.adaptive import Adaptive
from pairjudge_lab.tournaments.caps import Caps
from pairjudge_lab.tournaments.certified import CertifiedKnockout
from pairjudge_lab.tournaments.double_elimination import DoubleElimination
from pairjudge_lab.tournaments.knockout import PAPER, RELEASED, Knockout
from pairjudge_lab.tournaments.ladder import Ladder
from pairjudge_lab.tournaments.parwis import Parwis
from pairjudge_lab.tournaments.pivot import Pivot
from pairjudge_lab.tournaments.round_robin import RoundRobin
from pairjudge_lab.tournaments.rules import Rules
from pairjudge_lab.tournaments.rules_in_words import rules_in_words
from pairjudge_lab.tournaments.standings import SCORES
from pairjudge_lab.tournaments.swiss import Swiss
from pairjudge_lab.tournaments.top_two import TopTwoThompson
from pairjudge_lab.tournaments.top_two_answers import TopTwoAnswers
from pairjudge_lab.tournaments.uncertainty_swiss import UncertaintySwiss

Kind = (
    Adaptive
    | Caps
    | CertifiedKnockout
    | DoubleElimination
    | Knockout
    | Ladder
    | Parwis
    | Pivot
    | RoundRobin
    | Swiss
    | TopTwoAnswers
    | TopTwoThompson
    | UncertaintySwiss
)

_KINDS: tuple[Kind, ...] = (
    Knockout(PAPER),
    Knockout(RELEASED),
    Knockout(seeding="majority"),
    Knockout(seeding="score"),
    *(RoundRobin(score) for score in SCORES),
    Swiss(),
    DoubleElimination(),
    DoubleElimination(reset=False),
    Ladder(),
    Pivot(),
    Adaptive(),
    TopTwoThompson(),
    TopTwoAnswers(),
    UncertaintySwiss(),
    Parwis(),
    Caps(),
    CertifiedKnockout(),
)

TOURNAMENTS: dict[str, Kind] = {kind.name: kind for kind in _KINDS}
"""Every tournament that can be asked for by name."""


def tournament(name: str, **rules: Any) -> Tournament:
    """The tournament of that name, with some of its rules changed.

    ``tournament("swiss", votes=3)`` is a Swiss tournament whose matches take three verdicts.

    Parameters
    ----------
    name : str
        One of ``TOURNAMENTS``.
    rules
        Fields of ``Rules``; those left out stay as the tournament has them.

    Raises
    ------
    UserError
        When there is no such tournament or rule; the message lists those there are.

    Examples
    --------
    >>> from pairjudge_lab import tournament
    >>> tournament("swiss", votes=3).name
    'swiss'
    """
    if name not in TOURNAMENTS:
        near = get_close_matches(name, TOURNAMENTS, n=3)
        hint = f"near: {', '.join(near)}; " if near else ""
        raise UserError(f"no tournament named {name!r}; {hint}there are: {', '.join(TOURNAMENTS)}")
    kind = TOURNAMENTS[name]
    return replace(kind, rules=replace(kind.rules, **rules)) if rules else kind


__all__ = [
    "PAPER",
    "RELEASED",
    "SCORES",
    "TOURNAMENTS",
    "Adaptive",
    "Caps",
    "CertifiedKnockout",
    "DoubleElimination",
    "Knockout",
    "Ladder",
    "Parwis",
    "Pivot",
    "RoundRobin",
    "Rules",
    "Swiss",
    "TopTwoAnswers",
    "TopTwoThompson",
    "UncertaintySwiss",
    "rules_in_words",
    "tournament",
]
