"""A judge that knows the truth and errs by a plan, for lessons and for testing statistics."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pairjudge_lab.records import Match, Status, UserError, Verdict, VerdictKind


@dataclass(frozen=True, slots=True)
class SimulatedJudge:
    """Planted accuracy, slot bias, noise and unreadable rate; every figure a probability.

    A label is made in three steps. (1) A *belief*, right with probability ``accuracy``, drawn once
    for a response and its opponent, so it is the same in both orders and all repetitions. (2) With
    probability ``noise`` the belief is replaced by a coin, anew for each order and repetition.
    (3) With probability ``|slot_bias|`` the favoured slot's label becomes Correct and, drawn apart,
    the other slot's Incorrect; positive favours A. So P(called correct | slot A) -
    P(called correct | slot B), same response and opponent, is ``slot_bias`` exactly. Last, with
    probability ``unreadable`` nothing can be read.

    A verdict depends on ``seed`` and the match's texts alone, never on its batch: like a model,
    the judge says the same of two candidates that wrote the same.

    Raises:
        UserError: for a figure outside its range.
    """

    accuracy: float = 0.8
    slot_bias: float = 0.0
    noise: float = 0.0
    unreadable: float = 0.0
    seed: int = 0
    capacity: int = 1024

    def __post_init__(self) -> None:
        for name in ("accuracy", "noise", "unreadable"):
            if not 0 <= getattr(self, name) <= 1:
                raise UserError(
                    f"simulated judge: {name} lies between 0 and 1, got {getattr(self, name)}"
                )
        if not -1 <= self.slot_bias <= 1:
            raise UserError(
                f"simulated judge: slot_bias lies between -1 and 1, got {self.slot_bias}"
            )

    @property
    def kind(self) -> VerdictKind:
        return VerdictKind.LABELS

    @property
    def identity(self) -> Mapping[str, Any]:
        plan = asdict(self)
        del plan["capacity"]
        return {"name": "simulated", **plan}

    def judge(self, matches: Sequence[Match]) -> list[Verdict]:
        return [self._verdict(match) for match in matches]

    def _verdict(self, match: Match) -> Verdict:
        fresh = self._rng(match, match.a, match.b, f"show {match.repetition}")
        if fresh.random() < self.unreadable:
            return Verdict(Status.UNPARSED, text="(static)", reason="planted unreadable verdict")
        labels = [
            self._label(match, own, other, slot, fresh)
            for own, other, slot in ((match.a, match.b, 1), (match.b, match.a, -1))
        ]
        words = ["Correct" if label else "Incorrect" for label in labels]
        text = f"Simulated: response A is {words[0]}, response B is {words[1]}."
        return Verdict(Status.PARSED, labels[0], labels[1], text=text)

    def _label(
        self, match: Match, own: int, other: int, slot: int, fresh: np.random.Generator
    ) -> bool:
        truth = match.pool.candidates[own].correct
        if truth is None:
            raise UserError(
                f"the simulated judge must know what is right: candidate {own} of problem "
                f"{match.pool.problem.id!r} has no 'correct' and the problem no reference answer"
            )
        belief = truth == bool(self._rng(match, own, other, "belief").random() < self.accuracy)
        if fresh.random() < self.noise:
            belief = bool(fresh.random() < 0.5)
        if fresh.random() < abs(self.slot_bias):
            belief = slot * self.slot_bias > 0
        return belief

    def _rng(self, match: Match, first: int, second: int, draw: str) -> np.random.Generator:
        texts = [match.pool.candidates[i].text for i in (first, second)]
        parts = json.dumps([self.seed, match.question, *texts, draw])
        return np.random.default_rng(
            int.from_bytes(hashlib.sha256(parts.encode()).digest()[:16], "big")
        )
