"""``pairjudge-lab judge``: verdicts of every pair of candidates."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from pairjudge_lab.cli.shared.options import add_model_options, model_options, positive, whole
from pairjudge_lab.cli.shared.printing import quiet_libraries, shows_progress
from pairjudge_lab.records import UserError

HELP = "judge every pair of candidates of each problem"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pools", metavar="POOLS", help=".jsonl or .parquet, or 'embedded'")
    parser.add_argument("--judge", required=True, metavar="SPEC", help="see 'pairjudge-lab judges'")
    parser.add_argument(
        "--both-orders", action="store_true", help="each pair twice, either one shown first"
    )
    parser.add_argument("-n", "--n", type=positive, help="candidates a problem (default: all)")
    parser.add_argument("--repetitions", type=positive, default=1)
    parser.add_argument("--seed", type=whole, default=0, help="draws who is shown first")
    parser.add_argument("--limit", type=positive, help="only the first K problems")
    parser.add_argument("--out", type=Path, required=True, help=".parquet, .csv or .jsonl")
    add_model_options(parser)


def run(args: argparse.Namespace) -> None:
    import pandas as pd

    from pairjudge_lab.arena import Arena, all_ordered_pairs, problem_rng
    from pairjudge_lab.datasets.pools import load_pools
    from pairjudge_lab.datasets.verdicts import SUFFIXES, save_verdicts
    from pairjudge_lab.judges import load_judge
    from pairjudge_lab.records import Status
    from pairjudge_lab.runs import open_folder
    from pairjudge_lab.store import COLUMNS, Store, table_row

    if args.out.suffix not in SUFFIXES:
        raise UserError(f"{args.out}: verdicts are written as {', '.join(SUFFIXES)}")
    options = model_options(args)
    pools = load_pools(args.pools, limit=args.limit)
    if args.n is not None:
        pools = [pool.first(args.n) for pool in pools]
    folder = open_folder(args.out.parent)
    matches = []
    for pool in pools:
        rng = problem_rng(args.seed, pool.problem.id)
        pairs = all_ordered_pairs(pool, range(args.repetitions))
        if not args.both_orders:
            first = {frozenset(p): bool(rng.integers(2)) for p in _pairs(len(pool))}
            pairs = [m for m in pairs if (m.a < m.b) == first[frozenset((m.a, m.b))]]
        matches += pairs
    if not matches:
        raise UserError("there is nothing to judge: every pool has a single candidate")
    quiet_libraries()
    judge = load_judge(args.judge, options)
    with Store(args.store or folder / f"{args.out.stem}.sqlite") as store:
        if args.again:
            store.forget(*map(Status, args.again))
        arena = Arena(judge, store, progress=shows_progress())
        verdicts = arena.judge(matches)
    name = str(judge.identity.get("name", args.judge))
    rows = [
        table_row(name, m.repetition, m.pool.problem.id, m.a, m.b, v)
        for m, v in zip(matches, verdicts, strict=True)
    ]
    new = args.out.with_stem(args.out.stem + ".new")
    save_verdicts(pd.DataFrame(rows, columns=list(COLUMNS)), new)
    new.replace(args.out)
    facts = {
        "verdicts": len(verdicts),
        "problems": len(pools),
        **{status.value: arena.ledger.statuses[status.value] for status in Status},
        "judged": arena.ledger.judged,
        "from_store": arena.ledger.from_store,
        "shared": arena.ledger.shared,
        "judge_seconds": round(arena.ledger.seconds, 3),
        "out": str(args.out),
    }
    if args.json:
        print(json.dumps(facts))
    else:
        for key, value in facts.items():
            print(f"{key.replace('_', ' '):14} {value}")


def _pairs(n: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(n) for j in range(i + 1, n)]
