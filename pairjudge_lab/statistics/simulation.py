"""Studies with a planted truth: verdict tables from a judge whose bias, noise and errors are
known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.renamed import renamed_arguments, renamed_attribute

if TYPE_CHECKING:
    import pandas as pd


@renamed_arguments(
    slot_effect="position_effect", slot_spread="position_spread", unreadable="unread"
)
@dataclass(frozen=True, slots=True)
class Plan:
    """A judge and a study of it.

    In each problem one of the two responses of every pair is the better one (gold), and the judge
    believes so with probability ``accuracy`` (``spread`` lets that differ between problems on the
    logit scale; the belief is the same in both orders and all repetitions). A verdict follows the
    belief, or with probability ``noise`` a coin. Then, with probability |g|, it goes to the
    position that g favours, where g is ``position_effect`` plus a normal draw of each problem of
    standard deviation ``position_spread``, within -1 to 1. With probability ``tie`` it is a
    tie instead, and with probability ``unread`` it is not read.
    """

    problems: int = 60
    pairs: int = 4
    repetitions: int = 1
    accuracy: float = 0.75
    spread: float = 0.8
    position_effect: float = 0.05
    position_spread: float = 0.1
    noise: float = 0.1
    tie: float = 0.05
    unread: float = 0.02

    slot_effect = renamed_attribute("slot_effect", "position_effect")
    slot_spread = renamed_attribute("slot_spread", "position_spread")
    unreadable = renamed_attribute("unreadable", "unread")


def simulate_study(plan: Plan, rng: np.random.Generator) -> pd.DataFrame:
    """A verdict table of one study, both orders of every pair, with ``gold``."""
    import pandas as pd

    shape = (plan.problems, plan.pairs)
    logit = np.log(plan.accuracy / (1 - plan.accuracy))
    chance = 1 / (1 + np.exp(-(logit + plan.spread * rng.standard_normal((plan.problems, 1)))))
    lean = np.clip(
        plan.position_effect + plan.position_spread * rng.standard_normal((plan.problems, 1)), -1, 1
    )
    gold_x = rng.random(shape) < 0.5
    belief_x = np.where(rng.random(shape) < chance, gold_x, ~gold_x)
    problem, pair = np.indices(shape)
    frames = []
    for repetition in range(plan.repetitions):
        for x_first in (True, False):
            first = belief_x == x_first
            first = np.where(rng.random(shape) < plan.noise, rng.random(shape) < 0.5, first)
            first = np.where(rng.random(shape) < np.abs(lean), lean > 0, first)
            said = np.where(first, "A", "B")
            said = np.where(rng.random(shape) < plan.tie, "tie", said)
            said = np.where(rng.random(shape) < plan.unread, "invalid", said)
            one = "x" if x_first else "y"
            frames.append(
                pd.DataFrame(
                    {
                        "judge": "planted",
                        "repetition": repetition,
                        "problem_id": problem.ravel(),
                        "response_a": [f"{one}{k}" for k in pair.ravel()],
                        "response_b": [f"{'y' if x_first else 'x'}{k}" for k in pair.ravel()],
                        "verdict": said.ravel(),
                        "gold": np.where(gold_x == x_first, "A", "B").ravel(),
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)
