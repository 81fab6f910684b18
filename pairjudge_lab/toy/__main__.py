"""The small world's models and pools, from nothing: what a judge is made from.

    python -m pairjudge_lab.toy solver --out build/solver --stop-at 875
    python -m pairjudge_lab.toy solver --out build/base --stop-at 1250
    python -m pairjudge_lab.toy start --base build/base --out build/start
    python -m pairjudge_lab.toy samples --solver build/solver --out build/samples.jsonl
    python -m pairjudge_lab.toy problems --samples build/samples.jsonl --out build/problems.jsonl
    python -m pairjudge_lab.toy publish --model build/judge --out data/tiny-judge
    python -m pairjudge_lab.toy pools --solver data/tiny-solver --out data/pools.parquet

The judge itself is made by ``pairjudge-lab annotate`` and ``pairjudge-lab train``, like any other
(``make judge``). Every batch is drawn from (seed, step), so a run that is killed and started again
goes on with the batches it would have seen. Nothing here touches the held-out tenth of the world.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from pairjudge_lab.datasets.pools import save_pools
from pairjudge_lab.toy.examples import solver_example
from pairjudge_lab.toy.models import build_tokenizer, new_model, publish, start_judge, train
from pairjudge_lab.toy.pools import (
    distinct_chains,
    make_pools,
    read_samples,
    sample_solutions,
    training_pools,
)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m pairjudge_lab.toy", description=__doc__)
    stages = parser.add_subparsers(dest="stage", required=True)
    stage = stages.add_parser("solver")
    stage.add_argument("--out", type=Path, required=True)
    stage.add_argument("--steps", type=int, default=1400)
    stage.add_argument("--stop-at", type=int, default=875)
    stage.add_argument("--batch-size", type=int, default=128)
    stage.add_argument("--learning-rate", type=float, default=2e-3)
    stage.add_argument("--seed", type=int, default=0)
    stage = stages.add_parser("start")
    stage.add_argument("--base", type=Path, required=True)
    stage.add_argument("--out", type=Path, required=True)
    stage.add_argument("--seed", type=int, default=0)
    stage = stages.add_parser("problems")
    stage.add_argument("--samples", type=Path, required=True)
    stage.add_argument("--planted", type=int, default=1300)
    stage.add_argument("--out", type=Path, required=True)
    stage.add_argument("--seed", type=int, default=0)
    for name, problems, each in (("samples", 4000, 8), ("pools", 200, 64)):
        stage = stages.add_parser(name)
        stage.add_argument("--solver", type=Path, required=True)
        stage.add_argument("--out", type=Path, required=True)
        stage.add_argument("--problems", type=int, default=problems)
        stage.add_argument("--per-problem", type=int, default=each)
        stage.add_argument("--temperature", type=float, default=1.0)
        stage.add_argument("--seed", type=int, default=0)
    stage = stages.add_parser("publish")
    stage.add_argument("--model", type=Path, required=True)
    stage.add_argument("--out", type=Path, required=True)
    args = parser.parse_args(argv)
    if args.stage == "publish":
        publish(args.model, args.out)
        return
    if args.stage == "start":
        start_judge(args.base, args.out, args.seed)
        return
    if args.stage == "problems":
        pools = training_pools(read_samples(args.samples), planted=args.planted, seed=args.seed)
        save_pools(pools, args.out)
        return
    if args.stage in ("samples", "pools"):
        held_out = args.stage == "pools"
        chains = distinct_chains(args.problems, args.seed, held_out=held_out)
        questions = [c.question for c in chains]
        solutions = sample_solutions(
            args.solver,
            questions,
            per_question=args.per_problem,
            temperature=args.temperature,
            seed=args.seed,
        )
        if held_out:
            save_pools(make_pools(chains, solutions), args.out)
            return
        with args.out.open("w") as out:
            for question, texts in zip(questions, solutions, strict=True):
                out.write(json.dumps({"problem": question, "solutions": texts}) + "\n")
        return
    tokenizer = build_tokenizer(args.seed)
    train(
        new_model(len(tokenizer), args.seed),
        tokenizer,
        solver_example,
        out=args.out,
        steps=args.steps,
        stop_at=args.stop_at,
        batch_size=args.batch_size,
        learning_rate=args.learning_rate,
        seed=args.seed,
    )


if __name__ == "__main__":
    main()
