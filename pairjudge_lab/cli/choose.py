"""``pairjudge-lab choose``: a knockout of k candidates at a time."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from pairjudge_lab.cli.shared.model_options import add_generation, add_loading, model_options
from pairjudge_lab.cli.shared.options import add_candidates, add_json, add_pools, add_seed, positive
from pairjudge_lab.cli.shared.places import different_files
from pairjudge_lab.cli.shared.printing import print_without_answer
from pairjudge_lab.cli.shared.quiet import quiet_libraries
from pairjudge_lab.records import UserError

HELP = "select with a judge that names the best of k candidates at a time"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_pools(parser)
    parser.add_argument(
        "--model", required=True, metavar="SPEC",
        help="a model that writes: a folder, a .gguf file, a hub id or a server",
    )  # fmt: skip
    parser.add_argument(
        "-k", "--k", type=positive, default=4, metavar="K", help="candidates of a match (4)"
    )
    add_candidates(parser)
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="the selections, as JSONL"
    )
    parser.add_argument(
        "--store", type=Path, metavar="FILE", help="completions, to go on from (default: beside it)"
    )
    add_seed(parser, "the groups")
    add_json(parser)
    model = parser.add_argument_group("how a model is run")
    add_loading(model)
    add_generation(model)


def run(args: argparse.Namespace) -> None:
    from collections import Counter
    from dataclasses import replace

    from pairjudge_lab.answers import prepare, without_answer
    from pairjudge_lab.datasets.pools import load_pools
    from pairjudge_lab.engines.registry import load_engine
    from pairjudge_lab.files.writing import write_whole
    from pairjudge_lab.listwise import KWayKnockout, ListwiseJudge, ListwiseProtocol, play_lists
    from pairjudge_lab.runs import open_folder
    from pairjudge_lab.store import Store
    from pairjudge_lab.store.opening import own_place

    tournament = KWayKnockout(args.k)
    if args.out.is_dir():
        raise UserError(f"--out is a file; {args.out} is a folder")
    kept = args.store or own_place(args.out.with_suffix(".sqlite"))
    different_files(
        {"--out": args.out, "the store": kept}, {"POOLS": args.pools, "--model": args.model}
    )
    pools = load_pools(args.pools, limit=args.limit)
    undecided: Counter[str] = Counter()
    pools = [prepare(pool if args.n is None else pool.first(args.n), undecided) for pool in pools]
    options = model_options(args)
    if options.context_window is None:
        # A match of k is longer than one of two.
        options = replace(options, context_window=ListwiseProtocol.generation.context_window)
    open_folder(args.out.parent)
    quiet_libraries()
    engine = load_engine(args.model, options)
    with Store(kept) as store:
        judge = ListwiseJudge(
            engine.name,
            engine,
            config=options.generation(ListwiseProtocol.generation),
            store=store,
        )
        selections = play_lists(pools, judge, tournament, seed=args.seed)
    statuses: Counter[str] = Counter()
    rows, right = [], []
    for pool, selection in zip(pools, selections, strict=True):
        statuses.update(selection.statuses)
        right.append(pool.candidates[selection.candidate].correct)
        rows.append(
            {
                "problem_id": pool.problem.id,
                "candidate": selection.candidate,
                "correct": right[-1],
                "calls": selection.calls,
                "statuses": dict(selection.statuses),
            }
        )
    write_whole(args.out, "".join(json.dumps(row) + "\n" for row in rows))
    known = [ok for ok in right if ok is not None]
    unanswered = without_answer(pools)
    facts = {
        "tournament": tournament.name,
        "problems": len(pools),
        "correct": sum(known) if known else None,
        "known": len(known),
        "answers_undecided": sum(undecided.values()),
        "candidates_without_answer": unanswered,
        "calls": sum(s.calls for s in selections),
        "calls_saved": sum(s.calls_saved for s in selections),
        "choices": dict(statuses),
        "out": str(args.out),
    }
    if args.json:
        print(json.dumps(facts))
        return
    said = ", ".join(f"{count} {status}" for status, count in statuses.items()) or "none needed"
    print(f"{len(pools)} problems, {tournament.name}: {facts['calls']} calls; choices: {said}")
    if known:
        print(f"correct: {sum(known)} of {len(known)}")
    print_without_answer(unanswered)
    print(f"selections: {args.out}")
