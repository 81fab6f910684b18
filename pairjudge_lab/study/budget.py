"""What a study may cost, and what it has cost so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pairjudge_lab.records import UserError
from pairjudge_lab.store import Store


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a million tokens, read (``prompt``) and written (``completion``)."""

    prompt: float = 0.0
    completion: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Price:
        """From ``IN,OUT``.

        Raises
        ------
        UserError
            When these are not two numbers of 0 or more.
        """
        try:
            first, second = (float(part) for part in text.split(","))
            if not (0 <= first < 1e9 and 0 <= second < 1e9):
                raise ValueError
        except ValueError:
            raise UserError(
                "a price is IN,OUT: dollars for a million tokens read and written, such as "
                f"0.15,0.60; got {text!r}"
            ) from None
        return cls(first, second)

    def of(self, prompt_tokens: float, completion_tokens: float) -> float:
        """Dollars."""
        return (self.prompt * prompt_tokens + self.completion * completion_tokens) / 1e6


@dataclass(frozen=True, slots=True)
class Spent:
    """What a study has cost: calls of the judge, tokens of all models, dollars where known."""

    calls: int
    tokens: int
    dollars: float


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a study may cost; None is without limit."""

    calls: int | None = None
    tokens: int | None = None
    dollars: float | None = None

    def exceeded(self, spent: Spent) -> str:
        """Which limit has been reached, in words; empty while none has."""
        for name, limit in (("calls", self.calls), ("tokens", self.tokens)):
            if limit is not None and getattr(spent, name) >= limit:
                return f"the budget of {limit:,} {name} is spent"
        if self.dollars is not None and spent.dollars >= self.dollars:
            return f"the budget of {self.dollars:g} dollars is spent"
        return ""

    @property
    def limited(self) -> bool:
        return (self.calls, self.tokens, self.dollars) != (None, None, None)


def spent_so_far(
    store: Store, judge: str, producers: Mapping[str, str], prices: Mapping[str, Price]
) -> Spent:
    """What a study's completions and verdicts in a store have cost, and nobody else's.

    Parameters
    ----------
    store : Store
    judge : str
        Digest of the judge's identity.
    producers : mapping of str to str
        By generator, the digest of what its completions are kept under.
    prices : mapping of str to Price
        By a generator's name, or ``judge``; others cost nothing.
    """
    usage = {row.producer: row for row in store.usage()}
    verdicts = store.judged_by(judge)
    rows = [("judge", verdicts)]
    rows += [(name, usage[one]) for name, one in producers.items() if one in usage]
    return Spent(
        verdicts.completions,
        sum(row.prompt_tokens + row.completion_tokens for _, row in rows),
        sum(
            prices.get(name, Price()).of(row.prompt_tokens, row.completion_tokens)
            for name, row in rows
        ),
    )
