"""What a judge's recorded verdicts say of it: the measured part of its card.

    python -m pairjudge_lab.toy.card POOLS VERDICTS

Every figure is that of ``statistics.labels``, with a bootstrap over problems, because verdicts of
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
from pairjudge_lab.statistics.figures import Figures
from pairjudge_lab.statistics.labels import label_report
from pairjudge_lab.statistics.totals import Totals
from pairjudge_lab.toy.chains import parse_chain, write_check

if TYPE_CHECKING:
    import pandas as pd


def measure(pools: list[Pool], table: pd.DataFrame) -> dict[str, Any]:
    """The figures of ``label_report``, and the share of verdicts that could not be read.

    Returns
    -------
    mapping
        For each figure ``[estimate, low, high]``, a 95 % interval over problems; verdicts that
        could not be read are in no figure but ``unreadable``, and pairs of identical texts not in
        the position effect (``identical`` says how many verdicts they are).

    Raises
    ------
    UserError
        For preferences, which are no labels.
    """
    right = {
        (p.problem.id, str(i)): bool(c.correct) for p in pools for i, c in enumerate(p.candidates)
    }
    texts = {(p.problem.id, str(i)): c.text for p in pools for i, c in enumerate(p.candidates)}
    report = label_report(table, right, texts=texts)
    unread = (table["verdict"] == "invalid").to_numpy(dtype=float)
    names, problem = np.unique(table["problem_id"].astype(str), return_inverse=True)
    counted = {"unread": unread, "verdicts": np.ones(len(table))}
    share = Figures(Totals.count(problem, len(names), counted)).share("unread", "verdicts")
    frame = report.to_frame()
    figures = {
        str(name): [float(estimate), float(low), float(high)]
        for name, estimate, low, high in zip(
            frame["figure"], frame["estimate"], frame["low"], frame["high"], strict=True
        )
    }
    figures["unreadable"] = [share.estimate, share.low, share.high]
    return {
        "verdicts": len(table),
        "problems": len(names),
        "identical": report.identical,
        "figures": figures,
    }


def step_check(pools: list[Pool], table: pd.DataFrame) -> dict[str, float] | None:
    """What the truth of every step says, where the problems are chains; else None.

    A solution whose errors cancel ends in the right answer, and a judge that checks steps rejects
    it. ``reachable`` is the share of labels that a faultless check of steps gets right by the final
    answer; ``agreement`` the share of labels that were read and are that check's.
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
    parser = argparse.ArgumentParser(prog="python -m pairjudge_lab.toy.card")
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
