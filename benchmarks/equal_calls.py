"""Who selects better at no more calls than the knockout makes: simulated judges.

    python benchmarks/equal_calls.py [--problems 1000] [--n 8] [--out out/equal_calls.jsonl]

A judge calls a response correct or not, each label right with the given accuracy, once for a
response and its opponent; the position effect makes the response shown first correct, and the
other not, with that probability; ``noise`` replaces a label by a coin. ``hard`` is the share of
problems on which the judge is worse than a coin, right with one minus the accuracy: errors that are
correlated within a problem. Of a problem's candidates a share drawn from Beta(2, 3) is right, the
others have one of four wrong answers.

Every tournament plays once on every problem. Compared are those whose mean calls are at most the
knockout's, with the whole knockout, problem by problem; the intervals of one judge hold together
(Bonferroni). Ceilings are whole numbers, so most spend somewhat less than the knockout. Judges that
are in the file already are not simulated again.
"""

from __future__ import annotations

import sys

# Two files beside this one are named like modules that libraries import.
sys.path = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse
import json
from itertools import product
from pathlib import Path

import numpy as np

from pairjudge_lab.records import Candidate, Pool, Problem, Tournament
from pairjudge_lab.replay import Recording, frontier
from pairjudge_lab.replay.selecting import each_problem, plan_named, values
from pairjudge_lab.statistics.intervals import paired_difference
from pairjudge_lab.tournaments import Caps, Parwis, TopTwoAnswers, TopTwoThompson, UncertaintySwiss
from pairjudge_lab.verdicts.codes import FIRST, NEITHER, SECOND, TIE

CELL = ("accuracy", "effect", "hard", "noise", "problems", "n", "played")
PLAIN = ("knockout", "knockout-seeded-majority", "ladder")


