"""The rules that every tournament shares: how a match is shown, and what a verdict counts for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pairjudge_lab.records import UserError

ORDERS = {
    "drawn": "as the tournament's draw puts them",
    "random": "drawn at random",
    "balanced": "who has been shown first less often is shown first",
    "both": "both orders; orders that disagree are a tie",
}
BOTH_CORRECT = {
    "tie": "a tie: half a point each, or one goes on at random",
    "first": "the one shown first wins",
}
NEITHER = {
    "out": "no point for either, and both are out",
    "tie": "a tie: half a point each, or one goes on at random",
}
UNREAD = {
    "tie": "a tie: half a point each, or one goes on at random",
    "neither": "counted as neither correct",
    "keep": "no point for either, and neither is out",
    "again": "judged again, and a tie if it is still unread",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What no tournament leaves to accident.

    Orders or votes that disagree are a tie.

    Parameters
    ----------
    order : str
        How a match is shown. A second meeting of the same two is shown the other way round.
    votes : int
        How many verdicts decide a match, by majority; with both orders, that many in each.
    both_correct : str
        What it counts for when a single verdict calls both correct. ``first`` is the released
        code's rule; it means nothing when several verdicts decide, and nothing for a judge of
        preference, whose tie does not call anybody correct.
    neither : str
        What it counts for when neither is called correct.
    unread : str
        What it counts for when a verdict could not be read, or the judge failed.
    again : int
        How often such a verdict is judged again under the rule of that name.
    budget : int or None
        The most calls to spend; the tournament stops before the match that would pass it.

    Raises
    ------
    UserError
        For a rule that is not offered; the message lists those that are.
    """

    order: str = "random"
    votes: int = 1
    both_correct: str = "tie"
    neither: str = "out"
    unread: str = "tie"
    again: int = 1
    budget: int | None = None

    def __post_init__(self) -> None:
        for name, offered in (
            ("order", ORDERS),
            ("both_correct", BOTH_CORRECT),
            ("neither", NEITHER),
            ("unread", UNREAD),
        ):
            if getattr(self, name) not in offered:
                raise UserError(
                    f"{name.replace('_', ' ')} {getattr(self, name)!r} is no rule; choose "
                    f"{', '.join(offered)}"
                )
        if self.votes < 1 or self.again < 1 or (self.budget is not None and self.budget < 0):
            raise UserError(
                "votes and again are at least 1, and a budget at least 0 calls; got "
                f"{self.votes}, {self.again}, {self.budget}"
            )

    @property
    def calls_a_match(self) -> int:
        """Calls that one match takes when everything can be read."""
        return self.votes * (2 if self.order == "both" else 1)

    @property
    def most_calls_a_match(self) -> int:
        """Calls that one match can take when nothing can be read."""
        return self.calls_a_match * (1 + self.again if self.unread == "again" else 1)

    def codes(self) -> dict[str, Any]:
        """The rules that can have mattered, for a Selection; in words by ``rules_in_words``."""
        codes: dict[str, Any] = {
            "order": self.order,
            "both_correct": self.both_correct,
            "neither": self.neither,
            "unread": self.unread,
        }
        if self.unread == "again" and self.again > 1:
            codes["again"] = self.again
        if self.votes > 1:
            codes["votes"] = self.votes
        if self.budget is not None:
            codes["budget"] = self.budget
        return codes


PAPER = Rules()
"""Algorithm 1 of the paper; unread verdicts, of which it says nothing, are ties."""

RELEASED = Rules(both_correct="first", unread="neither")
"""The released code's rules: both correct, the one shown as A goes on; unread, both are out."""

BALANCED = Rules(order="balanced")
"""The paper's rules with positions in turn, for tournaments in which everyone plays on."""
