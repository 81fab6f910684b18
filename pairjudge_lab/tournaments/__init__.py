"""Tournaments: pure rules that ask for matches and select one. No model, no disk, no clock."""

from __future__ import annotations

from pairjudge_lab.records import Tournament, UserError
from pairjudge_lab.tournaments.knockout import Knockout

TOURNAMENTS: dict[str, Tournament] = {
    "knockout": Knockout(rule="paper"),
    "knockout-released": Knockout(rule="released"),
}
"""Every tournament that can be asked for by name."""


def tournament(name: str) -> Tournament:
    """The tournament of that name.

    Raises:
        UserError: when there is none; the message lists those there are.
    """
    if name not in TOURNAMENTS:
        raise UserError(f"no tournament named {name!r}; there are: {', '.join(TOURNAMENTS)}")
    return TOURNAMENTS[name]


__all__ = ["TOURNAMENTS", "Knockout", "tournament"]
