"""What a judge's recorded verdicts say of it: the measured part of its card.

    python -m pairjudge_lab.training.card POOLS VERDICTS

Every figure is a mean over problems' totals with a bootstrap over problems, because verdicts of
one problem hang together.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pairjudge_lab.datasets.pools import load_pools
from pairjudge_lab.datasets.verdicts import load_verdicts
from pairjudge_lab.records import Pool
from pairjudge_lab.training.chains import parse_chain, write_check

if TYPE_CHECKING:
    import pandas as pd


def measure(pools: list[Pool], table: pd.DataFrame, *, resamples: int = 2000) -> dict[str, Any]:
    """Accuracy of the labels by slot and by truth, the slot effect, the unreadable share.

    Returns:
        For each figure ``[estimate, low, high]``, a 95 % percentile interval over problems; labels
        of unreadable verdicts are in no figure but ``unreadable``.
    """
    right = {
        (p.problem.id, str(i)): bool(c.correct) for p in pools for i, c in enumerate(p.candidates)
    }
    rows = table.assign(
        truth_a=[right[key] for key in zip(table.problem_id, table.response_a, strict=True)],
        truth_b=[right[key] for key in zip(table.problem_id, table.response_b, strict=True)],
    )
    read = rows[rows.status == "parsed"]
    read = read.assign(said_a=read.a_correct.astype(bool), said_b=read.b_correct.astype(bool))
    hits = read.assign(
        n=1,
        hit_a=read.said_a == read.truth_a,
        hit_b=read.said_b == read.truth_b,
        both=(read.said_a == read.truth_a) & (read.said_b == read.truth_b),
        right_n=read.truth_a.astype(int) + read.truth_b,
        right_hit=(read.truth_a & read.said_a).astype(int) + (read.truth_b & read.said_b),
        wrong_n=2 - read.truth_a.astype(int) - read.truth_b,
        wrong_hit=(~read.truth_a & ~read.said_a).astype(int) + (~read.truth_b & ~read.said_b),
        mixed=read.truth_a != read.truth_b,
    )
    hits["mixed_hit"] = hits.mixed & hits.both
    columns = [
        "n", "hit_a", "hit_b", "both", "said_a", "said_b", "right_n", "right_hit", "wrong_n",
        "wrong_hit", "mixed", "mixed_hit",
    ]  # fmt: skip
    sums = hits.groupby("problem_id")[columns].sum().astype(float)
    sums["asked"] = rows.groupby("problem_id").size()
    totals = sums.to_numpy()
    place = {name: i for i, name in enumerate(sums.columns)}

    def figures(total: np.ndarray) -> np.ndarray:
        def at(name: str) -> Any:
            return total[..., place[name]]

        return np.stack(
            [
                (at("hit_a") + at("hit_b")) / (2 * at("n")),
                at("hit_a") / at("n"),
                at("hit_b") / at("n"),
                at("right_hit") / at("right_n"),
                at("wrong_hit") / at("wrong_n"),
                at("both") / at("n"),
                at("mixed_hit") / at("mixed"),
                (at("said_a") - at("said_b")) / at("n"),
                1 - at("n") / at("asked"),
            ],
            axis=-1,
        )

    names = (
        "label accuracy",
        "label accuracy in slot A",
        "label accuracy in slot B",
        "accuracy on right responses",
        "accuracy on wrong responses",
        "both labels right",
        "both labels right, one response right and one wrong",
        "slot effect, P(called correct | A) - P(called correct | B)",
        "unreadable",
    )
    rng = np.random.default_rng(0)
    counts = rng.multinomial(len(totals), [1 / len(totals)] * len(totals), size=resamples)
    spread = figures(counts @ totals)
    low, high = np.percentile(spread, [2.5, 97.5], axis=0)
    middle = figures(totals.sum(axis=0))
    figures_by_name = {
        name: [float(m), float(lo), float(hi)]
        for name, m, lo, hi in zip(names, middle, low, high, strict=True)
    }
    return {"verdicts": len(table), "problems": len(totals), "figures": figures_by_name}


def step_check(pools: list[Pool], table: pd.DataFrame) -> dict[str, float] | None:
    """What the truth of every step says, where the problems are chains; else None.

    A solution whose errors cancel ends in the right answer, and a judge that checks steps rejects
    it. ``reachable`` is the share of labels that a faultless check of steps gets right by the final
    answer; ``agreement`` the share of readable labels that are that check's.
    """
    try:
        chains = {pool.problem.id: parse_chain(pool.problem.question) for pool in pools}
    except ValueError:
        return None
    sound, right = {}, {}
    for pool in pools:
        for i, candidate in enumerate(pool.candidates):
            key = pool.problem.id, str(i)
            sound[key] = write_check(chains[pool.problem.id], candidate.text)[1]
            right[key] = bool(candidate.correct)
    read = table[table.status == "parsed"]
    agreed, reached = [], []
    for name, said in (("response_a", read.a_correct), ("response_b", read.b_correct)):
        keys = list(zip(read.problem_id.astype(str), read[name].astype(str), strict=True))
        agreed.append(np.mean([sound[k] == bool(x) for k, x in zip(keys, said, strict=True)]))
        reached.append(np.mean([sound[k] == right[k] for k in keys]))
    return {"reachable": float(np.mean(reached)), "agreement": float(np.mean(agreed))}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m pairjudge_lab.training.card")
    parser.add_argument("pools")
    parser.add_argument("verdicts", type=Path)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    pools, table = load_pools(args.pools), load_verdicts(args.verdicts)
    facts = {**measure(pools, table), "step_check": step_check(pools, table)}
    if args.json:
        print(json.dumps(facts))
        return
    print(f"{facts['verdicts']} verdicts on {facts['problems']} problems\n")
    print("| figure, per cent | estimate | 95 % interval over problems |\n| --- | --- | --- |")
    for name, (middle, low, high) in facts["figures"].items():
        print(f"| {name} | {100 * middle:.1f} | {100 * low:.1f} to {100 * high:.1f} |")
    if facts["step_check"] is not None:
        reachable, agreement = (100 * facts["step_check"][k] for k in ("reachable", "agreement"))
        print(
            f"\nA faultless check of every step would get {reachable:.1f} % of these labels right; "
            f"{agreement:.1f} % of the judge's labels are that check's."
        )


if __name__ == "__main__":
    main()