def tournaments(n: int) -> dict[str, Tournament]:
    """What is played, with ceilings near the knockout's calls, which are about n / 2."""
    half, more = 0.5, (n // 2 + 1) / n
    most = (n - 1) / n
    return {
        **{name: plan_named(name) for name in PLAIN},
        "top-two-answers": TopTwoAnswers(per_candidate=more),
        "top-two-answers/more": TopTwoAnswers(per_candidate=most),
        "top-two-answers/half-votes": TopTwoAnswers(votes=0.5, per_candidate=more),
        "top-two-answers/no-votes": TopTwoAnswers(votes=0.0, per_candidate=more),
        "top-two-thompson": TopTwoThompson(per_candidate=half),
        "uncertainty-swiss": UncertaintySwiss(per_candidate=half),
        "parwis": Parwis(per_candidate=half),
        "caps/whole": Caps(per_candidate=half),
    }


def recordings(
    accuracy: float, effect: float, noise: float, hard: float, problems: int, n: int, seed: int
) -> list[Recording]:
    """Problems with their verdicts in both orders; wrong candidates share four answers."""
    rng = np.random.default_rng(seed)
    out = []
    for place in range(problems):
        right = rng.random(n) < rng.beta(2, 3)
        groups = np.where(right, 0, rng.integers(1, 5, n))
        chance = 1 - accuracy if rng.random() < hard else accuracy
        belief = right[:, None] == (rng.random((n, n)) < chance)
        labels = np.stack([belief, belief.T])
        labels = np.where(rng.random(labels.shape) < noise, rng.random(labels.shape) < 0.5, labels)
        labels[0] |= rng.random((n, n)) < effect
        labels[1] &= rng.random((n, n)) >= effect
        a, b = labels
        codes = np.select([a & b, a, b], [TIE, FIRST, SECOND], NEITHER)[None].astype(np.int8)
        candidates = tuple(
            Candidate(str(i), str(g), bool(ok))
            for i, (g, ok) in enumerate(zip(groups, right, strict=True))
        )
        pool = Pool(Problem(f"p{place}", "?"), candidates, tuple(int(g) for g in groups))
        out.append(Recording(pool, codes))
    return out


def judged(made: list[Recording], n: int, played: list[str]) -> dict[str, object]:
    """Accuracy and calls of these tournaments, and the differences to the knockout."""
    kinds = {name: kind for name, kind in tournaments(n).items() if name in played}
    found = frontier(made, kinds, n, [], subsets=1, seed=1)
    (reference,) = found.of("knockout")
    majority = each_problem(lambda r: values("majority", "majority", r, n, 1, 1)[0].mean(), made)
    near = [
        point
        for point in found.points
        if point is not reference and point.costs["calls"] <= 1.02 * reference.costs["calls"]
    ]
    differences = {}
    for point in near:
        estimate, _ = paired_difference(
            point.per_problem, reference.per_problem, level=1 - 0.05 / len(near)
        )
        differences[point.selector] = [estimate.estimate, estimate.low, estimate.high]
    return {
        "majority": float(np.mean(majority)),
        "accuracies": {point.selector: point.accuracy.estimate for point in found.points},
        "calls": {point.selector: point.costs["calls"] for point in found.points},
        "differences": differences,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=1000)
    parser.add_argument("--n", type=int, default=8)
    parser.add_argument("--noise", type=float, default=0.1)
    parser.add_argument("--accuracy", type=float, nargs="+", default=[0.7, 0.8, 0.55, 0.9])
    parser.add_argument("--effect", type=float, nargs="+", default=[0.0, 0.3, 0.15])
    parser.add_argument("--hard", type=float, nargs="+", default=[0.0, 0.2])
    parser.add_argument(
        "--played", nargs="+", default=sorted(tournaments(8)), help="which tournaments"
    )
    parser.add_argument("--out", type=Path, help="a file of one line a judge, to go on from")
    args = parser.parse_args()
    known: dict[tuple[float, ...], dict[str, object]] = {}
    if args.out is not None and args.out.exists():
        for row in map(json.loads, args.out.read_text().splitlines()):
            known[tuple(row[name] for name in CELL)] = row
    rows = []
    for hard, effect, accuracy in product(args.hard, args.effect, args.accuracy):
        judge = (accuracy, effect, hard, args.noise, args.problems, args.n, " ".join(args.played))
        if judge not in known:
            made = recordings(accuracy, effect, args.noise, hard, args.problems, args.n, 1)
            known[judge] = dict(zip(CELL, judge, strict=True)) | judged(made, args.n, args.played)
            if args.out is not None:
                with args.out.open("a") as file:
                    file.write(json.dumps(known[judge]) + "\n")
        rows.append(known[judge])
    show(rows)


def show(rows: list[dict[str, object]]) -> None:
    """The table of judges, and of tournaments over all judges."""
    print("| accuracy | effect | hard | majority, % | knockout, % | calls | ", end="")
    print("best other | calls | difference |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    told: dict[str, list[int]] = {}
    for row in sorted(rows, key=lambda r: [r[name] for name in ("hard", "effect", "accuracy")]):
        best = max(row["differences"], key=lambda name: row["differences"][name][0])
        d, low, high = (100 * value for value in row["differences"][best])
        print(
            f"| {row['accuracy']} | {row['effect']} | {row['hard']} | {100 * row['majority']:.1f} "
            f"| {100 * row['accuracies']['knockout']:.1f} | {row['calls']['knockout']:.2f} | "
            f"{best} | {row['calls'][best]:.2f} | {d:+.1f} [{low:+.1f}, {high:+.1f}] |"
        )
        for name, (_, low, high) in row["differences"].items():
            counts = told.setdefault(name, [0, 0, 0])
            counts[0 if low > 0 else 2 if high < 0 else 1] += 1
    print("\n| tournament | judges | better | not told apart | worse | mean difference |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, counts in told.items():
        mean = np.mean([r["differences"][name][0] for r in rows if name in r["differences"]])
        print(f"| {name} | {sum(counts)} | {' | '.join(map(str, counts))} | {100 * mean:+.1f} |")


if __name__ == "__main__":
    main()
