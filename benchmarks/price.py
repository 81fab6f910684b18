"""Coverage of the price of a bias: how often its 95 % interval holds a planted price.

    python benchmarks/price.py --studies 100

A planted judge's margins are known, so the true price is too: it is the accuracy of the same judge
with the effect subtracted from its true margins, minus its accuracy, over very many problems. Each
line gives that truth, the mean and the spread of the estimates over many small studies, and of how
many intervals held the truth: 93 to 97 of 100 should.
"""

from __future__ import annotations

import sys

# Two files beside this one are named like modules that libraries import.
sys.path = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from pairjudge_lab.price import price
from pairjudge_lab.price.removal import pooled
from pairjudge_lab.price.simulation import Planted, codes_of_margins, planted_study
from pairjudge_lab.replay import Recording, curve
from pairjudge_lab.tournaments import tournament

N = 8
PLANS = {
    "plain": (Planted(), ("position", "both orders")),
    "ties": (Planted(threshold=0.7), ("position",)),
    "strong position": (Planted(position=3.0), ("position",)),
    "30 problems": (Planted(problems=30, position=2.0), ("position",)),
    "no effect": (Planted(position=0.0), ("position", "length")),
    "length": (Planted(length=1.0, longer=0.5, position=0.5), ("length", "position")),
    "repetitions": (Planted(repetitions=5, position=0.5), ("noise",)),
    "lasting beliefs": (Planted(belief=1.5, position=2.0), ("position",)),
}


def play(recordings: list[Recording], seed: int, order: str = "random") -> np.ndarray:
    """(problems,) accuracy of a knockout."""
    kind = {"knockout": tournament("knockout", order=order)}
    return curve(recordings, kind, [N], subsets=10, seed=seed).points[0].per_problem


def truth(plan: Planted, effect: str, problems: int) -> tuple[float, float]:
    """The price over very many problems, and the standard error that is left."""
    recordings, margins = planted_study(replace(plan, problems=problems), np.random.default_rng(9))
    once = [Recording(r.pool, r.codes[:1]) for r in recordings]
    if effect == "noise":
        change = play(pooled(recordings), 1) - play(once, 1)
    elif effect == "both orders":
        change = play(once, 1, "both") - play(once, 1)
    else:
        rest = []
        for recording, margin in zip(once, margins, strict=True):
            length = np.log([len(c.text) for c in recording.pool.candidates])
            apart = length[:, None] - length[None, :]
            shift = plan.position if effect == "position" else plan.length * apart
            codes = codes_of_margins(margin[:1] - shift, plan.threshold)
            rest.append(Recording(recording.pool, codes))
        change = play(rest, 1) - play(once, 1)
    return float(change.mean()), float(change.std() / np.sqrt(len(change)))


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--studies", type=int, default=100)
    words.add_argument("--first", type=int, default=0, help="number of the first study")
    words.add_argument("--problems", type=int, default=10_000, help="for the truth")
    words.add_argument("--plan", action="append", choices=list(PLANS))
    given = words.parse_args()
    for name in given.plan or PLANS:
        plan, effects = PLANS[name]
        for effect in effects:
            true, error = truth(plan, effect, given.problems)
            found = []
            for study in tqdm(
                range(given.first, given.first + given.studies), name, leave=False, disable=None
            ):
                recordings, _ = planted_study(plan, np.random.default_rng([study, 5]))
                found += price(recordings, N, effects=[effect], subsets=20, draws=2, seed=study)
            held = sum(p.lost.low <= true <= p.lost.high for p in found)
            means = [p.lost.estimate for p in found]
            print(
                f"{name:16} {effect:12} true {100 * true:+6.2f} (s.e. {100 * error:.2f})  mean "
                f"{100 * np.mean(means):+6.2f}  spread {100 * np.std(means):5.2f}  held in {held} "
                f"of {given.studies}",
                flush=True,
            )


if __name__ == "__main__":
    main()
