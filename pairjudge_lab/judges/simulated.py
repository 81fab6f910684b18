"""A judge that knows the truth and errs at given rates, for lessons and for testing statistics."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pairjudge_lab.records import Match, Status, UserError, Verdict, VerdictKind
from pairjudge_lab.renamed import renamed_arguments, renamed_attribute


@renamed_arguments(slot_bias="position_bias", unreadable="unread")
@dataclass(frozen=True, slots=True)
class SimulatedJudge:
    """Planted accuracy, position bias, noise and share unread; every figure a probability.

    A label is made in three steps. (1) A *belief*, right with probability ``accuracy``, drawn once
    for a response and its opponent, so it is the same in both orders and all repetitions. (2) With
    probability ``noise`` the belief is replaced by a coin, anew for each order and repetition.
    (3) With probability ``|position_bias|`` the favoured position's label becomes Correct and,
    drawn apart, the other position's Incorrect; positive favours A. So P(called correct | position
    A) - P(called correct | position B), same response and opponent, is ``position_bias`` exactly.
    Last, with probability ``unread`` the verdict is unparsed.

    A verdict depends on ``seed`` and the match's texts alone, never on its batch: like a model,
    the judge says the same of two candidates that wrote the same.

    Raises
    ------
    UserError
        For a figure outside its range.
    """

    accuracy: float = 0.8
    position_bias: float = 0.0
    noise: float = 0.0
    unread: float = 0.0
    seed: int = 0
    capacity: int = 1024

    slot_bias = renamed_attribute("slot_bias", "position_bias")
    unreadable = renamed_attribute("unreadable", "unread")

    def __post_init__(self) -> None:
        for name in ("accuracy", "noise", "unread"):
            if not 0 <= getattr(self, name) <= 1:
                raise UserError(
                    f"simulated judge: {name} lies between 0 and 1, got {getattr(self, name)}"
                )
        if not -1 <= self.position_bias <= 1:
            raise UserError(
                f"simulated judge: position_bias lies between -1 and 1, got {self.position_bias}"
            )

    @property
    def kind(self) -> VerdictKind:
        return VerdictKind.LABELS

    @property
    def identity(self) -> Mapping[str, Any]:
        # The names under which stored verdicts are kept since 0.1.
        return {
            "name": "simulated",
            "accuracy": self.accuracy,
            "slot_bias": self.position_bias,
            "noise": self.noise,
            "unreadable": self.unread,
            "seed": self.seed,
        }

    def judge(self, matches: Sequence[Match]) -> list[Verdict]:
        return [self._verdict(match) for match in matches]

    def _verdict(self, match: Match) -> Verdict:
        fresh = self._rng(match, match.a, match.b, f"show {match.repetition}")
        if fresh.random() < self.unread:
            return Verdict(Status.UNPARSED, text="(static)", reason="planted unparsed verdict")
        labels = [
            self._label(match, own, other, position, fresh)
            for own, other, position in ((match.a, match.b, 1), (match.b, match.a, -1))
        ]
        words = ["Correct" if label else "Incorrect" for label in labels]
        text = f"Simulated: response A is {words[0]}, response B is {words[1]}."
        return Verdict(Status.PARSED, labels[0], labels[1], text=text)

    def _label(
        self, match: Match, own: int, other: int, position: int, fresh: np.random.Generator
    ) -> bool:
        truth = match.pool.candidates[own].correct
        if truth is None:
            raise UserError(
                f"the simulated judge must know what is right: candidate {own} of problem "
                f"{match.pool.problem.id!r} has no 'correct'; give it, or a reference answer (in "
                "Python, 'prepare(pool)' then decides)"
            )
        belief = truth == bool(self._rng(match, own, other, "belief").random() < self.accuracy)
        if fresh.random() < self.noise:
            belief = bool(fresh.random() < 0.5)
        if fresh.random() < abs(self.position_bias):
            belief = position * self.position_bias > 0
        return belief

    def _rng(self, match: Match, first: int, second: int, draw: str) -> np.random.Generator:
        texts = [match.pool.candidates[i].text for i in (first, second)]
        parts = json.dumps([self.seed, match.question, *texts, draw])
        return np.random.default_rng(
            int.from_bytes(hashlib.sha256(parts.encode()).digest()[:16], "big")
        )
